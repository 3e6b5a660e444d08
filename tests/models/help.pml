/* SPDX-License-Identifier: MIT */
/*
 * Why emitters do not run other stages: what a thread could do instead of waiting inside emit.
 *
 * Mirrors workers_help() (workers.c), which --inline uses with its one thread: on top of a call that has
 * no room it works on stages nearer the sinks only.  With several threads it was weighed against parking
 * and spare threads and turned down (docs/concurrency.md): a plugin's lock may be held below it, and a
 * thread stuck in one chain is missing in another.
 *
 * A chain of four stages, 0 the source and 3 the sink; the two in the middle make K of one.  Each thread
 * has a stack of calls.  Stage 1 has P instances, the others one.
 *
 * Parameters: P threads, N batches, K, CAP.
 *
 * The bugs it must find, each alone:
 *   BUG1  a thread without room just waits, and keeps its slot
 *   BUG2  a thread without room runs any stage: the instance that is needed lies under its own call
 */
#ifndef P
#define P 2
#endif
#ifndef N
#define N 2
#endif
#ifndef K
#define K 2
#endif
#ifndef CAP
#define CAP 1
#endif
#define NS 4
#define SINK 3
#define ALL_DONE (arrived == N * K * K)

byte q[NS], running[NS], limit[NS], to_make = N, arrived;

/* Whether stage d has an instance, input and room below. */
#define HAS_INPUT(d) ((d) == 0 -> to_make > 0 : q[d] > 0)
#define HAS_ROOM(d) ((d) == SINK || q[((d) == SINK -> SINK : (d) + 1)] < CAP)

/* Whether a thread with `depth` calls on its stack, the last one of stage `top`, may run stage d. */
#ifdef BUG1
#define MAY(d, depth, top) ((depth) == 0)
#elif defined(BUG2)
#define MAY(d, depth, top) true
#else
#define MAY(d, depth, top) ((depth) == 0 || (d) > (top))
#endif
/* The gate is for those who begin at the bottom: what runs on top of a call may be stuck in its turn. */
#define CAN(d, depth, top) \
    (running[d] < limit[d] && HAS_INPUT(d) && ((depth) > 0 || HAS_ROOM(d)) && MAY(d, depth, top))

proctype thread()
{
    byte stage[NS + 2], left[NS + 2], depth, s, d;
    bit found;

round:
    if
    :: depth == 0 && ALL_DONE -> goto end
    :: else
    fi;
    if /* the call on top emits, or is over */
    :: depth > 0 && left[depth] == 0 ->
        atomic {
            running[stage[depth]]--;
            stage[depth] = 0;
            depth--;
            goto round
        }
    :: depth > 0 && left[depth] > 0 ->
        atomic {
            if
            :: q[stage[depth] + 1] < CAP ->
                q[stage[depth] + 1]++;
                left[depth]--;
                goto round
            :: else
            fi
        }
    :: depth == 0
    fi;
    atomic { /* the stage nearest the sink that may be run */
        found = 0;
        d = NS;
        do
        :: d > 0 ->
            d--;
            if
            :: CAN(d, depth, stage[depth]) -> found = 1; s = d; break
            :: else
            fi
        :: else -> break
        od;
        if
        :: found ->
            running[s]++;
            if
            :: s == 0 -> to_make--
            :: else -> q[s]--
            fi;
            depth++;
            assert(depth <= NS); /* no deeper than there are stages */
            stage[depth] = s;
            left[depth] = (s == SINK -> 0 : (s == 0 -> 1 : K));
            arrived = arrived + (s == SINK)
        :: else
        fi;
        d = 0;
        s = 0
    };
    if
    :: found -> found = 0; goto round
    :: else
    fi;
    if /* nothing to do: until there is room, work or the end */
    :: depth > 0 && q[(depth > 0 -> stage[depth] + 1 : 0)] < CAP
    :: depth == 0 && ALL_DONE
    :: CAN(0, depth, stage[depth])
    :: CAN(1, depth, stage[depth])
    :: CAN(2, depth, stage[depth])
    :: CAN(3, depth, stage[depth])
    fi;
    goto round;
end:
    skip
}

init
{
    byte j;

    atomic {
        limit[0] = 1;
        limit[1] = P;
        limit[2] = 1;
        limit[3] = 1;
        do
        :: j < P -> run thread(); j++
        :: else -> break
        od
    };
    ALL_DONE
}
