/* SPDX-License-Identifier: MIT */
/* The rules of a descriptor: see verify.h.  Its tables are looked at in verify_tables.c. */
#include "plugin/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/verify_tables.h"

#define END_OF(field) \
    (offsetof(struct pph_plugin, field) + sizeof(((struct pph_plugin *)NULL)->field))

enum {
    FLAGS_KNOWN = PPH_PARALLEL | PPH_IN_PLACE | PPH_BLOCKING | PPH_PINNED |
                  PPH_IDEMPOTENT | PPH_IDLE_FLUSH | PPH_STATEFUL,
    SIZE_MAX_SANE = 1 << 16, /* a descriptor that says more was not initialised */
};

/* The extensions this host has: the words that `needs` may hold. */
static const char *const extensions[] = {"letter/1", NULL};

bool verify_is_name(const char *name)
{
    size_t len = 0;

    if (!name ||
        !((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z')))
        return false;
    for (; name[len]; len++) {
        char c = name[len];
        if (len >= VERIFY_NAME_MAX ||
            !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}

void verify_warn(struct verify_run *run, const char *code, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    struct verify_warning *warning = arena_alloc(run->arena, sizeof(*warning));
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!warning)
        return;
    warning->code = code;
    warning->type = run->type;
    warning->text = arena_copy(run->arena, text, strlen(text));
    if (!warning->text)
        return;
    *run->warnings_end = warning;
    run->warnings_end = &warning->next;
}

static const char *kind_name(uint32_t kind)
{
    switch (kind) {
    case PPH_GENERATOR:
        return "generator";
    case PPH_PROCESSOR:
        return "processor";
    case PPH_CONSUMER:
        return "consumer";
    case PPH_TASK:
        return "task";
    default:
        return NULL;
    }
}

static bool is_source(const struct pph_plugin *desc)
{
    return desc->kind == PPH_GENERATOR || desc->kind == PPH_TASK;
}

/* What a descriptor says of its own length, before anything else of it is believed. */
static bool check_size(const struct pph_plugin *desc, size_t extent, const char *shown,
                       struct refusal *refusal)
{
    const char *fix = "set .size = sizeof(struct pph_plugin)";

    if (extent > 0 && extent < END_OF(name))
        return refuse(refusal, "E221", "define it as a const struct pph_plugin",
                      "%s: its descriptor has only %zu bytes", shown, extent);
    if (desc->size < END_OF(name))
        return refuse(refusal, "E221", fix,
                      "%s: its descriptor of %u bytes ends before the stage type's name",
                      shown, desc->size);
    if (desc->size > SIZE_MAX_SANE)
        return refuse(refusal, "E221", fix,
                      "%s: its descriptor claims %u bytes, which cannot be", shown,
                      desc->size);
    if (extent > 0 && extent < desc->size)
        return refuse(refusal, "E221", fix,
                      "%s: its descriptor claims %u bytes but has only %zu", shown,
                      desc->size, extent);
    return true;
}

/* Copies as much as there is into a zeroed struct of this host's size. */
static void copy_descriptor(const struct pph_plugin *from, struct pph_plugin *to)
{
    memset(to, 0, sizeof(*to));
    memcpy(to, from, from->size < sizeof(*to) ? from->size : sizeof(*to));
    to->doc = to->doc ? to->doc : "";
    to->version = to->version ? to->version : "";
    to->in = to->in ? to->in : "*";
    to->out = to->out ? to->out : "*";
}

/* The kind's own calls must be there. */
static bool check_calls(struct verify_run *run)
{
    const struct pph_plugin *desc = run->desc;
    bool there = is_source(desc) ? desc->generate != NULL : desc->each || desc->batch;
    size_t needed = is_source(desc) ? END_OF(generate) : END_OF(each);
    const char *call = is_source(desc) ? "generate" : "each or batch";

    if (!there && desc->size < needed)
        return refuse(run->refusal, "E221", "set .size = sizeof(struct pph_plugin)",
                      "%s: the descriptor of '%s' ends after %u bytes, before %s",
                      run->shown, desc->name, desc->size, call);
    if (!there)
        return refuse(run->refusal, "E223",
                      is_source(desc) ? "set .generate, or another .kind"
                                      : "set .each or .batch, or another .kind",
                      "%s: '%s' is a %s without %s", run->shown, desc->name,
                      kind_name(desc->kind), call);
    return true;
}

/* And calls that its kind never gets must not: they are a mistake in `kind`, or lost work. */
static bool check_strays(struct verify_run *run)
{
    const struct pph_plugin *desc = run->desc;
    const char *stray = NULL;

    if (is_source(desc) && (desc->each || desc->batch))
        stray = desc->each ? "each" : "batch";
    else if (!is_source(desc) && desc->generate)
        stray = "generate";
    if (stray)
        return refuse(run->refusal, "E224", "leave it out, or set another .kind",
                      "%s: '%s' is a %s, whose %s is never called", run->shown,
                      desc->name, kind_name(desc->kind), stray);
    if (desc->kind == PPH_TASK && desc->ports && desc->ports[0].name)
        return refuse(run->refusal, "E224", "make it a generator, or leave the ports out",
                      "%s: '%s' is a task, which has no output, but names ports",
                      run->shown, desc->name);
    return true;
}

static bool check_needs(struct verify_run *run)
{
    const char *word = run->desc->needs ? run->desc->needs : "";

    for (word += strspn(word, " \t\n"); *word; word += strspn(word, " \t\n")) {
        size_t len = strcspn(word, " \t\n");
        bool known = false;
        for (const char *const *e = extensions; *e; e++)
            known = known || (strlen(*e) == len && memcmp(*e, word, len) == 0);
        if (!known)
            return refuse(
                run->refusal, "E225",
                "use a pphost that has it (pphost version), or another plugin",
                "%s: '%s' needs the host extension '%.*s', which this host does "
                "not have",
                run->shown, run->desc->name, len > 64 ? 64 : (int)len, word);
        word += len;
    }
    return true;
}

static void check_flags(struct verify_run *run)
{
    uint32_t unknown = run->desc->flags & ~(uint32_t)FLAGS_KNOWN;

    if (unknown)
        verify_warn(
            run, "W201",
            "%s: '%s' sets flags that this host does not know (0x%x); they have no "
            "effect",
            run->shown, run->desc->name, unknown);
    if (run->desc->reserved)
        verify_warn(run, "W203", "%s: '%s' sets a reserved field, which must be zero",
                    run->shown, run->desc->name);
}

/* Everything about one descriptor but its place in the chain. */
static bool check_descriptor(struct verify_run *run)
{
    const struct pph_plugin *desc = run->desc;

    if (!verify_is_name(desc->name))
        return refuse(run->refusal, "E226",
                      "letters, digits, '_' and '-', a letter first, at most 64",
                      "%s: stage type %zu has %s name%s%.70s", run->shown, run->type + 1,
                      desc->name && desc->name[0] ? "an unusable" : "no",
                      desc->name && desc->name[0] ? ": " : "",
                      desc->name ? desc->name : "");
    if (!kind_name(desc->kind))
        return refuse(
            run->refusal, "E222",
            "set .kind to PPH_GENERATOR, PPH_PROCESSOR, PPH_CONSUMER or PPH_TASK",
            "%s: '%s' is of kind %u, which this host does not know", run->shown,
            desc->name, desc->kind);
    if (!check_calls(run) || !check_strays(run) || !check_needs(run))
        return false;
    check_flags(run);
    return verify_tables(run);
}

/* Two of one name in a file: `use: file:name` could not tell them apart. */
static bool check_unique(struct verify_run *run, const struct pph_plugin *types)
{
    for (size_t i = 0; i < run->type; i++)
        if (strcmp(types[i].name, run->desc->name) == 0)
            return refuse(run->refusal, "E227", "give each stage type a name of its own",
                          "%s has two stage types named '%s'", run->shown,
                          run->desc->name);
    return true;
}

/*
 * How long the chain is, all of its sizes checked; 0: refused.  A chain longer than the bound is a
 * loop, or no chain.
 */
static size_t chain_length(const struct pph_plugin *first, size_t extent,
                           const char *shown, struct refusal *refusal)
{
    size_t n = 0;

    for (const struct pph_plugin *p = first; p; p = p->next) {
        if (!check_size(p, p == first ? extent : 0, shown, refusal))
            return 0;
        if (++n > VERIFY_TYPES_MAX) {
            (void)refuse(refusal, "E236", "end the chain of .next with NULL",
                         "%s: its chain of stage types has a loop, or is longer than %d",
                         shown, VERIFY_TYPES_MAX);
            return 0;
        }
    }
    return n;
}

bool verify_chain(const struct pph_plugin *first, size_t extent, const char *shown,
                  struct arena *arena, struct verified *ret_verified,
                  struct refusal *refusal)
{
    struct verify_warning *warnings = NULL;
    struct verify_run run = {
        .shown = shown, .arena = arena, .refusal = refusal, .warnings_end = &warnings};

    PPH_ASSERT(first && shown);
    size_t n = chain_length(first, extent, shown, refusal);
    if (n == 0)
        return false;
    struct pph_plugin *types = arena_array(arena, n, sizeof(*types));
    if (!types)
        return refuse_memory(refusal, shown);

    for (size_t i = 0; i < n; i++, first = first->next) {
        copy_descriptor(first, &types[i]);
        run.desc = &types[i];
        run.type = i;
        if (!check_descriptor(&run) || !check_unique(&run, types))
            return false;
    }
    *ret_verified = (struct verified){types, n, warnings};
    return true;
}
