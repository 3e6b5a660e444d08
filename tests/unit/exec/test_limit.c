/* SPDX-License-Identifier: MIT */
/*
 * Limits: no more calls of the stages that share one run at once, as many as may do, each has its turn, and none waits
 * for ever for another.  Calls that should meet wait for each other inside, so no time is involved.
 */
#include <sched.h>
#include <stdlib.h>

#include <check.h>
#undef fail /* Check's; the host has a function of that name */

#include "base/chaos.h"
#include "base/clock.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define DEAF(n)    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = "", .i = 1}})
#define ONE(n)     ((struct pph_value[]){{.s = "", .i = (n)}})
#define DAY_NS     (UINT64_C(86400) * 1000 * 1000 * 1000)

enum { PATIENCE_S = 60 };

static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;
static _Atomic unsigned inside, most, calls, waited_for;
static _Atomic bool met;

static void setup(void)
{
    chaos_never(CHAOS_FULL); /* some wait in a call for what others do */
    collected_reset();
    atomic_store(&inside, 0);
    atomic_store(&most, 0);
    atomic_store(&calls, 0);
    atomic_store(&waited_for, 0);
    atomic_store(&met, false);
}

static void teardown(void)
{
    kit_free(kit);
    kit = NULL;
}

static enum run_end run_on(const struct kit_stage *stages, size_t n, unsigned threads)
{
    struct run_options options = {.single_thread = threads == 0};

    kit = kit_new(stages, n, threads ? threads : 1);
    return kit_run(kit, &options);
}

/* --- calls that count each other ------------------------------------------------------------- */

static void come_in(void)
{
    unsigned now = atomic_fetch_add(&inside, 1) + 1;
    unsigned before = atomic_load(&most);

    atomic_fetch_add(&calls, 1);
    while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
        continue;
}

static void go_out(void)
{
    atomic_fetch_sub(&inside, 1);
}

/* Until so many were inside at once, for the first time.  False: they do not come. */
static bool meet(void)
{
    uint64_t until = clock_now_ns() + PATIENCE_S * (uint64_t)NS_PER_S;

    while (!atomic_load(&met)) {
        if (atomic_load(&inside) >= atomic_load(&waited_for))
            atomic_store(&met, true);
        if (clock_now_ns() > until)
            return false;
        (void)sched_yield();
    }
    return true;
}

static int counted_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    bool together;

    come_in();
    together = meet();
    (void)sched_yield(); /* so that whoever may come in, does */
    go_out();
    if (!together)
        return PPH_FATAL;
    if (ctx->args) /* ... is a consumer */
        atomic_fetch_add(&collected.n, n);
    return ctx->args ? PPH_OK : ctx->host->emit(ctx, items, n) < 0 ? PPH_STOP : PPH_OK;
}

static const struct pph_plugin counted = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "counted",
    .batch = counted_batch,
};

static const struct pph_plugin counted_blocking = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL | PPH_BLOCKING,
    .name = "counted_blocking",
    .batch = counted_batch,
};

static const struct pph_plugin counted_end = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "counted_end",
    .batch = counted_batch,
};

static int counted_task(struct pph_ctx *ctx)
{
    bool together;

    come_in();
    together = meet();
    (void)sched_yield();
    go_out();
    if (!together || ctx->host->result(ctx, NULL, "1") != PPH_OK)
        return PPH_FATAL;
    return PPH_END;
}

static const struct pph_plugin task = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .flags = PPH_PARALLEL | PPH_BLOCKING,
    .name = "task",
    .generate = counted_task,
};

START_TEST(two_stages_fill_their_limit_and_never_exceed_it)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(3000), .queue_items = 0},
        {.name = "pool",
         .plugin = &counted,
         .workers = 4,
         .order = _i % 2 ? ORDER_ANY : ORDER_KEEP,
         .batch_items = 10,
         .limit = 1,
         .limit_calls = 3},
        {.name = "own",
         .plugin = &counted_blocking,
         .workers = 4,
         .from = "gen",
         .limit = 1,
         .limit_calls = 3},
        {.name = "end", .plugin = &collect, .from = "pool own"},
    };

    atomic_store(&waited_for, 3);
    ck_assert_int_eq(run_on(stages, COUNT(stages), 4), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&most), 3);
    ck_assert_uint_eq(atomic_load(&collected.n), 6000);
}
END_TEST

START_TEST(tasks_run_as_many_at_once_as_their_limit_says)
{
    const struct kit_stage stages[] = {
        {.name = "one", .plugin = &task, .workers = 64, .limit = 1, .limit_calls = 4},
        {.name = "two", .plugin = &task, .workers = 64, .limit = 1, .limit_calls = 4},
        {.name = "others", .plugin = &task, .workers = 1, .limit = 2, .limit_calls = 1},
    };

    atomic_store(&waited_for, 5); /* one of the others, too */
    ck_assert_int_eq(run_on(stages, COUNT(stages), 1), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&most), 5);
    ck_assert_uint_eq(atomic_load(&calls), 129);
}
END_TEST

/* --- who shares a limit of one goes on all the same -------------------------------------------- */

START_TEST(those_who_feed_each_other_can_share_a_limit_of_one)
{
    /* What the first ones make fits nowhere: they wait inside emit for those below. */
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &numbers,
         .args = DEAF(500),
         .limit = 1,
         .limit_calls = 1},
        {.name = "many",
         .plugin = &repeat_deaf,
         .args = ONE(40),
         .queue_items = 2,
         .workers = 3,
         .limit = 1,
         .limit_calls = 1},
        {.name = "end",
         .plugin = &collect,
         .queue_items = 2,
         .limit = 1,
         .limit_calls = 1},
    };

    ck_assert_int_eq(run_on(stages, COUNT(stages), thread_counts[_i]), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 20000);
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

START_TEST(diamond_with_threads_of_its_own_can_share_a_limit_of_one)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &numbers,
         .args = DEAF(2000),
         .limit = 1,
         .limit_calls = 1},
        {.name = "left",
         .plugin = &counted_blocking,
         .workers = 3,
         .queue_items = 8,
         .limit = 1,
         .limit_calls = 1},
        {.name = "right",
         .plugin = &counted,
         .from = "gen",
         .workers = 2,
         .order = ORDER_BY_KEY,
         .queue_items = 8,
         .limit = 1,
         .limit_calls = 1},
        {.name = "end",
         .plugin = &counted_end,
         .from = "left right",
         .args = ONE(1),
         .queue_items = 8,
         .limit = 1,
         .limit_calls = 1},
    };

    ck_assert_int_eq(run_on(stages, COUNT(stages), thread_counts[_i]), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&most), 1);
    ck_assert_uint_eq(atomic_load(&collected.n), 4000);
}
END_TEST

START_TEST(held_calls_and_budgets_go_well_with_a_limit_of_one)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &numbers,
         .args = NUMBERS(3000),
         .limit = 1,
         .limit_calls = 1},
        {.name = "planned",
         .plugin = &planned_numbers,
         .workers = 3,
         .args = NUMBERS(3000),
         .limit = 1,
         .limit_calls = 1},
        {.name = "many",
         .plugin = &repeat,
         .from = "gen planned",
         .args = ONE(10),
         .workers = 2,
         .queue_items = 16,
         .limit = 1,
         .limit_calls = 1},
        {.name = "end",
         .plugin = &collect_parallel,
         .workers = 2,
         .queue_items = 16,
         .limit = 1,
         .limit_calls = 1},
    };
    struct run_options options = {.single_thread = thread_counts[_i] == 0};

    kit = kit_new(stages, COUNT(stages), thread_counts[_i] ? thread_counts[_i] : 1);
    kit_set_budget(kit, 4096, 1);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 60000);
}
END_TEST

/* --- turns ------------------------------------------------------------------------------------ */

static _Atomic uint64_t made[2];

/* Goes on until both have had as many turns as the test asks for. */
static int endless_generate(struct pph_ctx *ctx)
{
    uint64_t turns = (uint64_t)ctx->args[1].i;
    uint64_t zero = 0;
    struct pph_item it = {.data = &zero, .len = sizeof(zero)};

    atomic_fetch_add(&made[ctx->args[0].i], 1);
    if (atomic_load(&made[0]) >= turns && atomic_load(&made[1]) >= turns)
        return PPH_END;
    return ctx->host->emit(ctx, &it, 1) == PPH_STOP ? PPH_STOP : PPH_OK;
}

static const struct pph_plugin endless = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "endless",
    .generate = endless_generate,
};

static const struct pph_plugin endless_blocking = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "endless_blocking",
    .generate = endless_generate,
};

START_TEST(everybody_in_line_has_a_turn)
{
    struct pph_value first[] = {{.s = ""}, {.s = "", .i = 1000}};
    struct pph_value second[] = {{.s = "", .i = 1}, {.s = "", .i = 1000}};
    const struct kit_stage stages[] = {
        {.name = "first",
         .plugin = &endless,
         .args = first,
         .limit = 1,
         .limit_calls = 1},
        {.name = "second",
         .plugin = _i % 2 ? &endless : &endless_blocking,
         .args = second,
         .limit = 1,
         .limit_calls = 1},
        {.name = "end",
         .plugin = &collect,
         .from = "first second",
         .limit = 1,
         .limit_calls = 1},
    };

    atomic_store(&made[0], 0);
    atomic_store(&made[1], 0);
    ck_assert_int_eq(run_on(stages, COUNT(stages), thread_counts[_i]), RUN_DONE);
    ck_assert_uint_ge(atomic_load(&made[0]), 1000);
    ck_assert_uint_ge(atomic_load(&made[1]), 1000);
}
END_TEST

/* --- waits that have no place ------------------------------------------------------------------ */

/* The first time it fails, and then it is to wait for a day. */
static int fails_once_each(struct pph_ctx *ctx, struct pph_item *it)
{
    if (atomic_fetch_add(&calls, 1) == 0)
        return ctx->host->fail(ctx, it, PPH_RETRY, "not yet");
    return atomic_load(&met) ? PPH_OK : PPH_FATAL;
}

static const struct pph_plugin fails_once = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "fails_once",
    .each = fails_once_each,
};

/* Only when the other one has failed it runs, and ends that wait by a drain. */
static int drains_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    atomic_store(&met, true);
    (void)run_signal(kit_last(kit));
    return PPH_OK;
}

static const struct pph_plugin drains = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "drains",
    .each = drains_each,
};

START_TEST(an_item_that_is_tried_again_later_has_no_place_meanwhile)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1)},
        {.name = "again",
         .plugin = &fails_once,
         .retry = {.times = 1, .backoff_ns = DAY_NS, .backoff_max_ns = DAY_NS},
         .limit = 1,
         .limit_calls = 1},
        {.name = "copy", .plugin = &forward_each, .from = "gen"},
        {.name = "other",
         .plugin = &drains,
         .from = "copy",
         .limit = 1,
         .limit_calls = 1},
    };

    ck_assert_int_eq(run_on(stages, COUNT(stages), 1), RUN_DRAINED);
    ck_assert_uint_eq(atomic_load(&calls), 2);
}
END_TEST

/* Waits for the stop, with the only place there is. */
static int hold_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    run_stop(kit_last(kit));
    while (!ctx->host->stopping(ctx))
        (void)sched_yield();
    return PPH_STOP;
}

static const struct pph_plugin hold = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "hold",
    .each = hold_each,
};

START_TEST(a_stop_ends_waits_for_a_place)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &numbers,
         .args = DEAF(20000),
         .limit = 1,
         .limit_calls = 1},
        {.name = "end", .plugin = &hold, .queue_items = 4, .limit = 1, .limit_calls = 1},
    };

    ck_assert_int_eq(run_on(stages, COUNT(stages), 2), RUN_STOPPED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/limit");
    TCase *tc = tcase_create("shapes");
    int n = COUNT(thread_counts);
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 3 * PATIENCE_S);
    tcase_add_loop_test(tc, two_stages_fill_their_limit_and_never_exceed_it, 0, 2);
    tcase_add_test(tc, tasks_run_as_many_at_once_as_their_limit_says);
    tcase_add_loop_test(tc, those_who_feed_each_other_can_share_a_limit_of_one, 0, n);
    tcase_add_loop_test(tc, diamond_with_threads_of_its_own_can_share_a_limit_of_one, 0,
                        n);
    tcase_add_loop_test(tc, held_calls_and_budgets_go_well_with_a_limit_of_one, 0, n);
    tcase_add_loop_test(tc, everybody_in_line_has_a_turn, 0, n - 1);
    tcase_add_test(tc, an_item_that_is_tried_again_later_has_no_place_meanwhile);
    tcase_add_test(tc, a_stop_ends_waits_for_a_place);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
