/* SPDX-License-Identifier: MIT */
/*
 * Going to sleep and being woken: the ready bits, the idle bits and one word per thread.
 *
 * Mirrors, in runtime/exec: worker_sleep(), workers_notify() (wakeup.c), access by access;
 * pool_thread() (workers.c); what makes a stage ready and what claims work there are one step each, as
 * they stand under the stage's lock.  There are no spares here: sched.pml has them.
 *
 * Somebody outside the pool brings JOBS batches to stage 1, in one piece (BURST: one wake-up for all,
 * as when a full queue below reaches low water) or one by one.  The first ALONE calls there are short, and
 * each sends a batch to stage 0; the others last until all JOBS have begun.  So the search ends in a deadlock
 * unless as many threads work as there is work for.  With ALONE=JOBS only lost wake-ups count.
 *
 * SEARCH adds a counter of woken threads that have not found work yet: nobody is woken while somebody
 * searches.  CHAIN: who claims work and leaves more wakes another.
 *
 * Parameters: W threads, JOBS, ALONE, BURST, SEARCH, CHAIN.
 *
 * The bugs it must find, each alone:
 *   BUG1  no second look at the ready bits after the idle bit is set
 *   BUG2  who makes a stage ready looks at the idle bits first
 *   BUG3  a waker leaves the idle bit where it is, and wakes one who is awake
 *   BUG4  a sleeper whose bit was taken does not wait for the wake-up that is on its way
 * with SEARCH:
 *   BUG5  who stops searching looks at the ready bits first and counts itself out after that
 *   BUG6  the last searcher that finds work wakes nobody
 *   BUG7  a searcher that finds nothing stays counted
 *   BUG8  who calls its sleep off at the second look does not count as a searcher again
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
#define NS 2

bit ready[NS], idle[W], wake[W], over;
byte jobs[NS], begun, done, searching, gone;

/* workers_notify(): `any` and `m` are the two reads, `b` runs over the bits that were seen */
inline notify()
{
#ifdef SEARCH
    if
    :: searching > 0 -> skip
    :: else ->
#endif
#ifndef BUG2
    any = ready[0] || ready[1];
    if
    :: any ->
#endif
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
#ifdef SEARCH
                    searching++;
#endif
                    m = 0
                :: else -> b++
                fi
            };
            if
            :: m == 0 -> wake[b] = 1; break
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
#ifndef BUG2
    :: else
    fi
#endif
#ifdef SEARCH
    fi
#endif
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

round:
    if
    :: over -> goto end
    :: else
    fi;
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
#ifdef SEARCH
    if
    :: have && search ->
        atomic {
            search = 0;
            searching--;
            any = searching == 0
        };
#ifndef BUG6
        if
        :: any -> notify()
        :: else
        fi;
#endif
        any = 0
    :: else
    fi;
#endif
    if
    :: !have -> goto round
    :: else -> have = 0
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
    idle[me] = 1;
#ifdef SEARCH
#ifndef BUG7
#ifndef BUG5
    atomic {
        searching = searching - search;
        search = 0
    };
#endif
#endif
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
#ifdef SEARCH
#ifndef BUG8
                search = !over;
                searching = searching + search;
#endif
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
#ifdef SEARCH
        search = !over;
#endif
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
