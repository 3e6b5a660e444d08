/* SPDX-License-Identifier: MIT */
/*
 * `order: keep` in a stage with several workers.
 *
 * Each call takes a *ticket* when it is claimed.  The call at the head streams its output down; the
 * others collect theirs.  When the head is done, what the next ones have collected is sent, in
 * order, by one thread.  At most `window` tickets are under way.  The head ticket is exempt from
 * every budget: that is why this cannot block for ever.
 */
#ifndef EXEC_ORDER_H
#define EXEC_ORDER_H

#include "exec/stage.h"

/* Whether the instance's call is the oldest under way.  [worker running it, or lock held] */
bool order_is_head(const struct stage *s, const struct instance *i);

/* Whether another ticket may be taken. */
bool order_has_room_locked(const struct stage *s) REQUIRES(s->lock);
uint64_t order_take_ticket_locked(struct stage *s) REQUIRES(s->lock);

/* No ticket is under way and nothing is being sent. */
bool order_is_idle_locked(const struct stage *s) REQUIRES(s->lock);

/* The first batch that finished calls left to be sent, when nobody sends already; or NULL. */
const struct batch *order_waiting_locked(const struct stage *s) REQUIRES(s->lock);

/* The instance's call is over: its output waits for its turn, which may be now.  [worker] */
void order_finish(struct stage *s, struct instance *i) EXCLUDES(s->lock);

/* Sends what is due, as claimed by stage_dispatch() (WORK_SEND).  [worker] */
void order_send(struct stage *s, const struct batch_memory *memory) EXCLUDES(s->lock);

/* Waits inside emit until the instance's call is at the head, or the run is cancelled.  [worker] */
void order_wait_head(struct stage *s, struct instance *i) EXCLUDES(s->lock);

/* Ends such waits, for a cancel.  [any thread] */
void order_release_waiting(struct stage *s) EXCLUDES(s->lock);

#endif /* EXEC_ORDER_H */
