/* SPDX-License-Identifier: MIT */
/* failing - passes items on, and fails on some of them: what an error costs, and those that have none. */
#include <stdlib.h>

#include <pphost/plugin.h>

enum { ARG_EVERY, ARG_AT };

/* How many items there are until the next one to fail on; they fail when it becomes 0. */
static int start(struct pph_ctx *ctx)
{
    uint64_t *left = calloc(1, sizeof(*left));

    if (!left)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    *left = (uint64_t)ctx->args[ctx->args[ARG_AT].i > 0 ? ARG_AT : ARG_EVERY].i;
    ctx->local = left;
    return PPH_OK;
}

static void stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t *left = ctx->local;

    if (--*left != 0)
        return PPH_FORWARD;
    *left = (uint64_t)ctx->args[ARG_EVERY].i;
    return ctx->host->fail(ctx, it, PPH_FAIL, "this one is bad");
}

static const struct pph_param params[] = {
    {.name = "every",
     .doc = "Of how many items of a worker one fails; 0: none.",
     .def = "0",
     .min = "0",
     .type = PPH_INT,
     .flags = PPH_PRIMARY},
    {.name = "at",
     .doc = "The first item of a worker to fail on, from 1; 0: as `every` says.",
     .def = "0",
     .min = "0",
     .type = PPH_INT},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "failing",
    .doc = "Fails on some items and passes the others on.",
    .out = "=",
    .params = params,
    .start = start,
    .stop = stop,
    .each = each,
};
