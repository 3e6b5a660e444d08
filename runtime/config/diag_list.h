/* SPDX-License-Identifier: MIT */
/* What diag.c collects and diag_show.c shows.  No one else includes this. */
#ifndef CONFIG_DIAG_LIST_H
#define CONFIG_DIAG_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/diag.h"

struct diag_note {
    const char *text;
    struct diag_note *next;
};

struct diag {
    struct diag_list *list;
    enum diag_severity severity;
    const char *code;
    const struct source *source; /* NULL: no place */
    unsigned source_rank;        /* sources are shown in the order they first appeared */
    size_t index;                /* in which order it was found */
    struct mark at;
    uint32_t context_line; /* shown above the faulty line; 0: none */
    const char *text;
    const char *hint;        /* NULL: none */
    struct diag_note *notes; /* in the order they were added */
};

struct diag_list {
    struct arena *arena;
    struct diag **items;
    size_t n, cap;
    size_t errors, warnings; /* also of those that are not kept */
    size_t left_out;
    unsigned last_rank;
    bool incomplete;   /* memory ran out */
    struct diag spare; /* what diag_add() returns when nothing can be kept */
};

#endif /* CONFIG_DIAG_LIST_H */
