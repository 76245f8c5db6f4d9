/* src/engine/claim.c - may it go, and whose turn is it?
 *
 * One publishing step at a time for an account, from the claim until its outcome is committed. The
 * queues hold what may go; account, server and window are asked about once, for the head.
 */
#include <string.h>

#include "engine/engine_private.h"

static bool twin_open(const struct cp_engine *e, const struct delivery *d, unsigned index)
{
    const struct part *p = &d->parts[index];
    struct twin_key key = { .text_hash = p->text_hash, .account = d->account->number };
    struct twin *t;
    unsigned itself = cp_part_is_open(p->state) ? 1 : 0;

    HASH_FIND(hh, e->twins, &key, sizeof(key), t);
    return t && t->count > itself;
}

static bool clock_good(const struct cp_engine *e, const struct cp_now *now)
{
    int64_t moved = now->wall_us - now->boot_us - e->clock_offset;

    return e->clock_trusted && moved <= CP_CLOCK_SLACK && moved >= -CP_CLOCK_SLACK;
}

enum cp_wait cp_engine_may_send(const struct cp_engine *e, const struct delivery *d, unsigned index,
                                const struct cp_now *now)
{
    if (!d->wanted)
        return CP_WAIT_UNWANTED;
    if (index == 0 && d->standby)
        return CP_WAIT_STANDBY;
    if (index == 0 && d->late)
        return CP_WAIT_LATE;
    if (engine_held(e, d))
        return CP_WAIT_HELD;
    if (index == 0 && d->send_by_us != CP_NEVER && now->plan_us >= d->send_by_us)
        return CP_WAIT_SEND_BY;
    if (index > 0 && d->parts[index - 1].state != CP_PUBLISHED)
        return CP_WAIT_PARENT;
    if (!d->account->known)
        return CP_WAIT_ACCOUNT;
    if (!clock_good(e, now))
        return CP_WAIT_CLOCK;
    if (twin_open(e, d, index))
        return CP_WAIT_TWIN;
    return e->stopping || e->failed ? CP_WAIT_STOPPING : CP_WAIT_NOTHING;
}

enum cp_wait engine_account_wait(const struct cp_engine *e, const struct account *a, bool overdue,
                                 const struct cp_now *now, int64_t *out_us)
{
    *out_us = CP_NEVER;
    if (a->trouble != TROUBLE_NONE)
        return CP_WAIT_HELD;
    if (!a->known)
        return CP_WAIT_ACCOUNT;
    if (!clock_good(e, now))
        return CP_WAIT_CLOCK;
    if (e->stopping || e->failed)
        return CP_WAIT_STOPPING;
    if (now->boot_us < a->server->not_before_us)
        return CP_WAIT_SERVER;
    if (a->claim)
        return CP_WAIT_BUSY;
    if (!engine_server_open(a->server, now->boot_us))
        return CP_WAIT_SERVER;
    return engine_window_wait(a, overdue, now->plan_us, out_us);
}

/* ---- the claim ----------------------------------------------------------------------------- */

bool engine_claimed(const struct delivery *d, unsigned index)
{
    return d->account->claim == d && d->account->claim_part == index;
}

/* The claim goes on to be published; one that is being aborted ends with NOT_READY alone. */
bool engine_claim_lives(const struct delivery *d, unsigned index)
{
    return engine_claimed(d, index) && !d->account->claim_aborting;
}

static void claim_begin(struct cp_engine *e, struct account *a, struct delivery *d)
{
    struct cp_action *action = engine_act(e, CP_DO_PREPARE);

    engine_heap_remove(&d->turn);
    d->where = AT_REST;
    a->claim = d;
    a->claim_part = d->current;
    a->claim_overdue = d->overdue && d->current == 0;
    engine_server_begin(a->server);
    engine_part_set_phase(e, &d->parts[d->current], PHASE_PREPARING);
    action->row = d->row;
    action->part = d->current + 1u;
}

void engine_claim_end(struct cp_engine *e, struct account *a)
{
    a->claim = NULL;
    a->claim_aborting = false;
    engine_server_end(e, a->server);
    engine_account_dirty(e, a);
}

void engine_claim_abort(struct cp_engine *e, struct account *a)
{
    struct delivery *d = a->claim;
    struct cp_action *action;

    if (!d || d->parts[a->claim_part].phase != PHASE_PREPARING)
        return;
    action = engine_act(e, CP_DO_ABORT);
    action->row = d->row;
    action->part = a->claim_part + 1;
    engine_part_set_phase(e, &d->parts[a->claim_part], PHASE_REST);
    a->claim_aborting = true;
    engine_delivery_touch(e, d);
}

void engine_claim_abort_all(struct cp_engine *e)
{
    struct account *a, *next;

    HASH_ITER(hh, e->accounts, a, next)
    {
        engine_claim_abort(e, a);
    }
}

/* ---- preparing ----------------------------------------------------------------------------- */

void engine_part_ready(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];
    struct wish wish = engine_part_wish(p, CP_IN_FLIGHT, CP_ON_START);

    if (p->phase != PHASE_PREPARING)
        return;
    if (cp_engine_may_send(e, d, index, &e->now) != CP_WAIT_NOTHING) {
        engine_claim_abort(e, d->account);
        return;
    }
    wish.not_before_us = 0;
    engine_part_commit(e, d, index, &wish);
}

void engine_part_not_ready(struct cp_engine *e, struct delivery *d, unsigned index,
                           const struct cp_engine_event *event)
{
    struct part *p = &d->parts[index];
    struct account *a = d->account;
    struct wish wish = engine_part_wish(p, CP_PLANNED, CP_ON_SURELY_NOT);

    if (engine_claimed(d, index) && a->claim_aborting)
        engine_claim_end(e, a);
    if (p->phase != PHASE_PREPARING)
        return;
    engine_part_set_phase(e, p, PHASE_REST);
    engine_claim_end(e, a);
    engine_server_heard(e, a->server, event);
    if (event->verdict == CP_VERDICT_REJECTED) {
        wish = engine_part_wish(p, CP_REJECTED, CP_ON_REJECTED);
        wish.notice = engine_printf(e, "'%s' was refused: %s", engine_delivery_name(e, d, index),
                                    event->reason ? event->reason : "no reason was given");
    } else if (event->verdict == CP_VERDICT_REAUTHENTICATE) {
        engine_account_trouble(e, a, TROUBLE_CREDENTIAL, event->reason);
    } else if (event->verdict == CP_VERDICT_MISCONFIGURED) {
        engine_account_trouble(e, a, TROUBLE_CONFIGURATION, event->reason);
    } else {
        wish.not_before_us = engine_part_retry_at(e, p, event);
    }
    wish.reason = engine_text(e, event->reason);
    engine_part_commit(e, d, index, &wish);
}

/* ---- whose turn ---------------------------------------------------------------------------- */

static void pump_reads(struct cp_engine *e, struct account *a)
{
    struct node *top;

    while (!a->looking && a->known && !e->stopping && (top = heap_top(&a->reads)) &&
           engine_server_open(a->server, e->now.boot_us)) {
        struct work *w = OWNER(top, work, read);

        engine_heap_remove(top);
        if (engine_read_at(w) > e->now.boot_us)
            engine_read_schedule(e, w); /* the settle time has grown since */
        else
            engine_look_begin(e, w);
    }
}

static bool claim_next(struct cp_engine *e, struct account *a)
{
    bool overdue = a->on_time.count == 0;
    struct node *top = heap_top(overdue ? &a->overdue : &a->on_time);
    struct delivery *d;
    enum cp_wait wait;
    int64_t at;

    if (!top)
        return false;
    if (engine_account_wait(e, a, overdue, &e->now, &at) != CP_WAIT_NOTHING) {
        if (at != CP_NEVER)
            engine_timer(e, &e->plan_timers, &a->timer, at);
        return false;
    }
    d = OWNER(top, delivery, turn);
    wait = cp_engine_may_send(e, d, d->current, &e->now);
    if (wait == CP_WAIT_NOTHING)
        claim_begin(e, a, d);
    else
        engine_delivery_park(e, d, wait);
    return wait != CP_WAIT_NOTHING;
}

void engine_account_pump(struct cp_engine *e, struct account *a)
{
    engine_heap_remove(&a->timer);
    if (a->gone)
        return;
    pump_reads(e, a);
    while (claim_next(e, a))
        ;
}
