/* SPDX-License-Identifier: MIT */
/*
 * A limit that stages share: who has a place, who stands in line for one, and who is told.
 *
 * Mirrors, in runtime/exec: limit_enter_locked(), limit_leave_locked(), limit_goes_on_locked(), limit_has_more_locked(),
 * limit_pass_on_locked(), limit_step_out(), limit_asks_again(), limit_step_in() (limit.c); what of stage_dispatch(),
 * stage_complete() and inbox_offer_or_park() calls them.
 *
 * Three stages share CALLS places: a producer of CALLS_P calls, each of which emits EMITS items into a queue of one and
 * waits inside emit where there is no room; the consumer of these; and another stage of CALLS_B calls, which has two
 * workers.  W threads take whatever stage is ready.  A lock of a stage is held from step to step; what is done under
 * the lock of the limit is one step.
 *
 * Parameters: W, CALLS, CALLS_P, EMITS, CALLS_B.
 *
 * The bugs it must find, each alone:
 *   BUG1  a place is kept for a stage, which is not told
 *   BUG2  a stage that has nothing to do keeps the place that is kept for it
 *   BUG3  a call keeps its place while it waits inside emit
 *   BUG4  a call goes on behind emit without a place
 *   BUG5  a place that is given back is free, and not kept for the first in line
 *   BUG6  a call goes on with the next one though a place is kept for its stage
 *   BUG7  the ready bit is cleared when the stage's lock is free again
 *   BUG8  what is left to do after a call was begun is seen by nobody: the stage does not stand in line
 */
#ifndef W
#define W 2
#endif
#ifndef CALLS
#define CALLS 1
#endif
#ifndef CALLS_P
#define CALLS_P 1
#endif
#ifndef EMITS
#define EMITS 2
#endif
#ifndef CALLS_B
#define CALLS_B 2
#endif

#define CONSUMER 0
#define PRODUCER 1
#define OTHER    2
#define STAGES   3
#define WAITERS  (STAGES + W) /* behind the stages: the threads, for calls inside emit */
#define NOBODY   WAITERS

bit lk[STAGES], ready[STAGES], go[W];
byte todo[STAGES], busy[STAGES]; /* todo[CONSUMER] is its queue */
byte parked = NOBODY;            /* the emitter that waits for room, as a waiter */
byte used, running, consumed, over_calls;
byte line[WAITERS], n_line;
byte waits, kept; /* bit = waiter */

#define WORKERS(s)  ((s) == OTHER -> 2 : 1)
#define HAS_WORK(s) (todo[s] > 0 && busy[s] < WORKERS(s))
#define KEPT(w)     (kept & (1 << (w)))
#define WAITS(w)    (waits & (1 << (w)))
#define OVER        (consumed == CALLS_P * EMITS && over_calls == CALLS_P + CALLS_B)

#define LOCK(s)   atomic { lk[s] == 0 -> lk[s] = 1 }
#define UNLOCK(s) lk[s] = 0

/* --- in one step, under the lock of the limit ------------------------------------------------- */

/* line_up_locked() */
inline line_up(w)
{
    if
    :: !WAITS(w) ->
        waits = waits | (1 << (w));
        line[n_line] = w;
        n_line++
    :: else
    fi
}

/* give_back_locked(); `told`: whose wait is over */
inline give_back()
{
    if
    :: n_line > 0 ->
        told = line[0];
        n_line--;
        j = 0;
        do
        :: j < n_line -> line[j] = line[j + 1]; j++
        :: else -> break
        od;
        line[n_line] = 0;
        j = 0;
        waits = waits & ~(1 << told);
#ifdef BUG5
        if
        :: told < STAGES -> used--
        :: else -> kept = kept | (1 << told)
        fi
#else
        kept = kept | (1 << told)
#endif
    :: else -> used--
    fi
}

/* take_locked() */
inline take(w)
{
    if
    :: KEPT(w) -> kept = kept & ~(1 << (w)); ok = 1
    :: !KEPT(w) && used < CALLS -> assert(n_line == 0 || WAITS(w)); used++; ok = 1
    :: else -> ok = 0
    fi
}

/* --- what follows from it ---------------------------------------------------------------------- */

/* wakes_deliver() */
inline tell()
{
    if
    :: told == NOBODY
    :: told < STAGES ->
#ifndef BUG1
        LOCK(told);
        ready[told] = 1;
        UNLOCK(told)
#else
        skip
#endif
    :: told > OTHER && told < NOBODY -> go[told - STAGES] = 1
    fi;
    told = NOBODY
}

/* limit_has_more_locked(), when there is something to do: else the stage stands in line */
inline has_more(s)
{
    atomic {
        ok = (used < CALLS || KEPT(s));
#ifndef BUG8
        if
        :: !ok -> line_up(s)
        :: else
        fi
#endif
    }
}

/* The call may begin: a place, and the stage's next piece of work; the one that waits for room gets in. */
inline begin(s)
{
    d_step {
        todo[s]--;
        if
        :: s == CONSUMER && parked != NOBODY -> todo[CONSUMER]++; room_for = parked; parked = NOBODY
        :: else
        fi
    }
}

proctype worker(byte me)
{
    byte s, j, emits, told = NOBODY, room_for = NOBODY;
    bit ok;

pick:
    if
    :: OVER -> goto end
    :: ready[CONSUMER] -> s = CONSUMER
    :: ready[PRODUCER] -> s = PRODUCER
    :: ready[OTHER] -> s = OTHER
    fi;

    LOCK(s); /* stage_dispatch() */
    ok = 0;
    if
    :: HAS_WORK(s) ->
        atomic {
            take(s);
            if
            :: !ok -> line_up(s)
            :: else
            fi
        }
    :: else
    fi;
    if
    :: !ok ->
#ifndef BUG7
        ready[s] = 0;
#endif
        atomic { /* limit_pass_on_locked(); nothing is kept for one that has just been refused */
            if
#ifndef BUG2
            :: KEPT(s) -> kept = kept & ~(1 << s); give_back()
#endif
            :: else
            fi
        };
        UNLOCK(s);
#ifdef BUG7
        ready[s] = 0;
#endif
        tell();
        goto pick
    :: else
    fi;
    busy[s]++;
    begin(s);
    if
    :: HAS_WORK(s) -> has_more(s)
    :: else -> ok = 0
    fi;
    if
    :: !ok -> ready[s] = 0
    :: else
    fi;
    UNLOCK(s);

call:
    if
    :: room_for != NOBODY -> go[room_for - STAGES] = 1; room_for = NOBODY
    :: else
    fi;
    atomic { running++; assert(running <= CALLS) };
    emits = (s == PRODUCER -> EMITS : 0);
    do
    :: emits > 0 -> /* into the queue, or into its line */
        LOCK(CONSUMER);
        d_step {
            if
            :: todo[CONSUMER] == 0 && parked == NOBODY -> todo[CONSUMER] = 1
            :: else -> parked = STAGES + me
            fi;
            ok = (parked == STAGES + me);
            ready[CONSUMER] = 1;
            emits--
        };
        UNLOCK(CONSUMER);
        if
        :: ok -> /* park_instance() */
            atomic {
                running--;
#ifndef BUG3
                give_back() /* limit_step_out() */
#endif
            };
            tell();
            atomic { go[me] -> go[me] = 0 };
#ifndef BUG3
#ifndef BUG4
            atomic { /* limit_asks_again() */
                take(STAGES + me);
                if
                :: !ok -> line_up(STAGES + me)
                :: else
                fi
            };
            if
            :: !ok ->
                atomic { go[me] -> go[me] = 0 };
                atomic { take(STAGES + me); assert(ok) } /* limit_step_in() */
            :: else
            fi;
#else
            used++;
#endif
#endif
            atomic { running++; assert(running <= CALLS) }
        :: else
        fi
    :: else -> break
    od;
    running--;

    LOCK(s); /* stage_complete() */
    atomic {
        if
        :: s == CONSUMER -> consumed++
        :: else -> over_calls++
        fi
    };
    if
    :: todo[s] > 0 ->
        atomic { /* limit_goes_on_locked() */
#ifdef BUG6
            ok = (n_line == 0 || (n_line == 1 && line[0] == s))
#else
            ok = (!KEPT(s) && (n_line == 0 || (n_line == 1 && line[0] == s)))
#endif
        }
    :: else -> ok = 0
    fi;
    if
    :: ok ->
        begin(s);
        if
        :: HAS_WORK(s) -> has_more(s)
        :: else -> ok = 0
        fi;
        ready[s] = ok;
        UNLOCK(s);
        goto call
    :: else
    fi;
    atomic { give_back() }; /* limit_leave_locked(), then give_back_locked() of dispatch.c */
    busy[s]--;
    if
    :: todo[s] > 0 ->
        has_more(s);
        if
        :: ok -> ready[s] = 1
        :: else
        fi
    :: else
    fi;
    UNLOCK(s);
    tell();
    goto pick;
end:
    skip
}

init
{
    byte j;

    atomic {
        todo[PRODUCER] = CALLS_P;
        todo[OTHER] = CALLS_B;
        ready[PRODUCER] = 1;
        ready[OTHER] = 1;
        do
        :: j < W -> run worker(j); j++
        :: else -> break
        od
    };
    /* a place that is still kept is for a stage that somebody would look at */
    atomic {
        _nr_pr == 1 ->
        assert((kept & ~(ready[0] | ready[1] << 1 | ready[2] << 2)) == 0);
        assert(used == (KEPT(0) != 0) + (KEPT(1) != 0) + (KEPT(2) != 0) && n_line == 0)
    }
}
