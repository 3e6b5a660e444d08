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
 * Sends one input item, as it was, to `.dead`, whose readers exist, with `error`, why it was given up.  False: the run is
 * cancelled.  [worker running the instance]
 */
bool emit_dead(struct instance *i, const struct pph_item *item,
               const char *error) PPH_NODISCARD;

/*
 * Sends what the worker leaves behind, a copy of `len` bytes, to `.result`, whose readers exist.  It counts as read if
 * the stage is a source, else as split.  False: the run is cancelled.  [worker running the instance, in CALL_FLUSH]
 */
bool emit_result(struct instance *i, char *json, size_t len) PPH_NODISCARD;

/* Whether the input batch may carry on what `each` forwards: as long as nothing is being built.  [worker] */
bool emit_may_keep(const struct instance *i);

/*
 * `each` said PPH_FORWARD of the next item, and emit_may_keep() said yes when the call began: the input
 * batch itself carries it on.  False: that cannot be, it has to be emitted.  [worker running the instance]
 */
static inline bool emit_keep(struct instance *i)
{
    struct pph_item *items = i->in->items;
    const struct pph_item *item = &items[i->next_item];
    const struct pph_item *original = &i->original;
    size_t offset = (size_t)((uintptr_t)item->data - (uintptr_t)original->data);

    /* Only a slice of the payload it came with is sure to lie in a buffer that the batch pins. */
    if (item->data != original->data || item->len != original->len) {
        if (offset > original->len || item->len > original->len - offset)
            return false;
        i->kept_cut = true;
    }
    if (item->port != 0 || i->outlets[0].open)
        return false;
    if (i->kept != i->next_item) /* then it is smaller: what is overwritten is done */
        items[i->kept] = *item;
    i->kept++;
    return true;
}

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

/* Drops everything that has not gone down, without counting it.  [worker, or control after the run] */
void emit_discard(struct instance *i);

#endif /* EXEC_EMIT_H */
