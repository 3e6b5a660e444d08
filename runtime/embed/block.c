/* SPDX-License-Identifier: MIT */
#include "embed/block.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "flow/chunk.h"

struct block_store {
    /* blocks that are out, and 1 for the pipeline.  Written by: whoever takes or gives a block back; release on drop
     * pairs with acquire by the one that drops the last (R1/A1 in unref()), who then frees it */
    _Atomic uint32_t refs;
    struct chunk_pool
        *pool; /* set before anyone else knows the store, never changed after */
};

struct block_store *block_store_new(void)
{
    struct block_store *store = malloc(sizeof(*store));

    if (!store)
        return NULL;
    atomic_init(&store->refs, 1);
    store->pool = chunk_pool_new();
    if (store->pool)
        return store;
    free(store);
    return NULL;
}

static void unref(struct block_store *store)
{
    /* R1, A1: what others have given back happens before it is freed */
    if (atomic_fetch_sub_explicit(&store->refs, 1, memory_order_acq_rel) > 1)
        return;
    chunk_pool_free(store->pool);
    free(store);
}

void block_store_leave(struct block_store *store)
{
    if (store)
        unref(store);
}

struct block *block_new(struct block_store *store, size_t cap, size_t room, uint32_t len)
{
    struct block *block;
    unsigned class;
    size_t size;

    PPH_ASSERT(cap <= UINT32_MAX);
    if (room > SIZE_MAX / 2)
        return NULL;
    /* one byte more, so that empty items have a place too */
    size = sizeof(*block) + cap * sizeof(struct pph_item) + room + 1;
    block = chunk_get(store->pool, NULL, size, &class);
    if (!block)
        return NULL;
    /* relaxed: the pipeline has a reference, so the count cannot reach 0 meanwhile */
    atomic_fetch_add_explicit(&store->refs, 1, memory_order_relaxed);
    *block = (struct block){.store = store,
                            .size = size,
                            .chunk_class = class,
                            .cap = (uint32_t)cap,
                            .len = len,
                            .room = room,
                            .payload = (unsigned char *)(block->items + cap)};
    return block;
}

void block_free(void *block)
{
    struct block *b = block;
    struct block_store *store;

    if (!b)
        return;
    store = b->store;
    chunk_put(store->pool, NULL, b, b->chunk_class, b->size);
    unref(store);
}

bool block_takes(const struct block *block, const struct portion *portion)
{
    if (block->room - block->used < portion->bytes)
        return false;
    if (block->len > 0)
        return portion->alike && portion->len == block->len;
    return block->cap - block->n >= portion->n;
}

bool block_is(const struct block *block, const struct portion *portion)
{
    return block->len == portion->len && block->first == 0 && block->n == portion->n &&
           portion->array == block->payload;
}

/* Copies one payload; a number without a call. */
static inline void copy(unsigned char *to, const void *from, uint32_t len)
{
    if (len == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else if (len > 0)
        memcpy(to, from, len);
}

static void put_alike(struct block *block, const struct portion *portion)
{
    unsigned char *to = block->payload + block->used;

    if (portion->array) {
        memcpy(to, portion->array, portion->bytes);
        return;
    }
    for (size_t k = 0; k < portion->n; k++, to += portion->len)
        copy(to, portion->items[k].data, portion->len);
}

static void put_each(struct block *block, const struct portion *portion)
{
    struct pph_item *out = block->items + block->n;
    unsigned char *to = block->payload + block->used;

    for (size_t k = 0; k < portion->n; k++) {
        const struct pph_item *from = portion->items ? &portion->items[k] : NULL;
        uint32_t len = from ? from->len : portion->len;

        copy(to, from ? from->data : portion->array + k * portion->len, len);
        out[k] = (struct pph_item){.data = to,
                                   .len = len,
                                   .flags = PPH_WRITABLE,
                                   .key = from ? from->key : 0,
                                   .pos = from ? from->pos : 0};
        to += len;
    }
}

void block_put(struct block *block, const struct portion *portion)
{
    PPH_ASSERT(block_takes(block, portion));
    if (block->len > 0)
        put_alike(block, portion);
    else
        put_each(block, portion);
    block->n += (uint32_t)portion->n;
    block->used += portion->bytes;
    block->bytes += portion->bytes;
}

uint32_t block_run(const struct block *block, uint32_t len, uint32_t most)
{
    uint32_t left = block_left(block);
    uint32_t n = 0;

    if (most > left)
        most = left;
    if (block->len > 0)
        return block->len == len ? most : 0;
    while (n < most && block->items[block->first + n].len == len)
        n++;
    return n;
}

size_t block_bytes(const struct block *block, uint32_t n)
{
    size_t sum = 0;

    if (block->len > 0)
        return (size_t)n * block->len;
    for (uint32_t k = 0; k < n; k++)
        sum += block->items[block->first + k].len;
    return sum;
}

void block_part(struct block *block, uint32_t n, struct block *part)
{
    struct portion portion = {
        .n = n, .bytes = block_bytes(block, n), .len = part->len, .alike = part->len > 0};

    if (block->len > 0)
        portion.array = block->payload + (size_t)block->first * block->len;
    else
        portion.items = block->items + block->first;
    block_put(part, &portion);
    block->first += n;
    block->bytes -= portion.bytes;
}

/*
 * Items that are alike are made and looked at by halves: address and a word of len, port and flags; key and pos.  The
 * compiler makes of the vectors what the CPU has.
 */
typedef uint64_t half __attribute__((vector_size(16)));

enum { FLAGS_SHIFT = 48 };

static_assert(offsetof(struct pph_item, len) == 8 &&
                  offsetof(struct pph_item, flags) == 14 &&
                  offsetof(struct pph_item, key) == sizeof(half) &&
                  sizeof(struct pph_item) == 2 * sizeof(half) &&
                  __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "len is the low half of the word, flags its high quarter");

void block_make_items(const struct block *block, uint32_t first, uint32_t n,
                      struct pph_item *ret_items)
{
    const unsigned char *data =
        block->payload + (size_t)(block->first + first) * block->len;
    const half step = {block->len, 0};
    const half none = {0, 0};
    half next = {(uintptr_t)data, block->len | (uint64_t)PPH_WRITABLE << FLAGS_SHIFT};

    PPH_ASSERT(block->len > 0);
    for (uint32_t k = 0; k < n; k++, next += step) {
        memcpy(&ret_items[k], &next, sizeof(next));
        memcpy(&ret_items[k].key, &none, sizeof(none));
    }
}

struct pph_items *block_show(struct block *block)
{
    block->given =
        (struct pph_items){.items = block->items + block->first, .n = block_left(block)};
    if (block->len > 0) {
        PPH_ASSERT(block->cap >= block->n);
        block_make_items(block, 0, block_left(block), block->given.items);
    }
    return &block->given;
}

struct pph_array *block_show_array(struct block *block)
{
    PPH_ASSERT(block->len > 0);
    block->array =
        (struct pph_array){.data = block->payload + (size_t)block->first * block->len,
                           .n = block_left(block),
                           .len = block->len};
    return &block->array;
}

/* What makes two items unlike. */
static bool differ(const struct pph_item *a, const struct pph_item *b)
{
    return a->len != b->len || a->key != b->key || a->pos != b->pos;
}

/* Whether all items are like the first one, which has neither key nor pos; and if they lie one behind the other. */
static bool are_alike(const struct pph_item *items, size_t n, bool *ret_adjacent)
{
    const half of_data = {UINT64_MAX, 0};
    const half of_len = {0, UINT32_MAX};
    const half step = {items[0].len, 0};
    half next = {(uintptr_t)items[0].data, items[0].len};
    half apart = {0, 0};
    half unlike = {0, 0};

    if (items[0].len == 0 || differ(&items[0], &items[n / 2]) ||
        differ(&items[0], &items[n - 1]))
        return false; /* most that are not */
    for (size_t k = 0; k < n; k++, next += step) {
        half front;
        half back;

        memcpy(&front, &items[k], sizeof(front));
        memcpy(&back, &items[k].key, sizeof(back));
        apart |= (front ^ next) & of_data;
        unlike |= ((front ^ next) & of_len) | back;
    }
    *ret_adjacent = apart[0] == 0;
    return (unlike[0] | unlike[1]) == 0;
}

struct portion portion_of(const struct pph_item *items, size_t n, size_t most,
                          size_t most_bytes)
{
    struct portion portion = {.items = items, .len = items[0].len};
    bool adjacent = false;

    if (n > most)
        n = most;
    if (n <= most_bytes / (portion.len + (size_t)1) && are_alike(items, n, &adjacent)) {
        portion.alike = true;
        portion.array = adjacent ? items[0].data : NULL;
        portion.n = n;
        portion.bytes = n * portion.len;
        return portion;
    }
    while (portion.n < n &&
           (portion.n == 0 || portion.bytes + items[portion.n].len <= most_bytes))
        portion.bytes += items[portion.n++].len;
    return portion;
}

struct portion portion_of_array(const void *array, size_t n, uint32_t len, size_t most,
                                size_t most_bytes)
{
    if (n > most)
        n = most;
    if (len > 0 && n > most_bytes / len)
        n = len < most_bytes ? most_bytes / len : 1;
    return (struct portion){
        .array = array, .n = n, .bytes = n * len, .len = len, .alike = len > 0};
}

struct portion portion_first(const struct portion *portion, size_t n)
{
    return portion->items
               ? portion_of(portion->items, n, n, SIZE_MAX)
               : portion_of_array(portion->array, n, portion->len, n, SIZE_MAX);
}

void pph_array_free(struct pph_array *array)
{
    if (array)
        block_free((char *)array - offsetof(struct block, array));
}

void pph_items_free(struct pph_items *items)
{
    if (items)
        block_free((char *)items - offsetof(struct block, given));
}
