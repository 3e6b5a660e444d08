/* SPDX-License-Identifier: MIT */
/*
 * measure FD COMMAND...: runs a command and writes a line of JSON to the descriptor FD: seconds from
 * before fork to after wait, CPU seconds, peak memory, exit code.
 *
 * The harness does not start commands itself, because a child counts the pages of the process that
 * forked it as its own peak, and those of an interpreter are more than a small pipeline's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status;

    int report = argc < 3 ? -1 : atoi(argv[1]);
    if (fcntl(report, F_SETFD, FD_CLOEXEC) < 0) {
        (void)fprintf(stderr, "usage: measure FD COMMAND...\n");
        return 64;
    }

    double start = now_s();
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("measure");
        return 71;
    }
    double wall = now_s() - start;

    (void)dprintf(report,
                  "{\"wall_s\":%.6f,\"cpu_s\":%.6f,\"peak_kib\":%ld,\"code\":%d}\n", wall,
                  seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss,
                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
