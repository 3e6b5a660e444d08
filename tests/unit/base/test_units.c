/* SPDX-License-Identifier: MIT */
/* Unit tests of base/units.h: tables of what is read and what is refused. */
#include <inttypes.h>
#include <stdlib.h>

#include <check.h>

#include "base/units.h"

struct size_case {
    const char *text;
    enum units_status status;
    uint64_t bytes;
};

static const struct size_case sizes[] = {
    {"0", UNITS_OK, 0},
    {"17B", UNITS_OK, 17},
    {"64KB", UNITS_OK, 64000},
    {"64KiB", UNITS_OK, 65536},
    {"64MB", UNITS_OK, 64000000},
    {"64 MB", UNITS_OK, 64000000},
    {"1.5GiB", UNITS_OK, 1610612736},
    {"1_000KB", UNITS_OK, 1000000},
    {"1TiB", UNITS_OK, 1099511627776},
    {"0.5KB", UNITS_OK, 500},
    {"9223372036854775807B", UNITS_OK, INT64_MAX},
    {"9223372036854775808B", UNITS_RANGE, 0},
    {"99999999TB", UNITS_RANGE, 0},
    {"99999999999999999999999999999999", UNITS_RANGE, 0},
    {"100", UNITS_NO_UNIT, 0},
    {"1.5", UNITS_NO_UNIT, 0},
    {"100MBs", UNITS_BAD, 0},
    {"64mb", UNITS_BAD, 0},
    {"-1B", UNITS_BAD, 0},
    {"MB", UNITS_BAD, 0},
    {"1.MB", UNITS_BAD, 0},
    {".5MB", UNITS_BAD, 0},
    {"1__0B", UNITS_BAD, 0},
    {"_1B", UNITS_BAD, 0},
    {"1e3B", UNITS_BAD, 0},
    {"", UNITS_BAD, 0},
    {" 1B", UNITS_BAD, 0},
};

START_TEST(a_size_is_read_or_refused)
{
    const struct size_case *c = &sizes[_i];
    uint64_t bytes = 0;

    ck_assert_msg(units_size(c->text, &bytes) == c->status, "'%s'", c->text);
    ck_assert_msg(bytes == c->bytes, "'%s': %" PRIu64, c->text, bytes);
}
END_TEST

struct int_case {
    const char *text;
    enum units_status status;
    int64_t value;
};

static const struct int_case times[] = {
    {"0", UNITS_OK, 0},
    {"30ns", UNITS_OK, 30},
    {"10us", UNITS_OK, 10000},
    {"250ms", UNITS_OK, 250000000},
    {"1.5s", UNITS_OK, 1500000000},
    {"5m", UNITS_OK, 300000000000},
    {"2h", UNITS_OK, 7200000000000},
    {"1d", UNITS_OK, 86400000000000},
    {"200000d", UNITS_RANGE, 0},
    {"5", UNITS_NO_UNIT, 0},
    {"5min", UNITS_BAD, 0},
    {"s", UNITS_BAD, 0},
};

START_TEST(a_time_is_read_or_refused)
{
    const struct int_case *c = &times[_i];
    int64_t ns = 0;

    ck_assert_msg(units_time(c->text, &ns) == c->status, "'%s'", c->text);
    ck_assert_msg(ns == c->value, "'%s': %" PRId64, c->text, ns);
}
END_TEST

static const struct int_case ints[] = {
    {"0", UNITS_OK, 0},
    {"010", UNITS_OK, 10},
    {"1_000", UNITS_OK, 1000},
    {"-5", UNITS_OK, -5},
    {"+5", UNITS_OK, 5},
    {"0x1F", UNITS_OK, 31},
    {"-0xff", UNITS_OK, -255},
    {"0x7fff_ffff_ffff_ffff", UNITS_OK, INT64_MAX},
    {"9223372036854775807", UNITS_OK, INT64_MAX},
    {"-9223372036854775808", UNITS_OK, INT64_MIN},
    {"9223372036854775808", UNITS_RANGE, 0},
    {"-9223372036854775809", UNITS_RANGE, 0},
    {"0x8000000000000000", UNITS_RANGE, 0},
    {"0x11111111111111111", UNITS_RANGE, 0},
    {"99999999999999999999999", UNITS_RANGE, 0},
    {"1.5", UNITS_BAD, 0},
    {"1e3", UNITS_BAD, 0},
    {"0x", UNITS_BAD, 0},
    {"0xg", UNITS_BAD, 0},
    {"1_", UNITS_BAD, 0},
    {"--1", UNITS_BAD, 0},
    {"", UNITS_BAD, 0},
    {"5 ", UNITS_BAD, 0},
};

START_TEST(a_whole_number_is_read_or_refused)
{
    const struct int_case *c = &ints[_i];
    int64_t value = 0;

    ck_assert_msg(units_int(c->text, &value) == c->status, "'%s'", c->text);
    ck_assert_msg(value == c->value, "'%s': %" PRId64, c->text, value);
}
END_TEST

START_TEST(a_decimal_number_is_read_or_refused)
{
    static const char *const bad[] = {"",    ".",  "inf", "nan", "0x1",
                                      "1,5", "1e", " 1",  "1 ",  "-"};
    double value = 0;

    ck_assert_int_eq(units_float("-1.25e2", &value), UNITS_OK);
    ck_assert_double_eq(value, -125.0);
    ck_assert_int_eq(units_float(".5", &value), UNITS_OK);
    ck_assert_double_eq(value, 0.5);
    ck_assert_int_eq(units_float("1e999", &value), UNITS_RANGE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_assert_msg(units_float(bad[i], &value) == UNITS_BAD, "'%s'", bad[i]);
    ck_assert_double_eq(value, 0.5);
}
END_TEST

START_TEST(a_share_is_read_or_refused)
{
    uint32_t share = 7;

    ck_assert_int_eq(units_share("1%", &share), UNITS_OK);
    ck_assert_uint_eq(share, 10000);
    ck_assert_int_eq(units_share("0.25 %", &share), UNITS_OK);
    ck_assert_uint_eq(share, 2500);
    ck_assert_int_eq(units_share("100%", &share), UNITS_OK);
    ck_assert_uint_eq(share, 1000000);
    ck_assert_int_eq(units_share("0%", &share), UNITS_OK);
    ck_assert_uint_eq(share, 0);
    ck_assert_int_eq(units_share("100.1%", &share), UNITS_RANGE);
    ck_assert_int_eq(units_share("5", &share), UNITS_NO_UNIT);
    ck_assert_int_eq(units_share("-1%", &share), UNITS_BAD);
    ck_assert_int_eq(units_share("%", &share), UNITS_BAD);
    ck_assert_int_eq(units_share("5%%", &share), UNITS_BAD);
    ck_assert_uint_eq(share, 0);
}
END_TEST

START_TEST(a_rate_is_read_or_refused)
{
    static const char *const bad[] = {"200/min", "200 / s", "/s", "-1/s", "200/S", "s"};
    uint64_t items = 7;
    uint64_t per_ns = 7;

    ck_assert_int_eq(units_rate("200/s", &items, &per_ns), UNITS_OK);
    ck_assert_uint_eq(items, 200);
    ck_assert_uint_eq(per_ns, 1000000000);
    ck_assert_int_eq(units_rate("1.5 /h", &items, &per_ns), UNITS_OK);
    ck_assert_uint_eq(items, 15);
    ck_assert_uint_eq(per_ns, 36000000000000);
    ck_assert_int_eq(units_rate("60_000_000_000/m", &items, &per_ns), UNITS_OK);
    ck_assert_uint_eq(items, per_ns);
    ck_assert_int_eq(units_rate("1000000001/s", &items, &per_ns), UNITS_RANGE);
    ck_assert_int_eq(units_rate("0/s", &items, &per_ns), UNITS_RANGE);
    ck_assert_int_eq(units_rate("0.000000001/h", &items, &per_ns), UNITS_RANGE);
    ck_assert_int_eq(units_rate("99999999999999999999999/h", &items, &per_ns),
                     UNITS_RANGE);
    ck_assert_int_eq(units_rate("0", &items, &per_ns), UNITS_NO_UNIT);
    for (size_t k = 0; k < sizeof(bad) / sizeof(*bad); k++)
        ck_assert_msg(units_rate(bad[k], &items, &per_ns) == UNITS_BAD, "'%s'", bad[k]);
}
END_TEST

START_TEST(booleans_are_six_words)
{
    bool value = false;

    ck_assert_int_eq(units_bool("yes", &value), UNITS_OK);
    ck_assert(value);
    ck_assert_int_eq(units_bool("off", &value), UNITS_OK);
    ck_assert(!value);
    ck_assert_int_eq(units_bool("True", &value), UNITS_BAD);
    ck_assert_int_eq(units_bool("1", &value), UNITS_BAD);
}
END_TEST

START_TEST(sizes_are_shown_in_the_unit_that_fits)
{
    char b[32];

    ck_assert_str_eq(units_show_size(0, b, sizeof(b)), "0 B");
    ck_assert_str_eq(units_show_size(1023, b, sizeof(b)), "1023 B");
    ck_assert_str_eq(units_show_size(1024, b, sizeof(b)), "1 KiB");
    ck_assert_str_eq(units_show_size(1536, b, sizeof(b)), "1.5 KiB");
    ck_assert_str_eq(units_show_size(1024 * 1024 - 1, b, sizeof(b)), "1 MiB");
    ck_assert_str_eq(units_show_size(64 << 20, b, sizeof(b)), "64 MiB");
    ck_assert_str_eq(units_show_size(UINT64_MAX, b, sizeof(b)), "16 EiB");
}
END_TEST

START_TEST(times_are_shown_in_the_unit_that_fits)
{
    char b[32];

    ck_assert_str_eq(units_show_time(7, b, sizeof(b)), "7 ns");
    ck_assert_str_eq(units_show_time(1500, b, sizeof(b)), "1.5 us");
    ck_assert_str_eq(units_show_time(250000000, b, sizeof(b)), "250 ms");
    ck_assert_str_eq(units_show_time(999999999, b, sizeof(b)), "1 s");
    ck_assert_str_eq(units_show_time(1500000000, b, sizeof(b)), "1.5 s");
    ck_assert_str_eq(units_show_time(59990000000, b, sizeof(b)), "1:00");
    ck_assert_str_eq(units_show_time(307000000000, b, sizeof(b)), "5:07");
    ck_assert_str_eq(units_show_time(3723000000000, b, sizeof(b)), "1:02:03");
}
END_TEST

START_TEST(counts_are_shown_with_separators)
{
    char b[32];

    ck_assert_str_eq(units_show_count(0, b, sizeof(b)), "0");
    ck_assert_str_eq(units_show_count(999, b, sizeof(b)), "999");
    ck_assert_str_eq(units_show_count(1000, b, sizeof(b)), "1,000");
    ck_assert_str_eq(units_show_count(12904331, b, sizeof(b)), "12,904,331");
    ck_assert_str_eq(units_show_count(UINT64_MAX, b, sizeof(b)),
                     "18,446,744,073,709,551,615");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/units");
    TCase *tc = tcase_create("core");

    tcase_add_loop_test(tc, a_size_is_read_or_refused, 0, sizeof(sizes) / sizeof(*sizes));
    tcase_add_loop_test(tc, a_time_is_read_or_refused, 0, sizeof(times) / sizeof(*times));
    tcase_add_loop_test(tc, a_whole_number_is_read_or_refused, 0,
                        sizeof(ints) / sizeof(*ints));
    tcase_add_test(tc, a_decimal_number_is_read_or_refused);
    tcase_add_test(tc, a_share_is_read_or_refused);
    tcase_add_test(tc, a_rate_is_read_or_refused);
    tcase_add_test(tc, booleans_are_six_words);
    tcase_add_test(tc, sizes_are_shown_in_the_unit_that_fits);
    tcase_add_test(tc, times_are_shown_in_the_unit_that_fits);
    tcase_add_test(tc, counts_are_shown_with_separators);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
