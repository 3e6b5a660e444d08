/* SPDX-License-Identifier: MIT */
/*
 * budget-note: a source that is held back clears its ready bit, notes itself in `waiting` and then looks at the figures
 * once more; whoever gives something back changes a figure (chunk_pool.used, root_counts.done, budget.promised) and then
 * looks at `waiting`.  All of these accesses are seq_cst, so at least one of the two sees the other, and no source waits
 * for what has come already.  A cache may keep a few bytes untold: its thread tells them when somebody waits and before
 * it sleeps, so at the end of all work the figures are exact.
 *
 * exception-note: to find that nothing is left which could give anything back takes a while, and by then a source may
 * have begun another call.  So calls are numbered as they are let in (`turn`), and an exception is made for one source
 * and one number: the one that was next before the search began.  It is void as soon as any call has begun or ended.
 */
#include "exec/budget.h"

#include "base/clock.h"
#include "exec/order.h"
#include "exec/pace.h"
#include "exec/ready.h"
#include "exec/take.h"

enum {
    LOW_WATER_PART = 8, /* sources go on when so large a part of the memory is free */
    /* A source's call that takes longer does not keep other sources waiting for what it may make. */
    LINGER_NS = 10 * NS_PER_MS,
};

void budget_init(struct run *run)
{
    const struct graph *graph = run->graph;
    struct budget *b = &run->budget;
    unsigned caches = graph->threads;

    b->bytes = graph->budget_bytes;
    b->in_flight = graph->max_in_flight;
    for (size_t k = 0; k < graph->n_stages; k++)
        caches += graph->stages[k].workers;
    if (b->bytes > 0)
        chunk_pool_limit(run->pool, b->bytes, caches);
}

static bool has_memory(const struct run *run, uint64_t most)
{
    return run->budget.bytes == 0 || chunk_pool_used(run->pool) <= most;
}

/* Batches of sources that are under way or will be, by calls that have begun. */
static uint64_t in_flight(const struct run *run, uint64_t promised)
{
    /* see budget-note; `done` first: what is made meanwhile counts in any case */
    uint64_t done = atomic_load_explicit(&run->roots.done, memory_order_seq_cst);
    uint64_t made = atomic_load_explicit(&run->roots.made,
                                         memory_order_seq_cst); /* see budget-note */

    return made - done + promised;
}

uint64_t budget_in_flight(const struct run *run)
{
    return in_flight(run,
                     atomic_load_explicit(&run->budget.promised,
                                          memory_order_seq_cst)); /* see budget-note */
}

static bool has_place(const struct run *run)
{
    return run->budget.in_flight == 0 || budget_in_flight(run) < run->budget.in_flight;
}

enum budget_reason budget_reason(const struct run *run)
{
    if (!has_memory(run, run->budget.bytes))
        return BUDGET_MEMORY;
    return has_place(run) ? BUDGET_NONE : BUDGET_IN_FLIGHT;
}

static uint64_t bit_of(const struct stage *s)
{
    return UINT64_C(1) << (s->id % 64);
}

/* See exception-note. */
static uint64_t exception_for(unsigned stage, uint64_t turn)
{
    return (turn + 1) * STAGES_MAX + stage; /* 0: none yet */
}

/* Whether the source may begin the call with this number whatever the budget says. */
static bool is_excepted(const struct stage *s, uint64_t turn)
{
    return atomic_load_explicit(&s->run->budget.exception, memory_order_seq_cst) ==
           exception_for(s->id, turn); /* see exception-note */
}

static uint64_t turn_of(const struct run *run)
{
    return atomic_load_explicit(&run->budget.turn,
                                memory_order_seq_cst); /* see exception-note */
}

static void next_turn(struct run *run)
{
    atomic_fetch_add_explicit(&run->budget.turn, 1,
                              memory_order_seq_cst); /* see exception-note */
}

/* Takes a place among the batches under way; `even_over`: also when there is none. */
static bool take_place(struct instance *i, bool even_over)
{
    struct budget *b = &i->stage->run->budget;
    uint64_t promised =
        atomic_load_explicit(&b->promised, memory_order_seq_cst); /* see budget-note */

    if (b->in_flight == 0)
        return true;
    do {
        if (!even_over && in_flight(i->stage->run, promised) >= b->in_flight)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        &b->promised, &promised, promised + 1, memory_order_seq_cst, /* see budget-note */
        memory_order_seq_cst));
    i->promised = true;
    return true;
}

/* Whether the call has the one number that the source was excepted for; then nobody else has. */
static bool use_exception(struct instance *i)
{
    struct run *run = i->stage->run;
    uint64_t turn = turn_of(run);

    return is_excepted(i->stage, turn) &&
           atomic_compare_exchange_strong_explicit(
               &run->budget.turn, &turn, turn + 1,
               memory_order_seq_cst, /* see exception-note */
               memory_order_seq_cst) &&
           take_place(i, true);
}

/* Lets the instance in, or not. */
static bool enter(struct instance *i)
{
    struct run *run = i->stage->run;
    const struct budget *b = &run->budget;

    if (b->bytes == 0 && b->in_flight == 0)
        return true;
    if (has_memory(run, b->bytes) && take_place(i, false)) {
        next_turn(run);
        i->entered = true;
    } else {
        i->entered = use_exception(i);
    }
    return i->entered;
}

bool budget_admits_locked(struct stage *s, struct instance *i)
{
    bool admitted = enter(i);
    s->held_back = s->held_back || !admitted;
    return admitted;
}

/* The oldest call of a source that keeps order goes on in any case: what the others have made waits for it. */
static bool is_bound(const struct instance *i)
{
    const struct stage *s = i->stage;

    return s->graph->is_source && i->call == CALL_GENERATE &&
           !(s->window > 0 && order_is_head(s, i));
}

bool budget_resumes_locked(struct stage *s, const struct instance *i)
{
    bool resumes;

    if (i->call == CALL_GENERATE && !pace_admits_locked(s))
        return false;
    resumes = !is_bound(i) || budget_reason(s->run) == BUDGET_NONE ||
              is_excepted(s, turn_of(s->run));
    s->held_back = s->held_back || !resumes;
    return resumes;
}

void budget_wait_locked(struct stage *s, struct wakes *wakes)
{
    if (!s->held_back)
        return;
    atomic_fetch_or_explicit(&s->run->budget.waiting[s->id / 64], bit_of(s),
                             memory_order_seq_cst); /* see budget-note */
    take_hurry(s->run, wakes);
    if (budget_reason(s->run) == BUDGET_NONE) {
        stage_set_ready_locked(s);
        wakes->notify = true;
    }
}

bool budget_goes_on(struct instance *i)
{
    if (pace_is_spent(i))
        return false;
    return i->entered || !is_bound(i) || enter(i);
}

bool budget_is_spent(const struct instance *i)
{
    const struct stage *s = i->stage;

    if (pace_is_spent(i))
        return true;
    if (!is_bound(i))
        return false;
    for (size_t p = 0; p < s->graph->n_ports; p++) {
        if (i->outlets[p].open) /* a batch that has begun may become full */
            return false;
    }
    return budget_reason(s->run) != BUDGET_NONE;
}

static void give_place_back(struct instance *i)
{
    if (i->promised) /* see budget-note */
        atomic_fetch_sub_explicit(&i->stage->run->budget.promised, 1,
                                  memory_order_seq_cst);
    i->promised = false;
}

void budget_made(struct instance *i)
{
    if (!i->promised)
        return;
    give_place_back(i);
    budget_look(
        i->stage->run); /* for a moment it counted twice, and this call may last */
}

void budget_leave(struct instance *i)
{
    give_place_back(i);
    if (i->entered) /* was it this call that lingered, nobody is excepted for that any more */
        next_turn(i->stage->run);
    i->entered = false;
}

/* Calls of the source that have run for so long that they seem to wait for something themselves. */
static unsigned lingering_calls(const struct stage *s, uint64_t now)
{
    unsigned n = 0;

    for (unsigned w = 0; w < s->n_instances; w++) {
        uint64_t since =
            atomic_load_explicit(&s->instances[w].since_ns, memory_order_relaxed);

        n += since > 0 && now > since + LINGER_NS;
    }
    return n;
}

/* Whether the stage is about to give something back, or to make something that others will. */
static bool has_work(struct stage *s, uint64_t now)
{
    unsigned idle = s->graph->is_source ? lingering_calls(s, now) : 0;
    bool work;

    if (atomic_load_explicit(&s->q_batches, memory_order_relaxed) > 0)
        return true; /* whoever takes it looks again after */
    mutex_lock(&s->lock);
    work = s->phase != STAGE_FINISHED &&
           (s->running > idle || s->order_flushing || s->phase == STAGE_FLUSHING);
    if (!s->graph->is_source)
        work = work || s->n_held > 0 || s->queue.n > 0 || s->park_head ||
               (s->window > 0 && !order_is_idle_locked(s));
    mutex_unlock(&s->lock);
    return work;
}

/*
 * Whether nothing is left that could give anything back.  Sources first, then with the stream: so a batch that moves on
 * meanwhile is met further down, and not missed.
 */
static bool is_idle(struct run *run)
{
    uint64_t now = clock_now_ns();

    for (size_t k = run->n_stages; k-- > 0;) {
        if (has_work(&run->stages[k], now))
            return false;
    }
    return true;
}

bool budget_is_awaited(const struct run *run)
{
    for (unsigned word = 0; word < STAGE_WORDS; word++) {
        if (atomic_load_explicit(&run->budget.waiting[word],
                                 memory_order_seq_cst)) /* see budget-note */
            return true;
    }
    return false;
}

/* Makes ready what waits and is in `these`. */
static void wake_sources(struct run *run, unsigned word, uint64_t these)
{
    uint64_t bits =
        these & atomic_fetch_and_explicit(&run->budget.waiting[word], ~these,
                                          memory_order_seq_cst); /* see budget-note */

    for (; bits; bits &= bits - 1)
        stage_make_ready(&run->stages[64 * word + (unsigned)__builtin_ctzll(bits)]);
}

/* The source that waits and whose turn it is after the last one; no other: that one. */
static unsigned next_to_except(const struct run *run, uint64_t exception)
{
    unsigned last = (unsigned)(exception % STAGES_MAX);

    /* the first word twice: what is behind the last one comes first, what is in front of it at the end */
    for (unsigned k = 0; k <= STAGE_WORDS; k++) {
        unsigned word = (last / 64 + k) % STAGE_WORDS;
        uint64_t waiting = atomic_load_explicit(
            &run->budget.waiting[word], memory_order_seq_cst); /* see budget-note */

        if (k == 0)
            waiting &= UINT64_MAX << (last % 64) << 1;
        if (waiting)
            return 64 * word + (unsigned)__builtin_ctzll(waiting);
    }
    return last;
}

/* Nothing but a source can go on, and none may: one does all the same, if nothing has moved since `turn` was read. */
static void make_exception(struct run *run, uint64_t turn)
{
    struct budget *b = &run->budget;
    uint64_t before = atomic_load_explicit(&b->exception,
                                           memory_order_seq_cst); /* see exception-note */
    unsigned id = next_to_except(run, before);
    uint64_t exception = exception_for(id, turn);

    while (before / STAGES_MAX <= turn + 1 &&
           !atomic_compare_exchange_weak_explicit(
               &b->exception, &before, exception,
               memory_order_seq_cst, /* see exception-note */
               memory_order_seq_cst))
        continue;
    wake_sources(run, id / 64, UINT64_C(1) << (id % 64));
}

/* Whether sources may go on by the figures. */
static bool is_open(const struct run *run)
{
    const struct budget *b = &run->budget;

    return has_memory(run, b->bytes - b->bytes / LOW_WATER_PART) && has_place(run);
}

void budget_look(struct run *run)
{
    uint64_t turn;

    if (!budget_is_awaited(run))
        return;
    turn = turn_of(run);
    if (!is_open(run)) {
        if (!is_idle(run))
            return;
        if (!is_open(
                run)) { /* what was the last to go on may have given back what was missing */
            make_exception(run, turn);
            return;
        }
    }
    for (unsigned word = 0; word < STAGE_WORDS; word++)
        wake_sources(run, word, UINT64_MAX);
}

void budget_look_later(struct run *run)
{
    uint64_t now = clock_now_ns();

    if (!budget_is_awaited(run))
        return;
    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        if (s->graph->is_source && lingering_calls(s, now) > 0) {
            budget_look(run);
            return;
        }
    }
}
