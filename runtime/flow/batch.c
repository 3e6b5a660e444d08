/* SPDX-License-Identifier: MIT */
#include "flow/batch.h"

#include <assert.h>
#include <string.h>

enum { SCAN_LEAST = 4 }; /* items; fewer are looked at one by one */

static struct batch *chunk_to_batch(const struct batch_memory *memory, uint32_t cap)
{
    size_t bytes = sizeof(struct batch) + cap * sizeof(struct pph_item);
    unsigned class;
    struct batch *batch;

    PPH_ASSERT(cap <= BATCH_ITEMS_MAX);
    batch = chunk_get(memory->pool, memory->cache, bytes, &class);
    if (!batch)
        return NULL;
    *batch =
        (struct batch){.chunk_class = (uint8_t) class, .cost = chunk_class_bytes[class]};
    bytes = chunk_class_bytes[class] - sizeof(*batch);
    batch->cap = (uint32_t)(bytes / sizeof(struct pph_item));
    if (batch->cap > BATCH_ITEMS_MAX)
        batch->cap = BATCH_ITEMS_MAX;
    return batch;
}

struct batch *batch_new(const struct batch_memory *memory, uint32_t cap,
                        struct root *root)
{
    struct batch *batch = chunk_to_batch(memory, cap);

    if (batch)
        batch->root = root_ref(root);
    return batch;
}

/* Gives back the memory alone; references have gone elsewhere. */
static void batch_discard(struct batch *batch, const struct batch_memory *memory)
{
    chunk_put(memory->pool, memory->cache, batch, batch->chunk_class, 0);
}

void batch_forget_letters(struct batch *batch, const struct batch_memory *memory)
{
    if (!batch->letters)
        return;
    batch->cost -= batch->letters->cost;
    buf_unref(batch->letters, memory->cache);
    batch->letters = NULL;
}

void batch_free(struct batch *batch, const struct batch_memory *memory)
{
    if (!batch)
        return;
    for (unsigned i = 0; i < batch->n_bufs; i++)
        buf_unref(batch->bufs[i], memory->cache);
    batch_forget_letters(batch, memory);
    root_unref(batch->root, memory->cache);
    batch_discard(batch, memory);
}

struct batch *batch_grow(struct batch *batch, const struct batch_memory *memory,
                         uint32_t cap)
{
    struct batch *bigger = chunk_to_batch(memory, cap);

    if (!bigger)
        return NULL;
    PPH_ASSERT(bigger->cap >= batch->n);
    bigger->n = batch->n;
    bigger->n_bufs = batch->n_bufs;
    bigger->port = batch->port;
    bigger->dead = batch->dead;
    bigger->payload = batch->payload;
    bigger->cost += batch->cost - chunk_class_bytes[batch->chunk_class];
    bigger->root = batch->root;
    bigger->letters = batch->letters;
    memcpy(bigger->bufs, batch->bufs, sizeof(batch->bufs));
    memcpy(bigger->items, batch->items, batch->n * sizeof(struct pph_item));
    batch_discard(batch, memory);
    return bigger;
}

/* What is known of the letters of one batch is known of the other's, too. */
static void share_letters(struct batch *to, const struct batch *batch)
{
    if (batch->letters)
        buf_ref(batch->letters);
    to->letters = batch->letters;
}

struct batch *batch_clone(struct batch *batch, const struct batch_memory *memory)
{
    struct batch *clone = batch_new(memory, batch->n, batch->root);

    if (!clone)
        return NULL;
    for (uint32_t i = 0; i < batch->n; i++) {
        batch->items[i].flags &= (uint16_t)~PPH_WRITABLE;
        clone->items[i] = batch->items[i];
    }
    for (unsigned i = 0; i < batch->n_bufs; i++) {
        buf_ref(batch->bufs[i]);
        clone->bufs[i] = batch->bufs[i];
    }
    share_letters(clone, batch);
    clone->n = batch->n;
    clone->n_bufs = batch->n_bufs;
    clone->port = batch->port;
    clone->dead = batch->dead;
    clone->payload = batch->payload;
    clone->cost += batch->cost - chunk_class_bytes[batch->chunk_class];
    return clone;
}

/* The buffer of the batch that holds the item. */
static struct buf *buf_of(const struct batch *batch, const struct pph_item *item)
{
    for (unsigned i = 0; i < batch->n_bufs; i++) {
        if (buf_holds(batch->bufs[i], item->data, item->len))
            return batch->bufs[i];
    }
    PPH_UNREACHABLE("an item lies in a buffer that its batch pins");
}

/* Holds on to a buffer of another batch, whose bounds were seen to already. */
static void share_buf(struct batch *batch, struct buf *buf)
{
    for (unsigned i = 0; i < batch->n_bufs; i++) {
        if (batch->bufs[i] == buf)
            return;
    }
    PPH_ASSERT(batch->n_bufs < BATCH_BUFS_MAX);
    buf_ref(buf);
    batch->bufs[batch->n_bufs++] = buf;
    batch->cost += buf->cost;
}

struct batch *batch_pick(const struct batch *batch, const struct batch_memory *memory,
                         const uint16_t *index, uint32_t n)
{
    struct batch *some = batch_new(memory, n, batch->root);
    struct buf *last = NULL;

    if (!some)
        return NULL;
    for (uint32_t k = 0; k < n; k++) {
        const struct pph_item *item = &batch->items[index[k]];

        if (item->len > 0 && (!last || !buf_holds(last, item->data, item->len))) {
            last = buf_of(batch, item);
            share_buf(some, last);
        }
        some->items[k] = *item;
        some->payload += item->len;
    }
    if (batch->letters) {
        share_letters(some, batch);
        some->cost += batch->letters->cost;
    }
    some->n = n;
    some->port = batch->port;
    some->dead = batch->dead;
    return some;
}

size_t batch_cost_divided(const struct batch *batch, uint32_t n)
{
    size_t own = chunk_class_bytes[batch->chunk_class];
    size_t pinned = n * (batch->cost - own);
    size_t most = BATCH_PIN_RATIO * batch->payload + n * (size_t)BATCH_PIN_FREE;

    return n * own + (pinned < most ? pinned : most);
}

bool batch_pin(struct batch *batch, struct buf *buf)
{
    for (unsigned i = batch->n_bufs; i-- > 0;) { /* the newest is the likeliest */
        if (batch->bufs[i] == buf)
            return true;
    }
    if (batch->n_bufs == BATCH_BUFS_MAX)
        return false;
    if (batch->n > 0 && batch->cost + buf->cost > BATCH_COST_MAX)
        return false;
    buf_ref(buf);
    batch->bufs[batch->n_bufs++] = buf;
    batch->cost += buf->cost;
    return true;
}

/*
 * It looks at every item of every batch, so at two of them at a time: an item's first 16 bytes are its
 * address, and a word of len, port and flags.  The compiler makes of the vectors what the CPU has.
 */
typedef int64_t pair __attribute__((vector_size(16)));

static_assert(offsetof(struct pph_item, len) == 8 &&
                  offsetof(struct pph_item, port) == 12 &&
                  __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "len is the low half of the word, port comes above it");

static pair load_pair(const struct pph_item *item)
{
    pair p;

    memcpy(&p, item, sizeof(p));
    return p;
}

static pair both(int64_t value)
{
    return (pair){value, value};
}

/*
 * Whether all items lie in `buf` and leave by `port`; copies them to `out`, if not NULL, on the way.
 * (A second pass by memcpy was three times as slow: `rep movsb` at an unlucky alignment.)
 */
static inline bool scan(const struct pph_item *items, size_t n, const struct buf *buf,
                        uint16_t port, struct pph_item *out, size_t *ret_payload)
{
    const pair start = both((int64_t)(uintptr_t)buf->data);
    const pair end = start + both((int64_t)buf->len);
    pair outside = {0,
                    0};  /* negative: some item begins before start or ends behind end */
    pair ports = {0, 0}; /* not 0: some item leaves by another port */
    pair payload = {0, 0};

    for (size_t k = 0; k < n; k += 2) {
        size_t next = k + 1 < n ? k + 1 : k;
        pair one = load_pair(&items[k]);
        pair two = load_pair(&items[next]);
        pair data = __builtin_shufflevector(one, two, 0, 2);
        pair word = __builtin_shufflevector(one, two, 1, 3);
        pair len = word & both(UINT32_MAX);

        outside |= (data - start) | (end - data - len);
        ports |= (word >> 32 & both(UINT16_MAX)) ^ both(port);
        payload += len;
        if (out) {
            out[k] = items[k];
            out[next] = items[next];
        }
    }
    if (n % 2)
        payload[1] -= items[n - 1].len; /* it was taken twice */
    *ret_payload = (size_t)(payload[0] + payload[1]);
    return (outside[0] | outside[1]) >= 0 && (ports[0] | ports[1]) == 0;
}

bool items_lie_in(const struct pph_item *items, size_t n, const struct buf *buf,
                  uint16_t port, size_t *ret_payload)
{
    return scan(items, n, buf, port, NULL, ret_payload);
}

/* The same item by item, until one does not fit. */
static size_t append_some(struct batch *batch, const struct pph_item *items, size_t n,
                          const struct buf *buf, uint16_t port)
{
    struct pph_item *out = batch->items + batch->n;
    size_t payload = batch->payload;
    size_t taken = 0;

    while (taken < n && payload < BATCH_PAYLOAD_MAX && items[taken].port == port &&
           buf_holds(buf, items[taken].data, items[taken].len)) {
        out[taken] = items[taken];
        payload += items[taken].len;
        taken++;
    }
    batch->payload = payload;
    return taken;
}

size_t batch_append(struct batch *batch, const struct pph_item *items, size_t n,
                    const struct buf *buf, uint16_t port, uint32_t limit)
{
    struct pph_item *out = batch->items + batch->n;
    size_t payload;

    PPH_ASSERT(limit <= batch->cap && batch->n <= limit);
    if (n > limit - batch->n)
        n = limit - batch->n;
    if (n >= SCAN_LEAST && scan(items, n, buf, port, out, &payload) &&
        batch->payload + payload <= BATCH_PAYLOAD_MAX)
        batch->payload += payload;
    else
        n = append_some(batch, items, n, buf, port);
    for (size_t k = 0; port != 0 && k < n; k++)
        out[k].port = 0;
    batch->n += (uint32_t)n;
    return n;
}

void batch_compact(struct batch *batch, const struct batch_memory *memory)
{
    size_t letters = batch->letters ? batch->letters->cost : 0;
    size_t pinned = batch->cost - chunk_class_bytes[batch->chunk_class] - letters;
    struct buf *copy;
    size_t used = 0;

    if (batch->n_bufs == 0 || pinned <= BATCH_PIN_RATIO * batch->payload + BATCH_PIN_FREE)
        return;
    copy = buf_new(memory->pool, memory->cache, batch->payload + 1);
    if (!copy)
        return;
    for (uint32_t i = 0; i < batch->n; i++) {
        struct pph_item *it = &batch->items[i];

        if (it->len > 0)
            memcpy(copy->data + used, it->data, it->len);
        it->data = copy->data + used;
        used += it->len;
    }
    for (unsigned i = 0; i < batch->n_bufs; i++)
        buf_unref(batch->bufs[i], memory->cache);
    batch->bufs[0] = copy;
    batch->n_bufs = 1;
    batch->cost += copy->cost - pinned;
}

void batch_list_push(struct batch_list *list, struct batch *batch)
{
    batch->next = NULL;
    if (list->tail)
        list->tail->next = batch;
    else
        list->head = batch;
    list->tail = batch;
    list->n++;
    list->items += batch->n;
    list->cost += batch->cost;
}

struct batch *batch_list_pop(struct batch_list *list)
{
    struct batch *batch = list->head;

    if (!batch)
        return NULL;
    list->head = batch->next;
    if (!list->head)
        list->tail = NULL;
    list->n--;
    list->items -= batch->n;
    list->cost -= batch->cost;
    batch->next = NULL;
    return batch;
}

void batch_list_unpop(struct batch_list *list, struct batch *batch)
{
    batch->next = list->head;
    list->head = batch;
    if (!list->tail)
        list->tail = batch;
    list->n++;
    list->items += batch->n;
    list->cost += batch->cost;
}

void batch_list_move(struct batch_list *to, struct batch_list *from)
{
    if (!from->head)
        return;
    if (to->tail)
        to->tail->next = from->head;
    else
        to->head = from->head;
    to->tail = from->tail;
    to->n += from->n;
    to->items += from->items;
    to->cost += from->cost;
    *from = (struct batch_list){0};
}
