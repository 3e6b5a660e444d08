/* SPDX-License-Identifier: MIT */
/*
 * `--results FILE`: what workers left behind, as a JSON list with one object per line.
 *
 * The file is begun before the run, so that a wrong name is known while nothing is lost, beside its final name, which it
 * gets when it is whole. What is not a regular file (a pipe, a device) is written to as it stands.
 */
#ifndef CLI_RESULTS_FILE_H
#define CLI_RESULTS_FILE_H

#include "base/error.h"
#include "exec/run.h"
#include "observe/mask.h"

/* Zero is one that is not wanted. */
struct results_file {
    const char *name; /* as given; NULL: not wanted; "-": standard output */
    char *final;      /* what a part becomes; NULL: it is written to directly */
    char *part;       /* the file that is being written; NULL: likewise */
    int fd;
};

/* False: it cannot be written, `err` says why, and nothing is left to close.  `name` is borrowed, and may be NULL.  Blocks. */
bool results_file_open(struct results_file *file, const char *name,
                       struct error *err) PPH_NODISCARD;

/*
 * Writes all results, masked, and gives the file its name.  On a terminal "-" gets the table instead.  Returns `code`; when they
 * cannot be written it says so on standard error, where they follow in full, and `code` 0 becomes EXITS_FAILED.
 * Closes the file in any case.  Blocks.  [control]
 */
int results_file_write(struct results_file *file, const struct run *run,
                       const struct graph *graph, const struct mask *mask, int code);

/* Closes a file that nothing was written to, and takes it away; also one that is not open. */
void results_file_drop(struct results_file *file);

/* Whether results_file_write() shows the table on a terminal: it need not be shown elsewhere. */
bool results_file_is_table(const struct results_file *file);

#endif /* CLI_RESULTS_FILE_H */
