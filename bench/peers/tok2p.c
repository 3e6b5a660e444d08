/* SPDX-License-Identifier: MIT */
/*
 * tok2p KERNEL IN OUT THREADS [KiB]: the limit that is written by hand.
 *
 * Chunks are claimed by an atomic counter and read with pread in parallel; a chunk owns the lines that
 * start in [off, off + B).  Output is in order.  To /dev/null or a pipe: an ordered write; to a regular
 * file: offsets are given out in order, then pwrite runs in parallel.  FALLOC=1 in the environment
 * preallocates, PIN=1 pins the threads.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "tok_kernel.h"
static tok_fn f;
static int in, out, reg;
static size_t B;
static off_t size;
static _Atomic uint64_t next;
static _Atomic uint64_t turn;
static off_t opos;
static int T;
static void *work(void *a)
{
    if (getenv("PIN"))
        pin((int)(intptr_t)a);
    size_t slack = 4096, cap = B + slack + 1;
    unsigned char *ib = aligned_alloc(4096, (cap + 4095) & ~4095ul),
                  *ob = aligned_alloc(4096, ((cap + 4095) & ~4095ul) + 4096);
    for (;;) {
        uint64_t s = atomic_fetch_add(&next, 1);
        off_t off = (off_t)(s * B);
        if (off >= size)
            return 0;
        off_t from = off ? off - 1 : 0;
        unsigned char *b, *e;
        size_t n, skip;
        for (;;) {
            n = 0;
            ssize_t r;
            while (n < cap && (r = pread(in, ib + n, cap - n, from + (off_t)n)) > 0)
                n += (size_t)r;
            skip = 0;
            if (off) {
                b = memchr(ib, '\n', n);
                skip = b ? (size_t)(b + 1 - ib) : n;
            }
            size_t lim = (size_t)(off - from) +
                         B; // bytes of ib up to the end of the nominal range
            if (from + (off_t)n >= size) {
                if (n <= lim) {
                    e = ib + n;
                    break;
                }
            }
            e = n >= lim ? memchr(ib + lim - 1, '\n', n - lim + 1) : 0;
            if (e) {
                e++;
                break;
            }
            if (from + (off_t)n >= size) {
                e = ib + n;
                break;
            }
            cap *= 2;
            ib = realloc(ib, cap + 64);
            ob = realloc(ob, cap + 4096);
        }
        int p = 1;
        size_t o = 0;
        if (ib + skip < e) {
            o = f(ib + skip, (size_t)(e - ib) - skip, ob, &p);
            if (!p)
                ob[o++] = '\n';
        }
        for (int k = 0; atomic_load_explicit(&turn, memory_order_acquire) != s;)
            if (++k > 5000) {
                sched_yield();
                k = 0;
            } else
                relax();
        if (reg) {
            off_t w = opos;
            opos += (off_t)o;
            atomic_store_explicit(&turn, s + 1, memory_order_release);
            for (size_t d = 0; d < o;) {
                ssize_t r = pwrite(out, ob + d, o - d, w + (off_t)d);
                if (r <= 0)
                    exit(1);
                d += (size_t)r;
            }
        } else {
            for (size_t d = 0; d < o;) {
                ssize_t r = write(out, ob + d, o - d);
                if (r <= 0)
                    exit(1);
                d += (size_t)r;
            }
            atomic_store_explicit(&turn, s + 1, memory_order_release);
        }
    }
}
int main(int c, char **v)
{
    if (c < 5)
        return 2;
    f = tok_pick(v[1]);
    in = open(v[2], O_RDONLY);
    out = open(v[3], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    T = atoi(v[4]);
    B = (size_t)(c > 5 ? atoi(v[5]) : 1024) << 10;
    struct stat st;
    if (!f || in < 0 || out < 0 || fstat(in, &st))
        return 1;
    size = st.st_size;
    fstat(out, &st);
    reg = S_ISREG(st.st_mode);
    if (reg && getenv("FALLOC"))
        (void)!posix_fallocate(out, 0, size);
    pthread_t t[64];
    for (int i = 1; i < T; i++)
        pthread_create(&t[i], 0, work, (void *)(intptr_t)i);
    work(0);
    for (int i = 1; i < T; i++)
        pthread_join(t[i], 0);
    if (reg && getenv("FALLOC"))
        (void)!ftruncate(out, opos);
    return close(out);
}
