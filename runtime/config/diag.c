/* SPDX-License-Identifier: MIT */
/*
 * The list keeps diagnostics in the order they were found; they are sorted when they are shown.
 * How they look is diag_show.c's business.
 */
#include "config/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/diag_list.h"

struct diag_list *diag_list_new(void)
{
    struct diag_list *list = calloc(1, sizeof(*list));

    if (!list) {
        memory_failed();
        return NULL;
    }
    list->arena = arena_new();
    if (!list->arena)
        goto fail;
    list->spare.list = list;
    return list;

fail:
    diag_list_free(list);
    return NULL;
}

void diag_list_free(struct diag_list *list)
{
    if (!list)
        return;
    free(list->items);
    arena_free(list->arena);
    free(list);
}

void diag_list_adopt(struct diag_list *list, struct arena *arena)
{
    arena_absorb(list->arena, arena);
}

static char *format_text(struct diag_list *list, const char *format, va_list args)
{
    char *text = NULL;
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0)
        text = arena_alloc(list->arena, (size_t)len + 1);
    if (text)
        (void)vsnprintf(text, (size_t)len + 1, format, again);
    else
        list->incomplete = true;
    va_end(again);
    return text;
}

/* Which of the list's sources this is, in order of appearance. */
static unsigned source_rank(struct diag_list *list, const struct source *source)
{
    for (size_t i = list->n; i > 0; i--) {
        if (list->items[i - 1]->source == source)
            return list->items[i - 1]->source_rank;
    }
    return ++list->last_rank;
}

/* Two sources are one when a file was brought in twice: its text is kept once. */
static bool same_text(const struct source *a, const struct source *b)
{
    return a == b || (a && b && a->text && a->text == b->text);
}

static struct diag *find_same(struct diag_list *list, const struct diag *d)
{
    for (size_t i = 0; i < list->n; i++) {
        struct diag *old = list->items[i];

        if (old->at.line == d->at.line && old->at.col == d->at.col &&
            same_text(old->source, d->source) && strcmp(old->code, d->code) == 0 &&
            strcmp(old->text, d->text) == 0)
            return old;
    }
    return NULL;
}

/* Puts a copy of `d` into the list; NULL without memory. */
static struct diag *keep(struct diag_list *list, const struct diag *d)
{
    struct diag *kept;

    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        struct diag **items = realloc(list->items, cap * sizeof(struct diag *));

        if (!items) {
            memory_failed();
            goto fail;
        }
        list->items = items;
        list->cap = cap;
    }
    kept = arena_alloc(list->arena, sizeof(*kept));
    if (!kept)
        goto fail;
    *kept = *d;
    kept->source_rank = source_rank(list, d->source);
    kept->index = list->n;
    list->items[list->n++] = kept;
    return kept;

fail:
    list->incomplete = true;
    return NULL;
}

static void count(struct diag_list *list, enum diag_severity severity)
{
    if (severity == DIAG_ERROR)
        list->errors++;
    else
        list->warnings++;
}

/* What the caller gets when nothing was kept: hints and notes for it go nowhere. */
static struct diag *unkept(struct diag_list *list, const struct diag *d)
{
    list->spare = *d;
    return &list->spare;
}

struct diag *diag_add(struct diag_list *list, enum diag_severity severity,
                      const char *code, const struct source *source, struct mark at,
                      const char *format, ...)
{
    struct diag d = {.list = list, .severity = severity, .code = code, .source = source};
    struct diag *kept;
    va_list args;

    if (source)
        d.at = at;
    if (list->n == DIAG_KEPT_MAX) {
        list->left_out++;
        count(list, severity);
        return unkept(list, &d);
    }
    va_start(args, format);
    d.text = format_text(list, format, args);
    va_end(args);

    if (d.text && find_same(list, &d))
        return unkept(list, &d);
    count(list, severity);
    kept = d.text ? keep(list, &d) : NULL;
    return kept ? kept : unkept(list, &d);
}

void diag_hint(struct diag *d, const char *format, ...)
{
    va_list args;

    if (d == &d->list->spare)
        return;
    va_start(args, format);
    d->hint = format_text(d->list, format, args);
    va_end(args);
}

void diag_note(struct diag *d, const char *format, ...)
{
    struct diag_note *note, **end = &d->notes;
    va_list args;

    if (d == &d->list->spare)
        return;
    note = arena_alloc(d->list->arena, sizeof(*note));
    if (!note) {
        d->list->incomplete = true;
        return;
    }
    va_start(args, format);
    note->text = format_text(d->list, format, args);
    va_end(args);
    if (!note->text)
        return;
    while (*end)
        end = &(*end)->next;
    *end = note;
}

void diag_context(struct diag *d, uint32_t line)
{
    if (line < d->at.line) /* a line below would be shown in the wrong order */
        d->context_line = line;
}

size_t diag_errors(const struct diag_list *list)
{
    return list->errors;
}

size_t diag_warnings(const struct diag_list *list)
{
    return list->warnings;
}

bool diag_suggest(struct diag *d, const char *word, const char *const *words)
{
    const char *nearest = text_nearest(word, words);

    if (!nearest)
        return false;
    diag_hint(d, "did you mean '%s'?", nearest);
    return true;
}
