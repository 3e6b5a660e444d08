/* SPDX-License-Identifier: MIT */
/* What workers.c and wakeup.c share: the pool and its threads. */
#ifndef EXEC_WORKERS_PARTS_H
#define EXEC_WORKERS_PARTS_H

#include "exec/workers.h"

enum wake {
    WAKE_NOT,
    WAKE_END,    /* the run is over */
    WAKE_SEARCH, /* there is work; the thread is counted as searching already */
};

struct worker {
    /* Set before the thread starts, never changed after; `thread` by the thread that starts it. */
    struct workers *workers;
    pthread_t thread;
    struct instance *only; /* of a stage with own threads; NULL: a thread of the pool */
    unsigned id;           /* of the pool: bit in idle */

    /* These belong to the thread itself. */
    uint32_t tick;
    uint64_t now_ns; /* the time, while it goes from one activation to the next; else 0 */
    struct chunk_cache cache;
    bool searching; /* counted in workers.searching */
    /* set by whoever took the idle bit away, or ends the run (release, R6); cleared by the worker (A6) */
    _Alignas(64) _Atomic uint32_t wake;
};

struct workers {
    /* Set by workers_new(), never changed after. */
    struct run *run;
    unsigned max, own; /* threads of the pool at most; threads of stages */
    unsigned idle_words;

    /* These belong to control: --inline. */
    void (*pause)(struct run *run, bool wait);
    struct worker *here; /* the one there is */
    uint32_t helped;     /* for a look at signals now and then */
    /* threads that look for work, or were woken to; written by: these and their wakers; read by:
     * wakers; see sleep-note in wakeup.c */
    _Atomic uint32_t searching;
    /* bit = sleeping thread of the pool; written by: the sleeper and its waker; read by: wakers;
     * see sleep-note in wakeup.c */
    _Atomic uint64_t *idle;

    struct mutex lock;
    struct cond spare; /* waits for: tokens > 0 || over */
    struct cond turn;  /* waits for: started moved on, go, over, or a thread has ended */

    /* The pool's, then those of stages.  Wakers read without the lock who it is whose bit in `idle` they
     * took away: that thread has had the lock since it was added, in wait_for_go(). */
    struct worker **all GUARDED_BY(lock);
    unsigned n_pool GUARDED_BY(lock);
    unsigned n_own GUARDED_BY(lock);
    unsigned waiting GUARDED_BY(lock); /* spares that sleep */
    unsigned
        tokens GUARDED_BY(lock); /* slots handed to them that they have not taken yet */
    unsigned n_ended GUARDED_BY(lock);
    unsigned n_started GUARDED_BY(lock); /* threads of stages that have called `start` */
    bool start_failed GUARDED_BY(lock);
    bool go GUARDED_BY(lock);
    bool over GUARDED_BY(lock);

    /* how many may hold a slot; written by: control, under lock; read by: loop tops; relaxed: as active */
    _Atomic uint32_t slots;
    /* whether to look for work before sleeping; written by: control; read by: threads of the pool; relaxed: a hint */
    _Atomic uint32_t spin;
    /* threads that hold a slot; written by: holders of lock; read by: loop tops; relaxed: a surplus
     * thread may notice one activation late */
    _Atomic uint32_t active;
};

/* Whether the run has ended or is to end now.  [any thread] */
bool run_is_over(const struct run *run);

/* The thread has claimed work, so it searches no longer; wakes another if there may be more.  [worker] */
void worker_found_work(struct worker *w);

/* It searches no longer, whatever there is; somebody else is woken if it was the last.  [worker] */
void worker_stops_searching(struct worker *w);

/* Sleeps until there may be work for a thread of the pool.  [worker] */
void worker_sleep(struct worker *w);

#endif /* EXEC_WORKERS_PARTS_H */
