/* SPDX-License-Identifier: MIT */
#include "observe/mask.h"

#include <stdlib.h>
#include <string.h>

#include "config/expand.h"

static const char shown[] = "‹secret›";

/* The needles, longest first: a secret may begin as another one does. */
struct needles {
    struct text *list;
    size_t n;
    bool first[256]; /* what one of them begins with */
};

struct mask {
    struct needles plain, json; /* as they are, and as they stand in a text of JSON */
    bool failed;
};

static void add_needle(struct mask *mask, struct needles *needles, struct text *needle)
{
    struct text *list;
    size_t at = 0;

    while (at < needles->n && needles->list[at].len > needle->len)
        at++;
    for (size_t k = at; k < needles->n && needles->list[k].len == needle->len; k++) {
        if (memcmp(needles->list[k].data, needle->data, needle->len) == 0) {
            text_fini(needle);
            return;
        }
    }
    list = needle->failed ? NULL
                          : reallocarray(needles->list, needles->n + 1, sizeof(*list));
    if (!list) {
        mask->failed = true;
        text_fini(needle);
        return;
    }
    memmove(list + at + 1, list + at, (needles->n - at) * sizeof(*list));
    list[at] = *needle;
    needles->list = list;
    needles->n++;
    needles->first[(unsigned char)needle->data[0]] = true;
}

static void add_line(struct mask *mask, const char *bytes, size_t len)
{
    struct text plain = {0};
    struct text quoted = {0};
    struct text json = {0};

    if (len < MASK_BYTES_MIN)
        return;
    text_append(&plain, bytes, len);
    text_json(&quoted, bytes, len);
    if (!quoted.failed) /* without its quotes */
        text_append(&json, quoted.data + 1, quoted.len - 2);
    json.failed = json.failed || quoted.failed;
    text_fini(&quoted);
    add_needle(mask, &mask->plain, &plain);
    add_needle(mask, &mask->json, &json);
}

static void add_secret(struct mask *mask, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t end = at;

        while (end < len && bytes[end] != '\n' && bytes[end] != '\r')
            end++;
        add_line(mask, bytes + at, end - at);
        at = end + 1;
    }
}

static void add_value(struct mask *mask, const struct pph_value *value)
{
    if (!value->given)
        return;
    for (uint32_t k = 0; value->list && k < value->n; k++)
        add_secret(mask, value->list[k].s, value->list[k].n);
    if (!value->list)
        add_secret(mask, value->s, value->n);
}

struct mask *mask_new(const struct graph *graph)
{
    struct mask *mask = calloc(1, sizeof(*mask));

    if (!mask)
        return NULL;
    for (const struct secret *s = graph->pipeline->secrets; s; s = s->next)
        add_secret(mask, s->text, s->len);
    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *stage = &graph->stages[i];
        const struct pph_param *params = stage->plugin->desc.params;

        for (size_t p = 0; params && params[p].name; p++) {
            if (params[p].flags & PPH_SECRET)
                add_value(mask, &stage->args[p]);
        }
    }
    if (mask->failed) {
        mask_free(mask);
        return NULL;
    }
    return mask;
}

static void free_needles(struct needles *needles)
{
    for (size_t k = 0; k < needles->n; k++)
        text_fini(&needles->list[k]);
    free(needles->list);
}

void mask_free(struct mask *mask)
{
    if (!mask)
        return;
    free_needles(&mask->plain);
    free_needles(&mask->json);
    free(mask);
}

/* The length of the needle that stands there; 0: none does. */
static size_t needle_at(const struct needles *needles, const char *bytes, size_t len)
{
    if (!needles->first[(unsigned char)bytes[0]])
        return 0;
    for (size_t k = 0; k < needles->n; k++) {
        const struct text *needle = &needles->list[k];

        if (needle->len <= len && memcmp(needle->data, bytes, needle->len) == 0)
            return needle->len;
    }
    return 0;
}

static void replace(const struct needles *needles, const char *bytes, size_t len,
                    struct text *out)
{
    size_t from = 0;
    size_t at = 0;

    while (at < len) {
        size_t n = needle_at(needles, bytes + at, len - at);

        if (n > 0) {
            text_append(out, bytes + from, at - from);
            text_append(out, shown, sizeof(shown) - 1);
            from = at + n;
        }
        at += n > 0 ? n : 1;
    }
    text_append(out, bytes + from, len - from);
}

bool mask_is_empty(const struct mask *mask)
{
    return !mask || mask->plain.n == 0;
}

void mask_printable(const struct mask *mask, const char *string, size_t max,
                    struct text *out)
{
    struct text masked = {0};

    if (mask_is_empty(mask)) {
        text_printable(out, string, strlen(string), max);
        return;
    }
    mask_text(mask, string, strlen(string), &masked);
    text_printable(out, text_get(&masked), masked.len, max);
    out->failed = out->failed || masked.failed;
    text_fini(&masked);
}

void mask_text(const struct mask *mask, const char *bytes, size_t len, struct text *out)
{
    if (mask_is_empty(mask))
        text_append(out, bytes, len);
    else
        replace(&mask->plain, bytes, len, out);
}

void mask_json(const struct mask *mask, const char *json, size_t len, struct text *out)
{
    size_t at = 0;

    while (at < len && !mask_is_empty(mask)) {
        const char *quote = memchr(json + at, '"', len - at);
        size_t begin = quote ? (size_t)(quote - json) + 1 : len;
        size_t end = begin;

        while (end < len && json[end] != '"')
            end += json[end] == '\\' ? 2 : 1;
        end = end < len ? end : len; /* it may be cut */
        text_append(out, json + at, begin - at);
        replace(&mask->json, json + begin, end - begin, out);
        if (end < len)
            text_append(out, json + end, 1);
        at = end + 1;
    }
    if (at < len)
        text_append(out, json + at, len - at);
}
