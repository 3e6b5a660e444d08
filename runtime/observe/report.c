/* SPDX-License-Identifier: MIT */
#include "observe/report.h"

#include <stdio.h>
#include <string.h>

#include <pphost/plugin.h>

#include "base/clock.h"
#include "base/units.h"
#include "observe/figures.h"
#include "observe/table.h"

/* From this share of its time on a stage, or the pool, is named as what holds the run back. */
static const double busy_limit = 0.85;

/* From this share of it on a rate is, if nothing else. */
static const double held_limit = 0.5;

const char *report_end_name(enum run_end end)
{
    switch (end) {
    case RUN_DONE:
        return "done";
    case RUN_DRAINED:
        return "drained";
    case RUN_FAILED:
        return "failed";
    case RUN_STOPPED:
        return "stopped";
    case RUN_STALLED:
        return "stalled";
    case RUN_BAD_COUNT:
        return "miscounted";
    }
    return "unknown";
}

/* A run that is shorter than this spends its time on starting. */
enum { LIMIT_AFTER_NS = 100 * NS_PER_MS };

struct term {
    const char *name;
    uint64_t count;
};

/* "read 7 + split 3": the first term stands even when it is zero. */
static void sum(const struct term *terms, size_t n, struct text *out)
{
    bool any = false;
    char count[FIGURE_MAX];

    for (size_t i = 0; i < n; i++) {
        if (terms[i].count == 0)
            continue;
        units_show_count(terms[i].count, count, sizeof(count));
        text_printf(out, "%s%s %s", any ? " + " : "", terms[i].name, count);
        any = true;
    }
    if (!any)
        text_printf(out, "%s 0", terms[0].name);
}

void report_account(const struct run_account *a, struct text *out)
{
    const struct term in[] = {{"read", a->read}, {"split", a->split}};
    const struct term to[] = {{"delivered", a->delivered},  {"dead", a->dead},
                              {"skipped", a->skipped},      {"filtered", a->filtered},
                              {"merged", a->merged},        {"dropped", a->dropped},
                              {"unfinished", a->unfinished}};

    sum(in, sizeof(in) / sizeof(*in), out);
    text_str(out, " = ");
    sum(to, sizeof(to) / sizeof(*to), out);
}

double report_busy(const struct report *report, size_t stage_index)
{
    const struct graph_stage *stage = &report->graph->stages[stage_index];
    double could = (double)report->view->elapsed_ns * stage->workers;
    double share =
        could > 0 ? (double)report->view->stages[stage_index].busy_ns / could : 0;

    return share > 1 ? 1 : share;
}

struct report_limit report_limit(const struct report *report)
{
    const struct graph *graph = report->graph;
    struct report_limit limit = {0};
    double elapsed = (double)report->view->elapsed_ns, pool = 0, best_ns = 0;

    if (report->view->elapsed_ns == 0)
        return limit;
    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *stage = &graph->stages[i];
        double busy = (double)report->view->stages[i].busy_ns;
        /* Workers beyond the pool's threads only wait for one. */
        unsigned at_once = !stage->own_threads && stage->workers > graph->threads
                               ? graph->threads
                               : stage->workers;
        double share = busy / elapsed / at_once;

        if (!stage->own_threads)
            pool += busy;
        if (busy > 0 && share > limit.share) {
            limit.stage = stage;
            limit.share = share > 1 ? 1 : share;
            best_ns = stage->own_threads ? 0 : busy;
        }
    }
    limit.pool_share = pool / elapsed / graph->threads;
    limit.pool_share = limit.pool_share > 1 ? 1 : limit.pool_share;
    limit.of_pool = pool > 0 ? best_ns / pool : 0;
    return limit;
}

static void show_end(const struct report *report, struct text *out)
{
    char took[FIGURE_MAX];
    const char *bold = report->colour ? "\033[1m" : "",
               *plain = report->colour ? "\033[0m" : "";

    figure_duration(report->view->elapsed_ns, took);
    switch (report->end) {
    case RUN_DONE:
        text_printf(out, "%sdone%s in %s\n", bold, plain, took);
        break;
    case RUN_DRAINED:
        text_printf(out, "%sdone%s in %s, drained\n", bold, plain, took);
        break;
    case RUN_FAILED:
        text_printf(out, "%sfailed%s after %s\n", bold, plain, took);
        break;
    case RUN_STOPPED:
        text_printf(out, "%sstopped%s after %s, some items are not finished\n", bold,
                    plain, took);
        break;
    case RUN_STALLED:
        text_printf(out, "%sstalled%s after %s\n", bold, plain, took);
        break;
    case RUN_BAD_COUNT:
        text_printf(out, "%sended%s after %s, but the count of items does not add up\n",
                    bold, plain, took);
        break;
    }
}

static void show_rate(const struct report *report, struct text *out)
{
    char rate[FIGURE_MAX];
    double seconds = (double)report->view->elapsed_ns / NS_PER_S;

    if (seconds <= 0 || report->account->read == 0)
        return;
    text_printf(out, "  %s",
                figure_item_rate((double)report->account->read / seconds, rate));
    if (report->view->progress_unit == PPH_BYTES && report->view->progress_done > 0)
        text_printf(
            out, ", %s",
            figure_byte_rate((double)report->view->progress_done / seconds, rate));
    text_str(out, "\n");
}

/* Which queues had no room, and dropped. */
static void show_dropped(const struct report *report, struct text *out)
{
    char count[FIGURE_MAX];

    for (size_t i = 0; i < report->graph->n_stages; i++) {
        uint64_t dropped = report->view->stages[i].dropped;

        if (dropped == 0)
            continue;
        units_show_count(dropped, count, sizeof(count));
        text_printf(out, "  dropped in front of %s, whose queue was full: %s %s\n",
                    report->graph->stages[i].name, count,
                    dropped == 1 ? "item" : "items");
    }
}

static void stage_row(const struct report *report, size_t i, struct table *table)
{
    const struct graph_stage *stage = &report->graph->stages[i];
    const struct run_stage_view *view = &report->view->stages[i];
    char count[FIGURE_MAX];
    uint64_t handled = stage->is_source ? view->items_out : view->items_in;
    int fill = report->progress != NULL ? progress_queue_fill(report->progress, i) : -1;

    table_cell(table, stage->name);
    table_cellf(table, "%u", stage->workers);
    units_show_count(view->items_in, count, sizeof(count));
    table_cell(table, stage->is_source ? "-" : count);
    units_show_count(view->items_out, count, sizeof(count));
    table_cell(table, stage->has_output ? count : "-");
    if (view->calls > 0)
        table_cellf(table, "%.1f", (double)handled / (double)view->calls);
    else
        table_cell(table, "-");
    table_cellf(table, "%.0f %%", report_busy(report, i) * 100);
    if (fill >= 0 && !stage->is_source)
        table_cellf(table, "%d %%", fill);
    else
        table_cell(table, "-");
}

static void show_table(const struct report *report, struct text *out)
{
    static const char *const heads[] = {"STAGE",      "WORKERS", "ITEMS IN", "ITEMS OUT",
                                        "ITEMS/CALL", "BUSY",    "QUEUE"};
    struct table table;

    if (report->end == RUN_FAILED && report->account->read == 0)
        return; /* it failed before there was anything to count */
    table_init(&table, "lrrrrrr");
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
        table_cell(&table, heads[i]);
    for (size_t i = 0; i < report->graph->n_stages; i++)
        stage_row(report, i, &table);
    table_show(&table, 2, out);
    table_fini(&table);
}

/* Items that failed and were tried again: not in the account, for what counts there is how they end. */
static void show_retries(const struct report *report, struct text *out)
{
    char count[FIGURE_MAX];

    for (size_t i = 0; i < report->graph->n_stages; i++) {
        uint64_t retried = report->view->stages[i].retried;

        if (retried > 0)
            text_printf(out, "  %s tried again %s %s\n", report->graph->stages[i].name,
                        units_show_count(retried, count, sizeof(count)),
                        retried == 1 ? "time" : "times");
    }
}

const struct graph_stage *report_held(const struct report *report, double *ret_share)
{
    const struct graph *graph = report->graph;
    const struct graph_stage *held = NULL;
    double best = held_limit;

    for (size_t i = 0; i < graph->n_stages; i++) {
        double share = (double)report->view->stages[i].held_ns /
                       (double)(report->view->elapsed_ns + 1);

        if (share >= best) {
            held = &graph->stages[i];
            best = share;
        }
    }
    *ret_share = best > 1 ? 1 : best;
    return held;
}

static void show_limit(const struct report *report, struct text *out)
{
    struct report_limit limit = report_limit(report);
    double share;
    const struct graph_stage *held = report_held(report, &share);

    if (limit.stage == NULL || report->view->elapsed_ns < LIMIT_AFTER_NS)
        return;
    if (limit.share >= busy_limit) {
        if (limit.stage->workers == 1)
            text_printf(out, "  limited by %s: its worker was busy %.0f %% of the time\n",
                        limit.stage->name, limit.share * 100);
        else
            text_printf(out,
                        "  limited by %s: its %u workers were busy %.0f %% of the time\n",
                        limit.stage->name, limit.stage->workers, limit.share * 100);
    } else if (limit.pool_share >= busy_limit) {
        text_printf(
            out,
            "  limited by the %u %s: busy %.0f %% of the time, %.0f %% of that in %s\n",
            report->graph->threads, report->graph->threads == 1 ? "thread" : "threads",
            limit.pool_share * 100, limit.of_pool * 100, limit.stage->name);
    } else if (held != NULL) {
        text_printf(out,
                    "  limited by the rate of %s: %s held it back %.0f %% of the time\n",
                    held->name, held->rate.text, share * 100);
    } else {
        text_printf(out, "  no stage was busy all the time; %s was busiest, %.0f %%\n",
                    limit.stage->name, limit.share * 100);
    }
}

void report_bug(const char *bug, struct text *out)
{
    text_str(out, "\nbug: this is a fault of pphost, not of the pipeline\n");
    text_str(out, bug);
    text_str(out,
             "   = please report it with these lines, the pipeline and the output of "
             "'pphost version'   (CONTRIBUTING.md says where)\n");
}

void report_summary(const struct report *report, struct text *out)
{
    PPH_ASSERT(report->graph != NULL && report->account != NULL && report->view != NULL);
    show_end(report, out);
    text_str(out, "  ");
    report_account(report->account, out);
    text_str(out, "\n");
    show_dropped(report, out);
    show_rate(report, out);
    show_table(report, out);
    show_retries(report, out);
    show_limit(report, out);
}
