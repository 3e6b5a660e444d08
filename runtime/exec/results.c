/* SPDX-License-Identifier: MIT */
#include "exec/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "exec/emit.h"
#include "exec/policy.h"

enum { ERROR_MAX = 512 };

struct result_part {
    struct result_part *next;
    char *name; /* NULL: it is the one value */
    struct text json;
};

/* Of one instance, and guarded as that is. */
struct result {
    struct result_part *parts; /* in the order in which their names came */
    unsigned n_parts;
    size_t bytes;      /* of all parts */
    struct text value; /* of several parts, when somebody has asked for it */
    char *raw;         /* what it gave that is no JSON; NULL: nothing such */
    size_t raw_len;
    char error[ERROR_MAX];
};

static void free_part(struct result_part *part)
{
    if (!part)
        return;
    text_fini(&part->json);
    free(part->name);
    free(part);
}

void results_free(struct instance *i)
{
    struct result *r = i->result;

    if (!r)
        return;
    while (r->parts) {
        struct result_part *next = r->parts->next;

        free_part(r->parts);
        r->parts = next;
    }
    text_fini(&r->value);
    free(r->raw);
    free(r);
    i->result = NULL;
}

static struct result *result_of(struct instance *i)
{
    if (!i->result)
        i->result = calloc(1, sizeof(*i->result));
    return i->result;
}

void results_fail(struct instance *i, const char *message)
{
    struct result *r = result_of(i);

    if (r && !i->result_failed)
        (void)snprintf(r->error, sizeof(r->error), "%s", message);
    i->result_failed = true;
}

void results_end(struct instance *i)
{
    const struct result *r = i->result;

    if (i->stage->desc->kind == PPH_TASK && !i->result_failed && (!r || !r->parts))
        policy_worker_failed(i, "task",
                             "it ended without a result (null would be one, too)");
}

static int no_memory(struct instance *i)
{
    policy_stage_failed(i->stage, i, "result", "out of memory");
    return PPH_FATAL;
}

/* The worker failed, and the others go on. */
static int refuse(struct instance *i, const char *name, const char *why)
{
    char text[ERROR_MAX];

    if (name)
        (void)snprintf(text, sizeof(text), "the result '%.*s' %s", RESULT_NAME_BYTES_MAX,
                       name, why);
    else
        (void)snprintf(text, sizeof(text), "the result %s", why);
    policy_worker_failed(i, "result", text);
    return PPH_FAIL;
}

/* Keeps what is no JSON as it came: the first such text, so that nothing is lost of it. */
static int refuse_text(struct instance *i, const char *name, const char *bytes,
                       size_t len, const struct json_fault *fault)
{
    struct result *r = i->result;
    char why[ERROR_MAX];

    if (!r->raw) {
        r->raw = malloc(len + 1);
        if (!r->raw)
            return no_memory(i);
        memcpy(r->raw, bytes, len + 1);
        r->raw_len = len;
    }
    (void)snprintf(why, sizeof(why), "is no JSON: %s at byte %zu", fault->what,
                   fault->at + 1);
    return refuse(i, name, why);
}

/* The part of that name; NULL: there is none yet. */
static struct result_part *find_part(const struct result *r, const char *name)
{
    struct result_part *part = r->parts;

    while (part && part->name && strcmp(part->name, name) != 0)
        part = part->next;
    return part;
}

static struct result_part *new_part(const char *name)
{
    struct result_part *part = calloc(1, sizeof(*part));

    if (!part || !name)
        return part;
    part->name = strdup(name);
    if (!part->name) {
        free_part(part);
        return NULL;
    }
    return part;
}

/* Puts the value, which it takes over, in the place of the one of that name.  PPH_OK, or it failed. */
static int put(struct instance *i, const char *name, struct text *json)
{
    struct result *r = i->result;
    struct result_part *part = r->parts;
    struct result_part **end = &r->parts;
    size_t bytes;

    if (part && !part->name != !name)
        return refuse(i, name,
                      "has company: one value without a name, or values with names");
    if (name)
        part = find_part(r, name);
    bytes = r->bytes - (part ? part->json.len : 0) + json->len;
    if (bytes > RESULT_BYTES_MAX)
        return refuse(i, name, "makes more than 64 MiB of this worker's results");
    if (!part) {
        if (r->n_parts == RESULT_NAMES_MAX)
            return refuse(i, name, "is one more than the 1,024 that a worker may have");
        part = new_part(name);
        if (!part)
            return no_memory(i);
        while (*end)
            end = &(*end)->next;
        *end = part;
        r->n_parts++;
    }
    text_fini(&part->json);
    part->json = *json;
    *json = (struct text){0};
    r->bytes = bytes;
    return PPH_OK;
}

int results_set(struct instance *i, const char *name, const char *json)
{
    const char *doing = atomic_load_explicit(&i->doing, memory_order_relaxed);
    struct json_fault fault = {0};
    struct text value = {0};
    size_t len;
    int rc;

    if (i->call == CALL_NONE && !(doing && strcmp(doing, "start") == 0)) {
        policy_misuse(i, "result() was called outside start, generate, each, batch, "
                         "plan and flush");
        return PPH_FATAL;
    }
    if (!result_of(i))
        return no_memory(i);
    if (name && !*name)
        name = NULL;
    if (name && strnlen(name, RESULT_NAME_BYTES_MAX + 1) > RESULT_NAME_BYTES_MAX)
        return refuse(i, name, "has a name of more than 256 bytes");
    len = json ? strnlen(json, RESULT_BYTES_MAX + 1) : 0;
    if (len > RESULT_BYTES_MAX)
        return refuse(i, name, "is larger than 64 MiB");
    if (!json)
        rc = refuse(i, name, "is NULL: for nothing there is the text null");
    else if (!json_compact(json, len, &value, &fault))
        rc = refuse_text(i, name, json, len, &fault);
    else if (value.failed)
        rc = no_memory(i);
    else
        rc = put(i, name, &value);
    text_fini(&value);
    return rc;
}

/* All that the worker left behind, as one JSON value: a mapping if it has names.  NULL: nothing, or no memory. */
static const struct text *value_of(struct result *r)
{
    const char *gap = "{";

    if (!r->parts || !r->parts->name)
        return r->parts ? &r->parts->json : NULL;
    if (r->value.len > 0)
        return &r->value;
    for (const struct result_part *part = r->parts; part; part = part->next) {
        text_str(&r->value, gap);
        text_json(&r->value, part->name, strlen(part->name));
        text_str(&r->value, ":");
        text_append(&r->value, text_get(&part->json), part->json.len);
        gap = ",";
    }
    text_str(&r->value, "}");
    return r->value.failed ? NULL : &r->value;
}

bool results_send(struct instance *i)
{
    const struct text *value;

    if (!stage_result_is_read(i->stage) || i->result_failed || !i->result ||
        !i->result->parts)
        return true;
    value = value_of(i->result);
    if (!value)
        return no_memory(i) == PPH_OK;
    return emit_result(i, value->data, value->len);
}

/* How the worker ended; false: it is none that leaves anything behind. */
static bool end_of(struct instance *i, const struct run *run,
                   enum run_result_status *ret_status)
{
    struct stage *s = i->stage;
    bool has = i->result && i->result->parts;
    bool over;

    mutex_lock(&s->lock);
    over = s->phase == STAGE_FINISHED;
    if (s->desc->kind == PPH_TASK && !i->ended)
        over = over && s->source_done &&
               !atomic_load_explicit(&run->draining, memory_order_relaxed);
    mutex_unlock(&s->lock);
    if (s->desc->kind == PPH_TASK)
        over = over || i->ended;
    *ret_status = i->result_failed ? RUN_RESULT_FAILED
                  : over           ? RUN_RESULT_OK
                                   : RUN_RESULT_UNFINISHED;
    return has || i->result_failed || (s->desc->kind == PPH_TASK && !over);
}

bool run_result(const struct run *run, const struct graph_stage *stage, unsigned worker,
                struct run_result *ret_result)
{
    struct instance *i = &run->stages[stage->rank].instances[worker];
    struct result *r = i->result;
    const struct text *value = r ? value_of(r) : NULL;
    enum run_result_status status;

    if (!end_of(i, run, &status))
        return false;
    *ret_result = (struct run_result){
        .stage = stage,
        .worker = worker,
        .status = status,
        .busy_ns = atomic_load_explicit(&i->busy_ns, memory_order_relaxed),
        .json = value ? value->data : NULL,
        .json_len = value ? value->len : 0,
        .raw = r ? r->raw : NULL,
        .raw_len = r ? r->raw_len : 0,
    };
    if (i->result_failed)
        ret_result->error = r ? r->error : "out of memory";
    return true;
}
