/* SPDX-License-Identifier: MIT */
#include "exec/ready.h"

#include "exec/workers.h"

void stage_bit_set(uint64_t *bits, unsigned id)
{
    bits[id / 64] |= UINT64_C(1) << (id % 64);
}

void stage_set_ready_locked(struct stage *s)
{
    uint64_t bit = UINT64_C(1) << (s->id % 64);
    _Atomic uint64_t *word = &s->run->ready[s->id / 64];

    if (s->own_threads) {
        s->own_generation++;
        cond_broadcast(&s->can_run);
    } else if (!(atomic_load_explicit(word, memory_order_seq_cst) &
                 bit)) {                                           /* see sleep-note */
        atomic_fetch_or_explicit(word, bit, memory_order_seq_cst); /* see sleep-note */
    }
}

void stage_clear_ready_locked(struct stage *s)
{
    uint64_t bit = UINT64_C(1) << (s->id % 64);

    _Atomic uint64_t *word = &s->run->ready[s->id / 64];

    /* relaxed: the bit changes under the lock only */
    if (!s->own_threads && atomic_load_explicit(word, memory_order_relaxed) & bit)
        atomic_fetch_and_explicit(word, ~bit, memory_order_seq_cst); /* see sleep-note */
}

void stage_make_ready(struct stage *s)
{
    mutex_lock(&s->lock);
    stage_set_ready_locked(s);
    mutex_unlock(&s->lock);
    workers_notify(s->run);
}

/* Ends the waits collected; no lock held.  An instance may be gone once `go` is set. */
void wakes_deliver(struct run *run, const struct wakes *wakes)
{
    for (struct instance *i = wakes->parked, *next; i; i = next) {
        next = i->park_next;
        atomic_store_explicit(&i->go, 1, memory_order_release); /* R1 */
        futex_wake(&i->go, 1);
    }
    for (unsigned word = 0; word < STAGE_WORDS; word++) {
        for (uint64_t bits = wakes->stages[word]; bits; bits &= bits - 1)
            stage_make_ready(&run->stages[64 * word + (unsigned)__builtin_ctzll(bits)]);
    }
    if (wakes->notify)
        workers_notify(run);
    if (wakes->control) {
        atomic_fetch_add_explicit(&run->control, 1, memory_order_release); /* R3 */
        futex_wake(&run->control, 1);
    }
}
