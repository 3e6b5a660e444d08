/* SPDX-License-Identifier: MIT */
/* Nothing is indexed: a source has at most 1 MiB and is searched only to show a fault. */
#include "config/source.h"

#include <string.h>

size_t source_break(const char *text, size_t len)
{
    if (len == 0)
        return 0;
    if (text[0] == '\n')
        return 1;
    if (text[0] == '\r')
        return len > 1 && text[1] == '\n' ? 2 : 1;
    if (len > 1 && memcmp(text, "\xC2\x85", 2) == 0)
        return 2;
    if (len > 2 &&
        (memcmp(text, "\xE2\x80\xA8", 3) == 0 || memcmp(text, "\xE2\x80\xA9", 3) == 0))
        return 3;
    return 0;
}

size_t source_char(const char *text, size_t len)
{
    uint32_t c;
    size_t n = text_utf8(text, len, &c);

    return n ? n : 1;
}

/* The offset of the next line's start; *ret_end is where the break begins. */
static size_t skip_line(const struct source *source, size_t at, size_t *ret_end)
{
    while (at < source->len) {
        size_t n = source_break(source->text + at, source->len - at);

        if (n > 0) {
            *ret_end = at;
            return at + n;
        }
        at += source_char(source->text + at, source->len - at);
    }
    *ret_end = source->len;
    return source->len;
}

bool source_line(const struct source *source, uint32_t line, struct source_line *ret_line)
{
    size_t start = 0, end = 0;

    if (!source->text || line == 0)
        return false;
    for (uint32_t at = 1;; at++) {
        size_t next = skip_line(source, start, &end);

        if (at == line) {
            *ret_line = (struct source_line){source->text + start, end - start};
            return true;
        }
        if (next == source->len && end == source->len)
            return false;
        start = next;
    }
}

size_t source_offset(const struct source *source, struct mark at)
{
    struct source_line line;
    size_t i = 0;

    if (!source_line(source, at.line, &line))
        return source->len;
    for (uint32_t col = 1; col < at.col && i < line.len; col++)
        i += source_char(line.text + i, line.len - i);
    return (size_t)(line.text - source->text) + i;
}

struct mark source_mark(const struct source *source, size_t offset)
{
    struct mark at = {.line = 1, .col = 1, .width = 1};
    size_t i = 0;

    while (i < offset && i < source->len) {
        size_t n = source_break(source->text + i, source->len - i);

        if (n > 0) {
            at.line++;
            at.col = 1;
            i += n;
        } else {
            at.col++;
            i += source_char(source->text + i, source->len - i);
        }
    }
    return at;
}
