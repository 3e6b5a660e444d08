/* SPDX-License-Identifier: MIT */
#include "flow/root.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct origin *origin_new(const char *name)
{
    size_t size = name ? strlen(name) + 1 : 0;
    struct origin *origin = malloc(sizeof(*origin) + size);

    if (!origin)
        return NULL;
    *origin = (struct origin){.name = name ? origin->bytes : NULL};
    atomic_init(&origin->refs, 1);
    if (name)
        memcpy(origin->bytes, name, size);
    return origin;
}

struct origin *origin_ref(struct origin *origin)
{
    if (origin) /* relaxed: the caller holds a reference already */
        atomic_fetch_add_explicit(&origin->refs, 1, memory_order_relaxed);
    return origin;
}

void origin_unref(struct origin *origin)
{
    /* R2, A2: whoever frees comes after all who read */
    if (origin && atomic_fetch_sub_explicit(&origin->refs, 1, memory_order_acq_rel) == 1)
        free(origin);
}

struct root *root_new(struct chunk_pool *pool, struct chunk_cache *cache,
                      struct root_counts *counts, struct origin *origin,
                      const char *pos_unit)
{
    unsigned class;
    struct root *root = chunk_get(pool, cache, sizeof(*root), &class);

    if (!root)
        return NULL;
    PPH_ASSERT(class == 0);
    *root = (struct root){.counts = counts, .pool = pool, .pos_unit = pos_unit};
    atomic_init(&root->refs, 1);
    root->origin = origin_ref(origin);
    if (origin && origin->pos_unit)
        root->pos_unit = origin->pos_unit;
    atomic_fetch_add_explicit(&counts->made, 1, memory_order_relaxed);
    return root;
}

struct root *root_ref(struct root *root)
{
    if (root) { /* relaxed: the caller holds a reference already */
        uint32_t before = atomic_fetch_add_explicit(&root->refs, 1, memory_order_relaxed);

        PPH_ASSERT(before > 0); /* a root that is done cannot come back */
    }
    return root;
}

void root_unref(struct root *root, struct chunk_cache *cache)
{
    /* R3, A3: the root is done after all that came of it */
    if (!root || atomic_fetch_sub_explicit(&root->refs, 1, memory_order_acq_rel) != 1)
        return;
    atomic_fetch_add_explicit(&root->counts->done, 1,
                              memory_order_seq_cst); /* see budget-note */
    origin_unref(root->origin);
    chunk_put(root->pool, cache, root, 0, 0);
}

uint32_t root_tried(const struct root *root, const char *stage)
{
    const struct origin *origin = root ? root->origin : NULL;

    return origin && origin->stage == stage ? origin->attempts : 0;
}
