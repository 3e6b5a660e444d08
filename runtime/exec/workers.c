/* SPDX-License-Identifier: MIT */
/* The threads of a run: their lives, their slots, and what each does in a round. */
#include "exec/workers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/chaos.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "base/lock_order.h"
#include "exec/activation.h"
#include "exec/budget.h"
#include "exec/instance.h"
#include "exec/limit.h"
#include "exec/order.h"
#include "exec/policy.h"
#include "exec/ready.h"
#include "exec/workers_parts.h"

enum {
    SPARES_MAX = 1024,
    ROUNDS_MAX = 16, /* activations of one instance in a row */
    FAIR_EVERY = 64, /* picks between two that begin elsewhere than at the sinks */
    PAUSE_EVERY =
        16, /* activations between two looks at signals and progress (--inline) */
};

/* The ready stage nearest a sink; now and then another, so that nobody waits for ever.  NULL: none. */
static struct stage *pick(struct run *run, uint32_t tick)
{
    unsigned first = 0;

    if (tick % FAIR_EVERY == 0)
        first = (tick / FAIR_EVERY) % (unsigned)run->n_stages;
    for (unsigned turn = 0; turn < 2; turn++) {
        for (unsigned word = first / 64; word < STAGE_WORDS; word++) {
            uint64_t bits = atomic_load_explicit(&run->ready[word], memory_order_relaxed);

            if (word == first / 64)
                bits &= UINT64_MAX << (first % 64);
            if (bits)
                return &run->stages[64 * word + (unsigned)__builtin_ctzll(bits)];
        }
        if (first == 0)
            break;
        first = 0;
    }
    return NULL;
}

/* What the thread has given back may be what a source waits for. */
static void look_after_sources(struct worker *w)
{
    struct run *run = w->workers->run;

    if (!budget_is_awaited(run))
        return;
    chunk_cache_settle(&w->cache);
    budget_look(run);
}

/* Looks into the stage and does what it finds; false: nothing. */
static bool work_at(struct worker *w, struct stage *s)
{
    struct instance *i = NULL;
    enum work work = stage_dispatch(s, w->only, &i);
    unsigned rounds = 0;

    if (work != WORK_NONE)
        worker_found_work(w);
    if (work == WORK_ACTIVATE) {
        while (stage_complete(s, i, activation_run(i, &w->cache, &w->now_ns),
                              ++rounds < ROUNDS_MAX))
            look_after_sources(w);
    } else {
        w->now_ns = 0; /* it may be a while until there is work */
    }
    if (work == WORK_SEND) {
        struct batch_memory memory = {.pool = s->run->pool, .cache = &w->cache};

        order_send(s, &memory);
    }
    look_after_sources(w);
    return work != WORK_NONE;
}

/* Before a thread sleeps: it tells all that it has given back. */
static void settle(struct worker *w)
{
    chunk_cache_settle(&w->cache);
    budget_look(w->workers->run);
}

unsigned workers_slots(const struct workers *ws)
{
    return atomic_load_explicit(&ws->slots, memory_order_relaxed);
}

static bool has_surplus(const struct workers *ws)
{
    return atomic_load_explicit(&ws->active, memory_order_relaxed) > workers_slots(ws);
}

/* More threads hold slots than there are: this one waits for a slot.  False: the run is over. */
static bool be_spare(struct workers *ws)
{
    bool over;

    mutex_lock(&ws->lock);
    if (has_surplus(ws)) {
        atomic_fetch_sub_explicit(&ws->active, 1, memory_order_relaxed);
        ws->waiting++;
        while (ws->tokens == 0 && !ws->over)
            cond_wait(&ws->spare, &ws->lock);
        ws->waiting--;
        if (ws->tokens > 0) /* the slot was taken for us by who gave it */
            ws->tokens--;
    }
    over = ws->over;
    mutex_unlock(&ws->lock);
    return !over;
}

static void thread_ends(struct worker *w)
{
    struct workers *ws = w->workers;

    chunk_cache_fini(&w->cache);
    mutex_lock(&ws->lock);
    ws->n_ended++;
    cond_broadcast(&ws->turn);
    mutex_unlock(&ws->lock);
    atomic_fetch_add_explicit(&ws->run->control, 1, memory_order_release); /* R3 */
    futex_wake(&ws->run->control, 1);
}

static bool wait_for_go(struct workers *ws)
{
    bool go;

    mutex_lock(&ws->lock);
    while (!ws->go && !ws->over)
        cond_wait(&ws->turn, &ws->lock);
    go = ws->go && !ws->over;
    mutex_unlock(&ws->lock);
    return go;
}

static void *pool_thread(void *arg)
{
    struct worker *w = arg;
    struct workers *ws = w->workers;
    struct run *run = ws->run;
    bool go = wait_for_go(ws);

    while (go && !run_is_over(run)) {
        struct stage *s;

        if (has_surplus(ws)) {
            settle(w);
            worker_stops_searching(
                w); /* a wake-up for a slot holder may have come here */
            go = be_spare(ws);
            continue;
        }
        s = pick(run, ++w->tick);
        if (s) {
            (void)work_at(w, s);
        } else {
            settle(w);
            worker_sleep(w);
        }
    }
    thread_ends(w);
    return NULL;
}

/* `start` on the instance's own thread; tells who waits in workers_wait_started(). */
static bool start_own(struct worker *w)
{
    struct workers *ws = w->workers;
    bool started = instance_start(w->only);

    mutex_lock(&ws->lock);
    ws->n_started++;
    ws->start_failed = ws->start_failed || !started;
    cond_broadcast(&ws->turn);
    mutex_unlock(&ws->lock);
    return started;
}

static void *own_thread(void *arg)
{
    struct worker *w = arg;
    struct instance *i = w->only;
    struct stage *s = i->stage;
    bool started = start_own(w);
    bool go = started && wait_for_go(w->workers);

    while (go && !run_is_over(s->run)) {
        if (work_at(w, s))
            continue;
        settle(w);
        if (limit_wait_in_line(i))
            continue;
        mutex_lock(&s->lock);
        while (i->seen_generation == s->own_generation && !run_is_over(s->run))
            cond_wait(&s->can_run, &s->lock);
        i->seen_generation = s->own_generation;
        mutex_unlock(&s->lock);
    }
    instance_stop(i);
    thread_ends(w);
    return NULL;
}

/* Adds a thread; 0 or an errno number. */
static int add_thread_locked(struct workers *ws, struct instance *only)
    REQUIRES(ws->lock);
static int add_thread_locked(struct workers *ws, struct instance *only)
{
    struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) & ~(size_t)63);
    int rc;

    if (!w)
        return ENOMEM;
    *w = (struct worker){.workers = ws, .only = only, .id = ws->n_pool};
    chunk_cache_init(&w->cache, ws->run->pool);
    rc = thread_start(&w->thread,
                      only                             ? only->stage->graph->name
                      : ws->n_pool < workers_slots(ws) ? "pphost-pool"
                                                       : THREAD_SPARE,
                      only ? own_thread : pool_thread, w);
    if (rc != 0) {
        free(w);
        return rc;
    }
    if (only)
        ws->all[ws->max + ws->n_own++] = w;
    else
        ws->all[ws->n_pool++] = w;
    return 0;
}

static unsigned count_own_threads(const struct run *run, unsigned *ret_pool_instances)
{
    unsigned own = 0;

    *ret_pool_instances = 0;
    for (size_t k = 0; k < run->n_stages; k++) {
        if (run->stages[k].own_threads)
            own += run->stages[k].n_instances;
        else
            *ret_pool_instances += run->stages[k].n_instances;
    }
    return own;
}

struct workers *workers_new(struct run *run, unsigned slots)
{
    struct workers *ws = calloc(1, sizeof(*ws));
    unsigned most = slots;
    unsigned pool_instances;
    bool quota;

    if (!ws)
        return NULL;
    ws->run = run;
    atomic_store_explicit(&ws->slots, slots, memory_order_relaxed);
    if (run->graph->threads_auto && cpus_configured() > most)
        most = cpus_configured() < THREADS_MAX ? cpus_configured() : THREADS_MAX;
    ws->own = count_own_threads(run, &pool_instances);
    ws->max = most + (pool_instances < SPARES_MAX ? pool_instances : SPARES_MAX);
    ws->idle_words = (ws->max + 63) / 64;
    workers_spin(ws, slots <= cpus_under("", &quota) && !quota);
    ws->idle = calloc(ws->idle_words, sizeof(*ws->idle));
    ws->all = calloc((size_t)ws->max + ws->own, sizeof(struct worker *));
    mutex_init(&ws->lock);
    lock_order_set(&ws->lock, "workers.lock", LOCKS_ALONE, 0);
    cond_init(&ws->spare);
    cond_init(&ws->turn);
    if (!ws->idle || !ws->all) {
        workers_free(ws);
        return NULL;
    }
    return ws;
}

void workers_spin(struct workers *ws, bool spin)
{
    atomic_store_explicit(&ws->spin, spin && workers_slots(ws) > 1, memory_order_relaxed);
}

void workers_resize(struct workers *ws, unsigned slots)
{
    mutex_lock(&ws->lock);
    for (unsigned more = workers_slots(ws); more < slots && !ws->over; more++) {
        if (ws->waiting > ws->tokens) {
            ws->tokens++;
            cond_signal(&ws->spare);
        } else if (ws->n_pool == ws->max || add_thread_locked(ws, NULL) != 0) {
            slots = more; /* as many as there can be */
            break;
        }
        atomic_fetch_add_explicit(&ws->active, 1, memory_order_relaxed);
    }
    atomic_store_explicit(&ws->slots, slots, memory_order_relaxed);
    mutex_unlock(&ws->lock);
}

void workers_free(struct workers *ws)
{
    if (!ws)
        return;
    for (unsigned k = 0; ws->all && k < ws->n_pool; k++)
        free(ws->all[k]);
    for (unsigned k = 0; ws->all && k < ws->n_own; k++)
        free(ws->all[ws->max + k]);
    cond_fini(&ws->turn);
    cond_fini(&ws->spare);
    mutex_fini(&ws->lock);
    free(ws->all);
    free((void *)(uintptr_t)ws->idle);
    free(ws);
}

bool workers_start(struct workers *ws, struct error *err)
{
    struct run *run = ws->run;
    int rc = 0;

    mutex_lock(&ws->lock);
    for (size_t k = 0; rc == 0 && k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        for (unsigned w = 0; s->own_threads && rc == 0 && w < s->n_instances; w++)
            rc = add_thread_locked(ws, &s->instances[w]);
    }
    while (rc == 0 && ws->n_pool < workers_slots(ws)) {
        rc = add_thread_locked(ws, NULL);
        if (rc == 0)
            atomic_fetch_add_explicit(&ws->active, 1, memory_order_relaxed);
    }
    mutex_unlock(&ws->lock);
    if (rc != 0)
        error_set_errno(err, rc, "cannot start thread %u of %u",
                        ws->n_pool + ws->n_own + 1, workers_slots(ws) + ws->own);
    return rc == 0;
}

bool workers_wait_started(struct workers *ws)
{
    bool started;

    mutex_lock(&ws->lock);
    while (ws->n_started < ws->n_own)
        cond_wait(&ws->turn, &ws->lock);
    started = !ws->start_failed;
    mutex_unlock(&ws->lock);
    return started;
}

void workers_go(struct workers *ws)
{
    mutex_lock(&ws->lock);
    ws->go = true;
    cond_broadcast(&ws->turn);
    mutex_unlock(&ws->lock);
}

void workers_end(struct workers *ws)
{
    struct run *run = ws->run;

    mutex_lock(&ws->lock);
    ws->over = true;
    cond_broadcast(&ws->spare);
    cond_broadcast(&ws->turn);
    for (unsigned k = 0; k < ws->n_pool; k++) {
        atomic_store_explicit(&ws->all[k]->wake, WAKE_END, memory_order_release); /* R6 */
        futex_wake(&ws->all[k]->wake, 1);
    }
    mutex_unlock(&ws->lock);
    limits_release_waiting(run);
    for (size_t k = 0; k < run->n_stages; k++) {
        if (run->stages[k].own_threads)
            stage_make_ready(&run->stages[k]);
    }
    atomic_fetch_add_explicit(&run->control, 1, memory_order_release); /* R3 */
    futex_wake(&run->control, 1);
}

unsigned workers_alive(struct workers *ws)
{
    unsigned alive;

    mutex_lock(&ws->lock);
    alive = ws->n_pool + ws->n_own - ws->n_ended;
    mutex_unlock(&ws->lock);
    return alive;
}

void workers_join(struct workers *ws)
{
    /* No thread is added any more.  They are freed with the pool: a late wake() may still write to one. */
    for (unsigned k = 0; k < ws->n_pool; k++)
        thread_join(ws->all[k]->thread);
    for (unsigned k = 0; k < ws->n_own; k++)
        thread_join(ws->all[ws->max + k]->thread);
}

void workers_release_slot(struct stage *s)
{
    struct workers *ws = s->run->workers;

    if (s->own_threads || s->run->options.single_thread)
        return;
    mutex_lock(&ws->lock);
    if (ws->over) {
        /* everybody is leaving */
    } else if (ws->waiting > ws->tokens) {
        ws->tokens++;
        cond_signal(&ws->spare);
        mutex_unlock(&ws->lock);
        return; /* the spare holds the slot now */
    } else if (ws->n_pool < ws->max && add_thread_locked(ws, NULL) == 0) {
        mutex_unlock(&ws->lock);
        return; /* the new thread holds it */
    }
    atomic_fetch_sub_explicit(&ws->active, 1, memory_order_relaxed);
    mutex_unlock(&ws->lock);
}

bool workers_is_alone(struct stage *s)
{
    struct workers *ws = s->run->workers;
    bool alone;

    if (s->own_threads || s->run->options.single_thread)
        return false;
    mutex_lock(&ws->lock);
    alone = !ws->over && atomic_load_explicit(&ws->active, memory_order_relaxed) == 0;
    if (alone && ws->n_pool < ws->max && add_thread_locked(ws, NULL) == 0) {
        atomic_fetch_add_explicit(&ws->active, 1, memory_order_relaxed);
        alone = false;
    }
    mutex_unlock(&ws->lock);
    return alone;
}

void workers_acquire_slot(struct stage *s)
{
    struct workers *ws = s->run->workers;

    if (s->own_threads || s->run->options.single_thread)
        return;
    mutex_lock(&ws->lock);
    atomic_fetch_add_explicit(&ws->active, 1, memory_order_relaxed);
    mutex_unlock(&ws->lock);
}

bool workers_help(const struct stage *s)
{
    struct run *run = s->run;
    struct workers *ws = run->workers;

    if (++ws->helped % PAUSE_EVERY == 0)
        ws->pause(run, false);
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *d = &run->stages[k];
        uint64_t word = atomic_load_explicit(&run->ready[k / 64], memory_order_relaxed);

        if (word >> (k % 64) & 1 && d->graph->level < s->graph->level &&
            work_at(ws->here, d))
            return true;
    }
    return false;
}

void workers_run_here(struct workers *ws, void (*pause)(struct run *run, bool wait))
{
    struct run *run = ws->run;
    struct worker here = {.workers = ws};

    ws->pause = pause;
    ws->here = &here;
    chunk_cache_init(&here.cache, run->pool);
    while (!run_is_over(run)) {
        struct stage *s = pick(run, ++here.tick);

        if (!s || !work_at(&here, s)) {
            settle(&here);
            pause(run, true);
        } else if (here.tick % PAUSE_EVERY == 0)
            pause(run, false);
    }
    chunk_cache_fini(&here.cache);
    ws->here = NULL;
}
