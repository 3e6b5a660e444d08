/* SPDX-License-Identifier: MIT */
/* Unit tests of config/diag.h: the exact shape of messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "config/diag.h"

static struct diag_list *list;
static struct text shown;
static struct source source;

static void setup(void)
{
    list = diag_list_new();
    ck_assert_ptr_nonnull(list);
    shown = (struct text){0};
}

static void teardown(void)
{
    text_fini(&shown);
    diag_list_free(list);
}

static const struct source *text_source(const char *text)
{
    source = (struct source){.name = "p.yaml", .text = text, .len = strlen(text)};
    return &source;
}

static struct mark mark(uint32_t line, uint32_t col, uint32_t width)
{
    return (struct mark){.line = line, .col = col, .width = width};
}

static const char *show(void)
{
    diag_show(list, &shown, false);
    return text_get(&shown);
}

START_TEST(a_message_has_place_line_caret_hint_and_note)
{
    const struct source *s = text_source("stages:\n  - use: split\n    wokers: 2  \n");
    struct diag *d = diag_add(list, DIAG_ERROR, "E104", s, mark(3, 5, 6),
                              "unknown key '%s'", "wokers");
    diag_hint(d, "did you mean '%s'?", "workers");
    diag_note(d, "keys: %s", "workers");
    diag_note(d, "more");

    ck_assert_str_eq(show(), "error[E104]: unknown key 'wokers'\n"
                             "  --> p.yaml:3:5\n"
                             "   |\n"
                             " 3 |     wokers: 2\n"
                             "   |     ^^^^^^ did you mean 'workers'?\n"
                             "   = keys: workers\n"
                             "   = more\n");
}
END_TEST

START_TEST(line_numbers_of_three_digits_move_the_gutter)
{
    char text[200];

    memset(text, '\n', 122);
    (void)snprintf(text + 122, sizeof(text) - 122, "x: 1");
    diag_add(list, DIAG_WARNING, "W001", text_source(text), mark(123, 1, 1), "hm");

    ck_assert_str_eq(show(), "warning[W001]: hm\n"
                             "   --> p.yaml:123:1\n"
                             "    |\n"
                             "123 | x: 1\n"
                             "    | ^\n");
}
END_TEST

START_TEST(the_caret_stands_right_behind_tabs_wide_and_combining_characters)
{
    /* A tab ends at cell 8, the two ideographs take two cells each, e and U+0301 one. */
    const struct source *s = text_source("a\t\xE7\x95\x8C\xE7\x95\x8C"
                                         "e\xCC\x81 here");

    diag_add(list, DIAG_ERROR, "E100", s, mark(1, 8, 4), "x");

    ck_assert_str_eq(show(), "error[E100]: x\n"
                             "  --> p.yaml:1:8\n"
                             "   |\n"
                             " 1 | a       \xE7\x95\x8C\xE7\x95\x8C"
                             "e\xCC\x81 here\n"
                             "   |               ^^^^\n");
}
END_TEST

START_TEST(control_characters_of_the_line_are_escaped_and_counted)
{
    diag_add(list, DIAG_ERROR, "E100", text_source("a\x1b[2Jb"), mark(1, 6, 1), "x\x1b");

    ck_assert_str_eq(show(), "error[E100]: x\\x1B\n"
                             "  --> p.yaml:1:6\n"
                             "   |\n"
                             " 1 | a\\x1B[2Jb\n"
                             "   |         ^\n");
}
END_TEST

START_TEST(a_width_beyond_the_line_underlines_to_its_end)
{
    diag_add(list, DIAG_ERROR, "E100", text_source("ab cd\nx"),
             mark(1, 4, MARK_WHOLE_LINE), "x");

    ck_assert_ptr_nonnull(strstr(show(), " 1 | ab cd\n   |    ^^\n"));
}
END_TEST

START_TEST(a_long_line_is_cut_around_the_caret)
{
    char text[1001];

    memset(text, 'a', 1000);
    memcpy(text + 500, "HERE", 4);
    text[1000] = '\0';
    diag_add(list, DIAG_ERROR, "E100", text_source(text), mark(1, 501, 4), "x");

    const char *line = strstr(show(), " 1 | ...");
    ck_assert_ptr_nonnull(line);
    const char *caret = strstr(line, "^^^^");
    const char *here = strstr(line, "HERE");
    ck_assert_ptr_nonnull(caret);
    ck_assert_ptr_nonnull(here);
    const char *caret_line = strchr(line, '\n') + 1;
    ck_assert_int_eq(here - line, caret - caret_line);
    ck_assert_uint_lt((size_t)(caret_line - line), 200);
}
END_TEST

START_TEST(a_place_without_width_or_text_shows_no_line)
{
    const struct source *s = text_source("abc");
    struct diag *d = diag_add(list, DIAG_ERROR, "E205", s, mark(1, 2, 0), "old plugin");
    diag_hint(d, "rebuild it");

    ck_assert_str_eq(show(), "error[E205]: old plugin\n"
                             "  --> p.yaml:1:2\n"
                             "   = rebuild it\n");
}
END_TEST

START_TEST(a_message_without_a_source_has_no_place)
{
    diag_add(list, DIAG_ERROR, "E001", NULL, mark(3, 3, 3), "no file '%s'", "x");

    ck_assert_str_eq(show(), "error[E001]: no file 'x'\n");
}
END_TEST

START_TEST(an_earlier_line_is_shown_as_context)
{
    const struct source *s = text_source("with:\n  a: 1\nb: 2\n  workers: 4\n");

    diag_context(diag_add(list, DIAG_ERROR, "E1", s, mark(2, 3, 1), "near"), 1);
    diag_context(diag_add(list, DIAG_ERROR, "E2", s, mark(4, 3, 7), "far"), 1);

    ck_assert_str_eq(show(), "error[E1]: near\n"
                             "  --> p.yaml:2:3\n"
                             "   |\n"
                             " 1 | with:\n"
                             " 2 |   a: 1\n"
                             "   |   ^\n"
                             "\n"
                             "error[E2]: far\n"
                             "  --> p.yaml:4:3\n"
                             "   |\n"
                             " 1 | with:\n"
                             "  ...\n"
                             " 4 |   workers: 4\n"
                             "   |   ^^^^^^^\n");
}
END_TEST

START_TEST(messages_are_sorted_by_source_and_place)
{
    static const struct source other = {.name = "--set", .text = "x=1", .len = 3};
    const struct source *s = text_source("a\nb\n");

    diag_add(list, DIAG_ERROR, "E1", s, mark(2, 1, 0), "third");
    diag_add(list, DIAG_ERROR, "E1", &other, mark(1, 1, 0), "last");
    diag_add(list, DIAG_ERROR, "E1", s, mark(1, 5, 0), "second");
    diag_add(list, DIAG_ERROR, "E1", s, mark(1, 1, 0), "first");

    const char *text = show();
    ck_assert(strstr(text, "first") < strstr(text, "second"));
    ck_assert(strstr(text, "second") < strstr(text, "third"));
    ck_assert(strstr(text, "third") < strstr(text, "last"));
}
END_TEST

START_TEST(the_same_message_is_kept_once)
{
    const struct source *s = text_source("a\n");

    for (int i = 0; i < 3; i++)
        diag_hint(diag_add(list, DIAG_ERROR, "E1", s, mark(1, 1, 1), "same"), "hint");
    diag_add(list, DIAG_WARNING, "W1", s, mark(1, 1, 1), "same");

    ck_assert_uint_eq(diag_errors(list), 1);
    ck_assert_uint_eq(diag_warnings(list), 1);
}
END_TEST

START_TEST(too_many_messages_are_counted_and_left_out)
{
    for (int i = 0; i < DIAG_KEPT_MAX + 5; i++)
        diag_hint(diag_add(list, DIAG_ERROR, "E1", NULL, mark(0, 0, 0), "no. %d", i),
                  "h");

    ck_assert_uint_eq(diag_errors(list), DIAG_KEPT_MAX + 5);
    ck_assert_ptr_nonnull(strstr(show(), "... and 5 more\n"));
}
END_TEST

START_TEST(colour_is_only_there_when_asked_for)
{
    diag_add(list, DIAG_ERROR, "E1", text_source("abc"), mark(1, 1, 1), "x");

    diag_show(list, &shown, true);
    ck_assert_ptr_nonnull(strchr(text_get(&shown), '\x1b'));
    text_fini(&shown);
    ck_assert_ptr_null(strchr(show(), '\x1b'));
}
END_TEST

START_TEST(json_has_the_same_fields)
{
    struct diag *d = diag_add(list, DIAG_ERROR, "E104", text_source("wokers: 2"),
                              mark(1, 1, 6), "unknown \"key\"");
    diag_hint(d, "did you?");
    diag_note(d, "n1");
    diag_note(d, "n2");
    diag_add(list, DIAG_WARNING, "W001", NULL, mark(0, 0, 0), "w");

    diag_show_json(list, &shown);

    ck_assert_str_eq(
        text_get(&shown),
        "[{\"severity\":\"error\",\"code\":\"E104\",\"message\":\"unknown \\\"key\\\"\","
        "\"file\":\"p.yaml\",\"line\":1,\"column\":1,\"hint\":\"did you?\","
        "\"notes\":[\"n1\",\"n2\"]},\n"
        " {\"severity\":\"warning\",\"code\":\"W001\",\"message\":\"w\",\"file\":null,"
        "\"line\":null,\"column\":null,\"hint\":null,\"notes\":[]}]\n");
}
END_TEST

START_TEST(suggest_needs_a_near_word)
{
    static const char *const words[] = {"keep", "any", NULL};
    struct diag *d = diag_add(list, DIAG_ERROR, "E1", NULL, mark(0, 0, 0), "x");

    ck_assert(!diag_suggest(d, "zzzz", words));
    ck_assert(diag_suggest(d, "kepe", words));
    ck_assert_str_eq(show(), "error[E1]: x\n   = did you mean 'keep'?\n");
}
END_TEST

START_TEST(an_adopted_arena_lives_as_long_as_the_list)
{
    struct arena *arena = arena_new();
    struct source *s = arena_alloc(arena, sizeof(*s));

    *s = (struct source){.name = arena_copy(arena, "x.yaml", 6),
                         .text = arena_copy(arena, "abc", 3),
                         .len = 3};
    diag_add(list, DIAG_ERROR, "E1", s, mark(1, 1, 1), "x");
    diag_list_adopt(list, arena);

    ck_assert_ptr_nonnull(strstr(show(), "x.yaml:1:1"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("config/diag");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_message_has_place_line_caret_hint_and_note);
    tcase_add_test(tc, line_numbers_of_three_digits_move_the_gutter);
    tcase_add_test(tc, the_caret_stands_right_behind_tabs_wide_and_combining_characters);
    tcase_add_test(tc, control_characters_of_the_line_are_escaped_and_counted);
    tcase_add_test(tc, a_width_beyond_the_line_underlines_to_its_end);
    tcase_add_test(tc, a_long_line_is_cut_around_the_caret);
    tcase_add_test(tc, a_place_without_width_or_text_shows_no_line);
    tcase_add_test(tc, a_message_without_a_source_has_no_place);
    tcase_add_test(tc, an_earlier_line_is_shown_as_context);
    tcase_add_test(tc, messages_are_sorted_by_source_and_place);
    tcase_add_test(tc, the_same_message_is_kept_once);
    tcase_add_test(tc, too_many_messages_are_counted_and_left_out);
    tcase_add_test(tc, colour_is_only_there_when_asked_for);
    tcase_add_test(tc, json_has_the_same_fields);
    tcase_add_test(tc, suggest_needs_a_near_word);
    tcase_add_test(tc, an_adopted_arena_lives_as_long_as_the_list);
    suite_add_tcase(suite, tc);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(make_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
