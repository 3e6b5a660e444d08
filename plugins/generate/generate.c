/* SPDX-License-Identifier: MIT */
/*
 * generate - makes items out of nothing: for tests, benchmarks and first steps.
 *
 * Each item depends on the seed and its number alone, so the same settings give the same
 * items whatever the batches, and a run that goes on in the middle makes what the first
 * one would have.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/plugin.h>

enum { ARG_COUNT, ARG_SIZE, ARG_SEED, ARG_TEXT };

enum {
    EMIT_MAX = 256,
    BLOCK = (128 << 10) - 256, /* with the host's own bytes around it, a power of two */
    LETTERS = 8                /* of one random number */
};

struct generate {
    uint64_t next, count; /* index of the next item, from 0; how many there are */
    uint64_t seed;
    size_t size;
};

static int start(struct pph_ctx *ctx)
{
    const struct pph_value *args = ctx->args;

    if (args[ARG_TEXT].given && args[ARG_SIZE].given)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "text and size exclude each other");
    struct generate *gen = calloc(1, sizeof(*gen));
    if (!gen)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");

    gen->count = (uint64_t)args[ARG_COUNT].i;
    gen->size = args[ARG_TEXT].given ? args[ARG_TEXT].n : (size_t)args[ARG_SIZE].i;
    gen->seed = (uint64_t)args[ARG_SEED].i;
    ctx->local = gen;
    return PPH_OK;
}

static void stop(struct pph_ctx *ctx)
{
    free(ctx->local);
    ctx->local = NULL;
}

/* splitmix64: a number for every n, with no state between them. */
static uint64_t random_of(uint64_t n)
{
    uint64_t z = n * 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Letters from a to p: an item can be looked at, and holds no delimiter that anyone
 * uses. */
static void fill(char *to, size_t size, uint64_t seed, uint64_t index)
{
    uint64_t state = random_of(seed) ^ random_of(~index);

    for (size_t i = 0; i < size; i += LETTERS, state++) {
        uint64_t letters = (random_of(state) & 0x0f0f0f0f0f0f0f0fu) + 0x6161616161616161u;
        letters = htole64(letters);
        memcpy(to + i, &letters, size - i < LETTERS ? size - i : LETTERS);
    }
}

/* The payload of items from gen->next on: `n` of them, one after another. */
static char *payload(struct pph_ctx *ctx, const struct generate *gen, size_t n)
{
    char *block = ctx->host->alloc(ctx, n * gen->size);

    for (size_t i = 0; block && i < n; i++)
        fill(block + i * gen->size, gen->size, gen->seed, gen->next + i);
    return block;
}

/* The items are writable where each has its own bytes, so `data` is not const.
 * NOLINTNEXTLINE(readability-non-const-parameter) */
static int send(struct pph_ctx *ctx, struct generate *gen, char *data, size_t step,
                size_t n)
{
    struct pph_item items[EMIT_MAX];

    for (size_t i = 0; i < n; i++)
        items[i] = (struct pph_item){.data = data ? data + i * step : NULL,
                                     .len = (uint32_t)gen->size,
                                     .flags = step > 0 ? PPH_WRITABLE : 0,
                                     .pos = gen->next + i + 1};
    gen->next += n;
    return ctx->host->emit(ctx, items, n);
}

/* How many items the next emit takes: what is left, what fits a block, at least one. */
static size_t next_few(const struct generate *gen, size_t want)
{
    uint64_t left = gen->count - gen->next;
    size_t n = gen->size > 0 ? BLOCK / gen->size : EMIT_MAX;

    n = n < 1 ? 1 : n;
    n = n > EMIT_MAX ? EMIT_MAX : n;
    n = n > want ? want : n;
    return left < n ? (size_t)left : n;
}

static int generate(struct pph_ctx *ctx)
{
    struct generate *gen = ctx->local;
    const struct pph_value *text = &ctx->args[ARG_TEXT];
    size_t want = ctx->want > 0 ? ctx->want : EMIT_MAX;
    size_t sent = 0;
    int status = PPH_OK;

    /* A text of the arguments lives until close, and so may be pointed at by every
     * item. */
    if (text->given && text->n > 0)
        status = ctx->host->adopt(ctx, text->s, text->n, NULL, NULL);
    while (status == PPH_OK && gen->next < gen->count && sent < want) {
        size_t n = next_few(gen, want - sent);
        char *data = NULL;
        size_t step = 0;
        if (text->given) {
            memcpy(&data, &text->s,
                   sizeof(data)); /* read-only: sent without PPH_WRITABLE */
        } else if (gen->size > 0) {
            data = payload(ctx, gen, n);
            step = gen->size;
            if (!data)
                return ctx->host->fail(ctx, NULL, PPH_FATAL,
                                       "size: an item is larger than the memory budget");
        }
        status = send(ctx, gen, data, step, n);
        sent += n;
    }
    ctx->host->progress(ctx, gen->next, gen->count, PPH_ITEMS);
    if (status != PPH_OK && status != PPH_MORE)
        return status;
    return gen->next == gen->count ? PPH_END : PPH_OK;
}

static const struct pph_param params[] = {
    {.name = "count",
     .doc = "How many items to make.",
     .min = "0",
     .example = "1000000",
     .type = PPH_INT,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "size",
     .doc = "Bytes of an item, letters from a to p.",
     .def = "8B",
     .min = "0",
     .max = "2GiB",
     .type = PPH_SIZE},
    {.name = "seed",
     .doc = "Other seeds give other letters; the same one always gives the same.",
     .def = "0",
     .type = PPH_INT},
    {.name = "text",
     .doc = "Make every item this text instead of letters.",
     .example = "hello",
     .type = PPH_STRING},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "generate",
    .version = "1.0",
    .doc = "Makes items of given number and size.",
    .out = "text/plain",
    .pos_unit = "item",
    .params = params,
    .start = start,
    .generate = generate,
    .stop = stop,
};
