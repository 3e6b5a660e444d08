/* SPDX-License-Identifier: MIT */
/* `pphost replay`: checks a file of dead letters, and runs what is below the stages that get some. */
#include "replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/exits.h"
#include "cli/facts.h"
#include "cli/job.h"
#include "cli/output.h"
#include "cli/run.h"
#include "cli/verbs.h"
#include "cli/wall.h"
#include "observe/log.h"

static const char *counted(uint64_t n, char buffer[32])
{
    return units_show_count(n, buffer, 32);
}

static void put_name(struct text *out, const char *name)
{
    PPH_ASSERT(name != NULL);
    text_printable(out, name, strlen(name), 400);
}

/* "3 letters into parse, 2 into words/split". */
static void say_targets(const struct replay *r, struct text *out)
{
    char n[32];

    for (size_t k = 0; k < r->n_targets; k++) {
        text_printf(out, "%s%s%s into ", k > 0 ? ", " : "", counted(r->counts[k], n),
                    k > 0               ? ""
                    : r->counts[k] == 1 ? " letter"
                                        : " letters");
        put_name(out, r->targets[k]->name);
    }
    if (r->n_targets == 0)
        text_str(out, "no letters");
}

/* Stages that get nothing, and so do not run. */
static void say_left_out(const struct replay *r, struct text *out)
{
    const struct graph *graph = r->wanted.graph;
    bool reached[STAGES_MAX] = {false};
    size_t n = 0;

    for (size_t k = 0; k < r->n_targets; k++)
        graph_mark_reached(r->targets[k], reached);
    for (size_t k = 0; k < graph->n_stages; k++) {
        if (reached[k])
            continue;
        text_str(out, n++ > 0 ? ", " : "; left out: ");
        put_name(out, graph->stages[k].name);
    }
}

static void say_begin(const struct replay *r, struct text *out)
{
    char n[32];

    put_name(out, r->wanted.file);
    text_str(out, ": ");
    say_targets(r, out);
    if (r->letters > r->picked)
        text_printf(out, "; %s passed over by --reason",
                    counted(r->letters - r->picked, n));
    if (r->n_targets > 0)
        say_left_out(r, out);
    text_str(out, "\n");
}

static void begin_json(const struct replay *r, struct text *out)
{
    const char *comma = "";

    PPH_ASSERT(r->wanted.file != NULL);
    log_json_head(out, wall_ms(), "replay");
    text_str(out, ",\"file\":");
    text_json(out, r->wanted.file, strlen(r->wanted.file));
    text_printf(out, ",\"letters\":%llu,\"passed_over\":%llu,\"into\":{",
                (unsigned long long)r->letters,
                (unsigned long long)(r->letters - r->picked));
    for (size_t k = 0; k < r->n_targets; k++) {
        text_str(out, comma);
        text_json(out, r->targets[k]->name, strlen(r->targets[k]->name));
        text_printf(out, ":%llu", (unsigned long long)r->counts[k]);
        comma = ",";
    }
    text_str(out, "}}\n");
}

/* Behind the summary: what became of the letters. */
static void say_end(void *arg, const struct report *report, bool json, struct text *out)
{
    const struct replay *r = arg;
    uint64_t again = report->account->dead + report->account->skipped;
    char n[32];

    if (json) {
        log_json_head(out, wall_ms(), "replayed");
        text_printf(
            out,
            ",\"sent\":%llu,\"passed_over\":%llu,\"not_sent\":%llu,\"given_up\":%llu,"
            "\"next_line\":%llu}\n",
            (unsigned long long)r->sent, (unsigned long long)(r->letters - r->picked),
            (unsigned long long)(r->picked - r->sent), (unsigned long long)again,
            (unsigned long long)r->next_line);
        return;
    }
    text_printf(out, "  letters: %s sent", counted(r->sent, n));
    if (r->letters > r->picked)
        text_printf(out, ", %s passed over by --reason",
                    counted(r->letters - r->picked, n));
    if (r->sent < r->picked)
        text_printf(out, ", %s not sent", counted(r->picked - r->sent, n));
    if (again > 0)
        text_printf(out, "; %s given up again", counted(again, n));
    text_str(out, "\n");
    if (r->sent < r->picked && report->end == RUN_DRAINED) {
        text_printf(out, "  the rest begins with line %llu of ",
                    (unsigned long long)r->next_line);
        put_name(out, r->wanted.file);
        text_str(out, "\n");
    } else if (report->end != RUN_DONE && report->end != RUN_DRAINED) {
        text_str(out,
                 "  some of those that were sent may not be finished; all are still in ");
        put_name(out, r->wanted.file);
        text_str(out, "\n");
    }
}

static const void *on_ext(void *arg, const char *id)
{
    return replay_ext(arg, id);
}

/* What --dry-run is for. */
static int report_dry(const struct replay *r)
{
    struct text out = {0};

    say_begin(r, &out);
    if (r->graph != NULL)
        facts_show(r->graph, &out);
    return output_finish(&out);
}

static int execute(struct replay *r, const struct arguments *args, bool json)
{
    const struct run_more more = {.ext = on_ext, .summary = say_end, .arg = r};
    struct text out = {0};
    int code = EXITS_OK;

    if (!arguments_has(args, "quiet")) {
        if (json)
            begin_json(r, &out);
        else
            say_begin(r, &out);
        code = output_error(&out, EXITS_OK);
    }
    if (code != EXITS_OK || r->graph == NULL)
        return code;
    return run_graph(r->graph, args, &more);
}

static int code_of(enum replay_status status)
{
    switch (status) {
    case REPLAY_OK:
        return EXITS_OK;
    case REPLAY_UNREAD:
        return EXITS_NO_FILE;
    case REPLAY_BAD:
        return EXITS_INVALID;
    case REPLAY_NO_MEMORY:
        break;
    }
    return EXITS_SYSTEM;
}

/* Checks the letters against the pipeline.  Returns an exit code; what is wrong is in job->diags. */
static int check_letters(struct replay *r, struct job *job, const struct arguments *args)
{
    const struct replay_wanted wanted = {.file = args->words[0],
                                         .into = arguments_get(args, "into"),
                                         .reason = arguments_get(args, "reason"),
                                         .graph = job->graph};
    const char *results = arguments_get(args, "results");
    enum replay_status status = replay_check(r, &wanted, job->diags);

    if (status == REPLAY_OK && results != NULL && replay_is_file(r, results)) {
        (void)diag_add(job->diags, DIAG_ERROR, "E506", NULL, (struct mark){0},
                       "--results would write to '%s', which is replayed", wanted.file);
        status = REPLAY_BAD;
    }
    if (status == REPLAY_NO_MEMORY)
        (void)diag_add(job->diags, DIAG_ERROR, "E099", NULL, (struct mark){0},
                       "out of memory");
    return code_of(status);
}

static int check_usage(const struct arguments *args)
{
    if (arguments_has(args, "quiet") && arguments_has(args, "verbose"))
        return output_usage("error: '--quiet' and '--verbose' exclude each other\n");
    if (strcmp(args->words[0], "-") == 0)
        return output_usage(
            "error: dead letters cannot come from standard input: they are "
            "read twice\n   = put them into a file first; a file of that "
            "name is ./-\n");
    if (!arguments_has(args, "pipeline"))
        return output_usage("error: 'replay' needs --pipeline FILE\n   = usage: pphost "
                            "replay %s\n",
                            args->command->usage);
    return EXITS_OK;
}

int verb_replay(const struct arguments *args)
{
    const char *format = arguments_get(args, "log");
    bool json = format != NULL && strcmp(format, "json") == 0;
    bool quiet = arguments_has(args, "quiet");
    struct replay replay = {0};
    struct job job;
    int code = check_usage(args);

    if (code != EXITS_OK)
        return code;
    code = job_open(&job, arguments_get(args, "pipeline"), args);
    if (code == EXITS_OK)
        code = check_letters(&replay, &job, args);
    code = job_complain(&job, quiet ? JOB_SHOW_ERRORS : JOB_SHOW_ALL, json, code);
    if (code == EXITS_OK && arguments_has(args, "dry-run"))
        code = report_dry(&replay);
    else if (code == EXITS_OK)
        code = execute(&replay, args, json);
    job_close(&job);
    replay_close(&replay);
    return code;
}
