/* SPDX-License-Identifier: MIT */
/*
 * `order: {by: key}` in a stage with several workers.
 *
 * Each worker is a *lane*: items of equal key always go to the same one, which takes them one batch after the
 * other, so that their order is kept without tickets and without a window.  A batch is divided among the
 * lanes before it is offered to the queue, which takes all parts of it or none.  Items without a key (0)
 * wait for whichever worker is free.
 */
#ifndef EXEC_LANES_H
#define EXEC_LANES_H

#include "exec/stage.h"

/*
 * Adds to `parts` (empty) what each lane of the keyed stage `s` gets of the batch, in their order: batches that
 * share its payload, or, when all goes to one lane, the batch itself.  False: no memory, and `parts` is empty.
 * [any thread]
 */
bool lanes_divide(const struct stage *s, const struct batch_memory *memory,
                  struct batch *batch, struct batch_list *parts) PPH_NODISCARD;

/* The most that these parts may cost together, without looking at the keys.  [any thread] */
uint64_t lanes_cost(const struct stage *s, const struct batch *batch);

/* Puts the parts into the lanes they are for; `parts` is empty then. */
void lanes_push_locked(struct stage *s, struct batch_list *parts) REQUIRES(s->lock);

/* The batch that the instance may take next, the queue's still; NULL: none. */
const struct batch *lanes_peek_locked(const struct stage *s, const struct instance *i)
    REQUIRES(s->lock);

/* Takes it: the oldest of the instance's lane or of those for anybody, in turn; there is one. */
struct batch *lanes_pop_locked(struct stage *s, struct instance *i) REQUIRES(s->lock);

/* Moves all that waits to `ret_batches`, which is empty. */
void lanes_take_all_locked(struct stage *s, struct batch_list *ret_batches)
    REQUIRES(s->lock);

#endif /* EXEC_LANES_H */
