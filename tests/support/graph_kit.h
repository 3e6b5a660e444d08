/* SPDX-License-Identifier: MIT */
/*
 * Graphs of in-process stages, without YAML and without shared objects: what tests of the exec layer
 * run.  A stage is a `struct pph_plugin` of the test's own.
 */
#ifndef SUPPORT_GRAPH_KIT_H
#define SUPPORT_GRAPH_KIT_H

#include "exec/graph.h"
#include "exec/run.h"

/* One stage; zero fields mean the defaults of a pipeline. */
struct kit_stage {
    const char *name;
    const struct pph_plugin *plugin;
    const char
        *from; /* "a", "a.port b", ".dead", blank-separated; NULL: the stage above */
    unsigned workers;
    enum order order;
    enum on_error on_error;
    struct retry retry;
    uint64_t queue_items, queue_bytes;
    enum queue_full queue_full;
    uint32_t batch_items;
    uint64_t batch_bytes, batch_wait_ns;
    /* From 1 on: stages of equal ones share a limit of so many calls, which each says; 0: none */
    unsigned limit, limit_calls;
    struct rate rate;
    const struct pph_value *args;
};

struct kit;

/* Builds the graph of `n` stages; aborts the test when it is not a good one. */
struct kit *kit_new(const struct kit_stage *stages, size_t n, unsigned threads);
void kit_free(struct kit *kit);

/* Gives the pipeline a `context:`, as YAML; before kit_run(). */
void kit_set_context(struct kit *kit, const char *yaml);

/* `memory:` and `max_in_flight:`; 0: none, as without this call; before kit_run(). */
void kit_set_budget(struct kit *kit, uint64_t memory_bytes, uint64_t max_in_flight);

/* `threads: auto`, with as many at first as kit_new() was given; before kit_run(). */
void kit_follow_cpus(struct kit *kit);

const struct graph *kit_graph(const struct kit *kit);

/* Runs the graph once; the run is kept until kit_free() or the next one.  `options` may be NULL. */
enum run_end kit_run(struct kit *kit, const struct run_options *options);

/* Of the last run. */
struct run *kit_last(const struct kit *kit);

#endif /* SUPPORT_GRAPH_KIT_H */
