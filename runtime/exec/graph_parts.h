/* SPDX-License-Identifier: MIT */
/* What graph.c, wire.c and levels.c share: a graph while it is being built. */
#ifndef EXEC_GRAPH_PARTS_H
#define EXEC_GRAPH_PARTS_H

#include "exec/graph.h"

/*
 * Makes the stage's ports, without readers: `out`, the plugin's own, `result` if a `from:` of the pipeline asks for it,
 * `dead`.  False: no memory.
 */
bool graph_make_ports(struct graph *graph, struct graph_stage *s);

/* Joins stages by `from:`; adds errors for names that lead nowhere and outputs nobody reads. False: no memory. */
bool wire_stages(struct graph *graph, struct diag_list *diags);

/*
 * Finds loops (an error), levels and ranks; call it only when wiring added no error.  False: a
 * loop, or no memory, which is an error in `diags` too.
 */
bool rank_stages(struct graph *graph, struct diag_list *diags);

/* Computes each stage's share of memory and their sum. */
void bound_memory(struct graph *graph);

/* Adds the one error of running out of memory; returns false. */
bool graph_no_memory(struct diag_list *diags);

/* The graph's own view of a stage that may be changed while it is being built. */
static inline struct graph_stage *graph_stage_at(const struct graph *graph, size_t index)
{
    return &graph->stages[index];
}

#endif /* EXEC_GRAPH_PARTS_H */
