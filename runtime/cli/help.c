/* SPDX-License-Identifier: MIT */
/* Help and man page, from the table. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/verbs.h"

enum { WIDTH = 80 };

static const struct {
    int code;
    const char *meaning;
} exit_codes[] = {
    {0, "all items were delivered, or filtered on purpose"},
    {1, "stopped by an error, or by too many rejects; or output could not be written"},
    {3, "ran to the end, but items were given up, and no max_rejects allows it"},
    {4, "stopped by a signal after all that was read had been delivered"},
    {5, "stopped by a second signal: some items are not finished"},
    {64, "wrong usage of a verb or flag"},
    {66, "FILE was not found or cannot be read"},
    {70, "a bug in pphost: please report it"},
    {71, "no memory, or started with raised rights"},
    {78, "the description, a plugin or a file of dead letters is not valid"},
};

/* Appends words of the text, broken into lines of WIDTH, each after `indent` blanks. */
static void wrapped(struct text *out, const char *text, int indent)
{
    int column = 0;

    while (*text != '\0') {
        int len = (int)strcspn(text, " \n");

        if (column > 0 && column + 1 + len > WIDTH - indent) {
            text_str(out, "\n");
            column = 0;
        }
        if (column == 0)
            text_printf(out, "%*s", indent, "");
        text_printf(out, "%s%.*s", column > 0 ? " " : "", len, text);
        column += len + (column > 0 ? 1 : 0);
        text += len;
        if (*text == '\n') {
            text_str(out, "\n");
            column = 0;
        }
        if (*text != '\0')
            text++;
    }
    if (column > 0)
        text_str(out, "\n");
}

/* "--log text|json", with the letter in front where there is one. */
static void flag_words(const struct command_flag *flag, struct text *out)
{
    if (flag->letter != '\0')
        text_printf(out, "-%c, ", flag->letter);
    text_printf(out, "--%s", flag->name);
    if (flag->arg != NULL)
        text_printf(out, " %s", flag->choices != NULL ? flag->choices : flag->arg);
}

static void help_flags(const struct command_flag *flags, struct text *out)
{
    for (; flags->name != NULL; flags++) {
        text_str(out, "  ");
        flag_words(flags, out);
        text_str(out, "\n");
        wrapped(out, flags->doc, 6);
    }
}

static void help_all(const char *bold, const char *plain, struct text *out)
{
    text_printf(
        out,
        "%spphost%s runs a pipeline of plugin stages, described in YAML, over a fixed "
        "pool of\nthreads joined by bounded queues.\n\n%susage:%s pphost VERB [FILE] "
        "[name=value ...] [flags]\n\n",
        bold, plain, bold, plain);
    for (const struct command *c = command_table; c->name != NULL; c++)
        text_printf(out, "  %-9s %s\n", c->name, c->summary);
    text_printf(out, "\n%sexit codes:%s\n", bold, plain);
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(*exit_codes); i++)
        text_printf(out, "  %2d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
    text_str(out, "\nMore on a verb: pphost help VERB\n");
}

void command_help(const struct command *command, bool colour, struct text *out)
{
    const char *bold = colour ? "\033[1m" : "", *plain = colour ? "\033[0m" : "";

    if (command == NULL) {
        help_all(bold, plain, out);
        return;
    }
    text_printf(out, "%spphost %s%s %s\n  %s\n", bold, command->name, plain,
                command->usage, command->summary);
    if (command->doc[0] != '\0') {
        text_str(out, "\n");
        wrapped(out, command->doc, 0);
    }
    text_printf(out, "\n%sflags:%s\n", bold, plain);
    help_flags(command->flags, out);
    help_flags(command_common_flags, out);
    if (command->examples->line != NULL)
        text_printf(out, "\n%sexamples:%s\n", bold, plain);
    for (const struct command_example *e = command->examples; e->line != NULL; e++)
        text_printf(out, "  %s\n      %s\n", e->line, e->doc);
}

/*
 * Text for man(7): a backslash, a dash and a dot or quote at the start of a line mean something, and a letter
 * outside ASCII is named by its number, so that the page does not depend on an encoding.
 */
static void roff(struct text *out, const char *text)
{
    bool line_start = true;
    size_t left = strlen(text), len;
    uint32_t letter;

    for (; *text != '\0'; text += len, left -= len) {
        len = text_utf8(text, left, &letter);
        if (len > 1) {
            text_printf(out, "\\[u%04X]", (unsigned)letter);
            line_start = false;
            continue;
        }
        len = 1;
        if (line_start && (*text == '.' || *text == '\''))
            text_str(out, "\\&");
        if (*text == '\\')
            text_str(out, "\\e");
        else if (*text == '-')
            text_str(out, "\\-");
        else if (*text == '\'')
            text_str(out, "\\(aq");
        else if (*text == '\n')
            text_str(out, text[1] != '\0' ? "\n.PP\n" : "\n");
        else
            text_append(out, text, 1);
        line_start = *text == '\n';
    }
}

static void man_flags(const struct command_flag *flags, struct text *out)
{
    for (; flags->name != NULL; flags++) {
        struct text words = {0};

        flag_words(flags, &words);
        text_str(out, ".TP\n.B ");
        roff(out, text_get(&words));
        text_str(out, "\n");
        roff(out, flags->doc);
        text_str(out, "\n");
        text_fini(&words);
    }
}

static void man_verb(const struct command *command, struct text *out)
{
    text_printf(out, ".SS \"pphost %s %s\"\n", command->name, command->usage);
    roff(out, command->summary);
    text_str(out, ".\n");
    if (command->doc[0] != '\0') {
        text_str(out, ".PP\n");
        roff(out, command->doc);
    }
    man_flags(command->flags, out);
    for (const struct command_example *e = command->examples; e->line != NULL; e++) {
        text_str(out, ".PP\n");
        roff(out, e->doc);
        text_str(out, "\n.PP\n.nf\n.RS\n");
        roff(out, e->line);
        text_str(out, "\n.RE\n.fi\n");
    }
}

void command_man(struct text *out)
{
    text_printf(out, ".TH PPHOST 1 \"\" \"pphost %s\" \"User Commands\"\n",
                PPHOST_VERSION);
    text_str(
        out,
        ".SH NAME\npphost \\- runs pipelines of plugin stages over a pool of threads\n"
        ".SH SYNOPSIS\n.B pphost\n.I VERB\n[\\fIFILE\\fR] [\\fIname=value\\fR ...] "
        "[\\fIflags\\fR]\n.SH DESCRIPTION\n");
    roff(
        out,
        "Runs a pipeline of plugin stages, described in YAML, over a fixed pool of threads "
        "joined by bounded queues. A run ends when every item is delivered, it says so, "
        "and its exit code is honest.\n");
    text_str(out, ".SH VERBS\n");
    for (const struct command *c = command_table; c->name != NULL; c++)
        man_verb(c, out);
    text_str(out, ".SH FLAGS OF ALL VERBS\n");
    man_flags(command_common_flags, out);
    text_str(out,
             ".SH ENVIRONMENT\n.TP\n.B PPHOST_PLUGIN_PATH\nDirectories with plugins, "
             "separated by colons.\n.TP\n.B NO_COLOR\nWhen set and not empty, no colours "
             "are used.\n.SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(*exit_codes); i++) {
        text_printf(out, ".TP\n.B %d\n", exit_codes[i].code);
        roff(out, exit_codes[i].meaning);
        text_str(out, "\n");
    }
}

int verb_help(const struct arguments *args)
{
    struct text out = {0};

    if (arguments_has(args, "man")) {
        command_man(&out);
    } else if (args->n_words == 0) {
        command_help(NULL, output_colour(OUTPUT_STDOUT), &out);
    } else {
        const struct command *command = command_find(args->words[0]);

        if (command == NULL)
            return output_unknown_verb(args->words[0]);
        command_help(command, output_colour(OUTPUT_STDOUT), &out);
    }
    return output_finish(&out);
}
