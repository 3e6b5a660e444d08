/* SPDX-License-Identifier: MIT */
/* What graph.c, wire.c, find.c, unread.c and levels.c share: a graph while it is being built. */
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
 * The stage whose output is that of the pipeline: the last one that has an output which nobody in the
 * pipeline reads.  NULL: none.  Call it when the pipeline is joined inside.
 */
struct graph_stage *wire_output(const struct graph *graph, const struct sub_desc *sub);

/* unread.c: adds an error for each output that nobody reads. */
void wire_check_unread(const struct graph *graph, struct diag_list *diags);

/* A name of `from:`: one of the two. */
struct found {
    struct graph_stage *stage;
    const struct sub_desc *sub;
};

/* find.c: what has that name, with its scope in front; false: nothing. */
bool find_named(const struct graph *graph, const char *name, struct found *ret_found);

/* find.c: the name as it is written in the scope ("" and NULL: the pipeline that is run). */
const char *find_local(const char *name, const char *scope);

/* find.c: adds E301: there is no such stage. */
void find_report_stage(const struct graph *graph, const struct stage_desc *reader,
                       const struct from_ref *ref, struct diag_list *diags);

/* find.c: adds E302: the stage, or the pipeline, has no such output. */
void find_report_port(const struct graph_stage *s, const struct from_ref *ref,
                      struct diag_list *diags);
void find_report_sub_port(const struct sub_desc *sub, const struct from_ref *ref,
                          struct diag_list *diags);

/*
 * find.c: adds E307, or E313 of a pipeline that is a stage: a `from:` at what reads from nobody, because it
 * makes items or, only in a pipeline, because its first stage says what it reads.
 */
void find_report_no_input(const struct graph *graph, const struct stage_desc *reader,
                          const struct sub_desc *sub, bool makes_items,
                          struct diag_list *diags);

/*
 * Finds loops (an error), levels and ranks; call it only when wiring added no error.  False: a
 * loop, or no memory, which is an error in `diags` too.
 */
bool rank_stages(struct graph *graph, struct diag_list *diags);

/* types.c: adds an error for each stage that gets what it does not take.  Call it without loops. */
void check_types(const struct graph *graph, struct diag_list *diags);

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
