/* SPDX-License-Identifier: MIT */
/* Joins stages: who reads which port, and what nobody reads. */
#include <string.h>

#include "exec/graph_parts.h"
#include "plugin/params.h"

static struct graph_stage *find_stage(const struct graph *graph, const char *name)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        if (strcmp(graph->stages[k].name, name) == 0)
            return &graph->stages[k];
    }
    return NULL;
}

static struct graph_port *find_port(const struct graph_stage *s, const char *name)
{
    for (size_t p = 0; p < s->n_ports; p++) {
        if (strcmp(s->ports[p].name, name) == 0)
            return p == 0 && !s->has_output ? NULL : &s->ports[p];
    }
    return NULL;
}

/* Adds a reader to the port, once; false: no memory. */
static bool add_reader(struct graph *graph, struct graph_port *port,
                       struct graph_stage *reader)
{
    const struct graph_stage **readers =
        arena_array(graph->arena, port->n_readers + 1, sizeof(*readers));

    if (!readers)
        return false;
    if (port->n_readers > 0)
        memcpy(readers, port->readers, port->n_readers * sizeof(*readers));
    readers[port->n_readers++] = reader;
    port->readers = readers;
    reader->n_producers++;
    return true;
}

static bool reads_already(const struct graph_port *port, const struct graph_stage *reader)
{
    for (size_t r = 0; r < port->n_readers; r++) {
        if (port->readers[r] == reader)
            return true;
    }
    return false;
}

/* E301: `from:` names a stage that is not there. */
static bool unknown_stage(const struct graph *graph, const struct graph_stage *reader,
                          const struct from_ref *ref, struct diag_list *diags)
{
    const char **names = arena_array(graph->arena, graph->n_stages + 1, sizeof(*names));
    struct mark at = ref->at;
    const char *near;
    struct diag *d;

    if (!names)
        return false;
    for (size_t k = 0; k < graph->n_stages; k++)
        names[k] = graph->stages[k].name;
    at.width = (uint32_t)strlen(ref->stage); /* names are ASCII */
    d = diag_add(diags, DIAG_ERROR, "E301", ref->source, at,
                 "stage '%s' reads from '%s%s%s', but there is no stage '%s'",
                 reader->name, ref->stage, ref->port ? "." : "",
                 ref->port ? ref->port : "", ref->stage);
    near = text_nearest(ref->stage, names);
    if (near)
        diag_hint(d, "did you mean '%s'? (line %u)", near,
                  find_stage(graph, near)->desc->at.line);
    return true;
}

/* E302: the stage has no such output. */
static void unknown_port(const struct graph_stage *s, const struct from_ref *ref,
                         struct diag_list *diags)
{
    struct text outputs = {0};
    struct diag *d;

    if (!ref->port || strcmp(ref->port, "out") == 0) {
        d = diag_add(diags, DIAG_ERROR, "E302", ref->source, ref->at,
                     "stage '%s' has no output to read", s->name);
        if (s->is_source)
            diag_note(d, "plugin '%s' is a task; '%s.result' is what it leaves behind",
                      s->plugin->desc.name, s->name);
        else
            diag_note(d,
                      "plugin '%s' only consumes; '%s.dead' are the items it gave up on",
                      s->plugin->desc.name, s->name);
        return;
    }
    d = diag_add(diags, DIAG_ERROR, "E302", ref->source, ref->at,
                 "stage '%s' has no output '%s'", s->name, ref->port);
    for (size_t p = s->has_output ? 0 : 1; p < s->n_ports; p++)
        text_printf(&outputs, "%s%s", outputs.len ? ", " : "", s->ports[p].name);
    if (s->result_port == 0) /* it is there for who asks for it */
        text_str(&outputs, ", result");
    diag_note(d, "outputs of %s: %s", s->name, text_get(&outputs));
    text_fini(&outputs);
}

/* Marks all stages that can be reached from `s` along the edges there are so far, itself too. */
static void mark_reached(const struct graph_stage *s, bool *reached)
{
    if (reached[s->index])
        return;
    reached[s->index] = true;
    for (size_t p = 0; p < s->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++)
            mark_reached(s->ports[p].readers[r], reached);
    }
}

/* `from: .dead`: the dead letters of every stage that makes some, but of none that reads from here. */
static bool read_all_dead(struct graph *graph, struct graph_stage *reader,
                          const struct from_ref *ref, struct diag_list *diags)
{
    bool reached[STAGES_MAX] = {false};
    bool any = false;

    mark_reached(reader, reached);
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];
        struct graph_port *dead;

        if (!s->ports || s->desc->on_error != ON_ERROR_DEAD || reached[k])
            continue;
        any = true;
        dead = &s->ports[s->n_ports - 1];
        if (!reads_already(dead, reader) && !add_reader(graph, dead, reader))
            return false;
    }
    if (!any) {
        struct diag *d = diag_add(diags, DIAG_ERROR, "E310", ref->source, ref->at,
                                  "nothing will ever come from '.dead'");

        diag_note(d, "no stage above has 'on_error: dead'");
    }
    return true;
}

/* `from: .result`: what the workers of every stage leave behind, but of none that reads from here. */
static bool read_all_results(struct graph *graph, struct graph_stage *reader,
                             const struct from_ref *ref, struct diag_list *diags)
{
    bool reached[STAGES_MAX] = {false};
    bool any = false;

    mark_reached(reader, reached);
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];
        struct graph_port *result;

        if (!s->ports || reached[k])
            continue;
        any = true;
        result = &s->ports[s->result_port];
        if (!reads_already(result, reader) && !add_reader(graph, result, reader))
            return false;
    }
    if (!any) {
        struct diag *d = diag_add(diags, DIAG_ERROR, "E310", ref->source, ref->at,
                                  "nothing will ever come from '.result'");

        diag_note(d, "there is no stage that does not read from this one");
    }
    return true;
}

/* `.dead` and `.result`, of all stages. */
static bool read_all(struct graph *graph, struct graph_stage *reader,
                     const struct from_ref *ref, struct diag_list *diags)
{
    return strcmp(ref->port, "dead") == 0 ? read_all_dead(graph, reader, ref, diags)
                                          : read_all_results(graph, reader, ref, diags);
}

static bool wire_ref(struct graph *graph, struct graph_stage *reader,
                     const struct from_ref *ref, struct diag_list *diags)
{
    struct graph_stage *s;
    struct graph_port *port;

    if (!ref->stage)
        return true; /* `.dead`, `.result`: when all the others are known */
    s = find_stage(graph, ref->stage);
    if (!s)
        return unknown_stage(graph, reader, ref, diags);
    if (!s->plugin)
        return true; /* reported already */
    port = find_port(s, ref->port ? ref->port : "out");
    if (!port) {
        unknown_port(s, ref, diags);
        return true;
    }
    if (port == &s->ports[s->n_ports - 1] && s->desc->on_error != ON_ERROR_DEAD) {
        struct diag *d = diag_add(diags, DIAG_ERROR, "E310", ref->source, ref->at,
                                  "nothing will ever come from '%s.dead'", s->name);

        diag_note(d, "give stage '%s' the key  on_error: dead", s->name);
        return true;
    }
    if (reads_already(port, reader)) {
        (void)diag_add(diags, DIAG_ERROR, "E308", ref->source, ref->at,
                       "stage '%s' reads '%s' twice", reader->name, ref->stage);
        return true;
    }
    return add_reader(graph, port, reader);
}

/* A stage without `from:` reads from the one above. */
static bool wire_default(struct graph *graph, struct graph_stage *reader,
                         struct diag_list *diags)
{
    struct graph_stage *above = reader->index > 0 ? reader - 1 : NULL;
    struct diag *d;

    if (above && !above->plugin)
        return true; /* reported already */
    if (above && above->has_output)
        return add_reader(graph, &above->ports[0], reader);
    d = diag_add(diags, DIAG_ERROR, "E306", graph->pipeline->source, reader->desc->at,
                 above ? "stage '%s' has nothing to read: '%s' above it has no output"
                       : "stage '%s' has nothing to read: it is the first one",
                 reader->name, above ? above->name : "");
    if (above)
        diag_note(d, "say what it reads:  from: NAME");
    else
        diag_note(d, "begin with a stage that makes items, such as  - use: lines");
    return true;
}

static bool wire_stage(struct graph *graph, struct graph_stage *s,
                       struct diag_list *diags)
{
    if (!s->plugin)
        return true;
    if (s->is_source) {
        if (s->desc->from_given && s->desc->n_from > 0)
            (void)diag_add(
                diags, DIAG_ERROR, "E307", s->desc->from[0].source, s->desc->from[0].at,
                "stage '%s' makes items itself: it reads from nobody", s->name);
        return true;
    }
    if (!s->desc->from_given)
        return wire_default(graph, s, diags);
    for (size_t k = 0; k < s->desc->n_from; k++) {
        if (!wire_ref(graph, s, &s->desc->from[k], diags))
            return false;
    }
    return true;
}

/* E303, E304: what would be lost. */
static void check_unread(const struct graph *graph, const struct graph_stage *s,
                         struct diag_list *diags)
{
    size_t dead = s->n_ports - 1;

    for (size_t p = s->has_output ? 0 : 1; p < dead; p++) {
        const char *dot = p == 0 ? "" : ".";
        const char *name = p == 0 ? "" : s->ports[p].name;
        struct diag *d;

        if (s->ports[p].n_readers > 0 || (p > 0 && p == s->result_port))
            continue;
        d = diag_add(diags, DIAG_ERROR, "E303", graph->pipeline->source, s->desc->at,
                     "nobody reads %s%s%s", s->name, dot, name);
        diag_hint(d, "its items would be lost");
        diag_note(
            d,
            "read it:  from: %s%s%s      or drop it on purpose:  - {use: drop, from: "
            "%s%s%s}",
            s->name, dot, name, s->name, dot, name);
    }
    if (s->desc->on_error == ON_ERROR_DEAD && s->ports[dead].n_readers == 0) {
        const struct yaml_node *node = s->desc->on_error_node;
        struct diag *d = diag_add(diags, DIAG_ERROR, "E304", graph->pipeline->source,
                                  node ? node->at : s->desc->at,
                                  "nobody reads the dead letters of '%s'", s->name);

        diag_note(d,
                  "add a stage that does:  - {use: write, from: %s.dead, with: {path: "
                  "dead.txt}}",
                  s->name);
    }
}

bool wire_stages(struct graph *graph, struct diag_list *diags)
{
    size_t errors;

    for (size_t k = 0; k < graph->n_stages; k++) {
        if (!wire_stage(graph, &graph->stages[k], diags))
            return false;
    }
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];

        for (size_t f = 0; s->plugin && !s->is_source && f < s->desc->n_from; f++) {
            if (!s->desc->from[f].stage && !read_all(graph, s, &s->desc->from[f], diags))
                return false;
        }
    }
    errors = diag_errors(diags);
    if (errors > 0)
        return true; /* an unread output may be the fault of a name that was not found */
    for (size_t k = 0; k < graph->n_stages; k++)
        check_unread(graph, &graph->stages[k], diags);
    return true;
}
