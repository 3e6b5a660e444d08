/* SPDX-License-Identifier: MIT */
/* The failures of a run, in the shape of configuration errors with the item as the place. */
#include <string.h>

#include "base/units.h"
#include "observe/figures.h"
#include "observe/report.h"

enum { SHOWN_MAX = 20, MESSAGE_MAX = 2000, UNIT_MAX = 64 };

/* "line 81231 of in/x.txt", as far as it is known; false when nothing is. */
static bool place(const struct run_failure *f, const struct mask *mask, struct text *out)
{
    const char *unit = f->pos_unit != NULL ? f->pos_unit : "item";

    if (f->pos == 0 && f->origin == NULL && f->attempts <= 1)
        return false;
    if (f->pos == 0 && f->origin == NULL)
        text_str(out, "an item");
    if (f->pos > 0) {
        text_printable(out, unit, strlen(unit), UNIT_MAX);
        text_printf(out, " %llu%s", (unsigned long long)f->pos,
                    f->origin != NULL ? " of " : "");
    }
    if (f->origin != NULL)
        mask_printable(mask, f->origin, MESSAGE_MAX, out);
    if (f->attempts > 1)
        text_printf(out, " (attempt %u of %u)", f->attempt, f->attempts);
    return true;
}

static bool of_item(const struct run_failure *f)
{
    return strcmp(f->what, "item") == 0;
}

static bool of_rejects(const struct run_failure *f)
{
    return strcmp(f->what, "max_rejects") == 0;
}

const char *report_code(const struct run_failure *f)
{
    if (of_rejects(f))
        return "R603";
    return f->fatal ? "R601" : "R602";
}

static void headline(const struct report *report, const struct run_failure *f,
                     struct text *out)
{
    const char *file = f->stage ? f->stage->desc->source->name : "";
    char count[FIGURE_MAX];

    if (f->fatal)
        text_printf(out, report->colour ? "\033[1;31merror[%s]:\033[0m " : "error[%s]: ",
                    report_code(f));
    else
        text_printf(out,
                    report->colour ? "\033[1;33mwarning[%s]:\033[0m " : "warning[%s]: ",
                    report_code(f));
    if (of_rejects(f)) {
        text_str(out, "too much was given up");
    } else if (f->stage == NULL) {
        text_str(out, "the run failed");
    } else {
        text_printf(out, "stage '%s' (", f->stage->name);
        text_printable(out, file, strlen(file), 400);
        text_printf(out, ":%u)", (unsigned)f->stage->desc->at.line);
        if (f->fatal || !of_item(f)) {
            text_str(out, " failed");
        } else {
            units_show_count(f->count, count, sizeof(count));
            text_printf(out, " gave up on %s %s", count,
                        f->count == 1 ? "item" : "items");
        }
    }
    if (!of_item(f) && !of_rejects(f))
        text_printf(out, " in %s", f->what);
    text_str(out, ": ");
    mask_printable(report->mask, f->message, MESSAGE_MAX, out);
    text_str(out, "\n");
}

static void show(const struct report *report, const struct run_failure *f,
                 struct text *out)
{
    struct text where = {0};
    char count[FIGURE_MAX];

    headline(report, f, out);
    if (place(f, report->mask, &where))
        text_printf(out, "  --> %s%s\n", f->count > 1 && !f->fatal ? "first: " : "",
                    text_get(&where));
    text_fini(&where);
    if (f->stage != NULL) {
        const char *path = f->stage->plugin->path;

        text_str(out, "   = plugin ");
        text_printable(out, path, strlen(path), MESSAGE_MAX);
        if (strcmp(f->what, "open") != 0 && strcmp(f->what, "close") != 0)
            text_printf(out, ", worker %u", f->worker);
        if (f->count > 1 && f->fatal) {
            units_show_count(f->count, count, sizeof(count));
            text_printf(out, "; %s times", count);
        }
        text_str(out, "\n");
    }
    if (f->halved_from > 0)
        text_printf(out, "   = found by running its batch of %u in halves\n",
                    (unsigned)f->halved_from);
    if (f->among > 0)
        text_printf(out,
                    "   = the plugin has not said which: it may be any of %u items, from "
                    "this one on\n",
                    (unsigned)f->among);
    text_str(out, "\n");
}

static void show_some(const struct report *report, bool fatal, struct text *out)
{
    size_t shown = 0, left = 0;

    for (size_t i = 0; i < report->n_failures; i++) {
        if (report->failures[i].fatal != fatal)
            continue;
        if (shown < SHOWN_MAX) {
            show(report, &report->failures[i], out);
            shown++;
        } else {
            left++;
        }
    }
    if (left > 0)
        text_printf(out, "%s: %zu more kinds of failure are not shown\n\n",
                    fatal ? "error" : "warning", left);
}

void report_failures(const struct report *report, enum report_which which,
                     struct text *out)
{
    if (which == REPORT_ALL)
        show_some(report, false, out);
    show_some(report, true, out);
}
