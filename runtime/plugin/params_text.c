/* SPDX-License-Identifier: MIT */
/* A parameter table in words: see params_text.h. */
#include "plugin/params_text.h"

#include <string.h>

#include "base/units.h"
#include "plugin/params.h"

enum { SETTINGS_SHOWN = 8 }; /* more is a list to read, not an answer */

size_t params_count(const struct pph_plugin *desc)
{
    size_t n = 0;

    while (desc->params && desc->params[n].name)
        n++;
    return n;
}

size_t ports_count(const struct pph_plugin *desc)
{
    size_t n = 0;

    while (desc->ports && desc->ports[n].name)
        n++;
    return n;
}

size_t metrics_count(const struct pph_plugin *desc)
{
    size_t n = 0;

    while (desc->metrics && desc->metrics[n].name)
        n++;
    return n;
}

const char *params_type_name(const struct pph_param *param)
{
    switch (param->type) {
    case PPH_STRING:
        return "text";
    case PPH_INT:
        return "whole number";
    case PPH_FLOAT:
        return "number";
    case PPH_BOOL:
        return "true or false";
    case PPH_SIZE:
        return "size";
    case PPH_TIME:
        return "time";
    case PPH_ENUM:
        return "choice";
    case PPH_PATH:
        return "path";
    case PPH_YAML:
        return "any YAML";
    default:
        return "unknown";
    }
}

const char *params_text_examples(const struct pph_param *param)
{
    switch (param->type) {
    case PPH_INT:
        return "0, 42, 1_000";
    case PPH_FLOAT:
        return "0.5, 3, 1e-3";
    case PPH_BOOL:
        return "true, false";
    case PPH_SIZE:
        return "512B, 64KB (1000 bytes each), 64KiB (1024 bytes each), 1.5GiB";
    case PPH_TIME:
        return "250ms, 1.5s, 5m, 2h";
    case PPH_PATH:
        return "texts.txt, /var/log/syslog";
    default:
        return "text, \"text with: signs\"";
    }
}

static void append_default(const struct pph_param *param, struct text *out)
{
    if (param->flags & PPH_SECRET)
        text_str(out, "secret");
    else if (param->type == PPH_STRING &&
             !((param->flags & PPH_LIST) && param->def[0] == '['))
        text_json(out, param->def, strlen(param->def));
    else
        text_str(out, param->def);
}

void params_text_type(const struct pph_param *param, struct text *out)
{
    if (param->flags & PPH_LIST)
        text_str(out, "list of: ");
    if (param->type == PPH_ENUM)
        text_str(out, param->choices ? param->choices : "");
    else
        text_str(out, params_type_name(param));
}

void params_text_short(const struct pph_param *param, struct text *out)
{
    params_text_type(param, out);
    if (param->flags & PPH_REQUIRED) {
        text_str(out, ", required");
    } else if (param->def) {
        text_str(out, ", ");
        append_default(param, out);
    }
}

/* Appends those of the settings that are required, or are not, up to the limit. */
static size_t append_settings(const struct pph_plugin *desc, bool required, size_t shown,
                              struct text *out)
{
    for (size_t i = 0; i < params_count(desc) && shown < SETTINGS_SHOWN; i++) {
        const struct pph_param *param = &desc->params[i];
        if (((param->flags & PPH_REQUIRED) != 0) != required ||
            (param->flags & PPH_ADVANCED))
            continue;
        text_printf(out, "%s%s (", shown > 0 ? ", " : "", param->name);
        params_text_short(param, out);
        text_str(out, ")");
        shown++;
    }
    return shown;
}

void params_text_settings(const struct pph_plugin *desc, struct text *out)
{
    size_t n = params_count(desc);

    if (n == 0) {
        text_printf(out, "%s has no settings", desc->name);
        return;
    }
    text_printf(out, "settings of %s: ", desc->name);
    size_t shown = append_settings(desc, true, 0, out);
    shown = append_settings(desc, false, shown, out);
    if (shown < n)
        text_printf(out, "%s   (all: pphost plugins %s)", shown > 0 ? ", ..." : "...",
                    desc->name);
}

/* Whether a plain scalar of these bytes would be read as the same text. */
static bool is_plain(const char *value, bool flow)
{
    size_t len = strlen(value);

    if (len == 0 || strchr("-?:,[]{}#&*!|>'\"%@` ", value[0]) || value[len - 1] == ' ' ||
        value[len - 1] == ':')
        return len > 0 && strcmp(value, "-") == 0 && !flow;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c == 0x7f || (flow && strchr(",[]{}", c)) ||
            (c == ':' && value[i + 1] == ' ') || (c == ' ' && value[i + 1] == '#'))
            return false;
    }
    return true;
}

void params_text_yaml(const char *value, bool flow, struct text *out)
{
    if (is_plain(value, flow))
        text_str(out, value);
    else
        text_json(out, value, strlen(value));
}

/* The first of "a|b|c". */
static void append_first_choice(const struct pph_param *param, struct text *out)
{
    const char *choices = param->choices ? param->choices : "";

    text_append(out, choices, strcspn(choices, "|"));
}

void params_text_example(const struct pph_param *param, struct text *out)
{
    static const char *const by_type[] = {
        [PPH_STRING] = "text", [PPH_INT] = "1",       [PPH_FLOAT] = "0.5",
        [PPH_BOOL] = "true",   [PPH_SIZE] = "64KB",   [PPH_TIME] = "5s",
        [PPH_ENUM] = "",       [PPH_PATH] = "in.txt", [PPH_YAML] = "{}"};

    if (param->example)
        text_str(out, param->example);
    else if (param->def && (param->type == PPH_YAML || param->def[0] == '['))
        text_str(out, param->def);
    else if (param->def)
        params_text_yaml(param->def, true, out);
    else if (param->type == PPH_ENUM)
        append_first_choice(param, out);
    else
        text_str(out, param->type <= PPH_YAML ? by_type[param->type] : "");
}
