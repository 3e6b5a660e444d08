/* SPDX-License-Identifier: MIT */
/*
 * Big hostile texts.  Each takes a parser that goes wrong seconds or hours; the case timeout is what
 * would notice.  No time is measured here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "config/expand.h"
#include "config/yaml.h"

static const struct secret *secrets;
static struct arena *arena;
static struct diag_list *diags;
static struct text input;

static void setup(void)
{
    arena = arena_new();
    diags = diag_list_new();
    ck_assert(arena && diags);
    input = (struct text){0};
}

static void teardown(void)
{
    text_fini(&input);
    diag_list_free(diags);
    arena_free(arena);
}

static void repeat(const char *piece, int times)
{
    for (int i = 0; i < times; i++)
        text_str(&input, piece);
}

static struct yaml_node *parse(void)
{
    struct source *source = arena_alloc(arena, sizeof(*source));

    *source =
        (struct source){.name = "t.yaml", .text = text_get(&input), .len = input.len};
    return yaml_parse(source, arena, diags);
}

/* Refused with this code, and with that alone. */
static void ck_refused(const char *code)
{
    struct text shown = {0};

    ck_assert_ptr_null(parse());
    diag_show(diags, &shown, false);
    ck_assert_uint_eq(diag_errors(diags), 1);
    ck_assert_msg(strstr(text_get(&shown), code), "%s", text_get(&shown));
    text_fini(&shown);
}

static const char *const deep[] = {"[", "{", "[{a: ", "- ", "? ", "!!seq ["};

START_TEST(a_hundred_thousand_levels_are_refused)
{
    repeat(deep[_i], 100000);

    ck_refused("E009");
}
END_TEST

START_TEST(lines_that_step_in_for_ever_are_refused)
{
    for (int i = 0; i < 1000; i++)
        text_printf(&input, "%*sa:\n", i, "");

    ck_refused("E009");
}
END_TEST

START_TEST(a_billion_laughs_are_refused)
{
    text_str(&input, "a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c <= 'i'; c++) {
        text_printf(&input, "%c: &%c [", c, c);
        for (int i = 0; i < 10; i++)
            text_printf(&input, "*%c,", c - 1);
        text_str(&input, "]\n");
    }

    ck_refused("E010");
}
END_TEST

START_TEST(aliases_cannot_make_a_tree_deeper)
{
    text_str(&input, "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n");
    for (int i = 1; i < 500; i++)
        text_printf(&input, "a%d: &a%d [[[[[[[[[[*a%d]]]]]]]]]]\n", i, i, i - 1);

    ck_refused("E009");
}
END_TEST

START_TEST(tag_directives_are_refused_before_they_are_compared)
{
    for (int i = 0; i < 50000; i++)
        text_printf(&input, "%%TAG !a%d! b\n", i);
    text_str(&input, "--- a\n");

    ck_refused("E021");
}
END_TEST

START_TEST(thousands_of_anchors_are_refused)
{
    text_str(&input, "a: [");
    for (int i = 0; i < 9000; i++)
        text_printf(&input, "&a%d 1, ", i);
    text_str(&input, "]");

    ck_refused("E017");
}
END_TEST

START_TEST(two_hundred_thousand_values_are_refused)
{
    text_str(&input, "a: [");
    repeat("1,", 200000);
    text_str(&input, "]");

    ck_refused("E010");
}
END_TEST

START_TEST(a_text_of_more_than_a_mebibyte_is_not_parsed)
{
    repeat("[", YAML_BYTES_MAX + 1);

    ck_refused("E004");
}
END_TEST

START_TEST(a_hundred_thousand_documents_stop_at_the_second)
{
    repeat("--- a\n", 100000);

    ck_refused("E016");
}
END_TEST

START_TEST(thousands_of_repeated_keys_are_counted)
{
    for (int i = 0; i < 4900; i++)
        text_printf(&input, "k%d: 1\n", i % 2450);

    ck_assert_ptr_nonnull(parse());
    ck_assert_uint_eq(diag_errors(diags), 2450);
}
END_TEST

START_TEST(random_bytes_are_refused)
{
    unsigned state = (unsigned)_i * 2654435761u + 1;

    for (int i = 0; i < 100000; i++) {
        state = state * 1664525 + 1013904223;
        text_append(&input, (const char[]){(char)(state >> 24)}, 1);
    }

    ck_assert_ptr_null(parse());
    ck_assert_uint_ge(diag_errors(diags), 1);
}
END_TEST

START_TEST(expansion_cannot_grow_without_bound)
{
    struct yaml_node *root;

    text_str(&input, "vars: {a: '");
    repeat("y", 60000);
    text_str(&input, "'}\nstages: [");
    repeat("'${var:a}${var:a}',", 3000);
    text_str(&input, "]");
    root = parse();
    ck_assert_ptr_nonnull(root);

    ck_assert(expand_tree(root, ".", NULL, arena, diags, &secrets));
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

START_TEST(thousands_of_unset_variables_are_counted)
{
    struct yaml_node *root;

    text_str(&input, "stages: [");
    repeat("'${PPH_TEST_UNSET}',", 9000);
    text_str(&input, "]");
    root = parse();
    ck_assert_ptr_nonnull(root);

    ck_assert(expand_tree(root, ".", NULL, arena, diags, &secrets));
    ck_assert_uint_eq(diag_errors(diags), 9000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config/hostile");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 10.0);
    tcase_add_loop_test(tc, a_hundred_thousand_levels_are_refused, 0,
                        sizeof(deep) / sizeof(*deep));
    tcase_add_test(tc, lines_that_step_in_for_ever_are_refused);
    tcase_add_test(tc, a_billion_laughs_are_refused);
    tcase_add_test(tc, aliases_cannot_make_a_tree_deeper);
    tcase_add_test(tc, tag_directives_are_refused_before_they_are_compared);
    tcase_add_test(tc, thousands_of_anchors_are_refused);
    tcase_add_test(tc, two_hundred_thousand_values_are_refused);
    tcase_add_test(tc, a_text_of_more_than_a_mebibyte_is_not_parsed);
    tcase_add_test(tc, a_hundred_thousand_documents_stop_at_the_second);
    tcase_add_test(tc, thousands_of_repeated_keys_are_counted);
    tcase_add_loop_test(tc, random_bytes_are_refused, 0, 20);
    tcase_add_test(tc, expansion_cannot_grow_without_bound);
    tcase_add_test(tc, thousands_of_unset_variables_are_counted);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
