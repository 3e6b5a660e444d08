/* SPDX-License-Identifier: MIT */
/*
 * Standard output and standard error: written whole or reported as an error.
 *
 * What a verb prints is rendered into a text first, so that a failed write or a lack of memory is found
 * at one place and becomes the exit code.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>

#include "base/assert.h"
#include "base/text.h"

enum output_fd { OUTPUT_STDOUT = 1, OUTPUT_STDERR = 2 };

/* A terminal that understands escape sequences, such as "clear to the end of the line". */
bool output_ansi(enum output_fd fd);

/* A terminal that shows colours, and nobody said NO_COLOR. */
bool output_colour(enum output_fd fd);

/* A terminal that shows UTF-8, going by LC_ALL, LC_CTYPE and LANG. */
bool output_utf8(void);

/* Writes all of it, to one of the two or to any other descriptor; false when that failed (errno says why).  Blocks. */
bool output_write(int fd, const char *bytes, size_t len);

/*
 * Writes the text to standard output and frees it.  Returns an exit code: EXITS_OK, or, after saying so on standard
 * error, EXITS_FAILED when it could not be written and EXITS_SYSTEM when memory ran out.
 */
int output_finish(struct text *out) PPH_NODISCARD;

/* The same to standard error, where a failure leaves nothing to be said.  Returns `code` if it was written. */
int output_error(struct text *out, int code) PPH_NODISCARD;

/* Prints the complaint, with its newline, and returns EXITS_USAGE. */
int output_usage(const char *format, ...) PPH_PRINTF(1, 2) PPH_NODISCARD;

/* Says that there is no such verb and returns EXITS_USAGE. */
int output_unknown_verb(const char *verb) PPH_NODISCARD;

/* Says that memory ran out and returns EXITS_SYSTEM. */
int output_no_memory(void) PPH_NODISCARD;

#endif /* CLI_OUTPUT_H */
