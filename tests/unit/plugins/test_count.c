/* SPDX-License-Identifier: MIT */
/* Unit tests of plugins/count: which numbers, whatever the bounds and the batches. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "support/fake_host.h"

static struct fake_host *fake;

static void setup(void)
{
    fake = fake_new();
    fake_set(fake, "to", "5");
}

static void teardown(void)
{
    fake_free(fake);
}

static void expect(const char *numbers)
{
    char *all;

    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    all = fake_joined(fake, " ", NULL);
    fake_down(fake);
    ck_assert_str_eq(all, numbers);
    free(all);
}

static const struct {
    const char *from, *to, *step, *numbers;
} ranges[] = {
    {"0", "5", "1", "0 1 2 3 4 "},
    {"1", "1", "1", ""},
    {"2", "1", "1", ""},
    {"-2", "3", "2", "-2 0 2 "},
    {"-2", "4", "2", "-2 0 2 "},
    {"3", "0", "-1", "3 2 1 "},
    {"3", "5", "-1", ""},
    {"10", "-11", "-10", "10 0 -10 "},
    {"9223372036854775805", "9223372036854775807", "1",
     "9223372036854775805 9223372036854775806 "},
    {"-9223372036854775807", "9223372036854775807", "9223372036854775807",
     "-9223372036854775807 0 "},
    {"9223372036854775807", "-9223372036854775807", "-9223372036854775807",
     "9223372036854775807 0 "},
};

START_TEST(numbers_are_those_of_the_range)
{
    fake_set(fake, "from", ranges[_i].from);
    fake_set(fake, "to", ranges[_i].to);
    fake_set(fake, "step", ranges[_i].step);

    expect(ranges[_i].numbers);

    ck_assert_uint_eq(fake->progress_done, fake->progress_total);
}
END_TEST

START_TEST(numbers_do_not_depend_on_batches_or_pauses)
{
    fake_set(fake, "to", "600");
    fake->ctx.want = (uint32_t)_i;
    fake->more_every = 3;

    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    fake_down(fake);

    ck_assert_uint_eq(fake->n_items, 600);
    for (size_t i = 0; i < fake->n_items; i++) {
        ck_assert_uint_eq(strtoull(fake->items[i].data, NULL, 10), i);
        ck_assert_uint_eq(fake->items[i].pos, i + 1);
        ck_assert(fake->items[i].by_reference);
    }
}
END_TEST

START_TEST(step_of_0_is_refused)
{
    fake_set(fake, "step", "0");

    ck_assert_int_eq(fake_start(fake), PPH_FATAL);

    ck_assert_str_eq(fake->failures, "step: 0 never comes to an end\n");
}
END_TEST

START_TEST(failed_alloc_ends_the_stage)
{
    fake->alloc_fails = 1;
    fake_up(fake);

    ck_assert_int_eq(fake_generate(fake), PPH_FATAL);

    fake_down(fake);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/count");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, numbers_are_those_of_the_range, 0,
                        (int)(sizeof(ranges) / sizeof(ranges[0])));
    tcase_add_loop_test(tc, numbers_do_not_depend_on_batches_or_pauses, 0, 4);
    tcase_add_test(tc, step_of_0_is_refused);
    tcase_add_test(tc, failed_alloc_ends_the_stage);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
