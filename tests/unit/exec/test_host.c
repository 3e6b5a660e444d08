/* SPDX-License-Identifier: MIT */
/* Unit tests of exec/host.h: what plugins are given, beside the way of items. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "exec/stages.h"
#include "support/graph_kit.h"

#undef fail /* a macro of Check that would hide host->fail */

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})

static struct kit *kit;
static char logged[4096];

static void setup(void)
{
    collected_reset();
    logged[0] = '\0';
}

static void teardown(void)
{
    kit_free(kit);
}

static void note_log(void *arg, int level, const struct graph_stage *stage,
                     const char *message)
{
    size_t used = strlen(logged);

    (void)arg;
    (void)snprintf(logged + used, sizeof(logged) - used, "%d %s: %s\n", level,
                   stage ? stage->name : "-", message);
}

/* Runs numbers -> `plugin`; log lines of warnings and worse are noted. */
static enum run_end run_consumer(const struct pph_plugin *plugin, const char *context)
{
    struct run_options options = {.log = note_log, .log_level = 4};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(3)},
        {.name = "end", .plugin = plugin},
    };

    kit = kit_new(stages, COUNT(stages), 2);
    if (context)
        kit_set_context(kit, context);
    return kit_run(kit, &options);
}

static int ask_context(struct pph_ctx *ctx)
{
    const struct pph_host *host = ctx->host;
    const char *user = host->context(ctx, "db.user");
    const char *ports = host->context(ctx, "db.ports");

    ck_assert_str_eq(user, "app");
    ck_assert_str_eq(ports, "[1,2]");
    ck_assert_ptr_null(host->context(ctx, "db.password"));
    ck_assert_ptr_null(host->context(ctx, "nothing.at.all"));
    ck_assert_ptr_null(host->ext(ctx, "timers/1"));
    ck_assert(host->log_enabled(ctx, 4));
    ck_assert(!host->log_enabled(ctx, 7));
    ck_assert_int_eq(host->stopping(ctx), 0);
    ck_assert_str_eq(ctx->stage, "end");
    ck_assert_uint_eq(ctx->workers, 1);
    return PPH_OK;
}

START_TEST(context_reaches_plugins_as_text_and_json)
{
    struct pph_plugin plugin = collect;

    plugin.open = ask_context;
    ck_assert_int_eq(run_consumer(&plugin, "db: {user: app, ports: [1, 2]}\n"), RUN_DONE);
}
END_TEST

/* Calls what this version does not have, for every item. */
static int call_missing(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    ck_assert_ptr_null(ctx->host->hold(ctx));
    ctx->host->drop(NULL);
    ctx->host->count(ctx, 0, 1.0);
    ck_assert_int_eq(ctx->host->mark(ctx, "x", 1), PPH_FAIL);
    return PPH_OK;
}

static size_t occurrences(const char *word)
{
    size_t n = 0;

    for (const char *at = strstr(logged, word); at; at = strstr(at + 1, word))
        n++;
    return n;
}

START_TEST(what_is_not_there_yet_fails_and_is_named_once)
{
    struct pph_plugin plugin = collect;

    plugin.batch = NULL;
    plugin.each = call_missing;
    ck_assert_int_eq(run_consumer(&plugin, NULL), RUN_DONE);

    ck_assert_msg(occurrences("host->hold") == 1, "%s", logged);
    ck_assert_msg(occurrences("host->count") == 1, "%s", logged);
    ck_assert_msg(occurrences("host->mark") == 1, "%s", logged);
}
END_TEST

static int say_something(struct pph_ctx *ctx)
{
    ctx->host->log(ctx, 4, "watch out");
    ctx->host->log(ctx, 7, "never shown");
    return PPH_OK;
}

START_TEST(log_lines_name_their_stage_and_obey_the_level)
{
    struct pph_plugin plugin = collect;

    plugin.start = say_something;
    ck_assert_int_eq(run_consumer(&plugin, NULL), RUN_DONE);

    ck_assert_str_eq(logged, "4 end: watch out\n");
}
END_TEST

static int generate_from_somewhere(struct pph_ctx *ctx)
{
    struct pph_item it = {.data = &it, .len = 8, .pos = 7};

    ctx->host->progress(ctx, 3, 10, PPH_ITEMS);
    ck_assert_int_eq(ctx->host->origin(ctx, "first.log"), PPH_OK);
    ck_assert_int_eq(ctx->host->emit(ctx, &it, 1), PPH_OK);
    ck_assert_int_eq(ctx->host->origin(ctx, "second.log"), PPH_OK);
    it.pos = 9;
    ck_assert_int_ge(ctx->host->emit(ctx, &it, 1), PPH_OK);
    return PPH_END;
}

static int fail_at_9(struct pph_ctx *ctx, struct pph_item *it)
{
    return it->pos == 9 ? ctx->host->fail(ctx, it, PPH_FAIL, "nine") : PPH_OK;
}

START_TEST(failures_name_the_origin_and_progress_is_shown)
{
    const struct pph_plugin from = {.size = sizeof(struct pph_plugin),
                                    .kind = PPH_GENERATOR,
                                    .name = "from",
                                    .pos_unit = "line",
                                    .generate = generate_from_somewhere};
    const struct pph_plugin nine = {.size = sizeof(struct pph_plugin),
                                    .kind = PPH_CONSUMER,
                                    .name = "nine",
                                    .each = fail_at_9};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &from},
        {.name = "end", .plugin = &nine, .on_error = ON_ERROR_SKIP},
    };
    struct run_stage_view stage_views[2];
    struct run_view view = {.stages = stage_views};
    const struct run_failure *failures;

    kit = kit_new(stages, COUNT(stages), 1);
    ck_assert_int_eq(kit_run(kit, NULL), RUN_DONE);
    ck_assert_uint_eq(run_failures(kit_last(kit), &failures), 1);
    ck_assert_str_eq(failures[0].origin, "second.log");
    ck_assert_uint_eq(failures[0].pos, 9);
    ck_assert_str_eq(failures[0].pos_unit, "line");
    run_view(kit_last(kit), &view);
    ck_assert_uint_eq(view.progress_done, 3);
    ck_assert_uint_eq(view.progress_total, 10);
    ck_assert_int_eq(view.progress_unit, PPH_ITEMS);
    ck_assert_uint_eq(stage_views[1].items_in, 2);
    ck_assert_uint_eq(stage_views[1].skipped, 1);
}
END_TEST

static _Atomic uint64_t idle_calls;

static int generate_idle(struct pph_ctx *ctx)
{
    (void)ctx;
    return atomic_fetch_add(&idle_calls, 1) == 5 ? PPH_END : PPH_IDLE;
}

START_TEST(idle_source_is_called_again)
{
    const struct pph_plugin idler = {.size = sizeof(struct pph_plugin),
                                     .kind = PPH_GENERATOR,
                                     .name = "idler",
                                     .generate = generate_idle};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &idler},
        {.name = "end", .plugin = &collect},
    };
    struct run_options options = {.single_thread = _i == 0};

    atomic_store(&idle_calls, 0);
    kit = kit_new(stages, COUNT(stages), 2);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&idle_calls), 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/host");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, context_reaches_plugins_as_text_and_json);
    tcase_add_test(tc, what_is_not_there_yet_fails_and_is_named_once);
    tcase_add_test(tc, log_lines_name_their_stage_and_obey_the_level);
    tcase_add_test(tc, failures_name_the_origin_and_progress_is_shown);
    tcase_add_loop_test(tc, idle_source_is_called_again, 0, 2);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
