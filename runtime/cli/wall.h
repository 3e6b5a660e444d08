/* SPDX-License-Identifier: MIT */
/* The time of day, for log lines only: everything that is measured uses base/clock.h. */
#ifndef CLI_WALL_H
#define CLI_WALL_H

#include <stdint.h>

/* Milliseconds since 1970, UTC.  [any thread] */
int64_t wall_ms(void);

#endif /* CLI_WALL_H */
