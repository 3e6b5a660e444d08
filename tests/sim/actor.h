/* SPDX-License-Identifier: MIT */
/*
 * One worker of a scripted stage: what it is allowed to see of the host, checked, and its dealings
 * with the host, during which it is not in plugin code.
 */
#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include "sim/script.h"

enum { ACTOR_STACK_PAYLOAD = 40, ACTOR_OWN_PAYLOAD = 24000 };

/* What the workers of a stage share. */
struct shared {
    unsigned planned;  /* sources: items given out */
    uint64_t paced_ns; /* ... with a rate: since when; 0: they have not begun */
    bool planning, flushing;
    unsigned started, stopped;
    bool open;
};

struct actor {
    const struct script *script;
    struct shared *shared;
    struct pph_ctx *ctx; /* from start on, also after stop */
    bool started, busy, cancelled, in_place;
    uint64_t thread; /* PPH_PINNED, PPH_BLOCKING: that start ran on */
    /* The item or call that goes on. */
    bool begun;
    uint64_t pos;
    unsigned next; /* output, or item of a source */
    unsigned needless;
    unsigned tries; /* of this item, in vain */
    bool told;      /* the last emit said PPH_MORE */
    unsigned range_end;
    bool flushed, flush_goes_on;
    unsigned taken;                 /* items, ever */
    uint8_t own[ACTOR_OWN_PAYLOAD]; /* memory that the host must copy from */
};

/* A callback begins and ends. */
struct actor *actor_enter(struct pph_ctx *ctx);
void actor_leave(struct actor *a);

/* True so often of 256 times, by the schedule. */
bool actor_chance(unsigned chance);

/* Takes its time, as its manners are. */
void actor_dawdle(struct actor *a);

/* The host's functions. */
int actor_emit(struct actor *a, const struct pph_item *items, size_t n);
void *actor_alloc(struct actor *a, size_t len);
void *actor_adopt(struct actor *a, size_t len);
int actor_fail(struct actor *a, const struct pph_item *it, int code);

/* Says that the stage cannot go on; returns PPH_FATAL. */
int actor_fatal(struct actor *a);

/* Promises of the host. */
void actor_check_input(const struct actor *a);
void actor_check_flush(struct actor *a, int why);
void actor_begin_plan(struct actor *a);
void actor_end_plan(struct actor *a);

/* Payloads: eight bytes that say what it is, and more that follow from them. */
void payload_write(struct pph_item *it, uint64_t content);
void payload_rewrite(struct pph_item *it);
void payload_check(const struct pph_item *it);
uint64_t payload_content(const struct pph_item *it);

void world_saw(struct seen_list *list, const struct actor *a, const struct pph_item *it);

/* The callbacks; script.c. */
int script_generate(struct pph_ctx *ctx);
int script_each(struct pph_ctx *ctx, struct pph_item *it);
int script_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n);
int script_plan(struct pph_ctx *ctx, const struct pph_item *items, size_t n);
int script_flush(struct pph_ctx *ctx, int why);

#endif /* SIM_ACTOR_H */
