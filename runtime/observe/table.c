/* SPDX-License-Identifier: MIT */
#include "observe/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "observe/figures.h"

enum { CELL_MAX = 256, SHOWN_MAX = 4096 };

void table_init(struct table *table, const char *align)
{
    memset(table, 0, sizeof(*table));
    table->align = align;
    table->n_columns = strlen(align);
    PPH_ASSERT(table->n_columns > 0 && table->n_columns <= TABLE_COLUMNS_MAX);
}

void table_fini(struct table *table)
{
    text_fini(&table->cells);
}

void table_cell(struct table *table, const char *text)
{
    struct text shown = {0};
    size_t width;

    text_printable(&shown, text, strlen(text), SHOWN_MAX);
    width = figure_columns(text_get(&shown));
    if (width > table->widths[table->at])
        table->widths[table->at] = width;
    text_append(&table->cells, text_get(&shown), shown.len);
    text_append(&table->cells, "", 1);
    table->cells.failed = table->cells.failed || shown.failed;
    text_fini(&shown);
    table->at = (table->at + 1) % table->n_columns;
}

void table_cellf(struct table *table, const char *format, ...)
{
    char cell[CELL_MAX];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(cell, sizeof(cell), format, args);
    va_end(args);
    table_cell(table, n < 0 ? "" : cell);
}

void table_show(const struct table *table, int indent, struct text *out)
{
    const char *cell = text_get(&table->cells);
    const char *end = cell + table->cells.len;

    PPH_ASSERT(table->at == 0); /* the last row is whole */
    if (table->cells.failed) {
        out->failed = true;
        return;
    }
    for (size_t column = 0; cell < end; column = (column + 1) % table->n_columns) {
        int width = (int)table->widths[column];
        bool last = column + 1 == table->n_columns;

        text_printf(out, "%*s", column == 0 ? indent : 2, "");
        if (table->align[column] == 'r')
            figure_pad(out, cell, -width);
        else
            figure_pad(out, cell, last ? 0 : width);
        if (last)
            text_str(out, "\n");
        cell += strlen(cell) + 1;
    }
}
