/* SPDX-License-Identifier: MIT */
/*
 * Why a plugin file is not taken: a code of its own, one sentence that names the file, and what to
 * do about it.  The loader and the checks of a descriptor fill it; the registry turns it into a
 * diagnostic with the place of `use:`.  All codes: docs/plugin-abi.md.
 */
#ifndef PLUGIN_REFUSAL_H
#define PLUGIN_REFUSAL_H

#include <stdbool.h>

#include "base/error.h"

struct refusal {
    const char *code; /* "E205"; a constant */
    char text
        [ERROR_TEXT_MAX]; /* "./thumb.so was built for plugin ABI 3, this host speaks 1" */
    char fix[256];        /* "rebuild it with ..."; "" when there is nothing to do */
};

/*
 * Fills the refusal and returns false, so that `return refuse(...)` ends a check.  `code` must be a
 * constant; `fix` is copied.  [any thread]
 */
bool refuse(struct refusal *refusal, const char *code, const char *fix,
            const char *format, ...) PPH_PRINTF(4, 5);

/* As above, for a lack of memory (E220). */
bool refuse_memory(struct refusal *refusal, const char *shown);

#endif /* PLUGIN_REFUSAL_H */
