/* SPDX-License-Identifier: MIT */
/*
 * The hand-overs between threads of exec/ and flow/, two threads and one word at a time, very often.
 *
 *     litmus [--rounds N] [NAME...]    those tests, or all; a million rounds or a second each
 *     litmus --list
 *
 * Each test is two short pieces of code that run at the same time, and an outcome.  Of the pieces as the
 * runtime has them the outcome must never be seen.  Beside each stands a broken twin, with an order too
 * weak or two steps swapped, of which it must be seen: or the test would prove nothing.  What only another
 * kind of CPU could show is left to the thread sanitizer, which must report it (tests `litmus.race.*`).
 *
 * Threads run through a batch of cells side by side, each cell a round of its own; so they meet in many
 * different ways without a barrier in each round that would order what is to be seen out of order.
 * Exit code 0, or 1 and what was seen.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CELLS = 512, /* rounds between two barriers */
    LINE = 64,
    DAWDLE = 20,
    SPINS = 2000, /* looks at the barrier before the CPU is given away */
    SEEN_ENOUGH = 3,
    BROKEN_SECONDS = 100, /* in which a broken twin has to show itself */
};

/* What the two threads share in one round; written and read by: both, as the test says. */
struct cell {
    _Alignas(LINE) _Atomic uint64_t x;
    _Alignas(LINE) _Atomic uint64_t y;
    _Alignas(LINE) uint64_t data[2]; /* written without atomics, as payload is */
    _Alignas(LINE) uint64_t left;    /* what the left thread saw; nobody else's */
    _Alignas(LINE) uint64_t right;   /* likewise */
};

enum outcome {
    NEVER,    /* must not be seen */
    SOMETIMES /* must be seen, given two CPUs */
};

struct litmus {
    const char *name;
    const char *what; /* of the runtime it stands for */
    void (*left)(struct cell *);
    void (*right)(struct cell *);
    bool (*bad)(const struct cell *); /* the outcome */
    enum outcome outcome;
    bool race; /* has a data race: only for the thread sanitizer to find */
};

/* What makes the two steps of a twin that swaps them lie far enough apart to be caught. */
static void dawdle(void)
{
    for (volatile unsigned k = 0; k < DAWDLE; k++) {
    }
}

/* --- sleep: exec/wakeup.c, sleep-note.  x: the sleeper's idle bit; y: the stage's ready bit. --- */

static void sleep_left(struct cell *c)
{
    atomic_fetch_or_explicit(&c->x, 1, memory_order_seq_cst);
    c->left = atomic_load_explicit(&c->y, memory_order_seq_cst);
}

static void sleep_right(struct cell *c)
{
    atomic_fetch_or_explicit(&c->y, 1, memory_order_seq_cst);
    c->right = atomic_load_explicit(&c->x, memory_order_seq_cst);
}

/*
 * Release and acquire alone: x86 keeps each store back in its buffer while the load goes ahead.  AArch64
 * orders even these (stlr, ldar), so there the twin goes without.
 */
#ifdef __aarch64__
#define WEAK_STORE memory_order_relaxed
#define WEAK_LOAD  memory_order_relaxed
#else
#define WEAK_STORE memory_order_release
#define WEAK_LOAD  memory_order_acquire
#endif

static void sleep_weak_left(struct cell *c)
{
    atomic_store_explicit(&c->x, 1, WEAK_STORE);
    c->left = atomic_load_explicit(&c->y, WEAK_LOAD);
}

static void sleep_weak_right(struct cell *c)
{
    atomic_store_explicit(&c->y, 1, WEAK_STORE);
    c->right = atomic_load_explicit(&c->x, WEAK_LOAD);
}

/* The sleeper saw nothing to do, and the waker nobody to wake. */
static bool both_missed(const struct cell *c)
{
    return c->left == 0 && c->right == 0;
}

/* --- search: exec/wakeup.c, sleep-note.  x: given up (workers.searching is down); y: the ready bit. --- */

static void search_left(struct cell *c)
{
    atomic_fetch_add_explicit(&c->x, 1, memory_order_seq_cst);
    c->left = atomic_load_explicit(&c->y, memory_order_seq_cst);
}

/* right: 0, someone searches still, so nobody is woken */
static void search_right(struct cell *c)
{
    atomic_fetch_or_explicit(&c->y, 1, memory_order_seq_cst);
    c->right = atomic_load_explicit(&c->x, memory_order_seq_cst);
}

/* Looks for work once more before it is counted out. */
static void search_swapped_left(struct cell *c)
{
    c->left = atomic_load_explicit(&c->y, memory_order_seq_cst);
    dawdle();
    atomic_fetch_add_explicit(&c->x, 1, memory_order_seq_cst);
}

/* --- go: R1, A1.  x: instance.go; data: park_sent and what was done to the batch. --- */

static void go_left(struct cell *c)
{
    c->data[0] = 1;
    atomic_store_explicit(&c->x, 1, memory_order_release);
}

static void go_swapped_left(struct cell *c)
{
    atomic_store_explicit(&c->x, 1, memory_order_release);
    dawdle();
    c->data[0] = 1;
}

static void go_relaxed_left(struct cell *c)
{
    c->data[0] = 1;
    atomic_store_explicit(&c->x, 1, memory_order_relaxed);
}

/* right: 1 + what it found behind the word; 0: the word was not set yet */
static void go_right(struct cell *c)
{
    if (atomic_load_explicit(&c->x, memory_order_acquire))
        c->right = 1 + c->data[0];
}

static bool word_without_data(const struct cell *c)
{
    return c->right == 1;
}

/* --- wake: R6, A6.  y: the ready bit, relaxed in pick(); x: worker.wake. --- */

static void wake_left(struct cell *c)
{
    atomic_fetch_or_explicit(&c->y, 1, memory_order_seq_cst);
    atomic_store_explicit(&c->x, 1, memory_order_release);
}

static void wake_swapped_left(struct cell *c)
{
    atomic_store_explicit(&c->x, 1, memory_order_release);
    dawdle();
    atomic_fetch_or_explicit(&c->y, 1, memory_order_seq_cst);
}

static void wake_right(struct cell *c)
{
    if (atomic_exchange_explicit(&c->x, 0, memory_order_acquire))
        c->right = 1 + atomic_load_explicit(&c->y, memory_order_relaxed);
}

/* --- refs: flow/, the last one frees.  x: references given back; data: what each has done to it. --- */

static void refs_left(struct cell *c)
{
    c->data[0] = 1;
    if (atomic_fetch_add_explicit(&c->x, 1, memory_order_acq_rel) == 1)
        c->left = 1 + c->data[1];
}

static void refs_right(struct cell *c)
{
    c->data[1] = 1;
    if (atomic_fetch_add_explicit(&c->x, 1, memory_order_acq_rel) == 1)
        c->right = 1 + c->data[0];
}

static void refs_swapped_left(struct cell *c)
{
    if (atomic_fetch_add_explicit(&c->x, 1, memory_order_acq_rel) == 1)
        c->left = 1 + c->data[1];
    dawdle();
    c->data[0] = 1;
}

static void refs_relaxed_left(struct cell *c)
{
    c->data[0] = 1;
    if (atomic_fetch_add_explicit(&c->x, 1, memory_order_relaxed) == 1)
        c->left = 1 + c->data[1];
}

static void refs_relaxed_right(struct cell *c)
{
    c->data[1] = 1;
    if (atomic_fetch_add_explicit(&c->x, 1, memory_order_relaxed) == 1)
        c->right = 1 + c->data[0];
}

/* Whoever came last did not see what the other had done. */
static bool last_one_is_blind(const struct cell *c)
{
    return c->left == 1 || c->right == 1;
}

static const struct litmus tests[] = {
    {"sleep", "run.ready, workers.idle", sleep_left, sleep_right, both_missed, NEVER, 0},
    {"sleep-weak", "the same by release and acquire", sleep_weak_left, sleep_weak_right,
     both_missed, SOMETIMES, 0},
    {"search", "workers.searching", search_left, search_right, both_missed, NEVER, 0},
    {"search-swapped", "counted out after the last look", search_swapped_left,
     search_right, both_missed, SOMETIMES, 0},
    {"go", "instance.go", go_left, go_right, word_without_data, NEVER, 0},
    {"go-swapped", "the word before the data", go_swapped_left, go_right,
     word_without_data, SOMETIMES, 1},
    {"go-relaxed", "the word without release", go_relaxed_left, go_right,
     word_without_data, NEVER, 1},
    {"wake", "worker.wake", wake_left, wake_right, word_without_data, NEVER, 0},
    {"wake-swapped", "the word before the bit", wake_swapped_left, wake_right,
     word_without_data, SOMETIMES, 0},
    {"refs", "buf.refs, root.refs, origin.refs", refs_left, refs_right, last_one_is_blind,
     NEVER, 0},
    {"refs-swapped", "given back before the last look", refs_swapped_left, refs_right,
     last_one_is_blind, SOMETIMES, 1},
    {"refs-relaxed", "counted down without acq_rel", refs_relaxed_left,
     refs_relaxed_right, last_one_is_blind, NEVER, 1},
};

enum { TESTS = sizeof(tests) / sizeof(tests[0]) };

/* The two threads and their barrier. */
static struct {
    const struct litmus *test;
    struct cell cells[CELLS];
    /* written and read by: both threads; counts arrivals, two for each barrier (R1 and A1 in meet()) */
    _Alignas(LINE) _Atomic uint64_t arrived;
    /* the last batch has been; written by: left, before a barrier; read by: right, after it */
    bool over;
} table;

/* Waits for the other thread, `*met` times so far. */
static void meet(uint64_t *met)
{
    uint64_t all = 2 * ++*met;

    atomic_fetch_add_explicit(&table.arrived, 1, memory_order_acq_rel); /* R1 */
    for (unsigned k = 1; atomic_load_explicit(&table.arrived, memory_order_acquire) < all;
         k++) { /* A1 */
        if (k % SPINS == 0)
            (void)sched_yield(); /* it has no CPU at the moment */
    }
}

static void *right_thread(void *arg)
{
    uint64_t met = 0;

    (void)arg;
    for (;;) {
        meet(&met);
        if (table.over)
            return NULL;
        for (size_t k = 0; k < CELLS; k++)
            table.test->right(&table.cells[k]);
        meet(&met);
    }
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Runs batches until it is time; returns how often the outcome was seen. */
static uint64_t run_left(const struct litmus *test, uint64_t rounds, double seconds,
                         uint64_t *ret_done)
{
    double until = now_s() + seconds;
    uint64_t met = 0;
    uint64_t seen = 0;
    uint64_t done = 0;

    while (done < rounds && now_s() < until &&
           (test->outcome == NEVER || seen < SEEN_ENOUGH)) {
        memset(table.cells, 0, sizeof(table.cells));
        meet(&met);
        for (size_t k = 0; k < CELLS; k++)
            test->left(&table.cells[k]);
        meet(&met);
        for (size_t k = 0; k < CELLS; k++)
            seen += test->bad(&table.cells[k]);
        done += CELLS;
    }
    table.over = true;
    meet(&met);
    *ret_done = done;
    return seen;
}

static unsigned cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* False: the outcome was seen where it must not be, or not where it must. */
static bool run_test(const struct litmus *test, uint64_t rounds, double seconds)
{
    pthread_t thread;
    uint64_t done;
    uint64_t seen;
    bool good;

    if (test->outcome == SOMETIMES && cpus() < 2) {
        (void)printf("%-15s needs two CPUs\n", test->name);
        return true;
    }
    table.test = test;
    table.over = false;
    atomic_store_explicit(&table.arrived, 0, memory_order_relaxed);
    if (pthread_create(&thread, NULL, right_thread, NULL) != 0)
        abort();
    seen = test->outcome == NEVER ? run_left(test, rounds, seconds, &done)
                                  : run_left(test, UINT64_MAX, BROKEN_SECONDS, &done);
    (void)pthread_join(thread, NULL);
    good = (seen > 0) == (test->outcome == SOMETIMES);
    (void)printf("%-15s %s: seen %llu times in %llu rounds%s\n", test->name, test->what,
                 (unsigned long long)seen, (unsigned long long)done,
                 good ? "" : ": WRONG");
    (void)fflush(stdout);
    return good;
}

static bool is_named(const struct litmus *test, char **names, int n)
{
    for (int k = 0; k < n; k++) {
        if (strcmp(names[k], test->name) == 0)
            return true;
    }
    return n == 0 && !test->race;
}

int main(int argc, char **argv)
{
    uint64_t rounds = 1000000;
    double seconds = 1;
    int first = 1;
    unsigned ran = 0;
    bool good = true;

    if (argc > 2 && strcmp(argv[1], "--rounds") == 0) {
        rounds = strtoull(argv[2], NULL, 10);
        seconds = 1e9; /* as long as it takes */
        first = 3;
    }
    for (unsigned k = 0; k < TESTS; k++) {
        if (argc == 2 && strcmp(argv[1], "--list") == 0) {
            (void)printf("%s\n", tests[k].name);
            ran++;
        } else if (is_named(&tests[k], argv + first, argc - first)) {
            good = run_test(&tests[k], rounds, seconds) && good;
            ran++;
        }
    }
    if (ran == 0)
        (void)fprintf(stderr, "usage: litmus [--rounds N] [NAME...] | --list\n");
    return good && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
