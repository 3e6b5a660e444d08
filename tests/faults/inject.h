/* SPDX-License-Identifier: MIT */
/*
 * A shared object that stands between a program and libc (LD_PRELOAD) and lets calls fail on purpose.
 *
 * Two variables of the environment say what it does:
 *
 *   INJECT         rules, blank-separated: KIND:WHEN[:EFFECT].  Without it, calls are only counted.
 *                  KIND    one of the names in inject_rules.c: alloc, thread, write, ...
 *                  WHEN    n=5      the fifth call alone
 *                          from=5   the fifth and all after it
 *                          every=5  about every fifth; seed=S (below) says which
 *                  EFFECT  an errno number: the call fails with it (each kind has its own default);
 *                          short: it does a part of the work; spurious: a wait returns at once.
 *   INJECT_SEED    a number, 1 when it is not set: which calls every=5 means.
 *   INJECT_COUNTS  a file of INJECT_KINDS * 3 numbers of 8 bytes: calls, hits, and calls before the
 *                  first thread was made, per kind.  It is shared memory: what it says is true however
 *                  the program ends.
 *
 * Calls are counted in the whole process, plugins and libyaml included, from the constructor on; what
 * libc calls inside of itself is seen where it asks for memory and nowhere else.
 */
#ifndef FAULTS_INJECT_H
#define FAULTS_INJECT_H

#include <stdbool.h>

enum inject_kind {
    INJECT_ALLOC,  /* malloc and its like, and anonymous mmap */
    INJECT_THREAD, /* pthread_create */
    INJECT_READ,   /* read, pread */
    INJECT_WRITE,  /* write, pwrite, writev, but not to standard error: */
    INJECT_STDERR, /* that */
    INJECT_OPEN,   /* open */
    INJECT_CLOSE,  /* close */
    INJECT_SYNC,   /* fsync */
    INJECT_ROOM,   /* fallocate, ftruncate */
    INJECT_RENAME, /* rename */
    INJECT_UNLINK, /* unlink */
    INJECT_EVENT,  /* eventfd */
    INJECT_FUTEX,  /* a futex wait by syscall() */
    INJECT_COND,   /* pthread_cond_wait, pthread_cond_timedwait */
    INJECT_POLL,   /* poll */
    INJECT_KINDS
};

enum inject_effect {
    INJECT_NOTHING,  /* do what was asked for */
    INJECT_ERROR,    /* fail; errno says why */
    INJECT_SHORT,    /* do a part of it */
    INJECT_SPURIOUS, /* return from a wait at once */
};

/*
 * Nothing is counted, and nothing fails, in a thread that is paused.  A new thread is, until its body
 * begins: what a sanitizer asks for in between must not fail.
 */
void inject_pause(void);
void inject_resume(void);

/* Counts the call and says what is to become of it; sets errno for INJECT_ERROR.  [any thread] */
enum inject_effect inject_decide(enum inject_kind kind);

/* Whether a call of this kind, which returns -1 for a failure, is to fail now; sets errno. [any thread] */
bool inject_fails(enum inject_kind kind);

/* The function of this name that the program would have called without us.  Never NULL.  [any thread] */
void *inject_real(const char *name);

#endif /* FAULTS_INJECT_H */
