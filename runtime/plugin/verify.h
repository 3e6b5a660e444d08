/* SPDX-License-Identifier: MIT */
/*
 * The rules of a descriptor: whatever the host later relies on is looked at once, here, so that no
 * other file has to doubt a plugin's tables.  The rules and their reasons: docs/plugin-abi.md.
 */
#ifndef PLUGIN_VERIFY_H
#define PLUGIN_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "base/arena.h"
#include "plugin/refusal.h"

enum {
    VERIFY_TYPES_MAX = 256, /* stage types in one file */
    VERIFY_TABLE_MAX = 256, /* parameters, ports, metrics of a stage type */
    VERIFY_NAME_MAX = 64,   /* bytes of a name */
};

/* Something odd that does not stop the plugin from loading. */
struct verify_warning {
    const char *code; /* "W201"; a constant */
    const char *text;
    size_t type;                 /* index of the stage type */
    struct verify_warning *next; /* NULL: the last one */
};

/* The stage types of one file, checked. */
struct verified {
    const struct pph_plugin *types; /* in the order of the chain */
    size_t n_types;                 /* at least 1 */
    const struct verify_warning *warnings;
};

/*
 * Checks the chain of descriptors that starts at `first`, a pointer into a loaded file, of whose
 * first descriptor `extent` bytes are known to exist (0: not known).  On true *ret_verified is
 * filled, in the arena's memory: each descriptor cut or zero-extended to this host's struct, `doc`
 * and `version` never NULL ("" instead), `in` and `out` never NULL ("*").  On false the refusal is
 * filled.  `shown` is how messages call the file.  [any thread]
 */
bool verify_chain(const struct pph_plugin *first, size_t extent, const char *shown,
                  struct arena *arena, struct verified *ret_verified,
                  struct refusal *refusal) PPH_NODISCARD;

/* Whether it can be a name: letters, digits, '_' and '-', a letter first, at most 64 bytes. */
bool verify_is_name(const char *name);

#endif /* PLUGIN_VERIFY_H */
