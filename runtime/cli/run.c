/* SPDX-License-Identifier: MIT */
/*
 * `pphost run`: builds the graph, runs it, shows how far it is, and says what came of it.
 *
 * Data goes to standard output (by the plugins that write there), everything else to standard error.
 */
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "cli/check.h"
#include "cli/console.h"
#include "cli/crash.h"
#include "cli/dead.h"
#include "cli/exits.h"
#include "cli/job.h"
#include "cli/output.h"
#include "cli/results_file.h"
#include "cli/signals.h"
#include "cli/verbs.h"
#include "cli/wall.h"
#include "exec/files.h"
#include "observe/log.h"
#include "observe/mask.h"
#include "observe/progress.h"
#include "observe/report.h"
#include "observe/results.h"

enum {
    TICK_MS = 100,                   /* a line is painted at most so often */
    FIRST_LINE_NS = 200 * NS_PER_MS, /* a run that is over by then needs none */
    SLOW_LINE_S = 10,                /* between two lines where there is no terminal */
};

/* What is logged, as levels of syslog. */
enum {
    LEVEL_QUIET = 3,
    LEVEL_NORMAL = 6,
    LEVEL_VERBOSE = 7,
};

enum loudness { LOUD_QUIET, LOUD_NORMAL, LOUD_VERBOSE };

/* All that the callbacks of a run need. */
struct runner {
    const struct graph *graph;
    enum loudness loudness;
    enum log_format format;
    bool paints; /* a progress line on the terminal */
    bool ascii;
    struct console console;
    struct progress *progress;
    struct run_view view;  /* the last snapshot; its array is ours */
    uint64_t slow_line_ns; /* when the last line was written where there is no terminal */
    bool said_stopping;
    struct results_file results;
    struct mask *mask;           /* secrets */
    const struct run_more *more; /* NULL: nothing */
};

static const void *on_ext(void *arg, const char *id)
{
    const struct run_more *more = ((struct runner *)arg)->more;

    return more != NULL ? more->ext(more->arg, id) : NULL;
}

static void on_log(void *arg, int level, const struct graph_stage *stage,
                   const char *message)
{
    struct runner *runner = arg;
    struct text masked = {0};

    if (!mask_is_empty(runner->mask)) {
        mask_text(runner->mask, message, strlen(message), &masked);
        message = text_get(&masked); /* without memory: nothing */
    }
    console_log(&runner->console, level, stage != NULL ? stage->name : NULL, message);
    text_fini(&masked);
}

/* Once, when the first signal has closed the sources. */
static void say_stopping(struct runner *runner)
{
    struct text line = {0};
    char count[32];
    uint64_t items = progress_in_flight(&runner->view, runner->graph->n_stages);

    runner->said_stopping = true;
    units_show_count(items, count, sizeof(count));
    if (runner->format == LOG_JSON) {
        log_json_head(&line, wall_ms(), "stopping");
        text_printf(&line, ",\"in_flight\":%llu}\n", (unsigned long long)items);
    } else {
        text_printf(&line,
                    "stopping: sources closed, %s %s in flight (^C again: stop now)\n",
                    count, items == 1 ? "item" : "items");
    }
    if (!line.failed)
        console_print(&runner->console, text_get(&line), line.len);
    text_fini(&line);
}

/* The line that replaces the painted one where nothing can be painted: now and then. */
static void slow_line(struct runner *runner)
{
    const struct progress_look look = {.name = runner->graph->pipeline->name,
                                       .ascii = runner->ascii};
    struct text line = {0};

    if (runner->view.elapsed_ns - runner->slow_line_ns < (uint64_t)SLOW_LINE_S * NS_PER_S)
        return;
    runner->slow_line_ns = runner->view.elapsed_ns;
    if (runner->format == LOG_JSON) {
        log_json_head(&line, wall_ms(), "progress");
        progress_json(runner->progress, &runner->view, &line);
        text_str(&line, "}\n");
    } else {
        progress_line(runner->progress, &runner->view, &look, &line);
        text_str(&line, "\n");
    }
    if (!line.failed)
        console_print(&runner->console, text_get(&line), line.len);
    text_fini(&line);
}

static void paint(struct runner *runner)
{
    const struct progress_look look = {.name = runner->graph->pipeline->name,
                                       .columns = console_columns(),
                                       .ascii = runner->ascii};
    struct text line = {0};

    if (runner->view.elapsed_ns < FIRST_LINE_NS)
        return;
    progress_line(runner->progress, &runner->view, &look, &line);
    console_paint(&runner->console, &line);
    text_fini(&line);
}

static void on_tick(void *arg, struct run *run)
{
    struct runner *runner = arg;

    run_view(run, &runner->view);
    progress_sample(runner->progress, &runner->view);
    console_flush(&runner->console, false);
    if (runner->view.draining && !runner->said_stopping && runner->loudness != LOUD_QUIET)
        say_stopping(runner);
    if (runner->paints)
        paint(runner);
    else if (runner->loudness == LOUD_VERBOSE)
        slow_line(runner);
}

/* Whether a stage puts data on standard output: then a painted line would get into it. */
static bool writes_to_stdout(const struct graph *graph)
{
    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *stage = &graph->stages[i];
        const struct pph_param *params = stage->plugin->desc.params;

        if (stage->is_source)
            continue;
        if (strcmp(stage->plugin->desc.name, "print") == 0)
            return true;
        for (size_t p = 0; params != NULL && params[p].name != NULL; p++) {
            if (params[p].type == PPH_PATH && strcmp(stage->args[p].s, "-") == 0)
                return true;
        }
    }
    return false;
}

static bool runner_init(struct runner *runner, const struct graph *graph,
                        const struct arguments *args)
{
    const char *format = arguments_get(args, "log");

    memset(runner, 0, sizeof(*runner));
    runner->graph = graph;
    runner->format = format != NULL && strcmp(format, "json") == 0 ? LOG_JSON : LOG_TEXT;
    runner->loudness = arguments_has(args, "quiet")     ? LOUD_QUIET
                       : arguments_has(args, "verbose") ? LOUD_VERBOSE
                                                        : LOUD_NORMAL;
    runner->ascii = !output_utf8();
    console_init(&runner->console, runner->format);
    runner->paints = console_can_paint(&runner->console) && runner->format == LOG_TEXT &&
                     runner->loudness != LOUD_QUIET &&
                     !(isatty(STDOUT_FILENO) == 1 && writes_to_stdout(graph));
    runner->progress = progress_new(graph);
    runner->view.stages = calloc(graph->n_stages, sizeof(*runner->view.stages));
    runner->mask = mask_new(graph);
    return runner->progress != NULL && runner->view.stages != NULL &&
           runner->mask != NULL;
}

static void runner_fini(struct runner *runner)
{
    console_fini(&runner->console);
    progress_free(runner->progress);
    free(runner->view.stages);
    mask_free(runner->mask);
}

/* Exit codes: format.md's table, which 'pphost help' prints. */
static int exit_code_of(const struct runner *runner, enum run_end end,
                        const struct run_account *account)
{
    const struct pipeline *pipeline = runner->graph->pipeline;

    switch (end) {
    case RUN_DONE:
        return account->dead + account->skipped > 0 &&
                       pipeline->max_rejects.kind == REJECTS_UNSET
                   ? EXITS_REJECTS
                   : EXITS_OK;
    case RUN_DRAINED:
        return EXITS_DRAINED;
    case RUN_FAILED:
        return EXITS_FAILED;
    case RUN_STOPPED:
        return EXITS_STOPPED;
    case RUN_STALLED:
    case RUN_BAD_COUNT:
        break;
    }
    return EXITS_BUG;
}

static void bug_report(const struct runner *runner, const struct run *run,
                       struct text *out)
{
    if (runner->format == LOG_JSON) {
        log_json_head(out, wall_ms(), "bug");
        text_str(out, ",\"report\":");
        text_json(out, run_bug_report(run), strlen(run_bug_report(run)));
        text_str(out, "}\n");
        return;
    }
    report_bug(run_bug_report(run), out);
}

/*
 * What can be said of the end without memory.  That the rest could not be written is a failure if there
 * was no other.
 */
static int say_end_in_short(const struct report *report)
{
    (void)dprintf(OUTPUT_STDERR,
                  "error: out of memory: the report of the run (%s) cannot be made\n",
                  report_end_name(report->end));
    for (size_t i = 0; i < report->n_failures; i++) {
        const struct run_failure *f = &report->failures[i];

        if (f->fatal)
            (void)dprintf(OUTPUT_STDERR, "error[%s]: %s%s%s failed in %s: %s\n",
                          report_code(f), f->stage != NULL ? "stage '" : "the run",
                          f->stage != NULL ? f->stage->name : "",
                          f->stage != NULL ? "'" : "", f->what,
                          mask_is_empty(report->mask) ? f->message : "(not shown)");
    }
    return report->exit_code == EXITS_OK ? EXITS_FAILED : report->exit_code;
}

/* What workers left behind, one JSON object per line. */
static void results_json(const struct runner *runner, const struct run *run,
                         struct text *out)
{
    struct run_result result;
    uint64_t at = 0;

    while (results_next(run, runner->graph, &at, &result)) {
        log_json_head(out, wall_ms(), "result");
        text_str(out, ",");
        results_members(&result, runner->mask, out);
        text_str(out, "}\n");
    }
}

/* Everything there is to say at the end, in one text and one write. */
static int say_end(struct runner *runner, struct run *run, enum run_end end)
{
    struct text out = {0};
    enum report_which which =
        runner->loudness == LOUD_QUIET ? REPORT_ERRORS_ONLY : REPORT_ALL;
    struct report report = {.graph = runner->graph,
                            .end = end,
                            .account = run_account(run),
                            .view = &runner->view,
                            .progress = runner->progress,
                            .unix_ms = wall_ms(),
                            .mask = runner->mask,
                            .colour = output_colour(OUTPUT_STDERR)};

    report.n_failures = run_failures(run, &report.failures);
    report.exit_code = exit_code_of(runner, end, report.account);
    if (runner->format == LOG_JSON) {
        if (which == REPORT_ALL)
            results_json(runner, run, &out);
        report_json(&report, which, &out);
    } else {
        report_failures(&report, which, &out);
        if (which == REPORT_ALL)
            report_summary(&report, &out);
        if (which == REPORT_ALL)
            dead_show(runner->graph, &runner->view, &out);
    }
    if (runner->more != NULL && which == REPORT_ALL)
        runner->more->summary(runner->more->arg, &report, runner->format == LOG_JSON,
                              &out);
    if (runner->format == LOG_TEXT) {
        if (which == REPORT_ALL && !results_file_is_table(&runner->results))
            results_table(run, runner->graph, runner->mask, RESULTS_ROWS, &out);
    }
    if (report.exit_code == EXITS_BUG)
        bug_report(runner, run, &out);
    if (out.failed) {
        text_fini(&out);
        return say_end_in_short(&report);
    }
    return output_error(&out, report.exit_code);
}

/* The stage that writes to the file for results; NULL: none is known to. */
static const struct graph_stage *writer_of(const struct graph *graph, const char *results)
{
    for (size_t i = 0; results != NULL && i < graph->n_stages; i++) {
        const char *written = files_written(&graph->stages[i]);

        if (written != NULL && files_are_same(written, results))
            return &graph->stages[i];
    }
    return NULL;
}

int run_graph(const struct graph *graph, const struct arguments *args,
              const struct run_more *more)
{
    struct runner runner;
    struct error err = {""};
    struct run_options options = {.single_thread = arguments_has(args, "inline"),
                                  .tick_ms = TICK_MS,
                                  .tick = on_tick,
                                  .log = on_log,
                                  .ext = on_ext,
                                  .arg = &runner};

    if (!runner_init(&runner, graph, args)) {
        runner_fini(&runner);
        return output_no_memory();
    }
    runner.more = more;
    options.log_level = runner.loudness == LOUD_QUIET    ? LEVEL_QUIET
                        : runner.loudness == LOUD_NORMAL ? LEVEL_NORMAL
                                                         : LEVEL_VERBOSE;
    const struct graph_stage *same = writer_of(graph, arguments_get(args, "results"));
    if (same != NULL) {
        runner_fini(&runner);
        return output_usage(
            "error: '--results' and stage '%s' would write the same file\n", same->name);
    }
    if (!results_file_open(&runner.results, arguments_get(args, "results"), &err)) {
        runner_fini(&runner);
        return output_usage("error: %s\n", err.text);
    }
    struct run *run = run_new(graph, &options, &err);
    if (run == NULL) {
        results_file_drop(&runner.results);
        runner_fini(&runner);
        (void)dprintf(OUTPUT_STDERR, "error: %s\n", err.text);
        return EXITS_SYSTEM;
    }
    signals_watch(run);
    crash_watch(run);
    enum run_end end = run_execute(run);
    crash_unwatch();
    signals_unwatch();
    run_view(run, &runner.view);
    progress_sample(runner.progress, &runner.view);
    struct text nothing = {0};
    console_paint(&runner.console, &nothing);
    console_flush(&runner.console, true);
    int code = say_end(&runner, run, end);
    code = results_file_write(&runner.results, run, graph, runner.mask, code);
    run_free(run);
    runner_fini(&runner);
    return code;
}

int verb_run(const struct arguments *args)
{
    const char *format = arguments_get(args, "log");
    bool json = format != NULL && strcmp(format, "json") == 0;
    bool quiet = arguments_has(args, "quiet");
    struct job job;

    if (quiet && arguments_has(args, "verbose"))
        return output_usage("error: '--quiet' and '--verbose' exclude each other\n");
    int code = job_open(&job, args->words[0], args);
    code = job_complain(&job, quiet ? JOB_SHOW_ERRORS : JOB_SHOW_ALL, json, code);
    if (code == EXITS_OK && arguments_has(args, "dry-run"))
        code = check_report(&job);
    else if (code == EXITS_OK)
        code = run_graph(job.graph, args, NULL);
    job_close(&job);
    return code;
}
