/* SPDX-License-Identifier: MIT */
/*
 * A pipeline as the program has it: the checked graph, its ends, and the one run.
 *
 *     load.c    from the description to the object      run.c     the control thread, its end, its account
 *     end.c     queues between the program and stages   push.c, pull.c  both sides of each
 *     await.c   waits, and those that cannot end        fault.c   errors
 */
#ifndef EMBED_PIPELINE_H
#define EMBED_PIPELINE_H

#include <stdbool.h>

#include <pphost/pphost.h>

#include "base/sync.h"
#include "embed/await.h"
#include "embed/end.h"
#include "exec/prepare.h"
#include "exec/run.h"
#include "observe/mask.h"
#include "observe/progress.h"

/* What push and pull stages ask host->ext() for; the answer is the struct pph_pipeline. */
#define PIPELINE_EXT "pphost.program/1"

/* Of the run, when it has ended. */
struct result {
    enum pph_run_state state;
    struct run_account account;
    uint64_t read_by_push; /* items that push stages have sent down */
    char *failure; /* what `pphost run -q` would print; NULL: nothing, or no memory */
    char *summary; /* what `pphost run` would print; likewise */
};

struct pph_pipeline {
    /* Set by pph_load(), never changed after. */
    struct prepared prepared;
    const char *name;
    char *warnings;
    struct mask *mask; /* secrets, for what is told of the run */
    struct block_store *blocks;
    struct end *ends;
    size_t n_ends;
    int log_level;
    void *log_arg;

    /* Control's: the thread that executes the run. */
    struct run_view view;
    struct progress *progress;
    uint64_t moved; /* at the last look */

    struct rest rest; /* has a lock and an atomic of its own */

    struct mutex lock;
    /* waits for: ended || overdue */
    struct cond changed;
    unsigned refs GUARDED_BY(lock); /* the owner, the control thread, handles, waiters */
    bool started GUARDED_BY(lock);
    bool decided
        GUARDED_BY(lock); /* how it ended is known: ends may be asked, though ... */
    bool ended GUARDED_BY(lock);   /* ... not all of them know it yet */
    bool overdue GUARDED_BY(lock); /* calls did not return in time after a stop */
    bool freed GUARDED_BY(lock);   /* the owner has let go of it */
    bool drain
        GUARDED_BY(lock); /* sources are to be closed when all that was pushed is read */
    bool cancel GUARDED_BY(lock);
    bool told_drain GUARDED_BY(lock); /* the run was told so */
    bool told_cancel GUARDED_BY(lock);
    struct run *run GUARDED_BY(lock); /* NULL: none, or it has ended */
    bool has_thread GUARDED_BY(lock);
    pthread_t thread GUARDED_BY(lock);
    struct result
        result GUARDED_BY(lock); /* its texts never change once `ended` is set */

    /* One line at a time; held across the callback. */
    struct mutex log_lock;
    void (*log)(void *arg, int level, const char *stage, const char *message)
        GUARDED_BY(log_lock); /* NULL: nobody listens */
};

/* [any thread] */
void pipeline_ref(struct pph_pipeline *pipeline);

/* The last one frees it.  [any thread] */
void pipeline_unref(struct pph_pipeline *pipeline);

/* The end of the stage of that name; there must be one. */
struct end *pipeline_end(struct pph_pipeline *pipeline, const char *stage);

/* Why nothing goes into the end any more (A703), or comes out of it. */
void pipeline_explain(struct end *end, enum end_closed why, struct pph_error **ret_error);

/* What the run waits for, if that is the program; "" if it is not. */
void pipeline_describe(struct pph_pipeline *pipeline, struct text *out);

/* A706: a wait without limit that nothing can end. */
void pipeline_stuck(struct pph_pipeline *pipeline, struct pph_error **ret_error);

/* How the run has ended, with its error; PPH_RUN_GOES_ON when it has not. */
enum pph_run_state pipeline_state(struct pph_pipeline *pipeline,
                                  struct pph_error **ret_error);

#endif /* EMBED_PIPELINE_H */
