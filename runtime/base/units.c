/* SPDX-License-Identifier: MIT */
/*
 * Numbers are read by hand, not by strtod(): the locale must not decide what "1.5s" means, and
 * "1.5GiB" has to be exact.  A number is digits with at most nine behind the point; it is kept as
 * an integer and a power of ten until the unit is known.
 */
#include "base/units.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t scale;
};

static const struct unit size_units[] = {
    {"B", 1},
    {"KB", 1000},
    {"MB", 1000ull * 1000},
    {"GB", 1000ull * 1000 * 1000},
    {"TB", 1000ull * 1000 * 1000 * 1000},
    {"KiB", 1ull << 10},
    {"MiB", 1ull << 20},
    {"GiB", 1ull << 30},
    {"TiB", 1ull << 40},
    {NULL, 0},
};

static const struct unit time_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000ull * 1000},
    {"s", 1000ull * 1000 * 1000},
    {"m", 60ull * 1000 * 1000 * 1000},
    {"h", 3600ull * 1000 * 1000 * 1000},
    {"d", 86400ull * 1000 * 1000 * 1000},
    {NULL, 0},
};

static const struct unit rate_units[] = {
    {"/s", 1000ull * 1000 * 1000},
    {"/m", 60ull * 1000 * 1000 * 1000},
    {"/h", 3600ull * 1000 * 1000 * 1000},
    {NULL, 0},
};

static const struct unit share_units[] = {
    {"%", 10000},
    {NULL, 0},
};

/* 12.5 is value 125 and divisor 10. */
struct number {
    uint64_t value, divisor;
    bool too_big;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_digit(struct number *n, char digit)
{
    if (__builtin_mul_overflow(n->value, 10u, &n->value) ||
        __builtin_add_overflow(n->value, (uint64_t)(digit - '0'), &n->value))
        n->too_big = true;
}

/* Reads digits with single underscores between them; NULL when there is none. */
static const char *read_digits(const char *p, struct number *n)
{
    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p) || (*p == '_' && is_digit(p[1])); p++) {
        if (*p != '_')
            add_digit(n, *p);
    }
    return p;
}

/* Reads "12", "1_000" or "1.5"; returns what comes behind it, or NULL. */
static const char *read_number(const char *p, struct number *n)
{
    enum { FRACTION_DIGITS_MAX = 9 };

    *n = (struct number){.divisor = 1};
    p = read_digits(p, n);
    if (!p || *p != '.')
        return p;
    p++;
    for (int digits = 0; is_digit(*p); p++, digits++) {
        if (digits == FRACTION_DIGITS_MAX)
            return NULL;
        add_digit(n, *p);
        n->divisor *= 10;
    }
    return is_digit(p[-1]) ? p : NULL;
}

static enum units_status read_with_unit(const char *text, const struct unit *units,
                                        uint64_t *ret_value)
{
    struct number n;
    const char *rest = read_number(text, &n);
    __uint128_t value;

    if (!rest)
        return UNITS_BAD;
    if (*rest == '\0') {
        if (n.value != 0 || n.too_big)
            return n.too_big ? UNITS_RANGE : UNITS_NO_UNIT;
        *ret_value = 0;
        return UNITS_OK;
    }
    if (*rest == ' ')
        rest++;
    while (units->name && strcmp(units->name, rest) != 0)
        units++;
    if (!units->name)
        return UNITS_BAD;
    value = (__uint128_t)n.value * units->scale / n.divisor;
    if (n.too_big || value > INT64_MAX)
        return UNITS_RANGE;
    *ret_value = (uint64_t)value;
    return UNITS_OK;
}

enum units_status units_size(const char *text, uint64_t *ret_bytes)
{
    return read_with_unit(text, size_units, ret_bytes);
}

enum units_status units_time(const char *text, int64_t *ret_ns)
{
    uint64_t ns;
    enum units_status status = read_with_unit(text, time_units, &ns);

    if (status == UNITS_OK)
        *ret_ns = (int64_t)ns;
    return status;
}

enum units_status units_rate(const char *text, uint64_t *ret_items, uint64_t *ret_per_ns)
{
    const struct unit *unit = rate_units;
    struct number n;
    const char *rest = read_number(text, &n);
    uint64_t per_ns;

    if (!rest)
        return UNITS_BAD;
    if (*rest == '\0')
        return UNITS_NO_UNIT;
    if (*rest == ' ')
        rest++;
    while (unit->name && strcmp(unit->name, rest) != 0)
        unit++;
    if (!unit->name)
        return UNITS_BAD;
    if (n.too_big || n.value == 0 ||
        __builtin_mul_overflow(unit->scale, n.divisor, &per_ns) || n.value > per_ns)
        return UNITS_RANGE;
    *ret_items = n.value;
    *ret_per_ns = per_ns;
    return UNITS_OK;
}

enum units_status units_share(const char *text, uint32_t *ret_millionths)
{
    uint64_t millionths;
    enum units_status status = read_with_unit(text, share_units, &millionths);

    if (status == UNITS_OK && millionths > 1000000)
        return UNITS_RANGE;
    if (status == UNITS_OK)
        *ret_millionths = (uint32_t)millionths;
    return status;
}

static enum units_status read_hex(const char *p, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (!isxdigit((unsigned char)*p))
        return UNITS_BAD;
    for (; isxdigit((unsigned char)*p) || (*p == '_' && isxdigit((unsigned char)p[1]));
         p++) {
        if (*p == '_')
            continue;
        if (value >> 60)
            return UNITS_RANGE;
        value =
            value << 4 |
            (uint64_t)(is_digit(*p) ? *p - '0' : tolower((unsigned char)*p) - 'a' + 10);
    }
    if (*p != '\0')
        return UNITS_BAD;
    *ret_value = value;
    return UNITS_OK;
}

enum units_status units_int(const char *text, int64_t *ret_value)
{
    bool negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+');
    uint64_t magnitude;

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        enum units_status status = read_hex(p + 2, &magnitude);
        if (status != UNITS_OK)
            return status;
    } else {
        struct number n = {.divisor = 1};
        const char *rest = read_digits(p, &n);
        if (!rest || *rest != '\0')
            return UNITS_BAD;
        if (n.too_big)
            return UNITS_RANGE;
        magnitude = n.value;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return UNITS_RANGE;
    *ret_value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return UNITS_OK;
}

/* Only digits, one point, one exponent: no "inf", "nan", "0x1p3" or blanks. */
static bool looks_like_float(const char *p)
{
    bool digits = false;

    p += *p == '-' || *p == '+';
    for (; is_digit(*p); p++)
        digits = true;
    if (*p == '.')
        p++;
    for (; is_digit(*p); p++)
        digits = true;
    if (!digits)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        if (!is_digit(*p))
            return false;
        while (is_digit(*p))
            p++;
    }
    return *p == '\0';
}

enum units_status units_float(const char *text, double *ret_value)
{
    locale_t c_locale;
    double value;

    if (!looks_like_float(text))
        return UNITS_BAD;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0)
        return UNITS_BAD;
    value = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(value))
        return UNITS_RANGE;
    *ret_value = value;
    return UNITS_OK;
}

enum units_status units_bool(const char *text, bool *ret_value)
{
    static const char *const yes[] = {"true", "yes", "on", NULL};
    static const char *const no[] = {"false", "no", "off", NULL};

    for (int i = 0; yes[i]; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *ret_value = strcmp(text, yes[i]) == 0;
            return UNITS_OK;
        }
    }
    return UNITS_BAD;
}

/* "1.5 GiB", without a ".0". */
static void show_tenths(char *buffer, size_t size, double value, const char *unit)
{
    long long tenths = (long long)(value * 10 + 0.5); /* llround() would need libm */

    if (tenths % 10 == 0)
        (void)snprintf(buffer, size, "%lld %s", tenths / 10, unit);
    else
        (void)snprintf(buffer, size, "%lld.%lld %s", tenths / 10, tenths % 10, unit);
}

const char *units_show_size(uint64_t bytes, char *buffer, size_t size)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double value = (double)bytes;

    /* 1023.95 would be shown as "1024". */
    while (value >= (unit == 0 ? 1024 : 1023.95) &&
           unit + 1 < sizeof(names) / sizeof(*names)) {
        value /= 1024;
        unit++;
    }
    show_tenths(buffer, size, value, names[unit]);
    return buffer;
}

const char *units_show_time(uint64_t ns, char *buffer, size_t size)
{
    uint64_t seconds = ns / 1000000000 + (ns % 1000000000 >= 500000000);

    if (ns < 1000)
        (void)snprintf(buffer, size, "%u ns", (unsigned)ns);
    else if (ns < 999950)
        show_tenths(buffer, size, (double)ns / 1e3, "us");
    else if (ns < 999950000)
        show_tenths(buffer, size, (double)ns / 1e6, "ms");
    else if (ns < 59950000000)
        show_tenths(buffer, size, (double)ns / 1e9, "s");
    else if (seconds < 3600)
        (void)snprintf(buffer, size, "%u:%02u", (unsigned)(seconds / 60),
                       (unsigned)(seconds % 60));
    else
        (void)snprintf(buffer, size, "%llu:%02u:%02u",
                       (unsigned long long)(seconds / 3600),
                       (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
    return buffer;
}

const char *units_show_count(uint64_t count, char *buffer, size_t size)
{
    char digits[24], grouped[32];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
    size_t at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            grouped[at++] = ',';
        grouped[at++] = digits[i];
    }
    grouped[at] = '\0';
    (void)snprintf(buffer, size, "%s", grouped);
    return buffer;
}
