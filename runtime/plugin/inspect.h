/* SPDX-License-Identifier: MIT */
/*
 * A plugin described: all that its descriptor says, for people and for programs.
 *
 * Both forms are made from the same tables that bind `with:`, so help cannot differ from what a
 * run accepts.  No code of the plugin is called.
 */
#ifndef PLUGIN_INSPECT_H
#define PLUGIN_INSPECT_H

#include "base/text.h"
#include "plugin/registry.h"

/* "generator", "processor", "consumer" or "task"; "unknown" for other numbers. */
const char *inspect_kind(const struct pph_plugin *desc);

/*
 * Appends a page of text: what it is, its ports, metrics and settings, and a stage to copy.  Never
 * longer than 88 columns except where a single word is.
 */
void inspect_show(const struct plugin *plugin, struct text *out);

/*
 * Appends one JSON object: name, use, kind, version, doc, file, abi, size, flags, in, out,
 * pos_unit, needs, settings, ports, metrics, example.  Absent texts are null.
 */
void inspect_json(const struct plugin *plugin, struct text *out);

/* Appends a stage of the pipeline format that uses the plugin, its lines indented by `indent`. */
void inspect_example(const struct plugin *plugin, unsigned indent, struct text *out);

#endif /* PLUGIN_INSPECT_H */
