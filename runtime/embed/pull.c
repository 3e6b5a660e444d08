/* SPDX-License-Identifier: MIT */
/*
 * `use: pull`: the stage's batch() copies its items into a block, the program takes it out.
 *
 * The stage runs on the pool.  When the program is behind, it waits for room with its slot lent to others, so that a slow
 * program holds up what feeds this stage and nothing else.
 */
#include <stdlib.h>

#include "embed/end.h"
#include "embed/fault.h"
#include "embed/pipeline.h"
#include "plugin/registry.h"

struct pph_output {
    struct handle handle;
};

struct pph_output *pph_output_open(struct pph_pipeline *pipeline, const char *stage,
                                   struct pph_error **ret_error)
{
    return (struct pph_output *)handle_open(pipeline, false, stage, ret_error);
}

void pph_output_free(struct pph_output *output)
{
    if (!output)
        return;
    handle_close(&output->handle, END_UNWANTED);
    handle_free(&output->handle);
}

/* A part of the first block, copied, so that each has an owner; NULL: no memory, and nothing has changed. */
static struct block *split_locked(struct end *end, size_t n) REQUIRES(end->lock);
static struct block *split_locked(struct end *end, size_t n)
{
    struct block *head = end->head;
    size_t bytes = items_bytes(head->given.items, n);
    struct block *part = block_new(n, bytes);

    if (!part)
        return NULL;
    block_add(part, head->given.items, n);
    head->given.items += n;
    head->given.n -= n;
    head->bytes -= bytes;
    end->items -= n;
    end->bytes -= bytes;
    return part;
}

/* Takes up to `max` items (0: a block) out, of which there are some; NULL: no memory. */
static struct block *take_locked(struct end *end, size_t max) REQUIRES(end->lock);
static struct block *take_locked(struct end *end, size_t max)
{
    struct block *block = max == 0 || max >= end->head->given.n ? end_take_locked(end)
                                                                : split_locked(end, max);

    if (!block)
        return NULL;
    end->passed += block->given.n;
    if (end->head && end->waiting > 0)
        cond_signal(&end->moved); /* there is something for another one, too */
    /* Not for each block: the stage would wake up, find room for one, and sleep again. */
    if (end->stage_waits && end->items <= end->max_items / 2)
        cond_signal(&end->stage_moved);
    return block;
}

static bool is_over_locked(const struct end *end) REQUIRES(end->lock);
static bool is_over_locked(const struct end *end)
{
    return end->complete || end->closed == END_FREED;
}

/* Nothing is left, and nothing will come. */
static enum pph_pull_answer say_end(struct end *end, bool complete,
                                    struct pph_error **ret_error)
{
    enum pph_run_state state;

    if (!complete) {
        pipeline_explain(end, END_FREED, ret_error);
        return PPH_PULL_FAILED;
    }
    state = pipeline_state(end->pipeline, NULL);
    if (state != PPH_RUN_FAILED && state != PPH_RUN_STOPPED)
        return PPH_PULL_CLOSED;
    (void)pipeline_state(end->pipeline, ret_error);
    return PPH_PULL_FAILED;
}

enum pph_pull_answer pph_pull(struct pph_output *output, size_t max, int64_t timeout_ms,
                              struct pph_items **ret_items, struct pph_error **ret_error)
{
    struct end *end = output->handle.end;
    struct await await = await_begin(timeout_ms);
    struct block *block = NULL;
    bool goes_on = true;
    bool complete;
    bool over;
    bool some;

    rest_disturb(&end->pipeline->rest);
    mutex_lock(&end->lock);
    while (!end->head && !is_over_locked(end) && goes_on) {
        end->waiting++;
        goes_on = await_cond(&await, &end->moved, &end->lock);
        end->waiting--;
    }
    some = end->head != NULL;
    if (some)
        block = take_locked(end, max);
    complete = end->complete;
    over = is_over_locked(end);
    mutex_unlock(&end->lock);
    await_end(&await);
    if (block) {
        *ret_items = &block->given;
        return PPH_PULL_ITEMS;
    }
    if (some) {
        fault_set_no_memory(ret_error);
        return PPH_PULL_FAILED;
    }
    if (over)
        return say_end(end, complete, ret_error);
    if (await.stuck) {
        pipeline_stuck(end->pipeline, ret_error);
        return PPH_PULL_FAILED;
    }
    return PPH_PULL_EMPTY;
}

/* ---- the stage ---- */

static int pull_open(struct pph_ctx *ctx)
{
    struct pph_pipeline *pipeline =
        (struct pph_pipeline *)(uintptr_t)ctx->host->ext(ctx, PIPELINE_EXT);

    ctx->shared = pipeline_end(pipeline, ctx->stage);
    return PPH_OK;
}

/* Whether the block may go in, or never will. */
static bool may_go_on_locked(const struct end *end, const struct block *block)
    REQUIRES(end->lock);
static bool may_go_on_locked(const struct end *end, const struct block *block)
{
    return end->items == 0 || end_has_room_locked(end, block->n, block->bytes) ||
           end->cancelled || end->closed == END_UNWANTED;
}

static void wait_for_room(struct pph_ctx *ctx, struct end *end, const struct block *block)
{
    ctx->host->block_begin(ctx);
    mutex_lock(&end->lock);
    end->stage_waits = true;
    while (!may_go_on_locked(end, block))
        cond_wait(&end->stage_moved, &end->lock);
    end->stage_waits = false;
    mutex_unlock(&end->lock);
    ctx->host->block_end(ctx);
}

static int pull_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct end *end = ctx->shared;
    struct block *block = block_new(n, items_bytes(items, n));
    int rc = PPH_OK;
    bool waits;

    if (!block)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    block_add(block, items, n);
    mutex_lock(&end->lock);
    waits = !may_go_on_locked(end, block);
    mutex_unlock(&end->lock);
    if (waits) /* nobody else puts anything in: the room stays */
        wait_for_room(ctx, end, block);
    mutex_lock(&end->lock);
    if (end->cancelled) {
        rc = PPH_STOP;
    } else if (end->closed == END_UNWANTED) {
        rc = PPH_END;
    } else {
        end->items += block->n;
        end->bytes += block->bytes;
        end_append_locked(end, block);
        block = NULL;
        if (end->waiting > 0)
            cond_signal(&end->moved);
    }
    mutex_unlock(&end->lock);
    block_free(block);
    return rc;
}

/* After the last item; not when the run stops early. */
static int pull_flush(struct pph_ctx *ctx, int why)
{
    struct end *end = ctx->shared;

    if (why != PPH_FLUSH_END)
        return PPH_OK;
    mutex_lock(&end->lock);
    end->complete = true;
    cond_broadcast(&end->moved);
    mutex_unlock(&end->lock);
    return PPH_OK;
}

static void pull_cancel(struct pph_ctx *ctx)
{
    struct end *end = ctx->shared;

    mutex_lock(&end->lock);
    end->cancelled = true;
    cond_broadcast(&end->stage_moved);
    mutex_unlock(&end->lock);
}

const struct plugin pull_stage = {
    .desc = {.size = sizeof(struct pph_plugin),
             .kind = PPH_CONSUMER,
             .name = REGISTRY_PULL,
             .version = "",
             .doc = "Items that the program takes out.",
             .in = "*",
             .out = "*",
             .open = pull_open,
             .batch = pull_batch,
             .flush = pull_flush,
             .cancel = pull_cancel},
    .path = "(the program's)",
    .shown = REGISTRY_PULL,
};
