/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

enum { RANDOM_LETTERS = 6, TRIES = 100 };

int place_make_parents(struct pph_ctx *ctx, const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return write_fail_errno(ctx, "write", path, ENOMEM);

    int status = PPH_OK;
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            status = write_fail_errno(ctx, "make the directory", copy, errno);
            break;
        }
        *slash = '/';
    }
    free(copy);
    return status;
}

static int random_letters(char *to)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    uint8_t bytes[RANDOM_LETTERS];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return -1;
    for (size_t i = 0; i < sizeof(bytes); i++)
        to[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    to[RANDOM_LETTERS] = '\0';
    return 0;
}

int place_create_part(const char *path, char **ret_part)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int dir_len = (int)(name - path);
    int name_max = NAME_MAX - RANDOM_LETTERS - (int)strlen("...part");

    for (int i = 0; i < TRIES; i++) {
        char random[RANDOM_LETTERS + 1];
        char *part = NULL;
        if (random_letters(random) != 0)
            return -1;
        if (asprintf(&part, "%.*s.%.*s.%s.part", dir_len, path, name_max, name, random) <
            0)
            return -1; /* sets ENOMEM */
        int fd = (int)TEMP_FAILURE_RETRY(
            open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
        if (fd >= 0) {
            *ret_part = part;
            return fd;
        }
        int error = errno;
        free(part);
        errno = error;
        if (error != EEXIST)
            return -1;
    }
    return -1;
}

int place_sync_parent(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return ENOMEM;

    char *slash = strrchr(copy, '/');
    if (slash)
        slash[slash == copy ? 1 : 0] = '\0';
    int fd = (int)TEMP_FAILURE_RETRY(
        open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    int error = fd < 0 ? errno : 0;
    free(copy);
    if (fd < 0)
        return error;
    if ((int)TEMP_FAILURE_RETRY(fsync(fd)) != 0)
        error = errno;
    (void)close(fd); /* a directory opened for reading has nothing to lose */
    return error;
}
