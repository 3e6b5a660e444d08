/* SPDX-License-Identifier: MIT */
/*
 * embed_tbb N BATCH THREADS WAITING: ns per 64-bit item from so many threads that push batches to as many that pull
 * them, through one tbb::concurrent_bounded_queue that holds at most WAITING items.
 *
 * A batch is a vector, moved in and out: its pusher allocates and fills it, its puller adds it up and frees it.
 */
#include <atomic>
#include <cinttypes>
#include <tbb/concurrent_queue.h>
#include <thread>
#include <vector>

#include "bench.h"

typedef std::vector<uint64_t> batch;

int main(int c, char **v)
{
    if (c != 5)
        return 2;
    const uint64_t n = strtoull(v[1], nullptr, 0), size = strtoull(v[2], nullptr, 0);
    const unsigned threads = (unsigned)atoi(v[3]);
    const uint64_t waiting = strtoull(v[4], nullptr, 0), each = n / threads;
    tbb::concurrent_bounded_queue<batch> queue;
    std::atomic<uint64_t> sum{0}, count{0};
    std::vector<std::thread> pushers, pullers;
    double s = now_s();

    queue.set_capacity((ptrdiff_t)(waiting / size ? waiting / size : 1));
    for (unsigned t = 0; t < threads; t++)
        pushers.emplace_back([&, t] {
            uint64_t next = t * each, end = next + each;

            while (next < end) {
                batch b(size < end - next ? size : end - next);

                for (uint64_t &item : b)
                    item = next++;
                queue.push(std::move(b));
            }
        });
    for (unsigned t = 0; t < threads; t++)
        pullers.emplace_back([&] {
            uint64_t mine = 0, got = 0;
            batch b;

            for (queue.pop(b); !b.empty(); queue.pop(b)) {
                for (uint64_t item : b)
                    mine += item;
                got += b.size();
                batch().swap(b);
            }
            sum += mine;
            count += got;
        });
    for (std::thread &pusher : pushers)
        pusher.join();
    for (unsigned t = 0; t < threads; t++)
        queue.push(batch()); /* the end, for each of them */
    for (std::thread &puller : pullers)
        puller.join();
    s = now_s() - s;
    if (count != each * threads || sum != (each * threads) * (each * threads - 1) / 2) {
        fprintf(stderr, "lost: %" PRIu64 " items, sum %" PRIu64 "\n", count.load(),
                sum.load());
        return 1;
    }
    printf("%.3f\n", s * 1e9 / (double)n);
    return 0;
}
