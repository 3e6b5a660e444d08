/* SPDX-License-Identifier: MIT */
/*
 * tok_tbb KERNEL|lines IN OUT [tokens] [KiB]: oneTBB's parallel_pipeline.
 *
 * Reads serially in order, tokenises in parallel, writes serially in order.  `lines`: a std::string
 * for each line, as a first user would write it; otherwise blocks of whole lines.
 */
#include <array>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <string>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#include <unistd.h>
#include <vector>

#include "bench.h"
extern "C" size_t tok_call(const char *k, const unsigned char *in, size_t n,
                           unsigned char *out, int *p);
struct Chunk {
    std::unique_ptr<unsigned char[]> in, out;
    size_t n = 0, o = 0;
    Chunk(size_t b) : in(new unsigned char[4 * b]), out(new unsigned char[4 * b + 64])
    {
    }
}; // not zeroed: pages are touched on use
int main(int c, char **v)
{
    if (c < 4)
        return 2;
    size_t tokens = c > 4 ? atoi(v[4]) : 8, B = size_t(c > 5 ? atoi(v[5]) : 1024) << 10;
    tbb::global_control gc(tbb::global_control::max_allowed_parallelism, 2);
    if (!strcmp(v[1], "lines")) {
        std::ifstream in(v[2]);
        std::ofstream out(v[3]);
        in.tie(nullptr);
        tbb::parallel_pipeline(
            tokens, tbb::make_filter<void, std::string *>(
                        tbb::filter_mode::serial_in_order,
                        [&](tbb::flow_control &fc) -> std::string * {
                            auto *s = new std::string;
                            if (!std::getline(in, *s)) {
                                delete s;
                                fc.stop();
                                return nullptr;
                            }
                            return s;
                        }) &
                        tbb::make_filter<std::string *, std::string *>(
                            tbb::filter_mode::parallel,
                            [](std::string *s) {
                                auto *o = new std::string;
                                o->reserve(s->size() + 1);
                                const char *p = s->data(), *e = p + s->size();
                                while (p < e) {
                                    while (p < e && isspace((unsigned char)*p))
                                        p++;
                                    const char *b = p;
                                    while (p < e && !isspace((unsigned char)*p))
                                        p++;
                                    if (p > b) {
                                        o->append(b, p - b);
                                        o->push_back('\n');
                                    }
                                }
                                delete s;
                                return o;
                            }) &
                        tbb::make_filter<std::string *, void>(
                            tbb::filter_mode::serial_in_order, [&](std::string *s) {
                                out.write(s->data(), s->size());
                                delete s;
                            }));
        return 0;
    }
    int in = open(v[2], O_RDONLY), out = open(v[3], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (in < 0 || out < 0)
        return 1;
    std::vector<std::unique_ptr<Chunk>> ring;
    for (size_t i = 0; i < tokens; i++)
        ring.emplace_back(new Chunk(B)); // ring is safe: writer is in order
    std::vector<unsigned char> carry(4 * B);
    size_t nc = 0, head = 0;
    bool eof = false;
    const char *k = v[1];
    tbb::parallel_pipeline(
        tokens, tbb::make_filter<void, Chunk *>(
                    tbb::filter_mode::serial_in_order,
                    [&](tbb::flow_control &fc) -> Chunk * {
                        Chunk *ch = ring[head++ % tokens].get();
                        unsigned char *b = ch->in.get();
                        size_t n = nc;
                        memcpy(b, carry.data(), n);
                        nc = 0;
                        while (!eof && n < 2 * B) {
                            ssize_t r = read(in, b + n, B);
                            if (r <= 0) {
                                eof = true;
                                break;
                            }
                            n += r;
                            if (auto *e = (unsigned char *)memrchr(b, '\n', n)) {
                                size_t q = e + 1 - b;
                                nc = n - q;
                                memcpy(carry.data(), b + q, nc);
                                n = q;
                                break;
                            }
                        }
                        if (!n) {
                            fc.stop();
                            return nullptr;
                        }
                        ch->n = n;
                        return ch;
                    }) &
                    tbb::make_filter<Chunk *, Chunk *>(
                        tbb::filter_mode::parallel,
                        [k](Chunk *ch) {
                            int p = 1;
                            ch->o = tok_call(k, ch->in.get(), ch->n, ch->out.get(), &p);
                            if (!p)
                                ch->out[ch->o++] = '\n';
                            return ch;
                        }) &
                    tbb::make_filter<Chunk *, void>(
                        tbb::filter_mode::serial_in_order, [out](Chunk *ch) {
                            const unsigned char *b = ch->out.get();
                            size_t n = ch->o;
                            while (n) {
                                ssize_t r = write(out, b, n);
                                if (r <= 0)
                                    exit(1);
                                b += r;
                                n -= r;
                            }
                        }));
    return close(out);
}
