/* SPDX-License-Identifier: MIT */
/*
 * Early finish: a stage that wants no more closes its inbox, and that travels up to the sources.
 *
 * Mirrors, in runtime/exec: inbox_close(), inbox_drop(), stage_is_unread(), inbox_offer(),
 * inbox_offer_or_park() (inbox.c); stage_dispatch(), register_waiter_locked(), finish_check_locked(),
 * finish(), stage_complete() (dispatch.c); own_thread() (workers.c) for the source; ITEMS_ENOUGH
 * (activation.c).  Threads of the pool sleep here until a bit is set: sleep.pml shows that they may.
 *
 * The source has a thread of its own.  After MADE batches its call waits for input that never comes,
 * until it is cancelled: only the end of all interest can end the run.
 *
 * Parameters: TOPO 0: src -> mid -> head; 1: src => head, sink, a broadcast, where the sink wants all and
 * the source ends by itself.
 * W threads of the pool.  MADE batches before the source waits; the head wants WANTS.  K batches a call
 * of `mid` emits, which parks or returns PPH_MORE when the queue below is full.
 *
 * The bugs it must find, each alone:
 *   BUG1  whether anyone reads the stage is seen before its lock is taken, and never again
 *   BUG2  inbox_close() leaves parked emitters where they are
 *   BUG3  a source counts as unread as soon as one reader has closed
 *   BUG4  an emitter looks at `closed` before it takes the lock, and not again
 *   BUG5  a closed queue takes batches all the same
 *   BUG6  the source's call is not cancelled
 *   BUG7  inbox_close() does not make the producers ready
 */
#ifndef TOPO
#define TOPO 0
#endif
#ifndef W
#define W 2
#endif
#ifndef MADE
#define MADE 2
#endif
#ifndef WANTS
#define WANTS 1
#endif
#ifndef K
#define K 2
#endif
#define NS 3
#define SRC 2
#define CAP 1
#if TOPO == 0
#define READERS(s) ((s) != 0)
#define READER(s, r) ((s) - 1)
#define HEAD(s) ((s) == 0)
#define PRODUCER(s) ((s) + 1)
#else
#define READERS(s) ((s) == SRC -> 2 : 0)
#define READER(s, r) (r)
#define HEAD(s) ((s) != SRC)
#define PRODUCER(s) SRC
#endif
#define EMITS(s) (HEAD(s) -> 0 : ((s) == SRC -> 1 : K))
#define FREE 0
#define RUN 1
#define HELD 2
#define NOBODY 255

bit lk[NS], ready[NS], closed[NS], finished[NS];
byte q[NS], open_in[NS], st[NS], left[NS], out[NS], got[NS], taken[NS];
bit incall[NS], dropped[NS], source_done, cancelled, over;
byte waiters[NS];
byte parked[NS] = NOBODY; /* the one thread that waits in line: each stage has one producer */
bit go[W + 1], sent[W + 1];
bit news; /* of the source: seen_generation != own_generation */
byte live = NS, gone;
byte split, produced, delivered, filtered; /* batches, for the account */

#if TOPO == 0
#define UNREAD(s) ((s) != 0 && closed[((s) -> (s) - 1 : 0)])
#elif defined(BUG3)
#define UNREAD(s) ((s) == SRC && (closed[0] || closed[1]))
#else
#define UNREAD(s) ((s) == SRC && closed[0] && closed[1])
#endif
#define HAS_ROOM(d) (closed[d] || (parked[d] == NOBODY && q[d] < CAP))

/* stage_set_ready_locked() */
inline set_ready(s)
{
    if
    :: (s) == SRC -> news = 1
    :: else -> ready[s] = 1
    fi
}

/* inbox_close(): `c` is the stage */
inline inbox_close(c)
{
    atomic {
        found = closed[c];
        closed[c] = 1
    };
    if
    :: found -> found = 0
    :: else ->
        d_step { /* inbox_drop() */
            lk[c] == 0 ->
            filtered = filtered + q[c];
            q[c] = 0;
            dropped[c] = 1;
#ifndef BUG2
            pk = parked[c];
            parked[c] = NOBODY
#endif
        };
        d_step {
            if
            :: pk != NOBODY -> sent[pk] = 0; go[pk] = 1
            :: else
            fi;
            pk = NOBODY
        };
#ifndef BUG6
        if
        :: PRODUCER(c) == SRC && UNREAD(SRC) -> cancelled = 1
        :: else
        fi;
#endif
#ifndef BUG7
        atomic { lk[PRODUCER(c)] == 0 -> set_ready(PRODUCER(c)) };
#endif
        atomic { lk[c] == 0 -> set_ready(c) }
    fi
}

/* register_waiter_locked() with what `bl` names, under the lock of s */
inline register(s)
{
    do
    :: bl != 0 ->
        atomic {
            d = 0;
            do
            :: (bl & (1 << d)) == 0 -> d++
            :: else -> break
            od;
            lk[d] == 0 ->
            bl = bl & ~(1 << d);
            if
            :: q[d] == 0 && parked[d] == NOBODY -> set_ready(s)
            :: closed[d] -> set_ready(s)
            :: else -> waiters[d] = waiters[d] | (1 << s)
            fi;
            d = 0
        }
    :: else -> break
    od
}

/* Whether s may begin a call, or its held one go on (`opn`); notes full readers in `bl`. */
inline gate(s)
{
    opn = 1;
    d = 0;
    do
    :: d < READERS(s) ->
        if
        :: !HAS_ROOM(READER(s, d)) && (st[s] == FREE || d == got[s] || out[s] == 0) ->
            bl = bl | (1 << READER(s, d));
            opn = 0
        :: else
        fi;
        d++
    :: else -> break
    od;
    d = 0
}

inline finish_check(s)
{
    if
    :: finished[s] || st[s] != FREE
    :: else ->
        if
        :: (s == SRC -> source_done : open_in[s] == 0 && q[s] == 0 && parked[s] == NOBODY) ->
            finished[s] = 1;
            fin = 1
        :: else
        fi
    fi
}

inline finish(s)
{
    d = 0;
    do
    :: d < READERS(s) ->
        atomic {
            lk[READER(s, d)] == 0 ->
            open_in[READER(s, d)]--;
            if
            :: open_in[READER(s, d)] == 0 -> set_ready(READER(s, d))
            :: else
            fi;
            d++
        }
    :: else -> break
    od;
    atomic {
        d = 0;
        fin = 0;
        live--;
        if
        :: live == 0 -> over = 1; set_ready(SRC)
        :: else
        fi
    }
}

/* claim_work_locked(), with the lock of s taken and kept */
inline claim(s)
{
    d_step {
        lk[s] = 1;
        if
        :: UNREAD(s) && s == SRC -> source_done = 1
        :: else
        fi;
        have = 0;
        if
        :: finished[s]
        :: !finished[s] && st[s] == HELD ->
            gate(s);
            have = opn
        :: !finished[s] && st[s] == FREE ->
            if
            :: (s == SRC -> !source_done : q[s] > 0) ->
                gate(s);
                have = opn
            :: else
            fi;
            if
            :: have ->
                incall[s] = 1;
                left[s] = EMITS(s)
            :: else
            fi;
            if
            :: have && s != SRC ->
                assert(!dropped[s]);
                q[s]--;
                taken[s]++;
                if
                :: parked[s] != NOBODY ->
                    q[s]++;
                    pk = parked[s];
                    parked[s] = NOBODY
                :: else
                fi;
                if
                :: q[s] == 0 -> wk = waiters[s]; waiters[s] = 0
                :: else
                fi
            :: else
            fi
        :: else
        fi;
        opn = 0;
        if
        :: have -> st[s] = RUN
        :: else
        fi;
        ready[s] = 0
    }
}

/* stage_dispatch(): `have` is set when the instance of s is to run */
inline dispatch(s)
{
#ifdef BUG1
    shut = UNREAD(s) && s != SRC && !closed[s];
#endif
    atomic {
        lk[s] == 0 ->
#ifndef BUG1
        shut = UNREAD(s) && s != SRC && !closed[s];
#endif
        if
        :: !shut -> claim(s)
        :: else
        fi
    };
    if
    :: shut ->
        shut = 0;
        have = 0;
        inbox_close(s) /* and the stage is ready again */
    :: else ->
        register(s);
        atomic {
            lk[s] = 0;
            if
            :: !have -> finish_check(s)
            :: else
            fi
        };
        d_step {
            if
            :: pk != NOBODY -> sent[pk] = 1; go[pk] = 1
            :: else
            fi;
            pk = NOBODY
        };
        do
        :: wk != 0 ->
            atomic {
                d = 0;
                do
                :: (wk & (1 << d)) == 0 -> d++
                :: else -> break
                od;
                lk[d] == 0 ->
                set_ready(d);
                wk = wk & ~(1 << d);
                d = 0
            }
        :: else -> break
        od;
        if
        :: fin -> finish(s)
        :: else
        fi
    fi
}

/* The batch at the front of the output is with its reader, one way or the other. */
inline went(s)
{
    if
    :: got[s] > 0 -> split++
    :: else
    fi;
    got[s]++;
    if
    :: got[s] == READERS(s) -> got[s] = 0; out[s]--
    :: else
    fi
}

/* activation_run() and stage_complete() */
inline activate(s)
{
    do
    :: s == SRC && left[s] > 0 && produced == MADE ->
#if TOPO == 0
        cancelled; /* in a read that nothing comes from */
#else
        source_done = 1; /* PPH_END */
#endif
        left[s] = 0
    :: out[s] == 0 && left[s] > 0 && !(s == SRC && produced == MADE) ->
        d_step {
            left[s]--;
            out[s]++;
            produced++
        }
    :: out[s] > 0 ->
        d = READER(s, got[s]);
        d_step { /* inbox_offer() */
            lk[d] == 0 ->
            found = 0;
            if
#ifndef BUG5
            :: closed[d] -> filtered++; found = 1
            :: !closed[d] && parked[d] == NOBODY && q[d] < CAP -> q[d]++; set_ready(d); found = 1
#else
            :: parked[d] == NOBODY && q[d] < CAP -> q[d]++; set_ready(d); found = 1
#endif
            :: else
            fi;
            if
            :: found -> went(s)
            :: else
            fi
        };
        if
        :: found -> d = 0; found = 0
        :: !found -> d = 0; break /* PPH_MORE, or the call is over and owes this */
        :: !found && incall[s] && s != SRC ->
#ifdef BUG4
            found = closed[d];
#endif
            d_step { /* inbox_offer_or_park() */
                lk[d] == 0 ->
                go[me] = 0;
#ifndef BUG4
                found = closed[d];
#endif
                if
                :: found -> filtered++
                :: !found && parked[d] == NOBODY && q[d] < CAP -> q[d]++; found = 1
                :: else -> parked[d] = me
                fi;
                set_ready(d)
            };
            if
            :: !found ->
                go[me];
                d_step {
                    go[me] = 0;
                    filtered = filtered + !sent[me];
                    sent[me] = 0
                }
            :: else
            fi;
            d_step {
                found = 0;
                d = 0;
                went(s)
            }
        fi
    :: else -> break
    od;
    if
    :: HEAD(s) ->
        delivered++;
        if
        :: taken[s] >= WANTS && s == 0 -> inbox_close(s)
        :: else
        fi
    :: else
    fi;
    atomic {
        lk[s] == 0 ->
        d_step {
            have = 0;
            if
            :: left[s] == 0 -> incall[s] = 0
            :: else
            fi;
            st[s] = (left[s] > 0 || out[s] > 0 -> HELD : FREE);
            if
            :: s == SRC || q[s] > 0 || st[s] == HELD -> set_ready(s)
            :: else
            fi;
            finish_check(s)
        }
    };
    if
    :: fin -> finish(s)
    :: else
    fi
}

proctype pool(byte me)
{
    byte s, d, bl, wk, pk = NOBODY;
    bit opn, have, fin, found, shut;

    do
    :: over -> break
    :: atomic {
            !over && (ready[0] || ready[1]) ->
            if
            :: ready[0] -> s = 0
            :: else -> s = 1
            fi
        };
        dispatch(s);
        if
        :: have -> activate(s)
        :: else
        fi;
        s = 0
    od;
    gone++
}

proctype source()
{
    byte d, bl, wk, pk = NOBODY, me = W;
    bit opn, have, fin, found, shut;

    do
    :: over -> break
    :: !over ->
        dispatch(SRC);
        if
        :: have -> activate(SRC)
        :: else -> atomic { news || over -> news = 0 }
        fi
    od;
    gone++
}

init
{
    byte j;

    d_step {
        open_in[0] = 1;
        open_in[1] = 1;
        ready[0] = 1;
        ready[1] = 1;
        news = 1;
        parked[0] = NOBODY;
        parked[1] = NOBODY;
        parked[2] = NOBODY
    };
    atomic {
        do
        :: j < W -> run pool(j); j++
        :: else -> break
        od;
        run source()
    };
    gone == W + 1;
    assert(live == 0 && q[0] == 0 && q[1] == 0);
#if TOPO == 0
    /* mid takes one and makes K of it */
    assert(produced == delivered + filtered + taken[1])
#else
    assert(produced + split == delivered + filtered && taken[1] == MADE)
#endif
}
