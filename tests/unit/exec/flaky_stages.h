/* SPDX-License-Identifier: MIT */
/*
 * Stages that fail for a while: on the numbers that args[0] divides, the first args[1] times that they see one.
 */
#ifndef EXEC_FLAKY_STAGES_H
#define EXEC_FLAKY_STAGES_H

#include <stdatomic.h>
#include <stdint.h>

#include <pphost/plugin.h>

enum { N_MAX = 20000 }; /* the largest number */

extern _Atomic uint32_t seen[N_MAX + 1]; /* how often a stage was given the number */
void flaky_reset(void);

/* By `each`; on threads of its own; destroying what it is given first. */
extern const struct pph_plugin flaky, flaky_blocking, scribbles;
/* By `batch`: emits all or nothing, and does not say whose fault it was. */
extern const struct pph_plugin all_or_none;
/* Goes on behind each that it fails on, and wants room now and then; ends at the first. */
extern const struct pph_plugin names, ends_there;
/* A consumer that fails on everything. */
extern const struct pph_plugin full_box;

#endif /* EXEC_FLAKY_STAGES_H */
