/* SPDX-License-Identifier: MIT */
#include "cli/graph_text.h"

#include <string.h>

#include "observe/figures.h"

enum { SHOWN_MAX = 4096 }; /* bytes of a plugin's name */

/* The strokes of a box, for terminals with and without UTF-8. */
struct strokes {
    const char *line, *side;
    const char *corners[4]; /* from the top left, by rows */
    const char *tee;        /* where the way down leaves the box */
    const char *down, *head, *branch, *last, *arrow;
};

static const struct strokes utf8_strokes = {
    "─", "│", {"┌", "┐", "└", "┘"}, "┬", "│", "▼", "├─", "└─", "─▶"};
static const struct strokes ascii_strokes = {
    "-", "|", {"+", "+", "+", "+"}, "+", "|", "v", "|-", "`-", "->"};

static void box_edge(const struct strokes *s, bool bottom, size_t inner, size_t tee_at,
                     bool tee, struct text *out)
{
    text_str(out, s->corners[bottom ? 2 : 0]);
    for (size_t i = 0; i < inner; i++)
        text_str(out, tee && i == tee_at ? s->tee : s->line);
    text_str(out, s->corners[bottom ? 3 : 1]);
}

static size_t readers_of(const struct graph_stage *stage)
{
    size_t readers = 0;

    for (size_t p = 0; p < stage->n_ports; p++)
        readers += stage->ports[p].n_readers;
    return readers;
}

/* Only `next` reads it, and nothing else than its own output. */
static bool leads_to(const struct graph_stage *stage, const struct graph_stage *next)
{
    return next != NULL && readers_of(stage) == 1 && stage->ports[0].n_readers == 1 &&
           stage->ports[0].readers[0] == next && next->n_producers == 1;
}

static void branches(const struct strokes *s, const struct graph_stage *stage, int indent,
                     struct text *out)
{
    size_t left = 0;

    for (size_t p = 0; p < stage->n_ports; p++)
        left += stage->ports[p].n_readers > 0;
    for (size_t p = 0; p < stage->n_ports; p++) {
        const struct graph_port *port = &stage->ports[p];

        if (port->n_readers == 0)
            continue;
        left--;
        text_printf(out, "%*s%s %s %s ", indent, "", left > 0 ? s->branch : s->last,
                    port->name, s->arrow);
        for (size_t r = 0; r < port->n_readers; r++)
            text_printf(out, "%s%s", r > 0 ? ", " : "", port->readers[r]->name);
        text_str(out, "\n");
    }
}

static void beside(const struct graph_stage *stage, struct text *out)
{
    const char *gap = "  ";

    if (strcmp(stage->name, stage->desc->use) != 0) {
        text_str(out, gap);
        text_printable(out, stage->desc->use, strlen(stage->desc->use), SHOWN_MAX);
        gap = ", ";
    }
    if (stage->workers > 1) {
        text_printf(out, "%s%u workers", gap, stage->workers);
        if (stage->order == ORDER_ANY)
            text_str(out, ", any order");
        if (stage->order == ORDER_BY_KEY)
            text_str(out, ", order by key");
    }
}

static void box(const struct strokes *s, const struct graph_stage *stage,
                const struct graph_stage *next, struct text *out)
{
    size_t inner = figure_columns(stage->name) + 2;
    size_t tee_at = inner / 2;
    bool down = readers_of(stage) > 0;
    int indent = (int)tee_at + 1;

    box_edge(s, false, inner, 0, false, out);
    text_printf(out, "\n%s %s %s", s->side, stage->name, s->side);
    beside(stage, out);
    text_str(out, "\n");
    box_edge(s, true, inner, tee_at, down, out);
    text_str(out, "\n");
    if (leads_to(stage, next))
        text_printf(out, "%*s%s\n%*s%s\n", indent, "", s->down, indent, "", s->head);
    else if (down)
        branches(s, stage, indent, out);
}

/* Sources first: by level, and within one as in the file.  Returns how many there are. */
static size_t sort_down(const struct graph *graph,
                        const struct graph_stage *sorted[STAGES_MAX])
{
    unsigned top = 0;
    size_t n = 0;

    PPH_ASSERT(graph->n_stages <= STAGES_MAX);
    for (size_t i = 0; i < graph->n_stages; i++)
        top = graph->stages[i].level > top ? graph->stages[i].level : top;
    for (unsigned level = top + 1; level-- > 0;) {
        for (size_t i = 0; i < graph->n_stages; i++) {
            if (graph->stages[i].level == level)
                sorted[n++] = &graph->stages[i];
        }
    }
    return n;
}

void graph_text(const struct graph *graph, bool ascii, struct text *out)
{
    const struct strokes *s = ascii ? &ascii_strokes : &utf8_strokes;
    const struct graph_stage *sorted[STAGES_MAX];
    size_t n = sort_down(graph, sorted);

    for (size_t i = 0; i < n; i++)
        box(s, sorted[i], i + 1 < n ? sorted[i + 1] : NULL, out);
}

/* A word for both languages: quoted, a quote inside as an entity that both know. */
static void label(struct text *out, const char *word)
{
    for (; *word != '\0'; word++) {
        if (*word == '"')
            text_str(out, "&quot;");
        else if (*word == '\\')
            text_str(out, "\\\\");
        else
            text_append(out, (unsigned char)*word < ' ' ? "?" : word, 1);
    }
}

static const char *kind_shape(const struct graph_stage *stage)
{
    return stage->is_source ? "house" : stage->has_output ? "box" : "invhouse";
}

void graph_dot(const struct graph *graph, struct text *out)
{
    text_str(out, "digraph \"");
    label(out, graph->pipeline->name);
    text_str(out, "\" {\n    rankdir=LR;\n    node [fontname=\"sans-serif\"];\n");
    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *stage = &graph->stages[i];

        text_printf(out, "    s%zu [shape=%s, label=\"", i, kind_shape(stage));
        label(out, stage->name);
        if (strcmp(stage->name, stage->desc->use) != 0) {
            text_str(out, "\\n");
            label(out, stage->desc->use);
        }
        if (stage->workers > 1)
            text_printf(out, "\\n%u workers", stage->workers);
        text_str(out, "\"];\n");
    }
    for (size_t i = 0; i < graph->n_stages; i++) {
        for (size_t p = 0; p < graph->stages[i].n_ports; p++) {
            const struct graph_port *port = &graph->stages[i].ports[p];

            for (size_t r = 0; r < port->n_readers; r++) {
                text_printf(out, "    s%zu -> s%zu", i, port->readers[r]->index);
                if (p > 0)
                    text_printf(out, " [label=\"%s\"%s]", port->name,
                                p + 1 == graph->stages[i].n_ports ? ", style=dashed"
                                                                  : "");
                text_str(out, ";\n");
            }
        }
    }
    text_str(out, "}\n");
}

void graph_mermaid(const struct graph *graph, struct text *out)
{
    text_str(out, "flowchart LR\n");
    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *stage = &graph->stages[i];

        text_printf(out, "    s%zu%s\"", i, stage->is_source ? "([" : "[");
        label(out, stage->name);
        if (stage->workers > 1)
            text_printf(out, " &times; %u", stage->workers);
        text_printf(out, "\"%s\n", stage->is_source ? "])" : "]");
    }
    for (size_t i = 0; i < graph->n_stages; i++) {
        for (size_t p = 0; p < graph->stages[i].n_ports; p++) {
            const struct graph_port *port = &graph->stages[i].ports[p];
            bool dead = p + 1 == graph->stages[i].n_ports;

            for (size_t r = 0; r < port->n_readers; r++) {
                text_printf(out, "    s%zu %s", i, dead ? "-.->" : "-->");
                if (p > 0)
                    text_printf(out, "|%s|", port->name);
                text_printf(out, " s%zu\n", port->readers[r]->index);
            }
        }
    }
}
