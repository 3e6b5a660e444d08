/* SPDX-License-Identifier: MIT */
/* Stages by the names that `from:` holds, and what is said of names that lead nowhere. */
#include <string.h>

#include "exec/graph_parts.h"

static struct graph_stage *find_stage(const struct graph *graph, const char *name)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        if (strcmp(graph->stages[k].name, name) == 0)
            return &graph->stages[k];
    }
    return NULL;
}

static const struct sub_desc *find_sub(const struct graph *graph, const char *name)
{
    for (size_t k = 0; k < graph->pipeline->n_subs; k++) {
        if (strcmp(graph->pipeline->subs[k]->as.name, name) == 0)
            return graph->pipeline->subs[k];
    }
    return NULL;
}

bool find_named(const struct graph *graph, const char *name, struct found *ret_found)
{
    *ret_found = (struct found){find_stage(graph, name), NULL};
    if (!ret_found->stage)
        ret_found->sub = find_sub(graph, name);
    return ret_found->stage || ret_found->sub;
}

const char *find_local(const char *name, const char *scope)
{
    size_t len = scope ? strlen(scope) : 0;

    return strncmp(name, scope ? scope : "", len) == 0 ? name + len : name;
}

/* Names that the reader can use, as it writes them, NULL-terminated. */
static const char **names_for(const struct graph *graph, const struct stage_desc *reader,
                              const char *scope)
{
    const struct pipeline *pipeline = graph->pipeline;
    size_t most = graph->n_stages + pipeline->n_subs + 1, n = 0;
    const char **names = arena_array(graph->arena, most, sizeof(*names));

    for (size_t k = 0; names && k < graph->n_stages; k++) {
        if (graph->stages[k].desc->sub == reader->sub)
            names[n++] = find_local(graph->stages[k].name, scope);
    }
    for (size_t k = 0; names && k < pipeline->n_subs; k++) {
        if (pipeline->subs[k]->as.sub == reader->sub)
            names[n++] = find_local(pipeline->subs[k]->as.name, scope);
    }
    return names;
}

/* "did you mean 'kind'? (line 24)" */
static bool suggest(const struct graph *graph, const struct stage_desc *reader,
                    const struct from_ref *ref, const char *written, struct diag *d)
{
    const char **names = names_for(graph, reader, ref->scope);
    const char *near = names ? text_nearest(written, names) : NULL;
    const char *full =
        near ? arena_printf(graph->arena, "%s%s", ref->scope ? ref->scope : "", near)
             : NULL;
    struct found found;

    if (!full || !find_named(graph, full, &found))
        return false;
    const struct stage_desc *there = found.sub ? &found.sub->as : found.stage->desc;
    if (there->source == ref->source)
        diag_hint(d, "did you mean '%s'? (line %u)", near, (unsigned)there->at.line);
    else
        diag_hint(d, "did you mean '%s'?", near);
    return true;
}

void find_report_stage(const struct graph *graph, const struct stage_desc *reader,
                       const struct from_ref *ref, struct diag_list *diags)
{
    const char *written = find_local(ref->stage, ref->scope);
    struct mark at = ref->at;
    struct found outside;
    struct diag *d;

    at.width = (uint32_t)strlen(written); /* names are ASCII */
    d = diag_add(diags, DIAG_ERROR, "E301", ref->source, at,
                 "stage '%s' reads from '%s%s%s', but there is no stage '%s'",
                 reader->name, written, ref->port ? "." : "", ref->port ? ref->port : "",
                 written);
    if (!suggest(graph, reader, ref, written, d) && reader->sub &&
        find_named(graph, written, &outside))
        diag_note(d, "a pipeline that is a stage sees its own stages only; the first of "
                     "them reads what comes in");
}

void find_report_port(const struct graph_stage *s, const struct from_ref *ref,
                      struct diag_list *diags)
{
    struct text outputs = {0};
    struct diag *d;

    if (!ref->port || strcmp(ref->port, "out") == 0) {
        d = diag_add(diags, DIAG_ERROR, "E302", ref->source, ref->at,
                     "stage '%s' has no output to read", s->name);
        diag_note(
            d,
            s->is_source
                ? "plugin '%s' is a task; '%s.result' is what it leaves behind"
                : "plugin '%s' only consumes; '%s.dead' are the items it gave up on",
            s->plugin->desc.name, find_local(s->name, ref->scope));
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

void find_report_sub_port(const struct sub_desc *sub, const struct from_ref *ref,
                          struct diag_list *diags)
{
    const char *name = find_local(sub->as.name, ref->scope);
    struct diag *d;

    if (!ref->port || strcmp(ref->port, "out") == 0) {
        d = diag_add(diags, DIAG_ERROR, "E302", ref->source, ref->at,
                     "stage '%s' has no output to read", sub->as.name);
        diag_note(d,
                  "it is a pipeline, and its stages read all outputs themselves; a port "
                  "of one of them is  %s/STAGE.PORT",
                  name);
        return;
    }
    d = diag_add(diags, DIAG_ERROR, "E302", ref->source, ref->at,
                 "stage '%s' has no output '%s'", sub->as.name, ref->port);
    diag_note(
        d,
        "it is a pipeline: it has 'out', 'dead' and 'result'; a port of one of its stages "
        "is  %s/STAGE.%s",
        name, ref->port);
}

void find_report_no_input(const struct graph *graph, const struct stage_desc *reader,
                          const struct sub_desc *sub, bool makes_items,
                          struct diag_list *diags)
{
    const struct from_ref *from = reader->from;
    const struct graph_stage *first;
    struct diag *d;

    if (!sub) {
        (void)diag_add(diags, DIAG_ERROR, "E307", from->source, from->at,
                       "stage '%s' makes items itself: it reads from nobody",
                       reader->name);
        return;
    }
    first = &graph->stages[sub->first];
    d = diag_add(diags, DIAG_ERROR, "E313", from->source, from->at,
                 "stage '%s' is a pipeline that takes no input", reader->name);
    diag_note(d,
              makes_items ? "its first stage '%s' (%s:%u) makes items itself"
                          : "its first stage '%s' (%s:%u) says itself what it reads",
              first->name, first->desc->source->name, (unsigned)first->desc->at.line);
}
