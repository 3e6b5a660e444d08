/* SPDX-License-Identifier: MIT */
/*
 * The end: by a stop, by a failure, or because everything is done; and a stop in the middle of that.
 *
 * Mirrors, in runtime/exec: policy_cancel() (policy.c), also run twice at once, as when a plugin fails
 * while a second signal comes; inbox_drop(), inbox_offer(), inbox_offer_or_park() (inbox.c);
 * order_wait_head(), order_release_waiting(), order_send() (order.c); wait_for_room() (emit.c, send.c);
 * workers_end(), pool_thread(), own_thread(), be_spare(), the hand-over of slots (workers.c);
 * worker_sleep() (wakeup.c); finish() (dispatch.c); sweep() (run.c).
 *
 * src -> mid -> sink.  The source has a thread of its own; it makes N batches, returns PPH_MORE or waits in
 * emit when there is no room, and ends, or (WAITS) waits for input until its call is cancelled.
 * A call of `mid`, which has two workers, makes K batches and waits inside emit; ORDERED: they keep order.
 * At some time CANCELS threads cancel the run, or never.  Everybody must leave, and every batch must be
 * accounted for.  QUEUED: there is no source, the batches wait in the queue of `mid`.  SLOTS: the threads of
 * the pool sleep and hand over their slots as they do in wakeup.c and workers.c; without it one of them
 * runs the sink, the others `mid`, and they sleep until there is something to see.  STUCK_SINK: the sink takes
 * nothing, so only a stop ends the run.
 *
 * Parameters: N, K, P slots, W threads of the pool, ORDERED, QUEUED, SLOTS, WAITS, STUCK_SINK, CANCELS.
 *
 * The bugs it must find, each alone:
 *   BUG1  an emitter asks whether the run is cancelled before it takes the lock to wait in line
 *   BUG2  likewise before it waits to be the head
 *   BUG3  the flag is set after the queues were dropped
 *   BUG4  spares are not told
 *   BUG5  only threads with an idle bit are woken, and who goes to sleep does not look at the flag
 *   BUG6  a drop counts the batches of those in line, who count them too
 *   BUG7  the call of the source is not cancelled
 *   BUG8  threads of stages are not told
 *   BUG9  nobody sweeps up what was sent after the drop
 *   BUG10 waiters for the head are not released
 */
#ifndef N
#define N 2
#endif
#ifndef K
#define K 2
#endif
#ifndef P
#define P 1
#endif
#ifndef W
#define W 3
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#define CAP 1
#define WIN 2
#define LIM 2
#define SRC W
#define NOBODY 255
#define FREE 0
#define RUN 1
#define STOPPED 2

/* Queues: 0 the sink's, 1 that of mid.  At most two emitters stand in line for each. */
bit lk[2], ready[2];
byte q[2], n_line[2];
byte line[2 * LIM]; /* who stands in line: two for each queue */
bit waits_for_room[2]; /* mid waits for the sink's queue, the source for that of mid */

/* mid */
byte next, head, st[LIM], ticket[LIM], left[LIM], out[LIM], slot_out[WIN], slot_waits[WIN];
bit slot_done[WIN], flushing, mid_finished, src_finished;

/* the source */
byte made, src_out;
bit news, call_cancelled;

/* threads */
bit idle[W], wake[W], go[W + 1], sent[W + 1], over, told, cancel, ended;
byte holders = P, waiting = W - P, tokens, gone, swept[2];
byte accounted; /* of what mid has made: delivered, or dropped from the sink's queue */
byte dropped;   /* from mid's queue */

#ifdef ORDERED
#define UNORDERED false
#define MAY_STREAM(x) (ticket[x] == head)
#else
#define UNORDERED true
#define MAY_STREAM(x) true
#endif
#ifdef SLOTS
#define WITH_SLOTS true
#define SEES_0 ready[0]
#define SEES_1 ready[1]
#define SURPLUS (holders > P)
#else
#define WITH_SLOTS false
#ifdef STUCK_SINK
#define SEES_0 false
#else
#define SEES_0 (me == 0 && ready[0])
#endif
#define SEES_1 (me != 0 && ready[1])
#define SURPLUS false
#endif
#define HAS_ROOM(d) (n_line[d] == 0 && q[d] < CAP)
#define WAITING_OUTPUT (!flushing && slot_done[head % WIN] && slot_out[head % WIN] > 0)

inline notify()
{
#ifdef SLOTS
    atomic {
        j = 0;
        do
        :: j < W && !((ready[0] || ready[1]) && idle[j]) -> j++
        :: else -> break
        od;
        if
        :: j < W -> idle[j] = 0; wake[j] = 1
        :: else
        fi;
        j = 0
    }
#else
    skip
#endif
}

/* workers_end() */
inline end_all()
{
    atomic {
        told = 1;
#ifndef BUG4
        over = 1;
#endif
        j = 0;
        do
        :: j < W ->
#ifdef BUG5
            if
            :: idle[j] -> idle[j] = 0; wake[j] = 1
            :: else
            fi;
#else
            wake[j] = 1;
#endif
            j++
        :: else -> j = 0; break
        od
    };
#ifndef BUG8
    news = 1
#else
    skip
#endif
}

/* inbox_drop() of queue d */
inline drop(d)
{
    atomic {
        lk[d] == 0 ->
        if
        :: d == 0 -> accounted = accounted + q[d]
        :: else -> dropped = dropped + q[d]
        fi;
#ifdef BUG6
        dropped = dropped + n_line[d];
#endif
        q[d] = 0;
        do /* wakes_deliver() comes later, which makes no difference: they have left the line */
        :: n_line[d] > 0 ->
            n_line[d]--;
            sent[line[2 * d + n_line[d]]] = 0;
            go[line[2 * d + n_line[d]]] = 1;
            line[2 * d + n_line[d]] = 0
        :: else -> break
        od
    }
}

/* Takes a batch from queue d, under its lock: `who` is released, `room` says that a waiter is woken. */
inline pop(d)
{
    q[d]--;
    if
    :: n_line[d] > 0 ->
        q[d]++;
        who = line[2 * d];
        line[2 * d] = line[2 * d + 1];
        line[2 * d + 1] = 0;
        n_line[d]--
    :: else
    fi;
    room = waits_for_room[d] && q[d] == 0;
    waits_for_room[d] = waits_for_room[d] && !room
}

inline deliver()
{
    atomic {
        if
        :: who != NOBODY -> sent[who] = 1; go[who] = 1; who = NOBODY
        :: else
        fi
    }
}

/* park_instance() with the slot: those of the pool only */
inline sleep_in_emit()
{
    atomic {
        if
        :: me == SRC || over || !WITH_SLOTS
        :: me != SRC && WITH_SLOTS && !over && waiting > tokens -> tokens++
        :: else -> holders--
        fi
    };
    atomic {
        go[me] ->
        go[me] = 0;
        holders = holders + (me != SRC && WITH_SLOTS)
    }
}

/* send_waiting(): one batch into queue d; `gone_down` says whether it is with the reader */
inline send_waiting(d)
{
#ifdef BUG1
    stop = cancel;
#endif
    atomic {
        lk[d] == 0 ->
#ifndef BUG1
        stop = cancel;
#endif
        ready[d] = 1;
        if
        :: stop -> gone_down = 0
        :: !stop && HAS_ROOM(d) -> q[d]++; gone_down = 1
        :: else -> line[2 * d + n_line[d]] = me; n_line[d]++; parked = 1
        fi;
        stop = 0
    };
    notify();
    if
    :: parked ->
        sleep_in_emit();
        gone_down = sent[me];
        parked = 0
    :: else
    fi
}

/* order_send(); the caller has set `flushing` */
inline send()
{
    do
    ::
        atomic {
            lk[1] == 0 ->
            stop = !slot_done[head % WIN] || cancel;
            if
            :: stop -> stop = 0; flushing = 0; ready[1] = 1; break
            :: else
            fi
        };
        do
        :: slot_out[head % WIN] > 0 ->
            atomic {
                lk[0] == 0 ->
                gone_down = HAS_ROOM(0);
                q[0] = q[0] + gone_down;
                ready[0] = ready[0] | gone_down
            };
            if
            :: gone_down -> slot_out[head % WIN]--; notify()
            :: else -> break
            fi
        :: else -> gone_down = 1; break
        od;
        atomic {
            lk[1] == 0 ->
            ready[1] = 1;
            if
            :: gone_down ->
                slot_done[head % WIN] = 0;
                head++;
                who = slot_waits[head % WIN];
                slot_waits[head % WIN] = NOBODY;
                gone_down = 0
            :: else -> flushing = 0; break
            fi
        };
        deliver()
    od;
    notify()
}

proctype pool(byte me)
{
    byte x = NOBODY, j, who = NOBODY;
    bit room, gone_down, parked, stop, sends;

    if
    :: me < P || !WITH_SLOTS -> goto round
    :: else -> goto spare
    fi;
round:
    if
    :: cancel || ended -> goto leave
    :: else
    fi;
    if
    :: SURPLUS ->
        notify();
        atomic {
            if
            :: holders > P -> holders--; waiting++; goto spare
            :: else -> goto round
            fi
        }
    :: else
    fi;
    if
    :: SEES_0 -> goto sink
    :: !SEES_0 && SEES_1 -> goto mid
    :: else
    fi;
#ifdef SLOTS
    idle[me] = 1; /* worker_sleep() */
#ifdef BUG5
    stop = ready[0] || ready[1];
#else
    stop = ready[0] || ready[1] || cancel || ended;
#endif
    if
    :: stop ->
        atomic {
            stop = 0;
            if
            :: idle[me] -> idle[me] = 0; goto round
            :: else
            fi
        }
    :: else
    fi;
    atomic { wake[me] -> wake[me] = 0; goto round };
#else
    atomic { SEES_0 || SEES_1 || told -> goto round };
#endif

spare:
    atomic {
        tokens > 0 || over ->
        waiting--;
        tokens = tokens - (tokens > 0);
        goto round
    };

sink:
    atomic {
        lk[0] == 0 ->
        if
        :: !cancel && q[0] > 0 -> pop(0); accounted++
        :: else
        fi;
        ready[0] = q[0] > 0 && !cancel;
        if
        :: mid_finished && q[0] == 0 && n_line[0] == 0 && !cancel -> stop = 1
        :: else
        fi
    };
    deliver();
    if
    :: room -> atomic { lk[1] == 0 -> ready[1] = 1; room = 0 }; notify()
    :: else
    fi;
    if
    :: stop -> stop = 0; ended = 1; end_all() /* the last stage has finished */
    :: else
    fi;
    goto round;

mid:
    atomic { /* stage_dispatch() */
        lk[1] == 0 ->
        x = NOBODY;
        j = 0;
        do
        :: j < LIM ->
            if
            :: st[j] == FREE && x == NOBODY -> x = j
            :: else
            fi;
            j++
        :: else -> j = 0; break
        od;
        if
        :: cancel || mid_finished -> x = NOBODY; ready[1] = 0
        :: !cancel && !mid_finished && WAITING_OUTPUT && HAS_ROOM(0) -> x = NOBODY; flushing = 1; sends = 1
        :: else ->
            if
            :: x != NOBODY && q[1] > 0 && (UNORDERED || next - head < WIN) && HAS_ROOM(0) ->
                pop(1);
                st[x] = RUN;
                ticket[x] = next;
                left[x] = K;
                next++
            :: else ->
                if
                :: HAS_ROOM(0) || (q[1] == 0 && !WAITING_OUTPUT) -> ready[1] = 0
                :: else -> ready[1] = q[0] == 0 && n_line[0] == 0; waits_for_room[0] = !ready[1]
                fi;
                x = NOBODY;
                j = 0;
                do
                :: j < LIM && st[j] == FREE -> j++
                :: else -> break
                od;
                stop = j == LIM && src_finished && q[1] == 0 && n_line[1] == 0 && (UNORDERED || next == head) && !flushing;
                mid_finished = stop;
                j = 0
            fi
        fi
    };
    deliver();
    if
    :: room -> room = 0; news = 1
    :: else
    fi;
    if
    :: stop -> stop = 0; atomic { lk[0] == 0 -> ready[0] = 1 }; notify()
    :: else
    fi;
    if
    :: sends -> sends = 0; send(); goto round
    :: !sends && x == NOBODY -> goto round
    :: else
    fi;

    /* a call of mid */
    do
    :: out[x] == 0 && left[x] == 0 -> break
    :: out[x] == 0 && left[x] > 0 -> left[x]--; out[x]++
    :: out[x] > 0 && MAY_STREAM(x) -> /* emit_drain(), then wait_for_room() */
        atomic {
            lk[0] == 0 ->
            gone_down = HAS_ROOM(0);
            q[0] = q[0] + gone_down;
            ready[0] = ready[0] | gone_down
        };
        if
        :: gone_down -> notify()
        :: !gone_down && (UNORDERED || left[x] > 0) && !cancel -> send_waiting(0)
        :: else -> break
        fi;
        atomic {
            if
            :: gone_down -> gone_down = 0; out[x]--
            :: else -> break
            fi
        }
    :: out[x] > 0 && !MAY_STREAM(x) && left[x] == 0 -> break
    :: out[x] > 0 && !MAY_STREAM(x) && left[x] > 0 -> /* wait_for_room(), order_wait_head() */
        if
        :: cancel -> break
        :: else
        fi;
#ifdef BUG2
        parked = ticket[x] != head && !cancel;
#endif
        atomic {
            lk[1] == 0 ->
#ifndef BUG2
            parked = ticket[x] != head && !cancel;
#endif
            if
            :: parked -> slot_waits[ticket[x] % WIN] = me
            :: else
            fi
        };
        if
        :: parked -> parked = 0; sleep_in_emit()
        :: else
        fi
    od;
    if
    :: left[x] == 0 && !UNORDERED -> /* order_finish() */
        atomic {
            lk[1] == 0 ->
            slot_out[ticket[x] % WIN] = out[x];
            out[x] = 0;
            slot_done[ticket[x] % WIN] = 1;
            sends = ticket[x] == head && !flushing;
            flushing = flushing | sends
        };
        if
        :: sends -> sends = 0; send()
        :: else
        fi
    :: else
    fi;
    atomic { /* stage_complete() */
        lk[1] == 0 ->
        st[x] = (left[x] > 0 || out[x] > 0 -> STOPPED : FREE);
        ready[1] = 1;
        x = NOBODY
    };
    notify();
    goto round;

leave:
    gone++
}

proctype source(byte me)
{
    byte j, who = NOBODY;
    bit gone_down, parked, stop;

    do
    :: cancel || ended -> break
    :: else ->
        if
        :: src_out == 0 && made < N -> made++; src_out = 1
        :: src_out == 0 && made == N && !src_finished ->
#ifdef WAITS
            call_cancelled; /* and it returns PPH_STOP */
            if
            :: !cancel -> src_finished = 1
            :: else
            fi
#else
            atomic { /* finish() */
                lk[1] == 0 ->
                if
                :: !cancel -> src_finished = 1; ready[1] = 1
                :: else
                fi
            };
            notify()
#endif
        :: src_out == 1 -> /* held: the gate, register_waiter_locked(), the wait of own_thread() */
            atomic {
                lk[1] == 0 ->
                gone_down = HAS_ROOM(1);
                if
                :: gone_down -> q[1]++; src_out = 0; ready[1] = 1
                :: else -> waits_for_room[1] = 1
                fi
            };
            notify();
            if
            :: !gone_down && !cancel && !ended -> atomic { news -> news = 0 }
            :: !gone_down && (cancel || ended) -> break
            :: else -> gone_down = 0
            fi
        :: src_out == 1 -> /* it waits in emit */
            send_waiting(1);
            src_out = src_out - gone_down;
            gone_down = 0
        :: src_finished && !cancel && !ended -> atomic { news -> news = 0 }
        :: src_finished && (cancel || ended) -> break
        fi
    od;
    gone++
}

/* policy_cancel() */
proctype canceller()
{
    byte j;

#ifndef BUG3
    cancel = 1;
#endif
    drop(0);
    drop(1);
#ifdef BUG3
    cancel = 1;
#endif
#ifndef BUG10
    atomic { /* order_release_waiting() */
        lk[1] == 0 ->
        j = 0;
        do
        :: j < WIN ->
            if
            :: slot_waits[j] != NOBODY -> go[slot_waits[j]] = 1; slot_waits[j] = NOBODY
            :: else
            fi;
            j++
        :: else -> j = 0; break
        od
    };
#endif
#ifndef BUG7
    call_cancelled = 1;
#endif
    end_all();
    gone++
}

init
{
    byte j;

    atomic {
        do
        :: j < WIN -> slot_waits[j] = NOBODY; j++
        :: else -> j = 0; break
        od;
        do
        :: j < W -> run pool(j); j++
        :: else -> j = 0; break
        od;
#ifdef QUEUED
        made = N;
        q[1] = N;
        src_finished = 1;
        ready[1] = 1;
        gone = 1;
#else
        run source(SRC);
#endif
        do
        :: j < CANCELS -> run canceller(); j++
        :: else -> j = 0; break
        od
    };
    gone == W + 1 + CANCELS;
    atomic {
#ifndef BUG9
        swept[0] = q[0]; /* sweep(), of what came after the drop */
        swept[1] = q[1];
#endif
        assert(made == next + dropped + swept[1] + src_out);
        j = 0;
        do
        :: j < LIM -> swept[0] = swept[0] + out[j] + left[j]; j++
        :: else -> break
        od;
        swept[0] = swept[0] + slot_out[0] + slot_out[1];
        assert(next * K == accounted + swept[0]);
        assert(cancel || accounted == N * K)
    }
}
