/* SPDX-License-Identifier: MIT */
/*
 * No lost wake-up, as an assertion.
 *
 * For each thing that a stage could do next: when nothing hinders it, somebody knows (the stage is
 * ready); when readers have no room for it, the stage waits with one that will be read from.  This is
 * told from the state alone, not by the scheduler's own functions.
 */
#include "exec/lanes.h"
#include "sim/machine_parts.h"
#include "sim/oracle.h"

enum {
    PACE_QUANTUM_NS = 5000000, /* as in pace.c */
    CONTROL_LATE_NS = 2000000, /* from its look at the time until it sleeps */
};

/* Something a stage could do once the readers in `needs` have room. */
struct option {
    const struct stage *s;
    const struct instance *by; /* the one instance that can; NULL: any */
    uint64_t readers;          /* bit = stage whose room it asks for; all are below 64 */
    uint64_t full;             /* ... those that have none now */
    bool calls; /* it would call the plugin, for which it needs a place of its limit */
    bool makes; /* it would make new items, for which a source needs the budget */
    const char *what;
};

static uint64_t bit(const struct stage *s)
{
    return UINT64_C(1) << s->id;
}

static uint64_t peek(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static bool is_closed(const struct stage *d)
{
    return atomic_load_explicit(&d->closed, memory_order_relaxed) != 0;
}

/* Room for a batch, or (NULL) for so many items of one that will be made. */
static bool has_room(const struct stage *d, const struct batch *batch, uint64_t items)
{
    uint64_t cost = batch ? batch->cost : 0;

    if (is_closed(d) || d->graph->queue_full != QUEUE_BLOCK)
        return true;
    if (d->park_head)
        return false;
    if (d->lanes && batch)
        cost = lanes_cost(d, batch);
    return d->queue.n == 0 || (d->queue.items + items <= d->graph->queue_items &&
                               d->queue.cost + cost <= d->graph->queue_bytes);
}

static void needs_room(struct option *option, const struct stage *d,
                       const struct batch *batch, uint64_t items)
{
    option->readers |= bit(d);
    if (!has_room(d, batch, items))
        option->full |= bit(d);
}

/* A new call asks for room at every reader. */
static void needs_gate(struct option *option)
{
    const struct stage *s = option->s;

    for (size_t p = 0; p < s->graph->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++)
            needs_room(option, s->ports[p].readers[r], NULL, s->ports[p].target);
    }
}

static void needs_batch(struct option *option, const struct batch *b)
{
    needs_room(option, option->s->ports[b->port].readers[b->readers_done], b, b->n);
}

/* Whether somebody will look at the stage soon. */
static bool is_awake(const struct option *option)
{
    const struct stage *s = option->s;

    if (!s->own_threads)
        return (peek(&s->run->ready[0]) & bit(s)) != 0;
    for (unsigned w = 0; w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];

        if ((!option->by || i == option->by) && i->seen_generation != s->own_generation)
            return true;
    }
    return false;
}

/*
 * Whether the stage waits with one of these readers, which has something to do.  It may be one that has
 * room by now: it wakes nobody before little is left.
 */
static bool is_registered(const struct stage *s, uint64_t readers)
{
    for (uint64_t bits = readers; bits; bits &= bits - 1) {
        const struct stage *d = &s->run->stages[__builtin_ctzll(bits)];

        if (d->waiters[0] & bit(s) && d->queue.n > 0)
            return true;
    }
    return false;
}

static bool seen_work;  /* an option that nothing hinders, of a stage of the pool */
static bool seen_flush; /* ... and it is a flush */

/* Whether as many batches are under way as may be.  Memory is not looked at: a call may give some back long before it
 * ends, and then it looks after those who wait. */
static bool budget_is_closed(const struct run *run)
{
    const struct budget *b = &run->budget;

    if (b->bytes > 0)
        return true;
    return peek(&run->roots.made) - peek(&run->roots.done) + peek(&b->promised) >=
           b->in_flight;
}

/* Whether something is under way that gives back what sources wait for, or looks after them when it ends. */
static bool anything_goes_on(const struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        if (s->phase != STAGE_FINISHED &&
            (s->running > 0 || s->order_flushing || s->phase == STAGE_FLUSHING ||
             (!s->graph->is_source &&
              (s->queue.n > 0 || s->held || s->park_head ||
               (s->window > 0 && s->next_ticket != peek(&s->head_ticket))))))
            return true;
    }
    return false;
}

/* A source that is held back and noted, and that somebody will make ready. */
static bool is_held_back(const struct option *option)
{
    const struct run *run = option->s->run;

    return option->makes && option->s->graph->is_source &&
           peek(&run->budget.waiting[0]) & bit(option->s) && budget_is_closed(run) &&
           anything_goes_on(run);
}

static bool is_draining(const struct stage *s)
{
    return atomic_load_explicit(&s->run->draining, memory_order_relaxed) != 0;
}

/* When a source that its rate holds back is to be looked at again at the latest. */
static uint64_t paced_until(const struct stage *s)
{
    const struct rate *rate = &s->graph->rate;
    __uint128_t begin = s->pace.paid + (__uint128_t)PACE_QUANTUM_NS * rate->items;

    return (uint64_t)(begin / rate->items) + 1;
}

/* A source that its rate holds back, and control knows until when. */
static bool is_paced_out(const struct option *option)
{
    const struct stage *s = option->s;

    return option->makes && s->graph->rate.items > 0 && !is_draining(s) &&
           s->wake_ns > 0 && s->wake_ns <= paced_until(s) && s->told_ns == s->wake_ns;
}

/*
 * A stage that waits for more to come, and control knows until when.  Nobody waits for what it has: else it goes out at
 * once.
 */
static bool is_gathering(const struct stage *s)
{
    const struct graph_stage *g = s->graph;
    bool enough = (g->batch_items > 0 && s->queue.items >= g->batch_items) ||
                  (g->batch_bytes > 0 && s->queue_payload >= g->batch_bytes);
    bool awaited = s->open_in == 0 || s->park_head || is_draining(s) || s->waiters[0] ||
                   peek(&s->run->budget.waiting[0]);

    return g->batch_wait_ns > 0 && s->phase == STAGE_OPEN && !enough && !awaited &&
           s->wake_ns > 0 && s->told_ns == s->wake_ns;
}

/* Whoever is to be woken for it, control does not sleep longer than that. */
static void check_control(const struct run *run)
{
    const struct sim_thread *control = machine_thread_at(0);

    if (!control || control->state != SIM_ON_FUTEX || run_cancelled(run) ||
        machine.options.leaps) /* over the time that control was about to wait for */
        return;
    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        if (s->wake_ns > 0 && control->deadline_ns > s->wake_ns + CONTROL_LATE_NS)
            machine_fail("stage %s is to be woken, but control sleeps longer",
                         s->graph->name);
    }
}

/* A thread of the stage does, which looks at everything when its turn comes. */
static bool stands_in_line(const struct option *option)
{
    const struct stage *s = option->s;

    for (unsigned w = 0; s->limit && s->own_threads && w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];

        if ((!option->by || i == option->by) && i->place.waits && !i->place.in_call)
            return true;
    }
    return false;
}

static void check(const struct option *option)
{
    enum place place = option->calls ? oracle_place(option->s, option->by) : PLACE_FREE;

    if (place == PLACE_AWAITED || stands_in_line(option))
        return; /* a place that is given back comes to it */
    if (!option->s->own_threads && !option->full && place == PLACE_FREE &&
        is_awake(option)) {
        seen_work = true;
        seen_flush = seen_flush || option->s->phase == STAGE_FLUSHING;
    }
    if (is_awake(option) || is_registered(option->s, option->readers) ||
        is_held_back(option) || is_paced_out(option))
        return;
    machine_fail(
        "lost wake-up: stage %s could %s%s, but is not ready and waits with no reader",
        option->s->graph->name, option->what, option->full ? " when there is room" : "");
}

/* True: there is something to send. */
static bool check_sending(const struct stage *s)
{
    struct option option = {.s = s, .what = "send what finished calls left"};
    const struct order_slot *slot;

    if (s->window == 0 || s->order_flushing)
        return false;
    slot = &s->slots[peek(&s->head_ticket) % s->window];
    if (!slot->done)
        return false;
    if (!slot->out.head)
        machine_fail("stage %s: the oldest call is over, but nobody moves on to the next",
                     s->graph->name);
    needs_batch(&option, slot->out.head);
    check(&option);
    return true;
}

static void check_held(const struct stage *s, const struct instance *i)
{
    struct option option = {.s = s, .by = i, .what = "go on with a held call"};

    if (i->call == CALL_ITEMS && i->not_before_ns > 0 && !is_draining(s))
        return; /* until its time has come: control sees to that */
    option.makes = i->call == CALL_GENERATE && !i->out.head;
    option.calls = !i->owes;

    if (s->window > 0 && peek(&s->head_ticket) != i->ticket) {
        if (i->out.n >= OUT_SOFT_BATCHES || i->out.cost >= OUT_SOFT_COST)
            return; /* until it is at the head */
        option.makes = i->call == CALL_GENERATE;
    } else if (i->out.head) {
        needs_batch(&option, i->out.head);
    } else {
        needs_gate(&option);
    }
    check(&option);
}

/* Whether the free instance could begin a call now, if there is anything to do. */
static bool could_begin(const struct stage *s, const struct instance *i)
{
    bool woken = atomic_load_explicit(&i->woken, memory_order_relaxed) != 0;

    if (s->phase == STAGE_FLUSHING)
        return !i->flushed;
    if (s->lanes) /* its own, or that of those for anybody */
        return s->lanes[i->index].n > 0 || s->lanes[s->n_instances].n > 0;
    return !i->ended && (i->not_before_ns == 0 || woken);
}

static void check_new_call(const struct stage *s)
{
    struct option option;
    bool wanted;

    if (s->graph->rate.items > 0 && s->desc->plan && (s->running > 0 || s->held))
        return;
    if (s->planning ||
        (s->window > 0 && s->next_ticket - peek(&s->head_ticket) >= s->window))
        return;
    if (s->phase == STAGE_FLUSHING)
        wanted = s->next_flush < s->n_instances;
    else if (s->graph->is_source)
        wanted = !s->source_done && !is_draining(s);
    else
        wanted = s->queue.n > 0;
    if (wanted && is_gathering(s))
        return;
    for (const struct instance *i = s->free; wanted && i; i = i->next) {
        if (!could_begin(s, i))
            continue;
        option = (struct option){.s = s,
                                 .calls = true,
                                 .makes = s->phase == STAGE_OPEN,
                                 .what = "begin a call"};
        if (s->lanes && s->lanes[i->index].n > 0)
            option.by = i; /* nobody else */
        needs_gate(&option);
        check(&option);
    }
}

static void check_end(const struct stage *s)
{
    struct option option = {.s = s, .what = "finish"};
    bool input_done;

    if (s->running > 0 || s->held || s->order_flushing ||
        (s->window > 0 && s->next_ticket != peek(&s->head_ticket)))
        return;
    if (s->phase == STAGE_FLUSHING)
        input_done = s->next_flush == s->n_instances;
    else if (s->graph->is_source)
        input_done = s->source_done || s->n_ended == s->n_instances || is_draining(s);
    else
        input_done = s->open_in == 0 && s->queue.n == 0 && !s->park_head;
    if (input_done)
        check(&option);
}

/* All that read what it emits want no more: it should learn that. */
static void check_unread(const struct stage *s)
{
    struct option option = {.s = s, .what = "see that nobody reads it any more"};
    bool any = false;

    for (size_t p = 0; p + 1 < s->graph->n_ports; p++) {
        if (p > 0 && p == s->graph->result_port && !s->graph->has_output)
            continue;
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            any = true;
            if (!is_closed(s->ports[p].readers[r]))
                return;
        }
    }
    if (any && (s->graph->is_source ? !s->source_done : !is_closed(s)))
        check(&option);
}

/* A place is kept for who will look, and nobody else. */
static void check_kept(const struct stage *s)
{
    struct option option = {.s = s, .what = "use the place that is kept for it"};

    if (run_has_ended(s->run))
        return;
    if (s->place.granted)
        check(&option);
    for (unsigned w = 0; w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];

        if (i->place.granted && !atomic_load_explicit(&i->go, memory_order_relaxed))
            machine_fail("lost wake-up: a place is kept for %s/%u, which is not told",
                         s->graph->name, w);
    }
}

bool oracle_check_ready(struct run *run, bool *ret_flush)
{
    seen_work = false;
    seen_flush = false;
    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        check_kept(s);
        if (s->phase == STAGE_FINISHED)
            continue;
        if (check_sending(s) && s->own_threads)
            continue; /* its threads wait for that first */
        for (const struct instance *i = s->held; i; i = i->next)
            check_held(s, i);
        check_new_call(s);
        check_end(s);
        check_unread(s);
    }
    check_control(run);
    *ret_flush = seen_flush;
    return seen_work;
}
