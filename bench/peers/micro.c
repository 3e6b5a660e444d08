/* SPDX-License-Identifier: MIT */
/*
 * micro MODE [same] [plug.so]: the constants of a machine, mostly in ns.
 *
 * pingpong futex eventfd condvar wake0 thread fork dlopen dlsym indirect yield clock malloc getppid
 * memcpy memcpyL2; `same` puts both threads on one core; dlopen, dlsym and indirect need plug.so as
 * the third word.  ROUNDS in the environment: round trips of futex, eventfd and condvar (100000).
 */
#include <dlfcn.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
static _Atomic uint32_t f __attribute__((aligned(128))), g __attribute__((aligned(128)));
static int R;
static int e1, e2;
static int ca, cb;
static void *pp(void *a)
{
    (void)a;
    pin(cb);
    for (uint32_t i = 1; i <= (uint32_t)R; i++) {
        while (atomic_load_explicit(&f, memory_order_acquire) != i)
            ;
        atomic_store_explicit(&g, i, memory_order_release);
    }
    return 0;
}
static void fw(_Atomic uint32_t *p, uint32_t v)
{
    syscall(SYS_futex, p, FUTEX_WAIT_PRIVATE, v, 0, 0, 0);
}
static void fk(_Atomic uint32_t *p)
{
    syscall(SYS_futex, p, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}
static void *ff(void *a)
{
    (void)a;
    pin(cb);
    for (uint32_t i = 1; i <= (uint32_t)R; i++) {
        while (atomic_load(&f) != i)
            fw(&f, i - 1);
        atomic_store(&g, i);
        fk(&g);
    }
    return 0;
}
static void *ee(void *a)
{
    (void)a;
    pin(cb);
    uint64_t v;
    for (int i = 0; i < R; i++) {
        (void)!read(e1, &v, 8);
        v = 1;
        (void)!write(e2, &v, 8);
    }
    return 0;
}
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c1 = PTHREAD_COND_INITIALIZER, c2 = PTHREAD_COND_INITIALIZER;
static int st;
static void *cc(void *a)
{
    (void)a;
    pin(cb);
    for (int i = 0; i < R; i++) {
        pthread_mutex_lock(&m);
        while (st != 1)
            pthread_cond_wait(&c1, &m);
        st = 0;
        pthread_cond_signal(&c2);
        pthread_mutex_unlock(&m);
    }
    return 0;
}
static void *nop(void *a)
{
    return a;
}
int main(int c, char **v)
{
    if (c < 2)
        return 2;
    const char *k = v[1];
    int rounds = getenv("ROUNDS") ? atoi(getenv("ROUNDS")) : 100000;
    double s, n = 1;
    pthread_t t;
    const char *u = "ns";
    cb = 1;
    ca = 0;
    if (c > 2 && !strcmp(v[2], "same"))
        cb = 0;
    pin(ca);
    if (!strcmp(k, "pingpong")) {
        R = 2000000;
        pthread_create(&t, 0, pp, 0);
        s = now_s();
        for (uint32_t i = 1; i <= (uint32_t)R; i++) {
            atomic_store_explicit(&f, i, memory_order_release);
            while (atomic_load_explicit(&g, memory_order_acquire) != i)
                ;
        }
        n = 2.0 * R;
    } else if (!strcmp(k, "futex")) {
        R = rounds;
        pthread_create(&t, 0, ff, 0);
        s = now_s();
        for (uint32_t i = 1; i <= (uint32_t)R; i++) {
            atomic_store(&f, i);
            fk(&f);
            while (atomic_load(&g) != i)
                fw(&g, i - 1);
        }
        n = 2.0 * R;
    } else if (!strcmp(k, "eventfd")) {
        R = rounds;
        e1 = eventfd(0, 0);
        e2 = eventfd(0, 0);
        pthread_create(&t, 0, ee, 0);
        s = now_s();
        uint64_t x = 1;
        for (int i = 0; i < R; i++) {
            (void)!write(e1, &x, 8);
            (void)!read(e2, &x, 8);
            x = 1;
        }
        n = 2.0 * R;
    } else if (!strcmp(k, "condvar")) {
        R = rounds;
        pthread_create(&t, 0, cc, 0);
        s = now_s();
        for (int i = 0; i < R; i++) {
            pthread_mutex_lock(&m);
            st = 1;
            pthread_cond_signal(&c1);
            while (st != 0)
                pthread_cond_wait(&c2, &m);
            pthread_mutex_unlock(&m);
        }
        n = 2.0 * R;
    } else if (!strcmp(k, "wake0")) {
        n = 5e6;
        s = now_s();
        for (int i = 0; i < 5000000; i++)
            fk(&f);
    } else if (!strcmp(k, "thread")) {
        n = 20000;
        s = now_s();
        for (int i = 0; i < 20000; i++) {
            pthread_create(&t, 0, nop, 0);
            pthread_join(t, 0);
        }
    } else if (!strcmp(k, "fork")) {
        n = 3000;
        s = now_s();
        for (int i = 0; i < 3000; i++) {
            pid_t p = fork();
            if (!p)
                _exit(0);
            waitpid(p, 0, 0);
        }
    } else if (!strcmp(k, "dlopen")) {
        n = 20000;
        s = now_s();
        for (int i = 0; i < 20000; i++) {
            void *h = dlopen(v[3], RTLD_NOW | RTLD_LOCAL);
            if (!h || !dlsym(h, "plug_fn")) {
                puts(dlerror());
                return 1;
            }
            dlclose(h);
        }
    } else if (!strcmp(k, "dlsym")) {
        n = 1e6;
        void *h = dlopen(v[3], RTLD_NOW);
        s = now_s();
        for (int i = 0; i < 1000000; i++)
            if (!dlsym(h, "plug_fn"))
                return 1;
    } else if (!strcmp(k, "indirect")) {
        n = 5e8;
        void *h = dlopen(v[3], RTLD_NOW);
        uint64_t (*volatile q)(uint64_t) = (uint64_t(*)(uint64_t))dlsym(h, "plug_fn");
        uint64_t x = 0;
        s = now_s();
        for (long i = 0; i < 500000000; i++)
            x = q(x);
        s = now_s() - s;
        printf("%.3f\n", s * 1e9 / n);
        return (int)(x == 42);
    } else if (!strcmp(k, "yield")) {
        n = 3e6;
        s = now_s();
        for (int i = 0; i < 3000000; i++)
            sched_yield();
    } else if (!strcmp(k, "clock")) {
        n = 2e7;
        s = now_s();
        for (int i = 0; i < 20000000; i++)
            (void)now_s();
    } else if (!strcmp(k, "malloc")) {
        n = 5e7;
        s = now_s();
        for (int i = 0; i < 50000000; i++) {
            void *volatile p = malloc(64);
            free(p);
        }
    } else if (!strcmp(k, "getppid")) {
        n = 1e7;
        s = now_s();
        for (int i = 0; i < 10000000; i++)
            syscall(SYS_getppid);
    } else if (!strcmp(k, "memcpy") || !strcmp(k, "memcpyL2")) {
        size_t z = k[6] ? 256 << 10 : 512ul << 20;
        char *a = malloc(z), *b = malloc(z);
        memset(a, 1, z);
        memset(b, 1, z);
        int r = k[6] ? 20000 : 6;
        u = "GB/s (bytes copied)";
        s = now_s();
        for (int i = 0; i < r; i++) {
            memcpy(b, a, z);
            __asm__ volatile("" ::: "memory");
        }
        s = now_s() - s;
        printf("%.3f\n", (double)z * r / s / 1e9);
        return 0;
    } else
        return 2;
    s = now_s() - s;
    printf("%.3f\n", s * 1e9 / n);
    (void)u;
    return 0;
}
