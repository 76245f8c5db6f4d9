/* src/engine/report.c - questions that change nothing: the gate, why not, when next, how much. */
#include "engine/engine_private.h"

enum cp_wait cp_engine_gate(const struct cp_engine *e, int64_t row, unsigned part,
                            const struct cp_now *now)
{
    const struct delivery *d = engine_delivery_find(e, row);
    const struct part *p;

    if (!d || part < 1 || part > d->part_count)
        return CP_WAIT_UNWANTED;
    p = &d->parts[part - 1];
    if (p->state != CP_IN_FLIGHT || p->phase != PHASE_PUBLISHING)
        return CP_WAIT_UNWANTED;
    return cp_engine_may_send(e, d, part - 1, now);
}

bool cp_engine_has(const struct cp_engine *e, int64_t row)
{
    return engine_delivery_find(e, row) != NULL;
}

static enum cp_wait explain_planned(const struct cp_engine *e, const struct delivery *d,
                                    const struct cp_now *now)
{
    int64_t at;

    if (d->parts[d->current].phase != PHASE_REST)
        return CP_WAIT_NOTHING;
    if (d->due_us > now->plan_us)
        return CP_WAIT_NOT_DUE;
    if (d->not_before_us > now->boot_us)
        return CP_WAIT_NOT_BEFORE;
    if (d->overdue && d->current == 0 && d->account->on_time.count)
        return CP_WAIT_OVERDUE;
    return engine_account_wait(e, d->account, d->overdue && d->current == 0, now, &at);
}

enum cp_wait cp_engine_explain(const struct cp_engine *e, int64_t row, const struct cp_now *now)
{
    const struct delivery *d = engine_delivery_find(e, row);
    const struct part *p;
    enum cp_wait wait;

    if (!d)
        return CP_WAIT_NOT_DUE;
    if (d->current >= d->part_count)
        return CP_WAIT_NOTHING;
    p = &d->parts[d->current];
    if (p->state != CP_PLANNED)
        return cp_part_is_open(p->state) ? CP_WAIT_NOTHING : CP_WAIT_PARENT;
    wait = cp_engine_may_send(e, d, d->current, now);
    return wait == CP_WAIT_NOTHING ? explain_planned(e, d, now) : wait;
}

void cp_engine_wake(const struct cp_engine *e, int64_t *plan_us, int64_t *boot_us)
{
    const struct node *plan = heap_top(&e->plan_timers), *boot = heap_top(&e->boot_timers);

    *plan_us = plan && !e->failed ? plan->key : CP_NEVER;
    *boot_us = boot && !e->failed ? boot->key : CP_NEVER;
}

/* What waits in an account's queues waits for what its head waits for. */
static void count_queues(const struct cp_engine *e, const struct account *a,
                         const struct cp_now *now, struct cp_engine_load *out)
{
    size_t count = a->on_time.count + a->overdue.count;
    int64_t at;

    if (!count)
        return;
    switch (engine_account_wait(e, a, a->on_time.count == 0, now, &at)) {
    case CP_WAIT_HELD:
        out->held += count;
        break;
    case CP_WAIT_SPACING:
    case CP_WAIT_WINDOW:
    case CP_WAIT_OVERDUE:
        if (at != CP_NEVER) {
            out->plan_waiting += count;
            break;
        }
        /* fall through */
    default:
        out->waiting += count;
    }
}

void cp_engine_outstanding(const struct cp_engine *e, const struct cp_now *now,
                           struct cp_engine_load *out)
{
    *out = (struct cp_engine_load){
        .open = e->open,
        .unseen = e->unseen,
        .preparing = e->preparing,
        .waiting = e->backing_off + e->twins_parked,
        .held = e->held,
    };
    for (const struct account *a = e->accounts; a; a = a->hh.next)
        count_queues(e, a, now, out);
}
