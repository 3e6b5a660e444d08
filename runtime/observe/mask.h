/* SPDX-License-Identifier: MIT */
/*
 * What must not be printed: the files of ${file:...} and the settings that a plugin declares secret.
 *
 * A plugin may put a password into a message, a log line or a result; there it becomes ‹secret›, line by line when it
 * has several.  Lines of less than MASK_BYTES_MIN bytes are let through: they are part of every other word.
 */
#ifndef OBSERVE_MASK_H
#define OBSERVE_MASK_H

#include "base/text.h"
#include "exec/graph.h"

enum { MASK_BYTES_MIN = 4 };

struct mask;

/* Collects the secrets of the graph, which need not outlive it.  NULL: no memory.  [control] */
struct mask *mask_new(const struct graph *graph);
void mask_free(struct mask *mask); /* NULL is allowed */

/* Whether there is no secret: then the functions below need no memory of their own.  NULL: true.  [any thread] */
bool mask_is_empty(const struct mask *mask);

/* Appends the bytes with ‹secret› in place of each secret.  `mask` NULL: there is none.  [any thread] */
void mask_text(const struct mask *mask, const char *bytes, size_t len, struct text *out);

/* Appends a string likewise, for a terminal: see text_printable().  [any thread] */
void mask_printable(const struct mask *mask, const char *string, size_t max,
                    struct text *out);

/* The same as mask_text() inside of the texts of valid JSON without blanks, which stays valid.  [any thread] */
void mask_json(const struct mask *mask, const char *json, size_t len, struct text *out);

#endif /* OBSERVE_MASK_H */
