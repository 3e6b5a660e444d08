/* SPDX-License-Identifier: MIT */
/* Odd stages: those that misbehave between `open` and `close`, wait, and are woken. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "exec/odd_stages.h"
#include "exec/stages.h"

enum { DAWDLE_YIELDS = 20000, WAKES_LATE = 1000, WORKERS_MET = 4, CROWD = 200 };

static int alloc_local(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(uint64_t));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static void free_local(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int batch_block_end(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)items;
    (void)n;
    ctx->host->block_end(ctx);
    return PPH_OK;
}

const struct pph_plugin block_ender = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "block_ender",
    .batch = batch_block_end,
};

static int block_in_open(struct pph_ctx *ctx)
{
    ctx->host->block_begin(ctx);
    ctx->host->block_end(ctx);
    return PPH_OK;
}

static int batch_swallow(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    atomic_fetch_add(&collected.n, n);
    return PPH_OK;
}

const struct pph_plugin swallow = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "swallow",
    .batch = batch_swallow,
};

const struct pph_plugin block_opener = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "block_opener",
    .open = block_in_open,
    .batch = batch_swallow,
};

static int each_emit(struct pph_ctx *ctx, struct pph_item *it)
{
    return ctx->host->emit(ctx, it, 1);
}

const struct pph_plugin emitter = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "emitter",
    .each = each_emit,
};

static int generate_idle(struct pph_ctx *ctx)
{
    (void)ctx;
    atomic_store(&odd.busy, true);
    return PPH_IDLE;
}

static void alloc_in_cancel(struct pph_ctx *ctx)
{
    (void)ctx->host->alloc(ctx, 8);
}

const struct pph_plugin cancel_allocs = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "cancel_allocs",
    .generate = generate_idle,
    .cancel = alloc_in_cancel,
};

static int generate_until_stop(struct pph_ctx *ctx)
{
    atomic_store(&odd.busy, true);
    return ctx->host->stopping(ctx) ? PPH_END : PPH_OK;
}

/* Gives the stage's own thread every chance to stop meanwhile, which it must not. */
static void dawdle(struct pph_ctx *ctx)
{
    (void)ctx;
    atomic_store(&odd.cancel_ran, true);
    for (unsigned k = 0; k < DAWDLE_YIELDS; k++) {
        (void)sched_yield();
        if (atomic_load(&odd.stopped))
            atomic_store(&odd.bad_cancel, true);
    }
}

static void note_stop(struct pph_ctx *ctx)
{
    (void)ctx;
    atomic_store(&odd.stopped, true);
}

const struct pph_plugin cancel_dawdles = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "cancel_dawdles",
    .generate = generate_until_stop,
    .cancel = dawdle,
    .stop = note_stop,
};

static void look_at_local(struct pph_ctx *ctx)
{
    atomic_store(&odd.cancel_ran, true);
    if (!ctx->local)
        atomic_store(&odd.bad_cancel, true);
}

static void free_and_fail(struct pph_ctx *ctx)
{
    free(ctx->local);
    ctx->local = NULL;
    (void)ctx->host->fail(ctx, NULL, PPH_FATAL, "cannot close");
}

const struct pph_plugin stop_fails = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "stop_fails",
    .start = alloc_local,
    .batch = batch_swallow,
    .cancel = look_at_local,
    .stop = free_and_fail,
};

const struct pph_plugin stop_fails_own = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_BLOCKING,
    .name = "stop_fails_own",
    .start = alloc_local,
    .batch = batch_swallow,
    .cancel = look_at_local,
    .stop = free_and_fail,
};

/* shared: the thread that wakes */
struct waking {
    pthread_t thread;
    _Atomic bool closing;
};

/* Waits for `close`: every thread of the run has ended by then, and wake() is still allowed. */
static void *wake_late(void *arg)
{
    struct pph_ctx *ctx = arg;
    struct waking *waking = ctx->shared;

    while (!atomic_load(&waking->closing))
        (void)sched_yield();
    for (unsigned k = 0; k < WAKES_LATE; k++)
        ctx->host->wake(ctx);
    atomic_fetch_add(&odd.wakes, WAKES_LATE);
    return NULL;
}

static int start_waking(struct pph_ctx *ctx)
{
    struct waking *waking = calloc(1, sizeof(*waking));

    ctx->shared = waking;
    if (waking && pthread_create(&waking->thread, NULL, wake_late, ctx) == 0)
        return PPH_OK;
    free(waking);
    return PPH_FATAL;
}

static void end_waking(struct pph_ctx *ctx)
{
    struct waking *waking = ctx->shared;

    atomic_store(&waking->closing, true);
    (void)pthread_join(waking->thread, NULL);
    free(waking);
}

/* Takes so long that all other threads go to sleep. */
static int generate_ten(struct pph_ctx *ctx)
{
    uint64_t *number = ctx->local;
    struct pph_item it = {.data = number, .len = sizeof(*number)};

    for (unsigned k = 0; k < DAWDLE_YIELDS / 10; k++)
        (void)sched_yield();
    ++*number;
    if (ctx->host->emit(ctx, &it, 1) < 0)
        return PPH_STOP;
    return *number == 10 ? PPH_END : PPH_OK;
}

const struct pph_plugin waker = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "waker",
    .open = start_waking,
    .start = alloc_local,
    .generate = generate_ten,
    .stop = free_local,
    .close = end_waking,
};

static int generate_until_full(struct pph_ctx *ctx)
{
    static char large[60000];
    struct pph_item it = {.data = large, .len = sizeof(large)};
    int rc;

    if (ctx->host->stopping(ctx))
        atomic_fetch_add(&odd.calls, 1);
    do {
        rc = ctx->host->emit(ctx, &it, 1);
    } while (rc == PPH_OK);
    if (rc == PPH_MORE)
        atomic_store(&odd.busy, true);
    return rc;
}

const struct pph_plugin gusher = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "gusher",
    .generate = generate_until_full,
};

static int batch_after_signal(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    while (!atomic_load(&odd.signalled) && !ctx->host->stopping(ctx))
        (void)sched_yield();
    for (unsigned k = 0; k < DAWDLE_YIELDS; k++)
        (void)sched_yield();
    return batch_swallow(ctx, items, n);
}

const struct pph_plugin late_reader = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "late_reader",
    .batch = batch_after_signal,
};

static int generate_five(struct pph_ctx *ctx)
{
    uint64_t *number = ctx->local;
    struct pph_item it = {.data = number, .len = sizeof(*number)};

    if (*number == 5) {
        atomic_store(&odd.busy, true); /* all that was emitted has gone down */
        return PPH_END;
    }
    ++*number;
    return ctx->host->emit(ctx, &it, 1) < 0 ? PPH_STOP : PPH_OK;
}

const struct pph_plugin five = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "five",
    .start = alloc_local,
    .generate = generate_five,
    .stop = free_local,
};

static int each_crowd(struct pph_ctx *ctx, struct pph_item *it)
{
    static char large[60000];
    struct pph_item out = {.data = large, .len = sizeof(large)};
    uint64_t number;

    memcpy(&number, it->data, sizeof(number));
    while (!atomic_load(&odd.busy) && !ctx->host->stopping(ctx))
        (void)sched_yield();
    if (number > 3)
        atomic_fetch_add(&odd.calls, 1);
    for (unsigned n = number > 3 ? CROWD : 1; n > 0; n--) {
        if (ctx->host->emit(ctx, &out, 1) < 0)
            return PPH_STOP;
    }
    return PPH_OK;
}

const struct pph_plugin crowder = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "crowder",
    .each = each_crowd,
};

static int batch_when_crowded(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    while (atomic_load(&odd.calls) < 2 && !ctx->host->stopping(ctx))
        (void)sched_yield();
    return batch_swallow(ctx, items, n);
}

const struct pph_plugin crowded = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "crowded",
    .batch = batch_when_crowded,
};

static int generate_blocked(struct pph_ctx *ctx)
{
    uint64_t number = atomic_fetch_add(&odd.calls, 1) + 1;
    struct pph_item it = {.data = &number, .len = sizeof(number)};
    int rc;

    while (number > 20 && !atomic_load(&odd.cancelled))
        (void)sched_yield();
    if (number > 20)
        return PPH_END;
    rc = ctx->host->emit(ctx, &it, 1);
    return rc < 0 ? rc : PPH_OK;
}

static void unblock(struct pph_ctx *ctx)
{
    (void)ctx;
    atomic_store(&odd.cancelled, true);
}

const struct pph_plugin blocked_source = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .flags = PPH_BLOCKING,
    .name = "blocked_source",
    .generate = generate_blocked,
    .cancel = unblock,
};

static int plan_sixteen(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    (void)n;
    return atomic_fetch_add(&odd.calls, 1) < 16 ? PPH_OK : PPH_END;
}

static int generate_meet(struct pph_ctx *ctx)
{
    atomic_fetch_add(&odd.met, 1);
    while (atomic_load(&odd.met) < WORKERS_MET && !ctx->host->stopping(ctx))
        (void)sched_yield();
    return PPH_OK;
}

const struct pph_plugin meeting = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .flags = PPH_PARALLEL,
    .name = "meeting",
    .plan = plan_sixteen,
    .generate = generate_meet,
};
