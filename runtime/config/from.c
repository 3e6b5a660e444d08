/* SPDX-License-Identifier: MIT */
/* `from:` is one reference or a list of them; whether they exist is known when the graph is built. */
#include <string.h>

#include "config/keys.h"
#include "config/load.h"

enum { FROM_MAX = 1024 };

static const char examples[] =
    "examples: words, kind.image, [a, b], .dead (the rejects of all stages)";

static void refuse(struct load *load, const struct yaml_node *node, const char *text)
{
    struct diag *d =
        diag_add(load->diags, DIAG_ERROR, "E109", node->source, node->at, "%s", text);

    diag_note(d, "%s", examples);
    load->partial = true;
}

static void add_malformed(struct load *load, const struct yaml_node *node)
{
    struct diag *d = diag_add(load->diags, DIAG_ERROR, "E109", node->source, node->at,
                              "'%s' names no stage and no port", yaml_shown(node).text);

    if (node->len > 0 && node->text[node->len - 1] == '.')
        diag_hint(d, "leave the '.' away, or write the port behind it");
    else
        diag_hint(d, "write  STAGE  or  STAGE.PORT");
    diag_note(d, "%s", examples);
    load->partial = true;
}

/* Only ".dead" and ".result" are ports that all stages have; false after adding an error. */
static bool check_port(struct load *load, const struct yaml_node *node,
                       const struct from_ref *ref)
{
    static const char *const shared[] = {"dead", "result", NULL};
    const char *near;
    struct diag *d;

    PPH_ASSERT(ref->stage || ref->port); /* the text is not empty */
    if (ref->stage || strcmp(ref->port, "dead") == 0 || strcmp(ref->port, "result") == 0)
        return true;
    d = diag_add(load->diags, DIAG_ERROR, "E109", node->source, node->at,
                 "'%s' says no stage, and only '.dead' and '.result' can be read from "
                 "all of them",
                 yaml_shown(node).text);
    near = text_nearest(ref->port, shared);
    if (near)
        diag_hint(d, "did you mean '.%s'?", near);
    else
        diag_hint(d, "write  STAGE.%s", ref->port);
    load->partial = true;
    return false;
}

static bool parse(struct load *load, const struct yaml_node *node, struct from_ref *ref)
{
    const char *text = key_text(load->diags, "from", node), *dot;
    size_t stage_len;

    if (!text) {
        load->partial = true;
        return false;
    }
    dot = strchr(text, '.');
    stage_len = dot ? (size_t)(dot - text) : node->len;
    *ref =
        (struct from_ref){.source = node->source, .at = node->at, .scope = load->scope};
    if ((stage_len > 0 && !stage_path_valid(text, stage_len)) ||
        (dot && !stage_name_valid(dot + 1, strlen(dot + 1)))) {
        add_malformed(load, node);
        return false;
    }
    if (stage_len > 0)
        ref->stage =
            arena_printf(load->arena, "%s%.*s", load->scope, (int)stage_len, text);
    if (dot)
        ref->port = dot + 1;
    if (stage_len > 0 && !ref->stage) {
        load->no_memory = true;
        return false;
    }
    return check_port(load, node, ref);
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* "a" and "a.out" are the same port. */
static const char *port_of(const struct from_ref *ref)
{
    return ref->port && strcmp(ref->port, "out") != 0 ? ref->port : NULL;
}

static void add_ref(struct load *load, struct stage_desc *stage,
                    const struct yaml_node *node)
{
    struct from_ref ref;

    if (!parse(load, node, &ref))
        return;
    for (size_t i = 0; i < stage->n_from; i++) {
        if (same(stage->from[i].stage, ref.stage) &&
            same(port_of(&stage->from[i]), port_of(&ref))) {
            diag_hint(diag_add(load->diags, DIAG_ERROR, "E109", node->source, node->at,
                               "'%s' is read twice by one stage", yaml_shown(node).text),
                      "delete one of them");
            return;
        }
    }
    stage->from[stage->n_from++] = ref;
}

void load_from(struct load *load, struct stage_desc *stage, const struct yaml_node *node)
{
    size_t n = node->kind == YAML_LIST ? node->n : 1;

    stage->from_given = true;
    if (node->kind == YAML_MAP || yaml_is_null(node) || n == 0 || n > FROM_MAX) {
        refuse(load, node, "'from' needs a stage, a port, or a list of them");
        return;
    }
    stage->from = arena_array(load->arena, n, sizeof(*stage->from));
    if (!stage->from) {
        load->no_memory = true;
        return;
    }
    if (node->kind == YAML_SCALAR)
        add_ref(load, stage, node);
    for (size_t i = 0; node->kind == YAML_LIST && i < n; i++)
        add_ref(load, stage, node->items[i]);
}
