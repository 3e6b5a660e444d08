/* SPDX-License-Identifier: MIT */
/* A plugin described for people: see inspect.h.  The JSON form is in inspect_json.c. */
#include "plugin/inspect.h"

#include <string.h>

#include "plugin/inspect_words.h"
#include "plugin/params.h"
#include "plugin/params_text.h"

enum { WIDTH = 88, LABEL = 10, NAME_MAX_SHOWN = 20, PATH_SHOWN = 4096 };

static const struct inspect_flag flags[] = {
    {PPH_PARALLEL, "parallel", "any number of workers at once"},
    {PPH_IN_PLACE, "in_place", "writes into its input"},
    {PPH_BLOCKING, "blocking", "may wait: has threads of its own"},
    {PPH_PINNED, "pinned", "each worker stays on one thread"},
    {PPH_IDEMPOTENT, "idempotent", "may see an item twice without harm"},
    {PPH_IDLE_FLUSH, "idle_flush", "is flushed when its input pauses"},
    {PPH_STATEFUL, "stateful", "keeps something of its inputs"},
    {0, NULL, NULL},
};

const struct inspect_flag *inspect_flags(void)
{
    return flags;
}

const char *inspect_kind(const struct pph_plugin *desc)
{
    static const char *const kinds[] = {"unknown", "generator", "processor", "consumer",
                                        "task"};

    return kinds[desc->kind <= PPH_TASK ? desc->kind : 0];
}

const char *inspect_metric_kind(const struct pph_metric *metric)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};

    return metric->kind < 3 ? kinds[metric->kind] : "unknown";
}

/* Appends words, broken into lines of at most WIDTH, each line after the first indented. */
static void append_wrapped(const char *words, unsigned indent, struct text *out)
{
    size_t column = indent;
    bool first = true;

    for (words += strspn(words, " \n\t"); *words; words += strspn(words, " \n\t")) {
        size_t len = strcspn(words, " \n\t");
        if (!first && column + 1 + len > WIDTH) {
            text_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            text_str(out, " ");
            column++;
        }
        text_printable(out, words, len, len);
        column += len;
        words += len;
        first = false;
    }
    text_str(out, "\n");
}

static void append_row(const char *label, const char *value, struct text *out)
{
    if (!value || !*value)
        return;
    text_printf(out, "  %-*s", LABEL, label);
    append_wrapped(value, LABEL + 2, out);
}

static void append_flags(const struct pph_plugin *desc, struct text *out)
{
    const char *label = "flags";

    for (const struct inspect_flag *f = flags; f->name; f++) {
        if (!(desc->flags & f->bit))
            continue;
        text_printf(out, "  %-*s%s: %s\n", LABEL, label, f->name, f->words);
        label = "";
    }
    if (*label)
        append_row("flags", "none: one worker at a time", out);
}

/* Appends what flows in or out; sources have no input, consumers and tasks no output. */
static void append_content(const struct pph_plugin *desc, struct text *out)
{
    bool source = desc->kind == PPH_GENERATOR || desc->kind == PPH_TASK;
    bool sink = desc->kind == PPH_CONSUMER || desc->kind == PPH_TASK;

    if (!source)
        append_row("input", strcmp(desc->in, "*") == 0 ? "anything" : desc->in, out);
    if (!sink && strcmp(desc->out, "=") == 0)
        append_row("output", "as its input", out);
    else if (!sink)
        append_row("output", strcmp(desc->out, "*") == 0 ? "anything" : desc->out, out);
}

static void append_entry(const char *name, const char *type, const char *doc,
                         struct text *out)
{
    text_printf(out, "  %-*s  %s", NAME_MAX_SHOWN, name, type);
    if (doc && *doc) {
        text_printf(out, "\n%*s", NAME_MAX_SHOWN + 4, "");
        append_wrapped(doc, NAME_MAX_SHOWN + 4, out);
    } else {
        text_str(out, "\n");
    }
}

static void append_ports(const struct pph_plugin *desc, struct text *out)
{
    size_t n = ports_count(desc);

    if (n > 0)
        text_str(out, "\nOutputs beside 'out':\n");
    for (size_t i = 0; i < n; i++)
        append_entry(desc->ports[i].name,
                     desc->ports[i].type ? desc->ports[i].type : "anything",
                     desc->ports[i].doc, out);
}

static void append_metrics(const struct pph_plugin *desc, struct text *out)
{
    size_t n = metrics_count(desc);

    if (n > 0)
        text_str(out, "\nMetrics:\n");
    for (size_t i = 0; i < n; i++) {
        const struct pph_metric *m = &desc->metrics[i];
        struct text type = {0};
        text_printf(&type, "%s%s%s", inspect_metric_kind(m), m->unit ? " of " : "",
                    m->unit ? m->unit : "");
        append_entry(m->name, text_get(&type), m->doc, out);
        text_fini(&type);
    }
}

/* "text, required; the value of a short `with:`". */
static void append_param(const struct pph_param *p, struct text *out)
{
    struct text type = {0};

    params_text_short(p, &type);
    if (p->min && p->max)
        text_printf(&type, "; %s to %s", p->min, p->max);
    else if (p->min)
        text_printf(&type, "; at least %s", p->min);
    else if (p->max)
        text_printf(&type, "; at most %s", p->max);
    if (p->flags & PPH_PRIMARY)
        text_str(&type, "; short form of 'with'");
    if (p->flags & PPH_CONTEXT)
        text_str(&type, "; or from 'context'");
    if (p->flags & PPH_ADVANCED)
        text_str(&type, "; for experts");
    append_entry(p->name, text_get(&type), p->doc, out);
    text_fini(&type);
    if (p->example) {
        text_printf(out, "%*sexample: ", NAME_MAX_SHOWN + 4, "");
        params_text_example(p, out);
        text_str(out, "\n");
    }
}

static void append_params(const struct pph_plugin *desc, struct text *out)
{
    size_t n = params_count(desc);

    text_str(out, n > 0 ? "\nSettings (under 'with'):\n" : "\nNo settings.\n");
    for (size_t i = 0; i < n; i++)
        append_param(&desc->params[i], out);
}

void inspect_example(const struct plugin *plugin, unsigned indent, struct text *out)
{
    const struct pph_plugin *desc = &plugin->desc;
    bool any = false;

    text_printf(out, "%*s- use: ", (int)indent, "");
    params_text_yaml(plugin->shown, false, out);
    text_str(out, "\n");
    for (size_t i = 0; i < params_count(desc); i++) {
        const struct pph_param *p = &desc->params[i];
        if (!(p->flags & PPH_REQUIRED) && (!p->example || (p->flags & PPH_ADVANCED)))
            continue;
        if (!any)
            text_printf(out, "%*s  with:\n", (int)indent, "");
        any = true;
        text_printf(out, "%*s    %s: ", (int)indent, "", p->name);
        params_text_example(p, out);
        text_str(out, "\n");
    }
}

void inspect_show(const struct plugin *plugin, struct text *out)
{
    const struct pph_plugin *desc = &plugin->desc;
    struct text path = {0};

    text_printf(out, "%s%s%s\n", desc->name, *desc->version ? " " : "", desc->version);
    if (*desc->doc) {
        text_str(out, "  ");
        append_wrapped(desc->doc, 2, out);
    }
    text_str(out, "\n");
    append_row("kind", inspect_kind(desc), out);
    text_printable(&path, plugin->path, strlen(plugin->path), PATH_SHOWN);
    append_row("file", text_get(&path), out);
    out->failed = out->failed || path.failed;
    text_fini(&path);
    text_printf(out, "  %-*s1 (descriptor of %u bytes, this host's has %zu)\n", LABEL,
                "abi", desc->size, sizeof(*desc));
    append_flags(desc, out);
    append_content(desc, out);
    append_row("position", desc->pos_unit, out);
    append_row("needs", desc->needs, out);
    append_ports(desc, out);
    append_metrics(desc, out);
    append_params(desc, out);
    text_str(out, "\nExample:\n");
    inspect_example(plugin, 2, out);
}
