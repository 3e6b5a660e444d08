/* SPDX-License-Identifier: MIT */
#include "replay/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 << 10, /* at once, about */
    ODD_BYTES =
        1 << 20, /* a line that does not begin with a '{' is looked at no further */
};

/* Room for READ_BYTES and a NUL behind what is there; false: no memory. */
static bool make_room(struct replay_lines *l)
{
    size_t cap = l->cap > 0 ? l->cap : (size_t)READ_BYTES * 2;
    char *bytes;

    PPH_ASSERT(l->begin <= l->end && (l->bytes || l->end == 0));
    if (l->bytes && l->begin > 0) {
        memmove(l->bytes, l->bytes + l->begin, l->end - l->begin);
        l->end -= l->begin;
        l->begin = 0;
    }
    while (cap - l->end <= READ_BYTES)
        cap *= 2;
    if (cap == l->cap)
        return true;
    bytes = realloc(l->bytes, cap);
    if (!bytes)
        return false;
    l->bytes = bytes;
    l->cap = cap;
    return true;
}

/* Reads on; *ret_n is 0 at the end of the file. */
static enum replay_line read_more(struct replay_lines *l, size_t *ret_n)
{
    ssize_t n;

    if (!make_room(l))
        return REPLAY_LINE_NO_MEMORY;
    n = TEMP_FAILURE_RETRY(pread(l->fd, l->bytes + l->end, READ_BYTES, (off_t)l->offset));
    if (n < 0)
        return REPLAY_LINES_UNREAD;
    l->end += (size_t)n;
    l->offset += (size_t)n;
    *ret_n = (size_t)n;
    return REPLAY_LINE;
}

static bool begins_like_json(const struct replay_lines *l)
{
    size_t k = l->begin;

    PPH_ASSERT(l->bytes);
    while (k < l->end && (l->bytes[k] == ' ' || l->bytes[k] == '\t'))
        k++;
    return k < l->end && l->bytes[k] == '{';
}

static enum replay_line take(struct replay_lines *l, size_t len, size_t newline,
                             char **ret_line, size_t *ret_len)
{
    PPH_ASSERT(l->bytes && l->begin + len < l->cap);
    *ret_line = l->bytes + l->begin;
    *ret_len = len;
    (*ret_line)[len] = '\0';
    l->begin += len + newline;
    l->line++;
    return newline > 0 ? REPLAY_LINE : REPLAY_LINE_LAST;
}

enum replay_line replay_lines_next(struct replay_lines *l, char **ret_line,
                                   size_t *ret_len)
{
    size_t seen = 0; /* bytes of the line without a newline */

    for (;;) {
        size_t there = l->end - l->begin;
        const char *from = l->bytes ? l->bytes + l->begin : NULL;
        const char *newline =
            from && there > seen ? memchr(from + seen, '\n', there - seen) : NULL;
        enum replay_line status;
        size_t n;

        if (newline)
            return take(l, (size_t)(newline - from), 1, ret_line, ret_len);
        if (there > ODD_BYTES && !begins_like_json(l)) {
            l->line++;
            return REPLAY_LINE_NO_JSON;
        }
        seen = there;
        status = read_more(l, &n);
        if (status != REPLAY_LINE)
            return status;
        if (n == 0)
            return there > 0 ? take(l, there, 0, ret_line, ret_len) : REPLAY_LINES_END;
    }
}

bool replay_line_is_blank(const char *line, size_t len)
{
    size_t k = 0;

    while (k < len && (line[k] == ' ' || line[k] == '\t' || line[k] == '\r'))
        k++;
    return k == len;
}

uint64_t replay_lines_done(const struct replay_lines *l)
{
    return l->offset - (l->end - l->begin);
}

void replay_lines_fini(struct replay_lines *l)
{
    free(l->bytes);
    *l = (struct replay_lines){0};
}
