/* SPDX-License-Identifier: MIT */
/*
 * The control thread while stages run: signals, sources that wait for time to pass, progress, stalls,
 * and calls that do not return after a stop.
 */
#ifndef EXEC_CONTROL_H
#define EXEC_CONTROL_H

#include "exec/stage.h"

/* Until every thread of the run has ended.  Exits the process when they do not after a stop. [control] */
void control_loop(struct run *run);

/* One round of it, for --inline; sleeps when `wait`.  [control] */
void control_pause(struct run *run, bool wait);

/* Records what plugins said by fail() in `stop` and `close`, which return nothing.  [control] */
void control_report_late(struct run *run, const char *call);

#endif /* EXEC_CONTROL_H */
