/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/lines: blocks that several workers read, their ends and their line
 * numbers, and when one worker reads all the rest.
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "support/fake_host.h"
#include "support/scratch.h"

/* What lines takes for a range, and room for a few of them. */
enum { RANGE = (1 << 20) - 256 - 64, TEXT = 5 << 20 };

/* Two workers of one stage.  The host of each keeps what it emits. */
static struct fake_host *a, *b;

static void setup(void)
{
    scratch_setup();
    a = fake_new();
    b = fake_new();
    a->ctx.workers = b->ctx.workers = 2;
    b->ctx.worker = 1;
    fake_set(a, "unit", "block");
    fake_set(b, "unit", "block");
}

static void teardown(void)
{
    fake_free(a);
    fake_free(b);
    scratch_teardown();
}

static void up(void)
{
    fake_up(a);
    b->ctx.shared = a->ctx.shared;
    b->ctx.args = a->ctx.args;
    ck_assert_int_eq(fake_start(b), PPH_OK);
}

static void down(void)
{
    fake_stop(b);
    fake_down(a);
    b->ctx.args = b->args;
}

/* Lines of 1 to 80 bytes; no newline at the end. */
static char *make_text(size_t size)
{
    char *text = malloc(size + 1);
    unsigned state = 7;

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245u + 12345u;
        text[i] = (state >> 16) % 40 == 0 ? '\n' : (char)('a' + (state >> 16) % 26);
    }
    text[size - 1] = 'z';
    text[size] = '\0';
    return text;
}

/* The workers are about to read a file of such text, which is to be freed. */
static char *up_with_text(void)
{
    char *text = make_text(TEXT);

    fake_set(a, "path", scratch_bytes("in.txt", text, TEXT));
    up();
    return text;
}

static uint64_t count_lines(const char *text, size_t len)
{
    uint64_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

/* Item `item` is what stands in `text` at *at, without its last newline. */
static void assert_next(const struct fake_item *item, const char *text, size_t len,
                        size_t *at)
{
    ck_assert_uint_le(*at + item->len, len);
    ck_assert(memcmp(item->data, text + *at, item->len) == 0);
    ck_assert_uint_eq(item->pos, 1 + count_lines(text, *at));
    *at += item->len;
    if (*at < len)
        ck_assert_int_eq(text[(*at)++], '\n');
}

/* a's items from `item` on are all of `text` from `at` on. */
static void assert_rest(size_t item, const char *text, size_t len, size_t at)
{
    for (; item < a->n_items; item++)
        assert_next(&a->items[item], text, len, &at);
    ck_assert_uint_eq(at, len);
}

/* The items of both, by turns from a's first on, are all of `text`. */
static void assert_by_turns(const char *text, size_t len)
{
    struct fake_host *both[2] = {a, b};
    size_t at = 0;

    for (size_t i = 0; i < a->n_items + b->n_items; i++) {
        ck_assert_uint_lt(i / 2, both[i % 2]->n_items);
        assert_next(&both[i % 2]->items[i / 2], text, len, &at);
    }
    ck_assert_uint_eq(at, len);
}

/* Places of newlines about the end of the first range. */
static const int about[] = {-70000, -65537, -5000, -4097, -4096, -2, -1, 0, 1, 2, 80};
enum { N_ABOUT = sizeof(about) / sizeof(about[0]) };

START_TEST(a_line_may_end_anywhere_about_the_end_of_a_range)
{
    size_t size = 2 * RANGE + 100;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    text[1000] = '\n';
    text[RANGE + about[_i]] = '\n';
    text[2 * RANGE - 1000] = '\n';
    fake_set(a, "path", scratch_bytes("in.txt", text, size));
    up();

    ck_assert_int_eq(fake_generate_all(a), PPH_END);

    assert_rest(0, text, size, 0);
    /* A newline before the end of the range ends it; one behind it is of the next. */
    ck_assert_int_eq(a->items[0].len, about[_i] < 0 ? RANGE + about[_i] : 1000);
    down();
    free(text);
}
END_TEST

/* Files that end at a range's end, or a byte before or behind it, with and without newline. */
START_TEST(a_file_may_end_anywhere_about_the_end_of_a_range)
{
    size_t size = (size_t)(RANGE - 1 + _i / 2);
    char *text = make_text(size);
    text[size - 1] = _i % 2 ? '\n' : 'z';
    fake_set(a, "path", scratch_bytes("in.txt", text, size));
    up();

    ck_assert_int_eq(fake_generate_all(a), PPH_END);

    assert_rest(0, text, size, 0);
    ck_assert_uint_eq(a->n_items, _i / 2 < 2 ? 1 : 2);
    down();
    free(text);
}
END_TEST

/* b waits, or is done without having waited. */
static sem_t waits;

static void block_begin(struct pph_ctx *ctx)
{
    (void)ctx;
    ck_assert_int_eq(sem_post(&waits), 0);
}

static void block_end(struct pph_ctx *ctx)
{
    (void)ctx;
}

static void *generate_planned(void *arg)
{
    int status = fake_generate_planned(arg);

    ck_assert_int_eq(sem_post(&waits), 0);
    return status == PPH_OK ? arg : NULL;
}

/* Whoever reads a later range first waits for the number of its first line. */
START_TEST(numbers_are_passed_on_in_the_order_of_the_ranges)
{
    char *text = up_with_text();
    b->host.block_begin = block_begin;
    b->host.block_end = block_end;

    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        void *ok;
        ck_assert_int_eq(fake_plan(a), PPH_OK);
        ck_assert_int_eq(fake_plan(b), PPH_OK);
        ck_assert_int_eq(sem_init(&waits, 0, 0), 0);
        ck_assert_int_eq(pthread_create(&thread, NULL, generate_planned, b), 0);
        ck_assert_int_eq(sem_wait(&waits), 0);
        ck_assert_int_eq(fake_generate_planned(a), PPH_OK);
        ck_assert_int_eq(pthread_join(thread, &ok), 0);
        ck_assert_ptr_nonnull(ok);
    }

    ck_assert_int_eq(fake_plan(a), PPH_END);
    ck_assert_int_eq(fake_plan(b), PPH_END);
    assert_by_turns(text, TEXT);
    ck_assert_uint_eq(a->progress_done + b->progress_done, TEXT);
    ck_assert_uint_le(a->alloc_max, 1 << 20);
    down();
    free(text);
}
END_TEST

START_TEST(a_range_that_fails_passes_its_number_on)
{
    char *text = up_with_text();
    ck_assert_int_eq(fake_plan(a), PPH_OK);
    ck_assert_int_eq(fake_plan(b), PPH_OK);
    a->alloc_fails = 1;

    ck_assert_int_eq(fake_generate_planned(a), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(a->failures, "in.txt: no memory for"));
    ck_assert_int_eq(fake_generate_planned(b), PPH_OK);
    ck_assert_uint_eq(b->n_items, 1);
    down();
    free(text);
}
END_TEST

START_TEST(lines_are_numbered_from_one_in_each_file)
{
    char *text = make_text(TEXT);
    const char *paths[] = {scratch_bytes("1.txt", text, TEXT), scratch_file("2.txt", ""),
                           scratch_bytes("3.txt", text, RANGE / 2),
                           scratch_file("4.txt", "\n"),
                           scratch_bytes("5.txt", text, 2 * RANGE)};
    const size_t sizes[] = {TEXT, 0, RANGE / 2, 1, 2 * RANGE};
    size_t item = 0;
    fake_set_list(a, "path", paths, 5);
    up();

    ck_assert_int_eq(fake_generate_all(a), PPH_END);

    for (size_t f = 0; f < 5; f++) {
        const char *wanted = f == 3 ? "\n" : text;
        for (size_t at = 0; at < sizes[f]; item++) {
            ck_assert_uint_lt(item, a->n_items);
            ck_assert_str_eq(a->items[item].origin, paths[f]);
            assert_next(&a->items[item], wanted, sizes[f], &at);
        }
    }
    ck_assert_uint_eq(item, a->n_items);
    ck_assert_int_eq(fake_generate(b), PPH_END);
    down();
    free(text);
}
END_TEST

/* A text with a line of `len` bytes in the middle of it. */
static char *text_with_long_line(size_t len, size_t *ret_size)
{
    size_t size = TEXT + len;
    char *text = make_text(size);

    memset(text + TEXT / 2, 'l', len);
    text[TEXT / 2 - 1] = text[TEXT / 2 + len] = '\n';
    *ret_size = size;
    return text;
}

START_TEST(a_line_longer_than_a_range_leaves_the_rest_to_one_worker)
{
    size_t size;
    char *text = text_with_long_line((size_t)3 << 20, &size);
    fake_set(a, "path", scratch_bytes("in.txt", text, size));
    up();

    ck_assert_int_eq(fake_generate(b), PPH_OK);
    ck_assert_int_eq(fake_generate_all(a), PPH_END);
    ck_assert_int_eq(fake_generate(b), PPH_END);

    size_t at = 0;
    ck_assert_uint_eq(b->n_items, 1);
    assert_next(&b->items[0], text, size, &at);
    assert_rest(0, text, size, at);
    down();
    free(text);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_named_by_its_number)
{
    size_t size;
    char wanted[100];
    char *text = text_with_long_line((size_t)3 << 20, &size);
    (void)snprintf(wanted, sizeof(wanted), "in.txt: line %d is longer than max_line",
                   (int)count_lines(text, TEXT / 2) + 1);
    fake_set(a, "path", scratch_bytes("in.txt", text, size));
    fake_set(a, "max_line", "2MiB");
    up();

    ck_assert_int_eq(fake_generate_all(a), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(a->failures, wanted));
    down();
    free(text);
}
END_TEST

START_TEST(a_fifo_between_files_is_read_in_its_turn)
{
    char *text = make_text(TEXT);
    const char *paths[] = {scratch_bytes("1.txt", text, TEXT), scratch_path("fifo"),
                           scratch_bytes("3.txt", text, TEXT)};
    ck_assert_int_eq(mkfifo(paths[1], 0600), 0);
    int fd = open(paths[1], O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "one\ntwo\n", 8), 8);
    fake_set_list(a, "path", paths, 3);
    up();

    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fake_generate(a), PPH_OK);
        ck_assert_int_eq(fake_generate(b), PPH_OK);
    }
    ck_assert_int_eq(fake_generate(b), PPH_OK);
    ck_assert_int_eq(fake_generate(a), PPH_END); /* b goes on alone */
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(fake_generate_all(b), PPH_END);

    ck_assert_str_eq(b->items[3].data, "one\ntwo");
    ck_assert_str_eq(b->items[3].origin, paths[1]);
    ck_assert_uint_eq(b->items[3].pos, 1);
    size_t at = 0;
    for (size_t i = 4; i < b->n_items; i++) {
        ck_assert_str_eq(b->items[i].origin, paths[2]);
        assert_next(&b->items[i], text, TEXT, &at);
    }
    ck_assert_uint_eq(at, TEXT);
    down();
    free(text);
}
END_TEST

START_TEST(a_file_that_shrinks_gives_what_is_left_of_it)
{
    char *text = make_text(TEXT);
    const char *paths[] = {scratch_bytes("1.txt", text, TEXT),
                           scratch_file("2.txt", "next\n")};
    fake_set_list(a, "path", paths, 2);
    up();
    ck_assert_int_eq(fake_generate(a), PPH_OK);
    ck_assert_int_eq(fake_plan(a), PPH_OK);
    ck_assert_int_eq(fake_plan(b), PPH_OK);
    ck_assert_int_eq(truncate(paths[0], a->items[0].len + 1 + 100), 0);

    ck_assert_int_eq(fake_generate_planned(a), PPH_OK);
    ck_assert_int_eq(fake_generate_planned(b), PPH_OK);
    ck_assert_int_eq(fake_generate_all(a), PPH_END);

    ck_assert_uint_eq(b->n_items, 0);
    ck_assert_uint_eq(a->n_items, 3);
    ck_assert_uint_eq(a->items[1].len, 100);
    ck_assert(memcmp(a->items[1].data, text + a->items[0].len + 1, 100) == 0);
    ck_assert_str_eq(a->items[2].data, "next");
    ck_assert_uint_eq(a->items[2].pos, 1);
    down();
    free(text);
}
END_TEST

START_TEST(a_file_that_grows_is_read_to_its_new_end)
{
    char *text = make_text(TEXT);
    const char *path = scratch_bytes("in.txt", text, RANGE + 1000);
    fake_set(a, "path", path);
    up();
    ck_assert_int_eq(fake_generate(a), PPH_OK);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, text + RANGE + 1000, TEXT - RANGE - 1000),
                     TEXT - RANGE - 1000);
    ck_assert_int_eq(close(fd), 0);

    ck_assert_int_eq(fake_generate_all(a), PPH_END);

    assert_rest(0, text, TEXT, 0);
    down();
    free(text);
}
END_TEST

/* A range is as long as it was planned, whatever came to the file since. */
START_TEST(what_comes_after_the_last_range_comes_too_late)
{
    const char *path = scratch_file("in.txt", "one\nhalf");
    fake_set(a, "path", path);
    up();
    ck_assert_int_eq(fake_plan(a), PPH_OK);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, " line\nmore\n", 11), 11);
    ck_assert_int_eq(close(fd), 0);

    ck_assert_int_eq(fake_generate_planned(a), PPH_OK);

    ck_assert_int_eq(fake_generate(a), PPH_END);
    ck_assert_int_eq(fake_generate(b), PPH_END);
    ck_assert_uint_eq(a->n_items, 1);
    ck_assert_str_eq(a->items[0].data, "one\nhalf");
    down();
}
END_TEST

/* Line by line; a file that has no size, as in /proc. */
START_TEST(the_rest_is_read_by_one_worker)
{
    const struct pph_workers *workers = a->plugin->ext("workers/1");
    fake_set(a, "unit", _i ? "block" : "line");
    ck_assert_uint_eq(workers->useful(a->args), _i ? 0 : 1);
    fake_set(a, "path", _i ? "/proc/self/limits" : scratch_file("in.txt", "1\n2\n"));
    up();

    ck_assert_int_eq(fake_plan(a), PPH_OK);
    ck_assert_int_eq(fake_generate(b), PPH_END);
    ck_assert_int_eq(fake_generate_planned(a), PPH_OK);
    ck_assert_int_eq(fake_generate_all(a), PPH_END);

    ck_assert_ptr_nonnull(strstr(a->items[0].data, _i ? "Max open files" : "1"));
    down();
}
END_TEST

static int open_files(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* A stage that is stopped between plan and generate leaves nothing open. */
START_TEST(a_range_that_nobody_reads_is_given_back)
{
    char *text = make_text(TEXT);
    fake_set(a, "path", scratch_bytes("in.txt", text, TEXT));
    int before = open_files();
    up();
    ck_assert_int_eq(fake_generate(a), PPH_OK);
    ck_assert_int_eq(fake_plan(a), PPH_OK);

    down();

    ck_assert_int_eq(open_files(), before);
    free(text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, a_line_may_end_anywhere_about_the_end_of_a_range, 0, N_ABOUT);
    tcase_add_loop_test(tc, a_file_may_end_anywhere_about_the_end_of_a_range, 0, 6);
    tcase_add_test(tc, numbers_are_passed_on_in_the_order_of_the_ranges);
    tcase_add_test(tc, a_range_that_fails_passes_its_number_on);
    tcase_add_test(tc, lines_are_numbered_from_one_in_each_file);
    tcase_add_test(tc, a_line_longer_than_a_range_leaves_the_rest_to_one_worker);
    tcase_add_test(tc, a_line_that_is_too_long_is_named_by_its_number);
    tcase_add_test(tc, a_fifo_between_files_is_read_in_its_turn);
    tcase_add_test(tc, a_file_that_shrinks_gives_what_is_left_of_it);
    tcase_add_test(tc, a_file_that_grows_is_read_to_its_new_end);
    tcase_add_test(tc, what_comes_after_the_last_range_comes_too_late);
    tcase_add_loop_test(tc, the_rest_is_read_by_one_worker, 0, 2);
    tcase_add_test(tc, a_range_that_nobody_reads_is_given_back);
}

int main(void)
{
    Suite *suite = suite_create("plugins/lines, ranges");
    TCase *tc = tcase_create("ranges");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    add_tests(tc);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
