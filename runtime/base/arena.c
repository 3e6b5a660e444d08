/* SPDX-License-Identifier: MIT */
/*
 * Chunks of 64 KiB, filled from the front; an allocation that does not fit in a fresh one gets a
 * chunk of its own.  Nothing is ever given back before arena_free().
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    ALIGN = 16,
    CHUNK_BYTES = 64 * 1024, /* a description of some stages fits in one */
};

struct chunk {
    struct chunk *next;
    size_t used, cap; /* of `data` */
    _Alignas(ALIGN) unsigned char data[];
};

struct arena {
    struct chunk *chunks; /* the one that is being filled comes first */
};

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof(*arena));

    if (!arena)
        memory_failed();
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *c = arena->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(arena);
}

void arena_absorb(struct arena *into, struct arena *from)
{
    struct chunk **end = &into->chunks;

    PPH_ASSERT(into != from);
    if (!from)
        return;
    while (*end) /* behind the chunk that is being filled */
        end = &(*end)->next;
    *end = from->chunks;
    free(from);
}

/* A new chunk with room for `size` bytes; big ones go behind the one being filled. */
static struct chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t cap = size > CHUNK_BYTES / 4 ? size : CHUNK_BYTES;
    struct chunk *chunk;

    if (cap > SIZE_MAX - sizeof(*chunk))
        return NULL;
    chunk = calloc(1, sizeof(*chunk) + cap);
    if (!chunk) {
        memory_failed();
        return NULL;
    }
    chunk->cap = cap;
    if (arena->chunks && cap != CHUNK_BYTES) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct chunk *chunk = arena->chunks;
    size_t need;
    void *result;

    if (size > SIZE_MAX - ALIGN)
        return NULL;
    need = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (need == 0)
        need = ALIGN; /* two empty allocations are still two */
    if (!chunk || chunk->cap - chunk->used < need) {
        chunk = add_chunk(arena, need);
        if (!chunk)
            return NULL;
    }
    result = chunk->data + chunk->used;
    chunk->used += need;
    PPH_DEBUG_ASSERT(chunk->used <= chunk->cap);
    return result;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return arena_alloc(arena, bytes);
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
    char *copy;

    if (len == SIZE_MAX)
        return NULL;
    copy = arena_alloc(arena, len + 1);
    if (copy && len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    text = arena_alloc(arena, (size_t)len + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}
