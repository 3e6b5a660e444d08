/* SPDX-License-Identifier: MIT */
/*
 * Names stages that wait inside their calls, on a thread of the pool, while other stages wait for a thread: their
 * plugin should say PPH_BLOCKING, or put block_begin() and block_end() around the wait.  A call that computes for
 * long is no fault and is not named.
 */
#ifndef EXEC_WATCHDOG_H
#define EXEC_WATCHDOG_H

#include "exec/stage.h"

/* Looks at the run; returns after how many ns it wants to look again, UINT64_MAX: whenever.  [control] */
uint64_t watchdog_look(struct run *run);

#endif /* EXEC_WATCHDOG_H */
