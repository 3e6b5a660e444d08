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

/* Steps over one character or line break. */
static void step(struct source_cursor *cursor)
{
    const char *text = cursor->source->text + cursor->offset;
    size_t left = cursor->source->len - cursor->offset, n;

    if (*text >= ' ' && *text <= '~') { /* most of them */
        cursor->offset++;
        cursor->at.col++;
        return;
    }
    n = source_break(text, left);
    if (n > 0) {
        cursor->at.line++;
        cursor->at.col = 1;
    } else {
        cursor->at.col++;
        n = source_char(text, left);
    }
    cursor->offset += n;
}

static void rewind_to(struct source_cursor *cursor, const struct source *source)
{
    *cursor =
        (struct source_cursor){.source = source, .at = {.line = 1, .col = 1, .width = 1}};
}

void source_seek(struct source_cursor *cursor, const struct source *source, size_t offset)
{
    PPH_ASSERT(source != NULL);
    if (cursor->source != source || cursor->offset > offset)
        rewind_to(cursor, source);
    while (cursor->offset < offset && cursor->offset < source->len)
        step(cursor);
}

bool source_seek_line(struct source_cursor *cursor, const struct source *source,
                      uint32_t line, struct source_line *ret_line)
{
    size_t end;

    if (!source->text || line == 0)
        return false;
    if (cursor->source != source || cursor->at.line > line ||
        (cursor->at.line == line && cursor->at.col > 1))
        rewind_to(cursor, source);
    while (cursor->at.line < line && cursor->offset < source->len)
        step(cursor);
    if (cursor->at.line < line)
        return false;
    end = cursor->offset;
    while (end < source->len && source_break(source->text + end, source->len - end) == 0)
        end++;
    *ret_line = (struct source_line){source->text + cursor->offset, end - cursor->offset};
    return true;
}

struct mark source_mark(const struct source *source, size_t offset)
{
    struct source_cursor cursor = {0};

    source_seek(&cursor, source, offset);
    return cursor.at;
}

bool source_line(const struct source *source, uint32_t line, struct source_line *ret_line)
{
    struct source_cursor cursor = {0};

    return source_seek_line(&cursor, source, line, ret_line);
}
