/* SPDX-License-Identifier: MIT */
/*
 * A graph made by hand: lines -> split (4 workers) -> write, and a reader of split.dead.  No plugin is
 * loaded and nothing runs; tests set counters as they like.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "exec/graph.h"
#include "exec/run.h"

enum { FAKE_LINES, FAKE_SPLIT, FAKE_WRITE, FAKE_REJECTS, FAKE_STAGES };

struct fake {
    struct source source;
    struct pipeline pipeline;
    struct stage_desc descs[FAKE_STAGES];
    struct plugin plugins[FAKE_STAGES];
    struct pph_value args[FAKE_STAGES][2];
    struct graph_stage stages[FAKE_STAGES];
    struct graph_stage *by_rank[FAKE_STAGES];
    struct graph_port ports[FAKE_STAGES][2];
    const struct graph_stage *readers[3];
    struct graph graph;
    struct run_stage_view views[FAKE_STAGES];
    struct run_view view;
};

/* The object must not be moved afterwards. */
void fake_init(struct fake *fake);

#endif /* TESTS_FAKE_H */
