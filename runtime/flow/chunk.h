/* SPDX-License-Identifier: MIT */
/*
 * Memory of the data plane: chunks of a few sizes that are recycled instead of freed.
 *
 * Each thread that moves items has a `struct chunk_cache` and takes and gives without a lock; what
 * a cache cannot hold goes to the pool, several at a time.  A sink mostly frees what a source
 * allocated: it keeps the chunks in its own cache, so memory flows back through the pool, and on one worker
 * the chunk just freed, still warm, is the next one used.
 */
#ifndef FLOW_CHUNK_H
#define FLOW_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

enum {
    CHUNK_CLASSES = 9,
    CHUNK_EXTRA = 192,     /* a chunk of 2^n bytes of payload is so much larger */
    CHUNK_BIG_CLASS = 4,   /* from here on chunks are mapped and skip the caches */
    CHUNK_CACHE_SLOTS = 8, /* per class in a cache */
    CHUNK_NO_CLASS = CHUNK_CLASSES, /* larger than every class: mapped for its own sake */
    CHUNK_IDLE_BYTES_MAX = 12 << 20, /* what the pool keeps for reuse at the most */
    CHUNK_PRECISION_MAX = 256 << 10, /* what a cache may have taken or given untold */
};

/* Usable bytes of a chunk of each class. */
extern const size_t chunk_class_bytes[CHUNK_CLASSES];

struct chunk_pool;

struct chunk_cache { /* belongs to one thread at a time */
    struct chunk_pool *pool;
    /* bytes taken less bytes given back, since the pool was told; told when it is more than `precision` either way */
    int64_t untold, precision;
    uint32_t n[CHUNK_BIG_CLASS];
    void *slots[CHUNK_BIG_CLASS][CHUNK_CACHE_SLOTS];
};

/* Returns NULL when out of memory. */
struct chunk_pool *chunk_pool_new(void);

/*
 * Makes the pool fit a budget of so many bytes and so many caches: what it keeps for reuse, and what its caches may
 * leave untold, are together a quarter of that at the most.  [before start]
 */
void chunk_pool_limit(struct chunk_pool *pool, uint64_t bytes, unsigned caches);

/* Frees the pool; every chunk must have been given back. NULL is allowed. */
void chunk_pool_free(struct chunk_pool *pool);

void chunk_cache_init(struct chunk_cache *cache, struct chunk_pool *pool);

/* Tells the pool what the cache has taken and given back.  [worker] */
void chunk_cache_settle(struct chunk_cache *cache);

/* Gives everything in the cache back to the pool. */
void chunk_cache_fini(struct chunk_cache *cache);

/* Smallest class that holds `bytes`, or CHUNK_NO_CLASS. */
unsigned chunk_class(size_t bytes);

/*
 * At least `bytes` bytes, 64-aligned, not zeroed; *ret_class is for chunk_put().  NULL when out of
 * memory.  `cache` may be NULL on threads that have none: then the pool is asked.
 */
void *chunk_get(struct chunk_pool *pool, struct chunk_cache *cache, size_t bytes,
                unsigned *ret_class) PPH_NODISCARD;

/* Gives a chunk back; `bytes` as it was asked for. */
void chunk_put(struct chunk_pool *pool, struct chunk_cache *cache, void *chunk,
               unsigned chunk_class_of, size_t bytes);

/* Bytes of all chunks that exist: in use, in caches and waiting for reuse.  [any thread] */
uint64_t chunk_pool_bytes(const struct chunk_pool *pool);

/* Counts memory that is not the pool's as in use, or (negative) no longer.  [any thread] */
void chunk_account(struct chunk_pool *pool, struct chunk_cache *cache, int64_t bytes);

/*
 * Bytes of chunks and adopted memory in use, without what waits for reuse; exact but for what caches have not told
 * yet, each at most CHUNK_PRECISION_MAX.  [any thread]
 */
uint64_t chunk_pool_used(const struct chunk_pool *pool);

#endif /* FLOW_CHUNK_H */
