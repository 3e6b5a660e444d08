/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

enum { KEPT = 64 };

static char dir[64];
static void *kept[KEPT]; /* freed by the teardown */
static size_t n_kept;

static void *keep(void *memory)
{
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_lt(n_kept, KEPT);
    kept[n_kept++] = memory;
    return memory;
}

void scratch_setup(void)
{
    (void)snprintf(dir, sizeof(dir), "/tmp/pphost-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    n_kept = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void scratch_teardown(void)
{
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    while (n_kept > 0)
        free(kept[--n_kept]);
}

const char *scratch_path(const char *name)
{
    char *path = NULL;

    ck_assert_int_gt(asprintf(&path, "%s/%s", dir, name), 0);
    return keep(path);
}

const char *scratch_bytes(const char *name, const void *bytes, size_t len)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

const char *scratch_file(const char *name, const char *text)
{
    return scratch_bytes(name, text, strlen(text));
}

char *scratch_read(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;

    struct stat st;
    ck_assert_int_eq(fstat(fileno(file), &st), 0);
    char *text = keep(calloc(1, (size_t)st.st_size + 1));
    size_t len = fread(text, 1, (size_t)st.st_size, file);
    ck_assert_int_eq(fclose(file), 0);
    if (ret_len)
        *ret_len = len;
    return text;
}

size_t scratch_count(void)
{
    DIR *names = opendir(dir);
    size_t n = 0;

    ck_assert_ptr_nonnull(names);
    while (readdir(names))
        n++;
    ck_assert_int_eq(closedir(names), 0);
    return n - 2; /* . and .. */
}
