/* SPDX-License-Identifier: MIT */
/* Unit tests of config/yaml.h: the tree and its places.  Refusals: test_goldens.c, test_hostile.c. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "config/yaml.h"

static struct arena *arena;
static struct diag_list *diags;
static struct source source;

static void setup(void)
{
    arena = arena_new();
    diags = diag_list_new();
    ck_assert(arena && diags);
}

static void teardown(void)
{
    diag_list_free(diags);
    arena_free(arena);
}

static struct yaml_node *parse(const char *text)
{
    source = (struct source){.name = "t.yaml", .text = text, .len = strlen(text)};
    return yaml_parse(&source, arena, diags);
}

static void ck_json(const struct yaml_node *node, const char *expected)
{
    struct text out = {0};

    yaml_to_json(node, &out);
    ck_assert_str_eq(text_get(&out), expected);
    text_fini(&out);
}

static void ck_mark(struct mark at, uint32_t line, uint32_t col, uint32_t width)
{
    ck_assert_uint_eq(at.line, line);
    ck_assert_uint_eq(at.col, col);
    ck_assert_uint_eq(at.width, width);
}

START_TEST(scalars_stay_text_and_json_types_only_plain_ones)
{
    const struct yaml_node *root = parse(
        "{a: no, b: 010, c: 1e3, d: 'true', e: true, f: ~, g: \"5\", h: -0.5, i: 1.}");

    ck_json(root, "{\"a\":\"no\",\"b\":\"010\",\"c\":1e3,\"d\":\"true\",\"e\":true,"
                  "\"f\":null,\"g\":\"5\",\"h\":-0.5,\"i\":\"1.\"}");
    ck_assert_uint_eq(diag_errors(diags), 0);
}
END_TEST

START_TEST(nodes_know_their_place_in_characters)
{
    const struct yaml_node *root = parse("\xC3\xA9: \"\xC3\xBC\xC3\xBC\"\n"
                                         "l:\n"
                                         "  - [a, bc]\n"
                                         "  - key: value\n");

    ck_mark(yaml_get(root, "\xC3\xA9")->at, 1, 4, 4);
    const struct yaml_node *list = yaml_get(root, "l");
    ck_mark(list->items[0]->at, 3, 5, 7);
    ck_mark(list->items[0]->items[1]->at, 3, 9, 2);
    ck_mark(list->items[1]->at, 4, 5, 3); /* a block mapping is its first key */
    ck_mark(list->items[1]->items[0]->at, 4, 10, 5);
}
END_TEST

START_TEST(an_alias_is_a_copy_of_its_own)
{
    struct yaml_node *root = parse("a: &x {b: [1, 2]}\nc: *x\n");

    ck_json(root, "{\"a\":{\"b\":[1,2]},\"c\":{\"b\":[1,2]}}");
    ck_assert_ptr_ne(yaml_get(root, "a"), yaml_get(root, "c"));
    ck_assert_uint_eq(diag_warnings(diags), 0);
}
END_TEST

START_TEST(standard_tags_are_allowed)
{
    ck_assert_ptr_nonnull(parse("a: !!str 5\nb: !!map {c: !!int 5}\nd: !!seq []\n"));
    ck_assert_uint_eq(diag_errors(diags), 0);
}
END_TEST

START_TEST(a_repeated_key_leaves_a_tree)
{
    ck_assert_ptr_nonnull(parse("a: 1\nb: 2\na: 3\na: 4\n"));

    ck_assert_uint_eq(diag_errors(diags), 2);
}
END_TEST

START_TEST(depth_64_is_read_and_65_is_not)
{
    char text[200] = "";

    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    ck_assert_ptr_nonnull(parse(text));
    ck_assert_uint_eq(diag_errors(diags), 0);

    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    ck_assert_ptr_null(parse(text));
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

static const char *list_of(size_t n)
{
    char *text = arena_alloc(arena, 2 * n + 3);

    text[0] = '[';
    for (size_t i = 0; i < n; i++)
        memcpy(text + 1 + 2 * i, "1,", 2);
    text[1 + 2 * n] = ']';
    return text;
}

START_TEST(ten_thousand_nodes_are_read_and_one_more_is_not)
{
    ck_assert_ptr_nonnull(parse(list_of(9999)));
    ck_assert_uint_eq(diag_errors(diags), 0);

    ck_assert_ptr_null(parse(list_of(10000)));
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

START_TEST(a_scalar_of_64_kib_is_read_and_one_byte_more_is_not)
{
    char *text = arena_alloc(arena, YAML_SCALAR_MAX + 10);

    memcpy(text, "- ", 2);
    memset(text + 2, 'x', YAML_SCALAR_MAX);
    ck_assert_ptr_nonnull(parse(text));
    ck_assert_uint_eq(diag_errors(diags), 0);

    text[2 + YAML_SCALAR_MAX] = 'x';
    parse(text);
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

START_TEST(a_key_of_256_bytes_is_read_and_one_byte_more_is_not)
{
    char text[300] = "";

    memset(text, 'k', 256);
    memcpy(text + 256, ": 1", 3);
    ck_assert_ptr_nonnull(parse(text));
    ck_assert_uint_eq(diag_errors(diags), 0);

    memset(text, 'k', 257);
    memcpy(text + 257, ": 1", 3);
    parse(text);
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

START_TEST(get_compares_the_whole_key)
{
    const struct yaml_node *root = parse("ab: 1\nabc: 2\n");

    ck_assert_str_eq(yaml_get(root, "abc")->text, "2");
    ck_assert_ptr_null(yaml_get(root, "a"));
    ck_assert_ptr_null(yaml_get(NULL, "a"));
    ck_assert_ptr_null(yaml_get(yaml_get(root, "ab"), "a"));
}
END_TEST

START_TEST(a_shown_value_is_short_and_keeps_secrets)
{
    struct yaml_node *root =
        parse("a: 0123456789012345678901234567890123456789xyz\nb: []\n");
    struct yaml_node *a = yaml_get(root, "a");

    ck_assert_str_eq(yaml_shown(a).text, "0123456789012345678901234567890123456789...");
    ck_assert_str_eq(yaml_shown(yaml_get(root, "b")).text, "a list");
    a->origin = YAML_FROM_SECRET;
    ck_assert_ptr_null(strstr(yaml_shown(a).text, "0123"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config/yaml");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, scalars_stay_text_and_json_types_only_plain_ones);
    tcase_add_test(tc, nodes_know_their_place_in_characters);
    tcase_add_test(tc, an_alias_is_a_copy_of_its_own);
    tcase_add_test(tc, standard_tags_are_allowed);
    tcase_add_test(tc, a_repeated_key_leaves_a_tree);
    tcase_add_test(tc, depth_64_is_read_and_65_is_not);
    tcase_add_test(tc, ten_thousand_nodes_are_read_and_one_more_is_not);
    tcase_add_test(tc, a_scalar_of_64_kib_is_read_and_one_byte_more_is_not);
    tcase_add_test(tc, a_key_of_256_bytes_is_read_and_one_byte_more_is_not);
    tcase_add_test(tc, get_compares_the_whole_key);
    tcase_add_test(tc, a_shown_value_is_short_and_keeps_secrets);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
