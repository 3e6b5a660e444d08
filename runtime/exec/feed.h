/* SPDX-License-Identifier: MIT */
/* A graph fed anew: a source of the caller's instead of its own, and what is below that alone. */
#ifndef EXEC_FEED_H
#define EXEC_FEED_H

#include "exec/graph.h"

/* The source, and the stages that it feeds. */
struct feed {
    const struct plugin
        *plugin; /* a generator without settings; its outputs are made here */
    const struct stage_desc *desc; /* its name, and where messages say that it is */
    const struct graph_stage *const *targets; /* of the graph; none is a source */
    size_t n_targets;                         /* at least 1 */
};

/*
 * A graph of the feed and of all that can be reached from its targets, in the order of the file; everything else, its
 * sources too, is left out.  Output k of the feed, which is named like it, leads to target k.  The new one borrows from
 * `graph` and `feed`, which must outlive it.  NULL: no memory, which is an error in `diags`.  The caller frees it with
 * graph_free().  [control]
 */
struct graph *graph_feed(const struct graph *graph, const struct feed *feed,
                         struct diag_list *diags) PPH_NODISCARD;

#endif /* EXEC_FEED_H */
