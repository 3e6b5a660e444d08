/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/lines: what comes out of which files, at every way of stopping in
 * between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "lines/cut.h"
#include "support/fake_host.h"
#include "support/scratch.h"

static struct fake_host *fake;

static void setup(void)
{
    scratch_setup();
    fake = fake_new();
}

static void teardown(void)
{
    fake_free(fake);
    scratch_teardown();
}

/* Reads `path` with the settings made so far; the items, each in [], and their places. */
static char *read_file(const char *path)
{
    char *all = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&all, &size);

    fake_set(fake, "path", path);
    fake_up(fake);
    int status = fake_generate_all(fake);
    for (size_t i = 0; i < fake->n_items; i++)
        (void)fprintf(out, "%d[%s]", (int)fake->items[i].pos, fake->items[i].data);
    if (status != PPH_END)
        (void)fprintf(out, " %d %s", status, fake->failures);
    ck_assert_int_eq(fclose(out), 0);
    fake_down(fake);
    fake_forget(fake);
    return all;
}

#define ck_assert_file(text, wanted)                          \
    do {                                                      \
        char *got_ = read_file(scratch_file("in.txt", text)); \
        ck_assert_str_eq(got_, wanted);                       \
        free(got_);                                           \
    } while (0)

START_TEST(lines_are_items_without_their_newline)
{
    ck_assert_file("one\ntwo\n\nfour\n", "1[one]2[two]3[]4[four]");
    ck_assert_file("one\ntwo", "1[one]2[two]");
    ck_assert_file("\n", "1[]");
    ck_assert_file("\n\nx", "1[]2[]3[x]");
    ck_assert_file("", "");
}
END_TEST

START_TEST(carriage_returns_are_kept_or_stripped)
{
    ck_assert_file("a\r\nb\n\r\nc\r", "1[a\r]2[b]3[\r]4[c\r]");

    fake_set(fake, "crlf", "strip");

    ck_assert_file("a\r\nb\n\r\nc\rd\r\n\r\r\ne\r", "1[a]2[b]3[]4[c\rd]5[\r]6[e]");
}
END_TEST

START_TEST(a_block_is_whole_lines_without_the_last_newline)
{
    fake_set(fake, "unit", "block");

    ck_assert_file("one\ntwo\n", "1[one\ntwo]");
    ck_assert_file("one\ntwo", "1[one\ntwo]");
    ck_assert_file("a\n\n", "1[a\n]");
    ck_assert_file("\n", "1[]");
    ck_assert_file("", "");
    fake_set(fake, "crlf", "strip");
    ck_assert_file("a\r\nb\rc\r\r\n\nd\r\n", "1[a\nb\rc\r\n\nd]");
    ck_assert_file("a\r", "1[a]");
}
END_TEST

START_TEST(a_line_of_max_line_bytes_is_not_long)
{
    fake_set(fake, "max_line", "5");

    ck_assert_file("12345\n12345", "1[12345]2[12345]");
}
END_TEST

START_TEST(long_lines_fail_with_file_and_number)
{
    fake_set(fake, "max_line", "5");

    char *got = read_file(scratch_file("in.txt", "1\n12345\n123456\n7\n"));

    ck_assert_ptr_nonnull(strstr(got, "1[1]2[12345] -3 /tmp/pphost-test-"));
    ck_assert_ptr_nonnull(
        strstr(got, "/in.txt: line 3 is longer than max_line (5 bytes)"));
    free(got);
}
END_TEST

START_TEST(long_lines_split_keep_their_number)
{
    fake_set(fake, "max_line", "3");
    fake_set(fake, "long_lines", "split");

    ck_assert_file("ab\n123456789\n1234\nx", "1[ab]2[123]2[456]2[789]3[123]3[4]4[x]");
    ck_assert_file("1234567", "1[123]1[456]1[7]");
    ck_assert_file("123456", "1[123]1[456]");
}
END_TEST

START_TEST(long_lines_truncated_keep_their_start)
{
    fake_set(fake, "max_line", "3");
    fake_set(fake, "long_lines", "truncate");

    ck_assert_file("ab\n123456789\n1234\nx", "1[ab]2[123]3[123]4[x]");
    ck_assert_file("1234567", "1[123]");
}
END_TEST

/* A file of `before` lines "x", a line of `len` bytes, and a line "end" */
static const char *file_with_long_line(size_t before, size_t len)
{
    char *text = malloc(2 * before + len + 8);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < before; i++)
        memcpy(text + 2 * i, "x\n", 2);
    for (size_t i = 0; i < len; i++)
        text[2 * before + i] = (char)('a' + i % 23);
    memcpy(text + 2 * before + len, "\nend\n", 5);
    const char *path = scratch_bytes("long.txt", text, 2 * before + len + 5);
    free(text);
    return path;
}

/* Lengths about which a line changes the way it is read. */
static const size_t long_lens[] = {60000,  65300,  65408,  65409,   130000, 130816,
                                   131072, 140000, 400000, 1048000, 3000000};
enum { N_LONG_LENS = sizeof(long_lens) / sizeof(long_lens[0]) };

START_TEST(lines_longer_than_a_block_come_out_whole)
{
    size_t len = long_lens[_i];
    fake_set(fake, "path", file_with_long_line(30000, len));
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    ck_assert_uint_eq(fake->n_items, 30002);
    const struct fake_item *item = &fake->items[30000];
    ck_assert_uint_eq(item->pos, 30001);
    ck_assert_uint_eq(item->len, len);
    size_t same = 0; /* an assertion per byte would take half a minute */
    while (same < len && item->data[same] == (char)('a' + same % 23))
        same++;
    ck_assert_uint_eq(same, len);
    ck_assert_str_eq(fake->items[30001].data, "end");
    ck_assert_uint_eq(fake->items[30001].pos, 30002);
    fake_down(fake);
}
END_TEST

START_TEST(lines_longer_than_a_block_are_split_and_truncated_alike)
{
    size_t len = long_lens[_i];
    fake_set(fake, "path", file_with_long_line(10, len));
    fake_set(fake, "max_line", "50000");
    fake_set(fake, "long_lines", "split");
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    size_t pieces = (len + 49999) / 50000;
    ck_assert_uint_eq(fake->n_items, 10 + pieces + 1);
    for (size_t i = 0; i < pieces; i++) {
        const struct fake_item *item = &fake->items[10 + i];
        ck_assert_uint_eq(item->pos, 11);
        ck_assert_uint_eq(item->len, i + 1 < pieces ? 50000 : len - i * 50000);
        ck_assert(item->data[0] == (char)('a' + i * 50000 % 23));
    }
    ck_assert_uint_eq(fake->items[10 + pieces].pos, 12);
    fake_down(fake);
    fake_forget(fake);

    fake_set(fake, "long_lines", "truncate");
    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    ck_assert_uint_eq(fake->n_items, 12);
    ck_assert_uint_eq(fake->items[10].len, 50000);
    ck_assert_str_eq(fake->items[11].data, "end");
    ck_assert_uint_eq(fake->items[11].pos, 12);
    fake_down(fake);
}
END_TEST

START_TEST(a_line_of_100_mib_is_refused_by_default)
{
    fake_set(fake, "path", file_with_long_line(1, (size_t)100 << 20));
    fake_set(fake, "unit", _i ? "block" : "line");
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "line 2 is longer than max_line"));
    ck_assert_uint_le(fake->alloc_max, 1 << 20);
    fake_down(fake);
}
END_TEST

START_TEST(blocks_of_long_lines_follow_the_policy)
{
    size_t len = (size_t)3 << 20;
    fake_set(fake, "path", file_with_long_line(1, len));
    fake_set(fake, "unit", "block");
    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    char *all = fake_joined(fake, "\n", NULL);
    ck_assert_uint_eq(strlen(all), 2 + len + 5);
    ck_assert_uint_gt(fake->alloc_max, len);
    free(all);
    fake_down(fake);
    fake_forget(fake);

    fake_set(fake, "max_line", "2MiB");
    fake_set(fake, "long_lines", "truncate");
    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    ck_assert_uint_eq(fake->n_bytes, 1 + (2 << 20) + 3);
    ck_assert_uint_eq(fake->items[fake->n_items - 1].pos, 3);
    fake_down(fake);
}
END_TEST

static char *all_items(void)
{
    fake_up(fake);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    char *all = fake_joined(fake, "|", NULL);
    for (size_t i = 0; i < fake->n_items; i++)
        ck_assert(fake->items[i].by_reference);
    fake_down(fake);
    fake_forget(fake);
    return all;
}

/* Text of many lengths of lines, over several blocks. */
static const char *varied_file(size_t size)
{
    char *text = malloc(size);
    unsigned state = 1;

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245u + 12345u;
        text[i] = (state >> 16) % 37 == 0 ? '\n' : (char)('a' + (state >> 16) % 26);
    }
    const char *path = scratch_bytes("varied.txt", text, size);
    free(text);
    return path;
}

START_TEST(items_are_the_same_however_often_emit_wants_a_pause)
{
    fake_set(fake, "path", varied_file(300000));
    char *wanted = all_items();

    fake->more_every = (size_t)1 << _i;
    char *got = all_items();

    ck_assert_uint_gt(fake->n_repeats, 0);
    ck_assert_str_eq(got, wanted);
    free(got);
    free(wanted);
}
END_TEST

START_TEST(blocks_and_lines_hold_the_same_text)
{
    const char *path = varied_file(5000000);
    size_t len;
    char *wanted = scratch_read(path, &len);

    for (int block = 0; block < 2; block++) {
        fake_set(fake, "path", path);
        fake_set(fake, "unit", block ? "block" : "line");
        fake_up(fake);
        ck_assert_int_eq(fake_generate_all(fake), PPH_END);
        char *got = fake_joined(fake, "\n", NULL);
        ck_assert(strncmp(got, wanted, len) == 0);
        ck_assert_uint_le(strlen(got), len + 1);
        ck_assert_uint_eq(fake->progress_done, len);
        ck_assert_uint_eq(fake->progress_total, len);
        ck_assert_int_eq(fake->progress_unit, PPH_BYTES);
        free(got);
        fake_down(fake);
        fake_forget(fake);
    }
}
END_TEST

START_TEST(a_block_says_the_number_of_its_first_line)
{
    const char *path = varied_file(5000000);
    fake_set(fake, "path", path);
    fake_set(fake, "unit", "block");
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    uint64_t line = 1;
    ck_assert_uint_gt(fake->n_items, 4);
    for (size_t i = 0; i < fake->n_items; i++) {
        ck_assert_uint_eq(fake->items[i].pos, line++);
        for (const char *p = fake->items[i].data; (p = strchr(p, '\n')) != NULL; p++)
            line++;
    }
    fake_down(fake);
}
END_TEST

START_TEST(stop_is_handed_on)
{
    fake_set(fake, "path", varied_file(300000));
    fake->stop_after = 300;
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_STOP);

    ck_assert_uint_eq(fake->n_items, 300);
    fake_down(fake);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    fake_set(fake, "path", file_with_long_line(10, 300000));
    for (size_t nth = 1;; nth++) {
        fake->alloc_fails = nth;
        fake_up(fake);
        int status = fake_generate_all(fake);
        fake_down(fake);
        if (fake->alloc_fails > 0) {
            ck_assert_uint_gt(nth, 2);
            ck_assert_int_eq(status, PPH_END);
            break;
        }
        ck_assert_int_eq(status, PPH_FATAL);
        ck_assert_ptr_nonnull(strstr(fake->failures, "no memory for"));
    }
}
END_TEST

static void cut_all(const struct cut_kernel *kernel, struct cut cut, size_t max,
                    struct pph_item *items, size_t *ret_n, struct cut *ret_cut)
{
    size_t n = 0;
    size_t more;

    while ((more = kernel->lines(&cut, items + n, max)) > 0)
        n += more;
    *ret_n = n;
    *ret_cut = cut;
}

START_TEST(every_kernel_cuts_and_counts_alike)
{
    enum { SIZE = 700, PAD = 64 };
    static char text[SIZE + PAD];
    static struct pph_item wanted[SIZE], got[SIZE];
    const struct cut_kernel *const *kernels = cut_kernels();
    const struct cut_kernel *naive = kernels[0];
    for (size_t i = 0; kernels[i]; i++)
        naive = kernels[i];
    srand((unsigned)_i + 1);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "\n\rxyz"[(size_t)rand() % (_i % 2 ? 5 : 3)];

    for (size_t start = 0; start < 70; start++) {
        size_t len = (size_t)rand() % (SIZE - start + 1);
        struct cut cut = {.at = text + start,
                          .end = text + start + len,
                          .line = 7,
                          .max_line = _i % 3 ? 1000 : 9,
                          .strip = _i % 4 != 0};
        size_t max = 1 + (size_t)rand() % 40;
        size_t n_wanted;
        struct cut end;
        cut_all(naive, cut, max, wanted, &n_wanted, &end);
        for (size_t k = 0; kernels[k] != naive; k++) {
            size_t n;
            struct cut end_got;
            cut_all(kernels[k], cut, max, got, &n, &end_got);
            ck_assert_uint_eq(n, n_wanted);
            ck_assert(memcmp(got, wanted, n * sizeof(*got)) == 0);
            ck_assert_ptr_eq(end_got.at, end.at);
            ck_assert_uint_eq(end_got.line, end.line);
            ck_assert_uint_eq(kernels[k]->count(cut.at, len), naive->count(cut.at, len));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/lines");
    TCase *tc = tcase_create("lines");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, lines_are_items_without_their_newline);
    tcase_add_test(tc, carriage_returns_are_kept_or_stripped);
    tcase_add_test(tc, a_block_is_whole_lines_without_the_last_newline);
    tcase_add_test(tc, a_line_of_max_line_bytes_is_not_long);
    tcase_add_test(tc, long_lines_fail_with_file_and_number);
    tcase_add_test(tc, long_lines_split_keep_their_number);
    tcase_add_test(tc, long_lines_truncated_keep_their_start);
    tcase_add_loop_test(tc, lines_longer_than_a_block_come_out_whole, 0, N_LONG_LENS);
    tcase_add_loop_test(tc, lines_longer_than_a_block_are_split_and_truncated_alike, 0,
                        N_LONG_LENS);
    tcase_add_loop_test(tc, a_line_of_100_mib_is_refused_by_default, 0, 2);
    tcase_add_test(tc, blocks_of_long_lines_follow_the_policy);
    tcase_add_loop_test(tc, items_are_the_same_however_often_emit_wants_a_pause, 0, 12);
    tcase_add_test(tc, blocks_and_lines_hold_the_same_text);
    tcase_add_test(tc, a_block_says_the_number_of_its_first_line);
    tcase_add_test(tc, stop_is_handed_on);
    tcase_add_test(tc, no_memory_is_an_error);
    tcase_add_loop_test(tc, every_kernel_cuts_and_counts_alike, 0, 24);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
