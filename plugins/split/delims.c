/* SPDX-License-Identifier: MIT */
#include "delims.h"

#include <assert.h>
#include <string.h>

static const char white_space[] = " \t\n\v\f\r";

static void fill(struct delims *delims, const char *bytes, size_t n)
{
    *delims = (struct delims){.member = (uint8_t)bytes[0]};
    for (unsigned k = 0; k < 256; k++) {
        unsigned n_places = 0;
        for (unsigned place = 0; place < 8; place++) {
            if (k >> place & 1)
                delims->gather[k] |= (uint64_t)place << 8 * n_places++;
        }
    }
    for (size_t i = 0; i < n; i++) {
        unsigned byte = (uint8_t)bytes[i];
        delims->is[byte] = 1;
        delims->rows[byte >> 7][byte & 15] |= (uint8_t)(1u << (byte >> 4 & 7));
    }
}

void delims_init_white(struct delims *delims)
{
    fill(delims, white_space, sizeof(white_space) - 1);
    delims->white = true;
}

void delims_init(struct delims *delims, const char *bytes, size_t n)
{
    struct delims white;

    assert(n > 0);
    delims_init_white(&white);
    fill(delims, bytes, n);
    delims->white = memcmp(delims->is, white.is, sizeof(white.is)) == 0;
}
