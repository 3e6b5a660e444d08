/* SPDX-License-Identifier: MIT */
/* Outputs that nobody reads: what they give would be lost. */
#include "exec/graph_parts.h"

/* What the user calls the output: of the outermost pipeline that gives it as its own. */
static const struct stage_desc *known_as(const struct graph *graph,
                                         const struct graph_stage *s)
{
    const struct stage_desc *as = s->desc;

    for (const struct sub_desc *sub = s->desc->sub; sub && wire_output(graph, sub) == s;
         sub = sub->as.sub)
        as = &sub->as;
    return as;
}

/* E303 */
static void report_port(const struct graph *graph, const struct graph_stage *s, size_t p,
                        struct diag_list *diags)
{
    const struct stage_desc *as = p == 0 ? known_as(graph, s) : s->desc;
    const char *dot = p == 0 ? "" : ".";
    const char *name = p == 0 ? "" : s->ports[p].name;
    const char *local = find_local(as->name, as->sub ? as->sub->scope : NULL);
    struct diag *d = diag_add(diags, DIAG_ERROR, "E303", as->source, as->at,
                              "nobody reads %s%s%s", as->name, dot, name);

    diag_hint(d, "its items would be lost");
    diag_note(d,
              "read it:  from: %s%s%s      or drop it on purpose:  - {use: drop, from: "
              "%s%s%s}",
              local, dot, name, local, dot, name);
}

/* E304 */
static void report_dead(const struct graph_stage *s, struct diag_list *diags)
{
    const struct yaml_node *node = s->desc->on_error_node;
    const struct sub_desc *sub = s->desc->sub;
    struct diag *d = diag_add(
        diags, DIAG_ERROR, "E304", node ? node->source : s->desc->source,
        node ? node->at : s->desc->at, "nobody reads the dead letters of '%s'", s->name);

    diag_note(d,
              "add a stage that does:  - {use: write, from: %s.dead, with: {path: "
              "dead.txt}}",
              find_local(s->name, sub ? sub->scope : NULL));
}

void wire_check_unread(const struct graph *graph, struct diag_list *diags)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct graph_stage *s = &graph->stages[k];
        size_t dead = s->n_ports - 1;

        for (size_t p = s->has_output ? 0 : 1; p < dead; p++) {
            if (s->ports[p].n_readers == 0 && (p == 0 || p != s->result_port))
                report_port(graph, s, p, diags);
        }
        if (s->on_error == ON_ERROR_DEAD && s->ports[dead].n_readers == 0)
            report_dead(s, diags);
    }
}
