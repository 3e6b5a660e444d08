/* SPDX-License-Identifier: MIT */
/*
 * What a call takes out of the queue in front of its stage, and when: at once, or, with `batch: {wait: ...}`, when enough
 * has gathered.  See gather-note in take.c.
 */
#ifndef EXEC_TAKE_H
#define EXEC_TAKE_H

#include "exec/ready.h"
#include "exec/stage.h"

static inline bool stage_gathers(const struct stage *s)
{
    return s->graph->batch_wait_ns > 0;
}

/* The most items of one call of the stage, and of its input. */
uint32_t take_items_max(const struct graph_stage *graph);

/*
 * Whether a call of a stage that gathers may begin with what waits in the queue, which is not empty.  False notes in
 * s->wake_ns when to ask again.
 */
bool take_is_due_locked(struct stage *s) REQUIRES(s->lock);

/* Whether as much waits in the queue of a stage that gathers as it asks for. */
bool take_has_enough_locked(const struct stage *s) REQUIRES(s->lock);

/* Batches are about to be put into the queue of a stage that gathers. */
void take_note_arrival_locked(struct stage *s, const struct batch_list *parcel)
    REQUIRES(s->lock);

/* A batch is taken out of the queue by others than take_input_locked(). */
void take_note_loss_locked(struct stage *s, const struct batch *batch) REQUIRES(s->lock);

/*
 * The instance begins a call with what waits for it, which is at least one batch; where items are cheap with some more,
 * whose calls follow.  Those that wait for room are collected in `wakes`.
 */
void take_input_locked(struct stage *s, struct instance *i, struct wakes *wakes)
    REQUIRES(s->lock);

/* The call is over: gives back what it took.  [worker running it, or control after the run] */
void take_end(struct instance *i);

/* Sources wait for a budget: makes all stages ready, once no lock is held, that gather. */
void take_hurry(const struct run *run, struct wakes *wakes);

#endif /* EXEC_TAKE_H */
