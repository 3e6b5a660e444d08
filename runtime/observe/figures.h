/* SPDX-License-Identifier: MIT */
/*
 * Figures as a run shows them: rates, sizes and times of a few characters, and how many columns of a
 * terminal a text takes.
 *
 * Sizes here are decimal (GB, as disks and networks are sold and as the rate of a copy is told);
 * memory is shown in MiB by base/units.h.
 */
#ifndef OBSERVE_FIGURES_H
#define OBSERVE_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { FIGURE_MAX = 48 }; /* room that every function here is content with */

/* "412/s", "9,412/s", "41.2 k/s", "10.9 M/s" items, into `buffer`, which is returned. */
const char *figure_item_rate(double per_second, char buffer[FIGURE_MAX]);

/* "17 B/s", "1.42 GB/s".  Likewise. */
const char *figure_byte_rate(double per_second, char buffer[FIGURE_MAX]);

/* "412 B", "20.3 GB".  Likewise. */
const char *figure_bytes(uint64_t bytes, char buffer[FIGURE_MAX]);

/* "12.4/20.3 GB": both in the unit of `total`.  Likewise. */
const char *figure_bytes_of(uint64_t done, uint64_t total, char buffer[FIGURE_MAX]);

/* "0:27", "1:02:03": a time that counts.  Likewise. */
const char *figure_clock(uint64_t ns, char buffer[FIGURE_MAX]);

/* "3.2 ms", "0.84 s", "47.3 s", "5:07", "1:02:03": a time that is over.  Likewise. */
const char *figure_duration(uint64_t ns, char buffer[FIGURE_MAX]);

/* part / whole in per cent, rounded down, at most 100; 0 when whole is 0. */
unsigned figure_percent(uint64_t part, uint64_t whole);

/* Columns that printable UTF-8 takes: wide characters count as 2, combining marks as 0. */
size_t figure_columns(const char *text);

/* Appends at most `columns` columns of the text; what is cut is shown by the `ellipsis`, one column wide. */
void figure_cut(struct text *out, const char *text, size_t columns, const char *ellipsis);

/* Appends the text, padded with blanks to `columns`: on the left when that is negative. */
void figure_pad(struct text *out, const char *text, int columns);

#endif /* OBSERVE_FIGURES_H */
