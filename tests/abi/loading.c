/* SPDX-License-Identifier: MIT */
/* Helpers of the tests of loading: see loading.h. */
#include "loading.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

static char said[4096];
static char temp_dir[512];

const struct plugin *loading_load(const char *dir, const char *use)
{
    struct registry *registry = registry_new(dir);
    struct diag_list *diags = diag_list_new();
    struct text text = {0};

    ck_assert_ptr_nonnull(registry);
    ck_assert_ptr_nonnull(diags);
    const struct plugin *plugin =
        registry_load(registry, use, NULL, (struct mark){0}, diags);
    diag_show(diags, &text, false);
    (void)snprintf(said, sizeof(said), "%s", text_get(&text));
    text_fini(&text);
    diag_list_free(diags);
    registry_free(registry);
    return plugin;
}

const char *loading_said(void)
{
    return said;
}

void loading_expect_refusal(const char *dir, const char *use, const char *code,
                            const char *text, const char *note)
{
    char expected[2048];
    const struct plugin *plugin = loading_load(dir, use);

    (void)snprintf(expected, sizeof(expected), "error[%s]: %s\n%s%s%s", code, text,
                   note ? "   = " : "", note ? note : "", note ? "\n" : "");
    ck_assert_str_eq(said, expected);
    ck_assert_ptr_null(plugin);
}

const char *loading_make_dir(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(temp_dir, sizeof(temp_dir), "%s/pphost-abi-XXXXXX",
                   tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(temp_dir));
    return temp_dir;
}

void loading_remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    char path[1024];

    ck_assert_ptr_nonnull(d);
    while ((entry = readdir(d))) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)remove(path);
    }
    (void)closedir(d);
    (void)rmdir(dir);
}

void loading_write(const char *dir, const char *name, const void *bytes, size_t len)
{
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    ck_assert_uint_eq(fwrite(bytes, 1, len, to), len);
    ck_assert_int_eq(fclose(to), 0);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

void loading_copy(const char *from, const char *dir, const char *name, size_t len_max)
{
    enum { ROOM = 8 << 20 };
    FILE *source = fopen(from, "rb");
    char *bytes = malloc(ROOM);

    ck_assert_ptr_nonnull(source);
    ck_assert_ptr_nonnull(bytes);
    size_t len = fread(bytes, 1, ROOM, source);
    ck_assert_int_eq(fclose(source), 0);
    loading_write(dir, name, bytes, len < len_max ? len : len_max);
    free(bytes);
}

void loading_patch(const char *dir, const char *name, long offset, const void *bytes,
                   size_t len)
{
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}
