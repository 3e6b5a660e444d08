/* SPDX-License-Identifier: MIT */
/*
 * base/sync.h, base/clock.h, base/cpus.h and base/assert.h over the machine: what the scheduler is linked with here.
 *
 * A mutex keeps its owner in the bytes that a pthread_mutex_t has elsewhere.
 */
#include "base/sync.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/chaos.h"
#include "base/clock.h"
#include "base/cpus.h"
#include "sim/machine_parts.h"

static_assert(sizeof(pthread_mutex_t) >= sizeof(struct sim_thread *),
              "a mutex has room for its owner");

enum { RELAX_NS = 50 };

static struct sim_thread *owner_of(const struct mutex *mu)
{
    struct sim_thread *owner;

    memcpy(&owner, &mu->m, sizeof(owner));
    return owner;
}

static void set_owner(struct mutex *mu, struct sim_thread *owner)
{
    memcpy(&mu->m, &owner, sizeof(owner));
}

void mutex_init(struct mutex *mu)
{
    set_owner(mu, NULL);
}

void mutex_fini(struct mutex *mu)
{
    if (owner_of(mu))
        machine_fail("a lock is destroyed while it is held");
}

void mutex_lock(struct mutex *mu) TSA(no_thread_safety_analysis)
{
    struct sim_thread *self = machine_self();

    if (!self)
        return;
    MACHINE_POINT_ON("lock", mu);
    if (owner_of(mu) == self || self->n_held == SIM_HELD_MAX)
        machine_fail("a lock is taken twice, or too many are");
    if (self->n_held > 0)
        machine_events()->locking(mu, self->held, self->n_held);
    while (owner_of(mu))
        (void)machine_wait(SIM_ON_MUTEX, mu, 0);
    set_owner(mu, self);
    self->held[self->n_held++] = mu;
}

/* Takes the lock off what the thread holds, wherever it stands there. */
static void let_go(struct mutex *mu)
{
    struct sim_thread *self = machine_self();
    size_t k = self->n_held;

    if (owner_of(mu) != self)
        machine_fail("a lock is let go of by a thread that does not hold it");
    while (self->held[k - 1] != mu)
        k--;
    for (; k < self->n_held; k++)
        self->held[k - 1] = self->held[k];
    self->n_held--;
    set_owner(mu, NULL);
    machine_wake(SIM_ON_MUTEX, mu, SIM_THREADS_MAX);
    machine_events()->unlocked(mu);
}

void mutex_unlock(struct mutex *mu) TSA(no_thread_safety_analysis)
{
    if (!machine_self())
        return;
    let_go(mu);
    MACHINE_POINT_ON("unlock", mu);
}

void cond_init(struct cond *cv)
{
    memset(cv, 0, sizeof(*cv));
}

void cond_fini(struct cond *cv)
{
    (void)cv;
}

bool cond_wait_until(struct cond *cv, struct mutex *mu, uint64_t deadline_ns)
    TSA(no_thread_safety_analysis)
{
    struct sim_thread *self = machine_self();
    bool woken = true;

    MACHINE_POINT_ON("cond wait", cv);
    if (self->n_held != 1)
        machine_fail("a thread waits for a condition with another lock held");
    let_go(mu);
    if (!machine_is_fickle())
        woken = machine_wait(SIM_ON_COND, cv, deadline_ns);
    mutex_lock(mu);
    return woken;
}

void cond_wait(struct cond *cv, struct mutex *mu)
{
    (void)cond_wait_until(cv, mu, 0);
}

void cond_signal(struct cond *cv)
{
    MACHINE_POINT_ON("cond signal", cv);
    machine_wake(SIM_ON_COND, cv, 1);
}

void cond_broadcast(struct cond *cv)
{
    MACHINE_POINT_ON("cond broadcast", cv);
    machine_wake(SIM_ON_COND, cv, SIM_THREADS_MAX);
}

static const void *address_of(_Atomic uint32_t *word)
{
    return (const void *)(uintptr_t)word;
}

void futex_wait(_Atomic uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    MACHINE_POINT_ON("futex wait", address_of(word));
    if (machine_self()->n_held > 0)
        machine_fail("a thread sleeps with a lock held");
    if (atomic_load_explicit(word, memory_order_relaxed) != expected ||
        machine_is_fickle())
        return;
    (void)machine_wait(SIM_ON_FUTEX, address_of(word),
                       timeout_ns == 0 ? 0 : machine_now_ns() + timeout_ns);
}

void futex_wake(_Atomic uint32_t *word, int count)
{
    MACHINE_POINT_ON("futex wake", address_of(word));
    machine_wake(SIM_ON_FUTEX, address_of(word), (unsigned)count);
}

void cpu_relax(void)
{
    machine_spend_ns(RELAX_NS);
}

void thread_yield(void)
{
    machine_yield();
}

uint32_t thread_id(void)
{
    return machine_self()->id + 1;
}

bool thread_sleeps(uint32_t id, uint64_t *ret_busy_ns)
{
    (void)id;
    (void)ret_busy_ns;
    return false;
}

int thread_start(pthread_t *ret_thread, const char *name, void *(*body)(void *),
                 void *arg)
{
    struct sim_thread *t;

    SIM_POINT("thread start");
    t = machine_spawn(name, body, arg);
    if (!t)
        return EAGAIN;
    *ret_thread = (pthread_t)t->id;
    return 0;
}

void thread_join(pthread_t thread)
{
    SIM_POINT("thread join");
    machine_join((unsigned)thread);
}

uint64_t clock_now_ns(void)
{
    if (machine_self())
        SIM_POINT("clock");
    return machine_now_ns();
}

bool chaos_says(enum chaos kind)
{
    return kind == CHAOS_FULL && machine_lies();
}

unsigned cpus_available(void)
{
    return machine_cpus();
}

unsigned cpus_under(const char *root, bool *ret_quota)
{
    (void)root;
    *ret_quota = false;
    return machine_cpus();
}

unsigned cpus_configured(void)
{
    return machine_cpus();
}

uint64_t memory_under(const char *root)
{
    (void)root;
    return (uint64_t)1 << 30;
}

noreturn void assert_failed(const char *file, int line, const char *func,
                            const char *what)
{
    machine_fail("assertion failed: %s:%d: %s: %s", file, line, func, what);
}

/* What _exit() is in the scheduler's sources; see points.h. */
_Noreturn void sim_exit(int code);

_Noreturn void sim_exit(int code)
{
    machine_fail("the run ends the process with code %d", code);
}
