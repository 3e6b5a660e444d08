/* SPDX-License-Identifier: MIT */
/*
 * hop_c MODE N [batch [depth]]: ns per 64-bit item from a generator through a processor that does
 * nothing to a consumer; the anchors, without a library.
 *
 * fused   the three stages in one loop through function pointers from a table, item by item
 * fusedb  the same, one indirect call per stage and batch
 * spsc2   ONE hop, two pinned threads, bounded lock-free ring of 64-bit slots, spinning
 * spsc3   two hops, three threads
 * bat2    ONE hop, two pinned threads, ring of batch pointers, buffers come back through a second ring
 * mutex3  two hops, three threads, bounded deque (1024) with a mutex and two conditions, item by item
 * mutexb3 the same, batch pointers
 * ck3     two hops, three threads, ck_ring SPSC, spin and sched_yield
 * pool2   two hops, TWO workers, try-lock per stage, downstream first, rings of batch pointers
 * pool1   the same with one worker
 */
#include <ck_ring.h>
#include <stdatomic.h>
#include <string.h>

#include "bench.h"
#define RING 1024
#define AL   __attribute__((aligned(128)))
typedef struct {
    AL _Atomic uint64_t head;
    uint64_t ctail;
    AL _Atomic uint64_t tail;
    uint64_t chead;
    AL uint64_t s[RING];
} spsc;
static inline int sp_push(spsc *q, uint64_t v)
{
    uint64_t t = atomic_load_explicit(&q->tail, memory_order_relaxed);
    if (t - q->chead == RING) {
        q->chead = atomic_load_explicit(&q->head, memory_order_acquire);
        if (t - q->chead == RING)
            return 0;
    }
    q->s[t % RING] = v;
    atomic_store_explicit(&q->tail, t + 1, memory_order_release);
    return 1;
}
static inline int sp_pop(spsc *q, uint64_t *v)
{
    uint64_t h = atomic_load_explicit(&q->head, memory_order_relaxed);
    if (h == q->ctail) {
        q->ctail = atomic_load_explicit(&q->tail, memory_order_acquire);
        if (h == q->ctail)
            return 0;
    }
    *v = q->s[h % RING];
    atomic_store_explicit(&q->head, h + 1, memory_order_release);
    return 1;
}
typedef struct {
    pthread_mutex_t m;
    pthread_cond_t ne, nf;
    unsigned h, t;
    uint64_t s[RING];
} mq;
static void mq_push(mq *q, uint64_t v)
{
    pthread_mutex_lock(&q->m);
    while (q->t - q->h == RING)
        pthread_cond_wait(&q->nf, &q->m);
    q->s[q->t++ % RING] = v;
    pthread_mutex_unlock(&q->m);
    pthread_cond_signal(&q->ne);
}
static uint64_t mq_pop(mq *q)
{
    pthread_mutex_lock(&q->m);
    while (q->t == q->h)
        pthread_cond_wait(&q->ne, &q->m);
    uint64_t v = q->s[q->h++ % RING];
    pthread_mutex_unlock(&q->m);
    pthread_cond_signal(&q->nf);
    return v;
}
static spsc q1, q2, qf;
static mq m1, m2;
static uint64_t N, sum, B = 256;
typedef struct {
    uint64_t n, it[];
} bat; // a batch of 64-bit items
static void push(spsc *q, uint64_t v)
{
    int k = 0;
    while (!sp_push(q, v))
        if (++k > 200) {
            sched_yield();
            k = 0;
        } else
            relax();
}
static uint64_t pop(spsc *q)
{
    uint64_t v;
    int k = 0;
    while (!sp_pop(q, &v))
        if (++k > 200) {
            sched_yield();
            k = 0;
        } else
            relax();
    return v;
}
#define END (~0ull)
static void *g_spsc(void *a)
{
    pin(0);
    (void)a;
    for (uint64_t i = 0; i < N; i++)
        push(&q1, i);
    push(&q1, END);
    return 0;
}
static void *p_spsc(void *a)
{
    (void)a;
    uint64_t v;
    do {
        v = pop(&q1);
        push(&q2, v);
    } while (v != END);
    return 0;
}
static void c_spsc(spsc *q)
{
    uint64_t v;
    while ((v = pop(q)) != END)
        sum += v;
}
static void *g_mq(void *a)
{
    (void)a;
    for (uint64_t i = 0; i < N; i++)
        mq_push(&m1, i);
    mq_push(&m1, END);
    return 0;
}
static void *p_mq(void *a)
{
    (void)a;
    uint64_t v;
    do {
        v = mq_pop(&m1);
        mq_push(&m2, v);
    } while (v != END);
    return 0;
}
static bat *nb(void)
{
    return malloc(sizeof(bat) + 8 * B);
}
static void *g_mqb(void *a)
{
    (void)a;
    for (uint64_t i = 0; i < N;) {
        bat *b = nb();
        b->n = 0;
        while (b->n < B && i < N)
            b->it[b->n++] = i++;
        mq_push(&m1, (uint64_t)b);
    }
    mq_push(&m1, END);
    return 0;
}
static void *p_mqb(void *a)
{
    (void)a;
    uint64_t v;
    do {
        v = mq_pop(&m1);
        if (v != END) {
            bat *b = (bat *)v;
            for (uint64_t i = 0; i < b->n; i++)
                b->it[i] ^= 1;
        }
        mq_push(&m2, v);
    } while (v != END);
    return 0;
}
static void *g_bat(void *a)
{
    (void)a;
    pin(0);
    for (uint64_t i = 0; i < N;) {
        bat *b = (bat *)pop(&qf);
        b->n = 0;
        while (b->n < B && i < N)
            b->it[b->n++] = i++;
        push(&q1, (uint64_t)b);
    }
    push(&q1, END);
    return 0;
}
static ck_ring_t k1 AL, k2 AL;
static ck_ring_buffer_t kb1[RING], kb2[RING];
static void *g_ck(void *a)
{
    (void)a;
    for (uint64_t i = 1; i <= N; i++)
        while (!ck_ring_enqueue_spsc(&k1, kb1, (void *)i))
            sched_yield();
    while (!ck_ring_enqueue_spsc(&k1, kb1, (void *)END))
        sched_yield();
    return 0;
}
static void *p_ck(void *a)
{
    (void)a;
    void *v;
    do {
        while (!ck_ring_dequeue_spsc(&k1, kb1, &v))
            sched_yield();
        while (!ck_ring_enqueue_spsc(&k2, kb2, v))
            sched_yield();
    } while (v != (void *)END);
    return 0;
}
// fused stages behind function pointers
typedef struct {
    uint64_t i;
} gen;
__attribute__((noinline)) static int f_gen(void *s, uint64_t *v)
{
    gen *g = s;
    if (g->i == N)
        return 0;
    *v = g->i++;
    return 1;
}
__attribute__((noinline)) static int f_proc(void *s, uint64_t *v)
{
    (void)s;
    *v ^= 1;
    return 1;
}
__attribute__((noinline)) static int f_cons(void *s, uint64_t *v)
{
    (void)s;
    sum += *v;
    return 1;
}
__attribute__((noinline)) static int b_gen(void *s, bat *b)
{
    gen *g = s;
    uint64_t i = g->i, e = i + B < N ? i + B : N, n = 0;
    for (; i < e; i++)
        b->it[n++] = i;
    b->n = n;
    g->i = i;
    return n > 0;
}
__attribute__((noinline)) static int b_proc(void *s, bat *b)
{
    (void)s;
    for (uint64_t i = 0, n = b->n; i < n; i++)
        b->it[i] ^= 1;
    return 1;
}
__attribute__((noinline)) static int b_cons(void *s, bat *b)
{
    (void)s;
    uint64_t x = 0;
    for (uint64_t i = 0, n = b->n; i < n; i++)
        x += b->it[i];
    sum += x;
    return 1;
}
// the pool prototype: each stage is claimed with a try-lock; a worker walks the stages downstream first and runs the first
// one that can make progress for up to 32 batches; rings are bounded, so a full ring is back-pressure. Buffers come from qf.
static atomic_flag st[3] = {ATOMIC_FLAG_INIT, ATOMIC_FLAG_INIT, ATOMIC_FLAG_INIT};
static _Atomic int done;
static gen pg;
static int eofs;
static int DEPTH = 64;
static int rd_ok(spsc *q)
{
    return atomic_load_explicit(&q->tail, memory_order_acquire) !=
           atomic_load_explicit(&q->head, memory_order_acquire);
}
static int wr_ok(spsc *q)
{
    return (int)(atomic_load_explicit(&q->tail, memory_order_acquire) -
                 atomic_load_explicit(&q->head, memory_order_acquire)) < DEPTH;
}
static int (*volatile pf[3])(void *, bat *);
static void *pool(void *a)
{
    pin((int)(intptr_t)a);
    uint64_t v;
    int idle = 0;
    while (!atomic_load_explicit(&done, memory_order_acquire)) {
        int did = 0;
        for (int s = 2; s >= 0 && !did; s--) {
            spsc *i = s == 2   ? &q2
                      : s == 1 ? &q1
                               : &qf,
                 *o = s == 2   ? &qf
                      : s == 1 ? &q2
                               : &q1;
            if (!rd_ok(i) || (s != 2 && !wr_ok(o)) ||
                atomic_flag_test_and_set_explicit(&st[s], memory_order_acquire))
                continue;
            int (*f)(void *, bat *) = pf[s];
            for (int k = 0; k < 32 && (s == 2 || wr_ok(o)); k++) {
                if (s == 0 && eofs)
                    break;
                if (!sp_pop(i, &v))
                    break;
                bat *b = (bat *)v;
                did = 1;
                if (b->n == END) {
                    if (s == 2) {
                        atomic_store(&done, 1);
                        break;
                    }
                    sp_push(o, v);
                    continue;
                }
                if (!f(&pg, b) && s == 0) {
                    b->n = END;
                    eofs = 1;
                }
                sp_push(o, v);
            }
            atomic_flag_clear_explicit(&st[s], memory_order_release);
        }
        if (did)
            idle = 0;
        else if (++idle > 100) {
            sched_yield();
            idle = 0;
        } else
            relax();
    }
    return 0;
}
int main(int c, char **v)
{
    if (c < 3)
        return 2;
    N = strtoull(v[2], 0, 0);
    if (c > 3)
        B = (uint64_t)atoi(v[3]);
    if (c > 4)
        DEPTH = atoi(v[4]);
    pthread_t t[3];
    double s = 0;
    const char *m = v[1];
    int hops = 2;
    mq init = {PTHREAD_MUTEX_INITIALIZER,
               PTHREAD_COND_INITIALIZER,
               PTHREAD_COND_INITIALIZER,
               0,
               0,
               {0}};
    m1 = init;
    m2 = init;
    if (!strcmp(m, "fused")) {
        int (*volatile f[3])(void *, uint64_t *) = {f_gen, f_proc, f_cons};
        gen g = {0};
        uint64_t x;
        s = now_s();
        while (f[0](&g, &x)) {
            f[1](0, &x);
            f[2](0, &x);
        }
    } else if (!strcmp(m, "fusedb")) {
        int (*volatile f[3])(void *, bat *) = {b_gen, b_proc, b_cons};
        gen g = {0};
        bat *x = nb();
        s = now_s();
        while (f[0](&g, x)) {
            f[1](0, x);
            f[2](0, x);
        }
    } else if (!strcmp(m, "spsc2")) {
        hops = 1;
        s = now_s();
        pthread_create(t, 0, g_spsc, 0);
        pin(1);
        c_spsc(&q1);
        pthread_join(t[0], 0);
    } else if (!strcmp(m, "spsc3")) {
        s = now_s();
        pthread_create(t, 0, g_spsc, 0);
        pthread_create(t + 1, 0, p_spsc, 0);
        c_spsc(&q2);
        pthread_join(t[0], 0);
        pthread_join(t[1], 0);
    } else if (!strcmp(m, "bat2")) {
        hops = 1;
        for (int i = 0; i < 64; i++)
            sp_push(&qf, (uint64_t)nb());
        s = now_s();
        pthread_create(t, 0, g_bat, 0);
        pin(1);
        uint64_t x;
        while ((x = pop(&q1)) != END) {
            b_cons(0, (bat *)x);
            push(&qf, x);
        }
        pthread_join(t[0], 0);
    } else if (!strcmp(m, "mutex3")) {
        s = now_s();
        pthread_create(t, 0, g_mq, 0);
        pthread_create(t + 1, 0, p_mq, 0);
        uint64_t x;
        while ((x = mq_pop(&m2)) != END)
            sum += x;
        pthread_join(t[0], 0);
        pthread_join(t[1], 0);
    } else if (!strcmp(m, "mutexb3")) {
        s = now_s();
        pthread_create(t, 0, g_mqb, 0);
        pthread_create(t + 1, 0, p_mqb, 0);
        uint64_t x;
        while ((x = mq_pop(&m2)) != END) {
            b_cons(0, (bat *)x);
            free((bat *)x);
        }
        pthread_join(t[0], 0);
        pthread_join(t[1], 0);
    } else if (!strcmp(m, "ck3")) {
        ck_ring_init(&k1, RING);
        ck_ring_init(&k2, RING);
        s = now_s();
        pthread_create(t, 0, g_ck, 0);
        pthread_create(t + 1, 0, p_ck, 0);
        void *x;
        for (;;) {
            while (!ck_ring_dequeue_spsc(&k2, kb2, &x))
                sched_yield();
            if (x == (void *)END)
                break;
            sum += (uint64_t)x;
        }
        pthread_join(t[0], 0);
        pthread_join(t[1], 0);
    } else if (!strcmp(m, "pool2") || !strcmp(m, "pool1")) {
        pf[0] = b_gen;
        pf[1] = b_proc;
        pf[2] = b_cons;
        for (int i = 0; i < 3 * DEPTH; i++) {
            bat *b = nb();
            b->n = 0;
            sp_push(&qf, (uint64_t)b);
        }
        s = now_s();
        if (m[4] == '2')
            pthread_create(t, 0, pool, (void *)1);
        pool(0);
        if (m[4] == '2')
            pthread_join(t[0], 0);
    } else
        return 2;
    s = now_s() - s;
    printf("%.3f\n", s * 1e9 / (double)N);
    fprintf(stderr, "%s N=%lu B=%lu hops=%d sum=%lu ns/item=%.3f ns/item/hop=%.3f\n", m,
            N, B, hops, sum, s * 1e9 / (double)N, s * 1e9 / (double)N / hops);
    return 0;
}
