/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/write: devices, pipes and standard output, and waiting for those who read.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "support/fake_host.h"
#include "support/scratch.h"

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

static const char *const words[] = {"one", "", "three"};

START_TEST(a_full_device_is_an_error_with_its_name)
{
    fake_set(fake, "path", "/dev/full");

    ck_assert_int_eq(write_texts(words, 3), PPH_FATAL);

    ck_assert_str_eq(fake->failures, "cannot write /dev/full: No space left on device\n");
}
END_TEST

START_TEST(dev_null_is_written_as_it_is)
{
    struct stat st;
    fake_set(fake, "path", "/dev/null");

    ck_assert_int_eq(write_texts(words, 3), PPH_OK);

    ck_assert_int_eq(stat("/dev/null", &st), 0);
    ck_assert(S_ISCHR(st.st_mode));
}
END_TEST

/* Puts a pipe in the place of standard output; its other end. */
static int pipe_to_stdout(void)
{
    int fds[2];

    (void)fflush(stdout);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
    ck_assert_int_eq(close(fds[1]), 0);
    fake_set(fake, "path", "-");
    return fds[0];
}

START_TEST(standard_output_gets_what_a_batch_brought)
{
    char text[64] = "";
    int fd = pipe_to_stdout();
    fake_up(fake);

    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_OK);

    ck_assert_int_eq(read(fd, text, sizeof(text) - 1), 11);
    ck_assert_str_eq(text, "one\n\nthree\n");
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);
    fake_down(fake);
    ck_assert_int_eq(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(a_reader_of_standard_output_that_goes_ends_the_stage)
{
    int fd = pipe_to_stdout();
    fake_up(fake);
    ck_assert_int_eq(close(fd), 0);

    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_END);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);

    fake_down(fake);
    ck_assert_str_eq(fake->failures, "");
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
    static char block[1 << 20];
    struct pph_item item = {.data = block, .len = sizeof(block)};
    pthread_t thread;
    int fd = pipe_to_stdout();
    fake_up(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, fake), 0);

    ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_STOP);

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fake_down(fake);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

static void *read_all(void *arg)
{
    const char *fifo = arg;
    int fd = open(fifo, O_RDONLY | O_CLOEXEC);
    static size_t total;
    char buffer[4096];
    ssize_t n;

    total = 0;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        total += (size_t)n;
    (void)close(fd);
    return &total;
}

START_TEST(a_fifo_is_written_when_it_has_a_reader)
{
    static char block[1 << 20];
    struct pph_item item = {.data = block, .len = sizeof(block)};
    pthread_t thread;
    void *total;
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fake_up(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, read_all, (void *)(uintptr_t)path), 0);

    if (_i == 0)
        ck_assert_int_eq(fake_batch(fake, &item, 1), PPH_OK);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);

    fake_down(fake);
    ck_assert_int_eq(pthread_join(thread, &total), 0);
    ck_assert_uint_eq(*(size_t *)total, _i == 0 ? sizeof(block) + 1 : 0);
}
END_TEST

START_TEST(cancel_ends_the_wait_for_the_reader_of_a_fifo)
{
    pthread_t thread;
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fake_up(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, fake), 0);

    ck_assert_int_eq(fake_batch_texts(fake, words, 3), PPH_STOP);

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fake_down(fake);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, a_full_device_is_an_error_with_its_name);
    tcase_add_test(tc, dev_null_is_written_as_it_is);
    tcase_add_loop_test(tc, a_fifo_is_written_when_it_has_a_reader, 0, 2);
    tcase_add_test(tc, cancel_ends_the_wait_for_the_reader_of_a_fifo);
}

/* These change the process for good: only where each test has its own. */
static void add_forked_tests(TCase *tc)
{
    tcase_add_test(tc, standard_output_gets_what_a_batch_brought);
    tcase_add_test(tc, a_reader_of_standard_output_that_goes_ends_the_stage);
    tcase_add_test(tc, cancel_ends_the_wait_for_a_slow_reader);
}

int main(void)
{
    Suite *suite = suite_create("plugins/write, streams");
    TCase *tc = tcase_create("streams");
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
