/* SPDX-License-Identifier: MIT */
/*
 * `limits:`: so many calls of all the stages that name one run at the same time, whatever their workers are.
 *
 * A call has a *place* while it is in an activation.  It gives it back when it is over or held, and while it waits
 * inside emit, which may be for what another stage of the same limit does; before the plugin goes on it takes one again.
 * Nobody waits for anything of the host with a place, so places always come back.  See line-note in limit.c.
 *
 * With --inline one call at a time runs in any case, and there are no limits.
 */
#ifndef EXEC_LIMIT_H
#define EXEC_LIMIT_H

#include "exec/ready.h"
#include "exec/stage.h"

struct limit {
    const struct graph_limit *graph; /* set by limits_build(), never changed after */
    struct mutex lock;
    /* calls that have a place, and places that are kept for who was granted one */
    unsigned used GUARDED_BY(lock);
    struct limit_waiter *first GUARDED_BY(lock); /* the line, who came first in front */
    struct limit_waiter *last GUARDED_BY(lock);
};

/* Makes the limits of the graph; build_stages() comes after.  False: no memory.  [before start] */
bool limits_build(struct run *run);
void limits_free(struct run *run); /* also of what is half built */

/* The stage's limit and its place in it; with --inline none.  [before start] */
void limit_join(struct stage *s);

/* What follows here costs a stage without a limit one look: these are the rest of it, in limit.c, of the functions below. */
bool limit_enter_of_locked(struct stage *s, const struct instance *only,
                           struct instance *i) REQUIRES(s->lock);
void limit_leave_of_locked(struct stage *s, struct instance *i, struct wakes *wakes)
    REQUIRES(s->lock);
bool limit_goes_on_of_locked(struct stage *s, struct instance *i) REQUIRES(s->lock);
bool limit_has_more_of_locked(struct stage *s) REQUIRES(s->lock);
void limit_pass_on_of_locked(struct stage *s, struct instance *only, struct wakes *wakes)
    REQUIRES(s->lock);

/*
 * Whether the instance may be claimed, and then it has a place.  If not, the stage (`only`: that instance of it) stands
 * in line, and is made ready when a place is kept for it.
 */
static inline bool limit_enter_locked(struct stage *s, const struct instance *only,
                                      struct instance *i) REQUIRES(s->lock);
static inline bool limit_enter_locked(struct stage *s, const struct instance *only,
                                      struct instance *i)
{
    return !s->limit || limit_enter_of_locked(s, only, i);
}

/* The call that was to begin does not, or the activation is over: gives the place back, if it has one. */
static inline void limit_leave_locked(struct stage *s, struct instance *i,
                                      struct wakes *wakes) REQUIRES(s->lock);
static inline void limit_leave_locked(struct stage *s, struct instance *i,
                                      struct wakes *wakes)
{
    if (s->limit)
        limit_leave_of_locked(s, i, wakes);
}

/*
 * The call is over: whether the instance may begin the next one at once, with its place.  Not while others stand in
 * line, or there would be no turns.
 */
static inline bool limit_goes_on_locked(struct stage *s, struct instance *i)
    REQUIRES(s->lock);
static inline bool limit_goes_on_locked(struct stage *s, struct instance *i)
{
    return !s->limit || limit_goes_on_of_locked(s, i);
}

/*
 * Whether another call of a stage of the pool, which has more to do, could have a place.  If not, the stage stands in
 * line now, and no thread need look at it for the sake of new calls.
 */
static inline bool limit_has_more_locked(struct stage *s) REQUIRES(s->lock);
static inline bool limit_has_more_locked(struct stage *s)
{
    return !s->limit || limit_has_more_of_locked(s);
}

/* Nothing was begun in the stage (`only`: in that instance): a place that is kept for it goes to the next in line. */
static inline void limit_pass_on_locked(struct stage *s, struct instance *only,
                                        struct wakes *wakes) REQUIRES(s->lock);
static inline void limit_pass_on_locked(struct stage *s, struct instance *only,
                                        struct wakes *wakes)
{
    if (s->limit)
        limit_pass_on_of_locked(s, only, wakes);
}

/* The call begins to wait inside emit: gives its place back.  [worker, no locks held] */
void limit_step_out(struct instance *i);

/*
 * Its wait is over: true: it goes on, with a place, or because the run is cancelled.  False: it stands in line, and
 * waits for i->go; limit_step_in() then.  [worker, no locks held]
 */
bool limit_asks_again(struct instance *i);

/* It has been told to go on, with a place unless the run is cancelled.  [worker, no locks held] */
void limit_step_in(struct instance *i);

/*
 * For a thread of a stage that has its own, after it found nothing to do: true: that was for want of a place, and it has
 * waited until one was kept for it, or the run is over.  [worker, no locks held]
 */
bool limit_wait_in_line(struct instance *i);

/* Ends all waits for a place of calls and threads: the run is over.  [any thread, no locks held] */
void limits_release_waiting(struct run *run);

/* Whether the call waits inside emit for a place.  [any thread, no locks held] */
bool limit_is_waited_for(struct stage *s, const struct instance *i);

/* How a limit stands, for show. */
struct limit_view {
    unsigned used;   /* calls that have a place, or have one kept for them */
    bool waited_for; /* by the stage, or by one of its instances outside a call */
};

/* Of a stage that has a limit.  [any thread, no locks held] */
struct limit_view limit_look(struct stage *s);

#endif /* EXEC_LIMIT_H */
