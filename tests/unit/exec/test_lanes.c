/* SPDX-License-Identifier: MIT */
/*
 * How a batch is divided among lanes, and how the queue of a keyed stage takes the parts: on stages of a run that
 * is never executed.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/chaos.h"
#include "exec/inbox.h"
#include "exec/lanes.h"
#include "exec/stages.h"
#include "support/graph_kit.h"

enum { WORKERS = 4, QUEUE_ITEMS = 100, ITEM_BYTES = 16 };

static struct kit *kit;
static struct run *run;
static struct stage *keyed;
static struct batch_memory memory;

static void setup(void)
{
    static const struct pph_value none[3] = {{.s = ""}, {.s = ""}, {.s = ""}};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = none},
        {.name = "end",
         .plugin = &collect_parallel,
         .workers = WORKERS,
         .queue_items = QUEUE_ITEMS,
         .order = ORDER_BY_KEY},
    };
    static const struct run_options options;
    struct error err;

    chaos_never(CHAOS_FULL);
    kit = kit_new(stages, 2, 1);
    run = run_new(kit_graph(kit), &options, &err);
    ck_assert_ptr_nonnull(run);
    keyed = &run->stages[0]; /* nearest a sink first */
    ck_assert_ptr_nonnull(keyed->lanes);
    memory = (struct batch_memory){.pool = run->pool};
}

static void teardown(void)
{
    inbox_drop(keyed, COUNT_UNFINISHED);
    run_free(run);
    kit_free(kit);
}

/* A batch of `n` items in one buffer of `size` bytes, whose keys are first, first + step, ... and whose pos counts. */
static struct batch *make_batch(uint32_t n, uint64_t first, uint64_t step, size_t size)
{
    struct buf *buf = buf_new(run->pool, NULL, size);
    struct batch *batch = batch_new(&memory, n, NULL);

    ck_assert(batch && buf && batch_pin(batch, buf));
    memset(buf->data, 'x', size);
    for (uint32_t k = 0; k < n; k++) {
        struct pph_item item = {.data = buf->data + (size_t)k * ITEM_BYTES,
                                .len = ITEM_BYTES,
                                .key = first + k * step,
                                .pos = k + 1};

        memcpy(item.data, &item.pos, sizeof(item.pos));
        ck_assert_uint_eq(batch_append(batch, &item, 1, buf, 0, n), 1);
    }
    buf_unref(buf, NULL);
    return batch;
}

static void free_all(struct batch_list *list)
{
    struct batch *batch;

    while ((batch = batch_list_pop(list)))
        batch_free(batch, &memory);
}

/* The lane that a key has. */
static uint16_t lane_of(uint64_t key)
{
    struct batch *batch = make_batch(1, key, 0, ITEM_BYTES);
    struct batch_list parts = {0};
    uint16_t lane;

    ck_assert(lanes_divide(keyed, &memory, batch, &parts));
    ck_assert_ptr_eq(parts.head, batch);
    lane = batch->lane;
    free_all(&parts);
    return lane;
}

START_TEST(parts_hold_every_item_once_in_order_and_in_its_lane)
{
    struct batch *batch = make_batch(1000, 0, 1, 64 << 10);
    struct batch_list parts = {0};
    bool found[1001] = {false};

    ck_assert(lanes_divide(keyed, &memory, batch, &parts));

    ck_assert_uint_eq(parts.items, 1000);
    ck_assert_uint_eq(parts.n, WORKERS + 1);
    for (const struct batch *part = parts.head; part; part = part->next) {
        uint64_t last = 0;

        for (uint32_t k = 0; k < part->n; k++) {
            const struct pph_item *it = &part->items[k];

            ck_assert_uint_gt(it->pos, last);
            last = it->pos;
            ck_assert(!found[it->pos]);
            found[it->pos] = true;
            ck_assert_int_eq(memcmp(it->data, &it->pos, sizeof(it->pos)), 0);
            ck_assert_uint_eq(part->lane, lane_of(it->key));
        }
    }
    free_all(&parts);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(keys_of_any_pattern_spread_over_all_lanes)
{
    static const uint64_t steps[] = {1, 2, 4, 64, 4096, UINT64_C(1) << 32};
    unsigned counts[WORKERS + 1] = {0};

    for (uint64_t k = 0; k < 1000; k++)
        counts[lane_of(1 + k * steps[_i])]++;

    for (unsigned lane = 0; lane < WORKERS; lane++) {
        ck_assert_uint_gt(counts[lane], 200); /* of 250 */
        ck_assert_uint_lt(counts[lane], 300);
    }
    ck_assert_uint_eq(counts[WORKERS], 0);
    ck_assert_uint_eq(lane_of(0), WORKERS); /* whoever is free */
}
END_TEST

START_TEST(parts_cost_no_more_than_was_foreseen)
{
    static const size_t sizes[] = {16 << 10, 64 << 10, 900 << 10, 3 << 20};
    struct batch *batch = make_batch(1000, 0, 1, sizes[_i]);
    struct batch_list parts = {0};

    ck_assert(lanes_divide(keyed, &memory, batch, &parts));

    ck_assert_uint_le(parts.cost, lanes_cost(keyed, batch));
    ck_assert_uint_le(lanes_cost(keyed, batch), (WORKERS + 1) * batch->cost);
    free_all(&parts);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(parts_are_taken_together_or_not_at_all)
{
    struct batch *batch = make_batch(QUEUE_ITEMS - 10, 1, 1, 8192);
    struct batch *more = make_batch(11, 1, 1, 8192);
    struct batch *fits = make_batch(10, 1, 1, 8192);
    struct batch_list parts = {0}, refused = {0};

    ck_assert(lanes_divide(keyed, &memory, batch, &parts));
    ck_assert_int_eq(inbox_offer(keyed, &parts), OFFER_TAKEN);
    ck_assert_uint_eq(parts.n, 0);
    ck_assert_uint_eq(atomic_load(&keyed->q_items), QUEUE_ITEMS - 10);

    ck_assert(lanes_divide(keyed, &memory, more, &refused));
    ck_assert_uint_gt(refused.n, 1);
    ck_assert_int_eq(inbox_offer(keyed, &refused), OFFER_FULL);
    ck_assert_uint_eq(refused.items, 11);
    ck_assert_uint_eq(atomic_load(&keyed->q_items), QUEUE_ITEMS - 10);

    ck_assert(lanes_divide(keyed, &memory, fits, &parts));
    ck_assert_int_eq(inbox_offer(keyed, &parts), OFFER_TAKEN);
    ck_assert_uint_eq(atomic_load(&keyed->q_items), QUEUE_ITEMS);
    free_all(&refused);
    batch_free(batch, &memory);
    batch_free(more, &memory);
    batch_free(fits, &memory);
}
END_TEST

/* The next batch of the instance; the caller frees it. */
static struct batch *pop(struct instance *i)
{
    struct wakes wakes = {0};
    struct batch *batch;

    mutex_lock(&keyed->lock);
    ck_assert_ptr_nonnull(lanes_peek_locked(keyed, i));
    batch = inbox_pop_locked(keyed, i, &wakes);
    mutex_unlock(&keyed->lock);
    return batch;
}

static void offer(uint64_t key)
{
    struct batch *batch = make_batch(1, key, 0, ITEM_BYTES);
    struct batch_list parts = {0};

    ck_assert(lanes_divide(keyed, &memory, batch, &parts));
    ck_assert_int_eq(inbox_offer(keyed, &parts), OFFER_TAKEN);
}

START_TEST(full_lane_does_not_keep_items_without_a_key_waiting)
{
    struct instance *i = &keyed->instances[lane_of(1)];
    unsigned without = 0;

    for (int k = 0; k < 6; k++)
        offer(1);
    offer(0);
    offer(0);
    for (int k = 0; k < 4; k++) {
        struct batch *batch = pop(i);

        without += batch->items[0].key == 0;
        batch_free(batch, &memory);
    }

    ck_assert_uint_eq(without, 2);
    ck_assert_uint_eq(atomic_load(&keyed->q_items), 4);
}
END_TEST

START_TEST(lane_of_another_is_not_taken)
{
    struct instance *i = &keyed->instances[lane_of(1)];
    struct instance *other = &keyed->instances[(lane_of(1) + 1) % WORKERS];
    bool has, other_has;

    offer(1);
    mutex_lock(&keyed->lock);
    has = lanes_peek_locked(keyed, i) != NULL;
    other_has = lanes_peek_locked(keyed, other) != NULL;
    mutex_unlock(&keyed->lock);

    ck_assert(has);
    ck_assert(!other_has);
}
END_TEST

START_TEST(drop_empties_all_lanes_and_counts)
{
    struct batch *batch = make_batch(50, 0, 1, 8192);
    struct batch_list parts = {0};

    ck_assert(lanes_divide(keyed, &memory, batch, &parts));
    ck_assert_int_eq(inbox_offer(keyed, &parts), OFFER_TAKEN);
    batch_free(batch, &memory);
    inbox_drop(keyed, COUNT_UNFINISHED);

    ck_assert_uint_eq(atomic_load(&keyed->q_items), 0);
    ck_assert_uint_eq(atomic_load(&keyed->q_cost), 0);
    ck_assert_uint_eq(keyed->dropped, 50);
    ck_assert_uint_eq(stage_counted(keyed, LEDGER_MAIN, COUNT_UNFINISHED), 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/lanes");
    TCase *tc = tcase_create("lanes");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, parts_hold_every_item_once_in_order_and_in_its_lane);
    tcase_add_loop_test(tc, keys_of_any_pattern_spread_over_all_lanes, 0, 6);
    tcase_add_loop_test(tc, parts_cost_no_more_than_was_foreseen, 0, 4);
    tcase_add_test(tc, parts_are_taken_together_or_not_at_all);
    tcase_add_test(tc, full_lane_does_not_keep_items_without_a_key_waiting);
    tcase_add_test(tc, lane_of_another_is_not_taken);
    tcase_add_test(tc, drop_empties_all_lanes_and_counts);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
