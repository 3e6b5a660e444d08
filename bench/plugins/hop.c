/* SPDX-License-Identifier: MIT */
/*
 * hop - 64-bit numbers from a generator through a processor that does nothing to a consumer: what it
 * costs to hand an item on, twice.  The counterpart of ../peers/hop_*.
 *
 * hop            the generator: the numbers from 0, `batch` of them per call
 * hop:share      as hop, and each of several workers makes its share of the numbers
 * hop:pass       a processor with `batch`: sends its input on, whole
 * hop:pass_each  a processor with `each`: PPH_FORWARD
 * hop:pass_flip  as hop:pass, and flips the lowest bit of each number, as the peers' processors do
 * hop:sum        the consumer: adds the numbers up, checks them, and prints nanoseconds per item
 * hop:total      as hop:sum, with several workers
 *
 * The time goes from the generator's open, before any thread of a stage runs, to the consumer's close,
 * after the last has stopped.  One pipeline per process.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pphost/plugin.h>

/* [control] Written when the generator opens, before any worker is there; only read from then on. */
static struct {
    uint64_t start_ns;
    uint64_t count;
} whole;

/* [any] Each consumer adds its own when it is flushed; read at the close, after the last. */
static struct {
    _Atomic uint64_t n, sum;
} found;

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- hop ------------------------------------------------------------------------------------- */

enum { ARG_COUNT, ARG_BATCH, ARG_CARRY };
enum { CARRY_PAYLOAD, CARRY_KEY };

struct numbers {
    uint64_t next, end;
    size_t batch;
    int64_t carry;
    struct pph_item
        items[]; /* `batch` of them; only where a number is changes per call */
};

static int numbers_open(struct pph_ctx *ctx)
{
    whole.count = (uint64_t)ctx->args[ARG_COUNT].i;
    whole.start_ns = now_ns();
    return PPH_OK;
}

/* Worker k of w makes the numbers from count * k / w on; count is at most 10^12, w at most 1,024. */
static int numbers_start(struct pph_ctx *ctx)
{
    size_t batch = (size_t)ctx->args[ARG_BATCH].i;
    struct numbers *gen = calloc(1, sizeof(*gen) + batch * sizeof(gen->items[0]));

    if (!gen)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    gen->next = whole.count * ctx->worker / ctx->workers;
    gen->end = whole.count * (ctx->worker + 1) / ctx->workers;
    gen->batch = batch;
    gen->carry = ctx->args[ARG_CARRY].i;
    for (size_t k = 0; gen->carry == CARRY_PAYLOAD && k < batch; k++) {
        gen->items[k].len = sizeof(uint64_t);
        gen->items[k].flags = PPH_WRITABLE;
    }
    ctx->local = gen;
    return PPH_OK;
}

static void numbers_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

/* One batch per call, however many the host wants: the host sends on what a call leaves behind. */
static int numbers_generate(struct pph_ctx *ctx)
{
    struct numbers *gen = ctx->local;
    uint64_t left = gen->end - gen->next;
    size_t n = left < gen->batch ? (size_t)left : gen->batch;
    int rc = PPH_OK;

    if (gen->carry == CARRY_KEY) {
        for (size_t k = 0; k < n; k++)
            gen->items[k].key = gen->next + k;
    } else if (n > 0) {
        uint64_t *numbers = ctx->host->alloc(ctx, n * sizeof(*numbers));
        if (!numbers)
            return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
        for (size_t k = 0; k < n; k++) {
            numbers[k] = gen->next + k;
            gen->items[k].data = numbers + k;
        }
    }
    if (n > 0)
        rc = ctx->host->emit(ctx, gen->items, n);
    gen->next += n;
    if (rc != PPH_OK && rc != PPH_MORE)
        return rc;
    return gen->next == gen->end ? PPH_END : PPH_OK;
}

static const struct pph_param numbers_params[] = {
    {.name = "count",
     .doc = "How many numbers.",
     .min = "0",
     .max = "1_000_000_000_000",
     .example = "100_000_000",
     .type = PPH_INT,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "batch",
     .doc = "How many of them per call.",
     .def = "256",
     .min = "1",
     .max = "65536",
     .type = PPH_INT},
    {.name = "carry",
     .doc = "Where an item has its number: in 8 bytes of payload, or in its key.",
     .def = "payload",
     .choices = "payload|key",
     .type = PPH_ENUM},
    {0},
};

/* --- the processors -------------------------------------------------------------------------- */

static int pass_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc = ctx->host->emit(ctx, items, n);

    return rc == PPH_MORE ? PPH_OK : rc;
}

static int pass_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

static int flip_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (items[k].len == 0)
            items[k].key ^= 1;
        else
            *(uint64_t *)items[k].data ^= 1;
    }
    return pass_batch(ctx, items, n);
}

/* --- hop:sum --------------------------------------------------------------------------------- */

struct sum {
    uint64_t n, sum;
};

static int sum_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(struct sum));
    return ctx->local ? PPH_OK : ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
}

static int sum_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct sum *all = ctx->local;
    uint64_t sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += items[k].len == 0 ? items[k].key : *(const uint64_t *)items[k].data;
    all->sum += sum;
    all->n += n;
    return PPH_OK;
}

static int sum_flush(struct pph_ctx *ctx, int why)
{
    const struct sum *all = ctx->local;

    (void)why;
    atomic_fetch_add(&found.n, all->n);
    atomic_fetch_add(&found.sum, all->sum);
    return PPH_OK;
}

static void sum_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

/*
 * Prints nothing, and so fails the benchmark, when these are not the numbers sent.  Flipping the lowest bit of an even count
 * of numbers from 0 leaves their sum as it was.
 */
static void sum_close(struct pph_ctx *ctx)
{
    uint64_t count = whole.count;
    /* modulo 2^64, and so without overflow on the way */
    uint64_t expected =
        count % 2 == 0 ? count / 2 * (count - 1) : (count - 1) / 2 * count;

    if (found.n != count || (found.sum | 1) != (expected | 1))
        (void)ctx->host->fail(ctx, NULL, PPH_FATAL, "these are not the numbers sent");
    else if (count > 0)
        (void)printf("%.3f\n", (double)(now_ns() - whole.start_ns) / (double)count);
}

/* --- what is exported ------------------------------------------------------------------------ */

static const struct pph_plugin total = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "total",
    .doc = "Adds numbers up with several workers and prints nanoseconds per item.",
    .start = sum_start,
    .batch = sum_batch,
    .flush = sum_flush,
    .stop = sum_stop,
    .close = sum_close,
};

static const struct pph_plugin sum = {
    .size = sizeof(struct pph_plugin),
    .next = &total,
    .kind = PPH_CONSUMER,
    .name = "sum",
    .doc = "Adds numbers up and prints nanoseconds per item.",
    .start = sum_start,
    .batch = sum_batch,
    .flush = sum_flush,
    .stop = sum_stop,
    .close = sum_close,
};

static const struct pph_plugin flip = {
    .size = sizeof(struct pph_plugin),
    .next = &sum,
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL | PPH_IN_PLACE,
    .name = "pass_flip",
    .doc = "Flips the lowest bit of each number.",
    .out = "=",
    .batch = flip_batch,
};

static const struct pph_plugin each = {
    .size = sizeof(struct pph_plugin),
    .next = &flip,
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "pass_each",
    .doc = "Passes items on, one at a time.",
    .out = "=",
    .each = pass_each,
};

static const struct pph_plugin pass = {
    .size = sizeof(struct pph_plugin),
    .next = &each,
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "pass",
    .doc = "Passes items on, a batch at a time.",
    .out = "=",
    .batch = pass_batch,
};

static const struct pph_plugin share = {
    .size = sizeof(struct pph_plugin),
    .next = &pass,
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL,
    .name = "share",
    .doc = "Makes the numbers from 0, each worker its share.",
    .pos_unit = "item",
    .params = numbers_params,
    .open = numbers_open,
    .start = numbers_start,
    .generate = numbers_generate,
    .stop = numbers_stop,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .next = &share,
    .kind = PPH_GENERATOR,
    .name = "hop",
    .doc = "Makes the numbers from 0.",
    .pos_unit = "item",
    .params = numbers_params,
    .open = numbers_open,
    .start = numbers_start,
    .generate = numbers_generate,
    .stop = numbers_stop,
};
