/* SPDX-License-Identifier: MIT */
#include "exec/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exec/context.h"
#include "exec/emit.h"
#include "exec/items.h"
#include "exec/policy.h"
#include "exec/ready.h"
#include "exec/results.h"
#include "exec/workers.h"
#include "flow/letters.h"

enum {
    ABI_MINOR = 0,
    ALLOC_MAX = 1 << 30, /* of one payload */
    LOG_LINE_MAX = 2048,
};

struct instance *instance_of(struct pph_ctx *ctx)
{
    struct instance *i = (struct instance *)ctx;

    PPH_ASSERT(i && i->magic == INSTANCE_MAGIC);
    return i;
}

void host_log(struct run *run, const struct stage *s, int level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    va_list args;

    if (!run->options.log || level > run->options.log_level)
        return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    mutex_lock(&run->log_lock);
    run->options.log(run->options.arg, level, s ? s->graph : NULL, line);
    mutex_unlock(&run->log_lock);
}

static int host_emit(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    return emit_items(instance_of(ctx), items, n);
}

static void *host_alloc(struct pph_ctx *ctx, size_t len)
{
    struct instance *i = instance_of(ctx);
    void *room = NULL;
    uint64_t most;

    i->acted = true;
    if (i->call == CALL_NONE) {
        policy_misuse(i,
                      "alloc() was called outside generate, each, batch, plan and flush");
        return NULL;
    }
    most = i->stage->run->budget.bytes;
    if (len <= ALLOC_MAX && (most == 0 || len <= most))
        room = scope_alloc(&i->scope, &i->memory, len);
    i->refused = i->refused || !room;
    return room;
}

/* Says, once per stage and function, that this version does not have it. */
static void not_there_yet(struct instance *i, unsigned bit, const char *name)
{
    struct stage *s = i->stage;

    if (atomic_fetch_or_explicit(&s->missed, bit, memory_order_relaxed) & bit)
        return;
    host_log(s->run, s, 4,
             "plugin '%s' calls host->%s, which this version does not have yet",
             s->desc->name, name);
}

static struct pph_hold *host_hold(struct pph_ctx *ctx)
{
    not_there_yet(instance_of(ctx), 1u << 0, "hold");
    return NULL;
}

static void host_drop(struct pph_hold *hold)
{
    (void)hold; /* there is none: hold() returns NULL */
}

/* Which item of the running call the plugin speaks of; false: none of them. */
static bool item_index(const struct instance *i, const struct pph_item *it,
                       uint32_t *ret_index)
{
    const struct pph_item *items;

    if (!it || !i->in)
        return false;
    items = i->in->items + i->next_item;
    if (it < items || it >= items + items_shown(i))
        return false;
    *ret_index = (uint32_t)(it - items);
    return true;
}

/* As much of it as there is room for.  Without snprintf: items may fail by the million. */
static void set_fail_text(struct instance *i, const char *text)
{
    size_t len = strnlen(text, sizeof(i->fail_text) - 1);

    memcpy(i->fail_text, text, len);
    i->fail_text[len] = '\0';
}

static int host_fail(struct pph_ctx *ctx, const struct pph_item *it, int code,
                     const char *msg)
{
    struct instance *i = instance_of(ctx);
    uint32_t index = 0;
    bool known = item_index(i, it, &index);
    bool outside = atomic_load_explicit(&i->doing, memory_order_relaxed) != NULL;

    if (!known && i->failed && i->failed_stage && outside)
        policy_also_failed(i); /* several files are missing, say */
    i->acted = true;
    i->failed = true;
    i->fail_code = code < 0 ? code : PPH_FAIL;
    set_fail_text(i, msg ? msg : "");
    if (it && !known && i->call == CALL_ITEMS && i->stage->desc->batch) {
        policy_misuse(i, "fail() was given an item that batch() was not");
        return PPH_FATAL;
    }
    if (!known || code == PPH_FATAL)
        i->failed_stage = true;
    if (outside)
        i->failed_late =
            true; /* looked at after `stop` and `close`, which return nothing */
    if (known && code != PPH_FATAL && i->stage->desc->batch) {
        uint64_t bit = UINT64_C(1) << (index % 64);

        ctx->done = index;
        if (!(i->failed_items[index / 64] & bit)) {
            i->failed_items[index / 64] |= bit;
            i->n_failed_items++;
        }
    }
    return code;
}

static int host_adopt(struct pph_ctx *ctx, const void *data, size_t len,
                      void (*release)(void *arg), void *arg)
{
    struct instance *i = instance_of(ctx);
    struct buf *buf;

    i->acted = true;
    if (i->call == CALL_NONE) {
        if (release)
            release(arg);
        policy_misuse(i,
                      "adopt() was called outside generate, each, batch, plan and flush");
        return PPH_FATAL;
    }
    buf = buf_adopt(i->memory.pool, i->memory.cache, data, len, release, arg);
    if (!buf && release)
        release(arg);
    if (!buf || !scope_add(&i->scope, buf, &i->memory))
        return host_fail(ctx, NULL, PPH_FATAL, "out of memory");
    return PPH_OK;
}

static int host_log_enabled(struct pph_ctx *ctx, int level)
{
    const struct run *run = instance_of(ctx)->stage->run;

    return run->options.log && level <= run->options.log_level;
}

static void host_plugin_log(struct pph_ctx *ctx, int level, const char *msg)
{
    struct instance *i = instance_of(ctx);

    host_log(i->stage->run, i->stage, level, "%s", msg ? msg : "");
}

static void host_count(struct pph_ctx *ctx, uint32_t metric, double v)
{
    (void)metric;
    (void)v;
    not_there_yet(instance_of(ctx), 1u << 1, "count");
}

static int host_result(struct pph_ctx *ctx, const char *name, const char *json)
{
    return results_set(instance_of(ctx), name, json);
}

static int host_mark(struct pph_ctx *ctx, const void *pos, size_t len)
{
    (void)pos;
    (void)len;
    not_there_yet(instance_of(ctx), 1u << 3, "mark");
    return PPH_FAIL;
}

void host_set_origin(struct pph_ctx *ctx, struct origin *origin)
{
    struct instance *i = instance_of(ctx);

    if (i->call != CALL_NONE)
        emit_close(i); /* a batch has one origin */
    origin_unref(i->origin);
    i->origin = origin;
}

static int host_origin(struct pph_ctx *ctx, const char *name)
{
    struct origin *origin = origin_new(name ? name : "");

    if (!origin)
        return host_fail(ctx, NULL, PPH_FAIL, "out of memory");
    host_set_origin(ctx, origin);
    return PPH_OK;
}

static void host_progress(struct pph_ctx *ctx, uint64_t done, uint64_t total, int unit)
{
    struct instance *i = instance_of(ctx);

    atomic_store_explicit(&i->progress_done, done, memory_order_relaxed);
    atomic_store_explicit(&i->progress_total, total, memory_order_relaxed);
    atomic_store_explicit(&i->progress_unit, (uint32_t)unit, memory_order_relaxed);
}

static int host_stopping(struct pph_ctx *ctx)
{
    const struct stage *s = instance_of(ctx)->stage;

    return run_cancelled(s->run) ||
           (s->graph->is_source &&
            atomic_load_explicit(&s->run->draining, memory_order_relaxed));
}

static void host_wake(struct pph_ctx *ctx)
{
    struct instance *i = instance_of(ctx);
    struct stage *s = i->stage;

    if (i == s->control) { /* the ctx of `open` speaks for all */
        for (unsigned w = 0; w < s->n_instances; w++)
            atomic_store_explicit(&s->instances[w].woken, 1,
                                  memory_order_release); /* R5 */
    }
    atomic_store_explicit(&i->woken, 1, memory_order_release); /* R5 */
    stage_make_ready(s);
    if (s->run->options.single_thread) { /* it sleeps on `control` */
        atomic_fetch_add_explicit(&s->run->control, 1, memory_order_release); /* R3 */
        futex_wake(&s->run->control, 1);
    }
}

static void host_block_begin(struct pph_ctx *ctx)
{
    struct instance *i = instance_of(ctx);

    if (i->call == CALL_NONE || i->planning ||
        atomic_load_explicit(&i->lent, memory_order_relaxed)) {
        policy_misuse(i, "block_begin() was called outside a call, in plan, or twice");
        return;
    }
    atomic_store_explicit(&i->lent, true, memory_order_relaxed);
    workers_release_slot(i->stage);
}

static void host_block_end(struct pph_ctx *ctx)
{
    struct instance *i = instance_of(ctx);

    if (!atomic_load_explicit(&i->lent, memory_order_relaxed)) {
        policy_misuse(i, "block_end() was called without block_begin()");
        return;
    }
    atomic_store_explicit(&i->lent, false, memory_order_relaxed);
    workers_acquire_slot(i->stage);
}

static const char *host_context(struct pph_ctx *ctx, const char *path)
{
    struct instance *i = instance_of(ctx);
    const char *text;

    if (!context_get(i->stage->run->context, i->stage->graph->desc->context, path,
                     &text)) /* not to be taken for absent */
        policy_stage_failed(i->stage, i, "context", "out of memory");
    return text;
}

/* As much as the plugin knows of: it may have been built with a shorter header. */
static int host_letter(struct pph_ctx *ctx, const struct pph_item *it,
                       struct pph_letter *ret)
{
    const struct instance *i = instance_of(ctx);
    const struct root *root = i->root;
    struct pph_letter known = {.size = ret->size};
    struct letter letter;

    if (i->call != CALL_ITEMS || !i->in || !letters_get(i->in, it, &letter))
        return 0;
    known.worker = letter.worker;
    known.attempt = letter.attempt;
    known.stage = letter.stage;
    known.error = letter.error;
    known.origin = root && root->origin ? root->origin->name : NULL;
    known.pos_unit = root ? root->pos_unit : NULL;
    memcpy(ret, &known, ret->size < sizeof(known) ? ret->size : sizeof(known));
    return 1;
}

static const struct pph_letters letters_table = {
    .size = sizeof(struct pph_letters),
    .get = host_letter,
};

static const void *host_ext(struct pph_ctx *ctx, const char *id)
{
    const struct run_options *options = &instance_of(ctx)->stage->run->options;

    if (strcmp(id, "letter/1") == 0)
        return &letters_table;
    return options->ext ? options->ext(options->arg, id) : NULL;
}

const struct pph_host host_table = {
    .size = sizeof(struct pph_host),
    .abi = ABI_MINOR,
    .emit = host_emit,
    .alloc = host_alloc,
    .adopt = host_adopt,
    .hold = host_hold,
    .drop = host_drop,
    .fail = host_fail,
    .log = host_plugin_log,
    .log_enabled = host_log_enabled,
    .count = host_count,
    .result = host_result,
    .mark = host_mark,
    .origin = host_origin,
    .progress = host_progress,
    .stopping = host_stopping,
    .wake = host_wake,
    .block_begin = host_block_begin,
    .block_end = host_block_end,
    .context = host_context,
    .ext = host_ext,
};
