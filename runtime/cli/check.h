/* SPDX-License-Identifier: MIT */
/* What `pphost check` says about a pipeline that is fine; `pphost run --dry-run` says the same. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "base/assert.h"
#include "cli/job.h"

/* Prints the facts of job->graph to standard output.  Returns an exit code. */
int check_report(struct job *job) PPH_NODISCARD;

#endif /* CLI_CHECK_H */
