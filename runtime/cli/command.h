/* SPDX-License-Identifier: MIT */
/*
 * The command line as one table: verbs, operands, flags, examples.
 *
 * Parsing, `pphost help`, the man page and the completion are all made from it, so that none of them
 * can say something else than the others.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"
#include "base/text.h"

struct arguments;

struct command_flag {
    const char *name;    /* without dashes; NULL ends the array */
    char letter;         /* 0: none */
    const char *arg;     /* what its argument is called; NULL: takes none */
    const char *choices; /* "text|dot|mermaid"; NULL: anything */
    const char *later;   /* choices of the format that this version lacks; may be NULL */
    const char *doc;     /* one sentence, ends with a full stop */
};

struct command_example {
    const char *line; /* NULL ends the array */
    const char *doc;
};

/* What stands after the verb, for checks and for completion. */
enum command_operands {
    OPERANDS_NONE,
    OPERANDS_FILE,   /* one FILE, then name=value */
    OPERANDS_FILES,  /* one or more FILEs, then name=value */
    OPERANDS_PLUGIN, /* at most one plugin name or file */
    OPERANDS_VERB,   /* at most one verb */
    OPERANDS_SHELL,  /* the name of a shell */
};

struct command {
    const char *name; /* NULL ends the table */
    enum command_operands operands;
    const char *usage;   /* what stands after the verb: "FILE [name=value ...]" */
    const char *summary; /* for the list of verbs; no full stop */
    const char *doc;     /* paragraphs, each one line, ended by a newline */
    const struct command_flag *flags;
    const struct command_example *examples;
    const char *const
        *absent; /* flags of the format that this version lacks; may be NULL */
    int (*run)(const struct arguments *args); /* returns an exit code */
};

/* The table, and the verbs of the format that this version lacks (NULL-terminated). */
extern const struct command command_table[];
extern const char *const command_absent[];

/* Flags that every verb has: --help. */
extern const struct command_flag command_common_flags[];

struct argument {
    const struct command_flag *flag;
    const char *value; /* NULL: takes none */
};

/* A command line that fits the table.  Borrows from argv. */
struct arguments {
    const struct command *command;
    struct argument *flags; /* in the order given */
    size_t n_flags;
    const char **words; /* operands except name=value; NULL-terminated */
    size_t n_words;
    const char **vars; /* name=value; NULL-terminated */
    size_t n_vars;
};

enum command_status {
    COMMAND_OK = 0,
    COMMAND_HELP = 1, /* --help was given: args->command is set, the rest is empty */
    COMMAND_BAD = -1, /* wrong usage; the text says how */
    COMMAND_NO_MEMORY = -2, /* the caller says so */
};

/* The verb's entry, or NULL.  */
const struct command *command_find(const char *verb);

/*
 * Reads argv[1..]: the verb, its flags and operands in any order.  On COMMAND_OK and COMMAND_HELP the caller
 * gives `args` to arguments_fini(); on COMMAND_BAD the message, of one or more lines, has been appended to `complaint`.
 */
enum command_status command_parse(int argc, char **argv, struct arguments *args,
                                  struct text *complaint) PPH_NODISCARD;

/* Appends that there is no such verb, or not in this version. */
void command_unknown_verb(const char *verb, struct text *complaint);

void arguments_fini(struct arguments *args);

/* Whether the flag was given; its last value, or NULL. */
bool arguments_has(const struct arguments *args, const char *flag);
const char *arguments_get(const struct arguments *args, const char *flag);

/* All values of a flag, NULL-terminated; NULL when out of memory.  The caller frees the array. */
const char **arguments_all(const struct arguments *args, const char *flag) PPH_NODISCARD;

/* Appends help for one verb, or for all when it is NULL. */
void command_help(const struct command *command, bool colour, struct text *out);

/* Appends the man page, in man(7) macros, and the bash completion. */
void command_man(struct text *out);
void command_complete_bash(struct text *out);

#endif /* CLI_COMMAND_H */
