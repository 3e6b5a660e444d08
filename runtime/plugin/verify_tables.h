/* SPDX-License-Identifier: MIT */
/* The part of verify.c that looks at the tables of a descriptor: parameters, ports, metrics. */
#ifndef PLUGIN_VERIFY_TABLES_H
#define PLUGIN_VERIFY_TABLES_H

#include "plugin/verify.h"

/* What the checks of one descriptor share. */
struct verify_run {
    const char *shown;             /* the file */
    const struct pph_plugin *desc; /* the copy under test; its name is valid */
    size_t type;                   /* its index in the chain */
    struct arena *arena;
    struct refusal *refusal;
    struct verify_warning **warnings_end; /* where the next warning is hung */
};

/* Parameters, ports and metrics; false: the refusal is filled. */
bool verify_tables(struct verify_run *run) PPH_NODISCARD;

/* Hangs a warning behind those that are there; without memory it is left out. */
void verify_warn(struct verify_run *run, const char *code, const char *format, ...)
    PPH_PRINTF(3, 4);

#endif /* PLUGIN_VERIFY_TABLES_H */
