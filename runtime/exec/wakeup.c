/* SPDX-License-Identifier: MIT */
/*
 * sleep-note: a thread that finds nothing ready says that it sleeps (its bit in `idle`) and then looks
 * at the ready bits once more; whoever makes a stage ready sets its bit and then looks at `idle`.  All four accesses are
 * seq_cst, so at least one of the two sees the other: either the thread does not sleep, or it is woken.
 * A waker takes the idle bit away first, so that each sleeper is woken once, by one.
 *
 * Whoever makes work wakes nobody while a thread is *searching*: spinning, or woken and on its way.
 * That one will find the work, and the last searcher that finds some wakes the next thread, if
 * there is more.  A searcher that gives up is counted out after its idle bit is set and before its last look at
 * the ready bits (seq_cst, too): a waker that still saw it searching has set its ready bit before that look.
 * After Go's scheduler (proc.go, "spinning").
 */
#include "base/clock.h"
#include "exec/workers_parts.h"

enum {
    SPIN_NS = 20 * NS_PER_US
}; /* looking for work before sleeping: about the price of a wake-up */

bool run_is_over(const struct run *run)
{
    return run_cancelled(run) || run_has_ended(run);
}

static bool any_ready(const struct run *run)
{
    for (unsigned word = 0; word < STAGE_WORDS; word++) {
        if (atomic_load_explicit(&run->ready[word],
                                 memory_order_seq_cst)) /* see sleep-note */
            return true;
    }
    return false;
}

static void search(struct worker *w)
{
    if (!w->searching) {
        w->searching = true;
        atomic_fetch_add_explicit(&w->workers->searching, 1,
                                  memory_order_seq_cst); /* see sleep-note */
    }
}

/* True: no other thread searches now. */
static bool stop_search(struct worker *w)
{
    if (!w->searching)
        return false;
    w->searching = false;
    return atomic_fetch_sub_explicit(&w->workers->searching, 1, memory_order_seq_cst) ==
           1; /* see sleep-note */
}

void worker_found_work(struct worker *w)
{
    if (stop_search(w))
        workers_notify(w->workers->run);
}

void worker_stops_searching(struct worker *w)
{
    (void)stop_search(w);
    workers_notify(w->workers->run);
}

/* Looks for work for a while; true: there may be some. */
static bool spin(struct worker *w)
{
    struct run *run = w->workers->run;
    uint64_t until = clock_now_ns() + SPIN_NS;

    search(w);
    do {
        for (int k = 0; k < 32; k++)
            cpu_relax();
        if (any_ready(run) || run_is_over(run))
            return true;
    } while (clock_now_ns() < until);
    return false;
}

void worker_sleep(struct worker *w)
{
    struct workers *ws = w->workers;
    struct run *run = ws->run;
    uint64_t bit = UINT64_C(1) << (w->id % 64);
    _Atomic uint64_t *word = &ws->idle[w->id / 64];
    uint32_t wake;

    w->now_ns = 0;
    if (atomic_load_explicit(&ws->spin, memory_order_relaxed) && spin(w))
        return;
    atomic_fetch_or_explicit(word, bit, memory_order_seq_cst); /* see sleep-note */
    (void)stop_search(w);
    if ((any_ready(run) || run_is_over(run)) &&
        (atomic_fetch_and_explicit(word, ~bit, memory_order_seq_cst) &
         bit)) {   /* see sleep-note */
        search(w); /* whoever made work while it was counted has woken nobody */
        return;
    } /* else a waker has chosen this thread: its wake comes */
    while (!(wake = atomic_exchange_explicit(&w->wake, WAKE_NOT,
                                             memory_order_acquire))) /* A6 */
        futex_wait(&w->wake, WAKE_NOT, 0);
    w->searching = wake == WAKE_SEARCH;
}

/* Takes an idle bit away, if there is one, and wakes its thread. */
static void wake_one(struct workers *ws)
{
    for (unsigned word = 0; word < ws->idle_words; word++) {
        /* see sleep-note */
        uint64_t bits = atomic_load_explicit(&ws->idle[word], memory_order_seq_cst);

        while (bits) {
            uint64_t bit =
                bits & -bits; /* the lowest: the one used most, so the warmest */

            /* see sleep-note */
            if (atomic_fetch_and_explicit(&ws->idle[word], ~bit, memory_order_seq_cst) &
                bit) {
                struct worker *w = ws->all[64 * word + (unsigned)__builtin_ctzll(bit)];

                atomic_fetch_add_explicit(&ws->searching, 1,
                                          memory_order_seq_cst); /* see sleep-note */
                atomic_store_explicit(&w->wake, WAKE_SEARCH,
                                      memory_order_release); /* R6 */
                futex_wake(&w->wake, 1);
                return;
            }
            bits &= ~bit;
        }
    }
}

void workers_notify(struct run *run)
{
    struct workers *ws = run->workers;

    if (run->options.single_thread || !any_ready(run) ||
        atomic_load_explicit(&ws->searching, memory_order_seq_cst)) /* see sleep-note */
        return;
    wake_one(ws);
}

bool workers_are_short(const struct run *run)
{
    const struct workers *ws = run->workers;

    for (unsigned word = 0; word < ws->idle_words; word++) {
        /* relaxed: for show */
        if (atomic_load_explicit(&ws->idle[word], memory_order_relaxed))
            return false;
    }
    return any_ready(run);
}
