/* SPDX-License-Identifier: MIT */
#include "cli/yaml_out.h"

#include <string.h>

#include "observe/figures.h"

enum { COMMENT_COLUMN = 40 };

/* Text that YAML takes as it stands, and that means the same to this host. */
static bool safe_plain(const char *text, size_t len)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_/.";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_/.-+=*,;()@%~";

    if (len == 0 || strlen(text) != len || text[0] == '\0' ||
        strchr(first, text[0]) == NULL || strspn(text, rest) != len)
        return false;
    return strcmp(text, "...") != 0;
}

/* Words that some reader of YAML takes for something else than a text. */
static bool special(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(words[i], text) == 0)
            return true;
    }
    return strspn(text, "0123456789.+-_eExX") == strlen(text);
}

void yaml_out_scalar(struct yaml_out *y, const char *text, size_t len, bool plain)
{
    struct text escaped = {0};

    if (safe_plain(text, len) && (plain || !special(text))) {
        text_append(y->out, text, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '$' && i + 1 < len && text[i + 1] == '{')
            text_append(&escaped, "$", 1); /* else it would be expanded again */
        text_append(&escaped, &text[i], 1);
    }
    if (escaped.failed)
        y->out->failed = true;
    text_json(y->out, text_get(&escaped), escaped.len);
    text_fini(&escaped);
}

void yaml_out_secret(struct yaml_out *y)
{
    text_str(y->out, "‹secret›");
}

void yaml_out_key(struct yaml_out *y, int indent, const char *key)
{
    text_printf(y->out, "%*s", indent, "");
    yaml_out_scalar(y, key, strlen(key), false);
    text_str(y->out, ":");
}

void yaml_out_end(struct yaml_out *y, const char *comment)
{
    if (y->explain && comment != NULL) {
        size_t width = figure_columns(text_get(y->out) + (y->out->failed ? 0 : y->line));

        do
            text_append(y->out, " ", 1);
        while (++width < COMMENT_COLUMN);
        text_str(y->out, "# ");
        text_str(y->out, comment);
    }
    text_str(y->out, "\n");
    y->line = y->out->len;
}

static const char *origin_words(enum yaml_origin origin)
{
    switch (origin) {
    case YAML_FROM_ENV:
        return "environment, ";
    case YAML_FROM_SECRET:
        return "${file:}, ";
    case YAML_FROM_VAR:
        return "vars, ";
    case YAML_FROM_CONTEXT:
        return "context, ";
    case YAML_FROM_FILE:
    case YAML_FROM_FLAG:
        break;
    }
    return "";
}

void yaml_out_end_origin(struct yaml_out *y, const struct yaml_node *node)
{
    struct text words = {0};

    text_str(&words, origin_words(node->origin));
    text_printable(&words, node->source->name, strlen(node->source->name), 200);
    if (node->origin != YAML_FROM_FLAG)
        text_printf(&words, ":%u", (unsigned)node->at.line);
    yaml_out_end(y, text_get(&words));
    text_fini(&words);
}

bool yaml_out_is_secret(const struct yaml_node *node)
{
    return node->origin == YAML_FROM_SECRET;
}

static void scalar_node(struct yaml_out *y, const struct yaml_node *node)
{
    if (yaml_out_is_secret(node))
        yaml_out_secret(y);
    else if (yaml_is_null(node))
        text_str(y->out, "null");
    else
        yaml_out_scalar(y, node->text, node->len, node->plain);
    yaml_out_end_origin(y, node);
}

static void list_node(struct yaml_out *y, const struct yaml_node *node, int indent);

static void map_node(struct yaml_out *y, const struct yaml_node *node, int indent,
                     bool first_in_line)
{
    for (size_t i = 0; i < node->n; i++) {
        if (i > 0 || !first_in_line)
            text_printf(y->out, "%*s", indent, "");
        yaml_out_scalar(y, node->keys[i]->text, node->keys[i]->len, false);
        text_str(y->out, ":");
        yaml_out_value(y, node->items[i], indent);
    }
}

static void list_node(struct yaml_out *y, const struct yaml_node *node, int indent)
{
    for (size_t i = 0; i < node->n; i++) {
        const struct yaml_node *item = node->items[i];

        text_printf(y->out, "%*s-", indent, "");
        if (item->kind == YAML_MAP && item->n > 0) {
            text_str(y->out, " ");
            map_node(y, item, indent + 2, true);
        } else {
            yaml_out_value(y, item, indent);
        }
    }
}

void yaml_out_value(struct yaml_out *y, const struct yaml_node *node, int indent)
{
    switch (node->kind) {
    case YAML_SCALAR:
        text_str(y->out, " ");
        scalar_node(y, node);
        break;
    case YAML_LIST:
        if (node->n == 0) {
            text_str(y->out, " []");
            yaml_out_end_origin(y, node);
            break;
        }
        yaml_out_end(y, NULL);
        list_node(y, node, indent + 2);
        break;
    case YAML_MAP:
        if (node->n == 0) {
            text_str(y->out, " {}");
            yaml_out_end_origin(y, node);
            break;
        }
        yaml_out_end(y, NULL);
        map_node(y, node, indent + 2, false);
        break;
    }
}
