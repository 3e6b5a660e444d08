/* SPDX-License-Identifier: MIT */
/*
 * What workers leave behind: the one value, or the named values, that a plugin gave to host->result().
 *
 * It is kept until the run is freed, for run_result(); and it is sent to the stage's port `.result`, if anyone reads
 * that, in the worker's last call: after `flush`, or instead of it, when the whole stage has had its last input.
 */
#ifndef EXEC_RESULTS_H
#define EXEC_RESULTS_H

#include "exec/stage.h"

enum {
    RESULT_BYTES_MAX = 64 << 20, /* of one worker, all names together */
    RESULT_NAMES_MAX = 1024,
    RESULT_NAME_BYTES_MAX = 256,
};

/* host->result: see plugin.h.  [worker running the instance] */
int results_set(struct instance *i, const char *name, const char *json);

/* The worker of a task has said PPH_END: to have left nothing is a failure.  [worker running the instance] */
void results_end(struct instance *i);

/* Notes that the worker failed; the first message is kept.  [worker running the instance, or control after the run] */
void results_fail(struct instance *i, const char *message);

/*
 * Sends what the worker leaves behind to `.result`: nothing if nobody reads it, or if the worker failed.
 * False: the run is cancelled.  [worker running the instance, in its last call]
 */
bool results_send(struct instance *i) PPH_NODISCARD;

/* [control, after the run] */
void results_free(struct instance *i);

/* Whether `.result` of the stage has readers: then each worker has a last call, with or without a `flush`. */
static inline bool stage_result_is_read(const struct stage *s)
{
    size_t port = s->graph->result_port;

    return port > 0 && s->ports[port].n_readers > 0;
}

#endif /* EXEC_RESULTS_H */
