/* SPDX-License-Identifier: MIT */
/* That the chaos build does what it is for.  Part of that build only. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "base/chaos.h"
#include "base/lock_order.h"

enum {
    TRIES = 10000,
    SEEDS = 100,
    BUSY_SEED = 3, /* with it queues lie and calls are interrupted */
};

static struct mutex lower, upper, alone;

static void setup(void)
{
    mutex_init(&lower);
    mutex_init(&upper);
    mutex_init(&alone);
    lock_order_set(&lower, "lower", LOCKS_STAGES, 0);
    lock_order_set(&upper, "upper", LOCKS_STAGES, 1);
}

static void teardown(void)
{
    mutex_fini(&lower);
    mutex_fini(&upper);
    mutex_fini(&alone);
}

/* Takes both and gives them back; what it breaks is the order, which clang cannot see. */
static void take(struct mutex *first, struct mutex *second) TSA(no_thread_safety_analysis)
{
    mutex_lock(first);
    mutex_lock(second);
    mutex_unlock(first);
    mutex_unlock(second);
}

START_TEST(locks_taken_in_order_are_fine)
{
    take(&upper, &lower);
    take(&upper, &lower); /* they were given back, in whatever order */
    mutex_lock(&alone);
    mutex_unlock(&alone);
}
END_TEST

START_TEST(lock_taken_against_the_order_aborts)
{
    take(&lower, &upper);
}
END_TEST

START_TEST(lock_taken_twice_aborts)
{
    take(&lower, &lower);
}
END_TEST

START_TEST(lock_that_stands_alone_aborts_with_another)
{
    take(&upper, &alone);
}
END_TEST

START_TEST(locks_of_two_chains_abort)
{
    lock_order_set(&lower, "lower", LOCKS_LOG, 0);
    take(&upper, &lower);
}
END_TEST

START_TEST(sleeping_with_a_lock_aborts)
{
    static _Atomic uint32_t word;

    mutex_lock(&upper);
    futex_wait(&word, 0, 1);
    mutex_unlock(&upper);
}
END_TEST

START_TEST(lie_that_is_never_to_be_told_is_not_told)
{
    for (unsigned kind = 0; kind < CHAOS_KINDS; kind++) {
        chaos_begin(1);
        chaos_never((enum chaos)kind);
        for (unsigned k = 0; k < TRIES; k++)
            ck_assert(!chaos_says((enum chaos)kind));
    }
}
END_TEST

START_TEST(each_lie_is_told_with_some_seeds_and_not_with_others)
{
    for (unsigned kind = 0; kind < CHAOS_KINDS; kind++) {
        unsigned honest = 0;

        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            unsigned told = 0;

            chaos_begin(seed);
            for (unsigned k = 0; k < TRIES; k++)
                told += chaos_says((enum chaos)kind);
            ck_assert_uint_le(told, TRIES * 3 / 4); /* never always: or nothing goes on */
            honest += told == 0;
        }
        ck_assert_uint_gt(honest, 0);
        ck_assert_uint_lt(honest, SEEDS);
    }
}
END_TEST

START_TEST(same_seed_tells_the_same_lies)
{
    uint8_t said[2][TRIES];

    for (unsigned turn = 0; turn < 2; turn++) {
        chaos_begin(BUSY_SEED);
        for (unsigned k = 0; k < TRIES; k++)
            said[turn][k] = chaos_says(CHAOS_FULL);
    }
    ck_assert_mem_eq(said[0], said[1], TRIES);
    ck_assert_ptr_nonnull(memchr(said[0], 1, TRIES));
}
END_TEST

struct reader {
    int pipe[2];
    _Atomic bool interrupted; /* written by: the reader; read by: the test */
};

static void *read_for_ever(void *arg)
{
    struct reader *r = arg;
    char byte;

    while (read(r->pipe[0], &byte, 1) < 0)
        atomic_store(&r->interrupted, errno == EINTR);
    return NULL;
}

START_TEST(system_call_that_waits_is_interrupted)
{
    struct reader r = {0};
    pthread_t thread;

    chaos_begin(BUSY_SEED);
    ck_assert_int_eq(pipe(r.pipe), 0);
    ck_assert_int_eq(thread_start(&thread, "reader", read_for_ever, &r), 0);
    while (!atomic_load(&r.interrupted))
        chaos_point();
    ck_assert_int_eq(write(r.pipe[1], "x", 1), 1);
    thread_join(thread);
    ck_assert_int_eq(close(r.pipe[0]), 0);
    ck_assert_int_eq(close(r.pipe[1]), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/chaos");
    TCase *tc = tcase_create("chaos");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, locks_taken_in_order_are_fine);
    tcase_add_test(tc, lie_that_is_never_to_be_told_is_not_told);
    tcase_add_test(tc, each_lie_is_told_with_some_seeds_and_not_with_others);
    tcase_add_test(tc, same_seed_tells_the_same_lies);
    tcase_add_test(tc, system_call_that_waits_is_interrupted);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    if (srunner_fork_status(runner) == CK_FORK) {
        tcase_add_test_raise_signal(tc, lock_taken_against_the_order_aborts, SIGABRT);
        tcase_add_test_raise_signal(tc, lock_taken_twice_aborts, SIGABRT);
        tcase_add_test_raise_signal(tc, lock_that_stands_alone_aborts_with_another,
                                    SIGABRT);
        tcase_add_test_raise_signal(tc, locks_of_two_chains_abort, SIGABRT);
        tcase_add_test_raise_signal(tc, sleeping_with_a_lock_aborts, SIGABRT);
    }
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
