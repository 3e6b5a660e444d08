/* SPDX-License-Identifier: MIT */
/*
 * pace-note: `pace.paid` is the time at which all would be out that was emitted so far, had each item taken its share of
 * time; a call may begin when that has come.  It is never more than CREDIT_NS in the past, so a source that was slow, or
 * was woken late, catches up so much and no more.  It counts in parts of a nanosecond, of which there are rate.items: an
 * item costs rate.per_ns of them, without rounding.
 *
 * Who begins a call is charged at once for all that may go out now, so that workers do not take the same items twice, and
 * is given back at its end what it has not emitted.  Fast sources begin when QUANTUM_NS are worth a call and then go on
 * until all of it is spent: nobody is woken for single items.  The control thread keeps the time (stage.wake_ns).
 */
#include "exec/pace.h"

#include "base/clock.h"

enum {
    CREDIT_NS = 10 * NS_PER_MS,
    QUANTUM_NS = 5 * NS_PER_MS,
};

static bool is_draining(const struct stage *s)
{
    return atomic_load_explicit(&s->run->draining, memory_order_relaxed) != 0;
}

/* How far beyond `paid` a call begins, after one that was refused. */
static __uint128_t quantum(const struct rate *rate)
{
    __uint128_t quantum = (__uint128_t)QUANTUM_NS * rate->items;

    return quantum > rate->per_ns ? quantum - rate->per_ns : 0;
}

bool pace_asks(struct pace *pace, const struct rate *rate, uint64_t now_ns,
               uint64_t *ret_at_ns)
{
    __uint128_t now = (__uint128_t)now_ns * rate->items;
    __uint128_t begin = pace->paid + (pace->open ? 0 : quantum(rate));

    if (begin > now)
        begin = pace->paid + quantum(rate);
    pace->open = begin <= now;
    if (!pace->open)
        *ret_at_ns = (uint64_t)((begin + rate->items - 1) / rate->items);
    return pace->open;
}

/* No more than the credit is left of the time before. */
static void forget(struct pace *pace, const struct rate *rate, __uint128_t now)
{
    __uint128_t credit = (__uint128_t)CREDIT_NS * rate->items;

    if (now > credit && pace->paid < now - credit)
        pace->paid = now - credit;
}

uint64_t pace_takes(struct pace *pace, const struct rate *rate, uint64_t now_ns)
{
    __uint128_t now = (__uint128_t)now_ns * rate->items;
    uint64_t allowed = 0;

    forget(pace, rate, now);
    if (pace->paid <= now)
        allowed = (uint64_t)((now - pace->paid) / rate->per_ns) + 1;
    pace->paid += (__uint128_t)allowed * rate->per_ns;
    return allowed;
}

void pace_settles(struct pace *pace, const struct rate *rate, uint64_t taken,
                  uint64_t emitted, uint64_t now_ns)
{
    pace->paid -= (__uint128_t)taken * rate->per_ns;
    if (emitted >
        0) /* it may have waited first: they count from now on, or the credit were given twice */
        forget(pace, rate, (__uint128_t)now_ns * rate->items);
    pace->paid += (__uint128_t)emitted * rate->per_ns;
}

bool pace_admits_locked(struct stage *s)
{
    uint64_t now;

    if (!stage_is_paced(s) || is_draining(s))
        return true;
    now = clock_now_ns();
    if (pace_asks(&s->pace, &s->graph->rate, now, &s->wake_ns))
        return true;
    if (s->pace.held_since_ns == 0)
        s->pace.held_since_ns = now;
    return false;
}

void pace_begin_locked(struct stage *s, struct instance *i)
{
    uint32_t most = s->ports[0].target;
    uint64_t now;

    if (!i->paced || i->call != CALL_GENERATE)
        return;
    now = clock_now_ns();
    i->charged = pace_takes(&s->pace, &s->graph->rate, now);
    i->allowed = is_draining(s) ? UINT64_MAX : i->charged;
    i->ctx.want = i->allowed < most ? (uint32_t)i->allowed : most;
    i->emitted_before = 0;
    i->emitted_before = pace_emitted(i);
    i->paying = true;
    s->pace.held_ns = pace_held_ns_locked(s);
    s->pace.held_since_ns = 0;
}

void pace_end_locked(struct stage *s, struct instance *i)
{
    if (i->paying)
        pace_settles(&s->pace, &s->graph->rate, i->charged, pace_emitted(i),
                     clock_now_ns());
    i->paying = false;
}

uint64_t pace_held_ns_locked(const struct stage *s)
{
    uint64_t since = s->pace.held_since_ns;
    uint64_t now = since ? clock_now_ns() : 0;

    return s->pace.held_ns + (now > since ? now - since : 0);
}
