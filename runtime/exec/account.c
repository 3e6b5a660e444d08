/* SPDX-License-Identifier: MIT */
#include "exec/account.h"

#include <inttypes.h>

uint64_t stage_counted(const struct stage *s, enum ledger ledger, enum count which)
{
    uint64_t sum = atomic_load_explicit(&s->counts[ledger][which], memory_order_relaxed);

    for (unsigned w = 0; w < s->n_instances; w++)
        sum += atomic_load_explicit(&s->instances[w].counts[ledger][which],
                                    memory_order_relaxed);
    return sum;
}

uint64_t stage_calls(const struct stage *s)
{
    uint64_t sum = 0;

    for (unsigned w = 0; w < s->n_instances; w++)
        sum += atomic_load_explicit(&s->instances[w].calls, memory_order_relaxed);
    return sum;
}

uint64_t stage_busy_ns(const struct stage *s)
{
    uint64_t sum = 0;

    for (unsigned w = 0; w < s->n_instances; w++)
        sum += atomic_load_explicit(&s->instances[w].busy_ns, memory_order_relaxed);
    return sum;
}

static uint64_t both(const struct stage *s, enum count which)
{
    return stage_counted(s, LEDGER_MAIN, which) + stage_counted(s, LEDGER_DEAD, which);
}

static uint64_t total(const struct run *run, enum ledger ledger, enum count which)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < run->n_stages; k++)
        sum += stage_counted(&run->stages[k], ledger, which);
    return sum;
}

/* in = done + dead + skipped (+ left over); sent = received (+ dropped). */
static void check_stage(struct stage *s, struct text *bug)
{
    const char *name = s->graph->name;
    uint64_t in = both(s, COUNT_IN);
    uint64_t out = both(s, COUNT_DONE) + both(s, COUNT_DEAD) + both(s, COUNT_SKIPPED) +
                   both(s, COUNT_LEFT);

    if (in != out)
        text_printf(bug, "stage %s: took %" PRIu64 " items, finished with %" PRIu64 "\n",
                    name, in, out);
    mutex_lock(&s->lock);
    if (s->popped != in || s->pushed != s->popped + s->dropped || s->queue.items != 0)
        text_printf(bug,
                    "edge into %s: sent %" PRIu64 ", received %" PRIu64
                    ", dropped %" PRIu64 ", taken %" PRIu64 "\n",
                    name, s->pushed, s->popped, s->dropped, in);
    mutex_unlock(&s->lock);
}

static void check_ledger(const struct run *run, enum ledger ledger, struct text *bug)
{
    uint64_t in = total(run, ledger, COUNT_READ) + total(run, ledger, COUNT_SPLIT);
    uint64_t out = total(run, ledger, COUNT_DELIVERED) + total(run, ledger, COUNT_DEAD) +
                   total(run, ledger, COUNT_SKIPPED) +
                   total(run, ledger, COUNT_FILTERED) + total(run, ledger, COUNT_MERGED) +
                   total(run, ledger, COUNT_DROPPED) +
                   total(run, ledger, COUNT_UNFINISHED);

    if (in != out)
        text_printf(
            bug, "account of %s: %" PRIu64 " read or split, %" PRIu64 " accounted for\n",
            ledger == LEDGER_MAIN ? "items" : "dead letters", in, out);
}

bool account_check(struct run *run, struct text *bug)
{
    uint64_t made = atomic_load_explicit(&run->roots.made, memory_order_relaxed);
    uint64_t done = atomic_load_explicit(&run->roots.done, memory_order_relaxed);
    size_t before = bug->len;

    run->account = (struct run_account){
        .read = total(run, LEDGER_MAIN, COUNT_READ),
        .split = total(run, LEDGER_MAIN, COUNT_SPLIT),
        .delivered = total(run, LEDGER_MAIN, COUNT_DELIVERED),
        .dead = total(run, LEDGER_MAIN, COUNT_DEAD),
        .skipped = total(run, LEDGER_MAIN, COUNT_SKIPPED),
        .filtered = total(run, LEDGER_MAIN, COUNT_FILTERED),
        .merged = total(run, LEDGER_MAIN, COUNT_MERGED),
        .dropped = total(run, LEDGER_MAIN, COUNT_DROPPED),
        .unfinished = total(run, LEDGER_MAIN, COUNT_UNFINISHED),
    };
    for (size_t k = 0; k < run->n_stages; k++)
        check_stage(&run->stages[k], bug);
    for (enum ledger ledger = LEDGER_MAIN; ledger < LEDGERS; ledger++)
        check_ledger(run, ledger, bug);
    if (made != done)
        text_printf(bug, "roots: %" PRIu64 " made, %" PRIu64 " done\n", made, done);
    return bug->len == before;
}
