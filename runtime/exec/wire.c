/* SPDX-License-Identifier: MIT */
/*
 * Joins stages: who reads which port.
 *
 * A pipeline that is a stage is joined inside first.  Then who reads it reads the last of its outputs
 * that nobody inside reads, and what it reads is read by the first of its stages.  Dead letters and
 * results of all stages come last, when all other edges are known.
 */
#include <string.h>

#include "exec/graph_parts.h"
#include "plugin/params.h"

/* Who reads, and what says so: a stage of its own, or that of a pipeline whose first stage it is. */
struct reader {
    struct graph_stage *stage; /* NULL: it is a pipeline that reads nothing */
    const struct stage_desc *desc;
    const struct sub_desc *sub; /* NULL: a stage of its own */
    size_t first;               /* where it stands among the stages */
};

static struct graph_port *find_port(const struct graph_stage *s, const char *name)
{
    for (size_t p = 0; p < s->n_ports; p++) {
        if (strcmp(s->ports[p].name, name) == 0)
            return p == 0 && !s->has_output ? NULL : &s->ports[p];
    }
    return NULL;
}

static struct graph_port *dead_of(const struct graph_stage *s)
{
    return &s->ports[s->n_ports - 1];
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

/* How many pipelines are around what is in `sub`. */
static unsigned depth_in(const struct sub_desc *sub)
{
    unsigned depth = 0;

    for (; sub; sub = sub->as.sub)
        depth++;
    return depth;
}

static bool read_inside(const struct sub_desc *sub, const struct graph_port *port)
{
    for (size_t r = 0; r < port->n_readers; r++) {
        size_t index = port->readers[r]->index;

        if (index >= sub->first && index < sub->first + sub->n)
            return true;
    }
    return false;
}

struct graph_stage *wire_output(const struct graph *graph, const struct sub_desc *sub)
{
    for (size_t k = sub->first + sub->n; k-- > sub->first;) {
        struct graph_stage *s = &graph->stages[k];

        if (s->plugin && s->has_output && !read_inside(sub, &s->ports[0]))
            return s;
    }
    return NULL;
}

/* Whether the plugins of all its stages are known; else what is missing was reported. */
static bool is_whole(const struct graph *graph, const struct sub_desc *sub)
{
    for (size_t k = sub->first; k < sub->first + sub->n; k++) {
        if (!graph->stages[k].plugin)
            return false;
    }
    return true;
}

/* The first stage in the pipeline, if that leaves it to the pipeline what to read. */
static struct graph_stage *find_entry(const struct graph *graph,
                                      const struct sub_desc *sub)
{
    struct graph_stage *s = &graph->stages[sub->first];

    for (const struct sub_desc *in = s->desc->sub; in != sub; in = in->as.sub) {
        if (in->as.from_given)
            return NULL;
    }
    return s->desc->from_given ? NULL : s;
}

static struct reader reader_of_stage(const struct graph *graph, size_t k)
{
    return (struct reader){&graph->stages[k], graph->stages[k].desc, NULL, k};
}

static struct reader reader_of_sub(const struct graph *graph, const struct sub_desc *sub)
{
    return (struct reader){find_entry(graph, sub), &sub->as, sub, sub->first};
}

/* Whether it is the first in a pipeline that says what is read: then it is joined with that. */
static bool is_joined_outside(const struct reader *reader)
{
    const struct sub_desc *sub = reader->desc->sub;

    return sub && sub->first == reader->first && !reader->desc->from_given;
}

/* Calls `wire` for all stages and pipelines that are so deep; false: no memory. */
static bool each_at(struct graph *graph, unsigned depth,
                    bool (*wire)(struct graph *, const struct reader *,
                                 struct diag_list *),
                    struct diag_list *diags)
{
    bool ok = true;

    for (size_t k = 0; ok && k < graph->n_stages; k++) {
        struct reader reader = reader_of_stage(graph, k);

        if (depth_in(reader.desc->sub) == depth)
            ok = wire(graph, &reader, diags);
    }
    for (size_t k = 0; ok && k < graph->pipeline->n_subs; k++) {
        struct reader reader = reader_of_sub(graph, graph->pipeline->subs[k]);

        if (depth_in(reader.desc->sub) == depth)
            ok = wire(graph, &reader, diags);
    }
    return ok;
}

/* Innermost first: what is around a pipeline depends on what is joined in it. */
static bool each_reader(struct graph *graph,
                        bool (*wire)(struct graph *, const struct reader *,
                                     struct diag_list *),
                        struct diag_list *diags)
{
    unsigned deepest = 0;

    for (size_t k = 0; k < graph->n_stages; k++) {
        unsigned depth = depth_in(graph->stages[k].desc->sub);

        deepest = depth > deepest ? depth : deepest;
    }
    for (unsigned depth = deepest + 1; depth-- > 0;) {
        if (!each_at(graph, depth, wire, diags))
            return false;
    }
    return true;
}

void graph_mark_reached(const struct graph_stage *stage, bool reached[STAGES_MAX])
{
    if (reached[stage->index])
        return;
    reached[stage->index] = true;
    for (size_t p = 0; p < stage->n_ports; p++) {
        for (size_t r = 0; r < stage->ports[p].n_readers; r++)
            graph_mark_reached(stage->ports[p].readers[r], reached);
    }
}

static bool is_port(const struct from_ref *ref, const char *name)
{
    return ref->port && strcmp(ref->port, name) == 0;
}

/*
 * Of `.dead` and `.result`, of all stages or those of a pipeline that is a stage: what the names of
 * these begin with.  NULL: the entry is of another kind.
 */
static const char *shared_scope(const struct graph *graph, const struct from_ref *ref)
{
    struct found found;

    if (!ref->stage)
        return ref->scope ? ref->scope : "";
    if ((!is_port(ref, "dead") && !is_port(ref, "result")) ||
        !find_named(graph, ref->stage, &found) || !found.sub)
        return NULL;
    return found.sub->scope;
}

/* Whether the stage is in a pipeline that is a stage in the scope, and that takes its dead letters. */
static bool taken_inside(const struct graph_stage *s, const char *scope)
{
    const struct graph_port *dead = dead_of(s);
    const char *slash = strchr(s->name + strlen(scope), '/');

    for (size_t r = 0; slash && r < dead->n_readers; r++) {
        if (strncmp(dead->readers[r]->name, s->name, (size_t)(slash + 1 - s->name)) == 0)
            return true;
    }
    return false;
}

/* `from: .dead`: the dead letters of every stage that makes some, but of none that reads from here. */
static bool read_all_dead(struct graph *graph, struct graph_stage *reader,
                          const struct from_ref *ref, const char *scope,
                          struct diag_list *diags)
{
    bool reached[STAGES_MAX] = {false};
    bool any = false;

    graph_mark_reached(reader, reached);
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];

        if (!s->ports || s->on_error != ON_ERROR_DEAD || reached[k] ||
            strncmp(s->name, scope, strlen(scope)) != 0 || taken_inside(s, scope))
            continue;
        any = true;
        if (!reads_already(dead_of(s), reader) && !add_reader(graph, dead_of(s), reader))
            return false;
    }
    if (!any) {
        struct diag *d = diag_add(diags, DIAG_ERROR, "E310", ref->source, ref->at,
                                  "nothing will ever come from '%s.dead'",
                                  ref->stage ? find_local(ref->stage, ref->scope) : "");

        diag_note(d, graph->pipeline->n_subs > 0
                         ? "no stage of it has 'on_error: dead', or pipelines that are "
                           "stages take their own"
                         : "no stage above has 'on_error: dead'");
    }
    return true;
}

/* `from: .result`: what the workers of every stage leave behind, but of none that reads from here. */
static bool read_all_results(struct graph *graph, struct graph_stage *reader,
                             const struct from_ref *ref, const char *scope,
                             struct diag_list *diags)
{
    bool reached[STAGES_MAX] = {false};
    bool any = false;

    graph_mark_reached(reader, reached);
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];
        struct graph_port *result;

        if (!s->ports || reached[k] || strncmp(s->name, scope, strlen(scope)) != 0)
            continue;
        any = true;
        result = &s->ports[s->result_port];
        if (!reads_already(result, reader) && !add_reader(graph, result, reader))
            return false;
    }
    if (!any) {
        struct diag *d = diag_add(diags, DIAG_ERROR, "E310", ref->source, ref->at,
                                  "nothing will ever come from '%s.result'",
                                  ref->stage ? find_local(ref->stage, ref->scope) : "");

        diag_note(d, "there is no stage that does not read from this one");
    }
    return true;
}

static bool read_port(struct graph *graph, const struct reader *reader,
                      const struct from_ref *ref, struct graph_stage *s,
                      struct diag_list *diags)
{
    struct graph_port *port = find_port(s, ref->port ? ref->port : "out");
    const char *local = find_local(s->name, ref->scope);

    if (!port) {
        find_report_port(s, ref, diags);
        return true;
    }
    if (port == dead_of(s) && s->on_error != ON_ERROR_DEAD) {
        struct diag *d = diag_add(diags, DIAG_ERROR, "E310", ref->source, ref->at,
                                  "nothing will ever come from '%s.dead'", local);

        diag_note(d, "give stage '%s' the key  on_error: dead", s->name);
        return true;
    }
    if (reads_already(port, reader->stage)) {
        (void)diag_add(diags, DIAG_ERROR, "E308", ref->source, ref->at,
                       "stage '%s' reads '%s' twice", reader->desc->name, local);
        return true;
    }
    return add_reader(graph, port, reader->stage);
}

static bool wire_ref(struct graph *graph, const struct reader *reader,
                     const struct from_ref *ref, struct diag_list *diags)
{
    struct found found;

    if (shared_scope(graph, ref))
        return true; /* when all the others are known */
    if (!find_named(graph, ref->stage, &found)) {
        find_report_stage(graph, reader->desc, ref, diags);
        return true;
    }
    if (found.stage)
        return !found.stage->plugin || /* reported already */
               read_port(graph, reader, ref, found.stage, diags);
    struct graph_stage *s = wire_output(graph, found.sub);
    bool is_out = !ref->port || strcmp(ref->port, "out") == 0;
    if (s && is_out)
        return read_port(graph, reader, ref, s, diags);
    if (!is_out || is_whole(graph, found.sub))
        find_report_sub_port(found.sub, ref, diags);
    return true;
}

/* What stands above it in its own list: the stage that gives its output; NULL: there is none. */
static struct graph_stage *find_above(const struct graph *graph,
                                      const struct reader *reader, const char **ret_name,
                                      bool *ret_known)
{
    const struct sub_desc *scope = reader->desc->sub, *sub;
    struct graph_stage *above;

    *ret_name = NULL;
    *ret_known = true;
    if (reader->first == (scope ? scope->first : 0))
        return NULL;
    above = &graph->stages[reader->first - 1];
    if (above->desc->sub == scope) {
        *ret_name = above->name;
        *ret_known = above->plugin != NULL;
        return above->plugin && above->has_output ? above : NULL;
    }
    for (sub = above->desc->sub; sub->as.sub != scope; sub = sub->as.sub)
        ;
    *ret_name = sub->as.name;
    *ret_known = is_whole(graph, sub);
    return wire_output(graph, sub);
}

/* A stage without `from:` reads from the one above. */
static bool wire_default(struct graph *graph, const struct reader *reader,
                         struct diag_list *diags)
{
    const char *name;
    bool known;
    struct graph_stage *above = find_above(graph, reader, &name, &known);
    struct diag *d;

    if (above)
        return add_reader(graph, &above->ports[0], reader->stage);
    if (!known)
        return true; /* reported already */
    d = diag_add(diags, DIAG_ERROR, "E306", reader->desc->source, reader->desc->at,
                 name ? "stage '%s' has nothing to read: '%s' above it has no output"
                      : "stage '%s' has nothing to read: it is the first one",
                 reader->desc->name, name ? name : "");
    if (name)
        diag_note(d, "say what it reads:  from: NAME");
    else
        diag_note(d, "begin with a stage that makes items, such as  - use: lines");
    return true;
}

static bool wire_reader(struct graph *graph, const struct reader *reader,
                        struct diag_list *diags)
{
    const struct stage_desc *desc = reader->desc;

    if (reader->stage && !reader->stage->plugin)
        return true; /* reported already */
    if (!reader->stage || reader->stage->is_source) {
        if (desc->from_given && desc->n_from > 0)
            find_report_no_input(graph, reader->desc, reader->sub, reader->stage != NULL,
                                 diags);
        return true;
    }
    if (is_joined_outside(reader))
        return true;
    if (!desc->from_given)
        return wire_default(graph, reader, diags);
    for (size_t k = 0; k < desc->n_from; k++) {
        if (!wire_ref(graph, reader, &desc->from[k], diags))
            return false;
    }
    return true;
}

/* What is read from all stages. */
static bool wire_shared(struct graph *graph, const struct reader *reader,
                        struct diag_list *diags)
{
    bool ok = true;

    if (!reader->stage || !reader->stage->plugin || reader->stage->is_source)
        return true;
    for (size_t k = 0; ok && k < reader->desc->n_from; k++) {
        const struct from_ref *ref = &reader->desc->from[k];
        const char *scope = shared_scope(graph, ref);

        if (scope && is_port(ref, "dead"))
            ok = read_all_dead(graph, reader->stage, ref, scope, diags);
        else if (scope)
            ok = read_all_results(graph, reader->stage, ref, scope, diags);
    }
    return ok;
}

/* Marks what dead letters reach: their readers, and who reads those. */
static bool mark_dead(struct graph *graph, const struct reader *reader,
                      bool reached[STAGES_MAX])
{
    bool reads = false;

    if (!reader->stage || !reader->stage->plugin)
        return false;
    for (size_t k = 0; k < reader->desc->n_from; k++)
        reads = reads || (is_port(&reader->desc->from[k], "dead") &&
                          shared_scope(graph, &reader->desc->from[k]) != NULL);
    for (size_t k = 0; k < graph->n_stages && !reads; k++) {
        const struct graph_stage *s = &graph->stages[k];

        reads = s->ports && reads_already(dead_of(s), reader->stage);
    }
    if (reads)
        graph_mark_reached(reader->stage, reached);
    return reads;
}

/*
 * `defaults: {on_error: dead}` is for the stages whose dead letters someone can take.  Where dead
 * letters come, a failure stops the run; so there is no use in what the default says.
 */
static void resolve_default_dead(struct graph *graph)
{
    bool reached[STAGES_MAX] = {false};

    for (size_t k = 0; k < graph->n_stages; k++) {
        struct reader reader = reader_of_stage(graph, k);

        (void)mark_dead(graph, &reader, reached);
    }
    for (size_t k = 0; k < graph->pipeline->n_subs; k++) {
        struct reader reader = reader_of_sub(graph, graph->pipeline->subs[k]);

        (void)mark_dead(graph, &reader, reached);
    }
    for (size_t k = 0; k < graph->n_stages; k++) {
        struct graph_stage *s = &graph->stages[k];

        if (reached[k] && s->on_error == ON_ERROR_DEAD && s->desc->on_error_node &&
            !stage_says(s->desc, "on_error") && dead_of(s)->n_readers == 0)
            s->on_error = ON_ERROR_STOP;
    }
}

bool wire_stages(struct graph *graph, struct diag_list *diags)
{
    if (!each_reader(graph, wire_reader, diags))
        return false;
    resolve_default_dead(graph);
    if (!each_reader(graph, wire_shared, diags))
        return false;
    if (diag_errors(diags) > 0)
        return true; /* an unread output may be the fault of a name that was not found */
    wire_check_unread(graph, diags);
    return true;
}
