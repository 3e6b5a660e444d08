/* SPDX-License-Identifier: MIT */
/* Unit tests of flow/chunk.h and flow/buf.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "flow/buf.h"

static struct chunk_pool *pool;
static struct chunk_cache cache;

static void setup(void)
{
    pool = chunk_pool_new();
    ck_assert_ptr_nonnull(pool);
    chunk_cache_init(&cache, pool);
}

static void teardown(void)
{
    chunk_cache_fini(&cache);
    chunk_pool_free(pool); /* aborts when a chunk is missing */
}

START_TEST(class_is_the_smallest_that_fits)
{
    for (unsigned class = 0; class < CHUNK_CLASSES; class ++) {
        ck_assert_uint_eq(chunk_class(chunk_class_bytes[class]), class);
        ck_assert_uint_eq(chunk_class(chunk_class_bytes[class] + 1), class + 1);
    }
    ck_assert_uint_eq(chunk_class(SIZE_MAX), CHUNK_NO_CLASS);
}
END_TEST

START_TEST(chunk_given_back_is_the_next_one_taken)
{
    unsigned class;
    void *first = chunk_get(pool, &cache, 100, &class);
    void *second;

    ck_assert_ptr_nonnull(first);
    ck_assert_uint_eq((uintptr_t)first % 64, 0);
    chunk_put(pool, &cache, first, class, 100);
    second = chunk_get(pool, &cache, 100, &class);

    ck_assert_ptr_eq(first, second);
    chunk_put(pool, &cache, second, class, 100);
}
END_TEST

START_TEST(many_chunks_of_every_class_come_back)
{
    enum { N = 50 };
    static void *chunks[CHUNK_CLASSES + 1][N];
    unsigned class;

    for (unsigned c = 0; c <= CHUNK_CLASSES; c++) {
        size_t bytes = c < CHUNK_CLASSES ? chunk_class_bytes[c] : (size_t)3 << 20;

        for (unsigned k = 0; k < N; k++) {
            chunks[c][k] = chunk_get(pool, k % 2 ? &cache : NULL, bytes, &class);
            ck_assert_ptr_nonnull(chunks[c][k]);
            ck_assert_uint_eq(class, c);
            memset(chunks[c][k], (int)k, bytes);
        }
    }
    for (unsigned c = 0; c <= CHUNK_CLASSES; c++) {
        size_t bytes = c < CHUNK_CLASSES ? chunk_class_bytes[c] : (size_t)3 << 20;

        for (unsigned k = 0; k < N; k++) {
            ck_assert_uint_eq(*(unsigned char *)chunks[c][k], k);
            chunk_put(pool, k % 2 ? NULL : &cache, chunks[c][k], c, bytes);
        }
    }
    ck_assert_uint_le(chunk_pool_bytes(pool),
                      CHUNK_IDLE_BYTES_MAX + CHUNK_CACHE_SLOTS * (size_t)(110 << 10));
}
END_TEST

START_TEST(buffer_has_its_payload_and_a_readable_tail)
{
    for (size_t len = 1; len < (size_t)5 << 20; len = 3 * len + 1) {
        struct buf *b = buf_new(pool, &cache, len);

        ck_assert_ptr_nonnull(b);
        memset(b->data, 1, len + BUF_TAIL);
        ck_assert(buf_holds(b, b->data, len));
        ck_assert(buf_holds(b, b->data + len - 1, 1));
        ck_assert(!buf_holds(b, b->data + len, 1));
        ck_assert(!buf_holds(b, b->data - 1, 1));
        ck_assert(!buf_holds(b, b->data, len + 1));
        ck_assert_uint_ge(b->cost, len);
        buf_unref(b, &cache);
    }
}
END_TEST

START_TEST(power_of_two_payload_fits_its_class)
{
    struct buf *b = buf_new(pool, &cache, 1 << 20);

    ck_assert_uint_eq(b->cost, (1 << 20) + CHUNK_EXTRA);
    buf_unref(b, &cache);
}
END_TEST

static void count_release(void *arg)
{
    ++*(int *)arg;
}

START_TEST(adopted_memory_is_released_by_the_last_reference)
{
    int released = 0;
    char memory[10] = "abc";
    struct buf *b =
        buf_adopt(pool, &cache, memory, sizeof(memory), count_release, &released);

    buf_ref(b);
    buf_unref(b, &cache);
    ck_assert_int_eq(released, 0);
    buf_unref(b, NULL);
    ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(absurd_length_is_refused)
{
    ck_assert_ptr_null(buf_new(pool, &cache, SIZE_MAX - 10));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow/chunk");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, class_is_the_smallest_that_fits);
    tcase_add_test(tc, chunk_given_back_is_the_next_one_taken);
    tcase_add_test(tc, many_chunks_of_every_class_come_back);
    tcase_add_test(tc, buffer_has_its_payload_and_a_readable_tail);
    tcase_add_test(tc, power_of_two_payload_fits_its_class);
    tcase_add_test(tc, adopted_memory_is_released_by_the_last_reference);
    tcase_add_test(tc, absurd_length_is_refused);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
