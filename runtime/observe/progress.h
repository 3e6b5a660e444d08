/* SPDX-License-Identifier: MIT */
/*
 * The progress of a run as one line, from snapshots of its counters:
 *
 *     thumbs  ███████████▏░░░░░░  62 %   18,420/29,700 items   412/s   eta 0:27   dead 3   limited by thumb (16 workers busy)
 *
 * The total is what the sources say or it is not shown: a bar that is guessed helps nobody.  Rates and
 * shares are smoothed over some seconds; the line never takes more columns than there are.
 */
#ifndef OBSERVE_PROGRESS_H
#define OBSERVE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "exec/run.h"

struct progress;

/* How the line is to look. */
struct progress_look {
    const char *name; /* of the pipeline */
    unsigned columns; /* of the terminal; 0: as many as needed */
    bool ascii;       /* the terminal does not show UTF-8 */
};

/* Where the time goes, over the last seconds. */
struct progress_limit {
    const struct graph_stage *stage; /* NULL: nothing holds the run back */
    unsigned
        busy; /* workers of it that were inside a call, on average; 0: its rate does */
};

/* The graph must outlive it.  Returns NULL when out of memory; progress_free() takes it back. */
struct progress *progress_new(const struct graph *graph);

/* NULL is allowed. */
void progress_free(struct progress *progress);

/* Takes in a snapshot; any number of times a second.  Not thread-safe. */
void progress_sample(struct progress *progress, const struct run_view *view);

/* Appends the line without a newline; `view` is the snapshot sampled last. */
void progress_line(const struct progress *progress, const struct run_view *view,
                   const struct progress_look *look, struct text *out);

/* Appends ,"done":..,"total":..,"unit":..,"rate":..,... : the inside of a JSON object. */
void progress_json(const struct progress *progress, const struct run_view *view,
                   struct text *out);

/* The stage that was busiest of late; of equals the one with the fullest queue. */
struct progress_limit progress_limit(const struct progress *progress);

/* How full the queue in front of the stage was on average, in per cent; -1: never looked. */
int progress_queue_fill(const struct progress *progress, size_t stage_index);

/* Items that wait in front of stages. */
uint64_t progress_in_flight(const struct run_view *view, size_t n_stages);

#endif /* OBSERVE_PROGRESS_H */
