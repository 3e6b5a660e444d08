/* SPDX-License-Identifier: MIT */
#include "embed/end.h"

#include <stdlib.h>
#include <string.h>

#include "base/lock_order.h"
#include "embed/fault.h"
#include "embed/pipeline.h"

bool end_init(struct end *end, struct pph_pipeline *pipeline,
              const struct graph_stage *stage)
{
    *end = (struct end){.pipeline = pipeline,
                        .name = strdup(stage->name),
                        .is_push = stage->plugin == &push_stage,
                        .index = stage->index,
                        .max_items = stage->queue_items,
                        .max_bytes = stage->queue_bytes};
    mutex_init(&end->lock);
    lock_order_set(&end->lock, "end.lock", LOCKS_ALONE, 0);
    cond_init(&end->moved);
    cond_init(&end->stage_moved);
    return end->name != NULL;
}

void end_fini(struct end *end)
{
    struct block *block;

    while ((block = end->head)) {
        end->head = block->next;
        block_free(block);
    }
    cond_fini(&end->stage_moved);
    cond_fini(&end->moved);
    mutex_fini(&end->lock);
    free(end->name);
}

bool end_has_room_locked(const struct end *end, uint64_t items, uint64_t bytes)
{
    return end->items + items <= end->max_items && end->bytes + bytes <= end->max_bytes;
}

void end_append_locked(struct end *end, struct block *block)
{
    block->next = NULL;
    if (end->tail)
        end->tail->next = block;
    else
        end->head = block;
    end->tail = block;
}

struct block *end_take_locked(struct end *end)
{
    struct block *block = end->head;

    if (!block)
        return NULL;
    end->head = block->next;
    if (!end->head)
        end->tail = NULL;
    PPH_ASSERT(end->items >= block_left(block));
    end->items -= block_left(block);
    end->bytes -= block->bytes;
    return block;
}

bool end_calls_locked(struct end *end)
{
    if (end->waiting <= end->called)
        return false; /* those that are on their way see all there is */
    end->called++;
    return true;
}

bool end_await_locked(struct end *end, struct await *await)
{
    bool goes_on;

    end->waiting++;
    goes_on = await_cond(await, &end->moved, &end->lock);
    end->waiting--;
    if (end->called > 0)
        end->called--; /* if it was not this thread that was called, one too many is woken later */
    return goes_on;
}

bool end_must_wake_locked(struct end *end)
{
    if (!end->idle || !end->ctx)
        return false;
    end->idle = false;
    end->wakers++;
    return true;
}

/*
 * The ctx is good until close() of the stage returns, and that waits for wakers.  The call is made without the lock, which
 * is one that nothing may be taken with.
 */
void end_wake(struct end *end)
{
    struct pph_ctx *ctx;

    mutex_lock(&end->lock);
    PPH_ASSERT(end->wakers > 0 && end->ctx);
    ctx = end->ctx;
    mutex_unlock(&end->lock);
    ctx->host->wake(ctx);
    mutex_lock(&end->lock);
    end->wakers--;
    if (end->wakers == 0)
        cond_broadcast(&end->stage_moved);
    mutex_unlock(&end->lock);
}

/* Returns whether end_wake() is to be called without the lock. */
static bool close_locked(struct end *end, enum end_closed why) REQUIRES(end->lock);
static bool close_locked(struct end *end, enum end_closed why)
{
    if (end->closed != END_OPEN)
        return false;
    end->closed = why;
    cond_broadcast(&end->moved);
    cond_broadcast(&end->stage_moved);
    return end_must_wake_locked(end);
}

void end_close(struct end *end, enum end_closed why)
{
    bool wake;

    mutex_lock(&end->lock);
    wake = close_locked(end, why);
    mutex_unlock(&end->lock);
    if (wake)
        end_wake(end);
}

void end_describe(struct end *end, struct text *out)
{
    const char *gap = out->len > 0 ? "; " : "";

    mutex_lock(&end->lock);
    if (end->is_push && end->closed == END_OPEN && end->handles == 0)
        text_printf(out, "%sinput '%s' was not opened", gap, end->name);
    else if (end->is_push && end->closed == END_OPEN)
        text_printf(out, "%sinput '%s' was not closed (%u open %s)", gap, end->name,
                    end->handles, end->handles == 1 ? "handle" : "handles");
    else if (!end->is_push && end->stage_waits)
        text_printf(out, "%soutput '%s' is full: nobody pulls", gap, end->name);
    mutex_unlock(&end->lock);
}

/* Whether the handle that is being opened could be of this end. */
static bool is_meant(const struct end *end, bool is_push, const char *name)
{
    return end->is_push == is_push && (!name || strcmp(end->name, name) == 0);
}

/* There is no end of that name, or no single one. */
static void refuse_name(const struct pph_pipeline *p, bool is_push, const char *name,
                        size_t found, struct pph_error **ret_error)
{
    const char *use = is_push ? "push" : "pull";
    struct text names = {0};

    for (size_t k = 0; k < p->n_ends; k++) {
        if (p->ends[k].is_push == is_push)
            text_printf(&names, "%s%s", names.len ? ", " : "", p->ends[k].name);
    }
    if (found > 1)
        fault_set(ret_error, "A702",
                  "the pipeline '%s' has several stages that say 'use: %s': name one\n"
                  "   = they are: %s\n",
                  p->name, use, text_get(&names));
    else if (names.len == 0)
        fault_set(ret_error, "A701", "the pipeline '%s' has no stage that says 'use: %s'",
                  p->name, use);
    else
        fault_set(ret_error, "A701",
                  "the pipeline '%s' has no stage '%s' that says 'use: %s'\n"
                  "   = those that do: %s\n",
                  p->name, name, use, text_get(&names));
    text_fini(&names);
}

static struct end *find_end(struct pph_pipeline *p, bool is_push, const char *name,
                            struct pph_error **ret_error)
{
    struct end *end = NULL;
    size_t found = 0;

    for (size_t k = 0; k < p->n_ends; k++) {
        if (!is_meant(&p->ends[k], is_push, name))
            continue;
        end = &p->ends[k];
        found++;
    }
    if (found == 1)
        return end;
    refuse_name(p, is_push, name, found, ret_error);
    return NULL;
}

struct handle *handle_open(struct pph_pipeline *pipeline, bool is_push, const char *name,
                           struct pph_error **ret_error)
{
    struct end *end = find_end(pipeline, is_push, name, ret_error);
    struct handle *handle;
    enum end_closed closed;

    if (!end)
        return NULL;
    handle = calloc(1, sizeof(*handle));
    if (!handle) {
        fault_set_no_memory(ret_error);
        return NULL;
    }
    handle->end = end;
    mutex_lock(&end->lock);
    /* The output of a run that has ended may still hold items. */
    closed = is_push || end->closed == END_UNWANTED ? end->closed : END_OPEN;
    if (closed == END_OPEN)
        end->handles++;
    mutex_unlock(&end->lock);
    if (closed != END_OPEN) {
        pipeline_explain(end, closed, ret_error);
        free(handle);
        return NULL;
    }
    pipeline_ref(pipeline);
    rest_disturb(&pipeline->rest);
    return handle;
}

void handle_close(struct handle *handle, enum end_closed why)
{
    struct end *end = handle->end;
    bool wake = false;

    rest_disturb(&end->pipeline->rest);
    mutex_lock(&end->lock);
    if (!handle->closed)
        end->handles--;
    if (!handle->closed && end->handles == 0)
        wake = close_locked(end, why);
    handle->closed = true;
    mutex_unlock(&end->lock);
    if (wake)
        end_wake(end);
}

void handle_free(struct handle *handle)
{
    pipeline_unref(handle->end->pipeline);
    free(handle);
}
