/* src/engine/decide.c - what a person decides about a delivery.
 *
 * A decision that fits nothing makes no change; the service answers "too late". What is being
 * prepared can still be cancelled, what is being committed can't.
 */
#include "engine/engine_private.h"

/* A retry of what is past its deadline would expire in the same moment: it needs a new one first. */
static bool fits(const struct cp_engine *e, const struct delivery *d, unsigned index,
                 enum cp_decision decision)
{
    const struct part *p = &d->parts[index];
    bool rests = p->phase == PHASE_REST;

    switch (decision) {
    case CP_DECIDE_RETRY:
        return rests && (p->state == CP_REJECTED || p->state == CP_EXPIRED) &&
               (index > 0 || !engine_past(e, d));
    case CP_DECIDE_CANCEL:
        return (p->state == CP_PLANNED && (rests || p->phase == PHASE_PREPARING)) ||
               (rests && p->state == CP_UNCERTAIN);
    case CP_DECIDE_PUBLISHED:
    case CP_DECIDE_ABSENT:
    case CP_DECIDE_GIVE_UP:
        return rests && p->state == CP_UNCERTAIN;
    default:
        return false;
    }
}

static struct wish wish_of(const struct part *p, const struct cp_engine_event *event)
{
    struct wish wish;

    switch (event->decision) {
    case CP_DECIDE_CANCEL:
    case CP_DECIDE_GIVE_UP:
        return engine_part_wish(p, CP_CANCELLED, CP_ON_CANCEL);
    case CP_DECIDE_PUBLISHED:
        return engine_part_wish(p, CP_PUBLISHED, CP_ON_RESOLVED);
    case CP_DECIDE_ABSENT:
        wish = engine_part_wish(p, CP_PLANNED, CP_ON_RESEND);
        wish.generation = p->generation + 1;
        break;
    default:
        wish = engine_part_wish(p, CP_PLANNED, CP_ON_RETRY);
    }
    /* A person's order begins a new count of doubts. */
    wish.absences = 0;
    wish.not_before_us = 0;
    return wish;
}

static void decide(struct cp_engine *e, struct delivery *d, unsigned index,
                   const struct cp_engine_event *event)
{
    struct part *p = &d->parts[index];
    struct wish wish;

    if (p->phase == PHASE_PREPARING)
        engine_claim_abort(e, d->account);
    p->failures = 0;
    wish = wish_of(p, event);
    wish.reason = engine_text(e, event->reason);
    wish.by = engine_text(e, event->by);
    if (event->decision == CP_DECIDE_PUBLISHED)
        wish.remote_id = engine_text(e, event->remote_id);
    engine_part_commit(e, d, index, &wish);
}

void engine_part_decide(struct cp_engine *e, const struct cp_engine_event *event)
{
    struct delivery *d;

    if (event->delivery)
        engine_delivery_load(e, event->delivery);
    d = engine_delivery_find(e, event->row);
    if (!d)
        return;
    engine_delivery_touch(e, d);
    for (unsigned i = 0; i < d->part_count; i++) {
        if ((event->part && event->part != i + 1) || !fits(e, d, i, event->decision))
            continue;
        decide(e, d, i, event);
        /* One remote post is one part's. */
        if (event->decision == CP_DECIDE_PUBLISHED)
            return;
    }
}
