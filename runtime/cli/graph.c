/* SPDX-License-Identifier: MIT */
/* `pphost graph`: a picture of a pipeline. */
#include <string.h>
#include <unistd.h>

#include "cli/exits.h"
#include "cli/graph_text.h"
#include "cli/job.h"
#include "cli/output.h"
#include "cli/verbs.h"

int verb_graph(const struct arguments *args)
{
    const char *format = arguments_get(args, "format");
    struct text out = {0};
    struct job job;
    int code = job_open_or_complain(&job, args);

    if (code == EXITS_OK) {
        bool terminal = isatty(STDOUT_FILENO) == 1;

        if (format == NULL)
            format = terminal ? "text" : "dot";
        if (strcmp(format, "text") == 0)
            graph_text(job.graph, terminal && !output_utf8(), &out);
        else if (strcmp(format, "dot") == 0)
            graph_dot(job.graph, &out);
        else
            graph_mermaid(job.graph, &out);
        code = output_finish(&out);
    }
    job_close(&job);
    return code;
}
