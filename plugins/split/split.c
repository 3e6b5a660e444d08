/* SPDX-License-Identifier: MIT */
/*
 * split - cuts items into tokens.
 *
 * Tokens are slices of the input, which no byte of payload moves for.  With `join` an
 * item's tokens come out as one text instead, written by a kernel that squeezes runs of
 * delimiters.
 */
#include <stdlib.h>

#include <pphost/plugin.h>

#include "delims.h"
#include "join.h"
#include "kernel.h"

enum { ARG_DELIMITERS, ARG_JOIN };

enum {
    EMIT_MAX =
        256, /* 8 KiB of items on the stack, still in L1 when the host copies them */
    JOIN_BLOCK = 1 << 17 /* short results share blocks of about this size */
};

struct split {
    struct delims delims;
    struct joiner joiner;
    int joins;
};

static int open_stage(struct pph_ctx *ctx)
{
    const struct pph_value *set = &ctx->args[ARG_DELIMITERS];
    const struct pph_value *join = &ctx->args[ARG_JOIN];

    if (set->given && set->n == 0)
        return ctx->host->fail(
            ctx, NULL, PPH_FATAL,
            "delimiters: an empty set separates nothing; leave it out for "
            "white space");
    struct split *split = calloc(1, sizeof(*split));
    if (!split)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");

    if (set->given)
        delims_init(&split->delims, set->s, set->n);
    else
        delims_init_white(&split->delims);
    split->joins = join->given != 0;
    split->joiner = (struct joiner){.delims = &split->delims,
                                    .kernel = split_kernel_for(&split->delims),
                                    .text = join->s,
                                    .len = join->n};
    ctx->shared = split;
    return PPH_OK;
}

static void close_stage(struct pph_ctx *ctx)
{
    free(ctx->shared);
    ctx->shared = NULL;
}

/* Each emit takes as many tokens as fit the array, from as many items as it takes. */
static int send_tokens(struct pph_ctx *ctx, const struct split *split,
                       struct pph_item *items, size_t n_items)
{
    struct pph_item tokens[EMIT_MAX];
    struct token_scan scan = {.items = items, .n = n_items};
    size_t n;

    while ((n = split->joiner.kernel->tokens(&split->delims, &scan, tokens, EMIT_MAX)) >
           0) {
        int status = ctx->host->emit(ctx, tokens, n);
        if (status == PPH_MORE && scan.i == n_items)
            return PPH_OK;
        if (status == PPH_MORE && scan.at) { /* to go on with what is left of the item */
            struct pph_item *item = &items[scan.i];
            item->len -= (uint32_t)(scan.at - (char *)item->data);
            item->data = scan.at;
        }
        if (status != PPH_OK) {
            ctx->done = scan.i;
            return status;
        }
    }
    return PPH_OK;
}

/* As many of items[0..n) as share one block, at least one.  Their room together in
 * *ret_room. */
static size_t fit_block(const struct joiner *joiner, const struct pph_item *items,
                        size_t n, uint64_t *ret_room)
{
    uint64_t room = SQUEEZE_SLACK + join_bound(joiner, &items[0]);
    size_t i = 1;

    for (; i < n && i < EMIT_MAX; i++) {
        uint64_t next = join_bound(joiner, &items[i]);
        if (room + next > JOIN_BLOCK)
            break;
        room += next;
    }
    *ret_room = room;
    return i;
}

static int send_joined(struct pph_ctx *ctx, const struct joiner *joiner,
                       struct pph_item *items, size_t n_items)
{
    struct pph_item joined[EMIT_MAX];

    for (size_t i = 0; i < n_items;) {
        uint64_t room;
        size_t taken = fit_block(joiner, items + i, n_items - i, &room);
        size_t n = 0;
        ctx->done = i;
        if (room > UINT32_MAX)
            return ctx->host->fail(ctx, &items[i], PPH_FAIL,
                                   "its tokens joined are longer than 4 GiB");
        char *out = ctx->host->alloc(ctx, (size_t)room);
        if (!out)
            return ctx->host->fail(ctx, &items[i], PPH_FATAL,
                                   "no memory for its tokens joined");
        for (size_t end = i + taken; i < end; i++) {
            size_t len = join_write(joiner, &items[i], out);
            if (len == 0)
                continue;
            joined[n] = items[i];
            joined[n].data = out;
            joined[n].len = (uint32_t)len;
            joined[n++].flags |= PPH_WRITABLE;
            out += len;
        }
        int status = n > 0 ? ctx->host->emit(ctx, joined, n) : PPH_OK;
        if (status == PPH_MORE && i == n_items)
            return PPH_OK;
        if (status != PPH_OK) {
            ctx->done = i;
            return status;
        }
    }
    return PPH_OK;
}

static int batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct split *split = ctx->shared;

    return split->joins ? send_joined(ctx, &split->joiner, items, n)
                        : send_tokens(ctx, split, items, n);
}

static const struct pph_param params[] = {
    {.name = "delimiters",
     .doc = "The bytes that separate tokens, each for itself, several in a row as one; "
            "without it white space (space, \\t, \\n, \\v, \\f, \\r).",
     .example = "\" ,;\"",
     .type = PPH_STRING,
     .flags = PPH_PRIMARY},
    {.name = "join",
     .doc = "Send one item per input, its tokens with this text between them, instead of "
            "one item per token; an input without tokens sends nothing.",
     .example = "\"\\n\"",
     .type = PPH_STRING},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL | PPH_IDEMPOTENT,
    .name = "split",
    .version = "1.0",
    .doc = "Cuts items into tokens: words, or what stands between other delimiters.",
    .out = "=",
    .params = params,
    .open = open_stage,
    .batch = batch,
    .close = close_stage,
};
