/* SPDX-License-Identifier: MIT */
/*
 * hop_tbb MODE N [batch]: ns per 64-bit item from a generator through a processor that does nothing
 * to a consumer, with oneTBB.
 *
 * tbb     parallel_pipeline, all stages serial
 * tbbp    the same with a parallel middle
 * flow    flow graph: function_nodes behind a limiter
 * tbbq3   three threads and two concurrent_bounded_queues
 * With batch > 1 an item is a pointer to a batch.  RECYCLE=1 in the environment uses buffers again.
 */
#include <atomic>
#include <cstring>
#include <memory>
#include <tbb/concurrent_queue.h>
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <thread>
#include <vector>

#include "bench.h"
typedef uint64_t u64;
static u64 N, B = 1, sum;
static const u64 END = ~0ull;
struct Bat {
    u64 n;
    u64 it[];
};
static int recycle;
static Bat *pool_[64];
static unsigned
    pi_; // recycle: at most 16 batches in flight, so a ring of 64 buffers is safe in order
static Bat *nb()
{
    if (recycle) {
        Bat *&b = pool_[pi_++ % 64];
        if (!b)
            b = (Bat *)malloc(sizeof(Bat) + 8 * B);
        return b;
    }
    return (Bat *)malloc(sizeof(Bat) + 8 * B);
}
static u64 gi;
static u64 gen()
{
    if (gi == N)
        return END;
    if (B == 1)
        return gi++;
    Bat *b = nb();
    b->n = 0;
    u64 n = 0, i = gi, e = i + B < N ? i + B : N;
    for (; i < e; i++)
        b->it[n++] = i;
    b->n = n;
    gi = i;
    return (u64)b;
}
static u64 proc(u64 v)
{
    if (B == 1)
        return v ^ 1;
    Bat *b = (Bat *)v;
    for (u64 i = 0, n = b->n; i < n; i++)
        b->it[i] ^= 1;
    return v;
}
static void cons(u64 v)
{
    if (B == 1) {
        sum += v;
        return;
    }
    Bat *b = (Bat *)v;
    u64 x = 0;
    for (u64 i = 0, n = b->n; i < n; i++)
        x += b->it[i];
    sum += x;
    if (!recycle)
        free(b);
}
template <class P1, class O1, class P2, class O2>
static void three(P1 p1, O1 o1, P2 p2, O2 o2)
{
    std::thread a([&] {
        u64 v;
        do {
            v = gen();
            p1(v);
        } while (v != END);
    });
    std::thread b([&] {
        u64 v;
        do {
            v = o1();
            p2(v == END ? v : proc(v));
        } while (v != END);
    });
    u64 v;
    while ((v = o2()) != END)
        cons(v);
    a.join();
    b.join();
}
int main(int c, char **v)
{
    if (c < 3)
        return 2;
    N = strtoull(v[2], 0, 0);
    if (c > 3)
        B = atoi(v[3]);
    const char *m = v[1];
    recycle = getenv("RECYCLE") != nullptr;
    double s = now_s();
    (void)three<void (*)(u64), u64 (*)(), void (*)(u64), u64 (*)()>;
    tbb::global_control gc(tbb::global_control::max_allowed_parallelism, 2);
    if (!strncmp(m, "tbb", 3)) {
        auto mid =
            m[3] == 'p' ? tbb::filter_mode::parallel : tbb::filter_mode::serial_in_order;
        tbb::parallel_pipeline(
            16, tbb::make_filter<void, u64>(tbb::filter_mode::serial_in_order,
                                            [](tbb::flow_control &f) {
                                                u64 v = gen();
                                                if (v == END)
                                                    f.stop();
                                                return v;
                                            }) &
                    tbb::make_filter<u64, u64>(mid, [](u64 v) { return proc(v); }) &
                    tbb::make_filter<u64, void>(tbb::filter_mode::serial_in_order,
                                                [](u64 v) { cons(v); }));
    } else if (!strcmp(m, "flow")) {
        tbb::flow::graph g;
        tbb::flow::input_node<u64> in(g, [](tbb::flow_control &f) {
            u64 v = gen();
            if (v == END)
                f.stop();
            return v;
        });
        tbb::flow::limiter_node<u64> lim(g, 256);
        tbb::flow::function_node<u64, u64> p(g, tbb::flow::serial,
                                             [](u64 v) { return proc(v); });
        tbb::flow::function_node<u64, tbb::flow::continue_msg> k(
            g, tbb::flow::serial, [](u64 v) {
                cons(v);
                return tbb::flow::continue_msg();
            });
        tbb::flow::make_edge(in, lim);
        tbb::flow::make_edge(lim, p);
        tbb::flow::make_edge(p, k);
        tbb::flow::make_edge(k, lim.decrementer());
        in.activate();
        g.wait_for_all();
    } else if (!strcmp(m, "tbbq3")) {
        tbb::concurrent_bounded_queue<u64> a, b;
        a.set_capacity(1024);
        b.set_capacity(1024);
        three([&](u64 x) { a.push(x); },
              [&] {
                  u64 x;
                  a.pop(x);
                  return x;
              },
              [&](u64 x) { b.push(x); },
              [&] {
                  u64 x;
                  b.pop(x);
                  return x;
              });
    } else
        return 2;
    s = now_s() - s;
    printf("%.3f\n", s * 1e9 / (double)N);
    fprintf(stderr, "%s N=%lu B=%lu sum=%lu ns/item=%.3f ns/item/hop=%.3f\n", m, N, B,
            sum, s * 1e9 / N, s * 1e9 / N / 2);
}
