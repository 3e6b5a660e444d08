/* SPDX-License-Identifier: MIT */
/* Unit tests of config/expand.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "config/expand.h"

static const struct secret *secrets;
static struct arena *arena;
static struct diag_list *diags;
static char dir[64];

static void setup(void)
{
    arena = arena_new();
    diags = diag_list_new();
    ck_assert(arena && diags);
    (void)snprintf(dir, sizeof(dir), "%s", "/tmp/pph_expand_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(setenv("PPH_SET", "value", 1), 0);
    ck_assert_int_eq(setenv("PPH_EMPTY", "", 1), 0);
    ck_assert_int_eq(unsetenv("PPH_UNSET"), 0);
}

static const char *in_dir(const char *name)
{
    return arena_printf(arena, "%s/%s", dir, name);
}

static void teardown(void)
{
    (void)unlink(in_dir("secret"));
    ck_assert_int_eq(rmdir(dir), 0);
    diag_list_free(diags);
    arena_free(arena);
}

static void write_secret(const char *bytes, size_t len)
{
    FILE *file = fopen(in_dir("secret"), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static struct yaml_node *expand(const char *text, const char *const *vars)
{
    struct source *source = arena_alloc(arena, sizeof(*source));
    struct yaml_node *root;

    ck_assert_ptr_nonnull(source);
    *source = (struct source){.name = "t.yaml", .text = text, .len = strlen(text)};
    root = yaml_parse(source, arena, diags);
    ck_assert_ptr_nonnull(root);
    secrets = NULL;
    ck_assert(expand_tree(root, dir, vars, arena, diags, &secrets));
    return root;
}

static void ck_value(const char *written, const char *expected)
{
    const char *text = arena_printf(arena, "a: '%s'\n", written);
    const struct yaml_node *a = yaml_get(expand(text, NULL), "a");

    ck_assert_uint_eq(diag_errors(diags), 0);
    ck_assert_msg(strcmp(a->text, expected) == 0, "%s: '%s'", written, a->text);
    ck_assert_uint_eq(a->len, strlen(expected));
}

/* The messages of the text, as shown. */
static const char *faults(const char *text, const char *const *vars)
{
    struct text shown = {0};
    const char *copy;

    (void)expand(text, vars);
    diag_show(diags, &shown, false);
    copy = arena_copy(arena, text_get(&shown), shown.len);
    text_fini(&shown);
    return copy;
}

static void ck_shows(const char *shown, const char *part)
{
    ck_assert_msg(strstr(shown, part) != NULL, "%s", shown);
}

START_TEST(the_environment_is_put_in)
{
    ck_value("${PPH_SET}", "value");
    ck_value("<${env:PPH_SET}|${PPH_SET}>", "<value|value>");
    ck_value("${PPH_EMPTY}", "");
}
END_TEST

START_TEST(a_default_stands_for_what_is_unset_or_empty)
{
    ck_value("${PPH_UNSET:-a b}", "a b");
    ck_value("${PPH_EMPTY:-x}", "x");
    ck_value("${PPH_SET:-x}", "value");
    ck_value("${PPH_UNSET:-}", "");
}
END_TEST

START_TEST(dollars_without_a_brace_are_themselves)
{
    ck_value("$ $$ $x 5$", "$ $$ $x 5$");
    ck_value("$${PPH_SET}", "${PPH_SET}");
    ck_value("$$${PPH_SET}", "$${PPH_SET}");
    ck_value("a$${b} ${PPH_SET}", "a${b} value");
}
END_TEST

START_TEST(what_a_variable_holds_is_not_expanded_again)
{
    ck_assert_int_eq(setenv("PPH_SET", "${PPH_EMPTY} [a, b]", 1), 0);

    ck_value("${PPH_SET}", "${PPH_EMPTY} [a, b]");
}
END_TEST

START_TEST(a_file_loses_its_last_newline_and_is_a_secret)
{
    write_secret("hunter2\n\r\n", 10);
    const struct yaml_node *a = yaml_get(expand("a: 'p=${file:secret}'", NULL), "a");

    ck_assert_str_eq(a->text, "p=hunter2\n");
    ck_assert_int_eq(a->origin, YAML_FROM_SECRET);
    ck_assert_ptr_nonnull(secrets);
    ck_assert_uint_eq(secrets->len, a->len - 2); /* "p=" is in front of it */
    ck_assert_ptr_null(secrets->next);
}
END_TEST

START_TEST(a_file_may_hold_nul_bytes)
{
    write_secret("a\0b", 3);
    const struct yaml_node *a = yaml_get(expand("a: ${file:secret}", NULL), "a");

    ck_assert_uint_eq(a->len, 3);
    ck_assert_int_eq(memcmp(a->text, "a\0b", 3), 0);
}
END_TEST

START_TEST(a_file_of_64_kib_is_read_and_one_byte_more_is_not)
{
    char *bytes = arena_alloc(arena, EXPAND_FILE_MAX + 1);

    memset(bytes, 'x', EXPAND_FILE_MAX + 1);
    write_secret(bytes, EXPAND_FILE_MAX);
    ck_assert_uint_eq(yaml_get(expand("a: ${file:secret}", NULL), "a")->len,
                      EXPAND_FILE_MAX);
    ck_assert_uint_eq(diag_errors(diags), 0);

    write_secret(bytes, EXPAND_FILE_MAX + 1);
    ck_shows(faults("a: ${file:secret}", NULL),
             "error[E403]: the file 'secret' is larger");
}
END_TEST

START_TEST(only_regular_files_are_read)
{
    ck_shows(faults("a: ${file:/dev/zero}", NULL), "it is not a regular file");
    ck_shows(faults("a: ${file:.}", NULL), "Is a directory");
    ck_shows(faults("a: ${file:missing}", NULL), "No such file");
    ck_assert_str_eq(yaml_get(expand("a: ${file:missing:-d}", NULL), "a")->text, "d");
}
END_TEST

START_TEST(a_secret_stays_one_through_vars_and_context)
{
    write_secret("hunter2\n", 8);
    const struct yaml_node *root = expand("vars: {v: '${file:secret}'}\n"
                                          "context: {c: {d: '${var:v}'}}\n"
                                          "a: ${ctx:c.d}\n"
                                          "b: '${var:v}${PPH_SET}'\n",
                                          NULL);

    ck_assert_str_eq(yaml_get(root, "a")->text, "hunter2");
    ck_assert_int_eq(yaml_get(root, "a")->origin, YAML_FROM_SECRET);
    ck_assert_str_eq(yaml_get(root, "b")->text, "hunter2value");
    ck_assert_int_eq(yaml_get(root, "b")->origin, YAML_FROM_SECRET);
}
END_TEST

START_TEST(the_origin_says_where_a_value_is_from)
{
    const struct yaml_node *root =
        expand("vars: {v: x}\ncontext: {c: y}\n"
               "a: ${PPH_SET}\nb: ${var:v}\nc: ${ctx:c}\nd: z\n",
               NULL);

    ck_assert_int_eq(yaml_get(root, "a")->origin, YAML_FROM_ENV);
    ck_assert_int_eq(yaml_get(root, "b")->origin, YAML_FROM_VAR);
    ck_assert_int_eq(yaml_get(root, "c")->origin, YAML_FROM_CONTEXT);
    ck_assert_int_eq(yaml_get(root, "d")->origin, YAML_FROM_FILE);
}
END_TEST

START_TEST(the_command_line_replaces_vars_literally)
{
    static const char *const vars[] = {"in=/mnt=${PPH_UNSET}", "out=", NULL};
    const struct yaml_node *root =
        expand("vars: {in: '${PPH_UNSET}', out: x}\na: '<${var:in}|${var:out}>'\n", vars);

    ck_assert_uint_eq(diag_errors(diags), 0);
    ck_assert_str_eq(yaml_get(root, "a")->text, "</mnt=${PPH_UNSET}|>");
}
END_TEST

START_TEST(a_var_that_is_not_declared_is_an_error)
{
    static const char *const vars[] = {"inn=x", NULL}, *const bad[] = {"in", "=x", NULL};

    ck_assert_str_eq(faults("vars: {in: a, out: b}\n", vars),
                     "error[E409]: the pipeline has no var 'inn'\n"
                     "  --> command line:1:1\n"
                     "   |\n"
                     " 1 | inn=x\n"
                     "   | ^^^ did you mean 'in'?\n");
    ck_shows(faults("vars: {in: a}\n", bad), "error[E408]");
    ck_shows(faults("a: 1\n", vars), "declare it in the file:  vars: {inn: ");
}
END_TEST

START_TEST(parts_use_only_what_was_expanded_before_them)
{
    ck_shows(faults("vars: {a: x, b: '${var:a}'}\n", NULL), "error[E406]");
    ck_shows(faults("vars: {b: '${ctx:a}'}\ncontext: {a: x}\n", NULL),
             "${ctx:a} can be used");
    ck_shows(faults("context: {a: x, b: '${ctx:a}'}\n", NULL), "error[E406]");
}
END_TEST

START_TEST(the_caret_is_below_the_reference_however_it_is_quoted)
{
    ck_shows(faults("a: |\n  x $${y}\n  \xC3\xA9 ${PPH_UNSET} z\n", NULL),
             " 3 |   \xC3\xA9 ${PPH_UNSET} z\n"
             "   |     ^^^^^^^^^^^^ give it a default");
    ck_shows(faults("a: 'it''s ${PPH_SET} ${PPH_UNSET}'\n", NULL),
             "   |                      ^^^^^^^^^^^^ give");
    ck_shows(faults("a: \"\\t\\x24{PPH_UNSET}\"\n", NULL),
             "   |    ^^^^^^^^^^^^^^^^^^^ give");
}
END_TEST

START_TEST(a_fault_leaves_the_value_and_marks_it)
{
    const struct yaml_node *root = expand("a: ${PPH_UNSET}\nb: '${PPH_SET}'\n", NULL);

    ck_assert(yaml_get(root, "a")->broken);
    ck_assert_str_eq(yaml_get(root, "a")->text, "${PPH_UNSET}");
    ck_assert(!yaml_get(root, "b")->broken);
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

START_TEST(keys_are_not_expanded)
{
    ck_assert_ptr_nonnull(yaml_get(expand("'${PPH_UNSET}': 1\n", NULL), "${PPH_UNSET}"));
    ck_assert_uint_eq(diag_errors(diags), 0);
}
END_TEST

START_TEST(all_faults_of_a_value_are_found)
{
    (void)expand("a: '${x:y} ${var:n} ${ctx:n} ${} ${1} ${PPH_UNSET}'\n", NULL);

    ck_assert_uint_eq(diag_errors(diags), 6);
}
END_TEST

static TCase *make_case(void)
{
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_environment_is_put_in);
    tcase_add_test(tc, a_default_stands_for_what_is_unset_or_empty);
    tcase_add_test(tc, dollars_without_a_brace_are_themselves);
    tcase_add_test(tc, what_a_variable_holds_is_not_expanded_again);
    tcase_add_test(tc, a_file_loses_its_last_newline_and_is_a_secret);
    tcase_add_test(tc, a_file_may_hold_nul_bytes);
    tcase_add_test(tc, a_file_of_64_kib_is_read_and_one_byte_more_is_not);
    tcase_add_test(tc, only_regular_files_are_read);
    tcase_add_test(tc, a_secret_stays_one_through_vars_and_context);
    tcase_add_test(tc, the_origin_says_where_a_value_is_from);
    tcase_add_test(tc, the_command_line_replaces_vars_literally);
    tcase_add_test(tc, a_var_that_is_not_declared_is_an_error);
    tcase_add_test(tc, parts_use_only_what_was_expanded_before_them);
    tcase_add_test(tc, the_caret_is_below_the_reference_however_it_is_quoted);
    tcase_add_test(tc, a_fault_leaves_the_value_and_marks_it);
    tcase_add_test(tc, keys_are_not_expanded);
    tcase_add_test(tc, all_faults_of_a_value_are_found);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("config/expand");
    suite_add_tcase(suite, make_case());

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
