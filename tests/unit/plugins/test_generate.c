/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/generate: how many, how long, and the same ones every time.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "support/fake_host.h"

static struct fake_host *fake;

static void setup(void)
{
    fake = fake_new();
    fake_set(fake, "count", "1000");
}

static void teardown(void)
{
    fake_free(fake);
}

static char *generate(void)
{
    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    char *all = fake_joined(fake, " ", NULL);
    fake_down(fake);
    return all;
}

START_TEST(items_have_size_number_and_letters)
{
    char *all = generate();

    ck_assert_uint_eq(fake->n_items, 1000);
    for (size_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(fake->items[i].len, 8);
        ck_assert_uint_eq(fake->items[i].pos, i + 1);
        ck_assert_uint_eq(strspn(fake->items[i].data, "abcdefghijklmnop"), 8);
        ck_assert(fake->items[i].by_reference);
    }
    ck_assert_str_ne(fake->items[0].data, fake->items[1].data);
    ck_assert_uint_eq(fake->progress_done, 1000);
    ck_assert_uint_eq(fake->progress_total, 1000);
    ck_assert_int_eq(fake->progress_unit, PPH_ITEMS);
    free(all);
}
END_TEST

/* The sizes are those about which letters and blocks end. */
START_TEST(items_do_not_depend_on_batches_or_pauses)
{
    static const char *const sizes[] = {"0", "1",   "7",      "8",
                                        "9", "511", "130815", "200000"};
    fake_set(fake, "size", sizes[_i]);
    fake_set(fake, "count", _i > 5 ? "5" : "1000");
    char *wanted = generate();
    fake_forget(fake);

    fake->ctx.want = 3;
    fake->more_every = 2;
    char *got = generate();

    ck_assert_str_eq(got, wanted);
    free(got);
    free(wanted);
}
END_TEST

START_TEST(other_seeds_give_other_items)
{
    char *first = generate();
    fake_forget(fake);
    fake_set(fake, "seed", "1");

    char *second = generate();

    ck_assert_str_ne(first, second);
    free(first);
    free(second);
}
END_TEST

START_TEST(known_items_stay_what_they_are)
{
    fake_set(fake, "count", "3");
    fake_set(fake, "size", "10");

    char *all = generate();

    ck_assert_str_eq(all, "pmgflclbho ginlmohkga bbdbbhaleo ");
    free(all);
}
END_TEST

START_TEST(a_text_is_sent_as_it_is_without_a_copy)
{
    fake_set(fake, "count", "3");
    fake_set(fake, "text", "hi");

    char *all = generate();

    ck_assert_str_eq(all, "hi hi hi ");
    ck_assert(fake->items[2].by_reference);
    ck_assert_uint_eq(fake->items[2].flags, 0);
    free(all);
}
END_TEST

START_TEST(text_and_size_exclude_each_other)
{
    fake_set(fake, "text", "hi");
    fake_set(fake, "size", "9");

    ck_assert_int_eq(fake_start(fake), PPH_FATAL);

    ck_assert_str_eq(fake->failures, "text and size exclude each other\n");
}
END_TEST

START_TEST(a_count_of_0_gives_nothing)
{
    fake_set(fake, "count", "0");

    char *all = generate();

    ck_assert_uint_eq(fake->n_items, 0);
    free(all);
}
END_TEST

START_TEST(stop_is_handed_on)
{
    fake->stop_after = 10;
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_STOP);

    fake_down(fake);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    fake->alloc_fails = 1;
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "larger than the memory budget"));
    fake_down(fake);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/generate");
    TCase *tc = tcase_create("generate");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, items_have_size_number_and_letters);
    tcase_add_loop_test(tc, items_do_not_depend_on_batches_or_pauses, 0, 8);
    tcase_add_test(tc, other_seeds_give_other_items);
    tcase_add_test(tc, known_items_stay_what_they_are);
    tcase_add_test(tc, a_text_is_sent_as_it_is_without_a_copy);
    tcase_add_test(tc, text_and_size_exclude_each_other);
    tcase_add_test(tc, a_count_of_0_gives_nothing);
    tcase_add_test(tc, stop_is_handed_on);
    tcase_add_test(tc, no_memory_is_an_error);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
