/* SPDX-License-Identifier: MIT */
/* A plugin described for programs: see inspect.h. */
#include <string.h>

#include "plugin/inspect.h"
#include "plugin/inspect_words.h"
#include "plugin/params.h"
#include "plugin/params_text.h"

/* Appends `"key": "value"` or null, with a comma before it unless it is the first. */
static void append_text(const char *key, const char *value, struct text *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        text_str(out, ",");
    text_json(out, key, strlen(key));
    text_str(out, ":");
    if (value)
        text_json(out, value, strlen(value));
    else
        text_str(out, "null");
}

static void append_bool(const char *key, bool value, struct text *out)
{
    text_printf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

static const char *type_word(const struct pph_param *p)
{
    static const char *const words[] = {"string", "int",  "float", "bool", "size",
                                        "time",   "enum", "path",  "yaml"};

    return p->type <= PPH_YAML ? words[p->type] : "unknown";
}

static void append_choices(const struct pph_param *p, struct text *out)
{
    const char *cursor = p->choices;

    if (p->type != PPH_ENUM || !cursor)
        return;
    text_str(out, ",\"choices\":[");
    while (*cursor) {
        size_t len = strcspn(cursor, "|");
        text_str(out, cursor == p->choices ? "" : ",");
        text_json(out, cursor, len);
        cursor += len + (cursor[len] == '|');
    }
    text_str(out, "]");
}

static void append_params(const struct pph_plugin *desc, struct text *out)
{
    text_str(out, ",\"settings\":[");
    for (size_t i = 0; i < params_count(desc); i++) {
        const struct pph_param *p = &desc->params[i];
        text_str(out, i > 0 ? ",{" : "{");
        append_text("name", p->name, out);
        append_text("type", type_word(p), out);
        append_bool("list", p->flags & PPH_LIST, out);
        append_bool("required", p->flags & PPH_REQUIRED, out);
        append_bool("primary", p->flags & PPH_PRIMARY, out);
        append_bool("context", p->flags & PPH_CONTEXT, out);
        append_bool("secret", p->flags & PPH_SECRET, out);
        append_bool("advanced", p->flags & PPH_ADVANCED, out);
        append_text("default", (p->flags & PPH_SECRET) ? NULL : p->def, out);
        append_text("min", p->min, out);
        append_text("max", p->max, out);
        append_choices(p, out);
        append_text("example", p->example, out);
        append_text("doc", p->doc, out);
        text_str(out, "}");
    }
    text_str(out, "]");
}

static void append_ports(const struct pph_plugin *desc, struct text *out)
{
    text_str(out, ",\"ports\":[");
    for (size_t i = 0; i < ports_count(desc); i++) {
        text_str(out, i > 0 ? ",{" : "{");
        append_text("name", desc->ports[i].name, out);
        append_text("type", desc->ports[i].type ? desc->ports[i].type : "*", out);
        append_text("doc", desc->ports[i].doc, out);
        text_str(out, "}");
    }
    text_str(out, "],\"metrics\":[");
    for (size_t i = 0; i < metrics_count(desc); i++) {
        text_str(out, i > 0 ? ",{" : "{");
        append_text("name", desc->metrics[i].name, out);
        append_text("kind", inspect_metric_kind(&desc->metrics[i]), out);
        append_text("unit", desc->metrics[i].unit, out);
        append_text("doc", desc->metrics[i].doc, out);
        text_str(out, "}");
    }
    text_str(out, "]");
}

/* Appends the names of the flags that are set, and the words of `needs`. */
static void append_words(const struct pph_plugin *desc, struct text *out)
{
    const char *word = desc->needs ? desc->needs : "";
    const char *comma = "";

    text_str(out, ",\"flags\":[");
    for (const struct inspect_flag *f = inspect_flags(); f->name; f++) {
        if (!(desc->flags & f->bit))
            continue;
        text_printf(out, "%s\"%s\"", comma, f->name);
        comma = ",";
    }
    text_str(out, "],\"needs\":[");
    comma = "";
    for (word += strspn(word, " \t\n"); *word; word += strspn(word, " \t\n")) {
        size_t len = strcspn(word, " \t\n");
        text_str(out, comma);
        text_json(out, word, len);
        comma = ",";
        word += len;
    }
    text_str(out, "]");
}

void inspect_json(const struct plugin *plugin, struct text *out)
{
    const struct pph_plugin *desc = &plugin->desc;
    struct text example = {0};

    text_str(out, "{");
    append_text("name", desc->name, out);
    append_text("use", plugin->shown, out);
    append_text("kind", inspect_kind(desc), out);
    append_text("version", *desc->version ? desc->version : NULL, out);
    append_text("doc", *desc->doc ? desc->doc : NULL, out);
    append_text("file", plugin->path, out);
    text_printf(out, ",\"abi\":1,\"size\":%u", desc->size);
    append_words(desc, out);
    append_text("in", desc->in, out);
    append_text("out", desc->out, out);
    append_text("pos_unit", desc->pos_unit, out);
    append_params(desc, out);
    append_ports(desc, out);
    inspect_example(plugin, 0, &example);
    append_text("example", text_get(&example), out);
    text_fini(&example);
    text_str(out, "}");
}
