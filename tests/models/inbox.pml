/* SPDX-License-Identifier: MIT */
/*
 * One queue: its bounds in items and in bytes, the line of emitters that wait for room, low water.
 *
 * Mirrors, in runtime/exec: inbox_offer(), inbox_offer_or_park(), inbox_pop_locked(), fits_locked(),
 * inbox_fits(), inbox_wants(), is_low_locked() (inbox.c); can_send(), gate_open() and
 * register_waiter_locked() (dispatch.c), for the stages above.
 *
 * EMITTERS stages send MADE batches each, of 1 or 2 items and of 1 to 3 bytes; 3 are more than the bound.
 * Before each they look at the gate (room for TARGET items), then they offer the batch; when it
 * does not fit they either wait until they are made ready and try again, or wait in line with it.
 * One consumer takes the batches.
 *
 * Parameters: EMITTERS, MADE, CAP_ITEMS, CAP_BYTES, TARGET, AHEAD (the gate's own bound in bytes; the rule
 * that a few batches may always wait is AHEAD_BATCHES).
 *
 * The bugs it must find, each alone:
 *   BUG1  an offer overtakes those in line
 *   BUG2  a pop hands over more than fits
 *   BUG3  a hand-over looks at items only
 *   BUG4  a batch larger than the bound is never taken
 *   BUG5  waiters are woken only while something is left below low water, not by the last pop
 *   BUG6  a pop hands over the one who came last
 *   BUG7  no second look under the lock: a waiter registers with an empty queue
 *   BUG8  an offer looks at the queue before it takes the lock, and not again
 */
#ifndef EMITTERS
#define EMITTERS 2
#endif
#ifndef MADE
#define MADE 2
#endif
#ifndef CAP_ITEMS
#define CAP_ITEMS 3
#endif
#ifndef CAP_BYTES
#define CAP_BYTES 2
#endif
#ifndef TARGET
#define TARGET 1
#endif
#ifndef AHEAD
#define AHEAD CAP_BYTES
#endif
#ifndef AHEAD_BATCHES
#define AHEAD_BATCHES 1
#endif
#define SLOTS (CAP_ITEMS + EMITTERS + 1)
#define KINDS 3

/* A batch is its emitter and its kind: 0: 1 item, 1 byte; 1: 2 items, 1 byte; 2: 1 item, 3 bytes */
#define ITEMS(kind) ((kind) == 1 -> 2 : 1)
#define BYTES(kind) ((kind) == 2 -> 3 : 1)

bit lk, ready[EMITTERS], go[EMITTERS];
byte items, bytes, n, n_line;
byte q_kind[SLOTS], q_who[SLOTS], q_nr[SLOTS];
byte line_kind[EMITTERS], line_who[EMITTERS], line_nr[EMITTERS];
byte waiters, seen[EMITTERS], delivered, came[EMITTERS], turn;

#define FITS_ITEMS(k) (items == 0 || items + ITEMS(k) <= CAP_ITEMS)
#ifdef BUG4
#define FITS(k) (items + ITEMS(k) <= CAP_ITEMS && bytes + BYTES(k) <= CAP_BYTES)
#else
#define FITS(k) (items == 0 || (items + ITEMS(k) <= CAP_ITEMS && bytes + BYTES(k) <= CAP_BYTES))
#endif
#ifdef BUG3
#define FITS_HANDED(k) FITS_ITEMS(k)
#else
#define FITS_HANDED(k) FITS(k)
#endif
#ifdef BUG1
#define LINE_EMPTY true
#else
#define LINE_EMPTY (n_line == 0)
#endif
/* inbox_wants() */
#define WANTS (n_line == 0 && (items == 0 || items + TARGET <= CAP_ITEMS) && (bytes < AHEAD || n < AHEAD_BATCHES))
#define IS_LOW \
    (n_line == 0 && 2 * items <= CAP_ITEMS && 2 * bytes <= CAP_BYTES && (2 * bytes <= AHEAD || n <= AHEAD_BATCHES))

/* append_locked(), and the bound */
inline append(kind, who, nr)
{
    q_kind[n] = kind;
    q_who[n] = who;
    q_nr[n] = nr;
    n++;
    items = items + ITEMS(kind);
    bytes = bytes + BYTES(kind);
    assert(n == 1 || (items <= CAP_ITEMS && bytes <= CAP_BYTES))
}

proctype emitter(byte me)
{
    byte nr, kind;
    bit no_room;

next:
    if
    :: nr == MADE -> goto end
    :: nr < MADE -> kind = 0
    :: nr < MADE -> kind = 1
    :: nr < MADE -> kind = 2
    fi;
gate: /* gate_open() without the lock, then register_waiter_locked() */
    if
    :: WANTS -> goto offer
    :: else
    fi;
    atomic {
        lk == 0 ->
        if
#ifndef BUG7
        :: n == 0 && n_line == 0 -> goto gate
#endif
        :: else -> waiters = waiters | (1 << me)
        fi
    };
    atomic { ready[me] -> ready[me] = 0; goto gate };

offer:
#ifdef BUG8
    no_room = !(n_line == 0 && FITS(kind));
#endif
    atomic { /* inbox_offer() */
        lk == 0 ->
#ifndef BUG8
        no_room = !(LINE_EMPTY && FITS(kind));
#endif
        if
        :: !no_room -> assert(n_line == 0); append(kind, me, nr)
        :: else
        fi
    };
    if
    :: !no_room -> goto sent
    :: no_room -> goto held
    :: no_room -> goto park
    fi;

held: /* can_send() without the lock, then register_waiter_locked() */
    if
    :: n_line == 0 && FITS(kind) -> no_room = 0; goto offer
    :: else -> no_room = 0
    fi;
    atomic {
        lk == 0 ->
        if
        :: n == 0 && n_line == 0 -> goto held
        :: else -> waiters = waiters | (1 << me)
        fi
    };
    atomic { ready[me] -> ready[me] = 0; goto held };

park:
    atomic { /* inbox_offer_or_park() */
        lk == 0 ->
        no_room = !(n_line == 0 && FITS(kind));
        if
        :: !no_room -> append(kind, me, nr)
        :: else ->
            line_kind[n_line] = kind;
            line_who[n_line] = me;
            line_nr[n_line] = nr;
            n_line++;
            turn++;
            came[me] = turn
        fi
    };
    if
    :: no_room -> atomic { go[me] -> go[me] = 0 }
    :: else
    fi;

sent:
    atomic {
        no_room = 0;
        kind = 0;
        nr++;
        goto next
    };
end:
    skip
}

proctype consumer()
{
    byte wk, pk, j, kind, who, nr;

    do
    :: delivered == EMITTERS * MADE -> break
    :: n > 0 ->
        atomic { /* inbox_pop_locked() */
            lk == 0 ->
            d_step {
                assert(q_nr[0] == seen[q_who[0]]);
                seen[q_who[0]]++;
                items = items - ITEMS(q_kind[0]);
                bytes = bytes - BYTES(q_kind[0]);
                n--;
                j = 0;
                do
                :: j < n -> q_kind[j] = q_kind[j + 1]; q_who[j] = q_who[j + 1]; q_nr[j] = q_nr[j + 1]; j++
                :: else -> break
                od;
                q_kind[n] = 0;
                q_who[n] = 0;
                q_nr[n] = 0;
                do
#ifdef BUG2
                :: n_line > 0 ->
#else
                :: n_line > 0 && FITS_HANDED(line_kind[0]) ->
#endif
#ifdef BUG6
                    j = n_line - 1;
#else
                    j = 0;
#endif
                    kind = line_kind[j];
                    who = line_who[j];
                    nr = line_nr[j];
                    n_line--;
                    do
                    :: j < n_line ->
                        line_kind[j] = line_kind[j + 1];
                        line_who[j] = line_who[j + 1];
                        line_nr[j] = line_nr[j + 1];
                        j++
                    :: else -> break
                    od;
                    line_kind[n_line] = 0;
                    line_who[n_line] = 0;
                    line_nr[n_line] = 0;
                    /* first come, first served */
                    j = 0;
                    do
                    :: j < EMITTERS -> assert(came[j] == 0 || came[j] >= came[who]); j++
                    :: else -> break
                    od;
                    came[who] = 0;
                    append(kind, who, nr);
                    pk = pk | (1 << who)
                :: else -> break
                od;
                if
                :: n_line == 0 -> turn = 0
                :: else
                fi;
#ifdef BUG5
                if
                :: IS_LOW && n > 0 -> wk = wk | waiters; waiters = 0
#else
                if
                :: IS_LOW -> wk = wk | waiters; waiters = 0
#endif
                :: else
                fi;
                delivered++;
                kind = 0;
                who = 0;
                nr = 0;
                j = 0
            }
        };
        do /* wakes_deliver(), one after the other */
        :: j < EMITTERS ->
            atomic {
                if
                :: pk & (1 << j) -> go[j] = 1
                :: else
                fi;
                if
                :: wk & (1 << j) -> ready[j] = 1
                :: else
                fi;
                j++
            }
        :: else -> break
        od;
        atomic {
            j = 0;
            pk = 0;
            wk = 0
        }
    od
}

init
{
    byte j;

    atomic {
        do
        :: j < EMITTERS -> run emitter(j); j++
        :: else -> break
        od;
        run consumer()
    }
}
