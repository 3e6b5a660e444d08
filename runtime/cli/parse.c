/* SPDX-License-Identifier: MIT */
/*
 * argv -> struct arguments, by the table.
 *
 * getopt_long() does the reading.  Long flags must be written out: an abbreviation that works today
 * would break when a flag is added.  So each is looked up here before getopt_long() sees it.
 */
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"

enum {
    FLAGS_MAX = 16,
    LETTERS_MAX = 2 * FLAGS_MAX + 4,
    LONG_FLAG = 256,
    WORD_SHOWN = 200
};

/* The flags of one verb with the common ones behind. */
struct flag_set {
    const struct command_flag *flags[FLAGS_MAX];
    int n;
};

static struct flag_set flags_of(const struct command *command)
{
    struct flag_set set = {.n = 0};

    for (const struct command_flag *f = command->flags; f->name != NULL; f++) {
        PPH_ASSERT(set.n < FLAGS_MAX);
        set.flags[set.n++] = f;
    }
    for (const struct command_flag *f = command_common_flags; f->name != NULL; f++) {
        PPH_ASSERT(set.n < FLAGS_MAX);
        set.flags[set.n++] = f;
    }
    return set;
}

static void quoted(struct text *out, const char *word)
{
    PPH_ASSERT(word != NULL);
    text_str(out, "'");
    text_printable(out, word, strlen(word), WORD_SHOWN);
    text_str(out, "'");
}

static bool among(const char *word, const char *const *words)
{
    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(*words, word) == 0)
            return true;
    }
    return false;
}

void command_unknown_verb(const char *verb, struct text *complaint)
{
    const char *verbs[64];
    size_t n = 0;

    if (among(verb, command_absent)) {
        text_printf(complaint, "error: 'pphost %s' is not available in this version\n",
                    verb);
        return;
    }
    for (const struct command *c = command_table; c->name != NULL; c++) {
        PPH_ASSERT(n + 1 < sizeof(verbs) / sizeof(*verbs));
        verbs[n++] = c->name;
    }
    verbs[n] = NULL;
    text_str(complaint,
             verb[0] == '-' ? "error: a verb comes first, not " : "error: no verb ");
    quoted(complaint, verb);
    const char *near = text_nearest(verb, verbs);
    if (near != NULL)
        text_printf(complaint, "; did you mean '%s'?", near);
    text_str(complaint, "\n   = verbs: ");
    for (size_t i = 0; i < n; i++)
        text_printf(complaint, "%s%s", i > 0 ? ", " : "", verbs[i]);
    text_str(complaint, "   (pphost help)\n");
}

static void unknown_flag(const struct command *command, const struct flag_set *set,
                         const char *name, struct text *complaint)
{
    const char *names[FLAGS_MAX + 1];

    if (among(name, command->absent)) {
        text_printf(complaint,
                    "error: 'pphost %s --%s' is not available in this version\n",
                    command->name, name);
        return;
    }
    for (int i = 0; i < set->n; i++)
        names[i] = set->flags[i]->name;
    names[set->n] = NULL;
    text_printf(complaint, "error: '%s' has no flag '--", command->name);
    text_printable(complaint, name, strlen(name), WORD_SHOWN);
    text_str(complaint, "'");
    const char *near = text_nearest(name, names);
    if (near != NULL)
        text_printf(complaint, "; did you mean '--%s'?", near);
    text_printf(complaint, "\n   = flags of %s: ", command->name);
    for (int i = 0; i < set->n; i++)
        text_printf(complaint, "%s--%s", i > 0 ? ", " : "", names[i]);
    text_printf(complaint, "   (pphost help %s)\n", command->name);
}

/* Whether argv's word is a long flag of the set, or no long flag at all. */
static bool long_flag_known(const struct command *command, const struct flag_set *set,
                            const char *word, struct text *complaint)
{
    char name[WORD_SHOWN];

    if (word == NULL || strncmp(word, "--", 2) != 0 || word[2] == '\0')
        return true;
    size_t len = strcspn(word + 2, "=");
    if (len >= sizeof(name))
        len = sizeof(name) - 1;
    memcpy(name, word + 2, len);
    name[len] = '\0';
    for (int i = 0; i < set->n; i++) {
        if (strcmp(set->flags[i]->name, name) == 0)
            return true;
    }
    unknown_flag(command, set, name, complaint);
    return false;
}

/* name=value sets a variable: a word with '=' whose left side could be a name. */
static bool is_var(const char *word)
{
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_-");

    return len > 0 && word[0] != '-' && word[len] == '=';
}

static void add_word(struct arguments *args, const char *word)
{
    enum command_operands kind = args->command->operands;

    if ((kind == OPERANDS_FILE || kind == OPERANDS_FILES) && is_var(word))
        args->vars[args->n_vars++] = word;
    else
        args->words[args->n_words++] = word;
}

/* One of "a|b|c"? */
static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);

    for (const char *at = choices;; at++) {
        size_t n = strcspn(at, "|");

        if (n == len && strncmp(at, value, n) == 0)
            return true;
        at += n;
        if (*at == '\0')
            return false;
    }
}

static bool add_flag(struct arguments *args, const struct command_flag *flag,
                     const char *value, struct text *complaint)
{
    /* Only a flag with an argument has choices. */
    PPH_ASSERT(value != NULL || (flag->later == NULL && flag->choices == NULL));
    if (flag->later != NULL && is_choice(flag->later, value)) {
        text_printf(complaint,
                    "error: 'pphost %s --%s %s' is not available in this version\n",
                    args->command->name, flag->name, value);
        return false;
    }
    if (flag->choices != NULL && !is_choice(flag->choices, value)) {
        text_printf(complaint, "error: '--%s' cannot be ", flag->name);
        quoted(complaint, value);
        text_printf(complaint, "\n   = choices: %s\n", flag->choices);
        return false;
    }
    args->flags[args->n_flags++] = (struct argument){flag, value};
    return true;
}

static void bad_flag(const struct command *command, const struct flag_set *set, int got,
                     const char *word, struct text *complaint)
{
    const struct command_flag *flag = NULL;

    for (int i = 0; i < set->n; i++) {
        if (optopt != 0 && (optopt == LONG_FLAG + i || optopt == set->flags[i]->letter))
            flag = set->flags[i];
    }
    if (got == ':' && flag != NULL)
        text_printf(complaint, "error: '--%s' needs %s behind it\n", flag->name,
                    flag->arg);
    else if (flag != NULL)
        text_printf(complaint, "error: '--%s' takes no value\n", flag->name);
    else if (optopt > ' ' && optopt < 127)
        text_printf(complaint, "error: '%s' has no flag '-%c'   (pphost help %s)\n",
                    command->name, optopt, command->name);
    else {
        text_str(complaint, "error: ");
        quoted(complaint, word != NULL ? word : "");
        text_printf(complaint, " is no flag of '%s'   (pphost help %s)\n", command->name,
                    command->name);
    }
}

static void for_getopt(const struct flag_set *set, struct option longs[FLAGS_MAX + 1],
                       char letters[LETTERS_MAX])
{
    char *at = letters;

    *at++ = '-'; /* operands come as 1, in their place */
    *at++ = ':'; /* a missing argument comes as ':' */
    for (int i = 0; i < set->n; i++) {
        const struct command_flag *flag = set->flags[i];
        int has_arg = flag->arg != NULL ? required_argument : no_argument;

        longs[i] = (struct option){flag->name, has_arg, NULL, LONG_FLAG + i};
        if (flag->letter != '\0') {
            *at++ = flag->letter;
            if (flag->arg != NULL)
                *at++ = ':';
        }
    }
    longs[set->n] = (struct option){0};
    *at = '\0';
}

static const struct command_flag *flag_of(const struct flag_set *set, int got)
{
    if (got >= LONG_FLAG)
        return set->flags[got - LONG_FLAG];
    for (int i = 0; i < set->n; i++) {
        if (set->flags[i]->letter == got)
            return set->flags[i];
    }
    return NULL;
}

static enum command_status parse_rest(int argc, char **argv, struct arguments *args,
                                      struct text *complaint)
{
    struct flag_set set = flags_of(args->command);
    struct option longs[FLAGS_MAX + 1];
    char letters[LETTERS_MAX];

    for_getopt(&set, longs, letters);
    optind = 0; /* glibc: start afresh, also when called twice */
    opterr = 0;
    for (;;) {
        int next = optind > 0 ? optind : 1;
        const char *word = next < argc ? argv[next] : NULL;

        if (!long_flag_known(args->command, &set, word, complaint))
            return COMMAND_BAD;
        /* [control]: the only thread yet.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
        int got = getopt_long(argc, argv, letters, longs, NULL);
        if (got == -1)
            break;
        if (got == 1) {
            add_word(args, optarg);
            continue;
        }
        const struct command_flag *flag = flag_of(&set, got);
        if (flag == NULL) {
            bad_flag(args->command, &set, got, word, complaint);
            return COMMAND_BAD;
        }
        if (strcmp(flag->name, "help") == 0)
            return COMMAND_HELP;
        if (!add_flag(args, flag, flag->arg != NULL ? optarg : NULL, complaint))
            return COMMAND_BAD;
    }
    for (int i = optind; i < argc; i++) /* behind "--" */
        add_word(args, argv[i]);
    return COMMAND_OK;
}

static enum command_status check_words(const struct arguments *args,
                                       struct text *complaint)
{
    const struct command *command = args->command;
    bool needs_file =
        command->operands == OPERANDS_FILE || command->operands == OPERANDS_FILES;
    size_t most = command->operands == OPERANDS_FILES  ? SIZE_MAX
                  : command->operands == OPERANDS_NONE ? 0
                                                       : 1;

    if (needs_file && args->n_words == 0) {
        text_printf(complaint, "error: '%s' needs a FILE\n   = usage: pphost %s %s\n",
                    command->name, command->name, command->usage);
        return COMMAND_BAD;
    }
    if (args->n_words > most) {
        text_printf(complaint, "error: '%s' does not take ", command->name);
        quoted(complaint, args->words[most]);
        if (command->operands == OPERANDS_FILE)
            text_str(complaint, ": it is no name=value, and there is a FILE already");
        text_printf(complaint, "\n   = usage: pphost %s%s%s\n", command->name,
                    command->usage[0] != '\0' ? " " : "", command->usage);
        return COMMAND_BAD;
    }
    return COMMAND_OK;
}

enum command_status command_parse(int argc, char **argv, struct arguments *args,
                                  struct text *complaint)
{
    memset(args, 0, sizeof(*args));
    if (argc < 2) {
        text_str(complaint, "error: a verb is missing   (pphost help)\n");
        return COMMAND_BAD;
    }
    const char *verb = argv[1];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)
        verb = "help";
    else if (strcmp(verb, "--version") == 0)
        verb = "version";
    args->command = command_find(verb);
    if (args->command == NULL) {
        command_unknown_verb(verb, complaint);
        return COMMAND_BAD;
    }
    size_t room = (size_t)argc + 1;
    args->flags = calloc(room, sizeof(*args->flags));
    args->words = calloc(room, sizeof(*args->words));
    args->vars = calloc(room, sizeof(*args->vars));
    enum command_status status = COMMAND_NO_MEMORY;
    if (args->flags != NULL && args->words != NULL && args->vars != NULL) {
        status = parse_rest(argc - 1, argv + 1, args, complaint);
        if (status == COMMAND_OK)
            status = check_words(args, complaint);
    }
    if (status != COMMAND_OK && status != COMMAND_HELP)
        arguments_fini(args);
    return status;
}

void arguments_fini(struct arguments *args)
{
    free(args->flags);
    free(args->words);
    free(args->vars);
    args->flags = NULL;
    args->words = args->vars = NULL;
    args->n_flags = args->n_words = args->n_vars = 0;
}

bool arguments_has(const struct arguments *args, const char *flag)
{
    for (size_t i = 0; i < args->n_flags; i++) {
        if (strcmp(args->flags[i].flag->name, flag) == 0)
            return true;
    }
    return false;
}

const char *arguments_get(const struct arguments *args, const char *flag)
{
    const char *value = NULL;

    for (size_t i = 0; i < args->n_flags; i++) {
        if (strcmp(args->flags[i].flag->name, flag) == 0)
            value = args->flags[i].value;
    }
    return value;
}

const char **arguments_all(const struct arguments *args, const char *flag)
{
    const char **values = calloc(args->n_flags + 1, sizeof(*values));
    size_t n = 0;

    if (values == NULL)
        return NULL;
    for (size_t i = 0; i < args->n_flags; i++) {
        if (strcmp(args->flags[i].flag->name, flag) == 0)
            values[n++] = args->flags[i].value;
    }
    return values;
}
