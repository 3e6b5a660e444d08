/* SPDX-License-Identifier: MIT */
/*
 * Closed batches on their way into the readers' queues.
 *
 * A batch goes to the readers of its port one after the other; batch->readers_done says how far it has
 * come, so that whoever goes on with it begins where the last one stopped.
 */
#ifndef EXEC_SEND_H
#define EXEC_SEND_H

#include "exec/stage.h"

/* Whether the reader whose turn it is would take the batch now; a hint, on the safe side.  [any thread] */
bool send_fits(const struct stage *s, const struct batch *batch);

/* Sends batches to the readers of their ports, oldest first; true when the list is empty.  [worker] */
bool send_batches(struct stage *s, const struct batch_memory *memory,
                  struct batch_list *list);

/*
 * Gives the oldest batch of i->out to its readers, waiting in line for each.  False: the run is
 * cancelled.  [worker running the instance]
 */
bool send_first_waiting(struct instance *i) PPH_NODISCARD;

#endif /* EXEC_SEND_H */
