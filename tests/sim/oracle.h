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

#include "exec/limit.h"
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

/* A limit's counts, and its line.  [its lock was let go of, or machine settled] */
void oracle_check_limit(const struct run *run, const struct limit *l);

/* Whose lock that is; NULL: no limit's. */
const struct limit *oracle_limit_of(const struct run *run, const void *lock);

/* How it stands with a place for a call of the stage (`by`: of that instance of it, with own threads). */
enum place {
    PLACE_FREE,    /* there is one, or one is kept for it, or none is needed */
    PLACE_AWAITED, /* there is none, and it stands in line */
    PLACE_NONE     /* there is none, and nobody knows that it wants one */
};

enum place oracle_place(const struct stage *s, const struct instance *by);

/* Whether the watched run is cancelled, or none is watched: then calls go on without a place. */
bool oracle_is_cancelled(void);

/* Before another run. */
void oracle_forget_roots(void);
void oracle_forget_limits(void);

/* Every batch has its place, every root its batches.  [machine settled] */
void oracle_check_roots(struct run *run);

#endif /* SIM_ORACLE_H */
