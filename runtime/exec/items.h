/* SPDX-License-Identifier: MIT */
/*
 * A batch of input through the plugin's `each` or `batch`, with the failures of single items.
 */
#ifndef EXEC_ITEMS_H
#define EXEC_ITEMS_H

#include "exec/stage.h"

enum items_result {
    ITEMS_DONE,   /* every item of i->in is finished */
    ITEMS_MORE,   /* from i->next_item on they are to be seen again when there is room */
    ITEMS_ENOUGH, /* the stage wants no more: items from i->next_item on are not wanted */
    ITEMS_STOP,   /* the run is cancelled: items from i->next_item on are unfinished */
};

/* Both go on at i->next_item.  [worker running the instance] */
enum items_result items_each(struct instance *i);
enum items_result items_batch(struct instance *i);

#endif /* EXEC_ITEMS_H */
