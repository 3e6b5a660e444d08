/* SPDX-License-Identifier: MIT */
/* `pphost check`: the way of `pphost run` up to the point where stages would be opened. */
#include "cli/check.h"

#include <string.h>

#include "cli/exits.h"
#include "cli/facts.h"
#include "cli/job.h"
#include "cli/output.h"
#include "cli/verbs.h"

int check_report(struct job *job)
{
    struct text out = {0};

    PPH_ASSERT(job->graph != NULL);
    text_printable(&out, job->pipeline->source->name, strlen(job->pipeline->source->name),
                   400);
    text_str(&out, ": ok\n");
    facts_show(job->graph, &out);
    return output_finish(&out);
}

static int check_text(const struct arguments *args, const char *file)
{
    struct job job;
    int code = job_open(&job, file, args);

    code = job_complain(&job, JOB_SHOW_ALL, false, code);
    if (code == EXITS_OK)
        code = check_report(&job);
    job_close(&job);
    return code;
}

static int check_json(const struct arguments *args, const char *file, struct text *out)
{
    struct job job;
    int code = job_open(&job, file, args);

    text_str(out, "{\"file\":");
    text_json(out, file, strlen(file));
    text_printf(out, ",\"ok\":%s,\"exit\":%d,\"diagnostics\":",
                code == EXITS_OK ? "true" : "false", code);
    job_diags_json(&job, out);
    if (job.graph != NULL)
        facts_json(job.graph, out);
    text_str(out, "}");
    job_close(&job);
    return code;
}

/* Of several files' exit codes: an invalid one outweighs one that is not there. */
static int worse(int a, int b)
{
    return a > b ? a : b;
}

static bool is_plugin_file(const char *file)
{
    size_t len = strlen(file);

    return len > 3 && strcmp(file + len - 3, ".so") == 0;
}

int verb_check(const struct arguments *args)
{
    bool json = arguments_has(args, "json");
    struct text out = {0};
    int code = EXITS_OK;

    for (size_t i = 0; i < args->n_words; i++) {
        if (is_plugin_file(args->words[i]))
            return output_usage(
                "error: 'pphost check PLUGIN.so' is not available in this version\n");
    }
    if (json)
        text_str(&out, "[");
    for (size_t i = 0; i < args->n_words; i++) {
        int one;

        if (json) {
            text_str(&out, i > 0 ? ",\n" : "\n");
            one = check_json(args, args->words[i], &out);
        } else {
            one = check_text(args, args->words[i]);
        }
        code = worse(code, one);
        if (one == EXITS_USAGE || one == EXITS_SYSTEM)
            break; /* the same for every file */
    }
    if (!json)
        return code;
    if (code == EXITS_USAGE || code == EXITS_SYSTEM) {
        text_fini(&out);
        return code == EXITS_USAGE ? code : output_no_memory();
    }
    text_str(&out, "\n]\n");
    int written = output_finish(&out);
    return written == EXITS_OK ? code : written;
}
