/* SPDX-License-Identifier: MIT */
/*
 * `rate:`: never more than it allows, and not much less.  The arithmetic is tested in a time of its own; real runs are
 * held to lower bounds of time only.  Most of these run with several numbers of threads (the loop index).
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/clock.h"
#include "exec/pace.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define SECONDS(n) (UINT64_C(n) * NS_PER_S)
#define ONE_BY_ONE(n) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = "", .i = 1}, {.s = ""}})
#define DEAF(n, every)     \
    ((struct pph_value[]){ \
        {.s = "", .i = (n)}, {.s = "", .i = (every)}, {.s = "", .i = 1}})

static const uint64_t second = NS_PER_S;
static const uint64_t credit = 10 * NS_PER_MS;
static const unsigned thread_counts[] = {1, 2, 3, 8, 0 /* --inline */};

static struct kit *kit;
static _Atomic unsigned stalls, calls;

static void setup(void)
{
    collected_reset();
    atomic_store(&stalls, 0);
    atomic_store(&calls, 0);
}

static void teardown(void)
{
    if (kit)
        kit_free(kit);
    kit = NULL;
}

/* --- in a time of its own ------------------------------------------------------------------- */

static uint64_t random_below(uint64_t *state, uint64_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % n;
}

static const struct rate rates[] = {
    {1, SECONDS(3600), "1/h"},
    {7, SECONDS(60), "7/m"},
    {3, NS_PER_S, "3/s"},
    {150, NS_PER_S, "150/s"},
    {1000, NS_PER_S, "1000/s"},
    {99991, NS_PER_S, "99991/s"},
    {1000000000, NS_PER_S, "10^9/s"},
    {5, SECONDS(10), "0.5/s"},
};

enum { EVENTS = 3000 };

/* What was emitted, and when. */
static struct event {
    uint64_t at, items; /* ... by then, all together */
} events[EVENTS];

/* So many calls, each begun up to `late_ns` after it could; `lazy` ones wait, and do not emit all that they may. */
static void go_through(const struct rate *rate, uint64_t late_ns, bool lazy,
                       uint64_t *random)
{
    struct pace pace = {0};
    uint64_t now = 1000 * second;
    uint64_t sum = 0;

    for (size_t k = 0; k < EVENTS; k++) {
        uint64_t at;
        uint64_t taken;
        uint64_t emitted;

        while (!pace_asks(&pace, rate, now, &at)) {
            ck_assert_uint_gt(at, now);
            now = at + random_below(random, late_ns + 1);
        }
        taken = pace_takes(&pace, rate, now);
        ck_assert_uint_ge(taken, 1);
        emitted = lazy ? random_below(random, taken + 1) : taken;
        if (lazy &&
            random_below(random, 8) == 0) /* the call waits for what it emits then */
            now += random_below(random, 100 * credit);
        pace_settles(&pace, rate, taken, emitted, now);
        sum += emitted;
        events[k] = (struct event){now, sum};
        if (lazy && random_below(random, 8) == 0)
            now += random_below(random, 100 * credit);
    }
}

/* Items that the rate allows in so long a time. */
static double allowed_in(const struct rate *rate, uint64_t ns)
{
    return (double)ns * (double)rate->items / (double)rate->per_ns;
}

START_TEST(no_stretch_of_time_has_more_than_the_rate_allows)
{
    const struct rate *rate = &rates[_i];
    uint64_t random = (uint64_t)_i;

    go_through(rate, 3 * credit, true, &random);

    for (size_t to = 0; to < EVENTS; to++) {
        for (size_t from = 0; from <= to; from++) {
            uint64_t before = from > 0 ? events[from - 1].items : 0;
            double most = allowed_in(rate, events[to].at - events[from].at + credit) + 1;

            if ((double)(events[to].items - before) > most * 1.0000001)
                ck_abort_msg("%s: events %zu to %zu", rate->text, from, to);
        }
    }
}
END_TEST

START_TEST(source_that_is_woken_a_little_late_keeps_up_with_its_rate)
{
    const struct rate *rate = &rates[_i];
    uint64_t random = (uint64_t)_i;
    double least;

    go_through(rate, credit / 2, false, &random);

    least = allowed_in(rate, events[EVENTS - 1].at - events[0].at) - 1;
    ck_assert_msg((double)events[EVENTS - 1].items >= least * 0.9999999, "%s: %llu",
                  rate->text, (unsigned long long)events[EVENTS - 1].items);
}
END_TEST

START_TEST(what_was_emitted_too_much_is_paid_for)
{
    const struct rate rate = {10, NS_PER_S, "10/s"};
    struct pace pace = {0};
    uint64_t now = 1000 * second;
    uint64_t at = 0;

    ck_assert(pace_asks(&pace, &rate, now, &at));
    ck_assert_uint_eq(pace_takes(&pace, &rate, now), 1);
    pace_settles(&pace, &rate, 1, 50, now);

    ck_assert(!pace_asks(&pace, &rate, now, &at));
    ck_assert_uint_eq(at, now + 5 * second - credit);
    ck_assert(!pace_asks(&pace, &rate, at - 1, &at));
    ck_assert(pace_asks(&pace, &rate, at, &at));
}
END_TEST

START_TEST(what_was_taken_and_not_emitted_is_there_for_others)
{
    const struct rate rate = {100000, NS_PER_S, "100000/s"};
    struct pace pace = {0};
    uint64_t now = 1000 * second;
    uint64_t at = 0;
    uint64_t all;

    ck_assert(pace_asks(&pace, &rate, now, &at));
    all = pace_takes(&pace, &rate, now);
    ck_assert_uint_eq(all, 1001);
    ck_assert_uint_eq(pace_takes(&pace, &rate, now), 0);
    pace_settles(&pace, &rate, 0, 0, now);
    pace_settles(&pace, &rate, all, 1, now);

    ck_assert(pace_asks(&pace, &rate, now, &at));
    ck_assert_uint_eq(pace_takes(&pace, &rate, now), 1000);
}
END_TEST

/* --- real runs ------------------------------------------------------------------------------ */

/* Emits one number in each call, and wakes itself and everybody else. */
static int eager_generate(struct pph_ctx *ctx)
{
    uint64_t number = atomic_fetch_add(&calls, 1) + 1;
    struct pph_item it = {.data = &number, .len = sizeof(number)};

    ctx->host->wake(ctx);
    if (number > (uint64_t)ctx->args[0].i)
        return PPH_END;
    return ctx->host->emit(ctx, &it, 1) == PPH_STOP ? PPH_STOP : PPH_OK;
}

static const struct pph_plugin eager = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL,
    .name = "eager",
    .generate = eager_generate,
};

static const struct pph_plugin eager_blocking = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL | PPH_BLOCKING,
    .name = "eager_blocking",
    .generate = eager_generate,
};

/* Counts; the first item is the signal to end. */
static int signal_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct run *run = instance_of(ctx)->stage->run;

    if (atomic_load(&collected.n) == 0)
        (void)run_signal(run);
    return collect_parallel.batch(ctx, items, n);
}

static const struct pph_plugin signal_once = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "signal_once",
    .batch = signal_batch,
};

static void on_log(void *arg, int level, const struct graph_stage *stage,
                   const char *message)
{
    (void)arg;
    (void)stage;
    if (level <= 4 && strstr(message, "stall["))
        atomic_fetch_add(&stalls, 1);
}

/* Runs the stages on thread_counts[which] threads; returns how long it took. */
static uint64_t run_paced(const struct kit_stage *stages, size_t n, int which,
                          enum run_end end)
{
    unsigned threads = thread_counts[which];
    struct run_options options = {
        .single_thread = threads == 0, .log = on_log, .log_level = 4, .stall_s = 1};
    uint64_t start;

    kit = kit_new(stages, n, threads ? threads : 1);
    start = clock_now_ns();
    ck_assert_int_eq(kit_run(kit, &options), end);
    ck_assert_uint_eq(atomic_load(&stalls), 0);
    return clock_now_ns() - start;
}

START_TEST(items_take_the_time_that_the_rate_gives_them)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &numbers,
         .args = ONE_BY_ONE(100),
         .rate = {2000, NS_PER_S, "2000/s"}},
        {.name = "mid", .plugin = &forward_each, .workers = 3},
        {.name = "end", .plugin = &collect},
    };
    uint64_t took = run_paced(stages, COUNT(stages), _i, RUN_DONE);
    struct run_stage_view views[3];
    struct run_view view = {.stages = views};

    ck_assert_uint_eq(atomic_load(&collected.n), 100);
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_ge(took, 99 * (second / 2000) - credit);
    run_view(kit_last(kit), &view);
    ck_assert_uint_gt(views[0].held_ns, 0);
    ck_assert_uint_eq(views[1].held_ns, 0);
}
END_TEST

START_TEST(source_that_ignores_more_pays_afterwards)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &eager,
         .args = ONE_BY_ONE(3),
         .rate = {1000, NS_PER_S, "1000/s"}},
        {.name = "deaf",
         .plugin = &numbers,
         .args = DEAF(100, 100),
         .rate = {2000, NS_PER_S, "2000/s"}},
        {.name = "end", .plugin = &collect_parallel, .from = "gen deaf"},
    };

    (void)run_paced(stages, COUNT(stages), _i, RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 103);
}
END_TEST

/* Also those with threads of their own, and none of them by wake(). */
START_TEST(all_workers_share_the_rate)
{
    const struct pph_plugin *const plugins[] = {&eager, &eager_blocking};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen",
             .plugin = plugins[k],
             .workers = 4,
             .order = k == 0 ? ORDER_KEEP : ORDER_ANY,
             .args = ONE_BY_ONE(60),
             .rate = {1000, NS_PER_S, "1000/s"}},
            {.name = "end", .plugin = &collect_parallel},
        };
        uint64_t took;

        setup();
        took = run_paced(stages, COUNT(stages), _i, RUN_DONE);
        ck_assert_uint_eq(atomic_load(&collected.n), 60);
        ck_assert_uint_ge(took, 59 * (second / 1000) - credit);
        teardown();
    }
}
END_TEST

START_TEST(planned_source_keeps_its_order_under_a_rate)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &planned_numbers,
         .workers = 4,
         .args = ONE_BY_ONE(200),
         .rate = {4000, NS_PER_S, "4000/s"}},
        {.name = "end", .plugin = &collect},
    };
    uint64_t took = run_paced(stages, COUNT(stages), _i, RUN_DONE);

    ck_assert_uint_eq(atomic_load(&collected.n), 200);
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_ge(took, 199 * (second / 4000) - credit);
}
END_TEST

/* What it would have emitted, had it been asked for the rest, is not there. */
START_TEST(drain_ends_a_source_that_its_rate_holds_back_at_once)
{
    const struct pph_plugin *const plugins[] = {&numbers, &planned_numbers,
                                                &eager_blocking};

    for (size_t k = 0; k < COUNT(plugins); k++) {
        const struct kit_stage stages[] = {
            {.name = "gen",
             .plugin = plugins[k],
             .workers = k == 0 ? 1 : 3,
             .args = ONE_BY_ONE(1000),
             .rate = {1, SECONDS(3600), "1/h"}},
            {.name = "end", .plugin = &signal_once},
        };

        setup();
        (void)run_paced(stages, COUNT(stages), _i, RUN_DRAINED);
        ck_assert_uint_eq(atomic_load(&collected.n), 1);
        teardown();
    }
}
END_TEST

START_TEST(rate_and_budgets_hold_back_together)
{
    const struct kit_stage stages[] = {
        {.name = "a",
         .plugin = &eager,
         .workers = 2,
         .order = ORDER_ANY,
         .args = ONE_BY_ONE(40),
         .rate = {1000, NS_PER_S, "1000/s"}},
        {.name = "b", .plugin = &numbers, .args = ONE_BY_ONE(500)},
        {.name = "c",
         .plugin = &planned_numbers,
         .workers = 3,
         .args = ONE_BY_ONE(100),
         .rate = {5000, NS_PER_S, "5000/s"}},
        {.name = "end", .plugin = &collect_parallel, .from = "a b c"},
    };
    unsigned threads = thread_counts[_i];
    struct run_options options = {
        .single_thread = threads == 0, .log = on_log, .log_level = 4};

    kit = kit_new(stages, COUNT(stages), threads ? threads : 1);
    kit_set_budget(kit, 4096, 1);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 640);
    ck_assert_uint_eq(atomic_load(&stalls), 0);
}
END_TEST

/* Two items, 1.3 s from each other, while a warning comes after 1 s. */
START_TEST(source_that_its_rate_holds_back_is_no_stall)
{
    const struct kit_stage stages[] = {
        {.name = "gen",
         .plugin = &numbers,
         .args = ONE_BY_ONE(2),
         .rate = {10, SECONDS(13), "10 in 13 s"}},
        {.name = "end", .plugin = &collect},
    };

    (void)run_paced(stages, COUNT(stages), 1, RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/pace");
    TCase *tc = tcase_create("pace");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 240);
    tcase_add_loop_test(tc, no_stretch_of_time_has_more_than_the_rate_allows, 0,
                        COUNT(rates));
    tcase_add_loop_test(tc, source_that_is_woken_a_little_late_keeps_up_with_its_rate, 0,
                        COUNT(rates));
    tcase_add_test(tc, what_was_emitted_too_much_is_paid_for);
    tcase_add_test(tc, what_was_taken_and_not_emitted_is_there_for_others);
    tcase_add_loop_test(tc, items_take_the_time_that_the_rate_gives_them, 0,
                        COUNT(thread_counts));
    tcase_add_loop_test(tc, source_that_ignores_more_pays_afterwards, 0,
                        COUNT(thread_counts));
    tcase_add_loop_test(tc, all_workers_share_the_rate, 0, COUNT(thread_counts));
    tcase_add_loop_test(tc, planned_source_keeps_its_order_under_a_rate, 0,
                        COUNT(thread_counts));
    tcase_add_loop_test(tc, drain_ends_a_source_that_its_rate_holds_back_at_once, 0,
                        COUNT(thread_counts));
    tcase_add_loop_test(tc, rate_and_budgets_hold_back_together, 0, COUNT(thread_counts));
    tcase_add_test(tc, source_that_its_rate_holds_back_is_no_stall);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
