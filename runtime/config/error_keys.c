/* SPDX-License-Identifier: MIT */
/* What an item that fails means: `on_error:` of a stage, `max_rejects:` at the top. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

enum {
    SHARE_UNIT = 10000, /* millionths in a hundredth */
    TIME_TEXT_MAX = 32,
};

static const uint64_t backoff_default_ns = 100ull * 1000 * 1000;
static const uint64_t backoff_max_default_ns = 5ull * 1000 * 1000 * 1000;
static const int64_t backoff_longest_ns = 86400ll * 1000 * 1000 * 1000;

bool rejects_limit_read(const char *text, struct rejects_limit *ret_limit)
{
    int64_t count;
    uint32_t share;

    if (units_int(text, &count) == UNITS_OK && count >= 0) {
        *ret_limit = (struct rejects_limit){REJECTS_COUNT, (uint64_t)count};
        return true;
    }
    if (units_share(text, &share) != UNITS_OK)
        return false;
    *ret_limit = (struct rejects_limit){REJECTS_SHARE, share};
    return true;
}

const char *rejects_limit_show(const struct rejects_limit *limit,
                               char buffer[REJECTS_TEXT_MAX])
{
    unsigned whole = (unsigned)(limit->n / SHARE_UNIT);
    unsigned rest = (unsigned)(limit->n % SHARE_UNIT);
    int digits = 4;

    if (limit->kind != REJECTS_SHARE) {
        (void)snprintf(buffer, REJECTS_TEXT_MAX, "%llu", (unsigned long long)limit->n);
    } else if (rest == 0) {
        (void)snprintf(buffer, REJECTS_TEXT_MAX, "%u%%", whole);
    } else {
        for (; rest % 10 == 0; rest /= 10)
            digits--;
        (void)snprintf(buffer, REJECTS_TEXT_MAX, "%u.%0*u%%", whole, digits, rest);
    }
    return buffer;
}

void load_max_rejects(struct load *load, const struct yaml_node *node)
{
    struct diag *d;

    if (node->broken || (key_is_text(node) &&
                         rejects_limit_read(node->text, &load->pipeline->max_rejects)))
        return;
    d = diag_add(load->diags, DIAG_ERROR, "E132", node->source, node->at,
                 "'max_rejects' needs a number of items or a share from 0%% to 100%%");
    diag_hint(d, "write  max_rejects: 100  or  max_rejects: 1%%");
}

/* The shortest text that is read as the same time. */
static const char *time_text(uint64_t ns, char buffer[TIME_TEXT_MAX])
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000},
                 {"ms", 1000000},      {"us", 1000},       {"ns", 1}};
    size_t u = 0;

    while (ns % units[u].ns != 0 || ns == 0) {
        if (ns == 0)
            return "0";
        u++;
    }
    (void)snprintf(buffer, TIME_TEXT_MAX, "%llu%s",
                   (unsigned long long)(ns / units[u].ns), units[u].name);
    return buffer;
}

const char *retry_show(const struct retry *retry, char buffer[RETRY_TEXT_MAX])
{
    char first[TIME_TEXT_MAX];
    char most[TIME_TEXT_MAX];

    (void)snprintf(buffer, RETRY_TEXT_MAX, "{times: %u, backoff: %s..%s}", retry->times,
                   time_text(retry->backoff_ns, first),
                   time_text(retry->backoff_max_ns, most));
    return buffer;
}

static bool is_times(const struct yaml_node *node, unsigned *ret_times)
{
    int64_t times;

    if (!key_is_text(node) || units_int(node->text, &times) != UNITS_OK || times < 0 ||
        times > RETRY_TIMES_MAX)
        return false;
    *ret_times = (unsigned)times;
    return true;
}

static void bad_times(struct load *load, const struct yaml_node *node, const char *key)
{
    diag_hint(diag_add(load->diags, DIAG_ERROR, "E133", node->source, node->at,
                       "'%s' needs a whole number from 0 to %d", key, RETRY_TIMES_MAX),
              "write  %s: 3", key);
}

static bool is_wait(const char *text, uint64_t *ret_ns)
{
    int64_t ns;

    if (units_time(text, &ns) != UNITS_OK || ns < 0 || ns > backoff_longest_ns)
        return false;
    *ret_ns = (uint64_t)ns;
    return true;
}

/* "100ms..5s", or one time that stays the same. */
static bool is_backoff(const struct yaml_node *node, struct retry *retry)
{
    char first[TIME_TEXT_MAX];
    const char *dots = key_is_text(node) ? strstr(node->text, "..") : NULL;
    size_t len = dots ? (size_t)(dots - node->text) : 0;
    uint64_t from;
    uint64_t to;

    if (!key_is_text(node) || len >= sizeof(first))
        return false;
    if (!dots) {
        if (!is_wait(node->text, &from))
            return false;
        retry->backoff_ns = from;
        retry->backoff_max_ns = from;
        return true;
    }
    memcpy(first, node->text, len);
    first[len] = '\0';
    if (!is_wait(first, &from) || !is_wait(dots + 2, &to) || from > to)
        return false;
    retry->backoff_ns = from;
    retry->backoff_max_ns = to;
    return true;
}

static void load_retry(struct load *load, struct retry *retry,
                       const struct yaml_node *node)
{
    const struct yaml_node *times = node;
    const struct yaml_node *backoff = NULL;

    if (node->broken)
        return;
    if (node->kind == YAML_MAP) {
        keys_check(load->diags, node, &retry_keys);
        times = yaml_get(node, "times");
        backoff = yaml_get(node, "backoff");
    }
    retry->backoff_ns = backoff_default_ns;
    retry->backoff_max_ns = backoff_max_default_ns;
    if (!times)
        diag_hint(diag_add(load->diags, DIAG_ERROR, "E133", node->source, node->at,
                           "'retry' does not say how often"),
                  "add  times: 3");
    else if (!times->broken && !is_times(times, &retry->times))
        bad_times(load, times, times == node ? "retry" : "times");
    if (backoff && !backoff->broken && !is_backoff(backoff, retry)) {
        struct diag *d = diag_add(
            load->diags, DIAG_ERROR, "E134", backoff->source, backoff->at,
            "'backoff' needs a time, or the first and the longest of them, up to 1d");

        diag_hint(d, "write  backoff: 100ms..5s");
    }
}

void load_on_error(struct load *load, struct stage_desc *stage,
                   const struct yaml_node *node)
{
    static const char *const rules[] = {"stop", "skip", "dead",
                                        NULL}; /* as enum on_error */
    const struct yaml_node *then = node;
    const struct yaml_node *retry = NULL;
    int choice = -1;

    stage->on_error_node = node;
    stage->on_error = ON_ERROR_STOP; /* nothing of another's default is left */
    stage->retry = (struct retry){0};
    if (!node->broken && node->kind == YAML_MAP) {
        keys_check(load->diags, node, &on_error_keys);
        then = yaml_get(node, "then");
        retry = yaml_get(node, "retry");
    }
    if (then)
        choice = key_choice(load->diags, "E124", then == node ? "on_error" : "then", then,
                            rules);
    if (choice >= 0)
        stage->on_error = (enum on_error)choice;
    if (retry)
        load_retry(load, &stage->retry, retry);
}
