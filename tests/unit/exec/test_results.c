/* SPDX-License-Identifier: MIT */
/* Unit tests of exec/results.h: what tasks and other workers leave behind, and the port `.result`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "exec/results.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#undef fail /* a macro of Check that would hide host->fail */

#if defined(__SANITIZE_THREAD__)
enum { UNDER_TSAN = true };
#else
enum { UNDER_TSAN = false };
#endif

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define TEXT(t)    ((struct pph_value[]){{.s = (t)}})

static struct kit *kit;
static char seen[512]; /* what `note` got */

static void setup(void)
{
    collected_reset();
    seen[0] = '\0';
    kit = NULL;
}

static void teardown(void)
{
    if (kit)
        kit_free(kit);
}

static int note_each(struct pph_ctx *ctx, struct pph_item *it)
{
    size_t used = strlen(seen);

    (void)ctx;
    (void)snprintf(seen + used, sizeof(seen) - used, "%.*s|", (int)it->len,
                   (const char *)it->data);
    return PPH_OK;
}

static const struct pph_plugin note = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_CONSUMER,
                                       .name = "note",
                                       .each = note_each};

/* Leaves its argument, as it is. */
static int leave(struct pph_ctx *ctx)
{
    return ctx->host->result(ctx, NULL, ctx->args[0].s) == PPH_OK ? PPH_END : PPH_FAIL;
}

static int leave_and_fail(struct pph_ctx *ctx)
{
    ck_assert_int_eq(ctx->host->result(ctx, "half", "50"), PPH_OK);
    return ctx->host->fail(ctx, NULL, PPH_FAIL, "the other half is lost");
}

static int leave_names(struct pph_ctx *ctx)
{
    char json[32];

    ck_assert_int_eq(ctx->host->result(ctx, "a", "1"), PPH_OK);
    ck_assert_int_eq(ctx->host->result(ctx, "b\"", "[ 2 ]"), PPH_OK);
    (void)snprintf(json, sizeof(json), "%u", ctx->worker + 10);
    ck_assert_int_eq(ctx->host->result(ctx, "a", json), PPH_OK);
    return PPH_END;
}

static int leave_nothing(struct pph_ctx *ctx)
{
    (void)ctx;
    return PPH_END;
}

#define TASK(call)                                                                  \
    {                                                                               \
        .size = sizeof(struct pph_plugin), .kind = PPH_TASK, .flags = PPH_PARALLEL, \
        .name = #call, .generate = (call)                                           \
    }

static const struct pph_plugin leaves = TASK(leave);
static const struct pph_plugin fails = TASK(leave_and_fail);
static const struct pph_plugin names = TASK(leave_names);
static const struct pph_plugin silent = TASK(leave_nothing);

static enum run_end run_stages(const struct kit_stage *stages, size_t n, bool in_line)
{
    struct run_options options = {.single_thread = in_line};

    kit = kit_new(stages, n, 2);
    return kit_run(kit, &options);
}

static struct run_result result_of_worker(size_t stage, unsigned worker)
{
    struct run_result result;

    ck_assert(run_result(kit_last(kit), &kit_graph(kit)->stages[stage], worker, &result));
    ck_assert_uint_eq(result.worker, worker);
    return result;
}

static bool nothing_of(size_t stage)
{
    struct run_result result;

    return !run_result(kit_last(kit), &kit_graph(kit)->stages[stage], 0, &result);
}

static const char *only_failure(void)
{
    const struct run_failure *failures;

    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 1);
    ck_assert(failures[0].fatal);
    return failures[0].message;
}

START_TEST(failing_task_leaves_the_results_of_the_others)
{
    const struct kit_stage stages[] = {
        {.name = "one", .plugin = &leaves, .args = TEXT("{\"rows\": 3}")},
        {.name = "two", .plugin = &fails},
        {.name = "three", .plugin = &leaves, .args = TEXT("\"x\"")},
    };
    struct run_result result;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i == 1), RUN_FAILED);

    result = result_of_worker(0, 0);
    ck_assert_int_eq(result.status, RUN_RESULT_OK);
    ck_assert_str_eq(result.json, "{\"rows\":3}");
    ck_assert_ptr_null(result.error);
    result = result_of_worker(1, 0);
    ck_assert_int_eq(result.status, RUN_RESULT_FAILED);
    ck_assert_str_eq(result.error, "the other half is lost");
    ck_assert_str_eq(result.json, "{\"half\":50}");
    ck_assert_str_eq(result_of_worker(2, 0).json, "\"x\"");
    ck_assert_str_eq(only_failure(), "the other half is lost");
}
END_TEST

START_TEST(task_runs_once_per_worker_and_names_become_a_mapping)
{
    const struct kit_stage stages[] = {{.name = "all", .plugin = &names, .workers = 5}};

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i == 1), RUN_DONE);

    for (unsigned w = 0; w < 5; w++) {
        char expected[64];

        (void)snprintf(expected, sizeof(expected), "{\"a\":%u,\"b\\\"\":[2]}", w + 10);
        ck_assert_str_eq(result_of_worker(0, w).json, expected);
    }
}
END_TEST

START_TEST(task_without_a_result_has_failed)
{
    const struct kit_stage stages[] = {
        {.name = "mute", .plugin = &silent},
        {.name = "one", .plugin = &leaves, .args = TEXT("1")}};

    ck_assert_int_eq(run_stages(stages, COUNT(stages), false), RUN_FAILED);

    ck_assert_str_eq(only_failure(),
                     "it ended without a result (null would be one, too)");
    ck_assert_int_eq(result_of_worker(0, 0).status, RUN_RESULT_FAILED);
    ck_assert_int_eq(result_of_worker(1, 0).status, RUN_RESULT_OK);
}
END_TEST

static const struct {
    const char *json, *message;
} bad[] = {
    {"{\"a\": ", "the result is no JSON: a value is missing at byte 7"},
    {"hello", "the result is no JSON: a value is missing at byte 1"},
    {"\"\xFF\"", "the result is no JSON: a byte that is not UTF-8 at byte 2"},
    {"", "the result is no JSON: a value is missing at byte 1"},
    {NULL, "the result is NULL: for nothing there is the text null"},
};

START_TEST(result_that_is_no_json_is_an_error_and_is_kept)
{
    const struct kit_stage stages[] = {
        {.name = "bad", .plugin = &leaves, .args = TEXT(bad[_i].json)},
        {.name = "one", .plugin = &leaves, .args = TEXT("1")},
    };
    struct run_result result;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), false), RUN_FAILED);

    ck_assert_str_eq(only_failure(), bad[_i].message);
    result = result_of_worker(0, 0);
    ck_assert_int_eq(result.status, RUN_RESULT_FAILED);
    ck_assert_str_eq(result.error, bad[_i].message);
    ck_assert_ptr_null(result.json);
    if (bad[_i].json) {
        ck_assert_uint_eq(result.raw_len, strlen(bad[_i].json));
        ck_assert_mem_eq(result.raw, bad[_i].json, result.raw_len);
    }
    ck_assert_str_eq(result_of_worker(1, 0).json, "1");
}
END_TEST

/* A text of so many bytes, as JSON. */
static char *long_json(size_t bytes)
{
    char *json = malloc(bytes + 1);

    ck_assert_ptr_nonnull(json);
    memset(json, 'x', bytes);
    json[0] = '"';
    json[bytes - 1] = '"';
    json[bytes] = '\0';
    return json;
}

START_TEST(results_of_a_worker_are_bounded)
{
    char *most = long_json(RESULT_BYTES_MAX);
    char *more = long_json((size_t)RESULT_BYTES_MAX + 1);
    const struct kit_stage stages[] = {
        {.name = "most", .plugin = &leaves, .args = TEXT(most)},
        {.name = "more", .plugin = &leaves, .args = TEXT(more)},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), false), RUN_FAILED);

    ck_assert_uint_eq(result_of_worker(0, 0).json_len, RESULT_BYTES_MAX);
    ck_assert_int_eq(result_of_worker(0, 0).status, RUN_RESULT_OK);
    ck_assert_str_eq(only_failure(), "the result is larger than 64 MiB");
    ck_assert_ptr_null(result_of_worker(1, 0).json);
    free(most);
    free(more);
}
END_TEST

static int leave_too_much(struct pph_ctx *ctx)
{
    const struct pph_host *host = ctx->host;
    char *half = long_json(RESULT_BYTES_MAX / 2 + 1);
    char name[300];

    ck_assert_int_eq(host->result(ctx, "a", half), PPH_OK);
    ck_assert_int_eq(host->result(ctx, "b", half), PPH_FAIL);
    ck_assert_int_eq(host->result(ctx, "a", "1"), PPH_OK); /* in place of the first */
    ck_assert_int_eq(host->result(ctx, "b", half), PPH_OK);
    ck_assert_int_eq(host->result(ctx, NULL, "1"), PPH_FAIL);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(host->result(ctx, name, "1"), PPH_FAIL);
    for (unsigned k = 2; k < RESULT_NAMES_MAX; k++) {
        (void)snprintf(name, sizeof(name), "n%u", k);
        ck_assert_int_eq(host->result(ctx, name, "1"), PPH_OK);
    }
    ck_assert_int_eq(host->result(ctx, "one more", "1"), PPH_FAIL);
    free(half);
    return PPH_END;
}

START_TEST(names_are_bounded_and_do_not_mix_with_a_value)
{
    const struct pph_plugin plugin = TASK(leave_too_much);
    const struct kit_stage stages[] = {{.name = "all", .plugin = &plugin}};
    const struct run_failure *failures;

    ck_assert_int_eq(run_stages(stages, COUNT(stages), false), RUN_FAILED);

    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 4);
    ck_assert_str_eq(failures[0].message,
                     "the result 'b' makes more than 64 MiB of this worker's results");
    ck_assert_str_eq(failures[1].message, "the result has company: one value without a "
                                          "name, or values with names");
    ck_assert_ptr_nonnull(
        strstr(failures[2].message, "has a name of more than 256 bytes"));
    ck_assert_str_eq(failures[3].message,
                     "the result 'one more' is one more than the 1,024 "
                     "that a worker may have");
    ck_assert_str_eq(result_of_worker(0, 0).error, failures[0].message);
}
END_TEST

static int leave_at_stop(struct pph_ctx *ctx)
{
    return ctx->host->result(ctx, NULL, "1");
}

START_TEST(result_outside_of_a_call_breaks_a_rule)
{
    struct pph_plugin plugin = leaves;
    const struct kit_stage stages[] = {
        {.name = "open", .plugin = &plugin, .args = TEXT("1")}};

    plugin.open = leave_at_stop;
    ck_assert_int_eq(run_stages(stages, COUNT(stages), false), RUN_FAILED);

    ck_assert_str_eq(only_failure(), "result() was called outside start, generate, each, "
                                     "batch, plan and flush");
    ck_assert_int_eq(result_of_worker(0, 0).status, RUN_RESULT_UNFINISHED);
}
END_TEST

static int give_up(struct pph_ctx *ctx)
{
    return ctx->host->fail(ctx, NULL, PPH_FATAL, "there is no database");
}

START_TEST(fatal_task_ends_the_run)
{
    const struct pph_plugin fatal = TASK(give_up);
    const struct kit_stage stages[] = {
        {.name = "one", .plugin = &fatal},
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(INT64_MAX - 1)},
        {.name = "end", .plugin = &collect},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), false), RUN_FAILED);

    ck_assert_str_eq(only_failure(), "there is no database");
    ck_assert_int_eq(result_of_worker(0, 0).status, RUN_RESULT_FAILED);
    ck_assert(nothing_of(1) && nothing_of(2));
}
END_TEST

START_TEST(results_are_read_from_the_port)
{
    const struct kit_stage stages[] = {
        {.name = "one", .plugin = &leaves, .args = TEXT("[1,\n 2]")},
        {.name = "two", .plugin = &fails},
        {.name = "three", .plugin = &names},
        {.name = "end", .plugin = &note, .from = "one.result two.result three.result"},
    };

    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i == 1), RUN_FAILED);

    ck_assert_uint_eq(strlen(seen), strlen("[1,2]|{\"a\":10,\"b\\\"\":[2]}|"));
    ck_assert_ptr_nonnull(strstr(seen, "[1,2]|"));
    ck_assert_ptr_nonnull(strstr(seen, "{\"a\":10,\"b\\\"\":[2]}|"));
    ck_assert_uint_eq(run_account(kit_last(kit))->read, 2);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 2);
}
END_TEST

static unsigned counts[4]; /* of the workers of `counter` */

/* Counts its items, and leaves the count; it has no flush. */
static int count_each(struct pph_ctx *ctx, struct pph_item *it)
{
    char json[32];

    (void)it;
    (void)snprintf(json, sizeof(json), "%u", ++counts[ctx->worker]);
    return ctx->host->result(ctx, NULL, json);
}

START_TEST(consumer_leaves_one_result_per_worker_at_its_end)
{
    const struct pph_plugin counter = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_CONSUMER,
                                       .flags = PPH_PARALLEL,
                                       .name = "counter",
                                       .each = count_each};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "count", .plugin = &counter, .workers = 4, .queue_items = 64},
        {.name = "end", .plugin = &note, .from = ".result", .queue_items = 1},
    };
    unsigned long sum = 0;
    unsigned long kept = 0;

    memset(counts, 0, sizeof(counts));
    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i == 1), RUN_DONE);

    for (const char *at = seen; *at; at = strchr(at, '|') + 1)
        sum += strtoul(at, NULL, 10);
    ck_assert_uint_eq(sum, 5000);
    for (unsigned w = 0; w < 4; w++) {
        struct run_result result;

        if (run_result(kit_last(kit), &kit_graph(kit)->stages[1], w, &result))
            kept += strtoul(result.json, NULL, 10);
    }
    ck_assert_uint_eq(kept, 5000);
}
END_TEST

static int note_once(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)note_each(ctx, it);
    return PPH_END;
}

START_TEST(reader_of_results_that_wants_no_more_stops_nobody)
{
    const struct pph_plugin counter = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_CONSUMER,
                                       .name = "counter",
                                       .each = count_each};
    struct pph_plugin once = note;
    const struct kit_stage stages[] = {
        {.name = "one", .plugin = &leaves, .args = TEXT("1"), .workers = 3},
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "count", .plugin = &counter, .queue_items = 64},
        {.name = "end", .plugin = &once, .from = ".result"},
    };

    once.each = note_once;
    memset(counts, 0, sizeof(counts));
    ck_assert_int_eq(run_stages(stages, COUNT(stages), _i == 1), RUN_DONE);

    for (unsigned w = 0; w < 3; w++)
        ck_assert_str_eq(result_of_worker(0, w).json, "1");
    ck_assert_ptr_eq(strchr(seen, '|'), seen + strlen(seen) - 1); /* one item */
    ck_assert_str_eq(result_of_worker(2, 0).json, "5000");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/results");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, failing_task_leaves_the_results_of_the_others, 0, 2);
    tcase_add_loop_test(tc, task_runs_once_per_worker_and_names_become_a_mapping, 0, 2);
    tcase_add_test(tc, task_without_a_result_has_failed);
    tcase_add_loop_test(tc, result_that_is_no_json_is_an_error_and_is_kept, 0,
                        (int)COUNT(bad));
#if !defined( \
    __SANITIZE_THREAD__) /* one thread reads 64 MiB: minutes there, for nothing */
    tcase_add_test(tc, results_of_a_worker_are_bounded);
    tcase_add_test(tc, names_are_bounded_and_do_not_mix_with_a_value);
#endif
    tcase_add_test(tc, result_outside_of_a_call_breaks_a_rule);
    tcase_add_test(tc, fatal_task_ends_the_run);
    tcase_add_loop_test(tc, results_are_read_from_the_port, 0, 2);
    tcase_add_loop_test(tc, consumer_leaves_one_result_per_worker_at_its_end, 0, 2);
    tcase_add_loop_test(tc, reader_of_results_that_wants_no_more_stops_nobody, 0, 2);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
