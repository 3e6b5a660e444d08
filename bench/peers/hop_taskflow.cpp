/* SPDX-License-Identifier: MIT */
/*
 * hop_taskflow N [batch]: ns per 64-bit item from a generator through a processor that does nothing to a
 * consumer, as a pipeline of Taskflow with 8 lines and two workers; the processor is parallel.  With
 * batch > 1 an item is a batch in a buffer of its line.  Needs Taskflow's headers (taskflow/).
 */
#include <array>
#include <taskflow/algorithm/pipeline.hpp>
#include <taskflow/taskflow.hpp>
#include <vector>

#include "bench.h"

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    constexpr size_t lines = 8;
    const uint64_t count = strtoull(argv[1], nullptr, 0);
    const uint64_t batch = argc > 2 ? strtoull(argv[2], nullptr, 0) : 1;
    std::array<std::vector<uint64_t>, lines> buffers;
    for (auto &buffer : buffers)
        buffer.reserve(batch);
    uint64_t next = 0, sum = 0;
    tf::Pipeline pipeline(lines,
                          tf::Pipe{tf::PipeType::SERIAL,
                                   [&](tf::Pipeflow &flow) {
                                       if (next == count) {
                                           flow.stop();
                                           return;
                                       }
                                       auto &buffer = buffers[flow.line()];
                                       buffer.clear();
                                       while (buffer.size() < batch && next < count)
                                           buffer.push_back(next++);
                                   }},
                          tf::Pipe{tf::PipeType::PARALLEL,
                                   [&](tf::Pipeflow &flow) {
                                       for (uint64_t &value : buffers[flow.line()])
                                           value ^= 1;
                                   }},
                          tf::Pipe{tf::PipeType::SERIAL, [&](tf::Pipeflow &flow) {
                                       for (uint64_t value : buffers[flow.line()])
                                           sum += value;
                                   }});
    tf::Taskflow taskflow;
    taskflow.composed_of(pipeline);
    double start = now_s();
    tf::Executor executor(2);
    executor.run(taskflow).wait();
    double time = now_s() - start;
    printf("%.3f\n", time * 1e9 / (double)count);
    fprintf(stderr, "sum=%lu\n", (unsigned long)sum);
}
