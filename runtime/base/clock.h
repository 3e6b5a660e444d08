/* SPDX-License-Identifier: MIT */
/* Monotonic time: wall-clock jumps have no effect on a run. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum {
    NS_PER_US = 1000,
    NS_PER_MS = 1000 * 1000,
    NS_PER_S = 1000 * 1000 * 1000,
};

/* Nanoseconds since some fixed moment.  [any thread, async-signal] */
uint64_t clock_now_ns(void);

#endif /* BASE_CLOCK_H */
