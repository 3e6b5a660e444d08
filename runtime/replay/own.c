/* SPDX-License-Identifier: MIT */
/* Stages that would write to the very file whose letters they get: they would destroy what is not yet read. */
#include <string.h>
#include <unistd.h>

#include "replay/replay.h"

bool replay_is_file(const struct replay *replay, const char *path)
{
    const struct stat *own = &replay->status;
    struct stat other;
    int rc = strcmp(path, "-") == 0 ? fstat(STDOUT_FILENO, &other) : stat(path, &other);

    return rc == 0 && other.st_dev == own->st_dev && other.st_ino == own->st_ino;
}

static void report(const struct replay *replay, const struct graph_stage *s,
                   const char *setting, struct diag_list *diags)
{
    const struct stage_desc *desc = s->desc;
    bool named = desc->with && desc->with->kind == YAML_MAP;
    struct diag *d = diag_add(diags, DIAG_ERROR, "E506", desc->source, desc->at,
                              "stage '%s' would write to '%s', which is replayed",
                              s->name, replay->wanted.file);

    diag_hint(d, "give that file another name, and replay it under that");
    diag_note(d, "or let the stage write elsewhere:  --set %s.with%s%s=FILE", s->name,
              named ? "." : "", named ? setting : "");
}

/* Whether one of the paths leads to the file. */
static bool has_file(const struct replay *replay, const struct pph_value *value)
{
    for (uint32_t k = 0; value->list && k < value->n; k++) {
        if (replay_is_file(replay, value->list[k].s))
            return true;
    }
    return !value->list && value->n > 0 && replay_is_file(replay, value->s);
}

void replay_check_own(const struct replay *replay, struct diag_list *diags)
{
    for (size_t k = 0; k < replay->graph->n_stages; k++) {
        const struct graph_stage *s = &replay->graph->stages[k];
        const struct pph_param *params = s->plugin->desc.params;

        for (size_t p = 0; !s->is_source && params && params[p].name; p++) {
            if (params[p].type == PPH_PATH && has_file(replay, &s->args[p])) {
                report(replay, s, params[p].name, diags);
                break;
            }
        }
    }
}
