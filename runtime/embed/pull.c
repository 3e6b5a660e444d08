/* SPDX-License-Identifier: MIT */
/*
 * `use: pull`: the stage's batch() copies its items into a block, the program takes it out.
 *
 * The stage runs on the pool.  When the program is behind, it waits for room with its slot lent to others, so that a slow
 * program holds up what feeds this stage and nothing else.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "embed/end.h"
#include "embed/fault.h"
#include "embed/pipeline.h"
#include "exec/program.h"
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

/* One call that pulls. */
struct pulling {
    size_t max;   /* items; 0: what lies in one block */
    uint32_t len; /* an array of items of so many bytes; 0: any items */
    struct await await;
    struct block
        *part; /* an empty block for less than what lies in one; NULL: none was made */
    struct block *block; /* what was taken; NULL: nothing, ... */
    bool some;           /* ... though there was something, ... */
    bool unlike;         /* ... whose first item has not `len` bytes, ... */
    uint32_t other;      /* ... but so many; else there was no memory */
    bool complete, over;
};

/* How many of the block's items are to be taken; 0: the first one is not of that length. */
static uint32_t wanted(const struct pulling *p, const struct block *block)
{
    uint32_t most =
        p->max > 0 && p->max < block_left(block) ? (uint32_t)p->max : block_left(block);

    return p->len > 0 ? block_run(block, p->len, most) : most;
}

/* Of alike items when an array is wanted, else like the block that they come from. */
static uint32_t len_of_part(const struct pulling *p, const struct block *block)
{
    return p->len > 0 ? p->len : block->len;
}

/* Whether the part that was made can take the first n items of the block. */
static bool part_fits(const struct pulling *p, const struct block *block, uint32_t n)
{
    return p->part && p->part->len == len_of_part(p, block) &&
           (p->len > 0 || p->part->cap >= n) && p->part->room >= block_bytes(block, n);
}

/* Makes one that can, without the lock, so that it may not any more.  False: no memory. */
static bool make_part_locked(struct end *end, struct pulling *p, uint32_t n)
    REQUIRES(end->lock);
static bool make_part_locked(struct end *end, struct pulling *p, uint32_t n)
{
    size_t bytes = block_bytes(end->head, n);
    uint32_t len = len_of_part(p, end->head);

    mutex_unlock(&end->lock);
    block_free(p->part);
    p->part = block_new(end->pipeline->blocks, p->len > 0 ? 0 : n, bytes, len);
    mutex_lock(&end->lock);
    return p->part != NULL;
}

/* Moves the first n items of the first block into the part, which becomes what is taken. */
static void split_locked(struct end *end, struct pulling *p, uint32_t n)
    REQUIRES(end->lock);
static void split_locked(struct end *end, struct pulling *p, uint32_t n)
{
    p->block = p->part;
    p->part = NULL;
    block_part(end->head, n, p->block);
    end->items -= n;
    end->bytes -= p->block->bytes;
    if (block_left(end->head) == 0)
        p->part = end_take_locked(end); /* to be freed without the lock */
}

/*
 * Takes something out of the first block, of which there is one: then p->block is set, or p->unlike, or there is
 * no memory.  False: look once more, the lock was given back.
 */
static bool take_locked(struct end *end, struct pulling *p) REQUIRES(end->lock);
static bool take_locked(struct end *end, struct pulling *p)
{
    const struct block *head = end->head;
    uint32_t n = wanted(p, head);

    if (n == 0) {
        p->unlike = true;
        p->other = head->len > 0 ? head->len : head->items[head->first].len;
        return true;
    }
    if (n == block_left(head) && (p->len == 0 || head->len == p->len))
        p->block = end_take_locked(end);
    else if (part_fits(p, head, n))
        split_locked(end, p, n);
    else
        return !make_part_locked(end, p, n);
    end->passed += n;
    /* Not for each block: the stage would wake up, find room for one, and sleep again. */
    if (end->stage_waits && end->items <= end->max_items / 2)
        cond_signal(&end->stage_moved);
    return true;
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

/* Waits for something, and takes it. */
static void wait_and_take(struct end *end, struct pulling *p)
{
    bool goes_on = true;
    bool taken = true;
    bool others;

    mutex_lock(&end->lock);
    do {
        while (!end->head && !is_over_locked(end) && goes_on)
            goes_on = end_await_locked(end, &p->await);
        p->some = end->head != NULL;
        if (p->some)
            taken = take_locked(end, p);
    } while (p->some && !taken);
    others =
        end->head && end_calls_locked(end); /* there is something for another one, too */
    p->complete = end->complete;
    p->over = is_over_locked(end);
    mutex_unlock(&end->lock);
    if (others)
        cond_signal(&end->moved);
}

/* Why nothing was taken. */
static enum pph_pull_answer say_nothing(struct end *end, const struct pulling *p,
                                        struct pph_error **ret_error)
{
    if (p->unlike) {
        fault_set(ret_error, "A711",
                  "output '%s': the next item has %" PRIu32 " bytes, not %" PRIu32
                  ": pph_pull() gives it",
                  end->name, p->other, p->len);
        return PPH_PULL_FAILED;
    }
    if (p->some) {
        fault_set_no_memory(ret_error);
        return PPH_PULL_FAILED;
    }
    if (p->over)
        return say_end(end, p->complete, ret_error);
    if (p->await.stuck) {
        pipeline_stuck(end->pipeline, ret_error);
        return PPH_PULL_FAILED;
    }
    return PPH_PULL_EMPTY;
}

/* Pulls as `p` says; PPH_PULL_ITEMS: p->block is set. */
static enum pph_pull_answer pull(struct pph_output *output, struct pulling *p,
                                 int64_t timeout_ms, struct pph_error **ret_error)
{
    struct end *end = output->handle.end;

    rest_disturb(&end->pipeline->rest);
    p->await = await_begin(timeout_ms);
    wait_and_take(end, p);
    await_end(&p->await);
    block_free(p->part);
    return p->block ? PPH_PULL_ITEMS : say_nothing(end, p, ret_error);
}

enum pph_pull_answer pph_pull(struct pph_output *output, size_t max, int64_t timeout_ms,
                              struct pph_items **ret_items, struct pph_error **ret_error)
{
    struct pulling p = {.max = max};
    enum pph_pull_answer answer = pull(output, &p, timeout_ms, ret_error);

    if (answer == PPH_PULL_ITEMS)
        *ret_items = block_show(p.block);
    return answer;
}

enum pph_pull_answer pph_pull_array(struct pph_output *output, uint32_t len, size_t max,
                                    int64_t timeout_ms, struct pph_array **ret_array,
                                    struct pph_error **ret_error)
{
    struct pulling p = {.max = max, .len = len};
    enum pph_pull_answer answer;

    if (len == 0) {
        fault_set(ret_error, "A711",
                  "output '%s': an array of items without bytes cannot be",
                  output->handle.end->name);
        return PPH_PULL_FAILED;
    }
    answer = pull(output, &p, timeout_ms, ret_error);
    if (answer == PPH_PULL_ITEMS)
        *ret_array = block_show_array(p.block);
    return answer;
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

/*
 * Lets others run before the thread lends its slot, which costs a second thread.  True: there is room now, and for
 * more than this block.
 */
static bool yields_for_room(struct end *end, const struct block *block)
{
    bool room = false;

    for (int k = 0; k < AWAIT_YIELDS && !room; k++) {
        thread_yield();
        mutex_lock(&end->lock);
        room = may_go_on_locked(end, block) && end->items <= end->max_items / 2;
        mutex_unlock(&end->lock);
    }
    return room;
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

/*
 * A block with these items: that which the program has pushed, if they are all that is in it and as they were; else a new
 * one with copies.  NULL: no memory.
 */
static struct block *block_of(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    const struct end *end = ctx->shared;
    struct portion portion = portion_of(items, n, n, SIZE_MAX);
    struct block *block = portion.array ? program_adopted(ctx, block_free) : NULL;

    if (block && block_is(block, &portion)) {
        program_take_back(ctx);
        return block;
    }
    block = block_new(end->pipeline->blocks, n, portion.bytes,
                      portion.alike ? portion.len : 0);
    if (block)
        block_put(block, &portion);
    return block;
}

static int pull_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct end *end = ctx->shared;
    struct block *block = block_of(ctx, items, n);
    int rc = PPH_OK;
    bool waits;
    bool others = false;

    if (!block)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    mutex_lock(&end->lock);
    waits = !may_go_on_locked(end, block);
    mutex_unlock(&end->lock);
    if (waits &&
        !yields_for_room(end, block)) /* nobody else puts anything in: the room stays */
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
        others = end_calls_locked(end);
    }
    mutex_unlock(&end->lock);
    if (others)
        cond_signal(&end->moved);
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
