/* SPDX-License-Identifier: MIT */
/* How items travel: in the batch they came in, in one that many calls fill, several batches at a time. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#undef fail /* Check's; the host has a function of that name */

#include "base/chaos.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})
#define ONE(n)     ((struct pph_value[]){{.s = "", .i = (n)}})

static const unsigned thread_counts[] = {1, 2, 8, 0 /* --inline */};

static struct kit *kit;
static _Atomic uint64_t consumer_calls;
static _Atomic uint64_t generated; /* the last number of one_by_one_blocking */

static void setup(void)
{
    collected_reset();
    atomic_store(&consumer_calls, 0);
    atomic_store(&generated, 0);
}

static void teardown(void)
{
    kit_free(kit);
    kit = NULL;
}

static void run_whole(const struct kit_stage *stages, size_t n, unsigned threads)
{
    struct run_options options = {.single_thread = threads == 0};

    kit = kit_new(stages, n, threads ? threads : 1);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    ck_assert(atomic_load(&collected.in_order));
}

static uint64_t number_of(const struct pph_item *it)
{
    uint64_t number;

    memcpy(&number, it->data, sizeof(number));
    return number;
}

/* By the number's rest: passes it on; drops it; emits it twice; passes on a copy; fails. */
static int each_mixed(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t number = number_of(it);
    struct pph_item two[2] = {*it, *it};
    void *copy;
    int rc;

    switch (number % 7) {
    case 1:
        return PPH_OK;
    case 2:
        rc = ctx->host->emit(ctx, two, 2);
        return rc < 0 ? rc : PPH_OK;
    case 3:
        copy = ctx->host->alloc(ctx, sizeof(number));
        if (!copy)
            return PPH_FATAL;
        memcpy(copy, &number, sizeof(number));
        it->data = copy;
        return PPH_FORWARD;
    case 4:
        return ctx->host->fail(ctx, it, PPH_FAIL, "four");
    default:
        return PPH_FORWARD;
    }
}

static const struct pph_plugin mixed = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "mixed",
    .each = each_mixed,
};

static int batch_swallow(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    (void)n;
    return PPH_OK;
}

static const struct pph_plugin swallow = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "swallow",
    .batch = batch_swallow,
};

/* What each_mixed lets through of 1 .. n, and the sum of it. */
static uint64_t mixed_of(uint64_t n, uint64_t *ret_sum)
{
    uint64_t count = 0;

    *ret_sum = 0;
    for (uint64_t k = 1; k <= n; k++) {
        uint64_t times = k % 7 == 1 || k % 7 == 4 ? 0 : k % 7 == 2 ? 2 : 1;

        count += times;
        *ret_sum += times * k;
    }
    return count;
}

enum { MANY = 20000 };

static void assert_mixed(void)
{
    const struct run_account *account = run_account(kit_last(kit));
    uint64_t sum;
    uint64_t n = mixed_of(MANY, &sum);

    ck_assert_uint_eq(atomic_load(&collected.n), n);
    ck_assert_uint_eq(atomic_load(&collected.sum), sum);
    ck_assert_uint_eq(account->read, MANY);
    ck_assert_uint_eq(account->delivered, n);
}

START_TEST(forwarded_emitted_and_failed_items_keep_their_order)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "mid", .plugin = &mixed, .workers = 3, .on_error = ON_ERROR_SKIP},
        {.name = "end", .plugin = &collect},
    };

    run_whole(stages, COUNT(stages), thread_counts[_i]);
    assert_mixed();
    ck_assert_uint_eq(run_account(kit_last(kit))->skipped, (MANY + 3) / 7);
}
END_TEST

START_TEST(dead_letters_between_forwarded_items_are_all_there)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "mid", .plugin = &mixed, .on_error = ON_ERROR_DEAD},
        {.name = "end", .plugin = &collect},
        {.name = "dead", .plugin = &swallow, .from = "mid.dead"},
    };

    run_whole(stages, COUNT(stages), thread_counts[_i]);
    assert_mixed();
    ck_assert_uint_eq(run_account(kit_last(kit))->dead, (MANY + 3) / 7);
}
END_TEST

/* Each reader of a port gets a batch of its own, which forwarding may change. */
START_TEST(readers_that_forward_do_not_disturb_each_other)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "few", .plugin = &divisible, .from = "gen", .args = ONE(10)},
        {.name = "all", .plugin = &forward_each, .from = "gen"},
        {.name = "none", .plugin = &swallow, .from = "few"},
        {.name = "end", .plugin = &collect, .from = "all"},
    };

    run_whole(stages, COUNT(stages), thread_counts[_i]);
    ck_assert_uint_eq(atomic_load(&collected.n), MANY);
    ck_assert_uint_eq(atomic_load(&collected.sum), (uint64_t)MANY * (MANY + 1) / 2);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, MANY + MANY / 10);
}
END_TEST

/* Emits its input, changes the array, and emits it again. */
static int batch_twice(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc = ctx->host->emit(ctx, items, n);

    for (size_t k = 0; k < n; k++)
        items[k].port = 1;
    if (rc >= 0)
        rc = ctx->host->emit(ctx, items, n);
    memset(items, 0xff, n * sizeof(*items)); /* the array is the plugin's to the end */
    return rc < 0 ? rc : PPH_OK;
}

static const struct pph_port second_port[] = {{.name = "second"}, {0}};

static const struct pph_plugin twice = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "twice",
    .ports = second_port,
    .batch = batch_twice,
};

START_TEST(input_array_is_the_plugins_also_after_it_was_emitted)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "mid", .plugin = &twice},
        {.name = "end", .plugin = &collect},
        {.name = "other", .plugin = &swallow, .from = "mid.second"},
    };

    run_whole(stages, COUNT(stages), thread_counts[_i]);
    ck_assert_uint_eq(atomic_load(&collected.n), MANY);
    ck_assert_uint_eq(atomic_load(&collected.sum), (uint64_t)MANY * (MANY + 1) / 2);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 2 * MANY);
}
END_TEST

/* The largest that a call of `measure` was given. */
static _Atomic uint64_t largest;

static int batch_measure(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    if (n > atomic_load(&largest))
        atomic_store(&largest, n);
    return PPH_OK;
}

static const struct pph_plugin measure = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "measure",
    .batch = batch_measure,
};

static void measure_with(unsigned threads, uint32_t items, uint32_t bytes)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "mid", .plugin = &forward_each},
        {.name = "copy", .plugin = &forward_batch, .from = "mid"},
        {.name = "end", .plugin = &collect, .from = "copy"},
        {.name = "batches",
         .plugin = &measure,
         .from = "copy",
         .batch_items = items,
         .batch_bytes = bytes},
        {.name = "direct",
         .plugin = &measure,
         .from = "mid",
         .batch_items = items,
         .batch_bytes = bytes},
    };

    atomic_store(&largest, 0);
    run_whole(stages, COUNT(stages), threads);
    ck_assert_uint_eq(atomic_load(&collected.n), MANY);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, 3 * MANY);
}

START_TEST(calls_get_no_more_items_than_the_stage_wants)
{
    measure_with(thread_counts[_i], 10, 0);
    ck_assert_uint_eq(atomic_load(&largest), 10);
}
END_TEST

START_TEST(calls_get_no_more_bytes_than_the_stage_wants)
{
    measure_with(thread_counts[_i], 0, 100);
    ck_assert_uint_eq(atomic_load(&largest),
                      13); /* of eight bytes: the last goes beyond */
}
END_TEST

/* --- one item per call ----------------------------------------------------------------------- */

static int generate_one(struct pph_ctx *ctx)
{
    uint64_t number = ++*(uint64_t *)ctx->local;
    struct pph_item it = {.data = &number, .len = sizeof(number), .pos = number};
    int rc = ctx->host->emit(ctx, &it, 1);

    if (rc < 0)
        return rc;
    return number == (uint64_t)ctx->args[0].i ? PPH_END : PPH_OK;
}

static int start_one(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(uint64_t));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static void stop_one(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static const struct pph_plugin one_by_one = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "one_by_one",
    .start = start_one,
    .generate = generate_one,
    .stop = stop_one,
};

static int batch_counting(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    atomic_fetch_add(&consumer_calls, 1);
    return collect_parallel.batch(ctx, items, n);
}

static const struct pph_plugin counting = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "counting",
    .batch = batch_counting,
};

START_TEST(calls_that_emit_little_fill_batches_together)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &one_by_one, .args = ONE(MANY)},
        {.name = "end", .plugin = &counting},
    };

    run_whole(stages, COUNT(stages), thread_counts[_i]);
    ck_assert_uint_eq(atomic_load(&collected.n), MANY);
    ck_assert_uint_eq(run_account(kit_last(kit))->delivered, MANY);
    ck_assert_uint_lt(atomic_load(&consumer_calls), MANY);
}
END_TEST

enum { LINE_FROM = 1, WAIT_FROM = 28, LINE_END = 50, WAIT_END = 300 };

static int generate_noted(struct pph_ctx *ctx)
{
    int rc = generate_one(ctx);

    atomic_store(&generated, *(uint64_t *)ctx->local);
    return rc;
}

static const struct pph_plugin one_by_one_blocking = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "one_by_one_blocking",
    .start = start_one,
    .generate = generate_noted,
    .stop = stop_one,
};

/*
 * Lets a line of batches build up, is quick with the first of them, and then waits at each number until
 * the consumer has every number before it.
 */
static int each_waits(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t number = number_of(it);

    while (number == LINE_FROM && atomic_load(&generated) < LINE_END &&
           !ctx->host->stopping(ctx))
        (void)sched_yield();
    while (number > WAIT_FROM && atomic_load(&collected.n) + 1 < number &&
           !ctx->host->stopping(ctx))
        (void)sched_yield();
    return PPH_FORWARD;
}

static const struct pph_plugin waits = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_BLOCKING,
    .name = "waits",
    .each = each_waits,
};

START_TEST(stage_that_may_wait_sends_what_it_has_first)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &one_by_one_blocking, .args = ONE(WAIT_END)},
        {.name = "mid", .plugin = &waits},
        {.name = "end", .plugin = &collect},
    };

    chaos_never(CHAOS_FULL); /* `mid` waits in a call for what `gen` sends */
    run_whole(stages, COUNT(stages), 2);
    ck_assert_uint_eq(atomic_load(&collected.n), WAIT_END);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/batches");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int n = (int)COUNT(thread_counts);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, forwarded_emitted_and_failed_items_keep_their_order, 0, n);
    tcase_add_loop_test(tc, dead_letters_between_forwarded_items_are_all_there, 0, n);
    tcase_add_loop_test(tc, readers_that_forward_do_not_disturb_each_other, 0, n);
    tcase_add_loop_test(tc, input_array_is_the_plugins_also_after_it_was_emitted, 0, n);
    tcase_add_loop_test(tc, calls_get_no_more_items_than_the_stage_wants, 0,
                        COUNT(thread_counts));
    tcase_add_loop_test(tc, calls_get_no_more_bytes_than_the_stage_wants, 0,
                        COUNT(thread_counts));
    tcase_add_loop_test(tc, calls_that_emit_little_fill_batches_together, 0, n);
    tcase_add_test(tc, stage_that_may_wait_sends_what_it_has_first);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
