/* SPDX-License-Identifier: MIT */
/*
 * Consumers and producers in number: `concat` leaves its letters joined by dashes, `remote` how many items it would
 * have sent where, `produce` is a generator of many workers, `take` counts and sums up what it gets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/easy.h>

/* --- concat -------------------------------------------------------------------------- */

struct concat {
    size_t len;
    char text[4096]; /* as JSON, with its first quote */
};

static int concat_start(struct pph_ctx *ctx)
{
    struct concat *concat = calloc(1, sizeof(*concat));

    if (!concat)
        return PPH_FATAL;
    concat->text[concat->len++] = '"';
    ctx->local = concat;
    return PPH_OK;
}

static int concat_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct concat *concat = ctx->local;
    const char *bytes = it->data;

    for (uint32_t i = 0; i < it->len; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' || bytes[i] == '\\')
            return pph_failf(ctx, it, PPH_FAIL, "it has more than letters");
    }
    if (it->len + 4 > sizeof(concat->text) - concat->len)
        return pph_failf(ctx, it, PPH_FAIL, "there is no room for more");
    if (concat->len > 1)
        concat->text[concat->len++] = '-';
    if (it->len > 0) /* an empty item may have no address */
        memcpy(concat->text + concat->len, bytes, it->len);
    concat->len += it->len;
    return PPH_OK;
}

static int concat_flush(struct pph_ctx *ctx, int why)
{
    struct concat *concat = ctx->local;

    (void)why;
    concat->text[concat->len++] = '"';
    return ctx->host->result(ctx, NULL, concat->text);
}

static void free_local(struct pph_ctx *ctx)
{
    free(ctx->local);
}

/* --- remote, take -------------------------------------------------------------------- */

struct tally {
    unsigned long long items, sum;
};

static int tally_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(struct tally));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static int tally_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct tally *tally = ctx->local;
    char text[24] = "";

    if (it->len >= sizeof(text))
        return pph_failf(ctx, it, PPH_FAIL, "it is no number");
    if (it->len > 0)
        memcpy(text, it->data, it->len);
    tally->items++;
    tally->sum += strtoull(text, NULL, 10);
    return PPH_OK;
}

static int take_flush(struct pph_ctx *ctx, int why)
{
    const struct tally *tally = ctx->local;
    char json[96];

    (void)why;
    (void)snprintf(json, sizeof(json), "{\"items\":%llu,\"sum\":%llu}", tally->items,
                   tally->sum);
    return ctx->host->result(ctx, NULL, json);
}

enum { REMOTE_HOST, REMOTE_PORT };

static int remote_flush(struct pph_ctx *ctx, int why)
{
    const struct tally *tally = ctx->local;
    char json[192];

    (void)why;
    (void)snprintf(json, sizeof(json), "\"%s:%lld got %llu items\"",
                   ctx->args[REMOTE_HOST].s, (long long)ctx->args[REMOTE_PORT].i,
                   tally->items);
    return ctx->host->result(ctx, NULL, json);
}

static const struct pph_param remote_params[] = {
    {.name = "host",
     .doc = "Where to.",
     .choices = "remote|local",
     .type = PPH_ENUM,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "port",
     .doc = "At which port.",
     .def = "80",
     .min = "1",
     .max = "65535",
     .type = PPH_INT},
    {0},
};

/* --- produce ------------------------------------------------------------------------- */

enum { PRODUCE_ITEMS, PRODUCE_FAILS };

/* Each worker makes its own numbers: worker, worker + workers, ...; below is how many it has made. */
struct made {
    uint64_t items;
};

static int produce_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(struct made));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static int produce_generate(struct pph_ctx *ctx)
{
    struct made *made = ctx->local;
    uint64_t items = (uint64_t)ctx->args[PRODUCE_ITEMS].i;
    int64_t fails = ctx->args[PRODUCE_FAILS].i;
    char text[24];
    int status;

    for (uint32_t n = 0; n < ctx->want && made->items < items; n++) {
        if (fails == (int64_t)ctx->worker && made->items == items / 2)
            return pph_failf(ctx, NULL, PPH_FATAL, "half of it has to be enough");
        (void)snprintf(text, sizeof(text), "%llu",
                       (unsigned long long)(made->items++ * ctx->workers + ctx->worker));
        status = pph_emit_text(ctx, NULL, text);
        if (status != PPH_OK)
            return status;
    }
    return made->items == items ? PPH_END : PPH_OK;
}

static const struct pph_param produce_params[] = {
    {.name = "items",
     .doc = "How many each worker makes.",
     .def = "1000",
     .min = "0",
     .type = PPH_INT,
     .flags = PPH_PRIMARY},
    {.name = "fails",
     .doc = "The worker that fails half-way; -1: none.",
     .def = "-1",
     .type = PPH_INT},
    {0},
};

static const struct pph_plugin produce = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL,
    .name = "produce",
    .doc = "Makes numbers, each worker its own.",
    .params = produce_params,
    .start = produce_start,
    .generate = produce_generate,
    .stop = free_local,
};

static const struct pph_plugin take = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .next = &produce,
    .name = "take",
    .doc = "Leaves how many numbers each worker got, and their sum.",
    .start = tally_start,
    .each = tally_each,
    .flush = take_flush,
    .stop = free_local,
};

static const struct pph_plugin remote = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .next = &take,
    .name = "remote",
    .doc = "Leaves how many numbers it would have sent where.",
    .params = remote_params,
    .start = tally_start,
    .each = tally_each,
    .flush = remote_flush,
    .stop = free_local,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .next = &remote,
    .name = "concat",
    .doc = "Leaves its letters, joined by dashes.",
    .start = concat_start,
    .each = concat_each,
    .flush = concat_flush,
    .stop = free_local,
};
