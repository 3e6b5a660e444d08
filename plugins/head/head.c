/* SPDX-License-Identifier: MIT */
/*
 * head - passes on the first items and wants no more: everything above that works for it
 * alone ends too, an endless source among it.
 */
#include <stdlib.h>

#include <pphost/plugin.h>

enum { ARG_N };

struct head {
    uint64_t left;
};

static int start(struct pph_ctx *ctx)
{
    struct head *head = calloc(1, sizeof(*head));

    if (!head)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    head->left = (uint64_t)ctx->args[ARG_N].i;
    ctx->local = head;
    return PPH_OK;
}

static void stop(struct pph_ctx *ctx)
{
    free(ctx->local);
    ctx->local = NULL;
}

static int batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct head *head = ctx->local;
    int status = PPH_OK;

    if (n > head->left)
        n = (size_t)head->left;
    if (n > 0)
        status = ctx->host->emit(ctx, items, n);
    if (status < 0)
        return status;
    head->left -= n;
    return head->left == 0 ? PPH_END : PPH_OK;
}

static const struct pph_param params[] = {
    {.name = "n",
     .doc = "How many items to pass on.",
     .min = "0",
     .example = "10",
     .type = PPH_INT,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "head",
    .version = "1.0",
    .doc = "Passes on the first items, then ends the stream.",
    .out = "=",
    .params = params,
    .start = start,
    .batch = batch,
    .stop = stop,
};
