/* SPDX-License-Identifier: MIT */
#include "cli/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/exits.h"
#include "cli/output.h"
#include "cli/wall.h"
#include "exec/prepare.h"
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

/* --memory over the pipeline's own; false: it is no such size. */
static bool read_memory(const struct arguments *args, uint64_t *ret_bytes)
{
    const char *text = arguments_get(args, "memory");

    *ret_bytes = 0;
    return text == NULL || budget_is_size(text, ret_bytes);
}

/* --ok-rejects, likewise. */
static bool read_ok_rejects(const struct arguments *args, struct rejects_limit *ret_limit)
{
    const char *text = arguments_get(args, "ok-rejects");

    *ret_limit = (struct rejects_limit){REJECTS_UNSET, 0};
    return text == NULL || rejects_limit_read(text, ret_limit);
}

/* What the answer is to the shell. */
static int code_of(enum prepare_status status)
{
    switch (status) {
    case PREPARE_OK:
        return EXITS_OK;
    case PREPARE_UNREAD:
        return EXITS_NO_FILE;
    case PREPARE_BAD:
        return EXITS_INVALID;
    case PREPARE_NO_MEMORY:
        break;
    }
    return EXITS_SYSTEM;
}

int job_open(struct job *job, const char *file, const struct arguments *args)
{
    struct prepare_over over = {0};
    struct prepared prepared = {0};

    memset(job, 0, sizeof(*job));
    job->file = file;
    if (!read_threads(args, &over.threads))
        return output_usage("error: '--threads' needs a whole number from 1 to %d\n",
                            THREADS_MAX);
    if (!read_memory(args, &over.memory_bytes))
        return output_usage("error: '--memory' needs a size from 1MB to 1024TiB, such as "
                            "512MB\n");
    if (!read_ok_rejects(args, &over.max_rejects))
        return output_usage(
            "error: '--ok-rejects' needs a number of items or a share, such as "
            "100 or 1%%\n");
    const char **sets = arguments_all(args, "set");
    if (sets == NULL)
        return EXITS_SYSTEM;
    struct pipeline_input input = {.file = file, .vars = args->vars, .sets = sets};
    int code = code_of(prepare(&prepared, &input, &over));
    free(sets);
    job->diags = prepared.diags;
    job->pipeline = prepared.pipeline;
    job->registry = prepared.registry;
    job->graph = prepared.graph;
    return code;
}

void job_close(struct job *job)
{
    struct prepared prepared = {job->diags, job->pipeline, job->registry, job->graph};

    prepare_fini(&prepared);
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
