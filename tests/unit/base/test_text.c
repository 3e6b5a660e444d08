/* SPDX-License-Identifier: MIT */
/* Unit tests of base/text.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/text.h"

static struct text t;

static void teardown(void)
{
    text_fini(&t);
}

START_TEST(an_empty_text_is_an_empty_string)
{
    ck_assert_str_eq(text_get(&t), "");
    text_append(&t, NULL, 0);
    ck_assert_str_eq(text_get(&t), "");
}
END_TEST

START_TEST(appends_add_up)
{
    for (int i = 0; i < 1000; i++)
        text_printf(&t, "%d,", i % 10);
    text_str(&t, "end");

    ck_assert_uint_eq(t.len, 2003);
    ck_assert_str_eq(t.data + 2000, "end");
}
END_TEST

START_TEST(a_failed_text_stays_empty)
{
    text_str(&t, "a");
    t.failed = true;
    text_str(&t, "b");

    ck_assert_str_eq(text_get(&t), "");
    ck_assert_uint_eq(t.len, 1);
}
END_TEST

START_TEST(json_escapes_what_json_has_to)
{
    text_json(&t, "a\"b\\c\n\t\r\x01\x7f\0z", 12);

    ck_assert_str_eq(text_get(&t), "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f\\u0000z\"");
}
END_TEST

START_TEST(json_replaces_broken_utf8)
{
    text_json(&t, "\xC3\xA9\xFF\xE2\x82", 5);

    ck_assert_str_eq(text_get(&t), "\"\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
END_TEST

START_TEST(printable_text_cannot_move_the_cursor)
{
    static const char input[] = "a\x1b[31m\r\n\xC2\x9B\xE2\x80\xAE\xFF\xC3\xA9";

    text_printable(&t, input, sizeof(input) - 1, 100);

    ck_assert_str_eq(text_get(&t),
                     "a\\x1B[31m\\x0D\\x0A\\xC2\\x9B\\xE2\\x80\\xAE\\xFF\xC3\xA9");
}
END_TEST

START_TEST(printable_text_is_cut_between_characters)
{
    text_printable(&t, "ab\xC3\xA9z", 5, 3);

    ck_assert_str_eq(text_get(&t), "ab...");
}
END_TEST

START_TEST(printable_text_of_exactly_the_limit_is_whole)
{
    text_printable(&t, "abc", 3, 3);

    ck_assert_str_eq(text_get(&t), "abc");
}
END_TEST

static size_t utf8(const char *bytes)
{
    uint32_t c;

    return text_utf8(bytes, strlen(bytes), &c);
}

START_TEST(utf8_takes_what_is_well_formed)
{
    uint32_t c = 0;

    ck_assert_uint_eq(text_utf8("\xF0\x9F\x98\x80", 4, &c), 4);
    ck_assert_uint_eq(c, 0x1F600);
    ck_assert_uint_eq(utf8("a"), 1);
    ck_assert_uint_eq(utf8("\xC2\x80"), 2);
    ck_assert_uint_eq(utf8("\xEF\xBF\xBD"), 3);
}
END_TEST

START_TEST(utf8_refuses_overlong_surrogate_and_short_sequences)
{
    ck_assert_uint_eq(utf8("\xC0\x80"), 0);
    ck_assert_uint_eq(utf8("\xE0\x80\x80"), 0);
    ck_assert_uint_eq(utf8("\xF0\x80\x80\x80"), 0);
    ck_assert_uint_eq(utf8("\xED\xA0\x80"), 0);
    ck_assert_uint_eq(utf8("\xF4\x90\x80\x80"), 0);
    ck_assert_uint_eq(utf8("\xF8\x88\x80\x80\x80"), 0);
    ck_assert_uint_eq(utf8("\xE2\x82"), 0);
    ck_assert_uint_eq(utf8("\x80"), 0);
    ck_assert_uint_eq(utf8(""), 0);
}
END_TEST

START_TEST(distance_counts_edits_and_swaps_as_one)
{
    ck_assert_uint_eq(text_distance("workers", "workers"), 0);
    ck_assert_uint_eq(text_distance("wokers", "workers"), 1);
    ck_assert_uint_eq(text_distance("wrokers", "workers"), 1);
    ck_assert_uint_eq(text_distance("", "abc"), 3);
    ck_assert_uint_eq(text_distance("abc", ""), 3);
    ck_assert_uint_eq(text_distance("kitten", "sitting"), 3);
    ck_assert_uint_eq(text_distance("ab", "ba"), 1);
}
END_TEST

START_TEST(distance_of_long_words_is_infinite)
{
    char word[80];

    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';

    ck_assert_uint_eq(text_distance(word, word), UINT32_MAX);
}
END_TEST

START_TEST(nearest_is_within_a_third_of_the_word)
{
    static const char *const words[] = {"name", "queue", "workers", NULL};

    ck_assert_str_eq(text_nearest("wrokerz", words), "workers");
    ck_assert_str_eq(text_nearest("nme", words), "name");
    ck_assert_ptr_null(text_nearest("nm", words));
    ck_assert_ptr_null(text_nearest("wxyzers", words));
    ck_assert_ptr_null(text_nearest("", words));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/text");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, an_empty_text_is_an_empty_string);
    tcase_add_test(tc, appends_add_up);
    tcase_add_test(tc, a_failed_text_stays_empty);
    tcase_add_test(tc, json_escapes_what_json_has_to);
    tcase_add_test(tc, json_replaces_broken_utf8);
    tcase_add_test(tc, printable_text_cannot_move_the_cursor);
    tcase_add_test(tc, printable_text_is_cut_between_characters);
    tcase_add_test(tc, printable_text_of_exactly_the_limit_is_whole);
    tcase_add_test(tc, utf8_takes_what_is_well_formed);
    tcase_add_test(tc, utf8_refuses_overlong_surrogate_and_short_sequences);
    tcase_add_test(tc, distance_counts_edits_and_swaps_as_one);
    tcase_add_test(tc, distance_of_long_words_is_infinite);
    tcase_add_test(tc, nearest_is_within_a_third_of_the_word);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
