/* SPDX-License-Identifier: MIT */
#include "exec/items.h"

#include <string.h>

#include "exec/emit.h"
#include "exec/policy.h"

bool items_make_writable(struct instance *i, struct pph_item *item)
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

void items_keep_as_they_came(struct instance *i)
{
    if (!i->stage->needs_originals || i->has_originals)
        return;
    for (uint32_t k = 0; k < i->in->n; k++)
        i->in->items[k].flags &= (uint16_t)~PPH_WRITABLE;
    if (i->originals)
        memcpy(i->originals, i->in->items, i->in->n * sizeof(*i->originals));
    i->has_originals = true;
}

/* The item at next_item is finished with, well or badly. */
static void item_over(struct instance *i)
{
    i->next_item++;
    i->item_left = false;
    i->tries = 0;
}

static void item_done(struct instance *i)
{
    item_over(i);
    i->call_in++;
}

/* The item failed: it is tried again as it came, or the policy decides. */
static enum items_result item_failed(struct instance *i)
{
    uint64_t at_ns;

    if (policy_tries_again(i, &i->original, 1, &at_ns)) {
        i->tries++;
        i->item_left = false;
        i->in->items[i->next_item] = i->original;
        i->not_before_ns = at_ns;
        if (at_ns == 0)
            return ITEMS_DONE;
        return emit_kept_by_copy(i) ? ITEMS_LATER : ITEMS_STOP;
    }
    if (!policy_item_failed(i, &i->original))
        return ITEMS_STOP; /* the item counts as unfinished */
    item_over(i);
    return ITEMS_DONE;
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
        return item_failed(i);
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
    return !(i->stage->desc->flags & PPH_IN_PLACE) || items_make_writable(i, item);
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
        if (!i->acted && goes_on_unchanged(i, item)) {
            if (i->kept != i->next_item) /* some before it did not go on */
                i->in->items[i->kept] = *item;
            i->kept++;
        } else if (i->failed || !emit_keep(i)) {
            return true;
        }
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

    items_keep_as_they_came(i);
    while (result == ITEMS_DONE && i->next_item < n) {
        bool called = true;
        int rc;

        if (run_cancelled(run))
            return ITEMS_STOP;
        if (i->out.n > 0 && emit_is_full(i))
            return ITEMS_MORE;
        if (emit_may_keep(i) && !i->item_left && i->tries == 0 && !in_place)
            called = each_forwards(i, &rc);
        else if (!call_each(i, &rc))
            return ITEMS_STOP;
        if (called)
            result = each_returned(i, rc);
        if ((result == ITEMS_DONE || result == ITEMS_LATER) &&
            i->scope.n > i->scope_keep + 1)
            scope_trim(&i->scope, &i->memory, i->scope_keep);
    }
    if (result == ITEMS_DONE && !emit_kept(i))
        return ITEMS_STOP;
    if (result == ITEMS_ENOUGH && !emit_kept_by_copy(i)) /* the rest is looked at yet */
        return ITEMS_STOP;
    return result;
}
