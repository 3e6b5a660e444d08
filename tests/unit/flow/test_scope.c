/* SPDX-License-Identifier: MIT */
/* Unit tests of flow/scope.h. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "flow/scope.h"

static struct chunk_pool *pool;
static struct batch_memory memory;
static struct scope scope;

static void setup(void)
{
    pool = chunk_pool_new();
    memory = (struct batch_memory){.pool = pool};
    scope = (struct scope){0};
}

static void teardown(void)
{
    scope_end(&scope, &memory);
    scope_fini(&scope, &memory);
    chunk_pool_free(pool);
}

START_TEST(allocations_are_found_and_do_not_overlap)
{
    enum { N = 5000 };
    static unsigned char *pieces[N];

    for (unsigned k = 0; k < N; k++) {
        size_t len = k % 97;

        pieces[k] = scope_alloc(&scope, &memory, len);
        ck_assert_ptr_nonnull(pieces[k]);
        ck_assert_uint_eq((uintptr_t)pieces[k] % 16, 0);
        memset(pieces[k], (int)(k & 0xff), len);
        if (len > 0)
            ck_assert_ptr_nonnull(scope_find(&scope, pieces[k], len));
    }
    for (unsigned k = 0; k < N; k++) {
        unsigned char expected[97];

        memset(expected, (int)(k & 0xff), sizeof(expected));
        ck_assert_mem_eq(pieces[k], expected, k % 97);
    }
}
END_TEST

START_TEST(large_allocation_has_a_buffer_of_its_own)
{
    void *large = scope_alloc(&scope, &memory, 1 << 20);
    struct buf *buf = scope_find(&scope, large, 1 << 20);

    ck_assert_ptr_nonnull(buf);
    ck_assert_uint_eq(buf->len, 1 << 20);
}
END_TEST

START_TEST(foreign_memory_is_not_found)
{
    char mine[64];

    (void)!scope_alloc(&scope, &memory, 100);
    ck_assert_ptr_null(scope_find(&scope, mine, sizeof(mine)));
}
END_TEST

START_TEST(trimmed_scope_keeps_the_first_buffers)
{
    void *first = scope_alloc(&scope, &memory, 100000);
    void *second = scope_alloc(&scope, &memory, 100000);
    void *third = scope_alloc(&scope, &memory, 10);

    scope_trim(&scope, &memory, 1);
    ck_assert_ptr_nonnull(scope_find(&scope, first, 100000));
    ck_assert_ptr_null(scope_find(&scope, second, 100000));
    ck_assert_ptr_null(scope_find(&scope, third, 10));
    ck_assert_ptr_nonnull(scope_alloc(&scope, &memory, 10)); /* the arena was let go */
}
END_TEST

/* Many short calls share a buffer, whose room is used again when nothing of it was emitted. */
START_TEST(ended_scope_goes_on_in_its_arena)
{
    uint8_t *first = scope_alloc(&scope, &memory, 100);
    struct buf *buf = scope_find(&scope, first, 100);

    scope_end(&scope, &memory);
    ck_assert_ptr_eq(scope_alloc(&scope, &memory, 100), first);
    buf_ref(buf); /* as a batch does */
    scope_end(&scope, &memory);
    ck_assert_ptr_eq(scope_alloc(&scope, &memory, 100), first + 112);
    ck_assert_ptr_eq(scope_find(&scope, first + 112, 100), buf);
    (void)!scope_alloc(&scope, &memory, 16 << 10);
    (void)!scope_alloc(&scope, &memory, 16 << 10);
    (void)!scope_alloc(&scope, &memory, 16 << 10);
    (void)!scope_alloc(&scope, &memory, 13 << 10);
    scope_end(&scope, &memory); /* too little is left */
    ck_assert_ptr_null(scope_find(&scope, first, 100));
    buf_unref(buf, NULL);
}
END_TEST

START_TEST(input_is_found)
{
    struct buf *buf = buf_new(pool, NULL, 1000);
    struct batch *batch = batch_new(&memory, 4, NULL);

    ck_assert(batch_pin(batch, buf));
    scope_set_input(&scope, batch, NULL);
    ck_assert_ptr_eq(scope_find(&scope, buf->data + 10, 10), buf);
    buf_unref(buf, NULL);
    batch_free(batch, &memory);
}
END_TEST

/* A batch that holds on to one buffer of so many bytes. */
static struct batch *batch_of(size_t len)
{
    struct buf *buf = buf_new(pool, NULL, len);
    struct batch *batch = batch_new(&memory, 4, NULL);

    ck_assert(batch_pin(batch, buf));
    buf_unref(buf, NULL);
    return batch;
}

/* In any order, also when the last one was found behind it. */
START_TEST(large_pieces_of_what_the_input_is_put_together_of_are_found)
{
    enum { PARTS = 5, LEN = BUF_PIECE_MAX + 1 };
    static const unsigned order[] = {0, 1, 2, 4, 3, 0, 4, 2};
    struct batch *view = batch_new(&memory, 4, NULL);
    struct batch *parts[PARTS];
    char foreign[LEN];

    for (unsigned k = 0; k < PARTS; k++)
        parts[k] = batch_of(LEN);
    for (unsigned k = 0; k + 1 < PARTS; k++)
        parts[k]->next = parts[k + 1];
    scope_set_input(&scope, view, parts[0]);
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        struct buf *buf = parts[order[k]]->bufs[0];

        ck_assert_ptr_eq(scope_find(&scope, buf->data, LEN), buf);
        ck_assert_ptr_null(scope_find(&scope, foreign, LEN));
    }
    scope_trim(&scope, &memory, 0); /* forgets where the last was found */
    ck_assert_ptr_null(scope_find(&scope, parts[0]->bufs[0]->data, 8)); /* is copied */
    for (unsigned k = 0; k < PARTS; k++)
        batch_free(parts[k], &memory);
    batch_free(view, &memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow/scope");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, allocations_are_found_and_do_not_overlap);
    tcase_add_test(tc, large_allocation_has_a_buffer_of_its_own);
    tcase_add_test(tc, foreign_memory_is_not_found);
    tcase_add_test(tc, trimmed_scope_keeps_the_first_buffers);
    tcase_add_test(tc, ended_scope_goes_on_in_its_arena);
    tcase_add_test(tc, input_is_found);
    tcase_add_test(tc, large_pieces_of_what_the_input_is_put_together_of_are_found);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
