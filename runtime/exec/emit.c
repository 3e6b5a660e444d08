/* SPDX-License-Identifier: MIT */
#include "exec/emit.h"

#include <string.h>

#include "base/clock.h"
#include "exec/budget.h"
#include "exec/inbox.h"
#include "exec/order.h"
#include "exec/policy.h"
#include "exec/send.h"
#include "exec/workers.h"
#include "flow/letters.h"

enum {
    DRAIN_CALL_NS = NS_PER_S, /* how long a source's call may go on emitting in a drain */
};

/* Whether the instance's output may go down now: always, but for ordered calls not at the head. */
static bool may_stream(const struct instance *i)
{
    return i->stage->window == 0 || order_is_head(i->stage, i);
}

bool emit_drain(struct instance *i)
{
    if (i->out.n == 0)
        return true;
    return may_stream(i) && send_batches(i->stage, &i->memory, &i->out);
}

bool emit_is_full(struct instance *i)
{
    if (emit_drain(i))
        return false;
    return may_stream(i) || i->out.n >= OUT_SOFT_BATCHES || i->out.cost >= OUT_SOFT_COST;
}

static bool is_over(const struct instance *i)
{
    return i->out.n >= OUT_HARD_BATCHES || (i->out.n > 1 && i->out.cost >= OUT_HARD_COST);
}

/* The plugin goes on though it was told PPH_MORE: it waits here.  False: the run is cancelled. */
static bool wait_for_room(struct instance *i)
{
    struct stage *s = i->stage;

    while (is_over(i) && !emit_drain(i)) {
        if (run_cancelled(s->run))
            return false;
        if (s->run->options.single_thread) {
            if (!workers_help(s))
                return true; /* an earlier call of this stage comes first */
        } else if (s->window > 0 && !order_is_head(s, i)) {
            order_wait_head(s, i);
        } else if (!send_first_waiting(i)) {
            return false;
        }
    }
    return true;
}

static void close_outlet(struct instance *i, uint16_t port)
{
    struct outlet *o = &i->outlets[port];
    struct batch *batch = o->open;

    o->open = NULL;
    o->hint = batch->n;
    i->closed++;
    batch->port = port;
    batch_compact(batch, &i->memory);
    batch_list_push(&i->out, batch);
}

void emit_close(struct instance *i)
{
    for (uint16_t p = 0; p < i->stage->graph->n_ports; p++) {
        if (i->outlets[p].open)
            close_outlet(i, p);
    }
}

/* The batch being built on the port, with room for an item; NULL: no memory. */
static struct batch *open_batch(struct instance *i, uint16_t port)
{
    struct stage *s = i->stage;
    struct outlet *o = &i->outlets[port];
    struct batch *batch = o->open;

    if (batch && batch->n == batch->cap) {
        batch = batch_grow(batch, &i->memory, o->target);
        if (batch)
            o->open = batch;
        return batch;
    }
    if (!batch) {
        uint32_t cap = o->hint < o->target ? o->hint : o->target;
        struct root *root = i->root;

        if (i->call == CALL_GENERATE)
            root = root_new(s->run->pool, i->memory.cache, &s->run->roots, i->origin,
                            s->desc->pos_unit);
        batch = batch_new(&i->memory, cap ? cap : 1, root);
        if (i->call == CALL_GENERATE) {
            root_unref(root, i->memory.cache);
            budget_made(i);
        }
        if (!batch)
            return NULL;
        batch->dead = i->ledger == LEDGER_DEAD || port == s->graph->n_ports - 1;
        o->open = batch;
    }
    return batch;
}

/*
 * Copies a payload that lies nowhere the host knows.  The caller owns one reference to the result;
 * NULL: no memory.
 */
static struct buf *copy_payload(struct instance *i, struct outlet *o,
                                struct pph_item *item)
{
    struct buf *buf = o->arena;
    uint8_t *to;

    if (item->len > BUF_PIECE_MAX) {
        buf = buf_new(i->memory.pool, i->memory.cache, item->len);
        if (!buf)
            return NULL;
        to = buf->data;
    } else {
        if (!buf || buf->len - o->arena_used < item->len) {
            buf = buf_new(i->memory.pool, i->memory.cache, BUF_ARENA);
            if (!buf)
                return NULL;
            if (o->arena)
                buf_unref(o->arena, i->memory.cache);
            o->arena = buf;
            o->arena_used = 0;
        }
        to = buf->data + o->arena_used;
        o->arena_used += (item->len + 15) & ~15u;
        if (o->arena_used > buf->len)
            o->arena_used = buf->len;
        buf_ref(buf);
    }
    memcpy(to, item->data, item->len);
    item->data = to;
    item->flags |= PPH_WRITABLE;
    return buf;
}

/* The batch being built on the port, with room, holding on to `buf` if not NULL.  NULL: no memory. */
static struct batch *batch_for(struct instance *i, uint16_t port, struct buf *buf)
{
    struct batch *batch = open_batch(i, port);

    if (!batch || !buf || batch_pin(batch, buf))
        return batch;
    close_outlet(i, port);
    batch = open_batch(i, port);
    if (batch && !batch_pin(batch, buf))
        PPH_UNREACHABLE("an empty batch pins any buffer");
    return batch;
}

/* Closes the batch of the port when it has all it should hold. */
static void close_if_full(struct instance *i, uint16_t port)
{
    const struct outlet *o = &i->outlets[port];

    if (o->open->n >= o->target || o->open->payload >= o->payload)
        close_outlet(i, port);
}

/* Appends items that lie in `buf`; returns how many, 0: no memory. */
static size_t append_from(struct instance *i, uint16_t port, const struct pph_item *items,
                          size_t n, struct buf *buf)
{
    uint32_t target = i->outlets[port].target;
    struct batch *batch = batch_for(i, port, buf);
    size_t taken;

    if (!batch)
        return 0;
    if (i->outlets[port].payload < BATCH_PAYLOAD_MAX)
        n = 1; /* else it would be filled beyond that */
    taken = batch_append(batch, items, n, buf, items[0].port,
                         target < batch->cap ? target : batch->cap);
    PPH_ASSERT(taken > 0);
    close_if_full(i, port);
    return taken;
}

/* Appends items without payload, which need no memory, until one has some; likewise. */
static size_t append_empty(struct instance *i, uint16_t port,
                           const struct pph_item *items, size_t n)
{
    uint32_t target = i->outlets[port].target;
    struct batch *batch = batch_for(i, port, NULL);
    size_t taken = 0;

    if (!batch)
        return 0;
    do {
        struct pph_item *it = &batch->items[batch->n++];

        *it = items[taken++];
        it->data = NULL;
        it->port = 0;
    } while (taken < n && items[taken].len == 0 && items[taken].port == port &&
             batch->n < target && batch->n < batch->cap);
    close_if_full(i, port);
    return taken;
}

/* Appends as many items as one batch and one buffer allow; 0: no memory. */
static size_t append(struct instance *i, uint16_t port, const struct pph_item *items,
                     size_t n)
{
    struct buf *buf = NULL;
    struct pph_item item;
    size_t taken;

    if (items[0].len == 0)
        return append_empty(i, port, items, n);
    buf = scope_find(&i->scope, items[0].data, items[0].len);
    if (buf)
        return append_from(i, port, items, n, buf);
    item = items[0];
    buf = copy_payload(i, &i->outlets[port], &item);
    if (!buf)
        return 0;
    taken = append_from(i, port, &item, 1, buf);
    buf_unref(buf, i->memory.cache);
    return taken;
}

/*
 * An item that lies in the same memory as the one before it, put behind that one: what calls that emit one by one do
 * all the time.
 */
static bool append_next(struct instance *i, const struct pph_item *item)
{
    struct batch *batch = i->outlets[0].open;
    const struct buf *buf = i->scope.hit;

    if (!batch || !buf || batch->n == batch->cap || batch->n_bufs == 0 ||
        batch->bufs[batch->n_bufs - 1] != buf || item->port != 0 || item->len == 0 ||
        !buf_holds(buf, item->data, item->len))
        return false;
    batch->items[batch->n++] = *item;
    batch->payload += item->len;
    close_if_full(i, 0);
    return true;
}

bool emit_may_keep(const struct instance *i)
{
    const struct batch *in = i->in;
    const struct outlet *o = &i->outlets[0];

    return in && in != i->view && i->stage->graph->has_output && in->n <= o->target &&
           !o->open &&
           (o->payload == BATCH_PAYLOAD_MAX || in->n == 1 || in->payload <= o->payload);
}

/* Whether the plugin has this output. */
static bool port_is_good(const struct stage *s, unsigned port)
{
    const struct graph_stage *g = s->graph;

    if (port > 0)
        return port + 1 < g->n_ports && port != g->result_port;
    return g->has_output;
}

/* Copies items into the batches being built; PPH_OK, PPH_STOP or PPH_FATAL. */
static int append_all(struct instance *i, const struct pph_item *items, size_t n)
{
    struct stage *s = i->stage;
    size_t k = 0;

    while (k < n) {
        size_t taken;

        if (!port_is_good(s, items[k].port)) {
            policy_misuse(
                i, "emit() was given an item for a port that the plugin does not have");
            return PPH_FATAL;
        }
        taken = n - k == 1 && append_next(i, items + k)
                    ? 1
                    : append(i, items[k].port, items + k, n - k);
        if (taken == 0) {
            policy_stage_failed(s, i, "emit", "out of memory");
            return PPH_STOP;
        }
        k += taken;
        i->call_out += taken;
        if (is_over(i) && !wait_for_room(i))
            return PPH_STOP;
    }
    return PPH_OK;
}

bool emit_kept_by_copy(struct instance *i)
{
    uint32_t n = i->kept;

    i->kept = 0;
    i->kept_cut = false;
    i->call_in += n;
    return n == 0 || append_all(i, i->in->items, n) == PPH_OK;
}

static size_t payload_of(const struct pph_item *items, uint32_t n)
{
    size_t payload = 0;

    for (uint32_t k = 0; k < n; k++)
        payload += items[k].len;
    return payload;
}

bool emit_kept(struct instance *i)
{
    struct batch *batch = i->in;

    if (i->kept == 0 || 2 * i->kept < batch->n) /* a batch of few holds memory for many */
        return emit_kept_by_copy(i);
    if (i->kept_cut || i->kept < batch->n)
        batch->payload = payload_of(batch->items, i->kept);
    batch_forget_letters(batch, &i->memory); /* they are the output of a stage */
    batch->n = i->kept;
    batch->port = 0;
    batch->readers_done = 0;
    i->kept = 0;
    i->kept_cut = false;
    i->in = NULL;
    i->call_in += batch->n;
    i->call_out += batch->n;
    batch_compact(batch, &i->memory);
    batch_list_push(&i->out, batch); /* goes down when the call ends, which is now */
    return true;
}

/* A source whose call goes on and on though the sources are closed: deaf, or without an end. */
static bool outlives_drain(struct instance *i)
{
    if (!atomic_load_explicit(&i->stage->run->draining, memory_order_relaxed))
        return false;
    if (i->drain_ns == 0)
        i->drain_ns = clock_now_ns();
    return i->told || clock_now_ns() - i->drain_ns > DRAIN_CALL_NS;
}

int emit_items(struct instance *i, const struct pph_item *items, size_t n)
{
    struct stage *s = i->stage;
    int rc;

    i->acted = true;
    if (i->call == CALL_NONE || i->planning) {
        policy_misuse(i, "emit() was called outside generate, each, batch and flush");
        return PPH_FATAL;
    }
    if (s->graph->is_source && outlives_drain(i))
        return PPH_STOP;
    if (run_cancelled(s->run) || stage_is_unread(s) ||
        (i->kept > 0 && !emit_kept_by_copy(i)) || (is_over(i) && !wait_for_room(i)))
        return PPH_STOP;
    rc = append_all(i, items, n);
    if (rc != PPH_OK)
        return rc;
    i->told = emit_is_full(i) || budget_is_spent(i) || i->scope.cost > CALL_SOFT_COST;
    return i->told ? PPH_MORE : PPH_OK;
}

/* Appends an item that lies in `buf` (NULL: it is empty) as a dead letter.  False: no memory. */
static bool append_letter(struct instance *i, struct pph_item *item, struct buf *buf,
                          const char *error)
{
    uint16_t port = (uint16_t)(i->stage->graph->n_ports - 1);
    struct outlet *o = &i->outlets[port];
    const char *stage = i->stage->graph->name;
    const struct letter letter = {.stage = stage,
                                  .worker = i->index,
                                  .attempt = root_tried(i->root, stage) + i->tries + 1,
                                  .error = error};
    struct batch *batch = batch_for(i, port, buf);

    if (batch && !letters_add(batch, &i->memory, &letter, item)) {
        if (batch->n == 0)
            return false;
        close_outlet(i, port); /* it is full of letters */
        batch = batch_for(i, port, buf);
        if (!batch || !letters_add(batch, &i->memory, &letter, item))
            return false;
    }
    if (!batch)
        return false;
    if (buf) {
        size_t taken = batch_append(batch, item, 1, buf, 0, batch->cap);

        PPH_ASSERT(taken == 1);
    } else {
        batch->items[batch->n++] = *item;
    }
    PPH_ASSERT(o->open == batch);
    close_if_full(i, port);
    return true;
}

bool emit_dead(struct instance *i, const struct pph_item *item, const char *error)
{
    struct stage *s = i->stage;
    uint16_t port = (uint16_t)(s->graph->n_ports - 1);
    struct pph_item letter = *item;
    struct buf *buf = NULL;
    bool added;

    letter.port = 0;
    letter.flags &= (uint16_t)~PPH_WRITABLE;
    PPH_ASSERT(s->ports[port].n_readers > 0);
    if (!wait_for_room(i))
        return false;
    if (letter.len == 0) {
        letter.data = NULL;
    } else {
        buf = scope_find(&i->scope, letter.data, letter.len);
        if (buf)
            buf_ref(buf);
        else
            buf = copy_payload(i, &i->outlets[port], &letter);
    }
    added = (buf || letter.len == 0) && append_letter(i, &letter, buf, error);
    if (buf)
        buf_unref(buf, i->memory.cache);
    if (!added) {
        policy_stage_failed(s, i, "emit", "out of memory");
        return false;
    }
    instance_count(i, LEDGER_DEAD, COUNT_READ, 1);
    return true;
}

bool emit_result(struct instance *i, char *json, size_t len)
{
    struct stage *s = i->stage;
    uint16_t port = (uint16_t)s->graph->result_port;
    const struct pph_item item = {.data = json, .len = (uint32_t)len, .port = port};

    PPH_ASSERT(s->ports[port].n_readers > 0);
    if (!wait_for_room(i))
        return false;
    if (append(i, port, &item, 1) == 0) {
        policy_stage_failed(s, i, "emit", "out of memory");
        return false;
    }
    instance_count(i, LEDGER_MAIN, COUNT_OUT, 1);
    instance_count(i, LEDGER_MAIN, s->graph->is_source ? COUNT_READ : COUNT_SPLIT, 1);
    return true;
}

void emit_discard(struct instance *i)
{
    struct batch *batch;

    while ((batch = batch_list_pop(&i->out)))
        batch_free(batch, &i->memory);
    for (size_t p = 0; p < i->stage->graph->n_ports; p++) {
        batch_free(i->outlets[p].open, &i->memory);
        i->outlets[p].open = NULL;
        if (i->outlets[p].arena)
            buf_unref(i->outlets[p].arena, i->memory.cache);
        i->outlets[p].arena = NULL;
    }
}
