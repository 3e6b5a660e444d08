/* SPDX-License-Identifier: MIT */
#include "base/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/chaos.h"
#include "base/clock.h"
#include "base/lock_order.h"

/* A failing pthread call here is a bug in this program: there is no way to go on. */
#define MUST(call)                \
    do {                          \
        int must_rc = (call);     \
        PPH_ASSERT(must_rc == 0); \
    } while (0)

void mutex_init(struct mutex *mu)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr));
    MUST(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP));
    MUST(pthread_mutex_init(&mu->m, &attr));
    MUST(pthread_mutexattr_destroy(&attr));
    lock_order_set(mu, NULL, LOCKS_ALONE, 0);
}

void mutex_fini(struct mutex *mu)
{
    MUST(pthread_mutex_destroy(&mu->m));
}

void mutex_lock(struct mutex *mu) TSA(no_thread_safety_analysis)
{
    lock_order_check(mu);
    chaos_point();
    MUST(pthread_mutex_lock(&mu->m));
    lock_order_taken(mu);
    chaos_point();
}

void mutex_unlock(struct mutex *mu) TSA(no_thread_safety_analysis)
{
    chaos_point();
    lock_order_left(mu);
    MUST(pthread_mutex_unlock(&mu->m));
    chaos_point();
}

void cond_init(struct cond *cv)
{
    pthread_condattr_t attr;

    MUST(pthread_condattr_init(&attr));
    MUST(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
    MUST(pthread_cond_init(&cv->c, &attr));
    MUST(pthread_condattr_destroy(&attr));
}

void cond_fini(struct cond *cv)
{
    MUST(pthread_cond_destroy(&cv->c));
}

/* A wait that ends at once, for no reason. */
static bool wakes_for_nothing(struct mutex *mu) REQUIRES(mu);
static bool wakes_for_nothing(struct mutex *mu)
{
    if (!chaos_says(CHAOS_WAKE))
        return false;
    mutex_unlock(mu);
    mutex_lock(mu);
    return true;
}

void cond_wait(struct cond *cv, struct mutex *mu)
{
    if (wakes_for_nothing(mu))
        return;
    lock_order_sleeps(mu);
    MUST(pthread_cond_wait(&cv->c, &mu->m));
    chaos_point();
}

void cond_signal(struct cond *cv)
{
    chaos_point();
    MUST(pthread_cond_signal(&cv->c));
    chaos_point();
}

void cond_broadcast(struct cond *cv)
{
    chaos_point();
    MUST(pthread_cond_broadcast(&cv->c));
    chaos_point();
}

bool cond_wait_until(struct cond *cv, struct mutex *mu, uint64_t deadline_ns)
{
    struct timespec at = {
        .tv_sec = (time_t)(deadline_ns / NS_PER_S),
        .tv_nsec = (long)(deadline_ns % NS_PER_S),
    };
    int rc;

    if (wakes_for_nothing(mu))
        return true;
    lock_order_sleeps(mu);
    rc = pthread_cond_timedwait(&cv->c, &mu->m, &at);
    chaos_point();
    PPH_ASSERT(rc == 0 || rc == ETIMEDOUT);
    return rc == 0;
}

void futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ns / NS_PER_S),
        .tv_nsec = (long)(timeout_ns % NS_PER_S),
    };
    long rc;

    lock_order_sleeps(NULL);
    chaos_point();
    if (chaos_says(CHAOS_WAKE))
        return;
    rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                 timeout_ns == 0 ? NULL : &timeout, NULL, 0);
    PPH_ASSERT(rc == 0 || errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT);
}

void futex_wake(_Atomic uint32_t *word, int count)
{
    long rc;

    chaos_point();
    rc = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    PPH_ASSERT(rc >= 0);
    chaos_point();
}

void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

void thread_yield(void)
{
    (void)sched_yield(); /* cannot fail on Linux */
}

uint32_t thread_id(void)
{
    static _Thread_local uint32_t id;

    if (id == 0)
        id = (uint32_t)gettid();
    return id;
}

/* The first line of a file that the system has on the thread; false: there is none. */
static bool read_of_thread(uint32_t id, const char *file_name, char *line, int size)
{
    char name[64];
    FILE *file;
    bool read;

    (void)snprintf(name, sizeof(name), "/proc/self/task/%u/%s", id, file_name);
    file = fopen(name, "re");
    if (!file)
        return false;
    read = fgets(line, size, file) != NULL;
    (void)fclose(file);
    return read;
}

bool thread_sleeps(uint32_t id, uint64_t *ret_busy_ns)
{
    char line[512];
    const char *state;
    char *at;
    uint64_t ran;

    if (!read_of_thread(id, "stat", line, sizeof(line)))
        return false;
    state = strrchr(line, ')'); /* "ID (NAME) STATE ..." */
    if (!state || (strncmp(state, ") S", 3) != 0 && strncmp(state, ") D", 3) != 0))
        return false;
    /* "RAN IN_LINE TURNS", the times in ns; brought up to date when the thread fell asleep */
    if (!read_of_thread(id, "schedstat", line, sizeof(line)))
        return false;
    ran = strtoull(line, &at, 10);
    *ret_busy_ns = ran + strtoull(at, NULL, 10);
    return at != line;
}

/* written by: who starts and joins threads; read by: who asks; relaxed: a number */
static _Atomic uint32_t n_threads;

unsigned thread_count(void)
{
    return atomic_load_explicit(&n_threads, memory_order_relaxed);
}

static const int own_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

bool thread_set_fault_stack(void *bytes, size_t len)
{
    const stack_t own = {.ss_sp = bytes, .ss_size = len};
    stack_t old;

    return sigaltstack(NULL, &old) == 0 && old.ss_flags & SS_DISABLE &&
           sigaltstack(&own, NULL) == 0;
}

struct start {
    void *(*body)(void *);
    void *arg;
};

/* Far up in the thread's own stack there is room that is left when the stack has overflowed. */
static void *begin_thread(void *arg)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    struct start start = *(struct start *)arg;
    _Alignas(64) char fault_stack[THREAD_FAULT_STACK];
    bool set = thread_set_fault_stack(fault_stack, sizeof(fault_stack));
    void *result;

    free(arg);
    result = start.body(start.arg);
    if (set)
        (void)sigaltstack(&none, NULL);
    return result;
}

static int create(pthread_t *ret_thread, const char *name, void *(*body)(void *),
                  void *arg)
{
    struct start *start = malloc(sizeof(*start));
    int rc;

    if (!start)
        return ENOMEM;
    *start = (struct start){body, arg};
    rc = chaos_create(ret_thread, name, begin_thread, start);
    if (rc != 0)
        free(start);
    return rc;
}

int thread_start(pthread_t *ret_thread, const char *name, void *(*body)(void *),
                 void *arg)
{
    char short_name[16];
    sigset_t all;
    sigset_t old;
    int rc;

    (void)sigfillset(&all);
    /* what the thread does to itself is told where it is done */
    for (size_t k = 0; k < sizeof(own_faults) / sizeof(*own_faults); k++)
        (void)sigdelset(&all, own_faults[k]);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &old));
    rc = create(ret_thread, name, body, arg);
    MUST(pthread_sigmask(SIG_SETMASK, &old, NULL));
    if (rc != 0)
        return rc;
    atomic_fetch_add_explicit(&n_threads, 1, memory_order_relaxed);
    (void)snprintf(short_name, sizeof(short_name), "%s", name);
    (void)pthread_setname_np(*ret_thread, short_name); /* for show only */
    return 0;
}

void thread_join(pthread_t thread)
{
    lock_order_sleeps(NULL);
    MUST(pthread_join(thread, NULL));
    atomic_fetch_sub_explicit(&n_threads, 1, memory_order_relaxed);
}

void thread_detach(pthread_t thread)
{
    MUST(pthread_detach(thread));
}
