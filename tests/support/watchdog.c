/* SPDX-License-Identifier: MIT */
#include "support/watchdog.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "exec/stage.h"
#include "exec/stall.h"

/* give_up() allocates in a signal handler, and why it may is said there; called by the thread sanitizer. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming) */
const char *__tsan_default_options(void) __attribute__((visibility("default")));
/* NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming) */
const char *__tsan_default_options(void)
{
    return "report_signal_unsafe=0";
}

static unsigned limit_s = WATCHDOG_S;

/* Set before the timer starts; then the handler's own. */
static struct {
    struct run *run;
    uint64_t moved; /* what was counted at the last look */
    unsigned still; /* looks since that has changed */
} watched;

/* Everything that a run counts while it goes on. */
static uint64_t movement(const struct run *run)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        sum += stage_calls(s);
        sum += atomic_load_explicit(&s->q_items, memory_order_relaxed);
        for (unsigned ledger = 0; ledger < LEDGERS; ledger++) {
            for (unsigned which = 0; which < COUNTS; which++)
                sum +=
                    atomic_load_explicit(&s->counts[ledger][which], memory_order_relaxed);
        }
    }
    return sum + atomic_load_explicit(&run->signals, memory_order_relaxed) +
           atomic_load_explicit(&run->live, memory_order_relaxed);
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        abort();
}

/*
 * The run hangs, so there is nothing to lose: this may take locks, though it is in a signal handler.  Where
 * that hangs too, the next alarm finds no handler and ends the process.
 */
static void give_up(void)
{
    struct text state = {0};

    say("watchdog: nothing has moved for a long time; the stages:\n");
    if (signal(SIGALRM, SIG_DFL) == SIG_ERR)
        abort();
    watch_show(watched.run, &state);
    say(text_get(&state));
    abort();
}

static void look(int number)
{
    uint64_t moved = movement(watched.run);

    (void)number;
    watched.still = moved == watched.moved ? watched.still + 1 : 0;
    watched.moved = moved;
    if (watched.still >= limit_s)
        give_up();
}

static void every(unsigned seconds)
{
    struct itimerval time = {.it_interval.tv_sec = (time_t)seconds,
                             .it_value.tv_sec = (time_t)seconds};

    if (setitimer(ITIMER_REAL, &time, NULL) != 0)
        abort();
}

void watchdog_set(unsigned seconds)
{
    limit_s = seconds;
}

void watchdog_begin(struct run *run)
{
    struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};

    watched.run = run;
    watched.still = 0;
    watched.moved = 0;
    if (sigaction(SIGALRM, &action, NULL) != 0)
        abort();
    every(1);
}

void watchdog_end(void)
{
    every(0);
}
