/* SPDX-License-Identifier: MIT */
/* Many threads of the program at both ends; each test runs with several numbers of threads of the pool. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embed/kit.h"

enum { PUSHERS = 17, PULLERS = 13, EACH = 150 };

static struct pph_pipeline *pipeline;

struct pusher {
    pthread_t thread;
    struct pph_input *in;
    uint32_t number;
    size_t step; /* items in one call */
    bool tries;  /* asks, instead of waiting */
};

struct puller {
    pthread_t thread;
    struct pph_output *out;
    size_t max;
    int64_t timeout_ms;
    uint64_t n, last[PUSHERS];
    bool in_order; /* of each pusher, the later after the earlier */
    enum pph_pull_answer end;
};

static _Atomic uint32_t seen[PUSHERS * EACH];

static void setup(void)
{
    kit_plugins();
    memset(seen, 0, sizeof(seen));
}

static void *push_all(void *arg)
{
    struct pusher *me = arg;
    uint32_t numbers[64];
    struct pph_item items[64];
    uint32_t next = 0;

    while (next < EACH) {
        size_t n = 0, first = 0, taken;

        for (; n < me->step && next < EACH; n++, next++) {
            numbers[n] = me->number * EACH + next;
            items[n] = (struct pph_item){.data = &numbers[n], .len = sizeof(numbers[n])};
        }
        while (first < n) {
            enum pph_push_answer answer =
                pph_push(me->in, items + first, n - first, me->tries ? 1 : PPH_FOREVER,
                         &taken, NULL);

            first += taken;
            if (answer != PPH_PUSH_TAKEN && answer != PPH_PUSH_FULL)
                return NULL; /* the test sees that something is missing */
        }
    }
    pph_input_free(me->in);
    return NULL;
}

static void *pull_all(void *arg)
{
    struct puller *me = arg;
    struct pph_items *got;

    me->in_order = true;
    do {
        me->end = pph_pull(me->out, me->max, me->timeout_ms, &got, NULL);
        if (me->end != PPH_PULL_ITEMS)
            continue;
        for (size_t k = 0; k < got->n; k++, me->n++) {
            uint32_t number;

            memcpy(&number, got->items[k].data, sizeof(number));
            atomic_fetch_add(&seen[number], 1);
            if (number % EACH + 1 <= me->last[number / EACH])
                me->in_order = false;
            me->last[number / EACH] = number % EACH + 1;
        }
        pph_items_free(got);
    } while (me->end == PPH_PULL_ITEMS || me->end == PPH_PULL_EMPTY);
    pph_output_free(me->out);
    return NULL;
}

static void run_many(unsigned pushers, unsigned pullers, const char *yaml)
{
    struct pusher push[PUSHERS];
    struct puller pull[PULLERS];
    uint64_t n = 0;

    pipeline = kit_start(yaml);
    for (unsigned k = 0; k < pushers; k++)
        push[k] = (struct pusher){.in = kit_input(pipeline, NULL),
                                  .number = k,
                                  .step = k % 4 == 3 ? 64 : 1 + k % 4 * 7,
                                  .tries = k % 5 == 4};
    for (unsigned k = 0; k < pullers; k++)
        pull[k] = (struct puller){.out = kit_output(pipeline, NULL),
                                  .max = k % 3 * 3,
                                  .timeout_ms = k % 4 == 3 ? 1 : PPH_FOREVER};
    for (unsigned k = 0; k < pushers; k++)
        ck_assert_int_eq(pthread_create(&push[k].thread, NULL, push_all, &push[k]), 0);
    for (unsigned k = 0; k < pullers; k++)
        ck_assert_int_eq(pthread_create(&pull[k].thread, NULL, pull_all, &pull[k]), 0);
    for (unsigned k = 0; k < pushers; k++)
        pthread_join(push[k].thread, NULL);
    for (unsigned k = 0; k < pullers; k++) {
        pthread_join(pull[k].thread, NULL);
        ck_assert_int_eq(pull[k].end, PPH_PULL_CLOSED);
        ck_assert(pull[k].in_order);
        n += pull[k].n;
    }
    kit_end(pipeline, PPH_RUN_DONE);
    ck_assert_uint_eq(n, (uint64_t)pushers * EACH);
    for (unsigned k = 0; k < pushers * EACH; k++)
        ck_assert_uint_eq(atomic_load(&seen[k]), 1);
}

static const char *const yamls[] = {
    "{threads: 1, stages: [{use: push}, {use: pull}]}",
    "{threads: 4, stages: [{use: push, queue: 5}, {use: pull, queue: 3}]}",
    "{threads: 2, stages: [{use: push}, {use: head, with: 1000000}, {use: pull}]}",
};

START_TEST(seventeen_push_and_thirteen_pull)
{
    run_many(PUSHERS, PULLERS, yamls[_i]);
}
END_TEST

START_TEST(one_pushes_and_thirteen_pull)
{
    run_many(1, PULLERS, yamls[_i]);
}
END_TEST

START_TEST(seventeen_push_and_one_pulls)
{
    run_many(PUSHERS, 1, yamls[_i]);
}
END_TEST

/* What threads do to a pipeline that is taken away. */
static void *push_for_ever(void *arg)
{
    static char bytes[] = "some bytes";
    static const struct pph_item item = {.data = bytes, .len = 10};
    struct pph_input *in = arg;
    enum pph_push_answer answer;
    struct pph_error *error = NULL;

    do
        answer = pph_push(in, &item, 1, PPH_FOREVER, NULL, &error);
    while (answer == PPH_PUSH_TAKEN);
    pph_input_free(in);
    pph_error_free(error);
    return answer == PPH_PUSH_CLOSED ? arg : NULL;
}

static void *pull_for_ever(void *arg)
{
    struct pph_output *out = arg;
    struct pph_items *got;
    enum pph_pull_answer answer;

    while ((answer = pph_pull(out, 1, PPH_FOREVER, &got, NULL)) == PPH_PULL_ITEMS)
        pph_items_free(got);
    pph_output_free(out);
    return answer == PPH_PULL_FAILED ? arg : NULL;
}

static _Atomic int waits;

static void *wait_for_end(void *arg)
{
    atomic_fetch_add(&waits, 1);
    return pph_wait(arg, PPH_FOREVER, NULL) == PPH_RUN_STOPPED ? arg : NULL;
}

START_TEST(threads_that_push_and_pull_survive_the_pipeline)
{
    struct pph_pipeline *p = kit_load(yamls[_i]);
    pthread_t threads[6];
    void *answer;

    ck_assert_int_eq(pph_start(p, NULL), 1);
    for (int k = 0; k < 3; k++) {
        ck_assert_int_eq(
            pthread_create(&threads[2 * k], NULL, push_for_ever, kit_input(p, NULL)), 0);
        ck_assert_int_eq(
            pthread_create(&threads[2 * k + 1], NULL, pull_for_ever, kit_output(p, NULL)),
            0);
    }
    for (struct pph_account a = {.size = sizeof(a)}; a.pulled < 100;)
        pph_get_account(p, &a);
    pph_free(p);
    for (int k = 0; k < 6; k++) {
        pthread_join(threads[k], &answer);
        ck_assert_ptr_nonnull(answer);
    }
}
END_TEST

START_TEST(a_thread_in_wait_is_told_of_a_cancel)
{
    struct pph_pipeline *p = kit_start(yamls[_i]);
    pthread_t thread;
    void *answer;

    atomic_store(&waits, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_end, p), 0);
    while (atomic_load(&waits) == 0) {
    }
    pph_cancel(p);
    pthread_join(thread, &answer);
    ck_assert_ptr_nonnull(answer);
    pph_free(p);
}
END_TEST

static void *whole_life(void *arg)
{
    struct pph_pipeline *p = pph_load_text(arg, strlen(arg), NULL, NULL);
    static char bytes[] = "a";
    static const struct pph_item item = {.data = bytes, .len = 1};
    struct pph_items *got;
    uint64_t n = 0;

    if (!p || !pph_start(p, NULL))
        return NULL;
    struct pph_input *in = pph_input_open(p, NULL, NULL);
    struct pph_output *out = pph_output_open(p, NULL, NULL);
    for (int k = 0; k < 300; k++) {
        n += pph_push(in, &item, 1, PPH_FOREVER, NULL, NULL) == PPH_PUSH_TAKEN;
        if (pph_pull(out, 1, PPH_FOREVER, &got, NULL) == PPH_PULL_ITEMS)
            pph_items_free(got);
    }
    pph_input_free(in);
    pph_output_free(out);
    bool done = pph_wait(p, PPH_FOREVER, NULL) == PPH_RUN_DONE;
    pph_free(p);
    return done && n == 300 ? arg : NULL;
}

START_TEST(pipelines_of_several_threads_do_not_know_each_other)
{
    pthread_t threads[4];
    void *answer;

    for (int k = 0; k < 4; k++)
        ck_assert_int_eq(pthread_create(&threads[k], NULL, whole_life,
                                        (void *)(uintptr_t)yamls[k % 3]),
                         0);
    for (int k = 0; k < 4; k++) {
        pthread_join(threads[k], &answer);
        ck_assert_ptr_nonnull(answer);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed/threads");
    TCase *tc = tcase_create("threads");
    int n = sizeof(yamls) / sizeof(*yamls);

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60.0);
    tcase_add_loop_test(tc, seventeen_push_and_thirteen_pull, 0, n);
    tcase_add_loop_test(tc, one_pushes_and_thirteen_pull, 0, n);
    tcase_add_loop_test(tc, seventeen_push_and_one_pulls, 0, n);
    tcase_add_loop_test(tc, threads_that_push_and_pull_survive_the_pipeline, 0, n);
    tcase_add_loop_test(tc, a_thread_in_wait_is_told_of_a_cancel, 0, n);
    tcase_add_test(tc, pipelines_of_several_threads_do_not_know_each_other);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
