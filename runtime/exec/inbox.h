/* SPDX-License-Identifier: MIT */
/*
 * A stage's input queue: bounded in items and in bytes, first come first served.
 *
 * Emitters that wait for room stand in a line of their own; a pop moves their batches into the queue,
 * so nobody overtakes them.  While anyone waits the queue counts as full.
 *
 * A queue whose rule is to drop (graph_stage.queue_full) always has room: nobody waits for it, no gate
 * looks at it, and what is too much is freed and counted (COUNT_DROPPED), batch by batch.
 */
#ifndef EXEC_INBOX_H
#define EXEC_INBOX_H

#include "exec/ready.h"

enum offer { OFFER_TAKEN, OFFER_FULL, OFFER_CLOSED, OFFER_DROPPED };

/*
 * Puts the batches of the parcel into the stage's queue if all of them fit: one batch; for a keyed
 * stage those that lanes_divide() has made of one.  On OFFER_TAKEN the queue owns them and the list is empty, else they
 * are the caller's still.  OFFER_DROPPED: there was no room, and the queue drops what is new; it was counted.  Never
 * blocks.  [any thread]
 */
enum offer inbox_offer(struct stage *s, struct batch_list *parcel) EXCLUDES(s->lock);

/*
 * As inbox_offer(), but when there is no room the instance waits in line with the parcel: on
 * OFFER_FULL the caller sleeps until i->go is set; then i->park_sent tells whether the queue took
 * the batches; if not, they are the caller's again.
 */
enum offer inbox_offer_or_park(struct stage *s, struct instance *i,
                               struct batch_list *parcel) EXCLUDES(s->lock);

/* Whether a batch of these measures would be taken now; a hint.  A closed stage takes anything. [any thread] */
bool inbox_fits(const struct stage *s, uint64_t items, uint64_t cost);

/*
 * Whether a stage above should make more of `items` items: they fit, and what waits is not so much
 * already that it only grows cold.  A hint.  [any thread]
 */
bool inbox_wants(const struct stage *s, uint64_t items);

/* Takes the oldest batch that the instance may have (there is one) and notes whom to wake. */
struct batch *inbox_pop_locked(struct stage *s, struct instance *i, struct wakes *wakes)
    REQUIRES(s->lock);

/*
 * What follows when so many items were taken out of s->queue: emitters in line that have room now are collected in
 * `wakes`, and the stages that wait for it.
 */
void inbox_popped_locked(struct stage *s, uint64_t items, struct wakes *wakes)
    REQUIRES(s->lock);

/* Drops everything that waits, counted as `why`, and sends waiting emitters on.  [any thread] */
void inbox_drop(struct stage *s, enum count why) EXCLUDES(s->lock);

/* The stage wants no more: drops what waits, and what comes is refused.  May be called again. [worker] */
void inbox_close(struct stage *s) EXCLUDES(s->lock);

/* Whether the stage has readers and none of them wants anything any more.  [any thread] */
bool stage_is_unread(const struct stage *s);

#endif /* EXEC_INBOX_H */
