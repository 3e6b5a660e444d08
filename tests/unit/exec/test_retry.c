/* SPDX-License-Identifier: MIT */
/*
 * Items that fail and are tried again, and batches that fail as a whole: every item ends once, in order, as it
 * came, and the account adds up.  Each test runs with several numbers of threads (the loop index).
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/chaos.h"
#include "exec/flaky_stages.h"
#include "exec/policy.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define TWO(a, b)  ((struct pph_value[]){{.s = "", .i = (a)}, {.s = "", .i = (b)}})
#define AT_ONCE(n)                                         \
    {                                                      \
        .times = (n), .backoff_ns = 0, .backoff_max_ns = 0 \
    }
#define SOON(n)                                                    \
    {                                                              \
        .times = (n), .backoff_ns = 1000, .backoff_max_ns = 100000 \
    }
#define LATE(n)                                                        \
    {                                                                  \
        .times = (n), .backoff_ns = HOUR_NS, .backoff_max_ns = HOUR_NS \
    }

#define HOUR_NS (UINT64_C(3600) * 1000 * 1000 * 1000)

static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;

static void setup(void)
{
    collected_reset();
    flaky_reset();
}

static void teardown(void)
{
    if (kit)
        kit_free(kit);
    kit = NULL;
}

static enum run_end run_with(const struct kit_stage *stages, size_t n, int which,
                             struct run_options options)
{
    unsigned threads = thread_counts[which];

    options.single_thread = threads == 0;
    kit = kit_new(stages, n, threads ? threads : 1);
    return kit_run(kit, &options);
}

static enum run_end run_stages(const struct kit_stage *stages, size_t n, int which)
{
    return run_with(stages, n, which, (struct run_options){0});
}

static uint64_t sum_to(uint64_t n)
{
    return n * (n + 1) / 2;
}

static uint64_t retried_by(const char *stage)
{
    struct run_stage_view stages[8] = {0};
    struct run_view view = {.stages = stages};

    run_view(kit_last(kit), &view);
    for (size_t k = 0; k < kit_graph(kit)->n_stages; k++) {
        if (strcmp(stages[k].stage->name, stage) == 0)
            return stages[k].retried;
    }
    return 0;
}

static void assert_all_delivered_in_order(uint64_t n)
{
    const struct run_failure *failures;

    ck_assert_uint_eq(atomic_load(&collected.n), n);
    ck_assert_uint_eq(atomic_load(&collected.sum), sum_to(n));
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(run_account(kit_last(kit))->read, n);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, n);
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 0);
}

START_TEST(an_item_that_heals_arrives_in_its_place)
{
    static const struct pph_plugin *const plugins[] = {&flaky, &flaky_blocking,
                                                       &scribbles};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
            {.name = "mid",
             .plugin = plugins[k],
             .workers = 3,
             .args = TWO(500, 2),
             .retry = SOON(3)},
            {.name = "end", .plugin = &collect},
        };

        setup();
        teardown();
        ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
        assert_all_delivered_in_order(20000);
        ck_assert_uint_eq(retried_by("mid"), 80);
    }
}
END_TEST

START_TEST(without_a_backoff_it_is_tried_at_once)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "mid", .plugin = &flaky, .args = TWO(1, 1), .retry = AT_ONCE(1)},
        {.name = "end", .plugin = &collect, .queue_items = 3},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_all_delivered_in_order(5000);
    ck_assert_uint_eq(retried_by("mid"), 5000);
}
END_TEST

START_TEST(a_retry_that_never_succeeds_ends_the_run)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "mid", .plugin = &flaky, .args = TWO(100, N_MAX), .retry = SOON(4)},
        {.name = "end", .plugin = &collect},
    };
    const struct run_failure *failures;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_FAILED);
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 1);
    ck_assert(failures[0].fatal);
    ck_assert_uint_eq(failures[0].pos, 100);
    ck_assert_uint_eq(failures[0].attempt, 5);
    ck_assert_uint_eq(failures[0].attempts, 5);
    ck_assert_uint_eq(atomic_load(&seen[100]), 5);
    ck_assert_str_eq(failures[0].message, "not now");
}
END_TEST

START_TEST(dead_letters_are_as_they_came)
{
    static const struct pph_plugin *const plugins[] = {&flaky, &scribbles, &all_or_none,
                                                       &names, &ends_there};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &numbers, .args = NUMBERS(10000)},
            {.name = "mid",
             .plugin = plugins[k],
             .workers = 2,
             .args = TWO(97, N_MAX),
             .on_error = ON_ERROR_DEAD,
             .retry = SOON(1)},
            {.name = "good", .plugin = &collect_parallel},
            {.name = "bad", .plugin = &collect, .from = ".dead"},
        };

        setup();
        teardown();
        ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
        ck_assert_uint_eq(run_account(kit_last(kit))->dead, 103);
        ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 9897);
        ck_assert_uint_eq(atomic_load(&collected.n), 10000);
        ck_assert_uint_eq(atomic_load(&collected.sum), sum_to(10000));
        if (plugins[k] != &names) /* which goes on behind them */
            ck_assert(atomic_load(&collected.in_order));
    }
}
END_TEST

START_TEST(a_batch_that_fails_as_a_whole_is_halved_down_to_the_culprit)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "mid",
         .plugin = &all_or_none,
         .workers = 2,
         .args = TWO(333, N_MAX),
         .on_error = ON_ERROR_SKIP},
        {.name = "end", .plugin = &collect},
    };
    const struct run_failure *failures;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(run_account(kit_last(kit))->skipped, 60);
    ck_assert_uint_eq(atomic_load(&collected.n), 19940);
    ck_assert_uint_eq(atomic_load(&collected.sum), sum_to(20000) - 333 * sum_to(60));
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 1);
    ck_assert_uint_eq(failures[0].count, 60);
    ck_assert_uint_eq(failures[0].pos % 333, 0);
    ck_assert_uint_eq(failures[0].among, 0);
    for (size_t k = 1; k <= 20000; k++) /* 11 halvings of 1,024, and the first time */
        ck_assert_uint_le(atomic_load(&seen[k]), 12);
}
END_TEST

START_TEST(a_batch_that_heals_as_a_whole_is_not_halved)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "mid",
         .plugin = &all_or_none,
         .workers = 3,
         .args = TWO(2000, 3),
         .on_error = ON_ERROR_SKIP,
         .retry = SOON(3)},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_all_delivered_in_order(20000);
    for (size_t k = 1; k <= 20000; k++)
        ck_assert_uint_le(atomic_load(&seen[k]), 4);
}
END_TEST

START_TEST(a_batch_that_fails_as_a_whole_blames_nobody_when_that_ends_the_run)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "mid", .plugin = &all_or_none, .args = TWO(10, N_MAX), .retry = SOON(2)},
        {.name = "end", .plugin = &collect},
    };
    const struct run_failure *failures;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_FAILED);
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 1);
    ck_assert_uint_eq(failures[0].attempt, 3);
    ck_assert_uint_gt(failures[0].among, 1);
}
END_TEST

START_TEST(named_items_are_tried_again_and_the_others_are_not)
{
    static const struct pph_plugin *const plugins[] = {&names, &ends_there};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
            {.name = "mid",
             .plugin = plugins[k],
             .workers = 2,
             .args = TWO(7, 2),
             .retry = AT_ONCE(2)},
            {.name = "end", .plugin = &collect_parallel, .queue_items = 64},
        };

        setup();
        teardown();
        ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), 20000);
        ck_assert_uint_eq(atomic_load(&collected.sum), sum_to(20000));
        ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 20000);
        ck_assert_uint_eq(retried_by("mid"), 2 * (20000 / 7));
        for (size_t n = 1; n <= 20000; n++)
            ck_assert_uint_eq(atomic_load(&seen[n]), n % 7 == 0 ? 3 : 1);
    }
}
END_TEST

START_TEST(what_ends_at_its_culprit_keeps_the_order)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "mid",
         .plugin = &ends_there,
         .workers = 3,
         .args = TWO(70, 2),
         .retry = SOON(2)},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_all_delivered_in_order(20000);
}
END_TEST

START_TEST(an_error_of_the_reader_of_dead_letters_ends_the_run)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(2000)},
        {.name = "mid",
         .plugin = &flaky,
         .args = TWO(50, N_MAX),
         .on_error = ON_ERROR_DEAD},
        {.name = "good", .plugin = &collect},
        {.name = "bad",
         .plugin = &full_box,
         .from = ".dead",
         .on_error = ON_ERROR_SKIP,
         .retry = SOON(2)},
    };
    const struct run_failure *failures;
    size_t n;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_FAILED);
    n = run_failures(kit_last(kit), &failures);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(failures[1].message, "the letter box is full");
    ck_assert(failures[1].fatal);
    ck_assert_uint_eq(failures[1].attempt, 3);
    ck_assert_str_eq(failures[0].message, "not now");
}
END_TEST

/* Does something once the other branch has all and an item waits: a thread that waited with it would be missed. */
struct patience {
    void (*act)(struct run *run);
    bool acted;
};

static void drain(struct run *run)
{
    (void)run_signal(run);
}

static void stop(struct run *run)
{
    policy_run_failed(run, "test", "enough");
}

static void act_when_it_waits(void *arg, struct run *run)
{
    struct patience *patience = arg;
    struct run_stage_view stages[4] = {0};
    struct run_view view = {.stages = stages};

    run_view(run, &view);
    if (patience->acted || stages[1].retried == 0 || stages[1].running > 0 ||
        atomic_load(&collected.n) < 1000)
        return;
    patience->acted = true;
    patience->act(run);
}

static enum run_end run_patiently(int which, void (*act)(struct run *run))
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "mid",
         .plugin = &flaky,
         .args = TWO(1, 1),
         .from = "gen",
         .queue_items = 100000,
         .retry = LATE(1)},
        {.name = "drop", .plugin = &collect_parallel, .from = "mid"},
        {.name = "other", .plugin = &collect_parallel, .from = "gen"},
    };
    struct patience patience = {.act = act};

    chaos_never(CHAOS_FULL);
    return run_with(
        stages, COUNT(stages), which,
        (struct run_options){.tick = act_when_it_waits, .tick_ms = 1, .arg = &patience});
}

START_TEST(a_drain_ends_the_waiting_and_loses_nothing)
{
    ck_assert_int_eq(run_patiently(_i, drain), RUN_DRAINED);
    ck_assert_uint_eq(atomic_load(&collected.n), 2000);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 2000);
    ck_assert_uint_eq(retried_by("mid"), 1000);
}
END_TEST

START_TEST(a_stop_ends_the_waiting_and_counts_what_is_left)
{
    const struct run_account *account;

    ck_assert_int_eq(run_patiently(_i, stop), RUN_FAILED);
    account = run_account(kit_last(kit));
    ck_assert_uint_eq(account->read + account->split,
                      account->delivered + account->unfinished);
    ck_assert_uint_eq(account->unfinished, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/retry");
    TCase *tc = tcase_create("core");
    const int n = COUNT(thread_counts);

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, an_item_that_heals_arrives_in_its_place, 0, n);
    tcase_add_loop_test(tc, without_a_backoff_it_is_tried_at_once, 0, n);
    tcase_add_loop_test(tc, a_retry_that_never_succeeds_ends_the_run, 0, n);
    tcase_add_loop_test(tc, dead_letters_are_as_they_came, 0, n);
    tcase_add_loop_test(tc, a_batch_that_fails_as_a_whole_is_halved_down_to_the_culprit,
                        0, n);
    tcase_add_loop_test(tc, a_batch_that_heals_as_a_whole_is_not_halved, 0, n);
    tcase_add_loop_test(
        tc, a_batch_that_fails_as_a_whole_blames_nobody_when_that_ends_the_run, 0, n);
    tcase_add_loop_test(tc, named_items_are_tried_again_and_the_others_are_not, 0, n);
    tcase_add_loop_test(tc, what_ends_at_its_culprit_keeps_the_order, 0, n);
    tcase_add_loop_test(tc, an_error_of_the_reader_of_dead_letters_ends_the_run, 0, n);
    tcase_add_loop_test(tc, a_drain_ends_the_waiting_and_loses_nothing, 0, n);
    tcase_add_loop_test(tc, a_stop_ends_the_waiting_and_counts_what_is_left, 0, n);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
