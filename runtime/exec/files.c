/* SPDX-License-Identifier: MIT */
#include "exec/files.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A path as the file system has it. */
struct place {
    const char *path; /* NULL: it can be no file of its own */
    struct stat status;
    bool exists; /* else the status is the directory's that it would be in */
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static struct place place_of(const char *path)
{
    struct place place = {.path = path};
    char dir[PATH_MAX];
    const char *name;

    if (!path || strcmp(path, "-") == 0 || strlen(path) >= sizeof(dir))
        return (struct place){0};
    name = last_part(path);
    place.exists = stat(path, &place.status) == 0;
    if (place.exists && !S_ISREG(place.status.st_mode))
        place.path = NULL;
    if (place.exists)
        return place;
    (void)snprintf(dir, sizeof(dir), "%.*s.", (int)(name - path), path);
    if (name[0] == '\0' || stat(dir, &place.status) != 0)
        place.path = NULL;
    return place;
}

static bool are_same(const struct place *a, const struct place *b)
{
    return a->path && b->path && a->exists == b->exists &&
           a->status.st_dev == b->status.st_dev && a->status.st_ino == b->status.st_ino &&
           (a->exists || strcmp(last_part(a->path), last_part(b->path)) == 0);
}

bool files_are_same(const char *a, const char *b)
{
    struct place of_a = place_of(a);
    struct place of_b = place_of(b);

    return are_same(&of_a, &of_b);
}

const char *files_written(const struct graph_stage *s)
{
    const struct pph_param *params = s->plugin->desc.params;

    if (s->plugin->desc.kind != PPH_CONSUMER || !s->args)
        return NULL;
    for (size_t p = 0; params && params[p].name; p++) {
        if (params[p].type == PPH_PATH && params[p].flags & PPH_PRIMARY &&
            !(params[p].flags & PPH_LIST) && s->args[p].n > 0)
            return s->args[p].s;
    }
    return NULL;
}

/* W301 */
static void report_two(const struct graph_stage *first, const struct graph_stage *s,
                       struct diag_list *diags)
{
    struct diag *d = diag_add(diags, DIAG_WARNING, "W301", s->desc->source, s->desc->at,
                              "'%s' and '%s' write the same file: '%s'", first->name,
                              s->name, files_written(s));

    diag_hint(d, "give each a file of its own");
    diag_note(d,
              "one may undo what the other writes; one stage can write what comes from "
              "several:  from: [a, b]");
}

/* W302 */
static void report_own(const struct graph_stage *reader, const struct graph_stage *s,
                       struct diag_list *diags)
{
    struct diag *d = diag_add(diags, DIAG_WARNING, "W302", s->desc->source, s->desc->at,
                              "'%s' writes the file that '%s' reads: '%s'", s->name,
                              reader->name, files_written(s));

    diag_note(d, "it may be written before it is read; give one of them another file");
}

/* Whether one of the source's paths leads there. */
static bool reads_file(const struct graph_stage *source, const struct place *written)
{
    const struct pph_param *params = source->plugin->desc.params;

    for (size_t p = 0; params && source->args && params[p].name; p++) {
        const struct pph_value *value = &source->args[p];
        uint32_t n = value->list ? value->n : 1;

        for (uint32_t k = 0; params[p].type == PPH_PATH && k < n; k++) {
            struct place read = place_of(value->list ? value->list[k].s : value->s);

            if (are_same(&read, written))
                return true;
        }
    }
    return false;
}

void files_check(const struct graph *graph, struct diag_list *diags)
{
    struct place places[STAGES_MAX];

    for (size_t k = 0; k < graph->n_stages; k++) {
        const struct graph_stage *s = &graph->stages[k];

        places[k] = place_of(files_written(s));
        for (size_t j = 0; places[k].path && j < k; j++) {
            if (are_same(&places[j], &places[k])) {
                report_two(&graph->stages[j], s, diags);
                break;
            }
        }
        for (size_t j = 0; places[k].path && j < graph->n_stages; j++) {
            if (graph->stages[j].is_source && reads_file(&graph->stages[j], &places[k]))
                report_own(&graph->stages[j], s, diags);
        }
    }
}
