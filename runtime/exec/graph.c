/* SPDX-License-Identifier: MIT */
#include "exec/graph.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "base/memory.h"
#include "exec/files.h"
#include "exec/graph_parts.h"
#include "exec/stage.h"
#include "plugin/params.h"

enum { MEMORY_PART = 4 }; /* without `memory:`: so large a part of what there is */

bool graph_no_memory(struct diag_list *diags)
{
    memory_failed();
    (void)diag_add(diags, DIAG_ERROR, "E399", NULL, (struct mark){0}, "out of memory");
    return false;
}

unsigned graph_workers_auto(const struct pph_plugin *plugin, const struct pph_value *args,
                            unsigned threads)
{
    const struct pph_workers *workers = plugin->ext ? plugin->ext("workers/1") : NULL;
    uint32_t useful = 0;

    if (!(plugin->flags & PPH_PARALLEL) || plugin->kind == PPH_TASK)
        return 1; /* how often a task runs is not for the machine to say */
    if (workers && workers->size >= sizeof(*workers) && args)
        useful = workers->useful(args);
    return useful > 0 && useful < threads ? useful : threads;
}

/* `workers:` against what the plugin allows. */
static void resolve_workers(struct graph *graph, struct graph_stage *s,
                            struct diag_list *diags)
{
    const struct stage_desc *desc = s->desc;
    uint32_t flags = s->plugin->desc.flags;

    s->own_threads = (flags & (PPH_BLOCKING | PPH_PINNED)) != 0;
    s->workers = desc->workers;
    if (s->workers == 0)
        s->workers = graph_workers_auto(&s->plugin->desc, s->args, graph->threads);
    bool alone = !(flags & PPH_PARALLEL) || s->plugin->desc.kind == PPH_TASK;
    if (s->workers > 1 && alone && !stage_says(desc, "workers")) {
        s->workers =
            1; /* the default is for those that can, and not to run a task again */
    } else if (s->workers > 1 && !(flags & PPH_PARALLEL)) {
        struct diag *d = diag_add(
            diags, DIAG_ERROR, "E309", desc->workers_node->source, desc->workers_node->at,
            "stage '%s' cannot have %u workers", s->name, desc->workers);

        diag_hint(d, "write 'workers: 1', or leave it out");
        diag_note(d,
                  "plugin '%s' works alone: it does not say that it may run in parallel",
                  s->plugin->desc.name);
        s->workers = 1;
    }
}

/* `order: {by: key}` against what the plugin does; true: it can. */
static bool check_keyed(const struct graph_stage *s, struct diag_list *diags)
{
    const struct pph_plugin *plugin = &s->plugin->desc;
    const struct yaml_node *node = s->desc->order_node;
    bool plans = plugin->plan && plugin->flags & PPH_PARALLEL && s->desc->workers != 1;
    struct diag *d;

    if (!s->is_source && !plans)
        return true;
    if (!stage_says(s->desc, "order"))
        return false; /* the default is for those that can */
    if (s->is_source) {
        d = diag_add(diags, DIAG_ERROR, "E311", node->source, node->at,
                     "stage '%s' makes items itself: it gets none to order by key",
                     s->name);
        diag_hint(d, "delete it here; write it at the stage that reads '%s'", s->name);
    } else {
        d = diag_add(diags, DIAG_ERROR, "E312", node->source, node->at,
                     "stage '%s' cannot take items in another order than they come",
                     s->name);
        diag_hint(d, "write  order: keep  or  workers: 1");
        diag_note(
            d,
            "plugin '%s' plans its calls in the order of the stream, which lanes by "
            "key do not keep",
            plugin->name);
    }
    return false;
}

static void resolve_order(struct graph_stage *s, struct diag_list *diags)
{
    s->order = s->desc->order;
    if (s->order == ORDER_BY_KEY && !check_keyed(s, diags))
        s->order = ORDER_KEEP;
    s->ordered = s->order == ORDER_KEEP && s->workers > 1 && s->has_output;
    s->keyed = s->order == ORDER_BY_KEY && s->workers > 1;
}

/* What is dropped when the queue is full, against the order in which it waits. */
static void resolve_full(struct graph_stage *s, struct diag_list *diags)
{
    const struct stage_desc *desc = s->desc;
    struct diag *d;

    s->queue_full = s->is_source ? QUEUE_BLOCK : desc->queue_full;
    if (s->queue_full != QUEUE_DROP_OLD || !s->keyed)
        return;
    s->queue_full = QUEUE_BLOCK;
    if (!yaml_get(yaml_get(desc->node, "queue"), "full"))
        return; /* the default is for those that can */
    d = diag_add(diags, DIAG_ERROR, "E315", desc->queue_full_node->source,
                 desc->queue_full_node->at,
                 "stage '%s' cannot drop the oldest of what waits", s->name);
    diag_hint(d, "write  full: drop_new  or  order: keep");
    diag_note(d, "with an order by key each worker has a line of its own");
}

/* E318: what a stage waits for must find room in its queue. */
static void check_gathered(const struct graph_stage *s, struct diag_list *diags)
{
    const struct stage_desc *desc = s->desc;
    bool items = s->batch_items > s->queue_items;
    const struct yaml_node *node =
        items ? desc->batch_items_node : desc->batch_bytes_node;
    struct diag *d;

    if (!items && s->batch_bytes <= s->queue_bytes)
        return;
    d = diag_add(diags, DIAG_ERROR, "E318", node->source, node->at,
                 "stage '%s' waits for more than its queue can hold", s->name);
    if (items)
        diag_hint(d, "write  queue: {items: %llu}  or more",
                  2 * (unsigned long long)s->batch_items);
    else
        diag_hint(d, "write  queue: {bytes: %lluMB}  or more",
                  2 * (unsigned long long)s->batch_bytes / 1000000 + 1);
    diag_note(d, "so that more can come while a call has the batch before");
}

/* E319: lanes have a queue in common, and each would have to gather by itself. */
static void refuse_keyed(struct graph_stage *s, struct diag_list *diags)
{
    const struct yaml_node *node = s->desc->batch_wait_node;

    s->batch_wait_ns = 0;
    if (!stage_says(s->desc, "batch"))
        return; /* the default is for those that can */
    diag_hint(diag_add(diags, DIAG_ERROR, "E319", node->source, node->at,
                       "stage '%s' cannot wait for batches", s->name),
              "write  workers: 1  or another order: with an order by key each worker has "
              "a line of its own");
}

/* `batch:` is for stages that get some. */
static void resolve_batch(struct graph_stage *s, struct diag_list *diags)
{
    const struct stage_desc *desc = s->desc;
    const struct yaml_node *node = yaml_get(desc->node, "batch");

    if (!s->is_source) {
        s->batch_items = desc->batch_items;
        s->batch_bytes = desc->batch_bytes;
        s->batch_wait_ns = desc->batch_wait_ns;
        if (s->batch_wait_ns > 0 && s->keyed)
            refuse_keyed(s, diags);
        if (s->batch_wait_ns > 0)
            check_gathered(s, diags);
    } else if (node) {
        diag_hint(diag_add(diags, DIAG_ERROR, "E316", node->source, node->at,
                           "stage '%s' makes items itself: it gets no batches", s->name),
                  "delete it here; write it at the stage that reads '%s'", s->name);
    }
}

/* `rate:` is for sources: what holds a stage below one back is in its queue already. */
static void resolve_rate(struct graph_stage *s, struct diag_list *diags)
{
    const struct stage_desc *desc = s->desc;
    struct diag *d;

    if (s->plugin->desc.kind == PPH_GENERATOR) {
        s->rate = desc->rate;
    } else if (stage_says(desc, "rate")) {
        d = diag_add(diags, DIAG_ERROR, "E317", desc->rate_node->source,
                     desc->rate_node->at,
                     "stage '%s' makes no items: it cannot have a rate", s->name);
        diag_hint(d, "write it at the source that the items come from");
        diag_note(d, "a rate holds back what is read, not what has been read: a drain "
                     "could not end what waits here");
    }
}

/* Whether the entry means the stage's result: by its name, or that of a pipeline that it is in. */
static bool asks_for_result(const struct from_ref *ref, const char *name)
{
    const char *scope = ref->scope ? ref->scope : "";
    size_t len;

    if (!ref->port || strcmp(ref->port, "result") != 0)
        return false;
    if (!ref->stage)
        return strncmp(name, scope, strlen(scope)) == 0;
    len = strlen(ref->stage);
    return strncmp(name, ref->stage, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

/* Whether a `from:` asks for what the workers of this stage leave behind. */
static bool result_is_asked_for(const struct pipeline *pipeline, const char *name)
{
    for (size_t k = 0; k < pipeline->n_stages + pipeline->n_subs; k++) {
        const struct stage_desc *desc = k < pipeline->n_stages
                                            ? &pipeline->stages[k]
                                            : &pipeline->subs[k - pipeline->n_stages]->as;

        for (size_t f = 0; f < desc->n_from; f++) {
            if (asks_for_result(&desc->from[f], name))
                return true;
        }
    }
    return false;
}

bool graph_make_ports(struct graph *graph, struct graph_stage *s)
{
    const struct pph_port *own = s->plugin->desc.ports;
    size_t n = ports_count(&s->plugin->desc);

    if (result_is_asked_for(graph->pipeline, s->name))
        s->result_port = n + 1;
    s->n_ports = n + (s->result_port > 0 ? 3 : 2);
    s->ports = arena_array(graph->arena, s->n_ports, sizeof(*s->ports));
    if (!s->ports)
        return false;
    s->ports[0].name = "out";
    for (size_t p = 0; p < n; p++)
        s->ports[p + 1].name = own[p].name;
    if (s->result_port > 0)
        s->ports[s->result_port].name = "result";
    s->ports[s->n_ports - 1].name = "dead";
    return true;
}

/* What stages name of `limits:`, under the same index.  False: no memory. */
static bool make_limits(struct graph *graph)
{
    const struct pipeline *pipeline = graph->pipeline;
    struct graph_limit *limits =
        arena_array(graph->arena, pipeline->n_limits + 1, sizeof(*limits));

    for (size_t k = 0; limits && k < pipeline->n_limits; k++)
        limits[k] =
            (struct graph_limit){pipeline->limits[k].name, pipeline->limits[k].calls};
    graph->limits = limits;
    graph->n_limits = pipeline->n_limits;
    return limits != NULL;
}

/* Loads the stage's plugin and binds its arguments; false: no memory. */
static bool make_stage(struct graph *graph, struct registry *registry, size_t index,
                       struct diag_list *diags)
{
    const struct stage_desc *desc = &graph->pipeline->stages[index];
    struct graph_stage *s = &graph->stages[index];

    s->name = desc->name;
    s->desc = desc;
    s->index = index;
    s->queue_items = desc->queue_items;
    s->queue_bytes = desc->queue_bytes;
    if (desc->limit)
        s->limit = &graph->limits[desc->limit - graph->pipeline->limits];
    s->plugin = registry_load(registry, desc->use, desc->use_node->source,
                              desc->use_node->at, diags);
    if (!s->plugin)
        return true;
    s->is_source =
        s->plugin->desc.kind == PPH_GENERATOR || s->plugin->desc.kind == PPH_TASK;
    s->has_output =
        s->plugin->desc.kind == PPH_GENERATOR || s->plugin->desc.kind == PPH_PROCESSOR;
    s->args = params_bind(s->plugin, desc,
                          desc->context ? desc->context : graph->pipeline->context,
                          graph->arena, diags);
    s->on_error = desc->on_error;
    resolve_workers(graph, s, diags);
    resolve_order(s, diags);
    resolve_full(s, diags);
    resolve_batch(s, diags);
    resolve_rate(s, diags);
    return graph_make_ports(graph, s);
}

struct graph *graph_build(const struct pipeline *pipeline, struct registry *registry,
                          unsigned threads, struct diag_list *diags)
{
    struct arena *arena = arena_new();
    struct graph *graph = arena ? arena_alloc(arena, sizeof(*graph)) : NULL;
    size_t errors = diag_errors(diags);
    bool built = graph != NULL;

    if (built) {
        graph->arena = arena;
        graph->pipeline = pipeline;
        graph->n_stages = pipeline->n_stages;
        graph->threads = threads ? threads : pipeline->threads;
        if (graph->threads == 0)
            graph->threads = cpus_available();
        graph->threads_auto = threads == 0 && pipeline->threads == 0;
        graph->budget_bytes = pipeline->memory_bytes ? pipeline->memory_bytes
                                                     : memory_under("") / MEMORY_PART;
        graph->max_in_flight = pipeline->max_in_flight;
        graph->stages = arena_array(arena, graph->n_stages, sizeof(*graph->stages));
        built = graph->stages != NULL && make_limits(graph);
    }
    for (size_t k = 0; built && k < graph->n_stages; k++)
        built = make_stage(graph, registry, k, diags);
    built = built && wire_stages(graph, diags);
    if (!built)
        (void)graph_no_memory(diags);
    if (built && diag_errors(diags) == errors && rank_stages(graph, diags)) {
        check_types(graph, diags);
        files_check(graph, diags);
    }
    if (!built || diag_errors(diags) > errors) {
        arena_free(arena);
        return NULL;
    }
    bound_memory(graph);
    return graph;
}

void graph_free(struct graph *graph)
{
    if (graph)
        arena_free(graph->arena);
}
