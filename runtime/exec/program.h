/* SPDX-License-Identifier: MIT */
/* What the stages of a program that has pphost as a library may do, beside what every plugin may. */
#ifndef EXEC_PROGRAM_H
#define EXEC_PROGRAM_H

#include <pphost/plugin.h>

/*
 * Whether the payload of this call's whole input lies in one piece of memory that was adopted with `release`, and that
 * nothing else refers to; then the arg that it was adopted with, else NULL.  [worker, inside batch]
 */
void *program_adopted(struct pph_ctx *ctx, void (*release)(void *arg));

/* It is the caller's from now on, and `release` will not be called; program_adopted() has just said so.  [likewise] */
void program_take_back(struct pph_ctx *ctx);

#endif /* EXEC_PROGRAM_H */
