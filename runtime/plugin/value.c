/* SPDX-License-Identifier: MIT */
/* Text to value: see value.h. */
#include "plugin/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"

struct pph_value value_none(void)
{
    return (struct pph_value){.s = ""};
}

bool value_has_bounds(const struct pph_param *param)
{
    return param->type == PPH_INT || param->type == PPH_FLOAT ||
           param->type == PPH_SIZE || param->type == PPH_TIME;
}

static enum value_status from_units(enum units_status status)
{
    switch (status) {
    case UNITS_OK:
        return VALUE_OK;
    case UNITS_NO_UNIT:
        return VALUE_NO_UNIT;
    case UNITS_RANGE:
        return VALUE_RANGE;
    case UNITS_BAD:
        break;
    }
    return VALUE_BAD;
}

/* The whole part, held to what an int64_t can say. */
static int64_t whole_part(double f)
{
    if (f >= 0x1p63)
        return INT64_MAX;
    if (f < -0x1p63)
        return INT64_MIN;
    return (int64_t)f;
}

static enum value_status parse_size(const char *text, struct pph_value *value)
{
    uint64_t bytes = 0;
    enum units_status status = units_size(text, &bytes);

    if (status == UNITS_OK && bytes > INT64_MAX)
        return VALUE_RANGE;
    value->i = (int64_t)bytes;
    value->f = (double)bytes;
    return from_units(status);
}

static enum value_status parse_time(const char *text, struct pph_value *value)
{
    int64_t ns = 0;
    enum units_status status = units_time(text, &ns);

    value->i = ns;
    value->f = (double)ns / (double)NS_PER_S;
    return from_units(status);
}

static enum value_status parse_int(const char *text, struct pph_value *value)
{
    enum units_status status = units_int(text, &value->i);

    value->f = (double)value->i;
    return from_units(status);
}

static enum value_status parse_float(const char *text, struct pph_value *value)
{
    enum units_status status = units_float(text, &value->f);

    if (status == UNITS_OK && !isfinite(value->f))
        return VALUE_RANGE;
    value->i = status == UNITS_OK ? whole_part(value->f) : 0;
    return from_units(status);
}

static enum value_status parse_bool(const char *text, struct pph_value *value)
{
    bool on = false;
    enum units_status status = units_bool(text, &on);

    value->i = on;
    value->f = on;
    return from_units(status);
}

/* Any of the types that are numbers. */
static enum value_status parse_number(const struct pph_param *param, const char *text,
                                      struct pph_value *value)
{
    switch (param->type) {
    case PPH_INT:
        return parse_int(text, value);
    case PPH_FLOAT:
        return parse_float(text, value);
    case PPH_SIZE:
        return parse_size(text, value);
    case PPH_TIME:
        return parse_time(text, value);
    case PPH_BOOL:
        return parse_bool(text, value);
    default:
        return VALUE_BAD;
    }
}

/* The word of "a|b|c" that starts at *cursor; moves it on.  Returns its length. */
static size_t next_choice(const char **cursor, const char **ret_word)
{
    const char *word = *cursor;
    size_t len = strcspn(word, "|");

    *ret_word = word;
    *cursor = word[len] ? word + len + 1 : word + len;
    return len;
}

static enum value_status parse_enum(const struct pph_param *param, const char *text,
                                    size_t len, struct pph_value *value)
{
    const char *cursor = param->choices ? param->choices : "";

    for (int64_t index = 0; *cursor; index++) {
        const char *word = NULL;
        size_t word_len = next_choice(&cursor, &word);
        if (word_len == len && memcmp(word, text, len) == 0) {
            value->i = index;
            value->f = (double)index;
            return VALUE_OK;
        }
    }
    return VALUE_CHOICE;
}

const char *const *value_choices(const char *choices, struct arena *arena)
{
    const char *cursor = choices ? choices : "";
    size_t n = 1;

    for (const char *c = cursor; *c; c++)
        n += *c == '|';

    const char **words = arena_array(arena, n + 1, sizeof(*words));
    for (size_t i = 0; words && *cursor; i++) {
        const char *word = NULL;
        size_t len = next_choice(&cursor, &word);
        words[i] = arena_copy(arena, word, len);
        if (!words[i])
            return NULL;
    }
    return words;
}

/* "-" is left for the plugin to read as standard input or output. */
static enum value_status parse_path(const char *text, size_t len, struct arena *arena,
                                    struct pph_value *value)
{
    if (len == 0)
        return VALUE_BAD;
    if (text[0] == '/' || strcmp(text, "-") == 0)
        return VALUE_OK;

    while (text[0] == '.' && text[1] == '/')
        text += 2 + strspn(text + 2, "/");
    char *cwd = getcwd(NULL, 0);
    if (!cwd)
        return errno == ENOMEM ? VALUE_MEMORY : VALUE_NO_DIR;
    value->s = arena_printf(arena, "%s%s%s", cwd, strcmp(cwd, "/") == 0 ? "" : "/", text);
    free(cwd);
    if (!value->s)
        return VALUE_MEMORY;
    value->n = (uint32_t)strlen(value->s);
    return VALUE_OK;
}

enum value_status value_from_tree(const struct yaml_node *node, struct arena *arena,
                                  struct pph_value *ret_value)
{
    struct pph_value value = value_none();
    struct text json = {0};
    int64_t whole = 0;
    double number = 0;

    yaml_to_json(node, &json);
    if (json.failed || json.len > UINT32_MAX) {
        text_fini(&json);
        return VALUE_MEMORY;
    }
    value.n = (uint32_t)json.len;
    value.s = arena_copy(arena, text_get(&json), json.len);
    text_fini(&json);
    if (!value.s)
        return VALUE_MEMORY;
    if (node->kind == YAML_SCALAR && units_float(node->text, &number) == UNITS_OK) {
        value.f = number;
        value.i = units_int(node->text, &whole) == UNITS_OK ? whole : whole_part(number);
    }
    *ret_value = value;
    return VALUE_OK;
}

/* Parses a table's own YAML; what is wrong with it is of no interest, only that something is. */
static struct yaml_node *parse_tree(const char *text, size_t len, struct arena *arena)
{
    struct diag_list *diags = diag_list_new();
    struct source *source = arena_alloc(arena, sizeof(*source));
    struct yaml_node *node = NULL;

    if (diags && source) {
        *source = (struct source){.name = "default", .text = text, .len = len};
        node = yaml_parse(source, arena, diags);
        if (diag_errors(diags) > 0)
            node = NULL;
    }
    diag_list_free(diags);
    return node;
}

static enum value_status parse_yaml(const char *text, size_t len, struct arena *arena,
                                    struct pph_value *value)
{
    const struct yaml_node *node = parse_tree(text, len, arena);

    return node ? value_from_tree(node, arena, value) : VALUE_BAD;
}

static enum value_status parse_plain(const struct pph_param *param, const char *text,
                                     size_t len, struct arena *arena,
                                     struct pph_value *value)
{
    if (len > UINT32_MAX)
        return VALUE_RANGE;
    *value = value_none();
    value->s = arena_copy(arena, text, len);
    value->n = (uint32_t)len;
    if (!value->s)
        return VALUE_MEMORY;

    if (param->type == PPH_STRING)
        return VALUE_OK;
    if (param->type == PPH_YAML)
        return parse_yaml(text, len, arena, value);
    if (strlen(value->s) != len)
        return VALUE_BAD;
    if (param->type == PPH_PATH)
        return parse_path(value->s, len, arena, value);
    if (param->type == PPH_ENUM)
        return parse_enum(param, text, len, value);
    return parse_number(param, value->s, value);
}

enum value_status value_bound(const struct pph_param *param, const char *bound,
                              struct arena *arena, struct pph_value *ret_value)
{
    struct pph_value value;
    enum value_status status = parse_plain(param, bound, strlen(bound), arena, &value);

    if (status == VALUE_OK)
        *ret_value = value;
    return status;
}

int value_compare(const struct pph_param *param, const struct pph_value *a,
                  const struct pph_value *b)
{
    if (param->type == PPH_FLOAT)
        return (a->f > b->f) - (a->f < b->f);
    return (a->i > b->i) - (a->i < b->i);
}

enum value_status value_parse(const struct pph_param *param, const char *text, size_t len,
                              struct arena *arena, struct pph_value *ret_value)
{
    struct pph_value value;
    struct pph_value bound;
    enum value_status status = parse_plain(param, text, len, arena, &value);

    if (status != VALUE_OK)
        return status;
    if (value_has_bounds(param)) {
        if (param->min && value_bound(param, param->min, arena, &bound) == VALUE_OK &&
            value_compare(param, &value, &bound) < 0)
            return VALUE_LOW;
        if (param->max && value_bound(param, param->max, arena, &bound) == VALUE_OK &&
            value_compare(param, &value, &bound) > 0)
            return VALUE_HIGH;
    }
    *ret_value = value;
    return VALUE_OK;
}

static enum value_status default_list(const struct pph_param *param, struct arena *arena,
                                      struct pph_value *ret_value)
{
    size_t len = strlen(param->def);
    struct yaml_node *tree =
        param->def[0] == '[' ? parse_tree(param->def, len, arena) : NULL;
    size_t n = tree ? tree->n : 1;
    struct pph_value *list = arena_array(arena, n + 1, sizeof(*list));

    if (param->def[0] == '[' && (!tree || tree->kind != YAML_LIST))
        return VALUE_BAD;
    if (!list)
        return VALUE_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *item = tree ? tree->items[i] : NULL;
        enum value_status status = VALUE_BAD;
        if (item && param->type == PPH_YAML)
            status = value_from_tree(item, arena, &list[i]);
        else if (item && item->kind == YAML_SCALAR)
            status = value_parse(param, item->text, item->len, arena, &list[i]);
        else if (!item)
            status = value_parse(param, param->def, len, arena, &list[i]);
        if (status != VALUE_OK)
            return status;
    }
    *ret_value = value_none();
    ret_value->list = list;
    ret_value->n = (uint32_t)n;
    return VALUE_OK;
}

enum value_status value_default(const struct pph_param *param, struct arena *arena,
                                struct pph_value *ret_value)
{
    if (param->def && (param->flags & PPH_LIST))
        return default_list(param, arena, ret_value);
    if (param->def)
        return value_parse(param, param->def, strlen(param->def), arena, ret_value);

    struct pph_value value = value_none();
    if (param->type == PPH_YAML && !(param->flags & PPH_LIST)) {
        value.s = "null";
        value.n = 4;
    }
    *ret_value = value;
    return VALUE_OK;
}
