/* SPDX-License-Identifier: MIT */
/*
 * Which lock may be taken while which is held: the table of docs/concurrency.md, watched by the chaos
 * build at every lock, whatever the threads happen to do to each other.  In every other build all of
 * this is empty.
 */
#ifndef BASE_LOCK_ORDER_H
#define BASE_LOCK_ORDER_H

#include "base/sync.h"

/* Locks of one chain may be taken with each other held, from the highest rank down; no others may. */
enum lock_chain {
    LOCKS_ALONE,  /* nothing may be held with it */
    LOCKS_STAGES, /* a stage's; rank: its level, so towards the sinks */
    LOCKS_LOG,    /* run.log_lock (1), then console.lock (0) */
};

/* Gives the lock the name that the table has for it, and its place.  [before start] */
static inline void lock_order_set(struct mutex *mu, const char *name,
                                  enum lock_chain chain, unsigned rank)
{
#ifdef PPH_CHAOS
    mu->name = name;
    mu->chain = (int)chain;
    mu->rank = rank;
#else
    (void)mu;
    (void)name;
    (void)chain;
    (void)rank;
#endif
}

#ifdef PPH_CHAOS

/* This thread is about to take the lock: aborts, naming both locks, if it may not.  [any thread] */
void lock_order_check(const struct mutex *mu);

/* It has it; it has given it back.  [any thread] */
void lock_order_taken(const struct mutex *mu);
void lock_order_left(const struct mutex *mu);

/* This thread is about to sleep: aborts if it holds a lock other than `but` (NULL: any).  [any thread] */
void lock_order_sleeps(const struct mutex *but);

#else

static inline void lock_order_check(const struct mutex *mu)
{
    (void)mu;
}

static inline void lock_order_taken(const struct mutex *mu)
{
    (void)mu;
}

static inline void lock_order_left(const struct mutex *mu)
{
    (void)mu;
}

static inline void lock_order_sleeps(const struct mutex *but)
{
    (void)but;
}

#endif

#endif /* BASE_LOCK_ORDER_H */
