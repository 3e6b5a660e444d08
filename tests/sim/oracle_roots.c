/* SPDX-License-Identifier: MIT */
/*
 * Batches and roots: each root that is under way is held by exactly the batches that came of it.
 *
 * Only while no emitter is parked: one that is has a batch on its stack.  And an item stays with the root
 * of the source's item that it comes of, and does not outlive it.
 */
#include <string.h>

#include "sim/oracle.h"
#include "sim/plan.h"

enum { ROOTS_MAX = 512 };

struct found {
    const struct root *root;
    uint32_t refs;
};

static struct found found[ROOTS_MAX];
static size_t n_found;
static bool joined; /* a stage gathers: what it makes has the root of the first batch */

/* The root of each item of a source, once it was seen. */
static const struct root *roots[ANCESTORS];
static uint8_t gone[ANCESTORS]; /* ... and it is finished */

void oracle_forget_roots(void)
{
    memset((void *)(uintptr_t)roots, 0, sizeof(roots));
    memset(gone, 0, sizeof(gone));
}

static void check_items(const struct batch *b)
{
    for (uint32_t k = 0; k < b->n; k++) {
        unsigned a = script_ancestor(b->items[k].pos);

        if (a == 0)
            continue;
        if (gone[a])
            machine_fail("an item is on its way, but its root is finished");
        if (roots[a] && roots[a] != b->root)
            machine_fail("items that come of one are of two roots");
        roots[a] = b->root;
    }
}

/* Roots that are not found any more are finished. */
static void note_finished(void)
{
    for (unsigned a = 0; a < ANCESTORS; a++) {
        bool live = false;

        for (size_t k = 0; roots[a] && !live && k < n_found; k++)
            live = found[k].root == roots[a];
        gone[a] = gone[a] || (roots[a] && !live);
    }
}

static void count_batch(const struct batch *b)
{
    if (!b || !b->root)
        return;
    if (!joined)
        check_items(b);
    for (size_t k = n_found; k-- > 0;) {
        if (found[k].root == b->root) {
            found[k].refs++;
            return;
        }
    }
    if (n_found == ROOTS_MAX)
        machine_fail("more roots are under way than the simulator can count");
    found[n_found++] = (struct found){b->root, 1};
}

static void count_list(const struct batch_list *list)
{
    for (const struct batch *b = list->head; b; b = b->next)
        count_batch(b);
}

static void count_stage(const struct stage *s)
{
    count_list(&s->queue);
    for (unsigned l = 0; s->lanes && l <= s->n_instances; l++)
        count_list(&s->lanes[l]);
    for (uint32_t t = 0; t < s->window; t++)
        count_list(&s->slots[t].out);
    for (unsigned w = 0; w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];

        count_batch(i->in);
        count_list(&i->in_next);
        count_list(&i->gathered);
        count_list(&i->out);
        for (size_t p = 0; p < s->graph->n_ports; p++)
            count_batch(i->outlets[p].open);
    }
}

/* Somebody stands in emit, or is being called: a batch may be on its stack. */
static bool somebody_emits(const struct run *run)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        if (s->park_head)
            return true;
        for (uint32_t t = 0; t < s->window; t++) {
            if (s->slots[t].waiting)
                return true;
        }
        for (unsigned w = 0; w < s->n_instances; w++) {
            if (s->instances[w].place.in_call) /* it waits for a place again */
                return true;
        }
    }
    return false;
}

void oracle_check_roots(struct run *run)
{
    uint64_t made = atomic_load_explicit(&run->roots.made, memory_order_relaxed);
    uint64_t done = atomic_load_explicit(&run->roots.done, memory_order_relaxed);

    if (somebody_emits(run))
        return;
    n_found = 0;
    joined = false;
    for (size_t k = 0; k < run->n_stages; k++)
        joined = joined || run->stages[k].graph->batch_wait_ns > 0;
    for (size_t k = 0; k < run->n_stages; k++)
        count_stage(&run->stages[k]);
    if (made - done != n_found)
        machine_fail("%llu roots are under way, but batches of %zu were found",
                     (unsigned long long)(made - done), n_found);
    for (size_t k = 0; k < n_found; k++) {
        uint32_t refs = atomic_load_explicit(&found[k].root->refs, memory_order_relaxed);

        if (refs != found[k].refs)
            machine_fail("a root has %u references, but %u batches came of it", refs,
                         found[k].refs);
    }
    note_finished();
}
