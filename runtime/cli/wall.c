/* SPDX-License-Identifier: MIT */
#include "cli/wall.h"

#include <time.h>

int64_t wall_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME,
                        &now); /* fails only for clocks that do not exist */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
