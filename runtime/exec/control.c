/* SPDX-License-Identifier: MIT */
#include "exec/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpus.h"
#include "exec/budget.h"
#include "exec/host.h"
#include "exec/instance.h"
#include "exec/policy.h"
#include "exec/ready.h"
#include "exec/rejects.h"
#include "exec/stall.h"
#include "exec/take.h"
#include "exec/watchdog.h"
#include "exec/workers.h"

enum {
    ROUND_NS = 100 * NS_PER_MS, /* how long the control thread sleeps at most */
    CPUS_EVERY_MS = 10000,
};

/* Whether calls of the stage may be held until an item is tried again. */
static bool tries_again(const struct stage *s)
{
    return s->graph->desc->retry.times > 0;
}

/* Sources read no more; what they have read is delivered. */
static void drain(struct run *run)
{
    if (atomic_exchange_explicit(&run->draining, 1, memory_order_relaxed))
        return;
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        if (s->graph->is_source)
            stage_cancel_calls(s);
        if (s->graph->is_source || tries_again(s) ||
            stage_gathers(s)) /* which waits no more then */
            stage_make_ready(s);
    }
}

static void handle_signals(struct run *run)
{
    uint32_t signals = atomic_load_explicit(&run->signals, memory_order_relaxed);

    /* First the stop: a run that has nothing to do would end as drained in between. */
    if (signals > 1 && !run_cancelled(run) && !run_has_ended(run))
        policy_cancel(run);
    if (signals > 0)
        drain(run);
}

/*
 * Whether an instance of the list has waited long enough; if it cannot go on all the same, it waits for something else
 * from now on.  Shortens *wait to the time until the next one has.
 */
static bool is_due(struct instance *list, uint64_t now, uint64_t *wait)
{
    bool due = false;

    for (struct instance *i = list; i; i = i->next) {
        if (i->not_before_ns == 0)
            continue;
        if (i->not_before_ns <= now) {
            i->not_before_ns = 0;
            due = true;
        } else if (i->not_before_ns - now < *wait) {
            *wait = i->not_before_ns - now;
        }
    }
    return due;
}

/* The same for the stage as a whole: a source that its rate holds back. */
static bool stage_is_due_locked(struct stage *s, uint64_t now, uint64_t *wait)
    REQUIRES(s->lock);
static bool stage_is_due_locked(struct stage *s, uint64_t now, uint64_t *wait)
{
    if (s->wake_ns == 0)
        return false;
    if (s->wake_ns > now) {
        *wait = s->wake_ns - now < *wait ? s->wake_ns - now : *wait;
        return false;
    }
    s->wake_ns = 0;
    s->told_ns = 0;
    return true;
}

/*
 * Makes stages ready where somebody has waited long enough: a source that was idle or too fast, an item that is tried again.
 * Returns how long until the next one.
 */
static uint64_t wake_waiting(struct run *run)
{
    uint64_t now = clock_now_ns();
    uint64_t wait = ROUND_NS;

    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];
        bool due;

        if (!s->graph->is_source && !tries_again(s) && !stage_gathers(s))
            continue;
        mutex_lock(&s->lock);
        due = is_due(s->graph->is_source ? s->free : s->held, now, &wait);
        due = stage_is_due_locked(s, now, &wait) || due;
        mutex_unlock(&s->lock);
        if (due)
            stage_make_ready(s);
    }
    return wait;
}

/*
 * `threads: auto`: as many threads as CPUs may be used, which changes with quotas and affinity.  Returns how long until
 * the next look.
 */
static uint64_t follow_cpus(struct run *run)
{
    uint64_t every =
        run->options.cpus_every_ms ? run->options.cpus_every_ms : CPUS_EVERY_MS;
    uint64_t now = clock_now_ns();
    unsigned before = workers_slots(run->workers);
    unsigned cpus;
    bool quota;

    if (!run->graph->threads_auto || run->options.single_thread)
        return ROUND_NS;
    if (now < run->next_cpus_ns)
        return run->next_cpus_ns - now;
    if (run->next_cpus_ns > 0) { /* at first they are as the graph says */
        cpus = run->options.cpus ? run->options.cpus(run->options.arg, &quota)
                                 : cpus_under("", &quota);
        cpus = cpus < THREADS_MAX ? cpus : THREADS_MAX;
        if (cpus != before) {
            workers_resize(run->workers, cpus);
            host_log(run, NULL, 6, "%u CPUs may be used now, and not %u: %u threads work",
                     cpus, before, workers_slots(run->workers));
        }
        workers_spin(run->workers, !quota);
    }
    run->next_cpus_ns = now + every * NS_PER_MS;
    return every * NS_PER_MS;
}

/* Progress, when it is time; returns how long until the next. */
static uint64_t tick(struct run *run)
{
    uint64_t every = (uint64_t)run->options.tick_ms * NS_PER_MS;
    uint64_t now = clock_now_ns();

    if (every == 0 || !run->options.tick)
        return ROUND_NS;
    if (now >= run->next_tick_ns) {
        run->options.tick(run->options.arg, run);
        run->next_tick_ns = now + every;
    }
    return run->next_tick_ns - now;
}

/* Calls that do not return after a stop: names them and ends the process, if it is ours. */
static void enforce_grace(struct run *run)
{
    unsigned grace = run->options.grace_s ? run->options.grace_s : RUN_GRACE_S;
    uint64_t now = clock_now_ns();

    if (!run_cancelled(run))
        return;
    if (run->cancel_ns == 0)
        run->cancel_ns = now;
    if (run->said_overdue || now - run->cancel_ns < grace * (uint64_t)NS_PER_S)
        return;
    run->said_overdue = true;
    watch_name_busy(run, 3, "did not return after the stop");
    if (run->options.overdue) {
        run->options.overdue(run->options.arg, run);
        return;
    }
    host_log(run, NULL, 3,
             "giving up after %u s: the process ends without the plugins' clean-up",
             grace);
    _exit(run_exit_after_stop(run));
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Returns how long until the next round at the latest. */
static uint64_t round_of_duties(struct run *run)
{
    uint64_t next = ROUND_NS;

    handle_signals(run);
    enforce_grace(run);
    rejects_look(run);
    budget_look_later(run);
    watch_look(run);
    next = sooner(next, follow_cpus(run));
    next = sooner(next, watchdog_look(run));
    next = sooner(next, wake_waiting(run));
    return sooner(next, tick(run));
}

void control_loop(struct run *run)
{
    while (workers_alive(run->workers) > 0) {
        uint32_t seen =
            atomic_load_explicit(&run->control, memory_order_acquire); /* A3 */
        uint64_t wait = round_of_duties(run);

        if (workers_alive(run->workers) > 0)
            futex_wait(&run->control, seen, wait < ROUND_NS ? wait + 1 : ROUND_NS);
    }
}

void control_pause(struct run *run, bool wait)
{
    uint32_t seen = atomic_load_explicit(&run->control, memory_order_acquire); /* A3 */
    uint64_t time = round_of_duties(run);

    for (unsigned word = 0; word < STAGE_WORDS; word++)
        wait = wait && !atomic_load_explicit(&run->ready[word], memory_order_relaxed);
    if (wait && !run_cancelled(run) && !run_has_ended(run))
        futex_wait(&run->control, seen, time < ROUND_NS ? time + 1 : ROUND_NS);
}

static void report_late(struct instance *i, const char *call)
{
    if (i->failed_late)
        policy_stage_failed(i->stage, i, call,
                            i->fail_text[0] ? i->fail_text : "no reason given");
    i->failed_late = false;
}

void control_report_late(struct run *run, const char *call)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        for (unsigned w = 0; w < s->n_instances; w++)
            report_late(&s->instances[w], call);
        report_late(s->control, call);
    }
}
