/* SPDX-License-Identifier: MIT */
/* Unit tests of base/arena.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/arena.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
    ck_assert_ptr_nonnull(arena);
}

static void teardown(void)
{
    arena_free(arena);
}

START_TEST(memory_is_zeroed_and_aligned)
{
    for (size_t size = 0; size < 200; size++) {
        unsigned char *bytes = arena_alloc(arena, size);

        ck_assert_ptr_nonnull(bytes);
        ck_assert_uint_eq((uintptr_t)bytes % 16, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(bytes[i], 0);
        memset(bytes, 0xA5, size);
    }
}
END_TEST

START_TEST(allocations_do_not_overlap)
{
    enum { N = 5000 };
    static unsigned char *blocks[N];

    for (int i = 0; i < N; i++) {
        blocks[i] = arena_alloc(arena, 40);
        ck_assert_ptr_nonnull(blocks[i]);
        memset(blocks[i], i % 251, 40);
    }

    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 40; k++)
            ck_assert_int_eq(blocks[i][k], i % 251);
    }
}
END_TEST

START_TEST(an_allocation_larger_than_a_chunk_leaves_the_current_one_in_use)
{
    char *before = arena_alloc(arena, 16);
    char *big = arena_alloc(arena, 1 << 20);
    char *after = arena_alloc(arena, 16);

    ck_assert_ptr_nonnull(big);
    memset(big, 1, 1 << 20);
    ck_assert_ptr_eq(after, before + 16);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
    ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(arena_copy(arena, "", SIZE_MAX));
}
END_TEST

START_TEST(a_copy_has_a_nul_behind_it)
{
    char *copy = arena_copy(arena, "abcdef", 3);

    ck_assert_str_eq(copy, "abc");
}
END_TEST

START_TEST(printf_makes_room_for_the_whole_text)
{
    char *text = arena_printf(arena, "%s-%0300d", "x", 7);

    ck_assert_uint_eq(strlen(text), 302);
    ck_assert_int_eq(text[301], '7');
}
END_TEST

START_TEST(what_was_absorbed_lives_on)
{
    struct arena *other = arena_new();
    char *mine = arena_copy(arena, "mine", 4);
    char *theirs = arena_copy(other, "theirs", 6);

    arena_absorb(arena, other);
    arena_absorb(arena, NULL);

    ck_assert_str_eq(theirs, "theirs");
    ck_assert_str_eq(mine, "mine");
    ck_assert_ptr_nonnull(arena_alloc(arena, 100));
}
END_TEST

START_TEST(free_accepts_null)
{
    arena_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/arena");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, memory_is_zeroed_and_aligned);
    tcase_add_test(tc, allocations_do_not_overlap);
    tcase_add_test(tc, an_allocation_larger_than_a_chunk_leaves_the_current_one_in_use);
    tcase_add_test(tc, sizes_that_overflow_are_refused);
    tcase_add_test(tc, a_copy_has_a_nul_behind_it);
    tcase_add_test(tc, printf_makes_room_for_the_whole_text);
    tcase_add_test(tc, what_was_absorbed_lives_on);
    tcase_add_test(tc, free_accepts_null);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
