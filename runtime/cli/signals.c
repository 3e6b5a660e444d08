/* SPDX-License-Identifier: MIT */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/output.h"

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

enum { STUCK_SHOWN = 16 };

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
    if (run != NULL && run_signal(run) == 2)
        (void)alarm(RUN_GRACE_S + 1);
    errno = saved;
}

static void too_late(int number)
{
    (void)number;
}

/* All of it, as far as it can be written. */
static void say(const char *text)
{
    (void)output_write(OUTPUT_STDERR, text, strlen(text));
}

/* In pieces: a handler may not call what formats. */
static void say_stuck(const struct run_call *call)
{
    say("error: stage '");
    say(call->stage->name);
    say("' did not return from ");
    say(call->name != NULL ? call->name : "a call");
    say(" after the stop\n");
}

/*
 * The grace time is over and the run is still there.  Had its control thread been free, it would have
 * given up a second ago.
 */
static void on_alarm(int number)
{
    struct run_call calls[STUCK_SHOWN];
    /* A1: pairs with R1 in signals_watch(). */
    const struct run *run = atomic_load_explicit(&watched, memory_order_acquire);

    (void)number;
    if (run == NULL)
        return;
    size_t n = run_calls_under_way(run, calls, STUCK_SHOWN);
    for (size_t i = 0; i < n; i++)
        say_stuck(&calls[i]);
    say("error: giving up: the process ends without the plugins' clean-up\n");
    _exit(run_exit_after_stop(run));
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
    must(set_handler(SIGALRM, on_alarm));
    must(set_handler(SIGTERM, on_signal));
    if (!is_ignored(SIGINT))
        must(set_handler(SIGINT, on_signal));
}

void signals_unwatch(void)
{
    must(set_handler(SIGTERM, too_late));
    if (!is_ignored(SIGINT))
        must(set_handler(SIGINT, too_late));
    (void)alarm(0);
    must(set_handler(SIGALRM, SIG_DFL));
    /* Relaxed: no data is published, and a late handler only finds that there is no run. */
    atomic_store_explicit(&watched, NULL, memory_order_relaxed);
}
