/* SPDX-License-Identifier: MIT */
/*
 * Ready stages: those worth a look.
 *
 * For a stage of the pool that is a bit in run.ready; for one with threads of its own a generation
 * number that its threads wait to see change.  Whatever can make a stage runnable sets it ready; only
 * dispatch.c clears the bit, under the stage's lock.
 */
#ifndef EXEC_READY_H
#define EXEC_READY_H

#include "exec/stage.h"

/* Whom to wake once a stage's lock is free again.  Zero-initialised: nobody. */
struct wakes {
    uint64_t stages[STAGE_WORDS];
    struct instance *parked; /* emitters whose wait is over, linked by park_next */
    bool notify;  /* the stage itself was made ready, for whoever can help with it */
    bool control; /* it has to look at the time: a stage has a new wake_ns */
};

/* Sets bit `id` of a bitmap of stages. */
void stage_bit_set(uint64_t *bits, unsigned id);

/* Makes the stage worth a look, and wakes a thread for it.  [any thread] */
void stage_make_ready(struct stage *s) EXCLUDES(s->lock);

/* The same while the caller holds the lock; the caller calls workers_notify() after unlocking. */
void stage_set_ready_locked(struct stage *s) REQUIRES(s->lock);

/* Nothing can be done in the stage now, or nothing beside what was just claimed. */
void stage_clear_ready_locked(struct stage *s) REQUIRES(s->lock);

/* Wakes all of them.  [any thread, no locks held] */
void wakes_deliver(struct run *run, const struct wakes *wakes);

#endif /* EXEC_READY_H */
