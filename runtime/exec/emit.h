/* SPDX-License-Identifier: MIT */
/*
 * What a call emits, on its way down: builder -> closed batch -> the readers' queues.
 *
 * Nothing is ever pushed over a queue's bound.  What does not fit stays with the instance, emit says
 * PPH_MORE, and the instance is held until there is room.  A plugin that goes on all the same waits
 * inside emit once OUT_HARD_BATCHES have collected, and its thread's slot goes to another.
 */
#ifndef EXEC_EMIT_H
#define EXEC_EMIT_H

#include "exec/stage.h"

/* host->emit: see plugin.h.  [worker running the instance] */
int emit_items(struct instance *i, const struct pph_item *items, size_t n);

/*
 * Sends one input item, as it was, to `.dead`, whose readers exist.  False: the run is cancelled.
 * [worker running the instance]
 */
bool emit_dead(struct instance *i, const struct pph_item *item) PPH_NODISCARD;

/*
 * `each` said PPH_FORWARD of i->item: as emit_items() of that one, but the input batch itself carries
 * it on where that is possible.  [worker running the instance]
 */
int emit_forward(struct instance *i);

/*
 * What the input batch is to carry on (i->kept).  emit_kept(): the call ends well and emits nothing
 * more; the batch itself goes down (then i->in is NULL), or a copy of the few that are left.
 * emit_kept_by_copy(): more comes, so they are copied in front of it.  False: cancelled.
 * [worker running the instance]
 */
bool emit_kept(struct instance *i) PPH_NODISCARD;
bool emit_kept_by_copy(struct instance *i) PPH_NODISCARD;

/* Closes what is being built, so that nothing lingers.  [worker running the instance] */
void emit_close(struct instance *i);

/* Sends what may go now; true when nothing is left.  [worker running the instance] */
bool emit_drain(struct instance *i);

/* Whether the way down is full: time to return PPH_MORE.  [worker running the instance] */
bool emit_is_full(struct instance *i);

/* Sleeps until i->go is set; the thread's slot goes to another meanwhile.  [worker] */
void emit_sleep(struct instance *i);

/* Drops everything that has not gone down, without counting it.  [worker, or control after the run] */
void emit_discard(struct instance *i);

#endif /* EXEC_EMIT_H */
