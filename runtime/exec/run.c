/* SPDX-License-Identifier: MIT */
#include "exec/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock_order.h"
#include "exec/account.h"
#include "exec/activation.h"
#include "exec/budget.h"
#include "exec/build.h"
#include "exec/context.h"
#include "exec/control.h"
#include "exec/inbox.h"
#include "exec/instance.h"
#include "exec/limit.h"
#include "exec/pace.h"
#include "exec/policy.h"
#include "exec/ready.h"
#include "exec/rejects.h"
#include "exec/stall.h"
#include "exec/workers.h"

struct run *run_new(const struct graph *graph, const struct run_options *options,
                    struct error *err)
{
    struct run *run = aligned_alloc(64, (sizeof(*run) + 63) & ~(size_t)63);
    bool built;

    if (!run) {
        error_set(err, "out of memory");
        return NULL;
    }
    *run = (struct run){.graph = graph, .options = *options};
    mutex_init(&run->log_lock);
    lock_order_set(&run->log_lock, "run.log_lock", LOCKS_LOG, 1);
    run->pool = chunk_pool_new();
    run->failures = failures_new();
    run->context = context_new(graph->pipeline->context);
    run->watch = watch_new();
    built = run->pool && run->failures && run->context && run->watch &&
            limits_build(run) && build_stages(run);
    if (built)
        budget_init(run);
    if (built)
        run->workers = workers_new(run, graph->threads);
    if (!run->workers) {
        error_set(err, "out of memory");
        run_free(run);
        return NULL;
    }
    return run;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    workers_free(run->workers);
    build_free(run);
    limits_free(run);
    watch_free(run->watch);
    context_free(run->context);
    failures_free(run->failures);
    chunk_pool_free(run->pool);
    mutex_fini(&run->log_lock);
    free(run->bug);
    free(run);
}

/*
 * `open` of every stage, those nearest the sinks first, also after one has failed: the user sees all
 * that is wrong.  False: one failed and was recorded.
 */
static bool open_stages(struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];
        int rc;

        instance_mark(s->control, "open");
        rc = s->desc->open ? s->desc->open(&s->control->ctx) : PPH_OK;
        instance_mark(s->control, NULL);
        s->control->failed_late = false;
        if (rc != PPH_OK) {
            policy_bad_return(s->control, "open", rc);
            continue;
        }
        s->opened = true;
        for (unsigned w = 0; w < s->n_instances; w++)
            s->instances[w].ctx.shared = s->control->ctx.shared;
    }
    return !run_cancelled(run);
}

/* `start` of every instance that the pool will run. */
static bool start_instances(struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        for (unsigned w = 0; !s->own_threads && w < s->n_instances; w++) {
            if (!instance_start(&s->instances[w]))
                return false;
        }
    }
    return true;
}

/* Every stage gets a first look: sources begin, and a stage whose input is empty can finish. */
static void make_all_ready(struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        mutex_lock(&run->stages[k].lock);
        stage_set_ready_locked(&run->stages[k]);
        mutex_unlock(&run->stages[k].lock);
    }
}

/* Runs the stages on threads, from the first `start` to the last thread's end. */
static void run_on_threads(struct run *run)
{
    struct error err = {0};
    bool started = start_instances(run) && workers_start(run->workers, &err);

    if (err.text[0])
        policy_run_failed(run, "threads", err.text);
    started = workers_wait_started(run->workers) && started;
    if (started) {
        make_all_ready(run);
        workers_go(run->workers);
    }
    control_loop(run);
    workers_join(run->workers);
}

static void run_inline(struct run *run)
{
    if (!start_instances(run))
        return;
    make_all_ready(run);
    workers_run_here(run->workers, control_pause);
}

/*
 * A stop that came just when the last stage had finished has stopped nothing: all is delivered, the run
 * counts as drained, and `close` is told to keep what there is.
 */
static void forget_late_stop(struct run *run)
{
    if (run_has_ended(run) && !atomic_load_explicit(&run->fatal, memory_order_relaxed) &&
        !atomic_load_explicit(&run->stalled, memory_order_relaxed))
        atomic_store_explicit(&run->cancel, 0, memory_order_relaxed);
}

/* Frees what an early end left in slots, queues and instances, and counts it. */
static void sweep(struct run *run)
{
    struct batch_memory memory = {.pool = run->pool};

    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        inbox_drop(s, COUNT_UNFINISHED);
        for (unsigned w = 0; w < s->n_instances; w++)
            activation_abandon(&s->instances[w]);
        for (uint32_t t = 0; t < s->window; t++) {
            struct batch *batch;

            while ((batch = batch_list_pop(&s->slots[t].out))) {
                if (batch->readers_done == 0)
                    stage_count(s, batch_ledger(batch), COUNT_UNFINISHED, batch->n);
                batch_free(batch, &memory);
            }
        }
    }
}

static void stop_and_close(struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        for (unsigned w = 0; !s->own_threads && w < s->n_instances; w++)
            instance_stop(&s->instances[w]);
    }
    control_report_late(run, "stop");
    for (size_t k = run->n_stages;
         k-- > 0;) { /* sinks last: they may yet leave nothing behind */
        struct stage *s = &run->stages[k];

        s->control->failed = false;
        s->control->failed_stage = false;
        s->control->failed_late = false;
        instance_mark(s->control, "close");
        if (s->opened && s->desc->close)
            s->desc->close(&s->control->ctx);
        instance_mark(s->control, NULL);
        control_report_late(run, "close");
    }
}

static enum run_end how_it_ended(const struct run *run, bool adds_up)
{
    if (atomic_load_explicit(&run->stalled, memory_order_relaxed))
        return RUN_STALLED;
    if (!adds_up)
        return RUN_BAD_COUNT;
    if (atomic_load_explicit(&run->fatal, memory_order_relaxed))
        return RUN_FAILED;
    if (run_cancelled(run) && !run_has_ended(run))
        return RUN_STOPPED;
    /* A signal that came when all threads had ended has closed no source. */
    return atomic_load_explicit(&run->draining, memory_order_relaxed) ? RUN_DRAINED
                                                                      : RUN_DONE;
}

enum run_end run_execute(struct run *run)
{
    struct text bug = {0};
    bool adds_up;

    run->start_ns = clock_now_ns();
    if (open_stages(run)) {
        if (run->options.single_thread)
            run_inline(run);
        else
            run_on_threads(run);
    }
    forget_late_stop(run);
    rejects_judge(run); /* before `close`, which keeps nothing of a run that failed */
    sweep(run);
    stop_and_close(run);
    run->end_ns = clock_now_ns();
    adds_up = account_check(run, &bug);
    if (!adds_up && !run->bug)
        run->bug = bug.data;
    else
        text_fini(&bug);
    return how_it_ended(run, adds_up);
}

void run_stop(struct run *run)
{
    atomic_fetch_add_explicit(&run->signals, 2, memory_order_relaxed);
    atomic_fetch_add_explicit(&run->control, 1, memory_order_release); /* R3 */
    futex_wake(&run->control, 1);
}

unsigned run_signal(struct run *run)
{
    uint32_t before = atomic_fetch_add_explicit(&run->signals, 1, memory_order_relaxed);

    if (before >= 2)
        _exit(RUN_EXIT_STOPPED); /* a third one: the person means it */
    atomic_fetch_add_explicit(&run->control, 1, memory_order_release); /* R3 */
    futex_wake(&run->control, 1);
    return before + 1;
}

int run_exit_after_stop(const struct run *run)
{
    return atomic_load_explicit(&run->fatal, memory_order_relaxed) ? RUN_EXIT_FAILED
                                                                   : RUN_EXIT_STOPPED;
}

static void view_progress(const struct run *run, struct run_view *view)
{
    bool known = true;
    bool first = true;

    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];
        uint64_t total = 0;
        int unit = PPH_BYTES;

        if (!s->graph->is_source)
            continue;
        for (unsigned w = 0; w < s->n_instances; w++) {
            const struct instance *i = &s->instances[w];
            uint64_t t = atomic_load_explicit(&i->progress_total, memory_order_relaxed);

            view->progress_done +=
                atomic_load_explicit(&i->progress_done, memory_order_relaxed);
            total = t > total ? t : total;
            unit = (int)atomic_load_explicit(&i->progress_unit, memory_order_relaxed);
        }
        known = known && total > 0 && (first || unit == view->progress_unit);
        view->progress_unit = unit;
        view->progress_total += total;
        first = false;
    }
    if (!known)
        view->progress_total = 0;
}

static uint64_t stage_total(const struct stage *s, enum count which)
{
    return stage_counted(s, LEDGER_MAIN, which) + stage_counted(s, LEDGER_DEAD, which);
}

void run_view(const struct run *run, struct run_view *view)
{
    uint64_t end = run->end_ns ? run->end_ns : clock_now_ns();

    *view = (struct run_view){
        .stages = view->stages,
        .elapsed_ns = run->start_ns ? end - run->start_ns : 0,
        .draining = atomic_load_explicit(&run->draining, memory_order_relaxed) != 0,
    };
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];
        struct run_stage_view *v = &view->stages[s->graph->index];

        *v = (struct run_stage_view){
            .stage = s->graph,
            .items_in = stage_total(s, COUNT_IN),
            .items_out = stage_total(s, COUNT_OUT),
            .dead = stage_total(s, COUNT_DEAD),
            .skipped = stage_total(s, COUNT_SKIPPED),
            .dropped = stage_total(s, COUNT_DROPPED),
            .retried = stage_total(s, COUNT_RETRIED),
            .calls = stage_calls(s),
            .busy_ns = stage_busy_ns(s),
            .queue_items = atomic_load_explicit(&s->q_items, memory_order_relaxed),
            .queue_bytes = atomic_load_explicit(&s->q_cost, memory_order_relaxed),
        };
        mutex_lock(&s->lock);
        v->running = s->running;
        v->held_ns = pace_held_ns_locked(s);
        v->finished = s->phase == STAGE_FINISHED;
        mutex_unlock(&s->lock);
    }
    view_progress(run, view);
}

const struct run_account *run_account(const struct run *run)
{
    return &run->account;
}

size_t run_failures(const struct run *run, const struct run_failure **ret_failures)
{
    return failures_get(run->failures, ret_failures);
}

const char *run_bug_report(const struct run *run)
{
    return run->bug ? run->bug : "";
}
