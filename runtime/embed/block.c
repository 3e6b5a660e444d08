/* SPDX-License-Identifier: MIT */
#include "embed/block.h"

#include <stdlib.h>
#include <string.h>

struct block *block_new(size_t cap, size_t room)
{
    struct block *block;

    PPH_ASSERT(cap > 0 && cap <= UINT32_MAX);
    if (room > SIZE_MAX / 2)
        return NULL;
    /* one byte more, so that empty items have a place too */
    block = malloc(sizeof(*block) + cap * sizeof(struct pph_item) + room + 1);
    if (!block)
        return NULL;
    *block = (struct block){.cap = (uint32_t)cap,
                            .room = room,
                            .payload = (unsigned char *)(block->items + cap)};
    block->given.items = block->items;
    return block;
}

void block_free(void *block)
{
    free(block);
}

bool block_has_room(const struct block *block, size_t n, size_t bytes)
{
    return block->cap - block->n >= n && block->room - block->bytes >= bytes;
}

void block_add(struct block *block, const struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        unsigned char *to = block->payload + block->bytes;

        PPH_ASSERT(block_has_room(block, 1, items[k].len));
        if (items[k].len > 0)
            memcpy(to, items[k].data, items[k].len);
        block->items[block->n++] = (struct pph_item){.data = to,
                                                     .len = items[k].len,
                                                     .flags = PPH_WRITABLE,
                                                     .key = items[k].key,
                                                     .pos = items[k].pos};
        block->bytes += items[k].len;
    }
    block->given.n += n;
}

size_t items_bytes(const struct pph_item *items, size_t n)
{
    size_t sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += items[k].len;
    return sum;
}

void pph_items_free(struct pph_items *items)
{
    if (items)
        block_free((char *)items - offsetof(struct block, given));
}
