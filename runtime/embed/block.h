/* SPDX-License-Identifier: MIT */
/*
 * A block: some items and their payload in one piece of memory, on its way between the program and a stage.
 *
 * Whoever has it owns it.  What is pulled is a block too: pph_items is the part of it that the program sees.  Blocks
 * are used again and again; the store that keeps them lives as long as the last of them.
 *
 * Many items that are alike, as numbers and structs are, have no pph_item in a block: that is four times as much memory as
 * a number.  The items are made for whoever is to see them, in memory that is still in the cache then.
 */
#ifndef EMBED_BLOCK_H
#define EMBED_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/pphost.h>

#include "base/assert.h"

struct block_store;

/* Some items as they go into a block. */
struct portion {
    const struct pph_item *items; /* NULL: they are an array */
    const unsigned char
        *array;   /* their payload, if it lies one behind the other; else NULL */
    size_t n;     /* at least 1 */
    size_t bytes; /* of payload */
    uint32_t len; /* of the first item's payload */
    bool alike;   /* it is not 0, and that of every item; none has a key or a position */
};

struct block {
    struct block *next;
    struct pph_items given; /* the items that are left, set by block_show() ... */
    struct pph_array array; /* ... or by block_show_array() */
    struct block_store *store;
    size_t size;          /* of all its memory */
    unsigned chunk_class; /* likewise */
    uint32_t n, cap;      /* items, those taken out among them, and room for pph_items */
    uint32_t first;       /* the first one that is left */
    uint32_t len;         /* alike: of each item's payload; 0: they are not alike */
    size_t bytes;         /* of payload: of the items that are left */
    size_t used, room;    /* likewise: of all items, and there is */
    unsigned char *payload; /* behind the items */
    _Alignas(16) struct pph_item items[];
};

/* NULL: no memory.  The caller lets go of it with block_store_leave(). */
struct block_store *block_store_new(void) PPH_NODISCARD;

/* No more blocks will be asked for.  The store goes with the last block that is out.  NULL is allowed. */
void block_store_leave(struct block_store *store);

/*
 * An empty one for so many bytes, and so many items that are made: `cap` is 0 for alike ones that become an array.
 * `len` is that of alike items, else 0.  NULL: no memory.  Takes a lock.  [any thread]
 */
struct block *block_new(struct block_store *store, size_t cap, size_t room,
                        uint32_t len) PPH_NODISCARD;

/* NULL is allowed; `block` is a struct block, so that plugins' release() can be this.  Takes a lock.  [any thread] */
void block_free(void *block);

/* How many items are left. */
static inline uint32_t block_left(const struct block *block)
{
    return block->n - block->first;
}

/* Whether the portion can go in. */
bool block_takes(const struct block *block, const struct portion *portion);

/* Whether the items of the portion, which are one behind the other, are all that is in the block. */
bool block_is(const struct block *block, const struct portion *portion);

/* Copies it in, for which there is room. */
void block_put(struct block *block, const struct portion *portion);

/*
 * Copies the first `n` items that are left into `part`, which is empty and has room for them, and takes them out.  Into one
 * of alike items go those that have as many bytes; keys and positions are lost.
 */
void block_part(struct block *block, uint32_t n, struct block *part);

/* So many of the items that are left have `len` bytes before one has not, but at most `most`. */
uint32_t block_run(const struct block *block, uint32_t len, uint32_t most);

/* The payload of the first `n` items that are left. */
size_t block_bytes(const struct block *block, uint32_t n);

/* Makes n of the items that are left, from the `first` on; they point into the block. */
void block_make_items(const struct block *block, uint32_t first, uint32_t n,
                      struct pph_item *ret_items);

/* Makes all that are left, in the block, which has room for them. */
struct pph_items *block_show(struct block *block);

/* Shows those of a block of alike items as an array. */
struct pph_array *block_show_array(struct block *block);

/* As many of the n (at least 1) items as go into one block that may hold so many, and so many bytes; at least one. */
struct portion portion_of(const struct pph_item *items, size_t n, size_t most,
                          size_t most_bytes);

/* The same of items of `len` bytes each that lie one behind the other. */
struct portion portion_of_array(const void *array, size_t n, uint32_t len, size_t most,
                                size_t most_bytes);

/* The first `n` (at least 1) of them. */
struct portion portion_first(const struct portion *portion, size_t n);

#endif /* EMBED_BLOCK_H */
