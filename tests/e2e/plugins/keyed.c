/* SPDX-License-Identifier: MIT */
/*
 * Stages for tests of `order: {by: key}`: `keyed` gives each line its first word as key, `tally` numbers the lines
 * of each first word, `ticket` plans its calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/plugin.h>

static size_t first_word(const struct pph_item *it)
{
    const char *blank = it->len > 0 ? memchr(it->data, ' ', it->len) : NULL;

    return blank ? (size_t)(blank - (const char *)it->data) : it->len;
}

/* FNV-1a of the first word; 0 for an empty line. */
static int keyed_each(struct pph_ctx *ctx, struct pph_item *it)
{
    size_t len = first_word(it);
    const unsigned char *word = it->data;
    uint64_t key = len > 0 ? UINT64_C(14695981039346656037) : 0;

    (void)ctx;
    for (size_t k = 0; k < len; k++)
        key = (key ^ word[k]) * UINT64_C(1099511628211);
    it->key = key;
    return PPH_FORWARD;
}

enum { WORDS = 1024 };

/* What one worker knows: the words it has seen, by a hash of theirs, and how many lines of each. */
struct tally {
    uint64_t keys[WORDS];
    unsigned lines[WORDS];
};

static int tally_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(struct tally));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static void tally_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

/* "line" -> "NUMBER line", the number counting among the lines of the same first word; 0 for an empty line. */
static int tally_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct tally *t = ctx->local;
    size_t slot = it->key % WORDS;
    struct pph_item out = *it;
    size_t digits;
    char *line;

    while (it->key != 0 && t->keys[slot] != 0 && t->keys[slot] != it->key)
        slot = (slot + 1) % WORDS;
    if (it->key != 0) {
        t->keys[slot] = it->key;
        t->lines[slot]++;
    }
    line = ctx->host->alloc(ctx, it->len + 16);
    if (line == NULL)
        return PPH_FATAL;
    digits = (size_t)snprintf(line, 16, "%u ", it->key != 0 ? t->lines[slot] : 0);
    if (it->len > 0) /* an empty item may have no address */
        memcpy(line + digits, it->data, it->len);
    out.data = line;
    out.len = it->len + (uint32_t)digits;
    return ctx->host->emit(ctx, &out, 1) < 0 ? PPH_STOP : PPH_OK;
}

static int ticket_plan(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    (void)n;
    return PPH_OK;
}

static int ticket_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

static const struct pph_plugin ticket = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_PROCESSOR,
                                         .flags = PPH_PARALLEL,
                                         .name = "ticket",
                                         .doc = "Plans its calls.",
                                         .plan = ticket_plan,
                                         .each = ticket_each};

static const struct pph_plugin tally = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_PROCESSOR,
                                        .flags = PPH_PARALLEL,
                                        .next = &ticket,
                                        .name = "tally",
                                        .doc = "Numbers the lines of each first word.",
                                        .start = tally_start,
                                        .each = tally_each,
                                        .stop = tally_stop};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .flags = PPH_PARALLEL,
                                            .next = &tally,
                                            .name = "keyed",
                                            .doc =
                                                "Gives each line its first word as key.",
                                            .each = keyed_each};
