/* SPDX-License-Identifier: MIT */
/* Odd stages: those that are odd in what they emit, name or plan. */
#include "exec/odd_stages.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

struct odd odd;

void odd_reset(void)
{
    atomic_store(&odd.busy, false);
    atomic_store(&odd.signalled, false);
    atomic_store(&odd.cancelled, false);
    atomic_store(&odd.stopped, false);
    atomic_store(&odd.cancel_ran, false);
    atomic_store(&odd.bad_cancel, false);
    atomic_store(&odd.wakes, 0);
    atomic_store(&odd.calls, 0);
    atomic_store(&odd.met, 0);
}

static int emit_empty(struct pph_ctx *ctx)
{
    struct pph_item items[4] = {{0}};
    int rc = ctx->host->emit(ctx, items, 4);

    return rc < 0 ? rc : PPH_END;
}

const struct pph_plugin empty_items = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "empty_items",
    .generate = emit_empty,
};

static int batch_rewrite(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    static const uint64_t number = 7;
    int rc;

    for (size_t k = 0; k < n; k++) {
        items[k].data = ctx->host->alloc(ctx, sizeof(number));
        if (!items[k].data)
            return PPH_FATAL;
        memcpy(items[k].data, &number, sizeof(number));
        items[k].len = sizeof(number);
    }
    rc = ctx->host->emit(ctx, items, n);
    return rc < 0 ? rc : PPH_OK;
}

const struct pph_plugin rewrite = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "rewrite",
    .batch = batch_rewrite,
};

static int batch_move_fatal(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx->host->emit(ctx, items, n);
    return ctx->host->fail(ctx, &items[n - 1], PPH_FATAL, "the disk is full");
}

const struct pph_plugin move_then_fatal = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "move_then_fatal",
    .batch = batch_move_fatal,
};

static int batch_name_move(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx->host->fail(ctx, &items[n / 2], PPH_FAIL, "bad");
    return ctx->host->emit(ctx, items, n) < 0 ? PPH_STOP : PPH_OK;
}

const struct pph_plugin name_then_move = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "name_then_move",
    .batch = batch_name_move,
};

static int batch_move_stop(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx->host->emit(ctx, items, n);
    atomic_store(&odd.busy, true);
    while (!ctx->host->stopping(ctx))
        (void)sched_yield();
    return PPH_STOP;
}

const struct pph_plugin move_then_stop = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "move_then_stop",
    .batch = batch_move_stop,
};

static int batch_move_more(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    static char large[64 << 10];

    if (!ctx->local && ctx->host->emit(ctx, items, n) < 0)
        return PPH_STOP;
    ctx->local = large; /* it is emitted: this goes on where it was left */
    for (size_t k = 0; k < n; k++) {
        struct pph_item it = {.data = large, .len = sizeof(large)};
        int rc = ctx->host->emit(ctx, &it, 1);

        if (rc < 0)
            return rc;
        if (rc == PPH_MORE && k + 1 < n) {
            ctx->done = k + 1;
            return PPH_MORE;
        }
    }
    ctx->local = NULL;
    return PPH_OK;
}

const struct pph_plugin move_then_more = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "move_then_more",
    .batch = batch_move_more,
};

static int batch_fail_copy(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        struct pph_item copy = items[k];
        int rc = PPH_OK;

        if (k % 10 == 9)
            (void)ctx->host->fail(ctx, &copy, PPH_FAIL, "bad copy");
        else
            rc = ctx->host->emit(ctx, &copy, 1);
        if (rc < 0)
            return rc;
    }
    return PPH_OK;
}

const struct pph_plugin fail_copy = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "fail_copy",
    .batch = batch_fail_copy,
};

static int each_complain(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t call = atomic_fetch_add(&odd.calls, 1) + 1;
    char text[32];

    if (call == 100)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "the disk is full");
    (void)snprintf(text, sizeof(text), "bad line %u", (unsigned)call);
    return ctx->host->fail(ctx, it, PPH_FAIL, text);
}

const struct pph_plugin complain = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "complain",
    .each = each_complain,
};

static int third_plan_fails(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    (void)n;
    return atomic_fetch_add(&odd.calls, 1) == 2 ? PPH_FATAL : PPH_OK;
}

static int each_fail_all(struct pph_ctx *ctx, struct pph_item *it)
{
    return ctx->host->fail(ctx, it, PPH_FAIL, "words");
}

const struct pph_plugin plan_fails = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "plan_fails",
    .plan = third_plan_fails,
    .each = each_fail_all,
};
