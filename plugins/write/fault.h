/* SPDX-License-Identifier: MIT */
/*
 * Failures of write: each names the file.
 */
#ifndef WRITE_FAULT_H
#define WRITE_FAULT_H

#include <pphost/plugin.h>

/* host->fail() of the whole stage with PPH_FATAL and a message made as by printf. */
int write_failf(struct pph_ctx *ctx, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As write_failf("cannot DO PATH: MESSAGE OF ERROR"). */
int write_fail_errno(struct pph_ctx *ctx, const char *what, const char *path, int error);

#endif /* WRITE_FAULT_H */
