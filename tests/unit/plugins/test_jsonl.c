/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/write/jsonl.c: lines, escapes, base64, and when they are in the
 * file.  What the host knows of dead letters is tried with the real one: e2e.letters.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <check.h>

#include "support/fake_host.h"
#include "support/scratch.h"

static struct fake_host *fake;
static const char *path;

static void setup(void)
{
    scratch_setup();
    fake = fake_new();
    path = scratch_path("dead.jsonl");
    fake_set(fake, "path", path);
    (void)signal(SIGXFSZ, SIG_IGN);
}

static void teardown(void)
{
    fake_free(fake);
    scratch_teardown();
}

static void assert_file(const char *wanted)
{
    char *text = scratch_read(path, NULL);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, wanted);
}

/* The line of one item without pos and key. */
static void assert_line(const char *bytes, size_t len, const char *wanted)
{
    struct pph_item item = {.data = (char *)(uintptr_t)bytes, .len = (uint32_t)len};

    fake_up(fake);
    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);
    assert_file(wanted);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    fake_down(fake);
}

START_TEST(text_is_a_string_with_escapes)
{
    assert_line("plain", 5, "{\"data\":\"plain\"}\n");
    assert_line("", 0, "{\"data\":\"\"}\n");
    assert_line("a\"b\\c\n\t\x01\x7f", 9,
                "{\"data\":\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"}\n");
    assert_line("\0", 1, "{\"data\":\"\\u0000\"}\n");
    assert_line("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", 11,
                "{\"data\":\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\"}\n");
}
END_TEST

START_TEST(what_is_no_text_is_base64)
{
    assert_line("\xFF", 1, "{\"base64\":\"/w==\"}\n");
    assert_line("ab\xC3", 3, "{\"base64\":\"YWLD\"}\n");               /* cut off */
    assert_line("\xC0\x80", 2, "{\"base64\":\"wIA=\"}\n");             /* overlong */
    assert_line("\xED\xA0\x80", 3, "{\"base64\":\"7aCA\"}\n");         /* a surrogate */
    assert_line("\xF4\x90\x80\x80", 4, "{\"base64\":\"9JCAgA==\"}\n"); /* too large */
    assert_line("\xE0\x80\x80", 3, "{\"base64\":\"4ICA\"}\n");
}
END_TEST

/* Writes the line for a text of plain bytes but for one, to `wanted`; `item` is the text. */
static void among_plain(int byte, size_t at, char *item, FILE *wanted)
{
    static const char names[] = "\b\f\n\r\t\"\\";
    const char *name = byte ? strchr(names, byte) : NULL;

    (void)fprintf(wanted, "{\"data\":\"%.*s", (int)at, item);
    if (name)
        (void)fprintf(wanted, "\\%c", "bfnrt\"\\"[name - names]);
    else if (byte < 0x20 || byte == 0x7F)
        (void)fprintf(wanted, "\\u%04x", (unsigned)byte);
    else
        (void)fputc(byte, wanted);
    (void)fprintf(wanted, "%s\"}\n", item + at + 1);
    item[at] = (char)byte;
}

/* They are looked at eight at a time. */
START_TEST(each_byte_is_escaped_or_not_wherever_it_stands)
{
    enum { BYTES = 0x80, LEN = 17 };
    static char texts[BYTES * LEN][LEN + 1];
    static struct pph_item items[BYTES * LEN];
    char *wanted = NULL;
    size_t size;
    FILE *file = open_memstream(&wanted, &size);

    ck_assert_ptr_nonnull(file);
    for (size_t k = 0; k < BYTES * LEN; k++) {
        memcpy(texts[k], "seventeen of them", LEN + 1);
        among_plain((int)(k / LEN), k % LEN, texts[k], file);
        items[k] = (struct pph_item){.data = texts[k], .len = LEN};
    }
    ck_assert_int_eq(fclose(file), 0);
    fake_up(fake);
    ck_assert_int_eq(fake_batch(fake, items, BYTES * LEN), PPH_OK);
    fake_down(fake);
    assert_file(wanted);
    free(wanted);
}
END_TEST

START_TEST(place_and_key_are_there_when_they_are_known)
{
    char bytes[] = "x";
    struct pph_item items[] = {{.data = bytes, .len = 1, .pos = 7},
                               {.data = bytes, .len = 1, .key = UINT64_MAX}};

    fake_up(fake);
    ck_assert_int_eq(fake_batch(fake, items, 2), PPH_OK);
    fake_down(fake);
    assert_file(
        "{\"pos\":7,\"data\":\"x\"}\n{\"key\":18446744073709551615,\"data\":\"x\"}\n");
}
END_TEST

START_TEST(lines_are_there_at_once_and_stay_when_the_run_stops)
{
    static const char *const texts[] = {"one", "two"};

    (void)scratch_file("dead.jsonl", "of an earlier run\n");
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, texts, 2), PPH_OK);
    assert_file(
        "{\"pos\":1,\"key\":100,\"data\":\"one\"}\n{\"pos\":2,\"key\":101,\"data\":\"two\"}\n");
    fake->stopping = true;
    fake_down(fake);
    assert_file(
        "{\"pos\":1,\"key\":100,\"data\":\"one\"}\n{\"pos\":2,\"key\":101,\"data\":\"two\"}\n");
    ck_assert_uint_eq(scratch_count(), 1);
}
END_TEST

START_TEST(append_keeps_what_is_there)
{
    static const char *const texts[] = {"one"};

    (void)scratch_file("dead.jsonl", "{}\n");
    fake_set(fake, "append", "true");
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, texts, 1), PPH_OK);
    fake_down(fake);
    assert_file("{}\n{\"pos\":1,\"key\":100,\"data\":\"one\"}\n");
}
END_TEST

START_TEST(large_items_are_whole)
{
    enum { LEN = 300000 };
    char *bytes = malloc(LEN);
    struct pph_item items[] = {{.data = bytes, .len = LEN}, {.data = bytes, .len = LEN}};
    size_t len;

    memset(bytes, '"', LEN);
    fake_up(fake);
    ck_assert_int_eq(fake_batch(fake, items, 2), PPH_OK);
    fake_down(fake);
    ck_assert_ptr_nonnull(scratch_read(path, &len));
    ck_assert_uint_eq(len, 2 * (2 * (size_t)LEN + strlen("{\"data\":\"\"}\n")));
    free(bytes);
}
END_TEST

START_TEST(a_full_disk_is_named)
{
    static const char *const texts[] = {"0123456789", "0123456789"};
    const struct rlimit small = {.rlim_cur = 16, .rlim_max = 16};

    fake_up(fake);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(fake_batch_texts(fake, texts, 2), PPH_FATAL);
    ck_assert_ptr_nonnull(strstr(fake->failures, "dead.jsonl"));
    ck_assert_ptr_nonnull(strstr(fake->failures, "too large"));
    fake_down(fake);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/jsonl");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, text_is_a_string_with_escapes);
    tcase_add_test(tc, what_is_no_text_is_base64);
    tcase_add_test(tc, each_byte_is_escaped_or_not_wherever_it_stands);
    tcase_add_test(tc, place_and_key_are_there_when_they_are_known);
    tcase_add_test(tc, lines_are_there_at_once_and_stay_when_the_run_stops);
    tcase_add_test(tc, append_keeps_what_is_there);
    tcase_add_test(tc, large_items_are_whole);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    if (srunner_fork_status(runner) == CK_FORK)
        tcase_add_test(tc, a_full_disk_is_named);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
