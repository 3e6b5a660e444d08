/* SPDX-License-Identifier: MIT */
/* The points that a run went through: printed as it goes, or the last of them when it fails. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "sim/machine.h"

/* Keeps the points from now on; `print`: each goes to stderr at once. */
void trace_begin(bool print);

/* The thread passes the site; `object` (kept, not copied): on what. */
void trace_point(uint64_t step, unsigned thread, const struct sim_site *site,
                 const char *object);

/* A line among the points, when they are printed or remembered. */
void trace_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the last points on stderr. */
void trace_tail(void);

#endif /* SIM_TRACE_H */
