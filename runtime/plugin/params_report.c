/* SPDX-License-Identifier: MIT */
/* Messages about settings: see params_report.h. */
#include "plugin/params_report.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "plugin/params.h"
#include "plugin/params_text.h"

enum { CHOICES_SHOWN = 8 };

/* Keys of a stage that belong to the host: people put them one level too deep. */
static const char *const host_keys[] = {
    "use",   "with",     "name", "from",  "workers", "order", "batch",
    "queue", "on_error", "rate", "limit", "isolate", "place", NULL};

static const char *const size_units[] = {"B",   "KB",  "MB",  "GB",  "TB",
                                         "KiB", "MiB", "GiB", "TiB", NULL};
static const char *const time_units[] = {"ns", "us", "ms", "s", "m", "h", "d", NULL};

bool params_report_memory(struct params_bind *b)
{
    memory_failed();
    (void)diag_add(b->diags, DIAG_ERROR, "E119", NULL, (struct mark){0},
                   "out of memory while reading the settings of %s", b->desc->name);
    return false;
}

static void note_settings(const struct params_bind *b, struct diag *d)
{
    struct text note = {0};

    params_text_settings(b->desc, &note);
    diag_note(d, "%s", text_get(&note));
    text_fini(&note);
}

/* "two", for numbers that people read as words. */
static const char *count_word(uint32_t n)
{
    static const char *const words[] = {"no",  "one",   "two",   "three", "four", "five",
                                        "six", "seven", "eight", "nine",  "ten"};

    return n < sizeof(words) / sizeof(words[0]) ? words[n] : NULL;
}

/* How far left the key must move to stand beside 'with'; 0: they are not on lines of their own. */
static uint32_t columns_left(const struct params_bind *b, const struct yaml_node *key,
                             uint32_t *ret_line)
{
    const struct yaml_node *stage = b->stage->node;

    for (size_t i = 0; stage && stage->kind == YAML_MAP && i < stage->n; i++) {
        const struct yaml_node *with = stage->keys[i];
        if (stage->items[i] == b->stage->with && with->source == key->source &&
            with->at.line < key->at.line && with->at.col < key->at.col) {
            *ret_line = with->at.line;
            return key->at.col - with->at.col;
        }
    }
    return 0;
}

static bool report_host_key(struct params_bind *b, const struct yaml_node *key)
{
    struct diag *d = diag_add(b->diags, DIAG_ERROR, "E131", key->source, key->at,
                              "'%s' belongs to the stage, not to the plugin", key->text);
    uint32_t line = 0;
    uint32_t columns = columns_left(b, key, &line);

    if (line > 0)
        diag_context(d, line);
    if (columns > 0 && count_word(columns))
        diag_hint(d, "move it %s column%s to the left, beside 'with'",
                  count_word(columns), columns == 1 ? "" : "s");
    else
        diag_hint(d, "move it out of 'with', to stand beside it");
    return false;
}

bool params_report_unknown(struct params_bind *b, const struct yaml_node *key)
{
    size_t n = params_count(b->desc);
    const char **names = arena_array(b->arena, n + 1, sizeof(*names));

    for (const char *const *k = host_keys; *k; k++)
        if (strcmp(*k, key->text) == 0)
            return report_host_key(b, key);

    struct diag *d =
        diag_add(b->diags, DIAG_ERROR, "E112", key->source, key->at,
                 "plugin '%s' has no setting '%s'", b->desc->name, key->text);
    for (size_t i = 0; names && i < n; i++)
        names[i] = b->desc->params[i].name;
    if (names)
        (void)diag_suggest(d, key->text, names);
    note_settings(b, d);
    return false;
}

bool params_report_no_primary(struct params_bind *b)
{
    const struct yaml_node *with = b->stage->with;
    struct diag *d = diag_add(b->diags, DIAG_ERROR, "E111", with->source, with->at,
                              "plugin '%s' takes no single value", b->desc->name);

    if (params_count(b->desc) > 0)
        diag_hint(d, "name the setting: with: {%s: ...}", b->desc->params[0].name);
    note_settings(b, d);
    return false;
}

/* Whether a misspelt key stands where the setting was meant: that one was reported with its fix. */
static bool is_misspelt(const struct params_bind *b, const struct pph_param *param)
{
    const struct yaml_node *with = b->stage->with;
    size_t n = params_count(b->desc);
    const char **names = arena_array(b->arena, n + 1, sizeof(*names));

    for (size_t i = 0; names && i < n; i++)
        names[i] = b->desc->params[i].name;
    for (size_t i = 0; names && with && with->kind == YAML_MAP && i < with->n; i++) {
        const char *near = text_nearest(with->keys[i]->text, names);

        if (near && strcmp(near, param->name) == 0)
            return true;
    }
    return false;
}

bool params_report_missing(struct params_bind *b, const struct pph_param *param)
{
    const struct stage_desc *stage = b->stage;
    const struct yaml_node *at = stage->use_node ? stage->use_node : stage->with;
    bool has_map = stage->with && stage->with->kind == YAML_MAP && stage->with->n > 0;
    struct text example = {0};
    struct diag *d;

    if (is_misspelt(b, param))
        return false;
    d = diag_add(b->diags, DIAG_ERROR, "E113", at ? at->source : NULL,
                 at ? at->at : stage->at, "plugin '%s' needs the setting '%s'",
                 b->desc->name, param->name);
    params_text_example(param, &example);
    if (has_map)
        diag_hint(d, "add to 'with':  %s: %s", param->name, text_get(&example));
    else
        diag_hint(d, "add:  with: {%s: %s}", param->name, text_get(&example));
    text_fini(&example);
    if (param->doc)
        diag_note(d, "%s: %s", param->name, param->doc);
    if (param->flags & PPH_CONTEXT)
        diag_note(d, "it may also stand in the pipeline's 'context'");
    return false;
}

/* "a text", "true or false", ... */
static const char *type_phrase(const struct pph_param *param)
{
    switch (param->type) {
    case PPH_INT:
        return "a whole number";
    case PPH_FLOAT:
        return "a number";
    case PPH_BOOL:
        return "true or false";
    case PPH_SIZE:
        return "a size";
    case PPH_TIME:
        return "a time";
    case PPH_ENUM:
        return "one of its choices";
    case PPH_PATH:
        return "a path";
    default:
        return "a text";
    }
}

static void note_examples(const struct pph_param *param, struct diag *d)
{
    if (param->type == PPH_ENUM)
        diag_note(d, "choices: %s", param->choices);
    else if (param->example)
        diag_note(d, "example: %s", param->example);
    else
        diag_note(d, "examples: %s", params_text_examples(param));
}

static struct diag *add(struct params_bind *b, const char *code,
                        const struct pph_param *param, const struct yaml_node *node,
                        const char *what)
{
    return diag_add(b->diags, DIAG_ERROR, code, node->source, node->at, "'%s' of %s %s",
                    param->name, b->desc->name, what);
}

bool params_report_shape(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node)
{
    const char *got = node->kind == YAML_LIST ? "a list" : "a mapping";
    struct diag *d = diag_add(b->diags, DIAG_ERROR, "E114", node->source, node->at,
                              "'%s' of %s must be %s, not %s", param->name, b->desc->name,
                              type_phrase(param), got);

    note_examples(param, d);
    return false;
}

bool params_report_empty(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node)
{
    struct diag *d = add(b, "E114", param, node, "has no value");

    if (param->type == PPH_STRING)
        diag_hint(d, "write \"\" for an empty text");
    note_examples(param, d);
    return false;
}

/* Whether a value may be repeated in a message. */
static bool is_public(const struct pph_param *param, const struct yaml_node *node)
{
    return !(param->flags & PPH_SECRET) && node->origin != YAML_FROM_SECRET &&
           node->len < 64;
}

/* "100MBs" -> did you mean '100MB'? */
static void hint_unit(const struct pph_param *param, const struct yaml_node *node,
                      struct diag *d)
{
    size_t digits = strspn(node->text, "0123456789._");
    const char *unit = node->text + digits;
    const char *const *units = param->type == PPH_SIZE ? size_units : time_units;
    const char *near = NULL;

    if (digits == 0 || !*unit || !is_public(param, node) ||
        (param->type != PPH_SIZE && param->type != PPH_TIME))
        return;
    unit += strspn(unit, " ");
    near = text_nearest(unit, units);
    for (size_t i = 0; !near && units[i]; i++)
        if (strcasecmp(units[i], unit) == 0)
            near = units[i];
    if (near)
        diag_hint(d, "did you mean '%.*s%s'?", (int)digits, node->text, near);
}

static void hint_missing_unit(const struct pph_param *param, const struct yaml_node *node,
                              struct diag *d)
{
    const char *n = is_public(param, node) ? node->text : "64";

    if (param->type == PPH_SIZE)
        diag_hint(d, "write %sB, %sKB or %sMB", n, n, n);
    else
        diag_hint(d, "write %sms, %ss or %sm", n, n, n);
}

static void report_choice(struct params_bind *b, const struct pph_param *param,
                          const struct yaml_node *node)
{
    const char *const *words = value_choices(param->choices, b->arena);
    struct text list = {0};
    size_t n = 0;
    bool many;

    while (words && words[n])
        n++;
    many = n > CHOICES_SHOWN;
    for (size_t i = 0; i < n && i < CHOICES_SHOWN; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : (i + 1 == n ? " or " : ", "), words[i]);
    struct diag *d = diag_add(b->diags, DIAG_ERROR, "E116", node->source, node->at,
                              "'%s' of %s must be %s", param->name, b->desc->name,
                              many ? "one of its choices" : text_get(&list));
    if (words && is_public(param, node))
        (void)diag_suggest(d, node->text, words);
    if (many)
        diag_note(d, "choices: %s, ...   (all: pphost plugins %s)", text_get(&list),
                  b->desc->name);
    text_fini(&list);
}

static void report_type(struct params_bind *b, const struct pph_param *param,
                        const struct yaml_node *node)
{
    struct diag *d =
        diag_add(b->diags, DIAG_ERROR, "E114", node->source, node->at,
                 "'%s' of %s must be %s", param->name, b->desc->name, type_phrase(param));

    hint_unit(param, node, d);
    note_examples(param, d);
}

static void report_bound(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node, enum value_status status)
{
    bool low = status == VALUE_LOW;
    struct diag *d = diag_add(b->diags, DIAG_ERROR, "E115", node->source, node->at,
                              "'%s' of %s must be at %s %s", param->name, b->desc->name,
                              low ? "least" : "most", low ? param->min : param->max);

    if (param->min && param->max)
        diag_note(d, "allowed: %s to %s", param->min, param->max);
}

bool params_report_value(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node, enum value_status status)
{
    struct diag *d;

    switch (status) {
    case VALUE_NO_UNIT:
        d = add(b, "E114", param, node, "needs a unit");
        hint_missing_unit(param, node, d);
        note_examples(param, d);
        break;
    case VALUE_RANGE:
        d = add(b, "E115", param, node, "is too large to be counted");
        note_examples(param, d);
        break;
    case VALUE_LOW:
    case VALUE_HIGH:
        report_bound(b, param, node, status);
        break;
    case VALUE_CHOICE:
        report_choice(b, param, node);
        break;
    case VALUE_NO_DIR:
        d = add(b, "E114", param, node, "is a relative path");
        diag_note(
            d, "the working directory was deleted, or cannot be read: go to another one");
        break;
    case VALUE_MEMORY:
        return params_report_memory(b);
    case VALUE_OK:
    case VALUE_BAD:
        report_type(b, param, node);
        break;
    }
    return false;
}
