/* SPDX-License-Identifier: MIT */
/*
 * A batch: what travels between stages.  Up to 1,024 items of 32 bytes and references to the few buffers
 * their payload lies in.
 *
 * A batch has one owner at a time: the builder that fills it, the queue it waits in, or the
 * activation that reads it.  A port with several readers gives each its own batch, whose payload
 * they share.  See docs/architecture.md, "The data's way".
 */
#ifndef FLOW_BATCH_H
#define FLOW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "flow/buf.h"
#include "flow/root.h"

enum {
    BATCH_ITEMS_MAX = 1024,
    BATCH_PAYLOAD_MAX = 64 << 10, /* a batch is closed once its items hold so much */
    BATCH_BUFS_MAX = 8,
    BATCH_COST_MAX =
        1 << 20, /* closed before it keeps alive more, unless one item does */
    BATCH_PIN_RATIO =
        8, /* payload is copied when it would keep alive so many times its size, */
    BATCH_PIN_FREE =
        256 << 10, /* and more than this: tokens may hold on to the block they lie in */
};

struct batch {
    struct batch *next; /* in a list or queue */
    uint32_t n, cap;    /* items, and room for them */
    uint16_t n_bufs;
    uint16_t port; /* output port it leaves by */
    uint8_t dead;  /* holds, or descends from, dead letters */
    uint8_t chunk_class;
    uint16_t readers_done; /* readers of the port that have got theirs already */
    uint16_t lane;         /* of a queue that keeps order by key */
    uint32_t
        since; /* ... of one that gathers: when it came, for take.c in the exec layer */
    size_t payload; /* sum of the items' len */
    size_t cost;    /* memory that it keeps alive, buffers that it shares counted whole */
    struct buf *
        letters; /* what is known of its items as dead letters: letters.h; NULL: nothing */
    struct root *root; /* NULL: descends from none, or from several */
    struct buf *bufs[BATCH_BUFS_MAX];
    struct pph_item items[];
};

/* Where batches get their memory: the pool, and the cache of the thread that asks. */
struct batch_memory {
    struct chunk_pool *pool;
    struct chunk_cache *cache;
};

/* An empty batch with room for at least `cap` (at most BATCH_ITEMS_MAX) items; takes a reference to the root. NULL: no memory. */
struct batch *batch_new(const struct batch_memory *memory, uint32_t cap,
                        struct root *root) PPH_NODISCARD;

/* Drops its references and gives the memory back.  NULL is allowed. */
void batch_free(struct batch *batch, const struct batch_memory *memory);

/* Its items are dead letters no longer. */
void batch_forget_letters(struct batch *batch, const struct batch_memory *memory);

/* A bigger batch with the same content in place of `batch`; NULL (and `batch` untouched): no memory. */
struct batch *batch_grow(struct batch *batch, const struct batch_memory *memory,
                         uint32_t cap) PPH_NODISCARD;

/*
 * A second batch of the same items, for a second reader.  From now on nobody may write to the payload: PPH_WRITABLE goes
 * from both.  NULL: no memory.
 */
struct batch *batch_clone(struct batch *batch,
                          const struct batch_memory *memory) PPH_NODISCARD;

/*
 * A batch of `n` (at least 1) of the items, those at `index`, in that order.  It shares their payload, and holds on to no other
 * buffers than they lie in.  NULL: no memory.
 */
struct batch *batch_pick(const struct batch *batch, const struct batch_memory *memory,
                         const uint16_t *index, uint32_t n) PPH_NODISCARD;

/* The most that `n` batches which divide its items among them can cost together, each of them compacted. */
size_t batch_cost_divided(const struct batch *batch, uint32_t n);

/*
 * Makes sure that the batch keeps `buf` alive.  False: it would hold too many buffers or keep too
 * much memory alive, so it must be closed first; never for an empty batch.
 */
bool batch_pin(struct batch *batch, struct buf *buf) PPH_NODISCARD;

/*
 * Whether all of the items lie inside `buf` and leave by `port`; then *ret_payload is the sum of
 * their len.  May say no to items without payload.
 */
bool items_lie_in(const struct pph_item *items, size_t n, const struct buf *buf,
                  uint16_t port, size_t *ret_payload);

/*
 * Appends items that lie inside `buf`, which the batch pins, and leave by `port`, until one does not, the batch holds `limit` items
 * or its payload reaches BATCH_PAYLOAD_MAX.  Returns how many were taken.  The hot loop of every stage.
 */
size_t batch_append(struct batch *batch, const struct pph_item *items, size_t n,
                    const struct buf *buf, uint16_t port, uint32_t limit);

/*
 * Copies the payload together when the batch would otherwise keep alive much more than it refers to.  Does nothing when it would
 * not, or when there is no memory for the copy.
 */
void batch_compact(struct batch *batch, const struct batch_memory *memory);

/* A list of batches, oldest first.  Zero-initialised it is empty. */
struct batch_list {
    struct batch *head, *tail;
    size_t n;       /* batches */
    uint64_t items; /* in all of them */
    uint64_t cost;
};

void batch_list_push(struct batch_list *list, struct batch *batch);

/* Takes the oldest, or returns NULL. */
struct batch *batch_list_pop(struct batch_list *list);

/* Puts a batch back in front. */
void batch_list_unpop(struct batch_list *list, struct batch *batch);

/* Moves all of `from` behind what is in `to`. */
void batch_list_move(struct batch_list *to, struct batch_list *from);

#endif /* FLOW_BATCH_H */
