/* SPDX-License-Identifier: MIT */
/*
 * What is known of the dead letters in a batch: who gave them up, in which attempt, and why.
 *
 * It lies in a buffer that the batch holds on to, beside the payload.  Ten bits of each item's flags, which plugins
 * leave alone, say which letter it is; so items may be divided, and their payload may move.
 */
#ifndef FLOW_LETTERS_H
#define FLOW_LETTERS_H

#include "flow/batch.h"

struct letter {
    const char *stage; /* that gave it up; lives as long as the run */
    unsigned worker;
    unsigned attempt;  /* which one was the last */
    const char *error; /* in the plugin's words */
};

enum { LETTER_ERROR_MAX = 511 }; /* bytes of it that are kept */

/*
 * Notes the letter that the item, which will be the next one in the batch, becomes, and marks the item so.  All letters
 * of a batch are of one stage and worker.  False: the batch cannot hold any more, or there is no memory; the first
 * letter of a batch always finds room.
 */
bool letters_add(struct batch *batch, const struct batch_memory *memory,
                 const struct letter *letter, struct pph_item *item) PPH_NODISCARD;

/* What is known of an item of the batch; false: it is no dead letter.  The strings live as long as the batch. */
bool letters_get(const struct batch *batch, const struct pph_item *item,
                 struct letter *ret_letter);

#endif /* FLOW_LETTERS_H */
