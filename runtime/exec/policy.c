/* SPDX-License-Identifier: MIT */
#include "exec/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock_order.h"
#include "base/units.h"
#include "exec/emit.h"
#include "exec/host.h"
#include "exec/inbox.h"
#include "exec/instance.h"
#include "exec/order.h"
#include "exec/rejects.h"
#include "exec/results.h"
#include "exec/workers.h"

enum {
    FAILURES_MAX = 64, /* different ones that are kept; more are counted as the last */
    LOG_LEVEL_DETAIL = 7,
    SHORT_MAX =
        128, /* of a message that there was no memory for: its start is kept here */
};

struct failures {
    struct mutex lock;
    struct run_failure list[FAILURES_MAX] GUARDED_BY(lock);
    char short_messages[FAILURES_MAX][SHORT_MAX] GUARDED_BY(lock);
    size_t n GUARDED_BY(lock);
};

struct failures *failures_new(void)
{
    struct failures *failures = calloc(1, sizeof(*failures));

    if (!failures)
        return NULL;
    mutex_init(&failures->lock);
    lock_order_set(&failures->lock, "failures.lock", LOCKS_ALONE, 0);
    return failures;
}

static void forget(struct failures *failures, size_t k)
{
    struct run_failure *f = &failures->list[k];

    if (f->message != failures->short_messages[k])
        free((char *)(uintptr_t)f->message);
    free((char *)(uintptr_t)f->origin);
}

static void keep(struct failures *failures, size_t k, const struct run_failure *f)
{
    struct run_failure *slot = &failures->list[k];
    char *message = strdup(f->message);

    *slot = *f;
    slot->count = 1;
    slot->origin = f->origin ? strdup(f->origin) : NULL;
    slot->message = message;
    if (!message) { /* what failed may well be the lack of memory */
        (void)snprintf(failures->short_messages[k], SHORT_MAX, "%s", f->message);
        slot->message = failures->short_messages[k];
    }
}

void failures_free(struct failures *failures)
{
    if (!failures)
        return;
    for (size_t k = 0; k < failures->n; k++)
        forget(failures, k);
    mutex_fini(&failures->lock);
    free(failures);
}

size_t failures_get(const struct failures *failures,
                    const struct run_failure **ret_failures)
{
    *ret_failures = failures->list;
    return failures->n;
}

/* Adds a failure, or counts it with one of the same stage and text.  Keeps copies of the strings. */
static void add(struct failures *failures, const struct run_failure *f)
{
    mutex_lock(&failures->lock);
    for (size_t k = 0; k < failures->n; k++) {
        struct run_failure *old = &failures->list[k];

        if (old->stage == f->stage && strcmp(old->what, f->what) == 0 &&
            strcmp(old->message, f->message) == 0) {
            old->count++;
            old->fatal = old->fatal || f->fatal;
            mutex_unlock(&failures->lock);
            return;
        }
    }
    if (failures->n == FAILURES_MAX) {
        struct run_failure *last = &failures->list[FAILURES_MAX - 1];

        if (f->fatal && !last->fatal) { /* what ended the run is told in any case */
            uint64_t count = last->count;

            forget(failures, FAILURES_MAX - 1);
            keep(failures, FAILURES_MAX - 1, f);
            last->count += count;
        } else {
            last->count++;
        }
    } else {
        keep(failures, failures->n++, f);
    }
    mutex_unlock(&failures->lock);
}

static void record(struct stage *s, struct instance *i, const char *what,
                   const char *message, const struct pph_item *item, bool fatal)
{
    const struct root *root = i ? i->root : NULL;
    struct run_failure failure = {
        .stage = s->graph,
        .what = what,
        .message = message,
        .worker = i ? i->index : 0,
        .fatal = fatal,
    };

    if (item) {
        failure.pos = item->pos;
        failure.attempt = i->tries + 1;
        failure.attempts = s->graph->desc->retry.times + 1;
        failure.halved_from = i->halved_from;
        failure.among = i->among;
    }
    if (root && root->origin)
        failure.origin = root->origin->name;
    else if (i && i->origin)
        failure.origin = i->origin->name;
    if (root)
        failure.pos_unit = root->pos_unit;
    add(s->run->failures, &failure);
    if (i && fatal && s->desc->kind == PPH_TASK)
        results_fail(i, message);
}

void policy_cancel(struct run *run)
{
    atomic_store_explicit(&run->cancel, 1, memory_order_relaxed);
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        inbox_drop(s, COUNT_UNFINISHED);
        if (s->window > 0)
            order_release_waiting(s);
        stage_cancel_calls(s);
    }
    workers_end(run->workers);
}

void policy_stage_failed(struct stage *s, struct instance *i, const char *what,
                         const char *message)
{
    record(s, i, what, message, NULL, true);
    atomic_store_explicit(&s->run->fatal, 1, memory_order_relaxed);
    policy_cancel(s->run);
}

void policy_run_failed(struct run *run, const char *what, const char *message)
{
    const struct run_failure failure = {.what = what, .message = message, .fatal = true};

    add(run->failures, &failure);
    atomic_store_explicit(&run->fatal, 1, memory_order_relaxed);
    policy_cancel(run);
}

void policy_worker_failed(struct instance *i, const char *what, const char *message)
{
    results_fail(i, message);
    record(i->stage, i, what, message, NULL, true);
    atomic_store_explicit(&i->stage->run->fatal, 1, memory_order_relaxed);
}

void policy_also_failed(struct instance *i)
{
    record(i->stage, i, atomic_load_explicit(&i->doing, memory_order_relaxed),
           i->fail_text, NULL, true);
}

void policy_misuse(struct instance *i, const char *message)
{
    policy_stage_failed(i->stage, i, "rules", message);
}

/* What the plugin has said, or what may explain that it says nothing. */
static const char *words_of(const struct instance *i)
{
    if (i->failed && i->fail_text[0])
        return i->fail_text;
    return i->refused ? "no reason given; it had asked for memory that there was not"
                      : "no reason given";
}

void policy_task_failed(struct instance *i)
{
    if (i->failed ||
        !i->result_failed) /* else its result is what failed, and that is told */
        policy_worker_failed(i, "task", words_of(i));
}

void policy_bad_return(struct instance *i, const char *call, int rc)
{
    char text[320];
    const char *said = words_of(i);

    if (rc == PPH_FATAL && !i->failed && run_cancelled(i->stage->run))
        return; /* it passes on what the host has told it */
    if (rc == PPH_FATAL || rc == PPH_FAIL || rc == PPH_RETRY)
        policy_stage_failed(i->stage, i, call, said);
    else {
        (void)snprintf(text, sizeof(text), "%s() returned %d, which it may not", call,
                       rc);
        policy_misuse(i, text);
    }
}

/* Twice as long each time. */
static uint64_t backoff(const struct retry *retry, uint32_t tries)
{
    uint64_t wait = retry->backoff_ns;

    for (uint32_t k = 0; k < tries && wait < retry->backoff_max_ns; k++)
        wait *= 2; /* of at most a day: no overflow */
    return wait < retry->backoff_max_ns ? wait : retry->backoff_max_ns;
}

static void say_again(const struct instance *i, const struct pph_item *item, uint32_t n,
                      uint64_t wait_ns)
{
    struct run *run = i->stage->run;
    char what[64];
    char time[32];

    if (!run->options.log || run->options.log_level < LOG_LEVEL_DETAIL)
        return;
    if (n > 1)
        (void)snprintf(what, sizeof(what), "%u items", n);
    else if (item->pos > 0)
        (void)snprintf(what, sizeof(what), "item %llu", (unsigned long long)item->pos);
    else
        (void)snprintf(what, sizeof(what), "an item");
    host_log(run, i->stage, LOG_LEVEL_DETAIL,
             "%s failed (attempt %u of %u), and again in %s: %s", what, i->tries + 1,
             i->stage->graph->desc->retry.times + 1,
             units_show_time(wait_ns, time, sizeof(time)), words_of(i));
}

bool policy_tries_again(struct instance *i, const struct pph_item *item, uint32_t n,
                        uint64_t *ret_at_ns)
{
    const struct run *run = i->stage->run;
    const struct retry *retry = &i->stage->graph->desc->retry;
    uint64_t wait;

    if (i->tries >= retry->times || run_cancelled(run))
        return false;
    wait = backoff(retry, i->tries);
    if (atomic_load_explicit(&run->draining, memory_order_relaxed))
        wait = 0;
    *ret_at_ns = wait > 0 ? clock_now_ns() + wait : 0;
    instance_count(i, i->ledger, COUNT_RETRIED, n);
    say_again(i, item, n, wait);
    return true;
}

bool policy_waits(const struct instance *i)
{
    return !atomic_load_explicit(&i->stage->run->draining, memory_order_relaxed) &&
           clock_now_ns() < i->not_before_ns;
}

bool policy_gives_up(const struct instance *i)
{
    return i->stage->graph->on_error != ON_ERROR_STOP && i->ledger != LEDGER_DEAD;
}

bool policy_item_failed(struct instance *i, const struct pph_item *item)
{
    struct stage *s = i->stage;
    const char *said = words_of(i);
    bool stop = !policy_gives_up(i);

    if (run_cancelled(s->run))
        return false;
    record(s, i, "item", said, item, stop);
    if (stop) {
        atomic_store_explicit(&s->run->fatal, 1, memory_order_relaxed);
        policy_cancel(s->run);
        return false;
    }
    if (s->graph->on_error == ON_ERROR_SKIP) {
        instance_count(i, i->ledger, COUNT_SKIPPED, 1);
        rejects_add(s->run);
        return true;
    }
    if (!emit_dead(i, item, said))
        return false;
    instance_count(i, i->ledger, COUNT_DEAD, 1);
    rejects_add(s->run);
    return true;
}
