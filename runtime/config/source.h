/* SPDX-License-Identifier: MIT */
/*
 * Finding lines and columns in a source again, after it was parsed.
 *
 * Lines end where YAML says they do (LF, CR LF, CR, NEL, LS, PS) and columns are characters, so
 * that a place means the same here as in the parser's marks.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"

/* How many bytes the line break at text[0] takes; 0: there is none. */
size_t source_break(const char *text, size_t len);

/* How many bytes the character at text[0] takes; bytes that are no UTF-8 count one each. */
size_t source_char(const char *text, size_t len);

/* A line without its break.  Borrowed from the source. */
struct source_line {
    const char *text;
    size_t len;
};

/*
 * A position in a source.  Zero-initialise it.  Moving forward costs the way between, moving back
 * or to another source starts over: whoever asks for many places asks in their order.
 */
struct source_cursor {
    const struct source *source;
    size_t offset;
    struct mark at;
};

/* Moves to a byte offset (the end when it is larger): cursor->at is its place, with width 1. */
void source_seek(struct source_cursor *cursor, const struct source *source,
                 size_t offset);

/* Moves to the start of line `line` (from 1).  False when the source has no such line or no text. */
bool source_seek_line(struct source_cursor *cursor, const struct source *source,
                      uint32_t line, struct source_line *ret_line);

/* The same from the start of the source: for single messages. */
struct mark source_mark(const struct source *source, size_t offset);
bool source_line(const struct source *source, uint32_t line,
                 struct source_line *ret_line);

#endif /* CONFIG_SOURCE_H */
