/* SPDX-License-Identifier: MIT */
/*
 * Stages that misbehave on demand, for the tests of what a person sees then.
 *
 * fault: passes items on and fails `where` it is told; flood: emits for ever and listens to nothing;
 * slow: takes its time over each item; stuck: never returns from its first item.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pphost/easy.h>

enum where {
    WHERE_NONE,
    WHERE_OPEN,
    WHERE_START,
    WHERE_ITEM,
    WHERE_FLUSH,
    WHERE_STOP,
    WHERE_CLOSE
};

static int here(struct pph_ctx *ctx, enum where where, const char *text)
{
    if (ctx->args[0].i != (int64_t)where)
        return PPH_OK;
    return ctx->host->fail(ctx, NULL, PPH_FATAL, text);
}

static int fault_open(struct pph_ctx *ctx)
{
    return here(ctx, WHERE_OPEN, "the cellar is locked");
}

static int fault_start(struct pph_ctx *ctx)
{
    return here(ctx, WHERE_START, "the engine is cold");
}

static int fault_each(struct pph_ctx *ctx, struct pph_item *it)
{
    if (ctx->args[0].i == WHERE_ITEM && it->pos % (uint64_t)ctx->args[1].i == 0)
        return ctx->host->fail(ctx, it, PPH_FAIL, "this one is rotten");
    return PPH_FORWARD;
}

static int fault_flush(struct pph_ctx *ctx, int why)
{
    (void)why;
    return here(ctx, WHERE_FLUSH, "the drain is blocked");
}

static void fault_stop(struct pph_ctx *ctx)
{
    (void)here(ctx, WHERE_STOP, "the brake is broken");
}

static void fault_close(struct pph_ctx *ctx)
{
    (void)here(ctx, WHERE_CLOSE, "the door is stuck");
}

static int flood_generate(struct pph_ctx *ctx)
{
    struct pph_item it = {0};
    char text[] = "drop";

    it.data = text;
    it.len = 4;
    for (;;) {
        if (ctx->host->emit(ctx, &it, 1) == PPH_STOP)
            return PPH_STOP;
        it.pos++;
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int slow_each(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t until = now_ns() + (uint64_t)ctx->args[0].i;

    (void)it;
    while (now_ns() < until) {
    }
    return PPH_OK;
}

static int stuck_each(struct pph_ctx *ctx, struct pph_item *it)
{
    volatile int forever = 1;

    (void)ctx;
    (void)it;
    while (forever) {
    }
    return PPH_OK;
}

static const struct pph_param fault_params[] = {
    {.name = "where",
     .doc = "Where to fail.",
     .def = "none",
     .type = PPH_ENUM,
     .choices = "none|open|start|item|flush|stop|close"},
    {.name = "nth",
     .doc = "Fail on every so manieth item.",
     .def = "1",
     .min = "1",
     .type = PPH_INT},
    {0}};

static const struct pph_param slow_params[] = {
    {.name = "for", .doc = "How long each item takes.", .def = "1ms", .type = PPH_TIME},
    {0}};

static const struct pph_plugin stuck = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_CONSUMER,
                                        .name = "stuck",
                                        .doc = "Never returns.",
                                        .each = stuck_each};

static const struct pph_plugin slow = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_CONSUMER,
                                       .next = &stuck,
                                       .name = "slow",
                                       .doc = "Takes its time.",
                                       .params = slow_params,
                                       .each = slow_each};

static const struct pph_plugin flood = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_GENERATOR,
                                        .next = &slow,
                                        .name = "flood",
                                        .doc = "Emits for ever.",
                                        .generate = flood_generate};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .flags = PPH_PARALLEL,
                                            .next = &flood,
                                            .name = "fault",
                                            .doc = "Fails where it is told.",
                                            .params = fault_params,
                                            .open = fault_open,
                                            .start = fault_start,
                                            .each = fault_each,
                                            .flush = fault_flush,
                                            .stop = fault_stop,
                                            .close = fault_close};
