/* SPDX-License-Identifier: MIT */
/*
 * A directory of its own for each test, and files in it.
 */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stddef.h>

/* Fixtures: make the directory; remove it with all that is in it. */
void scratch_setup(void);
void scratch_teardown(void);

/* The path of `name` in the directory; good until the teardown. */
const char *scratch_path(const char *name);

/* Writes a file; its path. */
const char *scratch_file(const char *name, const char *text);
const char *scratch_bytes(const char *name, const void *bytes, size_t len);

/* All of a file, with a NUL behind it; good until the teardown.  NULL: there is none. */
char *scratch_read(const char *path, size_t *ret_len);

/* How many names are in the directory. */
size_t scratch_count(void);

#endif /* SUPPORT_SCRATCH_H */
