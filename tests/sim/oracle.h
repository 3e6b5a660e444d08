/* SPDX-License-Identifier: MIT */
/*
 * What must hold of the scheduler's state while it runs.
 *
 * When a stage's lock is let go of: the queue within its bounds and as its mirrors say, each instance in one
 * place.  When the machine has settled: whatever can go on is ready, or waits for room with a reader
 * that has something to do (no lost wake-up); every batch and every root is accounted for.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "exec/stage.h"
#include "sim/machine.h"

/* For machine_options: the oracles over the run that is watched. */
extern const struct machine_events oracle_events;

/* From now on (NULL: no more).  [simulated control thread] */
void oracle_watch(struct run *run);

/* How often the machine had settled with work ready and a thread of the pool asleep. */
uint64_t oracle_lazy(void);

/* Says on stderr what each stage of the watched run looks like. */
void oracle_describe(void);

/*
 * No lost wake-up: fails the schedule.  True: a stage of the pool is ready, and nothing hinders it;
 * *ret_flush: one that flushes.
 * [machine settled]
 */
bool oracle_check_ready(struct run *run, bool *ret_flush);

/* Before another run. */
void oracle_forget_roots(void);

/* Every batch has its place, every root its batches.  [machine settled] */
void oracle_check_roots(struct run *run);

#endif /* SIM_ORACLE_H */
