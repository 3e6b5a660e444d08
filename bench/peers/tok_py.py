#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tok_py.py MODE IN OUT: the same job in Python.

plain     one process, a loop over lines
fast      one process, 1 MiB at a time
pool1000  multiprocessing.Pool(2).imap with chunks of 1000 lines (any number works)
ppp       PyProcessParallel, a line per item; ppp256: 256 lines per item.  Written anew below, with
          the parts its README describes; PPP_DIR names a checkout of it to use instead
          (https://github.com/raphaelcristal/PyProcessParallel).
"""
import builtins
import importlib
import itertools
import os
import sys
from multiprocessing import JoinableQueue, Process, Queue
from threading import Thread

WORKERS = 2
LAST = None   # what stands at the end of a queue


def split(line):
    return line.split()


def split_many(lines):
    return [token for line in lines for token in line.split()]


def batches(file, size):
    while batch := list(itertools.islice(file, size)):
        yield batch


def fast(file, out):
    while block := file.read(1 << 20):
        block += file.readline()
        out.write(b"\n".join(block.split()) + b"\n")


class Source:
    """What checkouts of PyProcessParallel take as their generator: some call it, some iterate."""

    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __call__(self):
        return self.items


def of_checkout(folder):
    """process_parallel of a checkout, which was written when range was called xrange."""
    builtins.xrange = range
    sys.path.insert(0, folder)
    return importlib.import_module("process_parallel").process_parallel


def serve(jobs, results, function):
    """A worker process: a job in, a result out, until there are no more."""
    while (job := jobs.get()) is not LAST:
        results.put(function(job))
    results.put(LAST)


def collect(results, consume, workers):
    """The thread that consumes, until every worker has said that it is done."""
    while workers > 0:
        if (result := results.get()) is LAST:
            workers -= 1
        else:
            consume(result)
        results.task_done()


def written_anew(source, function, consume, workers, maxsize_jobs, maxsize_results):
    """A queue of jobs, processes, a queue of results and a thread: an item per message."""
    jobs, results = Queue(maxsize_jobs), JoinableQueue(maxsize_results)
    collector = Thread(target=collect, args=(results, consume, workers), daemon=True)
    collector.start()
    processes = [Process(target=serve, args=(jobs, results, function)) for _ in range(workers)]
    for process in processes:
        process.start()
    for item in source:
        jobs.put(item)
    for _ in processes:
        jobs.put(LAST)
    results.join()
    collector.join()
    for process in processes:
        process.join()


def process_parallel(mode, file, consume):
    folder = os.environ.get("PPP_DIR")
    parallel = of_checkout(folder) if folder else written_anew
    if mode == "ppp":
        parallel(Source(file), split, consume, workers=WORKERS, maxsize_jobs=1000,
                 maxsize_results=1000)
    else:
        parallel(Source(batches(file, int(mode[3:]))), split_many, consume, workers=WORKERS,
                 maxsize_jobs=100, maxsize_results=100)


def main(mode, source, target):
    with open(source, "rb") as file, open(target, "wb") as out:
        def consume(tokens):
            for token in tokens:
                out.write(b"%s\n" % token)

        if mode == "plain":
            for line in file:
                consume(line.split())
        elif mode == "fast":
            fast(file, out)
        elif mode.startswith("pool"):
            from multiprocessing import Pool
            with Pool(2) as pool:
                for tokens in pool.imap(split, file, chunksize=int(mode[4:])):
                    consume(tokens)
        elif mode.startswith("ppp"):
            process_parallel(mode, file, consume)
        else:
            sys.exit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
