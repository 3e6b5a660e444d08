/* SPDX-License-Identifier: MIT */
/* `pphost show`: a pipeline in its long form. */
#include "cli/exits.h"
#include "cli/job.h"
#include "cli/output.h"
#include "cli/show_text.h"
#include "cli/verbs.h"

int verb_show(const struct arguments *args)
{
    struct text out = {0};
    struct job job;
    int code = job_open_or_complain(&job, args);

    if (code == EXITS_OK) {
        show_text(job.graph, arguments_has(args, "explain"), &out);
        code = output_finish(&out);
    }
    job_close(&job);
    return code;
}
