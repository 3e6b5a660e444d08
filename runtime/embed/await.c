/* SPDX-License-Identifier: MIT */
#include "embed/await.h"

#include <stdatomic.h>
#include <sys/stat.h>

#include "base/clock.h"

enum {
    LOOK_NS = 250 * NS_PER_MS, /* between two looks of a wait without limit */
    LOOKS = 8,         /* of a run, in a row, before it is believed to be at rest */
    LINKS_OF_NONE = 2, /* of the folder of threads, if there were none */
};

/* Of the process: threads are counted all over it. */
struct census {
    struct mutex lock;
    struct rest *runs GUARDED_BY(lock);       /* under way */
    unsigned endless GUARDED_BY(lock);        /* waits without limit */
    unsigned ended_controls GUARDED_BY(lock); /* threads that ended and count still */
};

static struct census census = {.lock = MUTEX_STATIC("census.lock")};

struct await await_begin(int64_t timeout_ms)
{
    struct await await = {.timeout_ms = timeout_ms};

    if (timeout_ms > INT64_MAX / NS_PER_MS / 2)
        await.timeout_ms = -1;
    if (await.timeout_ms > 0)
        await.deadline_ns = clock_now_ns() + (uint64_t)await.timeout_ms * NS_PER_MS;
    return await;
}

static void count(struct await *await, bool counted)
{
    if (await->counted == counted)
        return;
    mutex_lock(&census.lock);
    census.endless = counted ? census.endless + 1 : census.endless - 1;
    mutex_unlock(&census.lock);
    await->counted = counted;
}

void await_end(struct await *await)
{
    count(await, false);
}

/* How many threads the process has; 0: the system does not say. */
static unsigned threads_of_process(void)
{
    struct stat folder;

    if (stat("/proc/self/task", &folder) != 0 || folder.st_nlink <= LINKS_OF_NONE)
        return 0;
    return (unsigned)folder.st_nlink - LINKS_OF_NONE;
}

/*
 * Whether nothing can end the waits.  The runs are asked last: a thread that left its wait after it was counted did so
 * because of something that disturbed a run.
 */
static bool all_is_still(void)
{
    bool still;

    mutex_lock(&census.lock);
    still =
        threads_of_process() == thread_count() - census.ended_controls + census.endless;
    for (struct rest *r = census.runs; still && r; r = r->next)
        still = atomic_load_explicit(&r->looks, memory_order_relaxed) >= LOOKS;
    mutex_unlock(&census.lock);
    return still;
}

bool await_cond(struct await *await, struct cond *cond, struct mutex *lock)
{
    uint64_t now;

    if (await->timeout_ms == 0 || await->stuck)
        return false;
    if (await->yields < AWAIT_YIELDS &&
        (await->timeout_ms < 0 || clock_now_ns() < await->deadline_ns)) {
        await->yields++;
        mutex_unlock(lock);
        thread_yield();
        mutex_lock(lock);
        return true;
    }
    if (await->timeout_ms > 0)
        return cond_wait_until(cond, lock, await->deadline_ns);
    now = clock_now_ns();
    if (cond_wait_until(cond, lock, now + LOOK_NS))
        return true;
    mutex_unlock(lock);
    if (await->counted)
        await->stuck = all_is_still();
    else
        count(await,
              true); /* only now: most waits are short, and the census is everyone's */
    mutex_lock(lock);
    return !await->stuck;
}

void rest_add(struct rest *rest)
{
    atomic_store_explicit(&rest->looks, 0, memory_order_relaxed);
    mutex_lock(&census.lock);
    rest->next = census.runs;
    census.runs = rest;
    mutex_unlock(&census.lock);
}

void rest_remove(struct rest *rest)
{
    mutex_lock(&census.lock);
    for (struct rest **at = &census.runs; *at; at = &(*at)->next) {
        if (*at == rest) {
            *at = rest->next;
            break;
        }
    }
    census.ended_controls++;
    mutex_unlock(&census.lock);
}

void rest_joined(void)
{
    mutex_lock(&census.lock);
    census.ended_controls--;
    mutex_unlock(&census.lock);
}

void rest_disturb(struct rest *rest)
{
    if (atomic_load_explicit(&rest->looks, memory_order_relaxed) > 0)
        atomic_store_explicit(&rest->looks, 0, memory_order_relaxed);
}

void rest_found(struct rest *rest)
{
    uint32_t looks = atomic_load_explicit(&rest->looks, memory_order_relaxed);

    if (looks <
        LOOKS) /* fails when somebody has disturbed it just now: then it was not at rest */
        (void)atomic_compare_exchange_strong_explicit(
            &rest->looks, &looks, looks + 1, memory_order_relaxed, memory_order_relaxed);
}
