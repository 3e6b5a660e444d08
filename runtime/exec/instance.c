/* SPDX-License-Identifier: MIT */
#include "exec/instance.h"

#include "exec/policy.h"

bool instance_start(struct instance *i)
{
    struct stage *s = i->stage;
    int rc;

    i->doing = "start";
    rc = s->desc->start ? s->desc->start(&i->ctx) : PPH_OK;
    i->doing = NULL;
    if (rc != PPH_OK) {
        policy_bad_return(i, "start", rc);
        return false;
    }
    mutex_lock(&s->run->cancel_lock);
    i->started = true;
    mutex_unlock(&s->run->cancel_lock);
    return true;
}

void instance_stop(struct instance *i)
{
    struct stage *s = i->stage;
    bool started;

    mutex_lock(
        &s->run->cancel_lock); /* a cancel that runs now ends first, none comes after */
    started = i->started;
    i->started = false;
    mutex_unlock(&s->run->cancel_lock);
    i->failed = false;
    i->failed_stage = false;
    i->failed_late = false;
    i->doing = "stop";
    if (started && s->desc->stop)
        s->desc->stop(&i->ctx);
    i->doing = NULL;
}

void stage_cancel_calls(struct stage *s)
{
    if (!s->desc->cancel)
        return;
    mutex_lock(&s->run->cancel_lock);
    for (unsigned w = 0; w < s->n_instances; w++) {
        struct instance *i = &s->instances[w];

        if (i->started && !i->cancelled) {
            i->cancelled = true;
            s->desc->cancel(&i->ctx);
        }
    }
    mutex_unlock(&s->run->cancel_lock);
}
