/* SPDX-License-Identifier: MIT */
/* The bash completion, from the table. */
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/exits.h"
#include "cli/output.h"
#include "cli/verbs.h"

static void flag_names(const struct command_flag *flags, struct text *out)
{
    for (; flags->name != NULL; flags++)
        text_printf(out, " --%s", flags->name);
}

/* "case $prev in" entries for flags whose values are known or free. */
static void flag_values(const struct command *command, struct text *out)
{
    for (const struct command_flag *f = command->flags; f->name != NULL; f++) {
        if (f->arg == NULL)
            continue;
        text_printf(out, "        %s/--%s)", command->name, f->name);
        if (f->choices != NULL) {
            text_str(out, " mapfile -t COMPREPLY < <(compgen -W \"");
            for (const char *c = f->choices; *c != '\0'; c++)
                text_append(out, *c == '|' ? " " : c, 1);
            text_str(out, "\" -- \"$cur\");");
        } else if (strcmp(f->arg, "FILE") == 0) {
            text_str(out, " compopt -o filenames 2>/dev/null;"
                          " mapfile -t COMPREPLY < <(compgen -f -- \"$cur\");");
        }
        text_str(out, " return ;;\n");
    }
}

static void verb_words(const struct command *command, struct text *out)
{
    text_printf(out, "        %s)\n            flags=\"", command->name);
    flag_names(command->flags, out);
    flag_names(command_common_flags, out);
    text_str(out, "\"\n");
    switch (command->operands) {
    case OPERANDS_FILE:
    case OPERANDS_FILES:
    case OPERANDS_PLUGIN:
        text_str(out, "            files=yes ;;\n");
        break;
    case OPERANDS_VERB:
        text_str(out, "            words=$verbs ;;\n");
        break;
    case OPERANDS_SHELL:
        text_str(out, "            words=bash ;;\n");
        break;
    case OPERANDS_NONE:
        text_str(out, "            ;;\n");
        break;
    }
}

void command_complete_bash(struct text *out)
{
    text_str(out,
             "# bash completion for pphost, made by 'pphost complete bash'\n"
             "_pphost()\n{\n"
             "    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n"
             "    local prev=${COMP_WORDS[COMP_CWORD-1]} flags='' words='' files=''\n"
             "    local verbs=\"");
    for (const struct command *c = command_table; c->name != NULL; c++)
        text_printf(out, "%s%s", c == command_table ? "" : " ", c->name);
    text_str(out, "\"\n"
                  "    COMPREPLY=()\n"
                  "    if ((COMP_CWORD == 1)); then\n"
                  "        mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\")\n"
                  "        return\n"
                  "    fi\n"
                  "    case $verb/$prev in\n");
    for (const struct command *c = command_table; c->name != NULL; c++)
        flag_values(c, out);
    text_str(out, "    esac\n    case $verb in\n");
    for (const struct command *c = command_table; c->name != NULL; c++)
        verb_words(c, out);
    text_str(out, "    esac\n"
                  "    if [[ $cur == -* ]]; then\n"
                  "        mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$cur\")\n"
                  "    elif [[ $files ]]; then\n"
                  "        compopt -o filenames 2>/dev/null\n"
                  "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                  "    else\n"
                  "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                  "    fi\n"
                  "}\n"
                  "complete -F _pphost pphost\n");
}

int verb_complete(const struct arguments *args)
{
    struct text out = {0};

    if (args->n_words == 0)
        return output_usage("error: 'complete' needs the name of a shell: bash\n");
    if (strcmp(args->words[0], "zsh") == 0 || strcmp(args->words[0], "fish") == 0)
        return output_usage(
            "error: 'pphost complete %s' is not available in this version\n",
            args->words[0]);
    if (strcmp(args->words[0], "bash") != 0)
        return output_usage("error: no completion for that shell\n   = shells: bash\n");
    command_complete_bash(&out);
    return output_finish(&out);
}
