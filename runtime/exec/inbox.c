/* SPDX-License-Identifier: MIT */
#include "exec/inbox.h"

#include "base/chaos.h"
#include "exec/budget.h"
#include "exec/instance.h"
#include "exec/lanes.h"
#include "exec/take.h"
#include "exec/workers.h"

/*
 * How far stages above may work ahead of this one, in memory: what waits should still be in a cache
 * when its turn comes.  1 GiB of 1 MiB blocks to a file keeps 14 MB resident so, and 70 MB when the
 * whole 32 MB of the queue are filled, for no less time.
 */
enum { AHEAD_COST = 4 << 20 };

static bool drops(const struct stage *s)
{
    return s->graph->queue_full != QUEUE_BLOCK;
}

bool inbox_fits(const struct stage *s, uint64_t items, uint64_t cost)
{
    uint64_t waiting = atomic_load_explicit(&s->q_items, memory_order_relaxed);

    if (atomic_load_explicit(&s->closed, memory_order_relaxed))
        return true; /* there it is dropped */
    if (drops(s))
        return true;
    if (atomic_load_explicit(&s->q_parked, memory_order_relaxed))
        return false;
    if (waiting == 0)
        return true; /* one batch is taken whatever its size, or it could never go on */
    if (chaos_says(CHAOS_FULL))
        return false;
    return waiting + items <= s->graph->queue_items &&
           atomic_load_explicit(&s->q_cost, memory_order_relaxed) + cost <=
               s->graph->queue_bytes;
}

bool inbox_wants(const struct stage *s, uint64_t items)
{
    uint64_t cost = atomic_load_explicit(&s->q_cost, memory_order_relaxed);
    uint32_t batches = atomic_load_explicit(&s->q_batches, memory_order_relaxed);

    if (drops(s))
        return true;
    if (stage_gathers(
            s)) /* what does not fit has its batch go out: see gather-note in take.c */
        return inbox_fits(s, 1, 0);
    if (!inbox_fits(s, items, 0))
        return false;
    return cost < AHEAD_COST || batches < 2 * s->n_instances + 2 ||
           atomic_load_explicit(&s->closed, memory_order_relaxed);
}

/* Low water: few enough wait that waking who fills the queue is worth its price. */
static bool is_low_locked(const struct stage *s) REQUIRES(s->lock);
static bool is_low_locked(const struct stage *s)
{
    return !s->park_head && 2 * s->queue.items <= s->graph->queue_items &&
           2 * s->queue.cost <= s->graph->queue_bytes &&
           (2 * s->queue.cost <= AHEAD_COST || s->queue.n <= s->n_instances + 1);
}

/* Notes the queue's measures for gates above. */
static void mirror_locked(struct stage *s) REQUIRES(s->lock);
static void mirror_locked(struct stage *s)
{
    atomic_store_explicit(&s->q_items, s->queue.items, memory_order_relaxed);
    atomic_store_explicit(&s->q_cost, s->queue.cost, memory_order_relaxed);
    atomic_store_explicit(&s->q_batches, (uint32_t)s->queue.n, memory_order_relaxed);
    atomic_store_explicit(&s->q_parked, s->park_head != NULL, memory_order_relaxed);
}

static void append_locked(struct stage *s, struct batch_list *parcel) REQUIRES(s->lock);
static void append_locked(struct stage *s, struct batch_list *parcel)
{
    s->pushed += parcel->items;
    if (stage_gathers(s))
        take_note_arrival_locked(s, parcel);
    if (s->lanes)
        lanes_push_locked(s, parcel);
    else
        batch_list_move(&s->queue, parcel);
}

static bool fits_locked(struct stage *s, const struct batch_list *parcel)
    REQUIRES(s->lock);
static bool fits_locked(struct stage *s, const struct batch_list *parcel)
{
    if (s->queue.items > 0 && !drops(s) && chaos_says(CHAOS_FULL))
        return false;
    return s->queue.items == 0 ||
           (s->queue.items + parcel->items <= s->graph->queue_items &&
            s->queue.cost + parcel->cost <= s->graph->queue_bytes);
}

/* Takes the oldest batches out until the parcel fits; the caller frees them. */
static void make_room_locked(struct stage *s, const struct batch_list *parcel,
                             struct batch_list *ret_old) REQUIRES(s->lock);
static void make_room_locked(struct stage *s, const struct batch_list *parcel,
                             struct batch_list *ret_old)
{
    PPH_ASSERT(!s->lanes && !s->park_head);
    while (!fits_locked(s, parcel)) {
        struct batch *batch = batch_list_pop(&s->queue);

        s->dropped += batch->n;
        take_note_loss_locked(s, batch);
        batch_list_push(ret_old, batch);
    }
}

/* Frees the batches, counted as `why`. */
static void free_counted(struct stage *s, struct batch_list *batches, enum count why)
{
    struct batch_memory memory = {.pool = s->run->pool};
    struct batch *batch;

    while ((batch = batch_list_pop(batches))) {
        stage_count(s, batch_ledger(batch), why, batch->n);
        batch_free(batch, &memory);
    }
}

/* The offer to a queue that drops: it takes the parcel, or drops it. */
static enum offer offer_or_drop_locked(struct stage *s, struct batch_list *parcel,
                                       struct batch_list *ret_old) REQUIRES(s->lock);
static enum offer offer_or_drop_locked(struct stage *s, struct batch_list *parcel,
                                       struct batch_list *ret_old)
{
    if (s->graph->queue_full == QUEUE_DROP_OLD)
        make_room_locked(s, parcel, ret_old);
    if (!fits_locked(s, parcel)) {
        batch_list_move(ret_old, parcel);
        return OFFER_DROPPED;
    }
    append_locked(s, parcel);
    mirror_locked(s);
    stage_set_ready_locked(s);
    return OFFER_TAKEN;
}

enum offer inbox_offer(struct stage *s, struct batch_list *parcel)
{
    enum offer offer = OFFER_FULL;
    struct batch_list dropped = {0};

    mutex_lock(&s->lock);
    if (atomic_load_explicit(&s->closed, memory_order_relaxed)) {
        offer = OFFER_CLOSED;
    } else if (drops(s)) {
        offer = offer_or_drop_locked(s, parcel, &dropped);
    } else if (!s->park_head && fits_locked(s, parcel)) {
        append_locked(s, parcel);
        mirror_locked(s);
        stage_set_ready_locked(s);
        offer = OFFER_TAKEN;
    }
    mutex_unlock(&s->lock);
    if (offer == OFFER_TAKEN)
        workers_notify(s->run);
    if (dropped.head) {
        free_counted(s, &dropped, COUNT_DROPPED);
        budget_look(s->run); /* the call that sent them may last */
    }
    return offer;
}

enum offer inbox_offer_or_park(struct stage *s, struct instance *i,
                               struct batch_list *parcel)
{
    enum offer offer = OFFER_FULL;

    if (drops(s) && !run_cancelled(s->run))
        return inbox_offer(s, parcel); /* never full */
    mutex_lock(&s->lock);
    /* A cancel sets its flag before it takes this lock to end all waits: it is seen in time. */
    if (atomic_load_explicit(&s->closed, memory_order_relaxed) || run_cancelled(s->run)) {
        offer = OFFER_CLOSED;
    } else if (!s->park_head && fits_locked(s, parcel)) {
        append_locked(s, parcel);
        offer = OFFER_TAKEN;
    } else {
        atomic_store_explicit(&i->go, 0,
                              memory_order_relaxed); /* published by the lock */
        i->parcel = parcel;
        i->park_next = NULL;
        if (s->park_tail)
            s->park_tail->park_next = i;
        else
            s->park_head = i;
        s->park_tail = i;
    }
    mirror_locked(s);
    stage_set_ready_locked(s);
    mutex_unlock(&s->lock);
    workers_notify(s->run);
    return offer;
}

struct batch *inbox_pop_locked(struct stage *s, struct instance *i, struct wakes *wakes)
{
    struct batch *batch = s->lanes ? lanes_pop_locked(s, i) : batch_list_pop(&s->queue);

    inbox_popped_locked(s, batch->n, wakes);
    return batch;
}

void inbox_popped_locked(struct stage *s, uint64_t items, struct wakes *wakes)
{
    bool more = false;

    s->popped += items;
    while (s->park_head && fits_locked(s, s->park_head->parcel)) {
        struct instance *waiter = s->park_head;

        s->park_head = waiter->park_next;
        if (!s->park_head)
            s->park_tail = NULL;
        append_locked(s, waiter->parcel);
        waiter->park_sent = true;
        waiter->park_next = wakes->parked;
        wakes->parked = waiter;
        more = true;
    }
    if (more) /* it may be for a lane whose worker has looked already */
        stage_set_ready_locked(s);
    /* An empty queue always is low.  Who gathers calls for more before it looks who waits for it. */
    if (is_low_locked(s) || (stage_gathers(s) && !take_has_enough_locked(s))) {
        for (unsigned word = 0; word < STAGE_WORDS; word++) {
            wakes->stages[word] |= s->waiters[word];
            s->waiters[word] = 0;
        }
    }
    mirror_locked(s);
}

/* Empties the queue into `ret_batches` and ends the waits of emitters; what they sent is dropped too. */
static void drop_all_locked(struct stage *s, struct batch_list *ret_batches,
                            struct wakes *wakes) REQUIRES(s->lock);
static void drop_all_locked(struct stage *s, struct batch_list *ret_batches,
                            struct wakes *wakes)
{
    while (s->park_head) {
        struct instance *i = s->park_head;

        s->park_head = i->park_next;
        i->park_next = wakes->parked;
        i->park_sent = false;
        wakes->parked = i;
    }
    s->park_tail = NULL;
    s->dropped += s->queue.items;
    if (s->lanes) {
        lanes_take_all_locked(s, ret_batches);
    } else {
        *ret_batches = s->queue;
        s->queue = (struct batch_list){0};
        s->queue_payload = 0;
        if (stage_gathers(s))
            s->wake_ns = 0;
    }
    mirror_locked(s);
}

void inbox_drop(struct stage *s, enum count why)
{
    struct wakes wakes = {0};
    struct batch_list dropped = {0};

    mutex_lock(&s->lock);
    drop_all_locked(s, &dropped, &wakes);
    mutex_unlock(&s->lock);
    wakes_deliver(s->run, &wakes);
    free_counted(s, &dropped, why);
}

bool stage_is_unread(const struct stage *s)
{
    bool any = false;

    for (size_t p = 0; p + 1 < s->graph->n_ports; p++) { /* not `.dead` */
        if (p > 0 && p == s->graph->result_port && !s->graph->has_output)
            continue; /* consumers and tasks do more than leave results */
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            any = true;
            if (!atomic_load_explicit(&s->ports[p].readers[r]->closed,
                                      memory_order_relaxed))
                return false;
        }
    }
    return any;
}

void inbox_close(struct stage *s)
{
    if (atomic_exchange_explicit(&s->closed, 1, memory_order_relaxed))
        return;
    mutex_lock(&s->lock); /* whoever saw it open has put its batch in by now */
    mutex_unlock(&s->lock);
    inbox_drop(s, COUNT_FILTERED);
    for (size_t i = 0; i < s->n_producers; i++) {
        struct stage *producer = s->producers[i];

        if (producer->graph->is_source && stage_is_unread(producer))
            stage_cancel_calls(
                producer); /* it may be waiting for input that nobody wants */
        stage_make_ready(producer);
    }
    stage_make_ready(s);
}
