/* SPDX-License-Identifier: MIT */
/* Whether a run that has ended did what its plan asks for. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "exec/run.h"
#include "sim/reference.h"

/* Fails the schedule when something is wrong.  `n_signals`: sent so far.  [simulated control thread] */
void judge_run(const struct plan *plan, const struct run *run, enum run_end end,
               unsigned n_signals);

const char *judge_end_name(enum run_end end);

#endif /* SIM_JUDGE_H */
