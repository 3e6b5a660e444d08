/* SPDX-License-Identifier: MIT */
/* Unit tests of cli/show_text.h and cli/yaml_out.h: real YAML, plugins made by hand. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cli/show_text.h"
#include "cli/yaml_out.h"
#include "observe/fake.h"

static struct fake fake;
static struct text out;
static struct arena *arena;
static struct diag_list *diags;

static void setup(void)
{
    fake_init(&fake);
    memset(&out, 0, sizeof(out));
    arena = arena_new();
    diags = diag_list_new();
    ck_assert_ptr_nonnull(arena);
    ck_assert_ptr_nonnull(diags);
}

static void teardown(void)
{
    text_fini(&out);
    diag_list_free(diags);
    arena_free(arena);
}

static struct yaml_node *tree(const char *text)
{
    fake.source.text = text;
    fake.source.len = strlen(text);
    struct yaml_node *node = yaml_parse(&fake.source, arena, diags);
    ck_assert_ptr_nonnull(node);
    ck_assert_uint_eq(diag_errors(diags), 0);
    return node;
}

static const char *written(const struct yaml_node *node, bool explain)
{
    struct yaml_out y = {&out, explain, 0};

    text_str(&out, "x:");
    yaml_out_value(&y, node, 0);
    return text_get(&out);
}

START_TEST(tree_is_written_as_blocks)
{
    const char *text = "a: 1\nb: [x, {k: v, l: [m]}, []]\nc: {}\n";

    ck_assert_str_eq(written(tree(text), false), "x:\n"
                                                 "  a: 1\n"
                                                 "  b:\n"
                                                 "    - x\n"
                                                 "    - k: v\n"
                                                 "      l:\n"
                                                 "        - m\n"
                                                 "    - []\n"
                                                 "  c: {}\n");
}
END_TEST

START_TEST(written_tree_means_the_same_when_it_is_read_again)
{
    const char *text =
        "a: '1'\nb: [\"x: y\", '# no', '', \"tab\\there\", 'it''s', '- d', "
        "'*s', null, ~, '~', 'null', 1.5, 'yes']\n"
        "'key: odd': {'': [[a], [b, c]]}\n'on': .inf\nd: '...'\n";
    struct text before = {0}, after = {0};
    struct yaml_node *node = tree(text);

    yaml_to_json(node, &before);
    written(node, false);
    struct yaml_node *again = yaml_get(tree(text_get(&out)), "x");
    ck_assert_ptr_nonnull(again);
    yaml_to_json(again, &after);

    ck_assert_str_eq(text_get(&after), text_get(&before));
    text_fini(&before);
    text_fini(&after);
}
END_TEST

START_TEST(references_are_escaped_so_that_they_are_not_expanded_again)
{
    struct yaml_out y = {&out, false, 0};

    yaml_out_scalar(&y, "a${b}", 5, true);

    ck_assert_str_eq(text_get(&out), "\"a$${b}\"");
}
END_TEST

START_TEST(value_read_from_a_file_is_never_shown)
{
    struct yaml_node *node = tree("user: app\npassword: hunter2\n");
    node->items[1]->origin = YAML_FROM_SECRET;

    written(node, true);

    ck_assert_ptr_null(strstr(text_get(&out), "hunter2"));
    ck_assert_ptr_nonnull(strstr(text_get(&out), "password: ‹secret›"));
}
END_TEST

START_TEST(explain_names_line_and_origin)
{
    struct yaml_node *node = tree("a: 1\nb: 2\nc: 3\n");
    node->items[1]->origin = YAML_FROM_ENV;
    node->items[2]->origin = YAML_FROM_VAR;

    ck_assert_str_eq(
        written(node, true),
        "x:\n"
        "  a: 1                                  # tokenise.yaml:1\n"
        "  b: 2                                  # environment, tokenise.yaml:2\n"
        "  c: 3                                  # vars, tokenise.yaml:3\n");
}
END_TEST

static const struct pph_param write_params[] = {
    {.name = "path", .doc = "A.", .type = PPH_PATH, .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "token",
     .doc = "A.",
     .def = "none",
     .type = PPH_STRING,
     .flags = PPH_SECRET},
    {0}};

/* One stage, described by YAML, whose plugin has a path and a secret. */
static void show_write(const char *with, bool explain)
{
    struct yaml_node *node = tree(with);

    fake.graph.n_stages = 1;
    fake.stages[0] = fake.stages[FAKE_WRITE];
    fake.stages[0].args = fake.args[0];
    fake.stages[0].index = 0;
    fake.stages[0].is_source = true;
    fake.plugins[FAKE_WRITE].desc.params = write_params;
    fake.args[0][0] = (struct pph_value){.s = "/tmp/out.txt", .n = 12, .given = 1};
    fake.args[0][1] = (struct pph_value){.s = "none", .n = 4};
    fake.descs[FAKE_WRITE].node = node;
    fake.descs[FAKE_WRITE].with = yaml_get(node, "with");
    fake.descs[FAKE_WRITE].name_given = true;
    fake.pipeline.root = node;
    show_text(&fake.graph, explain, &out);
}

START_TEST(stage_is_shown_in_its_long_form_with_defaults)
{
    show_write("{name: write, with: out.txt}", false);

    ck_assert_str_eq(text_get(&out), "name: tokenise\n"
                                     "threads: auto\n"
                                     "memory: auto\n"
                                     "max_in_flight: unlimited\n"
                                     "stages:\n"
                                     "  - name: write\n"
                                     "    use: write\n"
                                     "    with:\n"
                                     "      path: /tmp/out.txt\n"
                                     "      token: ‹secret›\n"
                                     "    workers: auto\n"
                                     "    order: keep\n"
                                     "    on_error: stop\n");
}
END_TEST

START_TEST(bounds_of_the_run_are_shown_as_they_can_be_written)
{
    fake.pipeline.memory_bytes = 512 * 1000 * 1000;
    fake.pipeline.max_in_flight = 16;
    show_write("{name: write, with: out.txt}", false);

    ck_assert_ptr_nonnull(
        strstr(text_get(&out), "\nmemory: 512MB\nmax_in_flight: 16\nstages:\n"));
}
END_TEST

START_TEST(secret_setting_is_masked_however_it_is_given)
{
    show_write("{name: write, with: {path: out.txt, token: hunter2}}", true);

    ck_assert_ptr_null(strstr(text_get(&out), "hunter2"));
    ck_assert_ptr_nonnull(strstr(text_get(&out), "token: ‹secret›"));
}
END_TEST

START_TEST(path_from_a_secret_is_masked)
{
    struct yaml_node *node;

    show_write("{name: write, with: {path: out.txt}}", false);
    node = yaml_get(fake.descs[FAKE_WRITE].with, "path");
    node->origin = YAML_FROM_SECRET;
    text_fini(&out);
    memset(&out, 0, sizeof(out));
    show_text(&fake.graph, false, &out);

    ck_assert_ptr_null(strstr(text_get(&out), "out.txt"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli/show");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, tree_is_written_as_blocks);
    tcase_add_test(tc, written_tree_means_the_same_when_it_is_read_again);
    tcase_add_test(tc, references_are_escaped_so_that_they_are_not_expanded_again);
    tcase_add_test(tc, value_read_from_a_file_is_never_shown);
    tcase_add_test(tc, explain_names_line_and_origin);
    tcase_add_test(tc, stage_is_shown_in_its_long_form_with_defaults);
    tcase_add_test(tc, bounds_of_the_run_are_shown_as_they_can_be_written);
    tcase_add_test(tc, secret_setting_is_masked_however_it_is_given);
    tcase_add_test(tc, path_from_a_secret_is_masked);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
