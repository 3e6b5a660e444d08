/* SPDX-License-Identifier: MIT */
/*
 * From a description to a checked graph: the one way that every verb of the command line takes, and every
 * program that has pphost as a library, so that both find the same faults and say them in the same words.
 */
#ifndef EXEC_PREPARE_H
#define EXEC_PREPARE_H

#include <stdint.h>

#include "base/assert.h"
#include "config/diag.h"
#include "config/pipeline.h"
#include "exec/graph.h"
#include "plugin/registry.h"

/* What was made of a description.  Zero-initialise it; prepare_fini() takes back what there is. */
struct prepared {
    struct diag_list *diags;   /* NULL: there was no memory for it */
    struct pipeline *pipeline; /* NULL: could not be understood */
    struct registry *registry;
    struct graph *graph; /* NULL unless the answer was PREPARE_OK */
};

/* What goes before the description's own values. */
struct prepare_over {
    unsigned threads;                 /* 0: not given */
    uint64_t memory_bytes;            /* 0: not given */
    struct rejects_limit max_rejects; /* REJECTS_UNSET: as the pipeline says */
    const struct plugin *push, *pull; /* stage types of the program; NULL: it has none */
};

enum prepare_status {
    PREPARE_OK = 0,         /* there may be warnings */
    PREPARE_UNREAD = -1,    /* the file is not there or cannot be read */
    PREPARE_BAD = -2,       /* the description or a plugin is not valid */
    PREPARE_NO_MEMORY = -3, /* nothing else that was found can be relied on */
};

/*
 * Loads the description, loads its plugins and builds the graph.  All that is wrong is in prepared->diags, also
 * when the answer is not PREPARE_OK.  Blocks while it reads files.  [control]
 */
enum prepare_status prepare(struct prepared *prepared, const struct pipeline_input *input,
                            const struct prepare_over *over) PPH_NODISCARD;

void prepare_fini(struct prepared *prepared);

#endif /* EXEC_PREPARE_H */
