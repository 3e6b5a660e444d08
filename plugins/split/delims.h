/* SPDX-License-Identifier: MIT */
/*
 * A set of bytes that separate tokens, laid out for the ways there are of asking.
 */
#ifndef SPLIT_DELIMS_H
#define SPLIT_DELIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delims {
    uint8_t is[256]; /* 1: the byte is in the set */
    uint8_t member;  /* one byte of the set */
    bool white;      /* the set is white space as in C: space \t \n \v \f \r */

    /*
     * The set as two tables for a byte shuffle: bit h of rows[0][l] says that byte h * 16
     * + l is in the set, of rows[1][l] the same for (h + 8) * 16 + l.
     */
    uint8_t rows[2][16];

    /* gather[k]: the places of the bits set in k, lowest first: a shuffle that brings
     * 8 bytes together. */
    uint64_t gather[256];
};

/* The set of bytes[0..n), n > 0. */
void delims_init(struct delims *delims, const char *bytes, size_t n);

void delims_init_white(struct delims *delims);

#endif /* SPLIT_DELIMS_H */
