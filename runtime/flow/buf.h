/* SPDX-License-Identifier: MIT */
/*
 * A buffer: payload memory that several batches may refer to.
 *
 * References are counted per batch and buffer, never per item.  The last one gone gives the memory
 * back: to the chunk pool, or to the plugin that lent it (adopt).
 */
#ifndef FLOW_BUF_H
#define FLOW_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/chunk.h"

enum {
    BUF_TAIL = 64,            /* readable bytes behind the payload */
    BUF_ARENA = 64 << 10,     /* payload of a buffer that many small pieces share */
    BUF_PIECE_MAX = 16 << 10, /* larger pieces get a buffer of their own */
};

struct buf {
    /* written by: whoever takes or drops a reference; release on drop pairs with acquire by the
     * one that drops the last (R1/A1 in buf_unref), who then frees it */
    _Atomic uint32_t refs;

    /* Set before anyone else knows the buffer, never changed after. */
    uint32_t chunk_class;
    uint8_t *data; /* payload */
    size_t len;    /* of the payload */
    size_t cost;   /* memory that it keeps alive, for the bounds */
    struct chunk_pool *pool;
    /* adopted memory: called once when it is free again; may be NULL, and is when the memory was taken back: program.h */
    void (*release)(void *arg);
    void *arg;
};

/*
 * A buffer of `len` bytes, with BUF_TAIL readable ones behind, and one reference, which the caller owns.  The payload is 64-aligned and
 * not zeroed.  NULL when out of memory.
 */
struct buf *buf_new(struct chunk_pool *pool, struct chunk_cache *cache,
                    size_t len) PPH_NODISCARD;

/* A buffer around a plugin's memory; likewise.  On NULL `release` has not been called. */
struct buf *buf_adopt(struct chunk_pool *pool, struct chunk_cache *cache,
                      const void *data, size_t len, void (*release)(void *arg),
                      void *arg) PPH_NODISCARD;

/* One more reference.  [any thread] */
void buf_ref(struct buf *b);

/* One reference less; the last one frees.  May call a plugin's release().  [any thread] */
void buf_unref(struct buf *b, struct chunk_cache *cache);

/* Whether the caller's reference is the only one: nobody else can read or get at the payload. [any thread] */
bool buf_is_unshared(struct buf *b);

/* Whether the bytes lie inside the payload. */
static inline int buf_holds(const struct buf *b, const void *data, size_t len)
{
    size_t offset = (size_t)((uintptr_t)data - (uintptr_t)b->data);

    return offset < b->len && len <= b->len - offset;
}

#endif /* FLOW_BUF_H */
