/* SPDX-License-Identifier: MIT */
#include "exec/take.h"

#include "base/clock.h"
#include "exec/inbox.h"
#include "exec/lanes.h"

/* Small batches are taken together as long as they are expected to be done in this time. */
enum { TAKE_NS = 20 * NS_PER_US };

/* Whether one more waiting batch goes with those taken: cheap ones, and none that others could take. */
static bool takes_more_locked(const struct stage *s, const struct instance *i,
                              uint64_t cost) REQUIRES(s->lock);
static bool takes_more_locked(const struct stage *s, const struct instance *i,
                              uint64_t cost)
{
    const struct batch *next = s->lanes ? lanes_peek_locked(s, i) : s->queue.head;

    return next && i->item_ns > 0 && !s->desc->plan && !s->may_wait &&
           s->queue.n >= s->n_instances && i->taken + next->n <= BATCH_ITEMS_MAX &&
           (i->taken + next->n) * i->item_ns <= TAKE_NS &&
           cost + next->cost <= BATCH_COST_MAX;
}

void take_input_locked(struct stage *s, struct instance *i, struct wakes *wakes)
{
    struct batch *batch = inbox_pop_locked(s, i, wakes);
    uint64_t cost = batch->cost;

    i->in = batch;
    i->taken = batch->n;
    i->ledger = batch_ledger(batch);
    instance_count(i, i->ledger, COUNT_IN, batch->n);
    while (takes_more_locked(s, i, cost)) {
        batch = inbox_pop_locked(s, i, wakes);
        cost += batch->cost;
        i->taken += batch->n;
        instance_count(i, batch_ledger(batch), COUNT_IN, batch->n);
        batch_list_push(&i->in_next, batch);
    }
}
