/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/write: room asked for ahead, and given back.
 *
 * fallocate() and fstatfs() are those of this file, so that every file system refuses as
 * told and looks like one on which it pays.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <check.h>

#include "support/fake_host.h"
#include "support/scratch.h"

enum { MIB = 1 << 20, UNIT = 64 << 10, BLOCK = 700001, BLOCKS = 40 };

static struct fake_host *fake;
static const char *path;
static char block[BLOCK];
static long fs_type;     /* what fstatfs() says */
static int refusal;      /* errno of fallocate(); 0: it does what it can */
static int calls;        /* of fallocate() */
static off_t asked_from; /* by the last of them */
static off_t asked_to;

int fstatfs(int fd, struct statfs *fs)
{
    *fs = (struct statfs){.f_type = fs_type};
    return fd >= 0 ? 0 : -1;
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    ck_assert_int_eq(mode, FALLOC_FL_KEEP_SIZE);
    calls++;
    asked_from = offset;
    asked_to = offset + len;
    errno = refusal;
    if (refusal == 0)
        (void)syscall(SYS_fallocate, fd, mode, offset, len); /* not all can */
    return refusal == 0 ? 0 : -1;
}

static void setup(void)
{
    scratch_setup();
    fake = fake_new();
    path = scratch_path("out.txt");
    fake_set(fake, "path", path);
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (char)('a' + i % 23);
    fs_type = EXT4_SUPER_MAGIC;
    refusal = calls = 0;
}

static void teardown(void)
{
    fake_free(fake);
    scratch_teardown();
}

static void write_blocks(size_t n)
{
    struct pph_item item = {.data = block, .len = sizeof(block)};

    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);
}

static void finish(void)
{
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    fake_down(fake);
}

static void assert_blocks(size_t n)
{
    size_t len;
    const char *got = scratch_read(path, &len);

    ck_assert_ptr_nonnull(got);
    ck_assert_uint_eq(len, n * (BLOCK + 1));
    for (; n > 0; n--, got += BLOCK + 1) {
        ck_assert(memcmp(got, block, BLOCK) == 0);
        ck_assert_int_eq(got[BLOCK], '\n');
    }
}

/* The file that is being written: it has no name that a test could know. */
static struct stat part_stat(void)
{
    char link[32];
    struct stat st;

    for (int fd = 3; fd < 1000; fd++) {
        char target[4096] = "";
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof(target) - 1) > 5 &&
            strstr(target, ".out.txt.") && fstat(fd, &st) == 0)
            return st;
    }
    ck_abort_msg("no part file is open");
    return (struct stat){0};
}

START_TEST(room_is_asked_for_in_steps_and_given_back)
{
    struct stat st;
    fake_up(fake);
    write_blocks(BLOCKS);

    ck_assert_int_eq(calls, BLOCKS * (BLOCK + 1LL) / (16 * MIB) + 1);
    ck_assert_int_ge(asked_to, (off_t)BLOCKS * BLOCK);
    ck_assert_int_lt(asked_to, (off_t)BLOCKS * BLOCK + 32 * MIB);
    st = part_stat();
    ck_assert_int_le(st.st_size, (off_t)BLOCKS * (BLOCK + 1)); /* no tail of zeros */
    finish();

    assert_blocks(BLOCKS);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_lt((off_t)st.st_blocks * 512, st.st_size + MIB);
}
END_TEST

START_TEST(each_step_begins_where_the_last_one_ended)
{
    off_t end = 0;
    fake_up(fake);

    for (size_t i = 0; i < BLOCKS; i++) {
        int before = calls;
        write_blocks(1);
        if (calls > before) {
            ck_assert_int_eq(calls, before + 1);
            ck_assert_int_eq(asked_from, end);
            end = asked_to;
        }
    }
    ck_assert_int_gt(end, 0);

    finish();
    assert_blocks(BLOCKS);
}
END_TEST

static const int refusals[] = {ENOSPC, EDQUOT, EOPNOTSUPP, EFBIG};

START_TEST(a_refusal_is_final_and_harmless)
{
    refusal = refusals[_i];
    fake_up(fake);
    write_blocks(BLOCKS);
    finish();

    ck_assert_int_eq(calls, 1);
    assert_blocks(BLOCKS);
    ck_assert_str_eq(fake->failures, "");
}
END_TEST

START_TEST(a_signal_is_no_refusal)
{
    refusal = EINTR;
    fake_up(fake);
    write_blocks(BLOCKS / 2);
    ck_assert_int_gt(calls, 1);
    refusal = 0;
    int before = calls;
    write_blocks(BLOCKS / 2);
    finish();

    ck_assert_int_gt(calls, before);
    assert_blocks(BLOCKS);
}
END_TEST

START_TEST(small_files_and_other_file_systems_are_left_alone)
{
    fake_up(fake);
    write_blocks(1);
    finish();
    ck_assert_int_eq(calls, 0);
    assert_blocks(1);

    fs_type = TMPFS_MAGIC;
    fake_up(fake);
    write_blocks(BLOCKS);
    finish();
    ck_assert_int_eq(calls, 0);
    assert_blocks(BLOCKS);
}
END_TEST

START_TEST(a_file_grows_by_whole_units_until_its_end)
{
    fake_up(fake);
    for (int i = 0; i < 20; i++) {
        write_blocks(1);
        ck_assert_int_eq(part_stat().st_size % UNIT, 0);
    }

    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_IDLE), PPH_OK);
    ck_assert_int_eq(part_stat().st_size, 20 * (off_t)(BLOCK + 1));
    write_blocks(1);
    ck_assert_int_eq(part_stat().st_size % UNIT, 0);

    finish();
    assert_blocks(21);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/write, room ahead");
    TCase *tc = tcase_create("reserve");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, room_is_asked_for_in_steps_and_given_back);
    tcase_add_test(tc, each_step_begins_where_the_last_one_ended);
    tcase_add_loop_test(tc, a_refusal_is_final_and_harmless, 0,
                        sizeof(refusals) / sizeof(refusals[0]));
    tcase_add_test(tc, a_signal_is_no_refusal);
    tcase_add_test(tc, small_files_and_other_file_systems_are_left_alone);
    tcase_add_test(tc, a_file_grows_by_whole_units_until_its_end);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
