/* SPDX-License-Identifier: MIT */
/*
 * latency - how long an item takes from a generator that sends one now and then, through a processor,
 * to a consumer, on threads that sleep in between.
 *
 * latency         the generator: `count` items, `rate` a second; each carries the time at which it was
 *                 due to leave and the generator had woken up
 * latency:pass    a processor with `each`: PPH_FORWARD
 * latency:record  the consumer: prints p50, p99, p99.9 and the longest time as JSON
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pphost/plugin.h>

enum {
    NS_PER_S = 1000000000,
    WARM_UP = 20 /* one in so many, at the beginning, is not counted */
};

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* --- latency --------------------------------------------------------------------------------- */

enum { ARG_COUNT, ARG_RATE, ARG_WAIT };
enum { WAIT_SLEEP, WAIT_IDLE };

struct source {
    uint64_t sent, count;
    uint64_t due_ns, step_ns;
    int64_t wait;
};

static int source_start(struct pph_ctx *ctx)
{
    struct source *source = calloc(1, sizeof(*source));

    if (!source)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    source->count = (uint64_t)ctx->args[ARG_COUNT].i;
    source->step_ns = (uint64_t)(NS_PER_S / ctx->args[ARG_RATE].f);
    source->wait = ctx->args[ARG_WAIT].i;
    source->due_ns = now_ns() + source->step_ns;
    ctx->local = source;
    return PPH_OK;
}

static void source_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static void sleep_until(struct pph_ctx *ctx, uint64_t due_ns, uint64_t *ret_woken_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / NS_PER_S),
                           .tv_nsec = (long)(due_ns % NS_PER_S)};

    ctx->host->block_begin(ctx);
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    *ret_woken_ns = now_ns(); /* what the host takes from here on counts */
    ctx->host->block_end(ctx);
}

static int source_generate(struct pph_ctx *ctx)
{
    struct source *source = ctx->local;
    uint64_t woken_ns = now_ns();

    if (source->sent == source->count || ctx->host->stopping(ctx))
        return PPH_END;
    if (source->wait == WAIT_IDLE && woken_ns < source->due_ns)
        return PPH_IDLE;
    if (source->wait == WAIT_SLEEP)
        sleep_until(ctx, source->due_ns, &woken_ns);
    source->due_ns += source->step_ns;
    source->sent++;
    struct pph_item it = {.key = woken_ns, .pos = source->sent};
    int rc = ctx->host->emit(ctx, &it, 1);
    return rc == PPH_MORE ? PPH_OK : rc;
}

static const struct pph_param source_params[] = {
    {.name = "count",
     .doc = "How many items.",
     .min = "0",
     .example = "10000",
     .type = PPH_INT,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "rate",
     .doc = "Items a second.",
     .def = "1000",
     .min = "0.001",
     .type = PPH_FLOAT},
    {.name = "wait",
     .doc =
         "How it waits: asleep inside the call, or by telling the host that it is idle.",
     .def = "sleep",
     .choices = "sleep|idle",
     .type = PPH_ENUM},
    {0},
};

/* --- latency:pass ---------------------------------------------------------------------------- */

static int pass(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

/* --- latency:record -------------------------------------------------------------------------- */

enum { ARG_MOST };

struct record {
    size_t n, most;
    uint64_t ns[]; /* `most` */
};

static int record_start(struct pph_ctx *ctx)
{
    size_t most = (size_t)ctx->args[ARG_MOST].i;
    struct record *record = calloc(1, sizeof(*record) + most * sizeof(record->ns[0]));

    if (!record)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");
    record->most = most;
    ctx->local = record;
    return PPH_OK;
}

static int record_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct record *record = ctx->local;

    if (record->n < record->most)
        record->ns[record->n++] = now_ns() - it->key;
    return PPH_OK;
}

static int compare(const void *first, const void *second)
{
    uint64_t a = *(const uint64_t *)first, b = *(const uint64_t *)second;

    return a < b ? -1 : a > b;
}

/* The time that `share` of the sorted times do not exceed. */
static double at_share(const uint64_t *ns, size_t n, double share)
{
    size_t at = (size_t)(share * (double)n);

    return (double)ns[at < n ? at : n - 1];
}

static void record_stop(struct pph_ctx *ctx)
{
    struct record *record = ctx->local;
    size_t skipped = record->n / WARM_UP, n = record->n - skipped;
    uint64_t *ns = record->ns + skipped;

    if (n > 0) {
        qsort(ns, n, sizeof(ns[0]), compare);
        (void)printf("{\"items\":%zu,\"p50_ns\":%.0f,\"p99_ns\":%.0f,\"p999_ns\":%.0f,"
                     "\"max_ns\":%.0f}\n",
                     n, at_share(ns, n, 0.5), at_share(ns, n, 0.99),
                     at_share(ns, n, 0.999), (double)ns[n - 1]);
    }
    free(record);
}

static const struct pph_param record_params[] = {
    {.name = "most",
     .doc = "How many times are kept.",
     .def = "1000000",
     .min = "1",
     .type = PPH_INT,
     .flags = PPH_PRIMARY},
    {0},
};

/* --- what is exported ------------------------------------------------------------------------ */

static const struct pph_plugin recorder = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "record",
    .doc = "Prints how long items were on their way.",
    .params = record_params,
    .start = record_start,
    .each = record_each,
    .stop = record_stop,
};

static const struct pph_plugin passer = {
    .size = sizeof(struct pph_plugin),
    .next = &recorder,
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "pass",
    .doc = "Passes items on.",
    .out = "=",
    .each = pass,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .next = &passer,
    .kind = PPH_GENERATOR,
    .name = "latency",
    .doc = "Makes items that say when they left.",
    .pos_unit = "item",
    .params = source_params,
    .start = source_start,
    .generate = source_generate,
    .stop = source_stop,
};
