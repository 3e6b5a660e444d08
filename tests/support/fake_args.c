/* SPDX-License-Identifier: MIT */
/*
 * The arguments of a stage in a unit test: from text, by the plugin's own table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "fake_host.h"

static int64_t parse_number(const char *text)
{
    static const struct {
        const char *unit;
        int64_t factor;
    } units[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}};
    char *end;
    long long number = strtoll(text, &end, 10);

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) == 0)
            return number * units[i].factor;
    }
    ck_abort_msg("not a number: %s", text);
    return 0;
}

/* The index of `text` among "a|b|c". */
static int64_t parse_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);

    for (int64_t i = 0;; i++) {
        size_t n = strcspn(choices, "|");
        if (n == len && memcmp(choices, text, len) == 0)
            return i;
        ck_assert_msg(choices[n] == '|', "not a choice: %s", text);
        choices += n + 1;
    }
}

static struct pph_value parse(const struct pph_param *param, const char *text, size_t n)
{
    struct pph_value value = {.s = strndup(text, n), .n = (uint32_t)n, .given = 1};

    if (n > 0 && strlen(value.s) < n) { /* it holds NULs */
        char *bytes = malloc(n + 1);
        ck_assert_ptr_nonnull(bytes);
        memcpy(bytes, text, n);
        bytes[n] = '\0';
        free((char *)(uintptr_t)value.s);
        value.s = bytes;
    }
    ck_assert_ptr_nonnull(value.s);
    if (param->type == PPH_INT || param->type == PPH_SIZE)
        value.i = parse_number(text);
    else if (param->type == PPH_BOOL)
        value.i = strcmp(text, "true") == 0;
    else if (param->type == PPH_ENUM)
        value.i = parse_choice(param->choices, text);
    return value;
}

static void free_value(struct pph_value *value)
{
    for (uint32_t i = 0; value->list && i < value->n; i++)
        free((char *)(uintptr_t)value->list[i].s);
    free((struct pph_value *)(uintptr_t)value->list);
    if (!value->list && value->s)
        free((char *)(uintptr_t)value->s);
}

static size_t find_param(const struct fake_host *fake, const char *name)
{
    size_t i = 0;

    for (; fake->plugin->params[i].name; i++) {
        if (strcmp(fake->plugin->params[i].name, name) == 0)
            break;
    }
    ck_assert_msg(fake->plugin->params[i].name != NULL, "no parameter %s", name);
    return i;
}

void fake_set_list(struct fake_host *fake, const char *name, const char *const *texts,
                   size_t n)
{
    size_t i = find_param(fake, name);
    struct pph_value *list = calloc(n + 1, sizeof(*list));

    ck_assert_ptr_nonnull(list);
    for (size_t k = 0; k < n; k++)
        list[k] = parse(&fake->plugin->params[i], texts[k], strlen(texts[k]));
    free_value(&fake->args[i]);
    fake->args[i] =
        (struct pph_value){.s = "", .list = list, .n = (uint32_t)n, .given = 1};
}

void fake_set_bytes(struct fake_host *fake, const char *name, const char *bytes, size_t n)
{
    size_t i = find_param(fake, name);

    free_value(&fake->args[i]);
    fake->args[i] = parse(&fake->plugin->params[i], bytes, n);
}

void fake_set(struct fake_host *fake, const char *name, const char *text)
{
    if (fake->plugin->params[find_param(fake, name)].flags & PPH_LIST)
        fake_set_list(fake, name, &text, 1);
    else
        fake_set_bytes(fake, name, text, strlen(text));
}

void fake_args_init(struct fake_host *fake)
{
    const struct pph_param *params = fake->plugin->params;
    size_t n = 0;

    while (params && params[n].name)
        n++;
    fake->args = calloc(n + 1, sizeof(*fake->args));
    ck_assert_ptr_nonnull(fake->args);
    for (size_t i = 0; i < n; i++) {
        const char *def = params[i].def;
        fake->args[i] = parse(&params[i], def ? def : "0", def ? strlen(def) : 0);
        fake->args[i].given = 0;
    }
}

void fake_args_fini(struct fake_host *fake)
{
    const struct pph_param *params = fake->plugin->params;

    for (size_t i = 0; params && params[i].name; i++)
        free_value(&fake->args[i]);
    free(fake->args);
    fake->args = NULL;
}
