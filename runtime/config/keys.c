/* SPDX-License-Identifier: MIT */
/* The tables of keys, and the checks that every key goes through. */
#include "config/keys.h"

#include <stdint.h>
#include <string.h>

#include "base/units.h"

static const char *const none[] = {NULL};

static const char *const pipeline_known[] = {
    "name",    "stages", "vars",          "context",     "defaults", "include",
    "threads", "memory", "max_in_flight", "max_rejects", "limits",   NULL};
static const char *const pipeline_later[] = {"checkpoint", "shutdown", "http",
                                             "cluster",    "tests",    NULL};
static const char *const include_known[] = {"stages", "vars",    "context", "defaults",
                                            "limits", "include", NULL};
static const char *const pipeline_ignored[] = {"$schema", NULL};

static const char *const stage_known[] = {"use",     "with",     "name",  "from",
                                          "workers", "order",    "queue", "batch",
                                          "rate",    "on_error", "limit", NULL};
static const char *const stage_later[] = {"isolate", "place", NULL};

/* The keys of a stage without those that say which stage it is, for which see defaults.c. */
static const char *const default_known[] = {"workers", "order",    "queue", "batch",
                                            "rate",    "on_error", "limit", NULL};
static const char *const default_never[] = {"use", "with", "name", "from", NULL};

static const char *const queue_known[] = {"items", "bytes", "full", NULL};

static const char *const batch_known[] = {"items", "bytes", "wait", NULL};

static const char *const order_known[] = {"by", NULL};

static const char *const on_error_known[] = {"retry", "then", NULL};
static const char *const retry_known[] = {"times", "backoff", NULL};

const struct key_set pipeline_keys = {
    .where = "a pipeline",
    .known = pipeline_known,
    .later = pipeline_later,
    .ignored = pipeline_ignored,
    .other = &stage_keys,
    .other_hint = "move it into a stage, beside 'use'",
};

const struct key_set include_keys = {
    .where = "an included file",
    .known = include_known,
    .later = none,
    .ignored = pipeline_ignored,
    .other = &pipeline_keys,
    .other_hint = "move it to the file that is run",
};

const struct key_set stage_keys = {
    .where = "a stage",
    .known = stage_known,
    .later = stage_later,
    .ignored = none,
    .other = &pipeline_keys,
    .other_hint = "move it to the top of the file, beside 'stages'",
    .unknown_hint = "a setting of the plugin goes under 'with'",
};

const struct key_set default_keys = {
    .where = "'defaults'",
    .known = default_known,
    .later = stage_later,
    .ignored = default_never,
    .other = &pipeline_keys,
    .other_hint = "move it to the top of the file, beside 'stages'",
};

const struct key_set queue_keys = {
    .where = "a queue",
    .known = queue_known,
    .later = none,
    .ignored = none,
};

const struct key_set batch_keys = {
    .where = "a batch",
    .known = batch_known,
    .later = none,
    .ignored = none,
};

const struct key_set order_keys = {
    .where = "an order",
    .known = order_known,
    .later = none,
    .ignored = none,
};

const struct key_set on_error_keys = {
    .where = "an on_error",
    .known = on_error_known,
    .later = none,
    .ignored = none,
};

const struct key_set retry_keys = {
    .where = "a retry",
    .known = retry_known,
    .later = none,
    .ignored = none,
};

bool key_in(const char *key, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(key, *words) == 0)
            return true;
    }
    return false;
}

static void note_words(struct diag *d, const char *what, const char *const *words)
{
    struct text list = {0};

    for (size_t i = 0; words[i]; i++)
        text_printf(&list, "%s%s", i ? ", " : "", words[i]);
    diag_note(d, "%s: %s", what, text_get(&list));
    text_fini(&list);
}

static void add_unknown(struct diag_list *diags, const struct yaml_node *key,
                        const struct key_set *keys)
{
    struct diag *d = diag_add(diags, DIAG_ERROR, "E104", key->source, key->at,
                              "unknown key '%s'", yaml_shown(key).text);
    struct text what = {0};

    if (keys->other && (key_in(key->text, keys->other->known) ||
                        key_in(key->text, keys->other->later))) {
        diag_hint(d, "%s", keys->other_hint);
        return;
    }
    if (diag_suggest(d, key->text, keys->known))
        return;
    if (keys->unknown_hint)
        diag_hint(d, "%s", keys->unknown_hint);
    text_printf(&what, "keys of %s", keys->where);
    note_words(d, text_get(&what), keys->known);
    text_fini(&what);
}

struct diag *keys_add_later(struct diag_list *diags, const struct source *source,
                            struct mark at, const char *what)
{
    return diag_add(diags, DIAG_ERROR, "E199", source, at,
                    "%s is not available in this version of pphost", what);
}

void keys_check(struct diag_list *diags, const struct yaml_node *map,
                const struct key_set *keys)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_node *key = map->keys[i];
        struct text what = {0};

        if (key_in(key->text, keys->known) || key_in(key->text, keys->ignored))
            continue;
        if (!key_in(key->text, keys->later)) {
            add_unknown(diags, key, keys);
            continue;
        }
        text_printf(&what, "'%s'", key->text);
        diag_hint(keys_add_later(diags, key->source, key->at, text_get(&what)),
                  "delete it");
        text_fini(&what);
    }
}

const char *key_text(struct diag_list *diags, const char *key,
                     const struct yaml_node *node)
{
    if (node->broken)
        return NULL;
    if (node->kind != YAML_SCALAR) {
        diag_add(diags, DIAG_ERROR, "E106", node->source, node->at,
                 "'%s' needs a text, not %s", key, yaml_shown(node).text);
        return NULL;
    }
    if (node->len == 0 || yaml_is_null(node)) {
        diag_add(diags, DIAG_ERROR, "E106", node->source, node->at, "'%s' is empty", key);
        return NULL;
    }
    if (memchr(node->text, '\0', node->len)) {
        diag_add(diags, DIAG_ERROR, "E106", node->source, node->at,
                 "'%s' holds a NUL byte", key);
        return NULL;
    }
    return node->text;
}

bool key_is_text(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && !memchr(node->text, '\0', node->len);
}

bool key_count(struct diag_list *diags, const char *code, const char *key,
               const struct yaml_node *node, unsigned max, unsigned *ret_count)
{
    static const char *const words[] = {"auto", NULL};
    int64_t count = 0;
    struct diag *d;

    if (node->broken)
        return false;
    if (key_is_text(node) && strcmp(node->text, "auto") == 0) {
        *ret_count = 0;
        return true;
    }
    if (key_is_text(node) && units_int(node->text, &count) == UNITS_OK && count >= 1 &&
        count <= max) {
        *ret_count = (unsigned)count;
        return true;
    }
    d = diag_add(diags, DIAG_ERROR, code, node->source, node->at,
                 "'%s' needs a whole number from 1 to %u, or auto", key, max);
    if (!key_is_text(node) || !diag_suggest(d, node->text, words))
        diag_hint(d, "write  %s: auto", key);
    return false;
}

int key_choice(struct diag_list *diags, const char *code, const char *key,
               const struct yaml_node *node, const char *const *words)
{
    struct text list = {0};
    struct diag *d;

    if (node->broken)
        return -1;
    for (int i = 0; key_is_text(node) && words[i]; i++) {
        if (strcmp(node->text, words[i]) == 0)
            return i;
    }
    for (size_t i = 0; words[i]; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    d = diag_add(diags, DIAG_ERROR, code, node->source, node->at, "'%s' is %s", key,
                 text_get(&list));
    text_fini(&list);
    if (!key_is_text(node) || !diag_suggest(d, node->text, words))
        diag_hint(d, "write  %s: %s", key, words[0]);
    return -1;
}

bool key_suggest_size(struct diag *d, const char *text)
{
    static const char *const units[] = {"MB",  "KB",  "GB",  "TB", "MiB",
                                        "KiB", "GiB", "TiB", NULL};
    size_t digits = strspn(text, "0123456789_.");
    const char *unit = text + digits, *nearest = NULL;

    if (digits == 0 || digits > 20 || *unit == '\0')
        return false;
    unit += strspn(unit, " ");
    for (size_t i = 0; units[i] && !nearest; i++) {
        if (strcasecmp(unit, units[i]) == 0)
            nearest = units[i];
    }
    if (!nearest)
        nearest = text_nearest(unit, units);
    if (!nearest)
        return false;
    diag_hint(d, "did you mean '%.*s%s'?", (int)digits, text, nearest);
    return true;
}
