/* SPDX-License-Identifier: MIT */
/*
 * `use: push`: the program puts items in, the stage's generate() sends them down.
 *
 * Much at once is copied into a block of its own, without the lock.  Little is put into the last block that waits, under
 * the lock, so that a program that pushes one item after the other has batches too.
 */
#include <stdlib.h>

#include "embed/end.h"
#include "embed/fault.h"
#include "embed/pipeline.h"
#include "plugin/registry.h"

enum {
    FEW = 32, /* items that are put into a block of others, ... */
    FEW_BYTES = 4096,
    FEW_ALIKE = 512,    /* ... if all are alike, ... */
    SHARED_ITEMS = 256, /* ... which is made for so many */
    SHARED_BYTES = 16 * 1024,
    PORTION_ITEMS = 1024, /* of a block that is not shared: what a batch holds */
    PORTION_BYTES = 64 * 1024,
    SEND_ITEMS = 256, /* that are made at a time, on the stack */
};

struct pph_input {
    struct handle handle;
};

/* One call that pushes. */
struct pushing {
    struct handle *handle;
    const struct pph_item *items; /* NULL: an array */
    const unsigned char *array;
    uint32_t len; /* of its items */
    size_t n, taken;
    struct portion portion; /* what goes into one block next */
    struct await await;
};

/* What a push came to. */
struct pushed {
    enum end_closed closed;
    bool handle_closed;
    bool fits;  /* there was room */
    bool put;   /* there was memory */
    bool wake;  /* end_wake() is to be called ... */
    bool calls; /* ... and `moved` to be signalled */
};

static struct portion choose_portion(const struct pushing *p)
{
    size_t left = p->n - p->taken;

    if (p->items)
        return portion_of(p->items + p->taken, left, PORTION_ITEMS, PORTION_BYTES);
    return portion_of_array(p->array + p->taken * p->len, left, p->len, PORTION_ITEMS,
                            PORTION_BYTES);
}

/*
 * Whether it is time to call a thread that waits for room: not for each block that is taken, or each would cost two
 * switches of threads.  Who waits looks again when his time is over, or a quarter of a second.
 */
static bool has_much_room_locked(const struct end *end) REQUIRES(end->lock);
static bool has_much_room_locked(const struct end *end)
{
    return end->items <= end->max_items / 2 && end->bytes <= end->max_bytes / 2;
}

/* How many items of the portion there is room for now. */
static size_t room_locked(const struct end *end, const struct portion *portion)
    REQUIRES(end->lock);
static size_t room_locked(const struct end *end, const struct portion *portion)
{
    uint64_t bytes = 0;
    size_t fit = 0;

    if (end_has_room_locked(end, portion->n, portion->bytes))
        return portion->n;
    while (fit < portion->n) {
        bytes += portion->items ? portion->items[fit].len : portion->len;
        if (!end_has_room_locked(end, fit + 1, bytes) && (end->items > 0 || fit > 0))
            break; /* one that is larger than the bounds is taken alone */
        fit++;
    }
    return fit;
}

/*
 * Waits until one item fits in, and leaves of the portion what does.  False: the time is over, or nothing is taken any
 * more, which the caller tells apart.
 */
static bool wait_locked(struct end *end, struct pushing *p) REQUIRES(end->lock);
static bool wait_locked(struct end *end, struct pushing *p)
{
    bool goes_on = true;

    for (;;) {
        size_t fit;

        if (end->closed != END_OPEN || p->handle->closed)
            return false;
        fit = room_locked(end, &p->portion);
        if (fit == p->portion.n)
            return true;
        if (fit > 0)
            p->portion = portion_first(&p->portion, fit);
        if (fit > 0 || !goes_on)
            return fit > 0;
        goes_on = end_await_locked(end, &p->await);
    }
}

/* Whether so little is put into a block that others share. */
static bool is_little(const struct portion *portion)
{
    return portion->bytes <= FEW_BYTES &&
           portion->n <= (portion->alike ? FEW_ALIKE : FEW);
}

/*
 * A block for the portion, and others if it is little, which may be of any length if lengths are `mixed`: else each change
 * would cost a block.  NULL: no memory.  Takes a lock.
 */
static struct block *block_for(struct block_store *store, const struct portion *portion,
                               bool mixed)
{
    bool little = is_little(portion);
    bool alike = portion->alike && portion->n > FEW && !(little && mixed);
    size_t cap = little ? SHARED_ITEMS : portion->n;
    size_t room = little ? SHARED_BYTES : portion->bytes;

    if (alike && room > (size_t)PORTION_ITEMS * portion->len)
        room = (size_t)PORTION_ITEMS * portion->len;
    if (alike) /* it may come out as it is, and be shown then */
        cap = room / portion->len;
    return block_new(store, cap, room, alike ? portion->len : 0);
}

/* Into a new block, which is made without the lock: its room is taken already.  False: no memory. */
static bool put_new_locked(struct end *end, const struct portion *portion)
    REQUIRES(end->lock);
static bool put_new_locked(struct end *end, const struct portion *portion)
{
    bool mixed = end->tail && end->tail->len > 0 && end->tail->len != portion->len;
    struct block *block;

    mutex_unlock(&end->lock);
    block = block_for(end->pipeline->blocks, portion, mixed);
    if (block)
        block_put(block, portion);
    mutex_lock(&end->lock);
    if (block)
        end_append_locked(end, block);
    return block != NULL;
}

/* Puts the portion in, for which there is room; false: no memory. */
static bool put_locked(struct end *end, const struct portion *portion)
    REQUIRES(end->lock);
static bool put_locked(struct end *end, const struct portion *portion)
{
    bool put = true;

    end->items += portion->n;
    end->bytes += portion->bytes;
    if (end->tail && is_little(portion) && block_takes(end->tail, portion))
        block_put(end->tail, portion);
    else
        put = put_new_locked(end, portion);
    if (put) {
        end->passed += portion->n;
    } else {
        end->items -= portion->n;
        end->bytes -= portion->bytes;
    }
    return put;
}

/* Why a push ends without all of it. */
static enum pph_push_answer refuse(const struct pushing *p, const struct pushed *pushed,
                                   struct pph_error **ret_error)
{
    struct end *end = p->handle->end;

    if (pushed->closed != END_OPEN || pushed->handle_closed) {
        pipeline_explain(end, pushed->handle_closed ? END_OPEN : pushed->closed,
                         ret_error);
        return PPH_PUSH_CLOSED;
    }
    if (p->await.stuck) {
        pipeline_stuck(end->pipeline, ret_error);
        return PPH_PUSH_FAILED;
    }
    return PPH_PUSH_FULL;
}

/* Puts the next portion in; PPH_PUSH_TAKEN: go on. */
static enum pph_push_answer push_portion(struct pushing *p, struct pph_error **ret_error)
{
    struct end *end = p->handle->end;
    struct pushed pushed = {.put = true};

    p->portion = choose_portion(p);
    mutex_lock(&end->lock);
    pushed.fits = wait_locked(end, p);
    pushed.closed = end->closed;
    pushed.handle_closed = p->handle->closed;
    if (pushed.fits) {
        pushed.put = put_locked(end, &p->portion);
        pushed.wake = pushed.put && end_must_wake_locked(end);
    }
    pushed.calls = has_much_room_locked(end) && end_calls_locked(end);
    mutex_unlock(&end->lock);
    if (pushed.calls)
        cond_signal(&end->moved);
    if (pushed.wake)
        end_wake(end);
    if (!pushed.put) {
        fault_set_no_memory(ret_error);
        return PPH_PUSH_FAILED;
    }
    if (!pushed.fits)
        return refuse(p, &pushed, ret_error);
    p->taken += p->portion.n;
    return PPH_PUSH_TAKEN;
}

/* Whether each item has its bytes. */
static bool check_items(const struct end *end, const struct pph_item *items, size_t n,
                        struct pph_error **ret_error)
{
    size_t good = 0;

    while (items && good < n && (items[good].data || items[good].len == 0))
        good++;
    if (good == n)
        return true;
    fault_set(ret_error, "A707",
              "input '%s' was given an item without data (the %zu. of %zu)", end->name,
              good + 1, n);
    return false;
}

static enum pph_push_answer push_all(struct pushing *p, int64_t timeout_ms,
                                     size_t *ret_taken, struct pph_error **ret_error)
{
    enum pph_push_answer answer = PPH_PUSH_TAKEN;

    rest_disturb(&p->handle->end->pipeline->rest);
    p->await = await_begin(timeout_ms);
    while (p->taken < p->n && answer == PPH_PUSH_TAKEN)
        answer = push_portion(p, ret_error);
    await_end(&p->await);
    if (ret_taken)
        *ret_taken = p->taken;
    return answer;
}

enum pph_push_answer pph_push(struct pph_input *input, const struct pph_item *items,
                              size_t n, int64_t timeout_ms, size_t *ret_taken,
                              struct pph_error **ret_error)
{
    struct pushing p = {.handle = &input->handle, .items = items, .n = n};

    if (ret_taken)
        *ret_taken = 0;
    if (!check_items(p.handle->end, items, n, ret_error))
        return PPH_PUSH_FAILED;
    return push_all(&p, timeout_ms, ret_taken, ret_error);
}

enum pph_push_answer pph_push_array(struct pph_input *input, const void *array, size_t n,
                                    uint32_t len, int64_t timeout_ms, size_t *ret_taken,
                                    struct pph_error **ret_error)
{
    struct pushing p = {.handle = &input->handle, .array = array, .n = n, .len = len};

    if (ret_taken)
        *ret_taken = 0;
    if (!array && n > 0 && len > 0) {
        fault_set(ret_error, "A707", "input '%s' was given no array of %zu items",
                  p.handle->end->name, n);
        return PPH_PUSH_FAILED;
    }
    if (!array)
        p.array = (const unsigned char *)"";
    return push_all(&p, timeout_ms, ret_taken, ret_error);
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

/* Makes the items of a block some at a time, and sends them. */
static int send_alike(struct pph_ctx *ctx, const struct block *block)
{
    struct pph_item items[SEND_ITEMS];
    uint32_t left = block_left(block);
    int rc = PPH_OK;

    for (uint32_t k = 0; k < left && (rc == PPH_OK || rc == PPH_MORE); k += SEND_ITEMS) {
        uint32_t n = left - k < SEND_ITEMS ? left - k : SEND_ITEMS;

        block_make_items(block, k, n, items);
        rc = ctx->host->emit(ctx, items, n);
    }
    return rc;
}

static int send_items(struct pph_ctx *ctx, const struct block *block)
{
    if (block->len > 0)
        return send_alike(ctx, block);
    return ctx->host->emit(ctx, block->items + block->first, block_left(block));
}

/* Sends one block, which is gone then; the host refers to its payload as long as it needs it. */
static int send_block(struct pph_ctx *ctx, struct block *block)
{
    int rc;

    if (block->bytes > 0) {
        rc = ctx->host->adopt(ctx, block->payload, block->used, block_free, block);
        return rc == PPH_OK ? send_items(ctx, block) : rc;
    }
    rc = send_items(ctx, block);
    block_free(block);
    return rc;
}

/* The next block; NULL: there is none now, and *ret_end says whether there will be. */
static struct block *next_block(struct end *end, bool may_sleep, bool *ret_end)
{
    struct block *block;
    bool others;

    mutex_lock(&end->lock);
    block = end_take_locked(end);
    others = block && has_much_room_locked(end) && end_calls_locked(end);
    /* items without a block: a pusher has taken their room and is about to bring them */
    *ret_end = end->closed != END_OPEN && !block && end->items == 0 &&
               end->closed != END_FREED; /* that is no end of the stream, but a stop */
    end->idle = !block && may_sleep && !*ret_end;
    mutex_unlock(&end->lock);
    if (others)
        cond_signal(&end->moved);
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
        sent += block_left(block);
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
