/* SPDX-License-Identifier: MIT */
#include "json_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(struct json_line *line, size_t more)
{
    size_t cap = line->cap ? line->cap : 4096;

    if (line->failed || more > SIZE_MAX / 4 - line->len) {
        line->failed = true;
        return false;
    }
    while (cap < line->len + more)
        cap *= 2;

    char *data = realloc(line->data, cap);
    line->failed = !data;
    if (!data)
        return false;
    line->data = data;
    line->cap = cap;
    return true;
}

/* Room for `more` bytes; false: there is no memory. */
static inline bool reserve(struct json_line *line, size_t more)
{
    return (more <= line->cap - line->len && !line->failed) || grow(line, more);
}

static inline void put(struct json_line *line, const char *bytes, size_t len)
{
    if (!reserve(line, len))
        return;
    memcpy(line->data + line->len, bytes, len);
    line->len += len;
}

void json_line_again(struct json_line *line, size_t at, size_t len)
{
    if (!reserve(line, len)) /* which may move them */
        return;
    memcpy(line->data + line->len, line->data + at, len);
    line->len += len;
    line->begun = true;
}

static void put_text(struct json_line *line, const char *text)
{
    put(line, text, strlen(text));
}

void json_line_fini(struct json_line *line)
{
    free(line->data);
    *line = (struct json_line){0};
}

void json_line_begin(struct json_line *line)
{
    put_text(line, "{");
    line->begun = false;
}

void json_line_end(struct json_line *line)
{
    put_text(line, "}\n");
}

static void put_name(struct json_line *line, const char *name)
{
    size_t len = strlen(name);
    char *to;

    if (!reserve(line, len + 4))
        return;
    to = line->data + line->len;
    if (line->begun)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, name, len);
    to += len;
    *to++ = '"';
    *to++ = ':';
    line->len = (size_t)(to - line->data);
    line->begun = true;
}

static bool is_tail(const unsigned char *s, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if ((s[k] & 0xC0) != 0x80)
            return false;
    }
    return true;
}

/* Bytes of the UTF-8 character at s, of which `len` are there; 0: it is none. */
static size_t utf8(const unsigned char *s, size_t len)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF && len >= 2 && is_tail(s + 1, 1))
        return 2;
    if (s[0] >= 0xE0 && s[0] <= 0xEF && len >= 3 && is_tail(s + 1, 2)) {
        bool overlong = s[0] == 0xE0 && s[1] < 0xA0;
        bool surrogate = s[0] == 0xED && s[1] > 0x9F;
        return overlong || surrogate ? 0 : 3;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4 && len >= 4 && is_tail(s + 1, 3)) {
        bool overlong = s[0] == 0xF0 && s[1] < 0x90;
        bool too_large = s[0] == 0xF4 && s[1] > 0x8F;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/*
 * Whether eight bytes are all plain, in a word at once: the high bit of a byte of (w - n) & ~w tells of one less than n,
 * and so of one that is c when w has been xored with c (S. E. Anderson, Bit Twiddling Hacks).
 */
static inline bool are_plain(const unsigned char *s)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t w;
    uint64_t bad;

    memcpy(&w, s, sizeof(w));
    const uint64_t quote = w ^ ones * '"';
    const uint64_t slash = w ^ ones * '\\';
    const uint64_t del = w ^ ones * 0x7F;

    bad = w | ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) |
          ((slash - ones) & ~slash) | ((del - ones) & ~del);
    return (bad & ones * 0x80) == 0;
}

/* Where the plain bytes from k on end, at `len` at the latest. */
static size_t plain_end(const unsigned char *s, size_t k, size_t len)
{
    while (len - k >= 8 && are_plain(s + k))
        k += 8;
    if (len - k < 8 && len >= 8 && are_plain(s + len - 8))
        return len; /* the last few, together with some that were looked at before */
    while (k < len && is_plain(s[k]))
        k++;
    return k;
}

static void put_escaped(struct json_line *line, unsigned char c)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *letter = c ? strchr(letters, c) : NULL;
    char text[8];

    if (letter) {
        text[0] = '\\';
        text[1] = names[letter - letters];
        put(line, text, 2);
        return;
    }
    (void)snprintf(text, sizeof(text), "\\u%04x", c);
    put_text(line, text);
}

/* Bytes up to the first that are no UTF-8; returns how many. */
static size_t put_utf8(struct json_line *line, const unsigned char *s, size_t len)
{
    size_t k = 0;

    while (k < len && !line->failed) {
        size_t from = k;
        size_t n = 1;

        k = plain_end(s, k, len);
        put(line, (const char *)s + from, k - from);
        if (k == len)
            break;
        n = utf8(s + k, len - k);
        if (n == 0)
            break;
        if (n == 1)
            put_escaped(line, s[k]);
        else
            put(line, (const char *)s + k, n);
        k += n;
    }
    return k;
}

void json_line_text(struct json_line *line, const char *name, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t len = strlen(text);

    put_name(line, name);
    put_text(line, "\"");
    while (len > 0 && !line->failed) {
        size_t n = put_utf8(line, s, len);

        if (n < len) {
            put_text(line, "\xEF\xBF\xBD");
            n++;
        }
        s += n;
        len -= n;
    }
    put_text(line, "\"");
}

void json_line_number(struct json_line *line, const char *name, uint64_t number)
{
    char digits[20]; /* of 2^64 - 1 */
    size_t at = sizeof(digits);

    put_name(line, name);
    do { /* three of them in each line: snprintf would take more time than all the rest */
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(line, digits + at, sizeof(digits) - at);
}

static void put_base64(struct json_line *line, const unsigned char *s, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t k = 0; k < len; k += 3) {
        size_t n = len - k < 3 ? len - k : 3;
        uint32_t bits = (uint32_t)s[k] << 16 | (n > 1 ? (uint32_t)s[k + 1] << 8 : 0) |
                        (n > 2 ? s[k + 2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                        n > 1 ? digits[bits >> 6 & 63] : '=',
                        n > 2 ? digits[bits & 63] : '='};

        put(line, four, sizeof(four));
        if (line->failed)
            return;
    }
}

void json_line_bytes(struct json_line *line, const void *bytes, size_t len)
{
    size_t start = line->len;
    bool begun = line->begun;

    put_name(line, "data");
    put_text(line, "\"");
    if (put_utf8(line, bytes, len) < len && !line->failed) {
        line->len = start;
        line->begun = begun;
        put_name(line, "base64");
        put_text(line, "\"");
        put_base64(line, bytes, len);
    }
    put_text(line, "\"");
}
