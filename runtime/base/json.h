/* SPDX-License-Identifier: MIT */
/* Whether a text is JSON (RFC 8259), and the same without its blanks. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { JSON_DEPTH_MAX = 128 }; /* brackets inside of brackets */

/* What is wrong with a text, and at which byte, counted from 0. */
struct json_fault {
    const char *what; /* "a value is missing"; a constant */
    size_t at;
};

/*
 * Appends the one value that the bytes hold, without the blanks between its parts, so that it is one line.  False:
 * they are no JSON, *ret_fault says why, and `out` has the part before.  Names that come twice and numbers of any size
 * are let through.  A lack of memory is noted in `out` as always.  [any thread]
 */
bool json_compact(const char *bytes, size_t len, struct text *out,
                  struct json_fault *ret_fault) PPH_NODISCARD;

/* Whether the bytes hold one value; false: *ret_fault says why they do not.  Takes no memory.  [any thread] */
bool json_check(const char *bytes, size_t len,
                struct json_fault *ret_fault) PPH_NODISCARD;

#endif /* BASE_JSON_H */
