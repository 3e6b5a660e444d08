/* SPDX-License-Identifier: MIT */
/* Which call fails: the rules in the environment, the counters in shared memory. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inject.h"

enum when { WHEN_NEVER, WHEN_N, WHEN_FROM, WHEN_EVERY };

struct rule {
    enum when when;
    uint64_t n;
    enum inject_effect effect;
    int error;
};

static const struct {
    const char *name;
    int error; /* unless the rule names another */
} kinds[INJECT_KINDS] = {
    [INJECT_ALLOC] = {"alloc", ENOMEM}, [INJECT_THREAD] = {"thread", EAGAIN},
    [INJECT_READ] = {"read", EIO},      [INJECT_WRITE] = {"write", ENOSPC},
    [INJECT_STDERR] = {"stderr", EIO},  [INJECT_OPEN] = {"open", EMFILE},
    [INJECT_CLOSE] = {"close", EIO},    [INJECT_SYNC] = {"sync", EIO},
    [INJECT_ROOM] = {"room", ENOSPC},   [INJECT_RENAME] = {"rename", EACCES},
    [INJECT_UNLINK] = {"unlink", EIO},  [INJECT_EVENT] = {"event", EMFILE},
    [INJECT_FUTEX] = {"futex", EINTR},  [INJECT_COND] = {"cond", EINTR},
    [INJECT_POLL] = {"poll", EINTR},
};

/* written by: any thread; read by: any thread, and who started the process; relaxed: sums */
struct counts {
    _Atomic uint64_t calls[INJECT_KINDS];
    _Atomic uint64_t hits[INJECT_KINDS];
    _Atomic uint64_t before_threads[INJECT_KINDS];
};

static struct counts early; /* until the constructor has run, and without a file */
static struct counts *counts = &early;
static uint64_t seed = 1;
static struct rule rules[INJECT_KINDS]; /* written by the constructor */

/* Whether this thread takes part.  Initial-exec: the other models may allocate at the first use. */
static _Thread_local bool takes_part __attribute__((tls_model("initial-exec")));

/* A wrong rule would make a test that tests nothing. */
static _Noreturn void refuse(const char *why)
{
    static const char head[] = "inject: ";

    (void)syscall(SYS_write, STDERR_FILENO, head, sizeof(head) - 1);
    (void)syscall(SYS_write, STDERR_FILENO, why, strlen(why));
    (void)syscall(SYS_write, STDERR_FILENO, "\n", (size_t)1);
    (void)syscall(SYS_exit_group, 99);
    __builtin_unreachable();
}

/* Reads `word` and a number after it; false: it stands not here. */
static bool take(const char **at, const char *word, uint64_t *ret_number)
{
    size_t len = strlen(word);
    char *end;

    if (strncmp(*at, word, len) != 0)
        return false;
    if (ret_number) {
        *ret_number = strtoull(*at + len, &end, 10);
        if (end == *at + len)
            refuse("a number is missing in INJECT");
        *at = end;
    } else {
        *at += len;
    }
    return true;
}

static struct rule read_rule(const char **at, int error)
{
    struct rule rule = {.effect = INJECT_ERROR, .error = error};
    uint64_t number;

    if (take(at, ":n=", &rule.n))
        rule.when = WHEN_N;
    else if (take(at, ":from=", &rule.n))
        rule.when = WHEN_FROM;
    else if (take(at, ":every=", &rule.n))
        rule.when = WHEN_EVERY;
    else
        refuse("INJECT wants KIND:n=, KIND:from= or KIND:every=");
    if (take(at, ":short", NULL))
        rule.effect = INJECT_SHORT;
    else if (take(at, ":spurious", NULL))
        rule.effect = INJECT_SPURIOUS;
    else if (take(at, ":", &number))
        rule.error = (int)number;
    if (rule.n == 0)
        refuse("INJECT counts from 1");
    return rule;
}

static void read_rules(const char *at)
{
    while (*at) {
        size_t kind;

        for (kind = 0; kind < INJECT_KINDS; kind++) {
            if (take(&at, kinds[kind].name, NULL))
                break;
        }
        if (kind == INJECT_KINDS)
            refuse("INJECT names a kind that does not exist");
        rules[kind] = read_rule(&at, kinds[kind].error);
        if (*at && *at++ != ' ')
            refuse("there is something behind a rule of INJECT");
    }
}

static void map_counts(const char *file)
{
    /* open() and mmap() are ours, and would count */
    long fd = syscall(SYS_openat, AT_FDCWD, file, O_RDWR);
    long at;

    if (fd < 0)
        refuse("INJECT_COUNTS cannot be opened");
    if (syscall(SYS_lseek, fd, 0L, SEEK_END) != (long)sizeof(*counts))
        refuse("INJECT_COUNTS is of another size: who reads it knows other kinds");
    at = syscall(SYS_mmap, NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                 0L);
    if (at < 0)
        refuse("INJECT_COUNTS cannot be mapped");
    (void)syscall(SYS_close, fd);
    counts = (struct counts *)at;
}

__attribute__((constructor)) static void prepare(void)
{
    const char *file = getenv("INJECT_COUNTS");
    const char *text = getenv("INJECT");
    const char *number = getenv("INJECT_SEED");

    if (number)
        seed = strtoull(number, NULL, 10);
    if (text)
        read_rules(text);
    if (file)
        map_counts(file);
    inject_resume();
}

void inject_pause(void)
{
    takes_part = false;
}

void inject_resume(void)
{
    takes_part = true;
}

/* A number that looks random, of two (splitmix64's mixing). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = a * UINT64_C(0x9E3779B97F4A7C15) + b;

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static bool is_due(const struct rule *rule, enum inject_kind kind, uint64_t call)
{
    switch (rule->when) {
    case WHEN_NEVER:
        break;
    case WHEN_N:
        return call == rule->n;
    case WHEN_FROM:
        return call >= rule->n;
    case WHEN_EVERY:
        return mix(seed + kind, call) % rule->n == 0;
    }
    return false;
}

enum inject_effect inject_decide(enum inject_kind kind)
{
    const struct rule *rule = &rules[kind];
    uint64_t call;

    if (!takes_part)
        return INJECT_NOTHING;
    call = atomic_fetch_add_explicit(&counts->calls[kind], 1, memory_order_relaxed) + 1;
    if (kind == INJECT_THREAD && call == 1) {
        for (size_t k = 0; k < INJECT_KINDS; k++)
            atomic_store_explicit(
                &counts->before_threads[k],
                atomic_load_explicit(&counts->calls[k], memory_order_relaxed),
                memory_order_relaxed);
    }
    if (!is_due(rule, kind, call))
        return INJECT_NOTHING;
    atomic_fetch_add_explicit(&counts->hits[kind], 1, memory_order_relaxed);
    if (rule->effect == INJECT_ERROR)
        errno = rule->error;
    return rule->effect;
}

bool inject_fails(enum inject_kind kind)
{
    return inject_decide(kind) == INJECT_ERROR;
}

void *inject_real(const char *name)
{
    void *real = dlsym(RTLD_NEXT, name);

    if (!real)
        refuse(name);
    return real;
}
