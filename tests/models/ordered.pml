/* SPDX-License-Identifier: MIT */
/*
 * A stage with several workers that keeps order: tickets, the window, the one flusher, `plan`.
 *
 * Mirrors, in runtime/exec: order_finish(), order_send(), advance_locked(), order_wait_head(),
 * order_waiting_locked() (order.c); claim_work_locked(), held_can_go_locked(), next_call_locked(),
 * finish_check_locked(), stage_complete() (dispatch.c); emit_drain(), emit_is_full(), wait_for_room()
 * (emit.c, send.c); run_plan() (activation.c); pool_thread(), be_spare(), own_thread() and the hand-over
 * of slots (workers.c).  Threads of the pool sleep here until a bit is set: sleep.pml shows that they may.
 *
 * Stage A has N batches in its queue and nothing more to come; the call with ticket t makes one
 * batch (t even) or OUT (t odd).  They go to the sink's queue of CAP batches.  The sink checks
 * their order.  BIG: tickets 0 and 1 make one batch, the others OUT, and the batch of ticket 1 is so large
 * that it goes only into an empty queue: the gate, which asks for a usual batch, may be open all the same.
 *
 * Parameters: N, LIM instances of A, WIN tickets under way, OUT, CAP, SOFT and HARD: batches that
 * collect before emit says PPH_MORE, or waits; RUDE: plugins go on and wait, else they return PPH_MORE;
 * PLAN: A has a `plan`.  ANY: threads pick any ready stage, as each does
 * now and then, else the sink first.  P slots, W threads of the pool.  OWN: A has threads of its own, one per
 * instance, and the pool runs the sink.
 *
 * The bugs it must find, each alone:
 *   BUG1  the head is held back by the budget of those that wait for their turn
 *   BUG2  the window counts running calls, not tickets whose output has not all been sent
 *   BUG3  whoever finishes as the head sends, without asking whether somebody sends already
 *   BUG4  the flusher looks whether the next call is done, and says later that it has stopped
 *   BUG5  a call that waits inside emit is not told that it is the head now
 *   BUG6  the flusher that has moved the head on does not make the stage ready
 *   BUG7  the flusher that found no room does not make the stage ready
 *   BUG8  `plan` runs whenever an instance is free
 *   BUG9  (OWN) a thread begins a new call while output of finished ones waits for room
 *   BUG10 who waits to be the head keeps the slot
 *   BUG11 who is about to wait looks before the lock whether it is the head
 *   BUG12 the stage finishes while output of finished calls waits
 *   BUG13 (OWN) a thread waits for the next change without asking whether one has been missed
 */
#ifndef N
#define N 3
#endif
#ifndef LIM
#define LIM 2
#endif
#ifndef WIN
#define WIN LIM
#endif
#ifndef OUT
#define OUT 2
#endif
#ifndef CAP
#define CAP 1
#endif
#ifndef SOFT
#define SOFT 1
#endif
#ifndef HARD
#define HARD 1
#endif
#ifndef P
#define P 1
#endif
#ifndef W
#define W 3
#endif
#ifdef BIG
#define MAKES(t) ((t) < 2 -> 1 : OUT)
#define FITS_ALONE(t) ((t) == 1)
#define FITS(t) (HAS_ROOM && ((t) != 1 || nq == 0))
#else
#define MAKES(t) (((t) & 1) -> OUT : 1)
#define FITS_ALONE(t) false
#define FITS(t) HAS_ROOM
#endif
#ifdef ANY
#define ANY_PICK true
#else
#define ANY_PICK false
#endif
#define NOBODY 255
#define FREE 0
#define RUN 1
#define HELD 2
#ifdef OWN
#define THREADS (W + LIM)
#define OWNS true
#else
#define THREADS W
#define OWNS false
#endif

/* stage A */
bit lk, ready, planning, flushing, finished;
byte in = N, next, head, plans;
byte slot_out[WIN], slot_waits[WIN];
bit slot_done[WIN];
byte st[LIM], ticket[LIM], left[LIM], out[LIM];
bit planned[LIM], news[LIM];

/* the sink and its queue */
bit lkq, ready_sink, ended, waits_for_room;
byte q[CAP], nq, line = NOBODY, line_ticket, seen, seen_of;

/* threads */
bit go[THREADS], over;
byte holders = P, waiting = W - P, tokens, gone;

#define HAS_ROOM (line == NOBODY && nq < CAP)
#define IS_HEAD(x) (ticket[x] == head)
#define WAITING_OUTPUT (!flushing && slot_done[head % WIN] && slot_out[head % WIN] > 0)

/* stage_set_ready_locked(A) */
inline set_ready()
{
#ifdef OWN
    j = 0;
    do
    :: j < LIM -> news[j] = 1; j++
    :: else -> j = 0; break
    od
#else
    ready = 1
#endif
}

inline append(t)
{
    q[nq] = t;
    nq++;
    ready_sink = 1
}

/* inbox_offer() of one batch with ticket t: `sent` */
inline offer(t)
{
    atomic {
        lkq == 0 ->
        sent = FITS(t);
        if
        :: sent -> append(t)
        :: else
        fi
    }
}

/* workers_release_slot(), the wait of park_instance(), workers_acquire_slot() */
inline sleep_in_emit(keep)
{
    atomic {
        if
        :: OWNS || keep || over
        :: !(OWNS || keep || over) && waiting > tokens -> tokens++
        :: else -> holders--
        fi
    };
    atomic {
        go[me] ->
        go[me] = 0;
        holders = holders + !(OWNS || keep)
    }
}

/* order_send(); the caller has set `flushing` */
inline send()
{
    do
    ::
#ifdef BUG4
        sent = slot_done[head % WIN];
#endif
        atomic {
            lk == 0 ->
#ifndef BUG4
            sent = slot_done[head % WIN];
#endif
            if
#ifdef BUG6
            :: !sent -> flushing = 0; break
#else
            :: !sent -> flushing = 0; set_ready(); break
#endif
            :: else -> sent = 0
            fi
        };
        do /* emit_send() */
        :: slot_out[head % WIN] > 0 ->
            offer(head);
            if
            :: sent -> slot_out[head % WIN]--
            :: else -> break
            fi
        :: else -> sent = 1; break
        od;
        atomic {
            lk == 0 ->
            if
            :: sent -> /* advance_locked() */
                slot_done[head % WIN] = 0;
                head++;
                sent = 0;
                if
                :: slot_waits[head % WIN] != NOBODY ->
                    who = slot_waits[head % WIN];
                    slot_waits[head % WIN] = NOBODY
                :: else
                fi;
#ifndef BUG6
                set_ready()
#endif
            :: else ->
                flushing = 0;
#ifndef BUG7
                set_ready();
#endif
                break
            fi
        };
        atomic { /* wakes_deliver() */
            if
#ifndef BUG5
            :: who != NOBODY -> go[who] = 1; who = NOBODY
#endif
            :: else -> who = NOBODY
            fi
        }
    od
}

/* register_waiter_locked() with the sink, under the lock of A */
inline register()
{
    atomic {
        lkq == 0 ->
        if
        :: nq == 0 && line == NOBODY -> set_ready()
        :: else -> waits_for_room = 1
        fi;
        full_below = 0
    }
}

/* order_is_idle_locked() and the rest of finish_check_locked(): `fin` */
inline finish_check()
{
    j = 0;
    do
    :: j < LIM && st[j] == FREE -> j++
    :: else -> break
    od;
    if
#ifdef BUG12
    :: j == LIM && !finished && in == 0 -> finished = 1; fin = 1
#else
    :: j == LIM && !finished && in == 0 && next == head && !flushing -> finished = 1; fin = 1
#endif
    :: else
    fi;
    j = 0
}

inline finish()
{
    if
    :: fin ->
        atomic {
            lkq == 0 ->
            ended = 1;
            ready_sink = 1;
            fin = 0
        }
    :: else
    fi
}

/* The held instance with the oldest ticket that can go on: `x` */
inline find_held(only)
{
    x = NOBODY;
    j = 0;
    do
    :: j < LIM ->
        if
        :: st[j] == HELD && (!OWNS || j == only) && (x == NOBODY || ticket[j] < ticket[x]) ->
            if
#ifdef BUG1
            :: out[j] < SOFT -> x = j
            :: else
#else
            :: !IS_HEAD(j) && out[j] < SOFT -> x = j
            :: IS_HEAD(j) && FITS(ticket[j]) -> x = j
            :: else -> full_below = full_below | IS_HEAD(j)
#endif
            fi
        :: else
        fi;
        j++
    :: else -> j = 0; break
    od
}

/* find_free_locked() and next_call_locked(): `x` */
inline find_free(only)
{
    x = NOBODY;
    j = 0;
    do
    :: j < LIM ->
        if
        :: st[j] == FREE && (!OWNS || j == only) && x == NOBODY -> x = j
        :: else
        fi;
        j++
    :: else -> j = 0; break
    od;
    if
#ifndef BUG8
    :: planning -> x = NOBODY
#endif
#ifdef BUG2
    :: in == 0 -> x = NOBODY
#else
    :: in == 0 || next - head >= WIN -> x = NOBODY
#endif
    :: else
    fi
}

/* stage_dispatch(): `x` is the instance to run, `sends` says that waiting output is to be sent */
inline dispatch(only)
{
    atomic {
        lk == 0 ->
        lk = 1;
        d_step {
            x = NOBODY;
            full_below = 0;
            if
            :: finished -> ready = 0
            :: !finished && WAITING_OUTPUT && FITS(head) -> flushing = 1; sends = 1
#ifndef BUG9
            :: !finished && WAITING_OUTPUT && !FITS(head) && OWNS -> full_below = 1
#endif
            :: else ->
                full_below = WAITING_OUTPUT;
                find_held(only);
                if
                :: x != NOBODY -> st[x] = RUN
                :: else ->
                    find_free(only);
                    if
                    :: x != NOBODY && !HAS_ROOM -> x = NOBODY; full_below = 1
                    :: else
                    fi;
                    if
                    :: x != NOBODY ->
                        in--;
                        ticket[x] = next;
                        left[x] = MAKES(next);
                        next++;
                        st[x] = RUN;
#ifdef PLAN
                        planned[x] = 0;
                        planning = 1;
                        ready = 0
#else
                        who = x;
                        find_free(only);
                        if
                        :: x == NOBODY -> ready = 0
                        :: else
                        fi;
                        x = who;
                        who = NOBODY
#endif
                    :: else -> ready = 0
                    fi
                fi
            fi
        }
    };
    if
    :: full_below -> register()
    :: else
    fi;
    atomic {
        lk = 0;
        if
        :: x == NOBODY && !sends -> finish_check()
        :: else
        fi
    };
    finish()
}

/* activation_run() and stage_complete() of instance x */
inline activate()
{
#ifdef PLAN
    if
    :: !planned[x] ->
        assert(plans == ticket[x]); /* one at a time, in order */
        plans++;
        atomic {
            lk == 0 ->
            planned[x] = 1;
            planning = 0;
            j = 0;
            do
            :: j < LIM && st[j] != FREE -> j++
            :: else -> break
            od;
            if
            :: j < LIM -> set_ready() /* others may plan now */
            :: else
            fi;
            j = 0
        }
    :: else
    fi;
#endif
    do
    :: out[x] > 0 ->
        if
        :: IS_HEAD(x) ->
            offer(ticket[x]);
            if
            :: sent -> sent = 0; out[x]--
#ifdef RUDE
            :: !sent && out[x] >= HARD -> /* inbox_offer_or_park() */
                atomic {
                    lkq == 0 ->
                    sent = FITS(ticket[x]);
                    if
                    :: sent -> append(ticket[x])
                    :: else -> line = me; line_ticket = ticket[x]; ready_sink = 1
                    fi
                };
                if
                :: !sent -> sleep_in_emit(0)
                :: else
                fi;
                atomic {
                    sent = 0;
                    out[x]--
                }
            :: !sent && out[x] < HARD && left[x] > 0 -> left[x]--; out[x]++
            :: !sent && out[x] < HARD && left[x] == 0 -> break
#else
            :: !sent && left[x] == 0 -> break
            :: !sent && left[x] > 0 -> break
#endif
            fi
        :: else ->
            if
            :: left[x] == 0 -> break
#ifdef RUDE
            :: left[x] > 0 && out[x] >= HARD -> /* order_wait_head() */
#ifdef BUG11
                sent = !IS_HEAD(x);
#endif
                atomic {
                    lk == 0 ->
#ifndef BUG11
                    sent = !IS_HEAD(x);
#endif
                    if
                    :: sent -> slot_waits[ticket[x] % WIN] = me
                    :: else
                    fi
                };
                if
#ifdef BUG10
                :: sent -> sent = 0; sleep_in_emit(1)
#else
                :: sent -> sent = 0; sleep_in_emit(0)
#endif
                :: else
                fi
            :: left[x] > 0 && out[x] < HARD -> left[x]--; out[x]++
#else
            :: left[x] > 0 && out[x] >= SOFT -> break
            :: left[x] > 0 && out[x] < SOFT -> left[x]--; out[x]++
#endif
            fi
        fi
    :: out[x] == 0 && left[x] > 0 -> left[x]--; out[x]++
    :: else -> break
    od;
    if
    :: left[x] == 0 -> /* order_finish() */
        atomic {
            lk == 0 ->
            assert(!slot_done[ticket[x] % WIN] && slot_out[ticket[x] % WIN] == 0);
            slot_out[ticket[x] % WIN] = out[x];
            out[x] = 0;
            slot_done[ticket[x] % WIN] = 1;
#ifdef BUG3
            sends = IS_HEAD(x);
#else
            sends = IS_HEAD(x) && !flushing;
#endif
            flushing = flushing | sends
        };
        if
        :: sends -> send(); sends = 0
        :: else
        fi
    :: else
    fi;
    atomic {
        lk == 0 ->
        sent = 0;
        st[x] = (left[x] > 0 || out[x] > 0 -> HELD : FREE);
        if
        :: st[x] == FREE -> ticket[x] = NOBODY
        :: else
        fi;
        j = 0;
        do
        :: j < LIM && st[j] != HELD -> j++
        :: else -> break
        od;
        if
        :: j < LIM || in > 0 || WAITING_OUTPUT -> set_ready()
        :: else
        fi;
        x = NOBODY;
        finish_check()
    };
    finish()
}

inline work_at_a(only)
{
    dispatch(only);
    if
    :: sends -> send(); sends = 0
    :: !sends && x != NOBODY -> activate()
    :: else
    fi
}

/* One look at the sink: takes a batch, whose call is over at once, or sees the end. */
inline work_at_sink()
{
    atomic {
        lkq == 0 ->
        if
        :: nq == 0 -> over = ended
        :: else ->
            if /* the order */
            :: q[0] == seen -> seen_of++
            :: else -> assert(q[0] == seen + 1 && seen_of == MAKES(seen)); seen++; seen_of = 1
            fi;
            assert(seen_of <= MAKES(seen));
            nq--;
            j = 0;
            do
            :: j < nq -> q[j] = q[j + 1]; j++
            :: else -> j = 0; break
            od;
            q[nq] = 0;
            if
            :: line != NOBODY && (nq == 0 || !FITS_ALONE(line_ticket)) -> append(line_ticket); who = line; line = NOBODY; line_ticket = 0
            :: else
            fi;
            sent = waits_for_room && line == NOBODY && 2 * nq <= CAP;
            waits_for_room = waits_for_room && !sent
        fi;
        ready_sink = nq > 0 || ended
    };
    atomic {
        if
        :: who != NOBODY -> go[who] = 1; who = NOBODY
        :: else
        fi
    };
    if
    :: sent -> atomic { lk == 0 -> set_ready(); sent = 0 }
    :: else
    fi
}

proctype pool(byte me)
{
    byte x = NOBODY, j, who = NOBODY;
    bit sent, sends, full_below, fin;

    if
    :: me < P -> goto round
    :: else -> goto spare
    fi;
round:
    if
    :: over -> goto end
    :: !over && holders > P ->
        atomic {
            if
            :: holders > P -> holders--; waiting++; goto spare
            :: else -> goto round
            fi
        }
    :: !over && holders <= P && ready_sink ->
        work_at_sink()
    :: !over && holders <= P && (!ready_sink || ANY_PICK) && ready -> work_at_a(0)
    fi;
    goto round;
spare:
    atomic {
        tokens > 0 || over ->
        waiting--;
        tokens = tokens - (tokens > 0);
        goto round
    };
end:
    gone++
}

#ifdef OWN
proctype own(byte me)
{
    byte x = NOBODY, j, who = NOBODY;
    bit sent, sends, full_below, fin, busy;

    do
    :: over -> break
    :: else ->
        dispatch(me - W);
        busy = sends || x != NOBODY;
        if
        :: sends -> send(); sends = 0
        :: !sends && x != NOBODY -> activate()
        :: else
        fi;
        if
        :: busy -> busy = 0
        :: else ->
#ifdef BUG13
            news[me - W] = 0;
#endif
            atomic { news[me - W] || over -> news[me - W] = 0 }
        fi
    od;
    gone++
}
#endif

init
{
    byte j;

    atomic {
        ready = 1 - OWNS;
        do
        :: j < WIN -> slot_waits[j] = NOBODY; j++
        :: else -> j = 0; break
        od;
        do
        :: j < LIM -> ticket[j] = NOBODY; j++
        :: else -> j = 0; break
        od;
        do
        :: j < W -> run pool(j); j++
        :: else -> j = 0; break
        od;
#ifdef OWN
        do
        :: j < LIM -> run own(W + j); j++
        :: else -> j = 0; break
        od
#endif
    };
    gone == THREADS;
    assert(finished && head == N && seen == N - 1 && seen_of == MAKES(N - 1))
}
