/* SPDX-License-Identifier: MIT */
/*
 * Text is bytes until it is shown: what comes from a file or a plugin may be broken UTF-8 or hold
 * escape sequences, so the two ways out (JSON, terminal) each have their own writer here.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WORD_MAX = 64 }; /* text_distance(): longer words are not typing mistakes */

void text_fini(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

/* Makes room for `more` bytes and a NUL behind them. */
static bool reserve(struct text *t, size_t more)
{
    size_t need, cap = t->cap ? t->cap : 64;
    char *data;

    if (t->failed)
        return false;
    if (__builtin_add_overflow(t->len, more, &need) || need >= SIZE_MAX / 2)
        goto fail;
    need++;
    if (need <= t->cap)
        return true;
    while (cap < need)
        cap *= 2;
    data = realloc(t->data, cap);
    if (!data)
        goto fail;
    t->data = data;
    t->cap = cap;
    return true;

fail:
    memory_failed();
    t->failed = true;
    return false;
}

void text_append(struct text *t, const char *bytes, size_t len)
{
    if (!reserve(t, len))
        return;
    if (len > 0)
        memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_str(struct text *t, const char *s)
{
    text_append(t, s, strlen(s));
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        t->failed = true;
        return;
    }
    if (!reserve(t, (size_t)len))
        return;
    va_start(args, format);
    (void)vsnprintf(t->data + t->len, (size_t)len + 1, format, args);
    va_end(args);
    t->len += (size_t)len;
}

const char *text_get(const struct text *t)
{
    return t->data && !t->failed ? t->data : "";
}

/* How many bytes a sequence that starts with `lead` takes, or 0; *ret_min: its least character. */
static size_t sequence_length(unsigned char lead, uint32_t *ret_min)
{
    if (lead < 0x80) {
        *ret_min = 0;
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        *ret_min = 0x80;
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        *ret_min = 0x800;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        *ret_min = 0x10000;
        return 4;
    }
    return 0;
}

size_t text_utf8(const char *bytes, size_t len, uint32_t *ret_char)
{
    const unsigned char *b = (const unsigned char *)bytes;
    uint32_t least, c;
    size_t n;

    if (len == 0)
        return 0;
    n = sequence_length(b[0], &least);
    if (n == 0 || n > len)
        return 0;
    c = n == 1 ? b[0] : b[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (b[i] & 0x3F);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *ret_char = c;
    return n;
}

static void json_char(struct text *t, unsigned char c)
{
    switch (c) {
    case '"':
        text_str(t, "\\\"");
        break;
    case '\\':
        text_str(t, "\\\\");
        break;
    case '\n':
        text_str(t, "\\n");
        break;
    case '\r':
        text_str(t, "\\r");
        break;
    case '\t':
        text_str(t, "\\t");
        break;
    default:
        text_printf(t, "\\u%04x", c);
    }
}

static bool json_needs_escape(uint32_t c)
{
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

void text_json(struct text *t, const char *bytes, size_t len)
{
    size_t start = 0, i = 0;

    text_str(t, "\"");
    while (i < len) {
        uint32_t c = 0;
        size_t n = text_utf8(bytes + i, len - i, &c);

        if (n > 0 && !json_needs_escape(c)) {
            i += n;
            continue;
        }
        text_append(t, bytes + start, i - start);
        if (n == 0)
            text_str(t, "\xEF\xBF\xBD");
        else
            json_char(t, (unsigned char)c);
        i += n ? n : 1;
        start = i;
    }
    text_append(t, bytes + start, len - start);
    text_str(t, "\"");
}

/* C0 and C1 controls, and what turns the direction of writing around. */
static bool moves_cursor(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void text_printable(struct text *t, const char *bytes, size_t len, size_t max)
{
    size_t i = 0;

    while (i < len) {
        uint32_t c = 0;
        size_t n = text_utf8(bytes + i, len - i, &c);
        bool shown = n > 0 && !moves_cursor(c);

        if (n == 0)
            n = 1;
        if (i + n > max) {
            text_str(t, "...");
            return;
        }
        if (shown)
            text_append(t, bytes + i, n);
        for (size_t k = 0; !shown && k < n; k++)
            text_printf(t, "\\x%02X", (unsigned char)bytes[i + k]);
        i += n;
    }
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned text_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1]; /* row i is rows[i % 3] */
    size_t len_a = strnlen(a, WORD_MAX + 1), len_b = strnlen(b, WORD_MAX + 1);

    if (len_a > WORD_MAX || len_b > WORD_MAX)
        return UINT32_MAX;
    for (unsigned j = 0; j <= len_b; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= len_a; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned j = 1; j <= len_b; j++) {
            unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[len_a % 3][len_b];
}

const char *text_nearest(const char *word, const char *const *words)
{
    size_t limit = strlen(word) / 3;
    const char *best = NULL;
    unsigned best_distance = UINT32_MAX;

    if (limit == 0)
        limit = 1;
    for (; *words; words++) {
        unsigned distance = text_distance(word, *words);

        if (distance <= limit && distance < best_distance) {
            best = *words;
            best_distance = distance;
        }
    }
    return best;
}
