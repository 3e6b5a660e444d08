/* SPDX-License-Identifier: MIT */
#include "sim/actor.h"

#include <stdlib.h>
#include <string.h>

#include "sim/machine.h"
#include "sim/oracle.h"
#include "sim/trace.h"

enum { NAP_SHORT_NS = 3000, NAP_LONG_NS = 3000000, PATTERN_LOOKS = 40 };

struct world world;
static struct actor actors[PLAN_STAGES_MAX][PLAN_WORKERS_MAX];
static struct shared shared[PLAN_STAGES_MAX];

void world_begin(const struct plan *plan)
{
    for (size_t k = 0; k < PLAN_STAGES_MAX; k++) {
        world.in[k].n = 0;
        world.given[k].n = 0;
        world.made[k].n = 0;
        world.finished[k] = 0;
        world.failed[k] = 0;
    }
    world.left.n = 0;
    world.results.n = 0;
    world.left_by_tasks = 0;
    world.plan = plan;
    world.fatal = false;
    world.ended = false;
    memset(world.calls, 0, sizeof(world.calls));
    world.adopted = 0;
    world.released = 0;
    for (size_t k = 0; k < PLAN_STAGES_MAX * PLAN_WORKERS_MAX; k++)
        memset(&actors[k / PLAN_WORKERS_MAX][k % PLAN_WORKERS_MAX], 0,
               offsetof(struct actor, own));
    memset(shared, 0, sizeof(shared));
}

void world_saw(struct seen_list *list, const struct actor *a, const struct pph_item *it)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 64;
        list->items = reallocarray(list->items, list->cap, sizeof(*list->items));
        if (!list->items)
            abort();
    }
    list->items[list->n++] = (struct seen){it->pos, payload_content(it), a->ctx->worker};
}

bool actor_chance(unsigned chance)
{
    return chance > 0 && machine_random(256) < chance;
}

/* --- payload -------------------------------------------------------------------------------- */

static uint8_t pattern(uint64_t content)
{
    return (uint8_t)(content >> 32 ^ 0x5a);
}

uint64_t payload_content(const struct pph_item *it)
{
    uint64_t content = 0;

    if (it->len >= sizeof(content))
        memcpy(&content, it->data, sizeof(content));
    return content;
}

void payload_write(struct pph_item *it, uint64_t content)
{
    memcpy(it->data, &content, sizeof(content));
    memset((uint8_t *)it->data + sizeof(content), pattern(content),
           it->len - sizeof(content));
}

void payload_rewrite(struct pph_item *it)
{
    if (it->len == 0)
        return;
    if (!(it->flags & PPH_WRITABLE))
        machine_fail("a stage with PPH_IN_PLACE was given a payload it may not write to");
    payload_write(it, script_rewritten(payload_content(it)));
}

void payload_check(const struct pph_item *it)
{
    const uint8_t *bytes = it->data;
    uint32_t step = it->len < PATTERN_LOOKS ? 1 : it->len / PATTERN_LOOKS;

    if (it->len == 0)
        return;
    if (it->len < sizeof(uint64_t))
        machine_fail("a payload has changed its length");
    for (uint32_t k = sizeof(uint64_t); k < it->len; k += step) {
        if (bytes[k] != pattern(payload_content(it)))
            machine_fail("a payload has changed");
    }
}

/* --- limits ------------------------------------------------------------------------------- */

/* A call begins, or goes on behind emit: no more of one limit than that allows. */
static void count_in(const struct actor *a)
{
    const struct kit_stage *stage = &world.plan->stages[a->script->stage];

    if (++world.calls[stage->limit] > stage->limit_calls && stage->limit > 0 &&
        !oracle_is_cancelled())
        machine_fail("stage %s: %u calls run of a limit of %u", stage->name,
                     world.calls[stage->limit], stage->limit_calls);
}

static void count_out(const struct actor *a)
{
    world.calls[world.plan->stages[a->script->stage].limit]--;
}

/* --- the host ------------------------------------------------------------------------------- */

int actor_emit(struct actor *a, const struct pph_item *items, size_t n)
{
    int rc;

    machine_leave_plugin();
    count_out(a); /* it may wait there, and others go on instead */
    rc = a->ctx->host->emit(a->ctx, items, n);
    count_in(a);
    machine_enter_plugin();
    trace_note("%s/%u emits %zu: %d", a->ctx->stage, a->ctx->worker, n, rc);
    if (rc == PPH_FATAL && !a->ctx->host->stopping(a->ctx))
        machine_fail("emit says PPH_FATAL, but nothing is wrong");
    machine_pause();
    return rc;
}

void *actor_alloc(struct actor *a, size_t len)
{
    void *data = a->ctx->host->alloc(a->ctx, len);

    if (!data)
        machine_fail("alloc(%zu) says that there is no memory", len);
    return data;
}

static void release(void *arg)
{
    world.released++;
    free(arg);
}

void *actor_adopt(struct actor *a, size_t len)
{
    void *data = calloc(1, len);

    if (!data)
        abort();
    world.adopted++;
    if (a->ctx->host->adopt(a->ctx, data, len, release, data) != PPH_OK)
        machine_fail("adopt() says that there is no memory");
    return data;
}

int actor_fail(struct actor *a, const struct pph_item *it, int code)
{
    trace_note("%s/%u fails: %d", a->ctx->stage, a->ctx->worker, code);
    return a->ctx->host->fail(a->ctx, it, code, "as the script says");
}

int actor_fatal(struct actor *a)
{
    world.fatal = true;
    return actor_fail(a, NULL, PPH_FATAL);
}

void script_wake_any(void)
{
    unsigned k = machine_random((unsigned)world.plan->n_stages);
    struct actor *a = &actors[k][machine_random(PLAN_WORKERS_MAX)];

    if (a->ctx && a->script->kind <= SCRIPT_TASK && a->shared->open)
        a->ctx->host->wake(a->ctx);
}

/* --- manners -------------------------------------------------------------------------------- */

static void nap(void)
{
    machine_nap(1 + machine_random(machine_random(4) == 0 ? NAP_LONG_NS : NAP_SHORT_NS));
}

static void pause_some(void)
{
    for (unsigned n = 1 + machine_random(6); n > 0; n--)
        machine_pause();
}

void actor_dawdle(struct actor *a)
{
    const struct script *s = a->script;

    if (actor_chance(s->pauses))
        pause_some();
    if (actor_chance(s->naps))
        nap();
    if (actor_chance(s->blocks)) {
        machine_leave_plugin();
        a->ctx->host->block_begin(a->ctx);
        machine_enter_plugin();
        if (machine_random(2))
            nap();
        else
            pause_some();
        machine_leave_plugin();
        a->ctx->host->block_end(a->ctx);
        machine_enter_plugin();
    }
    if (s->kind <= SCRIPT_PLANNED && actor_chance(s->moves) && !a->shared->planning)
        (void)a->ctx->host->origin(a->ctx, "elsewhere");
    if (actor_chance(s->wakes)) {
        machine_leave_plugin();
        script_wake_any();
        machine_enter_plugin();
    }
}

/* --- promises ------------------------------------------------------------------------------- */

static const struct script *script_of(const struct pph_ctx *ctx)
{
    return (const struct script *)(uintptr_t)ctx->args[0].i;
}

static struct actor *actor_of(const struct pph_ctx *ctx)
{
    return &actors[script_of(ctx)->stage][ctx->worker];
}

static bool has_own_thread(const struct actor *a)
{
    return world.plan->threads > 0 &&
           world.plan->plugins[a->script->stage].flags & (PPH_BLOCKING | PPH_PINNED);
}

struct actor *actor_enter(struct pph_ctx *ctx)
{
    struct actor *a = actor_of(ctx);

    machine_enter_plugin();
    machine_progress();
    if (!a->started || a->busy || a->ctx != ctx)
        machine_fail("stage %s: a call before start, after stop, or during another",
                     ctx->stage);
    if (has_own_thread(a) && a->thread != machine_thread())
        machine_fail("stage %s: a call on another thread than start", ctx->stage);
    a->busy = true;
    count_in(a);
    machine_pause();
    return a;
}

void actor_leave(struct actor *a)
{
    machine_pause();
    count_out(a);
    a->busy = false;
    machine_leave_plugin();
}

void actor_check_input(const struct actor *a)
{
    if (a->shared->flushing)
        machine_fail("stage %s: input after flush", a->ctx->stage);
}

void actor_check_flush(struct actor *a, int why)
{
    if (why != PPH_FLUSH_END || a->begun || (a->flushed && !a->flush_goes_on))
        machine_fail("stage %s: flush comes twice, or in the middle of an item",
                     a->ctx->stage);
    if (!a->flushed)
        a->next = 0;
    a->flushed = true;
    a->shared->flushing = true;
}

void actor_begin_plan(struct actor *a)
{
    if (a->shared->planning)
        machine_fail("stage %s: two calls of plan at once", a->ctx->stage);
    a->shared->planning = true;
    machine_pause();
}

void actor_end_plan(struct actor *a)
{
    a->shared->planning = false;
}

/* --- lives ---------------------------------------------------------------------------------- */

static int life_open(struct pph_ctx *ctx)
{
    const struct script *s = script_of(ctx);

    machine_pause();
    if (s->fatal == FATAL_OPEN) {
        world.fatal = true;
        return PPH_FATAL;
    }
    shared[s->stage].open = true;
    return PPH_OK;
}

static int life_start(struct pph_ctx *ctx)
{
    struct actor *a = actor_of(ctx);
    const struct script *s = script_of(ctx);

    machine_enter_plugin();
    if (a->started || a->ctx || !shared[s->stage].open)
        machine_fail("stage %s: start comes twice, or before open", ctx->stage);
    a->script = s;
    a->shared = &shared[s->stage];
    a->ctx = ctx;
    a->in_place = (world.plan->plugins[s->stage].flags & PPH_IN_PLACE) != 0;
    a->thread = machine_thread();
    machine_pause();
    machine_leave_plugin();
    if (s->fatal == FATAL_START) {
        world.fatal = true;
        return PPH_FATAL;
    }
    a->started = true;
    a->shared->started++;
    return PPH_OK;
}

/* Not plugin code for the machine: the host may be half-way through something. */
static void life_cancel(struct pph_ctx *ctx)
{
    struct actor *a = actor_of(ctx);

    if (!a->started || a->cancelled)
        machine_fail("stage %s: cancel before start, after stop, or twice", ctx->stage);
    machine_pause();
    if (!a->started)
        machine_fail("stage %s: stop while cancel runs", ctx->stage);
    a->cancelled = true;
}

static void life_stop(struct pph_ctx *ctx)
{
    struct actor *a = actor_of(ctx);

    if (!a->started || a->busy)
        machine_fail("stage %s: stop comes twice, or during a call", ctx->stage);
    if (has_own_thread(a) && a->thread != machine_thread())
        machine_fail("stage %s: stop on another thread than start", ctx->stage);
    a->started = false;
    a->shared->stopped++;
}

static void life_close(struct pph_ctx *ctx)
{
    const struct script *s = script_of(ctx);
    struct shared *sh = &shared[s->stage];

    if (!sh->open || sh->started != sh->stopped)
        machine_fail("stage %s: close comes twice, or before stop", ctx->stage);
    sh->open = false;
}

void script_fill(struct pph_plugin *plugin, const struct script *script, bool plans)
{
    static const struct pph_port alt[] = {{.name = "alt"}, {.name = NULL}};

    plugin->size = sizeof(*plugin);
    plugin->name = "script";
    plugin->ports = script->ports > 1 ? alt : NULL;
    plugin->open = life_open;
    plugin->start = life_start;
    plugin->cancel = life_cancel;
    plugin->stop = life_stop;
    plugin->close = life_close;
    if (script->kind <= SCRIPT_TASK)
        plugin->generate = script_generate;
    else if (script->kind == SCRIPT_EACH)
        plugin->each = script_each;
    else
        plugin->batch = script_batch;
    if (plans || script->kind == SCRIPT_PLANNED)
        plugin->plan = script_plan;
    if (script->sums > 0 || script->leaves)
        plugin->flush = script_flush;
}
