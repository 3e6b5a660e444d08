/* SPDX-License-Identifier: MIT */
/*
 * pphost/easy.h - conveniences for plugins written in C or C++.
 *
 * Nothing here is part of the ABI: these are small static functions that end in the plugin itself
 * and call the host through the table of <pphost/plugin.h>.  Use them, copy them, or leave them.
 * Compiles as C99 to C17 and C++11 to C++20.
 */
#ifndef PPHOST_EASY_H
#define PPHOST_EASY_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pphost/plugin.h>

/* Longest message of pph_logf() and pph_failf(), with its NUL; what is longer is cut. */
#ifndef PPH_MESSAGE_MAX
#define PPH_MESSAGE_MAX 512
#endif

#if defined(__GNUC__)
#define PPH_EASY              static inline __attribute__((unused))
#define PPH_EASY_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define PPH_EASY static inline
#define PPH_EASY_PRINTF(f, a)
#endif

/* Levels of pph_logf() and host->log: those of syslog that a plugin needs. */
enum { PPH_LOG_ERROR = 3, PPH_LOG_WARNING = 4, PPH_LOG_INFO = 6, PPH_LOG_DEBUG = 7 };

/* Logs a formatted message; costs nearly nothing when the level is off.  [any] */
PPH_EASY void pph_logf(struct pph_ctx *ctx, int level, const char *format, ...)
    PPH_EASY_PRINTF(3, 4);
PPH_EASY void pph_logf(struct pph_ctx *ctx, int level, const char *format, ...)
{
    char message[PPH_MESSAGE_MAX];
    va_list args;

    if (!ctx->host->log_enabled(ctx, level))
        return;
    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    ctx->host->log(ctx, level, message);
}

/*
 * host->fail() with a formatted message.  `item` may be NULL: then it is about the stage.  Returns
 * `code`, so that `return pph_failf(ctx, it, PPH_FAIL, "bad digit '%c'", c);` is one line.  [worker]
 */
PPH_EASY int pph_failf(struct pph_ctx *ctx, const struct pph_item *item, int code,
                       const char *format, ...) PPH_EASY_PRINTF(4, 5);
PPH_EASY int pph_failf(struct pph_ctx *ctx, const struct pph_item *item, int code,
                       const char *format, ...)
{
    char message[PPH_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return ctx->host->fail(ctx, item, code, message);
}

/*
 * Emits one item of `len` bytes to output port `port`.  Bytes inside the current input, alloc() or
 * adopt() travel by reference, all others are copied.  key and pos come from `from`, the item this
 * one is made of, or are 0 if it is NULL.  Returns what emit returns; PPH_FATAL when len does not
 * fit in an item (4 GiB).  [worker]
 */
PPH_EASY int pph_emit_bytes(struct pph_ctx *ctx, const struct pph_item *from,
                            unsigned port, const void *data, size_t len)
{
    struct pph_item item;

    if (len > UINT32_MAX || port > UINT16_MAX)
        return ctx->host->fail(ctx, NULL, PPH_FATAL,
                               "an item or port number is too large");
    memset(&item, 0, sizeof(item));
    item.data = (void *)(uintptr_t)data; /* without PPH_WRITABLE nobody writes to it */
    item.len = (uint32_t)len;
    item.port = (uint16_t)port;
    if (from) {
        item.key = from->key;
        item.pos = from->pos;
    }
    return ctx->host->emit(ctx, &item, 1);
}

/* Emits a string, without its NUL, to port 0.  Likewise.  [worker] */
PPH_EASY int pph_emit_text(struct pph_ctx *ctx, const struct pph_item *from,
                           const char *text)
{
    return pph_emit_bytes(ctx, from, 0, text, strlen(text));
}

/* Emits the item as it stands, or a slice of it that you have set data and len to.  [worker] */
PPH_EASY int pph_emit_item(struct pph_ctx *ctx, const struct pph_item *item)
{
    return ctx->host->emit(ctx, item, 1);
}

/*
 * The argument of the parameter called `name` in the table that the descriptor points to; an empty
 * value if there is none of that name.  Look it up once, in open or start, not per item.  [any]
 */
PPH_EASY const struct pph_value *pph_arg(const struct pph_ctx *ctx,
                                         const struct pph_param *params, const char *name)
{
    static const struct pph_value none = {"", 0, 0.0, NULL, 0, 0};
    size_t i;

    for (i = 0; params && params[i].name; i++)
        if (strcmp(params[i].name, name) == 0)
            return &ctx->args[i];
    return &none;
}

/* Takes PPH_WRITABLE off an item whose bytes are, or will be, seen by others as well.  [any] */
PPH_EASY void pph_shared(struct pph_item *item)
{
    item->flags = (uint16_t)(item->flags & ~(unsigned)PPH_WRITABLE);
}

/* Nonzero when the item's bytes may be written to.  [any] */
PPH_EASY int pph_writable(const struct pph_item *item)
{
    return (item->flags & (unsigned)PPH_WRITABLE) != 0;
}

/* Nonzero when the run is being stopped: wind up.  [any] */
PPH_EASY int pph_stopping(struct pph_ctx *ctx)
{
    return ctx->host->stopping(ctx) != 0;
}

#endif /* PPHOST_EASY_H */
