/* SPDX-License-Identifier: MIT */
/* pphost: reads the command line and hands over to the verb. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/exits.h"
#include "cli/output.h"

/*
 * A closed standard descriptor would be given to the first file that is opened, and messages would end up
 * in it.  It is filled with one that fails: to read where we write, and the other way round.
 */
static void hold_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXITS_SYSTEM);
    }
}

int main(int argc, char **argv)
{
    struct arguments args;
    struct text text = {0};
    int code;

    hold_standard_fds();
    if (getauxval(AT_SECURE) != 0) {
        text_str(&text,
                 "error: pphost loads code that its caller names, so it does not run "
                 "set-user-ID or with file capabilities\n");
        return output_error(&text, EXITS_SYSTEM);
    }
    switch (command_parse(argc, argv, &args, &text)) {
    case COMMAND_OK:
        code = args.command->run(&args);
        arguments_fini(&args);
        text_fini(&text);
        return code;
    case COMMAND_HELP:
        command_help(args.command, output_colour(OUTPUT_STDOUT), &text);
        arguments_fini(&args);
        return output_finish(&text);
    case COMMAND_BAD:
        return output_error(&text, EXITS_USAGE);
    case COMMAND_NO_MEMORY:
        break;
    }
    text_fini(&text);
    return output_no_memory();
}
