/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units, as people write them in a pipeline: 64MB, 64MiB, 250ms, 5m, 1_000.
 *
 * MB is 1000^2 and MiB 1024^2.  A bare number is not a size or a time unless it is 0: each
 * parser says which unit is missing, and the caller prints that with the place.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum units_status {
    UNITS_OK = 0,
    UNITS_BAD = -1,     /* not such a number at all */
    UNITS_NO_UNIT = -2, /* a bare number where a unit is needed */
    UNITS_RANGE = -3,   /* does not fit in 63 bits */
};

/* Bytes: "0", "17B", "64KiB", "64KB", "1.5GiB".  *ret_bytes is written only on UNITS_OK. */
enum units_status units_size(const char *text, uint64_t *ret_bytes);

/* Nanoseconds: "0", "250ms", "1.5s", "5m", "2h", "10us", "30ns", "1d".  Likewise. */
enum units_status units_time(const char *text, int64_t *ret_ns);

/*
 * A rate: "200/s", "90/m", "1.5/h" is *ret_items in each *ret_per_ns nanoseconds, both more than 0.  More than
 * one in a nanosecond, and 0, are UNITS_RANGE.  Likewise.
 */
enum units_status units_rate(const char *text, uint64_t *ret_items, uint64_t *ret_per_ns);

/* A share from "0%" to "100%", "0.25%" too, in millionths of the whole.  Likewise. */
enum units_status units_share(const char *text, uint32_t *ret_millionths);

/* A whole number: decimal, 0x hexadecimal, underscores between digits ("1_000").  Likewise. */
enum units_status units_int(const char *text, int64_t *ret_value);

/* A decimal number such as "0.5" or "1e-3", independent of the locale.  Likewise. */
enum units_status units_float(const char *text, double *ret_value);

/* "true|yes|on" and "false|no|off" are booleans; anything else is UNITS_BAD. */
enum units_status units_bool(const char *text, bool *ret_value);

/* Writes a size for people ("64 MiB", "1.5 GiB", "17 B") into `buffer` and returns it. */
const char *units_show_size(uint64_t bytes, char *buffer, size_t size);

/* Writes a time for people ("250 ms", "1.5 s", "5:07") into `buffer` and returns it. */
const char *units_show_time(uint64_t ns, char *buffer, size_t size);

/* Writes a count with separators ("12,904,331") into `buffer` and returns it. */
const char *units_show_count(uint64_t count, char *buffer, size_t size);

#endif /* BASE_UNITS_H */
