#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hop_py.py MODE N BATCH: ns per item from a generator through a stage that does nothing to a
consumer, over two queues of Python.

mpq     multiprocessing.Queue
simple  multiprocessing.SimpleQueue
thq     queue.Queue and threads
"""
import queue
import sys
import time
from multiprocessing import Process, Queue, SimpleQueue
from threading import Thread


def generate(out, count, batch):
    if batch == 1:
        for i in range(count):
            out.put(i)
    else:
        for i in range(0, count, batch):
            out.put(list(range(i, min(i + batch, count))))
    out.put(None)


def process(source, out):
    while (value := source.get()) is not None:
        out.put(value)
    out.put(None)


def main(mode, count, batch):
    queues = {"mpq": lambda: Queue(1000), "simple": SimpleQueue, "thq": lambda: queue.Queue(1000)}
    worker = Thread if mode == "thq" else Process
    first, second = queues[mode](), queues[mode]()
    start = time.monotonic()
    stages = [worker(target=process, args=(first, second)),
              worker(target=generate, args=(first, count, batch))]
    for stage in stages:
        stage.start()
    total = 0
    while (value := second.get()) is not None:
        total += value if batch == 1 else sum(value)
    print(f"{(time.monotonic() - start) * 1e9 / count:.1f}")
    for stage in stages:
        stage.join()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
