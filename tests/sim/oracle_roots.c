/* SPDX-License-Identifier: MIT */
/*
 * Batches and roots: each root that is under way is held by exactly the batches that came of it.
 *
 * Only while no emitter is parked: one that is has a batch on its stack.
 */
#include "sim/oracle.h"

enum { ROOTS_MAX = 512 };

struct found {
    const struct root *root;
    uint32_t refs;
};

static struct found found[ROOTS_MAX];
static size_t n_found;

static void count_batch(const struct batch *b)
{
    if (!b || !b->root)
        return;
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
    for (uint32_t t = 0; t < s->window; t++)
        count_list(&s->slots[t].out);
    for (unsigned w = 0; w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];

        count_batch(i->in);
        count_list(&i->in_next);
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
}
