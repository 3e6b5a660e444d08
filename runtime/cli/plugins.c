/* SPDX-License-Identifier: MIT */
/* `pphost plugins`: what can stand behind use:, or all about one of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/exits.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "config/diag.h"
#include "observe/table.h"
#include "plugin/inspect.h"
#include "plugin/registry.h"

enum { SHOWN_MAX = 2000 };

static size_t broken_count(const struct registry_entry *entries, size_t n)
{
    size_t broken = 0;

    for (size_t i = 0; i < n; i++)
        broken += entries[i].plugin == NULL;
    return broken;
}

static void list_text(const struct registry *registry,
                      const struct registry_entry *entries, size_t n, struct text *out)
{
    struct table table;

    table_init(&table, "lll");
    table_cell(&table, "NAME");
    table_cell(&table, "KIND");
    table_cell(&table, "WHAT IT DOES");
    for (size_t i = 0; i < n; i++) {
        const struct plugin *plugin = entries[i].plugin;

        if (plugin == NULL)
            continue;
        table_cell(&table, entries[i].name);
        table_cell(&table, inspect_kind(&plugin->desc));
        table_cell(&table, plugin->desc.doc != NULL ? plugin->desc.doc : "");
    }
    if (broken_count(entries, n) < n) {
        table_show(&table, 0, out);
    } else {
        text_str(out, "no plugins found\n   = searched: ");
        registry_show_path(registry, out);
        text_str(out, "\n");
    }
    table_fini(&table);
}

/* Names of files may hold anything. */
static void put_printable(struct text *out, const char *words)
{
    text_printable(out, words, strlen(words), SHOWN_MAX);
}

static void list_broken(const struct registry_entry *entries, size_t n, struct text *out)
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].plugin != NULL)
            continue;
        put_printable(out, entries[i].path);
        text_str(out, "\n   = ");
        put_printable(out, entries[i].broken);
        text_str(out, "\n");
    }
}

static void list_json(const struct registry_entry *entries, size_t n, bool broken,
                      struct text *out)
{
    const char *gap = "\n";

    text_str(out, "[");
    for (size_t i = 0; i < n; i++) {
        if ((entries[i].plugin == NULL) != broken)
            continue;
        text_str(out, gap);
        gap = ",\n";
        if (!broken) {
            inspect_json(entries[i].plugin, out);
            continue;
        }
        text_str(out, "{\"name\":");
        text_json(out, entries[i].name, strlen(entries[i].name));
        text_str(out, ",\"file\":");
        text_json(out, entries[i].path, strlen(entries[i].path));
        text_str(out, ",\"why\":");
        text_json(out, entries[i].broken, strlen(entries[i].broken));
        text_str(out, "}");
    }
    text_str(out, "\n]\n");
}

static int list(struct registry *registry, const struct arguments *args)
{
    const struct registry_entry *entries;
    struct text out = {0};
    bool only_broken = arguments_has(args, "broken");
    size_t n = registry_scan(registry, &entries);

    if (arguments_has(args, "json"))
        list_json(entries, n, only_broken, &out);
    else if (only_broken)
        list_broken(entries, n, &out);
    else
        list_text(registry, entries, n, &out);
    int code = output_finish(&out);
    size_t broken = broken_count(entries, n);
    if (code != EXITS_OK || only_broken || broken == 0)
        return code;
    text_printf(
        &out,
        "note: %zu %s on the plugin path %s no usable plugin   (pphost plugins --broken)\n",
        broken, broken == 1 ? "file" : "files", broken == 1 ? "is" : "are");
    return output_error(&out, EXITS_OK);
}

static int describe(struct registry *registry, const struct arguments *args)
{
    struct diag_list *diags = diag_list_new();
    struct text out = {0};
    int code;

    if (diags == NULL)
        return output_no_memory();
    const struct plugin *plugin =
        registry_load(registry, args->words[0], NULL, (struct mark){0, 0, 0}, diags);
    if (plugin == NULL) {
        diag_show(diags, &out, output_colour(OUTPUT_STDERR));
        code = output_error(&out, memory_failures() > 0 ? EXITS_SYSTEM : EXITS_INVALID);
    } else {
        if (arguments_has(args, "json")) {
            inspect_json(plugin, &out);
            text_str(&out, "\n");
        } else {
            inspect_show(plugin, &out);
        }
        code = output_finish(&out);
    }
    diag_list_free(diags);
    return code;
}

int verb_plugins(const struct arguments *args)
{
    /* A pipeline's directory is searched too: here it is the one the user is in. */
    char *dir = getcwd(NULL, 0);
    struct registry *registry = registry_new(dir);
    int code;

    free(dir);
    if (registry == NULL)
        return output_no_memory();
    if (args->n_words > 0 && arguments_has(args, "broken"))
        code = output_usage("error: '--broken' lists files and takes no NAME\n");
    else if (args->n_words > 0)
        code = describe(registry, args);
    else
        code = list(registry, args);
    registry_free(registry);
    return code;
}
