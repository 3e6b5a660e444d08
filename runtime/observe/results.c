/* SPDX-License-Identifier: MIT */
#include "observe/results.h"

#include <string.h>

#include "base/clock.h"
#include "observe/figures.h"
#include "observe/table.h"

enum {
    CELL_COLUMNS = 60, /* of a result in the table */
    CELL_BYTES = 4 * CELL_COLUMNS,
    LOOKED_AT = 128 << 10, /* a secret is no longer than half of it */
    WORKER_BITS = 32,
};

bool results_next(const struct run *run, const struct graph *graph, uint64_t *at,
                  struct run_result *ret_result)
{
    uint64_t k = *at >> WORKER_BITS;
    uint64_t worker = *at & UINT32_MAX;

    for (; k < graph->n_stages; k++, worker = 0) {
        const struct graph_stage *stage = &graph->stages[k];

        while (worker < stage->workers) {
            if (run_result(run, stage, (unsigned)worker++, ret_result)) {
                *at = k << WORKER_BITS | worker;
                return true;
            }
        }
    }
    return false;
}

static const char *status_of(const struct run_result *result)
{
    switch (result->status) {
    case RUN_RESULT_OK:
        return "ok";
    case RUN_RESULT_FAILED:
        return "failed";
    case RUN_RESULT_UNFINISHED:
        break;
    }
    return "unfinished";
}

static bool is_utf8(const char *bytes, size_t len)
{
    uint32_t c;

    for (size_t i = 0, n = 0; i < len; i += n) {
        n = text_utf8(bytes + i, len - i, &c);
        if (n == 0)
            return false;
    }
    return true;
}

static void base64(const char *bytes, size_t len, struct text *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = 0;
        char four[4] = {'=', '=', '=', '='};

        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < len ? (unsigned char)bytes[i + k] : 0);
        for (size_t k = 0; k < 4 && i + k <= len; k++)
            four[k] = digits[bits >> (18 - 6 * k) & 63];
        text_append(out, four, sizeof(four));
    }
}

/* The string, masked, as JSON. */
static void member(const char *name, const char *string, const struct mask *mask,
                   struct text *out)
{
    struct text masked = {0};

    mask_text(mask, string, strlen(string), &masked);
    text_printf(out, ",\"%s\":", name);
    text_json(out, text_get(&masked), masked.len);
    out->failed = out->failed || masked.failed;
    text_fini(&masked);
}

/* What is no JSON. */
static void raw_member(const struct run_result *result, const struct mask *mask,
                       struct text *out)
{
    struct text masked = {0};

    mask_text(mask, result->raw, result->raw_len, &masked);
    if (is_utf8(text_get(&masked), masked.len)) {
        text_str(out, ",\"text\":");
        text_json(out, text_get(&masked), masked.len);
    } else {
        text_str(out, ",\"base64\":\"");
        base64(text_get(&masked), masked.len, out);
        text_str(out, "\"");
    }
    out->failed = out->failed || masked.failed;
    text_fini(&masked);
}

void results_members(const struct run_result *result, const struct mask *mask,
                     struct text *out)
{
    text_str(out, "\"stage\":");
    text_json(out, result->stage->name, strlen(result->stage->name));
    text_printf(out, ",\"worker\":%u,\"status\":\"%s\",\"seconds\":%.6f", result->worker,
                status_of(result), (double)result->busy_ns / NS_PER_S);
    if (result->json) {
        text_str(out, ",\"result\":");
        mask_json(mask, result->json, result->json_len, out);
    }
    if (result->error)
        member("error", result->error, mask, out);
    if (result->raw)
        raw_member(result, mask, out);
}

/* What there is to see of it: the error, if there is one. */
static void result_cell(const struct run_result *result, const struct mask *mask,
                        struct table *table)
{
    struct text json = {0};
    struct text shown = {0};
    struct text cut = {0};

    if (result->error)
        mask_printable(mask, result->error, CELL_BYTES, &shown);
    else if (result->json)
        mask_json(mask, result->json,
                  result->json_len < LOOKED_AT ? result->json_len : LOOKED_AT, &json);
    else
        text_str(&shown, "-");
    text_printable(&shown, text_get(&json), json.len, CELL_BYTES);
    figure_cut(&cut, text_get(&shown), CELL_COLUMNS, "~");
    table->cells.failed =
        table->cells.failed || json.failed || shown.failed || cut.failed;
    table_cell(table, text_get(&cut));
    text_fini(&cut);
    text_fini(&shown);
    text_fini(&json);
}

void results_table(const struct run *run, const struct graph *graph,
                   const struct mask *mask, size_t most, struct text *out)
{
    static const char *const heads[] = {"STAGE", "WORKER", "STATUS", "SECONDS", "RESULT"};
    struct run_result result;
    struct table table;
    uint64_t at = 0;
    size_t n = 0;

    table_init(&table, "lrlrl");
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
        table_cell(&table, heads[i]);
    while (results_next(run, graph, &at, &result)) {
        if (n++ >= most)
            continue;
        table_cell(&table, result.stage->name);
        table_cellf(&table, "%u", result.worker);
        table_cell(&table, status_of(&result));
        table_cellf(&table, "%.3f", (double)result.busy_ns / NS_PER_S);
        result_cell(&result, mask, &table);
    }
    if (n > 0)
        table_show(&table, 2, out);
    if (n > most)
        text_printf(out, "  and %zu more (all of them: --results FILE)\n", n - most);
    table_fini(&table);
}
