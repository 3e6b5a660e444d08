/* SPDX-License-Identifier: MIT */
/* What of the machine this process may use: CPUs and memory. */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * CPUs that the affinity mask allows, or fewer when a cgroup on the way to the root grants less CPU
 * time: its quota divided by its period, rounded up.  At least 1.  Reads /proc and /sys anew at each
 * call.  [any thread]
 */
unsigned cpus_available(void);

/*
 * The same with /proc and /sys under the directory `root` ("": the system's own), for tests.  *ret_quota: whether a
 * cgroup limits CPU time at all; then burning it while waiting takes it from work.  [any thread]
 */
unsigned cpus_under(const char *root, bool *ret_quota);

/* CPUs that the system has, or could have, whoever may use them.  At least 1.  [any thread] */
unsigned cpus_configured(void);

/*
 * Bytes of memory that this process may have: the machine's, or the least memory.max of a cgroup on the way to the
 * root.  `root` as above.  [any thread]
 */
uint64_t memory_under(const char *root);

#endif /* BASE_CPUS_H */
