/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugin/params.h: what each type takes, and what a user is told, word for word, when
 * it does not.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "config/yaml.h"
#include "plugin/params.h"

enum { PATH, DELIMITER, MAX_LINE, SKIP, UNIT, WAIT, RATIO, FOLLOW, TAGS, RULES, TOKEN };

static const struct pph_param table[] = {
    {.name = "path",
     .doc = "File to read.",
     .example = "texts.txt",
     .type = PPH_PATH,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "delimiter", .def = "\n", .type = PPH_STRING},
    {.name = "max_line", .def = "1MB", .min = "1KB", .max = "1GiB", .type = PPH_SIZE},
    {.name = "skip", .def = "0", .min = "0", .type = PPH_INT},
    {.name = "unit", .def = "line", .choices = "line|block|page", .type = PPH_ENUM},
    {.name = "wait", .def = "250ms", .max = "1h", .type = PPH_TIME},
    {.name = "ratio", .def = "0.5", .min = "0", .max = "1", .type = PPH_FLOAT},
    {.name = "follow", .def = "no", .type = PPH_BOOL},
    {.name = "tags",
     .def = "[a, b]",
     .type = PPH_STRING,
     .flags = PPH_LIST | PPH_ADVANCED},
    {.name = "rules", .type = PPH_YAML, .flags = PPH_ADVANCED},
    {.name = "token",
     .type = PPH_STRING,
     .flags = PPH_CONTEXT | PPH_SECRET | PPH_ADVANCED},
    {0}};

static const struct pph_param secret_only[] = {
    {.name = "level", .type = PPH_INT, .flags = PPH_SECRET}, {0}};

static struct plugin lines;
static struct arena *arena;
static struct diag_list *diags;
static struct source source;
static struct text said;

static void setup(void)
{
    memset(&lines, 0, sizeof(lines));
    lines.desc.name = "lines";
    lines.desc.params = table;
    arena = arena_new();
    diags = diag_list_new();
    ck_assert_ptr_nonnull(arena);
    ck_assert_ptr_nonnull(diags);
}

static void teardown(void)
{
    text_fini(&said);
    said = (struct text){0};
    diag_list_free(diags);
    arena_free(arena);
}

/* Binds the first stage of a pipeline; the faults of it are in `said`. */
static const struct pph_value *bind(const char *yaml)
{
    struct stage_desc stage = {0};

    source = (struct source){.name = "p.yaml", .text = yaml, .len = strlen(yaml)};
    const struct yaml_node *root = yaml_parse(&source, arena, diags);
    ck_assert_ptr_nonnull(root);
    stage.node = yaml_get(root, "stages")->items[0];
    stage.use_node = yaml_get(stage.node, "use");
    stage.use = stage.use_node->text;
    stage.with = yaml_get(stage.node, "with");
    stage.name = "lines";
    stage.at = stage.use_node->at;
    const struct pph_value *values =
        params_bind(&lines, &stage, yaml_get(root, "context"), arena, diags);
    diag_show(diags, &said, false);
    return values;
}

/* Binds one setting beside the required path. */
static const struct pph_value *bind_one(const char *setting)
{
    const char *yaml = arena_printf(
        arena, "stages:\n  - use: lines\n    with:\n      path: x\n      %s\n", setting);

    ck_assert_ptr_nonnull(yaml);
    return bind(yaml);
}

/* Expects a setting to be refused with this message. */
static void expect(const char *setting, const char *message)
{
    const struct pph_value *values = bind_one(setting);

    ck_assert_str_eq(text_get(&said), message);
    ck_assert_ptr_null(values);
}

START_TEST(defaults_stand_where_nothing_is_given)
{
    const struct pph_value *v = bind("stages:\n  - use: lines\n    with: {path: /x}\n");

    ck_assert_str_eq(text_get(&said), "");
    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(v[PATH].s, "/x");
    ck_assert_uint_eq(v[PATH].given, 1);
    ck_assert_str_eq(v[DELIMITER].s, "\n");
    ck_assert_uint_eq(v[DELIMITER].n, 1);
    ck_assert_uint_eq(v[DELIMITER].given, 0);
    ck_assert_int_eq(v[MAX_LINE].i, 1000000);
    ck_assert_int_eq(v[UNIT].i, 0);
    ck_assert_int_eq(v[WAIT].i, 250000000);
    ck_assert_double_eq_tol(v[WAIT].f, 0.25, 1e-12);
    ck_assert_double_eq_tol(v[RATIO].f, 0.5, 1e-12);
    ck_assert_int_eq(v[FOLLOW].i, 0);
    ck_assert_uint_eq(v[TAGS].n, 2);
    ck_assert_str_eq(v[TAGS].list[1].s, "b");
    ck_assert_str_eq(v[RULES].s, "null");
}
END_TEST

START_TEST(every_member_of_every_value_is_safe_to_read)
{
    const struct pph_value *v = bind("stages:\n  - use: lines\n    with: {path: /x}\n");

    ck_assert_ptr_nonnull(v);
    for (size_t i = 0; i < params_count(&lines.desc); i++) {
        ck_assert_ptr_nonnull(v[i].s);
        if (!(table[i].flags & PPH_LIST)) {
            ck_assert_uint_eq(strlen(v[i].s), v[i].n);
            ck_assert_ptr_null(v[i].list);
        }
    }
}
END_TEST

START_TEST(values_of_each_type_are_read)
{
    const struct pph_value *v = bind("stages:\n"
                                     "  - use: lines\n"
                                     "    with:\n"
                                     "      path: ./in/x.txt\n"
                                     "      delimiter: \"a b\"\n"
                                     "      max_line: 64KiB\n"
                                     "      skip: 1_000\n"
                                     "      unit: block\n"
                                     "      wait: 1.5s\n"
                                     "      ratio: 1\n"
                                     "      follow: true\n"
                                     "      tags: one\n"
                                     "      rules: {a: [1, two]}\n");
    char cwd[4096];

    ck_assert_str_eq(text_get(&said), "");
    ck_assert_ptr_nonnull(v);
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
    ck_assert_str_eq(v[PATH].s, arena_printf(arena, "%s/in/x.txt", cwd));
    ck_assert_str_eq(v[DELIMITER].s, "a b");
    ck_assert_int_eq(v[MAX_LINE].i, 65536);
    ck_assert_str_eq(v[MAX_LINE].s, "64KiB");
    ck_assert_int_eq(v[SKIP].i, 1000);
    ck_assert_int_eq(v[UNIT].i, 1);
    ck_assert_int_eq(v[WAIT].i, 1500000000);
    ck_assert_int_eq(v[RATIO].i, 1);
    ck_assert_int_eq(v[FOLLOW].i, 1);
    ck_assert_uint_eq(v[TAGS].n, 1);
    ck_assert_str_eq(v[TAGS].list[0].s, "one");
    ck_assert_uint_eq(v[RULES].given, 1);
    ck_assert_ptr_nonnull(strstr(v[RULES].s, "\"two\""));
}
END_TEST

START_TEST(a_short_with_is_the_primary_setting)
{
    const struct pph_value *v = bind("stages:\n  - use: lines\n    with: \"-\"\n");

    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(v[PATH].s, "-");
}
END_TEST

START_TEST(a_setting_of_the_context_is_found_there_and_with_wins)
{
    const struct pph_value *v = bind("context: {token: abc, skip: 7}\n"
                                     "stages:\n  - use: lines\n    with: {path: x}\n");

    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(v[TOKEN].s, "abc");
    ck_assert_uint_eq(v[TOKEN].given, 1);
    ck_assert_int_eq(v[SKIP].i, 0); /* not a setting that the context may give */

    v = bind(
        "context: {token: abc}\nstages:\n  - use: lines\n    with: {path: x, token: d}\n");
    ck_assert_ptr_nonnull(v);
    ck_assert_str_eq(v[TOKEN].s, "d");
}
END_TEST

START_TEST(an_unknown_setting_is_shown_with_the_nearest_and_all)
{
    const struct pph_value *v =
        bind("stages:\n  - use: lines\n    with: {pth: texts.txt, path: x}\n");

    ck_assert_ptr_null(v);
    ck_assert_str_eq(
        text_get(&said),
        "error[E112]: plugin 'lines' has no setting 'pth'\n"
        "  --> p.yaml:3:12\n"
        "   |\n"
        " 3 |     with: {pth: texts.txt, path: x}\n"
        "   |            ^^^ did you mean 'path'?\n"
        "   = settings of lines: path (path, required), delimiter (text, \"\\n\"), max_line "
        "(size, 1MB), skip (whole number, 0), unit (line|block|page, line), wait (time, "
        "250ms), ratio (number, 0.5), follow (true or false, no), ...   (all: pphost plugins "
        "lines)\n");
}
END_TEST

START_TEST(a_host_key_inside_with_is_told_where_it_belongs)
{
    expect("workers: 4",
           "error[E131]: 'workers' belongs to the stage, not to the plugin\n"
           "  --> p.yaml:5:7\n"
           "   |\n"
           " 3 |     with:\n"
           "  ...\n"
           " 5 |       workers: 4\n"
           "   |       ^^^^^^^ move it two columns to the left, beside 'with'\n");
}
END_TEST

START_TEST(a_host_key_in_a_flow_mapping_is_told_so_too)
{
    ck_assert_ptr_null(bind("stages:\n  - use: lines\n    with: {path: x, queue: 1}\n"));
    ck_assert_ptr_nonnull(strstr(text_get(&said), "error[E131]: 'queue' belongs"));
    ck_assert_ptr_nonnull(
        strstr(text_get(&said), "^^^^^ move it out of 'with', to stand"));
}
END_TEST

START_TEST(a_missing_setting_is_shown_with_what_to_type)
{
    ck_assert_ptr_null(bind("stages:\n  - use: lines\n"));
    ck_assert_str_eq(text_get(&said),
                     "error[E113]: plugin 'lines' needs the setting 'path'\n"
                     "  --> p.yaml:2:10\n"
                     "   |\n"
                     " 2 |   - use: lines\n"
                     "   |          ^^^^^ add:  with: {path: texts.txt}\n"
                     "   = path: File to read.\n");
}
END_TEST

START_TEST(a_number_without_its_unit_is_shown_with_units)
{
    expect("max_line: 100",
           "error[E114]: 'max_line' of lines needs a unit\n"
           "  --> p.yaml:5:17\n"
           "   |\n"
           " 5 |       max_line: 100\n"
           "   |                 ^^^ write 100B, 100KB or 100MB\n"
           "   = examples: 512B, 64KB (1000 bytes each), 64KiB (1024 bytes "
           "each), 1.5GiB\n");
}
END_TEST

START_TEST(a_misspelt_unit_is_put_right)
{
    expect(
        "max_line: 100MBs",
        "error[E114]: 'max_line' of lines must be a size\n"
        "  --> p.yaml:5:17\n"
        "   |\n"
        " 5 |       max_line: 100MBs\n"
        "   |                 ^^^^^^ did you mean '100MB'?\n"
        "   = examples: 512B, 64KB (1000 bytes each), 64KiB (1024 bytes each), 1.5GiB\n");
}
END_TEST

START_TEST(a_value_below_or_above_its_bounds_names_them)
{
    expect("max_line: 17B", "error[E115]: 'max_line' of lines must be at least 1KB\n"
                            "  --> p.yaml:5:17\n"
                            "   |\n"
                            " 5 |       max_line: 17B\n"
                            "   |                 ^^^\n"
                            "   = allowed: 1KB to 1GiB\n");
    teardown();
    setup();
    expect("wait: 2h", "error[E115]: 'wait' of lines must be at most 1h\n"
                       "  --> p.yaml:5:13\n"
                       "   |\n"
                       " 5 |       wait: 2h\n"
                       "   |             ^^\n");
}
END_TEST

START_TEST(bounds_are_inclusive)
{
    ck_assert_ptr_nonnull(bind_one("max_line: 1KB"));
    ck_assert_ptr_nonnull(bind_one("max_line: 1GiB"));
    ck_assert_ptr_nonnull(bind_one("wait: 1h"));
    ck_assert_ptr_nonnull(bind_one("ratio: 1"));
}
END_TEST

START_TEST(a_wrong_choice_names_the_right_ones)
{
    expect("unit: blok", "error[E116]: 'unit' of lines must be line, block or page\n"
                         "  --> p.yaml:5:13\n"
                         "   |\n"
                         " 5 |       unit: blok\n"
                         "   |             ^^^^ did you mean 'block'?\n");
}
END_TEST

/* One wrong value per type, and the first line of what is said. */
static const struct wrong {
    const char *setting, *first;
} wrongs[] = {
    {"skip: many", "error[E114]: 'skip' of lines must be a whole number\n"},
    {"skip: 1.5", "error[E114]: 'skip' of lines must be a whole number\n"},
    {"skip: -1", "error[E115]: 'skip' of lines must be at least 0\n"},
    {"skip: 99999999999999999999",
     "error[E115]: 'skip' of lines is too large to be counted\n"},
    {"ratio: half", "error[E114]: 'ratio' of lines must be a number\n"},
    {"ratio: 1.01", "error[E115]: 'ratio' of lines must be at most 1\n"},
    {"follow: maybe", "error[E114]: 'follow' of lines must be true or false\n"},
    {"wait: 5", "error[E114]: 'wait' of lines needs a unit\n"},
    {"wait: soon", "error[E114]: 'wait' of lines must be a time\n"},
    {"delimiter: [a]", "error[E114]: 'delimiter' of lines must be a text, not a list\n"},
    {"delimiter: {a: b}",
     "error[E114]: 'delimiter' of lines must be a text, not a mapping\n"},
    {"delimiter:", "error[E114]: 'delimiter' of lines has no value\n"},
    {"tags: [a, [b]]", "error[E114]: 'tags' of lines must be a text, not a list\n"},
    {"unit: \"\"", "error[E116]: 'unit' of lines must be line, block or page\n"},
};

START_TEST(each_wrong_value_is_said_in_its_own_words)
{
    ck_assert_ptr_null(bind_one(wrongs[_i].setting));
    ck_assert_uint_eq(diag_errors(diags), 1);
    ck_assert_msg(strncmp(text_get(&said), wrongs[_i].first, strlen(wrongs[_i].first)) ==
                      0,
                  "%s: %s", wrongs[_i].setting, text_get(&said));
}
END_TEST

START_TEST(all_faults_are_reported_at_once)
{
    ck_assert_ptr_null(bind("stages:\n"
                            "  - use: lines\n"
                            "    with: {skp: 1, max_line: 5, unit: x, workers: 2}\n"));
    ck_assert_uint_eq(diag_errors(diags), 5);
}
END_TEST

START_TEST(one_value_needs_a_primary_setting)
{
    lines.desc.params = secret_only;

    ck_assert_ptr_null(bind("stages:\n  - use: lines\n    with: 5\n"));
    ck_assert_str_eq(text_get(&said),
                     "error[E111]: plugin 'lines' takes no single value\n"
                     "  --> p.yaml:3:11\n"
                     "   |\n"
                     " 3 |     with: 5\n"
                     "   |           ^ name the setting: with: {level: ...}\n"
                     "   = settings of lines: level (whole number)\n");
}
END_TEST

START_TEST(a_plugin_without_settings_takes_none_and_binds)
{
    lines.desc.params = NULL;

    ck_assert_ptr_nonnull(bind("stages:\n  - use: lines\n"));
    ck_assert_ptr_nonnull(bind("stages:\n  - use: lines\n    with: {}\n"));
    ck_assert_ptr_null(bind("stages:\n  - use: lines\n    with: {x: 1}\n"));
    ck_assert_ptr_nonnull(strstr(text_get(&said), "   = lines has no settings\n"));
}
END_TEST

START_TEST(a_text_may_hold_a_nul)
{
    struct yaml_node *node;
    struct stage_desc stage = {.name = "lines"};
    const struct pph_value *v;

    node = yaml_new(arena, YAML_MAP, &source, (struct mark){1, 1, 1});
    ck_assert(yaml_append(
        arena, node,
        yaml_new_scalar(arena, &source, (struct mark){1, 1, 1}, "delimiter", 9),
        yaml_new_scalar(arena, &source, (struct mark){1, 1, 1}, "\0b", 2)));
    ck_assert(yaml_append(
        arena, node, yaml_new_scalar(arena, &source, (struct mark){1, 1, 1}, "path", 4),
        yaml_new_scalar(arena, &source, (struct mark){1, 1, 1}, "/x", 2)));
    stage.with = node;
    v = params_bind(&lines, &stage, NULL, arena, diags);

    ck_assert_ptr_nonnull(v);
    ck_assert_uint_eq(v[DELIMITER].n, 2);
    ck_assert_mem_eq(v[DELIMITER].s, "\0b", 3);
}
END_TEST

static TCase *faults(void)
{
    TCase *tc = tcase_create("faults");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_unknown_setting_is_shown_with_the_nearest_and_all);
    tcase_add_test(tc, a_host_key_inside_with_is_told_where_it_belongs);
    tcase_add_test(tc, a_host_key_in_a_flow_mapping_is_told_so_too);
    tcase_add_test(tc, a_missing_setting_is_shown_with_what_to_type);
    tcase_add_test(tc, a_number_without_its_unit_is_shown_with_units);
    tcase_add_test(tc, a_misspelt_unit_is_put_right);
    tcase_add_test(tc, a_value_below_or_above_its_bounds_names_them);
    tcase_add_test(tc, a_wrong_choice_names_the_right_ones);
    tcase_add_loop_test(tc, each_wrong_value_is_said_in_its_own_words, 0,
                        (int)(sizeof(wrongs) / sizeof(wrongs[0])));
    tcase_add_test(tc, all_faults_are_reported_at_once);
    tcase_add_test(tc, one_value_needs_a_primary_setting);
    return tc;
}

static TCase *values(void)
{
    TCase *tc = tcase_create("values");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, defaults_stand_where_nothing_is_given);
    tcase_add_test(tc, every_member_of_every_value_is_safe_to_read);
    tcase_add_test(tc, values_of_each_type_are_read);
    tcase_add_test(tc, a_short_with_is_the_primary_setting);
    tcase_add_test(tc, a_setting_of_the_context_is_found_there_and_with_wins);
    tcase_add_test(tc, bounds_are_inclusive);
    tcase_add_test(tc, a_plugin_without_settings_takes_none_and_binds);
    tcase_add_test(tc, a_text_may_hold_a_nul);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("plugin/params");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, values());
    suite_add_tcase(suite, faults());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
