/* SPDX-License-Identifier: MIT */
/*
 * Shared objects: opens one plugin file, checks it, maps it, checks its descriptors.
 *
 * A file that was loaded stays loaded until the process ends: nothing here calls dlclose(), since
 * runtimes, thread-local destructors and late callbacks of a plugin would jump into unmapped code.
 * The table of what is loaded therefore belongs to the process, as the dynamic loader's own does.
 */
#ifndef PLUGIN_LOADER_H
#define PLUGIN_LOADER_H

#include "plugin/refusal.h"
#include "plugin/registry.h"
#include "plugin/verify.h"

/* A loaded file; lives until the process ends and never changes. */
struct module {
    const char *path; /* real path */
    struct verified verified;
};

/*
 * Loads the file at `path`, or finds it among those loaded (by device and inode).  `shown` is how
 * messages call it.  On true *ret_module is set; on false the refusal is filled.  Runs the file's
 * constructors, no other code of it.  Blocks while it reads the file.  [any thread]
 */
bool loader_load(const char *path, const char *shown, const struct module **ret_module,
                 struct refusal *refusal) PPH_NODISCARD;

/*
 * The stage type number `type` of the module under the name the user gave it.  The same module,
 * type and name give the same result, which lives until the process ends; NULL when out of memory.
 * [any thread]
 */
const struct plugin *loader_plugin(const struct module *module, size_t type,
                                   const char *shown);

#endif /* PLUGIN_LOADER_H */
