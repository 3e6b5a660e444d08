/* SPDX-License-Identifier: MIT */
/* Unit tests of base/json.h: what is JSON, what is not and where. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
    const char *text, *compact;
} good[] = {
    {"0", "0"},
    {" -0.5e+10\n", "-0.5e+10"},
    {"123456789012345678901234567890", "123456789012345678901234567890"},
    {"1E5", "1E5"},
    {"true", "true"},
    {" false ", "false"},
    {"null", "null"},
    {"\"\"", "\"\""},
    {"\" a  b \"", "\" a  b \""},
    {"\"\\u00e9\\n\\\"\\\\\\/\"", "\"\\u00e9\\n\\\"\\\\\\/\""},
    {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
     "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
    {"[]", "[]"},
    {"[ ]", "[]"},
    {"{ }", "{}"},
    {"[1, 2 ,\t3\r\n]", "[1,2,3]"},
    {"{ \"a\" : [ {\"b\": null } ] , \"c\" : \"d\" }",
     "{\"a\":[{\"b\":null}],\"c\":\"d\"}"},
};

START_TEST(json_loses_its_blanks_and_nothing_else)
{
    struct json_fault fault = {0};
    struct text out = {0};

    ck_assert_msg(json_compact(good[_i].text, strlen(good[_i].text), &out, &fault),
                  "'%s': %s", good[_i].text, fault.what);
    ck_assert_str_eq(text_get(&out), good[_i].compact);
    text_fini(&out);
}
END_TEST

static const struct {
    const char *text, *what;
    size_t at;
} bad[] = {
    {"", "a value is missing", 0},
    {"  ", "a value is missing", 2},
    {"nul", "a value is missing", 0},
    {"tru e", "a value is missing", 0},
    {"hello", "a value is missing", 0},
    {"1 2", "there is more behind the value", 2},
    {"null,", "there is more behind the value", 4},
    {"01", "there is more behind the value", 1},
    {"-", "a digit is missing", 1},
    {"1.", "a digit is missing", 2},
    {"1e", "a digit is missing", 2},
    {"+1", "a value is missing", 0},
    {".5", "a value is missing", 0},
    {"NaN", "a value is missing", 0},
    {"[1", "a ',' or a closing bracket is missing", 2},
    {"[1,]", "a value is missing", 3},
    {"[,1]", "a value is missing", 1},
    {"[1 2]", "a ',' or a closing bracket is missing", 3},
    {"[1}", "a ',' or a closing bracket is missing", 2},
    {"{\"a\"}", "a ':' is missing", 4},
    {"{\"a\":}", "a value is missing", 5},
    {"{a:1}", "a name in quotes is missing", 1},
    {"{\"a\":1,}", "a value is missing", 7},
    {"{1:2}", "a name in quotes is missing", 1},
    {"'a'", "a value is missing", 0},
    {"\"a", "a text that is not closed", 2},
    {"\"\\", "an escape that there is not", 1},
    {"\"\\x41\"", "an escape that there is not", 1},
    {"\"\\u00g0\"", "an escape that there is not", 1},
    {"\"\\u00\"", "an escape that there is not", 1},
    {"\"a\nb\"", "a control character in a text", 2},
    {"\"\xFF\"", "a byte that is not UTF-8", 1},
    {"\"\xC3\"", "a byte that is not UTF-8", 1},
};

START_TEST(what_is_no_json_is_refused_at_its_first_fault)
{
    struct json_fault fault = {0};
    struct text out = {0};

    ck_assert_msg(!json_compact(bad[_i].text, strlen(bad[_i].text), &out, &fault), "'%s'",
                  bad[_i].text);
    ck_assert_msg(strcmp(fault.what, bad[_i].what) == 0 && fault.at == bad[_i].at,
                  "'%s': %s at %zu", bad[_i].text, fault.what, fault.at);
    text_fini(&out);
}
END_TEST

START_TEST(no_byte_beyond_the_length_is_read)
{
    static const char text[] = "[\"\\u00e9\xE2\x82\xAC\", -1.5e+3, {\"true\": false}]";
    struct json_fault fault;

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct text out = {0};
        char *copy = malloc(len + 1); /* the sanitizers see what is read behind it */

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, len);
        copy = realloc(copy, len ? len : 1);
        ck_assert(!json_compact(copy, len, &out, &fault));
        ck_assert_uint_le(fault.at, len);
        free(copy);
        text_fini(&out);
    }
}
END_TEST

START_TEST(brackets_are_nested_up_to_the_bound)
{
    char text[2 * (JSON_DEPTH_MAX + 1)];
    struct json_fault fault = {0};

    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct text out = {0};
        bool whole;

        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        whole = json_compact(text, 2 * depth, &out, &fault);
        ck_assert_int_eq(whole, depth == JSON_DEPTH_MAX);
        text_fini(&out);
    }
    ck_assert_str_eq(fault.what, "too many brackets inside of each other");
    ck_assert_uint_eq(fault.at, JSON_DEPTH_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/json");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, json_loses_its_blanks_and_nothing_else, 0, (int)COUNT(good));
    tcase_add_loop_test(tc, what_is_no_json_is_refused_at_its_first_fault, 0,
                        (int)COUNT(bad));
    tcase_add_test(tc, no_byte_beyond_the_length_is_read);
    tcase_add_test(tc, brackets_are_nested_up_to_the_bound);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
