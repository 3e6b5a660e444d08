/* SPDX-License-Identifier: MIT */
/*
 * A root: one batch as a source emitted it, and how much of what came of it is still under way.
 *
 * Every live batch that descends from it holds a reference; the last one gone finishes the root,
 * exactly once.  The account checks that; acknowledgements will build on it.
 */
#ifndef FLOW_ROOT_H
#define FLOW_ROOT_H

#include <stdint.h>

#include "flow/chunk.h"

/*
 * Where items come from ("access.log"), as the source says by host->origin(); of dead letters that are sent again also
 * what was known of them.
 */
struct origin {
    _Atomic uint32_t refs; /* as buf.refs */

    /* Set before anyone else knows it, never changed after. */
    uint32_t attempts;    /* how often `stage` has tried the items already */
    const char *stage;    /* that gave them up; NULL: they are no such letters */
    const char *pos_unit; /* what positions in it count; NULL: as the source says */
    const char *name;     /* NULL: unknown */
    char bytes[];
    /* The strings of letters live as long as the run. */
};

/*
 * `name` is copied; NULL is allowed.  Returns NULL when out of memory.  The caller owns the one reference and may fill in what
 * is known of letters.
 */
struct origin *origin_new(const char *name) PPH_NODISCARD;
struct origin *origin_ref(struct origin *origin); /* NULL is allowed, and returned */
void origin_unref(struct origin *origin);         /* NULL is allowed */

/* How many roots were made and finished; both are equal when nothing is under way. */
struct root_counts {
    /* written by: any worker; read by: sources that are about to make more (see budget-note in
     * exec/budget.c), and by control at the end, after the workers */
    _Atomic uint64_t made, done;
};

struct root {
    _Atomic uint32_t refs; /* as buf.refs */

    /* Set before anyone else knows the root, never changed after. */
    struct root_counts *counts;
    struct origin *origin; /* NULL: unknown */
    const char *pos_unit;  /* the source's; NULL: unknown */
    struct chunk_pool *pool;
};

/* A root with one reference, which the caller owns; takes a reference to the origin. NULL: no memory. */
struct root *root_new(struct chunk_pool *pool, struct chunk_cache *cache,
                      struct root_counts *counts, struct origin *origin,
                      const char *pos_unit) PPH_NODISCARD;
struct root *root_ref(struct root *root); /* NULL is allowed, and returned */
void root_unref(struct root *root, struct chunk_cache *cache); /* NULL is allowed */

/*
 * How often the stage has tried the items of a root already, in runs before this one; 0 unless they are letters of
 * that very stage.  `stage` is compared by its address.  NULL is allowed.
 */
uint32_t root_tried(const struct root *root, const char *stage);

#endif /* FLOW_ROOT_H */
