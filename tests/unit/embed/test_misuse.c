/* SPDX-License-Identifier: MIT */
/* Programs that do it wrong: each gets a clear answer, loses nothing, and does not hang. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "embed/kit.h"

#define THROUGH "stages: [{use: push}, {use: pull}]"

#if defined(__SANITIZE_THREAD__)
enum { THREADS_ARE_KNOWN = false }; /* the sanitizer has one of its own */
#else
enum { THREADS_ARE_KNOWN = true };
#endif

static struct pph_error *error;
static struct pph_items *got;
static char byte[] = "x";
static const struct pph_item one = {.data = byte, .len = 1};

static void setup(void)
{
    kit_plugins();
    error = NULL;
    got = NULL;
}

START_TEST(push_after_close_is_answered_and_the_rest_arrives)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *a = kit_input(p, NULL);
    struct pph_input *b = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(a, "of a");
    pph_input_close(a);
    pph_input_close(a);
    ck_assert_int_eq(pph_push(a, &one, 1, PPH_FOREVER, NULL, &error), PPH_PUSH_CLOSED);
    kit_error(error, "A703", "input 'push' is closed: this handle was closed");
    kit_push(b, "of b"); /* another producer still may */
    pph_input_free(b);
    ck_assert_int_eq(pph_push(a, &one, 1, PPH_FOREVER, NULL, NULL), PPH_PUSH_CLOSED);
    ck_assert_ptr_null(pph_input_open(p, NULL, &error));
    kit_error(error, "A703", "all its handles were closed");
    pph_input_free(a);

    kit_expect(out, "of a");
    kit_expect(out, "of b");
    ck_assert_uint_eq(kit_rest(out), 0);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(push_after_the_end_of_the_run_is_answered)
{
    struct pph_pipeline *p = kit_load(
        "stages: [{use: push}, {use: drop}, {use: lines, with: /nonexistent/a},\n"
        "  {use: drop, from: lines}]");
    struct pph_input *in = kit_input(p, NULL);

    ck_assert_int_eq(pph_start(p, NULL), 1);
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, NULL), PPH_RUN_FAILED);
    ck_assert_int_eq(pph_push(in, &one, 1, PPH_FOREVER, NULL, &error), PPH_PUSH_CLOSED);
    ck_assert_ptr_nonnull(strstr(pph_error_text(error), "error[R601]: stage 'lines'"));
    kit_error(error, "A703", "the run has ended");
    pph_input_free(in);
    pph_free(p);
}
END_TEST

START_TEST(pull_after_an_error_gives_what_is_there_and_then_the_error)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {use: '" TEST_PICKY "'}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(in, "good");
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, NULL), PPH_PULL_ITEMS);
    pph_items_free(got);
    kit_push(in, "good");
    kit_push(in, "bad");
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, &error), PPH_RUN_FAILED);
    kit_error(error, "R601", "stage 'picky'");
    while (pph_pull(out, 0, PPH_FOREVER, &got, &error) == PPH_PULL_ITEMS) {
        ck_assert_mem_eq(got->items[0].data, "good", 4);
        pph_items_free(got);
    }
    kit_error(error, "R601", "this one is bad");
    ck_assert_int_eq(pph_pull(out, 0, 0, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "R601", "this one is bad");
    pph_input_free(in);
    pph_output_free(out);
    pph_free(p);
}
END_TEST

START_TEST(a_cancelled_run_is_not_taken_for_a_drained_one)
{
    struct pph_account account = {.size = sizeof(account)};
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    uint64_t pulled = 0;

    for (int k = 0; k < 500; k++)
        kit_push(in, "x");
    pph_cancel(p);
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, NULL), PPH_RUN_STOPPED);
    while (pph_pull(out, 0, PPH_FOREVER, &got, &error) == PPH_PULL_ITEMS) {
        pulled += got->n;
        pph_items_free(got);
    }
    kit_error(error, "A708", "was stopped");
    pph_get_account(p, &account); /* not an item is missing */
    ck_assert_uint_eq(account.pushed, 500);
    ck_assert_uint_eq(account.pulled, pulled);
    ck_assert_uint_eq(account.read, account.delivered + account.unfinished);
    ck_assert_uint_eq(account.delivered, account.pulled + account.unpulled);
    ck_assert_uint_eq(account.pushed, account.read + account.unread);
    pph_input_free(in);
    pph_output_free(out);
    pph_free(p);
}
END_TEST

START_TEST(an_item_without_data_is_refused)
{
    struct pph_pipeline *p = kit_load(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    const struct pph_item bad[] = {one, {.len = 7}};
    size_t taken = 99;

    ck_assert_int_eq(pph_push(in, bad, 2, 0, &taken, &error), PPH_PUSH_FAILED);
    ck_assert_uint_eq(taken, 0);
    kit_error(error, "A707", "the 2. of 2");
    ck_assert_int_eq(pph_push(in, NULL, 0, 0, &taken, NULL), PPH_PUSH_TAKEN);
    pph_input_free(in);
    pph_free(p);
}
END_TEST

START_TEST(an_input_that_is_to_drop_items_is_refused)
{
    static const char yaml[] =
        "stages:\n  - use: push\n    queue: {full: drop_new}\n  - use: pull\n";

    ck_assert_ptr_null(pph_load_text(yaml, strlen(yaml), NULL, &error));
    kit_error(error, "A710", "--> text:3:19");
}
END_TEST

START_TEST(a_pull_that_waits_for_an_input_not_closed_is_told_so)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(in, "x");
    kit_expect(out, "x");
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A706", "input 'push' was not closed (1 open handle)");
    kit_push(in, "y"); /* nothing is lost by it */
    kit_expect(out, "y");
    pph_input_free(in);
    ck_assert_uint_eq(kit_rest(out), 0);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

/* What it waited for has come: it is not what the pull waits for any more. */
START_TEST(a_stage_that_has_gathered_is_no_reason_to_wait)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {use: split, workers: 1, batch: "
                  "{items: 2, wait: 1h}}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(in, "x");
    ck_assert_int_eq(pph_pull(out, 0, 50, &got, &error), PPH_PULL_EMPTY);
    kit_push(in, "y");
    kit_expect(out, "x");
    kit_expect(out, "y");
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A706", "input 'push' was not closed (1 open handle)");
    pph_input_free(in);
    ck_assert_uint_eq(kit_rest(out), 0);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(a_wait_for_a_run_whose_input_is_open_is_told_so)
{
    struct pph_pipeline *p = kit_start("stages: [{use: push}, {use: drop}]");
    struct pph_input *in = kit_input(p, NULL);

    ck_assert_int_eq(pph_wait(p, 1, &error), PPH_RUN_GOES_ON);
    kit_error(error, "A709", "input 'push' was not closed");
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, &error), PPH_RUN_FAILED);
    kit_error(error, "A706", "input 'push' was not closed");
    kit_push(in, "x");
    pph_input_free(in);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(an_input_that_nobody_opens_is_told_too)
{
    struct pph_pipeline *p = kit_load("stages: [{use: push}, {use: drop}]");

    ck_assert_int_eq(pph_run(p, &error), PPH_RUN_FAILED);
    kit_error(error, "A706", "input 'push' was not opened");
    pph_free(p);
}
END_TEST

START_TEST(a_push_into_a_pipeline_that_nobody_pulls_from_is_told_so)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push, queue: 10}, {use: pull, queue: 10}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    enum pph_push_answer answer;
    uint64_t pushed = 0;

    while ((answer = pph_push(in, &one, 1, PPH_FOREVER, NULL, &error)) == PPH_PUSH_TAKEN)
        pushed++;
    ck_assert_int_eq(answer, PPH_PUSH_FAILED);
    kit_error(error, "A706", "output 'pull' is full: nobody pulls");
    ck_assert_uint_ge(pushed, 20);
    pph_input_free(in);
    ck_assert_uint_eq(kit_rest(out), pushed);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

static void *push_late(void *arg)
{
    struct pph_input *in = arg;

    ck_assert_int_eq(pph_push(in, &one, 1, PPH_FOREVER, NULL, NULL), PPH_PUSH_TAKEN);
    pph_input_close(in);
    return NULL;
}

/* A thread of the program that does something else, for longer than it takes to find out. */
struct other {
    pthread_mutex_t lock;
    pthread_cond_t go;
    bool done;
    struct pph_input *in;
};

static void *compute(void *arg)
{
    struct other *other = arg;

    pthread_mutex_lock(&other->lock);
    while (!other->done)
        pthread_cond_wait(&other->go, &other->lock);
    pthread_mutex_unlock(&other->lock);
    return push_late(other->in);
}

static void *let_go_later(void *arg)
{
    struct other *other = arg;
    struct pph_pipeline *clock = kit_load("stages: [{use: push}, {use: drop}]");

    /* no sleep: another pipeline's wait with a limit, longer than eight looks */
    ck_assert_int_eq(pph_start(clock, NULL), 1);
    ck_assert_int_eq(pph_wait(clock, 1600, NULL), PPH_RUN_GOES_ON);
    pph_free(clock);
    pthread_mutex_lock(&other->lock);
    other->done = true;
    pthread_cond_signal(&other->go);
    pthread_mutex_unlock(&other->lock);
    return NULL;
}

START_TEST(a_wait_that_another_thread_will_end_is_let_be)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_output *out = kit_output(p, NULL);
    struct other other = {.lock = PTHREAD_MUTEX_INITIALIZER,
                          .go = PTHREAD_COND_INITIALIZER,
                          .in = kit_input(p, NULL)};
    pthread_t a, b;

    ck_assert_int_eq(pthread_create(&a, NULL, compute, &other), 0);
    ck_assert_int_eq(pthread_create(&b, NULL, let_go_later, &other), 0);
    kit_expect(out, "x");
    ck_assert_uint_eq(kit_rest(out), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    pph_input_free(other.in);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(what_was_freed_is_closed_for_its_handles)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(in, "x");
    ck_assert_int_eq(pph_pull(out, 1, PPH_FOREVER, &got, NULL), PPH_PULL_ITEMS);
    pph_free(p);
    ck_assert_mem_eq(got->items[0].data, "x", 1); /* still the program's */
    pph_items_free(got);
    ck_assert_int_eq(pph_push(in, &one, 1, PPH_FOREVER, NULL, &error), PPH_PUSH_CLOSED);
    kit_error(error, "A703", "the pipeline was freed");
    ck_assert_int_eq(pph_pull(out, 1, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A708", "the pipeline was freed");
    pph_input_free(in);
    pph_output_free(out);
}
END_TEST

START_TEST(a_program_that_never_closes_frees_and_has_what_was_delivered)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {use: '" TEST_PICKY "'}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    struct pph_account account = {.size = sizeof(account)};

    for (int k = 0; k < 5; k++)
        kit_push(in, "x");
    do /* all five are delivered, and one is pulled */
        pph_get_account(p, &account);
    while (account.unpulled < 5);
    kit_expect(out, "x");
    pph_free(p);
    for (int k = 0; k < 4; k++)
        kit_expect(out, "x");
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A708", "the pipeline was freed");
    pph_input_free(in);
    pph_output_free(out);
}
END_TEST

START_TEST(a_program_that_frees_what_it_never_closed_loses_what_was_not_delivered)
{
    struct pph_pipeline *p = kit_load("stages: [{use: push}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    struct pph_account account = {.size = sizeof(account)};

    for (int k = 0; k < 5; k++) /* no run is there to deliver them */
        kit_push(in, "x");
    pph_get_account(p, &account);
    ck_assert_uint_eq(account.pushed, 5);
    pph_free(p);
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A703", "the pipeline was freed");
    pph_output_free(out);
    pph_input_free(in);
}
END_TEST

START_TEST(handles_of_a_pipeline_that_never_ran_are_closed_too)
{
    struct pph_pipeline *p = kit_load(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(in, "x");
    pph_free(p);
    ck_assert_int_eq(pph_push(in, &one, 1, PPH_FOREVER, NULL, NULL), PPH_PUSH_CLOSED);
    ck_assert_int_eq(pph_pull(out, 1, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A703", "the pipeline was freed");
    pph_input_free(in);
    pph_output_free(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed/misuse");
    TCase *tc = tcase_create("misuse");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, push_after_close_is_answered_and_the_rest_arrives);
    tcase_add_test(tc, push_after_the_end_of_the_run_is_answered);
    tcase_add_test(tc, pull_after_an_error_gives_what_is_there_and_then_the_error);
    tcase_add_test(tc, a_cancelled_run_is_not_taken_for_a_drained_one);
    tcase_add_test(tc, an_item_without_data_is_refused);
    tcase_add_test(tc, an_input_that_is_to_drop_items_is_refused);
    if (THREADS_ARE_KNOWN) {
        tcase_add_test(tc, a_pull_that_waits_for_an_input_not_closed_is_told_so);
        tcase_add_test(tc, a_stage_that_has_gathered_is_no_reason_to_wait);
        tcase_add_test(tc, a_wait_for_a_run_whose_input_is_open_is_told_so);
        tcase_add_test(tc, an_input_that_nobody_opens_is_told_too);
        tcase_add_test(tc, a_push_into_a_pipeline_that_nobody_pulls_from_is_told_so);
    }
    tcase_add_test(tc, a_wait_that_another_thread_will_end_is_let_be);
    tcase_add_test(tc, what_was_freed_is_closed_for_its_handles);
    tcase_add_test(tc, a_program_that_never_closes_frees_and_has_what_was_delivered);
    tcase_add_test(
        tc, a_program_that_frees_what_it_never_closed_loses_what_was_not_delivered);
    tcase_add_test(tc, handles_of_a_pipeline_that_never_ran_are_closed_too);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
