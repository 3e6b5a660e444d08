/* SPDX-License-Identifier: MIT */
/* Rows of cells as columns that are just as wide as they need to be. */
#ifndef OBSERVE_TABLE_H
#define OBSERVE_TABLE_H

#include <stddef.h>

#include "base/text.h"

enum { TABLE_COLUMNS_MAX = 8 };

struct table {
    const char *align; /* 'l' or 'r' for each column, such as "lrr" */
    size_t n_columns;
    struct text cells; /* row by row, each ended by a NUL */
    size_t widths[TABLE_COLUMNS_MAX];
    size_t at; /* the column that the next cell goes to */
};

/* `align` is borrowed. */
void table_init(struct table *table, const char *align);
void table_fini(struct table *table);

/* Adds the next cell, left to right and row by row; what could move the cursor in it is escaped. */
void table_cell(struct table *table, const char *text);
void table_cellf(struct table *table, const char *format, ...) PPH_PRINTF(2, 3);

/*
 * Appends all rows, two blanks between columns and in front of each row as many as `indent`; blanks at the end
 * of a row are left out.  When memory ran out, `out` is marked as failed.
 */
void table_show(const struct table *table, int indent, struct text *out);

#endif /* OBSERVE_TABLE_H */
