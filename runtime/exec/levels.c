/* SPDX-License-Identifier: MIT */
/* Loops, levels, ranks, and the most memory a graph can take. */
#include <string.h>

#include "exec/graph_parts.h"
#include "exec/stage.h"
#include "exec/take.h"

enum visit { UNSEEN, ON_PATH, SEEN };

/* A walk down the readers, and the way it came. */
struct walk {
    const struct graph *graph;
    enum visit *state;
    const struct graph_stage **path;
    size_t depth;
};

/* E305: names the stages of the loop that closes at `s`. */
static void report_loop(const struct walk *walk, const struct graph_stage *s,
                        struct diag_list *diags)
{
    struct text loop = {0};
    size_t first = walk->depth;
    struct diag *d;

    while (walk->path[first - 1] != s)
        first--;
    for (size_t k = first - 1; k < walk->depth; k++) {
        const struct stage_desc *desc = walk->path[k]->desc;
        bool here = desc->source == s->desc->source;

        text_printf(&loop, "%s (%s%s%u) → ", walk->path[k]->name,
                    here ? "line " : desc->source->name, here ? "" : ":", desc->at.line);
    }
    text_str(&loop, s->name);
    d = diag_add(diags, DIAG_ERROR, "E305", s->desc->source, s->desc->at,
                 "the stages form a loop: %s", text_get(&loop));
    diag_note(d, "a bounded loop can block for ever; pphost does not run it");
    text_fini(&loop);
}

/* Longest way from here to a sink; false: there is a loop.  At most STAGES_MAX deep. */
static bool find_level(struct walk *walk, struct graph_stage *s, struct diag_list *diags)
{
    unsigned level = 0;

    if (walk->state[s->index] == SEEN)
        return true;
    if (walk->state[s->index] == ON_PATH) {
        report_loop(walk, s, diags);
        return false;
    }
    walk->state[s->index] = ON_PATH;
    walk->path[walk->depth++] = s;
    for (size_t p = 0; p < s->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            struct graph_stage *reader =
                graph_stage_at(walk->graph, s->ports[p].readers[r]->index);

            if (!find_level(walk, reader, diags))
                return false;
            if (reader->level >= level)
                level = reader->level + 1;
        }
    }
    walk->depth--;
    walk->state[s->index] = SEEN;
    s->level = level;
    return true;
}

/* Gives ranks from `rank` on to all sources, or to all others, nearest a sink first. */
static size_t rank_kind(struct graph *graph, size_t rank, bool sources)
{
    for (unsigned level = 0; level < graph->n_stages; level++) {
        for (size_t k = 0; k < graph->n_stages; k++) {
            struct graph_stage *s = &graph->stages[k];

            if (s->level == level && s->is_source == sources) {
                s->rank = rank;
                graph->by_rank[rank++] = s;
            }
        }
    }
    return rank;
}

bool rank_stages(struct graph *graph, struct diag_list *diags)
{
    size_t n = graph->n_stages;
    struct walk walk = {
        .graph = graph,
        .state = arena_array(graph->arena, n, sizeof(enum visit)),
        .path = arena_array(graph->arena, n + 1, sizeof(struct graph_stage *)),
    };
    size_t rank = 0;

    graph->by_rank = arena_array(graph->arena, n, sizeof(struct graph_stage *));
    if (!walk.state || !walk.path || !graph->by_rank)
        return graph_no_memory(diags);
    for (size_t k = 0; k < n; k++) {
        if (!find_level(&walk, &graph->stages[k], diags))
            return false;
    }
    rank = rank_kind(graph, rank,
                     false); /* sources come last: they make work, others end it */
    rank = rank_kind(graph, rank, true);
    PPH_ASSERT(rank == n);
    return true;
}

unsigned graph_window(const struct graph_stage *stage)
{
    return 2 * stage->workers > 4 ? 2 * stage->workers : 4;
}

enum {
    /* The largest batch: its items, and one payload of GRAPH_ITEM_BYTES or many small ones. */
    BATCH_BYTES = (33 << 10) + GRAPH_ITEM_BYTES + 4096,
    /* What a thread keeps for itself: cached chunks and the stack that calls touch. */
    THREAD_BYTES = (1 << 20) + (256 << 10),
};

/* A batch while it is divided among the lanes of a keyed reader: payload of small parts is copied. */
static uint64_t divided_bytes(const struct graph_stage *reader)
{
    /* parts of more than 124 items, of which there are at most 8, have the largest chunks; see chunk.c */
    return 2 * (uint64_t)BATCH_BYTES + 8 * (33 << 10) + (reader->workers + 1) * 4096;
}

/* The most that a worker needs for what its next reader gets, beside the batch itself. */
static uint64_t copy_bytes(const struct graph_stage *s)
{
    uint64_t most = BATCH_BYTES;

    for (size_t p = 0; p < s->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            const struct graph_stage *reader = s->ports[p].readers[r];

            if (reader->keyed && divided_bytes(reader) > most)
                most = divided_bytes(reader);
        }
    }
    return most;
}

/* What a worker may have collected on the way down: nothing if nobody reads anything of the stage. */
static uint64_t output_bytes(const struct graph_stage *s)
{
    bool read = false;

    for (size_t p = 0; p < s->n_ports; p++)
        read = read || s->ports[p].n_readers > 0;
    /* what is being built per port and what waits to go down; a copy for a reader */
    return read ? OUT_HARD_COST + (s->n_ports + 1) * (uint64_t)BATCH_BYTES : 0;
}

/* The most that a worker of the stage has, but for its output. */
static uint64_t worker_bytes(const struct graph_stage *s)
{
    /* payload being made; and a spare thread, should it wait */
    uint64_t bytes = (uint64_t)BATCH_BYTES + CALL_SOFT_COST + THREAD_BYTES;

    if (!s->is_source)
        bytes += BATCH_BYTES; /* its input */
    if (s->plugin->desc.batch && !s->is_source &&
        (s->on_error != ON_ERROR_STOP || s->desc->retry.times > 0))
        bytes += take_items_max(s) * sizeof(struct pph_item); /* as they came */
    if (s->batch_wait_ns > 0) /* a call can have all that the queue can hold */
        bytes += s->queue_bytes + take_items_max(s) * sizeof(struct pph_item);
    return bytes;
}

void bound_memory(struct graph *graph)
{
    graph->memory_bytes = CHUNK_IDLE_BYTES_MAX + (uint64_t)graph->threads * THREAD_BYTES;
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];
        uint64_t queue = s->is_source ? 0 : s->queue_bytes;
        uint64_t output = output_bytes(s);
        uint64_t worker = worker_bytes(s) + output + (output > 0 ? copy_bytes(s) : 0);
        uint64_t one = s->keyed ? divided_bytes(s) : BATCH_BYTES;

        if (!s->is_source && s->queue_items < queue / BATCH_BYTES)
            queue = s->queue_items * BATCH_BYTES;
        if (!s->is_source && queue < one)
            queue = one; /* one batch is taken whatever the bound */
        s->memory_bytes = queue + s->workers * worker;
        if (s->ordered)
            s->memory_bytes += graph_window(s) * output;
        graph->memory_bytes += s->memory_bytes;
    }
}
