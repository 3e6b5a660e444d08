/* SPDX-License-Identifier: MIT */
#include "flow/chunk.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/lock_order.h"

/* Small batches; a batch of 1,024 items in the third; then powers of two of payload. */
const size_t chunk_class_bytes[CHUNK_CLASSES] = {
    512,
    4096,
    (32 << 10) + CHUNK_EXTRA,
    (64 << 10) + CHUNK_EXTRA,
    (128 << 10) + CHUNK_EXTRA,
    (256 << 10) + CHUNK_EXTRA,
    (512 << 10) + CHUNK_EXTRA,
    (1 << 20) + CHUNK_EXTRA,
    (2 << 20) + CHUNK_EXTRA,
};

struct idle_chunk {
    struct idle_chunk *next;
};

struct chunk_pool {
    /* set before any thread knows the pool */
    uint64_t idle_bytes_max;
    int64_t precision;
    struct mutex lock;
    struct idle_chunk *idle[CHUNK_CLASSES] GUARDED_BY(lock);
    uint64_t idle_bytes GUARDED_BY(lock);
    /* written by: whoever maps or unmaps; read by: anyone; relaxed: a figure for show and tests */
    _Atomic uint64_t bytes;
    /* Chunks in use and adopted memory, as far as caches have told; below zero while a cache that gave has told and
     * one that took has not.  Written by: anyone; read by: anyone; see budget-note in exec/budget.c */
    _Alignas(64) _Atomic int64_t used;
};

struct chunk_pool *chunk_pool_new(void)
{
    struct chunk_pool *pool = aligned_alloc(64, sizeof(*pool));

    if (!pool)
        return NULL;
    *pool = (struct chunk_pool){.idle_bytes_max = CHUNK_IDLE_BYTES_MAX,
                                .precision = CHUNK_PRECISION_MAX};
    mutex_init(&pool->lock);
    lock_order_set(&pool->lock, "chunk_pool.lock", LOCKS_ALONE, 0);
    return pool;
}

void chunk_pool_limit(struct chunk_pool *pool, uint64_t bytes, unsigned caches)
{
    if (bytes / 8 < pool->idle_bytes_max)
        pool->idle_bytes_max = bytes / 8;
    if (bytes / 8 / caches < CHUNK_PRECISION_MAX)
        pool->precision = (int64_t)(bytes / 8 / caches);
}

static size_t size_of(unsigned class, size_t bytes)
{
    return class == CHUNK_NO_CLASS ? bytes : chunk_class_bytes[class];
}

static void *memory_get(struct chunk_pool *pool, unsigned class, size_t bytes)
{
    size_t size = size_of(class, bytes);
    void *chunk;

    if (class < CHUNK_BIG_CLASS) {
        chunk = aligned_alloc(64, (size + 63) & ~(size_t)63);
    } else {
        chunk =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == MAP_FAILED)
            chunk = NULL;
    }
    if (chunk)
        atomic_fetch_add_explicit(&pool->bytes, size, memory_order_relaxed);
    return chunk;
}

static void memory_put(struct chunk_pool *pool, void *chunk, unsigned class, size_t bytes)
{
    size_t size = size_of(class, bytes);

    atomic_fetch_sub_explicit(&pool->bytes, size, memory_order_relaxed);
    if (class < CHUNK_BIG_CLASS) {
        free(chunk);
    } else {
        int rc = munmap(chunk, size);

        PPH_ASSERT(rc == 0);
    }
}

void chunk_pool_free(struct chunk_pool *pool)
{
    if (!pool)
        return;
    for (unsigned class = 0; class < CHUNK_CLASSES; class ++) {
        for (struct idle_chunk *c = pool->idle[class], *next; c; c = next) {
            next = c->next;
            memory_put(pool, c, class, 0);
        }
    }
    PPH_ASSERT(atomic_load_explicit(&pool->bytes, memory_order_relaxed) == 0);
    mutex_fini(&pool->lock);
    free(pool);
}

void chunk_cache_init(struct chunk_cache *cache, struct chunk_pool *pool)
{
    *cache = (struct chunk_cache){.pool = pool, .precision = pool->precision};
}

void chunk_cache_settle(struct chunk_cache *cache)
{
    if (cache->untold == 0)
        return;
    atomic_fetch_add_explicit(&cache->pool->used, cache->untold,
                              memory_order_seq_cst); /* see budget-note */
    cache->untold = 0;
}

void chunk_account(struct chunk_pool *pool, struct chunk_cache *cache, int64_t bytes)
{
    if (!cache) {
        atomic_fetch_add_explicit(&pool->used, bytes,
                                  memory_order_seq_cst); /* see budget-note */
        return;
    }
    cache->untold += bytes;
    if (cache->untold > cache->precision || cache->untold < -cache->precision)
        chunk_cache_settle(cache);
}

unsigned chunk_class(size_t bytes)
{
    unsigned class = 0;

    while (class < CHUNK_CLASSES && chunk_class_bytes[class] < bytes)
        class ++;
    return class;
}

/* Gives `n` chunks to the pool, or back to the system when it keeps enough already. */
static void pool_put(struct chunk_pool *pool, void **chunks, unsigned n, unsigned class)
{
    unsigned kept = 0;

    mutex_lock(&pool->lock);
    while (kept < n &&
           pool->idle_bytes + chunk_class_bytes[class] <= pool->idle_bytes_max) {
        struct idle_chunk *c = chunks[kept++];

        c->next = pool->idle[class];
        pool->idle[class] = c;
        pool->idle_bytes += chunk_class_bytes[class];
    }
    mutex_unlock(&pool->lock);
    while (kept < n)
        memory_put(pool, chunks[kept++], class, 0);
}

/* Takes up to `n` idle chunks; returns how many. */
static unsigned pool_get(struct chunk_pool *pool, void **ret_chunks, unsigned n,
                         unsigned class)
{
    unsigned got = 0;

    mutex_lock(&pool->lock);
    while (got < n && pool->idle[class]) {
        struct idle_chunk *c = pool->idle[class];

        pool->idle[class] = c->next;
        pool->idle_bytes -= chunk_class_bytes[class];
        ret_chunks[got++] = c;
    }
    mutex_unlock(&pool->lock);
    return got;
}

void chunk_cache_fini(struct chunk_cache *cache)
{
    chunk_cache_settle(cache);
    for (unsigned class = 0; class < CHUNK_BIG_CLASS; class ++) {
        pool_put(cache->pool, cache->slots[class], cache->n[class], class);
        cache->n[class] = 0;
    }
}

/* A chunk of the class from the cache, the pool or the system; NULL: no memory. */
static void *take(struct chunk_pool *pool, struct chunk_cache *cache, unsigned class,
                  size_t bytes)
{
    void *chunk;

    if (class >= CHUNK_BIG_CLASS || !cache) {
        if (class < CHUNK_CLASSES && pool_get(pool, &chunk, 1, class) == 1)
            return chunk;
        return memory_get(pool, class, bytes);
    }
    if (cache->n[class] == 0)
        cache->n[class] =
            pool_get(pool, cache->slots[class], CHUNK_CACHE_SLOTS / 2, class);
    if (cache->n[class] == 0)
        return memory_get(pool, class, bytes);
    return cache->slots[class][--cache->n[class]];
}

void *chunk_get(struct chunk_pool *pool, struct chunk_cache *cache, size_t bytes,
                unsigned *ret_class)
{
    unsigned class = chunk_class(bytes);
    void *chunk = take(pool, cache, class, bytes);

    *ret_class = class;
    if (chunk)
        chunk_account(pool, cache, (int64_t)size_of(class, bytes));
    return chunk;
}

void chunk_put(struct chunk_pool *pool, struct chunk_cache *cache, void *chunk,
               unsigned chunk_class_of, size_t bytes)
{
    unsigned class = chunk_class_of;

    chunk_account(pool, cache, -(int64_t)size_of(class, bytes));
    if (class == CHUNK_NO_CLASS) {
        memory_put(pool, chunk, class, bytes);
        return;
    }
    if (class >= CHUNK_BIG_CLASS || !cache) {
        pool_put(pool, &chunk, 1, class);
        return;
    }
    if (cache->n[class] == CHUNK_CACHE_SLOTS) { /* the colder half goes */
        unsigned half = CHUNK_CACHE_SLOTS / 2;

        pool_put(pool, cache->slots[class], half, class);
        for (unsigned i = 0; i < half; i++)
            cache->slots[class][i] = cache->slots[class][half + i];
        cache->n[class] = half;
    }
    cache->slots[class][cache->n[class]++] = chunk;
}

uint64_t chunk_pool_bytes(const struct chunk_pool *pool)
{
    return atomic_load_explicit(&pool->bytes, memory_order_relaxed);
}

uint64_t chunk_pool_used(const struct chunk_pool *pool)
{
    int64_t used =
        atomic_load_explicit(&pool->used, memory_order_seq_cst); /* see budget-note */

    return used > 0 ? (uint64_t)used : 0;
}
