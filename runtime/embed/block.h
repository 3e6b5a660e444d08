/* SPDX-License-Identifier: MIT */
/*
 * A block: some items and their payload in one piece of memory, on its way between the program and a stage.
 *
 * Whoever has it owns it.  What is pulled is a block too: pph_items is the part of it that the program sees.
 */
#ifndef EMBED_BLOCK_H
#define EMBED_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/pphost.h>

#include "base/assert.h"

struct block {
    struct block *next;
    struct pph_items given; /* the items that were not given out yet */
    uint32_t n, cap;
    size_t bytes, room;     /* of payload: of the items that are left; there */
    unsigned char *payload; /* behind the items */
    struct pph_item items[];
};

/* An empty one for so many items and bytes.  NULL: no memory. */
struct block *block_new(size_t cap, size_t room) PPH_NODISCARD;

/* NULL is allowed; `block` is a struct block, so that plugins' release() can be this. */
void block_free(void *block);

/* Whether n items of `bytes` bytes together fit in. */
bool block_has_room(const struct block *block, size_t n, size_t bytes);

/* Adds copies of n items, for which there is room. */
void block_add(struct block *block, const struct pph_item *items, size_t n);

/* The sum of the items' payload. */
size_t items_bytes(const struct pph_item *items, size_t n);

#endif /* EMBED_BLOCK_H */
