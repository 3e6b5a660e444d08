/* SPDX-License-Identifier: MIT */
/*
 * `pphost replay`: dead letters, which a run has left in a file, are sent into a pipeline again.
 *
 *     replay_check() -> a run of replay.graph, with replay_ext() among its options -> replay_close()
 *
 * The file is read twice and never held as a whole.  First every line is checked, and it is found which stages get
 * letters: a source with an output for each is put in the place of all others.  When the run reads the file again, it
 * must be the same as before.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "config/diag.h"
#include "exec/graph.h"
#include "plugin/registry.h"
#include "replay/lines.h"

enum { REPLAY_UNITS_MAX = 64 }; /* different words for what positions count */

/* What is asked for; all of it is borrowed. */
struct replay_wanted {
    const char *file;
    const char
        *into; /* the stage that gets all letters; NULL: the one that gave them up */
    const char *
        reason; /* a pattern as of fnmatch(3): only letters whose error is like it; NULL: all */
    const struct graph *graph; /* of the pipeline as it is */
};

/* Zero-initialise it; replay_close() takes back what there is. */
struct replay {
    struct replay_wanted wanted;
    struct arena *arena;
    struct source source; /* the file, for messages */
    struct stat status;   /* of the file when it was checked */
    int fd;               /* 0: not open */

    /* What the check has found. */
    uint64_t letters, picked;
    const struct graph_stage
        *targets[STAGES_MAX];    /* in the order of their first letters */
    uint64_t counts[STAGES_MAX]; /* letters for each of them */
    size_t n_targets;
    uint16_t port_of
        [STAGES_MAX]; /* 1 + where the stage of that index is in targets; 0: nowhere */
    const char *units[REPLAY_UNITS_MAX];
    size_t n_units;

    /* The source of the run; NULL graph: no letter was picked. */
    struct graph *graph;
    struct plugin plugin;
    struct stage_desc desc;

    /* The run's worker's; control may look when the run has ended. */
    struct replay_lines lines;
    uint64_t sent;
    uint64_t next_line;    /* the first one that was not yet looked at */
    struct replay_now {    /* what is known of the letters that are being sent */
        const char *stage; /* the name in the graph */
        const char *unit;  /* in `units` */
        char *origin;      /* owned; NULL: not known */
        uint32_t attempt;
        bool set;
    } now;
};

enum replay_status {
    REPLAY_OK = 0,
    REPLAY_UNREAD = -1,    /* the file is not there or cannot be read */
    REPLAY_BAD = -2,       /* it holds something else, or the pipeline cannot take it */
    REPLAY_NO_MEMORY = -3, /* the check could not be made */
};

/*
 * Checks the file and makes the graph.  Whatever is wrong is added to `diags`, which must be gone before replay_close().
 * Nothing has been sent, opened or written.  Blocks while it reads.  [control]
 */
enum replay_status replay_check(struct replay *replay, const struct replay_wanted *wanted,
                                struct diag_list *diags) PPH_NODISCARD;

/* Whether the path leads to the file that is replayed; "-" is standard output.  [control] */
bool replay_is_file(const struct replay *replay, const char *path);

/* For run_options.ext: what the source of the run asks for; NULL: it is of no such name.  [any thread] */
const void *replay_ext(const struct replay *replay, const char *id);

void replay_close(struct replay *replay);

/* ---- inside of this folder ---- */

/* The stage type of the source. */
extern const struct pph_plugin replay_plugin;

/* own.c: adds E506 for each stage of replay->graph that would write to the file. */
void replay_check_own(const struct replay *replay, struct diag_list *diags);

/* Whether the letter is to be sent at all. */
struct replay_letter;
bool replay_picks(const struct replay *replay, const struct replay_letter *letter);

/* The stage of that name; NULL: there is none. */
const struct graph_stage *replay_stage(const struct graph *graph, const char *name);

/* The unit as it is kept; NULL: it is none of them. */
const char *replay_unit(const struct replay *replay, const char *unit);

#endif /* REPLAY_REPLAY_H */
