/* SPDX-License-Identifier: MIT */
/* The lines of a file that need not fit into memory: one after the other, of any length. */
#ifndef REPLAY_LINES_H
#define REPLAY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

/* Zero-initialise it and set `fd`; replay_lines_fini() frees it. */
struct replay_lines {
    int fd;          /* borrowed; its own position is not used */
    uint64_t offset; /* of what is read next */
    uint64_t line;   /* the number of the last line, counted from 1 */
    char *bytes;     /* what is read and not used up: from `begin` to `end` */
    size_t cap, begin, end;
};

enum replay_line {
    REPLAY_LINE,      /* there is one */
    REPLAY_LINE_LAST, /* likewise, without a newline: the file ends there */
    REPLAY_LINES_END, /* there is none left */
    REPLAY_LINE_NO_JSON, /* it does not end for long, and begins like nothing that is wanted */
    REPLAY_LINE_NO_MEMORY, /* it is too long for the memory there is */
    REPLAY_LINES_UNREAD,   /* errno says why */
};

/*
 * The next line without its newline.  It may be changed, and has a NUL behind it; it lives until the next call.
 * Blocks while it reads.
 */
enum replay_line replay_lines_next(struct replay_lines *lines, char **ret_line,
                                   size_t *ret_len) PPH_NODISCARD;

/* Whether there is nothing but blanks in the line: it is let through. */
bool replay_line_is_blank(const char *line, size_t len);

/* How many bytes of the file are used up. */
uint64_t replay_lines_done(const struct replay_lines *lines);

void replay_lines_fini(struct replay_lines *lines);

#endif /* REPLAY_LINES_H */
