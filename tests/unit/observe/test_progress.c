/* SPDX-License-Identifier: MIT */
/* Unit tests of observe/progress.h: snapshots set by hand, exact lines. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/clock.h"
#include "fake.h"
#include "observe/figures.h"
#include "observe/progress.h"

static struct fake fake;
static struct progress *progress;
static struct text out;

static void setup(void)
{
    fake_init(&fake);
    memset(&out, 0, sizeof(out));
    progress = progress_new(&fake.graph);
    ck_assert_ptr_nonnull(progress);
}

static void teardown(void)
{
    progress_free(progress);
    text_fini(&out);
}

/* 62 % of 29,700 items after 44 s, split busy all the time. */
static void in_the_middle(void)
{
    fake.view.elapsed_ns = 44ull * NS_PER_S;
    fake.view.progress_done = 18420;
    fake.view.progress_total = 29700;
    fake.views[FAKE_SPLIT].busy_ns = 4 * 44ull * NS_PER_S;
    progress_sample(progress, &fake.view);
}

static const char *line(unsigned columns, bool ascii)
{
    const struct progress_look look = {"thumbs", columns, ascii};

    text_fini(&out);
    memset(&out, 0, sizeof(out));
    progress_line(progress, &fake.view, &look, &out);
    return text_get(&out);
}

START_TEST(line_shows_bar_amount_rate_eta_and_limit)
{
    in_the_middle();

    ck_assert_str_eq(line(0, false),
                     "thumbs  ███████████▏░░░░░░  62 %   18,420/29,700 items   419/s   "
                     "eta 0:27   limited by split (4 workers busy)");
}
END_TEST

START_TEST(bytes_are_shown_in_the_unit_of_the_total)
{
    fake.view.progress_unit = PPH_BYTES;
    fake.view.elapsed_ns = 10ull * NS_PER_S;
    fake.view.progress_done = 12400000000;
    fake.view.progress_total = 20300000000;
    progress_sample(progress, &fake.view);

    ck_assert_str_eq(
        line(0, true),
        "thumbs  ##########........  61 %   12.4/20.3 GB   1.24 GB/s   eta 0:07");
}
END_TEST

START_TEST(unknown_total_has_no_bar_and_no_percent)
{
    fake.view.elapsed_ns = 12ull * NS_PER_S;
    fake.views[FAKE_LINES].items_out = 1200;
    progress_sample(progress, &fake.view);

    ck_assert_str_eq(line(0, false), "thumbs   1,200 items   100/s   0:12");
}
END_TEST

START_TEST(dead_and_skipped_are_shown_when_there_are_any)
{
    fake.view.elapsed_ns = 12ull * NS_PER_S;
    fake.views[FAKE_LINES].items_out = 1200;
    fake.views[FAKE_SPLIT].dead = 3;
    fake.views[FAKE_WRITE].skipped = 1000;
    progress_sample(progress, &fake.view);

    ck_assert_str_eq(line(0, false),
                     "thumbs   1,200 items   100/s   0:12   dead 3   skipped 1,000");
}
END_TEST

START_TEST(rate_that_holds_a_source_back_is_the_limit_when_no_stage_is)
{
    struct text json = {0};

    fake.view.elapsed_ns = 12ull * NS_PER_S;
    fake.views[FAKE_LINES].items_out = 1200;
    fake.views[FAKE_LINES].held_ns = 11ull * NS_PER_S;
    progress_sample(progress, &fake.view);
    progress_json(progress, &fake.view, &json);

    ck_assert_str_eq(
        line(0, false),
        "thumbs   1,200 items   100/s   0:12   limited by the rate of lines");
    ck_assert_ptr_nonnull(
        strstr(text_get(&json), "\"limited_by\":\"lines\",\"limited_by_rate\":true"));
    text_fini(&json);
}
END_TEST

START_TEST(draining_takes_the_place_of_the_limit)
{
    in_the_middle();
    fake.view.draining = true;

    ck_assert_ptr_nonnull(strstr(line(0, false), "   draining"));
    ck_assert_ptr_null(strstr(line(0, false), "limited by"));
    ck_assert_ptr_null(strstr(line(0, false), "eta"));
}
END_TEST

START_TEST(more_done_than_announced_shows_no_eta_and_a_full_bar)
{
    fake.view.elapsed_ns = 10ull * NS_PER_S;
    fake.view.progress_done = 120;
    fake.view.progress_total = 100;
    progress_sample(progress, &fake.view);

    ck_assert_str_eq(line(0, true),
                     "thumbs  ##################  100 %   120/100 items   12/s   0:10");
}
END_TEST

START_TEST(line_is_never_as_wide_as_the_terminal)
{
    in_the_middle();
    fake.views[FAKE_SPLIT].dead = 123456;

    ck_assert_uint_eq(figure_columns(line(0, false)), 124);
    for (unsigned columns = 1; columns < 140; columns++)
        ck_assert_uint_lt(figure_columns(line(columns, false)), columns);
}
END_TEST

START_TEST(narrow_line_keeps_what_matters_most)
{
    in_the_middle();

    ck_assert_str_eq(line(80, true), "thumbs  ###########.......  62 %   "
                                     "18,420/29,700 items   419/s   eta 0:27");
    ck_assert_str_eq(
        line(70, true),
        "thumbs  ########......  62 %   18,420/29,700 items   419/s   eta 0:27");
    ck_assert_str_eq(line(40, true), "thumbs  62 %   eta 0:27");
    ck_assert_str_eq(line(12, true), "th.  62 %");
}
END_TEST

START_TEST(name_cannot_move_the_cursor)
{
    const struct progress_look look = {"a\033[2J", 0, true};

    fake.view.elapsed_ns = 12ull * NS_PER_S;
    progress_sample(progress, &fake.view);
    progress_line(progress, &fake.view, &look, &out);

    ck_assert_ptr_null(strchr(text_get(&out), '\033'));
}
END_TEST

START_TEST(rate_is_smoothed_towards_what_is_seen_now)
{
    fake.view.elapsed_ns = 10ull * NS_PER_S;
    fake.views[FAKE_LINES].items_out = 1000;
    progress_sample(progress, &fake.view); /* 100/s */
    fake.view.elapsed_ns = 13ull * NS_PER_S;
    fake.views[FAKE_LINES].items_out = 1000 + 3 * 200;
    progress_sample(progress, &fake.view); /* 200/s, weighed 3 / (3 + 3) */

    ck_assert_ptr_nonnull(strstr(line(0, true), "   150/s   "));
}
END_TEST

START_TEST(samples_at_the_same_moment_change_nothing)
{
    in_the_middle();
    char *before = strdup(line(0, false));
    ck_assert_ptr_nonnull(before);

    progress_sample(progress, &fake.view);
    fake.view.elapsed_ns += 1;
    progress_sample(progress, &fake.view);

    ck_assert_str_eq(line(0, false), before);
    free(before);
}
END_TEST

START_TEST(limit_is_the_busiest_stage_and_of_equals_the_one_with_the_fuller_queue)
{
    ck_assert_ptr_null(progress_limit(progress).stage);

    fake.view.elapsed_ns = 10ull * NS_PER_S;
    fake.views[FAKE_LINES].busy_ns = 10ull * NS_PER_S;
    fake.views[FAKE_WRITE].busy_ns = 10ull * NS_PER_S;
    fake.views[FAKE_WRITE].queue_items = 1000;
    progress_sample(progress, &fake.view);

    ck_assert_ptr_eq(progress_limit(progress).stage, &fake.stages[FAKE_WRITE]);
    ck_assert_uint_eq(progress_limit(progress).busy, 1);
    ck_assert_int_eq(progress_queue_fill(progress, FAKE_WRITE), 100);
    ck_assert_int_eq(progress_queue_fill(progress, FAKE_SPLIT), 0);
    ck_assert_uint_eq(progress_in_flight(&fake.view, FAKE_STAGES), 1000);
}
END_TEST

START_TEST(workers_beyond_the_pool_do_not_make_a_stage_look_idle)
{
    fake.stages[FAKE_SPLIT].workers = 64; /* of which 4 can run */
    fake.view.elapsed_ns = 10ull * NS_PER_S;
    fake.views[FAKE_SPLIT].busy_ns = 4 * 10ull * NS_PER_S;
    progress_sample(progress, &fake.view);

    ck_assert_ptr_eq(progress_limit(progress).stage, &fake.stages[FAKE_SPLIT]);
}
END_TEST

START_TEST(json_has_the_same_figures)
{
    in_the_middle();

    progress_json(progress, &fake.view, &out);

    ck_assert_str_eq(
        text_get(&out),
        ",\"seconds\":44.000,\"done\":18420,\"total\":29700,\"unit\":\"items\","
        "\"per_second\":418.6,\"limited_by\":\"split\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observe/progress");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, line_shows_bar_amount_rate_eta_and_limit);
    tcase_add_test(tc, bytes_are_shown_in_the_unit_of_the_total);
    tcase_add_test(tc, unknown_total_has_no_bar_and_no_percent);
    tcase_add_test(tc, dead_and_skipped_are_shown_when_there_are_any);
    tcase_add_test(tc, rate_that_holds_a_source_back_is_the_limit_when_no_stage_is);
    tcase_add_test(tc, draining_takes_the_place_of_the_limit);
    tcase_add_test(tc, more_done_than_announced_shows_no_eta_and_a_full_bar);
    tcase_add_test(tc, line_is_never_as_wide_as_the_terminal);
    tcase_add_test(tc, narrow_line_keeps_what_matters_most);
    tcase_add_test(tc, name_cannot_move_the_cursor);
    tcase_add_test(tc, rate_is_smoothed_towards_what_is_seen_now);
    tcase_add_test(tc, samples_at_the_same_moment_change_nothing);
    tcase_add_test(
        tc, limit_is_the_busiest_stage_and_of_equals_the_one_with_the_fuller_queue);
    tcase_add_test(tc, workers_beyond_the_pool_do_not_make_a_stage_look_idle);
    tcase_add_test(tc, json_has_the_same_figures);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
