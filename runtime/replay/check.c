/* SPDX-License-Identifier: MIT */
/* The first reading of the file: what is wrong with it, and which stages get letters. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/feed.h"
#include "replay/letter.h"
#include "replay/replay.h"

enum {
    FAULTS_MAX = 10, /* after so many the file is taken for another one */
    SHOWN_MAX = 64,  /* bytes of a name that the file holds */
    UNIT_MAX = 32,
};

#define ADD_ERROR(diags, code, ...) \
    diag_add(diags, DIAG_ERROR, code, NULL, (struct mark){0}, __VA_ARGS__)

const struct graph_stage *replay_stage(const struct graph *graph, const char *name)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        if (strcmp(graph->stages[k].name, name) == 0)
            return &graph->stages[k];
    }
    return NULL;
}

bool replay_picks(const struct replay *replay, const struct replay_letter *letter)
{
    const char *error = letter->error ? letter->error : "";

    return !replay->wanted.reason || fnmatch(replay->wanted.reason, error, 0) == 0;
}

const char *replay_unit(const struct replay *replay, const char *unit)
{
    for (size_t k = 0; unit && k < replay->n_units; k++) {
        if (strcmp(replay->units[k], unit) == 0)
            return replay->units[k];
    }
    return NULL;
}

/* The line that was read last, at the byte counted from 0. */
static struct mark place(const struct replay *r, size_t at)
{
    uint64_t line = r->lines.line;

    return (struct mark){.line = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX,
                         .col = at < UINT32_MAX ? (uint32_t)at + 1 : 1};
}

/* E503: the stage of nearly that name. */
static void add_names(const struct replay *r, const char *name, struct diag *d)
{
    const struct graph *graph = r->wanted.graph;
    const char *names[STAGES_MAX + 1];
    size_t n = 0;

    for (size_t k = 0; k < graph->n_stages; k++) {
        if (!graph->stages[k].is_source)
            names[n++] = graph->stages[k].name;
    }
    names[n] = NULL;
    (void)diag_suggest(d, name, names);
}

/* `--into STAGE`; NULL after adding an error. */
static const struct graph_stage *find_into(struct replay *r, struct diag_list *diags)
{
    const char *name = r->wanted.into;
    const struct graph_stage *s = replay_stage(r->wanted.graph, name);
    const struct pipeline *pipeline = r->wanted.graph->pipeline;
    struct diag *d;

    if (s && !s->is_source)
        return s;
    if (s) {
        d = ADD_ERROR(diags, "E507",
                      "stage '%s' makes items itself: nothing can be sent into it", name);
        diag_note(d, "--into STAGE is a stage that reads from others");
        return NULL;
    }
    d = ADD_ERROR(diags, "E503", "there is no stage '%s' for --into", name);
    add_names(r, name, d);
    for (size_t k = 0; k < pipeline->n_subs; k++) {
        const struct sub_desc *sub = pipeline->subs[k];

        if (strcmp(sub->as.name, name) == 0)
            diag_note(d, "'%s' is a pipeline; its first stage is '%s'", name,
                      pipeline->stages[sub->first].name);
    }
    return NULL;
}

/* The stage that gets the letter; NULL after adding an error. */
static const struct graph_stage *find_target(struct replay *r,
                                             const struct replay_letter *letter,
                                             const struct graph_stage *into,
                                             struct diag_list *diags)
{
    const struct graph_stage *s =
        into ? into : replay_stage(r->wanted.graph, letter->stage);
    const char *name = r->wanted.graph->pipeline->source->name;
    struct diag *d;

    if (s && !s->is_source)
        return s;
    if (s) {
        d = diag_add(diags, DIAG_ERROR, "E507", &r->source, place(r, 0),
                     "the letter is of stage '%s', which makes items itself in %s",
                     s->name, name);
    } else {
        d = diag_add(diags, DIAG_ERROR, "E503", &r->source, place(r, 0),
                     "the letter is of stage '%.*s', which %s has not", SHOWN_MAX,
                     letter->stage, name);
        add_names(r, letter->stage, d);
    }
    diag_note(d, "--into STAGE sends all letters into that stage");
    return NULL;
}

/* Counts the letter for its stage. */
static void count(struct replay *r, const struct graph_stage *target)
{
    uint16_t *port = &r->port_of[target->index];

    if (*port == 0) {
        r->targets[r->n_targets++] = target;
        *port = (uint16_t)r->n_targets;
    }
    r->counts[*port - 1]++;
    r->picked++;
}

/* Keeps the unit of the letter; too many of them are not kept, and count as not known. */
static bool keep_unit(struct replay *r, const char *unit)
{
    if (!unit || strlen(unit) > UNIT_MAX || replay_unit(r, unit) ||
        r->n_units == REPLAY_UNITS_MAX)
        return true;
    r->units[r->n_units] = arena_copy(r->arena, unit, strlen(unit));
    if (!r->units[r->n_units])
        return false;
    r->n_units++;
    return true;
}

/* E501, E502, E504, E505 */
static void report_fault(const struct replay *r, const struct replay_fault *fault,
                         enum replay_line kind, struct diag_list *diags)
{
    bool is_json = strcmp(fault->code, "E501") != 0;
    struct diag *d;

    if (kind == REPLAY_LINE_LAST && !is_json) {
        d = diag_add(diags, DIAG_ERROR, "E505", &r->source, place(r, fault->at),
                     "the last line is cut off");
        diag_note(d,
                  "what wrote it was stopped, or the disk was full; the letter is lost, "
                  "delete the line to replay the others");
        return;
    }
    d = diag_add(
        diags, DIAG_ERROR, fault->code, &r->source, place(r, fault->at), "%s%s",
        is_json ? "the line is no dead letter: " : "the line is no JSON: ", fault->text);
    diag_note(
        d,
        "correct or delete the line: each is as 'jsonl' writes it from a '.dead' port");
}

/* Looks at one line.  False: no memory. */
static bool look_at(struct replay *r, char *line, size_t len, enum replay_line kind,
                    const struct graph_stage *into, struct diag_list *diags)
{
    const struct graph_stage *target;
    struct replay_letter letter;
    struct replay_fault fault;

    if (replay_line_is_blank(line, len))
        return true;
    if (!replay_letter_read(line, len, &letter, &fault)) {
        report_fault(r, &fault, kind, diags);
        return true;
    }
    r->letters++;
    if (!replay_picks(r, &letter))
        return true;
    target = find_target(r, &letter, into, diags);
    if (target)
        count(r, target);
    return keep_unit(r, letter.unit);
}

/* Reads all lines, up to the end or to so many faults that the rest tells nothing new. */
static enum replay_status look_at_all(struct replay *r, const struct graph_stage *into,
                                      struct diag_list *diags)
{
    size_t before = diag_errors(diags);
    struct replay_fault no_json = {.code = "E501", .text = "a '{' is missing"};
    char buffer[128];
    char *line;
    size_t len;

    while (diag_errors(diags) - before < FAULTS_MAX) {
        enum replay_line kind = replay_lines_next(&r->lines, &line, &len);

        switch (kind) {
        case REPLAY_LINE:
        case REPLAY_LINE_LAST:
            if (!look_at(r, line, len, kind, into, diags))
                return REPLAY_NO_MEMORY;
            break;
        case REPLAY_LINES_END:
            return diag_errors(diags) > before ? REPLAY_BAD : REPLAY_OK;
        case REPLAY_LINE_NO_JSON:
            report_fault(r, &no_json, kind, diags);
            return REPLAY_BAD;
        case REPLAY_LINE_NO_MEMORY:
            return REPLAY_NO_MEMORY;
        case REPLAY_LINES_UNREAD:
            (void)ADD_ERROR(diags, "E003", "'%s' cannot be read: %s", r->wanted.file,
                            strerror_r(errno, buffer, sizeof(buffer)));
            return REPLAY_UNREAD;
        }
    }
    (void)diag_add(diags, DIAG_ERROR, "E502", &r->source, place(r, 0),
                   "after so many faults the rest of the file was not looked at");
    return REPLAY_BAD;
}

/* Opens the file, which must be one that can be read twice. */
static enum replay_status open_file(struct replay *r, struct diag_list *diags)
{
    const char *file = r->wanted.file;
    char buffer[128];
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && fstat(fd, &r->status) == 0 && S_ISREG(r->status.st_mode)) {
        r->fd = fd;
        return REPLAY_OK;
    }
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        (void)ADD_ERROR(diags, "E001", "there is no file '%s'", file);
    else if (fd < 0)
        (void)ADD_ERROR(diags, "E003", "'%s' cannot be read: %s", file,
                        strerror_r(errno, buffer, sizeof(buffer)));
    else
        diag_note(ADD_ERROR(diags, "E003", "'%s' is no regular file", file),
                  "dead letters are read twice: put them into a file first");
    if (fd >= 0)
        (void)close(fd);
    return REPLAY_UNREAD;
}

/* The graph of the run: its source is named like no other stage. */
static enum replay_status make_graph(struct replay *r, struct diag_list *diags)
{
    const struct graph *graph = r->wanted.graph;
    struct feed feed = {&r->plugin, &r->desc, r->targets, r->n_targets};
    char name[32] = "replay";

    for (unsigned k = 2; replay_stage(graph, name); k++)
        (void)snprintf(name, sizeof(name), "replay%u", k);
    r->plugin =
        (struct plugin){.desc = replay_plugin, .path = "(pphost's)", .shown = "replay"};
    r->desc = (struct stage_desc){.name = arena_copy(r->arena, name, strlen(name)),
                                  .use = "replay",
                                  .source = &r->source,
                                  .at = {.line = 1, .col = 1}};
    if (r->desc.name)
        r->graph = graph_feed(graph, &feed, diags);
    return r->graph ? REPLAY_OK : REPLAY_NO_MEMORY;
}

enum replay_status replay_check(struct replay *r, const struct replay_wanted *wanted,
                                struct diag_list *diags)
{
    const struct graph_stage *into = NULL;
    enum replay_status status;

    r->wanted = *wanted;
    r->source.name = wanted->file;
    r->next_line = 1;
    r->arena = arena_new();
    if (!r->arena)
        return REPLAY_NO_MEMORY;
    status = open_file(r, diags);
    if (status == REPLAY_OK && wanted->into) {
        into = find_into(r, diags);
        status = into ? REPLAY_OK : REPLAY_BAD;
    }
    r->lines.fd = r->fd;
    if (status == REPLAY_OK)
        status = look_at_all(r, into, diags);
    replay_lines_fini(&r->lines);
    if (status != REPLAY_OK || r->picked == 0)
        return status;
    status = make_graph(r, diags);
    if (status == REPLAY_OK) {
        replay_check_own(r, diags);
        status = diag_errors(diags) > 0 ? REPLAY_BAD : REPLAY_OK;
    }
    return status;
}

void replay_close(struct replay *r)
{
    graph_free(r->graph);
    replay_lines_fini(&r->lines);
    free(r->now.origin);
    if (r->fd > 0)
        (void)close(r->fd);
    arena_free(r->arena);
    *r = (struct replay){0};
}
