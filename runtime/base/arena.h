/* SPDX-License-Identifier: MIT */
/*
 * Many small allocations that are freed all at once: what a pipeline description is made of.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/assert.h"

struct arena;

/* Returns NULL when out of memory.  The caller gives it back to arena_free(). */
struct arena *arena_new(void);

/* Frees the arena and everything allocated from it.  NULL is allowed. */
void arena_free(struct arena *arena);

/* Moves everything allocated from `from` to `into` and frees `from`; NULL is allowed.  Cannot fail. */
void arena_absorb(struct arena *into, struct arena *from);

/* `size` zeroed bytes, 16-aligned, that live as long as the arena; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size) PPH_NODISCARD;

/* Room for `count` zeroed elements; NULL when out of memory or when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size) PPH_NODISCARD;

/* A copy of `len` bytes with a NUL behind them; NULL when out of memory. */
char *arena_copy(struct arena *arena, const char *text, size_t len) PPH_NODISCARD;

/* A formatted string; NULL when out of memory. */
char *arena_printf(struct arena *arena, const char *format, ...) PPH_NODISCARD
    PPH_PRINTF(2, 3);

#endif /* BASE_ARENA_H */
