/* SPDX-License-Identifier: MIT */
/*
 * The plugin search path: which directories, in which order, and what lies in them.
 *
 * Nothing is loaded here: names come from the file names alone, so that a misspelt `use:` can be
 * answered with what is there without running a line of any plugin.
 */
#ifndef PLUGIN_SEARCH_H
#define PLUGIN_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

struct search {
    const char *base;        /* absolute directory of the pipeline: where "./x.so" is */
    const char *const *dirs; /* absolute, in order, each once */
    size_t n_dirs;
    const char *cwd, *home; /* for showing paths; "" when not known */
};

/*
 * Makes the search path of a pipeline in `dir` (NULL: the working directory).  Reads
 * PPHOST_PLUGIN_PATH and HOME unless the process runs with raised rights.  All memory is the
 * arena's.  Returns false when that is used up.  [control]
 */
bool search_init(struct search *search, const char *dir,
                 struct arena *arena) PPH_NODISCARD;

/* The first NAME.so on the path, in the arena's memory; NULL: none, or out of memory. */
const char *search_find(const struct search *search, const char *name,
                        struct arena *arena);

/*
 * The names of all *.so in the n directories, without the ending, sorted and each once, as a
 * NULL-terminated array in the arena's memory; NULL when out of memory.  Directories that cannot
 * be read count as empty.
 */
const char *const *search_names(const char *const *dirs, size_t n, struct arena *arena);

/* Appends a path as a person would write it: below the working directory or home if it is. */
void search_show(const struct search *search, const char *path, struct text *out);

#endif /* PLUGIN_SEARCH_H */
