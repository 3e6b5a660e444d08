/* SPDX-License-Identifier: MIT */
/* From a description to a pipeline of the program, and the end of it. */
#include <stdlib.h>
#include <string.h>

#include "base/lock_order.h"
#include "embed/fault.h"
#include "embed/pipeline.h"

enum { LOG_LEVEL_DEFAULT = 6 };

const char *pph_version(void)
{
    return PPHOST_VERSION;
}

/* What the program has set of the options; the rest is zero, whatever size it was compiled with. */
static struct pph_options options_of(const struct pph_options *given)
{
    struct pph_options options = {0};

    if (given && given->size > 0)
        memcpy(&options, given,
               given->size < sizeof(options) ? given->size : sizeof(options));
    return options;
}

static struct pph_pipeline *pipeline_new(const struct pph_options *options)
{
    struct pph_pipeline *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    mutex_init(&p->lock);
    lock_order_set(&p->lock, "pph_pipeline.lock", LOCKS_ALONE, 0);
    mutex_init(&p->log_lock);
    lock_order_set(&p->log_lock, "pph_pipeline.log_lock", LOCKS_LOG, 0);
    cond_init(&p->changed);
    p->refs = 1;
    p->log = options->log;
    p->log_arg = options->log_arg;
    p->log_level = options->log_level > 0 ? options->log_level : LOG_LEVEL_DEFAULT;
    return p;
}

static void destroy(struct pph_pipeline *p)
{
    for (size_t k = 0; k < p->n_ends; k++)
        end_fini(&p->ends[k]);
    free(p->ends);
    block_store_leave(p->blocks);
    free(p->warnings);
    free(p->result.failure);
    free(p->result.summary);
    progress_free(p->progress);
    mask_free(p->mask);
    free(p->view.stages);
    prepare_fini(&p->prepared);
    cond_fini(&p->changed);
    mutex_fini(&p->log_lock);
    mutex_fini(&p->lock);
    free(p);
}

void pipeline_ref(struct pph_pipeline *pipeline)
{
    mutex_lock(&pipeline->lock);
    pipeline->refs++;
    mutex_unlock(&pipeline->lock);
}

void pipeline_unref(struct pph_pipeline *pipeline)
{
    bool last;

    mutex_lock(&pipeline->lock);
    PPH_ASSERT(pipeline->refs > 0);
    last = --pipeline->refs == 0;
    mutex_unlock(&pipeline->lock);
    if (last)
        destroy(pipeline);
}

/* The ends of the graph, and what a run needs; false: no memory. */
static bool make_ends(struct pph_pipeline *p)
{
    const struct graph *graph = p->prepared.graph;

    p->name = graph->pipeline->name;
    p->view.stages = calloc(graph->n_stages, sizeof(*p->view.stages));
    p->progress = progress_new(graph);
    p->mask = mask_new(graph);
    p->ends = calloc(graph->n_stages, sizeof(*p->ends));
    p->blocks = block_store_new();
    if (!p->view.stages || !p->progress || !p->mask || !p->ends || !p->blocks)
        return false;
    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct plugin *plugin = graph->stages[k].plugin;

        if ((plugin == &push_stage || plugin == &pull_stage) &&
            !end_init(&p->ends[p->n_ends++], p, &graph->stages[k]))
            return false;
    }
    return true;
}

/* All that was found, in the words of the command line; false: no memory. */
static bool show_diags(struct pph_pipeline *p, char **ret_text)
{
    struct text out = {0};

    if (!p->prepared.diags)
        return false;
    diag_show(p->prepared.diags, &out, false);
    *ret_text = out.failed ? NULL : strdup(text_get(&out));
    text_fini(&out);
    return *ret_text != NULL;
}

/*
 * An input holds the program back, or answers that it is full: it does not drop what it was given.  False: a fault was
 * added.
 */
static bool check_inputs(struct pph_pipeline *p)
{
    const struct graph *graph = p->prepared.graph;

    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct graph_stage *s = &graph->stages[k];
        const struct yaml_node *full = s->desc->queue_full_node;

        if (s->plugin != &push_stage || s->desc->queue_full == QUEUE_BLOCK || !full)
            continue;
        diag_hint(diag_add(p->prepared.diags, DIAG_ERROR, "A710", full->source, full->at,
                           "the input '%s' cannot drop items", s->name),
                  "write  full: block; or give the stage below a queue that drops");
    }
    return diag_errors(p->prepared.diags) == 0;
}

static void set_error(struct pph_pipeline *p, struct pph_error **ret_error)
{
    char *text = NULL;

    if (show_diags(p, &text))
        fault_set_text(ret_error, text);
    else
        fault_set_no_memory(ret_error);
    free(text);
}

static struct pph_pipeline *load(const struct pipeline_input *input,
                                 const struct pph_options *options,
                                 struct pph_error **ret_error)
{
    struct prepare_over over = {.threads = options->threads,
                                .memory_bytes = options->memory_bytes,
                                .push = &push_stage,
                                .pull = &pull_stage};
    struct pph_pipeline *p = pipeline_new(options);

    if (!p) {
        fault_set_no_memory(ret_error);
        return NULL;
    }
    if (prepare(&p->prepared, input, &over) != PREPARE_OK || !check_inputs(p)) {
        set_error(p, ret_error);
        pipeline_unref(p);
        return NULL;
    }
    if (!show_diags(p, &p->warnings) || !make_ends(p)) {
        fault_set_no_memory(ret_error);
        pipeline_unref(p);
        return NULL;
    }
    return p;
}

/* Values that no description could have either. */
static bool check_options(const struct pph_options *options, struct pph_error **ret_error)
{
    if (options->threads > THREADS_MAX)
        fault_set(ret_error, "A707", "'threads' needs a whole number from 1 to %d, or 0",
                  THREADS_MAX);
    else if (options->memory_bytes > 0 &&
             (options->memory_bytes < MEMORY_MIN || options->memory_bytes > MEMORY_MAX))
        fault_set(ret_error, "A707",
                  "'memory_bytes' needs 1,000,000 to 2^50 bytes, or 0");
    else
        return true;
    return false;
}

struct pph_pipeline *pph_load(const char *file, const struct pph_options *options,
                              struct pph_error **ret_error)
{
    const struct pph_options o = options_of(options);
    const struct pipeline_input input = {.file = file, .vars = o.vars, .sets = o.sets};

    if (!file) {
        fault_set(ret_error, "A707", "pph_load() was given no file");
        return NULL;
    }
    return check_options(&o, ret_error) ? load(&input, &o, ret_error) : NULL;
}

struct pph_pipeline *pph_load_text(const char *text, size_t len,
                                   const struct pph_options *options,
                                   struct pph_error **ret_error)
{
    const struct pph_options o = options_of(options);
    const struct pipeline_input input = {.text = text ? text : "",
                                         .text_len = text ? len : 0,
                                         .file = o.name ? o.name : "text",
                                         .dir = o.dir,
                                         .vars = o.vars,
                                         .sets = o.sets};

    return check_options(&o, ret_error) ? load(&input, &o, ret_error) : NULL;
}

const char *pph_warnings(const struct pph_pipeline *pipeline)
{
    return pipeline->warnings;
}

struct end *pipeline_end(struct pph_pipeline *pipeline, const char *stage)
{
    for (size_t k = 0; k < pipeline->n_ends; k++) {
        if (strcmp(pipeline->ends[k].name, stage) == 0)
            return &pipeline->ends[k];
    }
    PPH_UNREACHABLE("a stage of the program without an end");
}
