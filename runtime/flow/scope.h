/* SPDX-License-Identifier: MIT */
/*
 * The memory of one call: what the plugin allocated or lent during it, and the buffers of its
 * input.  An emitted payload that lies in any of these travels by reference; anything else is copied.
 */
#ifndef FLOW_SCOPE_H
#define FLOW_SCOPE_H

#include "flow/batch.h"

struct scope {
    struct buf *hit;           /* where the last payload was found; NULL: nowhere yet */
    const struct batch *input; /* NULL: the call has none */
    /* whole batches that the input is put together of, linked by `next`; NULL: it is a batch as it came */
    const struct batch *parts;
    const struct batch
        *near;         /* one of parts, where the last payload was found; or NULL */
    struct buf **bufs; /* each with a reference of this scope */
    size_t n, cap;
    size_t cost;       /* memory that bufs keep alive */
    struct buf *arena; /* one of bufs: small allocations share it */
    size_t arena_used;
};

/* Payload memory for this call, 16-aligned; NULL: no memory. */
void *scope_alloc(struct scope *scope, const struct batch_memory *memory,
                  size_t len) PPH_NODISCARD;

/* Takes over one reference to the buffer, also on failure (false: no memory). */
bool scope_add(struct scope *scope, struct buf *buf,
               const struct batch_memory *memory) PPH_NODISCARD;

/* The input of the call that begins or goes on; batches as in the struct, which live until the scope ends. */
void scope_set_input(struct scope *scope, const struct batch *input,
                     const struct batch *parts);

/* The buffer that holds these bytes, or NULL: then they are copied.  Small pieces of `parts` are not looked for. */
struct buf *scope_find(struct scope *scope, const void *data, size_t len);

/*
 * Drops all buffers but the first `keep`: what `each` allocated for an item that is done lives on
 * only where it was emitted.
 */
void scope_trim(struct scope *scope, const struct batch_memory *memory, size_t keep);

/*
 * The call is over: drops all references, but to an arena with room left, from which the next call
 * goes on: the small payloads of many short calls so lie in few buffers.
 */
void scope_end(struct scope *scope, const struct batch_memory *memory);

/* Drops and frees what scope_end() keeps for the next call. */
void scope_fini(struct scope *scope, const struct batch_memory *memory);

#endif /* FLOW_SCOPE_H */
