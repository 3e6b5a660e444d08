/* SPDX-License-Identifier: MIT */
/*
 * What holds sources back: `memory:` and `max_in_flight:`.  The bounds hold, and no budget is so small that a run
 * does not end by itself.  Each test runs with several numbers of threads (the loop index).
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/chaos.h"
#include "exec/budget.h"
#include "exec/stages.h"
#include "flow/chunk.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define DEAF_NUMBERS(n) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = "", .i = 1}})
#define ONE(n)    ((struct pph_value[]){{.s = "", .i = (n)}})
#define TWO(a, b) ((struct pph_value[]){{.s = "", .i = (a)}, {.s = "", .i = (b)}})

enum { MIB = 1 << 20 };

static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;

/* What the stages below have met. */
static struct seen {
    _Atomic uint64_t calls;     /* of tick's generate */
    _Atomic uint64_t in_flight; /* most at one time */
    _Atomic uint64_t used;      /* most bytes at one time */
    _Atomic bool held_back;     /* a source was */
    _Atomic bool over;          /* all of the other source has arrived */
    _Atomic uint64_t healed;    /* warnings that a source was forgotten */
} seen;

static void setup(void)
{
    chaos_never(CHAOS_FULL); /* `end` waits in a call for what a budget lets in */
    collected_reset();
    seen = (struct seen){0};
}

static void teardown(void)
{
    if (kit)
        kit_free(kit);
    kit = NULL;
}

static void raise_to(_Atomic uint64_t *most, uint64_t now)
{
    uint64_t before = atomic_load(most);

    while (before < now && !atomic_compare_exchange_weak(most, &before, now))
        continue;
}

static void note(struct pph_ctx *ctx)
{
    const struct run *run = instance_of(ctx)->stage->run;
    uint64_t made =
        atomic_load(&run->roots.made); /* first: so never more than there were */
    uint64_t done = atomic_load(&run->roots.done);

    raise_to(&seen.in_flight, made > done ? made - done : 0);
    raise_to(&seen.used, chunk_pool_used(run->pool));
}

/* Any number of workers make args[0] items of args[1] bytes, one per call. */
static int tick_generate(struct pph_ctx *ctx)
{
    struct pph_item it = {.len = (uint32_t)ctx->args[1].i};
    uint64_t number = atomic_fetch_add(&seen.calls, 1);

    note(ctx);
    if (number >= (uint64_t)ctx->args[0].i)
        return PPH_END;
    it.data = ctx->host->alloc(ctx, it.len);
    if (!it.data)
        return PPH_FATAL;
    memset(it.data, 0, sizeof(uint64_t));
    return ctx->host->emit(ctx, &it, 1) == PPH_STOP ? PPH_STOP : PPH_OK;
}

/* That it may be unblocked says that it may wait: then each call makes a batch of its own. */
static void tick_cancel(struct pph_ctx *ctx)
{
    (void)ctx;
}

static const struct pph_plugin tick = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL,
    .name = "tick",
    .generate = tick_generate,
    .cancel = tick_cancel,
};

/* Counts; but first it waits until a source is held back, or has been called args[0] times, so that what may pile up
 * has piled up. */
static int patient_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    const struct run *run = instance_of(ctx)->stage->run;

    while (!atomic_load(&seen.held_back) && !run->options.single_thread &&
           atomic_load(&seen.calls) < (uint64_t)ctx->args[0].i) {
        if (budget_is_awaited(run))
            atomic_store(&seen.held_back, true);
        (void)sched_yield();
    }
    note(ctx);
    return collect_parallel.batch(ctx, items, n);
}

static const struct pph_plugin patient = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING,
    .name = "patient",
    .batch = patient_batch,
};

/* One item per emit, until there is no more room or no more budget: args[0] of them. */
static int chatty_generate(struct pph_ctx *ctx)
{
    uint64_t zero = 0;
    struct pph_item it = {.data = &zero, .len = sizeof(zero)};
    int rc = PPH_OK;

    note(ctx);
    while (rc == PPH_OK && atomic_load(&seen.calls) < (uint64_t)ctx->args[0].i) {
        atomic_fetch_add(&seen.calls, 1);
        rc = ctx->host->emit(ctx, &it, 1);
        note(ctx);
    }
    if (rc < 0)
        return rc;
    return atomic_load(&seen.calls) < (uint64_t)ctx->args[0].i ? PPH_MORE : PPH_END;
}

static const struct pph_plugin chatty = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "chatty",
    .generate = chatty_generate,
};

/* Says nothing until all of the other source has arrived. */
static int mute_generate(struct pph_ctx *ctx)
{
    while (!atomic_load(&seen.over) && !ctx->host->stopping(ctx))
        (void)sched_yield();
    return PPH_END;
}

static const struct pph_plugin mute = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "mute",
    .generate = mute_generate,
};

/* Counts, and says when there were args[0]. */
static int tell_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc = collect_parallel.batch(ctx, items, n);

    if (atomic_load(&collected.n) == (uint64_t)ctx->args[0].i)
        atomic_store(&seen.over, true);
    return rc;
}

static const struct pph_plugin tell = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "tell",
    .batch = tell_batch,
};

/* Asks for all of the budget, and for one byte more. */
static int greedy_generate(struct pph_ctx *ctx)
{
    size_t budget = (size_t)ctx->args[0].i;

    if (ctx->host->alloc(ctx, budget + 1) || !ctx->host->alloc(ctx, budget))
        return PPH_FATAL;
    return PPH_END;
}

static const struct pph_plugin greedy = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "greedy",
    .generate = greedy_generate,
};

static void on_log(void *arg, int level, const struct graph_stage *stage,
                   const char *message)
{
    (void)arg;
    (void)stage;
    if (level <= 4 && strstr(message, "R642"))
        atomic_fetch_add(&seen.healed, 1);
}

/* Runs the stages on thread_counts[which] threads, to their end, which no source delays by being forgotten. */
static void run_within(const struct kit_stage *stages, size_t n, int which,
                       uint64_t memory_bytes, uint64_t max_in_flight)
{
    unsigned threads = thread_counts[which];
    struct run_options options = {
        .single_thread = threads == 0, .log = on_log, .log_level = 4};

    kit = kit_new(stages, n, threads ? threads : 1);
    kit_set_budget(kit, memory_bytes, max_in_flight);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.healed), 0);
}

static uint64_t sum_to(uint64_t n)
{
    return n * (n + 1) / 2;
}

START_TEST(no_more_batches_than_asked_are_under_way)
{
    static const uint64_t bounds[] = {1, 2, 7};

    for (size_t k = 0; k < COUNT(bounds); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &tick, .args = TWO(500, 8)},
            {.name = "mid", .plugin = &forward_each, .workers = 3},
            {.name = "end", .plugin = &patient, .args = ONE(100)},
        };

        setup();
        run_within(stages, COUNT(stages), _i, 0, bounds[k]);
        ck_assert_uint_eq(atomic_load(&collected.n), 500);
        ck_assert_uint_le(atomic_load(&seen.in_flight), bounds[k]);
        ck_assert(atomic_load(&seen.held_back) || thread_counts[_i] == 0);
        teardown();
    }
}
END_TEST

/* A worker that the system lets wait in the middle of its call does not keep the others waiting. */
START_TEST(workers_of_a_source_share_the_bound)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &tick,
         .workers = 4,
         .order = ORDER_ANY,
         .args = TWO(500, 8)},
        {.name = "end", .plugin = &patient, .args = ONE(40)},
    };

    run_within(stages, COUNT(stages), _i, 0, 2);
    ck_assert_uint_eq(atomic_load(&collected.n), 500);
    ck_assert_uint_le(atomic_load(&seen.in_flight), 2 + 3);
}
END_TEST

START_TEST(source_that_heeds_more_stays_within_the_bound_inside_its_call)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &chatty, .args = ONE(50000)},
        {.name = "mid", .plugin = &forward_batch, .workers = 2},
        {.name = "end", .plugin = &patient, .args = ONE(20000)},
    };

    run_within(stages, COUNT(stages), _i, 0, 3);
    ck_assert_uint_eq(atomic_load(&collected.n), 50000);
    ck_assert_uint_le(atomic_load(&seen.in_flight), 3);
}
END_TEST

START_TEST(memory_stays_within_the_budget_and_one_call_per_worker)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &tick,
         .workers = 4,
         .order = ORDER_ANY,
         .args = TWO(300, MIB)},
        {.name = "a", .plugin = &forward_batch},
        {.name = "b", .plugin = &forward_batch},
        {.name = "c", .plugin = &forward_batch},
        {.name = "d", .plugin = &forward_batch},
        {.name = "end", .plugin = &patient, .args = ONE(20)},
    };

    run_within(stages, COUNT(stages), _i, 8 * MIB, 0);
    ck_assert_uint_eq(atomic_load(&collected.n), 300);
    ck_assert_uint_le(atomic_load(&seen.used), 8 * MIB + 4 * (MIB + MIB / 16) + MIB);
    ck_assert(atomic_load(&seen.held_back) || thread_counts[_i] == 0);
}
END_TEST

/* All that a graph can have, under budgets that let no batch through but by exception. */
START_TEST(no_budget_is_too_small_to_run_with)
{
    static const uint64_t budgets[][2] = {{4096, 0}, {0, 1}, {4096, 1}, {MIB / 2, 3}};

    for (size_t k = 0; k < COUNT(budgets); k++) {
        const struct kit_stage stages[] = {
            {.name = "a", .plugin = &numbers, .args = NUMBERS(3000)},
            {.name = "b",
             .plugin = &planned_numbers,
             .workers = 4,
             .args = NUMBERS(3000)},
            {.name = "c", .plugin = &numbers, .args = DEAF_NUMBERS(3000)},
            {.name = "many",
             .plugin = &repeat,
             .workers = 3,
             .from = "a",
             .args = ONE(3)},
            {.name = "deaf",
             .plugin = &repeat_deaf,
             .workers = 2,
             .from = "b",
             .args = ONE(3)},
            {.name = "x", .plugin = &forward_each, .workers = 3, .from = "many c"},
            {.name = "y",
             .plugin = &forward_items,
             .workers = 2,
             .from = "deaf c",
             .queue_items = 8},
            {.name = "own", .plugin = &collect_blocking, .workers = 2, .from = "x y"},
            {.name = "sum", .plugin = &sum_up, .workers = 2, .from = "x"},
            {.name = "total", .plugin = &collect_parallel, .from = "sum"},
        };

        setup();
        run_within(stages, COUNT(stages), _i, budgets[k][0], budgets[k][1]);
        ck_assert_uint_eq(atomic_load(&collected.n), 9000 + 9000 + 3000 + 3000 + 2);
        ck_assert_uint_eq(atomic_load(&collected.sum),
                          (3 + 3 + 1 + 1 + 3 + 1) * sum_to(3000));
        teardown();
    }
}
END_TEST

START_TEST(source_that_waits_does_not_keep_the_others_waiting)
{
    const struct kit_stage stages[] = {
        {.name = "mute", .plugin = &mute},
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(20000)},
        {.name = "end", .plugin = &tell, .from = "mute gen", .args = ONE(20000)},
    };

    if (thread_counts[_i] == 0)
        return; /* the one thread would wait in mute */
    run_within(stages, COUNT(stages), _i, 0, 1);
    ck_assert_uint_eq(atomic_load(&collected.sum), sum_to(20000));
}
END_TEST

START_TEST(end_of_a_reader_ends_a_source_that_is_held_back)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(INT64_MAX - 1)},
        {.name = "mid", .plugin = &forward_each, .workers = 2},
        {.name = "end", .plugin = &take, .args = ONE(3000)},
    };

    run_within(stages, COUNT(stages), _i, 4096, 1);
    ck_assert_uint_eq(atomic_load(&collected.n), 3000);
}
END_TEST

START_TEST(alloc_gives_no_more_than_the_budget)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &greedy, .args = ONE(3 * MIB)},
        {.name = "end", .plugin = &collect},
    };

    run_within(stages, COUNT(stages), _i, 3 * MIB, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/budget");
    TCase *tc = tcase_create("budgets");
    int n = COUNT(thread_counts);
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_loop_test(tc, no_more_batches_than_asked_are_under_way, 0, n);
    tcase_add_loop_test(tc, workers_of_a_source_share_the_bound, 0, n);
    tcase_add_loop_test(tc, source_that_heeds_more_stays_within_the_bound_inside_its_call,
                        0, n);
    tcase_add_loop_test(tc, memory_stays_within_the_budget_and_one_call_per_worker, 0, n);
    tcase_add_loop_test(tc, no_budget_is_too_small_to_run_with, 0, n);
    tcase_add_loop_test(tc, source_that_waits_does_not_keep_the_others_waiting, 0, n);
    tcase_add_loop_test(tc, end_of_a_reader_ends_a_source_that_is_held_back, 0, n);
    tcase_add_loop_test(tc, alloc_gives_no_more_than_the_budget, 0, n);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
