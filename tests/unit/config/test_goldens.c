/* SPDX-License-Identifier: MIT */
/*
 * Every configs/bad/NAME.yaml that begins with "# config" says exactly what NAME.txt holds.
 * PPH_GOLDEN_UPDATE=1 writes the .txt files anew; look at the difference before you commit it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "config/pipeline.h"

enum { CASES_MAX = 256, NAME_BYTES = 128 };

static char cases[CASES_MAX][NAME_BYTES];
static int n_cases;

static void read_file(const char *name, struct text *text)
{
    FILE *file = fopen(name, "r");
    char buffer[4096];
    size_t n;

    if (!file)
        return;
    while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
        text_append(text, buffer, n);
    (void)fclose(file);
}

static bool is_case(const char *name)
{
    static const char marker[] = "# config\n";
    size_t len = strlen(name);
    struct text text = {0};
    bool found = false;

    if (len <= 5 || len >= NAME_BYTES || strcmp(name + len - 5, ".yaml") != 0)
        return false;
    read_file(name, &text);
    found = strncmp(text_get(&text), marker, sizeof(marker) - 1) == 0;
    text_fini(&text);
    return found;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void find_cases(void)
{
    DIR *dir = opendir(".");
    const struct dirent *entry;

    if (!dir)
        return;
    while (n_cases < CASES_MAX && (entry = readdir(dir))) {
        if (is_case(entry->d_name))
            (void)snprintf(cases[n_cases++], NAME_BYTES, "%.*s", NAME_BYTES - 1,
                           entry->d_name);
    }
    (void)closedir(dir);
    qsort(cases, (size_t)n_cases, NAME_BYTES, by_name);
}

static void write_expected(const char *name, const struct text *text)
{
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text_get(text), 1, text->len, file), text->len);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_bad_description_says_what_its_golden_file_holds)
{
    const char *name = cases[_i];
    struct pipeline_input input = {.file = name};
    struct diag_list *diags = diag_list_new();
    struct pipeline *pipeline = NULL;
    struct text shown = {0}, expected = {0};
    char golden[NAME_BYTES];

    (void)pipeline_load(&input, diags, &pipeline);
    diag_show(diags, &shown, false);
    ck_assert_int_lt(
        snprintf(golden, sizeof(golden), "%.*s.txt", (int)strlen(name) - 5, name),
        (int)sizeof(golden));
    if (getenv("PPH_GOLDEN_UPDATE"))
        write_expected(golden, &shown);
    read_file(golden, &expected);

    ck_assert_msg(strcmp(text_get(&shown), text_get(&expected)) == 0,
                  "%s: got\n%s\nexpected\n%s", name, text_get(&shown),
                  text_get(&expected));
    ck_assert_uint_gt(shown.len, 0);
    text_fini(&expected);
    text_fini(&shown);
    pipeline_free(pipeline);
    diag_list_free(diags);
}
END_TEST

START_TEST(there_are_cases)
{
    ck_assert_int_gt(n_cases, 30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config/goldens");
    TCase *tc = tcase_create("core");

    if (chdir(PPH_BAD_DIR) != 0 || unsetenv("DB_PASS") != 0)
        return EXIT_FAILURE;
    find_cases();
    tcase_add_test(tc, there_are_cases);
    tcase_add_loop_test(tc, a_bad_description_says_what_its_golden_file_holds, 0,
                        n_cases);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
