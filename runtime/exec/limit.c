/* SPDX-License-Identifier: MIT */
/*
 * line-note: who finds no place stands in the one line of the limit, once: a stage of the pool, a thread of a stage that
 * has its own, or a call inside emit.  Who gives a place back hands it to the first in line: it is *kept* for that one
 * and counts as used, so nobody comes in between, each place wakes one, and stages take turns.  A free place means that
 * nobody stands in line.
 *
 * A thread, and a call inside emit, sleeps until it is told by its own futex word, `go`: others of its stage sleep on.  A
 * stage for which a place is kept is ready.  Whoever looks at it next either begins a call with that place or passes
 * it on (limit_pass_on_locked()): so whenever a ready bit is cleared, no place is kept for that stage any more.  A stage
 * that has nothing to do any more by then stays in line until its turn comes, and passes that on; else, with its gate
 * closed now and then, it would begin at the end of the line again and again.
 *
 * The lock of a limit is taken with that of a stage held, and nothing with it.
 */
#include "exec/limit.h"

#include <stdlib.h>

#include "base/lock_order.h"

bool limits_build(struct run *run)
{
    size_t n = run->graph->n_limits;

    if (n == 0 || run->options.single_thread)
        return true;
    run->limits = calloc(n, sizeof(*run->limits));
    if (!run->limits)
        return false;
    run->n_limits = n;
    for (size_t k = 0; k < n; k++) {
        run->limits[k].graph = &run->graph->limits[k];
        mutex_init(&run->limits[k].lock);
        lock_order_set(&run->limits[k].lock, "limit.lock", LOCKS_STAGES, 0);
    }
    return true;
}

void limits_free(struct run *run)
{
    for (size_t k = 0; k < run->n_limits; k++)
        mutex_fini(&run->limits[k].lock);
    free(run->limits);
}

void limit_join(struct stage *s)
{
    const struct graph_limit *limit = s->graph->limit;

    if (limit && s->run->n_limits > 0)
        s->limit = &s->run->limits[limit - s->run->graph->limits];
    s->place.stage = s;
    for (unsigned w = 0; w < s->n_instances; w++) {
        s->instances[w].place.stage = s;
        s->instances[w].place.instance = &s->instances[w];
    }
}

/* At the end of the line, unless it stands there. */
static void line_up_locked(struct limit *l, struct limit_waiter *w) REQUIRES(l->lock);
static void line_up_locked(struct limit *l, struct limit_waiter *w)
{
    PPH_ASSERT(l->used == l->graph->calls && !w->granted);
    if (w->waits)
        return;
    w->waits = true;
    w->next = NULL;
    if (l->last)
        l->last->next = w;
    else
        l->first = w;
    l->last = w;
}

static struct limit_waiter *first_in_line_locked(struct limit *l) REQUIRES(l->lock);
static struct limit_waiter *first_in_line_locked(struct limit *l)
{
    struct limit_waiter *w = l->first;

    if (!w)
        return NULL;
    l->first = w->next;
    if (!l->first)
        l->last = NULL;
    w->waits = false;
    return w;
}

static void end_wait(struct limit_waiter *w, struct wakes *wakes)
{
    if (!w->instance) {
        stage_bit_set(wakes->stages, w->stage->id);
        return;
    }
    w->instance->park_next = wakes->parked; /* it stands in no other line now */
    wakes->parked = w->instance;
}

/* A place that somebody had. */
static void give_back_locked(struct limit *l, struct wakes *wakes) REQUIRES(l->lock);
static void give_back_locked(struct limit *l, struct wakes *wakes)
{
    struct limit_waiter *w = first_in_line_locked(l);

    PPH_ASSERT(l->used > 0);
    if (w) {
        w->granted = true;
        end_wait(w, wakes);
    } else {
        l->used--;
    }
}

/* The place that is kept for the one who asks, or a free one; false: there is none. */
static bool take_locked(struct limit *l, struct limit_waiter *w) REQUIRES(l->lock);
static bool take_locked(struct limit *l, struct limit_waiter *w)
{
    PPH_ASSERT(l->used <= l->graph->calls);
    if (!w->granted && l->used == l->graph->calls)
        return false;
    if (!w->granted)
        l->used++;
    w->granted = false;
    return true;
}

bool limit_enter_of_locked(struct stage *s, const struct instance *only,
                           struct instance *i)
{
    struct limit *l = s->limit;
    struct limit_waiter *w = only ? &i->place : &s->place;

    if (i->owes) /* no plugin is called: it sends what is left of its last call */
        return true;
    PPH_ASSERT(!i->placed && (!only || i == only));
    mutex_lock(&l->lock);
    i->placed = take_locked(l, w);
    s->no_place = !i->placed;
    /* A cancel sets its flag before it takes this lock to end all waits: it is seen in time. */
    if (s->no_place && !run_cancelled(s->run)) {
        if (only && !w->waits)
            atomic_store_explicit(&i->go, 0,
                                  memory_order_relaxed); /* published by the lock */
        i->lined = only != NULL;
        line_up_locked(l, w);
    }
    mutex_unlock(&l->lock);
    return i->placed;
}

/* Whether the thread was in line; it is told by `go` in any case, also of what has come meanwhile. */
bool limit_wait_in_line(struct instance *i)
{
    struct stage *s = i->stage;
    bool lined;

    mutex_lock(&s->lock);
    lined = i->lined;
    mutex_unlock(&s->lock);
    if (!lined)
        return false;
    while (!atomic_load_explicit(&i->go, memory_order_acquire)) /* A1 */
        futex_wait(&i->go, 0, 0);
    mutex_lock(&s->lock);
    i->lined = false;
    mutex_unlock(&s->lock);
    return true;
}

/* For who holds the stage's lock, or runs the instance. */
static void leave(struct limit *l, struct instance *i, struct wakes *wakes)
{
    mutex_lock(&l->lock);
    i->placed = false;
    give_back_locked(l, wakes);
    mutex_unlock(&l->lock);
}

void limit_leave_of_locked(struct stage *s, struct instance *i, struct wakes *wakes)
{
    if (i->placed)
        leave(s->limit, i, wakes);
}

bool limit_goes_on_of_locked(struct stage *s, struct instance *i)
{
    struct limit *l = s->limit;
    struct limit_waiter *own = s->own_threads ? &i->place : &s->place;
    bool goes_on;

    mutex_lock(&l->lock);
    if (i->placed) /* a stage alone in line need not stand there for what this one does */
        goes_on = !own->granted && (!l->first || (l->first == own && l->last == own));
    else
        goes_on = i->placed = take_locked(l, own);
    mutex_unlock(&l->lock);
    return goes_on;
}

bool limit_has_more_of_locked(struct stage *s)
{
    struct limit *l = s->limit;
    bool more;

    if (s->own_threads) /* each thread asks for itself */
        return true;
    mutex_lock(&l->lock);
    more = l->used < l->graph->calls || s->place.granted;
    if (!more)
        line_up_locked(l, &s->place);
    mutex_unlock(&l->lock);
    return more;
}

void limit_pass_on_of_locked(struct stage *s, struct instance *only, struct wakes *wakes)
{
    struct limit *l = s->limit;
    struct limit_waiter *w = only ? &only->place : &s->place;

    if (s->no_place)
        return; /* a place that came since is used at the look that comes with it */
    mutex_lock(&l->lock);
    if (w->granted) {
        w->granted = false;
        give_back_locked(l, wakes);
    }
    mutex_unlock(&l->lock);
}

void limit_step_out(struct instance *i)
{
    struct wakes wakes = {0};

    if (!i->placed)
        return;
    leave(i->stage->limit, i, &wakes);
    wakes_deliver(i->stage->run, &wakes);
}

bool limit_asks_again(struct instance *i)
{
    struct limit *l = i->stage->limit;
    bool goes_on;

    if (!l)
        return true;
    mutex_lock(&l->lock);
    i->placed = take_locked(l, &i->place);
    /* A cancel sets its flag before it takes this lock to end all waits: it is seen in time. */
    goes_on = i->placed || run_cancelled(i->stage->run);
    if (!goes_on) {
        atomic_store_explicit(&i->go, 0,
                              memory_order_relaxed); /* published by the lock */
        i->place.in_call = true;
        line_up_locked(l, &i->place);
    }
    mutex_unlock(&l->lock);
    return goes_on;
}

void limit_step_in(struct instance *i)
{
    struct limit *l = i->stage->limit;

    mutex_lock(&l->lock);
    PPH_ASSERT(!i->place.waits && (i->place.granted || run_cancelled(i->stage->run)));
    i->placed = i->place.granted;
    i->place.granted = false;
    i->place.in_call = false;
    mutex_unlock(&l->lock);
}

void limits_release_waiting(struct run *run)
{
    for (size_t k = 0; k < run->n_limits; k++) {
        struct limit *l = &run->limits[k];
        struct wakes wakes = {0};
        struct limit_waiter *w;

        mutex_lock(&l->lock);
        while ((w = first_in_line_locked(l))) {
            if (w->instance)
                end_wait(w, &wakes);
        }
        mutex_unlock(&l->lock);
        wakes_deliver(run, &wakes);
    }
}

bool limit_is_waited_for(struct stage *s, const struct instance *i)
{
    bool waits;

    if (!s->limit)
        return false;
    mutex_lock(&s->limit->lock);
    waits = i->place.waits && i->place.in_call;
    mutex_unlock(&s->limit->lock);
    return waits;
}

struct limit_view limit_look(struct stage *s)
{
    struct limit *l = s->limit;
    struct limit_view view;

    mutex_lock(&l->lock);
    view = (struct limit_view){.used = l->used, .waited_for = s->place.waits};
    for (unsigned w = 0; w < s->n_instances; w++) {
        const struct limit_waiter *place = &s->instances[w].place;

        view.waited_for = view.waited_for || (place->waits && !place->in_call);
    }
    mutex_unlock(&l->lock);
    return view;
}
