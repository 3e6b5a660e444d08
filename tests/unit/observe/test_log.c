/* SPDX-License-Identifier: MIT */
/* Unit tests of observe/log.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "observe/log.h"

enum { T0 = 1000 };

static struct log logger;
static struct text out;

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    log_init(&logger, LOG_TEXT, false);
    memset(&out, 0, sizeof(out));
}

static void teardown(void)
{
    text_fini(&out);
}

static void expect(const char *text)
{
    ck_assert_str_eq(text_get(&out), text);
}

START_TEST(text_line_has_time_level_stage_and_message)
{
    log_add(&logger, 14 * 3600 * 1000 + T0, 4, "json", "unterminated string", &out);
    log_add(&logger, 14 * 3600 * 1000 + T0, 3, NULL, "no stage", &out);

    expect("14:00:01 warn  json: unterminated string\n"
           "14:00:01 error no stage\n");
}
END_TEST

START_TEST(message_is_one_line_whatever_it_holds)
{
    log_add(&logger, T0, 6, "a", "one\ntwo\033[2Jthree\r\n", &out);

    expect("00:00:01 info  a: one\\x0Atwo\\x1B[2Jthree\n");
}
END_TEST

START_TEST(repeated_line_is_shown_once_and_its_count_when_due)
{
    for (int i = 0; i < 1000; i++)
        log_add(&logger, T0 + i, 4, "a", "again", &out);
    expect("00:00:01 warn  a: again\n");

    log_flush(&logger, T0 + LOG_FOLD_MS - 1, false, &out);
    expect("00:00:01 warn  a: again\n");

    log_flush(&logger, T0 + LOG_FOLD_MS, false, &out);
    expect("00:00:01 warn  a: again\n"
           "00:00:11 warn  a: again  (999 more)\n");
}
END_TEST

START_TEST(flush_at_the_end_shows_every_count_once)
{
    log_add(&logger, T0, 4, "a", "again", &out);
    log_add(&logger, T0, 4, "a", "again", &out);
    log_add(&logger, T0, 4, "a", "single", &out);
    log_flush(&logger, T0, true, &out);
    log_flush(&logger, T0, true, &out);

    expect("00:00:01 warn  a: again\n"
           "00:00:01 warn  a: single\n"
           "00:00:01 warn  a: again  (1 more)\n");
}
END_TEST

START_TEST(same_message_of_another_stage_or_level_is_another_line)
{
    log_add(&logger, T0, 4, "a", "x", &out);
    log_add(&logger, T0, 4, "b", "x", &out);
    log_add(&logger, T0, 6, "a", "x", &out);

    expect("00:00:01 warn  a: x\n"
           "00:00:01 warn  b: x\n"
           "00:00:01 info  a: x\n");
}
END_TEST

START_TEST(line_pushed_out_of_memory_shows_its_count_first)
{
    char message[32];
    size_t lines = 0;

    log_add(&logger, T0, 4, "a", "first", &out);
    log_add(&logger, T0, 4, "a", "first", &out);
    for (int i = 0; i < LOG_FOLD_SLOTS; i++) {
        snprintf(message, sizeof(message), "m%d", i);
        log_add(&logger, T0 + 1 + i, 4, "a", message, &out);
    }

    for (const char *at = text_get(&out); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 2 + LOG_FOLD_SLOTS);
    ck_assert_ptr_nonnull(strstr(text_get(&out), "a: first  (1 more)\n"));
}
END_TEST

START_TEST(long_message_is_cut)
{
    char *message = calloc(1, 3 * LOG_MESSAGE_MAX);
    ck_assert_ptr_nonnull(message);
    memset(message, 'x', 3 * LOG_MESSAGE_MAX - 1);

    log_add(&logger, T0, 4, "a", message, &out);

    ck_assert_uint_lt(out.len, LOG_MESSAGE_MAX + 100);
    free(message);
}
END_TEST

START_TEST(json_line_is_an_object_with_the_time_in_utc)
{
    log_init(&logger, LOG_JSON, true);

    log_add(&logger, 1714564800123, 4, "a", "say \"hi\"\n", &out);
    log_add(&logger, 1714564800124, 4, "a", "say \"hi\"\n", &out);
    log_flush(&logger, 1714564800124, true, &out);

    expect("{\"time\":\"2024-05-01T12:00:00.123Z\",\"event\":\"log\",\"level\":\"warn\","
           "\"stage\":\"a\",\"message\":\"say \\\"hi\\\"\"}\n"
           "{\"time\":\"2024-05-01T12:00:00.124Z\",\"event\":\"log\",\"level\":\"warn\","
           "\"stage\":\"a\",\"message\":\"say \\\"hi\\\"\",\"repeats\":1}\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observe/log");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, text_line_has_time_level_stage_and_message);
    tcase_add_test(tc, message_is_one_line_whatever_it_holds);
    tcase_add_test(tc, repeated_line_is_shown_once_and_its_count_when_due);
    tcase_add_test(tc, flush_at_the_end_shows_every_count_once);
    tcase_add_test(tc, same_message_of_another_stage_or_level_is_another_line);
    tcase_add_test(tc, line_pushed_out_of_memory_shows_its_count_first);
    tcase_add_test(tc, long_message_is_cut);
    tcase_add_test(tc, json_line_is_an_object_with_the_time_in_utc);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
