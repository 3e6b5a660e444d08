/* SPDX-License-Identifier: MIT */
/*
 * Assertions: they guard against bugs of this program, never against input, plugins or a lack
 * of memory.  A failed one prints file, line and condition and aborts.
 */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#include <stdbool.h>
#include <stdnoreturn.h>

#define PPH_NODISCARD __attribute__((warn_unused_result))
#define PPH_PRINTF(format_index, first) \
    __attribute__((format(printf, format_index, first)))

#define PPH_LIKELY(c)   __builtin_expect(!!(c), 1)
#define PPH_UNLIKELY(c) __builtin_expect(!!(c), 0)

/* Always on: the condition must be cheap. */
#define PPH_ASSERT(c) \
    (PPH_LIKELY(c) ? (void)0 : assert_failed(__FILE__, __LINE__, __func__, #c))

/* On in debug and sanitizer builds only: for conditions that cost. */
#ifdef NDEBUG
#define PPH_DEBUG_ASSERT(c) ((void)sizeof(c))
#else
#define PPH_DEBUG_ASSERT(c) PPH_ASSERT(c)
#endif

#define PPH_UNREACHABLE(why) assert_failed(__FILE__, __LINE__, __func__, why)

/* Prints the place and the condition to stderr and aborts.  [any thread] */
noreturn void assert_failed(const char *file, int line, const char *func,
                            const char *what);

/* Whether that is why the process aborts.  [any thread, also in a handler of a signal] */
bool assert_has_failed(void);

#endif /* BASE_ASSERT_H */
