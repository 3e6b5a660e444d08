/* SPDX-License-Identifier: MIT */
/* Running a graph with all that a verb has to do for it: progress, signals, the report, results. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "base/text.h"
#include "cli/command.h"
#include "exec/run.h"
#include "observe/report.h"

/* What a verb adds. */
struct run_more {
    /* What host->ext() gives beside what the host has; see run_options.  [any thread] */
    const void *(*ext)(void *arg, const char *id);
    /* Appends what is to be said behind the summary, as text or as JSON lines.  [control, after the run] */
    void (*summary)(void *arg, const struct report *report, bool json, struct text *out);
    void *arg;
};

/*
 * Runs the graph as the flags of `args` say, which are those of `run`.  `more` may be NULL.  Returns an exit code, after
 * everything was said.  Blocks until the run has ended.  [control]
 */
int run_graph(const struct graph *graph, const struct arguments *args,
              const struct run_more *more) PPH_NODISCARD;

#endif /* CLI_RUN_H */
