/* SPDX-License-Identifier: MIT */
/* Unit tests of observe/figures.h. */
#include <stdlib.h>

#include <check.h>

#include "base/clock.h"
#include "observe/figures.h"

START_TEST(item_rates_have_a_few_digits_at_every_size)
{
    char b[FIGURE_MAX];

    ck_assert_str_eq(figure_item_rate(0, b), "0.0/s");
    ck_assert_str_eq(figure_item_rate(0.25, b), "0.2/s");
    ck_assert_str_eq(figure_item_rate(412.4, b), "412/s");
    ck_assert_str_eq(figure_item_rate(9412, b), "9,412/s");
    ck_assert_str_eq(figure_item_rate(41234, b), "41.2 k/s");
    ck_assert_str_eq(figure_item_rate(10.9e6, b), "10.9 M/s");
    ck_assert_str_eq(figure_item_rate(999.9e3, b), "1.00 M/s");
}
END_TEST

START_TEST(bytes_are_decimal)
{
    char b[FIGURE_MAX];

    ck_assert_str_eq(figure_bytes(0, b), "0 B");
    ck_assert_str_eq(figure_bytes(999, b), "999 B");
    ck_assert_str_eq(figure_bytes(1000, b), "1.00 kB");
    ck_assert_str_eq(figure_bytes(20300000000, b), "20.3 GB");
    ck_assert_str_eq(figure_byte_rate(1.42e9, b), "1.42 GB/s");
}
END_TEST

START_TEST(bytes_of_uses_the_unit_of_the_total)
{
    char b[FIGURE_MAX];

    ck_assert_str_eq(figure_bytes_of(12400000000, 20300000000, b), "12.4/20.3 GB");
    ck_assert_str_eq(figure_bytes_of(1000, 20300000000, b), "0.0/20.3 GB");
    ck_assert_str_eq(figure_bytes_of(17, 412, b), "17/412 B");
}
END_TEST

START_TEST(times_that_count_have_a_colon_and_times_that_are_over_a_unit)
{
    char b[FIGURE_MAX];

    ck_assert_str_eq(figure_clock(27ull * NS_PER_S, b), "0:27");
    ck_assert_str_eq(figure_clock(3723ull * NS_PER_S, b), "1:02:03");
    ck_assert_str_eq(figure_duration(3200 * 1000, b), "3.2 ms");
    ck_assert_str_eq(figure_duration(840ull * NS_PER_MS, b), "0.84 s");
    ck_assert_str_eq(figure_duration(47300ull * NS_PER_MS, b), "47.3 s");
    ck_assert_str_eq(figure_duration(307ull * NS_PER_S, b), "5:07");
}
END_TEST

START_TEST(percent_is_full_only_when_all_is_done)
{
    ck_assert_uint_eq(figure_percent(0, 0), 0);
    ck_assert_uint_eq(figure_percent(999999, 1000000), 99);
    ck_assert_uint_eq(figure_percent(1000000, 1000000), 100);
    ck_assert_uint_eq(figure_percent(7, 5), 100);
    ck_assert_uint_eq(figure_percent(UINT64_MAX - 1, UINT64_MAX), 99);
}
END_TEST

START_TEST(columns_count_what_a_terminal_shows)
{
    ck_assert_uint_eq(figure_columns(""), 0);
    ck_assert_uint_eq(figure_columns("abc"), 3);
    ck_assert_uint_eq(figure_columns("é█…"), 3);
    ck_assert_uint_eq(figure_columns("日本"), 4);
    ck_assert_uint_eq(figure_columns("e\xCC\x81"), 1);
    ck_assert_uint_eq(figure_columns("\xE6\x97"), 2); /* cut in the middle */
}
END_TEST

START_TEST(cut_never_takes_more_columns_than_given)
{
    struct text out = {0};

    for (size_t columns = 0; columns < 9; columns++) {
        struct text t = {0};

        figure_cut(&t, "ab日本cd", columns, "…");
        ck_assert_uint_le(figure_columns(text_get(&t)), columns);
        text_fini(&t);
    }
    figure_cut(&out, "abcdef", 4, "…");
    ck_assert_str_eq(text_get(&out), "abc…");
    text_fini(&out);
}
END_TEST

START_TEST(pad_fills_on_the_asked_side)
{
    struct text out = {0};

    figure_pad(&out, "é", 3);
    figure_pad(&out, "b", -3);
    figure_pad(&out, "long", 2);

    ck_assert_str_eq(text_get(&out), "é    blong");
    text_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observe/figures");
    TCase *tc = tcase_create("core");

    tcase_add_test(tc, item_rates_have_a_few_digits_at_every_size);
    tcase_add_test(tc, bytes_are_decimal);
    tcase_add_test(tc, bytes_of_uses_the_unit_of_the_total);
    tcase_add_test(tc, times_that_count_have_a_colon_and_times_that_are_over_a_unit);
    tcase_add_test(tc, percent_is_full_only_when_all_is_done);
    tcase_add_test(tc, columns_count_what_a_terminal_shows);
    tcase_add_test(tc, cut_never_takes_more_columns_than_given);
    tcase_add_test(tc, pad_fills_on_the_asked_side);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
