/* SPDX-License-Identifier: MIT */
#include "observe/figures.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

static const char *const byte_units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

/* Three significant digits: more would flicker, fewer would hide a change. */
static void three_digits(double value, char buffer[FIGURE_MAX])
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

    (void)snprintf(buffer, FIGURE_MAX, "%.*f", decimals, value);
}

/* The power of 1000 that leaves at most three digits before the point. */
static size_t scale_of(double value, size_t n_units, double *ret_divisor)
{
    size_t unit = 0;
    double divisor = 1;

    while (unit + 1 < n_units && value / divisor >= 999.5) {
        divisor *= 1000;
        unit++;
    }
    *ret_divisor = divisor;
    return unit;
}

const char *figure_item_rate(double per_second, char buffer[FIGURE_MAX])
{
    static const char *const units[] = {"", "k", "M", "G"};
    char digits[FIGURE_MAX];
    double divisor;

    if (per_second < 9.5) {
        (void)snprintf(buffer, FIGURE_MAX, "%.1f/s", per_second > 0 ? per_second : 0);
        return buffer;
    }
    if (per_second < 9999.5) {
        units_show_count((uint64_t)(per_second + 0.5), digits, sizeof(digits));
        (void)snprintf(buffer, FIGURE_MAX, "%.40s/s", digits);
        return buffer;
    }
    size_t unit = scale_of(per_second, sizeof(units) / sizeof(*units), &divisor);
    three_digits(per_second / divisor, digits);
    (void)snprintf(buffer, FIGURE_MAX, "%.40s %s/s", digits, units[unit]);
    return buffer;
}

static void bytes_into(double bytes, const char *suffix, char buffer[FIGURE_MAX])
{
    char digits[FIGURE_MAX];
    double divisor;
    size_t unit = scale_of(bytes, sizeof(byte_units) / sizeof(*byte_units), &divisor);

    if (unit == 0)
        (void)snprintf(digits, sizeof(digits), "%.0f", bytes > 0 ? bytes : 0);
    else
        three_digits(bytes / divisor, digits);
    (void)snprintf(buffer, FIGURE_MAX, "%.36s %s%s", digits, byte_units[unit], suffix);
}

const char *figure_byte_rate(double per_second, char buffer[FIGURE_MAX])
{
    bytes_into(per_second, "/s", buffer);
    return buffer;
}

const char *figure_bytes(uint64_t bytes, char buffer[FIGURE_MAX])
{
    bytes_into((double)bytes, "", buffer);
    return buffer;
}

const char *figure_bytes_of(uint64_t done, uint64_t total, char buffer[FIGURE_MAX])
{
    char whole[FIGURE_MAX];
    double divisor;
    size_t unit =
        scale_of((double)total, sizeof(byte_units) / sizeof(*byte_units), &divisor);
    int decimals = unit == 0 ? 0 : (double)total / divisor < 99.95 ? 1 : 0;

    (void)snprintf(whole, sizeof(whole), "%.*f", decimals, (double)total / divisor);
    (void)snprintf(buffer, FIGURE_MAX, "%.*f/%.20s %s", decimals, (double)done / divisor,
                   whole, byte_units[unit]);
    return buffer;
}

const char *figure_clock(uint64_t ns, char buffer[FIGURE_MAX])
{
    uint64_t s = ns / NS_PER_S;

    if (s >= 3600)
        (void)snprintf(buffer, FIGURE_MAX, "%llu:%02u:%02u",
                       (unsigned long long)(s / 3600), (unsigned)(s / 60 % 60),
                       (unsigned)(s % 60));
    else
        (void)snprintf(buffer, FIGURE_MAX, "%u:%02u", (unsigned)(s / 60),
                       (unsigned)(s % 60));
    return buffer;
}

const char *figure_duration(uint64_t ns, char buffer[FIGURE_MAX])
{
    double s = (double)ns / NS_PER_S;

    if (s >= 99.95)
        return figure_clock(ns, buffer);
    if (s < 0.0995) {
        (void)snprintf(buffer, FIGURE_MAX, "%.*f ms", s < 0.00995 ? 1 : 0, s * 1000);
        return buffer;
    }
    (void)snprintf(buffer, FIGURE_MAX, "%.*f s", s < 9.995 ? 2 : 1, s);
    return buffer;
}

unsigned figure_percent(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return 0;
    if (part >= whole)
        return 100;
    /* Doubles, so that part * 100 cannot overflow; the cap keeps 99.99.. from showing as done. */
    unsigned percent = (unsigned)((double)part * 100 / (double)whole);
    return percent > 99 ? 99 : percent;
}

/* Decodes one character of valid UTF-8 (broken bytes count as one each) and returns its length. */
static size_t decode(const char *text, uint32_t *ret_point)
{
    unsigned char lead = (unsigned char)text[0];
    size_t len = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = len == 1 ? lead : lead & (0xFFu >> (len + 1));

    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text[i];

        if ((next & 0xC0) != 0x80) {
            *ret_point = lead;
            return 1;
        }
        point = point << 6 | (next & 0x3Fu);
    }
    *ret_point = point;
    return len;
}

/* Not the whole of UAX 11, but all scripts whose letters fill two cells, and emoji. */
static size_t columns_of(uint32_t c)
{
    static const uint32_t wide[][2] = {
        {0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
    };

    if ((c >= 0x300 && c <= 0x36F) || c == 0x200B || c == 0x200D ||
        (c >= 0xFE00 && c <= 0xFE0F))
        return 0;
    for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
        if (c >= wide[i][0] && c <= wide[i][1])
            return 2;
    }
    return 1;
}

size_t figure_columns(const char *text)
{
    size_t columns = 0;
    uint32_t point;

    while (*text != '\0') {
        text += decode(text, &point);
        columns += columns_of(point);
    }
    return columns;
}

void figure_cut(struct text *out, const char *text, size_t columns, const char *ellipsis)
{
    if (figure_columns(text) <= columns) {
        text_str(out, text);
        return;
    }
    size_t room = columns > 0 ? columns - 1 : 0;
    while (*text != '\0') {
        uint32_t point;
        size_t len = decode(text, &point), width = columns_of(point);

        if (width > room)
            break;
        text_append(out, text, len);
        text += len;
        room -= width;
    }
    if (columns > 0)
        text_str(out, ellipsis);
}

void figure_pad(struct text *out, const char *text, int columns)
{
    size_t width = figure_columns(text);
    size_t wanted = (size_t)(columns < 0 ? -columns : columns);

    if (columns >= 0)
        text_str(out, text);
    for (; width < wanted; width++)
        text_append(out, " ", 1);
    if (columns < 0)
        text_str(out, text);
}
