/* SPDX-License-Identifier: MIT */
/*
 * An end: a queue of blocks between the program and one stage of its pipeline.
 *
 *     program -- pph_push() --> end --> generate of a `push` stage
 *     batch of a `pull` stage --> end -- pph_pull() --> program
 *
 * Both queues are bounded in items and in bytes, exactly as `queue:` of the stage says; the stage's calls run on
 * threads of the pool and the program's on its own.  An end lives as long as its pipeline's struct, which
 * the last handle keeps alive: it may still be asked when the run, the graph and the owner are gone.
 */
#ifndef EMBED_END_H
#define EMBED_END_H

#include <stdbool.h>
#include <stdint.h>

#include <pphost/pphost.h>

#include "base/sync.h"
#include "base/text.h"
#include "embed/await.h"
#include "embed/block.h"
#include "exec/graph.h"

/* Why nothing goes in any more; the first one stays. */
enum end_closed {
    END_OPEN,
    END_ALL_CLOSED, /* every handle was closed */
    END_DRAINED,
    END_UNWANTED, /* push: no stage below wants more; pull: every handle was freed */
    END_OVER,     /* the run has ended */
    END_FREED,    /* the pipeline was freed */
};

struct end {
    /* Set by end_init(), never changed after. */
    struct pph_pipeline *pipeline;
    char *name; /* the stage's */
    bool is_push;
    size_t index;                  /* of the stage in the graph */
    uint64_t max_items, max_bytes; /* of what waits here */

    struct mutex lock;
    /* the program waits for: push: room || closed; pull: an item || complete || closed */
    struct cond moved;
    /* the pull stage waits for: room || cancelled || closed; the push stage's close: wakers == 0 */
    struct cond stage_moved;
    struct block *head GUARDED_BY(lock);
    struct block *tail GUARDED_BY(lock);
    /* that wait; push: with those that a pusher has taken the room for and is copying */
    uint64_t items GUARDED_BY(lock);
    uint64_t bytes GUARDED_BY(lock);
    unsigned waiting GUARDED_BY(lock); /* threads of the program, for `moved` */
    unsigned
        called GUARDED_BY(lock); /* of these: that were signalled, and are on their way */
    unsigned handles GUARDED_BY(lock); /* that are open */
    enum end_closed closed GUARDED_BY(lock);
    uint64_t
        passed GUARDED_BY(lock); /* items that the program has put in, or taken out */
    /* push: the stage's ctx of `open`, NULL: it is not open; who is calling its wake() */
    struct pph_ctx *ctx GUARDED_BY(lock);
    unsigned wakers GUARDED_BY(lock);
    bool idle GUARDED_BY(lock);        /* push: the stage has found nothing and sleeps */
    bool stage_waits GUARDED_BY(lock); /* pull: the stage waits for room */
    bool cancelled GUARDED_BY(lock);   /* pull: the run is being stopped */
    bool complete GUARDED_BY(lock);    /* pull: the stage has given its last item */
};

/* One handle of the program; pph_input and pph_output are this. */
struct handle {
    struct end *end; /* never changed */
    bool closed;     /* guarded by the end's lock */
};

/* Makes the end of a stage that is `push` or `pull`; false: no memory.  end_fini() is needed also then. */
bool end_init(struct end *end, struct pph_pipeline *pipeline,
              const struct graph_stage *stage) PPH_NODISCARD;
void end_fini(struct end *end);

/* Nothing goes in any more, for that reason; wakes who waits.  [any thread] */
void end_close(struct end *end, enum end_closed why) EXCLUDES(end->lock);

/* Appends "input 'in' is open (2 handles)" and the like if the run may wait for the program here; separated by "; ". */
void end_describe(struct end *end, struct text *out) EXCLUDES(end->lock);

/* Whether so much fits into what the bounds leave.  Callers let in what is larger than them when nothing waits. */
bool end_has_room_locked(const struct end *end, uint64_t items, uint64_t bytes)
    REQUIRES(end->lock);

/* Appends the block, which is the end's from now on; its items and bytes are counted by the caller. */
void end_append_locked(struct end *end, struct block *block) REQUIRES(end->lock);

/* Takes the first block, which is the caller's from now on; NULL: there is none. */
struct block *end_take_locked(struct end *end) REQUIRES(end->lock);

/*
 * Whether one more of the threads that wait is to be woken, by a signal of `moved` that the caller gives when he has given
 * the lock back: whoever is woken under it would wait for it at once.
 */
bool end_calls_locked(struct end *end) REQUIRES(end->lock);

/* Waits for `moved`, as await_cond(). */
bool end_await_locked(struct end *end, struct await *await) REQUIRES(end->lock);

/* Wakes a push stage that sleeps; after the lock was given back.  The stage's ctx is kept meanwhile. */
bool end_must_wake_locked(struct end *end) REQUIRES(end->lock);
void end_wake(struct end *end) EXCLUDES(end->lock);

/* A new handle of the pipeline's end for stage `name`, or the only one; NULL after setting the error. */
struct handle *handle_open(struct pph_pipeline *pipeline, bool is_push, const char *name,
                           struct pph_error **ret_error);

/* Closes it, once; the last one of its end closes that, for that reason. */
void handle_close(struct handle *handle, enum end_closed why);

/* Frees it, closed, and lets go of the pipeline. */
void handle_free(struct handle *handle);

/* The stage types `use: push` and `use: pull`. */
extern const struct plugin push_stage;
extern const struct plugin pull_stage;

#endif /* EMBED_END_H */
