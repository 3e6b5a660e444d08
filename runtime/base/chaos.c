/* SPDX-License-Identifier: MIT */
#include "base/chaos.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/sync.h"

enum {
    OFTEN = 1 << 16,         /* rates are so many times in this */
    SHORT_NS = 100 * 1000,   /* a thread is held up for at most so long, ... */
    LONG_NS = 3 * NS_PER_MS, /* ... or, rarely, for so long */
    THREADS_MAX = 256, /* whose system calls are interrupted; more are left in peace */
    INTERRUPT_SIGNAL =
        SIGURG, /* ignored unless someone listens: it does no harm elsewhere */
};

/*
 * How often things happen in this process.  Set before threads start, from the seed: some things never happen
 * in one process and all the time in another, which finds more than a bit of everything does.
 */
static struct {
    uint64_t seed;
    unsigned yield, nap, long_nap, interrupt;
    unsigned lie[CHAOS_KINDS];
} rates;

/* The calling thread's generator; 0: not begun. */
static _Thread_local uint64_t random_state;

/* written and read by: any thread, to number itself; relaxed: each gets another number */
static _Atomic uint32_t n_threads;

/* Threads that may be interrupted.  A plain lock: this one is not to be held up. */
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t threads[THREADS_MAX] GUARDED_BY(threads_lock);
static bool alive[THREADS_MAX] GUARDED_BY(threads_lock);
static _Thread_local unsigned my_slot; /* in them, + 1; 0: none */
static pthread_key_t at_thread_end; /* set before main(); its destructor frees the slot */

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Lets others interrupt this thread, until it ends; does nothing when there are too many. */
static void let_interrupt(void)
{
    sigset_t set;
    int rc;

    (void)pthread_mutex_lock(&threads_lock);
    for (unsigned k = 0; k < THREADS_MAX && my_slot == 0; k++) {
        if (!alive[k]) {
            threads[k] = pthread_self();
            alive[k] = true;
            my_slot = k + 1;
        }
    }
    (void)pthread_mutex_unlock(&threads_lock);
    if (my_slot == 0)
        return;
    rc = pthread_setspecific(at_thread_end, &my_slot);
    PPH_ASSERT(rc == 0);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, INTERRUPT_SIGNAL);
    rc = pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    PPH_ASSERT(rc == 0);
}

static void on_thread_end(void *slot)
{
    (void)slot;
    (void)pthread_mutex_lock(&threads_lock);
    alive[my_slot - 1] = false;
    (void)pthread_mutex_unlock(&threads_lock);
}

static void begin_thread(unsigned number)
{
    uint64_t state = rates.seed ^ ((uint64_t)number << 32);

    random_state = next(&state) | 1;
    let_interrupt();
}

static unsigned next_number(void)
{
    return atomic_fetch_add_explicit(&n_threads, 1, memory_order_relaxed);
}

static uint64_t draw(void)
{
    if (random_state == 0)
        begin_thread(next_number());
    return next(&random_state);
}

static bool happens(unsigned rate)
{
    return draw() % OFTEN < rate;
}

static unsigned one_of(uint64_t *state, const unsigned *choices, unsigned n)
{
    return choices[next(state) % n];
}

static void on_interrupt(int number)
{
    (void)number;
}

static void after_fork(void)
{
    memset(alive, 0, sizeof(alive)); /* the child has this thread only */
    if (my_slot > 0)
        alive[my_slot - 1] = true;
}

void chaos_begin(uint64_t seed)
{
    static const unsigned yields[] = {0, OFTEN / 256, OFTEN / 32, OFTEN / 4};
    static const unsigned naps[] = {0, OFTEN / 8192, OFTEN / 2048, OFTEN / 512};
    static const unsigned long_naps[] = {0, 0, 1};
    static const unsigned interrupts[] = {0, OFTEN / 1024, OFTEN / 64};
    static const unsigned lies[] = {0, OFTEN / 64, OFTEN / 4, OFTEN / 2};
    uint64_t state = seed;

    rates.seed = seed;
    rates.yield = one_of(&state, yields, 4);
    rates.nap = one_of(&state, naps, 4);
    rates.long_nap = one_of(&state, long_naps, 3);
    rates.interrupt = one_of(&state, interrupts, 3);
    for (unsigned kind = 0; kind < CHAOS_KINDS; kind++)
        rates.lie[kind] = one_of(&state, lies, 4);
    atomic_store_explicit(&n_threads, 0, memory_order_relaxed);
    random_state = 0;
}

__attribute__((constructor)) static void begin_process(void)
{
    /* No SA_RESTART: a system call under way returns EINTR. */
    struct sigaction action = {.sa_handler = on_interrupt};
    const char *text = getenv("PPH_CHAOS_SEED");
    char copy[24];
    int rc;

    chaos_begin(text ? strtoull(text, NULL, 10)
                     : (clock_now_ns() ^ (uint64_t)getpid() << 40) % 1000000000);
    /* What this process starts, and its last words, are to have the same. */
    (void)snprintf(copy, sizeof(copy), "%llu", (unsigned long long)rates.seed);
    (void)setenv("PPH_CHAOS_SEED", copy, 1);
    rc = sigaction(INTERRUPT_SIGNAL, &action, NULL);
    PPH_ASSERT(rc == 0);
    rc = pthread_key_create(&at_thread_end, on_thread_end);
    PPH_ASSERT(rc == 0);
    rc = pthread_atfork(NULL, NULL, after_fork);
    PPH_ASSERT(rc == 0);
}

uint64_t chaos_seed(void)
{
    return rates.seed;
}

/* Sends a signal to one of the threads, if it is alive.  Never waits: it may run in a handler. */
static void interrupt_someone(void)
{
    unsigned slot = (unsigned)(draw() % THREADS_MAX);

    if (pthread_mutex_trylock(&threads_lock) != 0)
        return;
    for (unsigned k = 0; k < THREADS_MAX && !alive[slot]; k++)
        slot = (slot + 1) % THREADS_MAX;
    if (alive[slot])
        (void)pthread_kill(threads[slot], INTERRUPT_SIGNAL);
    (void)pthread_mutex_unlock(&threads_lock);
}

static void nap(uint64_t ns)
{
    struct timespec time = {.tv_nsec = (long)ns};

    (void)nanosleep(&time, NULL); /* an interrupted one is as good */
}

void chaos_point(void)
{
    int saved = errno;

    if (happens(rates.yield))
        (void)sched_yield();
    if (happens(rates.nap))
        nap(draw() % SHORT_NS);
    if (happens(rates.long_nap))
        nap(LONG_NS);
    if (happens(rates.interrupt))
        interrupt_someone();
    errno = saved;
}

void chaos_never(enum chaos kind)
{
    rates.lie[kind] = 0;
}

bool chaos_says(enum chaos kind)
{
    return happens(rates.lie[kind]);
}

/* What a new thread is to do. */
struct start {
    void *(*body)(void *);
    void *arg;
    unsigned number;
};

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    begin_thread(start.number);
    chaos_point();
    return start.body(start.arg);
}

int chaos_create(pthread_t *ret_thread, const char *name, void *(*body)(void *),
                 void *arg)
{
    struct start *start;
    int rc;

    if (strcmp(name, THREAD_SPARE) == 0 && chaos_says(CHAOS_NO_THREAD))
        return EAGAIN;
    start = malloc(sizeof(*start));
    if (!start)
        return ENOMEM;
    *start = (struct start){.body = body, .arg = arg, .number = next_number()};
    rc = pthread_create(ret_thread, NULL, begin, start);
    if (rc != 0)
        free(start);
    return rc;
}
