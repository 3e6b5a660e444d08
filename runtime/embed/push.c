/* SPDX-License-Identifier: MIT */
/*
 * `use: push`: the program puts items in, the stage's generate() sends them down.
 *
 * Many items at once are copied into a block of their own, without the lock.  Few are put into the last block
 * that waits, under the lock, so that a program that pushes one after the other has batches too.
 */
#include <stdlib.h>

#include "embed/end.h"
#include "embed/fault.h"
#include "embed/pipeline.h"
#include "plugin/registry.h"

enum {
    FEW = 32, /* items that are put into a block of others ... */
    FEW_BYTES = 4096,
    SHARED_ITEMS = 256, /* ... which is made for so many */
    SHARED_BYTES = 16 * 1024,
    OWN_ITEMS = 1024, /* of a block that is not shared: what a batch holds */
    OWN_BYTES = 64 * 1024,
};

struct pph_input {
    struct handle handle;
};

/* One call of pph_push(). */
struct pushing {
    struct handle *handle;
    const struct pph_item *items;
    size_t n, taken;
    struct await await;
};

/* The items that go into one block: at least one, and as many as it may hold. */
static size_t part_of(const struct pushing *p)
{
    const struct pph_item *items = p->items + p->taken;
    size_t left = p->n - p->taken;
    size_t most = left < OWN_ITEMS ? left : OWN_ITEMS;
    size_t bytes = items[0].len;
    size_t n = 1;

    while (n < most && bytes + items[n].len <= OWN_BYTES)
        bytes += items[n++].len;
    return n;
}

/* How many of the n items there is room for now. */
static size_t room_locked(const struct end *end, const struct pph_item *items, size_t n)
    REQUIRES(end->lock);
static size_t room_locked(const struct end *end, const struct pph_item *items, size_t n)
{
    uint64_t bytes = 0;
    size_t fit = 0;

    while (fit < n) {
        bytes += items[fit].len;
        if (!end_has_room_locked(end, fit + 1, bytes) && (end->items > 0 || fit > 0))
            break; /* one that is larger than the bounds is taken alone */
        fit++;
    }
    return fit;
}

/*
 * Waits until one item fits in.  Returns how many of the n fit; 0: the time is over, or nothing is taken any more, which
 * the caller tells apart.
 */
static size_t wait_locked(struct end *end, struct pushing *p, size_t n)
    REQUIRES(end->lock);
static size_t wait_locked(struct end *end, struct pushing *p, size_t n)
{
    size_t fit;
    bool goes_on = true;

    for (;;) {
        if (end->closed != END_OPEN || p->handle->closed)
            return 0;
        fit = room_locked(end, p->items + p->taken, n);
        if (fit > 0 || !goes_on)
            return fit;
        end->waiting++;
        goes_on = await_cond(&p->await, &end->moved, &end->lock);
        end->waiting--;
    }
}

/* Into the last block that waits, or a new one that others may share; false: no memory. */
static bool share_locked(struct end *end, const struct pph_item *items, size_t n,
                         size_t bytes) REQUIRES(end->lock);
static bool share_locked(struct end *end, const struct pph_item *items, size_t n,
                         size_t bytes)
{
    struct block *block = end->tail;

    if (!block || !block_has_room(block, n, bytes)) {
        block = block_new(SHARED_ITEMS, SHARED_BYTES);
        if (!block)
            return false;
        end_append_locked(end, block);
    }
    block_add(block, items, n);
    return true;
}

/* Into a block of their own, which is made without the lock: their room is taken already.  False: no memory. */
static bool own_locked(struct end *end, const struct pph_item *items, size_t n,
                       size_t bytes) REQUIRES(end->lock);
static bool own_locked(struct end *end, const struct pph_item *items, size_t n,
                       size_t bytes)
{
    struct block *block;

    mutex_unlock(&end->lock);
    block = block_new(n, bytes);
    if (block)
        block_add(block, items, n);
    mutex_lock(&end->lock);
    if (block)
        end_append_locked(end, block);
    return block != NULL;
}

/* Why a push ends without all of it; the lock is not held. */
static enum pph_push_answer refuse(const struct pushing *p, enum end_closed closed,
                                   bool handle_closed, struct pph_error **ret_error)
{
    struct end *end = p->handle->end;

    if (closed != END_OPEN || handle_closed) {
        pipeline_explain(end, handle_closed ? END_OPEN : closed, ret_error);
        return PPH_PUSH_CLOSED;
    }
    if (p->await.stuck) {
        pipeline_stuck(end->pipeline, ret_error);
        return PPH_PUSH_FAILED;
    }
    return PPH_PUSH_FULL;
}

/* Puts n items in that there is room for; false: no memory. */
static bool put_locked(struct end *end, const struct pph_item *items, size_t n)
    REQUIRES(end->lock);
static bool put_locked(struct end *end, const struct pph_item *items, size_t n)
{
    size_t bytes = items_bytes(items, n);
    bool put;

    end->items += n;
    end->bytes += bytes;
    put = n <= FEW && bytes <= FEW_BYTES ? share_locked(end, items, n, bytes)
                                         : own_locked(end, items, n, bytes);
    if (put) {
        end->passed += n;
    } else {
        end->items -= n;
        end->bytes -= bytes;
    }
    if (end->waiting > 0) /* there may be room for others, too */
        cond_signal(&end->moved);
    return put;
}

/* Puts the next part in; PPH_PUSH_TAKEN: go on. */
static enum pph_push_answer push_part(struct pushing *p, struct pph_error **ret_error)
{
    struct end *end = p->handle->end;
    size_t n = part_of(p);
    enum end_closed closed;
    bool handle_closed;
    bool put = true;
    bool wake = false;

    mutex_lock(&end->lock);
    n = wait_locked(end, p, n);
    closed = end->closed;
    handle_closed = p->handle->closed;
    if (n > 0) {
        put = put_locked(end, p->items + p->taken, n);
        wake = end_must_wake_locked(end);
    }
    mutex_unlock(&end->lock);
    if (wake)
        end_wake(end);
    if (!put) {
        fault_set_no_memory(ret_error);
        return PPH_PUSH_FAILED;
    }
    p->taken += n;
    return n > 0 ? PPH_PUSH_TAKEN : refuse(p, closed, handle_closed, ret_error);
}

/* Whether each item has its bytes. */
static bool check_items(const struct end *end, const struct pph_item *items, size_t n,
                        struct pph_error **ret_error)
{
    for (size_t k = 0; k < n; k++) {
        if (!items || (!items[k].data && items[k].len > 0)) {
            fault_set(ret_error, "A707",
                      "input '%s' was given an item without data (the %zu. of %zu)",
                      end->name, k + 1, n);
            return false;
        }
    }
    return true;
}

enum pph_push_answer pph_push(struct pph_input *input, const struct pph_item *items,
                              size_t n, int64_t timeout_ms, size_t *ret_taken,
                              struct pph_error **ret_error)
{
    struct pushing p = {.handle = &input->handle, .items = items, .n = n};
    enum pph_push_answer answer = PPH_PUSH_TAKEN;

    if (ret_taken)
        *ret_taken = 0;
    if (!check_items(p.handle->end, items, n, ret_error))
        return PPH_PUSH_FAILED;
    rest_disturb(&p.handle->end->pipeline->rest);
    p.await = await_begin(timeout_ms);
    while (p.taken < n && answer == PPH_PUSH_TAKEN)
        answer = push_part(&p, ret_error);
    await_end(&p.await);
    if (ret_taken)
        *ret_taken = p.taken;
    return answer;
}

struct pph_input *pph_input_open(struct pph_pipeline *pipeline, const char *stage,
                                 struct pph_error **ret_error)
{
    return (struct pph_input *)handle_open(pipeline, true, stage, ret_error);
}

void pph_input_close(struct pph_input *input)
{
    handle_close(&input->handle, END_ALL_CLOSED);
}

void pph_input_free(struct pph_input *input)
{
    if (!input)
        return;
    handle_close(&input->handle, END_ALL_CLOSED);
    handle_free(&input->handle);
}

/* ---- the stage ---- */

static int push_open(struct pph_ctx *ctx)
{
    struct pph_pipeline *pipeline =
        (struct pph_pipeline *)(uintptr_t)ctx->host->ext(ctx, PIPELINE_EXT);
    struct end *end = pipeline_end(pipeline, ctx->stage);

    ctx->shared = end;
    mutex_lock(&end->lock);
    end->ctx = ctx;
    mutex_unlock(&end->lock);
    return PPH_OK;
}

/* Sends one block, which is gone then; the host refers to its payload as long as it needs it. */
static int send_block(struct pph_ctx *ctx, struct block *block)
{
    struct pph_item *items = block->given.items;
    size_t n = block->given.n;
    int rc;

    if (block->bytes > 0) {
        rc = ctx->host->adopt(ctx, block->payload, block->bytes, block_free, block);
        return rc == PPH_OK ? ctx->host->emit(ctx, items, n) : rc;
    }
    rc = ctx->host->emit(ctx, items, n);
    block_free(block);
    return rc;
}

/* The next block; NULL: there is none now, and *ret_end says whether there will be. */
static struct block *next_block(struct end *end, bool may_sleep, bool *ret_end)
{
    struct block *block;

    mutex_lock(&end->lock);
    block = end_take_locked(end);
    if (block && end->waiting > 0)
        cond_broadcast(&end->moved);
    /* items without a block: a pusher has taken their room and is about to bring them */
    *ret_end = end->closed != END_OPEN && !block && end->items == 0 &&
               end->closed != END_FREED; /* that is no end of the stream, but a stop */
    end->idle = !block && may_sleep && !*ret_end;
    mutex_unlock(&end->lock);
    return block;
}

static int push_generate(struct pph_ctx *ctx)
{
    struct end *end = ctx->shared;
    size_t sent = 0;

    while (sent < ctx->want) {
        bool ended;
        struct block *block = next_block(end, sent == 0, &ended);
        int rc;

        if (!block)
            return ended ? PPH_END : sent > 0 ? PPH_OK : PPH_IDLE;
        sent += block->given.n;
        rc = send_block(ctx, block);
        if (rc != PPH_OK)
            return rc;
    }
    return PPH_OK;
}

/* Pushers may be calling wake() on this ctx. */
static void push_close(struct pph_ctx *ctx)
{
    struct end *end = ctx->shared;

    mutex_lock(&end->lock);
    end->idle = false;
    while (end->wakers > 0)
        cond_wait(&end->stage_moved, &end->lock);
    end->ctx = NULL;
    mutex_unlock(&end->lock);
}

const struct plugin push_stage = {
    .desc = {.size = sizeof(struct pph_plugin),
             .kind = PPH_GENERATOR,
             .name = REGISTRY_PUSH,
             .version = "",
             .doc = "Items that the program puts in.",
             .in = "*",
             .out = "*",
             .open = push_open,
             .generate = push_generate,
             .close = push_close},
    .path = "(the program's)",
    .shown = REGISTRY_PUSH,
};
