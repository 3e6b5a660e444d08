/* SPDX-License-Identifier: MIT */
/* The run of a pipeline: its control thread, how it ends, and what is said of it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "embed/fault.h"
#include "embed/pipeline.h"
#include "observe/report.h"
#include "observe/results.h"

enum {
    TICK_MS = 100,
    /* How long pph_free() waits, also for calls that keep the control thread from looking at the time. */
    OVERDUE_MS = (RUN_GRACE_S + 1) * 1000,
};

static void on_log(void *arg, int level, const struct graph_stage *stage,
                   const char *message)
{
    struct pph_pipeline *p = arg;
    struct text masked = {0};

    if (!mask_is_empty(p->mask)) {
        mask_text(p->mask, message, strlen(message), &masked);
        message = text_get(&masked); /* without memory: nothing */
    }
    mutex_lock(&p->log_lock);
    if (p->log)
        p->log(p->log_arg, level, stage ? stage->name : NULL, message);
    mutex_unlock(&p->log_lock);
    text_fini(&masked);
}

static const void *on_ext(void *arg, const char *id)
{
    return strcmp(id, PIPELINE_EXT) == 0 ? arg : NULL;
}

/* Tells the run what is asked of it, each once. */
static void tell_locked(struct pph_pipeline *p, bool drain) REQUIRES(p->lock);
static void tell_locked(struct pph_pipeline *p, bool drain)
{
    if (p->run && p->cancel && !p->told_cancel) {
        p->told_cancel = true;
        run_stop(p->run);
    } else if (p->run && drain && !p->cancel && !p->told_drain) {
        p->told_drain = true;
        (void)run_signal(p->run);
    }
}

/* Calls have not returned after a stop: who waits for the end need not wait for it any longer. */
static void on_overdue(void *arg, struct run *run)
{
    struct pph_pipeline *p = arg;

    (void)run;
    mutex_lock(&p->lock);
    p->overdue = true;
    cond_broadcast(&p->changed);
    mutex_unlock(&p->lock);
}

/*
 * A push stage whose readers want no more has finished, though nobody has told it.  Returns whether any may
 * still send what was pushed.
 */
static bool look_at_inputs(struct pph_pipeline *p)
{
    bool live = false;

    for (size_t k = 0; k < p->n_ends; k++) {
        struct end *end = &p->ends[k];

        if (!end->is_push)
            continue;
        if (p->view.stages[end->index].finished)
            end_close(end, END_UNWANTED);
        else
            live = true;
    }
    return live;
}

/* Whether the run can go on only by what the program does; see run_is_at_rest(). */
static bool is_at_rest(struct pph_pipeline *p, struct run *run)
{
    bool ends[STAGES_MAX] = {false};
    uint64_t moved;
    bool same;
    bool rests;

    for (size_t k = 0; k < p->n_ends; k++)
        ends[p->ends[k].index] = true;
    rests = run_is_at_rest(run, ends, &moved);
    same = moved == p->moved;
    p->moved = moved;
    for (size_t k = 0; rests && k < p->n_ends; k++) {
        struct end *end = &p->ends[k];

        mutex_lock(&end->lock);
        rests =
            end->is_push || end->stage_waits || p->view.stages[end->index].running == 0;
        mutex_unlock(&end->lock);
    }
    return rests && same;
}

static void on_tick(void *arg, struct run *run)
{
    struct pph_pipeline *p = arg;
    bool live;

    run_view(run, &p->view);
    progress_sample(p->progress, &p->view);
    live = look_at_inputs(p);
    if (is_at_rest(p, run))
        rest_found(&p->rest);
    else
        rest_disturb(&p->rest);
    mutex_lock(&p->lock);
    tell_locked(p,
                p->drain && !live); /* the sources that are left are not the program's */
    mutex_unlock(&p->lock);
}

static enum pph_run_state state_of(enum run_end end)
{
    switch (end) {
    case RUN_DONE:
        return PPH_RUN_DONE;
    case RUN_DRAINED:
        return PPH_RUN_DRAINED;
    case RUN_STOPPED:
        return PPH_RUN_STOPPED;
    case RUN_FAILED:
    case RUN_STALLED:
    case RUN_BAD_COUNT:
        break;
    }
    return PPH_RUN_FAILED;
}

static char *take_text(struct text *text)
{
    char *copy = text->failed ? NULL : strdup(text_get(text));

    text_fini(text);
    return copy;
}

/* All there is to say of the run, while there is one. */
static struct result result_of(struct pph_pipeline *p, struct run *run, enum run_end end)
{
    struct result result = {.state = state_of(end), .account = *run_account(run)};
    struct report report = {.graph = p->prepared.graph,
                            .end = end,
                            .account = &result.account,
                            .view = &p->view,
                            .progress = p->progress,
                            .mask = p->mask};
    struct text failure = {0};
    struct text summary = {0};

    run_view(run, &p->view);
    progress_sample(p->progress, &p->view);
    for (size_t k = 0; k < p->n_ends; k++) {
        if (p->ends[k].is_push)
            result.read_by_push += p->view.stages[p->ends[k].index].items_out;
    }
    report.n_failures = run_failures(run, &report.failures);
    report_failures(&report, REPORT_ERRORS_ONLY, &failure);
    report_failures(&report, REPORT_ALL, &summary);
    report_summary(&report, &summary);
    results_table(run, p->prepared.graph, p->mask, RESULTS_ROWS, &summary);
    if (end == RUN_STALLED || end == RUN_BAD_COUNT) {
        report_bug(run_bug_report(run), &failure);
        report_bug(run_bug_report(run), &summary);
    }
    result.failure = take_text(&failure);
    result.summary = take_text(&summary);
    return result;
}

/*
 * The run has ended, or could not begin.  The ends know it before those who wait for the end of the run do, so that what
 * they ask next is answered right.
 */
static void finish(struct pph_pipeline *p, const struct result *result)
{
    mutex_lock(&p->lock);
    p->run = NULL;
    p->result = *result;
    p->decided = true;
    mutex_unlock(&p->lock);
    for (size_t k = 0; k < p->n_ends; k++)
        end_close(&p->ends[k], END_OVER);
    for (size_t k = 0; k < p->n_ends; k++) {
        struct end *end = &p->ends[k];

        mutex_lock(&end->lock); /* also when it was closed before */
        end->complete = true;
        cond_broadcast(&end->moved);
        mutex_unlock(&end->lock);
    }
    mutex_lock(&p->lock);
    p->ended = true;
    cond_broadcast(&p->changed);
    mutex_unlock(&p->lock);
}

static void *control(void *arg)
{
    struct pph_pipeline *p = arg;
    struct result result;
    struct run *run;
    enum run_end end;

    mutex_lock(&p->lock);
    run = p->run;
    mutex_unlock(&p->lock);
    end = run_execute(run);
    result = result_of(p, run, end);
    rest_remove(&p->rest);
    finish(p, &result);
    run_free(run);
    pipeline_unref(p);
    return NULL;
}

/* The run could not begin: says so here and to all who ask later.  Returns 0. */
static int fail_start(struct pph_pipeline *p, const char *why,
                      struct pph_error **ret_error)
{
    struct result result = {.state = PPH_RUN_FAILED};
    struct text text = {0};

    text_printf(&text, "error: %s\n", why);
    fault_set_text(ret_error, text_get(&text));
    result.failure = take_text(&text);
    finish(p, &result);
    return 0;
}

int pph_start(struct pph_pipeline *pipeline, struct pph_error **ret_error)
{
    struct pph_pipeline *p = pipeline;
    struct run_options options = {.tick_ms = TICK_MS,
                                  .tick = on_tick,
                                  .log = on_log,
                                  .log_level = p->log_level,
                                  .arg = p,
                                  .overdue = on_overdue,
                                  .ext = on_ext};
    struct error err = {""};
    pthread_t thread;
    struct run *run;
    bool before;
    int rc;

    mutex_lock(&p->lock);
    before = p->started;
    p->started = true;
    mutex_unlock(&p->lock);
    if (before) {
        fault_set(ret_error, "A704",
                  "the pipeline '%s' was started before: load it again", p->name);
        return 0;
    }
    run = run_new(p->prepared.graph, &options, &err);
    if (!run)
        return fail_start(p, err.text, ret_error);
    pipeline_ref(p);
    rest_add(&p->rest);
    mutex_lock(&p->lock);
    p->run = run;
    tell_locked(p, false);
    rc = thread_start(&thread, "pphost-control", control, p);
    if (rc == 0) {
        p->thread = thread;
        p->has_thread = true;
    } else {
        p->run = NULL;
    }
    mutex_unlock(&p->lock);
    if (rc == 0)
        return 1;
    rest_remove(&p->rest);
    rest_joined();
    run_free(run);
    error_set_errno(&err, rc, "no thread could be started");
    (void)fail_start(p, err.text, ret_error);
    pipeline_unref(p);
    return 0;
}

void pph_drain(struct pph_pipeline *pipeline)
{
    rest_disturb(&pipeline->rest);
    for (size_t k = 0; k < pipeline->n_ends; k++) {
        if (pipeline->ends[k].is_push)
            end_close(&pipeline->ends[k], END_DRAINED);
    }
    mutex_lock(&pipeline->lock);
    pipeline->drain = true;
    mutex_unlock(&pipeline->lock);
}

void pph_cancel(struct pph_pipeline *pipeline)
{
    rest_disturb(&pipeline->rest);
    mutex_lock(&pipeline->lock);
    pipeline->cancel = true;
    tell_locked(pipeline, false);
    mutex_unlock(&pipeline->lock);
}

void pph_free(struct pph_pipeline *pipeline)
{
    struct pph_pipeline *p = pipeline;
    pthread_t thread = 0;
    uint64_t deadline = clock_now_ns() + (uint64_t)OVERDUE_MS * NS_PER_MS;
    bool has_thread;
    bool ended;

    if (!p)
        return;
    mutex_lock(&p->lock);
    p->freed = true;
    has_thread = p->has_thread;
    if (has_thread)
        thread = p->thread;
    mutex_unlock(&p->lock);
    pph_cancel(p);
    for (size_t k = 0; k < p->n_ends; k++)
        end_close(&p->ends[k], END_FREED);
    mutex_lock(&p->lock);
    while (has_thread && !p->ended && !p->overdue &&
           cond_wait_until(&p->changed, &p->lock, deadline)) {
    }
    ended = p->ended;
    if (has_thread && !ended && !p->overdue) { /* control itself is in a call */
        p->overdue = true;
        cond_broadcast(&p->changed);
    }
    mutex_unlock(&p->lock);
    if (has_thread && ended) {
        thread_join(thread);
        rest_joined();
    } else if (has_thread) {
        thread_detach(thread); /* it frees what it uses when the calls return, if ever */
    }
    mutex_lock(&p->log_lock);
    p->log = NULL; /* what it was called with may be gone */
    mutex_unlock(&p->log_lock);
    pipeline_unref(p);
}
