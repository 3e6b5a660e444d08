/* SPDX-License-Identifier: MIT */
/*
 * Whether memory has run out.
 *
 * A description has many small parts, and most of them can be left out of a message when there is no
 * memory for them.  But then what was found is not all, and may not even be true: a plugin is "not
 * there" because its path could not be put together.  So whoever gets no memory says so here, and the
 * command line, before it believes a result, asks.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdint.h>

/* Counts an allocation that failed.  Arenas and texts do it by themselves.  [any thread] */
void memory_failed(void);

/* How many have failed in this process.  [any thread] */
uint64_t memory_failures(void);

#endif /* BASE_MEMORY_H */
