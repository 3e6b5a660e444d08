/* SPDX-License-Identifier: MIT */
/*
 * What holds sources back beside the queues below them: the pipeline's `memory:` and `max_in_flight:`, and their own
 * `rate:`, for which see pace.h.
 *
 * Only sources are held back, never a stage below one: those give memory back and finish batches, so
 * the run goes on.  When nothing is left that could give anything back, one of the sources that wait may make one batch
 * whatever the budget says, and they take turns; so no budget is too small to run with.
 */
#ifndef EXEC_BUDGET_H
#define EXEC_BUDGET_H

#include "exec/ready.h"
#include "exec/stage.h"

/* Takes the bounds from the graph.  [before start] */
void budget_init(struct run *run);

/*
 * Whether the source may begin a call with instance `i`, which then has its place until budget_leave(); notes
 * in the stage that it may not.  Always true when there is no budget.
 */
bool budget_admits_locked(struct stage *s, struct instance *i) REQUIRES(s->lock);

/* The same question for a call that was interrupted; a hint, no place is taken. */
bool budget_resumes_locked(struct stage *s, const struct instance *i) REQUIRES(s->lock);

/* If the budget was why something was not begun or resumed, whoever gives some back makes the stage ready. */
void budget_wait_locked(struct stage *s, struct wakes *wakes) REQUIRES(s->lock);

/* An interrupted call of a source goes on: true, with a place, or false: not now.  [worker] */
bool budget_goes_on(struct instance *i);

/* Whether a source that emits should return, as nothing more may be made now.  [worker] */
bool budget_is_spent(const struct instance *i);

/* The instance has made a root, which now counts instead of its place.  [worker] */
void budget_made(struct instance *i);

/* The activation is over: gives the place back.  [worker] */
void budget_leave(struct instance *i);

/* Whether a source is held back.  [any thread] */
bool budget_is_awaited(const struct run *run);

/*
 * Makes sources ready that wait and may go on now.  Whoever has given back memory or finished a batch calls it when
 * its activation is over.  [any thread, no locks held]
 */
void budget_look(struct run *run);

/* The same for the one case that comes with time: a call of another source lingers.  [control] */
void budget_look_later(struct run *run);

enum budget_reason { BUDGET_NONE, BUDGET_MEMORY, BUDGET_IN_FLIGHT };

/* What holds sources back now.  [any thread] */
enum budget_reason budget_reason(const struct run *run);

/* Batches that count towards `max_in_flight:`, for show.  [any thread] */
uint64_t budget_in_flight(const struct run *run);

#endif /* EXEC_BUDGET_H */
