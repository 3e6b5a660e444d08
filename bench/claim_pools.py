# SPDX-License-Identifier: MIT
"""Many generators and many consumers on one queue do the work of one and one at hardly more cost: 64-bit
numbers, 256 to a batch, in nanoseconds per item; both on two threads.
"""
from report import Claim

COUNT, QUICK_FACTOR = 100_000_000, 1000
GENERATORS, CONSUMERS = 17, 13
MOST = 1.5


def run(bench):
    claim = Claim(bench, "pools", f"{GENERATORS} generators and {CONSUMERS} consumers on one queue cost"
                                  f" at most {MOST} times what one and one do")
    count = COUNT // (QUICK_FACTOR if bench.quick else 1)
    many = f"{GENERATORS} to {CONSUMERS}"
    series = bench.side_by_side([
        bench.job(many, "pool", env=bench.plugin_env(), unit="ns", count=count,
                  generators=GENERATORS, consumers=CONSUMERS),
        bench.job("1 to 1", "pool", env=bench.plugin_env(), unit="ns", count=count)])
    claim.table("64-bit items in batches of 256, ns per item over one queue", series, series[many])
    claim.times_at_most(f"{many}, times the time per item of 1 to 1", series, many, "1 to 1", MOST)
    return claim
