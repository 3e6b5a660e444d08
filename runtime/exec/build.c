/* SPDX-License-Identifier: MIT */
#include "exec/build.h"

#include <assert.h>
#include <stdlib.h>

#include "base/lock_order.h"
#include "exec/host.h"
#include "exec/limit.h"
#include "exec/pace.h"
#include "exec/results.h"
#include "exec/take.h"

static_assert((int)BATCH_MOST_ITEMS == (int)BATCH_ITEMS_MAX,
              "what `batch:` allows there is");
static_assert((int)BATCH_MOST_BYTES == (int)BATCH_PAYLOAD_MAX, "likewise");

/* Of a batch in front of a stage that gathers: so small that there is room for it until enough has come. */
static uint64_t room_for_one_more(const struct graph_stage *reader)
{
    uint64_t least = reader->queue_items / 16;
    uint64_t rest = reader->batch_items < reader->queue_items
                        ? reader->queue_items - reader->batch_items + 1
                        : 1;

    return rest > least ? rest : least;
}

/* How much goes into a batch: as much as the one of its readers wants that wants least. */
static void set_targets(struct port *port)
{
    uint64_t target = BATCH_ITEMS_MAX;

    port->payload = BATCH_PAYLOAD_MAX;
    for (size_t r = 0; r < port->n_readers; r++) {
        const struct graph_stage *reader = port->readers[r]->graph;
        uint64_t half = reader->queue_items / 2;

        if (half < target)
            target = half;
        if (reader->batch_wait_ns > 0) { /* it makes its own batches */
            if (room_for_one_more(reader) < target)
                target = room_for_one_more(reader);
            continue;
        }
        if (reader->batch_items > 0 && reader->batch_items < target)
            target = reader->batch_items;
        if (reader->batch_bytes > 0 && reader->batch_bytes < port->payload)
            port->payload = (uint32_t)reader->batch_bytes; /* 64 KiB at most */
    }
    port->target = target > 0 ? (uint32_t)target : 1;
}

static bool build_ports(struct stage *s)
{
    const struct graph_stage *g = s->graph;

    s->ports = calloc(g->n_ports, sizeof(*s->ports));
    if (!s->ports)
        return false;
    for (size_t p = 0; p < g->n_ports; p++) {
        struct port *port = &s->ports[p];

        port->n_readers = g->ports[p].n_readers;
        port->readers = calloc(port->n_readers + 1, sizeof(struct stage *));
        if (!port->readers)
            return false;
        for (size_t r = 0; r < port->n_readers; r++)
            port->readers[r] = &s->run->stages[g->ports[p].readers[r]->rank];
        set_targets(port);
    }
    return true;
}

static bool build_producers(struct stage *s)
{
    struct run *run = s->run;

    s->producers = calloc(run->n_stages, sizeof(struct stage *));
    if (!s->producers)
        return false;
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *u = &run->stages[k];
        unsigned feeds = 0;

        for (size_t p = 0; p < u->graph->n_ports; p++) {
            for (size_t r = 0; r < u->ports[p].n_readers; r++)
                feeds += u->ports[p].readers[r] == s;
        }
        s->open_in += feeds;
        if (feeds > 0)
            s->producers[s->n_producers++] = u;
    }
    PPH_ASSERT(s->open_in == s->graph->n_producers);
    return true;
}

static bool build_instance(struct stage *s, struct instance *i, unsigned index)
{
    size_t n_ports = s->graph->n_ports;
    uint32_t most = take_items_max(s->graph);

    i->outlets = calloc(n_ports, sizeof(*i->outlets));
    if (!i->outlets)
        return false;
    for (size_t p = 0; p < n_ports; p++) {
        i->outlets[p].target = s->ports[p].target;
        i->outlets[p].payload = s->ports[p].payload;
    }
    if (s->needs_originals && s->desc->batch) {
        i->originals = calloc(most, sizeof(*i->originals));
        if (!i->originals)
            return false;
    }
    if (stage_gathers(s)) {
        i->view = calloc(1, sizeof(*i->view) + most * sizeof(*i->view->items));
        if (!i->view)
            return false;
        i->view->cap = most;
    }
    i->failed_words = (most + 63) / 64;
    i->failed_items = calloc(i->failed_words, sizeof(*i->failed_items));
    if (!i->failed_items)
        return false;
    i->magic = INSTANCE_MAGIC;
    i->index = index;
    i->stage = s;
    i->paced = stage_is_paced(s);
    i->seen_generation = UINT32_MAX;
    i->memory.pool = s->run->pool;
    i->ctx = (struct pph_ctx){
        .size = sizeof(struct pph_ctx),
        .worker = index,
        .workers = s->n_instances,
        .want = s->ports[0].target,
        .host = &host_table,
        .args = s->graph->args,
        .stage = s->graph->name,
    };
    return true;
}

static bool build_instances(struct stage *s)
{
    s->instances = calloc(s->n_instances, sizeof(*s->instances));
    s->control = calloc(1, sizeof(*s->control));
    if (!s->instances || !s->control || !build_instance(s, s->control, 0))
        return false;
    for (unsigned w = s->n_instances; w-- > 0;) {
        if (!build_instance(s, &s->instances[w], w))
            return false;
        s->instances[w].next = s->free;
        s->free = &s->instances[w];
    }
    return true;
}

static bool build_stage(struct stage *s)
{
    s->n_instances = s->graph->workers;
    s->own_threads = s->graph->own_threads && !s->run->options.single_thread;
    s->needs_originals =
        s->graph->on_error != ON_ERROR_STOP || s->graph->desc->retry.times > 0;
    s->may_wait = s->desc->cancel || s->desc->flags & (PPH_BLOCKING | PPH_PINNED);
    mutex_init(&s->lock);
    lock_order_set(&s->lock, "stage.lock", LOCKS_STAGES, s->graph->level + 1);
    cond_init(&s->can_run);
    if (s->graph->ordered) {
        s->window = graph_window(s->graph);
        s->slots = calloc(s->window, sizeof(*s->slots));
        if (!s->slots)
            return false;
    }
    if (s->graph->keyed) {
        s->lanes = calloc((size_t)s->n_instances + 1, sizeof(*s->lanes));
        if (!s->lanes)
            return false;
    }
    if (!build_ports(s) || !build_instances(s))
        return false;
    limit_join(s);
    return true;
}

bool build_stages(struct run *run)
{
    bool built = true;
    size_t size = run->graph->n_stages * sizeof(struct stage);

    run->stages = aligned_alloc(64, size);
    if (!run->stages)
        return false;
    run->n_stages = run->graph->n_stages;
    for (size_t k = 0; k < run->n_stages; k++) {
        run->stages[k] = (struct stage){
            .graph = run->graph->by_rank[k],
            .desc = &run->graph->by_rank[k]->plugin->desc,
            .run = run,
            .id = (unsigned)k,
        };
    }
    for (size_t k = 0; k < run->n_stages; k++)
        built = build_stage(&run->stages[k]) && built;
    for (size_t k = 0; built && k < run->n_stages; k++)
        built = build_producers(&run->stages[k]);
    atomic_store_explicit(&run->live, (uint32_t)run->n_stages, memory_order_relaxed);
    return built;
}

static void free_instance(struct instance *i)
{
    if (!i)
        return;
    free(i->originals);
    free(i->view);
    free(i->failed_items);
    free(i->outlets);
    if (i->magic != INSTANCE_MAGIC)
        return;
    scope_fini(&i->scope, &i->memory);
    origin_unref(i->origin);
    results_free(i);
    i->magic = 0;
}

void build_free(struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        for (unsigned w = 0; s->instances && w < s->n_instances; w++)
            free_instance(&s->instances[w]);
        free_instance(s->control);
        free(s->control);
        free(s->instances);
        for (size_t p = 0; s->ports && p < s->graph->n_ports; p++)
            free(s->ports[p].readers);
        free(s->ports);
        free(s->producers);
        free(s->slots);
        free(s->lanes);
        cond_fini(&s->can_run);
        mutex_fini(&s->lock);
    }
    free(run->stages);
}
