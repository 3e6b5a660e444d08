/* SPDX-License-Identifier: MIT */
/*
 * Plugins by name: finds the shared object that `use:` names, loads it once, checks it, and keeps it
 * loaded until the process ends.
 *
 * Names: "split" is split.so on the search path; "text:split" the stage type `split` of text.so;
 * a value with '/' is a file, relative to the directory of the file that it is in ("./a.so",
 * "./a.so:type").
 * Search path: DIR/plugins beside the pipeline, PPHOST_PLUGIN_PATH, ~/.local/lib/pphost/plugins, the
 * directory of installed plugins (found relative to the executable).
 * The rules of loading and their reasons: docs/plugin-abi.md.
 */
#ifndef PLUGIN_REGISTRY_H
#define PLUGIN_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include <pphost/plugin.h>

#include "base/text.h"
#include "config/diag.h"

/*
 * One stage type of a loaded shared object; it was checked (plugin/verify.h) and lives until the
 * process ends.  desc is the plugin's own descriptor, cut or zero-extended to this host's struct:
 * name, version, doc, in and out are never NULL ("" or "*" instead); size is still the plugin's.
 */
struct plugin {
    struct pph_plugin desc;
    const char *path;  /* real path of the file */
    const char *shown; /* how the user named the file or name: "split", "./thumb.so" */
};

struct registry;

/*
 * Names that are no plugin's: the ends of a pipeline that belong to the program which runs it, where a
 * program has pphost as a library.  Everywhere else they are refused (E240), also when a file of that name
 * is on the search path; "./push.so" is a file as ever.
 */
#define REGISTRY_PUSH "push"
#define REGISTRY_PULL "pull"

/*
 * `dir` is the pipeline's directory (copied), or NULL.  Reads PPHOST_PLUGIN_PATH and HOME, unless the
 * process runs with raised rights (AT_SECURE).  Returns NULL when out of memory.
 */
struct registry *registry_new(const char *dir);

/* Frees the registry; the plugins stay loaded and `struct plugin`s stay valid. */
void registry_free(struct registry *registry);

/*
 * Stage types that the program itself has, for REGISTRY_PUSH and REGISTRY_PULL.  Borrowed: they live as
 * long as what is built with them.
 */
void registry_set_ends(struct registry *registry, const struct plugin *push,
                       const struct plugin *pull);

/*
 * Finds and loads what `use` names.  Returns NULL after adding one error (E201 not found with the
 * nearest names, E202.. not loadable, each refusal its own sentence,
 * E240 a name of the program's ends) at the given place.  Warnings
 * (W20x) come with the first success per registry and `use`.
 * Runs the file's ELF constructors, no other code of it.  [control]
 */
const struct plugin *registry_load(struct registry *registry, const char *use,
                                   const struct source *source, struct mark at,
                                   struct diag_list *diags);

/* One file seen on the search path. */
struct registry_entry {
    const char *
        name; /* what `use:` takes: "split", "text:split"; of the file when it is broken */
    const char *path;
    const struct plugin *plugin; /* NULL: broken */
    const char *broken;          /* why; NULL when it loads */
};

/*
 * Loads every *.so on the search path (a file hidden by one of the same name earlier on the path is
 * left out).  *ret_entries, sorted by name, belongs to the registry.  Returns how many.
 */
size_t registry_scan(struct registry *registry,
                     const struct registry_entry **ret_entries);

/* Appends the directories searched, separated by ", ", for messages. */
void registry_show_path(const struct registry *registry, struct text *out);

#endif /* PLUGIN_REGISTRY_H */
