/* SPDX-License-Identifier: MIT */
/*
 * Text that grows, and what messages need: JSON strings, escaped control characters, and the
 * nearest of several words.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

/*
 * A growing string.  Zero-initialise it; text_fini() frees it.  Once an allocation has failed,
 * `failed` is true and further appends do nothing, so that a caller checks once, at the end.
 */
struct text {
    char *data; /* NUL-terminated once anything was appended; else NULL */
    size_t len, cap;
    bool failed;
};

void text_fini(struct text *t);
void text_append(struct text *t, const char *bytes, size_t len);
void text_str(struct text *t, const char *s);
void text_printf(struct text *t, const char *format, ...) PPH_PRINTF(2, 3);

/* The string so far, never NULL ("" when empty or failed).  Borrowed until the next change. */
const char *text_get(const struct text *t);

/* Appends `len` bytes as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void text_json(struct text *t, const char *bytes, size_t len);

/*
 * Appends bytes for a terminal: control characters and broken UTF-8 appear as \xNN, so that no
 * input can move the cursor or change colours.  At most `max` bytes of input, then "...".
 */
void text_printable(struct text *t, const char *bytes, size_t len, size_t max);

/*
 * How many bytes the UTF-8 character at `bytes` takes: 1 to 4, or 0 when there is none (broken,
 * overlong, a surrogate, or `len` is too short).  *ret_char is written only when it is not 0.
 */
size_t text_utf8(const char *bytes, size_t len, uint32_t *ret_char);

/*
 * Edits between two words: insert, delete, replace, or swap of neighbours, each 1 (optimal string
 * alignment distance).  Words longer than 64 bytes count as infinitely far apart.
 */
unsigned text_distance(const char *a, const char *b);

/*
 * The word of `words` (NULL-terminated array) nearest to `word`, or NULL when none is within a
 * third of the word's length (at least 1).  Borrowed from `words`.
 */
const char *text_nearest(const char *word, const char *const *words);

#endif /* BASE_TEXT_H */
