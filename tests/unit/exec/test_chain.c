/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom: each way to wait is named.  The last stage of each run stays in its call until the
 * words it waits for are said of the run, so no time is involved.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/chaos.h"
#include "base/clock.h"
#include "exec/chain.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define ONE(n)     ((struct pph_value[]){{.s = "", .i = (n)}})

enum { WORDS_MAX = 3, PATIENCE_S = 20 };

static struct kit *kit;
static const char *wanted[WORDS_MAX];
static struct text said; /* the last look */
static _Atomic bool done;

static void setup(void)
{
    chaos_never(
        CHAOS_FULL); /* what is said of a queue is true only if the queue says so */
    collected_reset();
    memset(wanted, 0, sizeof(wanted));
    atomic_store(&done, false);
}

static void teardown(void)
{
    kit_free(kit);
    text_fini(&said);
}

static bool all_is_said(struct run *run)
{
    text_fini(&said);
    chain_describe(run, &said);
    for (size_t k = 0; k < WORDS_MAX && wanted[k]; k++) {
        if (!strstr(text_get(&said), wanted[k]))
            return false;
    }
    return true;
}

/* Takes its first batch when all is said. */
static int listen_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    uint64_t until = clock_now_ns() + PATIENCE_S * (uint64_t)NS_PER_S;

    (void)items;
    while (!atomic_load(&done) && clock_now_ns() < until) {
        if (all_is_said(instance_of(ctx)->stage->run))
            atomic_store(&done, true);
        (void)sched_yield();
    }
    atomic_fetch_add(&collected.n, n);
    return atomic_load(&done) ? PPH_OK : PPH_FATAL;
}

static const struct pph_plugin listen_own = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING,
    .name = "listen_own",
    .batch = listen_batch,
};

static const struct pph_plugin listen_pool = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "listen_pool",
    .batch = listen_batch,
};

/* Has nothing to give until the end. */
static int idle_generate(struct pph_ctx *ctx)
{
    (void)ctx;
    return atomic_load(&done) ? PPH_END : PPH_IDLE;
}

static const struct pph_plugin idle_source = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "idle_source",
    .generate = idle_generate,
};

/* Each batch of one has a call of its own: it may wait. */
static int ones_generate(struct pph_ctx *ctx)
{
    uint64_t *left = ctx->local;
    uint64_t zero = 0;
    struct pph_item it = {.data = &zero, .len = sizeof(zero)};

    if (*left == 0)
        return PPH_END;
    --*left;
    return ctx->host->emit(ctx, &it, 1) == PPH_STOP ? PPH_STOP : PPH_OK;
}

static int ones_start(struct pph_ctx *ctx)
{
    uint64_t *left = malloc(sizeof(*left));

    ctx->local = left;
    if (!left)
        return PPH_FATAL;
    *left = (uint64_t)ctx->args[0].i;
    return PPH_OK;
}

static void ones_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static const struct pph_plugin ones = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "ones",
    .start = ones_start,
    .generate = ones_generate,
    .stop = ones_stop,
};

/* Under the source's lock: then it has looked at the figures, too, and sleeps. */
static bool forgets(struct run *run)
{
    struct stage *source = &run->stages[run->n_stages - 1];
    bool waits;

    mutex_lock(&source->lock);
    waits = atomic_exchange(&run->budget.waiting[0], 0) != 0;
    mutex_unlock(&source->lock);
    return waits;
}

/* Makes the host forget that the source waits for the budget, once it does. */
static int forget_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct run *run = instance_of(ctx)->stage->run;

    (void)items;
    (void)n;
    while (!atomic_exchange(&done, forgets(run)))
        (void)sched_yield();
    return PPH_OK;
}

static const struct pph_plugin forget = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING,
    .name = "forget",
    .batch = forget_batch,
};

/* The first item of all stays; each other one becomes a thousand, deaf to PPH_MORE. */
static int first_stays_each(struct pph_ctx *ctx, struct pph_item *it)
{
    if (it->pos == 1)
        return listen_batch(ctx, it, 1);
    return repeat_deaf.each(ctx, it);
}

static const struct pph_plugin first_stays = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "first_stays",
    .each = first_stays_each,
};

static void assert_said(const struct kit_stage *stages, size_t n, unsigned threads,
                        uint64_t memory_bytes, uint64_t max_in_flight)
{
    kit = kit_new(stages, n, threads);
    kit_set_budget(kit, memory_bytes, max_in_flight);
    ck_assert_msg(kit_run(kit, NULL) == RUN_DONE, "%s", text_get(&said));
}

START_TEST(full_queues_lead_to_the_call_that_lasts)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "mid", .plugin = &forward_batch, .queue_items = 64},
        {.name = "end", .plugin = &listen_own, .queue_items = 64},
    };

    wanted[0] =
        "gen waits for room in mid (64 of 64 items); "
        "mid waits for room in end (64 of 64 items); end has been in one call for ";
    assert_said(stages, COUNT(stages), 2, 0, 0);
}
END_TEST

START_TEST(thread_of_a_source_that_waits_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &ones, .args = ONE(100)},
        {.name = "end", .plugin = &listen_own, .queue_items = 8},
    };

    wanted[0] = "gen waits for room in end (";
    wanted[1] = "; end has been in one call for ";
    assert_said(stages, COUNT(stages), 1, 0, 0);
}
END_TEST

START_TEST(emitter_that_waits_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(300)},
        {.name = "deaf", .plugin = &repeat_deaf, .args = ONE(1000)},
        {.name = "end", .plugin = &listen_own, .queue_items = 16},
    };

    wanted[0] = "deaf waits in emit for room in end (16 of 16 items); end has been in ";
    assert_said(stages, COUNT(stages), 1, 0, 0);
}
END_TEST

START_TEST(emitter_that_waits_for_its_turn_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(300)},
        {.name = "deaf",
         .plugin = &first_stays,
         .workers = 2,
         .args = ONE(1000),
         .queue_items = 4},
        {.name = "end", .plugin = &collect, .queue_items = 16},
    };

    wanted[0] = "deaf waits in emit until its oldest call is over (order: keep); "
                "deaf has been in one call for ";
    assert_said(stages, COUNT(stages), 3, 0, 0);
}
END_TEST

START_TEST(source_held_back_by_batches_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "end", .plugin = &listen_own},
    };

    wanted[0] =
        "gen is held back by max_in_flight (1 of 1 batches are under way); end has ";
    assert_said(stages, COUNT(stages), 1, 0, 1);
}
END_TEST

START_TEST(source_held_back_by_memory_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000)},
        {.name = "end", .plugin = &listen_own},
    };

    wanted[0] = "gen is held back by memory (";
    wanted[1] = " of 4 KiB are in use); end has been in one call for ";
    assert_said(stages, COUNT(stages), 1, 4096, 0);
}
END_TEST

START_TEST(stage_that_waits_for_a_thread_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "end", .plugin = &listen_pool},
    };

    wanted[0] = "gen waits for a thread; end has been in one call for ";
    assert_said(stages, COUNT(stages), 1, 0, 0);
}
END_TEST

START_TEST(source_that_has_nothing_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "idle", .plugin = &idle_source},
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1)},
        {.name = "end", .plugin = &listen_own, .from = "idle gen"},
    };

    wanted[0] = "idle has nothing to give now";
    assert_said(stages, COUNT(stages), 1, 0, 0);
}
END_TEST

START_TEST(stage_that_waits_for_a_place_of_its_limit_is_named)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "mid", .plugin = &forward_batch, .limit = 1, .limit_calls = 1},
        {.name = "end", .plugin = &listen_pool, .limit = 1, .limit_calls = 1},
    };

    wanted[0] = "mid is held back by limit 'one' (1 of 1 calls run); end has been in one";
    assert_said(stages, COUNT(stages), 2, 0, 0);
}
END_TEST

START_TEST(emitter_that_waits_for_a_place_of_its_limit_is_named)
{
    /* What `end` has taken makes room for `deaf`, which has no place as long as that call lasts. */
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(300)},
        {.name = "deaf",
         .plugin = &repeat_deaf,
         .args = ONE(1000),
         .limit = 1,
         .limit_calls = 1},
        {.name = "end",
         .plugin = &listen_own,
         .queue_items = 16,
         .limit = 1,
         .limit_calls = 1},
    };

    wanted[0] =
        "deaf waits in emit until it may go on, by limit 'one' (1 of 1 calls run); "
        "end has been in one call";
    assert_said(stages, COUNT(stages), 1, 0, 0);
}
END_TEST

START_TEST(run_that_cannot_go_on_is_ended_and_says_why)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &ones, .args = ONE(10)},
        {.name = "end", .plugin = &forget},
    };

    chaos_never(
        CHAOS_WAKE); /* a thread that wakes for no reason would find what was forgotten */
    kit = kit_new(stages, COUNT(stages), 1);
    kit_set_budget(kit, 0, 1);
    ck_assert_int_eq(kit_run(kit, NULL), RUN_STALLED);
    ck_assert_ptr_nonnull(
        strstr(run_bug_report(kit_last(kit)),
               "gen waits for nothing that is known\n  end: 0 running"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/chain");
    TCase *tc = tcase_create("shapes");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 3 * PATIENCE_S);
    tcase_add_test(tc, full_queues_lead_to_the_call_that_lasts);
    tcase_add_test(tc, thread_of_a_source_that_waits_is_named);
    tcase_add_test(tc, emitter_that_waits_is_named);
    tcase_add_test(tc, emitter_that_waits_for_its_turn_is_named);
    tcase_add_test(tc, source_held_back_by_batches_is_named);
    tcase_add_test(tc, source_held_back_by_memory_is_named);
    tcase_add_test(tc, stage_that_waits_for_a_thread_is_named);
    tcase_add_test(tc, source_that_has_nothing_is_named);
    tcase_add_test(tc, stage_that_waits_for_a_place_of_its_limit_is_named);
    tcase_add_test(tc, emitter_that_waits_for_a_place_of_its_limit_is_named);
    tcase_add_test(tc, run_that_cannot_go_on_is_ended_and_says_why);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
