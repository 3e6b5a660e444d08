/* SPDX-License-Identifier: MIT */
#include "exec/rejects.h"

#include <stdio.h>

#include "base/units.h"
#include "exec/policy.h"

enum {
    LOOK_ITEMS =
        10000, /* fewer tell nothing of a share: a bad start may become a good end */
    MILLION = 1000000,
    TEXT_MAX = 160,
};

static const struct rejects_limit *limit_of(const struct run *run)
{
    return &run->graph->pipeline->max_rejects;
}

/* Too many: why, and the end. */
static void stop(struct run *run, uint64_t rejects, uint64_t items)
{
    char text[TEXT_MAX];
    char limit[REJECTS_TEXT_MAX];
    char n[32];
    char all[32];

    rejects_limit_show(limit_of(run), limit);
    units_show_count(rejects, n, sizeof(n));
    if (items > 0)
        (void)snprintf(text, sizeof(text), "%s of %s items, and max_rejects is %s", n,
                       units_show_count(items, all, sizeof(all)), limit);
    else
        (void)snprintf(text, sizeof(text), "%s %s, and max_rejects is %s", n,
                       rejects == 1 ? "item" : "items", limit);
    policy_run_failed(run, "max_rejects", text);
}

void rejects_add(struct run *run)
{
    const struct rejects_limit *limit = limit_of(run);
    uint64_t n = atomic_fetch_add_explicit(&run->rejects, 1, memory_order_relaxed) + 1;

    if (limit->kind == REJECTS_COUNT && n == limit->n + 1)
        stop(run, n, 0);
}

static uint64_t total(const struct run *run, enum count which)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < run->n_stages; k++)
        sum += stage_counted(&run->stages[k], LEDGER_MAIN, which);
    return sum;
}

/* Items that have come to their end. */
static uint64_t ended(const struct run *run)
{
    return total(run, COUNT_DELIVERED) + total(run, COUNT_DEAD) +
           total(run, COUNT_SKIPPED) + total(run, COUNT_FILTERED) +
           total(run, COUNT_MERGED) + total(run, COUNT_DROPPED);
}

/*
 * All items there are, as one side of the account tells; while calls last that have read much, the other side
 * may tell of more.
 */
static uint64_t all_items(const struct run *run)
{
    uint64_t made = total(run, COUNT_READ) + total(run, COUNT_SPLIT);
    uint64_t known = ended(run);

    for (size_t k = 0; k < run->n_stages; k++)
        known += atomic_load_explicit(&run->stages[k].q_items, memory_order_relaxed);
    return made > known ? made : known;
}

static void look(struct run *run, uint64_t items_min)
{
    const struct rejects_limit *limit = limit_of(run);
    uint64_t rejects;
    uint64_t items;

    if (limit->kind != REJECTS_SHARE || run_cancelled(run))
        return;
    /* relaxed, and first: what is looked at later can only be more */
    rejects = atomic_load_explicit(&run->rejects, memory_order_relaxed);
    if (rejects == 0)
        return;
    items = all_items(run);
    if (items >= items_min &&
        (__uint128_t)rejects * MILLION > (__uint128_t)items * limit->n)
        stop(run, rejects, items);
}

void rejects_look(struct run *run)
{
    if (!run_has_ended(run))
        look(run, LOOK_ITEMS);
}

void rejects_judge(struct run *run)
{
    look(run, 0);
}
