/* SPDX-License-Identifier: MIT */
/*
 * sleep-note: a thread that finds nothing ready says that it sleeps (its bit in `idle`) and then looks
 * at the ready bits once more; whoever makes a stage ready sets its bit and then looks at `idle`.  All four accesses are
 * seq_cst, so at least one of the two sees the other: either the thread does not sleep, or it is woken.
 * A waker takes the idle bit away first, so that each sleeper is woken once, by one.
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

void worker_sleep(struct worker *w)
{
    struct workers *ws = w->workers;
    struct run *run = ws->run;
    uint64_t bit = UINT64_C(1) << (w->id % 64);
    _Atomic uint64_t *word = &ws->idle[w->id / 64];

    w->now_ns = 0;
    if (ws->spin) {
        uint64_t until = clock_now_ns() + SPIN_NS;

        do {
            for (int k = 0; k < 32; k++)
                cpu_relax();
            if (any_ready(run) || run_is_over(run))
                return;
        } while (clock_now_ns() < until);
    }
    atomic_fetch_or_explicit(word, bit, memory_order_seq_cst); /* see sleep-note */
    if ((any_ready(run) || run_is_over(run)) &&
        (atomic_fetch_and_explicit(word, ~bit, memory_order_seq_cst) &
         bit))  /* see sleep-note */
        return; /* else a waker has chosen this thread: its wake comes */
    while (!atomic_exchange_explicit(&w->wake, 0, memory_order_acquire)) /* A6 */
        futex_wait(&w->wake, 0, 0);
}

void workers_notify(struct run *run)
{
    struct workers *ws = run->workers;

    if (run->options.single_thread || !any_ready(run))
        return;
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

                atomic_store_explicit(&w->wake, 1, memory_order_release); /* R6 */
                futex_wake(&w->wake, 1);
                return;
            }
            bits &= ~bit;
        }
    }
}
