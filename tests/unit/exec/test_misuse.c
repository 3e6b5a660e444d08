/* SPDX-License-Identifier: MIT */
/*
 * Plugins that break the rules, or keep them in a way nobody thought of: a run never hangs and never
 * loses count; it goes on, or says which rule was broken.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/chaos.h"
#include "exec/odd_stages.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define ONE(n)     ((struct pph_value[]){{.s = "", .i = (n)}})
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define DEAF(n, once) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = "", .i = (once)}, {.s = "", .i = 1}})

static struct kit *kit;
static _Atomic int threads_left; /* that pthread_create() starts */

/* Stands before the C library's: a system that has no thread left, at the test's word. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main)(void *),
                   void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *found = dlsym(RTLD_NEXT, "pthread_create");

    if (!found || atomic_fetch_sub(&threads_left, 1) <= 0)
        return EAGAIN;
    memcpy(&real, &found, sizeof(real));
    return real(thread, attr, main, arg);
}

static void setup(void)
{
    collected_reset();
    odd_reset();
    atomic_store(&threads_left, INT_MAX);
}

static void teardown(void)
{
    kit_free(kit);
    kit = NULL;
}

static enum run_end run_with(const struct kit_stage *stages, size_t n, unsigned threads,
                             const struct run_options *options)
{
    if (kit)
        kit_free(kit);
    kit = kit_new(stages, n, threads);
    return kit_run(kit, options);
}

/* A tick: calls run_signal() *arg times as soon as the stage in question runs. */
static void signal_when_busy(void *arg, struct run *run)
{
    const unsigned *times = arg;

    if (!atomic_load(&odd.busy) || atomic_exchange(&odd.signalled, true))
        return;
    for (unsigned k = 0; k < *times; k++)
        run_signal(run);
}

#define SIGNALS(times)      \
    (&(struct run_options){ \
        .tick = signal_when_busy, .tick_ms = 1, .arg = &(unsigned){times}})

/* read + split = all else */
static void assert_adds_up(void)
{
    const struct run_account *a = run_account(kit_last(kit));

    ck_assert_uint_eq(a->read + a->split, a->delivered + a->dead + a->skipped +
                                              a->filtered + a->merged + a->dropped +
                                              a->unfinished);
}

/* The run, the last one, ended with a fatal failure of this call, with these words in its message. */
static void assert_fails_with(enum run_end end, const char *what, const char *words)
{
    const struct run_failure *failures;
    size_t n = run_failures(kit_last(kit), &failures);
    bool found = false;

    ck_assert_int_eq(end, RUN_FAILED);
    for (size_t k = 0; k < n; k++) {
        found = found || (failures[k].fatal && strcmp(failures[k].what, what) == 0 &&
                          strstr(failures[k].message, words) != NULL);
    }
    ck_assert_msg(found, "none of %zu failures is '%s' in %s", n, words, what);
    assert_adds_up();
}

START_TEST(array_of_empty_items_may_be_rewritten_and_emitted_whole)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &empty_items},
        {.name = "mid", .plugin = &rewrite},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_with(stages, COUNT(stages), 2, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 4);
    ck_assert_uint_eq(atomic_load(&collected.sum), 28);
}
END_TEST

/* Numbers 1 to 5000, the stage in question and `collect`, on two threads. */
static enum run_end run_middle(const struct pph_plugin *mid, enum on_error on_error)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "mid", .plugin = mid, .on_error = on_error},
        {.name = "end", .plugin = &collect},
    };

    return run_with(stages, COUNT(stages), 2, NULL);
}

START_TEST(fatal_failure_after_the_whole_array_adds_up)
{
    assert_fails_with(run_middle(&move_then_fatal, ON_ERROR_STOP), "batch",
                      "the disk is full");
}
END_TEST

START_TEST(item_named_before_the_whole_array_stops_and_adds_up)
{
    assert_fails_with(run_middle(&name_then_move, ON_ERROR_STOP), "item", "bad");
}
END_TEST

START_TEST(item_named_before_the_whole_array_is_skipped_once_per_batch)
{
    const struct run_failure *failures;

    ck_assert_int_eq(run_middle(&name_then_move, ON_ERROR_SKIP), RUN_DONE);
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 1);
    ck_assert_uint_eq(run_account(kit_last(kit))->skipped, failures[0].count);
    assert_adds_up();
}
END_TEST

START_TEST(stop_after_the_whole_array_adds_up)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "mid", .plugin = &move_then_stop},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_with(stages, COUNT(stages), 2, SIGNALS(2)), RUN_STOPPED);
    assert_adds_up();
}
END_TEST

START_TEST(nothing_is_lost_when_more_follows_the_whole_array)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(64)},
        {.name = "mid", .plugin = &move_then_more},
        {.name = "end", .plugin = &swallow, .queue_bytes = 1 << 20},
    };

    ck_assert_int_eq(run_with(stages, COUNT(stages), 2, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 128);
    ck_assert_uint_eq(run_account(kit_last(kit))->split, 64);
}
END_TEST

/* Loop index: on the pool; on threads of its own. */
START_TEST(ordered_deaf_emitters_never_wait_for_each_other)
{
    struct pph_plugin deaf = repeat_deaf;
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(3000)},
        {.name = "mid", .plugin = &deaf, .workers = 4, .queue_items = 4, .args = ONE(37)},
        {.name = "end", .plugin = &collect, .queue_items = 3},
    };

    deaf.flags |= _i == 0 ? 0 : PPH_BLOCKING;
    ck_assert_int_eq(run_with(stages, COUNT(stages), 3, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 111000);
    ck_assert(atomic_load(&collected.in_order));
}
END_TEST

/* The output of 3 finds no room, and both workers have begun with 4 and 5, which wait for it. */
START_TEST(finished_output_of_an_ordered_stage_goes_down_when_there_is_room)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &five},
        {.name = "mid", .plugin = &crowder, .workers = 2},
        {.name = "end", .plugin = &crowded, .queue_bytes = 100000},
    };

    chaos_never(
        CHAOS_FULL); /* `mid` waits in a call until `gen` has found room for all */
    ck_assert_int_eq(run_with(stages, COUNT(stages), 4, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 403);
}
END_TEST

START_TEST(emitters_that_wait_for_room_leave_when_the_run_fails)
{
    const struct kit_stage stages[] = {
        {.name = "a", .plugin = &numbers, .args = DEAF(INT64_MAX - 1, 1)},
        {.name = "b", .plugin = &numbers, .args = DEAF(INT64_MAX - 1, 1)},
        {.name = "c", .plugin = &numbers, .args = DEAF(INT64_MAX - 1, 1)},
        {.name = "mid",
         .plugin = &fail_each,
         .from = "a b c",
         .queue_items = 1,
         .args = ONE(5)},
        {.name = "end", .plugin = &collect_parallel},
    };

    for (unsigned k = 0; k < 500; k++) {
        assert_fails_with(run_with(stages, COUNT(stages), 4, NULL), "item", "divisible");
    }
}
END_TEST

static enum run_end run_bad_consumer(const struct pph_plugin *end, enum on_error on_error)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000)},
        {.name = "end", .plugin = end, .on_error = on_error},
    };

    return run_with(stages, COUNT(stages), 2, NULL);
}

START_TEST(failure_of_an_item_that_is_not_of_the_call_breaks_a_rule)
{
    assert_fails_with(run_middle(&fail_copy, ON_ERROR_SKIP), "rules",
                      "fail() was given an item");
}
END_TEST

START_TEST(consumer_that_emits_breaks_a_rule)
{
    assert_fails_with(run_bad_consumer(&emitter, ON_ERROR_STOP), "rules",
                      "a port that the plugin does not have");
}
END_TEST

START_TEST(block_end_without_block_begin_breaks_a_rule)
{
    assert_fails_with(run_bad_consumer(&block_ender, ON_ERROR_STOP), "rules",
                      "block_end() was called without block_begin()");
}
END_TEST

START_TEST(block_begin_in_open_breaks_a_rule)
{
    assert_fails_with(run_bad_consumer(&block_opener, ON_ERROR_STOP), "rules",
                      "block_begin() was called outside a call");
}
END_TEST

START_TEST(alloc_in_cancel_breaks_a_rule)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &cancel_allocs},
        {.name = "end", .plugin = &collect},
    };

    assert_fails_with(run_with(stages, COUNT(stages), 2, SIGNALS(1)), "rules",
                      "alloc() was called outside");
}
END_TEST

START_TEST(fatal_failure_is_told_however_many_came_before)
{
    const struct run_failure *failures;

    assert_fails_with(run_bad_consumer(&complain, ON_ERROR_SKIP), "each",
                      "the disk is full");
    ck_assert_uint_le(run_failures(kit_last(kit), &failures), 64);
    ck_assert_str_eq(failures[0].message, "bad line 1");
}
END_TEST

START_TEST(silent_failure_of_plan_does_not_borrow_the_words_of_an_item)
{
    assert_fails_with(run_middle(&plan_fails, ON_ERROR_SKIP), "plan", "no reason given");
}
END_TEST

START_TEST(stop_waits_for_a_cancel_under_way)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &cancel_dawdles},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_with(stages, COUNT(stages), 2, SIGNALS(1)), RUN_DRAINED);
    ck_assert(atomic_load(&odd.cancel_ran));
    ck_assert(atomic_load(&odd.stopped));
    ck_assert(!atomic_load(&odd.bad_cancel));
}
END_TEST

/* Loop index: on the pool; on threads of its own. */
START_TEST(nothing_is_cancelled_after_its_stop)
{
    const struct pph_plugin *end = _i == 0 ? &stop_fails : &stop_fails_own;

    assert_fails_with(run_bad_consumer(end, ON_ERROR_STOP), "stop", "cannot close");
    ck_assert(!atomic_load(&odd.bad_cancel));
}
END_TEST

START_TEST(stop_may_fail_after_all_threads_have_ended)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1000000)},
        {.name = "mid", .plugin = &fail_each, .workers = 4, .args = ONE(5000)},
        {.name = "end", .plugin = &stop_fails_own, .queue_items = 8},
    };

    assert_fails_with(run_with(stages, COUNT(stages), 4, NULL), "stop", "cannot close");
}
END_TEST

START_TEST(wake_is_allowed_until_close)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &waker},
        {.name = "end", .plugin = &collect},
    };

    for (unsigned k = 0; k < 10; k++) {
        collected_reset();
        ck_assert_int_eq(run_with(stages, COUNT(stages), 8, NULL), RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), 10);
        ck_assert_uint_ge(atomic_load(&odd.wakes), k + 1);
    }
}
END_TEST

START_TEST(first_signal_drains_a_source_that_never_has_room)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &gusher},
        {.name = "end", .plugin = &late_reader, .queue_bytes = 1 << 20},
    };

    ck_assert_int_eq(run_with(stages, COUNT(stages), 2, SIGNALS(1)), RUN_DRAINED);
    ck_assert_uint_le(atomic_load(&odd.calls), 1);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, atomic_load(&collected.n));
}
END_TEST

START_TEST(reader_that_has_enough_unblocks_the_source)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &blocked_source},
        {.name = "end", .plugin = &take, .args = ONE(10)},
    };

    ck_assert_int_eq(run_with(stages, COUNT(stages), 2, NULL), RUN_DONE);
    ck_assert(atomic_load(&odd.cancelled));
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 10);
}
END_TEST

START_TEST(planned_calls_run_side_by_side)
{
    const struct kit_stage stages[] = {{.name = "all", .plugin = &meeting, .workers = 4}};

    ck_assert_int_eq(run_with(stages, COUNT(stages), 4, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&odd.met), 16);
}
END_TEST

START_TEST(run_that_needs_a_thread_and_gets_none_fails)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = DEAF(INT64_MAX - 1, 1)},
        {.name = "end", .plugin = &collect, .queue_items = 2},
    };

    atomic_store(&threads_left, 1); /* for the pool of one, and none when it waits */
    assert_fails_with(run_with(stages, COUNT(stages), 1, NULL), "threads",
                      "no thread can be started");
}
END_TEST

enum { LAYERS = 40 };

START_TEST(dead_letters_at_the_head_of_a_wide_graph_are_wired_at_once)
{
    static char names[LAYERS][2][8];
    static char above[LAYERS + 1][32] = {".dead"};
    struct kit_stage stages[2 * LAYERS + 2] = {{.name = "gen",
                                                .plugin = &numbers,
                                                .args = NUMBERS(10),
                                                .on_error = ON_ERROR_DEAD}};
    size_t n = 1;

    for (unsigned layer = 0; layer < LAYERS; layer++) {
        for (unsigned k = 0; k < 2; k++) {
            (void)snprintf(names[layer][k], sizeof(names[0][0]), "s%u_%u", layer, k);
            stages[n++] = (struct kit_stage){
                .name = names[layer][k], .plugin = &forward_each, .from = above[layer]};
        }
        (void)snprintf(above[layer + 1], sizeof(above[0]), "s%u_0 s%u_1%s", layer, layer,
                       layer + 1 == LAYERS ? " gen" : "");
    }
    stages[n++] =
        (struct kit_stage){.name = "end", .plugin = &collect, .from = above[LAYERS]};
    kit = kit_new(stages, n, 1);
    ck_assert_uint_eq(kit_graph(kit)->stages[0].level, LAYERS + 1);
}
END_TEST

static TCase *cases_of_rules(void)
{
    TCase *tc = tcase_create("rules");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 20.0);
    tcase_add_test(tc, array_of_empty_items_may_be_rewritten_and_emitted_whole);
    tcase_add_test(tc, fatal_failure_after_the_whole_array_adds_up);
    tcase_add_test(tc, item_named_before_the_whole_array_stops_and_adds_up);
    tcase_add_test(tc, item_named_before_the_whole_array_is_skipped_once_per_batch);
    tcase_add_test(tc, stop_after_the_whole_array_adds_up);
    tcase_add_test(tc, nothing_is_lost_when_more_follows_the_whole_array);
    tcase_add_test(tc, failure_of_an_item_that_is_not_of_the_call_breaks_a_rule);
    tcase_add_test(tc, consumer_that_emits_breaks_a_rule);
    tcase_add_test(tc, block_end_without_block_begin_breaks_a_rule);
    tcase_add_test(tc, block_begin_in_open_breaks_a_rule);
    tcase_add_test(tc, alloc_in_cancel_breaks_a_rule);
    tcase_add_test(tc, fatal_failure_is_told_however_many_came_before);
    tcase_add_test(tc, silent_failure_of_plan_does_not_borrow_the_words_of_an_item);
    tcase_add_test(tc, dead_letters_at_the_head_of_a_wide_graph_are_wired_at_once);
    return tc;
}

static TCase *cases_of_waits(void)
{
    TCase *tc = tcase_create("waits");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 20.0);
    tcase_add_loop_test(tc, ordered_deaf_emitters_never_wait_for_each_other, 0, 2);
    tcase_add_test(tc, finished_output_of_an_ordered_stage_goes_down_when_there_is_room);
    tcase_add_test(tc, emitters_that_wait_for_room_leave_when_the_run_fails);
    tcase_add_test(tc, stop_waits_for_a_cancel_under_way);
    tcase_add_loop_test(tc, nothing_is_cancelled_after_its_stop, 0, 2);
    tcase_add_test(tc, stop_may_fail_after_all_threads_have_ended);
    tcase_add_test(tc, wake_is_allowed_until_close);
    tcase_add_test(tc, first_signal_drains_a_source_that_never_has_room);
    tcase_add_test(tc, reader_that_has_enough_unblocks_the_source);
    tcase_add_test(tc, planned_calls_run_side_by_side);
    tcase_add_test(tc, run_that_needs_a_thread_and_gets_none_fails);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("exec/misuse");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, cases_of_rules());
    suite_add_tcase(suite, cases_of_waits());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
