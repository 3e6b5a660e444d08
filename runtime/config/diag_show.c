/* SPDX-License-Identifier: MIT */
/*
 * One shape for all messages: what, where, the line with a caret, the fix, notes.
 *
 * Lines are laid out in cells of the terminal: a tab reaches to the next multiple of eight, wide
 * characters take two, combining ones none, and what could move the cursor is shown as \xNN.  So
 * the caret stands where it should whatever the line holds.
 */
#include <stdlib.h>
#include <string.h>

#include "config/diag.h"
#include "config/diag_list.h"
#include "config/source.h"

enum {
    TAB_CELLS = 8,
    LINE_CELLS_MAX = 160, /* of a source line; the rest is cut */
    CARET_CELLS_MAX = 120,
    LEAD_CELLS = 40, /* what is left of the caret when a line's start is cut */
};

/* Escape sequences, or "" without colour. */
struct palette {
    const char *error, *warning, *strong, *gutter, *off;
};

static const struct palette plain_palette = {"", "", "", "", ""};
static const struct palette colour_palette = {"\x1b[1;31m", "\x1b[1;33m", "\x1b[1m",
                                              "\x1b[34m", "\x1b[0m"};

struct range {
    uint32_t first, last;
};

/* Blocks of characters that a terminal draws two cells wide. */
static const struct range wide_ranges[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}, {0, 0},
};

/* Blocks of characters that are drawn over the one before. */
static const struct range zero_ranges[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},
    {0x064B, 0x065F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0, 0},
};

static bool in_ranges(uint32_t c, const struct range *ranges)
{
    for (; ranges->last; ranges++) {
        if (c >= ranges->first && c <= ranges->last)
            return true;
    }
    return false;
}

/* One character of a line: how it is written and how many cells that takes. */
struct glyph {
    size_t bytes; /* of the source */
    size_t cells;
    char shown[TAB_CELLS * 4 + 1];
    size_t shown_len;
};

static void glyph_at(const char *text, size_t len, size_t cell, struct glyph *g)
{
    struct text shown = {0};
    uint32_t c = 0;

    if (*text >= ' ' && *text <= '~') { /* most of them */
        g->bytes = g->cells = g->shown_len = 1;
        g->shown[0] = *text;
        return;
    }
    *g = (struct glyph){.bytes = source_char(text, len)};
    if (*text == '\t') {
        g->cells = TAB_CELLS - cell % TAB_CELLS;
        g->shown_len = g->cells;
        memset(g->shown, ' ', g->cells);
        return;
    }
    text_printable(&shown, text, g->bytes, g->bytes);
    if (shown.len < sizeof(g->shown)) {
        g->shown_len = shown.len;
        memcpy(g->shown, text_get(&shown), shown.len);
    }
    if (text_utf8(text, g->bytes, &c) == 0 || shown.len != g->bytes)
        g->cells = shown.len; /* escaped: plain ASCII */
    else if (in_ranges(c, zero_ranges))
        g->cells = 0;
    else
        g->cells = in_ranges(c, wide_ranges) ? 2 : 1;
    text_fini(&shown);
}

/* The cells that come before column `col` (from 1) of the line; past its end one per column. */
static size_t cells_before(const struct source_line *line, uint64_t col)
{
    size_t cell = 0, i = 0;
    struct glyph g;

    for (uint64_t at = 1; at < col && i < line->len; at++) {
        glyph_at(line->text + i, line->len - i, cell, &g);
        cell += g.cells;
        i += g.bytes;
    }
    return cell;
}

/* Writes the line from cell `skip` on. */
static void show_cells(const struct source_line *line, size_t skip, struct text *out)
{
    size_t cell = 0;
    struct glyph g;

    if (skip > 0)
        text_str(out, "...");
    for (size_t i = 0; i < line->len; i += g.bytes) {
        glyph_at(line->text + i, line->len - i, cell, &g);
        if (cell >= skip + LINE_CELLS_MAX) {
            text_str(out, "...");
            return;
        }
        if (cell >= skip)
            text_append(out, g.shown, g.shown_len);
        cell += g.cells;
    }
}

static void show_gutter(struct text *out, const struct palette *p, int digits,
                        uint32_t number)
{
    if (number)
        text_printf(out, "%s%*u |%s", p->gutter, digits, (unsigned)number, p->off);
    else
        text_printf(out, "%s%*s |%s", p->gutter, digits, "", p->off);
}

static void show_source_line(struct text *out, const struct palette *p, int digits,
                             uint32_t number, const struct source_line *line, size_t skip)
{
    struct source_line cut = *line;

    while (cut.len > 0 && (cut.text[cut.len - 1] == ' ' || cut.text[cut.len - 1] == '\t'))
        cut.len--;
    show_gutter(out, p, digits, number);
    if (cut.len > 0) {
        text_str(out, " ");
        show_cells(&cut, skip, out);
    }
    text_str(out, "\n");
}

static const char *severity_colour(const struct diag *d, const struct palette *p)
{
    return d->severity == DIAG_ERROR ? p->error : p->warning;
}

static void show_carets(struct text *out, const struct diag *d, const struct palette *p,
                        size_t from, size_t width)
{
    text_printf(out, " %*s%s", (int)from, "", severity_colour(d, p));
    for (size_t i = 0; i < width; i++)
        text_str(out, "^");
    if (d->hint) {
        text_str(out, " ");
        text_printable(out, d->hint, strlen(d->hint), SIZE_MAX);
    }
    text_printf(out, "%s\n", p->off);
}

static void show_snippet(struct text *out, const struct diag *d, const struct palette *p,
                         int digits, const struct source_line *line)
{
    struct source_line context;
    size_t from = cells_before(line, d->at.col);
    size_t to = cells_before(line, (uint64_t)d->at.col + d->at.width);
    size_t width = to > from ? to - from : 1, skip = 0;

    if (from + LEAD_CELLS > LINE_CELLS_MAX)
        skip = from - LEAD_CELLS;
    if (width > CARET_CELLS_MAX)
        width = CARET_CELLS_MAX;
    show_gutter(out, p, digits, 0);
    text_str(out, "\n");
    if (d->context_line && source_line(d->source, d->context_line, &context)) {
        show_source_line(out, p, digits, d->context_line, &context, 0);
        if (d->context_line + 1 < d->at.line)
            text_printf(out, "%s%*s ...%s\n", p->gutter, digits - 1, "", p->off);
    }
    show_source_line(out, p, digits, d->at.line, line, skip);
    show_gutter(out, p, digits, 0);
    show_carets(out, d, p, skip ? from - skip + 3 : from, width); /* 3: the "..." */
}

/* "included by a.yaml:2": for each file on the way to the one that the place is in. */
static void chain_line(const struct source *source, struct text *out)
{
    text_printf(out, "%s by ", source->how);
    text_printable(out, source->parent->name, strlen(source->parent->name), SIZE_MAX);
    text_printf(out, ":%u", (unsigned)source->parent_at.line);
}

static void show_chain(struct text *out, const struct diag *d, const struct palette *p,
                       int digits)
{
    for (const struct source *s = d->source; s && s->parent; s = s->parent) {
        text_printf(out, "%s%*s =%s ", p->gutter, digits, "", p->off);
        chain_line(s, out);
        text_str(out, "\n");
    }
}

static void show_one(struct text *out, const struct diag *d, const struct palette *p,
                     struct source_cursor *cursor)
{
    struct source_line line;
    bool placed = d->source && d->at.line > 0;
    bool snippet = placed && d->at.width > 0 &&
                   source_seek_line(cursor, d->source, d->at.line, &line);
    int digits = 2;

    for (uint32_t n = d->at.line; n >= 100; n /= 10)
        digits++;
    text_printf(out, "%s%s[%s]%s%s: ", severity_colour(d, p),
                d->severity == DIAG_ERROR ? "error" : "warning", d->code, p->off,
                p->strong);
    text_printable(out, d->text, strlen(d->text), SIZE_MAX);
    text_printf(out, "%s\n", p->off);
    if (placed) {
        text_printf(out, "%s%*s-->%s ", p->gutter, digits, "", p->off);
        text_printable(out, d->source->name, strlen(d->source->name), SIZE_MAX);
        text_printf(out, ":%u:%u\n", (unsigned)d->at.line, (unsigned)d->at.col);
    }
    if (snippet)
        show_snippet(out, d, p, digits, &line);
    if (!snippet && d->hint) {
        text_printf(out, "%s%*s =%s ", p->gutter, digits, "", p->off);
        text_printable(out, d->hint, strlen(d->hint), SIZE_MAX);
        text_str(out, "\n");
    }
    for (const struct diag_note *note = d->notes; note; note = note->next) {
        text_printf(out, "%s%*s =%s ", p->gutter, digits, "", p->off);
        text_printable(out, note->text, strlen(note->text), SIZE_MAX);
        text_str(out, "\n");
    }
    show_chain(out, d, p, digits);
}

static int by_place(const void *left, const void *right)
{
    const struct diag *a = *(struct diag *const *)left, *b = *(struct diag *const *)right;

    if (a->source_rank != b->source_rank)
        return a->source_rank < b->source_rank ? -1 : 1;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.col != b->at.col)
        return a->at.col < b->at.col ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void sort(struct diag_list *list)
{
    if (list->n > 1)
        qsort(list->items, list->n, sizeof(struct diag *), by_place);
}

void diag_show(struct diag_list *list, struct text *out, bool colour)
{
    const struct palette *palette = colour ? &colour_palette : &plain_palette;
    struct source_cursor cursor = {0}; /* the places come in order */

    sort(list);
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            text_str(out, "\n");
        show_one(out, list->items[i], palette, &cursor);
    }
    if (list->left_out > 0)
        text_printf(out, "\n... and %zu more\n", list->left_out);
    if (list->incomplete)
        text_str(out, "\nmore was found, but memory ran out\n");
}

static void json_string(struct text *out, const char *s)
{
    if (s)
        text_json(out, s, strlen(s));
    else
        text_str(out, "null");
}

static void json_one(struct text *out, const struct diag *d)
{
    text_printf(out, "{\"severity\":\"%s\",\"code\":\"%s\",\"message\":",
                d->severity == DIAG_ERROR ? "error" : "warning", d->code);
    json_string(out, d->text);
    text_str(out, ",\"file\":");
    json_string(out, d->source ? d->source->name : NULL);
    if (d->source && d->at.line > 0)
        text_printf(out, ",\"line\":%u,\"column\":%u", (unsigned)d->at.line,
                    (unsigned)d->at.col);
    else
        text_str(out, ",\"line\":null,\"column\":null");
    text_str(out, ",\"hint\":");
    json_string(out, d->hint);
    text_str(out, ",\"notes\":[");
    for (const struct diag_note *note = d->notes; note; note = note->next) {
        json_string(out, note->text);
        if (note->next || (d->source && d->source->parent))
            text_str(out, ",");
    }
    for (const struct source *s = d->source; s && s->parent; s = s->parent) {
        struct text chain = {0};

        chain_line(s, &chain);
        json_string(out, text_get(&chain));
        if (s->parent->parent)
            text_str(out, ",");
        text_fini(&chain);
    }
    text_str(out, "]}");
}

void diag_show_json(struct diag_list *list, struct text *out)
{
    sort(list);
    text_str(out, "[");
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0)
            text_str(out, ",\n ");
        json_one(out, list->items[i]);
    }
    text_str(out, "]\n");
}
