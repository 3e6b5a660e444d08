/* SPDX-License-Identifier: MIT */
/* One line of a file of dead letters, as the plugin `jsonl` writes them (docs/pipeline-format.md). */
#ifndef REPLAY_LETTER_H
#define REPLAY_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

/* What the line says.  The strings end with a NUL; NULL: it does not say it. */
struct replay_letter {
    const char *stage; /* never NULL */
    const char *error, *origin, *unit;
    uint64_t attempt, pos, key; /* 0: it does not say it */
    const char *data;           /* the item, of `len` bytes; never NULL */
    size_t len;                 /* at most what an item can hold */
};

/* Why a line is no letter, and at which byte, counted from 0. */
struct replay_fault {
    const char *code; /* "E501": no JSON; "E502": no letter; "E504": no base64 */
    char text[128];
    size_t at;
};

/*
 * Reads the line, of `len` bytes without its end, and changes it: what the letter points to lies in it.  False: it is
 * no letter, and *ret_fault says why.  Members of other names are let through.  [any thread]
 */
bool replay_letter_read(char *line, size_t len, struct replay_letter *ret_letter,
                        struct replay_fault *ret_fault) PPH_NODISCARD;

#endif /* REPLAY_LETTER_H */
