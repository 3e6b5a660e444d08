/* SPDX-License-Identifier: MIT */
/* What the tests of loading share: load one `use:` and look at what the user would be told. */
#ifndef ABI_LOADING_H
#define ABI_LOADING_H

#include <stddef.h>

#include "plugin/registry.h"

/* Loads `use` as from a pipeline in `dir`; what was said is kept for loading_said(). */
const struct plugin *loading_load(const char *dir, const char *use);

/* What the last load said: "error[E222]: ...\n   = ...\n"; "" if nothing. */
const char *loading_said(void);

/* Loads and expects no plugin and exactly one error of this code, sentence and note. */
void loading_expect_refusal(const char *dir, const char *use, const char *code,
                            const char *text, const char *note);

/* A new directory under TMPDIR; loading_remove_dir() deletes it and the files in it. */
const char *loading_make_dir(void);
void loading_remove_dir(const char *dir);

/* Writes `len` bytes to dir/name, mode 0644. */
void loading_write(const char *dir, const char *name, const void *bytes, size_t len);

/* Copies a file to dir/name, at most `len_max` bytes of it. */
void loading_copy(const char *from, const char *dir, const char *name, size_t len_max);

/* Overwrites `len` bytes at `offset` of dir/name. */
void loading_patch(const char *dir, const char *name, long offset, const void *bytes,
                   size_t len);

#endif /* ABI_LOADING_H */
