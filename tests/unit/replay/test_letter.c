/* SPDX-License-Identifier: MIT */
/* Unit tests of replay/letter.h: what a line says, and why another is no letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "replay/letter.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A copy without a byte to spare, so that reading too far is found. */
static bool read_line(const char *text, size_t len, struct replay_letter *letter,
                      struct replay_fault *fault, char **ret_line)
{
    *ret_line = malloc(len + 1);
    memcpy(*ret_line, text, len);
    (*ret_line)[len] = '\0';
    return replay_letter_read(*ret_line, len, letter, fault);
}

START_TEST(all_members_are_read)
{
    static const char text[] =
        " {\"stage\": \"words/parse\" ,\"worker\":3,\"error\":\"no \\\"id\\\"\",\"attempt\":4,"
        "\"origin\":\"in.txt\",\"pos\":18446744073709551615,\"unit\":\"line\",\"key\":7,"
        "\"data\":\"a\\u0000b\"} \r";
    struct replay_letter letter;
    struct replay_fault fault;
    char *line;

    ck_assert(read_line(text, sizeof(text) - 1, &letter, &fault, &line));

    ck_assert_str_eq(letter.stage, "words/parse");
    ck_assert_str_eq(letter.error, "no \"id\"");
    ck_assert_str_eq(letter.origin, "in.txt");
    ck_assert_str_eq(letter.unit, "line");
    ck_assert_uint_eq(letter.attempt, 4);
    ck_assert_uint_eq(letter.pos, UINT64_MAX);
    ck_assert_uint_eq(letter.key, 7);
    ck_assert_uint_eq(letter.len, 3);
    ck_assert_mem_eq(letter.data, "a\0b", 3);
    free(line);
}
END_TEST

START_TEST(what_is_not_there_is_not_known)
{
    static const char text[] =
        "{\"more\":{\"stage\":[1,\"]}\\\"\",{}],\"x\":null},\"base64\":\"\",\"st\\u0061ge\":\"s\","
        "\"y\":-1.5e3,\"z\":[],\"t\":true}";
    struct replay_letter letter;
    struct replay_fault fault;
    char *line;

    ck_assert(read_line(text, sizeof(text) - 1, &letter, &fault, &line));

    ck_assert_str_eq(letter.stage, "s");
    ck_assert_ptr_null(letter.error);
    ck_assert_ptr_null(letter.origin);
    ck_assert_ptr_null(letter.unit);
    ck_assert_uint_eq(letter.attempt + letter.pos + letter.key, 0);
    ck_assert_uint_eq(letter.len, 0);
    free(line);
}
END_TEST

static const struct {
    const char *written, *data;
    size_t len;
} datas[] = {
    {"\"data\":\"\"", "", 0},
    {"\"data\":\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"", "\b\f\n\r\t/\\\"", 8},
    {"\"data\":\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
     9},
    {"\"data\":\"\xC3\xA9 x\"", "\xC3\xA9 x", 4},
    {"\"base64\":\"AA==\"", "\0", 1},
    {"\"base64\":\"//8=\"", "\xFF\xFF", 2},
    {"\"base64\":\"AP8Q\"", "\0\xFF\x10", 3},
    {"\"base64\":\"eMP/IQA+eQ==\"", "x\xC3\xFF!\0>y", 7},
};

START_TEST(data_comes_back_as_it_was)
{
    struct replay_letter letter;
    struct replay_fault fault;
    char text[256];
    char *line;

    (void)snprintf(text, sizeof(text), "{%s,\"stage\":\"s\"}", datas[_i].written);
    ck_assert_msg(read_line(text, strlen(text), &letter, &fault, &line), "%s", text);
    ck_assert_uint_eq(letter.len, datas[_i].len);
    ck_assert_mem_eq(letter.data, datas[_i].data, datas[_i].len);
    free(line);
}
END_TEST

static const struct {
    const char *line, *code, *text;
} bad[] = {
    {"x", "E501", "a value is missing"},
    {"{\"stage\":\"s\",\"data\":\"x", "E501", "a text that is not closed"},
    {"{\"stage\":\"s\",\"data\":\"x\"", "E501", "a ',' or a closing bracket is missing"},
    {"{\"stage\":\"s\",\"data\":\"\xFF\"}", "E501", "a byte that is not UTF-8"},
    {"{\"stage\":\"s\",\"data\":\"\\ud83d\"}", "E501", "an escape that is no character"},
    {"{\"stage\":\"s\",\"data\":\"\\ud83d\\u0041\"}", "E501",
     "an escape that is no character"},
    {"{\"stage\":\"s\",\"data\":\"\\udc00\"}", "E501", "an escape that is no character"},
    {"[]", "E502", "it is no mapping"},
    {"\"stage\"", "E502", "it is no mapping"},
    {"7", "E502", "it is no mapping"},
    {"{}", "E502", "'stage' is missing"},
    {"{\"pos\":1,\"data\":\"x\"}", "E502", "'stage' is missing"},
    {"{\"stage\":\"s\"}", "E502", "'data' or 'base64' is missing"},
    {"{\"stage\":\"s\",\"data\":\"\",\"base64\":\"\"}", "E502",
     "it has 'data' and 'base64'"},
    {"{\"stage\":\"s\",\"data\":\"a\",\"data\":\"b\"}", "E502", "'data' is there twice"},
    {"{\"stage\":\"s\\u0000\",\"data\":\"\"}", "E502", "'stage' holds a NUL byte"},
    {"{\"stage\":5,\"data\":\"\"}", "E502", "'stage' needs a text"},
    {"{\"stage\":\"s\",\"data\":null}", "E502", "'data' needs a text"},
    {"{\"stage\":\"s\",\"data\":\"\",\"error\":[]}", "E502", "'error' needs a text"},
    {"{\"stage\":\"s\",\"data\":\"\",\"attempt\":\"1\"}", "E502",
     "'attempt' needs a whole number"},
    {"{\"stage\":\"s\",\"data\":\"\",\"attempt\":-1}", "E502",
     "'attempt' needs a whole number"},
    {"{\"stage\":\"s\",\"data\":\"\",\"pos\":1.5}", "E502", "'pos' needs a whole number"},
    {"{\"stage\":\"s\",\"data\":\"\",\"pos\":18446744073709551616}", "E502",
     "'pos' needs a whole number"},
    {"{\"stage\":\"s\",\"base64\":\"A\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"AAA\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"A===\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"====\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"AA==AAAA\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"A A=\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"AB==\"}", "E504", "'base64' is no base64"},
    {"{\"stage\":\"s\",\"base64\":\"-_-_\"}", "E504", "'base64' is no base64"},
};

START_TEST(what_is_no_letter_is_told)
{
    struct replay_letter letter;
    struct replay_fault fault = {0};
    char *line;

    ck_assert_msg(!read_line(bad[_i].line, strlen(bad[_i].line), &letter, &fault, &line),
                  "%s", bad[_i].line);
    ck_assert_str_eq(fault.code, bad[_i].code);
    ck_assert_str_eq(fault.text, bad[_i].text);
    ck_assert_uint_le(fault.at, strlen(bad[_i].line));
    free(line);
}
END_TEST

START_TEST(a_line_that_is_cut_anywhere_is_no_letter)
{
    static const char text[] =
        "{\"stage\":\"s\\u00e9\",\"attempt\":12,\"more\":[{\"a\":null}],\"base64\":\"AAAA\"}";
    struct replay_letter letter;
    struct replay_fault fault;
    char *line;

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        ck_assert(!read_line(text, len, &letter, &fault, &line));
        ck_assert_str_eq(fault.code, "E501");
        free(line);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/letter");
    TCase *tc = tcase_create("letter");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, all_members_are_read);
    tcase_add_test(tc, what_is_not_there_is_not_known);
    tcase_add_loop_test(tc, data_comes_back_as_it_was, 0, (int)COUNT(datas));
    tcase_add_loop_test(tc, what_is_no_letter_is_told, 0, (int)COUNT(bad));
    tcase_add_test(tc, a_line_that_is_cut_anywhere_is_no_letter);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
