/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics: all that is wrong with a description, each with its place, in one shape:
 *
 *     error[E104]: unknown key 'wokers'
 *       --> tokenise.yaml:5:5
 *        |
 *      5 |     wokers: 2
 *        |     ^^^^^^ did you mean 'workers'?
 *        = keys of a stage: use, with, name, from, ...
 *
 * Whoever finds a fault adds it here and goes on, so that a file's faults are shown all at once,
 * sorted by place.  Only cli/ prints.  Codes: docs/errors.md.
 */
#ifndef CONFIG_DIAG_H
#define CONFIG_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/text.h"

/*
 * A place in a source.  line and col count from 1; line 0: no place.  width: columns to underline
 * (characters, not bytes); more than the line has means all of it, 0 that the line is not shown.
 */
enum { MARK_WHOLE_LINE = 1 << 20 };
struct mark {
    uint32_t line, col, width;
};

/* A text that the user wrote, or the lack of one: what places refer to. */
struct source {
    const char *name; /* as the user named it: "tokenise.yaml", "-", "--set" */
    const char *text; /* its bytes; NULL: there is nothing to show */
    size_t len;
    /* Absolute: relative names in it are seen from there.  NULL: from the pipeline's. */
    const char *dir;
    const char *real; /* the file without links; NULL: it is none */
    /* The file that brought it in, where, and how ("included"); NULL: the user did. */
    const struct source *parent;
    struct mark parent_at;
    const char *how;
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

/* More faults than anyone reads: the rest is counted and not kept. */
enum { DIAG_KEPT_MAX = 200 };

struct diag; /* one diagnostic; lives as long as its list */
struct diag_list;

/* Returns NULL when out of memory. */
struct diag_list *diag_list_new(void);
void diag_list_free(struct diag_list *list);

/*
 * Gives an arena to the list: what was allocated from it lives as long as the list, the arena is
 * gone.  For sources whose other owner is gone too.  NULL is allowed.
 */
void diag_list_adopt(struct diag_list *list, struct arena *arena);

/*
 * Adds a diagnostic.  `code` ("E104") must be a constant; the source is borrowed and must outlive
 * the list; the text is copied.  Never fails: when memory runs out the list remembers that
 * something is missing and says so when shown.  The result is for diag_hint() and diag_note() and
 * is never NULL.  `source` may be NULL: no place (then `at` is ignored).  The same text at the
 * same place is kept once (one faulty value can be reached in two ways).
 */
struct diag *diag_add(struct diag_list *list, enum diag_severity severity,
                      const char *code, const struct source *source, struct mark at,
                      const char *format, ...) PPH_PRINTF(6, 7);

/* Sets what stands right of the caret: the fix, as something to type. */
void diag_hint(struct diag *d, const char *format, ...) PPH_PRINTF(2, 3);

/* Adds a line "= ...": why, what is allowed, examples. */
void diag_note(struct diag *d, const char *format, ...) PPH_PRINTF(2, 3);

/* Also shows an earlier line of the same source, above the faulty one. */
void diag_context(struct diag *d, uint32_t line);

/* How many errors (not warnings) there are. */
size_t diag_errors(const struct diag_list *list);
size_t diag_warnings(const struct diag_list *list);

/* Appends all of them, sorted by source and place, a blank line between two. */
void diag_show(struct diag_list *list, struct text *out, bool colour);

/* The same as a JSON array of {severity, code, message, file, line, column, hint, notes}. */
void diag_show_json(struct diag_list *list, struct text *out);

/*
 * Adds "did you mean 'x'?" as the hint when one of `words` is near; returns whether it did.
 * See text_nearest().
 */
bool diag_suggest(struct diag *d, const char *word, const char *const *words);

#endif /* CONFIG_DIAG_H */
