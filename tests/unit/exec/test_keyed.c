/* SPDX-License-Identifier: MIT */
/*
 * Whole runs with `order: {by: key}`: items of one key come one at a time, to one worker, in order, and what is made
 * of them leaves in order.  Each test runs with several numbers of threads (the loop index).
 */
#include <stdlib.h>

#include <check.h>

#include "exec/key_stages.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS(a, b, c) \
    ((struct pph_value[]){{.s = "", .i = (a)}, {.s = "", .i = (b)}, {.s = "", .i = (c)}})
#define NUMBERS(n) ARGS(n, 0, 0)

static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;

static void setup(void)
{
    collected_reset();
    keys_reset(0);
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

static void assert_by_key(void)
{
    ck_assert_uint_eq(atomic_load(&seen.at_once), 0);
    ck_assert_uint_eq(atomic_load(&seen.strayed), 0);
    ck_assert_uint_eq(atomic_load(&seen.disordered), 0);
    ck_assert_uint_eq(atomic_load(&seen.over), 0);
}

START_TEST(items_of_a_key_come_in_order_to_one_worker)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(50000)},
        {.name = "keys", .plugin = &give_keys, .workers = 3, .args = ARGS(KEYS, 1, 0)},
        {.name = "end",
         .plugin = &watch,
         .workers = 4,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 50000);
    ck_assert_uint_eq(atomic_load(&seen.workers), 0xF);
    assert_by_key();
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 50000);
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 0);
}
END_TEST

START_TEST(what_is_made_of_a_key_leaves_in_order)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(30000)},
        {.name = "keys", .plugin = &give_keys, .args = ARGS(KEYS, 1, 0)},
        {.name = "a",
         .plugin = &watch_each,
         .workers = 4,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
        {.name = "end", .plugin = &watch_after, .queue_items = 50},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[1]), 30000);
    assert_by_key();
}
END_TEST

START_TEST(keyed_stages_follow_each_other)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(30000)},
        {.name = "keys", .plugin = &give_keys, .workers = 2, .args = ARGS(KEYS, 1, 0)},
        {.name = "a",
         .plugin = &watch_whole,
         .workers = 3,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
        {.name = "b", .plugin = &forward_batch, .workers = 1, .order = ORDER_BY_KEY},
        {.name = "end",
         .plugin = &watch,
         .workers = 5,
         .order = ORDER_BY_KEY,
         .args = ARGS(1, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 30000);
    ck_assert_uint_eq(atomic_load(&seen.items[1]), 30000);
    assert_by_key();
}
END_TEST

START_TEST(queues_of_one_item_work)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(500)},
        {.name = "keys", .plugin = &give_keys, .queue_items = 1, .args = ARGS(7, 0, 0)},
        {.name = "end",
         .plugin = &watch,
         .workers = 3,
         .queue_items = 1,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 500);
    assert_by_key();
}
END_TEST

START_TEST(threads_of_its_own_run_a_lane_each)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "keys", .plugin = &give_keys, .workers = 2, .args = ARGS(KEYS, 0, 0)},
        {.name = "end",
         .plugin = &watch_blocking,
         .workers = 3,
         .queue_items = 30,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 20000);
    assert_by_key();
}
END_TEST

/* They would wait for ever if one key kept the others waiting. */
START_TEST(different_keys_do_not_wait_for_each_other)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "keys", .plugin = &give_keys, .args = ARGS(KEYS, 1, 0)},
        {.name = "end", .plugin = &meet, .workers = 4, .order = ORDER_BY_KEY},
    };

    keys_reset(4);
    kit = kit_new(stages, COUNT(stages), 1);
    ck_assert_int_eq(kit_run(kit, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 1000);
    assert_by_key();
}
END_TEST

START_TEST(items_without_a_key_go_to_all_workers)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "keys", .plugin = &give_keys, .args = ARGS(1, 0, 0)},
        {.name = "end",
         .plugin = &meet,
         .workers = 4,
         .queue_items = 16,
         .order = ORDER_BY_KEY},
    };

    keys_reset(4);
    kit = kit_new(stages, COUNT(stages), 1);
    ck_assert_int_eq(kit_run(kit, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 1000);
}
END_TEST

START_TEST(memory_of_a_worker_knows_all_of_its_keys)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(KEYS * 500)},
        {.name = "keys", .plugin = &give_keys, .workers = 2, .args = ARGS(KEYS, 1, 0)},
        {.name = "mid", .plugin = &tally, .workers = 4, .order = ORDER_BY_KEY},
        {.name = "end", .plugin = &note_tally},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.tallies), KEYS); /* one for each key */
    for (unsigned key = 1; key <= KEYS; key++)
        ck_assert_uint_eq(atomic_load(&seen.counted[key]), 500);
}
END_TEST

/* `_i` below the number of thread counts: the keyed reader is the first of the port, else the last. */
START_TEST(fan_out_to_readers_by_key_and_in_order)
{
    static const struct kit_stage keyed = {.name = "keyed",
                                           .plugin = &watch,
                                           .from = "keys",
                                           .workers = 4,
                                           .order = ORDER_BY_KEY};
    static const struct kit_stage plain = {
        .name = "plain", .plugin = &collect, .from = "keys"};
    bool last = _i >= (int)COUNT(thread_counts);
    struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "keys", .plugin = &give_keys, .workers = 2, .args = ARGS(KEYS, 0, 0)},
        last ? plain : keyed,
        last ? keyed : plain,
    };

    stages[last ? 3 : 2].args = ARGS(0, 0, 0);
    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i % (int)COUNT(thread_counts)),
                     RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 20000);
    assert_by_key();
    ck_assert_uint_eq(atomic_load(&collected.n), 20000);
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 20000);
}
END_TEST

START_TEST(fan_in_keeps_the_order_of_each_producer)
{
    const struct kit_stage stages[] = {
        {.name = "g1", .plugin = &numbers, .args = NUMBERS(10000)},
        {.name = "g2", .plugin = &numbers, .args = NUMBERS(15000)},
        {.name = "k1", .plugin = &give_keys, .from = "g1", .args = ARGS(KEYS, 1, 0)},
        {.name = "k2", .plugin = &give_keys, .from = "g2", .args = ARGS(KEYS, 1, 1)},
        {.name = "end",
         .plugin = &watch,
         .from = "k1 k2",
         .workers = 3,
         .queue_items = 100,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 25000);
    assert_by_key();
}
END_TEST

START_TEST(emitters_wait_in_line_with_all_parts_of_a_batch)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(40)},
        {.name = "mid", .plugin = &burst, .workers = 2, .args = ARGS(500, 50, 0)},
        {.name = "end",
         .plugin = &watch,
         .workers = 4,
         .queue_items = 8,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 20000);
    assert_by_key();
}
END_TEST

START_TEST(bytes_of_a_queue_hold_back_too)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "keys", .plugin = &give_keys, .args = ARGS(KEYS, 1, 0)},
        {.name = "end",
         .plugin = &watch,
         .workers = 8,
         .queue_bytes = 1000,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 5000);
    assert_by_key();
}
END_TEST

START_TEST(failure_in_a_lane_stops_the_run_and_the_account_adds_up)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(100000)},
        {.name = "keys", .plugin = &give_keys, .workers = 2, .args = ARGS(KEYS, 0, 0)},
        {.name = "mid",
         .plugin = &fail_each,
         .workers = 4,
         .queue_items = 200,
         .order = ORDER_BY_KEY,
         .args = NUMBERS(7777)},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_FAILED);
}
END_TEST

START_TEST(dead_letters_keep_their_keys)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "keys", .plugin = &give_keys, .args = ARGS(KEYS, 1, 0)},
        {.name = "mid",
         .plugin = &fail_each,
         .workers = 3,
         .on_error = ON_ERROR_DEAD,
         .order = ORDER_BY_KEY,
         .args = NUMBERS(3)},
        {.name = "end", .plugin = &watch_after},
        {.name = "dead",
         .plugin = &watch,
         .from = "mid.dead",
         .workers = 2,
         .order = ORDER_BY_KEY,
         .args = ARGS(0, 0, 0)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.items[0]), 6666);
    ck_assert_uint_eq(atomic_load(&seen.items[1]), 13334);
    assert_by_key();
}
END_TEST

START_TEST(stage_that_has_enough_ends_the_run_with_lanes_full)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(INT64_MAX - 1)},
        {.name = "keys", .plugin = &give_keys, .workers = 2, .args = ARGS(KEYS, 0, 0)},
        {.name = "end",
         .plugin = &enough_keys,
         .workers = 4,
         .order = ORDER_BY_KEY,
         .args = NUMBERS(5000)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i), RUN_DONE);
    ck_assert_uint_ge(atomic_load(&seen.items[0]), 5000);
    assert_by_key();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/keyed");
    TCase *tc = tcase_create("runs");
    int n = COUNT(thread_counts);
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_loop_test(tc, items_of_a_key_come_in_order_to_one_worker, 0, n);
    tcase_add_loop_test(tc, what_is_made_of_a_key_leaves_in_order, 0, n);
    tcase_add_loop_test(tc, keyed_stages_follow_each_other, 0, n);
    tcase_add_loop_test(tc, queues_of_one_item_work, 0, n);
    tcase_add_loop_test(tc, threads_of_its_own_run_a_lane_each, 0, n);
    tcase_add_test(tc, different_keys_do_not_wait_for_each_other);
    tcase_add_test(tc, items_without_a_key_go_to_all_workers);
    tcase_add_loop_test(tc, memory_of_a_worker_knows_all_of_its_keys, 0, n);
    tcase_add_loop_test(tc, fan_out_to_readers_by_key_and_in_order, 0, 2 * n);
    tcase_add_loop_test(tc, fan_in_keeps_the_order_of_each_producer, 0, n);
    tcase_add_loop_test(tc, emitters_wait_in_line_with_all_parts_of_a_batch, 0, n);
    tcase_add_loop_test(tc, bytes_of_a_queue_hold_back_too, 0, n);
    tcase_add_loop_test(tc, failure_in_a_lane_stops_the_run_and_the_account_adds_up, 0,
                        n);
    tcase_add_loop_test(tc, dead_letters_keep_their_keys, 0, n);
    tcase_add_loop_test(tc, stage_that_has_enough_ends_the_run_with_lanes_full, 0, n);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
