/* SPDX-License-Identifier: MIT */
#include "fake_host.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

enum { TAIL = 64 }; /* readable bytes behind alloc() memory */
enum { TAIL_BYTE = 0x5c };

struct fake_memory {
    struct fake_memory *next;
    char *data;
    size_t len;
    bool owned;
};

static struct fake_host *fake_of(struct pph_ctx *ctx)
{
    return (struct fake_host *)(uintptr_t)ctx->host;
}

static void add_memory(struct fake_host *fake, char *data, size_t len, bool owned)
{
    struct fake_memory *memory = malloc(sizeof(*memory));

    ck_assert_ptr_nonnull(memory);
    *memory = (struct fake_memory){fake->memory, data, len, owned};
    fake->memory = memory;
}

static bool is_known(const struct fake_host *fake, const struct pph_item *item)
{
    const char *data = item->data;

    for (const struct fake_memory *m = fake->memory; m; m = m->next) {
        if (data >= m->data && data + item->len <= m->data + m->len)
            return true;
    }
    return fake->discards;
}

static void keep_item(struct fake_host *fake, const struct pph_item *item)
{
    if (fake->n_items == fake->capacity) {
        fake->capacity = fake->capacity ? 2 * fake->capacity : 64;
        fake->items = reallocarray(fake->items, fake->capacity, sizeof(*fake->items));
        ck_assert_ptr_nonnull(fake->items);
    }
    char *copy = malloc((size_t)item->len + 1);
    ck_assert_ptr_nonnull(copy);
    if (item->len > 0)
        memcpy(copy, item->data, item->len);
    copy[item->len] = '\0';
    fake->items[fake->n_items++] =
        (struct fake_item){.data = copy,
                           .len = item->len,
                           .port = item->port,
                           .flags = item->flags,
                           .key = item->key,
                           .pos = item->pos,
                           .origin = fake->origin,
                           .by_reference = is_known(fake, item)};
}

static int fake_emit(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    struct fake_host *fake = fake_of(ctx);

    ck_assert(fake->in_call);
    ck_assert_int_eq(fake->blocked, 0);
    fake->n_emits++;
    for (size_t i = 0; i < n && !fake->discards; i++) {
        if (fake->stop_after > 0 && fake->n_items == fake->stop_after)
            return PPH_STOP;
        fake->n_bytes += items[i].len;
        keep_item(fake, &items[i]);
    }
    fake->n_items += fake->discards ? n : 0;
    fake->since_more += n;
    return fake->more_every > 0 && fake->since_more >= fake->more_every ? PPH_MORE
                                                                        : PPH_OK;
}

/* With `discards`, the same memory for each call: as the host's own cache would give. */
static char *spare_alloc(struct fake_host *fake, size_t len)
{
    size_t size = (len + TAIL + 63) & ~(size_t)63;

    if (fake->spare_used + size > fake->spare_size) {
        ck_assert_uint_eq(fake->spare_used, 0);
        free(fake->spare);
        fake->spare_size = 16 * size;
        fake->spare = aligned_alloc(64, fake->spare_size);
        ck_assert_ptr_nonnull(fake->spare);
    }
    char *data = fake->spare + fake->spare_used;
    fake->spare_used += size;
    return data;
}

static void *fake_alloc(struct pph_ctx *ctx, size_t len)
{
    struct fake_host *fake = fake_of(ctx);

    ck_assert(fake->in_call);
    ck_assert_int_eq(fake->blocked, 0);
    if (fake->alloc_fails > 0 && --fake->alloc_fails == 0)
        return NULL;
    if (len > fake->alloc_max)
        fake->alloc_max = len;
    if (fake->discards)
        return spare_alloc(fake, len);
    char *data = malloc(len + TAIL);
    ck_assert_ptr_nonnull(data);
    memset(data + len, TAIL_BYTE, TAIL);
    add_memory(fake, data, len, true);
    return data;
}

static int fake_adopt(struct pph_ctx *ctx, const void *data, size_t len,
                      void (*release)(void *arg), void *arg)
{
    struct fake_host *fake = fake_of(ctx);
    char *bytes;

    ck_assert(fake->in_call);
    memcpy(&bytes, &data, sizeof(bytes)); /* only compared with */
    add_memory(fake, bytes, len, false);
    if (release)
        release(arg); /* items are kept by value: nothing refers to it any more */
    return PPH_OK;
}

static struct pph_hold *fake_hold(struct pph_ctx *ctx)
{
    (void)ctx;
    return NULL;
}

static void fake_drop(struct pph_hold *hold)
{
    (void)hold;
}

static int fake_fail(struct pph_ctx *ctx, const struct pph_item *item, int code,
                     const char *msg)
{
    struct fake_host *fake = fake_of(ctx);
    char *all = NULL;

    ck_assert_int_eq(fake->blocked, 0);
    (void)item;
    ck_assert_int_gt(asprintf(&all, "%s%s\n", fake->failures, msg), 0);
    free(fake->failures);
    fake->failures = all;
    fake->fail_code = code;
    return code;
}

static void fake_log(struct pph_ctx *ctx, int level, const char *msg)
{
    (void)ctx;
    (void)level;
    (void)msg;
}

static int fake_log_enabled(struct pph_ctx *ctx, int level)
{
    (void)ctx;
    (void)level;
    return 0;
}

static void fake_count(struct pph_ctx *ctx, uint32_t metric, double v)
{
    (void)ctx;
    (void)metric;
    (void)v;
}

static int fake_result(struct pph_ctx *ctx, const char *name, const char *json)
{
    (void)ctx;
    (void)name;
    (void)json;
    return PPH_OK;
}

static int fake_mark(struct pph_ctx *ctx, const void *pos, size_t len)
{
    (void)ctx;
    (void)pos;
    (void)len;
    return PPH_FATAL;
}

static int fake_origin(struct pph_ctx *ctx, const char *name)
{
    struct fake_host *fake = fake_of(ctx);

    ck_assert(fake->in_call);
    fake->origins =
        reallocarray(fake->origins, fake->n_origins + 1, sizeof(*fake->origins));
    ck_assert_ptr_nonnull(fake->origins);
    fake->origin = strdup(name);
    ck_assert_ptr_nonnull(fake->origin);
    fake->origins[fake->n_origins++] = fake->origin;
    return PPH_OK;
}

static void fake_progress(struct pph_ctx *ctx, uint64_t done, uint64_t total, int unit)
{
    struct fake_host *fake = fake_of(ctx);

    ck_assert_uint_ge(done, fake->progress_done);
    fake->progress_done = done;
    fake->progress_total = total;
    fake->progress_unit = unit;
}

static int fake_stopping(struct pph_ctx *ctx)
{
    return fake_of(ctx)->stopping;
}

static void fake_wake(struct pph_ctx *ctx)
{
    (void)ctx;
}

static void fake_block_begin(struct pph_ctx *ctx)
{
    struct fake_host *fake = fake_of(ctx);

    ck_assert(fake->in_call);
    ck_assert_int_eq(fake->blocked++, 0);
}

static void fake_block_end(struct pph_ctx *ctx)
{
    ck_assert_int_eq(--fake_of(ctx)->blocked, 0);
}

static const char *fake_context(struct pph_ctx *ctx, const char *path)
{
    (void)ctx;
    (void)path;
    return NULL;
}

static const void *fake_ext(struct pph_ctx *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL;
}

static const struct pph_host table = {
    .size = sizeof(struct pph_host),
    .emit = fake_emit,
    .alloc = fake_alloc,
    .adopt = fake_adopt,
    .hold = fake_hold,
    .drop = fake_drop,
    .fail = fake_fail,
    .log = fake_log,
    .log_enabled = fake_log_enabled,
    .count = fake_count,
    .result = fake_result,
    .mark = fake_mark,
    .origin = fake_origin,
    .progress = fake_progress,
    .stopping = fake_stopping,
    .wake = fake_wake,
    .block_begin = fake_block_begin,
    .block_end = fake_block_end,
    .context = fake_context,
    .ext = fake_ext,
};

struct fake_host *fake_new(void)
{
    struct fake_host *fake = calloc(1, sizeof(*fake));

    ck_assert_ptr_nonnull(fake);
    fake->host = table;
    fake->plugin = &pphost_plugin_v1;
    fake_args_init(fake);
    fake->failures = strdup("");
    ck_assert_ptr_nonnull(fake->failures);
    const char *workers = getenv("FAKE_WORKERS"); /* NOLINT(concurrency-mt-unsafe) */
    fake->ctx = (struct pph_ctx){.size = sizeof(fake->ctx),
                                 .workers = workers ? (uint32_t)atoi(workers) : 1,
                                 .want = 1024,
                                 .host = &fake->host,
                                 .args = fake->args,
                                 .stage = "stage"};
    return fake;
}

void fake_forget(struct fake_host *fake)
{
    for (size_t i = 0; i < fake->n_items && !fake->discards; i++)
        free(fake->items[i].data);
    fake->n_items = 0;
    fake->n_bytes = 0;
}

void fake_free(struct fake_host *fake)
{
    if (!fake)
        return;
    fake_forget(fake);
    fake_args_fini(fake);
    for (size_t i = 0; i < fake->n_origins; i++)
        free(fake->origins[i]);
    free(fake->origins);
    free(fake->items);
    free(fake->failures);
    free(fake->spare);
    free(fake);
}

int fake_open(struct fake_host *fake)
{
    fake->progress_done = 0;
    return fake->plugin->open ? fake->plugin->open(&fake->ctx) : PPH_OK;
}

int fake_start(struct fake_host *fake)
{
    return fake->plugin->start ? fake->plugin->start(&fake->ctx) : PPH_OK;
}

void fake_stop(struct fake_host *fake)
{
    if (fake->plugin->stop)
        fake->plugin->stop(&fake->ctx);
}

void fake_close(struct fake_host *fake)
{
    if (fake->plugin->close)
        fake->plugin->close(&fake->ctx);
}

void fake_up(struct fake_host *fake)
{
    int status = fake_open(fake);

    ck_assert_msg(status == PPH_OK, "open: %s", fake->failures);
    ck_assert_int_eq(fake_start(fake), PPH_OK);
}

void fake_down(struct fake_host *fake)
{
    fake_stop(fake);
    fake_close(fake);
}

static void begin_call(struct fake_host *fake)
{
    ck_assert(!fake->in_call);
    fake->in_call = true;
    fake->ctx.done = 0;
    fake->since_more = 0;
    fake->spare_used = 0;
}

static void end_call(struct fake_host *fake)
{
    ck_assert_int_eq(fake->blocked, 0);
    while (fake->memory) {
        struct fake_memory *memory = fake->memory;
        fake->memory = memory->next;
        for (size_t i = 0; memory->owned && i < TAIL; i++)
            ck_assert_msg(memory->data[memory->len + i] == TAIL_BYTE,
                          "wrote behind its %zu bytes", memory->len);
        if (memory->owned)
            free(memory->data);
        free(memory);
    }
    fake->in_call = false;
}

/* The call is to be repeated. */
static bool repeats(struct fake_host *fake, int status)
{
    if (status != PPH_MORE)
        return false;
    ck_assert_uint_gt(fake->since_more, 0); /* else it would go on for ever */
    fake->since_more = 0;
    fake->n_repeats++;
    return true;
}

int fake_plan(struct fake_host *fake)
{
    begin_call(fake);
    int status = fake->plugin->plan ? fake->plugin->plan(&fake->ctx, NULL, 0) : PPH_OK;
    if (status != PPH_OK)
        end_call(fake);
    return status;
}

int fake_generate_planned(struct fake_host *fake)
{
    int status;

    do
        status = fake->plugin->generate(&fake->ctx);
    while (repeats(fake, status));
    end_call(fake);
    return status;
}

int fake_generate(struct fake_host *fake)
{
    int status = fake_plan(fake);

    return status == PPH_OK ? fake_generate_planned(fake) : status;
}

int fake_generate_all(struct fake_host *fake)
{
    int status;

    do
        status = fake_generate(fake);
    while (status == PPH_OK);
    return status;
}

/* Items whose payload is in memory of exactly its size, known to emit. */
static struct pph_item *exact_copies(struct fake_host *fake, const struct pph_item *items,
                                     size_t n)
{
    struct pph_item *copies = calloc(n + 1, sizeof(*copies));

    ck_assert_ptr_nonnull(copies);
    for (size_t i = 0; i < n; i++) {
        copies[i] = items[i];
        if (items[i].len == 0 || fake->discards)
            continue;
        copies[i].data = malloc(items[i].len);
        ck_assert_ptr_nonnull(copies[i].data);
        memcpy(copies[i].data, items[i].data, items[i].len);
        add_memory(fake, copies[i].data, items[i].len, false);
    }
    return copies;
}

int fake_batch(struct fake_host *fake, const struct pph_item *items, size_t n)
{
    int status;

    begin_call(fake);
    struct pph_item *given = exact_copies(fake, items, n); /* as the stage leaves them */
    char **owned = calloc(n + 1, sizeof(*owned));
    ck_assert_ptr_nonnull(owned);
    for (size_t i = 0; i < n; i++)
        owned[i] = given[i].len > 0 && !fake->discards ? given[i].data : NULL;
    size_t first = 0;
    do {
        fake->ctx.done = 0;
        status = fake->plugin->batch(&fake->ctx, given + first, n - first);
        first += status == PPH_MORE ? fake->ctx.done : 0;
        ck_assert(status != PPH_MORE || first < n);
    } while (repeats(fake, status));
    end_call(fake);
    for (size_t i = 0; i < n; i++)
        free(owned[i]);
    free(owned);
    free(given);
    return status;
}

int fake_flush(struct fake_host *fake, int why)
{
    int status;

    if (!fake->plugin->flush)
        return PPH_OK;
    begin_call(fake);
    do
        status = fake->plugin->flush(&fake->ctx, why);
    while (repeats(fake, status));
    end_call(fake);
    return status;
}
