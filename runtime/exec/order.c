/* SPDX-License-Identifier: MIT */
#include "exec/order.h"

#include "exec/emit.h"
#include "exec/park.h"
#include "exec/ready.h"
#include "exec/send.h"
#include "exec/workers.h"

static uint64_t head_of(const struct stage *s)
{
    return atomic_load_explicit(&s->head_ticket, memory_order_acquire); /* A2 */
}

bool order_is_head(const struct stage *s, const struct instance *i)
{
    return head_of(s) == i->ticket;
}

bool order_has_room_locked(const struct stage *s)
{
    return s->next_ticket - head_of(s) < s->window;
}

uint64_t order_take_ticket_locked(struct stage *s)
{
    return s->next_ticket++;
}

bool order_is_idle_locked(const struct stage *s)
{
    return s->next_ticket == head_of(s) && !s->order_flushing;
}

static struct order_slot *slot_of(const struct stage *s, uint64_t ticket)
{
    return &s->slots[ticket % s->window];
}

const struct batch *order_waiting_locked(const struct stage *s)
{
    const struct order_slot *slot = slot_of(s, head_of(s));

    return s->order_flushing || !slot->done ? NULL : slot->out.head;
}

/* The next ticket is at the head: whoever waits for that goes on. */
static void advance_locked(struct stage *s, struct wakes *wakes) REQUIRES(s->lock);
static void advance_locked(struct stage *s, struct wakes *wakes)
{
    uint64_t head = head_of(s) + 1;
    struct order_slot *slot = slot_of(s, head);

    atomic_store_explicit(&s->head_ticket, head, memory_order_release); /* R2 */
    if (slot->waiting) {
        slot->waiting->park_next = wakes->parked;
        wakes->parked = slot->waiting;
        slot->waiting = NULL;
    }
    stage_set_ready_locked(
        s); /* a held call may be at the head, or the window has room */
}

/*
 * Sends the output of finished calls from the head on, until a call is not done or a queue below
 * has no room.  The caller has set order_flushing: one thread at a time.
 */
void order_send(struct stage *s, const struct batch_memory *memory)
{
    bool go_on = true;

    while (go_on) {
        struct wakes wakes = {0};
        struct order_slot *slot;
        bool sent;

        mutex_lock(&s->lock);
        slot = slot_of(s, head_of(s));
        if (!slot->done || run_cancelled(s->run)) {
            s->order_flushing = false;
            stage_set_ready_locked(
                s); /* the window has moved, or this was the last work */
            mutex_unlock(&s->lock);
            break;
        }
        mutex_unlock(&s->lock);

        sent =
            send_batches(s, memory, &slot->out); /* ours: done, and nobody else sends */

        mutex_lock(&s->lock);
        if (sent) {
            slot->done = false;
            advance_locked(s, &wakes);
        } else {
            s->order_flushing = false;
            stage_set_ready_locked(s); /* dispatch registers with the full queue */
            go_on = false;
        }
        mutex_unlock(&s->lock);
        wakes_deliver(s->run, &wakes);
    }
    workers_notify(s->run);
}

void order_finish(struct stage *s, struct instance *i)
{
    struct order_slot *slot = slot_of(s, i->ticket);
    bool send;

    mutex_lock(&s->lock);
    PPH_ASSERT(!slot->done && slot->out.n == 0);
    slot->out = i->out;
    i->out = (struct batch_list){0};
    slot->done = true;
    send = order_is_head(s, i) && !s->order_flushing;
    if (send)
        s->order_flushing = true;
    mutex_unlock(&s->lock);
    if (send)
        order_send(s, &i->memory);
}

void order_wait_head(struct stage *s, struct instance *i)
{
    bool wait;

    mutex_lock(&s->lock);
    wait = !order_is_head(s, i) && !run_cancelled(s->run);
    if (wait) {
        atomic_store_explicit(&i->go, 0,
                              memory_order_relaxed); /* published by the lock */
        slot_of(s, i->ticket)->waiting = i;
    }
    mutex_unlock(&s->lock);
    if (wait)
        park_instance(i);
}

void order_release_waiting(struct stage *s)
{
    struct wakes wakes = {0};

    mutex_lock(&s->lock);
    for (uint32_t t = 0; t < s->window; t++) {
        if (s->slots[t].waiting) {
            s->slots[t].waiting->park_next = wakes.parked;
            wakes.parked = s->slots[t].waiting;
            s->slots[t].waiting = NULL;
        }
    }
    mutex_unlock(&s->lock);
    wakes_deliver(s->run, &wakes);
}
