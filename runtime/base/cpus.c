/* SPDX-License-Identifier: MIT */
#include "base/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned affinity_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1; /* more than 1,024 CPUs: the mask does not fit; be modest */
    return (unsigned)CPU_COUNT(&set);
}

/* The cgroup v2 path of this process ("/user.slice/..."); false: there is none. */
static bool own_cgroup(const char *root, char *path, size_t size)
{
    char line[PATH_MAX];
    bool found = false;
    FILE *file;

    if (snprintf(line, sizeof(line), "%s/proc/self/cgroup", root) >= (int)sizeof(line))
        return false;
    file = fopen(line, "re");
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

/* The first line of a file of the group; false: there is none. */
static bool read_line(const char *root, const char *group, const char *file_name,
                      char *line, int size)
{
    char name[2 * PATH_MAX];
    FILE *file;
    bool read;

    if (snprintf(name, sizeof(name), "%s/sys/fs/cgroup%s/%s", root, group, file_name) >=
        (int)sizeof(name))
        return false;
    file = fopen(name, "re");
    if (!file)
        return false;
    read = fgets(line, size, file) != NULL;
    (void)fclose(file);
    return read;
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

/* CPUs that one group grants, rounded up; UINT64_MAX: no limit. */
static uint64_t group_cpus(const char *root, const char *group)
{
    unsigned long long quota;
    unsigned long long period;
    char line[64];

    if (!read_line(root, group, "cpu.max", line, sizeof(line)) ||
        !read_limit(line, &quota, &period) || period == 0)
        return UINT64_MAX;
    return quota == 0 ? 1 : (quota - 1) / period + 1;
}

/* Bytes that one group grants; UINT64_MAX: no limit. */
static uint64_t group_memory(const char *root, const char *group)
{
    char line[64];
    char *end;
    unsigned long long bytes;

    if (!read_line(root, group, "memory.max", line, sizeof(line)))
        return UINT64_MAX;
    bytes = strtoull(line, &end, 10);
    return end == line ? UINT64_MAX : bytes;
}

/* The least that a group on the way from our own to the root grants; UINT64_MAX: no limit. */
static uint64_t least(const char *root,
                      uint64_t (*granted)(const char *root, const char *group))
{
    char group[PATH_MAX];
    uint64_t min = UINT64_MAX;

    if (!own_cgroup(root, group, sizeof(group)))
        return min;
    for (;;) { /* a parent may grant less than the leaf */
        uint64_t one = granted(root, strcmp(group, "/") == 0 ? "" : group);
        char *slash = strrchr(group, '/');

        if (one < min)
            min = one;
        if (!slash || group[0] == '\0')
            return min;
        *slash = '\0';
    }
}

unsigned cpus_under(const char *root, bool *ret_quota)
{
    uint64_t granted = least(root, group_cpus);
    unsigned cpus = affinity_cpus();

    *ret_quota = granted != UINT64_MAX;
    if (granted < cpus)
        cpus = (unsigned)granted;
    return cpus > 0 ? cpus : 1;
}

unsigned cpus_available(void)
{
    bool quota;

    return cpus_under("", &quota);
}

unsigned cpus_configured(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_CONF);

    return cpus < 1 ? 1 : cpus > INT_MAX ? INT_MAX : (unsigned)cpus;
}

uint64_t memory_under(const char *root)
{
    uint64_t granted = least(root, group_memory);
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    uint64_t all = UINT64_MAX;

    if (pages > 0 && page > 0)
        all = (uint64_t)pages * (uint64_t)page;
    return granted < all ? granted : all;
}
