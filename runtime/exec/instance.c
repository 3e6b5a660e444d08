/* SPDX-License-Identifier: MIT */
#include "exec/instance.h"

#include "exec/policy.h"

bool instance_start(struct instance *i)
{
    struct stage *s = i->stage;
    int rc = s->desc->start ? s->desc->start(&i->ctx) : PPH_OK;

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
    i->winding_up = true;
    if (started && s->desc->stop)
        s->desc->stop(&i->ctx);
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
