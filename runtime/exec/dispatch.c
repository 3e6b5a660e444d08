/* SPDX-License-Identifier: MIT */
#include "exec/dispatch.h"

#include "base/clock.h"
#include "exec/budget.h"
#include "exec/inbox.h"
#include "exec/lanes.h"
#include "exec/limit.h"
#include "exec/order.h"
#include "exec/pace.h"
#include "exec/policy.h"
#include "exec/results.h"
#include "exec/send.h"
#include "exec/take.h"
#include "exec/workers.h"

/* Whether every reader of every port has room for a batch; notes those that have not. */
static bool gate_open(const struct stage *s, uint64_t *blocked)
{
    bool open = true;

    for (size_t p = 0; p < s->graph->n_ports; p++) {
        const struct port *port = &s->ports[p];

        for (size_t r = 0; r < port->n_readers; r++) {
            if (!inbox_wants(port->readers[r], port->target)) {
                stage_bit_set(blocked, port->readers[r]->id);
                open = false;
            }
        }
    }
    return open;
}

/* Whether the batch could go to the reader whose turn it is; else notes that one. */
static bool can_send(const struct stage *s, const struct batch *batch, uint64_t *blocked)
{
    if (send_fits(s, batch))
        return true;
    stage_bit_set(blocked, s->ports[batch->port].readers[batch->readers_done]->id);
    return false;
}

static bool held_can_go_locked(struct stage *s, const struct instance *i,
                               uint64_t *blocked) REQUIRES(s->lock);
static bool held_can_go_locked(struct stage *s, const struct instance *i,
                               uint64_t *blocked)
{
    if (i->call == CALL_ITEMS && i->not_before_ns > 0 && policy_waits(i))
        return false; /* control makes the stage ready when it is time */
    if (s->window > 0 && !order_is_head(s, i)) /* its output waits for its turn anyway */
        return i->out.n < OUT_SOFT_BATCHES && i->out.cost < OUT_SOFT_COST &&
               budget_resumes_locked(s, i);
    if (i->out.head)
        return can_send(s, i->out.head, blocked);
    return gate_open(s, blocked) && budget_resumes_locked(s, i);
}

/* Takes the instance off a list; false: it is not on it. */
static bool unlink_instance(struct instance **list, struct instance *i)
{
    for (; *list; list = &(*list)->next) {
        if (*list == i) {
            *list = i->next;
            i->next = NULL;
            return true;
        }
    }
    return false;
}

/* The held instance that can go on, with a place if it needs one, or NULL. */
static struct instance *find_held_locked(struct stage *s, const struct instance *only,
                                         uint64_t *blocked) REQUIRES(s->lock);
static struct instance *find_held_locked(struct stage *s, const struct instance *only,
                                         uint64_t *blocked)
{
    for (struct instance *i = s->held; i; i = i->next) {
        if ((!only || i == only) && held_can_go_locked(s, i, blocked) &&
            limit_enter_locked(s, only, i))
            return i;
    }
    return NULL;
}

/* The free instance that may begin `call` now, or NULL. */
static struct instance *find_free_locked(struct stage *s, const struct instance *only,
                                         enum call call) REQUIRES(s->lock);
static struct instance *find_free_locked(struct stage *s, const struct instance *only,
                                         enum call call)
{
    uint64_t now = 0;

    for (struct instance *i = s->free; i; i = i->next) {
        if (only && i != only)
            continue;
        if (call == CALL_FLUSH && i->flushed)
            continue;
        if (call == CALL_ITEMS && s->lanes && !lanes_peek_locked(s, i))
            continue;
        if (call == CALL_GENERATE && i->ended)
            continue;
        if (call == CALL_GENERATE && i->not_before_ns > 0) {
            now = now ? now : clock_now_ns();
            if (atomic_exchange_explicit(&i->woken, 0, memory_order_acquire)) /* A5 */
                i->not_before_ns = 0;
            if (i->not_before_ns > now)
                continue;
        }
        return i;
    }
    return NULL;
}

/* What a free instance could begin now. */
static enum call next_call_locked(struct stage *s) REQUIRES(s->lock);
static enum call next_call_locked(struct stage *s)
{
    if (s->planning || (s->window > 0 && !order_has_room_locked(s)))
        return CALL_NONE;
    if (s->phase == STAGE_FLUSHING)
        return s->next_flush < s->n_instances ? CALL_FLUSH : CALL_NONE;
    if (!s->graph->is_source)
        return s->queue.n > 0 && (!stage_gathers(s) || take_is_due_locked(s)) ? CALL_ITEMS
                                                                              : CALL_NONE;
    if (s->source_done || atomic_load_explicit(&s->run->draining, memory_order_relaxed))
        return CALL_NONE;
    if (stage_is_paced(s) && s->desc->plan && s->running + s->n_held > 0)
        return CALL_NONE; /* so that a drain may end the one there is in the middle */
    return CALL_GENERATE;
}

/* The instance, which is on no list, begins a call. */
static void begin_call_locked(struct stage *s, struct instance *i, enum call call,
                              struct wakes *wakes) REQUIRES(s->lock);
static void begin_call_locked(struct stage *s, struct instance *i, enum call call,
                              struct wakes *wakes)
{
    PPH_ASSERT(i->call == CALL_NONE);
    i->not_before_ns = 0;
    i->call = call;
    i->planned = s->desc->plan == NULL;
    i->ledger = LEDGER_MAIN;
    if (call == CALL_ITEMS)
        take_input_locked(s, i, wakes);
    if (call == CALL_FLUSH) {
        i->flushed = true;
        i->planned = true;
        s->next_flush++;
    }
    if (!i->planned)
        s->planning = true;
    if (s->window > 0)
        i->ticket = order_take_ticket_locked(s);
}

/* Whether the stage's last work is done; moves it on to flushing, or to its end (true). */
static bool finish_check_locked(struct stage *s) REQUIRES(s->lock);
static bool finish_check_locked(struct stage *s)
{
    bool input_done;

    if (s->phase == STAGE_FINISHED || s->running > 0 || s->n_held > 0 ||
        (s->window > 0 && !order_is_idle_locked(s)) || run_cancelled(s->run))
        return false;
    if (s->phase == STAGE_OPEN) {
        if (s->graph->is_source)
            input_done = s->source_done || s->n_ended == s->n_instances ||
                         atomic_load_explicit(&s->run->draining, memory_order_relaxed);
        else
            input_done = s->open_in == 0 && s->queue.n == 0 && !s->park_head;
        if (!input_done)
            return false;
        if (s->desc->flush || stage_result_is_read(s)) {
            s->phase = STAGE_FLUSHING;
            stage_set_ready_locked(s);
            return false;
        }
    } else if (s->next_flush < s->n_instances) {
        return false;
    }
    s->phase = STAGE_FINISHED;
    return true;
}

/* The stage has finished: its readers have one producer less. */
static void finish(struct stage *s)
{
    struct run *run = s->run;

    for (size_t p = 0; p < s->graph->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            struct stage *d = s->ports[p].readers[r];

            mutex_lock(&d->lock);
            PPH_ASSERT(d->open_in > 0);
            if (--d->open_in == 0)
                stage_set_ready_locked(d);
            mutex_unlock(&d->lock);
        }
    }
    /* R8, A8: what every stage did comes before the end */
    if (atomic_fetch_sub_explicit(&run->live, 1, memory_order_acq_rel) == 1) {
        atomic_store_explicit(&run->ended, 1, memory_order_release); /* R7 */
        workers_end(run->workers);
    } else {
        workers_notify(run);
    }
}

/*
 * Waits for room with each of `blocked`: they make this stage ready again.  Where room has come
 * meanwhile, the stage is ready at once.
 */
static void register_waiter_locked(struct stage *s, const uint64_t *blocked,
                                   struct wakes *wakes) REQUIRES(s->lock);
static void register_waiter_locked(struct stage *s, const uint64_t *blocked,
                                   struct wakes *wakes)
{
    for (unsigned word = 0; word < STAGE_WORDS; word++) {
        for (uint64_t bits = blocked[word]; bits; bits &= bits - 1) {
            struct stage *d =
                &s->run->stages[64 * word + (unsigned)__builtin_ctzll(bits)];
            bool room;

            mutex_lock(&d->lock);
            room = (d->queue.n == 0 && !d->park_head) ||
                   atomic_load_explicit(&d->closed, memory_order_relaxed);
            if (!room)
                stage_bit_set(d->waiters, s->id); /* it is not empty: a pop will come */
            if (!room && stage_gathers(d)) {      /* at once: see gather-note in take.c */
                stage_set_ready_locked(d);
                wakes->notify = true;
            }
            mutex_unlock(&d->lock);
            if (room) { /* this thread may get busy, and others have gone to sleep meanwhile */
                stage_set_ready_locked(s);
                wakes->notify = true;
            }
        }
    }
}

/* Whether the call may begin, as far as others are concerned: it has a place then, and the budget's leave. */
static bool may_begin_locked(struct stage *s, const struct instance *only,
                             struct instance *i, enum call call, struct wakes *wakes)
    REQUIRES(s->lock);
static bool may_begin_locked(struct stage *s, const struct instance *only,
                             struct instance *i, enum call call, struct wakes *wakes)
{
    if (call == CALL_GENERATE && !pace_admits_locked(s))
        return false; /* first: who does not go on in any case stands in no line */
    if (!limit_enter_locked(s, only, i))
        return false;
    if (call != CALL_GENERATE || budget_admits_locked(s, i))
        return true;
    limit_leave_locked(s, i, wakes);
    return false;
}

/* A call was begun: whether another worker could begin one, too. */
static bool has_more_locked(struct stage *s) REQUIRES(s->lock);
static bool has_more_locked(struct stage *s)
{
    return s->free && next_call_locked(s) != CALL_NONE && limit_has_more_locked(s);
}

/* Finds and claims work; the stage's bit is cleared when there is none, or none beside it. */
static enum work claim_work_locked(struct stage *s, struct instance *only,
                                   struct instance **ret_instance, struct wakes *wakes)
    REQUIRES(s->lock);
static enum work claim_work_locked(struct stage *s, struct instance *only,
                                   struct instance **ret_instance, struct wakes *wakes)
{
    uint64_t blocked[STAGE_WORDS] = {0};
    const struct batch *waiting = s->window > 0 ? order_waiting_locked(s) : NULL;
    struct instance *i;
    enum call call;

    s->held_back = false;
    if (waiting && can_send(s, waiting, blocked)) {
        s->order_flushing = true;
        return WORK_SEND;
    }
    if (waiting &&
        only) { /* this thread sends it when there is room: the others may all wait for that */
        register_waiter_locked(s, blocked, wakes);
        return WORK_NONE;
    }
    i = find_held_locked(s, only, blocked);
    if (i) {
        bool was_held = unlink_instance(&s->held, i);

        PPH_ASSERT(was_held);
        s->n_held--;
        s->running++;
        *ret_instance = i;
        /* for what else could go on when there is room */
        register_waiter_locked(s, blocked, wakes);
        budget_wait_locked(s, wakes);
        return WORK_ACTIVATE;
    }
    call = next_call_locked(s);
    i = call == CALL_NONE ? NULL : find_free_locked(s, only, call);
    if (i && gate_open(s, blocked) && may_begin_locked(s, only, i, call, wakes)) {
        bool was_free = unlink_instance(&s->free, i);

        PPH_ASSERT(was_free);
        begin_call_locked(s, i, call, wakes);
        s->running++;
        if (!only && !has_more_locked(s))
            stage_clear_ready_locked(s);
        register_waiter_locked(s, blocked, wakes); /* likewise */
        budget_wait_locked(s, wakes);
        *ret_instance = i;
        return WORK_ACTIVATE;
    }
    stage_clear_ready_locked(s);
    register_waiter_locked(s, blocked, wakes);
    budget_wait_locked(s, wakes);
    return WORK_NONE;
}

/* If the stage waits for another time than control knows of, it is told. */
static void tell_time_locked(struct stage *s, struct wakes *wakes) REQUIRES(s->lock);
static void tell_time_locked(struct stage *s, struct wakes *wakes)
{
    wakes->control = s->wake_ns != s->told_ns && s->wake_ns > 0;
    s->told_ns = s->wake_ns;
}

enum work stage_dispatch(struct stage *s, struct instance *only,
                         struct instance **ret_instance)
{
    struct wakes wakes = {0};
    enum work work = WORK_NONE;
    bool finished = false;
    bool flushes = false;
    bool unread;

    mutex_lock(&s->lock);
    s->no_place = false;
    /* Under the lock: a reader that closes after this look makes the stage ready again. */
    unread = stage_is_unread(s);
    if (unread && !s->graph->is_source &&
        !atomic_load_explicit(&s->closed, memory_order_relaxed)) {
        mutex_unlock(&s->lock);
        inbox_close(s); /* and the stage is ready again */
        return WORK_NONE;
    }
    if (unread && s->graph->is_source)
        s->source_done = true;
    if (run_cancelled(s->run) || s->phase == STAGE_FINISHED) {
        stage_clear_ready_locked(s);
    } else {
        work = claim_work_locked(s, only, ret_instance, &wakes);
        if (work == WORK_NONE) {
            flushes = s->phase == STAGE_OPEN;
            finished = finish_check_locked(s);
            flushes = flushes && s->phase == STAGE_FLUSHING;
        } else if (work == WORK_ACTIVATE) {
            pace_begin_locked(s, *ret_instance);
        }
        tell_time_locked(s, &wakes);
    }
    if (work == WORK_NONE)
        limit_pass_on_locked(s, only, &wakes);
    mutex_unlock(&s->lock);
    wakes_deliver(s->run, &wakes);
    if (finished)
        finish(s);
    else if (flushes) /* all its workers can, side by side */
        workers_notify(s->run);
    return work;
}

/* Puts a held instance where its ticket belongs: the oldest goes on first. */
static void hold_locked(struct stage *s, struct instance *i) REQUIRES(s->lock);
static void hold_locked(struct stage *s, struct instance *i)
{
    struct instance **at = &s->held;

    while (*at && (s->window == 0 || (*at)->ticket < i->ticket))
        at = &(*at)->next;
    i->next = *at;
    *at = i;
    s->n_held++;
}

/* The instance rests; true: and the stage has finished. */
static bool give_back_locked(struct stage *s, struct instance *i, enum outcome outcome)
    REQUIRES(s->lock);
static bool give_back_locked(struct stage *s, struct instance *i, enum outcome outcome)
{
    /* Its own thread looks next, and the others are told one by one, when there are places for them. */
    bool only_itself =
        s->limit && s->own_threads && outcome == OUTCOME_DONE && !stage_is_paced(s);

    s->running--;
    if (outcome == OUTCOME_HELD || outcome == OUTCOME_LATER || outcome == OUTCOME_STOP) {
        hold_locked(s, i);
    } else {
        PPH_ASSERT(i->call == CALL_NONE);
        i->next = s->free;
        s->free = i;
    }
    if (i->ended && outcome == OUTCOME_DONE && i->call == CALL_NONE && !i->ended_seen) {
        i->ended_seen = true;
        s->n_ended++;
    }
    if (s->held || (s->window > 0 && order_waiting_locked(s)) ||
        ((s->queue.n > 0 || s->graph->is_source || s->phase == STAGE_FLUSHING) &&
         !only_itself && limit_has_more_locked(s)))
        stage_set_ready_locked(s);
    return finish_check_locked(s);
}

/* Whether a stage nearer the sinks has something to do. */
static bool nearer_is_ready(const struct stage *s)
{
    unsigned last = s->id / 64;

    for (unsigned word = 0; word <= last; word++) {
        uint64_t bits = atomic_load_explicit(&s->run->ready[word], memory_order_relaxed);

        if (word == last)
            bits &= (UINT64_C(1) << (s->id % 64)) - 1;
        if (bits)
            return true;
    }
    return false;
}

/*
 * Whether the instance, whose call has ended well, goes on with the next one at once: dispatch would
 * come to the same, at twice the price.  Anything out of the ordinary is left to dispatch.
 */
static bool goes_on_locked(struct stage *s, struct instance *i, struct wakes *wakes)
    REQUIRES(s->lock);
static bool goes_on_locked(struct stage *s, struct instance *i, struct wakes *wakes)
{
    uint64_t blocked[STAGE_WORDS] = {0};
    enum call call = next_call_locked(s);

    if ((call != CALL_ITEMS && call != CALL_GENERATE) || i->ended || s->held ||
        (s->window > 0 && order_waiting_locked(s)) || stage_is_unread(s) ||
        (call == CALL_ITEMS && s->lanes && !lanes_peek_locked(s, i)) ||
        run_cancelled(s->run) || i->paced || (!s->own_threads && nearer_is_ready(s)) ||
        !gate_open(s, blocked) || !limit_goes_on_locked(s, i) ||
        (call == CALL_GENERATE && !budget_admits_locked(s, i)))
        return false;
    begin_call_locked(s, i, call, wakes);
    if (!s->own_threads && !has_more_locked(s))
        stage_clear_ready_locked(s);
    else
        stage_set_ready_locked(s);
    return true;
}

bool stage_complete(struct stage *s, struct instance *i, enum outcome outcome,
                    bool may_go_on)
{
    struct wakes wakes = {0};
    bool finished = false;
    bool again;

    mutex_lock(&s->lock);
    pace_end_locked(s, i);
    again = may_go_on && outcome == OUTCOME_DONE && goes_on_locked(s, i, &wakes);
    if (!again) {
        limit_leave_locked(s, i, &wakes);
        finished = give_back_locked(s, i, outcome);
    }
    tell_time_locked(s, &wakes);
    mutex_unlock(&s->lock);
    wakes_deliver(s->run, &wakes);
    if (outcome == OUTCOME_IDLE ||
        outcome == OUTCOME_LATER) { /* control keeps the time */
        atomic_fetch_add_explicit(&s->run->control, 1, memory_order_release); /* R3 */
        futex_wake(&s->run->control, 1);
    }
    if (finished)
        finish(s);
    else
        workers_notify(s->run);
    return again;
}
