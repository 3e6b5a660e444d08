/* SPDX-License-Identifier: MIT */
#include "exec/stages.h"

#include <stdlib.h>
#include <string.h>

struct collected collected;

void collected_reset(void)
{
    atomic_store(&collected.n, 0);
    atomic_store(&collected.sum, 0);
    atomic_store(&collected.in_order, true);
    collected.last = 0;
}

static uint64_t number_of(const struct pph_item *it)
{
    uint64_t number;

    memcpy(&number, it->data, sizeof(number));
    return number;
}

struct range {
    uint64_t next, end;
};

static int range_start(struct pph_ctx *ctx)
{
    struct range *range = calloc(1, sizeof(*range));

    ctx->local = range;
    if (!range)
        return PPH_FATAL;
    range->next = 1;
    range->end = (uint64_t)ctx->args[0].i + 1;
    return PPH_OK;
}

static void free_local(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int emit_range(struct pph_ctx *ctx, struct range *range, uint64_t most)
{
    uint64_t at_once = ctx->args[1].i > 0 ? (uint64_t)ctx->args[1].i : 64;
    bool deaf = ctx->args[2].i != 0;

    while (range->next < range->end && most > 0) {
        uint64_t n = range->end - range->next;
        struct pph_item items[256] = {0};
        uint64_t *numbers_at;
        int rc;

        n = n < at_once ? n : at_once;
        n = n < 256 ? n : 256;
        n = n < most ? n : most;
        numbers_at = ctx->host->alloc(ctx, n * sizeof(uint64_t));
        if (!numbers_at)
            return PPH_FATAL;
        for (uint64_t k = 0; k < n; k++) {
            numbers_at[k] = range->next + k;
            items[k].data = &numbers_at[k];
            items[k].len = sizeof(uint64_t);
            items[k].pos = range->next + k;
            items[k].key = (range->next + k) % 8;
        }
        rc = ctx->host->emit(ctx, items, n);
        if (rc == PPH_STOP || rc == PPH_FATAL)
            return rc;
        range->next += n;
        most -= n;
        if (rc == PPH_MORE && !deaf)
            return PPH_MORE;
    }
    return PPH_OK;
}

static int numbers_generate(struct pph_ctx *ctx)
{
    struct range *range = ctx->local;
    int rc = emit_range(ctx, range, ctx->args[2].i ? UINT64_MAX : ctx->want);

    return rc == PPH_OK && range->next == range->end ? PPH_END : rc;
}

const struct pph_plugin numbers = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "numbers",
    .pos_unit = "number",
    .start = range_start,
    .stop = free_local,
    .generate = numbers_generate,
};

/* shared: the next number to be planned */
static int planned_open(struct pph_ctx *ctx)
{
    uint64_t *next = calloc(1, sizeof(*next));

    ctx->shared = next;
    if (!next)
        return PPH_FATAL;
    *next = 1;
    return PPH_OK;
}

static void planned_close(struct pph_ctx *ctx)
{
    free(ctx->shared);
}

static int planned_plan(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    uint64_t *next = ctx->shared;
    struct range *range = ctx->local;
    uint64_t end = (uint64_t)ctx->args[0].i + 1;

    (void)items;
    (void)n;
    if (*next >= end)
        return PPH_END;
    range->next = *next;
    range->end = *next + 100 < end ? *next + 100 : end;
    *next = range->end;
    return PPH_OK;
}

static int planned_generate(struct pph_ctx *ctx)
{
    return emit_range(ctx, ctx->local, UINT64_MAX);
}

const struct pph_plugin planned_numbers = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL,
    .name = "planned_numbers",
    .open = planned_open,
    .start = range_start,
    .plan = planned_plan,
    .generate = planned_generate,
    .stop = free_local,
    .close = planned_close,
};

static int each_forward(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

const struct pph_plugin forward_each = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "forward_each",
    .each = each_forward,
};

static int batch_whole(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc = ctx->host->emit(ctx, items, n);

    return rc < 0 ? rc : PPH_OK;
}

const struct pph_plugin forward_batch = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "forward_batch",
    .batch = batch_whole,
};

static int batch_items(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        int rc = ctx->host->emit(ctx, &items[k], 1);

        if (rc == PPH_MORE && k + 1 < n) {
            ctx->done = k + 1;
            return PPH_MORE;
        }
        if (rc < 0)
            return rc;
    }
    return PPH_OK;
}

const struct pph_plugin forward_items = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "forward_items",
    .batch = batch_items,
};

/* Keeps how often the item was emitted in the upper half of its key. */
static int each_repeat(struct pph_ctx *ctx, struct pph_item *it)
{
    while (it->key >> 32 < (uint64_t)ctx->args[0].i) {
        struct pph_item copy = *it;
        int rc;

        copy.key = (uint32_t)it->key;
        rc = ctx->host->emit(ctx, &copy, 1);
        if (rc == PPH_STOP || rc == PPH_FATAL)
            return rc;
        it->key += UINT64_C(1) << 32;
        if (rc == PPH_MORE && it->key >> 32 < (uint64_t)ctx->args[0].i)
            return PPH_MORE;
    }
    return PPH_OK;
}

const struct pph_plugin repeat = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "repeat",
    .each = each_repeat,
};

static int each_repeat_deaf(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t number = number_of(it); /* on the stack: the host must copy it */
    struct pph_item copy = {
        .data = &number, .len = sizeof(number), .key = it->key, .pos = it->pos};

    for (int64_t k = 0; k < ctx->args[0].i; k++) {
        int rc = ctx->host->emit(ctx, &copy, 1);

        if (rc == PPH_STOP || rc == PPH_FATAL)
            return rc;
    }
    return PPH_OK;
}

const struct pph_plugin repeat_deaf = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "repeat_deaf",
    .each = each_repeat_deaf,
};

static int each_divisible(struct pph_ctx *ctx, struct pph_item *it)
{
    return number_of(it) % (uint64_t)ctx->args[0].i == 0 ? PPH_FORWARD : PPH_OK;
}

const struct pph_plugin divisible = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "divisible",
    .each = each_divisible,
};

static int each_fail(struct pph_ctx *ctx, struct pph_item *it)
{
    if (number_of(it) % (uint64_t)ctx->args[0].i == 0)
        return ctx->host->fail(ctx, it, PPH_FAIL, "divisible");
    return PPH_FORWARD;
}

const struct pph_plugin fail_each = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "fail_each",
    .each = each_fail,
};

static int batch_fail(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (number_of(&items[k]) % (uint64_t)ctx->args[0].i == 0) {
            (void)ctx->host->fail(ctx, &items[k], PPH_FAIL, "divisible");
        } else {
            int rc = ctx->host->emit(ctx, &items[k], 1);

            if (rc < 0)
                return rc;
        }
    }
    return PPH_OK;
}

const struct pph_plugin fail_batch = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "fail_batch",
    .batch = batch_fail,
};

static int batch_count(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    uint64_t sum = 0;

    (void)ctx;
    for (size_t k = 0; k < n; k++)
        sum += number_of(&items[k]);
    atomic_fetch_add(&collected.n, n);
    atomic_fetch_add(&collected.sum, sum);
    return PPH_OK;
}

/* The one consumer that looks at order. */
static int batch_collect(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (number_of(&items[k]) < collected.last)
            atomic_store(&collected.in_order, false);
        collected.last = number_of(&items[k]);
    }
    return batch_count(ctx, items, n);
}

const struct pph_plugin collect = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "collect",
    .batch = batch_collect,
};

const struct pph_plugin collect_parallel = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "collect_parallel",
    .batch = batch_count,
};

const struct pph_plugin collect_blocking = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING | PPH_PARALLEL,
    .name = "collect_blocking",
    .batch = batch_count,
};

static int count_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(uint64_t));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static int each_take(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t *taken = ctx->local;

    (void)batch_collect(ctx, it, 1);
    return ++*taken == (uint64_t)ctx->args[0].i ? PPH_END : PPH_OK;
}

const struct pph_plugin take = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "take",
    .start = count_start,
    .each = each_take,
    .stop = free_local,
};

static int each_sum(struct pph_ctx *ctx, struct pph_item *it)
{
    *(uint64_t *)ctx->local += number_of(it);
    return PPH_OK;
}

static int flush_sum(struct pph_ctx *ctx, int why)
{
    struct pph_item it = {.data = ctx->local, .len = sizeof(uint64_t)};

    (void)why;
    return ctx->host->emit(ctx, &it, 1) < 0 ? PPH_STOP : PPH_OK;
}

const struct pph_plugin sum_up = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL | PPH_STATEFUL,
    .name = "sum_up",
    .start = count_start,
    .each = each_sum,
    .flush = flush_sum,
    .stop = free_local,
};
