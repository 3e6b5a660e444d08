/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

#include "base/assert.h"

uint64_t clock_now_ns(void)
{
    struct timespec now;
    int rc = clock_gettime(CLOCK_MONOTONIC, &now);

    PPH_ASSERT(rc == 0); /* cannot fail: the clock exists on every Linux */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}
