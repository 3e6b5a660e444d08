/* SPDX-License-Identifier: MIT */
/*
 * 'lines path=a.txt ! split ! write path=-': the same tree as the file that says so, so that all
 * later steps, and the places in messages, are the same.
 */
#include <string.h>

#include "config/keys.h"
#include "config/load.h"
#include "config/source.h"
#include "config/yaml_parts.h"

/* One word, without its quotes. */
struct word {
    size_t start, end; /* in the source */
    const char *text;
    size_t len;
    size_t key_len; /* of "key" in key=value; 0: a bare word */
    bool quoted;
};

struct oneliner {
    const struct source *source;
    struct arena *arena;
    struct diag_list *diags;
    size_t at;
    bool failed;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-';
}

static struct mark mark_of(const struct oneliner *o, size_t start, size_t end)
{
    struct mark at = source_mark(o->source, start), to = source_mark(o->source, end);

    at.width = to.line > at.line ? MARK_WHOLE_LINE
               : to.col > at.col ? to.col - at.col
                                 : 1;
    return at;
}

static struct diag *add_error(struct oneliner *o, size_t start, size_t end,
                              const char *text)
{
    o->failed = true;
    return diag_add(o->diags, DIAG_ERROR, "E022", o->source, mark_of(o, start, end), "%s",
                    text);
}

static void out_of_memory(struct oneliner *o)
{
    o->failed = true;
    yaml_add_out_of_memory(o->diags);
}

/* Appends what is between quotes; o->at is at the opening one and ends behind the closing one. */
static void read_quoted(struct oneliner *o, struct text *text)
{
    const char *s = o->source->text;
    size_t start = o->at;
    char quote = s[o->at++];

    while (o->at < o->source->len && s[o->at] != quote) {
        bool escape = quote == '"' && s[o->at] == '\\' && o->at + 1 < o->source->len &&
                      (s[o->at + 1] == '"' || s[o->at + 1] == '\\');

        o->at += escape;
        text_append(text, s + o->at, 1);
        o->at++;
    }
    if (o->at < o->source->len)
        o->at++;
    else
        diag_hint(add_error(o, start, start + 1, "the quote is not closed"), "close it");
}

/* Reads the next word.  False at the end of the text or after a fault. */
static bool next_word(struct oneliner *o, struct word *word)
{
    const char *s = o->source->text;
    struct text text = {0};

    while (o->at < o->source->len && is_blank(s[o->at]))
        o->at++;
    if (o->at == o->source->len)
        return false;
    *word = (struct word){.start = o->at};
    while (word->start + word->key_len < o->source->len &&
           is_key_char(s[word->start + word->key_len]))
        word->key_len++;
    if (word->start + word->key_len == o->source->len ||
        s[word->start + word->key_len] != '=')
        word->key_len = 0;
    while (o->at < o->source->len && !is_blank(s[o->at]) && !o->failed) {
        if (s[o->at] == '\'' || s[o->at] == '"') {
            word->quoted = true;
            read_quoted(o, &text);
        } else {
            text_append(&text, s + o->at++, 1);
        }
    }
    word->end = o->at;
    word->text = text.failed ? NULL : arena_copy(o->arena, text_get(&text), text.len);
    word->len = text.len;
    text_fini(&text);
    if (!word->text)
        out_of_memory(o);
    return !o->failed;
}

static struct yaml_node *scalar(struct oneliner *o, const struct word *word, size_t from,
                                size_t len)
{
    struct mark at =
        mark_of(o, word->start + from,
                from + len == word->len ? word->end : word->start + from + len);
    struct yaml_node *node =
        yaml_new_scalar(o->arena, o->source, at, word->text + from, len);

    if (node)
        node->plain = !word->quoted;
    else
        out_of_memory(o);
    return node;
}

/* A key that is not written in the text, at the place of what it is for. */
static struct yaml_node *implied_key(struct oneliner *o, struct mark at, const char *key)
{
    struct yaml_node *node = yaml_new_scalar(o->arena, o->source, at, key, strlen(key));

    if (!node)
        out_of_memory(o);
    return node;
}

static void put(struct oneliner *o, struct yaml_node *map, struct yaml_node *key,
                struct yaml_node *value)
{
    if (!key || !value)
        return;
    if (yaml_get(map, key->text)) {
        diag_hint(diag_add(o->diags, DIAG_ERROR, "E011", o->source, key->at,
                           "'%s' is there twice", yaml_shown(key).text),
                  "delete one of them");
        o->failed = true;
    } else if (!yaml_append(o->arena, map, key, value)) {
        out_of_memory(o);
    }
}

/* The stage's `with:`, which takes one kind of argument: settings or bare words. */
static void add_argument(struct oneliner *o, struct yaml_node *stage,
                         const struct word *word)
{
    struct yaml_node *with = yaml_get(stage, "with");
    bool bare = word->key_len == 0;
    struct yaml_node *value = scalar(o, word, bare ? 0 : word->key_len + 1,
                                     word->len - (bare ? 0 : word->key_len + 1));
    struct yaml_node *key = bare ? NULL : scalar(o, word, 0, word->key_len);

    if (o->failed)
        return;
    /* A one-liner has no limits: `limit` is what plugins call so. */
    if (!bare && key_in(key->text, stage_keys.known) && strcmp(key->text, "limit") != 0) {
        put(o, stage, key, value);
        return;
    }
    if (with && (with->kind == YAML_MAP) == bare) {
        diag_hint(add_error(o, word->start, word->end,
                            "a bare word and settings cannot be mixed in one stage"),
                  "write the bare word as  setting=value  too");
        return;
    }
    if (!with) {
        with = yaml_new(o->arena, bare ? YAML_LIST : YAML_MAP, o->source, value->at);
        if (with)
            put(o, stage, implied_key(o, value->at, "with"), with);
        else
            out_of_memory(o);
    }
    if (!with || o->failed)
        return;
    if (!bare)
        put(o, with, key, value);
    else if (!yaml_append(o->arena, with, NULL, value))
        out_of_memory(o);
}

/* One bare word is the value itself, not a list of one. */
static void unwrap_argument(struct yaml_node *stage)
{
    for (size_t i = 0; i < stage->n; i++) {
        struct yaml_node *with = stage->items[i];

        if (strcmp(stage->keys[i]->text, "with") == 0 && with->kind == YAML_LIST &&
            with->n == 1)
            stage->items[i] = with->items[0];
    }
}

static bool is_separator(const struct word *word)
{
    return !word->quoted && word->len == 1 && word->text[0] == '!';
}

static struct yaml_node *begin_stage(struct oneliner *o, struct yaml_node *stages,
                                     const struct word *word)
{
    struct yaml_node *use = scalar(o, word, 0, word->len), *stage;

    if (word->key_len > 0) {
        diag_hint(add_error(o, word->start, word->end,
                            "a stage begins with the name of its plugin"),
                  "write  PLUGIN %.40s", word->text);
        return NULL;
    }
    if (!use)
        return NULL;
    stage = yaml_new(o->arena, YAML_MAP, o->source, use->at);
    if (!stage || !yaml_append(o->arena, stages, NULL, stage)) {
        out_of_memory(o);
        return NULL;
    }
    put(o, stage, implied_key(o, use->at, "use"), use);
    return stage;
}

static void read_stages(struct oneliner *o, struct yaml_node *stages)
{
    struct yaml_node *stage = NULL;
    struct word word = {0};

    while (!o->failed && next_word(o, &word)) {
        if (is_separator(&word) && !stage) {
            add_error(o, word.start, word.end, "there is no stage in front of this '!'");
        } else if (is_separator(&word)) {
            unwrap_argument(stage);
            stage = NULL;
        } else if (!stage) {
            stage = begin_stage(o, stages, &word);
        } else {
            add_argument(o, stage, &word);
        }
    }
    if (stage)
        unwrap_argument(stage);
    else if (!o->failed)
        add_error(o, word.start, word.end, "there is no stage behind this '!'");
}

struct yaml_node *oneliner_parse(const struct source *source, struct arena *arena,
                                 struct diag_list *diags)
{
    struct oneliner o = {.source = source, .arena = arena, .diags = diags};
    struct mark at = {.line = 1, .col = 1, .width = 1};
    struct yaml_node *root, *stages;

    if (!yaml_check_text(source, diags))
        return NULL;
    root = yaml_new(arena, YAML_MAP, source, at);
    stages = yaml_new(arena, YAML_LIST, source, at);
    if (!root || !stages) {
        out_of_memory(&o);
        return NULL;
    }
    put(&o, root, implied_key(&o, at, "stages"), stages);
    read_stages(&o, stages);
    return o.failed ? NULL : root;
}
