#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tok_py.py MODE IN OUT: the same job in Python.

plain     one process, a loop over lines
fast      one process, 1 MiB at a time
pool1000  multiprocessing.Pool(2).imap with chunks of 1000 lines (any number works)
ppp       PyProcessParallel, a line per item; ppp256: 256 lines per item.  PPP_DIR names a checkout
          of it with xrange changed to range.
"""
import itertools
import os
import sys


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


def process_parallel(mode, file, consume):
    sys.path.insert(0, os.environ["PPP_DIR"])
    from process_parallel import process_parallel as parallel
    if mode == "ppp":
        parallel(file, split, consume, workers=2, maxsize_jobs=1000, maxsize_results=1000)
    else:
        parallel(batches(file, int(mode[3:])), split_many, consume, workers=2,
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
