/* SPDX-License-Identifier: MIT */
/*
 * Gathers short items, each with the delimiter behind it, into a buffer for one large
 * write.
 *
 * Most items are words of a few bytes of any length, where a call of memcpy costs a
 * mispredicted branch each.  The AVX2 kernel copies up to 16 bytes without a branch on
 * the length, and reads nothing beyond them: a masked load takes the whole fours, three
 * single bytes the rest.
 */
#ifndef WRITE_GATHER_H
#define WRITE_GATHER_H

#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

enum {
    GATHER_SLACK =
        64, /* free bytes that a kernel wants behind the item and its delimiter */
    GATHER_LARGE = 64 << 10, /* an item from this size on is left to the caller */
    GATHER_SHORT_DELIM = 8   /* longest delimiter that takes one store */
};

struct gather {
    char *to;  /* where the next byte goes */
    char *end; /* of the buffer */
    const char *delim;
    size_t delim_len;
    uint64_t short_delim; /* its bytes as they are in memory, when there are few */
};

/* Copies items[0..n) until one does not fit or is large.  Returns how many it took. */
typedef size_t gather_fn(struct gather *gather, const struct pph_item *items, size_t n);

/* Sets the delimiter, which must live as long as `gather`. */
void gather_set_delim(struct gather *gather, const char *delim, size_t len);

/* The best kernel that this CPU can run. */
gather_fn *gather_best(void);

gather_fn gather_portable;

#if defined(__x86_64__)
gather_fn gather_avx2; /* only where the CPU has AVX2 */
#endif

#endif /* WRITE_GATHER_H */
