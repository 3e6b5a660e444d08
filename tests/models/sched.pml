/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: ready bits, the gate, waiters, held instances, parked emitters, idle bits, the end.
 *
 * Mirrors, in runtime/exec: claim_work_locked(), register_waiter_locked(), stage_dispatch(),
 * finish_check_locked(), finish(), give_back_locked(), goes_on_locked() (dispatch.c); inbox_offer(),
 * inbox_offer_or_park(), inbox_pop_locked() (inbox.c); activation_run() with what emits inside it
 * (activation.c, emit.c, send.c);
 * pool_thread(), be_spare(), workers_release_slot(), workers_acquire_slot() (workers.c); worker_sleep(),
 * workers_notify() (wakeup.c, in coarser steps: sleep.pml has the fine ones).
 *
 * A batch is one item here, of cost one (inbox.pml has the sizes).  What stands under a stage's lock
 * and touches nothing else is one step.  Dispatch is several: the gate looks at queues below without
 * their locks, and registers with each under its lock.
 *
 * Parameters: TOPO 0: src -> mid -> sink; 1: src => a, b -> sink, a broadcast; 2: two sources into one
 * stage, then a sink.  P slots, W threads (the first P hold slots at the start, the others are spares).
 * N calls of each source.  K batches a call of `mid` (or `a`) emits, LIM instances of it.  CAP batches a
 * queue holds.  HARD batches collect before emit waits.  RUDE 0: plugins return PPH_MORE when told;
 * 1: they go on and wait in emit; 2: either.  FLUSH: `mid` has a flush that emits one batch per instance.
 * ROUNDS: an instance whose call is over may go on with the next one at once.
 * SWAP: at any time the module of `mid` (or `a`) is replaced: no call begins until those under way, held ones too,
 * are over; then the new module is put in.  It is not built yet; the protocol is that of the design.
 *
 * The bugs it must find, each alone:
 *   BUG1  registers as a waiter first and clears the ready bit after that
 *   BUG2  registers without a second look under the reader's lock
 *   BUG3  who parks keeps the slot
 *   BUG4  waiters are woken only by the pop that crosses low water
 *   BUG5  what a held instance owes is not registered with the full queue
 *   BUG6  a stage finishes while an instance is held
 *   BUG7  a pop leaves emitters parked
 *   BUG8  no second look after the idle bit is set
 *   BUG9  stage_complete() does not make the stage ready for a held instance
 *   BUG10 a source counts as finished while a call of it runs
 *   BUG11 what does not fit goes over the bound (the first batch of a call is free)
 *   BUG12 (ROUNDS) who goes on at once does not wake those whom the pop made room for
 *   BUG13 (SWAP) the stage is not made ready when the new module is in
 *   BUG14 (SWAP) held calls are not waited for: one goes on with a module that did not begin it
 *   BUG15 (SWAP) held calls do not go on either while the module is to be replaced
 */
#ifndef TOPO
#define TOPO 0
#endif
#ifndef P
#define P 1
#endif
#ifndef W
#define W 2
#endif
#ifndef N
#define N 2
#endif
#ifndef K
#define K 2
#endif
#ifndef LIM
#define LIM 1
#endif
#ifndef CAP
#define CAP 1
#endif
#ifndef HARD
#define HARD 2
#endif
#ifndef RUDE
#define RUDE 2
#endif

/* Stages by rank: 0 is the sink, the sources come last. */
#if TOPO == 0
#define NS 3
#define SOURCE(s) ((s) == 2)
#define READERS(s) ((s) != 0)
#define READER(s, r) ((s) - 1)
#define PRODUCERS(s) 1
#define WIDE 1 /* the stage that emits K and has LIM instances */
#define EXPECTED (N * K + FLUSHED)
#elif TOPO == 1
#define NS 4
#define SOURCE(s) ((s) == 3)
#define READERS(s) ((s) == 3 -> 2 : (s) != 0)
#define READER(s, r) ((s) == 3 -> 2 - (r) : 0)
#define PRODUCERS(s) ((s) == 0 -> 2 : 1)
#define WIDE 2
#define EXPECTED (N * K + N + FLUSHED)
#else
#define NS 4
#define SOURCE(s) ((s) >= 2)
#define READERS(s) ((s) != 0)
#define READER(s, r) ((s) >= 2 -> 1 : 0)
#define PRODUCERS(s) ((s) == 1 -> 2 : 1)
#define WIDE 1
#define EXPECTED (2 * N * K + FLUSHED)
#endif
#ifdef FLUSH
#define FLUSHED LIM
#define HAS_FLUSH(s) ((s) == WIDE)
#else
#define FLUSHED 0
#define HAS_FLUSH(s) false
#endif
#define INSTANCES(s) ((s) == WIDE -> LIM : 1)
#define EMITS(s) ((s) == 0 -> 0 : ((s) == WIDE -> K : 1))
#define AT(s, k) ((s) * LIM + (k))
#define NX (NS * LIM)
#define NOBODY 255

#define FREE 0
#define RUN 1
#define HELD 2
#define OPEN 0
#define FLUSHING 1
#define FINISHED 2

/* stages */
bit lk[NS], ready[NS];
byte q[NS], open_in[NS], phase[NS], made[NS], next_flush[NS];
byte waiters[NS]; /* waiters[d]: bit s set: s waits for room in d */
byte n_line[NS];  /* parked emitters */
typedef line_t {
    byte who[W]
};
line_t line[NS];

/* instances */
byte st[NX];   /* FREE, RUN, HELD */
byte left[NX]; /* batches the call will yet emit */
byte out[NX];  /* batches closed, not yet gone down */
byte got[NX];  /* readers that have the first of these */
bit incall[NX], rude[NX], flushed[NX];

#ifdef SWAP
bit swapping, swapped, module, began[NX]; /* the module in use; the one that a call began with */
#define SWAPPING(s) ((s) == WIDE && swapping)
#define IN_WAY(x) (st[x] == RUN || IS_HELD(x))
#ifdef BUG14
#define IS_HELD(x) false
#else
#define IS_HELD(x) (st[x] == HELD)
#endif
#else
#define SWAPPING(s) false
#endif

/* threads */
bit idle[W], wake[W], go[W];
byte holders = P, waiting = W - P, tokens, live = NS, delivered, gone;
bit over;

#define HAS_ROOM(d) (n_line[d] == 0 && q[d] + 1 <= CAP)
#define ALL_LOW(d) (n_line[d] == 0 && 2 * q[d] <= CAP)
#ifdef BUG11
#define FITS(d) (HAS_ROOM(d) || (n_line[d] == 0 && got[x] == 0))
#else
#define FITS(d) HAS_ROOM(d)
#endif

/* Appends to the queue of d; its lock is held. */
inline append(d)
{
    q[d]++;
    assert(q[d] <= CAP);
}

/* workers_notify() */
inline notify()
{
    d_step {
        j = 0;
        do
        :: j < NS && !ready[j] -> j++
        :: else -> break
        od;
        if
        :: j < NS ->
            j = 0;
            do
            :: j < W && !idle[j] -> j++
            :: else -> break
            od;
            if
            :: j < W -> idle[j] = 0; wake[j] = 1
            :: else
            fi
        :: else
        fi;
        j = 0
    }
}

/* inbox_pop_locked(): sets `pk` to the threads to release, `wk` to the stages to make ready */
inline pop(s)
{
    q[s]--;
#ifndef BUG7
    do
    :: n_line[s] > 0 && q[s] + 1 <= CAP ->
        append(s);
        pk = pk | (1 << line[s].who[0]);
        j = 0;
        do
        :: j + 1 < n_line[s] -> line[s].who[j] = line[s].who[j + 1]; j++
        :: else -> break
        od;
        n_line[s]--;
        line[s].who[n_line[s]] = 0;
        j = 0
    :: else -> break
    od;
#endif
#ifdef BUG4
    if
    :: n_line[s] == 0 && 2 * q[s] <= CAP && 2 * q[s] + 2 > CAP -> wk = waiters[s]; waiters[s] = 0
#else
    if
    :: ALL_LOW(s) -> wk = waiters[s]; waiters[s] = 0
#endif
    :: else
    fi
}

/* Whether the gate of s is open; notes full readers in `bl`. */
inline gate(s)
{
    opn = 1;
    r = 0;
    do
    :: r < READERS(s) ->
        if
        :: !HAS_ROOM(READER(s, r)) -> bl = bl | (1 << READER(s, r)); opn = 0
        :: else
        fi;
        r++
    :: else -> break
    od;
    r = 0
}

/* finish_check_locked(), but for setting the bit when the flush begins: `fin` */
inline finish_check(s)
{
    k = 0;
    do
#ifdef BUG6
    :: k < INSTANCES(s) && st[AT(s, k)] != RUN -> k++
#elif defined(BUG10)
    :: k < INSTANCES(s) && (st[AT(s, k)] == FREE || SOURCE(s)) -> k++
#else
    :: k < INSTANCES(s) && st[AT(s, k)] == FREE -> k++
#endif
    :: else -> break
    od;
    if
    :: phase[s] == FINISHED || k < INSTANCES(s)
    :: phase[s] == OPEN && k == INSTANCES(s) ->
        if
        :: (SOURCE(s) -> made[s] == N : open_in[s] == 0 && q[s] == 0 && n_line[s] == 0) ->
            if
            :: HAS_FLUSH(s) -> phase[s] = FLUSHING; ready[s] = 1
            :: else -> phase[s] = FINISHED; fin = 1
            fi
        :: else
        fi
    :: phase[s] == FLUSHING && k == INSTANCES(s) ->
        if
        :: next_flush[s] == INSTANCES(s) -> phase[s] = FINISHED; fin = 1
        :: else
        fi
    fi;
    k = 0
}

/* What next_call_locked() and find_free_locked() say: `have`, the instance in `x`. */
inline find_free(s)
{
    x = NOBODY;
    k = 0;
    do
    :: k < INSTANCES(s) ->
        if
        :: st[AT(s, k)] == FREE && x == NOBODY && !(phase[s] == FLUSHING && flushed[AT(s, k)]) -> x = AT(s, k)
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0;
    if
    :: phase[s] == FLUSHING -> have = next_flush[s] < INSTANCES(s)
    :: phase[s] == OPEN -> have = (SOURCE(s) -> made[s] < N : q[s] > 0)
    :: phase[s] == FINISHED -> have = 0
    fi
}

/* The first held instance that can go on, in `x`; notes what the others wait for in `bl`. */
inline find_held(s)
{
    x = NOBODY;
    k = 0;
    do
    :: k < INSTANCES(s) && x == NOBODY ->
        if
        :: st[AT(s, k)] == HELD ->
            if
            :: out[AT(s, k)] > 0 ->
                if
                :: HAS_ROOM(READER(s, got[AT(s, k)])) -> x = AT(s, k)
#ifdef BUG5
                :: else
#else
                :: else -> bl = bl | (1 << READER(s, got[AT(s, k)]))
#endif
                fi
            :: else ->
                gate(s);
                if
                :: opn -> x = AT(s, k)
                :: else
                fi
            fi
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0
}

inline claim(s)
{
    if
    :: phase[s] == FLUSHING -> flushed[x] = 1; next_flush[s]++; left[x] = 1
    :: else ->
        if
        :: SOURCE(s) -> made[s]++
        :: else -> pop(s)
        fi;
        left[x] = EMITS(s)
    fi;
    if
    :: s == 0 -> delivered++
    :: else
    fi;
    incall[x] = 1;
#ifdef SWAP
    began[x] = module
#endif
}

/* The first half of wakes_deliver(): those in `pk` go on. */
inline release()
{
    atomic {
        j = 0;
        do
        :: j < W ->
            if
            :: pk & (1 << j) -> go[j] = 1
            :: else
            fi;
            j++
        :: else -> break
        od;
        j = 0;
        pk = 0
    }
}

/* give_back_locked() and finish_check_locked() */
inline give_back(s)
{
    have = SOURCE(s) || q[s] > 0 || phase[s] == FLUSHING;
#ifndef BUG9
    k = 0;
    do
    :: k < INSTANCES(s) -> have = have | st[AT(s, k)] == HELD; k++
    :: else -> break
    od;
#endif
    if
    :: have -> ready[s] = 1
    :: else
    fi;
    have = 0;
    x = NOBODY;
    finish_check(s)
}

/* goes_on_locked(), where `found` says that it may: then the next call is claimed */
inline goes_on(s)
{
    d = x;
    k = 0;
    do
    :: k < INSTANCES(s) -> found = found && st[AT(s, k)] != HELD; k++
    :: else -> break
    od;
    k = 0;
    do
    :: k < s -> found = found && !ready[k]; k++
    :: else -> break
    od;
    find_free(s);
    x = d;
    d = 0;
    gate(s);
    bl = 0;
    found = found && have && opn && phase[s] == OPEN && !SWAPPING(s);
    opn = 0;
    have = 0;
    if
    :: found ->
        claim(s);
        st[x] = RUN;
        d = x;
        find_free(s);
        ready[s] = x != NOBODY && have;
        x = d;
        d = 0;
        have = 0
    :: else
    fi
}

/* stage_make_ready() for each bit of `wk`, one lock at a time */
inline wake_stages()
{
    do
    :: wk != 0 ->
        atomic {
            d = 0;
            do
            :: (wk & (1 << d)) == 0 -> d++
            :: else -> break
            od;
            lk[d] == 0 -> ready[d] = 1;
            wk = wk & ~(1 << d);
            d = 0
        };
        notify()
    :: else -> break
    od
}

inline finish(s)
{
    r = 0;
    do
    :: r < READERS(s) ->
        atomic {
            lk[READER(s, r)] == 0 ->
            open_in[READER(s, r)]--;
            if
            :: open_in[READER(s, r)] == 0 -> ready[READER(s, r)] = 1
            :: else
            fi;
            r++
        }
    :: else ->
        d_step {
            r = 0;
            fin = 0;
            live--;
            if
            :: live == 0 ->
                over = 1;
                j = 0;
                do
                :: j < W -> wake[j] = 1; j++
                :: else -> break
                od;
                j = 0
            :: else
            fi
        };
        break
    od;
    r = 0;
    notify()
}

proctype thread(byte me)
{
    byte s, d, x = NOBODY, j, k, r, bl, wk, pk;
    bit opn, have, fin, found;

    if
    :: me < P -> goto round
    :: else -> goto spare
    fi;

round:
    if
    :: over -> goto end
    :: !over && holders > P ->
        notify();
        goto be_spare
    :: else
    fi;
    d_step { /* pick() */
        s = 0;
        do
        :: s < NS && !ready[s] -> s++
        :: else -> break
        od
    };
    if
    :: s < NS -> goto dispatch
    :: else -> s = 0
    fi;

    /* worker_sleep() */
    idle[me] = 1;
#ifndef BUG8
    d_step {
        found = over;
        j = 0;
        do
        :: j < NS -> found = found | ready[j]; j++
        :: else -> break
        od;
        j = 0
    };
    if
    :: found ->
        atomic {
            found = 0;
            if
            :: idle[me] -> idle[me] = 0; goto round
            :: else
            fi
        }
    :: else
    fi;
#endif
    atomic { wake[me] -> wake[me] = 0; goto round };

be_spare:
    atomic {
        if
        :: holders > P -> holders--; waiting++
        :: else -> goto round
        fi
    };
spare:
    atomic {
        tokens > 0 || over ->
        waiting--;
        if
        :: tokens > 0 -> tokens--
        :: else
        fi;
        goto round
    };

dispatch:
    atomic {
        lk[s] == 0 ->
        d_step {
            lk[s] = 1;
            found = 0;
            if
            :: phase[s] == FINISHED -> x = NOBODY; ready[s] = 0
            :: else ->
#ifdef BUG15
                if
                :: SWAPPING(s) -> x = NOBODY
                :: else -> find_held(s)
                fi;
#else
                find_held(s);
#endif
                if
                :: x != NOBODY -> st[x] = RUN
                :: else ->
                    find_free(s);
                    if
                    :: x != NOBODY && have && !SWAPPING(s) -> gate(s)
                    :: else -> x = NOBODY
                    fi;
                    if
                    :: x != NOBODY && opn ->
                        claim(s);
                        st[x] = RUN;
                        d = x;
                        find_free(s);
                        if
                        :: x == NOBODY || !have -> found = 1
                        :: else
                        fi;
                        x = d;
                        d = 0
                    :: else -> x = NOBODY; found = 1
                    fi
                fi
            fi;
            have = 0;
            opn = 0;
#ifndef BUG1
            if
            :: found -> ready[s] = 0
            :: else
            fi;
            found = 0
#endif
        }
    };
    do /* register_waiter_locked() */
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
#ifndef BUG2
            :: q[d] == 0 && n_line[d] == 0 -> ready[s] = 1
#endif
            :: else -> waiters[d] = waiters[d] | (1 << s)
            fi;
            d = 0
        }
    :: else ->
        d_step {
            lk[s] = 0;
#ifdef BUG1
            if
            :: found -> ready[s] = 0
            :: else
            fi;
            found = 0;
#endif
            if
            :: x == NOBODY -> finish_check(s)
            :: else
            fi
        };
        break
    od;
    release();
    wake_stages();
    if
    :: x == NOBODY && !fin -> s = 0; goto round
    :: x == NOBODY && fin -> goto ending
    :: else
    fi;
call:
    skip;
#if RUDE == 2
    if
    :: incall[x] && out[x] == 0 -> rude[x] = 0
    :: incall[x] && out[x] == 0 && left[x] > 1 -> rude[x] = 1
    :: else
    fi;
#elif RUDE == 1
    rude[x] = 1;
#endif

    /* activation_run(): what the call has emitted goes down, then it emits more */
emit:
#ifdef SWAP
    assert(!incall[x] || left[x] == 0 || began[x] == module || s != WIDE);
#endif
    if
    :: out[x] > 0 ->
        d = READER(s, got[x]);
        d_step { /* inbox_offer() */
            lk[d] == 0 ->
            if
            :: FITS(d) ->
                append(d);
                ready[d] = 1;
                found = 1;
                got[x]++;
                if
                :: got[x] == READERS(s) -> got[x] = 0; out[x]--
                :: else
                fi
            :: else -> found = 0
            fi
        };
        if
        :: found -> found = 0; d = 0; notify(); goto emit
        :: !found && rude[x] && incall[x] && out[x] >= HARD -> goto park
        :: !found && rude[x] && left[x] > 0 && out[x] < HARD -> d = 0; left[x]--; out[x]++; goto emit
        :: else -> d = 0; goto complete
        fi
    :: out[x] == 0 && left[x] > 0 -> left[x]--; out[x]++; goto emit
    :: else -> goto complete
    fi;

park:
    atomic { /* inbox_offer_or_park() */
        lk[d] == 0 ->
        d_step {
            if
            :: HAS_ROOM(d) -> append(d); found = 1
            :: else -> line[d].who[n_line[d]] = me; n_line[d]++; go[me] = 0; found = 0
            fi;
            ready[d] = 1
        }
    };
    notify();
    if
    :: !found ->
#ifndef BUG3
        d_step { /* workers_release_slot() */
            if
            :: over
            :: !over && waiting > tokens -> tokens++
            :: else -> holders--
            fi
        };
#endif
        go[me];
#ifndef BUG3
        holders++
#endif
    :: else
    fi;
    d_step {
        go[me] = 0;
        found = 0;
        d = 0;
        got[x]++;
        if
        :: got[x] == READERS(s) -> got[x] = 0; out[x]--
        :: else
        fi
    };
    goto emit;

complete: /* stage_complete() */
#ifdef ROUNDS
    if
    :: found = 1
    :: found = 0
    fi;
#endif
    atomic {
        lk[s] == 0 ->
        d_step {
            if
            :: left[x] == 0 -> incall[x] = 0; rude[x] = 0
            :: else
            fi;
            st[x] = (left[x] > 0 || out[x] > 0 -> HELD : FREE);
#ifdef ROUNDS
            goes_on(s);
            if
            :: found
            :: else -> give_back(s)
            fi
#else
            give_back(s)
#endif
        }
    };
#ifdef ROUNDS
#ifndef BUG12
    release();
    wake_stages();
#endif
#endif
    if
    :: !fin -> notify()
    :: else -> goto ending
    fi;
#ifdef ROUNDS
    if
    :: found -> found = 0; goto call
    :: else
    fi;
#endif
    s = 0;
    goto round;

ending:
    finish(s);
    s = 0;
    goto round;

end:
    gone++
}

#ifdef SWAP
/* The thread that replaces the module of WIDE, once. */
proctype swapper()
{
    byte j;

    atomic {
        lk[WIDE] == 0 -> swapping = 1
    };
    atomic { /* stage_complete() tells it that a call is over */
        lk[WIDE] == 0 && !IN_WAY(AT(WIDE, 0)) && !IN_WAY(AT(WIDE, LIM - 1)) -> /* LIM is 1 or 2 */
        module = 1;
        swapping = 0;
#ifndef BUG13
        ready[WIDE] = 1
#endif
    };
    notify();
    swapped = 1
}
#endif

init
{
    byte j;

    d_step {
        j = 0;
        do
        :: j < NS -> open_in[j] = (SOURCE(j) -> 0 : PRODUCERS(j)); ready[j] = 1; j++
        :: else -> break
        od;
        j = 0
    };
    atomic {
        do
        :: j < W -> run thread(j); j++
        :: else -> break
        od;
#ifdef SWAP
        run swapper()
#endif
    };
#ifdef SWAP
    swapped;
#endif
    gone == W;
    assert(delivered == EXPECTED);
    j = 0;
    do
    :: j < NS -> assert(q[j] == 0 && n_line[j] == 0 && phase[j] == FINISHED); j++
    :: else -> break
    od
}
