/* SPDX-License-Identifier: MIT */
#include "flow/buf.h"

#include <assert.h>
#include <stdatomic.h>

enum { BUF_HEADER = 128 }; /* keeps the count's cache line apart from the payload */

static_assert(sizeof(struct buf) <= BUF_HEADER, "the header must fit before the payload");
static_assert(BUF_HEADER + BUF_TAIL <= CHUNK_EXTRA,
              "2^n bytes of payload must fit their class");

static struct buf *header_new(struct chunk_pool *pool, struct chunk_cache *cache,
                              size_t bytes)
{
    unsigned class;
    struct buf *b = chunk_get(pool, cache, bytes, &class);

    if (!b)
        return NULL;
    *b = (struct buf){.chunk_class = class, .pool = pool};
    atomic_init(&b->refs, 1);
    return b;
}

struct buf *buf_new(struct chunk_pool *pool, struct chunk_cache *cache, size_t len)
{
    size_t bytes;
    struct buf *b;

    if (__builtin_add_overflow(len, (size_t)BUF_HEADER + (size_t)BUF_TAIL, &bytes))
        return NULL;
    b = header_new(pool, cache, bytes);
    if (!b)
        return NULL;
    b->data = (uint8_t *)b + BUF_HEADER;
    b->len = len;
    b->cost =
        b->chunk_class == CHUNK_NO_CLASS ? bytes : chunk_class_bytes[b->chunk_class];
    return b;
}

struct buf *buf_adopt(struct chunk_pool *pool, struct chunk_cache *cache,
                      const void *data, size_t len, void (*release)(void *arg), void *arg)
{
    struct buf *b = header_new(pool, cache, sizeof(*b));

    if (!b)
        return NULL;
    b->data = (uint8_t *)(uintptr_t)data; /* written only if an item says PPH_WRITABLE */
    b->len = len;
    b->cost = len + chunk_class_bytes[b->chunk_class];
    b->release = release;
    b->arg = arg;
    if (release) /* else it lives as long as the run, whatever flows */
        chunk_account(pool, cache, (int64_t)len);
    return b;
}

void buf_ref(struct buf *b)
{
    /* relaxed: the caller holds a reference already, so the count cannot reach 0 meanwhile */
    uint32_t before = atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);

    PPH_ASSERT(before > 0);
}

void buf_unref(struct buf *b, struct chunk_cache *cache)
{
    /* R1, A1: what others did with the payload happens before it is used anew */
    uint32_t before = atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel);
    size_t bytes;

    PPH_ASSERT(before > 0);
    if (before > 1)
        return;
    if (b->release) {
        b->release(b->arg);
        chunk_account(b->pool, cache, -(int64_t)b->len);
    }
    bytes = b->chunk_class == CHUNK_NO_CLASS ? b->cost : 0;
    chunk_put(b->pool, cache, b, b->chunk_class, bytes);
}

bool buf_is_unshared(struct buf *b)
{
    return atomic_load_explicit(&b->refs, memory_order_acquire) == 1; /* A1 */
}
