/* SPDX-License-Identifier: MIT */
/*
 * Whole runs of small graphs: every item arrives once, in order where that is promised, and the
 * account adds up.  Each test runs with several numbers of threads (the loop index).
 */
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;

static void setup(void)
{
    collected_reset();
}

static void teardown(void)
{
    kit_free(kit);
    kit = NULL;
}

/* Runs the stages on thread_counts[which] threads. */
static enum run_end run_stages(const struct kit_stage *stages, size_t n, int which)
{
    unsigned threads = thread_counts[which];
    struct run_options options = {.single_thread = threads == 0};

    kit = kit_new(stages, n, threads ? threads : 1);
    return kit_run(kit, &options);
}

static uint64_t sum_to(uint64_t n)
{
    return n * (n + 1) / 2;
}

static void assert_collected(uint64_t n, uint64_t sum)
{
    ck_assert_uint_eq(atomic_load(&collected.n), n);
    ck_assert_uint_eq(atomic_load(&collected.sum), sum);
}

#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define DEAF_NUMBERS(n) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = "", .i = 1}})
#define ONE(n) ((struct pph_value[]){{.s = "", .i = (n)}})

START_TEST(every_item_arrives_once_and_in_order)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(100000)},
        {.name = "mid", .plugin = &forward_each, .workers = 3},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(100000, sum_to(100000));
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(run_account(kit_last(kit))->read, 100000);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 100000);
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 0);
}
END_TEST

START_TEST(empty_input_ends)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(0)},
        {.name = "mid", .plugin = &forward_batch, .workers = 2},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(0, 0);
}
END_TEST

START_TEST(moved_batches_and_single_items_mix)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(50000)},
        {.name = "a", .plugin = &forward_batch, .workers = 2},
        {.name = "b", .plugin = &forward_items, .workers = 2},
        {.name = "c", .plugin = &forward_batch, .order = ORDER_ANY, .workers = 1},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(50000, sum_to(50000));
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

START_TEST(queues_of_one_item_work)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(500)},
        {.name = "mid", .plugin = &forward_each, .workers = 2, .queue_items = 1},
        {.name = "end", .plugin = &collect, .queue_items = 1},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(500, sum_to(500));
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

START_TEST(flat_map_resumes_after_more)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(2000)},
        {.name = "mid", .plugin = &repeat, .workers = 4, .args = ONE(50)},
        {.name = "end", .plugin = &collect, .queue_items = 64},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(100000, 50 * sum_to(2000));
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 98000);
}
END_TEST

START_TEST(flat_map_deaf_to_more_waits_in_emit)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = DEAF_NUMBERS(300)},
        {.name = "mid", .plugin = &repeat_deaf, .workers = 4, .args = ONE(1000)},
        {.name = "end", .plugin = &collect, .queue_items = 16},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(300000, 1000 * sum_to(300));
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

START_TEST(filter_counts_what_it_drops)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(10000)},
        {.name = "mid", .plugin = &divisible, .workers = 2, .args = ONE(10)},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(1000, 10 * sum_to(1000));
    ck_assert_uint_eq(run_account(kit_last(kit))->filtered, 9000);
}
END_TEST

START_TEST(fan_out_gives_every_reader_all)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "a", .plugin = &forward_each, .from = "gen", .workers = 2},
        {.name = "b", .plugin = &forward_batch, .from = "gen"},
        {.name = "end", .plugin = &collect_parallel, .from = "a b gen", .workers = 2},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(60000, 3 * sum_to(20000));
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 40000);
}
END_TEST

START_TEST(fan_in_takes_from_all_producers)
{
    const struct kit_stage stages[] = {
        {.name = "a", .plugin = &numbers, .args = NUMBERS(10000)},
        {.name = "b", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "c", .plugin = &numbers, .args = NUMBERS(1)},
        {.name = "end", .plugin = &collect_parallel, .from = "a b c", .workers = 3},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(30001, sum_to(10000) + sum_to(20000) + 1);
}
END_TEST

START_TEST(planned_source_keeps_order_with_many_workers)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &planned_numbers, .workers = 4, .args = NUMBERS(50001)},
        {.name = "mid", .plugin = &forward_each, .workers = 3},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(50001, sum_to(50001));
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

START_TEST(blocking_stage_has_threads_of_its_own)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(30000)},
        {.name = "mid", .plugin = &repeat_deaf, .workers = 2, .args = ONE(3)},
        {.name = "end", .plugin = &collect_blocking, .workers = 3, .queue_items = 8},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(90000, 3 * sum_to(30000));
}
END_TEST

START_TEST(flush_emits_one_total_per_worker)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "mid", .plugin = &sum_up, .workers = 4},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(4, sum_to(1000));
    ck_assert_uint_eq(run_account(kit_last(kit))->merged, 1000);
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 4);
}
END_TEST

START_TEST(skip_counts_failures_of_single_items)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(9000)},
        {.name = "a",
         .plugin = &fail_each,
         .workers = 2,
         .args = ONE(3),
         .on_error = ON_ERROR_SKIP},
        {.name = "b",
         .plugin = &fail_batch,
         .workers = 2,
         .args = ONE(2),
         .on_error = ON_ERROR_SKIP},
        {.name = "end", .plugin = &collect},
    };
    const struct run_failure *failures;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(run_account(kit_last(kit))->skipped, 3000 + 3000);
    ck_assert_uint_eq(atomic_load(&collected.n), 3000);
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 2);
    ck_assert_uint_eq(failures[0].count + failures[1].count, 6000);
    ck_assert_str_eq(failures[0].message, "divisible");
    ck_assert(!failures[0].fatal);
}
END_TEST

START_TEST(dead_letters_reach_their_reader)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(9000)},
        {.name = "a",
         .plugin = &fail_each,
         .workers = 2,
         .args = ONE(3),
         .on_error = ON_ERROR_DEAD},
        {.name = "b",
         .plugin = &fail_batch,
         .workers = 2,
         .args = ONE(2),
         .on_error = ON_ERROR_DEAD},
        {.name = "good", .plugin = &collect_parallel},
        {.name = "bad", .plugin = &collect_parallel, .from = ".dead"},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(run_account(kit_last(kit))->dead, 6000);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 3000);
    assert_collected(9000, sum_to(9000));
}
END_TEST

START_TEST(stop_is_the_end_and_the_account_still_adds_up)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000000)},
        {.name = "mid", .plugin = &fail_each, .workers = 4, .args = ONE(77777)},
        {.name = "end", .plugin = &collect},
    };
    const struct run_failure *failures;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_FAILED);
    ck_assert_uint_ge(run_failures(kit_last(kit), &failures), 1);
    ck_assert(failures[0].fatal);
    ck_assert_uint_eq(failures[0].pos % 77777, 0);
    ck_assert_str_eq(failures[0].pos_unit, "number");
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

START_TEST(consumer_that_has_enough_ends_the_run)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(INT64_MAX - 1)},
        {.name = "mid", .plugin = &forward_each, .workers = 2},
        {.name = "end", .plugin = &take, .args = ONE(10)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(10, sum_to(10));
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 10);
}
END_TEST

START_TEST(deaf_endless_source_is_stopped_by_a_reader_that_has_enough)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = DEAF_NUMBERS(INT64_MAX - 1)},
        {.name = "end", .plugin = &take, .args = ONE(5000)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 5000);
}
END_TEST

START_TEST(more_workers_than_items_or_threads_is_fine)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(100)},
        {.name = "mid", .plugin = &forward_each, .workers = 200},
        {.name = "end", .plugin = &collect_parallel, .workers = 100},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(100, sum_to(100));
}
END_TEST

START_TEST(long_chain_of_stages_with_small_queues)
{
    struct kit_stage stages[100] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(3000)}};
    const struct pph_value *once = ONE(1);
    static char names[100][8];

    for (unsigned k = 1; k < 99; k++) {
        (void)snprintf(names[k], sizeof(names[k]), "s%u", k);
        stages[k] = (struct kit_stage){.name = names[k],
                                       .plugin = k % 3 == 0 ? &repeat : &forward_each,
                                       .workers = 1 + k % 3,
                                       .queue_items = 1 + k,
                                       .args = once};
    }
    stages[99] = (struct kit_stage){.name = "end", .plugin = &collect};

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    assert_collected(3000, sum_to(3000));
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/run");
    TCase *tc = tcase_create("runs");
    int n = COUNT(thread_counts);
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_loop_test(tc, every_item_arrives_once_and_in_order, 0, n);
    tcase_add_loop_test(tc, empty_input_ends, 0, n);
    tcase_add_loop_test(tc, moved_batches_and_single_items_mix, 0, n);
    tcase_add_loop_test(tc, queues_of_one_item_work, 0, n);
    tcase_add_loop_test(tc, flat_map_resumes_after_more, 0, n);
    tcase_add_loop_test(tc, flat_map_deaf_to_more_waits_in_emit, 0, n);
    tcase_add_loop_test(tc, filter_counts_what_it_drops, 0, n);
    tcase_add_loop_test(tc, fan_out_gives_every_reader_all, 0, n);
    tcase_add_loop_test(tc, fan_in_takes_from_all_producers, 0, n);
    tcase_add_loop_test(tc, planned_source_keeps_order_with_many_workers, 0, n);
    tcase_add_loop_test(tc, blocking_stage_has_threads_of_its_own, 0, n);
    tcase_add_loop_test(tc, flush_emits_one_total_per_worker, 0, n);
    tcase_add_loop_test(tc, skip_counts_failures_of_single_items, 0, n);
    tcase_add_loop_test(tc, dead_letters_reach_their_reader, 0, n);
    tcase_add_loop_test(tc, stop_is_the_end_and_the_account_still_adds_up, 0, n);
    tcase_add_loop_test(tc, consumer_that_has_enough_ends_the_run, 0, n);
    tcase_add_loop_test(tc, deaf_endless_source_is_stopped_by_a_reader_that_has_enough, 0,
                        n);
    tcase_add_loop_test(tc, more_workers_than_items_or_threads_is_fine, 0, n);
    tcase_add_loop_test(tc, long_chain_of_stages_with_small_queues, 0, n);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
