/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/head.
 */
#include <stdlib.h>

#include <check.h>

#include "support/fake_host.h"

static const char *const texts[] = {"one", "two", "three"};

static struct fake_host *fake_head(const char *n)
{
    struct fake_host *fake = fake_new();

    fake_set(fake, "n", n);
    fake_up(fake);
    return fake;
}

static void assert_emitted(const struct fake_host *fake, const char *all)
{
    char *joined = fake_joined(fake, " ", &(size_t){0});

    ck_assert_str_eq(joined, all);
    free(joined);
}

START_TEST(the_first_items_pass_and_then_it_wants_no_more)
{
    struct fake_host *fake = fake_head("2");

    ck_assert_int_eq(fake_batch_texts(fake, texts, 3), PPH_END);

    assert_emitted(fake, "one two ");
    ck_assert(fake->items[0].by_reference);
    fake_down(fake);
    fake_free(fake);
}
END_TEST

START_TEST(it_counts_over_batches_and_ends_with_the_last_item)
{
    struct fake_host *fake = fake_head("6");

    ck_assert_int_eq(fake_batch_texts(fake, texts, 3), PPH_OK);
    ck_assert_int_eq(fake_batch_texts(fake, texts, 3), PPH_END);

    assert_emitted(fake, "one two three one two three ");
    fake_down(fake);
    fake_free(fake);
}
END_TEST

START_TEST(none_at_all_is_possible)
{
    struct fake_host *fake = fake_head("0");

    ck_assert_int_eq(fake_batch_texts(fake, texts, 3), PPH_END);

    ck_assert_uint_eq(fake->n_items, 0);
    fake_down(fake);
    fake_free(fake);
}
END_TEST

START_TEST(a_stop_is_passed_on)
{
    struct fake_host *fake = fake_head("10");
    fake->stop_after = 1;

    ck_assert_int_eq(fake_batch_texts(fake, texts, 3), PPH_STOP);

    fake_down(fake);
    fake_free(fake);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/head");
    TCase *tc = tcase_create("head");

    tcase_add_test(tc, the_first_items_pass_and_then_it_wants_no_more);
    tcase_add_test(tc, it_counts_over_batches_and_ends_with_the_last_item);
    tcase_add_test(tc, none_at_all_is_possible);
    tcase_add_test(tc, a_stop_is_passed_on);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
