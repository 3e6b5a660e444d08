/* SPDX-License-Identifier: MIT */
/*
 * The pool follows the CPUs that the process may use: more threads work when there are more, fewer when
 * there are fewer, and the items notice nothing.
 */
#include <sched.h>
#include <stdlib.h>

#include <check.h>

#include "exec/stages.h"
#include "exec/workers_parts.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})

enum { MANY = 5, CALLS = 300 };

static struct kit *kit;
static _Atomic unsigned cpus;    /* what the control thread is told */
static _Atomic unsigned in_call; /* calls of `meet` and `part` that run now */
static _Atomic bool met, parted, crowded;
static _Atomic unsigned calls_after; /* it was parted */

static void setup(void)
{
    collected_reset();
    atomic_store(&in_call, 0);
    atomic_store(&met, false);
    atomic_store(&parted, false);
    atomic_store(&crowded, false);
    atomic_store(&calls_after, 0);
}

static void teardown(void)
{
    kit_free(kit);
}

static unsigned cpus_now(void *arg, bool *ret_quota)
{
    (void)arg;
    *ret_quota = true;
    return atomic_load(&cpus);
}

/* The first calls wait until MANY of them run at once. */
static int meet_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    atomic_store(&cpus, MANY);
    if (atomic_fetch_add(&in_call, 1) + 1 == MANY)
        atomic_store(&met, true);
    while (!atomic_load(&met))
        (void)sched_yield();
    return collect_parallel.batch(ctx, items, n);
}

static const struct pph_plugin meet = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "meet",
    .batch = meet_batch,
};

static unsigned sleepers(const struct workers *ws)
{
    unsigned n = 0;

    for (unsigned word = 0; word < ws->idle_words; word++)
        n += (unsigned)__builtin_popcountll(atomic_load(&ws->idle[word]));
    return n;
}

/*
 * One call stays until there is one slot and no other thread of the pool works; from then on one call runs at a time,
 * and after CALLS of these it is enough.
 */
static int part_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    const struct workers *ws = instance_of(ctx)->stage->run->workers;
    unsigned together = atomic_fetch_add(&in_call, 1) + 1;
    unsigned calls = 0;

    (void)items;
    (void)n;
    if (!atomic_exchange(&met, true)) {
        atomic_store(&cpus, 1);
        while (workers_slots(ws) > 1 || atomic_load(&ws->active) > sleepers(ws) + 1)
            (void)sched_yield();
        atomic_store(&parted, true);
    } else if (atomic_load(&parted)) {
        if (together > 1)
            atomic_store(&crowded, true);
        calls = atomic_fetch_add(&calls_after, 1) + 1;
        for (int k = 0; k < 200; k++) /* time for another to come, if it could */
            (void)sched_yield();
    }
    atomic_fetch_sub(&in_call, 1);
    return calls >= CALLS ? PPH_END : PPH_OK;
}

static const struct pph_plugin part = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "part",
    .batch = part_batch,
};

static void run_stages(const struct kit_stage *stages, size_t n, unsigned threads)
{
    struct run_options options = {.cpus = cpus_now, .cpus_every_ms = 1};

    atomic_store(&cpus, threads);
    kit = kit_new(stages, n, threads);
    kit_follow_cpus(kit);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
}

START_TEST(more_threads_work_when_there_are_more_cpus)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "end", .plugin = &meet, .workers = MANY, .queue_items = 64},
    };

    run_stages(stages, COUNT(stages), 1);
    ck_assert(atomic_load(&met));
    ck_assert_uint_eq(atomic_load(&collected.n), 20000);
}
END_TEST

START_TEST(fewer_threads_work_when_there_are_fewer_cpus)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(INT64_MAX - 1)},
        {.name = "mid", .plugin = &forward_each, .workers = MANY},
        {.name = "end", .plugin = &part, .workers = MANY},
    };

    run_stages(stages, COUNT(stages), MANY);
    ck_assert(atomic_load(&parted));
    ck_assert(!atomic_load(&crowded));
    ck_assert_uint_ge(atomic_load(&calls_after), CALLS);
}
END_TEST

/* It goes up and down while emitters wait, threads are lent and stages have threads of their own. */
static unsigned cpus_wild(void *arg, bool *ret_quota)
{
    (void)arg;
    *ret_quota = false;
    return 1 + atomic_fetch_add(&cpus, 3) % (MANY + 1);
}

START_TEST(items_do_not_notice)
{
    struct run_options options = {.cpus = cpus_wild, .cpus_every_ms = 1};
    struct pph_value three[] = {{.s = "", .i = 3}};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(100000)},
        {.name = "deaf", .plugin = &repeat_deaf, .workers = 4, .args = three},
        {.name = "mid", .plugin = &forward_each, .workers = 4, .queue_items = 32},
        {.name = "end", .plugin = &collect},
        {.name = "own",
         .plugin = &collect_blocking,
         .workers = 2,
         .from = "mid",
         .queue_items = 8},
    };

    atomic_store(&cpus, 0);
    kit = kit_new(stages, COUNT(stages), 2);
    kit_follow_cpus(kit);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 600000);
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/resize");
    TCase *tc = tcase_create("pool");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, more_threads_work_when_there_are_more_cpus);
    tcase_add_test(tc, fewer_threads_work_when_there_are_fewer_cpus);
    tcase_add_test(tc, items_do_not_notice);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
