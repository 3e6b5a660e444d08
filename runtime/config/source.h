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
 * Finds line `line` (from 1).  Returns false when the source has no such line or no text.  Reads
 * from the start: for messages only.
 */
bool source_line(const struct source *source, uint32_t line,
                 struct source_line *ret_line);

/* The byte offset of a place; the end of its line when that is shorter; len when there is no line. */
size_t source_offset(const struct source *source, struct mark at);

/* The place of a byte offset, with width 1. */
struct mark source_mark(const struct source *source, size_t offset);

#endif /* CONFIG_SOURCE_H */
