/* SPDX-License-Identifier: MIT */
/*
 * A stage that gathers: it begins no call before enough has come, and never waits for those who wait for it.
 *
 * Mirrors, in runtime/exec: take_is_due_locked(), take_hurry() (take.c); what of stage_dispatch(), register_waiter_locked(),
 * budget_wait_locked(), budget_look() and inbox_popped_locked() calls them or follows.
 *
 * A source makes N batches of B items for the stage, whose queue holds CAP items, or one batch.  It waits for room there,
 * and for the budget: FLIGHT batches may be under way.  The stage asks for ITEMS, and no time passes: so it goes on only
 * with those, at the end of its input, or because the source waits.  W threads take whichever of the two is ready.
 *
 * Parameters: W, N, B, CAP, ITEMS, FLIGHT.
 *
 * The bugs it must find, each alone:
 *   BUG1  who registers for room does not make the stage ready
 *   BUG2  a source that the budget holds back does not make the stage ready
 *   BUG3  ... or does so before it notes that it waits
 *   BUG4  the stage clears its bit when its lock is free again
 *   BUG5  the stage does not look whether a source waits for the budget
 *   BUG6  the end of input does not end the waiting
 */
#ifndef W
#define W 2
#endif
#ifndef N
#define N 4
#endif
#ifndef B
#define B 1
#endif
#ifndef CAP
#define CAP 3
#endif
#ifndef ITEMS
#define ITEMS 3
#endif
#ifndef FLIGHT
#define FLIGHT 9
#endif

#define STAGE  0
#define SOURCE 1

#define LOCK(s)   atomic { lk[s] == 0 -> lk[s] = 1 }
#define UNLOCK(s) lk[s] = 0

bit lk[2], ready[2], open = 1;
bit waiter;  /* the source is registered for room */
bit waiting; /* ... and noted for the budget */
bit busy;    /* the source has one worker */
byte queue, made, done;

#define FITS     (queue == 0 || (queue + 1) * B <= CAP)
#define IN_FLIGHT (made - done)
#define OVER     (done == N && !open)

#ifdef BUG5
#define AWAITED (waiter)
#else
#define AWAITED (waiter || waiting)
#endif
#ifdef BUG6
#define ENDED 0
#else
#define ENDED (!open)
#endif
#define DUE (queue > 0 && (queue * B >= ITEMS || ENDED || AWAITED))

inline make_ready(s)
{
    LOCK(s);
    ready[s] = 1;
    UNLOCK(s)
}

/* take_hurry(), delivered: no lock is held. */
inline hurry()
{
    if
    :: queue > 0 -> make_ready(STAGE)
    :: else
    fi
}

/* The source's turn: its lock is held, and let go. */
inline source_turn()
{
    if
    :: busy -> /* its worker is in a call, and makes it ready when that ends */
        ready[SOURCE] = 0;
        UNLOCK(SOURCE)
    :: !busy && made == N ->
        ready[SOURCE] = 0;
        UNLOCK(SOURCE);
        LOCK(STAGE); /* finish() */
        open = 0;
        ready[STAGE] = 1;
        UNLOCK(STAGE)
    :: !busy && made < N && !FITS -> /* the gate; register_waiter_locked() */
        ready[SOURCE] = 0;
        LOCK(STAGE);
        if
        :: queue == 0 -> ready[SOURCE] = 1
        :: else ->
            waiter = 1;
#ifndef BUG1
            ready[STAGE] = 1
#endif
        fi;
        UNLOCK(STAGE);
        UNLOCK(SOURCE)
    :: !busy && made < N && FITS && IN_FLIGHT >= FLIGHT -> /* budget_wait_locked() */
        ready[SOURCE] = 0;
#ifdef BUG3
        hurry();
#endif
        waiting = 1;
        if
        :: IN_FLIGHT < FLIGHT -> ready[SOURCE] = 1
        :: else
        fi;
        UNLOCK(SOURCE);
#if !defined(BUG2) && !defined(BUG3)
        hurry()
#endif
    :: !busy && made < N && FITS && IN_FLIGHT < FLIGHT ->
        busy = 1;
        made++;
        ready[SOURCE] = 0;
        UNLOCK(SOURCE);
        LOCK(STAGE); /* the call, and inbox_offer() */
        assert(FITS);
        queue++;
        ready[STAGE] = 1;
        UNLOCK(STAGE);
        LOCK(SOURCE); /* stage_complete() */
        busy = 0;
        ready[SOURCE] = 1;
        UNLOCK(SOURCE)
    fi
}

/* The stage's turn, likewise. */
inline stage_turn()
{
    if
    :: DUE ->
        d_step {
            took = 0;
            do
            :: queue > 0 && took * B < ITEMS -> queue--; took++
            :: else -> break
            od;
            tells = waiter && 2 * queue * B <= CAP; /* an empty one is low */
            waiter = waiter && !tells
        };
        if
        :: !DUE -> ready[STAGE] = 0
        :: else
        fi;
        UNLOCK(STAGE);
        if
        :: tells -> make_ready(SOURCE)
        :: else
        fi;
        done = done + took; /* the call */
        if
        :: waiting -> waiting = 0; make_ready(SOURCE) /* budget_look() */
        :: else
        fi;
        LOCK(STAGE); /* stage_complete() */
        if
        :: queue > 0 -> ready[STAGE] = 1
        :: else
        fi;
        UNLOCK(STAGE)
    :: else ->
#ifndef BUG4
        ready[STAGE] = 0;
        UNLOCK(STAGE)
#else
        UNLOCK(STAGE);
        ready[STAGE] = 0
#endif
    fi
}

active [W] proctype worker()
{
    byte took;
    bit tells;

    do
    :: OVER -> break
    :: ready[STAGE] ->
        LOCK(STAGE);
        stage_turn()
    :: !ready[STAGE] && ready[SOURCE] ->
        LOCK(SOURCE);
        source_turn()
    od
}

init
{
    ready[SOURCE] = 1
}
