/* SPDX-License-Identifier: MIT */
/*
 * First the whole line is checked to be JSON; then it is walked through as such, and its strings are put where they
 * stand without their escapes, which only makes them shorter.
 */
#include "replay/letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum member {
    STAGE,
    ERROR_TEXT,
    ATTEMPT,
    ORIGIN,
    POS,
    UNIT,
    KEY,
    DATA,
    BASE64,
    MEMBERS,
    OTHER = MEMBERS
};

static const struct {
    const char *name;
    bool is_number;
} members[MEMBERS] = {{"stage", false},  {"error", false}, {"attempt", true},
                      {"origin", false}, {"pos", true},    {"unit", false},
                      {"key", true},     {"data", false},  {"base64", false}};

struct value {
    char *text;
    size_t len;
    uint64_t number;
    bool given;
};

struct walk {
    char *start, *at;
    struct value values[MEMBERS];
    struct replay_fault *fault;
};

static bool wrong(struct walk *w, const char *code, const char *format, ...)
    PPH_PRINTF(3, 4);
static bool wrong(struct walk *w, const char *code, const char *format, ...)
{
    va_list args;

    w->fault->code = code;
    w->fault->at = (size_t)(w->at - w->start);
    va_start(args, format);
    (void)vsnprintf(w->fault->text, sizeof(w->fault->text), format, args);
    va_end(args);
    return false;
}

static void skip_blanks(struct walk *w)
{
    while (*w->at == ' ' || *w->at == '\t' || *w->at == '\r')
        w->at++;
}

static unsigned hex(const char *digits)
{
    unsigned n = 0;

    for (int k = 0; k < 4; k++) {
        char c = digits[k];

        n = n * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return n;
}

/* Writes the character as UTF-8, which is never longer than its escape; returns the place behind it. */
static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

/* One escape, at its backslash.  NULL: half of a pair, which is no character. */
static char *take_escape(struct walk *w, char *to)
{
    static const char names[] = "bfnrt", letters[] = "\b\f\n\r\t";
    const char *name = strchr(names, w->at[1]);
    uint32_t c;

    if (w->at[1] != 'u') {
        if (name)
            *to++ = letters[name - names];
        else
            *to++ = w->at[1];
        w->at += 2;
        return to;
    }
    c = hex(w->at + 2);
    if (c >= 0xDC00 && c <= 0xDFFF)
        return NULL;
    if (c >= 0xD800 && c <= 0xDBFF) {
        uint32_t low =
            w->at[6] == '\\' && w->at[7] == 'u' ? hex(w->at + 8) : 0; /* it is JSON */

        if (low < 0xDC00 || low > 0xDFFF)
            return NULL;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        w->at += 6;
    }
    w->at += 6;
    return put_utf8(to, c);
}

/* The string at its opening quote, without escapes and with a NUL behind it. */
static bool take_string(struct walk *w, char **ret_text, size_t *ret_len)
{
    char *from = ++w->at;
    char *to = from;

    while (*w->at != '"') {
        char *plain = w->at;

        if (*plain == '\\') {
            char *behind = take_escape(w, to);

            if (!behind)
                return wrong(w, "E501", "an escape that is no character");
            to = behind;
            continue;
        }
        while (*w->at != '"' && *w->at != '\\')
            w->at++;
        memmove(to, plain, (size_t)(w->at - plain));
        to += w->at - plain;
    }
    w->at++;
    *to = '\0';
    *ret_text = from;
    *ret_len = (size_t)(to - from);
    return true;
}

/* Steps over a value of any kind. */
static void skip_value(struct walk *w)
{
    unsigned depth = 0;

    do {
        skip_blanks(w);
        if (*w->at == '"') {
            for (w->at++; *w->at != '"'; w->at++)
                w->at += *w->at == '\\';
            w->at++;
        } else if (strchr("{[", *w->at)) {
            depth++;
            w->at++;
        } else if (strchr("}],:", *w->at)) {
            depth -= *w->at == '}' || *w->at == ']';
            w->at++;
        } else {
            w->at += strcspn(w->at, " \t\r,:]}");
        }
    } while (depth > 0);
}

static enum member member_of(const char *name, size_t len)
{
    for (unsigned k = 0; k < MEMBERS; k++) {
        if (strlen(members[k].name) == len && memcmp(members[k].name, name, len) == 0)
            return (enum member)k;
    }
    return OTHER;
}

static bool take_number(struct walk *w, const char *name, uint64_t *ret_number)
{
    size_t len = strcspn(w->at, " \t\r,]}");
    uint64_t n = 0;

    for (size_t k = 0; k < len; k++) {
        unsigned digit = (unsigned char)w->at[k] - (unsigned)'0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return wrong(w, "E502", "'%s' needs a whole number", name);
        n = n * 10 + digit;
    }
    w->at += len;
    *ret_number = n;
    return true;
}

/* A name, a ':' and a value. */
static bool take_member(struct walk *w)
{
    struct value *value;
    enum member which;
    char *name = NULL, *at = w->at;
    size_t len = 0;

    if (!take_string(w, &name, &len))
        return false;
    PPH_ASSERT(name);
    which = member_of(name, len);
    skip_blanks(w);
    w->at++; /* the ':' */
    skip_blanks(w);
    if (which == OTHER) {
        skip_value(w);
        return true;
    }
    value = &w->values[which];
    name = (char *)(uintptr_t)members[which].name;
    if (value->given) {
        w->at = at;
        return wrong(w, "E502", "'%s' is there twice", name);
    }
    value->given = true;
    if (members[which].is_number)
        return take_number(w, name, &value->number);
    if (*w->at != '"')
        return wrong(w, "E502", "'%s' needs a text", name);
    return take_string(w, &value->text, &value->len);
}

static bool take_members(struct walk *w)
{
    skip_blanks(w);
    if (*w->at != '{')
        return wrong(w, "E502", "it is no mapping");
    w->at++;
    skip_blanks(w);
    while (*w->at != '}') {
        if (!take_member(w))
            return false;
        skip_blanks(w);
        w->at += *w->at == ',';
        skip_blanks(w);
    }
    return true;
}

/* The six bits of a letter of base64; 64: it is none. */
static unsigned bits_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - (unsigned)'A';
    if (c >= 'a' && c <= 'z')
        return c - (unsigned)'a' + 26;
    if (c >= '0' && c <= '9')
        return c - (unsigned)'0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Puts the bytes where the text was; false: it is no base64, whole and with nothing left over. */
static bool decode(struct value *value)
{
    const unsigned char *from = (const unsigned char *)value->text;
    unsigned char *to = (unsigned char *)value->text;
    size_t len = value->len, n = 0;
    size_t pad = 0;

    if (len % 4 != 0)
        return false;
    while (len > 0 && pad < 2 && from[len - 1 - pad] == '=')
        pad++;
    for (size_t k = 0; k < len; k += 4) {
        bool last = k + 4 == len;
        unsigned a = bits_of(from[k]), b = bits_of(from[k + 1]);
        unsigned c = last && pad == 2 ? 0 : bits_of(from[k + 2]);
        unsigned d = last && pad > 0 ? 0 : bits_of(from[k + 3]);
        uint32_t all = a << 18 | b << 12 | c << 6 | d;
        size_t bytes = last ? 3 - pad : 3;

        if ((a | b | c | d) > 63 || (all & ((1u << (24 - 8 * bytes)) - 1)) != 0)
            return false;
        for (size_t m = 0; m < bytes; m++)
            to[n++] = (unsigned char)(all >> (16 - 8 * m));
    }
    value->len = n;
    return true;
}

/* What the members say together. */
static bool make_letter(struct walk *w, struct replay_letter *ret)
{
    struct value *v = w->values;
    struct value *data = v[BASE64].given ? &v[BASE64] : &v[DATA];

    w->at = w->start;
    if (!v[STAGE].given)
        return wrong(w, "E502", "'stage' is missing");
    if (!data->given)
        return wrong(w, "E502", "'data' or 'base64' is missing");
    if (v[DATA].given && v[BASE64].given)
        return wrong(w, "E502", "it has 'data' and 'base64'");
    if (strlen(v[STAGE].text) != v[STAGE].len)
        return wrong(w, "E502", "'stage' holds a NUL byte");
    if (data == &v[BASE64] && !decode(data)) {
        w->at = data->text;
        return wrong(w, "E504", "'base64' is no base64");
    }
    if (data->len > UINT32_MAX)
        return wrong(w, "E502", "the item is larger than 4 GiB");
    *ret = (struct replay_letter){.stage = v[STAGE].text,
                                  .error = v[ERROR_TEXT].text,
                                  .origin = v[ORIGIN].text,
                                  .unit = v[UNIT].text,
                                  .attempt = v[ATTEMPT].number,
                                  .pos = v[POS].number,
                                  .key = v[KEY].number,
                                  .data = data->text,
                                  .len = data->len};
    return true;
}

bool replay_letter_read(char *line, size_t len, struct replay_letter *ret_letter,
                        struct replay_fault *ret_fault)
{
    struct walk w = {.start = line, .at = line, .fault = ret_fault};
    struct json_fault fault;

    if (!json_check(line, len, &fault)) {
        w.at = line + fault.at;
        return wrong(&w, "E501", "%s", fault.what);
    }
    return take_members(&w) && make_letter(&w, ret_letter);
}
