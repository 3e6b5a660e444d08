/* SPDX-License-Identifier: MIT */
/*
 * Mutex, condition variable, futex word and thread: the only ones in the runtime.  Raw pthread
 * calls appear nowhere else, so a simulator can take this file's place.
 *
 * clang checks the locking rules at compile time: a function marked REQUIRES(l) may be called
 * only with l held.  A field marked GUARDED_BY(l) may be touched only while l is held.
 */
#ifndef BASE_SYNC_H
#define BASE_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/assert.h"

#if defined(__clang__)
#define TSA(x) __attribute__((x))
#else
#define TSA(x)
#endif

/*
 * C cannot name a sibling field in an attribute (clang < 20), so the field macros are empty and
 * tools/check_guards.py holds them to account instead.
 */
#define GUARDED_BY(l)
#define PT_GUARDED_BY(l)

#define REQUIRES(l) TSA(requires_capability(l))
#define EXCLUDES(l) TSA(locks_excluded(l))
#define ACQUIRES(l) TSA(acquire_capability(l))
#define RELEASES(l) TSA(release_capability(l))

struct TSA(capability("mutex")) mutex {
    pthread_mutex_t m;
#ifdef PPH_CHAOS
    const char *name; /* its place in the order of locks: see lock_order.h */
    int chain;
    unsigned rank;
#endif
};

/* Initializes a static one, LOCKS_ALONE in the order of locks. */
#ifdef PPH_CHAOS
#define MUTEX_STATIC(its_name)                           \
    {                                                    \
        .m = PTHREAD_MUTEX_INITIALIZER, .name = its_name \
    }
#else
#define MUTEX_STATIC(its_name)         \
    {                                  \
        .m = PTHREAD_MUTEX_INITIALIZER \
    }
#endif

struct cond {
    pthread_cond_t c; /* waits by the monotonic clock */
};

void mutex_init(struct mutex *mu);
void mutex_fini(struct mutex *mu);
void mutex_lock(struct mutex *mu) ACQUIRES(mu);
void mutex_unlock(struct mutex *mu) RELEASES(mu);

void cond_init(struct cond *cv);
void cond_fini(struct cond *cv);
void cond_wait(struct cond *cv, struct mutex *mu) REQUIRES(mu);
void cond_signal(struct cond *cv);
void cond_broadcast(struct cond *cv);

/* Waits at most until `deadline_ns` (clock_now_ns()); returns false when that has passed. */
bool cond_wait_until(struct cond *cv, struct mutex *mu, uint64_t deadline_ns)
    REQUIRES(mu);

/*
 * Sleeps while *word == expected, at most `timeout_ns` (0: for ever).  May return early for no
 * reason: the caller looks at the word again.  [any thread]
 */
void futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t timeout_ns);

/* Wakes at most `count` sleepers on the word.  [any thread, async-signal] */
void futex_wake(_Atomic uint32_t *word, int count);

/* Tells the CPU that this thread spins.  [any thread] */
void cpu_relax(void);

/* Lets another runnable thread of this CPU go first.  [any thread] */
void thread_yield(void);

/* The system's number of this thread; never 0.  [any thread] */
uint32_t thread_id(void);

/*
 * Whether the thread of this process sleeps now; then *ret_busy_ns is for how long it has run in its life, or stood
 * in line for a CPU.  False also when that cannot be told: it has ended, or the system does not say.  Reads
 * files.  [any thread]
 */
bool thread_sleeps(uint32_t id, uint64_t *ret_busy_ns);

enum { THREAD_FAULT_STACK = 64 << 10 }; /* bytes: what a handler needs, and to spare */

/*
 * Lets handlers with SA_ONSTACK run on these bytes, which must live as long as the calling thread: they can tell then that
 * its own stack has overflowed.  False: somebody has seen to that before.  thread_start() does it for its threads.
 */
bool thread_set_fault_stack(void *bytes, size_t len);

/*
 * Starts a thread with all signals blocked, so that they reach the thread that asked for them, except those that tell
 * of what a thread has done itself, such as SIGSEGV.
 * `name` (at most 15 bytes are used) is what debuggers show.  Returns 0 or an errno number;
 * *ret_thread is written only on 0, and then the caller must join or
 * detach it.
 */
int thread_start(pthread_t *ret_thread, const char *name, void *(*body)(void *),
                 void *arg) PPH_NODISCARD;

/* Waits until the thread has ended. */
void thread_join(pthread_t thread);

/* How many threads were started and not joined yet; those that are detached count for ever.  [any thread] */
unsigned thread_count(void);

/* Nobody will join it: what it has goes when it ends.  [any thread] */
void thread_detach(pthread_t thread);

#endif /* BASE_SYNC_H */
