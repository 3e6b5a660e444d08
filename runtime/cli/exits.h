/* SPDX-License-Identifier: MIT */
/*
 * What the process tells its parent.  Below 64 something ran; from 64 on it never started
 * (the numbers are those of sysexits.h).
 */
#ifndef CLI_EXITS_H
#define CLI_EXITS_H

enum exits {
    EXITS_OK = 0, /* all items delivered, or filtered on purpose */
    EXITS_FAILED =
        1, /* stopped by an error, or too many rejects; output could not be written */
    EXITS_REJECTS =
        3, /* ran to the end, but items were skipped or dead-lettered and nobody allowed it */
    EXITS_DRAINED =
        4, /* stopped by a signal after all that was read had been delivered */
    EXITS_STOPPED = 5,  /* stopped by a second signal: some items are not finished */
    EXITS_USAGE = 64,   /* wrong usage of a verb or flag */
    EXITS_NO_FILE = 66, /* FILE not found or not readable */
    EXITS_BUG = 70,     /* a fault of pphost itself */
    EXITS_SYSTEM = 71,  /* no memory, or raised rights */
    EXITS_INVALID = 78, /* the description, a plugin or dead letters are not valid */
};

#endif /* CLI_EXITS_H */
