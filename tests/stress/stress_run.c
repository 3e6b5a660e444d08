/* SPDX-License-Identifier: MIT */
/*
 * Random graphs of random stages on random numbers of threads, stopped at random moments.
 *
 *     stress_run [OPTION...] [SECONDS [SEED]]    one graph per seed from SEED on, for so long; 10 s from 1 on
 *     stress_run [OPTION...] one SEED            that graph only, many times: what goes wrong depends on timing
 *
 *     --threads N    all graphs on so many threads of the pool, instead of up to 8 and none
 *     --hang S       a run in which nothing moves for so long hangs; 30
 *
 * Each run must end in time, in a way its graph explains, with an account that adds up; where nothing
 * stops it early, each reader has got exactly the items that a model of the graph says.  The graphs
 * come from graphs.c.  Exit code 0, or 1 with the seed of the run that went wrong on stderr.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/error.h"
#include "exec/stages.h"
#include "stress/graphs.h"
#include "support/watchdog.h"

enum {
    SECONDS_DEFAULT = 10,
    REPEATS = 200, /* of `one` */
    HANG_S =
        30, /* a run takes milliseconds; with a sanitizer on a busy machine, a second */
    GRACE_S = 15,
};

static char seed_text[32]; /* of the run under way, for signal handlers */

static void say(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(STDERR_FILENO, text, left);

        if (n <= 0)
            return;
        text += n;
        left -= (size_t)n;
    }
}

static void say_seed(const char *what)
{
    say("stress_run: ");
    say(what);
    say(": seed ");
    say(seed_text);
#ifdef PPH_CHAOS
    say(" with PPH_CHAOS_SEED=");
    say(getenv("PPH_CHAOS_SEED"));
#endif
    say("\n");
}

static void on_signal(int number)
{
    say_seed("the run crashed");
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* now it does what it always does */
}

/* Of the sanitizers, where there is one: called before they end the process. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming) */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void on_sanitizer_report(void)
{
    say_seed("a sanitizer ends the process");
}

/* Whatever ends the process, the seed is told.  False: it cannot be. */
static bool watch_for_the_end(void)
{
    if (signal(SIGABRT, on_signal) == SIG_ERR) /* of an assertion, or the watchdog */
        return false;
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(on_sanitizer_report);
        return true;
    }
    return signal(SIGSEGV, on_signal) != SIG_ERR;
}

/* Warnings of the host. */
static void log_line(void *arg, int level, const struct graph_stage *stage,
                     const char *message)
{
    (void)arg;
    (void)fprintf(stderr, "seed %s: log %d: %s: %s\n", seed_text, level,
                  stage ? stage->name : "-", message);
}

/* Calls run_signal() after so many yields, the times that the plan says. */
struct signaller {
    const struct graph_plan *plan;
    struct run *run;
};

static void *send_signals(void *arg)
{
    const struct signaller *signaller = arg;

    for (unsigned k = 0; k < signaller->plan->n_signals; k++) {
        for (unsigned y = 0; y < signaller->plan->signal_after[k]; y++)
            (void)sched_yield();
        run_signal(signaller->run);
    }
    return NULL;
}

static const char *end_name(enum run_end end)
{
    static const char *const names[] = {
        [RUN_DONE] = "done",       [RUN_DRAINED] = "drained",
        [RUN_FAILED] = "failed",   [RUN_STOPPED] = "stopped",
        [RUN_STALLED] = "stalled", [RUN_BAD_COUNT] = "bad count"};

    return names[end];
}

/* NULL, or what is wrong with how the run ended. */
static const char *judge(const struct graph_plan *plan, const struct run *run,
                         enum run_end end)
{
    const struct run_account *a = run_account(run);

    if (end == RUN_BAD_COUNT || end == RUN_STALLED)
        return "a bug of the host";
    if (a->read + a->split != a->delivered + a->dead + a->skipped + a->filtered +
                                  a->merged + a->dropped + a->unfinished)
        return "the account does not add up";
    if (end == RUN_FAILED && !plan->may_fail)
        return "no stage of it can fail";
    if (end == RUN_DRAINED && plan->n_signals == 0)
        return "nobody sent a signal";
    if (end == RUN_STOPPED && plan->n_signals < 2)
        return "nobody sent two signals";
    if (end == RUN_DONE && plan->must_fail)
        return "a stage should have stopped it";
    if (end == RUN_DONE && plan->exact &&
        (atomic_load(&collected.n) != plan->n ||
         atomic_load(&collected.sum) != plan->sum))
        return "items were lost, doubled or changed";
    if ((end == RUN_DONE || end == RUN_DRAINED) && a->unfinished > 0)
        return "items are left over";
    if ((end == RUN_DONE || end == RUN_DRAINED) &&
        atomic_load(&graph_closed.stopping) > 0)
        return "all was delivered, but stages were told at their end that it was not";
    if (end == RUN_STOPPED && atomic_load(&graph_closed.kept) > 0)
        return "the run was stopped, but stages were told at their end that all is well";
    return NULL;
}

static void report(const struct graph_plan *plan, const struct run *run, enum run_end end,
                   const char *wrong)
{
    struct text shape = {0};

    graph_plan_describe(plan, &shape);
    (void)fprintf(stderr, "stress_run: seed %s: %s: %s\n", seed_text, end_name(end),
                  wrong);
    (void)fprintf(stderr,
                  "  %llu items of sum %llu were collected; exact %d: %llu, %llu\n",
                  (unsigned long long)atomic_load(&collected.n),
                  (unsigned long long)atomic_load(&collected.sum), plan->exact,
                  (unsigned long long)plan->n, (unsigned long long)plan->sum);
    (void)fprintf(stderr, "%s%s", text_get(&shape), run_bug_report(run));
    text_fini(&shape);
}

static enum run_end execute(const struct graph_plan *plan, struct run *run)
{
    struct signaller signaller = {.plan = plan, .run = run};
    enum run_end end;
    pthread_t thread;

    if (pthread_create(&thread, NULL, send_signals, &signaller) != 0) {
        say("stress_run: cannot start a thread\n");
        _exit(EXIT_FAILURE);
    }
    watchdog_begin(run);
    end = run_execute(run);
    watchdog_end();
    (void)pthread_join(thread, NULL);
    return end;
}

/* What the command line says. */
static struct {
    bool one;
    uint64_t threads; /* 0: as the graph says */
    uint64_t hang_s;
    uint64_t seconds, seed;
} wish = {.hang_s = HANG_S, .seconds = SECONDS_DEFAULT, .seed = 1};

static struct graph_plan *plan_of(uint64_t seed)
{
    struct graph_plan *plan = graph_plan_new(seed);

    if (wish.threads > 0)
        plan->threads = (unsigned)wish.threads;
    return plan;
}

/* One run of the seed's graph; false: it went wrong, which was said. */
static bool run_seed(uint64_t seed, unsigned long *ends)
{
    struct graph_plan *plan = plan_of(seed);
    struct run_options options = {.single_thread = plan->threads == 0,
                                  .grace_s = GRACE_S,
                                  .log = log_line,
                                  .log_level = 4};
    struct kit *kit =
        kit_new(plan->stages, plan->n_stages, plan->threads ? plan->threads : 1);
    struct error err = {0};
    struct run *run;
    const char *wrong;
    enum run_end end;

    (void)snprintf(seed_text, sizeof(seed_text), "%llu", (unsigned long long)seed);
    collected_reset();
    graph_closed = (struct graph_closed){0};
    run = run_new(kit_graph(kit), &options, &err);
    if (!run) {
        (void)fprintf(stderr, "stress_run: seed %s: %s\n", seed_text, err.text);
        _exit(EXIT_FAILURE);
    }
    end = execute(plan, run);
    wrong = judge(plan, run, end);
    if (wrong)
        report(plan, run, end, wrong);
    ends[end]++;
    run_free(run);
    kit_free(kit);
    graph_plan_free(plan);
    return wrong == NULL;
}

static bool run_many(uint64_t seconds, uint64_t seed, unsigned long *ends)
{
    time_t start = time(NULL);

    while ((uint64_t)(time(NULL) - start) < seconds) {
        if (!run_seed(seed++, ends))
            return false;
    }
    return true;
}

static bool run_one(uint64_t seed, unsigned long *ends)
{
    for (unsigned k = 0; k < REPEATS; k++) {
        if (!run_seed(seed, ends))
            return false;
    }
    return true;
}

/* False: not a number. */
static bool to_number(const char *text, uint64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

START_TEST(random_graphs_end_in_time_and_lose_nothing)
{
    unsigned long ends[RUN_BAD_COUNT + 1] = {0};
    bool good =
        wish.one ? run_one(wish.seed, ends) : run_many(wish.seconds, wish.seed, ends);

    for (enum run_end end = RUN_DONE; end <= RUN_BAD_COUNT; end++)
        (void)printf("%s%s %lu", end == RUN_DONE ? "" : ", ", end_name(end), ends[end]);
    (void)printf("\n");
    ck_assert_msg(good, "seed %s", seed_text);
}
END_TEST

/* The kit asserts with Check, so this is a suite; in one process, for signals and the last words. */
static bool run_suite(void)
{
    Suite *suite = suite_create("stress/run");
    TCase *tc = tcase_create("graphs");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, random_graphs_end_in_time_and_lose_nothing);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0;
}

/* False: it says what nobody understands. */
static bool read_command_line(int argc, char **argv)
{
    int k = 1;

    for (; k + 1 < argc && strncmp(argv[k], "--", 2) == 0; k += 2) {
        bool threads = strcmp(argv[k], "--threads") == 0;

        if (!threads && strcmp(argv[k], "--hang") != 0)
            return false;
        if (!to_number(argv[k + 1], threads ? &wish.threads : &wish.hang_s))
            return false;
    }
    wish.one = k < argc && strcmp(argv[k], "one") == 0;
    if (k < argc && !wish.one && !to_number(argv[k], &wish.seconds))
        return false;
    if (++k < argc && !to_number(argv[k], &wish.seed))
        return false;
    return k + 1 >= argc;
}

int main(int argc, char **argv)
{
    if (!read_command_line(argc, argv)) {
        say("usage: stress_run [--threads N] [--hang S] [SECONDS [SEED] | one SEED]\n");
        return 2;
    }
    watchdog_set((unsigned)wish.hang_s);
    return watch_for_the_end() && run_suite() ? EXIT_SUCCESS : EXIT_FAILURE;
}
