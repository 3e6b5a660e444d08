/* SPDX-License-Identifier: MIT */
/*
 * What went wrong, in one sentence for a person.
 *
 * The function that knows fills it once; layers above may only prefix.  Errors of the user's
 * description travel as `struct diag` instead (config/diag.h), because they have a place.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/assert.h"

enum { ERROR_TEXT_MAX = 512 };

struct error {
    char
        text[ERROR_TEXT_MAX]; /* "" when nothing went wrong; cut at the end if too long */
};

/* Writes the text; `err` may be NULL.  [any thread] */
void error_set(struct error *err, const char *format, ...) PPH_PRINTF(2, 3);

/*
 * Writes the text followed by ": " and what errno number `errnum` means; `err` may be NULL.
 * Thread-safe, unlike strerror().  [any thread]
 */
void error_set_errno(struct error *err, int errnum, const char *format, ...)
    PPH_PRINTF(3, 4);

/* Puts "prefix: " before the text that is there; `err` may be NULL.  [any thread] */
void error_prefix(struct error *err, const char *format, ...) PPH_PRINTF(2, 3);

#endif /* BASE_ERROR_H */
