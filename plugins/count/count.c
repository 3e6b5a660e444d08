/* SPDX-License-Identifier: MIT */
/*
 * count - makes the numbers from one to another, as decimal text.
 *
 * Like Python's range(): `to` is the first one that is not made.  What is left to make is
 * held as a number of items, so that no bound and no step can overflow on the way.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pphost/plugin.h>

enum { ARG_TO, ARG_FROM, ARG_STEP };

enum {
    EMIT_MAX = 256,
    ROOM = 24 /* of a number of 64 bits with its sign and a NUL */
};

struct count {
    uint64_t next, items; /* index of the next one, from 0; how many there are */
    uint64_t from, step;  /* as 64 bits that wrap */
};

/* How many steps lie between the two; step is not 0. */
static uint64_t items_between(int64_t from, int64_t to, int64_t step)
{
    uint64_t way = (uint64_t)to - (uint64_t)from;
    uint64_t stride = (uint64_t)step;

    if (step > 0 ? to <= from : to >= from)
        return 0;
    if (step < 0) {
        way = 0 - way;
        stride = 0 - stride;
    }
    return (way - 1) / stride + 1;
}

static int start(struct pph_ctx *ctx)
{
    const struct pph_value *args = ctx->args;
    struct count *count;

    if (args[ARG_STEP].i == 0)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "step: 0 never comes to an end");
    count = calloc(1, sizeof(*count));
    if (!count)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    count->from = (uint64_t)args[ARG_FROM].i;
    count->step = (uint64_t)args[ARG_STEP].i;
    count->items = items_between(args[ARG_FROM].i, args[ARG_TO].i, args[ARG_STEP].i);
    ctx->local = count;
    return PPH_OK;
}

static void stop(struct pph_ctx *ctx)
{
    free(ctx->local);
    ctx->local = NULL;
}

/* Sends the next n numbers, at most EMIT_MAX. */
static int send(struct pph_ctx *ctx, struct count *count, size_t n)
{
    struct pph_item items[EMIT_MAX];
    char *text = ctx->host->alloc(ctx, n * ROOM);

    if (!text)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    for (size_t i = 0; i < n; i++, text += ROOM, count->next++) {
        int64_t number = (int64_t)(count->from + count->next * count->step);
        int len = snprintf(text, ROOM, "%lld", (long long)number);

        items[i] = (struct pph_item){.data = text,
                                     .len = (uint32_t)len,
                                     .flags = PPH_WRITABLE,
                                     .pos = count->next + 1};
    }
    return ctx->host->emit(ctx, items, n);
}

static int generate(struct pph_ctx *ctx)
{
    struct count *count = ctx->local;
    size_t want = ctx->want > 0 ? ctx->want : EMIT_MAX;
    int status = PPH_OK;

    while (status == PPH_OK && want > 0 && count->next < count->items) {
        uint64_t left = count->items - count->next;
        size_t n = want < EMIT_MAX ? want : EMIT_MAX;

        n = left < n ? (size_t)left : n;
        want -= n;
        status = send(ctx, count, n);
    }
    ctx->host->progress(ctx, count->next, count->items, PPH_ITEMS);
    if (status != PPH_OK && status != PPH_MORE)
        return status;
    return count->next == count->items ? PPH_END : PPH_OK;
}

static const struct pph_param params[] = {
    {.name = "to",
     .doc = "The first number that is not made any more.",
     .example = "500",
     .type = PPH_INT,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "from", .doc = "The first number.", .def = "0", .type = PPH_INT},
    {.name = "step",
     .doc = "From one number to the next; below 0 it counts down.",
     .def = "1",
     .type = PPH_INT},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "count",
    .version = "1.0",
    .doc = "Makes the numbers from one to another.",
    .out = "text/plain",
    .pos_unit = "item",
    .params = params,
    .start = start,
    .generate = generate,
    .stop = stop,
};
