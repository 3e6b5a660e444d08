/* SPDX-License-Identifier: MIT */
/*
 * gather-note: a stage with `batch: {wait: ...}` is not called before as many items or bytes wait as it asks for, the
 * oldest batch has waited so long, or nothing more can come (its input has ended, or a drain).  Control keeps the time
 * (stage.wake_ns).  Whoever cannot go on because of what waits ends the waiting at once, so that gathering never holds up
 * those on whom its input depends: an emitter in line and a stage that waits for room (both are noted in the queue), and a
 * source that a budget holds back (budget.waiting; it makes these stages ready after it has noted itself).
 *
 * A call gets the oldest items, whole batches and a part of the last one: what is left of that stays in the queue, and both
 * hold on to its payload.  They are shown to the plugin as one batch, i->view; what they are part of is kept in i->gathered
 * until the call is over.  All items of a call come from one place (origin) and have the first batch's root: so what
 * becomes of them is told with the right origin, and the others' roots are done with the call.  Dead letters, of which
 * each batch knows its own, are not joined.
 */
#include "exec/take.h"

#include <string.h>

#include "base/clock.h"
#include "exec/budget.h"
#include "exec/inbox.h"
#include "exec/lanes.h"

enum {
    /* Small batches are taken together as long as they are expected to be done in this time. */
    TAKE_NS = 20 * NS_PER_US,
    AGE_SHIFT =
        16, /* when a batch came is told in units of 66 us: 32 bits hold 78 hours */
};

/* When the oldest batch will have waited long enough: the same at each look at it. */
static uint64_t due_ns_locked(const struct stage *s, uint64_t now_ns) REQUIRES(s->lock);
static uint64_t due_ns_locked(const struct stage *s, uint64_t now_ns)
{
    uint64_t now = now_ns >> AGE_SHIFT;
    uint32_t age = (uint32_t)now - s->queue.head->since;

    return ((now - age + 1) << AGE_SHIFT) + s->graph->batch_wait_ns;
}

uint32_t take_items_max(const struct graph_stage *graph)
{
    uint64_t most =
        graph->queue_items < GATHER_MOST_ITEMS ? graph->queue_items : GATHER_MOST_ITEMS;

    if (graph->batch_wait_ns == 0)
        return BATCH_ITEMS_MAX;
    return graph->batch_items > 0 ? graph->batch_items : (uint32_t)most;
}

bool take_has_enough_locked(const struct stage *s)
{
    const struct graph_stage *g = s->graph;

    return (g->batch_items > 0 && s->queue.items >= g->batch_items) ||
           (g->batch_bytes > 0 && s->queue_payload >= g->batch_bytes);
}

/* Whether somebody waits for what the stage has, or nobody can bring more. */
static bool is_awaited_locked(const struct stage *s) REQUIRES(s->lock);
static bool is_awaited_locked(const struct stage *s)
{
    bool awaited = s->open_in == 0 || s->park_head || budget_is_awaited(s->run) ||
                   atomic_load_explicit(&s->run->draining, memory_order_relaxed);

    for (unsigned word = 0; word < STAGE_WORDS; word++)
        awaited = awaited || s->waiters[word] != 0;
    return awaited;
}

bool take_is_due_locked(struct stage *s)
{
    uint64_t now;
    uint64_t due;

    PPH_ASSERT(stage_gathers(s) && s->queue.head);
    s->wake_ns = 0;
    if (take_has_enough_locked(s) || is_awaited_locked(s))
        return true;
    now = clock_now_ns();
    due = due_ns_locked(s, now);
    if (due <= now)
        return true;
    s->wake_ns = due;
    return false;
}

void take_note_arrival_locked(struct stage *s, const struct batch_list *parcel)
{
    uint32_t now = (uint32_t)(clock_now_ns() >> AGE_SHIFT);

    for (struct batch *b = parcel->head; b; b = b->next) {
        b->since = now;
        s->queue_payload += b->payload;
    }
}

void take_note_loss_locked(struct stage *s, const struct batch *batch)
{
    if (stage_gathers(s))
        s->queue_payload -= batch->payload;
}

void take_hurry(const struct run *run, struct wakes *wakes)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        if (stage_gathers(
                s)) /* also one that is empty as yet: its lock orders the looks */
            stage_bit_set(wakes->stages, s->id);
    }
}

/* --- one call ------------------------------------------------------------------------------- */

/* How many items of the batch a call gets that has `n` of `bytes` already. */
static uint32_t part_of(const struct stage *s, const struct batch *batch, uint32_t n,
                        uint64_t bytes, uint64_t *ret_payload)
{
    uint32_t room = take_items_max(s->graph) - n;
    uint64_t most = s->graph->batch_bytes;
    uint64_t payload = 0;
    uint32_t k = 0;

    while (k < batch->n && k < room && (most == 0 || bytes + payload < most))
        payload += batch->items[k++].len;
    *ret_payload = payload;
    return k;
}

/* Whether a call can have items of both; see gather-note. */
static bool joins(const struct batch *first, const struct batch *next)
{
    const struct root *a = first->root;
    const struct root *b = next->root;

    if (first == next)
        return true;
    if (first->letters || next->letters || first->dead != next->dead || !a != !b)
        return false;
    return !a || a == b || (a->origin == b->origin && a->pos_unit == b->pos_unit);
}

/* Shows the first `n` items of the batch, which stays in the queue, too. */
static void show_some(struct instance *i, struct batch *batch, uint32_t n,
                      uint64_t payload)
{
    struct batch *view = i->view;

    memcpy(view->items + view->n, batch->items, n * sizeof(*batch->items));
    view->n += n;
    for (unsigned k = 0; k < batch->n_bufs; k++) {
        buf_ref(batch->bufs[k]);
        view->bufs[view->n_bufs++] = batch->bufs[k];
    }
    if (batch->letters) {
        buf_ref(batch->letters);
        view->letters = batch->letters;
    }
    batch->n -= n;
    batch->payload -= payload;
    memmove(batch->items, batch->items + n, batch->n * sizeof(*batch->items));
}

/* Makes one batch of what was taken: whole ones in i->gathered, and `n` items of `last`, which may be none. */
static void make_view(struct instance *i, struct batch *last, uint32_t n,
                      uint64_t payload)
{
    const struct batch *first = i->gathered.head ? i->gathered.head : last;
    struct batch *view = i->view;

    *view = (struct batch){.cap = view->cap,
                           .dead = first->dead,
                           .root = root_ref(first->root),
                           .payload = payload};
    for (const struct batch *b = i->gathered.head; b; b = b->next) {
        memcpy(view->items + view->n, b->items, b->n * sizeof(*b->items));
        view->n += b->n;
        view->payload += b->payload;
    }
    if (n > 0)
        show_some(i, last, n, payload);
    i->in = view;
}

static void gather_locked(struct stage *s, struct instance *i, struct wakes *wakes)
    REQUIRES(s->lock);
static void gather_locked(struct stage *s, struct instance *i, struct wakes *wakes)
{
    struct batch *next = s->queue.head;
    const struct batch *first = next;
    uint64_t bytes = 0;
    uint64_t payload = 0;
    uint32_t some = 0;

    PPH_ASSERT(!i->gathered.head && !s->lanes);
    while (next && joins(first, next)) {
        some = part_of(s, next, (uint32_t)i->gathered.items, bytes, &payload);
        if (some < next->n)
            break;
        bytes += payload;
        batch_list_push(&i->gathered, batch_list_pop(&s->queue));
        next = s->queue.head;
        some = 0;
    }
    i->taken = i->gathered.items + some;
    s->queue.items -= some;
    s->queue_payload -= bytes + (some > 0 ? payload : 0);
    if (some > 0 || i->gathered.n > 1)
        make_view(i, next, some, some > 0 ? payload : 0);
    else
        i->in = batch_list_pop(&i->gathered);
    PPH_ASSERT(i->in->n == i->taken && i->taken > 0);
    inbox_popped_locked(s, i->taken, wakes);
}

void take_end(struct instance *i)
{
    struct batch *view = i->view;
    struct batch *batch;

    if (!view || i->in != view) {
        batch_free(i->in, &i->memory);
        i->in = NULL;
        return;
    }
    i->in = NULL;
    while ((batch = batch_list_pop(&i->gathered)))
        batch_free(batch, &i->memory);
    for (unsigned k = 0; k < view->n_bufs; k++)
        buf_unref(view->bufs[k], i->memory.cache);
    if (view->letters)
        buf_unref(view->letters, i->memory.cache);
    root_unref(view->root, i->memory.cache);
    *view = (struct batch){.cap = view->cap};
}

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
    struct batch *batch;
    uint64_t cost;

    if (stage_gathers(s)) {
        gather_locked(s, i, wakes);
        i->ledger = batch_ledger(i->in);
        instance_count(i, i->ledger, COUNT_IN, i->taken);
        return;
    }
    batch = inbox_pop_locked(s, i, wakes);
    cost = batch->cost;
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
