/* SPDX-License-Identifier: MIT */
/*
 * Content types between stages: what a plugin says that it takes against what comes to it.
 *
 * "*" is anything, "text/" with a star behind it any text, "=" of an output is what came in: then it
 * is asked further up, so that a stage which only passes on hides nothing.  What nobody says is no
 * fault.
 */
#include <string.h>

#include "exec/graph_parts.h"

/* A way up from the stage that takes a type. */
struct climb {
    const struct graph *graph;
    const struct graph_stage *taker;
    bool seen[STAGES_MAX];
    struct diag_list *diags;
};

static bool is_any(const char *type)
{
    return !type || strcmp(type, "*") == 0;
}

/* The length without the star of "text/" and a star; the whole length of others. */
static size_t fixed_len(const char *type)
{
    size_t len = strlen(type);

    return len >= 2 && strcmp(type + len - 2, "/*") == 0 ? len - 1 : len;
}

/* Whether what is of one type can be of the other. */
static bool agree(const char *a, const char *b)
{
    size_t a_len = fixed_len(a), b_len = fixed_len(b);
    bool a_open = a[a_len] != '\0', b_open = b[b_len] != '\0';

    if (a_open && b_open)
        return a_len == b_len && memcmp(a, b, a_len) == 0;
    if (a_open)
        return strncmp(a, b, a_len) == 0;
    if (b_open)
        return strncmp(a, b, b_len) == 0;
    return strcmp(a, b) == 0;
}

/* Where the stage says that it reads the other, or else the stage itself. */
static struct mark place_of(const struct graph_stage *reader,
                            const struct graph_stage *from,
                            const struct source **ret_source)
{
    const struct stage_desc *desc = reader->desc;

    for (size_t k = 0; k < desc->n_from; k++) {
        if (desc->from[k].stage && strcmp(desc->from[k].stage, from->name) == 0) {
            *ret_source = desc->from[k].source;
            return desc->from[k].at;
        }
    }
    *ret_source = desc->source;
    return desc->at;
}

/* E314 */
static void report(const struct climb *climb, const struct graph_stage *from,
                   const struct graph_stage *origin, const struct graph_port *port,
                   const char *type)
{
    const struct graph_stage *taker = climb->taker;
    const struct stage_desc *desc = origin->desc;
    const struct source *source;
    struct mark at = place_of(taker, from, &source);
    struct diag *d = diag_add(climb->diags, DIAG_ERROR, "E314", source, at,
                              "stage '%s' takes %s, but from '%s' comes %s", taker->name,
                              taker->plugin->desc.in, origin->name, type);

    diag_hint(d, "put a stage between them that makes %s of it", taker->plugin->desc.in);
    diag_note(d, "'%s' (%s:%u) is of plugin '%s', whose '%s' is %s", origin->name,
              desc->source->name, (unsigned)desc->at.line, origin->plugin->desc.name,
              port->name, type);
    if (from != origin)
        diag_note(d, "'%s' passes on what it gets", from->name);
}

/* The type of an output; "=" for what came in. */
static const char *type_of(const struct graph_stage *s, size_t p)
{
    const struct pph_plugin *plugin = &s->plugin->desc;

    if (p + 1 == s->n_ports)
        return "="; /* dead letters are items as they came */
    if (p > 0 && p == s->result_port)
        return "*"; /* JSON, which nobody says that he takes */
    return p == 0 ? plugin->out : plugin->ports[p - 1].type;
}

static void climb_from(struct climb *climb, const struct graph_stage *reader,
                       const struct graph_stage *from);

/* One output on a way up; `from` is the stage that the taker itself reads. */
static void look_at(struct climb *climb, const struct graph_stage *s, size_t p,
                    const struct graph_stage *from)
{
    const char *type = type_of(s, p);

    if (is_any(type))
        return;
    if (strcmp(type, "=") != 0) {
        if (!agree(type, climb->taker->plugin->desc.in))
            report(climb, from, s, &s->ports[p], type);
        return;
    }
    if (s->is_source)
        return;
    type = s->plugin->desc.in;
    if (is_any(type))
        climb_from(climb, s, from);
    else if (!agree(type, climb->taker->plugin->desc.in))
        report(climb, from, s, &s->ports[p], type);
}

/* All that `reader` reads; the taker when `from` is NULL.  No stage is asked twice. */
static void climb_from(struct climb *climb, const struct graph_stage *reader,
                       const struct graph_stage *from)
{
    if (climb->seen[reader->index])
        return;
    climb->seen[reader->index] = true;
    for (size_t k = 0; k < climb->graph->n_stages; k++) {
        const struct graph_stage *s = &climb->graph->stages[k];

        for (size_t p = 0; p < s->n_ports; p++) {
            for (size_t r = 0; r < s->ports[p].n_readers; r++) {
                if (s->ports[p].readers[r] == reader)
                    look_at(climb, s, p, from ? from : s);
            }
        }
    }
}

void check_types(const struct graph *graph, struct diag_list *diags)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct graph_stage *s = &graph->stages[k];
        struct climb climb = {.graph = graph, .taker = s, .diags = diags};

        if (!s->is_source && !is_any(s->plugin->desc.in))
            climb_from(&climb, s, NULL);
    }
}
