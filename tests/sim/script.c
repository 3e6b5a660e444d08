/* SPDX-License-Identifier: MIT */
#include "sim/script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/actor.h"
#include "sim/machine.h"

enum {
    TOGETHER_MAX = 32,
    NEEDLESS_MAX = 3, /* of one item */
    PLANNED_MAX = 3,  /* items of one `plan` */
    WAIT_NS = 1000000,
    PACE_BURST_NS = 11000000, /* 10 ms, and the time from dispatch to the call */
};

/* --- items ---------------------------------------------------------------------------------- */

uint64_t script_rewritten(uint64_t content)
{
    return content == 0 ? 0 : plan_mix(content, 3);
}

uint64_t script_sum(const struct script *s, unsigned worker, unsigned j)
{
    return plan_mix(s->seed ^ 0x165667b1, plan_mix(worker, j)) >> 16;
}

/* Fills in an output.  `stack`: memory of its own that the host must copy; `alone`: of one emit. */
static void make_output(struct actor *a, struct pph_item *out, uint64_t pos,
                        const struct pph_item *input, uint8_t *stack, bool alone)
{
    enum payload payload = script_payload(pos);
    uint32_t len = script_len(pos);

    *out = (struct pph_item){.pos = pos,
                             .key = script_key(pos),
                             .port = (uint16_t)script_port(a->script, pos)};
    if (payload == PAYLOAD_INPUT && input) {
        out->data = input->data;
        out->len = input->len;
        return;
    }
    if (payload == PAYLOAD_EMPTY)
        return;
    out->len = len;
    if (payload == PAYLOAD_STACK && len <= ACTOR_STACK_PAYLOAD) {
        out->data = stack;
    } else if (payload == PAYLOAD_STACK && alone) {
        out->data = a->own;
    } else if (payload == PAYLOAD_ADOPT) {
        out->data = actor_adopt(a, len);
    } else {
        out->data = actor_alloc(a, len);
        out->flags = PPH_WRITABLE;
    }
    payload_write(out, pos);
}

/* Emits outputs from a->next on, `most` in all; PPH_OK, PPH_MORE (there is more to come) or worse. */
static int emit_outputs(struct actor *a, unsigned most,
                        uint64_t (*pos_of)(const struct actor *a, unsigned j),
                        const struct pph_item *input)
{
    const struct script *s = a->script;

    while (a->next < most) {
        struct pph_item items[TOGETHER_MAX];
        uint8_t stacks[TOGETHER_MAX][ACTOR_STACK_PAYLOAD];
        unsigned n = s->together || s->ports == 0 ? most - a->next : 1;
        int rc;

        if (s->kind <= SCRIPT_PLANNED)
            n = s->at_once < most - a->next ? s->at_once : most - a->next;
        if (n > TOGETHER_MAX)
            n = TOGETHER_MAX;
        for (unsigned k = 0; k < n; k++)
            make_output(a, &items[k], pos_of(a, a->next + k), input, stacks[k], n == 1);
        rc = actor_emit(a, items, n);
        if (rc < 0)
            return rc;
        for (unsigned k = 0; s->kind <= SCRIPT_PLANNED && k < n; k++)
            world_saw(&world.made[s->stage], a, &items[k]);
        a->next += n;
        a->told = rc == PPH_MORE;
        if (a->told && a->next < most && actor_chance(s->obeys))
            return PPH_MORE;
    }
    return PPH_OK;
}

static uint64_t output_pos(const struct actor *a, unsigned j)
{
    return script_output(a->script, a->pos, j);
}

/* The item becomes its own output. */
static void turn_into_output(struct actor *a, struct pph_item *it)
{
    it->pos = script_output(a->script, it->pos, 0);
    it->key = script_key(it->pos);
    it->port = (uint16_t)script_port(a->script, it->pos);
    if (a->in_place)
        payload_rewrite(it);
}

/* A new item, or one that comes again after PPH_MORE. */
static void begin_item(struct actor *a, const struct pph_item *it)
{
    if (a->begun)
        return;
    a->begun = true;
    a->pos = it->pos;
    a->next = 0;
    a->needless = 0;
    a->told = false;
    payload_check(it);
    world_saw(&world.in[a->script->stage], a, it);
    actor_check_input(a);
}

static void end_item(struct actor *a)
{
    a->begun = false;
    a->next = 0;
    a->taken++;
    world.finished[a->script->stage]++;
}

/* Works on one item; PPH_FORWARD: it is its own output; PPH_OK: it is done; or what to return. */
static int work_on(struct actor *a, struct pph_item *it)
{
    const struct script *s = a->script;
    struct fate fate = script_fate(s, it->pos);
    int rc;

    begin_item(a, it);
    actor_dawdle(a);
    if (s->fatal == FATAL_CALL && actor_chance(16))
        return actor_fatal(a);
    if (a->needless < NEEDLESS_MAX && actor_chance(s->needless)) {
        a->needless++;
        return PPH_MORE;
    }
    if (fate.forwards) {
        turn_into_output(a, it);
        return PPH_FORWARD;
    }
    rc = emit_outputs(a, fate.n, output_pos, it);
    if (rc != PPH_OK)
        return rc;
    payload_check(it);
    return fate.fails ? PPH_FAIL : PPH_OK;
}

static bool wants_no_more(struct actor *a)
{
    const struct script *s = a->script;

    if (s->end_after == 0 || a->taken < s->end_after)
        return false;
    world.ended = true;
    return true;
}

static int item_failed(struct actor *a, const struct pph_item *it)
{
    const struct kit_stage *stage = &world.plan->stages[a->script->stage];

    a->begun = false;
    world.failed[a->script->stage]++;
    if (stage->on_error == ON_ERROR_STOP)
        world.fatal = true;
    return actor_fail(a, it, PPH_FAIL);
}

/* --- results -------------------------------------------------------------------------------- */

/* Leaves a number that nobody else leaves; returns what the host says. */
static int leave_result(struct actor *a)
{
    struct pph_item name = {.pos = script_sum(a->script, a->ctx->worker, 1u << 16)};
    char number[32];
    int rc;

    (void)snprintf(number, sizeof(number), "%" PRIu64, name.pos);
    rc = a->ctx->host->result(a->ctx, NULL, number);
    if (rc == PPH_OK)
        world_saw(&world.left, a, &name);
    world.left_by_tasks += rc == PPH_OK && a->script->kind == SCRIPT_TASK;
    return rc;
}

/* What another one left. */
static void read_result(const struct actor *a, const struct pph_item *it)
{
    struct pph_item name = {0};
    char number[32] = "";

    if (it->len == 0 || it->len >= sizeof(number))
        machine_fail("a result has %u bytes", it->len);
    memcpy(number, it->data, it->len);
    name.pos = strtoull(number, NULL, 10);
    world_saw(&world.results, a, &name);
}

/* Fails though it will be tried again: at times by chance, and always where it is bad. */
static bool fails_for_now(struct actor *a, const struct pph_item *it)
{
    const struct kit_stage *stage = &world.plan->stages[a->script->stage];

    if (a->begun || a->tries >= stage->retry.times ||
        !(script_fate(a->script, it->pos).fails || actor_chance(a->script->flaky)))
        return false;
    a->tries++;
    return true;
}

int script_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct actor *a = actor_enter(ctx);
    int rc;

    if (a->script->results) {
        actor_dawdle(a);
        read_result(a, it);
        actor_leave(a);
        return PPH_OK;
    }
    if (fails_for_now(a, it)) {
        payload_check(it);
        rc = actor_fail(a, it, PPH_RETRY);
        actor_leave(a);
        return rc;
    }
    rc = work_on(a, it);
    if (rc != PPH_MORE)
        a->tries = 0;
    if (rc == PPH_FAIL) {
        rc = item_failed(a, it);
    } else if (rc == PPH_OK || rc == PPH_FORWARD) {
        end_item(a);
        if (rc == PPH_OK && wants_no_more(a))
            rc = PPH_END;
    }
    actor_leave(a);
    return rc;
}

/* All items at once, as they came. */
static int emit_whole(struct actor *a, struct pph_item *items, size_t n)
{
    int rc;

    for (size_t k = 0; k < n; k++) {
        begin_item(a, &items[k]);
        turn_into_output(a, &items[k]);
        end_item(a);
    }
    rc = actor_emit(a, items, n);
    return rc < 0 ? rc : PPH_OK;
}

static int batch_items(struct actor *a, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        int rc = work_on(a, &items[k]);

        if (rc == PPH_FORWARD) {
            rc = actor_emit(a, &items[k], 1);
            a->told = rc == PPH_MORE;
            rc = rc == PPH_MORE ? PPH_OK : rc;
        } else if (rc == PPH_MORE) {
            a->ctx->done = k;
            return rc;
        } else if (rc == PPH_FAIL) {
            rc = item_failed(a, &items[k]);
            if (!a->script->names)
                return rc;
            continue;
        }
        if (rc != PPH_OK)
            return rc;
        end_item(a);
        if (k + 1 < n && a->told && actor_chance(a->script->obeys)) {
            a->ctx->done = k + 1;
            return PPH_MORE;
        }
    }
    return wants_no_more(a) ? PPH_END : PPH_OK;
}

/* A call gets no more than its stage wants; the last item goes beyond so many bytes. */
static void check_batch(const struct actor *a, const struct pph_item *items, size_t n)
{
    const struct kit_stage *stage = &world.plan->stages[a->script->stage];
    uint64_t bytes = 0;

    for (size_t k = 0; k + 1 < n; k++)
        bytes += items[k].len;
    if ((stage->batch_items > 0 && n > stage->batch_items) ||
        (stage->batch_bytes > 0 && bytes >= stage->batch_bytes && n > 1))
        machine_fail("stage %s: a call was given %zu items, of %" PRIu64
                     " bytes but for the last",
                     stage->name, n, bytes);
}

int script_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct actor *a = actor_enter(ctx);
    int rc;

    check_batch(a, items, n);
    actor_dawdle(a);
    rc = a->script->whole && !a->begun ? emit_whole(a, items, n)
                                       : batch_items(a, items, n);
    actor_leave(a);
    return rc;
}

/* --- sources -------------------------------------------------------------------------------- */

static uint64_t item_pos(const struct actor *a, unsigned j)
{
    return script_item(a->script, a->ctx->worker, j);
}

static uint64_t planned_pos(const struct actor *a, unsigned j)
{
    return script_item(a->script, 0, j);
}

/* It has emitted all and waits for input that does not come. */
static int wait_for_cancel(struct actor *a)
{
    while (!a->cancelled)
        machine_nap(WAIT_NS);
    return PPH_STOP;
}

static int generate(struct actor *a)
{
    const struct script *s = a->script;
    bool planned = s->kind == SCRIPT_PLANNED;
    unsigned most = planned ? a->range_end : s->items;
    int rc;

    actor_dawdle(a);
    if (s->fatal == FATAL_CALL && actor_chance(16))
        return actor_fatal(a);
    if (!planned && actor_chance(s->idles))
        return PPH_IDLE;
    if (s->kind == SCRIPT_TASK && ++a->next <= s->items)
        return PPH_OK;
    if (s->kind == SCRIPT_TASK)
        return leave_result(a) == PPH_OK ? PPH_END : PPH_FATAL;
    if (!planned && actor_chance(s->pauses) && most > a->next + 2)
        most = a->next + 2; /* the rest in another call */
    rc = emit_outputs(a, most, planned ? planned_pos : item_pos, NULL);
    if (rc != PPH_OK || planned || most < s->items)
        return rc;
    return s->waits ? wait_for_cancel(a) : PPH_END;
}

/*
 * A source with a rate has begun a call: what it has emitted is paid for.  Of several workers some may just be about
 * to pay; only one at a time works where there is `plan`.  Where time leaps it may do so since the host has looked.
 */
static void check_pace(struct actor *a)
{
    const struct script *s = a->script;
    const struct rate *rate = &world.plan->stages[s->stage].rate;
    uint64_t now = clock_now_ns();
    double most;

    if (rate->items == 0 || a->ctx->host->stopping(a->ctx) || world.plan->leaps ||
        (s->workers > 1 && s->kind != SCRIPT_PLANNED))
        return;
    if (a->shared->paced_ns == 0)
        a->shared->paced_ns = now;
    most = (double)(now - a->shared->paced_ns + PACE_BURST_NS) * (double)rate->items /
           (double)rate->per_ns;
    if ((double)world.made[s->stage].n > most)
        machine_fail("stage %s has emitted %zu items, and goes on", a->ctx->stage,
                     world.made[s->stage].n);
}

int script_generate(struct pph_ctx *ctx)
{
    struct actor *a = actor_enter(ctx);
    int rc;

    check_pace(a);
    rc = generate(a);

    actor_leave(a);
    return rc;
}

/* --- plan, flush ---------------------------------------------------------------------------- */

/* The next items of a planned source. */
static int plan_range(struct actor *a)
{
    const struct script *s = a->script;
    unsigned n = 1 + machine_random(PLANNED_MAX);

    if (a->shared->planned == s->items)
        return PPH_END;
    a->next = a->shared->planned;
    a->range_end = a->next + n < s->items ? a->next + n : s->items;
    a->shared->planned = a->range_end;
    return PPH_OK;
}

int script_plan(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    struct actor *a = actor_enter(ctx);
    int rc = PPH_OK;

    actor_begin_plan(a);
    if (a->script->fatal == FATAL_PLAN && actor_chance(32))
        rc = actor_fatal(a);
    else if (a->script->kind == SCRIPT_PLANNED)
        rc = plan_range(a);
    for (size_t k = 0; k < n && !a->script->results; k++)
        world_saw(&world.given[a->script->stage], a, &items[k]);
    actor_end_plan(a);
    actor_leave(a);
    return rc;
}

static uint64_t sum_pos(const struct actor *a, unsigned j)
{
    return script_sum(a->script, a->ctx->worker, j);
}

int script_flush(struct pph_ctx *ctx, int why)
{
    struct actor *a = actor_enter(ctx);
    int rc;

    actor_check_flush(a, why);
    actor_dawdle(a);
    if (a->script->fatal == FATAL_FLUSH)
        rc = actor_fatal(a);
    else
        rc = emit_outputs(a, a->script->sums, sum_pos, NULL);
    if (rc == PPH_OK && a->script->leaves)
        rc = leave_result(a);
    a->flush_goes_on = rc == PPH_MORE;
    actor_leave(a);
    return rc;
}
