/* SPDX-License-Identifier: MIT */
#include "sim/oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exec/workers_parts.h"

static struct run *watched;
static uint64_t lazy;
static bool begun;     /* stages have been made ready */
static uint64_t moved; /* sum of what only grows, at the last look */

/* The last state of a stage that was looked at. */
static struct before {
    const struct instance *first; /* of those that wait for room */
    uint64_t pushed;
    bool over; /* the queue may be over its bound */
} before[STAGES_MAX];

void oracle_watch(struct run *run)
{
    watched = run;
    begun = false;
    moved = 0;
    memset(before, 0, sizeof(before));
    oracle_forget_roots();
    oracle_forget_limits();
}

uint64_t oracle_lazy(void)
{
    return lazy;
}

static uint64_t peek(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static uint32_t peek32(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static const struct stage *stage_of_lock(const void *mutex)
{
    for (size_t k = 0; watched && k < watched->n_stages; k++) {
        if (mutex == &watched->stages[k].lock)
            return &watched->stages[k];
    }
    return NULL;
}

/* --- one stage ------------------------------------------------------------------------------ */

struct sums {
    uint64_t items, cost, payload;
    size_t n;
};

static void add_list(struct sums *sums, const struct batch_list *list)
{
    for (const struct batch *b = list->head; b; b = b->next) {
        sums->items += b->n;
        sums->cost += b->cost;
        for (uint32_t k = 0; k < b->n; k++)
            sums->payload += b->items[k].len;
        sums->n++;
    }
}

/*
 * What one emit gives to an empty queue may be more than its bound: a batch, or, divided among lanes, the
 * parts of one.
 */
static bool may_be_over(const struct stage *s, uint64_t items)
{
    uint64_t more = s->pushed - before[s->id].pushed;

    return s->lanes ? more >= items || (more == 0 && before[s->id].over)
                    : s->queue.n <= 1;
}

static void check_queue(const struct stage *s)
{
    struct sums sums = {0};
    uint64_t items;
    uint64_t cost;
    size_t n;

    add_list(&sums, &s->queue);
    for (unsigned l = 0; s->lanes && l <= s->n_instances; l++)
        add_list(&sums, &s->lanes[l]);
    items = sums.items;
    cost = sums.cost;
    n = sums.n;
    if (items != s->queue.items || cost != s->queue.cost || n != s->queue.n ||
        (s->graph->batch_wait_ns > 0 && s->queue_payload != sums.payload))
        machine_fail("stage %s: the queue holds other than it says", s->graph->name);
    if (!may_be_over(s, items) &&
        (items > s->graph->queue_items || cost > s->graph->queue_bytes))
        machine_fail("stage %s: the queue is over its bound: %" PRIu64 " items, %" PRIu64
                     " bytes",
                     s->graph->name, items, cost);
    if (peek(&s->q_items) != items || peek(&s->q_cost) != cost ||
        peek32(&s->q_batches) != n ||
        (peek32(&s->q_parked) != 0) != (s->park_head != NULL))
        machine_fail("stage %s: the queue's mirrors are wrong", s->graph->name);
    if (s->pushed != s->popped + s->dropped + items)
        machine_fail("stage %s: what went into the queue is not what came out",
                     s->graph->name);
}

static void check_parked(const struct stage *s)
{
    const struct instance *last = NULL;

    for (const struct instance *i = s->park_head; i; i = i->park_next)
        last = i;
    if (last && last != s->park_tail)
        machine_fail("stage %s: the line of those who wait for room is broken",
                     s->graph->name);
}

/* Nobody gets in before those who stand in line. */
static void check_line(const struct stage *s)
{
    const struct before *b = &before[s->id];

    if (b->first && s->park_head == b->first && s->pushed > b->pushed)
        machine_fail("stage %s: a batch overtakes those that wait for room",
                     s->graph->name);
}

static void remember(const struct stage *s)
{
    before[s->id] = (struct before){
        .first = s->park_head,
        .over = may_be_over(s, s->queue.items),
        .pushed = s->pushed,
    };
}

static void check_instances(const struct stage *s)
{
    unsigned n_free = 0;
    unsigned n_held = 0;

    for (const struct instance *i = s->free; i; i = i->next)
        n_free++;
    for (const struct instance *i = s->held; i; i = i->next)
        n_held++;
    if (n_held != s->n_held || n_free + n_held + s->running != s->n_instances)
        machine_fail(
            "stage %s: %u instances free, %u held (%u counted), %u running, of %u",
            s->graph->name, n_free, n_held, s->n_held, s->running, s->n_instances);
}

static void check_tickets(const struct stage *s)
{
    uint64_t head = peek(&s->head_ticket);

    if (s->window > 0 && (s->next_ticket < head || s->next_ticket - head > s->window))
        machine_fail("stage %s: tickets %" PRIu64 "..%" PRIu64 ", window %u",
                     s->graph->name, head, s->next_ticket, s->window);
}

static void note_progress(void)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < watched->n_stages; k++) {
        const struct stage *s = &watched->stages[k];

        sum += s->pushed + s->popped + s->dropped + s->phase;
    }
    if (sum != moved)
        machine_progress();
    moved = sum;
}

bool oracle_is_cancelled(void)
{
    return !watched || run_cancelled(watched);
}

static void unlocked(const void *mutex)
{
    const struct stage *s = stage_of_lock(mutex);
    const struct limit *l = oracle_limit_of(watched, mutex);

    if (l && !run_cancelled(watched))
        oracle_check_limit(watched, l);
    if (!s)
        return;
    check_queue(s);
    check_parked(s);
    check_line(s);
    check_instances(s);
    check_tickets(s);
    remember(s);
    note_progress();
}

static void locking(const void *mutex, const void *const *held, size_t n_held)
{
    const struct stage *d = stage_of_lock(mutex);

    for (size_t k = 0; k < n_held; k++) {
        const struct stage *s = stage_of_lock(held[k]);

        bool below = s && d && d->graph->level < s->graph->level;

        if (!below && !(s && oracle_limit_of(watched, mutex)))
            machine_fail("locks are taken in the wrong order");
    }
}

/* --- all of them ---------------------------------------------------------------------------- */

static bool is_over(void)
{
    return run_cancelled(watched) || run_has_ended(watched);
}

/* A source that said PPH_IDLE goes on when time passes, and an item that is tried again; so does an emitter that finds itself alone. */
static bool waits_for_time(void)
{
    if (machine_someone_naps() || machine_refused_thread())
        return true;
    for (size_t k = 0; k < watched->n_stages && !is_over(); k++) {
        if (watched->stages[k].wake_ns > 0)
            return true;
        for (const struct instance *i = watched->stages[k].free; i; i = i->next) {
            if (i->not_before_ns > 0)
                return true;
        }
        for (const struct instance *i = watched->stages[k].held; i; i = i->next) {
            if (i->call == CALL_ITEMS && i->not_before_ns > 0)
                return true;
        }
    }
    return false;
}

/* How many threads of the pool are awake and hold a slot, more or less. */
static unsigned awake_in_pool(void)
{
    unsigned awake = machine_awake("pphost-");

    for (size_t k = 0; k < watched->n_stages; k++) {
        const struct stage *s = &watched->stages[k];

        for (unsigned w = 0; !s->own_threads && w < s->n_instances; w++)
            awake -= s->instances[w].lent; /* between block_begin and block_end */
    }
    return awake;
}

/*
 * Work for the pool is known, and nobody of the pool will look: that is a lost wake-up.  That one of
 * several sleeps although it could work is only counted; but all workers of a stage flush at once.
 */
static void check_pool(bool flush)
{
    const struct workers *ws = watched->workers;

    if (watched->options.single_thread)
        return;
    if (peek(&ws->idle[0]) != 0)
        lazy++;
    if (peek(&ws->idle[0]) != 0 && flush)
        machine_fail(
            "lost wake-up: a worker could flush, but a thread of the pool sleeps");
    if (awake_in_pool() == 0 && !machine_refused_thread())
        machine_fail("lost wake-up: work is ready, but the whole pool sleeps");
}

/* Everybody has found work or sleeps: nobody searches. */
static void check_searching(void)
{
    if (!is_over() && peek32(&watched->workers->searching) != 0)
        machine_fail("a thread is counted as searching, but none does");
}

/* Each place among the batches under way belongs to a call that has not made its batch yet. */
static void check_places(void)
{
    uint64_t places = 0;

    for (size_t k = 0; k < watched->n_stages; k++) {
        const struct stage *s = &watched->stages[k];

        for (unsigned w = 0; w < s->n_instances; w++)
            places += s->instances[w].promised;
        for (const struct instance *i = s->free; i; i = i->next) {
            if (i->promised || i->entered)
                machine_fail("stage %s: a call that is over keeps its place",
                             s->graph->name);
        }
    }
    if (places != peek(&watched->budget.promised))
        machine_fail("%" PRIu64 " places are taken, %" PRIu64 " counted", places,
                     peek(&watched->budget.promised));
}

static void settled(bool stuck)
{
    bool flush;

    if (!watched)
        return;
    begun = begun || watched->workers->go || watched->workers->pause;
    for (size_t k = 0; k < watched->n_limits && !run_cancelled(watched); k++)
        oracle_check_limit(watched, &watched->limits[k]);
    if (begun && !run_cancelled(watched)) {
        if (oracle_check_ready(watched, &flush))
            check_pool(flush);
        check_searching();
        check_places();
        oracle_check_roots(watched);
    }
    if (stuck && !waits_for_time())
        machine_fail("deadlock: nobody can go on, and the run has not ended");
    if (peek32(&watched->stalled))
        machine_fail("the run thinks that it is stalled");
}

/* --- for people ----------------------------------------------------------------------------- */

static const char *name_of(const void *address)
{
    static char name[64];

    for (size_t k = 0; watched && k < watched->n_stages; k++) {
        const struct stage *s = &watched->stages[k];

        if (address == &s->lock || address == &s->can_run)
            return s->graph->name;
        for (unsigned w = 0; w < s->n_instances; w++) {
            if ((uintptr_t)address == (uintptr_t)&s->instances[w].go) {
                (void)snprintf(name, sizeof(name), "go of %s/%u", s->graph->name, w);
                return name;
            }
        }
    }
    if (watched && (uintptr_t)address == (uintptr_t)&watched->control)
        return "control";
    if (oracle_limit_of(watched, address)) {
        (void)snprintf(name, sizeof(name), "limit %s",
                       oracle_limit_of(watched, address)->graph->name);
        return name;
    }
    if (watched && watched->workers && address == &watched->workers->lock)
        return "workers";
    return NULL;
}

static void describe_limit(const struct limit *l)
{
    (void)fprintf(stderr, "  limit %s: %u of %u places are taken;", l->graph->name,
                  l->used, l->graph->calls);
    for (const struct limit_waiter *w = l->first; w; w = w->next)
        (void)fprintf(stderr, " %s%s", w->stage->graph->name,
                      w->in_call ? " in emit" : "");
    (void)fprintf(stderr, " in line\n");
}

static void describe(const struct stage *s)
{
    bool ready = peek(&watched->ready[s->id / 64]) >> (s->id % 64) & 1;

    (void)fprintf(stderr,
                  "  %s (level %u): %s%s; %zu batches, %" PRIu64 " items, %" PRIu64
                  " bytes wait%s%s; %u running, %u held, %u open inputs; tickets %" PRIu64
                  "..%" PRIu64 " of %u%s%s; phase %d\n",
                  s->graph->name, s->graph->level, ready ? "ready" : "not ready",
                  s->own_threads ? ", own threads" : "", s->queue.n, s->queue.items,
                  s->queue.cost, s->park_head ? ", emitters are parked" : "",
                  peek32(&s->closed) ? ", closed" : "", s->running, s->n_held, s->open_in,
                  peek(&s->head_ticket), s->next_ticket, s->window,
                  s->order_flushing ? ", sending" : "", s->planning ? ", planning" : "",
                  (int)s->phase);
    for (size_t k = 0; k < watched->n_stages; k++) {
        if (s->waiters[k / 64] >> (k % 64) & 1)
            (void)fprintf(stderr, "      %s waits for room here\n",
                          watched->stages[k].graph->name);
    }
    for (const struct instance *i = s->held; i; i = i->next)
        (void)fprintf(stderr, "      held: %s/%u, ticket %" PRIu64 ", %zu batches out\n",
                      s->graph->name, i->index, i->ticket, i->out.n);
}

void oracle_describe(void)
{
    if (!watched)
        return;
    (void)fprintf(stderr, "stages, sinks first%s%s:\n",
                  run_cancelled(watched) ? "; the run is cancelled" : "",
                  peek32(&watched->draining) ? "; it drains" : "");
    for (size_t k = 0; k < watched->n_stages; k++)
        describe(&watched->stages[k]);
    for (size_t k = 0; k < watched->n_limits; k++)
        describe_limit(&watched->limits[k]);
}

const struct machine_events oracle_events = {
    .unlocked = unlocked,
    .settled = settled,
    .locking = locking,
    .name_of = name_of,
};
