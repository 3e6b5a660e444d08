/* SPDX-License-Identifier: MIT */
/* How many CPUs this process may use. */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

/*
 * CPUs that the affinity mask allows, or fewer when a cgroup on the way to the root grants less CPU
 * time: its quota divided by its period, rounded up.  At least 1.  Reads /proc and /sys anew at each
 * call.  [any thread]
 */
unsigned cpus_available(void);

#endif /* BASE_CPUS_H */
