/* SPDX-License-Identifier: MIT */
/*
 * Waits of the program's threads: for a time, or without limit.
 *
 * A wait without limit that nothing can end is found out.  That is certain when all of this holds for a while:
 *     - every thread of the process is the library's, or in such a wait;
 *     - every run that is under way is at rest: nothing in it can go on but by the program.
 * Then only a thread of the program could change anything, and none will.  The number of threads is the system's, so a
 * thread that the library knows nothing of is seen, and then nothing is said.
 */
#ifndef EMBED_AWAIT_H
#define EMBED_AWAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"

/*
 * How often a wait lets others run before it sleeps: what it waits for is mostly near, and to sleep and be woken costs
 * several times as much.
 */
enum { AWAIT_YIELDS = 8 };

/* One wait, from its begin to its end; the waiter's. */
struct await {
    int64_t timeout_ms;   /* negative: without limit */
    uint64_t deadline_ns; /* when there is a limit */
    bool counted;         /* among those without limit */
    bool stuck;           /* it is one that nothing can end */
    unsigned yields;      /* so often it has let others run, instead of sleeping */
};

/* Begins a wait; await_end() ends it, whatever came of it.  [any thread] */
struct await await_begin(int64_t timeout_ms);
void await_end(struct await *await);

/*
 * Sleeps until the condition is signalled, or for a while.  False: the time is over, or the wait is stuck: look once
 * more, and then give up.  Gives the lock back in between.  [any thread]
 */
bool await_cond(struct await *await, struct cond *cond, struct mutex *lock)
    REQUIRES(lock);

/* How the run of one pipeline stands; a part of it. */
struct rest {
    /* Looks in a row that found it at rest; written by: its control thread, and 0 by whoever does something to it; read
     * by: waiters; relaxed: looks are 100 ms apart, and it takes several */
    _Atomic uint32_t looks;
    /* Set and read under the lock of await.c; belongs to it. */
    struct rest *next;
};

/* The run begins; it has ended, and the thread that it belongs to ends at once and is not joined yet. */
void rest_add(struct rest *rest);
void rest_remove(struct rest *rest);

/* That thread has been joined. */
void rest_joined(void);

/* Something was done to the run, or in it.  [any thread] */
void rest_disturb(struct rest *rest);

/* It was found at rest.  [control] */
void rest_found(struct rest *rest);

#endif /* EMBED_AWAIT_H */
