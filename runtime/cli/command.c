/* SPDX-License-Identifier: MIT */
/* The table itself: everything that the command line knows, and its words. */
#include "cli/command.h"

#include <string.h>

#include "cli/verbs.h"

#define END_OF_FLAGS \
    {                \
        .name = NULL \
    }

#define FLAG_SET                                                                       \
    {                                                                                  \
        .name = "set", .arg = "KEY=VALUE",                                             \
        .doc = "Overrides a value of the file, such as threads=2, split.workers=4 or " \
               "lines.with.path=x; may be given several times."                        \
    }

#define FLAG_THREADS                                                                 \
    {                                                                                \
        .name = "threads", .arg = "N",                                               \
        .doc = "Threads of the pool; the default is the cores this process may use." \
    }

#define FLAG_MEMORY                                                                   \
    {                                                                                 \
        .name = "memory", .arg = "SIZE",                                              \
        .doc = "Sources wait while items take more memory than this; the default is " \
               "memory: of the file, else a quarter of the memory there is."          \
    }

#define FLAG_JSON                                                        \
    {                                                                    \
        .name = "json", .doc = "Prints JSON instead of text for people." \
    }

const struct command_flag command_common_flags[] = {
    {.name = "help", .letter = 'h', .doc = "Shows what the verb does and takes."},
    END_OF_FLAGS,
};

static const struct command_flag no_flags[] = {END_OF_FLAGS};

/* Of whatever runs a pipeline. */
#define FLAG_OK_REJECTS                                                                 \
    {                                                                                   \
        .name = "ok-rejects", .arg = "N|P%",                                            \
        .doc = "So many items, or such a share of them, may be given up in a run that " \
               "ends with 0; more of them fail it. The default is max_rejects: of the " \
               "file."                                                                  \
    }

#define FLAG_INLINE                                                                   \
    {                                                                                 \
        .name = "inline",                                                             \
        .doc = "Runs every stage in one thread, one after the other, for a debugger." \
    }

#define FLAG_RESULTS                                                                     \
    {                                                                                    \
        .name = "results", .arg = "FILE",                                                \
        .doc = "Writes what tasks and other workers left behind as a JSON list; '-' is " \
               "standard output, where a terminal gets a table."                         \
    }

#define FLAG_LOG                                                                        \
    {                                                                                   \
        .name = "log", .arg = "FORMAT", .choices = "text|json",                         \
        .doc = "What log lines, failures and the summary look like: text, or one JSON " \
               "object per line."                                                       \
    }

#define FLAG_QUIET                                                   \
    {                                                                \
        .name = "quiet", .letter = 'q', .doc = "Prints errors only." \
    }

#define FLAG_VERBOSE                                                                     \
    {                                                                                    \
        .name = "verbose", .letter = 'v',                                                \
        .doc =                                                                           \
            "Logs details, and how far the run is every 10 s when there is no terminal." \
    }

static const struct command_flag run_flags[] = {
    FLAG_SET,
    FLAG_THREADS,
    FLAG_MEMORY,
    FLAG_OK_REJECTS,
    FLAG_INLINE,
    {.name = "dry-run", .doc = "Does what 'pphost check' does, and no more."},
    FLAG_RESULTS,
    FLAG_LOG,
    FLAG_QUIET,
    FLAG_VERBOSE,
    END_OF_FLAGS,
};

static const struct command_example run_examples[] = {
    {"pphost run tokenise.yaml", "Runs a pipeline."},
    {"pphost run tokenise.yaml in=texts.txt out=-", "Gives values to its vars:."},
    {"pphost run 'lines texts.txt ! split ! write tokens.txt'",
     "A pipeline without a file."},
    {"pphost run --inline --set split.workers=1 tokenise.yaml", "For a debugger."},
    {NULL, NULL},
};

static const char *const run_absent[] = {"resume", "for",   "items", "only", "trace",
                                         "http",   "watch", "stall", NULL};

static const struct command_flag replay_flags[] = {
    {.name = "pipeline",
     .arg = "FILE",
     .doc = "The pipeline, as 'pphost run' takes it; it must be given."},
    {.name = "into",
     .arg = "STAGE",
     .doc = "Sends all letters into this stage, whichever gave them up."},
    {.name = "reason",
     .arg = "PATTERN",
     .doc =
         "Sends only letters whose error is like the pattern as a whole, in which * stands "
         "for any text, ? for any byte and [a-z] for one of several."},
    FLAG_SET,
    FLAG_THREADS,
    FLAG_MEMORY,
    FLAG_OK_REJECTS,
    FLAG_INLINE,
    {.name = "dry-run", .doc = "Says which letters would go where, and no more."},
    FLAG_RESULTS,
    FLAG_LOG,
    FLAG_QUIET,
    FLAG_VERBOSE,
    END_OF_FLAGS,
};

static const struct command_example replay_examples[] = {
    {"pphost replay dead.jsonl --pipeline p.yaml",
     "Sends all letters back to where they failed."},
    {"pphost replay dead.jsonl --pipeline p.yaml --reason '*timeout*' --into fetch",
     "Those that failed for one reason, into one stage."},
    {"pphost replay dead.jsonl --pipeline p.yaml --set box.with.path=again.jsonl",
     "What fails again goes into another file."},
    {NULL, NULL},
};

static const struct command_flag check_flags[] = {FLAG_SET, FLAG_THREADS, FLAG_MEMORY,
                                                  FLAG_JSON, END_OF_FLAGS};

static const struct command_example check_examples[] = {
    {"pphost check tokenise.yaml", "All that is wrong with it, or its facts."},
    {"pphost check --json *.yaml", "Several files, for a program."},
    {NULL, NULL},
};

static const char *const check_absent[] = {"warn", "no-load", "fuzz", "under", NULL};

static const struct command_flag show_flags[] = {
    {.name = "explain", .doc = "Says behind each value where it comes from."},
    FLAG_SET,
    END_OF_FLAGS,
};

static const struct command_example show_examples[] = {
    {"pphost show --explain tokenise.yaml",
     "Which line, default, variable or flag decides."},
    {"pphost show 'lines a.txt ! split ! write -' > p.yaml", "A one-liner as a file."},
    {NULL, NULL},
};

static const char *const show_absent[] = {"json", NULL};

static const struct command_flag graph_flags[] = {
    {.name = "format",
     .arg = "FORMAT",
     .choices = "text|dot|mermaid",
     .later = "svg",
     .doc = "The kind of picture; the default is text on a terminal, else dot."},
    FLAG_SET,
    END_OF_FLAGS,
};

static const struct command_example graph_examples[] = {
    {"pphost graph thumbs.yaml", "Boxes and arrows, on a terminal."},
    {"pphost graph thumbs.yaml | dot -Tsvg > thumbs.svg", "A drawing, with Graphviz."},
    {NULL, NULL},
};

static const char *const graph_absent[] = {"live", NULL};

static const struct command_flag plugins_flags[] = {
    FLAG_JSON,
    {.name = "broken", .doc = "Lists the files that are no usable plugins, and why."},
    END_OF_FLAGS,
};

static const struct command_example plugins_examples[] = {
    {"pphost plugins", "What can stand behind use:."},
    {"pphost plugins lines", "Settings, ports and file of one of them."},
    {"pphost plugins ./thumb.so", "Of a file that is not on the search path."},
    {NULL, NULL},
};

static const char *const plugins_absent[] = {"path", NULL};

static const struct command_flag help_flags[] = {
    {.name = "man", .doc = "Prints the manual page, in the language of man(1)."},
    END_OF_FLAGS,
};

static const struct command_example help_examples[] = {
    {"pphost help run", "What 'run' does and takes."},
    {"pphost help --man | man -l -", "The manual page."},
    {NULL, NULL},
};

static const struct command_example complete_examples[] = {
    {"source <(pphost complete bash)", "Switches completion on in this shell."},
    {NULL, NULL},
};

static const struct command_example no_examples[] = {{NULL, NULL}};

const struct command command_table[] = {
    {"run", OPERANDS_FILE, "FILE [name=value ...]",
     "checks a pipeline, runs it to its end and says what came of it",
     "FILE is a pipeline description, '-' for standard input, a directory that holds "
     "pipeline.yaml, or a quoted one-liner with ' ! ' between its stages. name=value sets a "
     "variable of its vars:.\n"
     "Data goes to standard output, everything else to standard error. The first SIGINT or "
     "SIGTERM closes the sources and lets everything drain; the second stops at once.\n",
     run_flags, run_examples, run_absent, verb_run},
    {"check", OPERANDS_FILES, "FILE ... [name=value ...]",
     "finds all that is wrong with a pipeline without running it",
     "Takes the same way as 'run' up to the point where stages would be opened. Prints every "
     "error with its place, or, when there is none, the stages, who reads whom, and the most "
     "memory that the pipeline can hold.\n",
     check_flags, check_examples, check_absent, verb_check},
    {"show", OPERANDS_FILE, "FILE [name=value ...]",
     "prints a pipeline in its long form, with all defaults",
     "The result is a pipeline description that does the same. Secrets, which are settings "
     "that a plugin declares so and everything read by ${file:...}, appear as \xE2\x80\xB9"
     "secret\xE2\x80\xBA.\n",
     show_flags, show_examples, show_absent, verb_show},
    {"graph", OPERANDS_FILE, "FILE [name=value ...]", "draws a pipeline",
     "Stages from the sources down, and which port leads where.\n", graph_flags,
     graph_examples, graph_absent, verb_graph},
    {"replay", OPERANDS_FILE, "DEAD.jsonl --pipeline FILE [name=value ...]",
     "sends dead letters into a pipeline again",
     "DEAD.jsonl holds lines as the plugin 'jsonl' writes them. Each letter goes, as it came, into "
     "the stage that gave it up; stages above do not run, and neither do others that would get "
     "nothing. The whole file is checked before anything is sent, and it is never written to.\n"
     "Stages that begin their files anew do so here too: give 'write' another path with --set. All "
     "else is as of 'pphost run': the account, the exit code, and what signals do.\n",
     replay_flags, replay_examples, run_absent, verb_replay},
    {"plugins", OPERANDS_PLUGIN, "[NAME]", "lists the plugins, or describes one",
     "NAME is what would stand behind use: in a pipeline. Plugins are searched in ./plugins, "
     "the directories of PPHOST_PLUGIN_PATH, ~/.local/lib/pphost/plugins and the directory of "
     "installed plugins.\n",
     plugins_flags, plugins_examples, plugins_absent, verb_plugins},
    {"complete", OPERANDS_SHELL, "bash", "prints the completion for a shell",
     "Only bash is known in this version.\n", no_flags, complete_examples, NULL,
     verb_complete},
    {"version", OPERANDS_NONE, "",
     "prints the version of pphost and of its plugin interface", "", no_flags,
     no_examples, NULL, verb_version},
    {"help", OPERANDS_VERB, "[VERB]", "explains a verb, or lists them", "", help_flags,
     help_examples, NULL, verb_help},
    {.name = NULL},
};

const char *const command_absent[] = {"test",   "top",     "tap",  "ctl",
                                      "new",    "bench",   "join", "nodes",
                                      "schema", "explain", NULL};

const struct command *command_find(const char *verb)
{
    for (const struct command *c = command_table; c->name != NULL; c++) {
        if (strcmp(c->name, verb) == 0)
            return c;
    }
    return NULL;
}
