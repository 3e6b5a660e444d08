/* SPDX-License-Identifier: MIT */
#include "exec/activation.h"

#include <string.h>

#include "base/clock.h"
#include "exec/budget.h"
#include "exec/emit.h"
#include "exec/inbox.h"
#include "exec/items.h"
#include "exec/order.h"
#include "exec/pace.h"
#include "exec/policy.h"
#include "exec/ready.h"
#include "exec/results.h"
#include "exec/take.h"
#include "exec/workers.h"

enum {
    IDLE_FIRST_NS =
        1 * NS_PER_MS, /* how long a source that has nothing is left alone, ... */
    IDLE_MAX_NS = 100 * NS_PER_MS, /* ... doubling up to this, as the ABI promises */
    /* How long a source may go on filling a batch, call after call, before it goes down ... */
    FILL_NS = 50 * NS_PER_US,
    FILL_LOOK = 8, /* ... and the most calls between two looks at the clock */
};

/* Counts a call that is over: what its inputs became. */
static void count_call(struct instance *i)
{
    struct stage *s = i->stage;
    enum ledger ledger = i->ledger;
    uint64_t in = i->call_in;
    uint64_t out = i->call_out;

    instance_count(i, ledger, COUNT_DONE, in);
    instance_count(i, ledger, COUNT_OUT, out);
    if (s->graph->is_source && i->call == CALL_GENERATE) {
        instance_count(i, ledger, COUNT_READ, out);
    } else {
        if (s->desc->kind == PPH_CONSUMER) {
            instance_count(i, ledger, COUNT_DELIVERED, in);
            in = 0;
        }
        if (s->desc->flags & PPH_STATEFUL && i->call == CALL_ITEMS && in > out)
            instance_count(i, ledger, COUNT_MERGED, in - out);
        else if (in > out)
            instance_count(i, ledger, COUNT_FILTERED, in - out);
        else
            instance_count(i, ledger, COUNT_SPLIT, out - in);
    }
    i->call_in = 0;
    i->call_out = 0;
}

/* Drops what the call held; its output stays in i->out. */
static void end_call(struct instance *i)
{
    count_call(i);
    scope_end(&i->scope, &i->memory);
    take_end(i);
    i->kept = 0;
    i->kept_cut = false;
    i->scope_keep = 0;
    i->root = NULL;
    i->next_item = 0;
    i->item_left = false;
    i->tries = 0;
    i->n_parts = 0;
    i->has_originals = false;
    i->left = false;
    i->call = CALL_NONE;
}

/* The call is over. */
static enum outcome finish_call(struct instance *i)
{
    end_call(i);
    return OUTCOME_DONE;
}

/* The calls are over: what they emitted goes down, or waits for its turn or for room. */
static enum outcome send_output(struct instance *i, enum outcome outcome)
{
    emit_close(i);
    if (i->stage->window > 0) {
        order_finish(i->stage, i);
        return outcome;
    }
    i->owes = !emit_drain(i);
    return i->owes ? OUTCOME_HELD : outcome;
}

/* `plan`, once per call, while no other instance of the stage is in it. False: the call is over. */
static bool run_plan(struct instance *i)
{
    struct stage *s = i->stage;
    bool others; /* may plan now */
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
    others = s->free != NULL;
    if (others)
        stage_set_ready_locked(s);
    mutex_unlock(&s->lock);
    if (others)
        workers_notify(s->run);
    i->scope_keep = i->scope.n;
    if (rc == PPH_OK)
        return true;
    if (rc != PPH_END || i->call != CALL_GENERATE)
        policy_bad_return(i, "plan", rc);
    return false;
}

/* What a source has emitted that is held back by its rate goes down: it need not wait, too. */
static void send_paced(struct instance *i)
{
    if (!i->paced)
        return;
    emit_close(i);
    (void)emit_drain(i);
}

static enum outcome run_generate(struct instance *i)
{
    struct stage *s = i->stage;
    int rc;

    if (i->paced && atomic_load_explicit(&s->run->draining, memory_order_relaxed))
        return finish_call(i); /* what it would emit now would all come at once */
    rc = s->desc->generate(&i->ctx);
    if (i->failed && rc >= 0)
        rc = i->fail_code;
    switch (rc) {
    case PPH_OK:
        i->idle_ns = 0;
        i->again = true;
        return finish_call(i);
    case PPH_MORE: /* in a drain a source is not asked for the rest, unless it is planned already */
        if (!s->desc->plan &&
            atomic_load_explicit(&s->run->draining, memory_order_relaxed))
            return finish_call(i);
        send_paced(i);
        return OUTCOME_HELD;
    case PPH_IDLE:
        end_call(i);
        i->idle_ns = i->idle_ns == 0 ? IDLE_FIRST_NS : 2 * i->idle_ns;
        if (i->idle_ns > IDLE_MAX_NS)
            i->idle_ns = IDLE_MAX_NS;
        i->not_before_ns = clock_now_ns() + i->idle_ns;
        return OUTCOME_IDLE;
    case PPH_STOP: /* the run is stopping, or nobody wants more: dispatch finds out which */
        return run_cancelled(s->run) ? OUTCOME_STOP : finish_call(i);
    case PPH_END:
        i->ended = true;
        results_end(i);
        return finish_call(i);
    default:
        if (s->desc->kind == PPH_TASK && (rc == PPH_FAIL || rc == PPH_RETRY) &&
            !run_cancelled(s->run)) { /* the others' results are not lost by it */
            policy_task_failed(i);
            i->ended = true;
            return finish_call(i);
        }
        policy_bad_return(i, "generate", rc);
        return OUTCOME_STOP;
    }
}

/* The worker's last call: `flush`, if it has one, and what it leaves behind. */
static enum outcome run_flush(struct instance *i)
{
    const struct pph_plugin *desc = i->stage->desc;
    int rc = desc->flush ? desc->flush(&i->ctx, PPH_FLUSH_END) : PPH_OK;

    if (i->failed && rc >= 0)
        rc = i->fail_code;
    switch (rc) {
    case PPH_OK:
    case PPH_END:
        return results_send(i) ? finish_call(i) : OUTCOME_STOP;
    case PPH_MORE:
        return OUTCOME_HELD;
    case PPH_STOP:
        return run_cancelled(i->stage->run) ? OUTCOME_STOP : finish_call(i);
    default:
        policy_bad_return(i, "flush", rc);
        return OUTCOME_STOP;
    }
}

/* The stage wants no more: the rest of its input goes the way of all that comes now. */
static void refuse_rest(struct instance *i)
{
    uint64_t rest = i->in ? i->in->n - i->next_item : 0;
    enum ledger ledger = i->ledger;
    struct batch *batch;

    inbox_close(i->stage);
    do {
        instance_count(i, ledger, COUNT_DONE, rest);
        instance_count(i, ledger, COUNT_FILTERED, rest);
        batch = batch_list_pop(&i->in_next);
        if (batch) {
            rest = batch->n;
            ledger = batch_ledger(batch);
            batch_free(batch, &i->memory);
        }
    } while (batch);
}

static enum outcome run_items(struct instance *i)
{
    i->not_before_ns = 0;
    switch (i->stage->desc->batch ? items_batch(i) : items_each(i)) {
    case ITEMS_DONE:
        return finish_call(i);
    case ITEMS_MORE:
        return OUTCOME_HELD;
    case ITEMS_LATER: /* what is there need not wait too */
        emit_close(i);
        (void)emit_drain(i);
        return OUTCOME_LATER;
    case ITEMS_ENOUGH:
        refuse_rest(i);
        return finish_call(i);
    case ITEMS_STOP:
        break;
    }
    return OUTCOME_STOP;
}

/* Sends what an earlier activation could not.  False: there is still no room, or no budget for more. */
static bool go_on(struct instance *i)
{
    if (!emit_drain(i) && (i->stage->window == 0 || emit_is_full(i)))
        return false;
    return budget_goes_on(i);
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
    enum outcome outcome;

    scope_set_input(&i->scope, i->in,
                    i->in && i->in == i->view ? i->gathered.head : NULL);
    i->root = i->in ? i->in->root : NULL;
    i->again = false;
    outcome = run_call(i);
    if (atomic_load_explicit(&i->lent, memory_order_relaxed)) {
        atomic_store_explicit(&i->lent, false, memory_order_relaxed);
        workers_acquire_slot(i->stage);
    }
    return outcome;
}

/* The next of the batches that were taken together.  A batch that is being built has one root. */
static void begin_next_batch(struct instance *i)
{
    struct batch *in = batch_list_pop(&i->in_next);

    budget_look(i->stage->run); /* the one before may be what a source waits for */
    for (uint16_t p = 0; p < i->stage->graph->n_ports; p++) {
        const struct batch *open = i->outlets[p].open;

        if (open && (open->root != in->root || open->dead != in->dead)) {
            emit_close(i);
            break;
        }
    }
    i->in = in;
    i->ledger = batch_ledger(in);
    i->call = CALL_ITEMS;
}

/*
 * Whether a source goes on at once: it has more to give, what it builds is not full yet, and it has
 * not been at it for long.  So batches fill where items come fast, without a timer, and a source
 * that is slow sends each item on its way.  `look`: calls before the next look at the clock.
 */
static bool goes_on_filling(struct instance *i, uint64_t start, unsigned *look)
{
    struct run *run = i->stage->run;

    if (!i->again || i->stage->desc->plan || i->stage->may_wait || i->closed > 0 ||
        (i->paced && pace_emitted(i) >= i->allowed) ||
        atomic_load_explicit(&run->draining, memory_order_relaxed))
        return false;
    if (--*look > 0)
        return true;
    if (clock_now_ns() - start > FILL_NS) {
        i->fill = 1;
        return false;
    }
    i->fill = i->fill < FILL_LOOK ? 2 * i->fill + 1 : FILL_LOOK;
    *look = i->fill;
    return true;
}

/* The claimed call, and those that may follow it without going through dispatch. */
static enum outcome run_calls(struct instance *i, uint64_t start)
{
    enum outcome outcome;
    uint64_t calls = 0;
    unsigned look = i->fill ? i->fill : 1;

    i->closed = 0;
    for (;;) {
        outcome = run_call_with_slot(i);
        calls++;
        if (outcome != OUTCOME_DONE || run_cancelled(i->stage->run))
            break;
        if (i->in_next.n > 0)
            begin_next_batch(i);
        else if (goes_on_filling(i, start, &look))
            i->call = CALL_GENERATE;
        else
            break;
    }
    count_own(&i->calls, calls);
    return i->call == CALL_NONE && i->in_next.n == 0 ? send_output(i, outcome) : outcome;
}

/* Notes how long the input took, all of it: dispatch takes more at once where items are cheap. */
static void note_pace(struct instance *i, uint64_t ns)
{
    uint64_t now = i->taken ? ns / i->taken + 1 : 0;

    if (now > 0)
        i->item_ns = i->item_ns ? (3 * i->item_ns + now) / 4 : now;
}

enum outcome activation_run(struct instance *i, struct chunk_cache *cache,
                            uint64_t *now_ns)
{
    struct stage *s = i->stage;
    uint64_t start = *now_ns ? *now_ns : clock_now_ns();
    enum outcome outcome;
    uint64_t ns;

    PPH_ASSERT(i->magic == INSTANCE_MAGIC);
    i->memory.cache = cache;
    atomic_store_explicit(&i->since_ns, start, memory_order_relaxed);
    atomic_store_explicit(&i->thread, thread_id(), memory_order_relaxed);
    if (i->owes) {
        i->owes = !emit_drain(i);
        outcome = i->owes ? OUTCOME_HELD : OUTCOME_DONE;
    } else if (!go_on(i)) {
        outcome = OUTCOME_HELD;
    } else {
        outcome = run_calls(i, start);
    }
    if (outcome != OUTCOME_STOP && run_cancelled(s->run) &&
        (i->call != CALL_NONE || i->in_next.n > 0))
        outcome = OUTCOME_STOP;
    *now_ns = clock_now_ns();
    ns = *now_ns - start;
    if (outcome == OUTCOME_DONE)
        note_pace(i, ns);
    i->taken = 0; /* what is held took its time elsewhere */
    atomic_store_explicit(&i->since_ns, 0, memory_order_relaxed);
    count_own(&i->busy_ns, ns);
    i->memory.cache = NULL; /* the next thread has its own */
    budget_leave(i);
    return outcome;
}

static uint64_t unsent(const struct instance *i, enum ledger ledger)
{
    uint64_t items = 0;

    for (const struct batch *b = i->out.head; b; b = b->next) {
        if (b->readers_done == 0 && batch_ledger(b) == ledger)
            items += b->n;
    }
    for (size_t p = 0; p < i->stage->graph->n_ports; p++) {
        const struct batch *b = i->outlets[p].open;

        if (b && batch_ledger(b) == ledger)
            items += b->n;
    }
    return items;
}

/* Input that no call of a cancelled run has seen to its end. */
static void leave_input(struct instance *i, enum ledger ledger, uint64_t items)
{
    instance_count(i, ledger, COUNT_UNFINISHED, items);
    instance_count(i, ledger, COUNT_LEFT, items);
}

void activation_abandon(struct instance *i)
{
    struct batch *batch;

    i->memory.cache = NULL;
    for (enum ledger ledger = LEDGER_MAIN; ledger < LEDGERS; ledger++)
        instance_count(i, ledger, COUNT_UNFINISHED, unsent(i, ledger));
    if (i->call != CALL_NONE) {
        if (i->in)
            leave_input(i, i->ledger, i->in->n - i->next_item);
        i->call_in += i->kept; /* forwarded, but not gone down */
        i->call_out += i->kept;
        instance_count(i, i->ledger, COUNT_UNFINISHED, i->kept);
        end_call(i);
    }
    while ((batch = batch_list_pop(&i->in_next))) {
        leave_input(i, batch_ledger(batch), batch->n);
        batch_free(batch, &i->memory);
    }
    emit_discard(i);
    i->owes = false;
}
