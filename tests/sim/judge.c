/* SPDX-License-Identifier: MIT */
#include "sim/judge.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/machine.h"

static struct reference reference; /* were nothing dropped */
static struct reference followed;  /* with what was */

const char *judge_end_name(enum run_end end)
{
    static const char *const names[] = {
        [RUN_DONE] = "done",       [RUN_DRAINED] = "drained",
        [RUN_FAILED] = "failed",   [RUN_STOPPED] = "stopped",
        [RUN_STALLED] = "stalled", [RUN_BAD_COUNT] = "bad count"};

    return names[end];
}

/* --- how it ended --------------------------------------------------------------------------- */

static void judge_end(const struct run *run, enum run_end end, unsigned n_signals)
{
    bool may_fail = world.fatal || machine_refused_thread();

    if (end == RUN_STALLED || end == RUN_BAD_COUNT)
        machine_fail("a bug of the host: %s: %s", judge_end_name(end),
                     run_bug_report(run));
    if (end == RUN_FAILED && !may_fail)
        machine_fail("the run failed, but nobody said so");
    if (end != RUN_FAILED && end != RUN_STOPPED && world.fatal)
        machine_fail("a stage cannot go on, but the run ends well: %s",
                     judge_end_name(end));
    if (end == RUN_DRAINED && n_signals == 0)
        machine_fail("the run drained, but nobody sent a signal");
    if (end == RUN_STOPPED && n_signals < 2)
        machine_fail("the run was stopped, but nobody sent two signals");
    if (world.adopted != world.released)
        machine_fail("%" PRIu64 " payloads were lent, %" PRIu64 " given back",
                     world.adopted, world.released);
}

/* --- what stages were given ----------------------------------------------------------------- */

static int by_pos_and_content(const void *a, const void *b)
{
    const struct seen *x = a;
    const struct seen *y = b;

    if (x->pos != y->pos)
        return x->pos < y->pos ? -1 : 1;
    return (x->content > y->content) - (x->content < y->content);
}

static void sort(struct seen_list *list)
{
    if (list->n > 1)
        qsort(list->items, list->n, sizeof(*list->items), by_pos_and_content);
}

static int by_pos(const void *a, const void *b)
{
    const struct expected *x = a;
    const struct expected *y = b;

    if (x->pos != y->pos)
        return x->pos < y->pos ? -1 : 1;
    return (x->content > y->content) - (x->content < y->content);
}

static const struct expected *find(const struct expected_list *list, uint64_t pos)
{
    size_t low = 0;
    size_t high = list->n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (list->items[middle].pos < pos)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->n && list->items[low].pos == pos ? &list->items[low] : NULL;
}

/* Whether the stage was to see an item more than once; then its order tells nothing. */
static bool is_twice(const struct expected_list *list, const struct expected *item)
{
    return item + 1 < list->items + list->n && item[1].pos == item->pos;
}

/* The last place that was seen of each strand. */
struct strand {
    uint64_t strand, place;
};

static struct strand *strands;
static size_t n_strands, strands_cap;

static struct strand *strand_of(uint64_t strand)
{
    for (size_t k = n_strands; k-- > 0;) {
        if (strands[k].strand == strand)
            return &strands[k];
    }
    if (n_strands == strands_cap) {
        strands_cap = strands_cap ? 2 * strands_cap : 64;
        strands = reallocarray(strands, strands_cap, sizeof(*strands));
        if (!strands)
            abort();
    }
    strands[n_strands] = (struct strand){.strand = strand};
    return &strands[n_strands++];
}

/* Items of equal key go to one worker. */
static void judge_lanes(const char *name, const struct seen_list *seen)
{
    n_strands = 0;
    for (size_t k = 0; k < seen->n; k++) {
        uint64_t key = script_key(seen->items[k].pos);
        struct strand *lane = strand_of(key);

        if (key != 0 && lane->place != 0 && lane->place != seen->items[k].worker + 1)
            machine_fail("stage %s: items of one key came to two workers", name);
        lane->place = seen->items[k].worker + 1;
    }
}

/* `expected` is sorted by pos.  `keyed`: only items of one key are in order. */
static void judge_order(const char *name, const struct seen_list *seen,
                        const struct expected_list *expected, bool keyed)
{
    n_strands = 0;
    for (size_t k = 0; k < seen->n; k++) {
        uint64_t key = script_key(seen->items[k].pos);
        const struct expected *item = find(expected, seen->items[k].pos);
        struct strand *strand;

        if (!item)
            machine_fail("stage %s was given an item that nobody sent", name);
        if (is_twice(expected, item) || (keyed && key == 0))
            continue;
        strand = strand_of(keyed ? plan_mix(item->strand, key) : item->strand);
        if (item->place + 1 <= strand->place)
            machine_fail("stage %s was given items out of order", name);
        strand->place = item->place + 1;
    }
}

/* Both are sorted; `all`: nothing may be missing. */
static void judge_items(const char *name, const struct seen_list *seen,
                        const struct expected_list *expected, bool all)
{
    size_t e = 0;

    for (size_t k = 0; k < seen->n; k++, e++) {
        while (e < expected->n && !all && expected->items[e].pos < seen->items[k].pos)
            e++;
        if (e == expected->n || expected->items[e].pos != seen->items[k].pos ||
            expected->items[e].content != seen->items[k].content)
            machine_fail("stage %s: an item was lost, doubled or changed", name);
    }
    if (all && e != expected->n)
        machine_fail("stage %s: %zu of %zu items were lost", name, expected->n - e,
                     expected->n);
}

static bool drops(const struct plan *plan, size_t k)
{
    return plan->stages[k].queue_full != QUEUE_BLOCK;
}

static bool any_drops(const struct plan *plan)
{
    for (size_t k = 0; k < plan->n_stages; k++) {
        if (drops(plan, k))
            return true;
    }
    return false;
}

/* What a stage was not given was dropped by its own queue, and counted. */
static void judge_dropped(const struct plan *plan, const struct run *run)
{
    struct run_stage_view stages[PLAN_STAGES_MAX] = {0};
    struct run_view view = {.stages = stages};

    run_view(run, &view);
    for (size_t k = 0; k < plan->n_stages; k++) {
        uint64_t lost =
            plan->scripts[k].results ? world.left.n - world.results.n : followed.lost[k];

        if (followed.in[k].n != world.in[k].n)
            machine_fail("stage %s was given items that nobody sent",
                         plan->stages[k].name);
        if (lost > 0 && !drops(plan, k))
            machine_fail("stage %s: %" PRIu64 " items were lost", plan->stages[k].name,
                         lost);
        if (lost != stages[k].dropped)
            machine_fail("stage %s: %" PRIu64 " items were dropped, %" PRIu64 " counted",
                         plan->stages[k].name, lost, stages[k].dropped);
    }
}

/* What workers left is read once. */
static void judge_results(const struct plan *plan, bool all)
{
    size_t left = 0;
    size_t k = plan->n_stages - 1;

    if (!plan->scripts[k].results)
        return;
    sort(&world.left);
    sort(&world.results);
    for (size_t r = 0; r < world.results.n; r++, left++) {
        while (left < world.left.n &&
               world.left.items[left].pos < world.results.items[r].pos)
            left++;
        if (left == world.left.n ||
            world.left.items[left].pos != world.results.items[r].pos)
            machine_fail("a result was doubled or changed");
    }
    if (all && !drops(plan, k) && world.results.n != world.left.n)
        machine_fail("%zu of %zu results were lost", world.left.n - world.results.n,
                     world.left.n);
}

static void judge_stage(const struct plan *plan, size_t k, bool all, bool lossy)
{
    const char *name = plan->stages[k].name;
    struct expected_list *expected = &reference.in[k];
    struct seen_list *in = &world.in[k];
    struct seen_list *given = &world.given[k];
    bool plans = plan->plugins[k].plan != NULL;
    bool keyed = plan->stages[k].order == ORDER_BY_KEY && plan->scripts[k].workers > 1;

    if (expected->n > 1)
        qsort(expected->items, expected->n, sizeof(*expected->items), by_pos);
    if (plans)
        judge_order(name, given, expected, false);
    if (plan->scripts[k].workers == 1 || keyed)
        judge_order(name, in, expected, keyed);
    if (keyed)
        judge_lanes(name, in);
    sort(in);
    judge_items(name, in, expected, all && !lossy);
    if (plans) {
        sort(given);
        judge_items(name, given, expected, all && !lossy);
    }
    if (all && world.finished[k] + world.failed[k] != in->n)
        machine_fail("stage %s: %zu items came, %" PRIu64 " were finished", name, in->n,
                     world.finished[k] + world.failed[k]);
}

/* --- the account ---------------------------------------------------------------------------- */

static void judge_account(const struct plan *plan, const struct run *run, bool all,
                          bool in_time, bool lossy)
{
    const struct run_account *a = run_account(run);
    uint64_t made = 0;
    uint64_t bad = 0;

    if (a->read + a->split != a->delivered + a->dead + a->skipped + a->filtered +
                                  a->merged + a->dropped + a->unfinished)
        machine_fail("the account does not add up");
    for (size_t k = 0; k < plan->n_stages; k++) {
        made += world.made[k].n;
        made += plan->scripts[k].results ? world.left_by_tasks : 0;
        bad += lossy ? followed.failed[k] : reference.failed[k];
    }
    if (in_time && a->unfinished > 0)
        machine_fail("%" PRIu64 " items are left over", a->unfinished);
    if (!all)
        return;
    if (a->read != made)
        machine_fail("%" PRIu64 " items were read, %" PRIu64 " counted", made, a->read);
    if (a->dead + a->skipped != bad)
        machine_fail("%" PRIu64 " items failed, %" PRIu64 " counted", bad,
                     a->dead + a->skipped);
}

void judge_run(const struct plan *plan, const struct run *run, enum run_end end,
               unsigned n_signals)
{
    bool in_time = end == RUN_DONE || end == RUN_DRAINED;
    bool all = in_time && !world.ended;
    bool lossy = any_drops(plan);

    judge_end(run, end, n_signals);
    /* A source that is told PPH_STOP may have got some of its items in. */
    reference_make(&reference, plan, end != RUN_DRAINED || !all);
    for (size_t k = 0; k < plan->n_stages; k++)
        judge_stage(plan, k, all, lossy);
    if (all && lossy) {
        reference_follow(&followed, plan, end != RUN_DRAINED);
        judge_dropped(plan, run);
    }
    judge_results(plan, all);
    judge_account(plan, run, all, in_time, lossy);
}
