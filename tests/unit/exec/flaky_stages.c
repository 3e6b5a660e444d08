/* SPDX-License-Identifier: MIT */
#include "exec/flaky_stages.h"

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"

_Atomic uint32_t seen[N_MAX + 1];

void flaky_reset(void)
{
    for (size_t k = 0; k <= N_MAX; k++)
        atomic_store(&seen[k], 0);
}

static uint64_t number_of(const struct pph_item *it)
{
    uint64_t number = 0;

    PPH_ASSERT(it->len == sizeof(number));
    memcpy(&number, it->data, sizeof(number));
    PPH_ASSERT(number <= N_MAX);
    return number;
}

/* args[0]: numbers that it divides fail; args[1]: so many times. */
static bool fails(struct pph_ctx *ctx, const struct pph_item *it)
{
    uint64_t number = number_of(it);

    return number % (uint64_t)ctx->args[0].i == 0 &&
           atomic_load(&seen[number]) <= (uint64_t)ctx->args[1].i;
}

static void see(const struct pph_item *it)
{
    atomic_fetch_add(&seen[number_of(it)], 1);
}

static int each_flaky(struct pph_ctx *ctx, struct pph_item *it)
{
    see(it);
    return fails(ctx, it) ? ctx->host->fail(ctx, it, PPH_RETRY, "not now") : PPH_FORWARD;
}

/* Destroys what it is given before it fails. */
static int each_scribbles(struct pph_ctx *ctx, struct pph_item *it)
{
    int rc = each_flaky(ctx, it);

    if (rc == PPH_RETRY) {
        memset(it->data, 0xFF, it->len);
        it->len = 1;
        it->key = 99;
    }
    return rc;
}

/* Emits nothing unless all are good; says nothing of which is bad. */
static int batch_all_or_none(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    bool good = true;
    int rc;

    for (size_t k = 0; k < n; k++) {
        see(&items[k]);
        good = !fails(ctx, &items[k]) && good;
    }
    if (!good) {
        for (size_t k = 0; k < n; k++)
            items[k].data = NULL;
        return ctx->host->fail(ctx, NULL, PPH_FAIL, "all of them");
    }
    rc = ctx->host->emit(ctx, items, n);
    return rc < 0 ? rc : PPH_OK;
}

/* Goes on behind each that it fails on, and stops for room where it is told to. */
static int batch_names(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        int rc = PPH_OK;

        see(&items[k]);
        if (fails(ctx, &items[k]))
            (void)ctx->host->fail(ctx, &items[k], PPH_FAIL, "this one");
        else
            rc = ctx->host->emit(ctx, &items[k], 1);
        if (rc < 0)
            return rc;
        if (k % 5 == 4 && k + 1 < n) {
            ctx->done = k + 1;
            return PPH_MORE;
        }
    }
    return PPH_OK;
}

/* Ends at the first that it fails on. */
static int batch_ends_there(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        int rc;

        see(&items[k]);
        if (fails(ctx, &items[k])) {
            for (size_t rest = k; rest < n; rest++)
                items[rest].len = 0;
            return ctx->host->fail(ctx, &items[k], PPH_FAIL, "this one");
        }
        rc = ctx->host->emit(ctx, &items[k], 1);
        if (rc < 0)
            return rc;
    }
    return PPH_OK;
}

#define STAGE(stage, how, more_flags)         \
    const struct pph_plugin stage = {         \
        .size = sizeof(struct pph_plugin),    \
        .kind = PPH_PROCESSOR,                \
        .flags = PPH_PARALLEL | (more_flags), \
        .name = #stage,                       \
        how,                                  \
    }

STAGE(flaky, .each = each_flaky, 0);
STAGE(flaky_blocking, .each = each_flaky, PPH_BLOCKING);
STAGE(scribbles, .each = each_scribbles, PPH_IN_PLACE);
STAGE(all_or_none, .batch = batch_all_or_none, 0);
STAGE(names, .batch = batch_names, 0);
STAGE(ends_there, .batch = batch_ends_there, 0);

static int each_never(struct pph_ctx *ctx, struct pph_item *it)
{
    return ctx->host->fail(ctx, it, PPH_FAIL, "the letter box is full");
}

const struct pph_plugin full_box = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "full_box",
    .each = each_never,
};
