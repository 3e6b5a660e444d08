/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <string.h>

struct reader {
    const char *start, *at, *end;
    struct text *out; /* NULL: it is only looked at */
    struct json_fault fault;
    unsigned depth;
};

static bool wrong(struct reader *r, const char *what)
{
    r->fault = (struct json_fault){.what = what, .at = (size_t)(r->at - r->start)};
    return false;
}

static bool is_next(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static bool is_digit(const struct reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static void skip_blanks(struct reader *r)
{
    while (is_next(r, ' ') || is_next(r, '\t') || is_next(r, '\n') || is_next(r, '\r'))
        r->at++;
}

static void keep(struct reader *r, const char *bytes, size_t len)
{
    if (r->out)
        text_append(r->out, bytes, len);
}

static void copy_next(struct reader *r)
{
    keep(r, r->at++, 1);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Steps over a backslash and what belongs to it. */
static bool skip_escape(struct reader *r)
{
    size_t left = (size_t)(r->end - r->at);

    if (left >= 2 && r->at[1] != '\0' && strchr("\"\\/bfnrt", r->at[1])) {
        r->at += 2;
        return true;
    }
    if (left < 6 || r->at[1] != 'u' || !is_hex(r->at[2]) || !is_hex(r->at[3]) ||
        !is_hex(r->at[4]) || !is_hex(r->at[5]))
        return wrong(r, "an escape that there is not");
    r->at += 6;
    return true;
}

/* The first byte from `at` on that is more than a plain character of a text: there may be millions of those. */
static const char *skip_plain(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 &&
           *at != '"' && *at != '\\')
        at++;
    return at;
}

static bool copy_string(struct reader *r)
{
    const char *from = r->at++;

    for (;;) {
        uint32_t c;
        size_t n;

        r->at = skip_plain(r->at, r->end);
        if (r->at == r->end || *r->at == '"')
            break;
        if ((unsigned char)*r->at < 0x20)
            return wrong(r, "a control character in a text");
        if (*r->at == '\\') {
            if (!skip_escape(r))
                return false;
            continue;
        }
        n = text_utf8(r->at, (size_t)(r->end - r->at), &c);
        if (n == 0)
            return wrong(r, "a byte that is not UTF-8");
        r->at += n;
    }
    if (r->at == r->end)
        return wrong(r, "a text that is not closed");
    r->at++;
    keep(r, from, (size_t)(r->at - from));
    return true;
}

static bool skip_digits(struct reader *r)
{
    if (!is_digit(r))
        return wrong(r, "a digit is missing");
    while (is_digit(r))
        r->at++;
    return true;
}

static bool copy_number(struct reader *r)
{
    const char *from = r->at;

    if (is_next(r, '-'))
        r->at++;
    if (is_next(r, '0'))
        r->at++;
    else if (!skip_digits(r))
        return false;
    if (is_next(r, '.')) {
        r->at++;
        if (!skip_digits(r))
            return false;
    }
    if (is_next(r, 'e') || is_next(r, 'E')) {
        r->at++;
        if (is_next(r, '+') || is_next(r, '-'))
            r->at++;
        if (!skip_digits(r))
            return false;
    }
    keep(r, from, (size_t)(r->at - from));
    return true;
}

static bool copy_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return wrong(r, "a value is missing");
    r->at += len;
    keep(r, word, len);
    return true;
}

static bool copy_value(struct reader *r);

/* A name and its ':'. */
static bool copy_name(struct reader *r)
{
    skip_blanks(r);
    if (!is_next(r, '"'))
        return wrong(r, "a name in quotes is missing");
    if (!copy_string(r))
        return false;
    skip_blanks(r);
    if (!is_next(r, ':'))
        return wrong(r, "a ':' is missing");
    copy_next(r);
    return true;
}

/* A list, or with names a mapping; at most JSON_DEPTH_MAX deep. */
static bool copy_list(struct reader *r, bool names, char close)
{
    if (++r->depth > JSON_DEPTH_MAX)
        return wrong(r, "too many brackets inside of each other");
    copy_next(r);
    skip_blanks(r);
    while (!is_next(r, close)) {
        if ((names && !copy_name(r)) || !copy_value(r))
            return false;
        skip_blanks(r);
        if (is_next(r, close))
            break;
        if (!is_next(r, ','))
            return wrong(r, "a ',' or a closing bracket is missing");
        copy_next(r);
        skip_blanks(r);
        if (is_next(r, close))
            return wrong(r, "a value is missing");
    }
    copy_next(r);
    r->depth--;
    return true;
}

static bool copy_value(struct reader *r)
{
    skip_blanks(r);
    if (r->at == r->end)
        return wrong(r, "a value is missing");
    switch (*r->at) {
    case '{':
        return copy_list(r, true, '}');
    case '[':
        return copy_list(r, false, ']');
    case '"':
        return copy_string(r);
    case 't':
        return copy_word(r, "true");
    case 'f':
        return copy_word(r, "false");
    case 'n':
        return copy_word(r, "null");
    default:
        if (*r->at != '-' && !is_digit(r))
            return wrong(r, "a value is missing");
        return copy_number(r);
    }
}

bool json_check(const char *bytes, size_t len, struct json_fault *ret_fault)
{
    return json_compact(bytes, len, NULL, ret_fault);
}

bool json_compact(const char *bytes, size_t len, struct text *out,
                  struct json_fault *ret_fault)
{
    struct reader r = {.start = bytes, .at = bytes, .end = bytes + len, .out = out};
    bool good = copy_value(&r);

    skip_blanks(&r);
    if (good && r.at < r.end)
        good = wrong(&r, "there is more behind the value");
    if (!good)
        *ret_fault = r.fault;
    return good;
}
