/* SPDX-License-Identifier: MIT */
#include "exec/activation.h"

#include <string.h>

#include "base/clock.h"
#include "exec/emit.h"
#include "exec/inbox.h"
#include "exec/items.h"
#include "exec/order.h"
#include "exec/policy.h"
#include "exec/ready.h"
#include "exec/workers.h"

enum {
    IDLE_FIRST_NS =
        1 * NS_PER_MS, /* how long a source that has nothing is left alone, ... */
    IDLE_MAX_NS = 100 * NS_PER_MS, /* ... doubling up to this, as the ABI promises */
};

/* Counts a call that is over: what its inputs became. */
static void count_call(struct instance *i)
{
    struct stage *s = i->stage;
    enum ledger ledger = i->ledger;
    uint64_t in = i->call_in;
    uint64_t out = i->call_out;

    stage_count(s, ledger, COUNT_DONE, in);
    stage_count(s, ledger, COUNT_OUT, out);
    if (s->graph->is_source && i->call == CALL_GENERATE) {
        stage_count(s, ledger, COUNT_READ, out);
    } else {
        if (s->desc->kind == PPH_CONSUMER) {
            stage_count(s, ledger, COUNT_DELIVERED, in);
            in = 0;
        }
        if (s->desc->flags & PPH_STATEFUL && i->call == CALL_ITEMS && in > out)
            stage_count(s, ledger, COUNT_MERGED, in - out);
        else if (in > out)
            stage_count(s, ledger, COUNT_FILTERED, in - out);
        else
            stage_count(s, ledger, COUNT_SPLIT, out - in);
    }
    i->call_in = 0;
    i->call_out = 0;
}

/* Drops what the call held; its output stays in i->out. */
static void end_call(struct instance *i)
{
    count_call(i);
    scope_end(&i->scope, &i->memory);
    batch_free(i->in, &i->memory);
    i->in = NULL;
    i->kept = 0;
    i->kept_payload = 0;
    i->scope_keep = 0;
    i->root = NULL;
    i->next_item = 0;
    i->item_left = false;
    i->call = CALL_NONE;
}

/* The call is over: its output goes down, or waits for its turn or for room. */
static enum outcome finish_call(struct instance *i)
{
    emit_close(i);
    end_call(i);
    if (i->stage->window > 0) {
        order_finish(i->stage, i);
        return OUTCOME_DONE;
    }
    i->owes = !emit_drain(i);
    return i->owes ? OUTCOME_HELD : OUTCOME_DONE;
}

/* `plan`, once per call, while no other instance of the stage is in it. False: the call is over. */
static bool run_plan(struct instance *i)
{
    struct stage *s = i->stage;
    int rc;

    i->failed = false;
    i->planning = true;
    rc = i->in ? s->desc->plan(&i->ctx, i->in->items, i->in->n)
               : s->desc->plan(&i->ctx, NULL, 0);
    i->planning = false;
    i->planned = true;
    mutex_lock(&s->lock);
    s->planning = false;
    if (rc == PPH_END && i->call == CALL_GENERATE)
        s->source_done = true;
    stage_set_ready_locked(s);
    mutex_unlock(&s->lock);
    workers_notify(s->run);
    i->scope_keep = i->scope.n;
    if (rc == PPH_OK)
        return true;
    if (rc != PPH_END || i->call != CALL_GENERATE)
        policy_bad_return(i, "plan", rc);
    return false;
}

static enum outcome run_generate(struct instance *i)
{
    struct stage *s = i->stage;
    int rc = s->desc->generate(&i->ctx);

    if (i->failed && rc >= 0)
        rc = i->fail_code;
    switch (rc) {
    case PPH_OK:
        i->idle_ns = 0;
        return finish_call(i);
    case PPH_MORE: /* in a drain a source is not asked for the rest, unless it is planned already */
        if (!s->desc->plan &&
            atomic_load_explicit(&s->run->draining, memory_order_relaxed))
            return finish_call(i);
        return OUTCOME_HELD;
    case PPH_IDLE: {
        enum outcome outcome = finish_call(i);

        i->idle_ns = i->idle_ns == 0 ? IDLE_FIRST_NS : 2 * i->idle_ns;
        if (i->idle_ns > IDLE_MAX_NS)
            i->idle_ns = IDLE_MAX_NS;
        i->not_before_ns = clock_now_ns() + i->idle_ns;
        return outcome == OUTCOME_DONE ? OUTCOME_IDLE : outcome;
    }
    case PPH_STOP: /* the run is stopping, or nobody wants more: dispatch finds out which */
        return run_cancelled(s->run) ? OUTCOME_STOP : finish_call(i);
    case PPH_END:
        i->ended = true;
        return finish_call(i);
    default:
        policy_bad_return(i, "generate", rc);
        return OUTCOME_STOP;
    }
}

static enum outcome run_flush(struct instance *i)
{
    int rc = i->stage->desc->flush(&i->ctx, PPH_FLUSH_END);

    if (i->failed && rc >= 0)
        rc = i->fail_code;
    switch (rc) {
    case PPH_OK:
    case PPH_END:
        return finish_call(i);
    case PPH_MORE:
        return OUTCOME_HELD;
    case PPH_STOP:
        return run_cancelled(i->stage->run) ? OUTCOME_STOP : finish_call(i);
    default:
        policy_bad_return(i, "flush", rc);
        return OUTCOME_STOP;
    }
}

static enum outcome run_items(struct instance *i)
{
    switch (i->stage->desc->batch ? items_batch(i) : items_each(i)) {
    case ITEMS_DONE:
        return finish_call(i);
    case ITEMS_MORE:
        return OUTCOME_HELD;
    case ITEMS_ENOUGH: { /* the rest of this batch goes the way of all that comes now */
        uint32_t rest = i->in ? i->in->n - i->next_item : 0;

        inbox_close(i->stage);
        stage_count(i->stage, i->ledger, COUNT_DONE, rest);
        stage_count(i->stage, i->ledger, COUNT_FILTERED, rest);
        return finish_call(i);
    }
    case ITEMS_STOP:
        break;
    }
    return OUTCOME_STOP;
}

/* Sends what an earlier activation could not.  False: there is still no room. */
static bool go_on(struct instance *i)
{
    if (emit_drain(i))
        return true;
    return i->stage->window > 0 && !emit_is_full(i);
}

static enum outcome run_call(struct instance *i)
{
    if (!i->planned && !run_plan(i))
        return run_cancelled(i->stage->run) ? OUTCOME_STOP : finish_call(i);
    i->failed = false;
    i->told = false;
    i->drain_ns = 0;
    switch (i->call) {
    case CALL_GENERATE:
        return run_generate(i);
    case CALL_ITEMS:
        return run_items(i);
    case CALL_FLUSH:
        return run_flush(i);
    case CALL_NONE:
        break;
    }
    PPH_UNREACHABLE("an activation without a call");
}

/* The call, and the slot back if the plugin forgot to say block_end(). */
static enum outcome run_call_with_slot(struct instance *i)
{
    enum outcome outcome = run_call(i);

    if (i->lent) {
        i->lent = false;
        workers_acquire_slot(i->stage);
    }
    return outcome;
}

enum outcome activation_run(struct instance *i, struct chunk_cache *cache)
{
    struct stage *s = i->stage;
    uint64_t start = clock_now_ns();
    enum outcome outcome;

    PPH_ASSERT(i->magic == INSTANCE_MAGIC);
    i->memory.cache = cache;
    atomic_store_explicit(&i->since_ns, start, memory_order_relaxed);
    if (i->owes) {
        i->owes = !emit_drain(i);
        outcome = i->owes ? OUTCOME_HELD : OUTCOME_DONE;
    } else if (!go_on(i)) {
        outcome = OUTCOME_HELD;
    } else {
        i->scope.input = i->in;
        i->root = i->in ? i->in->root : NULL;
        outcome = run_call_with_slot(i);
    }
    if (outcome != OUTCOME_STOP && run_cancelled(s->run) && i->call != CALL_NONE)
        outcome = OUTCOME_STOP;
    atomic_store_explicit(&i->since_ns, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->busy_ns, clock_now_ns() - start, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->calls, 1, memory_order_relaxed);
    i->memory.cache = NULL; /* the next thread has its own */
    return outcome;
}

static uint64_t unsent(const struct instance *i, enum ledger ledger)
{
    uint64_t items = 0;

    for (const struct batch *b = i->out.head; b; b = b->next) {
        if (b->readers_done == 0 && (b->dead ? LEDGER_DEAD : LEDGER_MAIN) == ledger)
            items += b->n;
    }
    for (size_t p = 0; p < i->stage->graph->n_ports; p++) {
        const struct batch *b = i->outlets[p].open;

        if (b && (b->dead ? LEDGER_DEAD : LEDGER_MAIN) == ledger)
            items += b->n;
    }
    return items;
}

void activation_abandon(struct instance *i)
{
    struct stage *s = i->stage;

    i->memory.cache = NULL;
    for (enum ledger ledger = LEDGER_MAIN; ledger < LEDGERS; ledger++)
        stage_count(s, ledger, COUNT_UNFINISHED, unsent(i, ledger));
    if (i->call != CALL_NONE) {
        if (i->in) {
            uint64_t left = i->in->n - i->next_item;

            stage_count(s, i->ledger, COUNT_UNFINISHED, left);
            stage_count(s, i->ledger, COUNT_LEFT, left);
        }
        i->call_out += i->kept; /* forwarded, but not gone down */
        stage_count(s, i->ledger, COUNT_UNFINISHED, i->kept);
        end_call(i);
    }
    emit_discard(i);
    i->owes = false;
}
