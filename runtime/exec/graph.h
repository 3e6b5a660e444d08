/* SPDX-License-Identifier: MIT */
/*
 * The graph of a pipeline: stages with their plugins and arguments, who reads which port, how far
 * each stage is from a sink, and the most memory it can take.
 *
 * It is built and checked before anything runs and is never changed after: `pphost check` stops
 * here, `pphost run` goes on with the very same object.
 */
#ifndef EXEC_GRAPH_H
#define EXEC_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "config/pipeline.h"
#include "plugin/registry.h"

struct graph_stage;

/* An output port of a stage and who reads it. */
struct graph_port {
    const char *name; /* "out", a name of the plugin's table, "result" or "dead" */
    const struct graph_stage **readers;
    size_t n_readers;
};

/* A cap that stages share: so many of their calls run at the same time, all together. */
struct graph_limit {
    const char *name;
    unsigned calls; /* 1 or more */
};

struct graph_stage {
    const char *name;
    const struct stage_desc *desc;
    const struct plugin *plugin;
    const struct pph_value *args; /* one per parameter of the plugin */
    size_t index;                 /* in graph.stages: as in the file */
    size_t rank;    /* in graph.by_rank: 0 is nearest a sink, sources come last */
    unsigned level; /* longest way to a sink; a stage reads only from higher levels */

    unsigned workers; /* resolved: 1 or more */
    /* As the stage says, or `defaults:` as far as the stage can have it. */
    enum order order;
    enum on_error on_error;
    bool is_source;   /* generator or task: reads from nobody */
    bool own_threads; /* PPH_BLOCKING or PPH_PINNED: one thread per worker */
    bool ordered;     /* `order: keep` with more than one worker */
    bool keyed;       /* `order: {by: key}` with more than one worker */
    bool has_output;  /* port 0 exists: not for consumers and tasks */

    /* 0 is `out`, then the plugin's, then `result` if anyone asks for it, the last one is `dead` */
    struct graph_port *ports;
    size_t n_ports;     /* at least 2 */
    size_t result_port; /* which one is `result`; 0: there is none */
    size_t n_producers; /* ports that feed this stage's queue */

    uint64_t queue_items, queue_bytes; /* bounds of what waits in front of it */
    enum queue_full queue_full;        /* QUEUE_BLOCK for sources, which have none */
    uint32_t batch_items;              /* the most that a call gets; 0: auto */
    uint64_t batch_bytes;              /* likewise */
    uint64_t
        batch_wait_ns; /* it is not called before so much has come, or so long; 0: at once */
    const struct graph_limit *limit; /* in graph.limits; NULL: none */
    struct rate rate;                /* of a source; items 0: any */
    uint64_t memory_bytes;           /* its share of graph.memory_bytes */
};

struct graph {
    struct arena *arena; /* owns everything here */
    const struct pipeline *pipeline;
    struct graph_stage *stages; /* in the file's order */
    size_t n_stages;
    struct graph_stage **by_rank; /* nearest a sink first */
    const struct graph_limit
        *limits; /* as pipeline.limits, also those that no stage names */
    size_t n_limits;
    unsigned threads; /* of the pool: resolved, 1 or more */
    bool
        threads_auto; /* nobody said how many: they follow the CPUs that the process may use */
    uint64_t
        budget_bytes; /* of payload and batches before sources wait: resolved; 0: any */
    uint64_t max_in_flight; /* batches of sources under way at once; 0: any */
    uint64_t memory_bytes;  /* most that queues, builders, windows and payload can hold */
};

/* Items up to this size are in graph.memory_bytes; each larger one adds the rest, once per place. */
enum { GRAPH_ITEM_BYTES = 1 << 20 };

/*
 * Loads the plugins, binds their arguments and joins the stages.  Returns NULL after adding errors
 * (all that were found) to `diags`.  `threads` over the pipeline's own; 0: not given.  The pipeline must outlive the graph; so
 * must the registry's plugins, which always do.  The caller frees it with graph_free().  [control]
 */
struct graph *graph_build(const struct pipeline *pipeline, struct registry *registry,
                          unsigned threads, struct diag_list *diags);

/*
 * What `workers: auto` is for a stage of this plugin: as many as threads if it may run in parallel,
 * but no more than it says are of use with these arguments (NULL: they are not good).  [control]
 */
unsigned graph_workers_auto(const struct pph_plugin *plugin, const struct pph_value *args,
                            unsigned threads);

/* Calls under way at once in a stage that keeps order: how far ahead of the oldest they may be. */
unsigned graph_window(const struct graph_stage *stage);

/* Marks in `reached`, by their index, all stages that can be reached from this one, itself too. */
void graph_mark_reached(const struct graph_stage *stage, bool reached[STAGES_MAX]);

/* NULL is allowed. */
void graph_free(struct graph *graph);

#endif /* EXEC_GRAPH_H */
