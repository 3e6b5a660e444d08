/* SPDX-License-Identifier: MIT */
#include "format.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Finds the placeholder that text[0..len), after its brace, begins with; returns its
 * length, or 0. */
static size_t placeholder(const char *text, size_t len, enum format_kind *ret_kind)
{
    static const struct {
        const char *name;
        enum format_kind kind;
    } known[] = {{"}", FORMAT_ITEM},
                 {"pos}", FORMAT_POS},
                 {"len}", FORMAT_LEN},
                 {"key}", FORMAT_KEY}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t n = strlen(known[i].name);
        if (n <= len && memcmp(text, known[i].name, n) == 0) {
            *ret_kind = known[i].kind;
            return n;
        }
    }
    return 0;
}

const char *format_parse(struct format *format, const char *text, size_t len)
{
    size_t i = 0;

    format->n = 0;
    while (i < len) {
        if (format->n == FORMAT_PARTS)
            return "has too many parts";
        struct format_part *part = &format->parts[format->n++];
        char c = text[i];
        if (c != '{' && c != '}') {
            size_t start = i;
            while (i < len && text[i] != '{' && text[i] != '}')
                i++;
            *part = (struct format_part){FORMAT_TEXT, text + start, i - start};
        } else if (i + 1 < len && text[i + 1] == c) {
            *part = (struct format_part){FORMAT_TEXT, text + i, 1};
            i += 2;
        } else {
            *part = (struct format_part){0};
            size_t n = c == '{' ? placeholder(text + i + 1, len - i - 1, &part->kind) : 0;
            if (n == 0)
                return "knows only {} {pos} {len} {key}; write {{ or }} for a brace";
            i += n + 1;
        }
    }
    return NULL;
}

/* Length of the UTF-8 character at s[0..n), n > 0; 0: there is none, or a control
 * character. */
static size_t shown_char(const unsigned char *s, size_t n)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : 4;

    if (len == 1)
        return s[0] >= 0x20 && s[0] != 0x7f;
    if ((len == 4 && s[0] >> 3 != 30) || len > n)
        return 0;
    uint32_t c = s[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    return c < 0xa0 ? 0 : len; /* U+0080 to U+009F are control characters, too */
}

static size_t put_escape(unsigned char c, char *to)
{
    static const char names[] = "\a\b\t\n\v\f\r";
    const char *name = c ? strchr(names, c) : NULL;

    to[0] = '\\';
    if (name) {
        to[1] = "abtnvfr"[name - names];
        return 2;
    }
    to[1] = 'x';
    to[2] = "0123456789abcdef"[c >> 4];
    to[3] = "0123456789abcdef"[c & 15];
    return 4;
}

/* Puts what fits of text[*at..len); each character whole. */
static size_t put_text(const char *text, size_t len, bool raw, size_t *at, char *to,
                       size_t room)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = 0;

    if (raw) {
        n = len - *at < room ? len - *at : room;
        if (n > 0)
            memcpy(to, text + *at, n);
        *at += n;
        return n;
    }
    while (*at < len && n + 4 <= room) {
        size_t shown = shown_char(s + *at, len - *at);
        if (shown == 0) {
            n += put_escape(s[(*at)++], to + n);
            continue;
        }
        memcpy(to + n, s + *at, shown);
        *at += shown;
        n += shown;
    }
    return n;
}

static size_t put_number(uint64_t number, char *to, size_t room)
{
    int n = snprintf(to, room, "%" PRIu64, number);

    return n > 0 ? (size_t)n : 0;
}

static size_t put_part(const struct format_part *part, const struct pph_item *item,
                       bool raw, struct format_place *place, char *to, size_t room)
{
    const char *text = part->kind == FORMAT_TEXT ? part->text : item->data;
    size_t len = part->kind == FORMAT_TEXT ? part->len : item->len;
    size_t n;

    switch (part->kind) {
    case FORMAT_POS:
        n = put_number(item->pos, to, room);
        break;
    case FORMAT_LEN:
        n = put_number(item->len, to, room);
        break;
    case FORMAT_KEY:
        n = put_number(item->key, to, room);
        break;
    case FORMAT_TEXT:
    case FORMAT_ITEM:
    default:
        n = put_text(text, len, raw || part->kind == FORMAT_TEXT, &place->at, to, room);
        if (place->at < len)
            return n;
        break;
    }
    place->part++;
    place->at = 0;
    return n;
}

size_t format_put(const struct format *format, const struct pph_item *item, bool raw,
                  struct format_place *place, char *to, size_t room)
{
    size_t n = 0;

    while (room - n >= 32) { /* a number, or an escape, always fits */
        if (place->part == format->n) {
            to[n++] = '\n';
            place->part++;
            break;
        }
        n += put_part(&format->parts[place->part], item, raw, place, to + n, room - n);
    }
    return n;
}
