/* SPDX-License-Identifier: MIT */
#include "exec/key_stages.h"

#include <stdlib.h>
#include <string.h>

#include "base/sync.h"
#include "exec/stage.h"

struct keys_seen seen;

static uint32_t meeting;      /* workers that a `meet` waits for */
static _Atomic uint32_t came; /* those that are there; a futex word */

void keys_reset(uint32_t meeting_now)
{
    memset((void *)&seen, 0, sizeof(seen));
    meeting = meeting_now;
    atomic_store(&came, 0);
}

static uint64_t number_of(const struct pph_item *it)
{
    uint64_t number;

    memcpy(&number, it->data, sizeof(number));
    return number;
}

static int each_give(struct pph_ctx *ctx, struct pph_item *it)
{
    it->key = number_of(it) % (uint64_t)ctx->args[0].i + (uint64_t)ctx->args[1].i;
    it->pos = (uint64_t)ctx->args[2].i;
    return PPH_FORWARD;
}

const struct pph_plugin give_keys = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "give_keys",
    .each = each_give,
};

static void look(const struct pph_ctx *ctx, unsigned table, const struct pph_item *it)
{
    const struct stage *s = instance_of((struct pph_ctx *)(uintptr_t)ctx)->stage;
    struct key_seen *k = &seen.keys[table][it->key];
    uint64_t number = number_of(it);
    uint32_t owner;

    atomic_fetch_add(&seen.items[table], 1);
    if (atomic_load(&s->q_items) > s->graph->queue_items)
        atomic_fetch_add(&seen.over, 1);
    if (it->key == 0)
        return;
    if (atomic_exchange(&k->busy, 1))
        atomic_fetch_add(&seen.at_once, 1);
    owner = atomic_exchange(&k->owner, ctx->worker + 1);
    if (owner != 0 && owner != ctx->worker + 1)
        atomic_fetch_add(&seen.strayed, 1);
    if (atomic_exchange(&k->last[it->pos], number) >= number)
        atomic_fetch_add(&seen.disordered, 1);
    atomic_store(&k->busy, 0);
}

static int each_watch(struct pph_ctx *ctx, struct pph_item *it)
{
    atomic_fetch_or(&seen.workers, 1u << ctx->worker);
    look(ctx, (unsigned)ctx->args[0].i, it);
    return PPH_FORWARD;
}

static int each_watch_last(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)each_watch(ctx, it);
    return PPH_OK;
}

static int batch_watch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc;

    for (size_t k = 0; k < n; k++)
        (void)each_watch(ctx, &items[k]);
    rc = ctx->host->emit(ctx, items, n);
    return rc < 0 ? rc : PPH_OK;
}

static int each_watch_after(struct pph_ctx *ctx, struct pph_item *it)
{
    look(ctx, 1, it);
    return PPH_OK;
}

const struct pph_plugin watch = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "watch",
    .each = each_watch_last,
};

const struct pph_plugin watch_blocking = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL | PPH_BLOCKING,
    .name = "watch_blocking",
    .each = each_watch_last,
};

const struct pph_plugin watch_each = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "watch_each",
    .each = each_watch,
};

const struct pph_plugin watch_whole = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "watch_whole",
    .batch = batch_watch,
};

const struct pph_plugin watch_after = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "watch_after",
    .each = each_watch_after,
};

static int each_burst(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t times = (uint64_t)ctx->args[0].i;
    uint64_t first = (number_of(it) - 1) * times + 1;

    for (uint64_t number = first; number < first + times; number++) {
        struct pph_item item = {.data = &number,
                                .len = sizeof(number),
                                .key = number % (uint64_t)ctx->args[1].i + 1};
        int rc = ctx->host->emit(ctx, &item, 1);

        if (rc < 0)
            return rc;
    }
    return PPH_OK;
}

const struct pph_plugin burst = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "burst",
    .each = each_burst,
};

static int tally_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(KEYS + 1, sizeof(uint64_t));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static void tally_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int each_tally(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t *counts = ctx->local;

    counts[it->key]++;
    return PPH_OK;
}

static int flush_tally(struct pph_ctx *ctx, int why)
{
    const uint64_t *counts = ctx->local;

    (void)why;
    for (uint64_t key = 0; key <= KEYS; key++) {
        struct pph_item it = {
            .data = (void *)(uintptr_t)&counts[key], .len = sizeof(uint64_t), .key = key};

        if (counts[key] > 0 && ctx->host->emit(ctx, &it, 1) < 0)
            return PPH_STOP;
    }
    return PPH_OK;
}

const struct pph_plugin tally = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL | PPH_STATEFUL,
    .name = "tally",
    .start = tally_start,
    .each = each_tally,
    .flush = flush_tally,
    .stop = tally_stop,
};

static int each_note(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    atomic_fetch_add(&seen.tallies, 1);
    atomic_fetch_add(&seen.counted[it->key], number_of(it));
    return PPH_OK;
}

const struct pph_plugin note_tally = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "note_tally",
    .each = each_note,
};

static int each_meet(struct pph_ctx *ctx, struct pph_item *it)
{
    uint32_t bit = 1u << ctx->worker;
    uint32_t now;

    if (!(atomic_fetch_or(&seen.workers, bit) & bit)) {
        atomic_fetch_add(&came, 1);
        futex_wake(&came, INT32_MAX);
        while ((now = atomic_load(&came)) < meeting)
            futex_wait(&came, now, 0);
    }
    look(ctx, 0, it);
    return PPH_OK;
}

const struct pph_plugin meet = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL | PPH_BLOCKING,
    .name = "meet",
    .each = each_meet,
};

static int each_enough(struct pph_ctx *ctx, struct pph_item *it)
{
    look(ctx, 0, it);
    return atomic_load(&seen.items[0]) >= (uint64_t)ctx->args[0].i ? PPH_END : PPH_OK;
}

const struct pph_plugin enough_keys = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "enough_keys",
    .each = each_enough,
};
