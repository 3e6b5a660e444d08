/* SPDX-License-Identifier: MIT */
/*
 * The inner loops of split.  Each kernel gives the same result; none reads or writes
 * beyond what it was given, for an item may end where its memory does and its neighbour
 * may belong to another stage.
 */
#ifndef SPLIT_KERNEL_H
#define SPLIT_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "delims.h"

/* A walk over the tokens of several items, which can stop at any token. */
struct token_scan {
    const struct pph_item *items;
    size_t n;
    size_t i; /* the item at hand; n: all is done */
    char *at; /* what of it is to be looked at next; NULL: all of it */
};

enum {
    TOKENS_ROOM = 64,  /* fewest items that tokens() must be given room for */
    SQUEEZE_SLACK = 64 /* bytes behind the result that squeeze() may write */
};

struct split_kernel {
    const char *name;

    /*
     * Writes up to `max` (at least TOKENS_ROOM) items, one per token, each a slice of its
     * input with its flags, key and pos, and moves `scan` on.  Returns how many; 0: there
     * are no more.
     */
    size_t (*tokens)(const struct delims *delims, struct token_scan *scan,
                     struct pph_item *out, size_t max);

    /*
     * Writes the tokens of in[0..len) with `join` between them to `out`, which has room
     * for len + SQUEEZE_SLACK bytes and does not overlap `in`.  Returns the length of the
     * result.
     */
    size_t (*squeeze)(const struct delims *delims, const char *in, size_t len, char *out,
                      char join);
};

/* The best kernel that this CPU can run for the set. */
const struct split_kernel *split_kernel_for(const struct delims *delims);

/* All that this CPU can run for the set, best first; the array ends with NULL. */
void split_kernels_for(const struct delims *delims, const struct split_kernel *ret[4]);

extern const struct split_kernel split_kernel_scalar; /* any CPU, any set */

#if defined(__x86_64__)
extern const struct split_kernel split_kernel_sse2;       /* white space */
extern const struct split_kernel split_kernel_avx2_white; /* white space */
extern const struct split_kernel split_kernel_avx2_set;   /* any set */
#endif

#endif /* SPLIT_KERNEL_H */
