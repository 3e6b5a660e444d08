/* SPDX-License-Identifier: MIT */
#include "flow/letters.h"

#include <assert.h>
#include <string.h>

enum {
    LETTERS_BYTES = 4096,
    INDEX_SHIFT = 6, /* of the ten highest bits of an item's flags */
    INDEX_MASK = 0x3FF,
};

static_assert(BATCH_ITEMS_MAX <= INDEX_MASK + 1, "each item of a batch has an index");

/* The content of the buffer: entries from the front, texts from the end. */
struct letters {
    const char *stage;
    uint32_t worker;
    uint32_t n;
    uint32_t texts; /* where they begin */
    uint32_t reserved;
    struct {
        uint32_t attempt;
        uint32_t error; /* where its text begins */
    } entries[];
};

static_assert(sizeof(struct letters) + sizeof(((struct letters *)0)->entries[0]) +
                      LETTER_ERROR_MAX + 1 <=
                  LETTERS_BYTES,
              "the first letter finds room");

static struct letters *letters_of(const struct batch *batch)
{
    return (struct letters *)(void *)batch->letters->data;
}

static bool begin(struct batch *batch, const struct batch_memory *memory,
                  const struct letter *letter)
{
    struct buf *buf = buf_new(memory->pool, memory->cache, LETTERS_BYTES);

    if (!buf)
        return false;
    batch->letters = buf;
    batch->cost += buf->cost;
    *letters_of(batch) = (struct letters){
        .stage = letter->stage, .worker = letter->worker, .texts = LETTERS_BYTES};
    return true;
}

/* Where the text lies; the one before may be the same.  0: there is no room for it. */
static uint32_t place_of(struct letters *l, const char *error)
{
    const char *last = (const char *)l + l->texts;
    size_t len = strnlen(error, LETTER_ERROR_MAX);
    size_t end = sizeof(*l) + (l->n + 1) * sizeof(l->entries[0]);

    if (end > l->texts)
        return 0;
    if (l->n > 0 && strncmp(last, error, len) == 0 && last[len] == '\0')
        return l->texts;
    if (end + len + 1 > l->texts)
        return 0;
    l->texts -= (uint32_t)len + 1;
    memcpy((char *)l + l->texts, error, len);
    ((char *)l)[l->texts + len] = '\0';
    return l->texts;
}

bool letters_add(struct batch *batch, const struct batch_memory *memory,
                 const struct letter *letter, struct pph_item *item)
{
    struct letters *l;
    uint32_t error;

    if (!batch->letters && !begin(batch, memory, letter))
        return false;
    l = letters_of(batch);
    PPH_ASSERT(l->stage == letter->stage && l->worker == letter->worker);
    if (l->n > INDEX_MASK)
        return false;
    error = place_of(l, letter->error);
    if (error == 0)
        return false;
    l->entries[l->n].attempt = letter->attempt;
    l->entries[l->n].error = error;
    item->flags &= (1u << INDEX_SHIFT) - 1;
    item->flags |= (uint16_t)(l->n << INDEX_SHIFT);
    l->n++;
    return true;
}

bool letters_get(const struct batch *batch, const struct pph_item *item,
                 struct letter *ret_letter)
{
    unsigned index = (unsigned)item->flags >> INDEX_SHIFT & INDEX_MASK;
    const struct letters *l;

    if (!batch->letters)
        return false;
    l = letters_of(batch);
    if (index >= l->n) /* somebody has changed its flags */
        return false;
    *ret_letter = (struct letter){
        .stage = l->stage,
        .worker = l->worker,
        .attempt = l->entries[index].attempt,
        .error = (const char *)l + l->entries[index].error,
    };
    return true;
}
