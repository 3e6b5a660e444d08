/* SPDX-License-Identifier: MIT */
/*
 * Events in, tree out.  Every event is counted before anything is made of it: depth, nodes, bytes.
 * The parser reads no further than the event it is asked for, so text that passes a limit costs
 * what came before the limit, however long it is.
 *
 * A fault that leaves the structure clear (a duplicate key, a tag) is added and reading goes on;
 * any other stops it, because what follows would be guesswork.
 */
#include "config/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "config/yaml_parts.h"

/* A collection that is still open. */
struct frame {
    struct yaml_node *node;
    struct yaml_node *key; /* YAML_MAP: its value comes next; NULL: a key comes next */
    bool skip;             /* YAML_MAP: the key was refused, drop the value as well */
    bool flow;             /* written in brackets */
    size_t count;          /* nodes inside, this one included */
    unsigned height;       /* levels inside */
    struct anchor *anchor; /* NULL: none */
};

struct anchor {
    const char *name;
    struct mark at;
    struct yaml_node *node;
    size_t count;
    unsigned height;
    bool open, used;
};

struct reader {
    const struct source *source;
    struct arena *arena;
    struct diag_list *diags;
    yaml_parser_t parser;

    struct frame frames[YAML_DEPTH_MAX];
    unsigned depth;
    size_t nodes;
    struct anchor anchors[YAML_ANCHORS_MAX];
    size_t n_anchors;
    unsigned documents;
    struct yaml_node *root;
    bool stopped; /* a fault after which nothing more is read */
};

static struct diag *add_error(struct reader *r, const char *code, struct mark at,
                              const char *text)
{
    return diag_add(r->diags, DIAG_ERROR, code, r->source, at, "%s", text);
}

static void stop_without_memory(struct reader *r)
{
    yaml_add_out_of_memory(r->diags);
    r->stopped = true;
}

/* What an event covers; what goes on in the next line is underlined to the end of its first. */
static struct mark event_mark(const yaml_event_t *event)
{
    struct mark at = yaml_mark(event->start_mark);

    if (event->end_mark.line > event->start_mark.line)
        at.width = MARK_WHOLE_LINE;
    else if (event->end_mark.column > event->start_mark.column)
        at.width = (uint32_t)(event->end_mark.column - event->start_mark.column);
    return at;
}

/* Counts `count` more nodes that reach `height` levels deeper; false when that is too much. */
static bool within_limits(struct reader *r, struct mark at, size_t count, unsigned height)
{
    struct diag *d;

    r->nodes += count;
    if (r->nodes > YAML_NODES_MAX) {
        d = add_error(r, "E010", at, "the description has more than 10,000 values");
        diag_note(d, "an alias counts as all that it stands for; put data into a file");
    } else if (r->depth + height > YAML_DEPTH_MAX) {
        add_error(r, "E009", at, "the description is nested deeper than 64 levels");
    } else {
        return true;
    }
    r->stopped = true;
    return false;
}

static const char *tag_shorthand(const char *tag)
{
    static const char standard[] = "tag:yaml.org,2002:";
    size_t len = sizeof(standard) - 1;

    return strncmp(tag, standard, len) == 0 ? tag + len : NULL;
}

static void check_tag(struct reader *r, const char *tag, struct mark at)
{
    static const char *const allowed[] = {"str",  "int", "float", "bool",
                                          "null", "seq", "map",   NULL};
    const char *shorthand = tag ? tag_shorthand(tag) : NULL;
    struct diag *d;

    if (!tag || strcmp(tag, "!") == 0)
        return;
    for (size_t i = 0; shorthand && allowed[i]; i++) {
        if (strcmp(shorthand, allowed[i]) == 0)
            return;
    }
    at.width = (uint32_t)strlen(shorthand ? shorthand : tag) + (shorthand ? 2 : 0);
    d = diag_add(r->diags, DIAG_ERROR, "E015", r->source, at,
                 "the tag '%s%.60s' is not allowed", shorthand ? "!!" : "",
                 shorthand ? shorthand : tag);
    diag_hint(d, "delete it");
    diag_note(d, "a value's type is decided by the setting it is given to");
}

static struct anchor *find_anchor(struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->n_anchors; i++) {
        if (strcmp(r->anchors[i].name, name) == 0)
            return &r->anchors[i];
    }
    return NULL;
}

/* Remembers that `node` begins with the anchor `name` (NULL: with none). */
static struct anchor *add_anchor(struct reader *r, const char *name,
                                 struct yaml_node *node)
{
    struct anchor *anchor;

    if (!name || r->stopped)
        return NULL;
    anchor = find_anchor(r, name);
    if (anchor || r->n_anchors == YAML_ANCHORS_MAX) {
        struct diag *d =
            diag_add(r->diags, DIAG_ERROR, "E017", r->source, node->at,
                     anchor ? "the anchor '&%.60s' is there already (line %u)"
                            : "there are more anchors than 256: '&%.60s'",
                     name, anchor ? (unsigned)anchor->at.line : 0u);
        diag_hint(d, "give it another name");
        r->stopped = true;
        return NULL;
    }
    anchor = &r->anchors[r->n_anchors];
    *anchor = (struct anchor){.name = arena_copy(r->arena, name, strlen(name)),
                              .at = node->at,
                              .node = node,
                              .open = true};
    if (!anchor->name) {
        stop_without_memory(r);
        return NULL;
    }
    anchor->at.width = (uint32_t)strlen(name) + 1;
    r->n_anchors++;
    return anchor;
}

static void close_anchor(struct anchor *anchor, size_t count, unsigned height)
{
    if (!anchor)
        return;
    anchor->count = count;
    anchor->height = height;
    anchor->open = false;
}

/* Looks at what stands where a key belongs.  False: the pair is to be dropped. */
static bool check_key(struct reader *r, const struct yaml_node *key)
{
    struct diag *d;

    if (key->kind != YAML_SCALAR) {
        d = add_error(r, "E012", key->at, "a key must be a word");
        diag_hint(d, "put it in quotes if it is text");
        return false;
    }
    if (key->len > YAML_KEY_MAX) {
        add_error(r, "E013", key->at, "the key is longer than 256 bytes");
        return false;
    }
    if (key->plain && key->len == 2 && memcmp(key->text, "<<", 2) == 0) {
        d = add_error(r, "E019", key->at, "merge keys ('<<') are not available");
        diag_hint(d, "write the keys out");
        return false;
    }
    return true;
}

/* Puts a finished node where it belongs. */
static void deliver(struct reader *r, struct yaml_node *node, size_t count,
                    unsigned height)
{
    struct frame *parent;

    if (r->depth == 0) {
        r->root = node;
        return;
    }
    parent = &r->frames[r->depth - 1];
    parent->count += count;
    if (parent->height < height)
        parent->height = height;
    if (parent->node->kind == YAML_MAP && !parent->key) {
        parent->key = node;
        parent->skip = !check_key(r, node);
        if (parent->node->n == 0 && !parent->flow)
            parent->node->at.width =
                node->at.width; /* a mapping is shown by its first key */
        return;
    }
    if (!parent->skip && !yaml_append(r->arena, parent->node, parent->key, node))
        stop_without_memory(r);
    parent->key = NULL;
    parent->skip = false;
}

static void on_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct mark at = event_mark(event);
    struct yaml_node *node;

    if (!within_limits(r, at, 1, 0))
        return;
    if (memchr(text, '\0', len)) {
        diag_hint(add_error(r, "E006", at, "the text holds a NUL byte (\\0)"),
                  "delete it");
        len = strlen(text);
    }
    if (len > YAML_SCALAR_MAX) {
        add_error(r, "E014", at, "the text is longer than 64 KiB");
        len = 0;
    }
    check_tag(r, (const char *)event->data.scalar.tag, at);
    node = yaml_new_scalar(r->arena, r->source, at, text, len);
    if (!node) {
        stop_without_memory(r);
        return;
    }
    node->plain =
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag;
    close_anchor(add_anchor(r, (const char *)event->data.scalar.anchor, node), 1, 0);
    deliver(r, node, 1, 0);
}

static void on_start(struct reader *r, const yaml_event_t *event, enum yaml_kind kind,
                     const yaml_char_t *tag, const yaml_char_t *anchor, bool flow)
{
    struct mark at = event_mark(event);
    struct frame *frame;

    if (!within_limits(r, at, 1, 1))
        return;
    check_tag(r, (const char *)tag, at);
    frame = &r->frames[r->depth];
    *frame = (struct frame){
        .node = yaml_new(r->arena, kind, r->source, at), .flow = flow, .count = 1};
    if (!frame->node) {
        stop_without_memory(r);
        return;
    }
    frame->anchor = add_anchor(r, (const char *)anchor, frame->node);
    r->depth++;
}

static int by_text(const void *left, const void *right)
{
    const struct yaml_node *a = *(struct yaml_node *const *)left;
    const struct yaml_node *b = *(struct yaml_node *const *)right;
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

    if (order == 0 && a->len != b->len)
        order = a->len < b->len ? -1 : 1;
    if (order == 0 && a->at.line != b->at.line)
        order = a->at.line < b->at.line ? -1 : 1;
    if (order == 0 && a->at.col != b->at.col)
        order = a->at.col < b->at.col ? -1 : 1;
    return order;
}

static void add_duplicate(struct reader *r, const struct yaml_node *first,
                          const struct yaml_node *again)
{
    struct diag *d = diag_add(r->diags, DIAG_ERROR, "E011", r->source, again->at,
                              "the key '%s' is there twice, in lines %u and %u",
                              yaml_shown(again).text, (unsigned)first->at.line,
                              (unsigned)again->at.line);

    diag_hint(d, "delete one of them");
    diag_context(d, first->at.line);
}

/* Sorts a copy of the keys: comparing each with each would take too long for 5,000 of them. */
static void check_duplicates(struct reader *r, const struct yaml_node *map)
{
    struct yaml_node **keys;

    if (map->n < 2)
        return;
    keys = malloc(map->n * sizeof(struct yaml_node *));
    if (!keys) {
        stop_without_memory(r);
        return;
    }
    memcpy(keys, map->keys, map->n * sizeof(struct yaml_node *));
    qsort(keys, map->n, sizeof(struct yaml_node *), by_text);
    for (size_t i = 1; i < map->n; i++) {
        if (keys[i]->len == keys[i - 1]->len &&
            memcmp(keys[i]->text, keys[i - 1]->text, keys[i]->len) == 0)
            add_duplicate(r, keys[i - 1], keys[i]);
    }
    free(keys);
}

static void on_end(struct reader *r, const yaml_event_t *event)
{
    struct frame *frame;

    PPH_ASSERT(r->depth > 0);
    frame = &r->frames[--r->depth];
    if (frame->flow) {
        struct mark end = yaml_mark(event->end_mark), *at = &frame->node->at;
        at->width = end.line == at->line ? end.col - at->col : MARK_WHOLE_LINE;
    }
    if (frame->node->kind == YAML_MAP)
        check_duplicates(r, frame->node);
    close_anchor(frame->anchor, frame->count, frame->height + 1);
    deliver(r, frame->node, frame->count, frame->height + 1);
}

static void on_alias(struct reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct anchor *anchor = find_anchor(r, name);
    struct mark at = event_mark(event);
    struct yaml_node *copy;

    if (!anchor || anchor->open) {
        if (anchor)
            diag_hint(diag_add(r->diags, DIAG_ERROR, "E018", r->source, at,
                               "'*%.60s' stands inside of what it stands for (line %u)",
                               name, (unsigned)anchor->at.line),
                      "write the value out");
        else
            diag_hint(diag_add(r->diags, DIAG_ERROR, "E017", r->source, at,
                               "there is no anchor '&%.60s' above", name),
                      "put the value in quotes if the '*' belongs to it");
        r->stopped = true;
        return;
    }
    anchor->used = true;
    if (!within_limits(r, at, anchor->count, anchor->height))
        return;
    copy = yaml_copy(r->arena, anchor->node);
    if (!copy) {
        stop_without_memory(r);
        return;
    }
    deliver(r, copy, anchor->count, anchor->height);
}

static void on_document(struct reader *r, const yaml_event_t *event)
{
    struct diag *d;

    if (++r->documents == 1)
        return;
    d = add_error(r, "E016", event_mark(event), "a second document begins here");
    diag_hint(d, "put it into a file of its own");
    r->stopped = true;
}

static void on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        on_document(r, event);
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(r, event);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_start(r, event, YAML_LIST, event->data.sequence_start.tag,
                 event->data.sequence_start.anchor,
                 event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
        break;
    case YAML_MAPPING_START_EVENT:
        on_start(r, event, YAML_MAP, event->data.mapping_start.tag,
                 event->data.mapping_start.anchor,
                 event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(r, event);
        break;
    default:
        break; /* begin and end of the stream, end of the document */
    }
}

static void warn_of_unused_anchors(struct reader *r)
{
    for (size_t i = 0; i < r->n_anchors; i++) {
        const struct anchor *anchor = &r->anchors[i];

        if (!anchor->used)
            diag_hint(diag_add(r->diags, DIAG_WARNING, "W001", r->source, anchor->at,
                               "nobody uses the anchor '&%.60s'", anchor->name),
                      "delete it");
    }
}

/* Reads events until the stream ends or something stops it. */
static void read_events(struct reader *r)
{
    bool end = false;

    while (!end && !r->stopped) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event)) {
            yaml_add_fault(r->source, &r->parser, r->diags);
            r->stopped = true;
            return;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        on_event(r, &event);
        yaml_event_delete(&event);
    }
}

struct yaml_node *yaml_parse(const struct source *source, struct arena *arena,
                             struct diag_list *diags)
{
    struct reader *r;
    struct yaml_node *root = NULL;

    if (!yaml_check_text(source, diags))
        return NULL;
    r = calloc(1, sizeof(*r));
    if (!r || !yaml_parser_initialize(&r->parser)) {
        free(r);
        yaml_add_out_of_memory(diags);
        return NULL;
    }
    r->source = source;
    r->arena = arena;
    r->diags = diags;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)source->text,
                                 source->len);
    read_events(r);
    if (!r->stopped) {
        warn_of_unused_anchors(r);
        if (!r->root || yaml_is_null(r->root))
            diag_note(
                diag_add(diags, DIAG_ERROR, "E020", source,
                         (struct mark){.line = 1, .col = 1}, "the file is empty"),
                "a pipeline is a list of stages:  stages: [{use: lines, with: a.txt}, ...]");
        else
            root = r->root;
    }
    yaml_parser_delete(&r->parser);
    free(r);
    return root;
}
