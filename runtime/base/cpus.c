/* SPDX-License-Identifier: MIT */
#include "base/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned affinity_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1; /* more than 1,024 CPUs: the mask does not fit; be modest */
    return (unsigned)CPU_COUNT(&set);
}

/* The cgroup v2 path of this process ("/user.slice/..."); false: there is none. */
static bool own_cgroup(char *path, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];
    bool found = false;

    if (!file)
        return false;
    while (!found && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = '\0';
            found = snprintf(path, size, "%s", line + 3) < (int)size;
        }
    }
    (void)fclose(file);
    return found;
}

/* Reads "QUOTA PERIOD"; false when it is anything else, as "max 100000" is. */
static bool read_limit(const char *line, unsigned long long *quota,
                       unsigned long long *period)
{
    char *end;

    *quota = strtoull(line, &end, 10);
    if (end == line)
        return false;
    line = end;
    *period = strtoull(line, &end, 10);
    return end != line;
}

/* CPUs that one group grants, rounded up; UINT_MAX: no limit. */
static unsigned group_cpus(const char *group)
{
    char name[PATH_MAX + 64];
    char line[64] = "";
    unsigned long long quota;
    unsigned long long period;
    unsigned long long cpus;
    FILE *file;

    if (snprintf(name, sizeof(name), "/sys/fs/cgroup%s/cpu.max", group) >=
        (int)sizeof(name))
        return UINT_MAX;
    file = fopen(name, "re");
    if (!file)
        return UINT_MAX;
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    (void)fclose(file);
    if (!read_limit(line, &quota, &period) || period == 0)
        return UINT_MAX;
    cpus = (quota + period - 1) / period;
    return cpus == 0 ? 1 : cpus > UINT_MAX ? UINT_MAX : (unsigned)cpus;
}

unsigned cpus_available(void)
{
    unsigned cpus = affinity_cpus();
    char group[PATH_MAX];

    if (!own_cgroup(group, sizeof(group)))
        return cpus;
    for (;;) { /* a parent may grant less than the leaf */
        unsigned granted = group_cpus(strcmp(group, "/") == 0 ? "" : group);
        char *slash = strrchr(group, '/');

        if (granted < cpus)
            cpus = granted;
        if (!slash || group[0] == '\0')
            break;
        *slash = '\0';
    }
    return cpus > 0 ? cpus : 1;
}
