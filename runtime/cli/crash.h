/* SPDX-License-Identifier: MIT */
/*
 * Plugins that crash, or end the process by exit(): the stage is named.
 *
 * A crash still ends the process by its signal, as a debugger, a core dump and whoever waits for the process expect.
 */
#ifndef CLI_CRASH_H
#define CLI_CRASH_H

#include "exec/run.h"

/* From here on the run is asked who did it; one at a time.  [control] */
void crash_watch(struct run *run);

/* Undoes crash_watch(), before the run is freed.  [control] */
void crash_unwatch(void);

#endif /* CLI_CRASH_H */
