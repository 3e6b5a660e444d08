/* SPDX-License-Identifier: MIT */
/*
 * Random graphs: the seed alone says which stages there are, how they are joined, on how many threads
 * they run and when they are stopped; and a model says what must come out of them.
 */
#ifndef STRESS_GRAPHS_H
#define STRESS_GRAPHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "support/graph_kit.h"

enum {
    GRAPH_STAGES_MAX = 8,
    GRAPH_NUMBERS_MAX = 1000, /* of one source */
};

/* Stages of the last run that were closed in a stopping run, and in one that was not.
 * written by: stages; read by: the test, after the run */
struct graph_closed {
    _Atomic uint32_t stopping, kept;
};

extern struct graph_closed graph_closed;

struct graph_plan {
    struct kit_stage stages[GRAPH_STAGES_MAX];
    size_t n_stages;
    unsigned threads; /* 0: --inline */

    unsigned n_signals;       /* 0 to 2 */
    unsigned signal_after[2]; /* yields of another thread before each */

    bool may_fail;  /* a failure in it would stop the run */
    bool must_fail; /* ... and is sure to come, unless it ends early */
    bool exact;     /* unless it ends early, the collecting stages see */
    uint64_t n;     /* ... so many items */
    uint64_t sum;   /* ... of this sum */

    /* What stages[] points to. */
    char names[GRAPH_STAGES_MAX][8];
    char from[GRAPH_STAGES_MAX][64];
    struct pph_value args[GRAPH_STAGES_MAX][3];
    struct pph_plugin plugins[GRAPH_STAGES_MAX];
    const struct pph_plugin *kinds[GRAPH_STAGES_MAX]; /* what plugins[] are copies of */
    unsigned reads[GRAPH_STAGES_MAX]; /* bit = stage whose `out` it reads */
};

/* Ends the process when out of memory; the caller frees it with graph_plan_free(). */
struct graph_plan *graph_plan_new(uint64_t seed);
void graph_plan_free(struct graph_plan *plan);

/* One line per stage, for whoever looks into a failure. */
void graph_plan_describe(const struct graph_plan *plan, struct text *t);

#endif /* STRESS_GRAPHS_H */
