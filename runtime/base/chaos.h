/* SPDX-License-Identifier: MIT */
/*
 * Chaos: a build (-DPPH_CHAOS=ON, preset `chaos`) in which what may happen does happen, often.
 *
 * At every lock, unlock, wait and wake of sync.c a thread may be held up; waits end for no reason;
 * queues say that they are full; spare threads cannot be started; system calls are interrupted.
 * Correct code does not notice.  A seed decides how often each of these happens in this process, and
 * each thread draws from it by a generator of its own, so a run can be repeated as far as threads can:
 * PPH_CHAOS_SEED=N in the environment; without it each process takes a seed of its own.
 *
 * The lock order is watched as well: see lock_order.h.  In every other build all of this is empty.
 */
#ifndef BASE_CHAOS_H
#define BASE_CHAOS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The name of threads that stand in for others: the run goes on without them. */
#define THREAD_SPARE "pphost-spare"

/* What a place in the code asks to be lied to about. */
enum chaos {
    CHAOS_WAKE,      /* a wait ends though nothing has happened */
    CHAOS_FULL,      /* a queue that is not empty has no room */
    CHAOS_NO_THREAD, /* a spare thread cannot be started */
    CHAOS_KINDS
};

#ifdef PPH_CHAOS

/* For a test that needs the truth: this lie is not told any more in this process.  [before start] */
void chaos_never(enum chaos kind);

/* Holds this thread up now and then, or interrupts another one.  Keeps errno.  [async-signal] */
void chaos_point(void);

/* Whether the lie is to be told this time.  [async-signal] */
bool chaos_says(enum chaos kind);

/*
 * pthread_create() for thread_start(), which sometimes fails for threads that are named THREAD_SPARE.
 * What a thread draws depends on the order in which threads are started, not on who runs first.
 */
int chaos_create(pthread_t *ret_thread, const char *name, void *(*body)(void *),
                 void *arg);

/* What PPH_CHAOS_SEED repeats.  [any thread] */
uint64_t chaos_seed(void);

/* Begins again with another seed, with this thread as the first.  [before start] */
void chaos_begin(uint64_t seed);

#else

static inline void chaos_never(enum chaos kind)
{
    (void)kind;
}

static inline void chaos_point(void)
{
}

static inline bool chaos_says(enum chaos kind)
{
    (void)kind;
    return false;
}

static inline int chaos_create(pthread_t *ret_thread, const char *name,
                               void *(*body)(void *), void *arg)
{
    (void)name;
    return pthread_create(ret_thread, NULL, body, arg);
}

#endif

#endif /* BASE_CHAOS_H */
