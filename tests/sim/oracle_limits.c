/* SPDX-License-Identifier: MIT */
/*
 * Limits: no more calls have a place than may, no place is free while somebody stands in line for it, and none is kept
 * for a stage that nobody looks at.
 */
#include <string.h>

#include "sim/oracle.h"
#include "sim/plan.h"

static bool is_named(const struct limit *l, const struct stage *s)
{
    return s->limit == l;
}

static unsigned kept_for(const struct limit_waiter *w)
{
    if (w->waits && w->granted)
        machine_fail("stage %s: it stands in line, and a place is kept for it",
                     w->stage->graph->name);
    return w->granted;
}

/* Places of calls, and those that are kept. */
static unsigned places_of(const struct run *run, const struct limit *l)
{
    unsigned places = 0;

    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        if (!is_named(l, s))
            continue;
        places += kept_for(&s->place);
        for (unsigned w = 0; w < s->n_instances; w++)
            places += s->instances[w].placed + kept_for(&s->instances[w].place);
    }
    return places;
}

static void check_line(const struct limit *l)
{
    const struct limit_waiter *last = NULL;

    for (const struct limit_waiter *w = l->first; w; w = w->next) {
        if (!w->waits)
            machine_fail("limit %s: somebody in line does not wait", l->graph->name);
        last = w;
    }
    if (last != l->last)
        machine_fail("limit %s: the line is broken", l->graph->name);
}

enum { LINE_MAX = PLAN_STAGES_MAX * (PLAN_WORKERS_MAX + 1) };

/* Who stood in line at the last look. */
static struct {
    const struct limit_waiter *all[LINE_MAX];
    size_t n;
} lines[PLAN_LIMITS];

void oracle_forget_limits(void)
{
    memset(lines, 0, sizeof(lines));
}

/* The line moves on at its head, and grows at its end. */
static void check_turns(const struct limit *l, size_t k)
{
    const struct limit_waiter *now[LINE_MAX];
    size_t n = 0;
    size_t gone = 0;

    for (const struct limit_waiter *w = l->first; w && n < LINE_MAX; w = w->next)
        now[n++] = w;
    while (gone < lines[k].n && (n == 0 || lines[k].all[gone] != now[0]))
        gone++;
    for (size_t j = 0; gone + j < lines[k].n; j++) {
        if (j >= n || now[j] != lines[k].all[gone + j])
            machine_fail("limit %s: somebody comes before those who stand in line",
                         l->graph->name);
    }
    for (size_t j = 0; j < n; j++)
        lines[k].all[j] = now[j];
    lines[k].n = n;
}

void oracle_check_limit(const struct run *run, const struct limit *l)
{
    unsigned places = places_of(run, l);

    check_line(l);
    check_turns(l, (size_t)(l - run->limits));
    if (places != l->used || l->used > l->graph->calls)
        machine_fail("limit %s: %u places are taken, %u counted, of %u", l->graph->name,
                     places, l->used, l->graph->calls);
    if (l->first && l->used < l->graph->calls)
        machine_fail("limit %s: a place is free, and %s stands in line", l->graph->name,
                     l->first->stage->graph->name);
}

const struct limit *oracle_limit_of(const struct run *run, const void *lock)
{
    for (size_t k = 0; run && k < run->n_limits; k++) {
        if (lock == &run->limits[k].lock)
            return &run->limits[k];
    }
    return NULL;
}

enum place oracle_place(const struct stage *s, const struct instance *by)
{
    const struct limit *l = s->limit;
    bool kept = s->place.granted;
    bool waits = s->place.waits;

    if (!l)
        return PLACE_FREE;
    for (unsigned w = 0; s->own_threads && w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];

        kept = kept || ((!by || i == by) && i->place.granted);
        waits = waits || ((!by || i == by) && i->place.waits);
    }
    if (kept || l->used < l->graph->calls)
        return PLACE_FREE;
    return waits ? PLACE_AWAITED : PLACE_NONE;
}
