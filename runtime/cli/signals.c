/* SPDX-License-Identifier: MIT */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"

/*
 * written by: control thread; read by: the handler, in any thread that does not block signals.
 * The run behind the pointer is complete before R1 publishes it.
 */
static _Atomic(struct run *) watched;

/*
 * written and read by: the handler, in any thread.  Relaxed: it is compared with a clock and leads to no
 * other data; two handlers at the same moment are what it is there to take for one.
 */
static _Atomic uint64_t last_ns;

/* timeout(1) and some shells tell a process and then its group: that is one wish, not two. */
enum { SAME_WISH_NS = 100 * NS_PER_MS };

static void on_signal(int number)
{
    int saved = errno;
    uint64_t now_ns = clock_now_ns();
    uint64_t before_ns = atomic_exchange_explicit(&last_ns, now_ns, memory_order_relaxed);

    (void)number;
    if (before_ns != 0 && now_ns - before_ns < SAME_WISH_NS)
        return;
    /* A1: pairs with R1 in signals_watch(). */
    struct run *run = atomic_load_explicit(&watched, memory_order_acquire);
    if (run != NULL)
        run_signal(run);
    errno = saved;
}

static void too_late(int number)
{
    (void)number;
}

static bool set_handler(int number, void (*handler)(int))
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART | (handler == too_late ? (int)SA_RESETHAND : 0);
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* sigaction() fails for numbers that are no signals, which these are not. */
static void must(bool ok)
{
    PPH_ASSERT(ok);
}

void signals_watch(struct run *run)
{
    PPH_ASSERT(run != NULL);
    /* R1: pairs with A1 in on_signal(). */
    atomic_store_explicit(&watched, run, memory_order_release);
    must(set_handler(SIGPIPE, SIG_IGN));
    must(set_handler(SIGXFSZ,
                     SIG_IGN)); /* a write past a size limit fails with EFBIG instead */
    must(set_handler(SIGTERM, on_signal));
    if (!is_ignored(SIGINT))
        must(set_handler(SIGINT, on_signal));
}

void signals_unwatch(void)
{
    must(set_handler(SIGTERM, too_late));
    if (!is_ignored(SIGINT))
        must(set_handler(SIGINT, too_late));
    /* Relaxed: no data is published, and a late handler only finds that there is no run. */
    atomic_store_explicit(&watched, NULL, memory_order_relaxed);
}
