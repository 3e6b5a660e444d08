/* SPDX-License-Identifier: MIT */
/* Loading, running and ending pipelines, and the words of errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "embed/kit.h"
#include "support/scratch.h"

static struct pph_error *error;

static void setup(void)
{
    scratch_setup();
    kit_plugins();
    error = NULL;
}

/* What `pphost VERB FILE` prints on standard error. */
static char *said_by_cli(const char *verb, const char *file)
{
    char command[1024];
    char *said;

    (void)snprintf(command, sizeof(command), "%s %s %s >/dev/null 2>%s", TEST_PPHOST,
                   verb, file, scratch_path("said"));
    ck_assert_int_ne(system(command), -1);
    said = scratch_read(scratch_path("said"), NULL);
    ck_assert_ptr_nonnull(said);
    return said;
}

START_TEST(all_faults_are_told_in_the_words_of_the_command_line)
{
    const char *file = scratch_file(
        "bad.yaml",
        "stages:\n  - use: lines\n    wth: {path: x}\n  - {use: split, with: {delimters: x}}\n"
        "  - use: write\n    workers: none\n");

    ck_assert_ptr_null(pph_load(file, NULL, &error));

    ck_assert_str_eq(pph_error_text(error), said_by_cli("check", file));
    kit_error(error, "E113", "did you mean 'with'?");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told_likewise)
{
    const char *file = scratch_path("none.yaml");

    ck_assert_ptr_null(pph_load(file, NULL, &error));

    ck_assert_str_eq(pph_error_text(error), said_by_cli("check", file));
    kit_error(error, "E001", "there is no file");
}
END_TEST

START_TEST(a_failed_run_is_told_likewise)
{
    const char *file =
        scratch_file("fails.yaml", "stages:\n  - {use: lines, with: /nonexistent/a}\n"
                                   "  - use: drop\n");
    struct pph_pipeline *p = pph_load(file, NULL, &error);

    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(pph_run(p, &error), PPH_RUN_FAILED);

    ck_assert_str_eq(pph_error_text(error), said_by_cli("run -q", file));
    kit_error(error, "R601", "/nonexistent/a");
    ck_assert_ptr_nonnull(strstr(pph_summary(p), "failed after"));
    pph_free(p);
}
END_TEST

START_TEST(a_text_is_named_in_its_errors_and_no_error_object_is_needed)
{
    const struct pph_options options = {.size = sizeof(options), .name = "built-in"};
    static const char text[] = "stages: [{use: nonesuch}]";

    ck_assert_ptr_null(pph_load_text(text, strlen(text), &options, &error));
    ck_assert_ptr_null(pph_load_text(text, strlen(text), &options, NULL));
    ck_assert_ptr_null(pph_load_text(NULL, 0, NULL, NULL));

    kit_error(error, "E201", "--> built-in:1:16");
    ck_assert_str_eq(pph_error_text(NULL), "");
    ck_assert_str_eq(pph_error_code(NULL), "");
    pph_error_free(NULL);
}
END_TEST

START_TEST(a_pipeline_without_ends_runs_to_its_end)
{
    const char *vars[] = {"n=1000", NULL};
    const char *sets[] = {"drop.queue=10", NULL};
    const struct pph_options options = {
        .size = sizeof(options), .vars = vars, .sets = sets, .threads = 2};
    static const char text[] = "vars: {n: 1}\nstages:\n"
                               "  - {use: generate, with: {count: \"${var:n}\"}}\n"
                               "  - {use: drop}\n";
    struct pph_account account = {.size = sizeof(account)};
    struct pph_pipeline *p = pph_load_text(text, strlen(text), &options, &error);

    ck_assert_msg(p != NULL, "%s", pph_error_text(error));
    ck_assert_str_eq(pph_summary(p), "");
    ck_assert_int_eq(pph_run(p, &error), PPH_RUN_DONE);
    pph_get_account(p, &account);

    ck_assert_ptr_null(error);
    ck_assert_uint_eq(account.read, 1000);
    ck_assert_uint_eq(account.delivered, 1000);
    ck_assert_uint_eq(account.unfinished + account.pushed + account.pulled, 0);
    ck_assert_ptr_nonnull(strstr(pph_summary(p), "read 1,000 = delivered 1,000"));
    ck_assert_int_eq(pph_wait(p, 0, NULL), PPH_RUN_DONE);
    pph_free(p);
}
END_TEST

START_TEST(warnings_do_not_keep_a_pipeline_from_loading)
{
    struct pph_pipeline *p =
        kit_load("stages:\n  - &a {use: generate, with: {count: 1}}\n"
                 "  - use: drop\n");

    ck_assert_ptr_nonnull(strstr(pph_warnings(p), "warning[W001]"));
    pph_free(p);
}
END_TEST

START_TEST(options_that_cannot_be_are_refused)
{
    struct pph_options options = {.size = sizeof(options), .threads = 100000};

    ck_assert_ptr_null(pph_load("a ! b", &options, &error));
    kit_error(error, "A707", "threads");
    options = (struct pph_options){.size = sizeof(options), .memory_bytes = 5};
    ck_assert_ptr_null(pph_load_text("", 0, &options, &error));
    kit_error(error, "A707", "memory_bytes");
    ck_assert_ptr_null(pph_load(NULL, NULL, &error));
    kit_error(error, "A707", "no file");
}
END_TEST

START_TEST(options_of_an_older_program_are_shorter)
{
    struct pph_options options = {.size = offsetof(struct pph_options, threads)};

    options.threads = 100000; /* lies beyond what the program knew */
    struct pph_pipeline *p = pph_load("generate count=1 ! drop", &options, &error);

    ck_assert_msg(p != NULL, "%s", pph_error_text(error));
    pph_free(p);
}
END_TEST

START_TEST(a_pipeline_runs_once)
{
    struct pph_pipeline *p =
        kit_load("stages: [{use: generate, with: {count: 1}}, {use: drop}]");

    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, &error), PPH_RUN_FAILED);
    kit_error(error, "A705", "was not started");
    ck_assert_int_eq(pph_run(p, NULL), PPH_RUN_DONE);
    ck_assert_int_eq(pph_start(p, &error), 0);
    kit_error(error, "A704", "was started before");
    ck_assert_int_eq(pph_wait(p, 0, NULL), PPH_RUN_DONE);
    pph_free(p);
    pph_free(NULL);
}
END_TEST

static void keep_log(void *arg, int level, const char *stage, const char *message)
{
    char *line = arg;

    (void)snprintf(line, 256, "%d %s %s", level, stage ? stage : "-", message);
}

START_TEST(what_plugins_log_goes_to_the_program)
{
    char line[256] = "";
    const struct pph_options options = {
        .size = sizeof(options), .log = keep_log, .log_arg = line, .log_level = 7};
    char text[512];
    struct pph_pipeline *p;

    (void)snprintf(text, sizeof(text), "stages: [{use: '%s'}, {use: drop}]", TEST_TALKER);
    p = pph_load_text(text, strlen(text), &options, &error);
    ck_assert_msg(p != NULL, "%s", pph_error_text(error));
    ck_assert_int_eq(pph_run(p, NULL), PPH_RUN_DONE);

    ck_assert_str_eq(line, "6 talker nothing to say");
    pph_free(p);
}
END_TEST

START_TEST(secrets_are_masked_in_what_is_logged_and_told)
{
    char line[256] = "";
    const struct pph_options options = {
        .size = sizeof(options), .log = keep_log, .log_arg = line, .log_level = 7};
    char text[1024];
    struct pph_pipeline *p;

    (void)snprintf(text, sizeof(text),
                   "context: {said: '${file:%s}'}\nstages: [{use: '%s'}, {use: drop}]",
                   scratch_file("said.txt", "nothing to\n"), TEST_TALKER);
    p = pph_load_text(text, strlen(text), &options, &error);
    ck_assert_msg(p != NULL, "%s", pph_error_text(error));
    ck_assert_int_eq(pph_run(p, NULL), PPH_RUN_DONE);
    ck_assert_str_eq(line, "6 talker ‹secret› say");
    pph_free(p);

    (void)snprintf(text, sizeof(text),
                   "stages: [{use: lines, with: '${file:%s}'}, {use: drop}]",
                   scratch_file("path.txt", "/nonexistent/a\n"));
    p = kit_load(text);
    ck_assert_int_eq(pph_run(p, &error), PPH_RUN_FAILED);
    ck_assert_ptr_null(strstr(pph_summary(p), "/nonexistent"));
    kit_error(error, "R601", "‹secret›");
    pph_free(p);
}
END_TEST

START_TEST(a_run_without_end_is_cancelled_or_drained)
{
    static const char yaml[] =
        "stages: [{use: generate, with: 1000000000000}, {use: drop}]";
    struct pph_account account = {.size = sizeof(account)};
    struct pph_pipeline *p = kit_start(yaml);

    ck_assert_int_eq(pph_wait(p, 1, &error), PPH_RUN_GOES_ON);
    kit_error(error, "A709", "still under way");
    pph_drain(p);
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, NULL), PPH_RUN_DRAINED);
    pph_get_account(p, &account);
    ck_assert_uint_eq(account.read, account.delivered);
    pph_free(p);

    p = kit_start(yaml);
    pph_cancel(p);
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, &error), PPH_RUN_STOPPED);
    kit_error(error, "A708", "was stopped");
    pph_free(p);

    pph_free(kit_start(yaml)); /* not waited for: no leak, no hang */
}
END_TEST

START_TEST(two_pipelines_run_side_by_side)
{
    struct pph_pipeline *a =
        kit_start("stages: [{use: generate, with: 1000000000000}, {use: drop}]");
    struct pph_pipeline *b =
        kit_start("stages: [{use: generate, with: {count: 5000}}, {use: drop}]");

    kit_end(b, PPH_RUN_DONE);
    ck_assert_int_eq(pph_wait(a, 0, NULL), PPH_RUN_GOES_ON);
    pph_cancel(a);
    kit_end(a, PPH_RUN_STOPPED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed/load");
    TCase *tc = tcase_create("load");

    tcase_add_checked_fixture(tc, setup, scratch_teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, all_faults_are_told_in_the_words_of_the_command_line);
    tcase_add_test(tc, a_file_that_is_not_there_is_told_likewise);
    tcase_add_test(tc, a_failed_run_is_told_likewise);
    tcase_add_test(tc, a_text_is_named_in_its_errors_and_no_error_object_is_needed);
    tcase_add_test(tc, a_pipeline_without_ends_runs_to_its_end);
    tcase_add_test(tc, warnings_do_not_keep_a_pipeline_from_loading);
    tcase_add_test(tc, options_that_cannot_be_are_refused);
    tcase_add_test(tc, options_of_an_older_program_are_shorter);
    tcase_add_test(tc, a_pipeline_runs_once);
    tcase_add_test(tc, what_plugins_log_goes_to_the_program);
    tcase_add_test(tc, secrets_are_masked_in_what_is_logged_and_told);
    tcase_add_test(tc, a_run_without_end_is_cancelled_or_drained);
    tcase_add_test(tc, two_pipelines_run_side_by_side);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
