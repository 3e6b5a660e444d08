/* SPDX-License-Identifier: MIT */
/*
 * Where a file is going to be: its directory, and a free name beside it.
 */
#ifndef WRITE_PLACE_H
#define WRITE_PLACE_H

#include <pphost/plugin.h>

/* Makes the directories above `path` that are missing.  Returns PPH_OK, or PPH_FATAL
 * after fail(). */
int place_make_parents(struct pph_ctx *ctx, const char *path);

/*
 * Creates an empty file beside `path`, with the rights that any new file gets.  Returns
 * its descriptor and puts its name, to be freed, in *ret_part; or returns -1 and sets
 * errno.
 */
int place_create_part(const char *path, char **ret_part);

/* Makes the names in the directory of `path` durable.  Returns 0 or an errno. */
int place_sync_parent(const char *path);

#endif /* WRITE_PLACE_H */
