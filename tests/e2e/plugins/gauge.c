/* SPDX-License-Identifier: MIT */
/*
 * Stages for tests of `limits:`: they count how many of their calls run at once, all of this file together, but for
 * what waits inside emit.  `gauge` passes items on, as often as `times` says and whatever emit says; `gauge:sink` takes
 * them, `gauge:job` is a task.  Each worker leaves the most there were by then as its result.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <pphost/plugin.h>

enum { PATIENCE_S = 30 };
enum { ARG_MEET, ARG_TIMES };

/* Written and read by all calls. */
static atomic_uint inside, most;
static atomic_bool met;

static void come_in(void)
{
    unsigned now = atomic_fetch_add(&inside, 1) + 1;
    unsigned before = atomic_load(&most);

    while (before < now && !atomic_compare_exchange_weak(&most, &before, now))
        continue;
}

static void go_out(void)
{
    atomic_fetch_sub(&inside, 1);
}

/* Until so many calls have been inside at once; false: they do not come. */
static int meet(struct pph_ctx *ctx)
{
    time_t until = time(NULL) + PATIENCE_S;

    while (!atomic_load(&met)) {
        if (atomic_load(&inside) >= (unsigned)ctx->args[ARG_MEET].i)
            atomic_store(&met, 1);
        if (time(NULL) > until || ctx->host->stopping(ctx))
            return ctx->host->fail(ctx, NULL, PPH_FATAL, "the others do not come");
        (void)sched_yield();
    }
    return PPH_OK;
}

static int gauge_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc;

    come_in();
    rc = meet(ctx);
    for (int64_t k = 0; rc >= 0 && k < ctx->args[ARG_TIMES].i; k++) {
        go_out();
        rc = ctx->host->emit(ctx, items, n);
        come_in();
    }
    go_out();
    return rc < 0 ? rc : PPH_OK;
}

static int sink_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc;

    (void)items;
    (void)n;
    come_in();
    rc = meet(ctx);
    (void)sched_yield();
    go_out();
    return rc;
}

static int leave(struct pph_ctx *ctx)
{
    char number[16];

    (void)snprintf(number, sizeof(number), "%u", atomic_load(&most));
    return ctx->host->result(ctx, NULL, number);
}

static int gauge_flush(struct pph_ctx *ctx, int why)
{
    (void)why;
    return leave(ctx);
}

static int job_generate(struct pph_ctx *ctx)
{
    int rc = sink_batch(ctx, NULL, 0);

    return rc == PPH_OK && leave(ctx) == PPH_OK ? PPH_END : PPH_FATAL;
}

static const struct pph_param params[] = {
    {.name = "meet",
     .doc = "The first calls wait until so many run at once.",
     .type = PPH_INT,
     .def = "1"},
    {.name = "times",
     .doc = "How often an item is passed on.",
     .type = PPH_INT,
     .def = "1"},
    {0},
};

static const struct pph_plugin job = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .flags = PPH_PARALLEL | PPH_BLOCKING,
    .name = "job",
    .version = "1",
    .doc = "Runs once and counts who else does.",
    .params = params,
    .generate = job_generate,
};

static const struct pph_plugin sink = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL,
    .name = "sink",
    .version = "1",
    .doc = "Takes items and counts who else runs.",
    .params = params,
    .batch = sink_batch,
    .flush = gauge_flush,
    .next = &job,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "gauge",
    .version = "1",
    .doc = "Passes items on and counts who else runs.",
    .params = params,
    .batch = gauge_batch,
    .flush = gauge_flush,
    .next = &sink,
};
