/* SPDX-License-Identifier: MIT */
#include "exec/feed.h"

#include "exec/graph_parts.h"

/* A graph while it is being made from another one. */
struct making {
    const struct graph *from;
    struct graph *graph;
    struct arena *arena;
    struct graph_stage *as[STAGES_MAX]; /* by the old index; NULL: it is left out */
};

/* The same readers in the new graph; false: no memory. */
static bool copy_readers(struct making *m, const struct graph_port *from,
                         struct graph_port *port)
{
    const struct graph_stage **readers =
        arena_array(m->arena, from->n_readers + 1, sizeof(*readers));

    if (!readers)
        return false;
    port->name = from->name;
    port->readers = readers;
    for (size_t r = 0; r < from->n_readers; r++) {
        struct graph_stage *reader = m->as[from->readers[r]->index];

        PPH_ASSERT(reader); /* what is read by whom is reached is reached, too */
        readers[port->n_readers++] = reader;
        reader->n_producers++;
    }
    return true;
}

static bool copy_ports(struct making *m, const struct graph_stage *from)
{
    struct graph_stage *s = m->as[from->index];

    s->ports = arena_array(m->arena, from->n_ports, sizeof(*s->ports));
    for (size_t p = 0; s->ports && p < from->n_ports; p++) {
        if (!copy_readers(m, &from->ports[p], &s->ports[p]))
            return false;
    }
    return s->ports != NULL;
}

/* The feed itself, as the first of all stages. */
static bool make_source(struct making *m, const struct feed *feed)
{
    struct graph_stage *s = &m->graph->stages[0];

    *s = (struct graph_stage){.name = feed->desc->name,
                              .desc = feed->desc,
                              .plugin = feed->plugin,
                              .workers = 1,
                              .is_source = true,
                              .has_output = true,
                              .queue_items = QUEUE_ITEMS_DEFAULT,
                              .queue_bytes = QUEUE_BYTES_DEFAULT};
    s->n_ports = feed->n_targets + 1;
    s->ports = arena_array(m->arena, s->n_ports, sizeof(*s->ports));
    for (size_t k = 0; s->ports && k < feed->n_targets; k++) {
        struct graph_stage *target = m->as[feed->targets[k]->index];
        const struct graph_stage **readers = arena_alloc(m->arena, sizeof(*readers));

        if (!readers)
            return false;
        *readers = target;
        s->ports[k] = (struct graph_port){target->name, readers, 1};
        target->n_producers++;
    }
    if (s->ports)
        s->ports[feed->n_targets].name = "dead";
    return s->ports != NULL;
}

/* Room for the feed and all stages that are kept, each a copy that nobody reads yet. */
static bool copy_stages(struct making *m, const bool reached[STAGES_MAX])
{
    struct graph *graph = m->graph;

    graph->stages = arena_array(m->arena, m->from->n_stages + 1, sizeof(*graph->stages));
    if (!graph->stages)
        return false;
    graph->n_stages = 1;
    for (size_t k = 0; k < m->from->n_stages; k++) {
        struct graph_stage *s = &graph->stages[graph->n_stages];

        if (!reached[k])
            continue;
        *s = m->from->stages[k];
        s->index = graph->n_stages++;
        s->n_producers = 0;
        s->level = 0;
        m->as[k] = s;
    }
    return true;
}

static bool make(struct making *m, const struct feed *feed, struct diag_list *diags)
{
    bool reached[STAGES_MAX] = {false};

    m->graph = m->arena ? arena_alloc(m->arena, sizeof(*m->graph)) : NULL;
    if (!m->graph)
        return graph_no_memory(diags);
    *m->graph = *m->from;
    m->graph->arena = m->arena;
    for (size_t k = 0; k < feed->n_targets; k++)
        graph_mark_reached(feed->targets[k], reached);
    if (!copy_stages(m, reached))
        return graph_no_memory(diags);
    for (size_t k = 0; k < m->from->n_stages; k++) {
        if (m->as[k] && !copy_ports(m, &m->from->stages[k]))
            return graph_no_memory(diags);
    }
    if (!make_source(m, feed))
        return graph_no_memory(diags);
    return rank_stages(m->graph, diags);
}

struct graph *graph_feed(const struct graph *graph, const struct feed *feed,
                         struct diag_list *diags)
{
    struct making m = {.from = graph, .arena = arena_new()};

    PPH_ASSERT(feed->n_targets > 0 && graph->n_stages <= STAGES_MAX);
    if (!make(&m, feed, diags)) {
        arena_free(m.arena);
        return NULL;
    }
    bound_memory(m.graph);
    return m.graph;
}
