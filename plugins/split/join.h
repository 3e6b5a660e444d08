/* SPDX-License-Identifier: MIT */
/*
 * Writes the tokens of an item as one text, with any number of bytes between them.
 */
#ifndef SPLIT_JOIN_H
#define SPLIT_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "delims.h"
#include "kernel.h"

struct joiner {
    const struct delims *delims;
    const struct split_kernel *kernel;
    const char *text; /* what goes between two tokens */
    size_t len;
};

/* No less than the length of the item's result. */
uint64_t join_bound(const struct joiner *joiner, const struct pph_item *item);

/* Writes to `out`, which has join_bound() + SQUEEZE_SLACK bytes.  Returns the length
 * of the result; 0: no tokens. */
size_t join_write(const struct joiner *joiner, const struct pph_item *item, char *out);

#endif /* SPLIT_JOIN_H */
