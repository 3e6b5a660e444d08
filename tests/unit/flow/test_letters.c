/* SPDX-License-Identifier: MIT */
/* Unit tests of flow/letters.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "flow/letters.h"

static struct chunk_pool *pool;
static struct chunk_cache cache;
static struct batch_memory memory;

static void setup(void)
{
    pool = chunk_pool_new();
    chunk_cache_init(&cache, pool);
    memory = (struct batch_memory){.pool = pool, .cache = &cache};
}

static void teardown(void)
{
    chunk_cache_fini(&cache);
    ck_assert_uint_eq(chunk_pool_used(pool), 0); /* all was given back */
    chunk_pool_free(pool);
}

static bool add(struct batch *batch, unsigned attempt, const char *error)
{
    const struct letter letter = {
        .stage = "parse", .worker = 3, .attempt = attempt, .error = error};
    struct pph_item item = {.pos = batch->n + 1, .flags = PPH_WRITABLE};

    if (!letters_add(batch, &memory, &letter, &item))
        return false;
    batch->items[batch->n++] = item;
    return true;
}

/* A batch of `n` empty letters: attempt k + 1, error "k". */
static struct batch *make_batch(uint32_t n)
{
    struct batch *batch = batch_new(&memory, n, NULL);
    char error[16];

    for (uint32_t k = 0; k < n; k++) {
        (void)snprintf(error, sizeof(error), "%u", k);
        ck_assert(add(batch, k + 1, error));
    }
    return batch;
}

static void assert_letter(const struct batch *batch, uint32_t k, unsigned attempt,
                          const char *error)
{
    struct letter letter;

    ck_assert(letters_get(batch, &batch->items[k], &letter));
    ck_assert_str_eq(letter.stage, "parse");
    ck_assert_uint_eq(letter.worker, 3);
    ck_assert_uint_eq(letter.attempt, attempt);
    ck_assert_str_eq(letter.error, error);
}

START_TEST(each_item_has_its_own)
{
    struct batch *batch = make_batch(20);

    assert_letter(batch, 0, 1, "0");
    assert_letter(batch, 19, 20, "19");
    ck_assert(batch->items[19].flags & PPH_WRITABLE);
    ck_assert_uint_eq(batch->items[19].pos, 20);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(clones_and_parts_keep_them)
{
    static const uint16_t index[] = {7, 2};
    struct batch *batch = make_batch(9);
    struct batch *clone = batch_clone(batch, &memory);
    struct batch *some = batch_pick(batch, &memory, index, 2);
    struct batch *bigger = batch_grow(batch, &memory, 100);

    batch_free(bigger, &memory);
    assert_letter(clone, 8, 9, "8");
    batch_free(clone, &memory);
    assert_letter(some, 0, 8, "7");
    assert_letter(some, 1, 3, "2");
    batch_free(some, &memory);
}
END_TEST

START_TEST(what_is_forgotten_is_no_letter)
{
    struct batch *batch = make_batch(2);
    struct letter letter;
    size_t cost = batch->cost;

    batch_forget_letters(batch, &memory);
    ck_assert(!letters_get(batch, &batch->items[0], &letter));
    ck_assert_uint_lt(batch->cost, cost);
    batch_free(batch, &memory);
}
END_TEST

START_TEST(flags_that_somebody_has_changed_lead_nowhere)
{
    struct batch *batch = make_batch(2);
    struct pph_item item = batch->items[0];
    struct letter letter;

    item.flags = UINT16_MAX;
    ck_assert(!letters_get(batch, &item, &letter));
    batch_free(batch, &memory);
}
END_TEST

START_TEST(a_batch_is_full_of_different_errors_but_not_of_one)
{
    struct batch *batch = batch_new(&memory, BATCH_ITEMS_MAX, NULL);
    char error[LETTER_ERROR_MAX + 10];
    uint32_t n = 0;

    memset(error, 'x', sizeof(error) - 1);
    error[sizeof(error) - 1] = '\0';
    for (error[0] = 'a'; add(batch, 1, error); error[0]++)
        n++;
    ck_assert_uint_ge(n, 3);
    error[LETTER_ERROR_MAX] = '\0'; /* what is kept of it */
    error[0] = (char)('a' + n - 1);
    assert_letter(batch, n - 1, 1, error);
    batch_free(batch, &memory);

    batch = batch_new(&memory, BATCH_ITEMS_MAX, NULL);
    for (n = 0; add(batch, 1, "the same"); n++)
        ck_assert_uint_lt(n, BATCH_ITEMS_MAX);
    ck_assert_uint_gt(n, 300);
    assert_letter(batch, n - 1, 1, "the same");
    batch_free(batch, &memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow/letters");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_item_has_its_own);
    tcase_add_test(tc, clones_and_parts_keep_them);
    tcase_add_test(tc, what_is_forgotten_is_no_letter);
    tcase_add_test(tc, flags_that_somebody_has_changed_lead_nowhere);
    tcase_add_test(tc, a_batch_is_full_of_different_errors_but_not_of_one);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
