/* SPDX-License-Identifier: MIT */
/* Unit tests of flow/batch.h. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "flow/batch.h"

static struct chunk_pool *pool;
static struct chunk_cache cache;
static struct batch_memory memory;
static struct root_counts roots;

static void setup(void)
{
    pool = chunk_pool_new();
    chunk_cache_init(&cache, pool);
    memory = (struct batch_memory){.pool = pool, .cache = &cache};
    roots = (struct root_counts){0};
}

static void teardown(void)
{
    chunk_cache_fini(&cache);
    chunk_pool_free(pool);
}

/* A batch of `n` items of `len` bytes each, in one buffer of `size` bytes. */
static struct batch *make_batch(uint32_t n, uint32_t len, size_t size)
{
    struct buf *buf = buf_new(pool, &cache, size);
    struct batch *batch = batch_new(&memory, n, NULL);
    struct pph_item item = {.len = len, .flags = PPH_WRITABLE};

    memset(buf->data, 'x', size);
    ck_assert(batch_pin(batch, buf));
    for (uint32_t k = 0; k < n; k++) {
        item.data = buf->data + (size_t)k * len;
        item.pos = k + 1;
        ck_assert_uint_eq(batch_append(batch, &item, 1, buf, 0, n), 1);
    }
    buf_unref(buf, &cache);
    return batch;
}

START_TEST(append_stops_at_the_limit)
{
    struct batch *batch = make_batch(5, 8, 4096);
    struct pph_item items[4] = {0};

    for (int k = 0; k < 4; k++)
        items[k] = (struct pph_item){.data = batch->bufs[0]->data, .len = 1};
    ck_assert_uint_eq(batch_append(batch, items, 4, batch->bufs[0], 0, 7), 2);
    ck_assert_uint_eq(batch->n, 7);
    ck_assert_uint_eq(batch->payload, 42);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(append_stops_at_another_port_or_buffer)
{
    struct batch *batch = make_batch(1, 8, 4096);
    char outside;
    struct pph_item items[3] = {
        {.data = batch->bufs[0]->data, .len = 1, .port = 2},
        {.data = &outside, .len = 1, .port = 2},
        {.data = batch->bufs[0]->data, .len = 1, .port = 1},
    };

    ck_assert_uint_eq(batch_append(batch, items, 3, batch->bufs[0], 2, 8), 1);
    ck_assert_uint_eq(batch->items[1].port, 0);
    ck_assert_uint_eq(batch_append(batch, items + 2, 1, batch->bufs[0], 2, 8), 0);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(append_stops_when_the_payload_is_enough)
{
    struct batch *batch = make_batch(1, 1, 1 << 20);
    struct pph_item items[3];

    for (int k = 0; k < 3; k++)
        items[k] = (struct pph_item){.data = batch->bufs[0]->data, .len = 60000};
    ck_assert_uint_eq(batch_append(batch, items, 3, batch->bufs[0], 0, 8), 2);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(grown_batch_has_the_same_content)
{
    struct batch *batch = make_batch(10, 8, 4096);
    struct root *root = root_new(pool, &cache, &roots, NULL, "line");

    batch->root = root;
    batch = batch_grow(batch, &memory, BATCH_ITEMS_MAX);

    ck_assert_uint_eq(batch->cap, BATCH_ITEMS_MAX);
    ck_assert_uint_eq(batch->n, 10);
    ck_assert_uint_eq(batch->items[9].pos, 10);
    ck_assert_ptr_eq(batch->root, root);
    batch_free(batch, &memory);
    ck_assert_uint_eq(atomic_load(&roots.made), 1);
    ck_assert_uint_eq(atomic_load(&roots.done), 1);
}
END_TEST

START_TEST(clone_shares_the_payload_and_nobody_may_write)
{
    struct batch *batch = make_batch(10, 8, 4096);
    struct batch *clone = batch_clone(batch, &memory);

    ck_assert_uint_eq(clone->n, 10);
    ck_assert_ptr_eq(clone->items[3].data, batch->items[3].data);
    ck_assert_uint_eq(clone->items[3].flags, 0);
    ck_assert_uint_eq(batch->items[3].flags, 0);
    batch_free(batch, &memory);
    ck_assert_int_eq(*(char *)clone->items[3].data, 'x');
    batch_free(clone, &memory);
}
END_TEST

START_TEST(pick_takes_items_in_order_and_only_the_buffers_they_lie_in)
{
    struct batch *batch = make_batch(2, 8, 4096);
    struct buf *other = buf_new(pool, &cache, 4096);
    struct pph_item item = {.data = other->data, .len = 8, .pos = 3};
    static const uint16_t both[] = {1, 2}, one[] = {0};
    struct batch *some, *first;

    batch = batch_grow(batch, &memory, 4);
    ck_assert(batch_pin(batch, other));
    ck_assert_uint_eq(batch_append(batch, &item, 1, other, 0, 4), 1);
    buf_unref(other, &cache);
    batch->port = 7;
    batch->dead = 1;
    some = batch_pick(batch, &memory, both, 2);
    first = batch_pick(batch, &memory, one, 1);

    ck_assert_uint_eq(some->n, 2);
    ck_assert_uint_eq(some->items[0].pos, 2);
    ck_assert_uint_eq(some->items[1].pos, 3);
    ck_assert_uint_eq(some->n_bufs, 2);
    ck_assert_uint_eq(some->payload, 16);
    ck_assert_uint_eq(some->port, 7);
    ck_assert_uint_eq(some->dead, 1);
    ck_assert_uint_eq(first->n_bufs, 1);
    ck_assert_ptr_eq(first->bufs[0], batch->bufs[0]);
    ck_assert(first->items[0].flags & PPH_WRITABLE);
    batch_free(batch, &memory); /* the payload lives on */
    ck_assert_int_eq(*(const char *)first->items[0].data, 'x');
    batch_free(first, &memory);
    batch_free(some, &memory);
}
END_TEST

START_TEST(pick_of_empty_items_needs_no_buffer)
{
    struct batch *batch = batch_new(&memory, 3, NULL);
    static const uint16_t index[] = {2};
    struct batch *some;

    for (int k = 0; k < 3; k++)
        batch->items[batch->n++] = (struct pph_item){.pos = (uint64_t)k};
    some = batch_pick(batch, &memory, index, 1);

    ck_assert_uint_eq(some->items[0].pos, 2);
    ck_assert_uint_eq(some->n_bufs, 0);
    batch_free(batch, &memory);
    batch_free(some, &memory);
}
END_TEST

START_TEST(pin_refuses_too_many_buffers)
{
    struct batch *batch = make_batch(1, 8, 100);

    for (unsigned k = 1; k < BATCH_BUFS_MAX; k++) {
        struct buf *buf = buf_new(pool, &cache, 100);

        ck_assert(batch_pin(batch, buf));
        ck_assert(batch_pin(batch, buf)); /* the same one costs nothing */
        buf_unref(buf, &cache);
    }
    struct buf *more = buf_new(pool, &cache, 100);
    ck_assert(!batch_pin(batch, more));
    buf_unref(more, &cache);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(pin_refuses_too_much_memory_but_not_the_first)
{
    struct batch *batch = batch_new(&memory, 4, NULL);
    struct buf *huge = buf_new(pool, &cache, 3 << 20);
    struct pph_item item = {.data = huge->data, .len = 1};

    ck_assert(batch_pin(batch, huge));
    ck_assert_uint_eq(batch_append(batch, &item, 1, huge, 0, 4), 1);
    struct buf *more = buf_new(pool, &cache, 100);
    ck_assert(!batch_pin(batch, more));
    buf_unref(more, &cache);
    buf_unref(huge, &cache);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(compact_lets_go_of_a_huge_buffer)
{
    struct batch *batch = make_batch(10, 8, 2 << 20);
    size_t before = batch->cost;

    batch_compact(batch, &memory);

    ck_assert_uint_lt(batch->cost, before / 10);
    ck_assert_uint_eq(batch->payload, 80);
    for (int k = 0; k < 10; k++)
        ck_assert_mem_eq(batch->items[k].data, "xxxxxxxx", 8);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(compact_leaves_what_is_worth_its_memory)
{
    struct batch *batch = make_batch(500, 36, 128 << 10);
    void *data = batch->items[7].data;

    batch_compact(batch, &memory);

    ck_assert_ptr_eq(batch->items[7].data, data);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(list_is_first_in_first_out_and_counts)
{
    struct batch_list list = {0};
    struct batch *a = make_batch(1, 8, 100);
    struct batch *b = make_batch(2, 8, 100);

    batch_list_push(&list, a);
    batch_list_push(&list, b);
    ck_assert_uint_eq(list.items, 3);
    ck_assert_uint_eq(list.cost, a->cost + b->cost);
    ck_assert_ptr_eq(batch_list_pop(&list), a);
    batch_list_unpop(&list, a);
    ck_assert_ptr_eq(batch_list_pop(&list), a);
    ck_assert_ptr_eq(batch_list_pop(&list), b);
    ck_assert_ptr_null(batch_list_pop(&list));
    ck_assert_uint_eq(list.items + list.cost + list.n, 0);
    batch_free(a, &memory);
    batch_free(b, &memory);
}
END_TEST

START_TEST(list_moves_behind_another)
{
    struct batch_list to = {0}, from = {0};
    struct batch *batches[3];

    for (unsigned k = 0; k < 3; k++) {
        batches[k] = make_batch(k + 1, 8, 4096);
        batch_list_push(k == 0 ? &to : &from, batches[k]);
    }
    batch_list_move(&to, &from);
    batch_list_move(&to, &from); /* which is empty */

    ck_assert_uint_eq(to.n, 3);
    ck_assert_uint_eq(to.items, 6);
    ck_assert_uint_eq(from.n, 0);
    ck_assert_ptr_null(from.head);
    for (unsigned k = 0; k < 3; k++) {
        ck_assert_ptr_eq(batch_list_pop(&to), batches[k]);
        batch_free(batches[k], &memory);
    }
    ck_assert_ptr_null(to.tail);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow/batch");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, append_stops_at_the_limit);
    tcase_add_test(tc, append_stops_at_another_port_or_buffer);
    tcase_add_test(tc, append_stops_when_the_payload_is_enough);
    tcase_add_test(tc, grown_batch_has_the_same_content);
    tcase_add_test(tc, clone_shares_the_payload_and_nobody_may_write);
    tcase_add_test(tc, pick_takes_items_in_order_and_only_the_buffers_they_lie_in);
    tcase_add_test(tc, pick_of_empty_items_needs_no_buffer);
    tcase_add_test(tc, pin_refuses_too_many_buffers);
    tcase_add_test(tc, pin_refuses_too_much_memory_but_not_the_first);
    tcase_add_test(tc, compact_lets_go_of_a_huge_buffer);
    tcase_add_test(tc, compact_leaves_what_is_worth_its_memory);
    tcase_add_test(tc, list_is_first_in_first_out_and_counts);
    tcase_add_test(tc, list_moves_behind_another);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
