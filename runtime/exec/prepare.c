/* SPDX-License-Identifier: MIT */
#include "exec/prepare.h"

#include <string.h>

#include "base/memory.h"

/* Put among the faults that were found, once.  A graph that was built all the same is not used. */
static enum prepare_status no_memory(struct prepared *p)
{
    graph_free(p->graph);
    p->graph = NULL;
    if (p->diags)
        (void)diag_add(p->diags, DIAG_ERROR, "E099", NULL, (struct mark){0},
                       "out of memory");
    return PREPARE_NO_MEMORY;
}

static enum prepare_status build(struct prepared *p, const struct pipeline_input *input,
                                 const struct prepare_over *over)
{
    enum pipeline_status status = pipeline_load(input, p->diags, &p->pipeline);

    if (status == PIPELINE_UNREAD)
        return PREPARE_UNREAD;
    if (!p->pipeline)
        return PREPARE_BAD;
    if (over->memory_bytes > 0)
        p->pipeline->memory_bytes = over->memory_bytes;
    if (over->max_rejects.kind != REJECTS_UNSET)
        p->pipeline->max_rejects = over->max_rejects;
    p->registry = registry_new(p->pipeline->dir);
    if (!p->registry)
        return no_memory(p);
    registry_set_ends(p->registry, over->push, over->pull);
    /* Also when the description is bad: faults of plugins and settings are shown in the same go. */
    p->graph = graph_build(p->pipeline, p->registry, over->threads, p->diags);
    if (status == PIPELINE_OK && p->graph && diag_errors(p->diags) == 0)
        return PREPARE_OK;
    graph_free(p->graph);
    p->graph = NULL;
    return diag_errors(p->diags) > 0 ? PREPARE_BAD : no_memory(p);
}

enum prepare_status prepare(struct prepared *prepared, const struct pipeline_input *input,
                            const struct prepare_over *over)
{
    uint64_t failures = memory_failures();
    enum prepare_status status;

    prepared->diags = diag_list_new();
    if (!prepared->diags)
        return no_memory(prepared);
    status = build(prepared, input, over);
    if (memory_failures() != failures)
        status = no_memory(prepared);
    return status;
}

void prepare_fini(struct prepared *prepared)
{
    graph_free(prepared->graph);
    registry_free(prepared->registry);
    diag_list_free(prepared->diags);
    pipeline_free(prepared->pipeline);
    memset(prepared, 0, sizeof(*prepared));
}
