/* SPDX-License-Identifier: MIT */
/* What becomes of items, told from the item and the stage alone. */
#include "sim/plan.h"

uint64_t plan_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a * UINT64_C(0x9E3779B97F4A7C15) + b + UINT64_C(0x632BE59BD9B4E019);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

struct fate script_fate(const struct script *s, uint64_t pos)
{
    uint64_t h = plan_mix(s->seed, pos);
    struct fate fate = {.fails = (h & 255) < s->fails};

    if (s->sums > 0 || s->ports == 0)
        return fate;
    h >>= 8;
    if (fate.fails) {
        fate.n = (h & 7) == 0; /* what was emitted before stays emitted */
    } else if ((h & 255) < s->forwards || s->whole) {
        fate.forwards = true;
        fate.n = 1;
    } else if ((h >> 8 & 255) < s->bursts) {
        fate.n = 8 + (h >> 16 & 15);
    } else {
        fate.n = (unsigned)((h >> 16 & 255) % (s->outputs + 1));
    }
    return fate;
}

/* The first 16 bits of a name say which item of a source it comes of. */
static uint64_t name(unsigned ancestor, uint64_t rest)
{
    return (uint64_t)ancestor << 48 | rest >> 16;
}

unsigned script_ancestor(uint64_t pos)
{
    return (unsigned)(pos >> 48);
}

uint64_t script_output(const struct script *s, uint64_t pos, unsigned j)
{
    return name(script_ancestor(pos), plan_mix(s->seed ^ 0x5bd1e995, plan_mix(pos, j)));
}

unsigned script_port(const struct script *s, uint64_t output)
{
    return s->ports < 2 || s->whole ? 0 : (unsigned)(output >> 5 & 1);
}

uint64_t script_key(uint64_t output)
{
    return output >> 40 & 3;
}

enum payload script_payload(uint64_t output)
{
    unsigned h = output >> 8 & 15;

    if (h < 4)
        return PAYLOAD_INPUT;
    if (h < 10)
        return PAYLOAD_ALLOC;
    return h < 13 ? PAYLOAD_STACK : h < 15 ? PAYLOAD_ADOPT : PAYLOAD_EMPTY;
}

uint32_t script_len(uint64_t output)
{
    uint32_t len = 8 + (uint32_t)(output >> 16 & 31);

    return (output >> 24 & 31) == 0 ? 600 * len : len;
}

uint64_t script_item(const struct script *s, unsigned worker, unsigned k)
{
    return name(1 + (s->stage * PLAN_WORKERS_MAX + worker) * PLAN_ITEMS_MAX + k,
                plan_mix(s->seed ^ 0x27d4eb2f, plan_mix(worker, k)));
}
