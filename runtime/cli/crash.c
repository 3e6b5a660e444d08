/* SPDX-License-Identifier: MIT */
#include "cli/crash.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/sync.h"
#include "cli/exits.h"
#include "cli/output.h"

/*
 * written by: control thread; read by: the handler and on_exit(), in any thread.  The run behind the pointer is
 * complete before R1 publishes it.
 */
static _Atomic(struct run *) watched;

static pid_t
    our_pid; /* set before `watched`, never changed after; a child that a plugin forks is none of ours */

/*
 * Which thread tells what it has done, 0: none yet; written and read by: the handler and at_exit(), in any thread.
 * Relaxed: it leads to no other data, and only one may win.
 */
static _Atomic uint32_t teller;

static const struct {
    int number;
    const char *name;
} faults[] = {{SIGSEGV, "SIGSEGV"},
              {SIGBUS, "SIGBUS"},
              {SIGFPE, "SIGFPE"},
              {SIGILL, "SIGILL"},
              {SIGABRT, "SIGABRT"}};

enum {
    FAULTS = sizeof(faults) / sizeof(*faults),
    DIGITS = 20,
    EXITS_AT_ONCE = 64,
    END_NS = NS_PER_S, /* more than the process takes to end */
};

static const char the_end[] =
    "; the process ends at once, items under way are not finished\n";

/* What was there before us: a sanitizer, a debugger's helper. */
static struct sigaction before[FAULTS];

/* All of it, as far as it can be written. */
static void say(const char *text)
{
    (void)output_write(OUTPUT_STDERR, text, strlen(text));
}

/* A name of a file may hold anything. */
static void say_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        bool plain = (unsigned char)*text >= 0x20 && (unsigned char)*text != 0x7F;

        (void)output_write(OUTPUT_STDERR, plain ? text : "?", 1);
    }
}

/* A handler may not call what formats. */
static void say_number(unsigned number)
{
    char digits[DIGITS];
    char *at = digits + sizeof(digits);

    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(at);
}

static void say_call(const char *code, const struct run_call *call)
{
    say(isatty(OUTPUT_STDERR) == 1 ? "\nerror["
                                   : "error["); /* behind the progress line */
    say(code);
    say("]: stage '");
    say(call->stage->name);
    say("', worker ");
    say_number(call->worker);
    say(", ");
}

static void say_plugin(const struct run_call *call, const char *outlook)
{
    say(" in ");
    say(call->name != NULL ? call->name : "a call");
    say("\n   = plugin ");
    say_printable(call->stage->plugin->path);
    say(outlook);
}

/*
 * Whether this thread is the first.  Any other one waits here: for the end, which the first one brings, or at least until
 * that has told.  Not for ever, for what was there before us may know a way to go on.
 */
static bool is_first(void)
{
    uint32_t self = thread_id();
    uint32_t first = 0;

    if (atomic_compare_exchange_strong_explicit(
            &teller, &first, self, memory_order_relaxed, memory_order_relaxed))
        return true;
    if (first != self)
        futex_wait(&teller, first, END_NS);
    return false; /* or it has crashed again while it told */
}

/* Whether the signal comes of what this process has done, and not of a kill() from outside or an assertion of ours. */
static bool is_own(const siginfo_t *info)
{
    bool sent = info->si_code <= 0;

    return !assert_has_failed() &&
           (!sent || (info->si_code == SI_TKILL && info->si_pid == our_pid));
}

/* Whether nobody but us handles the signal: it ends the process then. */
static bool is_last(size_t k)
{
    const struct sigaction *b = &before[k];

    return !(b->sa_flags & SA_SIGINFO) &&
           (b->sa_handler == SIG_DFL || b->sa_handler == SIG_IGN);
}

/* Lets what was there before have the signal, which it gets when the handler has returned. */
static void pass_on(size_t k, const siginfo_t *info)
{
    (void)sigaction(faults[k].number, &before[k], NULL);
    if (info->si_code <=
        0) /* somebody has sent it: else the fault comes again by itself */
        (void)raise(faults[k].number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    /* A1: pairs with R1 in crash_watch(). */
    const struct run *run = atomic_load_explicit(&watched, memory_order_acquire);
    struct run_call call;
    size_t k = 0;

    (void)context;
    while (k + 1 < FAULTS && faults[k].number != number)
        k++;
    if (run != NULL && getpid() == our_pid && is_own(info) && run_call_here(run, &call) &&
        is_first()) {
        say_call("R604", &call);
        say("crashed with ");
        say(faults[k].name);
        say_plugin(&call, is_last(k) ? the_end : "; another handler has it next\n");
    }
    pass_on(k, info);
    errno = saved;
}

/* The process ends while a run is under way: only a plugin can have wanted that. */
static void at_exit(void)
{
    /* A1: pairs with R1 in crash_watch(). */
    const struct run *run = atomic_load_explicit(&watched, memory_order_acquire);
    struct run_call call;

    if (run == NULL || getpid() != our_pid)
        return;
    if (!is_first())
        _exit(EXITS_FAILED);
    if (run_call_here(run, &call)) {
        say_call("R605", &call);
        say("has called exit()");
        say_plugin(&call, the_end);
    } else {
        say("error[R605]: a thread of a plugin has called exit(); items under way are not "
            "finished\n");
    }
    _exit(EXITS_FAILED);
}

/* sigaction() fails for numbers that are no signals, which these are not. */
static void must(bool ok)
{
    PPH_ASSERT(ok);
}

void crash_watch(struct run *run)
{
    static _Alignas(64) char stack[THREAD_FAULT_STACK]; /* [control], as the next */
    static bool registered;
    struct sigaction action;

    PPH_ASSERT(run != NULL);
    (void)thread_set_fault_stack(stack, sizeof(stack));
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    our_pid = getpid();
    /* R1: pairs with A1 in on_fault() and at_exit(). */
    atomic_store_explicit(&watched, run, memory_order_release);
    for (size_t k = 0; k < FAULTS; k++)
        must(sigaction(faults[k].number, &action, &before[k]) == 0);
    /* Each thread that exits takes one of them.  Without memory for it an exit() is not told, and no worse. */
    for (int k = 0; !registered && k < EXITS_AT_ONCE; k++)
        (void)atexit(at_exit);
    registered = true;
}

void crash_unwatch(void)
{
    for (size_t k = 0; k < FAULTS; k++)
        must(sigaction(faults[k].number, &before[k], NULL) == 0);
    /* Relaxed: no data is published, and who comes late only finds that there is no run. */
    atomic_store_explicit(&watched, NULL, memory_order_relaxed);
}
