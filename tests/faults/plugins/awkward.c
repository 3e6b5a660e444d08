/* SPDX-License-Identifier: MIT */
/*
 * Stages that need more threads than others, and stages that never come back.
 *
 * greedy: emits each item `times` times and is deaf to PPH_MORE; lender: gives its thread's place away at
 * each item; loner: has a thread of its own; needy: asks for the context and much memory; keyed: gives
 * items keys; stuck, sits: stay `where` they are told to for ever, as a
 * consumer and as a generator, and say so first.
 */
#include <poll.h>
#include <sched.h>
#include <string.h>

#include <pphost/plugin.h>

enum where {
    IN_OPEN,
    IN_START,
    IN_PLAN,
    IN_ITEM,
    IN_FLUSH,
    IN_STOP,
    IN_CLOSE,
    IN_CANCEL
};

static int greedy_each(struct pph_ctx *ctx, struct pph_item *it)
{
    for (int64_t k = 0; k < ctx->args[0].i; k++) {
        int status = ctx->host->emit(ctx, it, 1);

        if (status != PPH_OK && status != PPH_MORE)
            return status;
    }
    return PPH_OK;
}

static int lender_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    ctx->host->block_begin(ctx);
    (void)sched_yield();
    ctx->host->block_end(ctx);
    return PPH_FORWARD;
}

static int loner_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

/* Reads the context, which must hold `where: {...}`. */
static int needy_open(struct pph_ctx *ctx)
{
    if (!ctx->host->context(ctx, "where"))
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "there is no 'where'");
    return PPH_OK;
}

/* Copies each item into memory of the host's, and gives up without a word where there is none. */
static int needy_each(struct pph_ctx *ctx, struct pph_item *it)
{
    enum { ROOM = 1 << 17 }; /* more than fits beside another in what the host keeps */
    char *copy = ctx->host->alloc(ctx, it->len + ROOM);

    if (!copy)
        return PPH_FATAL;
    memcpy(copy, it->data, it->len);
    it->data = copy;
    return PPH_FORWARD;
}

/* Three keys, in turn. */
static int keyed_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    it->key = 1 + it->pos % 3;
    return PPH_FORWARD;
}

static void stay(struct pph_ctx *ctx, enum where where)
{
    if (ctx->args[0].i != (int64_t)where)
        return;
    ctx->host->log(ctx, 3, "here I stay");
    for (;;)
        (void)poll(NULL, 0, -1);
}

static int stay_in_open(struct pph_ctx *ctx)
{
    stay(ctx, IN_OPEN);
    return PPH_OK;
}

static int stay_in_start(struct pph_ctx *ctx)
{
    stay(ctx, IN_START);
    return PPH_OK;
}

static int stay_in_plan(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    (void)items;
    (void)n;
    stay(ctx, IN_PLAN);
    return PPH_OK;
}

static int stay_in_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    stay(ctx, IN_ITEM);
    return PPH_OK;
}

/* To be stuck in `cancel` it has to be cancelled: until then there is nothing to generate. */
static int stay_in_generate(struct pph_ctx *ctx)
{
    stay(ctx, IN_ITEM);
    if (ctx->args[0].i != IN_CANCEL)
        return PPH_END;
    ctx->host->log(ctx, 3, "generating");
    return PPH_IDLE;
}

static void stay_in_cancel(struct pph_ctx *ctx)
{
    stay(ctx, IN_CANCEL);
}

static int stay_in_flush(struct pph_ctx *ctx, int why)
{
    (void)why;
    stay(ctx, IN_FLUSH);
    return PPH_OK;
}

static void stay_in_stop(struct pph_ctx *ctx)
{
    stay(ctx, IN_STOP);
}

static void stay_in_close(struct pph_ctx *ctx)
{
    stay(ctx, IN_CLOSE);
}

static const struct pph_param times[] = {{.name = "times",
                                          .doc = "How often each item is emitted.",
                                          .def = "100",
                                          .min = "1",
                                          .type = PPH_INT,
                                          .flags = PPH_PRIMARY},
                                         {0}};

static const struct pph_param where[] = {
    {.name = "where",
     .doc = "The call that it stays in.",
     .def = "item",
     .type = PPH_ENUM,
     .choices = "open|start|plan|item|flush|stop|close|cancel",
     .flags = PPH_PRIMARY},
    {0}};

static const struct pph_plugin sits = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_GENERATOR,
                                       .name = "sits",
                                       .doc = "Never comes back.",
                                       .params = where,
                                       .open = stay_in_open,
                                       .start = stay_in_start,
                                       .plan = stay_in_plan,
                                       .generate = stay_in_generate,
                                       .cancel = stay_in_cancel,
                                       .stop = stay_in_stop,
                                       .close = stay_in_close};

static const struct pph_plugin stuck_alone = {.size = sizeof(struct pph_plugin),
                                              .kind = PPH_CONSUMER,
                                              .flags = PPH_BLOCKING,
                                              .next = &sits,
                                              .name = "stuck-alone",
                                              .doc = "Never comes back to its thread.",
                                              .params = where,
                                              .open = stay_in_open,
                                              .start = stay_in_start,
                                              .plan = stay_in_plan,
                                              .each = stay_in_each,
                                              .flush = stay_in_flush,
                                              .stop = stay_in_stop,
                                              .close = stay_in_close};

static const struct pph_plugin stuck = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_CONSUMER,
                                        .next = &stuck_alone,
                                        .name = "stuck",
                                        .doc = "Never comes back.",
                                        .params = where,
                                        .open = stay_in_open,
                                        .start = stay_in_start,
                                        .plan = stay_in_plan,
                                        .each = stay_in_each,
                                        .flush = stay_in_flush,
                                        .stop = stay_in_stop,
                                        .close = stay_in_close};

static const struct pph_plugin loner = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_PROCESSOR,
                                        .flags = PPH_PARALLEL | PPH_BLOCKING,
                                        .next = &stuck,
                                        .name = "loner",
                                        .doc = "Has a thread of its own.",
                                        .each = loner_each};

static const struct pph_plugin lender = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_PROCESSOR,
                                         .flags = PPH_PARALLEL,
                                         .next = &loner,
                                         .name = "lender",
                                         .doc = "Gives its place away at each item.",
                                         .each = lender_each};

static const struct pph_plugin keyed = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_PROCESSOR,
                                        .flags = PPH_PARALLEL,
                                        .next = &lender,
                                        .name = "keyed",
                                        .doc = "Gives items one of three keys.",
                                        .each = keyed_each};

static const struct pph_plugin needy = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_PROCESSOR,
                                        .flags = PPH_PARALLEL,
                                        .next = &keyed,
                                        .name = "needy",
                                        .doc = "Copies each item.",
                                        .open = needy_open,
                                        .each = needy_each};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .flags = PPH_PARALLEL,
                                            .next = &needy,
                                            .name = "greedy",
                                            .doc = "Is deaf to PPH_MORE.",
                                            .params = times,
                                            .each = greedy_each};
