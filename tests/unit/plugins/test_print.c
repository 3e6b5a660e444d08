/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/print: each test looks at what comes out of a pipe in the place
 * of standard output, which is put back behind it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "support/fake_host.h"

static struct fake_host *fake;
static int saved; /* the real standard output */
static int out;   /* reads what was printed */

static void setup(void)
{
    int fds[2];

    (void)signal(SIGPIPE, SIG_IGN); /* as the host does */
    (void)fflush(stdout);
    saved = dup(STDOUT_FILENO);
    ck_assert_int_ge(saved, 0);
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    ck_assert_int_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_eq(close(fds[1]), 0);
    out = fds[0];
    fake = fake_new();
}

static void teardown(void)
{
    fake_free(fake);
    (void)dup2(saved, STDOUT_FILENO);
    (void)close(saved);
    if (out >= 0)
        (void)close(out);
}

/* What was printed so far, at most what a pipe holds. */
static const char *printed(void)
{
    static char text[65537];
    ssize_t n = read(out, text, sizeof(text) - 1);

    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    return text;
}

static int print(const char *const *texts, size_t n)
{
    fake_up(fake);
    int status = fake_batch_texts(fake, texts, n);
    fake_down(fake);
    return status;
}

static const char *const words[] = {"one", "", "three"};

START_TEST(items_are_printed_one_a_line)
{
    ck_assert_int_eq(print(words, 3), PPH_OK);

    ck_assert_str_eq(printed(), "one\n\nthree\n");
}
END_TEST

START_TEST(the_format_places_item_and_facts)
{
    fake_set(fake, "format", "{{{pos}}} [{}] {len} bytes, key {key}: {}");

    ck_assert_int_eq(print(words, 2), PPH_OK);

    ck_assert_str_eq(printed(), "{1} [one] 3 bytes, key 100: one\n"
                                "{2} [] 0 bytes, key 101: \n");
}
END_TEST

START_TEST(bad_formats_are_refused)
{
    static const char *const bad[] = {"{x}", "{", "}", "{pos", "a } b", "{ }"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fake_set(fake, "format", bad[i]);
        ck_assert_int_eq(fake_open(fake), PPH_FATAL);
    }
    ck_assert_ptr_nonnull(
        strstr(fake->failures, "format knows only {} {pos} {len} {key}"));

    char many[201] = "";
    for (size_t i = 0; i < 50; i++)
        memcpy(many + 4 * i, "{}, ", 5);
    fake_set(fake, "format", many);
    ck_assert_int_eq(fake_open(fake), PPH_FATAL);
    ck_assert_ptr_nonnull(strstr(fake->failures, "too many parts"));
}
END_TEST

START_TEST(what_could_harm_a_terminal_is_escaped)
{
    static const char *const texts[] = {
        "a\tb\nc\x1b[31m\x7f\a", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
        "\xc3 \xff \xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \xe2\x82", "\xc2\x9b[31m"};

    ck_assert_int_eq(print(texts, 4), PPH_OK);

    ck_assert_str_eq(printed(),
                     "a\\tb\\nc\\x1b[31m\\x7f\\a\n"
                     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n"
                     "\\xc3 \\xff \\xc0\\xaf \\xed\\xa0\\x80 \\xf5\\x80\\x80\\x80 "
                     "\\xe2\\x82\n"
                     "\\xc2\\x9b[31m\n");
}
END_TEST

START_TEST(raw_prints_byte_for_byte)
{
    static const char *const texts[] = {"a\tb\x1b\xff"};
    fake_set(fake, "raw", "true");

    ck_assert_int_eq(print(texts, 1), PPH_OK);

    ck_assert_str_eq(printed(), "a\tb\x1b\xff\n");
}
END_TEST

START_TEST(a_nul_is_escaped_too)
{
    struct pph_item item = {.data = (char[]){'a', 0, 'b'}, .len = 3};
    fake_up(fake);

    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);

    ck_assert_str_eq(printed(), "a\\x00b\n");
    fake_down(fake);
}
END_TEST

START_TEST(long_items_are_printed_whole)
{
    enum { LEN = 30000 };
    char *text = malloc(LEN);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < LEN; i++)
        text[i] = i % 3 == 0 ? (char)0xe2 : i % 3 == 1 ? (char)0x82 : (char)0xac;
    struct pph_item item = {.data = text, .len = LEN};
    fake_set(fake, "raw", _i ? "true" : "false");
    fake_up(fake);

    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);

    const char *got = printed();
    ck_assert_uint_eq(strlen(got), LEN + 1);
    ck_assert(memcmp(got, text, LEN) == 0);
    fake_down(fake);
    free(text);
}
END_TEST

START_TEST(after_the_limit_it_wants_no_more)
{
    fake_set(fake, "limit", "2");
    fake_up(fake);

    ck_assert_int_eq(fake_batch_texts(fake, words, 1), PPH_OK);
    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_END);

    ck_assert_str_eq(printed(), "one\none\n");
    fake_down(fake);
}
END_TEST

START_TEST(a_limit_of_0_wants_nothing)
{
    fake_set(fake, "limit", "0");

    ck_assert_int_eq(print(words, 3), PPH_END);
}
END_TEST

START_TEST(a_reader_that_goes_ends_the_stage)
{
    ck_assert_int_eq(close(out), 0);
    out = -1;

    ck_assert_int_eq(print(words, 3), PPH_END);

    ck_assert_str_eq(fake->failures, "");
}
END_TEST

START_TEST(a_full_device_is_an_error)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(dup2(full, STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_eq(close(full), 0);

    ck_assert_int_eq(print(words, 3), PPH_FATAL);

    ck_assert_str_eq(fake->failures,
                     "cannot write standard output: No space left on device\n");
}
END_TEST

static void *cancel(void *arg)
{
    struct fake_host *host = arg;

    host->plugin->cancel(&host->ctx);
    return NULL;
}

START_TEST(cancel_ends_the_wait_for_a_slow_reader)
{
    char *text = calloc(1, 1 << 20);
    ck_assert_ptr_nonnull(text);
    struct pph_item item = {.data = text, .len = 1 << 20};
    pthread_t thread;
    fake_up(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, fake), 0);

    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_STOP);

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fake_down(fake);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/print");
    TCase *tc = tcase_create("print");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, items_are_printed_one_a_line);
    tcase_add_test(tc, the_format_places_item_and_facts);
    tcase_add_test(tc, bad_formats_are_refused);
    tcase_add_test(tc, what_could_harm_a_terminal_is_escaped);
    tcase_add_test(tc, raw_prints_byte_for_byte);
    tcase_add_test(tc, a_nul_is_escaped_too);
    tcase_add_loop_test(tc, long_items_are_printed_whole, 0, 2);
    tcase_add_test(tc, after_the_limit_it_wants_no_more);
    tcase_add_test(tc, a_limit_of_0_wants_nothing);
    tcase_add_test(tc, a_reader_that_goes_ends_the_stage);
    tcase_add_test(tc, a_full_device_is_an_error);
    tcase_add_test(tc, cancel_ends_the_wait_for_a_slow_reader);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
