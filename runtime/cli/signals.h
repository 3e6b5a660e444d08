/* SPDX-License-Identifier: MIT */
/*
 * SIGINT and SIGTERM for a run: the first drains, the second stops (exec/run.h).
 *
 * The handlers are set after the plugins have been loaded, so that one which sets its own at load time does
 * not get in the way of a clean stop.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "exec/run.h"

/* Hands signals to the run from now on and ignores SIGPIPE: a closed pipe is then an error of the
 * plugin that writes.  A SIGINT that the parent ignored stays ignored, as for any job in the background. */
void signals_watch(struct run *run);

/*
 * The run has ended and may be freed.  One more signal of each kind is too late for anything and does
 * nothing, so that what is said of the run is said to the end; after that they have their default meaning.
 */
void signals_unwatch(void);

#endif /* CLI_SIGNALS_H */
