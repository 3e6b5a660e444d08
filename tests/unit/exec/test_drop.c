/* SPDX-License-Identifier: MIT */
/* Queues whose rule is to drop: nobody waits for them, they keep the oldest or the newest, and the account adds up. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#undef fail /* Check's; the host has a function of that name */

#include "exec/stages.h"
#include "support/graph_kit.h"

enum { MANY = 20000, ROOM = 100 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) \
    ((struct pph_value[]){{.s = "", .i = (n)}, {.s = "", .i = 7}, {.s = ""}})

static const unsigned thread_counts[] = {1, 2, 8};

static struct kit *kit;

/* What `late` has got; one worker writes them, the test reads them after the run. */
static uint64_t late_n, late_first, late_last, late_gaps;
static _Atomic uint64_t late_sum; /* of all workers */

static void setup(void)
{
    collected_reset();
    late_n = late_first = late_last = late_gaps = 0;
    atomic_store(&late_sum, 0);
}

static void teardown(void)
{
    kit_free(kit);
    kit = NULL;
}

static uint64_t number_of(const struct pph_item *it)
{
    uint64_t number;

    memcpy(&number, it->data, sizeof(number));
    return number;
}

/* Begins when `collect` beside it has got everything. */
static void wait_for_others(struct pph_ctx *ctx)
{
    while (atomic_load(&collected.n) < MANY && !ctx->host->stopping(ctx))
        (void)sched_yield();
}

static int late_each(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t number = number_of(it);

    wait_for_others(ctx);
    if (late_n++ == 0)
        late_first = number;
    else if (number != late_last + 1)
        late_gaps++;
    late_last = number;
    return PPH_OK;
}

static const struct pph_plugin late = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING,
    .name = "late",
    .each = late_each,
};

static int late_keyed_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    wait_for_others(ctx);
    atomic_fetch_add(&late_sum, 1);
    return PPH_OK;
}

static const struct pph_plugin late_keyed = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING | PPH_PARALLEL,
    .name = "late_keyed",
    .each = late_keyed_each,
};

/* Everything came to `collect` in order, and what the other one did not get was dropped. */
static void ck_run(const struct kit_stage *stages, unsigned threads, uint64_t *ret_got)
{
    struct run_options options = {0};
    const struct run_account *a;

    kit = kit_new(stages, 3, threads);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    a = run_account(kit_last(kit));
    ck_assert_uint_eq(atomic_load(&collected.n), MANY);
    ck_assert(atomic_load(&collected.in_order));
    ck_assert_uint_eq(a->read, MANY);
    ck_assert_uint_eq(a->split, MANY);
    ck_assert_uint_ge(a->delivered, MANY);
    *ret_got = a->delivered - MANY;
    ck_assert_uint_eq(a->dropped, MANY - *ret_got);
    ck_assert_uint_gt(a->dropped, 0);
    ck_assert_uint_eq(a->filtered + a->skipped + a->dead + a->unfinished, 0);
}

START_TEST(drop_new_keeps_what_came_first)
{
    const struct kit_stage stages[] = {
        {.name = "n", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "late",
         .plugin = &late,
         .from = "n",
         .queue_items = ROOM,
         .queue_full = QUEUE_DROP_NEW},
        {.name = "all", .plugin = &collect, .from = "n"},
    };
    uint64_t got;

    ck_run(stages, thread_counts[_i], &got);
    ck_assert_uint_eq(late_n, got);
    ck_assert_uint_eq(late_first, 1);
    ck_assert_uint_ge(late_n, ROOM / 2);
    /* A batch may be too large for the room left, and a smaller one behind it fit. */
    ck_assert_uint_lt(late_last, MANY);
}
END_TEST

START_TEST(drop_old_keeps_what_came_last)
{
    const struct kit_stage stages[] = {
        {.name = "n", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "late",
         .plugin = &late,
         .from = "n",
         .queue_items = ROOM,
         .queue_full = QUEUE_DROP_OLD},
        {.name = "all", .plugin = &collect, .from = "n"},
    };
    uint64_t got;

    ck_run(stages, thread_counts[_i], &got);
    ck_assert_uint_eq(late_n, got);
    ck_assert_uint_eq(late_last, MANY);
    ck_assert_uint_le(late_gaps, 1); /* between what it was in and what was kept */
}
END_TEST

START_TEST(lanes_drop_what_is_new)
{
    const struct kit_stage stages[] = {
        {.name = "n", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "late",
         .plugin = &late_keyed,
         .from = "n",
         .workers = 3,
         .order = ORDER_BY_KEY,
         .queue_items = ROOM,
         .queue_full = QUEUE_DROP_NEW},
        {.name = "all", .plugin = &collect, .from = "n"},
    };
    uint64_t got;

    ck_run(stages, thread_counts[_i], &got);
    ck_assert_uint_eq(atomic_load(&late_sum), got);
}
END_TEST

START_TEST(dead_letters_can_be_dropped_too)
{
    const struct kit_stage stages[] = {
        {.name = "n", .plugin = &numbers, .args = NUMBERS(MANY)},
        {.name = "fail",
         .plugin = &fail_each,
         .on_error = ON_ERROR_DEAD,
         .args = (struct pph_value[]){{.s = "", .i = 2}}},
        {.name = "all", .plugin = &collect},
        {.name = "rejects",
         .plugin = &late_keyed,
         .from = ".dead",
         .queue_items = ROOM,
         .queue_full = QUEUE_DROP_OLD},
    };
    struct run_options options = {0};
    const struct run_account *a;

    atomic_store(&collected.n, MANY / 2); /* it begins when all else is through */
    kit = kit_new(stages, 4, thread_counts[_i]);
    ck_assert_int_eq(kit_run(kit, &options), RUN_DONE);
    a = run_account(kit_last(kit));
    ck_assert_uint_eq(a->delivered, MANY / 2);
    ck_assert_uint_eq(a->dead, MANY / 2);
    ck_assert_uint_eq(a->dropped, 0); /* a letter's account is its own, and was checked */
    ck_assert_uint_lt(atomic_load(&late_sum), MANY / 2);
    ck_assert_uint_gt(atomic_load(&late_sum), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/drop");
    TCase *tc = tcase_create("core");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, drop_new_keeps_what_came_first, 0, COUNT(thread_counts));
    tcase_add_loop_test(tc, drop_old_keeps_what_came_last, 0, COUNT(thread_counts));
    tcase_add_loop_test(tc, lanes_drop_what_is_new, 0, COUNT(thread_counts));
    tcase_add_loop_test(tc, dead_letters_can_be_dropped_too, 0, COUNT(thread_counts));
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
