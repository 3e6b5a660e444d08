/* SPDX-License-Identifier: MIT */
/*
 * The files that `path` names: globs expanded, and every one looked at before anything is
 * read, so that a name mistyped at the end of the list does not fail after an hour.
 */
#ifndef LINES_INPUTS_H
#define LINES_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

struct input {
    char *path; /* "-": standard input */
};

struct inputs {
    struct input *list;
    size_t n, capacity;
    uint64_t bytes; /* of all; 0: not known, because one is not a regular file */
};

/*
 * Fills `inputs` from the value of `path`.  Returns PPH_OK, or PPH_FATAL after naming
 * every file that cannot be read through host->fail().  inputs_free() it in both cases.
 */
int inputs_find(struct pph_ctx *ctx, const struct pph_value *paths,
                struct inputs *inputs);

void inputs_free(struct inputs *inputs);

bool input_is_stdin(const struct input *input);

/* What errors call it. */
const char *input_name(const struct input *input);

/* host->fail() of the whole stage with PPH_FATAL and a message made as by printf. */
int lines_failf(struct pph_ctx *ctx, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As lines_failf("NAME: MESSAGE OF ERROR"). */
int lines_fail_errno(struct pph_ctx *ctx, const char *name, int error);

#endif /* LINES_INPUTS_H */
