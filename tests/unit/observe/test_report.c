/* SPDX-License-Identifier: MIT */
/* Unit tests of observe/report.h: counters set by hand, exact texts. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/clock.h"
#include "fake.h"
#include "observe/report.h"

static struct fake fake;
static struct run_account account;
static struct report report;
static struct text out;

static void setup(void)
{
    fake_init(&fake);
    memset(&out, 0, sizeof(out));
    account = (struct run_account){.read = 1000, .delivered = 1000};
    fake.view.elapsed_ns = 2ull * NS_PER_S;
    report = (struct report){
        .graph = &fake.graph, .end = RUN_DONE, .account = &account, .view = &fake.view};
}

static void teardown(void)
{
    text_fini(&out);
}

static void expect_account(struct run_account a, const char *text)
{
    struct text line = {0};

    report_account(&a, &line);
    ck_assert_str_eq(text_get(&line), text);
    text_fini(&line);
}

START_TEST(account_leaves_out_terms_that_are_zero)
{
    expect_account((struct run_account){.read = 29631372, .delivered = 29631372},
                   "read 29,631,372 = delivered 29,631,372");
    expect_account((struct run_account){.read = 18644, .delivered = 18641, .dead = 3},
                   "read 18,644 = delivered 18,641 + dead 3");
    expect_account((struct run_account){1, 2, 3, 4, 5, 6, 7, 8, 9},
                   "read 1 + split 2 = delivered 3 + dead 4 + skipped 5 + filtered 6 + "
                   "merged 7 + dropped 9 + unfinished 8");
    expect_account((struct run_account){.read = 5, .filtered = 5}, "read 5 = filtered 5");
    expect_account((struct run_account){0}, "read 0 = delivered 0");
}
END_TEST

START_TEST(summary_has_end_account_rate_table_and_limit)
{
    fake.view.progress_unit = PPH_BYTES;
    fake.view.progress_done = 2840000000;
    fake.views[FAKE_LINES].items_out = 1000;
    fake.views[FAKE_LINES].calls = 10;
    fake.views[FAKE_SPLIT] = (struct run_stage_view){.items_in = 1000,
                                                     .items_out = 1000,
                                                     .calls = 8,
                                                     .busy_ns = 4 * 1940ull * NS_PER_MS};
    fake.views[FAKE_WRITE].items_in = 1000;
    fake.views[FAKE_WRITE].calls = 4;

    report_summary(&report, &out);

    ck_assert_str_eq(text_get(&out),
                     "done in 2.00 s\n"
                     "  read 1,000 = delivered 1,000\n"
                     "  500/s, 1.42 GB/s\n"
                     "  STAGE    WORKERS  ITEMS IN  ITEMS OUT  ITEMS/CALL  BUSY  QUEUE\n"
                     "  lines          1         -      1,000       100.0   0 %      -\n"
                     "  split          4     1,000      1,000       125.0  97 %      -\n"
                     "  write          1     1,000          -       250.0   0 %      -\n"
                     "  rejects        1         0          -           -   0 %      -\n"
                     "  limited by split: its 4 workers were busy 97 % of the time\n");
}
END_TEST

static void first_line_is(enum run_end end, const char *text)
{
    struct text summary = {0};

    report.end = end;
    report_summary(&report, &summary);
    ck_assert(strncmp(text_get(&summary), text, strlen(text)) == 0);
    text_fini(&summary);
}

START_TEST(first_line_says_how_it_ended)
{
    first_line_is(RUN_DONE, "done in 2.00 s\n");
    first_line_is(RUN_DRAINED, "done in 2.00 s, drained\n");
    first_line_is(RUN_FAILED, "failed after 2.00 s\n");
    first_line_is(RUN_STOPPED, "stopped after 2.00 s, some items are not finished\n");
    first_line_is(RUN_STALLED, "stalled after 2.00 s\n");
    first_line_is(RUN_BAD_COUNT,
                  "ended after 2.00 s, but the count of items does not add up\n");
}
END_TEST

START_TEST(pool_is_the_limit_when_stages_share_it)
{
    fake.views[FAKE_SPLIT].busy_ns = 6ull * NS_PER_S; /* of 8 thread-seconds */
    fake.views[FAKE_WRITE].busy_ns = 3ull * NS_PER_S / 2;

    report_summary(&report, &out);

    ck_assert_ptr_nonnull(strstr(
        text_get(&out),
        "  limited by the 4 threads: busy 94 % of the time, 80 % of that in split\n"));
}
END_TEST

START_TEST(idle_run_says_that_nothing_was_the_limit)
{
    fake.views[FAKE_SPLIT].busy_ns = 800ull * NS_PER_MS;

    report_summary(&report, &out);

    ck_assert_ptr_nonnull(strstr(
        text_get(&out), "  no stage was busy all the time; split was busiest, 10 %\n"));
}
END_TEST

/* No stage was busy: it would be wrong to call the busiest the limit. */
START_TEST(rate_that_held_a_source_back_is_named)
{
    fake.stages[FAKE_LINES].rate = (struct rate){200, NS_PER_S, "200/s"};
    fake.views[FAKE_LINES].held_ns = 1900ull * NS_PER_MS;
    fake.views[FAKE_SPLIT].busy_ns = 800ull * NS_PER_MS;

    report_summary(&report, &out);

    ck_assert_ptr_nonnull(
        strstr(text_get(&out),
               "  limited by the rate of lines: 200/s held it back 95 % of the time\n"));
    ck_assert_ptr_null(strstr(text_get(&out), "busiest"));
}
END_TEST

/* Whoever is slower than the rate is the limit all the same. */
START_TEST(busy_stage_is_the_limit_and_not_the_rate)
{
    fake.stages[FAKE_LINES].rate = (struct rate){200, NS_PER_S, "200/s"};
    fake.views[FAKE_LINES].held_ns = 1200ull * NS_PER_MS;
    fake.views[FAKE_WRITE].busy_ns = 1900ull * NS_PER_MS;

    report_summary(&report, &out);

    ck_assert_ptr_nonnull(strstr(text_get(&out), "  limited by write: its worker"));
    ck_assert_ptr_null(strstr(text_get(&out), "rate"));
}
END_TEST

START_TEST(run_of_no_time_divides_by_nothing)
{
    fake.view.elapsed_ns = 0;

    report_summary(&report, &out);

    ck_assert_ptr_nonnull(strstr(text_get(&out), "done in 0.0 ms\n"));
    ck_assert_ptr_null(strstr(text_get(&out), "limited"));
}
END_TEST

static struct run_failure failure(bool fatal, const char *what)
{
    return (struct run_failure){.stage = &fake.stages[FAKE_SPLIT],
                                .what = what,
                                .message = "not UTF-8",
                                .origin = "in/x.txt",
                                .pos = 81231,
                                .pos_unit = "line",
                                .worker = 3,
                                .fatal = fatal,
                                .count = 1};
}

static const char *failures(struct run_failure *list, size_t n, enum report_which which)
{
    report.failures = list;
    report.n_failures = n;
    report_failures(&report, which, &out);
    return text_get(&out);
}

START_TEST(fatal_failure_names_stage_item_and_plugin)
{
    struct run_failure f = failure(true, "item");

    ck_assert_str_eq(failures(&f, 1, REPORT_ALL),
                     "error[R601]: stage 'split' (tokenise.yaml:4) failed: not UTF-8\n"
                     "  --> line 81231 of in/x.txt\n"
                     "   = plugin /usr/lib/pphost/plugins/x.so, worker 3\n\n");
}
END_TEST

START_TEST(failure_outside_an_item_names_the_call)
{
    struct run_failure f = failure(true, "open");
    f.pos = 0;
    f.origin = NULL;
    f.count = 412;

    ck_assert_str_eq(
        failures(&f, 1, REPORT_ALL),
        "error[R601]: stage 'split' (tokenise.yaml:4) failed in open: not UTF-8\n"
        "   = plugin /usr/lib/pphost/plugins/x.so; 412 times\n\n");
}
END_TEST

START_TEST(rejected_items_are_one_warning_with_the_first_place)
{
    struct run_failure f = failure(false, "item");
    f.count = 1204;
    f.origin = NULL;
    f.pos_unit = NULL;

    ck_assert_str_eq(
        failures(&f, 1, REPORT_ALL),
        "warning[R602]: stage 'split' (tokenise.yaml:4) gave up on 1,204 items: not UTF-8\n"
        "  --> first: item 81231\n"
        "   = plugin /usr/lib/pphost/plugins/x.so, worker 3\n\n");
}
END_TEST

START_TEST(errors_stand_last_and_alone_when_only_they_are_wanted)
{
    struct run_failure list[2] = {failure(true, "item"), failure(false, "item")};

    const char *all = failures(list, 2, REPORT_ALL);
    ck_assert(strstr(all, "warning[R602]") < strstr(all, "error[R601]"));

    text_fini(&out);
    memset(&out, 0, sizeof(out));
    ck_assert_ptr_null(strstr(failures(list, 2, REPORT_ERRORS_ONLY), "warning"));
}
END_TEST

START_TEST(many_kinds_of_failure_are_cut_off_with_a_count)
{
    struct run_failure list[50];

    for (size_t i = 0; i < 50; i++)
        list[i] = failure(false, "item");

    ck_assert_ptr_nonnull(strstr(failures(list, 50, REPORT_ALL),
                                 "warning: 30 more kinds of failure are not shown\n"));
}
END_TEST

START_TEST(message_cannot_colour_the_terminal)
{
    struct run_failure f = failure(true, "item");
    f.message = "\033[31mred\n";

    ck_assert_ptr_null(strchr(failures(&f, 1, REPORT_ALL), '\033'));
    ck_assert_ptr_nonnull(strstr(text_get(&out), "failed: \\x1B[31mred\\x0A\n"));
}
END_TEST

START_TEST(json_has_a_line_per_failure_and_one_for_the_summary)
{
    struct run_failure f = failure(true, "item");

    report.failures = &f;
    report.n_failures = 1;
    report.end = RUN_FAILED;
    report.exit_code = 1;
    report_json(&report, REPORT_ALL, &out);

    static const char first[] =
        "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"failure\",\"severity\":\"error\","
        "\"code\":\"R601\",\"stage\":\"split\",\"file\":\"tokenise.yaml\",\"line\":4,"
        "\"plugin\":\"/usr/lib/pphost/plugins/x.so\",\"call\":\"item\","
        "\"message\":\"not UTF-8\",\"origin\":\"in/x.txt\",\"position\":81231,"
        "\"position_unit\":\"line\",\"worker\":3,\"count\":1}\n";
    const char *text = text_get(&out);
    ck_assert_int_eq(strncmp(text, first, sizeof(first) - 1), 0);
    const char *second = strchr(text, '\n') + 1;
    ck_assert_ptr_nonnull(strstr(second,
                                 "\"event\":\"summary\",\"end\":\"failed\",\"exit\":1,"
                                 "\"seconds\":2.000000,\"account\":{\"read\":1000,"));
    ck_assert_uint_eq(strlen(strchr(second, '\n')), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observe/report");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, account_leaves_out_terms_that_are_zero);
    tcase_add_test(tc, summary_has_end_account_rate_table_and_limit);
    tcase_add_test(tc, first_line_says_how_it_ended);
    tcase_add_test(tc, pool_is_the_limit_when_stages_share_it);
    tcase_add_test(tc, idle_run_says_that_nothing_was_the_limit);
    tcase_add_test(tc, rate_that_held_a_source_back_is_named);
    tcase_add_test(tc, busy_stage_is_the_limit_and_not_the_rate);
    tcase_add_test(tc, run_of_no_time_divides_by_nothing);
    tcase_add_test(tc, fatal_failure_names_stage_item_and_plugin);
    tcase_add_test(tc, failure_outside_an_item_names_the_call);
    tcase_add_test(tc, rejected_items_are_one_warning_with_the_first_place);
    tcase_add_test(tc, errors_stand_last_and_alone_when_only_they_are_wanted);
    tcase_add_test(tc, many_kinds_of_failure_are_cut_off_with_a_count);
    tcase_add_test(tc, message_cannot_colour_the_terminal);
    tcase_add_test(tc, json_has_a_line_per_failure_and_one_for_the_summary);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
