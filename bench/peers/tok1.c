/* SPDX-License-Identifier: MIT */
/*
 * tok1 KERNEL IN OUT [mmap|read] [KiB]: one thread, the limit of one core.
 *
 * KERNEL: branchy, scalar, avx2, avx512, or copy, which cuts nothing.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "tok_kernel.h"
static void wr(int fd, const unsigned char *b, size_t n)
{
    while (n) {
        ssize_t r = write(fd, b, n);
        if (r <= 0) {
            perror("write");
            exit(1);
        }
        b += r;
        n -= (size_t)r;
    }
}
static size_t tok_copy(const unsigned char *in, size_t n, unsigned char *out, int *p)
{
    (void)p;
    memcpy(out, in, n);
    return n;
}
int main(int c, char **v)
{
    if (c < 4)
        return 2;
    tok_fn f = strcmp(v[1], "copy") ? tok_pick(v[1]) : tok_copy;
    if (!f)
        return 2;
    int in = open(v[2], O_RDONLY), out = open(v[3], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0) {
        perror("open");
        return 1;
    }
    int mm = c > 4 && !strcmp(v[4], "mmap");
    size_t B = (size_t)(c > 5 ? atoi(v[5]) : 1024) << 10;
    unsigned char *ob = aligned_alloc(4096, B + 4096), *ib = aligned_alloc(4096, B);
    int p = 1;
    if (mm) {
        struct stat s;
        fstat(in, &s);
        size_t n = (size_t)s.st_size;
        unsigned char *m = mmap(0, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, in, 0);
        if (m == MAP_FAILED)
            return 1;
        for (size_t i = 0; i < n; i += B) {
            size_t k = n - i < B ? n - i : B;
            wr(out, ob, f(m + i, k, ob, &p));
        }
    } else {
        ssize_t r;
        while ((r = read(in, ib, B)) > 0)
            wr(out, ob, f(ib, (size_t)r, ob, &p));
    }
    if (!p)
        wr(out, (const unsigned char *)"\n", 1);
    return close(out);
}
