/* SPDX-License-Identifier: MIT */
/*
 * Going to sleep and being woken: the ready bits, the idle bits and one word per thread.
 *
 * Mirrors, in runtime/exec: worker_sleep(), spin(), search(), stop_search(), worker_found_work(),
 * worker_stops_searching(), wake_one(), workers_notify() (wakeup.c), access by access; pool_thread(),
 * be_spare() (workers.c); what makes a stage ready and what claims work there are one step each, as they
 * stand under the stage's lock.
 *
 * Somebody outside the pool brings JOBS batches to stage 1, in one piece (BURST: one wake-up for all,
 * as when a full queue below reaches low water) or one by one.  The first ALONE calls there are short, and
 * each sends a batch to stage 0; the others last until all JOBS have begun.  So the search ends in a deadlock
 * unless as many threads work as there is work for.  With ALONE=JOBS only lost wake-ups count.
 *
 * Parameters: W threads, JOBS, ALONE, BURST.  SPIN: threads look for work for a while before they sleep.
 * SURPLUS: the last thread comes back from a wait inside emit when a call has begun, so some thread has to
 * give up its slot.  PLAIN: without the counter of searching threads; CHAIN: and who claims work and
 * leaves more wakes another.
 *
 * The bugs it must find, each alone:
 *   BUG1  no second look at the ready bits after the idle bit is set
 *   BUG2  who makes a stage ready looks at the idle bits first
 *   BUG3  a waker leaves the idle bit where it is, and wakes one who is awake
 *   BUG4  a sleeper whose bit was taken does not wait for the wake-up that is on its way
 *   BUG5  who stops searching looks at the ready bits first and counts itself out after that
 *   BUG6  the last searcher that finds work wakes nobody
 *   BUG7  a searcher that finds nothing stays counted
 *   BUG8  who calls its sleep off at the second look does not count as a searcher again
 *   BUG9  (SURPLUS) a searcher that gives up its slot stays counted
 *   BUG10 (SURPLUS) a searcher that gives up its slot tells nobody that there is work
 */
#ifndef W
#define W 2
#endif
#ifndef JOBS
#define JOBS 2
#endif
#ifndef ALONE
#define ALONE JOBS
#endif
#ifdef SURPLUS
#define SLOTS (W - 1)
#else
#define SLOTS W
#endif
#ifdef PLAIN
#define SEARCHES false
#else
#define SEARCHES true
#endif
#define NS 2

bit ready[NS], idle[W], wake[W], over;
byte jobs[NS], begun, done, searching, holders = SLOTS, gone;

/* workers_notify() with wake_one(): `any` and `m` are the reads, `b` runs over the bits that were seen */
inline notify()
{
#ifndef BUG2
    any = ready[0] || ready[1];
#else
    any = 1;
#endif
    if
    :: any -> any = searching == 0
    :: else
    fi;
    if
    :: any ->
        atomic {
            b = 0;
            m = 0;
            do
            :: b < W -> m = m | (idle[b] << b); b++
            :: else -> break
            od;
            b = 0
        };
        do
        :: b < W && (m & (1 << b)) ->
            atomic {
                if
                :: idle[b] ->
#ifndef BUG3
                    idle[b] = 0;
#endif
                    m = 0
                :: else -> b++
                fi
            };
            if
            :: m == 0 ->
                searching = searching + SEARCHES;
                wake[b] = 1;
                break
            :: else
            fi
        :: b < W && !(m & (1 << b)) -> b++
        :: else -> break
        od;
        atomic {
            b = 0;
            m = 0;
            any = 0
        }
    :: else
    fi
}

/* stop_search(): `any` says that no other thread searches now */
inline stop_search()
{
    atomic {
        any = search && searching == 1;
        searching = searching - search;
        search = 0
    }
}

/* inbox_offer() or stage_make_ready(): `n` batches for stage s */
inline bring(s, n)
{
#ifdef BUG2
    notify();
    atomic {
        jobs[s] = jobs[s] + n;
        ready[s] = 1
    }
#else
    atomic {
        jobs[s] = jobs[s] + n;
        ready[s] = 1
    };
    notify()
#endif
}

proctype thread(byte me)
{
    byte s, b, m, nr;
    bit any, have, search;

#ifdef SURPLUS
    if
    :: me == W - 1 -> begun > 0; holders++
    :: else
    fi;
#endif
round:
    if
    :: over -> goto end
    :: else
    fi;
#ifdef SURPLUS
    if
    :: holders > SLOTS ->
#ifndef BUG9
        stop_search(); /* worker_stops_searching() */
#endif
        any = 0;
#ifndef BUG10
        notify();
#endif
        atomic { /* be_spare() */
            if
            :: holders > SLOTS -> holders--
            :: else -> goto round
            fi
        };
        over;
        goto end
    :: else
    fi;
#endif
    atomic { /* pick() and dispatch: what is read without the lock is looked at again under it */
        if
        :: ready[0] -> s = 0
        :: !ready[0] && ready[1] -> s = 1
        :: else -> goto sleep
        fi;
        have = jobs[s] > 0;
        jobs[s] = jobs[s] - have;
        ready[s] = jobs[s] > 0;
        begun = begun + (have && s == 1);
        nr = (have && s == 1 -> begun : 0)
    };
    if
    :: !have -> goto round
    :: else -> have = 0
    fi;
    stop_search(); /* worker_found_work() */
#ifdef BUG6
    any = 0;
#endif
    if
    :: any -> notify()
    :: else
    fi;
#ifdef CHAIN
    notify();
#endif
    if
    :: s == 1 ->
        if
        :: nr <= ALONE -> bring(0, 1)
        :: else ->
            begun == JOBS;
            atomic {
                done++;
                over = done == JOBS
            }
        fi
    :: else ->
        atomic {
            done++;
            over = done == JOBS
        }
    fi;
    atomic { /* workers_end(): everybody is woken */
        nr = 0;
        s = 0;
        b = 0;
        do
        :: over && b < W -> wake[b] = 1; b++
        :: else -> b = 0; break
        od
    };
    notify(); /* stage_complete() */
    goto round;

sleep:
#ifdef SPIN
    atomic { /* spin() */
        searching = searching + !search;
        search = 1
    };
    if
    :: ready[0] || ready[1] || over -> goto round
    :: true
    fi;
#endif
    idle[me] = 1;
#if !defined(BUG5) && !defined(BUG7)
    stop_search();
#endif
#ifndef BUG1
    any = ready[0] || ready[1] || over;
#ifdef BUG5
    atomic {
        searching = searching - search;
        search = 0
    };
#endif
    if
    :: any ->
        atomic {
            any = 0;
            if
            :: idle[me] ->
                idle[me] = 0;
#ifndef BUG8
                searching = searching + (SEARCHES && !search); /* search() */
                search = SEARCHES;
#endif
                goto round
#ifdef BUG4
            :: else -> goto round
#else
            :: else /* a waker has chosen this thread: its wake comes */
#endif
            fi
        }
    :: else
    fi;
#endif
    atomic {
        wake[me] ->
        wake[me] = 0;
        any = 0;
        search = SEARCHES && !over;
        goto round
    };

end:
    gone++
}

init
{
    byte b, m, k;
    bit any;

    atomic {
        do
        :: k < W -> run thread(k); k++
        :: else -> k = 0; break
        od
    };
#ifdef BURST
    bring(1, JOBS);
#else
    do
    :: k < JOBS -> bring(1, 1); k++
    :: else -> break
    od;
#endif
    gone == W;
    assert(done == JOBS && begun == JOBS)
}
