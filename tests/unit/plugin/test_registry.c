/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugin/registry.h: names, the search path, stage types of a file, and what is said
 * when nothing fits.  Files and their rules are tested in tests/abi.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "plugin/registry.h"

#define PLUGINS TEST_PLUGIN_DIR

static char dir[512];
static struct registry *registry;
static struct diag_list *diags;
static struct text said;

/* A pipeline's directory with plugins/; HOME is below it, so that nothing of the user is seen. */
static void setup(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(dir, sizeof(dir), "%s/pphost-registry-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert_ptr_nonnull(getcwd(dir, sizeof(dir)));
    ck_assert_int_eq(mkdir("plugins", 0755), 0);
    ck_assert_int_eq(setenv("HOME", dir, 1), 0);
    ck_assert_int_eq(unsetenv("PPHOST_PLUGIN_PATH"), 0);
    diags = diag_list_new();
    ck_assert_ptr_nonnull(diags);
}

static void teardown(void)
{
    text_fini(&said);
    said = (struct text){0};
    registry_free(registry);
    registry = NULL;
    diag_list_free(diags);
    ck_assert_int_eq(chdir("/"), 0);

    char command[600];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

/* A link: the file it leads to is judged, and it is loaded once whatever leads to it. */
static void put(const char *plugin, const char *as)
{
    char target[1024];

    (void)snprintf(target, sizeof(target), "%s/%s.so", PLUGINS, plugin);
    ck_assert_int_eq(symlink(target, as), 0);
}

static const struct plugin *load(const char *use)
{
    const struct plugin *plugin;

    if (!registry)
        registry = registry_new(dir);
    ck_assert_ptr_nonnull(registry);
    plugin = registry_load(registry, use, NULL, (struct mark){0}, diags);
    text_fini(&said);
    said = (struct text){0};
    diag_show(diags, &said, false);
    return plugin;
}

START_TEST(a_name_is_found_beside_the_pipeline)
{
    put("plain", "plugins/plain.so");

    const struct plugin *plugin = load("plain");

    ck_assert_str_eq(text_get(&said), "");
    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(plugin->desc.name, "plain");
    ck_assert_str_eq(plugin->shown, "plain");
    ck_assert_str_eq(plugin->path, PLUGINS "/plain.so");
}
END_TEST

START_TEST(the_environment_names_directories_and_earlier_ones_win)
{
    put("plain", "plugins/x.so");
    ck_assert_int_eq(mkdir("more", 0755), 0);
    put("older", "more/x.so");
    put("older", "more/y.so");
    ck_assert_int_eq(setenv("PPHOST_PLUGIN_PATH", "::more:/nowhere", 1), 0);

    const struct plugin *x = load("x");
    const struct plugin *y = load("y");

    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_nonnull(y);
    ck_assert_str_eq(x->desc.name, "plain");
    ck_assert_str_eq(y->desc.name, "older");
}
END_TEST

START_TEST(the_home_directory_is_searched)
{
    ck_assert_int_eq(system("mkdir -p .local/lib/pphost/plugins"), 0);
    put("plain", ".local/lib/pphost/plugins/plain.so");

    ck_assert_ptr_nonnull(load("plain"));
}
END_TEST

START_TEST(a_path_is_relative_to_the_pipeline)
{
    put("plain", "mine.so");
    ck_assert_int_eq(chdir("/"), 0);

    const struct plugin *plugin = load("./mine.so");

    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(plugin->shown, "./mine.so");
}
END_TEST

START_TEST(one_of_several_stage_types_is_named_behind_a_colon)
{
    put("good", "plugins/good.so");
    put("good", "other.so");

    ck_assert_str_eq(load("good")->desc.name, "good");
    ck_assert_str_eq(load("good:pass")->desc.name, "pass");
    ck_assert_str_eq(load("./other.so:pass")->desc.name, "pass");
    ck_assert_str_eq(text_get(&said), "");
}
END_TEST

START_TEST(several_stage_types_and_none_named_is_asked_back)
{
    put("good", "plugins/other.so");

    ck_assert_ptr_null(load("other"));
    ck_assert_str_eq(text_get(&said), "error[E216]: other has 2 stage types: say which\n"
                                      "   = one of: other:good, other:pass\n");
}
END_TEST

START_TEST(a_stage_type_that_is_not_there_is_shown_with_those_that_are)
{
    put("good", "plugins/good.so");

    ck_assert_ptr_null(load("good:pas"));
    ck_assert_ptr_nonnull(
        strstr(text_get(&said), "error[E216]: good has no stage type 'pas'\n"));
    ck_assert_ptr_nonnull(strstr(text_get(&said), "   = it has: good:good, good:pass\n"));
}
END_TEST

START_TEST(the_same_file_by_two_names_is_loaded_once)
{
    put("plain", "plugins/a.so");
    put("plain", "plugins/b.so");

    const struct plugin *a = load("a");
    const struct plugin *b = load("b");

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert(a->desc.each == b->desc.each);
    ck_assert_ptr_eq(load("a"), a);
}
END_TEST

START_TEST(plugins_outlive_their_registry)
{
    put("plain", "plugins/plain.so");
    const struct plugin *plugin = load("plain");

    registry_free(registry);
    registry = NULL;

    ck_assert_ptr_eq(load("plain"), plugin);
    ck_assert_str_eq(plugin->desc.name, "plain");
}
END_TEST

START_TEST(an_unknown_name_gets_the_nearest_and_where_was_looked)
{
    const char *yaml = "  - use: splitt\n";
    const struct source source = {.name = "p.yaml", .text = yaml, .len = strlen(yaml)};
    const struct mark at = {.line = 1, .col = 10, .width = 6};
    const char *start = "error[E201]: no plugin 'splitt'\n"
                        "  --> p.yaml:1:10\n"
                        "   |\n"
                        " 1 |   - use: splitt\n"
                        "   |          ^^^^^^ did you mean 'split'?\n"
                        "   = searched: ./plugins, ./.local/lib/pphost/plugins, ";

    put("plain", "plugins/split.so");
    registry = registry_new(dir);
    ck_assert_ptr_null(registry_load(registry, "splitt", &source, at, diags));
    diag_show(diags, &said, false);
    ck_assert_msg(strncmp(text_get(&said), start, strlen(start)) == 0, "%s",
                  text_get(&said));
    ck_assert_ptr_nonnull(strstr(text_get(&said), "   (pphost plugins)\n"));
}
END_TEST

START_TEST(a_file_beside_the_pipeline_is_suggested_with_its_path)
{
    const char *yaml = "use: thumb.so\n";
    const struct source source = {.name = "p.yaml", .text = yaml, .len = strlen(yaml)};
    const struct mark at = {.line = 1, .col = 6, .width = 8};

    put("plain", "thumb.so");
    registry = registry_new(dir);
    ck_assert_ptr_null(registry_load(registry, "thumb.so", &source, at, diags));
    diag_show(diags, &said, false);
    ck_assert_ptr_nonnull(strstr(text_get(&said), "did you mean './thumb.so'?"));
}
END_TEST

START_TEST(a_misspelt_path_gets_the_nearest_file)
{
    const char *yaml = "use: ./thum.so\n";
    const struct source source = {.name = "p.yaml", .text = yaml, .len = strlen(yaml)};
    const struct mark at = {.line = 1, .col = 6, .width = 9};

    put("plain", "thumb.so");
    registry = registry_new(dir);
    ck_assert_ptr_null(registry_load(registry, "./thum.so", &source, at, diags));
    diag_show(diags, &said, false);
    ck_assert_str_eq(text_get(&said), "error[E202]: there is no file ./thum.so\n"
                                      "  --> p.yaml:1:6\n"
                                      "   |\n"
                                      " 1 | use: ./thum.so\n"
                                      "   |      ^^^^^^^^^ did you mean './thumb.so'?\n"
                                      "   = build it first, or correct the path\n");
}
END_TEST

START_TEST(the_ends_of_a_program_are_refused_where_there_is_none)
{
    put("plain", "plugins/push.so");
    ck_assert_ptr_null(load(REGISTRY_PUSH));
    ck_assert_ptr_nonnull(strstr(text_get(&said), "error[E240]: 'push' works only in"));
    ck_assert_ptr_null(load(REGISTRY_PULL));
    ck_assert_ptr_nonnull(strstr(text_get(&said), "error[E240]: 'pull' works only in"));
    ck_assert_ptr_nonnull(load("./plugins/push.so"));
}
END_TEST

START_TEST(a_program_has_its_own_ends)
{
    static const struct plugin push = {.shown = "push"};

    registry = registry_new(dir);
    registry_set_ends(registry, &push, NULL);
    ck_assert_ptr_eq(load(REGISTRY_PUSH), &push);
    ck_assert_ptr_null(load(REGISTRY_PULL));
}
END_TEST

START_TEST(a_name_that_names_nothing_is_an_error_of_its_own)
{
    static const char *const names[] = {"", ":split", "split:", "a:b:c"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_ptr_null(load(names[i]));
        ck_assert_uint_eq(diag_errors(diags), i + 1);
        ck_assert_ptr_nonnull(strstr(text_get(&said), "error[E218]: "));
    }
}
END_TEST

/* The entry of that name; there must be one. */
static const struct registry_entry *entry(const struct registry_entry *entries, size_t n,
                                          const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    ck_abort_msg("no entry '%s'", name);
    return NULL;
}

START_TEST(a_scan_lists_what_loads_and_why_the_rest_does_not)
{
    const struct registry_entry *entries = NULL;

    put("good", "plugins/good.so");
    put("kind", "plugins/kind.so");
    put("plain", "plugins/plain.so");
    registry = registry_new(dir);
    size_t n = registry_scan(registry, &entries);

    ck_assert_ptr_nonnull(entry(entries, n, "good")->plugin);
    ck_assert_str_eq(entry(entries, n, "good:pass")->plugin->desc.name, "pass");
    ck_assert_ptr_null(entry(entries, n, "good")->broken);
    ck_assert_ptr_null(entry(entries, n, "kind")->plugin);
    ck_assert_ptr_nonnull(strstr(entry(entries, n, "kind")->broken, "is of kind 9"));
}
END_TEST

START_TEST(a_scan_is_sorted_by_name)
{
    const struct registry_entry *entries = NULL;

    put("plain", "plugins/b.so");
    put("good", "plugins/a.so");
    registry = registry_new(dir);
    size_t n = registry_scan(registry, &entries);

    ck_assert_uint_ge(n, 3);
    for (size_t i = 1; i < n; i++)
        ck_assert_int_le(strcmp(entries[i - 1].name, entries[i].name), 0);
}
END_TEST

START_TEST(a_scan_leaves_out_files_hidden_by_earlier_ones)
{
    const struct registry_entry *entries = NULL;

    put("plain", "plugins/x.so");
    ck_assert_int_eq(mkdir("more", 0755), 0);
    put("older", "more/x.so");
    ck_assert_int_eq(setenv("PPHOST_PLUGIN_PATH", "more", 1), 0);
    registry = registry_new(dir);
    size_t n = registry_scan(registry, &entries);

    ck_assert_str_eq(entry(entries, n, "x")->plugin->desc.name, "plain");
}
END_TEST

START_TEST(a_warning_is_shown_once)
{
    put("flags", "plugins/flags.so");

    ck_assert_ptr_nonnull(load("flags"));
    size_t first = diag_warnings(diags);
    ck_assert_ptr_nonnull(load("flags"));

    ck_assert_uint_eq(first, 4);
    ck_assert_uint_eq(diag_warnings(diags), first);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugin/registry");
    TCase *tc = tcase_create("registry");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, a_name_is_found_beside_the_pipeline);
    tcase_add_test(tc, the_environment_names_directories_and_earlier_ones_win);
    tcase_add_test(tc, the_home_directory_is_searched);
    tcase_add_test(tc, a_path_is_relative_to_the_pipeline);
    tcase_add_test(tc, one_of_several_stage_types_is_named_behind_a_colon);
    tcase_add_test(tc, several_stage_types_and_none_named_is_asked_back);
    tcase_add_test(tc, a_stage_type_that_is_not_there_is_shown_with_those_that_are);
    tcase_add_test(tc, the_same_file_by_two_names_is_loaded_once);
    tcase_add_test(tc, plugins_outlive_their_registry);
    tcase_add_test(tc, an_unknown_name_gets_the_nearest_and_where_was_looked);
    tcase_add_test(tc, a_file_beside_the_pipeline_is_suggested_with_its_path);
    tcase_add_test(tc, a_misspelt_path_gets_the_nearest_file);
    tcase_add_test(tc, the_ends_of_a_program_are_refused_where_there_is_none);
    tcase_add_test(tc, a_program_has_its_own_ends);
    tcase_add_test(tc, a_name_that_names_nothing_is_an_error_of_its_own);
    tcase_add_test(tc, a_scan_lists_what_loads_and_why_the_rest_does_not);
    tcase_add_test(tc, a_scan_is_sorted_by_name);
    tcase_add_test(tc, a_scan_leaves_out_files_hidden_by_earlier_ones);
    tcase_add_test(tc, a_warning_is_shown_once);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
