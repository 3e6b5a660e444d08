/* SPDX-License-Identifier: MIT */
#include "flow/scope.h"

#include <stdlib.h>

/* An arena with less left than this is not kept for the next call. */
enum { ARENA_ROOM = 4 << 10 };

bool scope_add(struct scope *scope, struct buf *buf, const struct batch_memory *memory)
{
    if (scope->n == scope->cap) {
        size_t cap = scope->cap ? 2 * scope->cap : 8;
        struct buf **bigger = reallocarray(scope->bufs, cap, sizeof(struct buf *));

        if (!bigger) {
            buf_unref(buf, memory->cache);
            return false;
        }
        scope->bufs = bigger;
        scope->cap = cap;
    }
    scope->bufs[scope->n++] = buf;
    scope->cost += buf->cost;
    return true;
}

static void *alloc_buf(struct scope *scope, const struct batch_memory *memory, size_t len)
{
    struct buf *buf = buf_new(memory->pool, memory->cache, len);

    if (!buf || !scope_add(scope, buf, memory))
        return NULL;
    scope->hit = buf; /* it will be emitted next, most likely */
    return buf->data;
}

void *scope_alloc(struct scope *scope, const struct batch_memory *memory, size_t len)
{
    size_t need = (len + 15) & ~(size_t)15;
    uint8_t *piece;

    if (len > BUF_PIECE_MAX)
        return alloc_buf(scope, memory, len);
    if (need == 0)
        need = 16; /* every allocation has an address of its own */
    if (!scope->arena || scope->arena->len - scope->arena_used < need) {
        if (!alloc_buf(scope, memory, BUF_ARENA))
            return NULL;
        scope->arena = scope->hit;
        scope->arena_used = 0;
    }
    piece = scope->arena->data + scope->arena_used;
    scope->arena_used += need;
    scope->hit = scope->arena; /* likewise */
    return piece;
}

void scope_set_input(struct scope *scope, const struct batch *input,
                     const struct batch *parts)
{
    scope->input = input;
    scope->parts = parts;
    scope->near = NULL;
}

static struct buf *find_in(const struct batch *batch, const void *data, size_t len)
{
    for (unsigned i = 0; i < batch->n_bufs; i++) {
        if (buf_holds(batch->bufs[i], data, len))
            return batch->bufs[i];
    }
    return NULL;
}

/* Looks where the last one was found and behind it, and then in front of it: most go on in their order. */
static struct buf *find_in_parts(struct scope *scope, const void *data, size_t len)
{
    const struct batch *from = scope->near ? scope->near : scope->parts;
    const struct batch *part = from;

    do {
        struct buf *buf = find_in(part, data, len);

        if (buf) {
            scope->near = part;
            return buf;
        }
        part = part->next ? part->next : scope->parts;
    } while (part != from);
    return NULL;
}

struct buf *scope_find(struct scope *scope, const void *data, size_t len)
{
    struct buf *found = NULL;

    if (scope->hit && buf_holds(scope->hit, data, len))
        return scope->hit;
    for (size_t i = scope->n; i-- > 0;) { /* the newest is the likeliest */
        if (buf_holds(scope->bufs[i], data, len))
            return scope->hit = scope->bufs[i];
    }
    if (scope->input)
        found = find_in(scope->input, data, len);
    if (!found && scope->parts && len > BUF_PIECE_MAX) /* it takes longer to copy */
        found = find_in_parts(scope, data, len);
    if (found)
        scope->hit = found;
    return found;
}

void scope_trim(struct scope *scope, const struct batch_memory *memory, size_t keep)
{
    while (scope->n > keep) {
        struct buf *buf = scope->bufs[--scope->n];

        scope->cost -= buf->cost;
        if (buf == scope->arena)
            scope->arena = NULL;
        buf_unref(buf, memory->cache);
    }
    scope->hit = NULL;
}

/* Whether the next call can go on allocating from the arena. */
static bool arena_has_room(struct scope *scope)
{
    if (!scope->arena)
        return false;
    if (buf_is_unshared(scope->arena))
        scope->arena_used = 0;
    return scope->arena->len - scope->arena_used >= ARENA_ROOM;
}

/* Puts the arena in front of the other buffers. */
static void put_first(struct scope *scope)
{
    size_t at = 0;

    while (scope->bufs[at] != scope->arena)
        at++;
    scope->bufs[at] = scope->bufs[0];
    scope->bufs[0] = scope->arena;
}

void scope_end(struct scope *scope, const struct batch_memory *memory)
{
    bool keep = arena_has_room(scope);

    if (keep) /* with the reference it has: two atomic operations less for each call */
        put_first(scope);
    scope_trim(scope, memory, keep);
    scope_set_input(scope, NULL, NULL);
}

void scope_fini(struct scope *scope, const struct batch_memory *memory)
{
    scope_trim(scope, memory, 0);
    free(scope->bufs);
    *scope = (struct scope){0};
}
