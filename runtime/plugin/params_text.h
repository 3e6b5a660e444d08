/* SPDX-License-Identifier: MIT */
/*
 * A parameter table in words: what messages, help and inspection say of a setting.
 */
#ifndef PLUGIN_PARAMS_TEXT_H
#define PLUGIN_PARAMS_TEXT_H

#include <stdbool.h>

#include <pphost/plugin.h>

#include "base/text.h"

/*
 * Appends what is known of a parameter in short: `text, required`, `size, 1MB`, `text, "\n"`.
 * A secret's default is not shown.
 */
void params_text_short(const struct pph_param *param, struct text *out);

/* Appends the type, with "list of" before it for a list and the choices of a choice. */
void params_text_type(const struct pph_param *param, struct text *out);

/*
 * Appends "settings of lines: path (text, required), ...", required ones first; settings for
 * experts and all beyond the eighth are left out, and then it says where they are listed.
 */
void params_text_settings(const struct pph_plugin *desc, struct text *out);

/* Appends a text as a YAML scalar: plain if it stays the same text, else in double quotes. */
void params_text_yaml(const char *value, bool flow, struct text *out);

/* Appends an example value of the parameter: its own, its default, or one of its type. */
void params_text_example(const struct pph_param *param, struct text *out);

/* "100MB, 64KiB": examples of a value of the type, for messages. */
const char *params_text_examples(const struct pph_param *param);

#endif /* PLUGIN_PARAMS_TEXT_H */
