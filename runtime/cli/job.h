/* SPDX-License-Identifier: MIT */
/*
 * From a FILE to a checked graph: the one way that `run`, `check`, `show` and `graph` all take.
 */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <stdbool.h>

#include "base/assert.h"
#include "cli/command.h"
#include "config/diag.h"
#include "config/pipeline.h"
#include "exec/graph.h"
#include "plugin/registry.h"

struct job {
    const char *file;
    struct diag_list *diags;
    struct pipeline *pipeline; /* NULL: could not be understood */
    struct registry *registry;
    struct graph *graph; /* NULL unless the exit code was EXITS_OK */
};

/*
 * Loads FILE with the name=value words, --set, --threads, --memory and --ok-rejects of `args`, loads its plugins and builds the graph.  Returns
 * an exit code: EXITS_OK, EXITS_USAGE (said), or EXITS_NO_FILE, EXITS_INVALID and EXITS_SYSTEM (no memory),
 * whose errors are in job->diags, unless there was no memory for that.  In every case job_close() takes back what there is.
 */
int job_open(struct job *job, const char *file,
             const struct arguments *args) PPH_NODISCARD;

void job_close(struct job *job);

/*
 * Prints the diagnostics to standard error: none, warnings too, or errors alone, as text or as one JSON line.  Returns
 * `code`, or EXITS_SYSTEM when memory ran out.
 */
enum job_show { JOB_SHOW_ALL, JOB_SHOW_ERRORS };
int job_complain(struct job *job, enum job_show which, bool json, int code) PPH_NODISCARD;

/* Appends the diagnostics as a JSON array, all in one line. */
void job_diags_json(struct job *job, struct text *out);

/* job_open(), then job_complain() as text, for verbs that need the graph and nothing else. */
int job_open_or_complain(struct job *job, const struct arguments *args) PPH_NODISCARD;

#endif /* CLI_JOB_H */
