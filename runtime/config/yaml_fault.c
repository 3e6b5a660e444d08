/* SPDX-License-Identifier: MIT */
/*
 * Syntax errors in words that help.  libyaml says what its scanner expected; this says what the
 * writer most likely did, and where: an open bracket is shown where it was opened.
 */
#include <string.h>

#include "base/memory.h"
#include "config/source.h"
#include "config/yaml.h"
#include "config/yaml_parts.h"

enum place {
    AT_PROBLEM, /* where reading stopped */
    AT_CONTEXT, /* where the thing began that could not be read */
};

struct wording {
    const char *problem; /* libyaml's */
    const char *context; /* libyaml's; NULL: any */
    enum place place;
    unsigned width;
    const char *text, *hint, *note;
};

static const struct wording wordings[] = {
    {"mapping values are not allowed in this context", NULL, AT_PROBLEM, 1,
     "a ':' is not expected here", "put the text in quotes if the ':' belongs to it",
     "or the line is indented deeper than the one above it"},
    {"could not find expected ':'", NULL, AT_CONTEXT, MARK_WHOLE_LINE,
     "a key needs a ':'", "write it as  key: value", NULL},
    {"did not find expected key", NULL, AT_PROBLEM, MARK_WHOLE_LINE,
     "this does not fit what is above it", "indent it like the line it belongs to", NULL},
    {"did not find expected '-' indicator", NULL, AT_PROBLEM, MARK_WHOLE_LINE,
     "this does not fit the list above it", "indent it like the entries of the list",
     NULL},
    {"did not find expected ',' or ']'", NULL, AT_CONTEXT, 1, "'[' is not closed",
     "close it with ']', and put commas between the entries", NULL},
    {"did not find expected ',' or '}'", NULL, AT_CONTEXT, 1, "'{' is not closed",
     "close it with '}', and put commas between the entries", NULL},
    {"found unexpected end of stream", "while scanning a quoted scalar", AT_CONTEXT, 1,
     "the quote is not closed", "close it", NULL},
    {"found unknown escape character", NULL, AT_PROBLEM, 2,
     "this is not an escape that double quotes know",
     "use single quotes, or write the backslash twice", NULL},
    {"did not find expected alphabetic or numeric character", "while scanning an alias",
     AT_CONTEXT, MARK_WHOLE_LINE, "a value that begins with '*' is read as an alias",
     "put it in quotes", NULL},
    {"did not find expected alphabetic or numeric character", "while scanning an anchor",
     AT_CONTEXT, MARK_WHOLE_LINE, "a value that begins with '&' is read as an anchor",
     "put it in quotes", NULL},
    {"block sequence entries are not allowed in this context", NULL, AT_PROBLEM, 1,
     "a list cannot begin here",
     "begin it on a line of its own; for the text write  \"-\"", NULL},
    {"found character that cannot start any token", NULL, AT_PROBLEM, 1,
     "a value cannot begin with this character", "put the value in quotes", NULL},
    {"did not find expected <document start>", NULL, AT_PROBLEM, MARK_WHOLE_LINE,
     "this does not belong to what is above it", "indent it like the line it belongs to",
     NULL},
};

struct mark yaml_mark(yaml_mark_t mark)
{
    /* The text has at most 1 MiB: nothing is cut off. */
    return (struct mark){
        .line = (uint32_t)mark.line + 1, .col = (uint32_t)mark.column + 1, .width = 1};
}

void yaml_add_out_of_memory(struct diag_list *diags)
{
    memory_failed();
    diag_add(diags, DIAG_ERROR, "E099", NULL, (struct mark){0}, "out of memory");
}

/* Looks for a tab in front of the line's text; *ret_at is its place. */
static bool find_indenting_tab(const struct source *source, uint32_t number,
                               struct mark *ret_at)
{
    struct source_line line;
    uint32_t col = 0, width = 0;

    if (!source_line(source, number, &line))
        return false;
    while (col < line.len && line.text[col] == ' ')
        col++;
    while (col + width < line.len && line.text[col + width] == '\t')
        width++;
    if (width == 0)
        return false;
    *ret_at = (struct mark){.line = number, .col = col + 1, .width = width};
    return true;
}

static const struct wording *find_wording(const yaml_parser_t *parser)
{
    for (size_t i = 0; i < sizeof(wordings) / sizeof(*wordings); i++) {
        const struct wording *w = &wordings[i];

        if (strcmp(parser->problem, w->problem) != 0)
            continue;
        if (!w->context || (parser->context && strcmp(parser->context, w->context) == 0))
            return w;
    }
    return NULL;
}

static bool holds_reference(const struct source *source, uint32_t number)
{
    struct source_line line;

    return source_line(source, number, &line) && memmem(line.text, line.len, "${", 2);
}

static void add_worded(const struct source *source, const yaml_parser_t *parser,
                       const struct wording *w, struct diag_list *diags)
{
    struct mark stopped = yaml_mark(parser->problem_mark);
    struct mark at = w->place == AT_CONTEXT ? yaml_mark(parser->context_mark) : stopped;
    struct diag *d;

    at.width = w->width;
    d = diag_add(diags, DIAG_ERROR, "E007", source, at, "%s", w->text);
    diag_hint(d, "%s", w->hint);
    if (w->note)
        diag_note(d, "%s", w->note);
    if (w->place == AT_CONTEXT && holds_reference(source, stopped.line))
        diag_note(d, "a value with ${...} needs quotes inside of { } and [ ]");
    if (w->place == AT_CONTEXT && stopped.line > at.line + 1)
        diag_note(d, "reading stopped in line %u", (unsigned)stopped.line);
}

void yaml_add_fault(const struct source *source, const yaml_parser_t *parser,
                    struct diag_list *diags)
{
    const struct wording *w;
    struct mark at;

    if (parser->error == YAML_MEMORY_ERROR || !parser->problem) {
        yaml_add_out_of_memory(diags);
        return;
    }
    if (parser->error == YAML_READER_ERROR) { /* yaml_check_text() left it through */
        diag_add(diags, DIAG_ERROR, "E005", source,
                 source_mark(source, parser->problem_offset), "%s", parser->problem);
        return;
    }
    if (find_indenting_tab(source, yaml_mark(parser->problem_mark).line, &at)) {
        diag_hint(diag_add(diags, DIAG_ERROR, "E008", source, at,
                           "a tab cannot indent: YAML wants spaces"),
                  "write two spaces");
        return;
    }
    w = find_wording(parser);
    if (w)
        add_worded(source, parser, w, diags);
    else
        diag_add(diags, DIAG_ERROR, "E007", source, yaml_mark(parser->problem_mark),
                 "not valid YAML: %s", parser->problem);
}
