/* SPDX-License-Identifier: MIT */
/*
 * A batch of input through the plugin's `each` (items.c) or `batch` (items_batch.c), with the failures of single
 * items: each is tried again as often as the stage says, and then the policy decides.
 */
#ifndef EXEC_ITEMS_H
#define EXEC_ITEMS_H

#include "exec/stage.h"

enum items_result {
    ITEMS_DONE, /* every item of i->in is finished */
    ITEMS_MORE, /* from i->next_item on they are to be seen again when there is room */
    ITEMS_LATER, /* likewise, but not before i->not_before_ns: something failed and is tried again */
    ITEMS_ENOUGH, /* the stage wants no more: items from i->next_item on are not wanted */
    ITEMS_STOP,   /* the run is cancelled: items from i->next_item on are unfinished */
};

/* Both go on at i->next_item.  [worker running the instance] */
enum items_result items_each(struct instance *i);
enum items_result items_batch(struct instance *i);

/* PPH_IN_PLACE: a payload that others see too is replaced by a copy.  False: no memory, and the run stops. */
bool items_make_writable(struct instance *i, struct pph_item *item) PPH_NODISCARD;

/*
 * Before the plugin sees any of them: if the stage needs its items as they came, nobody writes to their payload from
 * here on, here or below, and `batch` gets copies of the items kept in i->originals.
 */
void items_keep_as_they_came(struct instance *i);

/* How many items, from i->next_item on, the call of `each` or `batch` is given. */
uint32_t items_shown(const struct instance *i);

#endif /* EXEC_ITEMS_H */
