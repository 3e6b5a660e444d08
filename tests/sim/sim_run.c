/* SPDX-License-Identifier: MIT */
/*
 * Runs the scheduler under a machine that decides, from a seed, who goes on at each point.
 *
 *     sim_run [--runs N] [--from SEED] [-j JOBS]   one schedule per seed from SEED on; 1,000 from 1 on
 *             [--tell N]                           ... and a line after every N of them
 *     sim_run --seed SEED [--trace]                that schedule alone, with its graph
 *     sim_run --twice [--runs N] [--from SEED]     each schedule twice, which must be the same
 *
 * Exit code 0, or 1 with the seed, the graph, the state of all threads and stages and the last points
 * of the first schedule that went wrong on stderr: it is run again for that.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/judge.h"
#include "sim/machine.h"
#include "sim/oracle.h"
#include "sim/trace.h"

enum { RUNS_DEFAULT = 1000, JOBS_MAX = 64, NEVER_S = 1000000 };

struct totals {
    uint64_t runs, steps, turns, settled, lazy;
    uint64_t ends[RUN_BAD_COUNT + 1];
};

/* What the command line says. */
static struct options {
    uint64_t runs, from, seed, tell;
    unsigned jobs;
    bool one, again, trace, twice;
} options = {.runs = RUNS_DEFAULT, .from = 1, .jobs = 1};

/* --- one schedule --------------------------------------------------------------------------- */

static struct plan plan;
static struct kit *kit;
static struct run *run;
static enum run_end end;
static unsigned n_signals;
static bool tracing;

static void say_seed(void)
{
    (void)fprintf(stderr, "sim_run: seed %" PRIu64 ": ", plan.seed);
}

static void show_plan(FILE *to)
{
    struct text shape = {0};

    plan_describe(&plan, &shape);
    (void)fputs(text_get(&shape), to);
    text_fini(&shape);
}

/* Runs the schedule once more, in this process, with a trace.  Comes back only if that cannot be done. */
static void again(void)
{
    char seed[32];
    char *words[] = {(char[]){"sim_run"}, (char[]){"--again"}, seed, NULL};

    (void)snprintf(seed, sizeof(seed), "%" PRIu64, plan.seed);
    (void)execv("/proc/self/exe", words);
}

_Noreturn void machine_fail(const char *format, ...)
{
    va_list args;

    say_seed();
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputs("\n", stderr);
    if (!tracing)
        again();
    show_plan(stderr);
    machine_describe();
    oracle_describe();
    (void)fprintf(stderr, "the last points:\n");
    trace_tail();
    (void)fflush(stdout);
    _exit(EXIT_FAILURE);
}

/* The world outside: signals, and threads of plugins that call wake(). */
static void *outside(void *arg)
{
    (void)arg;
    machine_enter_plugin();
    for (unsigned k = 0; k < plan.n_wakes; k++) {
        for (unsigned n = machine_random(100); n > 0; n--)
            machine_pause();
        machine_leave_plugin();
        script_wake_any();
        machine_enter_plugin();
    }
    for (unsigned k = 0; k < plan.n_signals; k++) {
        for (unsigned n = 0; n < plan.signal_after[k]; n++)
            machine_pause();
        machine_leave_plugin();
        n_signals++;
        run_signal(run);
        machine_enter_plugin();
    }
    machine_leave_plugin();
    return NULL;
}

/* What `top` and the progress line do. */
static void look(void *arg, struct run *looked_at)
{
    struct run_stage_view stages[PLAN_STAGES_MAX];
    struct run_view view = {.stages = stages};

    (void)arg;
    run_view(looked_at, &view);
}

static void *control(void *arg)
{
    struct run_options run_options = {.single_thread = plan.threads == 0,
                                      .grace_s = NEVER_S,
                                      .stall_s = NEVER_S,
                                      .tick = look,
                                      .tick_ms = plan.ticks};
    struct error err = {0};
    bool others = plan.n_wakes + plan.n_signals > 0;
    unsigned thread = 0;

    (void)arg;
    run = run_new(kit_graph(kit), &run_options, &err);
    if (!run)
        machine_fail("%s", err.text);
    oracle_watch(run);
    if (others)
        thread = machine_start("outside", outside, NULL);
    end = run_execute(run);
    if (others)
        machine_join(thread);
    judge_run(&plan, run, end, n_signals);
    oracle_watch(NULL);
    run_free(run);
    return NULL;
}

static uint64_t run_seed(uint64_t seed, bool trace, struct totals *totals)
{
    struct machine_result result;

    plan_make(&plan, seed);
    tracing = trace;
    if (trace)
        trace_begin(options.trace);
    world_begin(&plan);
    n_signals = 0;
    kit = kit_new(plan.stages, plan.n_stages, plan.threads ? plan.threads : 1);
    kit_set_budget(kit, plan.memory_bytes, plan.max_in_flight);
    machine_run(&(struct machine_options){.seed = plan_mix(seed, 0x74757266),
                                          .events = &oracle_events,
                                          .trace = trace,
                                          .start_fails = plan.start_fails,
                                          .leaps = plan.leaps,
                                          .lies = plan.lies},
                control, NULL, &result);
    kit_free(kit);
    totals->runs++;
    totals->steps += result.steps;
    totals->turns += result.turns;
    totals->settled += result.settled;
    totals->ends[end]++;
    return result.hash;
}

/* --- many ----------------------------------------------------------------------------------- */

static void run_twice(uint64_t seed, struct totals *totals)
{
    uint64_t first = run_seed(seed, false, totals);
    uint64_t second = run_seed(seed, true, totals);

    if (first != second) {
        say_seed();
        (void)fprintf(stderr, "the same seed gave two schedules\n");
        exit(EXIT_FAILURE);
    }
}

/* Every jobs-th seed, from the first on. */
static void run_share(unsigned share, struct totals *totals)
{
    for (uint64_t k = share; k < options.runs; k += options.jobs) {
        if (options.twice)
            run_twice(options.from + k, totals);
        else
            (void)run_seed(options.from + k, false, totals);
        if (options.tell > 0 && (k + 1) % options.tell == 0)
            (void)fprintf(stderr, "%" PRIu64 " schedules\n", k + 1);
    }
    totals->lazy = oracle_lazy();
}

static void on_crash(int number)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "sim_run: seed %" PRIu64 ": signal %d\n",
                     plan.seed, number);

    (void)!write(STDERR_FILENO, text, (size_t)n);
    if (!tracing)
        again();
    show_plan(stderr); /* not for a signal handler, but the process is lost anyway */
    trace_tail();
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* now it does what it always does */
}

/* Of the sanitizers, where there is one: called before they end the process. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming) */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void on_sanitizer_report(void)
{
    say_seed();
    (void)fprintf(stderr, "a sanitizer ends the process\n");
    if (!tracing)
        again();
    show_plan(stderr);
    trace_tail();
}

/* A crash tells the seed, also when it is for want of stack. */
static void watch_for_crashes(void)
{
    static char stack[16384];
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = SA_ONSTACK | SA_NODEFER};

    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(on_sanitizer_report);
        return;
    }
    (void)sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
    (void)sigaction(SIGSEGV, &action, NULL);
    (void)sigaction(SIGBUS, &action, NULL);
    (void)sigaction(SIGABRT, &action, NULL);
}

static void print_totals(const struct totals *t, double seconds)
{
    (void)printf("%" PRIu64 " schedules from seed %" PRIu64 " in %.1f s (%.0f per s): ",
                 t->runs, options.from, seconds, (double)t->runs / (seconds + 1e-9));
    for (enum run_end e = RUN_DONE; e <= RUN_STOPPED; e++)
        (void)printf("%s %" PRIu64 "%s", judge_end_name(e), t->ends[e],
                     e < RUN_STOPPED ? ", " : "\n");
    (void)printf("%" PRIu64 " points, %" PRIu64 " turns, settled %" PRIu64
                 " times, %" PRIu64 " times with work ready and a thread asleep\n",
                 t->steps, t->turns, t->settled, t->lazy);
}

static void add_totals(struct totals *sum, const struct totals *part)
{
    const uint64_t *from = (const uint64_t *)part;
    uint64_t *to = (uint64_t *)sum;

    for (size_t k = 0; k < sizeof(*sum) / sizeof(uint64_t); k++)
        to[k] += from[k];
}

/* One process per job; false: one found something, and the others were not waited for. */
static bool run_jobs(struct totals *totals)
{
    pid_t pids[JOBS_MAX];
    int ends[2];
    bool good = true;

    if (pipe(ends) != 0)
        return false;
    for (unsigned j = 0; j < options.jobs; j++) {
        pids[j] = fork();
        if (pids[j] == 0) {
            struct totals part = {0};

            run_share(j, &part);
            (void)!write(ends[1], &part, sizeof(part));
            exit(EXIT_SUCCESS);
        }
    }
    for (unsigned j = 0; j < options.jobs; j++) {
        int status = 0;
        pid_t ended = wait(&status);

        if (WIFSIGNALED(status))
            (void)fprintf(stderr, "sim_run: a process was ended by signal %d\n",
                          WTERMSIG(status));
        if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            for (unsigned k = 0; good && k < options.jobs; k++) {
                if (pids[k] > 0 && pids[k] != ended)
                    (void)kill(pids[k], SIGTERM);
            }
            good = false;
        } else {
            struct totals part;

            if (read(ends[0], &part, sizeof(part)) == (ssize_t)sizeof(part))
                add_totals(totals, &part);
        }
    }
    return good;
}

/* --- command line --------------------------------------------------------------------------- */

static bool to_number(const char *text, uint64_t *ret_number)
{
    char *rest;

    if (!text)
        return false;
    errno = 0;
    *ret_number = strtoull(text, &rest, 10);
    return errno == 0 && rest != text && *rest == '\0';
}

static bool parse(char **argv)
{
    for (argv++; *argv; argv++) {
        const char *word = *argv;
        uint64_t jobs;

        if (strcmp(word, "--trace") == 0) {
            options.trace = true;
        } else if (strcmp(word, "--twice") == 0) {
            options.twice = true;
        } else if (strcmp(word, "--runs") == 0 && to_number(argv[1], &options.runs)) {
            argv++;
        } else if (strcmp(word, "--from") == 0 && to_number(argv[1], &options.from)) {
            argv++;
        } else if ((strcmp(word, "--seed") == 0 || strcmp(word, "--again") == 0) &&
                   to_number(argv[1], &options.seed)) {
            options.one = true;
            options.again = word[2] == 'a';
            argv++;
        } else if (strcmp(word, "--tell") == 0 && to_number(argv[1], &options.tell)) {
            argv++;
        } else if (strcmp(word, "-j") == 0 && to_number(argv[1], &jobs) && jobs > 0 &&
                   jobs <= JOBS_MAX) {
            options.jobs = (unsigned)jobs;
            argv++;
        } else {
            return false;
        }
    }
    return true;
}

static void show_one(uint64_t hash)
{
    show_plan(stdout);
    (void)printf("%s, hash %016" PRIx64 "\n", judge_end_name(end), hash);
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    struct timespec begin;
    struct timespec now;
    bool good = true;

    (void)argc;
    if (!parse(argv)) {
        (void)fprintf(
            stderr,
            "usage: sim_run [--runs N] [--from SEED] [-j JOBS] [--tell N] [--twice] "
            "| --seed SEED [--trace]\n");
        return 2;
    }
    watch_for_crashes();
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    if (options.one) {
        show_one(run_seed(options.seed, true, &totals));
        if (options.again)
            (void)fprintf(stderr,
                          "sim_run: seed %" PRIu64 " went wrong once, and not again\n",
                          options.seed);
        return options.again ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (options.jobs > 1)
        good = run_jobs(&totals);
    else
        run_share(0, &totals);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (good)
        print_totals(&totals, (double)(now.tv_sec - begin.tv_sec) +
                                  (double)(now.tv_nsec - begin.tv_nsec) / 1e9);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
