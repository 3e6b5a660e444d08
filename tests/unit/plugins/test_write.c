/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/write: what is in the file, and when there is a file at all.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "support/fake_host.h"
#include "support/scratch.h"
#include "write/gather.h"

static struct fake_host *fake;
static const char *path;

static void setup(void)
{
    scratch_setup();
    fake = fake_new();
    path = scratch_path("out.txt");
    fake_set(fake, "path", path);
    (void)signal(SIGPIPE, SIG_IGN); /* as the host does */
    (void)signal(SIGXFSZ, SIG_IGN);
}

static void teardown(void)
{
    fake_free(fake);
    scratch_teardown();
}

static int write_texts(const char *const *texts, size_t n)
{
    fake_up(fake);
    int status = fake_batch_texts(fake, texts, n);
    if (status == PPH_OK)
        status = fake_flush(fake, PPH_FLUSH_END);
    fake->stopping = status == PPH_FATAL;
    fake_down(fake);
    return status;
}

static void assert_file(const char *name, const char *wanted)
{
    char *text = scratch_read(name, NULL);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, wanted);
}

static const char *const words[] = {"one", "", "three"};

START_TEST(each_item_is_followed_by_the_delimiter)
{
    ck_assert_int_eq(write_texts(words, 3), PPH_OK);
    assert_file(path, "one\n\nthree\n");

    fake_set(fake, "delimiter", "");
    ck_assert_int_eq(write_texts(words, 3), PPH_OK);
    assert_file(path, "onethree");

    fake_set(fake, "delimiter", " and then ");
    ck_assert_int_eq(write_texts(words, 3), PPH_OK);
    assert_file(path, "one and then  and then three and then ");
}
END_TEST

START_TEST(the_delimiter_may_be_a_nul)
{
    size_t len;
    fake_set_bytes(fake, "delimiter", "\0", 1);

    ck_assert_int_eq(write_texts(words, 3), PPH_OK);

    const char *text = scratch_read(path, &len);
    ck_assert_uint_eq(len, 11);
    ck_assert(memcmp(text, "one\0\0three\0", 11) == 0);
}
END_TEST

START_TEST(nothing_written_is_an_empty_file)
{
    ck_assert_int_eq(write_texts(words, 0), PPH_OK);

    assert_file(path, "");
}
END_TEST

START_TEST(the_file_has_its_name_only_after_close)
{
    (void)scratch_file("out.txt", "old\n");
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_OK);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    assert_file(path, "old\n");
    ck_assert_uint_eq(scratch_count(), 2);

    fake_down(fake);

    assert_file(path, "one\n\nthree\n");
    ck_assert_uint_eq(scratch_count(), 1);
}
END_TEST

/* 0: no flush(END); 1: the run is being stopped; 2: neither one nor the other */
START_TEST(a_run_that_fails_leaves_the_old_file)
{
    (void)scratch_file("out.txt", "old\n");
    fake_set(fake, "fsync", "close");
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_OK);
    if (_i == 1)
        ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    fake->stopping = _i > 0;

    fake_down(fake);

    assert_file(path, "old\n");
    ck_assert_uint_eq(scratch_count(), 1);
    ck_assert_str_eq(fake->failures, "");
}
END_TEST

START_TEST(a_new_file_gets_the_rights_that_umask_leaves)
{
    struct stat st;
    mode_t before = umask(027);

    ck_assert_int_eq(write_texts(words, 3), PPH_OK);

    (void)umask(before);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
    struct stat st;
    (void)scratch_file("target.txt", "old\n");
    ck_assert_int_eq(symlink("target.txt", path), 0);

    ck_assert_int_eq(write_texts(words, 1), PPH_OK);

    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    assert_file(scratch_path("target.txt"), "one\n");
}
END_TEST

START_TEST(a_link_to_nothing_is_an_error)
{
    ck_assert_int_eq(symlink("nowhere.txt", path), 0);

    ck_assert_int_eq(fake_open(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(
        strstr(fake->failures, "is a link to a file that does not exist"));
}
END_TEST

START_TEST(append_adds_to_what_is_there)
{
    fake_set(fake, "append", "true");

    ck_assert_int_eq(write_texts(words, 1), PPH_OK);
    ck_assert_int_eq(write_texts(words, 3), PPH_OK);

    assert_file(path, "one\none\n\nthree\n");
    ck_assert_uint_eq(scratch_count(), 1);
}
END_TEST

START_TEST(a_long_name_has_a_part_file_too)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    fake_set(fake, "path", scratch_path(name));

    ck_assert_int_eq(write_texts(words, 1), PPH_OK);

    assert_file(scratch_path(name), "one\n");
}
END_TEST

static void assert_refused(const char *what)
{
    ck_assert_int_eq(fake_open(fake), PPH_FATAL);
    ck_assert_msg(strstr(fake->failures, what) != NULL, "got: %s", fake->failures);
}

START_TEST(a_directory_is_an_error)
{
    fake_set(fake, "path", scratch_path(""));
    assert_refused("/: Is a directory");
    fake_set(fake, "path", scratch_path("new/"));
    assert_refused("/new/: Is a directory");
}
END_TEST

START_TEST(a_missing_directory_is_an_error_unless_it_may_be_made)
{
    fake_set(fake, "path", scratch_path("a/b/out.txt"));
    assert_refused("a/b/out.txt: its directory does not exist (mkdir: true makes it)");

    fake_set(fake, "mkdir", "true");
    ck_assert_int_eq(write_texts(words, 1), PPH_OK);
    assert_file(scratch_path("a/b/out.txt"), "one\n");

    fake_set(fake, "path", scratch_path("a/b/out.txt/c/d"));
    assert_refused("Not a directory");
}
END_TEST

START_TEST(missing_rights_are_an_error)
{
    const char *locked = scratch_path("locked");
    ck_assert_int_eq(mkdir(locked, 0755), 0);
    (void)scratch_file("locked/there.txt", "old\n");
    ck_assert_int_eq(chmod(scratch_path("locked/there.txt"), 0444), 0);
    ck_assert_int_eq(chmod(scratch_path(""), 0755), 0);
    ck_assert_int_eq(chmod(locked, 0555), 0);
    uid_t user = geteuid();
    if (user == 0)
        ck_assert_int_eq(seteuid(65534), 0);

    fake_set(fake, "path", scratch_path("locked/new.txt"));
    int status_new = fake_open(fake);
    fake_set(fake, "path", scratch_path("locked/there.txt"));
    int status_there = fake_open(fake);

    ck_assert_int_eq(seteuid(user), 0);
    ck_assert_int_eq(chmod(locked, 0755), 0);
    ck_assert_int_eq(status_new, PPH_FATAL);
    ck_assert_int_eq(status_there, PPH_FATAL);
    ck_assert_ptr_nonnull(strstr(fake->failures, "new.txt: Permission denied"));
    ck_assert_ptr_nonnull(strstr(fake->failures, "there.txt: Permission denied"));
}
END_TEST

/* Words and blocks, so that every way of writing is taken. */
static struct pph_item *mixed_items(size_t n, char *text, size_t size)
{
    struct pph_item *items = calloc(n, sizeof(*items));

    ck_assert_ptr_nonnull(items);
    srand(1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + rand() % 26);
    for (size_t i = 0; i < n; i++) {
        size_t len = (size_t)rand() % (i % 50 == 0 ? 200000 : i % 7 == 0 ? 100 : 12);
        size_t at = (size_t)rand() % (size - len);
        items[i] = (struct pph_item){.data = text + at, .len = (uint32_t)len};
    }
    return items;
}

/* The same by hand; to be freed. */
static char *mixed_wanted(const struct pph_item *items, size_t n, const char *delim,
                          size_t *ret_len)
{
    size_t size = 0;
    char *all = NULL;
    FILE *out = open_memstream(&all, &size);

    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, "%.*s%s", (int)items[i].len, (char *)items[i].data, delim);
    ck_assert_int_eq(fclose(out), 0);
    *ret_len = size;
    return all;
}

START_TEST(words_and_blocks_come_out_in_order)
{
    enum { N = 5000, SIZE = 300000 };
    static char text[SIZE];
    static const char *const delims[] = {"\n", "", "12345678", "123456789", "\r\n"};
    struct pph_item *items = mixed_items(N, text, SIZE);
    size_t wanted_len;
    size_t len;
    char *wanted = mixed_wanted(items, N, delims[_i], &wanted_len);
    fake_set(fake, "delimiter", delims[_i]);
    fake_up(fake);

    for (size_t i = 0; i < N; i += 100)
        ck_assert_int_eq(fake_batch(fake, items + i, 100), PPH_OK);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    fake_down(fake);

    const char *got = scratch_read(path, &len);
    ck_assert_uint_eq(len, wanted_len);
    ck_assert(memcmp(got, wanted, len) == 0);
    free(wanted);
    free(items);
}
END_TEST

START_TEST(a_disk_that_fills_up_leaves_nothing_behind)
{
    static char block[100000];
    struct pph_item item = {.data = block, .len = sizeof(block)};
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 250000;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fake_up(fake);
    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);
    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);

    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_FATAL);

    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_FATAL);
    fake_down(fake); /* even when the host did not say that it is stopping */
    ck_assert_ptr_nonnull(strstr(fake->failures, "/out.txt: File too large\n"));
    ck_assert_uint_eq(scratch_count(), 0);
}
END_TEST

START_TEST(a_rename_that_fails_is_told_and_leaves_nothing)
{
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_OK);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    ck_assert_int_eq(mkdir(path, 0755), 0);

    fake_down(fake);

    ck_assert_ptr_nonnull(strstr(fake->failures, "out.txt: Is a directory"));
    ck_assert_uint_eq(scratch_count(), 1);
}
END_TEST

START_TEST(a_flush_in_between_writes_what_there_is)
{
    fake_set(fake, "append", "true");
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, words, 1), PPH_OK);

    ck_assert_int_eq(fake_flush(fake, _i ? PPH_FLUSH_SYNC : PPH_FLUSH_IDLE), PPH_OK);

    assert_file(path, "one\n");
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    fake_down(fake);
}
END_TEST

/* Items that end where their memory does, into buffers of all sizes. */
static void gather_random(gather_fn *kernel, size_t size, size_t delim_len)
{
    char *buffer = malloc(size);
    char *wanted = malloc(size + 200);
    char *to = wanted;
    size_t taken = 1;
    struct gather gather = {.to = buffer, .end = buffer + size};

    ck_assert(buffer && wanted);
    gather_set_delim(&gather, "123456789", delim_len);
    while (taken == 1) {
        size_t len = (size_t)rand() % (rand() % 10 == 0 ? 100 : 34);
        char *data = malloc(len + 1);
        ck_assert_ptr_nonnull(data);
        for (size_t i = 0; i < len; i++)
            data[i + 1] = (char)rand();
        struct pph_item item = {.data = data + 1, .len = (uint32_t)len};
        taken = kernel(&gather, &item, 1);
        if (taken == 1) {
            memcpy(to, data + 1, len);
            memcpy(to + len, "123456789", delim_len);
            to += len + delim_len;
        }
        free(data);
    }
    ck_assert_int_eq(gather.to - buffer, to - wanted);
    ck_assert(memcmp(buffer, wanted, (size_t)(to - wanted)) == 0);
    ck_assert_int_gt(gather.end - gather.to, 0);
    free(wanted);
    free(buffer);
}

START_TEST(every_kernel_gathers_alike_within_its_bounds)
{
    srand((unsigned)_i);
    for (size_t size = 100; size < 2000; size += 1 + (size_t)_i) {
        gather_random(gather_portable, size, (size_t)_i);
        gather_random(gather_best(), size, (size_t)_i);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, each_item_is_followed_by_the_delimiter);
    tcase_add_test(tc, the_delimiter_may_be_a_nul);
    tcase_add_test(tc, nothing_written_is_an_empty_file);
    tcase_add_test(tc, the_file_has_its_name_only_after_close);
    tcase_add_loop_test(tc, a_run_that_fails_leaves_the_old_file, 0, 3);
    tcase_add_test(tc, a_new_file_gets_the_rights_that_umask_leaves);
    tcase_add_test(tc, a_link_stays_a_link);
    tcase_add_test(tc, a_link_to_nothing_is_an_error);
    tcase_add_test(tc, append_adds_to_what_is_there);
    tcase_add_test(tc, a_long_name_has_a_part_file_too);
    tcase_add_test(tc, a_directory_is_an_error);
    tcase_add_test(tc, a_missing_directory_is_an_error_unless_it_may_be_made);
    tcase_add_test(tc, missing_rights_are_an_error);
    tcase_add_loop_test(tc, words_and_blocks_come_out_in_order, 0, 5);
    tcase_add_test(tc, a_rename_that_fails_is_told_and_leaves_nothing);
    tcase_add_loop_test(tc, a_flush_in_between_writes_what_there_is, 0, 2);
    tcase_add_loop_test(tc, every_kernel_gathers_alike_within_its_bounds, 0, 10);
}

/* These change the process for good: only where each test has its own. */
static void add_forked_tests(TCase *tc)
{
    tcase_add_test(tc, a_disk_that_fills_up_leaves_nothing_behind);
}

int main(void)
{
    Suite *suite = suite_create("plugins/write");
    TCase *tc = tcase_create("write");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    add_tests(tc);
    if (srunner_fork_status(runner) == CK_FORK)
        add_forked_tests(tc);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
