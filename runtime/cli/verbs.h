/* SPDX-License-Identifier: MIT */
/* The verbs: each takes its arguments, does its work and returns an exit code (cli/exits.h). */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/command.h"

int verb_run(const struct arguments *args);
int verb_replay(const struct arguments *args);
int verb_check(const struct arguments *args);
int verb_show(const struct arguments *args);
int verb_graph(const struct arguments *args);
int verb_plugins(const struct arguments *args);
int verb_complete(const struct arguments *args);
int verb_version(const struct arguments *args);
int verb_help(const struct arguments *args);

#endif /* CLI_VERBS_H */
