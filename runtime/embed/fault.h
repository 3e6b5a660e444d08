/* SPDX-License-Identifier: MIT */
/* The error object of the library: a text and its code. */
#ifndef EMBED_FAULT_H
#define EMBED_FAULT_H

#include <pphost/pphost.h>

#include "base/assert.h"

/*
 * Makes a new error "error[CODE]: ...\n" if `ret` is not NULL.  Never fails: without memory the error is one that says
 * so.  [any thread]
 */
void fault_set(struct pph_error **ret, const char *code, const char *format, ...)
    PPH_PRINTF(3, 4);

/* The same with a text that is ready; its code is that of the first error in it.  [any thread] */
void fault_set_text(struct pph_error **ret, const char *text);

/* There is no memory.  [any thread] */
void fault_set_no_memory(struct pph_error **ret);

#endif /* EMBED_FAULT_H */
