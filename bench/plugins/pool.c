/* SPDX-License-Identifier: MIT */
/*
 * pool - 64-bit numbers from any number of generators to any number of consumers, over one queue.
 *
 * pool           the generators: each makes its share of the numbers from 0, `batch` of them per call
 * pool:sum       the consumers: add the numbers up, and print nanoseconds per item when all are done
 *
 * The time goes from the generator's open, before any thread of a stage runs, to the consumer's close,
 * after the last has stopped.  One pipeline per process.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pphost/plugin.h>

enum { ARG_COUNT, ARG_BATCH };

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

/* --- pool ------------------------------------------------------------------------------------ */

struct share {
    uint64_t next, end;
    size_t batch;
    struct pph_item
        items[]; /* `batch` of them; only where a number is changes per call */
};

static int share_open(struct pph_ctx *ctx)
{
    whole.count = (uint64_t)ctx->args[ARG_COUNT].i;
    whole.start_ns = now_ns();
    return PPH_OK;
}

/* Worker k of w makes the numbers from count k / w on; count is less than 2^40, w than 2^20. */
static int share_start(struct pph_ctx *ctx)
{
    size_t batch = (size_t)ctx->args[ARG_BATCH].i;
    struct share *share = calloc(1, sizeof(*share) + batch * sizeof(share->items[0]));

    if (!share)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    share->next = whole.count * ctx->worker / ctx->workers;
    share->end = whole.count * (ctx->worker + 1) / ctx->workers;
    share->batch = batch;
    for (size_t k = 0; k < batch; k++) {
        share->items[k].len = sizeof(uint64_t);
        share->items[k].flags = PPH_WRITABLE;
    }
    ctx->local = share;
    return PPH_OK;
}

static void share_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int share_generate(struct pph_ctx *ctx)
{
    struct share *share = ctx->local;
    uint64_t left = share->end - share->next;
    size_t n = left < share->batch ? (size_t)left : share->batch;
    uint64_t *numbers;
    int rc;

    if (n == 0)
        return PPH_END;
    numbers = ctx->host->alloc(ctx, n * sizeof(*numbers));
    if (!numbers)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    for (size_t k = 0; k < n; k++) {
        numbers[k] = share->next + k;
        share->items[k].data = numbers + k;
    }
    share->next += n;
    rc = ctx->host->emit(ctx, share->items, n);
    if (rc != PPH_OK && rc != PPH_MORE)
        return rc;
    return share->next == share->end ? PPH_END : PPH_OK;
}

static const struct pph_param share_params[] = {
    {.name = "count",
     .doc = "How many numbers, over all workers.",
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
    {0},
};

/* --- pool:sum -------------------------------------------------------------------------------- */

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
    struct sum *own = ctx->local;
    uint64_t sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += *(const uint64_t *)items[k].data;
    own->sum += sum;
    own->n += n;
    return PPH_OK;
}

static int sum_flush(struct pph_ctx *ctx, int why)
{
    const struct sum *own = ctx->local;

    (void)why;
    atomic_fetch_add(&found.n, own->n);
    atomic_fetch_add(&found.sum, own->sum);
    return PPH_OK;
}

static void sum_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

/* No number is printed, and the benchmark fails, when these are not the numbers sent. */
static void sum_close(struct pph_ctx *ctx)
{
    uint64_t count = whole.count;
    uint64_t expected =
        count % 2 == 0 ? count / 2 * (count - 1) : (count - 1) / 2 * count;

    if (found.n != count || found.sum != expected)
        (void)ctx->host->fail(ctx, NULL, PPH_FATAL, "these are not the numbers sent");
    else if (count > 0)
        (void)printf("%.3f\n", (double)(now_ns() - whole.start_ns) / (double)count);
}

/* --- what is exported ------------------------------------------------------------------------ */

static const struct pph_plugin sum = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "sum",
    .doc = "Adds numbers up and prints nanoseconds per item.",
    .start = sum_start,
    .batch = sum_batch,
    .flush = sum_flush,
    .stop = sum_stop,
    .close = sum_close,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .next = &sum,
    .kind = PPH_GENERATOR,
    .flags = PPH_PARALLEL,
    .name = "pool",
    .doc = "Makes the numbers from 0, each worker its share.",
    .pos_unit = "item",
    .params = share_params,
    .open = share_open,
    .start = share_start,
    .generate = share_generate,
    .stop = share_stop,
};
