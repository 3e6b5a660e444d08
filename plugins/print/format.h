/* SPDX-License-Identifier: MIT */
/*
 * The `format` of print, taken apart once, and items written after it so that they can be
 * looked at.
 */
#ifndef PRINT_FORMAT_H
#define PRINT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include <pphost/plugin.h>

enum { FORMAT_PARTS = 32 };

enum format_kind { FORMAT_TEXT, FORMAT_ITEM, FORMAT_POS, FORMAT_LEN, FORMAT_KEY };

struct format_part {
    enum format_kind kind;
    const char *text; /* FORMAT_TEXT: a slice of what was parsed */
    size_t len;
};

struct format {
    struct format_part parts[FORMAT_PARTS];
    size_t n;
};

/*
 * Parses text[0..len), which must outlive `format`: {} {pos} {len} {key}, and {{ }} for
 * braces. Returns NULL, or what is wrong in a few words.
 */
const char *format_parse(struct format *format, const char *text, size_t len);

/* Bytes put into `to` at a time; the item's payload may take several calls. */
enum { FORMAT_CHUNK = 512 };

/* A place in an item's line, to go on from when the buffer was full.  Zeroed: its
 * start. */
struct format_place {
    size_t part;
    size_t at; /* in the text or payload of that part */
};

/*
 * Writes as much of the item's line, with its newline, as fits into to[0..room), at least
 * FORMAT_CHUNK bytes of room.  Control characters and bytes that are not UTF-8 become \n,
 * \t or \x1b unless `raw`.  Returns the length; *place has part == format->n + 1 when the
 * line is complete.
 */
size_t format_put(const struct format *format, const struct pph_item *item, bool raw,
                  struct format_place *place, char *to, size_t room);

#endif /* PRINT_FORMAT_H */
