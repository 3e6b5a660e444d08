/* SPDX-License-Identifier: MIT */
/*
 * Watches for runs that do not go on: never a silent hang.
 *
 * Two cases.  A plugin's call that takes long while items wait: a warning that names the stage and who waits
 * for it.  Nothing runs, nothing is ready and the run has not ended: that is a bug of the host; the
 * run is ended with the state of every stage.
 */
#ifndef EXEC_STALL_H
#define EXEC_STALL_H

#include "base/text.h"
#include "exec/stage.h"

struct watch;

/* NULL: no memory. */
struct watch *watch_new(void);
void watch_free(struct watch *watch); /* NULL is allowed */

/* Looks at the run; called some ten times a second.  [control] */
void watch_look(struct run *run);

/* Logs, at the level of syslog, which stages are inside a plugin's call and for how long.  [control] */
void watch_name_busy(struct run *run, int level, const char *why);

/* Adds a line on the state of each stage; takes their locks, one after the other.  [any thread] */
void watch_show(struct run *run, struct text *out);

#endif /* EXEC_STALL_H */
