/* SPDX-License-Identifier: MIT */
/* What the program is told of a run: how it stands, why an end is closed, what it waits for. */
#include <string.h>

#include "embed/fault.h"
#include "embed/pipeline.h"

enum pph_run_state pipeline_state(struct pph_pipeline *pipeline,
                                  struct pph_error **ret_error)
{
    enum pph_run_state state = PPH_RUN_GOES_ON;
    const char *failure = NULL;
    bool freed;

    mutex_lock(&pipeline->lock);
    if (pipeline->decided) {
        state = pipeline->result.state;
        failure = pipeline->result.failure;
    }
    freed = pipeline->freed;
    mutex_unlock(&pipeline->lock);
    if (state == PPH_RUN_STOPPED)
        fault_set(ret_error, "A708",
                  "the run of '%s' was stopped%s: some items are not finished",
                  pipeline->name, freed ? ", because the pipeline was freed" : "");
    else if (state == PPH_RUN_FAILED && failure)
        fault_set_text(ret_error, failure);
    else if (state == PPH_RUN_FAILED)
        fault_set_no_memory(ret_error);
    return state;
}

void pipeline_describe(struct pph_pipeline *pipeline, struct text *out)
{
    for (size_t k = 0; k < pipeline->n_ends; k++)
        end_describe(&pipeline->ends[k], out);
}

void pipeline_stuck(struct pph_pipeline *pipeline, struct pph_error **ret_error)
{
    struct text why = {0};

    pipeline_describe(pipeline, &why);
    fault_set(
        ret_error, "A706",
        "this wait cannot end: every thread of the program waits without limit, and "
        "the pipeline '%s' waits for the program%s%s",
        pipeline->name, why.len > 0 ? ": " : "", text_get(&why));
    text_fini(&why);
}

/* The words for each reason; NULL: the run tells more of it. */
static const char *reason(enum end_closed why)
{
    switch (why) {
    case END_ALL_CLOSED:
        return "all its handles were closed";
    case END_DRAINED:
        return "the pipeline was drained";
    case END_UNWANTED:
        return "no stage wants more";
    case END_FREED:
        return "the pipeline was freed";
    case END_OVER:
        return "the run has ended";
    case END_OPEN:
        break;
    }
    return "this handle was closed";
}

static bool was_freed(struct pph_pipeline *pipeline)
{
    bool freed;

    mutex_lock(&pipeline->lock);
    freed = pipeline->freed;
    mutex_unlock(&pipeline->lock);
    return freed;
}

void pipeline_explain(struct end *end, enum end_closed why, struct pph_error **ret_error)
{
    const char *kind = end->is_push ? "input" : "output";
    struct pph_error *failure = NULL;
    enum pph_run_state state = PPH_RUN_DONE;

    if (!ret_error)
        return;
    if (why == END_OVER) {
        state = pipeline_state(end->pipeline, &failure);
        if (state == PPH_RUN_STOPPED && was_freed(end->pipeline))
            why = END_FREED; /* which stopped it: its end came first */
    }
    fault_set(ret_error, "A703", "%s '%s' is closed: %s%s%s", kind, end->name,
              reason(why), state == PPH_RUN_FAILED ? "\n" : "",
              state == PPH_RUN_FAILED ? pph_error_text(failure) : "");
    pph_error_free(failure);
}

/* The end of the wait with the lock given back; `state` is of the run. */
static enum pph_run_state give_up(struct pph_pipeline *p, bool stuck,
                                  struct pph_error **ret_error)
{
    struct text why = {0};

    if (stuck) {
        pipeline_stuck(p, ret_error);
        return PPH_RUN_FAILED;
    }
    pipeline_describe(p, &why);
    fault_set(ret_error, "A709", "the run of '%s' is still under way%s%s", p->name,
              why.len > 0 ? ": " : "", text_get(&why));
    text_fini(&why);
    return PPH_RUN_GOES_ON;
}

enum pph_run_state pph_wait(struct pph_pipeline *pipeline, int64_t timeout_ms,
                            struct pph_error **ret_error)
{
    struct pph_pipeline *p = pipeline;
    struct await await = await_begin(timeout_ms);
    enum pph_run_state state;
    bool started;
    bool ended;

    mutex_lock(&p->lock);
    started = p->started;
    p->refs++; /* it may be freed meanwhile */
    while (started && !p->ended && !p->overdue &&
           await_cond(&await, &p->changed, &p->lock)) {
    }
    ended = p->ended;
    mutex_unlock(&p->lock);
    await_end(&await);
    if (ended) {
        state = pipeline_state(p, ret_error);
    } else if (!started) {
        fault_set(ret_error, "A705", "the pipeline '%s' was not started", p->name);
        state = PPH_RUN_FAILED;
    } else {
        state = give_up(p, await.stuck, ret_error);
    }
    pipeline_unref(p);
    return state;
}

enum pph_run_state pph_run(struct pph_pipeline *pipeline, struct pph_error **ret_error)
{
    return pph_start(pipeline, ret_error) ? pph_wait(pipeline, PPH_FOREVER, ret_error)
                                          : PPH_RUN_FAILED;
}

void pph_get_account(struct pph_pipeline *pipeline, struct pph_account *account)
{
    struct pph_account a = {.size = account->size};
    uint64_t read_by_push = 0;
    bool ended;

    mutex_lock(&pipeline->lock);
    ended = pipeline->ended;
    if (ended) {
        const struct run_account *r = &pipeline->result.account;

        a.read = r->read;
        a.split = r->split;
        a.delivered = r->delivered;
        a.dead = r->dead;
        a.skipped = r->skipped;
        a.filtered = r->filtered;
        a.merged = r->merged;
        a.unfinished = r->unfinished;
        a.dropped = r->dropped;
        read_by_push = pipeline->result.read_by_push;
    }
    mutex_unlock(&pipeline->lock);
    for (size_t k = 0; k < pipeline->n_ends; k++) {
        struct end *end = &pipeline->ends[k];

        mutex_lock(&end->lock);
        if (end->is_push) {
            a.pushed += end->passed;
        } else {
            a.pulled += end->passed;
            a.unpulled += end->items;
        }
        mutex_unlock(&end->lock);
    }
    if (ended)
        a.unread = a.pushed - read_by_push;
    memcpy(account, &a, account->size < sizeof(a) ? account->size : sizeof(a));
}

const char *pph_summary(struct pph_pipeline *pipeline)
{
    const char *summary;

    mutex_lock(&pipeline->lock);
    summary = pipeline->ended ? pipeline->result.summary : NULL;
    mutex_unlock(&pipeline->lock);
    return summary ? summary : "";
}
