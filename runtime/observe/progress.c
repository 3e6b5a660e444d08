/* SPDX-License-Identifier: MIT */
#include "observe/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/plugin.h>

#include "base/clock.h"
#include "base/units.h"
#include "observe/figures.h"

enum {
    BAR_CELLS = 18,
    BAR_CELLS_MIN = 6,
    COLUMN_MAX = 320,
    MIN_SAMPLE_NS = 20 * NS_PER_MS, /* shorter ones say nothing about rates */
    ETA_AFTER_NS = NS_PER_S,        /* before that a rate is a guess */
};

/* Smoothing: what was seen this long ago counts half.  Slower hides changes, faster flickers. */
static const double smooth_s = 3.0;

/* A stage is called the limit from this share of its time on. */
static const double limit_share = 0.5;

struct stage_state {
    uint64_t busy_ns; /* at the last sample */
    uint64_t held_ns; /* likewise */
    double held;      /* share of the time for which its rate held it back, smoothed */
    double busy;      /* workers inside calls, smoothed */
    double share;     /* of those it could have */
    double fill;      /* of its queue's bound at the last sample, 0..1 */
    double fill_sum;  /* over all samples */
};

struct progress {
    const struct graph *graph;
    uint64_t samples;
    uint64_t elapsed_ns; /* at the last sample */
    uint64_t done;       /* likewise */
    double rate;         /* per second, smoothed */
    struct stage_state *stages;
};

struct progress *progress_new(const struct graph *graph)
{
    struct progress *p = calloc(1, sizeof(*p));

    PPH_ASSERT(graph != NULL);
    if (p == NULL)
        return NULL;
    p->graph = graph;
    p->stages = calloc(graph->n_stages > 0 ? graph->n_stages : 1, sizeof(*p->stages));
    if (p->stages == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

void progress_free(struct progress *progress)
{
    if (progress == NULL)
        return;
    free(progress->stages);
    free(progress);
}

/* What the run has done, in the sources' own measure or else in items they emitted. */
static uint64_t done_of(const struct graph *graph, const struct run_view *view,
                        int *ret_unit)
{
    uint64_t items = 0;

    if (view->progress_total > 0 || view->progress_done > 0) {
        *ret_unit = view->progress_unit;
        return view->progress_done;
    }
    for (size_t i = 0; i < graph->n_stages; i++) {
        if (graph->stages[i].is_source)
            items += view->stages[i].items_out;
    }
    *ret_unit = PPH_ITEMS;
    return items;
}

static double queue_fill(const struct graph_stage *stage,
                         const struct run_stage_view *view)
{
    double items = stage->queue_items == 0
                       ? 0
                       : (double)view->queue_items / (double)stage->queue_items;
    double bytes = stage->queue_bytes == 0
                       ? 0
                       : (double)view->queue_bytes / (double)stage->queue_bytes;
    double fill = items > bytes ? items : bytes;

    return fill > 1 ? 1 : fill;
}

/* How many of its workers can run at once: those of the pool share its threads. */
static unsigned parallel(const struct graph *graph, const struct graph_stage *stage)
{
    if (stage->own_threads || stage->workers < graph->threads)
        return stage->workers;
    return graph->threads;
}

static double smooth(double old, double now, double weight, bool first)
{
    return first ? now : old + (now - old) * weight;
}

void progress_sample(struct progress *p, const struct run_view *view)
{
    int unit;
    uint64_t done = done_of(p->graph, view, &unit);

    if (view->elapsed_ns < p->elapsed_ns + MIN_SAMPLE_NS)
        return;
    double dt = (double)(view->elapsed_ns - p->elapsed_ns) / NS_PER_S;
    double weight = dt / (smooth_s + dt);
    bool first = p->samples == 0;

    double gained = done > p->done ? (double)(done - p->done) : 0;
    p->rate = smooth(p->rate, gained / dt, weight, first);
    for (size_t i = 0; i < p->graph->n_stages; i++) {
        const struct graph_stage *stage = &p->graph->stages[i];
        struct stage_state *state = &p->stages[i];
        uint64_t busy_ns = view->stages[i].busy_ns;
        double spent = busy_ns > state->busy_ns ? (double)(busy_ns - state->busy_ns) : 0;

        state->busy = smooth(state->busy, spent / NS_PER_S / dt, weight, first);
        state->share = state->busy / parallel(p->graph, stage);
        state->busy_ns = busy_ns;
        spent = (double)(view->stages[i].held_ns - state->held_ns);
        state->held = smooth(state->held, spent / NS_PER_S / dt, weight, first);
        state->held_ns = view->stages[i].held_ns;
        state->fill = queue_fill(stage, &view->stages[i]);
        state->fill_sum += state->fill;
    }
    p->elapsed_ns = view->elapsed_ns;
    p->done = done;
    p->samples++;
}

struct progress_limit progress_limit(const struct progress *p)
{
    struct progress_limit limit = {NULL, 0};
    double best = 0;

    for (size_t i = 0; i < p->graph->n_stages; i++) {
        const struct stage_state *state = &p->stages[i];
        /* A tenth of a share is noise: within it the fuller queue tells who holds up whom. */
        double score = state->share + state->fill * 0.1;

        if (state->share >= limit_share && score > best) {
            best = score;
            limit.stage = &p->graph->stages[i];
            limit.busy = (unsigned)(state->busy + 0.5);
        }
    }
    if (limit.stage != NULL && limit.busy == 0)
        limit.busy = 1;
    for (size_t i = 0; limit.stage == NULL && i < p->graph->n_stages; i++) {
        if (p->stages[i].held >= limit_share)
            limit = (struct progress_limit){.stage = &p->graph->stages[i]};
    }
    return limit;
}

int progress_queue_fill(const struct progress *p, size_t stage_index)
{
    PPH_ASSERT(stage_index < p->graph->n_stages);
    if (p->samples == 0)
        return -1;
    return (int)(p->stages[stage_index].fill_sum * 100 / (double)p->samples + 0.5);
}

uint64_t progress_in_flight(const struct run_view *view, size_t n_stages)
{
    uint64_t items = 0;

    for (size_t i = 0; i < n_stages; i++)
        items += view->stages[i].queue_items;
    return items;
}

/* One column of the line.  The highest `rank` is left out first when there is no room. */
struct column {
    char text[COLUMN_MAX];
    const char *gap; /* in front of it */
    int rank;        /* 0: empty */
};

enum column_id {
    COLUMN_BAR,
    COLUMN_PERCENT,
    COLUMN_DONE,
    COLUMN_RATE,
    COLUMN_ETA,
    COLUMN_DEAD,
    COLUMN_SKIPPED,
    COLUMN_LIMIT,
    COLUMN_BUSY,
    COLUMNS,
};

static void bar(char *buffer, size_t size, double share, unsigned cells, bool ascii)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    unsigned full = (unsigned)(share * cells * 8), whole = full / 8;
    size_t at = 0;

    buffer[0] = '\0';
    for (unsigned i = 0; i < cells; i++) {
        const char *cell = ascii ? "." : "░";

        if (i < whole)
            cell = ascii ? "#" : "█";
        else if (i == whole && full % 8 > 0 && !ascii)
            cell = eighths[full % 8];
        int n = snprintf(buffer + at, size - at, "%s", cell);
        PPH_ASSERT(n > 0 && (size_t)n < size - at);
        at += (size_t)n;
    }
}

static void set(struct column *column, int rank, const char *gap, const char *text)
{
    (void)snprintf(column->text, sizeof(column->text), "%s", text);
    column->gap = gap;
    column->rank = rank;
}

static void set_count(struct column *column, int rank, const char *word, uint64_t count)
{
    char digits[FIGURE_MAX];

    if (count == 0)
        return;
    units_show_count(count, digits, sizeof(digits));
    (void)snprintf(column->text, sizeof(column->text), "%s %s", word, digits);
    column->gap = "   ";
    column->rank = rank;
}

static void fill_amounts(const struct progress *p, const struct run_view *view,
                         struct column columns[COLUMNS])
{
    char done_text[FIGURE_MAX], total_text[FIGURE_MAX];
    char both[2 * FIGURE_MAX + 16];
    int unit;
    uint64_t done = done_of(p->graph, view, &unit), total = view->progress_total;

    if (unit == PPH_BYTES && total > 0) {
        set(&columns[COLUMN_DONE], 5, "   ", figure_bytes_of(done, total, both));
    } else if (unit == PPH_BYTES) {
        set(&columns[COLUMN_DONE], 5, "   ", figure_bytes(done, both));
    } else {
        units_show_count(done, done_text, sizeof(done_text));
        units_show_count(total, total_text, sizeof(total_text));
        (void)snprintf(both, sizeof(both), "%s%s%s items", done_text,
                       total > 0 ? "/" : "", total > 0 ? total_text : "");
        set(&columns[COLUMN_DONE], 5, "   ", both);
    }
    set(&columns[COLUMN_RATE], 6, "   ",
        unit == PPH_BYTES ? figure_byte_rate(p->rate, done_text)
                          : figure_item_rate(p->rate, done_text));
    if (total == 0 || done > total) {
        set(&columns[COLUMN_ETA], 3, "   ", figure_clock(view->elapsed_ns, done_text));
    } else if (p->rate > 0 && view->elapsed_ns >= ETA_AFTER_NS && !view->draining) {
        double left_s = (double)(total - done) / p->rate;

        if (left_s < 1e6) { /* eleven days: more says only that it stands still */
            /* Rounded up: "0:00" would say that it is over. */
            figure_clock((uint64_t)(left_s * NS_PER_S) + NS_PER_S - 1, done_text);
            (void)snprintf(both, sizeof(both), "eta %s", done_text);
            set(&columns[COLUMN_ETA], 3, "   ", both);
        }
    }
}

static void fill_columns(const struct progress *p, const struct run_view *view,
                         bool ascii, struct column columns[COLUMNS])
{
    char text[COLUMN_MAX];
    uint64_t dead = 0, skipped = 0;
    struct progress_limit limit = progress_limit(p);

    memset(columns, 0, sizeof(struct column) * COLUMNS);
    if (view->progress_total > 0) {
        double share = (double)view->progress_done / (double)view->progress_total;

        bar(text, sizeof(text), share > 1 ? 1 : share, BAR_CELLS, ascii);
        set(&columns[COLUMN_BAR], 7, "  ", text);
        (void)snprintf(text, sizeof(text), "%2u %%",
                       figure_percent(view->progress_done, view->progress_total));
        set(&columns[COLUMN_PERCENT], 1, "  ", text);
    }
    fill_amounts(p, view, columns);
    for (size_t i = 0; i < p->graph->n_stages; i++) {
        dead += view->stages[i].dead;
        skipped += view->stages[i].skipped;
    }
    set_count(&columns[COLUMN_DEAD], 2, "dead", dead);
    set_count(&columns[COLUMN_SKIPPED], 2, "skipped", skipped);
    if (view->draining) {
        set(&columns[COLUMN_LIMIT], 4, "   ", "draining");
    } else if (limit.stage != NULL && limit.busy == 0) {
        (void)snprintf(text, sizeof(text), "limited by the rate of %.64s",
                       limit.stage->name);
        set(&columns[COLUMN_LIMIT], 8, "   ", text);
    } else if (limit.stage != NULL) {
        (void)snprintf(text, sizeof(text), "limited by %.64s", limit.stage->name);
        set(&columns[COLUMN_LIMIT], 8, "   ", text);
        (void)snprintf(text, sizeof(text), "(%u %s busy)", limit.busy,
                       limit.busy == 1 ? "worker" : "workers");
        set(&columns[COLUMN_BUSY], 9, " ", text);
    }
}

static size_t width_of(const struct column columns[COLUMNS])
{
    size_t width = 0;

    for (int i = 0; i < COLUMNS; i++) {
        if (columns[i].rank > 0)
            width += strlen(columns[i].gap) + figure_columns(columns[i].text);
    }
    return width;
}

/* Makes the columns fit: a shorter bar first, then without those of the highest rank. */
static void fit(struct column columns[COLUMNS], size_t room, double share, bool ascii)
{
    size_t width = width_of(columns);

    while (width > room) {
        int victim = 0;

        for (int i = 1; i < COLUMNS; i++) {
            if (columns[i].rank > columns[victim].rank)
                victim = i;
        }
        if (columns[victim].rank == 0)
            return;
        size_t cells = figure_columns(columns[COLUMN_BAR].text);
        if (victim == COLUMN_BAR && cells > BAR_CELLS_MIN) {
            size_t over = width - room;
            size_t shorter = over + BAR_CELLS_MIN >= cells ? BAR_CELLS_MIN : cells - over;

            bar(columns[victim].text, COLUMN_MAX, share, (unsigned)shorter, ascii);
        } else {
            columns[victim].rank = 0;
        }
        width = width_of(columns);
    }
}

void progress_line(const struct progress *p, const struct run_view *view,
                   const struct progress_look *look, struct text *out)
{
    struct column columns[COLUMNS];
    struct text name = {0};
    const char *ellipsis = look->ascii ? "." : "…";
    double share = 0;

    fill_columns(p, view, look->ascii, columns);
    text_printable(&name, look->name, strlen(look->name), 200);
    size_t name_width = figure_columns(text_get(&name));
    if (view->progress_total > 0)
        share = (double)view->progress_done / (double)view->progress_total;
    if (look->columns > 0) {
        /* The last column stays empty: some terminals wrap as soon as it is written. */
        size_t room = look->columns - 1;

        if (name_width > room / 3) /* a long name must not crowd out the figures */
            name_width = room / 3;
        fit(columns, room - name_width, share > 1 ? 1 : share, look->ascii);
    }
    figure_cut(out, text_get(&name), name_width, ellipsis);
    for (int i = 0; i < COLUMNS; i++) {
        if (columns[i].rank > 0) {
            text_str(out, columns[i].gap);
            text_str(out, columns[i].text);
        }
    }
    text_fini(&name);
}

void progress_json(const struct progress *p, const struct run_view *view,
                   struct text *out)
{
    struct progress_limit limit = progress_limit(p);
    int unit;
    uint64_t done = done_of(p->graph, view, &unit);

    text_printf(out, ",\"seconds\":%.3f,\"done\":%llu",
                (double)view->elapsed_ns / NS_PER_S, (unsigned long long)done);
    if (view->progress_total > 0)
        text_printf(out, ",\"total\":%llu", (unsigned long long)view->progress_total);
    text_printf(out, ",\"unit\":\"%s\",\"per_second\":%.1f",
                unit == PPH_BYTES ? "bytes" : "items", p->rate);
    if (limit.stage != NULL) {
        text_str(out, ",\"limited_by\":");
        text_json(out, limit.stage->name, strlen(limit.stage->name));
        if (limit.busy == 0)
            text_str(out, ",\"limited_by_rate\":true");
    }
}
