/* SPDX-License-Identifier: MIT */
/* Unit tests of observe/mask.h: what is not printed, and what is. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "config/expand.h"
#include "fake.h"
#include "observe/mask.h"

static struct fake fake;
static struct secret secrets[3];
static struct mask *mask;
static struct text out;

static void setup(void)
{
    fake_init(&fake);
    memset(&out, 0, sizeof(out));
    mask = NULL;
}

static void teardown(void)
{
    mask_free(mask);
    text_fini(&out);
}

/* The mask of up to three texts. */
static void hide(const char *a, const char *b, const char *c)
{
    const char *const texts[] = {a, b, c};
    const struct secret *next = NULL;

    for (size_t k = 0; k < 3 && texts[k]; k++) {
        secrets[k] =
            (struct secret){.next = next, .text = texts[k], .len = strlen(texts[k])};
        next = &secrets[k];
    }
    fake.pipeline.secrets = next;
    mask = mask_new(&fake.graph);
    ck_assert_ptr_nonnull(mask);
}

static const char *masked(const char *text)
{
    mask_text(mask, text, strlen(text), &out);
    return text_get(&out);
}

static const char *masked_json(const char *text)
{
    mask_json(mask, text, strlen(text), &out);
    return text_get(&out);
}

START_TEST(secret_is_masked_wherever_it_stands)
{
    hide("hunter2", NULL, NULL);
    ck_assert_str_eq(masked("hunter2 hunter hunter2hunter2!"),
                     "‹secret› hunter ‹secret›‹secret›!");
    ck_assert(!mask_is_empty(mask));
}
END_TEST

START_TEST(longer_secret_goes_before_one_that_it_begins_with)
{
    hide("pass", "password", "pass");
    ck_assert_str_eq(masked("password pass passw"), "‹secret› ‹secret› ‹secret›w");
}
END_TEST

START_TEST(lines_are_secrets_by_themselves_and_short_ones_are_not)
{
    hide("-----BEGIN\nMIIE\r\nabc\n", NULL, NULL);
    ck_assert_str_eq(masked("-----BEGIN, MIIE, abc"), "‹secret›, ‹secret›, abc");
}
END_TEST

START_TEST(no_secret_changes_nothing)
{
    hide(NULL, NULL, NULL);
    ck_assert(mask_is_empty(mask));
    ck_assert_str_eq(masked("hunter2"), "hunter2");
    mask_json(NULL, "[\"a\"]", 5, &out);
    ck_assert_str_eq(text_get(&out), "hunter2[\"a\"]");
}
END_TEST

START_TEST(secret_setting_is_masked_if_it_was_given)
{
    static const struct pph_param params[] = {
        {.name = "token", .doc = "Secret.", .type = PPH_STRING, .flags = PPH_SECRET},
        {.name = "path", .doc = "Open.", .type = PPH_STRING},
        {0}};

    fake.plugins[FAKE_WRITE].desc.params = params;
    fake.args[FAKE_WRITE][0] = (struct pph_value){.s = "t0ken", .n = 5, .given = 1};
    fake.args[FAKE_WRITE][1] = (struct pph_value){.s = "out.txt", .n = 7, .given = 1};
    hide(NULL, NULL, NULL);
    ck_assert_str_eq(masked("t0ken in out.txt"), "‹secret› in out.txt");
}
END_TEST

START_TEST(texts_of_json_are_masked_and_it_stays_json)
{
    hide("say \"4711\"", "1234", "back\\slash");
    ck_assert_str_eq(
        masked_json(
            "{\"1234\":1234,\"a\":[\"say \\\"4711\\\"!\",\"back\\\\slash\"],\"\\\"\":\"\"}"),
        "{\"‹secret›\":1234,\"a\":[\"‹secret›!\",\"‹secret›\"],\"\\\"\":\"\"}");
}
END_TEST

START_TEST(json_may_be_cut_anywhere)
{
    static const char json[] = "[\"hunter2\",\"a\\\\b\",1]";

    hide("hunter2", NULL, NULL);
    for (size_t len = 0; len < sizeof(json) - 1; len++) {
        char *copy =
            malloc(len ? len : 1); /* the sanitizers see what is read behind it */

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, json, len);
        mask_json(mask, copy, len, &out);
        ck_assert(len < 9 || strncmp(text_get(&out), "[\"‹secret›", 12) == 0);
        free(copy);
        text_fini(&out);
        out = (struct text){0};
    }
}
END_TEST

START_TEST(string_for_a_terminal_is_masked_before_it_is_cut)
{
    hide("hunter2\x1b", NULL, NULL);
    mask_printable(mask, "it is hunter2\x1b!", 18, &out);
    ck_assert_str_eq(text_get(&out), "it is ‹secret›...");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observe/mask");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, secret_is_masked_wherever_it_stands);
    tcase_add_test(tc, longer_secret_goes_before_one_that_it_begins_with);
    tcase_add_test(tc, lines_are_secrets_by_themselves_and_short_ones_are_not);
    tcase_add_test(tc, no_secret_changes_nothing);
    tcase_add_test(tc, secret_setting_is_masked_if_it_was_given);
    tcase_add_test(tc, texts_of_json_are_masked_and_it_stays_json);
    tcase_add_test(tc, json_may_be_cut_anywhere);
    tcase_add_test(tc, string_for_a_terminal_is_masked_before_it_is_cut);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
