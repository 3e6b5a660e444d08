/* SPDX-License-Identifier: MIT */
/* Files, threads and waiting. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inject.h"

#define REAL(name)                                        \
    static __typeof__(name) *real;                        \
    do {                                                  \
        if (!real)                                        \
            *(void **)(void *)&real = inject_real(#name); \
    } while (0)

static enum inject_effect decide_write(int fd)
{
    return inject_decide(fd == STDERR_FILENO ? INJECT_STDERR : INJECT_WRITE);
}

/* How much of a read or write of `len` bytes is done. */
static size_t part(enum inject_effect effect, size_t len)
{
    return effect == INJECT_SHORT && len > 1 ? (len + 2) / 3 : len;
}

ssize_t read(int fd, void *to, size_t len)
{
    REAL(read);
    enum inject_effect effect = inject_decide(INJECT_READ);

    return effect == INJECT_ERROR ? -1 : real(fd, to, part(effect, len));
}

ssize_t pread(int fd, void *to, size_t len, off_t at)
{
    REAL(pread);
    enum inject_effect effect = inject_decide(INJECT_READ);

    return effect == INJECT_ERROR ? -1 : real(fd, to, part(effect, len), at);
}

ssize_t write(int fd, const void *from, size_t len)
{
    REAL(write);
    enum inject_effect effect = decide_write(fd);

    return effect == INJECT_ERROR ? -1 : real(fd, from, part(effect, len));
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t at)
{
    REAL(pwrite);
    enum inject_effect effect = decide_write(fd);

    return effect == INJECT_ERROR ? -1 : real(fd, from, part(effect, len), at);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
    REAL(writev);
    enum inject_effect effect = decide_write(fd);
    struct iovec first;

    if (effect == INJECT_ERROR)
        return -1;
    if (effect != INJECT_SHORT || n < 1)
        return real(fd, iov, n);
    first = iov[0];
    first.iov_len = part(effect, first.iov_len);
    return real(fd, &first, 1);
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    mode_t mode = 0;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;

        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return inject_fails(INJECT_OPEN) ? -1 : real(path, flags, mode);
}

/* Linux gives the descriptor back whatever close() says. */
int close(int fd)
{
    REAL(close);
    bool fails = inject_fails(INJECT_CLOSE);
    int error = errno;
    int rc = real(fd);

    if (!fails)
        return rc;
    errno = error;
    return -1;
}

int fsync(int fd)
{
    REAL(fsync);
    return inject_fails(INJECT_SYNC) ? -1 : real(fd);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    REAL(fallocate);
    return inject_fails(INJECT_ROOM) ? -1 : real(fd, mode, at, len);
}

int ftruncate(int fd, off_t len)
{
    REAL(ftruncate);
    return inject_fails(INJECT_ROOM) ? -1 : real(fd, len);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return inject_fails(INJECT_RENAME) ? -1 : real(from, to);
}

int unlink(const char *path)
{
    REAL(unlink);
    return inject_fails(INJECT_UNLINK) ? -1 : real(path);
}

int eventfd(unsigned count, int flags)
{
    REAL(eventfd);
    return inject_fails(INJECT_EVENT) ? -1 : real(count, flags);
}

/* A thread's body, and what it is called with. */
struct start {
    void *(*body)(void *arg);
    void *arg;
};

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    inject_resume();
    return start.body(start.arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*body)(void *),
                   void *arg)
{
    REAL(pthread_create);
    struct start *start;
    int rc = EAGAIN;

    if (inject_fails(INJECT_THREAD))
        return errno;
    inject_pause();
    start = malloc(sizeof(*start));
    if (start) {
        *start = (struct start){.body = body, .arg = arg};
        rc = real(thread, attr, begin, start);
        if (rc != 0)
            free(start);
    }
    inject_resume();
    return rc;
}

/* Whether a condition is to come up although nobody has signalled it. */
static bool wakes(pthread_mutex_t *mutex)
{
    if (inject_decide(INJECT_COND) != INJECT_SPURIOUS)
        return false;
    (void)pthread_mutex_unlock(mutex);
    (void)sched_yield();
    (void)pthread_mutex_lock(mutex);
    return true;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    REAL(pthread_cond_wait);
    return wakes(mutex) ? 0 : real(cond, mutex);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    REAL(pthread_cond_timedwait);
    return wakes(mutex) ? 0 : real(cond, mutex, until);
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    REAL(poll);
    return inject_fails(INJECT_POLL) ? -1 : real(fds, n, timeout_ms);
}

/* What syscall() is used for here is the futex. */
long syscall(long number, ...)
{
    REAL(syscall);
    long a[6];
    va_list rest;

    va_start(rest, number);
    for (size_t k = 0; k < 6; k++)
        a[k] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT) {
        enum inject_effect effect = inject_decide(INJECT_FUTEX);

        if (effect == INJECT_ERROR)
            return -1;
        if (effect == INJECT_SPURIOUS) {
            (void)sched_yield();
            return 0;
        }
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
