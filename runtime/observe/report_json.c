/* SPDX-License-Identifier: MIT */
/* The report of a run for programs: the same facts, one JSON object per line. */
#include <string.h>

#include "base/clock.h"
#include "observe/log.h"
#include "observe/report.h"

static void member(struct text *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    text_printf(out, ",\"%s\":", name);
    text_json(out, value, strlen(value));
}

static void number(struct text *out, const char *name, uint64_t value)
{
    text_printf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}

/* The same of what a plugin has said. */
static void said(const struct report *report, const char *name, const char *value,
                 struct text *out)
{
    struct text masked = {0};

    if (value != NULL)
        mask_text(report->mask, value, strlen(value), &masked);
    if (value != NULL)
        member(out, name, text_get(&masked));
    out->failed = out->failed || masked.failed;
    text_fini(&masked);
}

static void failure(const struct report *report, const struct run_failure *f,
                    struct text *out)
{
    log_json_head(out, report->unix_ms, "failure");
    member(out, "severity", f->fatal ? "error" : "warning");
    member(out, "code", report_code(f));
    if (f->stage != NULL) {
        member(out, "stage", f->stage->name);
        member(out, "file", f->stage->desc->source->name);
        number(out, "line", f->stage->desc->at.line);
        member(out, "plugin", f->stage->plugin->path);
    }
    member(out, "call", f->what);
    said(report, "message", f->message, out);
    said(report, "origin", f->origin, out);
    if (f->pos > 0) {
        number(out, "position", f->pos);
        member(out, "position_unit", f->pos_unit != NULL ? f->pos_unit : "item");
    }
    if (f->attempts > 1) {
        number(out, "attempt", f->attempt);
        number(out, "attempts", f->attempts);
    }
    if (f->halved_from > 0)
        number(out, "halved_from", f->halved_from);
    if (f->among > 0)
        number(out, "among", f->among);
    if (f->stage != NULL)
        number(out, "worker", f->worker);
    number(out, "count", f->count);
    text_str(out, "}\n");
}

static void stage(const struct report *report, size_t i, struct text *out)
{
    const struct graph_stage *s = &report->graph->stages[i];
    const struct run_stage_view *view = &report->view->stages[i];

    text_str(out, i > 0 ? ",{\"name\":" : "{\"name\":");
    text_json(out, s->name, strlen(s->name));
    number(out, "workers", s->workers);
    number(out, "items_in", view->items_in);
    number(out, "items_out", view->items_out);
    number(out, "dead", view->dead);
    number(out, "skipped", view->skipped);
    number(out, "dropped", view->dropped);
    number(out, "retried", view->retried);
    number(out, "calls", view->calls);
    text_printf(out, ",\"busy_seconds\":%.6f", (double)view->busy_ns / NS_PER_S);
    text_printf(out, ",\"busy\":%.4f", report_busy(report, i));
    if (s->rate.items > 0)
        text_printf(out, ",\"held_seconds\":%.6f", (double)view->held_ns / NS_PER_S);
    int fill = report->progress != NULL ? progress_queue_fill(report->progress, i) : -1;
    if (fill >= 0 && !s->is_source)
        text_printf(out, ",\"queue_fill\":%.2f", fill / 100.0);
    text_str(out, "}");
}

static void summary(const struct report *report, struct text *out)
{
    const struct run_account *a = report->account;
    struct report_limit limit = report_limit(report);
    double share;
    const struct graph_stage *held = report_held(report, &share);

    log_json_head(out, report->unix_ms, "summary");
    member(out, "end", report_end_name(report->end));
    text_printf(out, ",\"exit\":%d,\"seconds\":%.6f", report->exit_code,
                (double)report->view->elapsed_ns / NS_PER_S);
    text_printf(out, ",\"account\":{\"read\":%llu", (unsigned long long)a->read);
    number(out, "split", a->split);
    number(out, "delivered", a->delivered);
    number(out, "dead", a->dead);
    number(out, "skipped", a->skipped);
    number(out, "filtered", a->filtered);
    number(out, "merged", a->merged);
    number(out, "dropped", a->dropped);
    number(out, "unfinished", a->unfinished);
    text_str(out, "}");
    if (limit.stage != NULL)
        member(out, "busiest", limit.stage->name);
    if (held != NULL)
        member(out, "held_by_rate", held->name);
    text_str(out, ",\"stages\":[");
    for (size_t i = 0; i < report->graph->n_stages; i++)
        stage(report, i, out);
    text_str(out, "]}\n");
}

void report_json(const struct report *report, enum report_which which, struct text *out)
{
    for (size_t i = 0; i < report->n_failures; i++) {
        if (which == REPORT_ALL || report->failures[i].fatal)
            failure(report, &report->failures[i], out);
    }
    if (which == REPORT_ALL)
        summary(report, out);
}
