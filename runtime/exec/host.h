/* SPDX-License-Identifier: MIT */
/* The host's side of the plugin ABI: the table of functions that every ctx points to. */
#ifndef EXEC_HOST_H
#define EXEC_HOST_H

#include "exec/stage.h"

/* The one table; constant. */
extern const struct pph_host host_table;

/* Writes a log line about the stage (NULL: about the run) if the level is wanted.  [any thread] */
void host_log(struct run *run, const struct stage *s, int level, const char *format, ...)
    PPH_PRINTF(4, 5);

/*
 * What host->origin() does, with all that can be known: items that the source emits from now on are of this origin.
 * Takes the caller's reference.  [worker running it]
 */
void host_set_origin(struct pph_ctx *ctx, struct origin *origin);

#endif /* EXEC_HOST_H */
