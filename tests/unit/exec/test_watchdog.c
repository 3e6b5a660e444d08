/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait on a thread of the pool are named, once per stage; calls that compute are not, nor those
 * that have given their thread's place away.  What a call waits for is told by the control thread: the
 * watchdog's line, or so many ticks.
 */
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "exec/stage.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define ONE(n)     ((struct pph_value[]){{.s = "", .i = (n)}})

enum { TICKS = 30, TICK_MS = 5 };

static struct kit *kit;
static sem_t named, ticked;
static _Atomic unsigned lines, ticks;
static char line[512];

static void setup(void)
{
    collected_reset();
    ck_assert_int_eq(sem_init(&named, 0, 0), 0);
    ck_assert_int_eq(sem_init(&ticked, 0, 0), 0);
    atomic_store(&lines, 0);
    atomic_store(&ticks, 0);
}

static void teardown(void)
{
    kit_free(kit);
    (void)sem_destroy(&named);
    (void)sem_destroy(&ticked);
}

static void on_log(void *arg, int level, const struct graph_stage *stage,
                   const char *message)
{
    (void)arg;
    (void)stage;
    if (level != 4 || !strstr(message, "R641"))
        return;
    strncpy(line, message, sizeof(line) - 1);
    atomic_fetch_add(&lines, 1);
    (void)sem_post(&named);
}

static void on_tick(void *arg, struct run *run)
{
    (void)arg;
    (void)run;
    if (atomic_fetch_add(&ticks, 1) % TICKS == TICKS - 1)
        (void)sem_post(&ticked);
}

/* The first item waits until it is named, the second one as long as that may take. */
static int wait_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    if (it->pos == 1)
        (void)sem_wait(&named);
    if (it->pos == 2)
        (void)sem_wait(&ticked);
    return PPH_OK;
}

static const struct pph_plugin wait_here = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "wait_here",
    .each = wait_each,
};

/* The first item takes its time, and uses all of it. */
static int compute_each(struct pph_ctx *ctx, struct pph_item *it)
{
    volatile uint64_t sum = 0;

    (void)ctx;
    while (it->pos == 1 && atomic_load(&ticks) < TICKS)
        sum = sum + 1;
    return PPH_OK;
}

static const struct pph_plugin compute = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "compute",
    .each = compute_each,
};

/* The first item waits, and says so. */
static int lend_each(struct pph_ctx *ctx, struct pph_item *it)
{
    if (it->pos == 1) {
        ctx->host->block_begin(ctx);
        (void)sem_wait(&ticked);
        ctx->host->block_end(ctx);
    }
    return PPH_OK;
}

static const struct pph_plugin lend = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "lend",
    .each = lend_each,
};

/* Its first call waits. */
static int wait_once_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    if (atomic_fetch_add(&collected.n, 1) == 0)
        (void)sem_wait(&ticked);
    return PPH_OK;
}

static const struct pph_plugin wait_own = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING,
    .name = "wait_own",
    .each = wait_once_each,
};

static void run_stages(const struct kit_stage *stages, size_t n)
{
    struct run_options options = {
        .log = on_log, .log_level = 4, .tick = on_tick, .tick_ms = TICK_MS};

    kit = kit_new(stages, n, 1);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
}

START_TEST(call_that_waits_is_named_once)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "end", .plugin = &wait_here},
    };

    run_stages(stages, COUNT(stages));
    ck_assert_uint_eq(atomic_load(&lines), 1);
    ck_assert_ptr_nonnull(
        strstr(line, "stall[R641]: stage 'end' has been in one call for "));
    ck_assert_ptr_nonnull(strstr(line, "should say PPH_BLOCKING, or put block_begin()"));
}
END_TEST

START_TEST(call_that_computes_is_not_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "end", .plugin = &compute},
    };

    run_stages(stages, COUNT(stages));
    ck_assert_msg(atomic_load(&lines) == 0, "%s", line);
}
END_TEST

START_TEST(call_that_says_that_it_waits_is_not_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "spin", .plugin = &compute, .from = "gen"},
        {.name = "end", .plugin = &lend, .from = "gen"},
    };

    run_stages(stages, COUNT(stages));
    ck_assert_msg(atomic_load(&lines) == 0, "%s", line);
}
END_TEST

START_TEST(emitter_that_waits_for_room_is_not_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(300)},
        {.name = "deaf", .plugin = &repeat_deaf, .from = "gen", .args = ONE(1000)},
        {.name = "spin", .plugin = &compute, .from = "gen"},
        {.name = "end", .plugin = &wait_own, .from = "deaf", .queue_items = 16},
    };

    run_stages(stages, COUNT(stages));
    ck_assert_msg(atomic_load(&lines) == 0, "%s", line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/watchdog");
    TCase *tc = tcase_create("calls");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, call_that_waits_is_named_once);
    tcase_add_test(tc, call_that_computes_is_not_named);
    tcase_add_test(tc, call_that_says_that_it_waits_is_not_named);
    tcase_add_test(tc, emitter_that_waits_for_room_is_not_named);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
