/* SPDX-License-Identifier: MIT */
#include "cli/dead.h"

#include <string.h>
#include <unistd.h>

#include "exec/files.h"

enum { PATH_SHOWN = 400, CWD_MAX = 4096 };

/* Whether it writes what replay reads: all that comes to it are letters, as they came from a `.dead` port. */
static bool keeps_letters(const struct graph *graph, const struct graph_stage *s)
{
    if (strcmp(s->plugin->desc.name, "jsonl") != 0 || files_written(s) == NULL ||
        strcmp(files_written(s), "-") == 0)
        return false;
    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct graph_stage *from = &graph->stages[k];

        for (size_t p = 0; p + 1 < from->n_ports; p++) { /* all but `.dead` */
            for (size_t r = 0; r < from->ports[p].n_readers; r++) {
                if (from->ports[p].readers[r] == s)
                    return false;
            }
        }
    }
    return true;
}

/* The path as somebody would type it who is here. */
static const char *from_here(const char *path)
{
    char cwd[CWD_MAX];
    size_t len;

    if (getcwd(cwd, sizeof(cwd)) == NULL)
        return path;
    len = strlen(cwd);
    return strncmp(path, cwd, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

void dead_show(const struct graph *graph, const struct run_view *view, struct text *out)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct graph_stage *s = &graph->stages[k];

        if (view->stages[k].items_in == 0 || !keeps_letters(graph, s))
            continue;
        const char *path = from_here(files_written(s));

        text_str(out, "  dead letters: ");
        text_printable(out, path, strlen(path), PATH_SHOWN);
        text_str(out, "   (pphost help replay)\n");
    }
}
