/* SPDX-License-Identifier: MIT */
/*
 * Cuts a block of text into items, one per line, without moving a byte of it.
 *
 * The same loop runs over masks of newlines made 64 bytes at a time by the widest
 * instructions the CPU has; every kernel gives the same items.
 */
#ifndef LINES_CUT_H
#define LINES_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

/* What of a block is still to be cut. */
struct cut {
    char *at;        /* start of the next line */
    char *end;       /* end of the text; 64 bytes behind it can be read */
    uint64_t line;   /* number of the line at `at` */
    size_t max_line; /* a longer line is left to the caller */
    bool strip;      /* drop a \r at the end of a line */
};

struct cut_kernel {
    const char *name;

    /*
     * Makes items of the lines at cut->at, at most `max` (1 or more), and moves cut->at
     * and cut->line past them.  Returns how many; fewer than `max` when the rest of the
     * text has no newline or begins with a line longer than max_line.
     */
    size_t (*lines)(struct cut *cut, struct pph_item *items, size_t max);

    /* How many newlines are in text[0..len).  Reads up to 64 bytes behind it. */
    uint64_t (*count)(const char *text, size_t len);
};

/* The kernels that this CPU can run, best first; the array ends with NULL. */
const struct cut_kernel *const *cut_kernels(void);

#endif /* LINES_CUT_H */
