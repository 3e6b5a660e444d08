/* SPDX-License-Identifier: MIT */
#include "reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A small file is written before it would pay; a step is little against a disk's room. */
enum { FROM = 1 << 20, STEP = 16 << 20 };

/*
 * Only where it was measured to help: in memory (tmpfs) it costs instead, a file system
 * that compresses (btrfs) leaves reserved room uncompressed, and on a network each step
 * is a message.  An overlay, as in containers, mostly lies on ext4.
 */
static bool pays(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 &&
           (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

void reserve_init(struct reserve *reserve, int fd)
{
    *reserve = (struct reserve){.on = pays(fd)};
}

void reserve_ahead(struct reserve *reserve, int fd, uint64_t size)
{
    if (!reserve->on || size <= reserve->end || size < FROM)
        return;

    uint64_t end = (size / STEP + 1) * STEP;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)reserve->end,
                  (off_t)(end - reserve->end)) == 0)
        reserve->end = end;
    else if (errno != EINTR)
        reserve->on = false; /* no room, over quota, not supported: write() will tell */
}

void reserve_end(struct reserve *reserve, int fd, uint64_t size)
{
    /* Where it fails, blocks behind the end stay taken; the text is none the worse. */
    if (reserve->end > size)
        (void)!ftruncate(fd, (off_t)size);
}
