/* SPDX-License-Identifier: MIT */
#include "exec/items.h"

#include <string.h>

#include "exec/emit.h"
#include "exec/policy.h"

/* PPH_IN_PLACE: a payload that others see too is replaced by a copy.  False: no memory. */
static bool make_writable(struct instance *i, struct pph_item *item)
{
    void *copy;

    if (item->flags & PPH_WRITABLE || item->len == 0)
        return true;
    copy = scope_alloc(&i->scope, &i->memory, item->len);
    if (!copy) {
        policy_stage_failed(i->stage, i, "item", "out of memory");
        return false;
    }
    memcpy(copy, item->data, item->len);
    item->data = copy;
    item->flags |= PPH_WRITABLE;
    return true;
}

/* The item at next_item is finished with, well or badly. */
static void item_done(struct instance *i)
{
    i->next_item++;
    i->call_in++;
    i->item_left = false;
}

/* The item failed: the policy decides.  False: the run stops; the item counts as unfinished. */
static bool item_failed(struct instance *i, const struct pph_item *item)
{
    if (!policy_item_failed(i, item))
        return false;
    i->next_item++;
    i->item_left = false;
    return true;
}

/* What `each` said of one item.  ITEMS_DONE: go on with the next. */
static enum items_result each_returned(struct instance *i, int rc)
{
    if (i->failed && rc >= 0)
        rc = i->fail_code;
    switch (rc) {
    case PPH_FORWARD:
        rc = emit_items(i, &i->in->items[i->next_item], 1);
        if (rc == PPH_STOP && run_cancelled(i->stage->run))
            return ITEMS_STOP;
        if (rc == PPH_FATAL)
            return ITEMS_STOP;
        item_done(i);
        return ITEMS_DONE;
    case PPH_OK:
        item_done(i);
        return ITEMS_DONE;
    case PPH_MORE:
        i->item_left = true;
        return ITEMS_MORE;
    case PPH_END:
        item_done(i);
        return ITEMS_ENOUGH;
    case PPH_FAIL:
    case PPH_RETRY:
        return item_failed(i, &i->original) ? ITEMS_DONE : ITEMS_STOP;
    case PPH_STOP:
        if (run_cancelled(i->stage->run))
            return ITEMS_STOP;
        item_done(i); /* nobody wants what it would emit: dispatch closes the stage */
        return ITEMS_DONE;
    default:
        policy_bad_return(i, "each", rc);
        return ITEMS_STOP;
    }
}

/* Keeps the next item as it came: where it lies, the plugin may change it.  False: no memory. */
static bool show_item(struct instance *i)
{
    struct pph_item *item = &i->in->items[i->next_item];

    if (i->item_left)
        return true;
    i->original = *item;
    return !(i->stage->desc->flags & PPH_IN_PLACE) || make_writable(i, item);
}

/* One call of `each`, of the next item.  False: no memory. */
static bool call_each(struct instance *i, int *ret_rc)
{
    if (!show_item(i))
        return false;
    i->failed = false;
    *ret_rc = i->stage->desc->each(&i->ctx, &i->in->items[i->next_item]);
    return true;
}

/* Whether payload, port and flags are what they were; both halves of the item's first 16 bytes at once. */
static inline bool goes_on_unchanged(const struct instance *i,
                                     const struct pph_item *item)
{
    return memcmp(item, &i->original, offsetof(struct pph_item, key)) == 0;
}

/*
 * Calls `each` as long as it forwards the very item it is given, or a slice of it: the common case, in
 * a loop of its own.  True: it said *ret_rc of the item that is still the next one.
 */
static bool each_forwards(struct instance *i, int *ret_rc)
{
    const struct run *run = i->stage->run;
    const struct pph_plugin *desc = i->stage->desc;
    struct pph_item *item = &i->in->items[i->next_item];
    const struct pph_item *end = i->in->items + i->in->n;

    i->failed = false;
    i->acted = false;
    do {
        i->original = *item;
        *ret_rc = desc->each(&i->ctx, item);
        if (*ret_rc != PPH_FORWARD)
            return true;
        if (!i->acted && i->kept == i->next_item && goes_on_unchanged(i, item))
            i->kept++;
        else if (i->failed || !emit_keep(i))
            return true;
        i->next_item++;
        item++;
    } while (item < end && !i->acted && !run_cancelled(run));
    return false;
}

enum items_result items_each(struct instance *i)
{
    const struct run *run = i->stage->run;
    const bool in_place = i->stage->desc->flags & PPH_IN_PLACE;
    const uint32_t n = i->in->n;
    enum items_result result = ITEMS_DONE;

    while (result == ITEMS_DONE && i->next_item < n) {
        bool called = true;
        int rc;

        if (run_cancelled(run))
            return ITEMS_STOP;
        if (i->out.n > 0 && emit_is_full(i))
            return ITEMS_MORE;
        if (emit_may_keep(i) && !i->item_left && !in_place)
            called = each_forwards(i, &rc);
        else if (!call_each(i, &rc))
            return ITEMS_STOP;
        if (called)
            result = each_returned(i, rc);
        if (result == ITEMS_DONE && i->scope.n > i->scope_keep + 1)
            scope_trim(&i->scope, &i->memory, i->scope_keep);
    }
    if (result == ITEMS_DONE && !emit_kept(i))
        return ITEMS_STOP;
    if (result == ITEMS_ENOUGH && !emit_kept_by_copy(i)) /* the rest is looked at yet */
        return ITEMS_STOP;
    return result;
}

/*
 * The first `n` items of the array are over; those that fail() named have failed.  False: the run
 * stops at one of these.
 */
static bool batch_done(struct instance *i, struct pph_item *items, size_t n)
{
    bool go_on = true;

    if (i->n_failed_items == 0) {
        i->call_in += n;
        i->next_item += (uint32_t)n;
        return true;
    }
    for (size_t k = 0; go_on && k < n; k++) {
        if (i->failed_items[k / 64] >> (k % 64) & 1)
            go_on = item_failed(i, &items[k]);
        else
            item_done(i);
    }
    memset(i->failed_items, 0, sizeof(i->failed_items));
    i->n_failed_items = 0;
    return go_on;
}

/* `batch` wants the items from ctx->done on again. */
static enum items_result batch_more(struct instance *i, struct pph_item *items,
                                    uint32_t n)
{
    size_t done = i->ctx.done;

    if (done > n) {
        policy_misuse(i, "batch() left more items in ctx->done than it was given");
        return ITEMS_STOP;
    }
    return batch_done(i, items, done) ? ITEMS_MORE : ITEMS_STOP;
}

/* `batch` failed at the item ctx->done; those before it are finished. */
static enum items_result batch_failed(struct instance *i, struct pph_item *items,
                                      uint32_t n)
{
    size_t done = i->ctx.done;

    if (done >= n) {
        policy_misuse(i, "batch() failed with ctx->done past its last item");
        return ITEMS_STOP;
    }
    i->failed_items[done / 64] &= ~(UINT64_C(1) << (done % 64));
    if (!batch_done(i, items, done))
        return ITEMS_STOP;
    return item_failed(i, &items[done]) ? ITEMS_DONE : ITEMS_STOP;
}

static enum items_result batch_returned(struct instance *i, struct pph_item *items,
                                        uint32_t n, int rc)
{
    if (i->failed_stage && rc >= 0) { /* it named the stage, not an item */
        policy_bad_return(i, "batch", i->fail_code);
        return ITEMS_STOP;
    }
    if (rc == PPH_OK)
        return batch_done(i, items, n) ? ITEMS_DONE : ITEMS_STOP;
    if (rc == PPH_END)
        return batch_done(i, items, n) ? ITEMS_ENOUGH : ITEMS_STOP;
    switch (rc) {
    case PPH_MORE:
        return batch_more(i, items, n);
    case PPH_FAIL:
    case PPH_RETRY:
        return batch_failed(i, items, n);
    case PPH_STOP: /* nobody wants what it would emit: dispatch closes the stage */
        if (run_cancelled(i->stage->run))
            return ITEMS_STOP;
        return batch_done(i, items, n) ? ITEMS_DONE : ITEMS_STOP;
    default:
        policy_bad_return(i, "batch", rc);
        return ITEMS_STOP;
    }
}

enum items_result items_batch(struct instance *i)
{
    const struct pph_plugin *desc = i->stage->desc;
    enum items_result result = ITEMS_DONE;

    while (result == ITEMS_DONE && i->in && i->next_item < i->in->n) {
        struct pph_item *items = i->in->items + i->next_item;
        uint32_t n = i->in->n - i->next_item;

        if (run_cancelled(i->stage->run))
            return ITEMS_STOP;
        if (i->out.n > 0 && emit_is_full(i))
            return ITEMS_MORE;
        for (uint32_t k = 0; desc->flags & PPH_IN_PLACE && k < n; k++) {
            if (!make_writable(i, &items[k]))
                return ITEMS_STOP;
        }
        i->failed = false;
        i->failed_stage = false;
        i->ctx.done = 0;
        result = batch_returned(i, items, n, desc->batch(&i->ctx, items, n));
    }
    return result;
}
