/* SPDX-License-Identifier: MIT */
/*
 * The token loop over masks of delimiters, 64 bytes at a time: one mask gives all starts
 * and ends of tokens at once, so the work is per token and not per byte.
 *
 * Included by each file that brings its own way of making masks, and compiled into it:
 * passing the mask functions to an always_inline loop makes one loop per instruction set
 * without a macro.
 */
#ifndef SPLIT_BY_MASK_H
#define SPLIT_BY_MASK_H

#include <string.h>

#include "kernel.h"

/* Bit i is set when p[i] is in the set. */
typedef uint64_t mask_full_fn(const struct delims *delims, const char *p);

/* The same for p[0..n), 0 < n < 64, reading no more; the bits from n on are
 * unspecified. */
typedef uint64_t mask_part_fn(const struct delims *delims, const char *p, size_t n);

static inline __attribute__((always_inline)) void
put_token(struct pph_item *out, const struct pph_item *from, char *start, const char *end)
{
    /* Field by field: a whole struct would be put together on the stack in pieces and
     * read back in one, which stalls the CPU each time. */
    out->data = start;
    out->len = (uint32_t)(end - start);
    out->port = from->port;
    out->flags = from->flags;
    out->key = from->key;
    out->pos = from->pos;
}

/*
 * Writes the tokens that end in the 64 bytes at `at`; bit i of `starts` or `ends` is set
 * when one starts at at[i] or ends before it.  *token is the start of one that goes on, or
 * NULL: from the bytes before, and then from these.  Returns how many it wrote.
 */
static inline __attribute__((always_inline)) size_t
put_stretch(struct pph_item *out, const struct pph_item *item, char *at, uint64_t starts,
            uint64_t ends, char **token)
{
    size_t n = 0;

    if (*token && ends) {
        put_token(&out[n++], item, *token, at + __builtin_ctzll(ends));
        ends &= ends - 1;
        *token = NULL;
    }
    for (; ends; ends &= ends - 1, starts &= starts - 1)
        put_token(&out[n++], item, at + __builtin_ctzll(starts),
                  at + __builtin_ctzll(ends));
    if (starts)
        *token = at + __builtin_ctzll(starts);
    return n;
}

static inline __attribute__((always_inline)) size_t
tokens_by_mask(const struct delims *delims, struct token_scan *scan, struct pph_item *out,
               size_t max, mask_full_fn *mask_full, mask_part_fn *mask_part)
{
    size_t n = 0;

    for (; scan->i < scan->n; scan->i++, scan->at = NULL) {
        const struct pph_item *item = &scan->items[scan->i];
        if (item->len == 0)
            continue;
        char *at = scan->at ? scan->at : item->data;
        char *end = (char *)item->data + item->len;
        char *token = NULL;  /* start of a token that ends in a later stretch */
        uint64_t before = 1; /* whether the byte before `at` is in the set */

        for (; at < end; at += 64) {
            /* A stretch holds at most 32 starts, and one token may come from before. */
            if (n + 33 > max) {
                scan->at = token ? token : at;
                return n;
            }
            size_t left = (size_t)(end - at);
            uint64_t set = left >= 64
                               ? mask_full(delims, at)
                               : mask_part(delims, at, left) | ~(uint64_t)0 << left;
            uint64_t after_set = set << 1 | before;
            before = set >> 63;
            n += put_stretch(out + n, item, at, ~set & after_set, set & ~after_set,
                             &token);
        }
        if (token)
            put_token(&out[n++], item, token, end);
    }
    return n;
}

#endif /* SPLIT_BY_MASK_H */
