/* SPDX-License-Identifier: MIT */
/*
 * Watches a run from outside the scheduler: where nothing has moved for a long time, the state of every
 * stage goes to stderr and the process aborts, for a core.
 *
 * The runtime has a watch of its own (exec/stall.h), on the control thread; this one does not depend on
 * that thread, nor on any other: it is a timer and its signal, SIGALRM.
 */
#ifndef SUPPORT_WATCHDOG_H
#define SUPPORT_WATCHDOG_H

#include "exec/run.h"

enum {
    WATCHDOG_S = 15
}; /* runs of tests take milliseconds, with a sanitizer on a busy machine seconds */

/* Another time than WATCHDOG_S, for all runs to come. */
void watchdog_set(unsigned seconds);

/* Watches the run until watchdog_end(); one at a time, from the thread that will execute it. */
void watchdog_begin(struct run *run);
void watchdog_end(void);

#endif /* SUPPORT_WATCHDOG_H */
