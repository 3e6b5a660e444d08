/* SPDX-License-Identifier: MIT */
/*
 * Pipelines that are freed while a plugin does not return: the program goes on after the grace time, everyone who waits is
 * answered, and what the call uses is there until it returns.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "embed/kit.h"

/* A pipeline whose plugin is inside a call. */
struct stuck {
    int until[2], told[2];
    struct pph_pipeline *p;
    struct pph_input *in;
    struct pph_output *out;
    pthread_t freer, waiter, puller;
};

static void read_told(const struct stuck *s)
{
    ssize_t n;
    char byte;

    do
        n = read(s->told[0], &byte, 1);
    while (n < 0 && errno == EINTR); /* the chaos build sends signals */
    ck_assert_int_eq(n, 1);
}

static void get_stuck(struct stuck *s, const char *where)
{
    char yaml[512];

    ck_assert_int_eq(pipe(s->until), 0);
    ck_assert_int_eq(pipe(s->told), 0);
    snprintf(yaml, sizeof(yaml),
             "stages: [{use: push}, {use: '%s', with: {where: %s, until: %d, told: %d}},"
             " {use: pull}]",
             TEST_STUCK, where, s->until[0], s->told[1]);
    s->p = kit_load(yaml);
    s->in = kit_input(s->p, NULL);
    s->out = kit_output(s->p, NULL);
    kit_push(s->in, "never seen");
    ck_assert_int_eq(pph_start(s->p, NULL), 1);
    read_told(s);
}

static void *wait_for_it(void *arg)
{
    struct pph_error *error = NULL;

    ck_assert_int_eq(pph_wait(arg, PPH_FOREVER, &error), PPH_RUN_GOES_ON);
    kit_error(error, "A709", "is still under way");
    return arg;
}

static void *pull_from_it(void *arg)
{
    struct pph_error *error = NULL;
    struct pph_items *got = NULL;

    ck_assert_int_eq(pph_pull(arg, 0, PPH_FOREVER, &got, &error), PPH_PULL_FAILED);
    kit_error(error, "A703", "output 'pull' is closed: the pipeline was freed");
    return arg;
}

static void *free_it(void *arg)
{
    pph_free(arg);
    return arg;
}

/* The handles outlive the pipeline, and so does what the plugin is given. */
static void check_handles(struct stuck *s)
{
    struct pph_item item = {.data = s, .len = 1};
    struct pph_error *error = NULL;

    ck_assert_int_eq(pph_push(s->in, &item, 1, PPH_FOREVER, NULL, &error),
                     PPH_PUSH_CLOSED);
    kit_error(error, "A703", "the pipeline was freed");
    pph_input_free(s->in);
    pph_output_free(s->out);
    close(s->until[1]);
    read_told(s); /* it was closed: the call has returned */
}

START_TEST(a_pipeline_is_freed_while_a_call_does_not_return)
{
    static const char *const where[] = {"each", "open"};
    struct stuck stuck[2];

    kit_plugins();
    for (int k = 0; k < 2; k++) { /* both at once: they only wait */
        struct stuck *s = &stuck[k];

        get_stuck(s, where[k]);
        ck_assert_int_eq(pthread_create(&s->waiter, NULL, wait_for_it, s->p), 0);
        ck_assert_int_eq(pthread_create(&s->puller, NULL, pull_from_it, s->out), 0);
        ck_assert_int_eq(pthread_create(&s->freer, NULL, free_it, s->p), 0);
    }
    for (int k = 0; k < 2; k++) {
        pthread_join(stuck[k].freer, NULL);
        pthread_join(stuck[k].waiter, NULL);
        pthread_join(stuck[k].puller, NULL);
    }
    for (int k = 0; k < 2; k++)
        check_handles(&stuck[k]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed/overdue");
    TCase *tc = tcase_create("overdue");

    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, a_pipeline_is_freed_while_a_call_does_not_return);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
