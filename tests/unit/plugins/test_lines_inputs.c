/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/lines: which files it reads, and what it does about those it cannot; pipes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

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

START_TEST(files_come_in_the_order_given_and_patterns_by_name)
{
    (void)scratch_file("b.txt", "b\n");
    (void)scratch_file("a.txt", "a\n");
    (void)scratch_file("B.txt", "B\n");
    (void)scratch_file("c.log", "c1\nc2\n");
    const char *paths[] = {scratch_path("c.log"), scratch_path("*.txt")};
    fake_set_list(fake, "path", paths, 2);
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    char *all = fake_joined(fake, " ", NULL);
    ck_assert_str_eq(all, "c1 c2 B a b ");
    free(all);
    ck_assert_str_eq(fake->items[1].origin, paths[0]);
    ck_assert_uint_eq(fake->items[1].pos, 2);
    ck_assert_str_eq(fake->items[3].origin, scratch_path("a.txt"));
    ck_assert_uint_eq(fake->items[3].pos, 1);
    fake_down(fake);
}
END_TEST

START_TEST(a_name_with_brackets_is_a_name_first)
{
    (void)scratch_file("a[1].txt", "brackets\n");
    (void)scratch_file("a1.txt", "one\n");

    fake_set(fake, "path", scratch_path("a[1].txt"));
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    ck_assert_uint_eq(fake->n_items, 1);
    ck_assert_str_eq(fake->items[0].data, "brackets");
    fake_down(fake);
}
END_TEST

START_TEST(every_file_that_cannot_be_read_is_named_at_once)
{
    const char *paths[] = {scratch_path("missing.txt"), scratch_file("there.txt", "x\n"),
                           scratch_path(""), scratch_path("*.none"),
                           scratch_path("there.txt/x")};
    fake_set_list(fake, "path", paths, 5);

    ck_assert_int_eq(fake_open(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(
        strstr(fake->failures, "missing.txt: No such file or directory\n"));
    ck_assert_ptr_nonnull(strstr(fake->failures, "/: is a directory; name its files"));
    ck_assert_ptr_nonnull(
        strstr(fake->failures, "*.none: no file matches this pattern\n"));
    ck_assert_ptr_nonnull(strstr(fake->failures, "there.txt/x: Not a directory\n"));
}
END_TEST

START_TEST(an_unreadable_file_is_an_error)
{
    const char *path = scratch_file("secret.txt", "x\n");
    ck_assert_int_eq(chmod(path, 0), 0);
    fake_set(fake, "path", path);
    uid_t user = geteuid();
    if (user == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(chmod(path, 0) == 0 || user == 0, 1);

    int status = fake_open(fake);

    ck_assert_int_eq(seteuid(user), 0);
    ck_assert_int_eq(status, PPH_FATAL);
    ck_assert_ptr_nonnull(strstr(fake->failures, "Permission denied"));
}
END_TEST

START_TEST(many_missing_files_are_not_all_named)
{
    const char *paths[30];
    for (size_t i = 0; i < 30; i++)
        paths[i] = "/nowhere/to/be/found";
    fake_set_list(fake, "path", paths, 30);

    ck_assert_int_eq(fake_open(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "... and 10 more"));
}
END_TEST

START_TEST(a_file_that_goes_away_after_open_is_named)
{
    fake_set(fake, "path", scratch_file("gone.txt", "x\n"));
    fake_up(fake);
    ck_assert_int_eq(unlink(scratch_path("gone.txt")), 0);

    ck_assert_int_eq(fake_generate_all(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "gone.txt: No such file"));
    fake_down(fake);
}
END_TEST

/* Puts a pipe in the place of standard input; its other end. */
static int pipe_to_stdin(void)
{
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(close(fds[0]), 0);
    fake_set(fake, "path", "-");
    return fds[1];
}

static void send_text(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(a_pipe_delivers_what_has_arrived)
{
    int fd = pipe_to_stdin();
    fake_up(fake);
    send_text(fd, "one\ntwo\nhal");

    ck_assert_int_eq(fake_generate(fake), PPH_OK);
    ck_assert_uint_eq(fake->n_items, 2);
    ck_assert_str_eq(fake->items[0].origin, "standard input");
    ck_assert_uint_eq(fake->progress_total, 0);

    send_text(fd, "f\n");
    ck_assert_int_eq(fake_generate(fake), PPH_OK);
    ck_assert_str_eq(fake->items[2].data, "half");
    ck_assert_uint_eq(fake->items[2].pos, 3);

    send_text(fd, "last");
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(fake_generate_all(fake), PPH_END);
    ck_assert_str_eq(fake->items[3].data, "last");
    fake_down(fake);
}
END_TEST

static void *feed(void *arg)
{
    const int *fd = arg;
    char line[4000];

    memset(line, 'y', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    for (int i = 0; i < 500; i++) /* in odd pieces, so that lines come in parts */
        if (write(*fd, line, 1234) != 1234 ||
            write(*fd, line + 1234, sizeof(line) - 1234) != sizeof(line) - 1234)
            break;
    (void)close(*fd);
    return NULL;
}

START_TEST(a_pipe_that_is_filled_meanwhile_is_read_to_its_end)
{
    int fd = pipe_to_stdin();
    pthread_t thread;
    fake_set(fake, "max_line", _i ? "1000" : "4000");
    fake_set(fake, "long_lines", "truncate");
    fake_up(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &fd), 0);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(fake->n_items, 500);
    ck_assert_uint_eq(fake->items[499].len, _i ? 1000 : 3999);
    ck_assert_uint_eq(fake->items[499].pos, 500);
    fake_down(fake);
}
END_TEST

static void *cancel(void *arg)
{
    struct fake_host *host = arg;

    host->plugin->cancel(&host->ctx);
    return NULL;
}

START_TEST(cancel_ends_the_wait_for_a_pipe)
{
    int fd = pipe_to_stdin();
    pthread_t thread;
    fake_up(fake);
    send_text(fd, "half");
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, fake), 0);
    fake->stopping = _i;

    ck_assert_int_eq(fake_generate_all(fake), _i ? PPH_STOP : PPH_END);

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(fake->n_items, 0);
    fake_down(fake);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(cancel_ends_the_wait_for_the_writer_of_a_fifo)
{
    pthread_t thread;
    const char *path = scratch_path("fifo");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fake_set(fake, "path", path);
    fake_up(fake);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, fake), 0);

    ck_assert_int_eq(fake_generate_all(fake), PPH_END);

    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fake_down(fake);
}
END_TEST

START_TEST(standard_input_can_be_named_once)
{
    int fd = pipe_to_stdin();
    const char *paths[] = {"-", "-"};
    fake_set_list(fake, "path", paths, 2);

    ck_assert_int_eq(fake_open(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "only once"));
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_read_error_names_the_file)
{
    fake_set(fake, "path",
             "/proc/self/mem"); /* opens, but there is nothing at address 0 */
    fake_up(fake);

    ck_assert_int_eq(fake_generate_all(fake), PPH_FATAL);

    ck_assert_str_eq(fake->failures, "/proc/self/mem: Input/output error\n");
    fake_down(fake);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/lines, inputs");
    TCase *tc = tcase_create("inputs");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, files_come_in_the_order_given_and_patterns_by_name);
    tcase_add_test(tc, a_name_with_brackets_is_a_name_first);
    tcase_add_test(tc, every_file_that_cannot_be_read_is_named_at_once);
    tcase_add_test(tc, an_unreadable_file_is_an_error);
    tcase_add_test(tc, many_missing_files_are_not_all_named);
    tcase_add_test(tc, a_file_that_goes_away_after_open_is_named);
    tcase_add_test(tc, a_pipe_delivers_what_has_arrived);
    tcase_add_loop_test(tc, a_pipe_that_is_filled_meanwhile_is_read_to_its_end, 0, 2);
    tcase_add_loop_test(tc, cancel_ends_the_wait_for_a_pipe, 0, 2);
    tcase_add_test(tc, cancel_ends_the_wait_for_the_writer_of_a_fifo);
    tcase_add_test(tc, standard_input_can_be_named_once);
    tcase_add_test(tc, a_read_error_names_the_file);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
