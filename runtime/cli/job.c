/* SPDX-License-Identifier: MIT */
#include "cli/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "cli/exits.h"
#include "cli/output.h"
#include "cli/wall.h"
#include "observe/log.h"

/* --threads as a number; 0 when it was not given. */
static bool read_threads(const struct arguments *args, unsigned *ret_threads)
{
    const char *text = arguments_get(args, "threads");
    int64_t value;

    *ret_threads = 0;
    if (text == NULL)
        return true;
    if (units_int(text, &value) != UNITS_OK || value < 1 || value > THREADS_MAX)
        return false;
    *ret_threads = (unsigned)value;
    return true;
}

/* Put among the faults that were found, once.  A graph that was built all the same is not used. */
static int no_memory(struct job *job)
{
    graph_free(job->graph);
    job->graph = NULL;
    if (job->diags != NULL)
        (void)diag_add(job->diags, DIAG_ERROR, "E099", NULL, (struct mark){0},
                       "out of memory");
    return EXITS_SYSTEM;
}

/* --memory over the pipeline's own; false: it is no such size. */
static bool read_memory(const struct arguments *args, uint64_t *ret_bytes)
{
    const char *text = arguments_get(args, "memory");

    *ret_bytes = 0;
    return text == NULL || budget_is_size(text, ret_bytes);
}

static int build(struct job *job, const struct pipeline_input *input, unsigned threads,
                 uint64_t memory_bytes)
{
    enum pipeline_status status = pipeline_load(input, job->diags, &job->pipeline);

    if (status == PIPELINE_UNREAD)
        return EXITS_NO_FILE;
    if (job->pipeline == NULL)
        return EXITS_INVALID;
    if (memory_bytes > 0)
        job->pipeline->memory_bytes = memory_bytes;
    job->registry = registry_new(job->pipeline->dir);
    if (job->registry == NULL)
        return no_memory(job);
    /* Also when the description is bad: faults of plugins and settings are shown in the same go. */
    job->graph = graph_build(job->pipeline, job->registry, threads, job->diags);
    if (status == PIPELINE_OK && job->graph != NULL && diag_errors(job->diags) == 0)
        return EXITS_OK;
    graph_free(job->graph);
    job->graph = NULL;
    return diag_errors(job->diags) > 0 ? EXITS_INVALID : no_memory(job);
}

int job_open(struct job *job, const char *file, const struct arguments *args)
{
    unsigned threads;
    uint64_t failures;
    uint64_t memory_bytes;

    memset(job, 0, sizeof(*job));
    job->file = file;
    failures = memory_failures();
    if (!read_threads(args, &threads))
        return output_usage("error: '--threads' needs a whole number from 1 to %d\n",
                            THREADS_MAX);
    if (!read_memory(args, &memory_bytes))
        return output_usage("error: '--memory' needs a size from 1MB to 1024TiB, such as "
                            "512MB\n");
    job->diags = diag_list_new();
    const char **sets = arguments_all(args, "set");
    if (job->diags == NULL || sets == NULL) {
        free(sets);
        return no_memory(job);
    }
    struct pipeline_input input = {.file = file, .vars = args->vars, .sets = sets};
    int code = build(job, &input, threads, memory_bytes);
    free(sets);
    if (memory_failures() != failures)
        code = no_memory(job); /* then nothing else that was found can be relied on */
    return code;
}

void job_close(struct job *job)
{
    graph_free(job->graph);
    registry_free(job->registry);
    diag_list_free(job->diags);
    pipeline_free(job->pipeline);
    memset(job, 0, sizeof(*job));
}

void job_diags_json(struct job *job, struct text *out)
{
    struct text list = {0};

    if (job->diags == NULL) {
        text_str(out, "[]");
        return;
    }
    diag_show_json(job->diags, &list);
    out->failed = out->failed || list.failed;
    for (const char *at = text_get(&list);
         *at != '\0';) { /* none is inside a JSON string */
        size_t len = strcspn(at, "\n");

        text_append(out, at, len);
        at += len + (at[len] == '\n');
    }
    text_fini(&list);
}

int job_complain(struct job *job, enum job_show which, bool json, int code)
{
    struct text out = {0};

    if (job->diags == NULL)
        return code == EXITS_SYSTEM ? output_no_memory() : code;
    size_t n = diag_errors(job->diags);
    if (which == JOB_SHOW_ALL)
        n += diag_warnings(job->diags);
    if (n == 0)
        return code;
    if (json) {
        log_json_head(&out, wall_ms(), "diagnostics");
        text_str(&out, ",\"diagnostics\":");
        job_diags_json(job, &out);
        text_str(&out, "}\n");
    } else {
        diag_show(job->diags, &out, output_colour(OUTPUT_STDERR));
    }
    return output_error(&out, code);
}

int job_open_or_complain(struct job *job, const struct arguments *args)
{
    int code = job_open(job, args->words[0], args);

    return job_complain(job, JOB_SHOW_ALL, false, code);
}
