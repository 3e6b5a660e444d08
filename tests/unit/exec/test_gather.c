/* SPDX-License-Identifier: MIT */
/*
 * `batch: {wait: ...}`: a call gets as much as the stage asks for, and waits for no more than may come.  The time to wait
 * is an hour where it must not matter: then a run that waited for it would not end.  Each test runs with several numbers
 * of threads (the loop index).
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/chaos.h"
#include "base/clock.h"
#include "exec/stage.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n, once) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = "", .i = (once)}, {.s = ""}})
#define ONE(n) ((struct pph_value[]){{.s = "", .i = (n)}})

enum { CALLS_MAX = 4096 };

/* What `slow` does when it has emitted all. */
enum { WAITS, DRAINS, ENDS };

static const uint64_t hour = UINT64_C(3600) * NS_PER_S;
static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;

/* What `sizes` was given, call by call, and when it had its first call. */
static struct {
    _Atomic uint32_t n;
    uint32_t sizes[CALLS_MAX];
    _Atomic uint64_t first_ns, emitted_ns;
    _Atomic unsigned calls;
} seen;

static void setup(void)
{
    chaos_never(CHAOS_FULL);
    collected_reset();
    memset(&seen, 0, sizeof(seen));
}

static void teardown(void)
{
    if (kit)
        kit_free(kit);
    kit = NULL;
}

static int sizes_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    uint32_t call = atomic_fetch_add(&seen.n, 1);

    if (call == 0)
        atomic_store(&seen.first_ns, clock_now_ns());
    ck_assert_uint_lt(call, CALLS_MAX);
    seen.sizes[call] = (uint32_t)n;
    return collect.batch(ctx, items, n);
}

static const struct pph_plugin sizes = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "sizes",
    .batch = sizes_batch,
};

/* Emits args[0] items, one in each call; then it ends, or waits until they have come, for which it may ask for a drain. */
static int slow_generate(struct pph_ctx *ctx)
{
    uint64_t number = atomic_fetch_add(&seen.calls, 1) + 1;
    struct pph_item it = {.data = &number, .len = sizeof(number), .pos = number};

    if (number <= (uint64_t)ctx->args[0].i) {
        if (number == 1)
            atomic_store(&seen.emitted_ns, clock_now_ns());
        return ctx->host->emit(ctx, &it, 1) == PPH_STOP ? PPH_STOP : PPH_OK;
    }
    if (ctx->args[1].i == ENDS)
        return PPH_END;
    if (ctx->args[1].i == DRAINS && number == (uint64_t)ctx->args[0].i + 1)
        (void)run_signal(instance_of(ctx)->stage->run);
    return atomic_load(&collected.n) == (uint64_t)ctx->args[0].i ? PPH_END : PPH_IDLE;
}

/* It may wait inside a call, so each of them makes a batch of its own. */
static void slow_cancel(struct pph_ctx *ctx)
{
    (void)ctx;
}

static const struct pph_plugin slow = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "slow",
    .generate = slow_generate,
    .cancel = slow_cancel,
};

#define SLOW(n, drains) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = "", .i = (drains)}})

static void run_on(const struct kit_stage *stages, size_t n, int which,
                   uint64_t in_flight, enum run_end end)
{
    unsigned threads = thread_counts[which];
    struct run_options options = {.single_thread = threads == 0};

    kit = kit_new(stages, n, threads ? threads : 1);
    if (in_flight > 0)
        kit_set_budget(kit, 0, in_flight);
    ck_assert_int_eq(kit_run(kit, &options), end);
}

/* Also more than any batch between two stages can hold, and what comes one by one. */
START_TEST(each_call_but_the_last_has_what_the_stage_asks_for)
{
    static const struct {
        unsigned items, of, once;
    } cases[] = {{700, 10000, 64}, {5000, 20001, 64}, {3, 100, 64}, {50, 170, 1}};

    for (size_t k = 0; k < COUNT(cases); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen",
             .plugin = &numbers,
             .args = NUMBERS(cases[k].of, cases[k].once)},
            {.name = "end",
             .plugin = &sizes,
             .queue_items = 3 * cases[k].items + 100,
             .batch_items = cases[k].items,
             .batch_wait_ns = hour},
        };
        uint32_t calls = (cases[k].of + cases[k].items - 1) / cases[k].items;

        setup();
        run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), cases[k].of);
        ck_assert(atomic_load(&collected.in_order));
        ck_assert_uint_eq(atomic_load(&seen.n), calls);
        for (uint32_t c = 0; c + 1 < calls; c++)
            ck_assert_uint_eq(seen.sizes[c], cases[k].items);
        teardown();
    }
}
END_TEST

enum { LARGE = 64 << 10 };

/* Items that each begin with the address at which they lie. */
static int addresses_generate(struct pph_ctx *ctx)
{
    void *data = ctx->host->alloc(ctx, LARGE);
    struct pph_item it = {.data = data, .len = LARGE};
    int rc;

    if (!data)
        return PPH_FATAL;
    memcpy(data, &data, sizeof(data));
    rc = ctx->host->emit(ctx, &it, 1);
    if (rc < 0)
        return rc;
    return atomic_fetch_add(&seen.calls, 1) + 1 == (unsigned)ctx->args[0].i ? PPH_END
                                                                            : PPH_OK;
}

static int addresses_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        ck_assert_uint_eq(items[k].len, LARGE);
        ck_assert(memcmp(items[k].data, &items[k].data, sizeof(items[k].data)) == 0);
    }
    return collect.batch(ctx, items, n);
}

static const struct pph_plugin addresses_source = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "addresses",
    .generate = addresses_generate,
};

static const struct pph_plugin addresses_sink = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "addresses_sink",
    .batch = addresses_batch,
};

START_TEST(large_payload_that_was_gathered_goes_on_without_a_copy)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &addresses_source, .args = ONE(95)},
        {.name = "mid",
         .plugin = &forward_batch,
         .workers = 2,
         .batch_items = 10,
         .batch_wait_ns = hour},
        {.name = "end", .plugin = &addresses_sink},
    };

    run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 95);
}
END_TEST

/* Each item has eight bytes: the ninth one reaches the 65. */
START_TEST(bytes_are_gathered_up_to_the_item_that_reaches_them)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(100, 7)},
        {.name = "end", .plugin = &sizes, .batch_bytes = 65, .batch_wait_ns = hour},
    };

    run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
    ck_assert_uint_eq(atomic_load(&seen.n), 12);
    for (uint32_t c = 0; c < 11; c++)
        ck_assert_uint_eq(seen.sizes[c], 9);
    ck_assert_uint_eq(seen.sizes[11], 1);
}
END_TEST

START_TEST(what_has_come_goes_out_when_the_oldest_has_waited_long_enough)
{
    const uint64_t wait = 20 * NS_PER_MS;
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &slow, .args = SLOW(3, WAITS)},
        {.name = "end", .plugin = &sizes, .batch_items = 1000, .batch_wait_ns = wait},
    };

    run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 3);
    ck_assert_uint_ge(atomic_load(&seen.first_ns) + 2048, /* ages are told in 1,024 ns */
                      atomic_load(&seen.emitted_ns) + wait);
}
END_TEST

START_TEST(drain_lets_out_what_has_come)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &slow, .args = SLOW(3, DRAINS)},
        {.name = "mid", .plugin = &forward_each, .batch_items = 7, .batch_wait_ns = hour},
        {.name = "end", .plugin = &sizes, .batch_items = 1000, .batch_wait_ns = hour},
    };

    run_on(stages, COUNT(stages), _i, 0, RUN_DRAINED);
    ck_assert_uint_eq(atomic_load(&collected.n), 3);
}
END_TEST

/* Each batch of the source is one item: there are never enough of them under way. */
START_TEST(source_that_a_budget_holds_back_ends_the_waiting)
{
    for (uint64_t in_flight = 1; in_flight <= 4; in_flight += 3) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &slow, .args = SLOW(60, ENDS)},
            {.name = "mid",
             .plugin = &forward_batch,
             .workers = 2,
             .batch_items = 50,
             .batch_wait_ns = hour},
            {.name = "end", .plugin = &sizes, .batch_items = 100, .batch_wait_ns = hour},
            {.name = "also",
             .plugin = &sum_up,
             .from = "gen",
             .batch_items = 20,
             .batch_wait_ns = hour},
            {.name = "sums", .plugin = &collect_parallel, .from = "also"},
        };

        setup();
        run_on(stages, COUNT(stages) - 2, _i, in_flight, RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), 60);
        teardown();
        setup();
        run_on(stages, COUNT(stages), _i, in_flight, RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), 60 + 1);
        teardown();
    }
}
END_TEST

/* What is to be gathered never fits: batches come that are too large for what is left of the queue. */
START_TEST(stage_that_finds_no_room_ends_the_waiting)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(3000, 64)},
        {.name = "many",
         .plugin = &repeat_deaf,
         .workers = 2,
         .batch_items = 3,
         .batch_wait_ns = hour,
         .args = ONE(5)},
        {.name = "slim",
         .plugin = &forward_batch,
         .from = "many gen",
         .workers = 3,
         .queue_items = 8,
         .batch_items = 8,
         .batch_wait_ns = hour},
        {.name = "wide",
         .plugin = &forward_each,
         .from = "many",
         .queue_items = 500,
         .queue_bytes = 9000,
         .batch_items = 500,
         .batch_wait_ns = hour},
        {.name = "end",
         .plugin = &collect_parallel,
         .from = "slim wide gen",
         .batch_items = 1000,
         .batch_wait_ns = hour},
    };

    run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 2 * 15000 + 2 * 3000);
}
END_TEST

START_TEST(order_is_kept_by_workers_that_gather)
{
    const struct pph_plugin *const plugins[] = {&forward_each, &forward_batch,
                                                &forward_items};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &numbers, .args = NUMBERS(5000, 13)},
            {.name = "mid",
             .plugin = plugins[k],
             .workers = 4,
             .batch_items = 33,
             .batch_wait_ns = hour},
            {.name = "end", .plugin = &sizes, .batch_items = 77, .batch_wait_ns = hour},
        };

        setup();
        run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), 5000);
        ck_assert(atomic_load(&collected.in_order));
        teardown();
    }
}
END_TEST

/* Failures are found in what was put together as they are in any batch; some are tried again. */
START_TEST(items_that_fail_are_given_up_one_by_one)
{
    const struct pph_plugin *const plugins[] = {&fail_each, &fail_batch};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &numbers, .args = NUMBERS(3000, 10)},
            {.name = "mid",
             .plugin = plugins[k],
             .queue_items = 4000,
             .batch_items = 2000,
             .batch_wait_ns = hour,
             .on_error = ON_ERROR_DEAD,
             .retry = {.times = 1},
             .args = ONE(7)},
            {.name = "end",
             .plugin = &collect_parallel,
             .from = "mid mid.dead",
             .batch_items = 100,
             .batch_wait_ns = hour},
        };
        const struct run_account *account;

        setup();
        run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
        account = run_account(kit_last(kit));
        ck_assert_uint_eq(account->dead, 3000 / 7);
        ck_assert_uint_eq(atomic_load(&collected.n), 3000);
        teardown();
    }
}
END_TEST

/* The queue never holds enough, for it drops what is too much. */
START_TEST(queue_that_drops_is_emptied_all_the_same)
{
    const enum queue_full rules[] = {QUEUE_DROP_NEW, QUEUE_DROP_OLD};

    for (size_t k = 0; k < COUNT(rules); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen", .plugin = &numbers, .args = NUMBERS(4000, 64)},
            {.name = "end",
             .plugin = &sizes,
             .queue_items = 100,
             .queue_full = rules[k],
             .batch_items = 90,
             .batch_wait_ns = hour},
        };
        const struct run_account *account;

        setup();
        run_on(stages, COUNT(stages), _i, 0, RUN_DONE);
        account = run_account(kit_last(kit));
        ck_assert_uint_eq(account->delivered + account->dropped, 4000);
        ck_assert_uint_eq(atomic_load(&collected.n), account->delivered);
        teardown();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/gather");
    TCase *tc = tcase_create("gather");
    SRunner *runner;
    int n = COUNT(thread_counts);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, each_call_but_the_last_has_what_the_stage_asks_for, 0, n);
    tcase_add_loop_test(tc, large_payload_that_was_gathered_goes_on_without_a_copy, 0, n);
    tcase_add_loop_test(tc, bytes_are_gathered_up_to_the_item_that_reaches_them, 0, n);
    tcase_add_loop_test(tc, what_has_come_goes_out_when_the_oldest_has_waited_long_enough,
                        0, n);
    tcase_add_loop_test(tc, drain_lets_out_what_has_come, 0, n);
    tcase_add_loop_test(tc, source_that_a_budget_holds_back_ends_the_waiting, 0, n);
    tcase_add_loop_test(tc, stage_that_finds_no_room_ends_the_waiting, 0, n);
    tcase_add_loop_test(tc, order_is_kept_by_workers_that_gather, 0, n);
    tcase_add_loop_test(tc, items_that_fail_are_given_up_one_by_one, 0, n);
    tcase_add_loop_test(tc, queue_that_drops_is_emptied_all_the_same, 0, n);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
