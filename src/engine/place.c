/* src/engine/place.c - where a delivery waits now.
 *
 * Called for each delivery that a step has touched. What it finds decides: a part found in_flight at
 * the start becomes verify, one past its deadline expires, others go into the queue they belong to.
 */
#include "engine/engine_private.h"

static void count_parked(struct cp_engine *e, const struct delivery *d, int by)
{
    if (d->reason == CP_WAIT_TWIN) {
        d->account->twins += (unsigned)by;
        e->twins_parked += (size_t)by;
    } else if (d->reason == CP_WAIT_HELD || d->reason == CP_WAIT_LATE ||
               d->reason == CP_WAIT_STANDBY) {
        e->held += (size_t)by;
    }
}

void engine_delivery_unplace(struct cp_engine *e, struct delivery *d)
{
    engine_heap_remove(&d->turn);
    engine_heap_remove(&d->expiry);
    if (d->where == PARKED)
        count_parked(e, d, -1);
    if (d->where == IN_BACKOFF)
        e->backing_off--;
    d->where = AT_REST;
}

void engine_delivery_park(struct cp_engine *e, struct delivery *d, enum cp_wait reason)
{
    engine_heap_remove(&d->turn);
    d->where = PARKED;
    d->reason = (uint8_t)reason;
    count_parked(e, d, 1);
}

static void put(struct cp_engine *e, struct delivery *d, enum where where, struct heap *heap,
                int64_t key)
{
    engine_timer(e, heap, &d->turn, key);
    if (d->turn.heap)
        d->where = (uint8_t)where;
    if (d->where == IN_BACKOFF)
        e->backing_off++;
}

bool engine_past(const struct cp_engine *e, const struct delivery *d)
{
    return d->send_by_us != CP_NEVER && e->now.plan_us >= d->send_by_us;
}

/* Part 1 alone has a deadline: a thread that has begun goes on. */
static bool expires(struct cp_engine *e, struct delivery *d)
{
    struct part *p = &d->parts[0];
    struct wish wish = engine_part_wish(p, CP_EXPIRED, CP_ON_TOO_LATE);

    if (d->current != 0 || !d->wanted || d->late || d->standby || d->account->gone ||
        engine_outside(e, d))
        return false;
    if (!engine_past(e, d)) {
        if (d->send_by_us != CP_NEVER)
            engine_timer(e, &e->plan_timers, &d->expiry, d->send_by_us);
        return false;
    }
    if (!e->clock_trusted)
        return false;
    if (p->phase == PHASE_PREPARING)
        engine_claim_abort(e, d->account);
    wish.reason = "its send_by has passed";
    wish.notice =
        engine_printf(e, "'%s' was not sent: its send_by has passed%s",
                      engine_delivery_name(e, d, 0), engine_held(e, d) ? " while it was held" : "");
    engine_part_commit(e, d, 0, &wish);
    return true;
}

/* Overdue is what the service or a hold kept from going when it was due; our own throttles do not. */
static void weigh_early_hold(struct cp_engine *e, struct delivery *d)
{
    if (d->early_hold && e->now.plan_us - d->due_us > e->overdue_after_us)
        d->overdue = true;
    d->early_hold = false;
}

static void park_held(struct cp_engine *e, struct delivery *d)
{
    if (e->now.plan_us - d->due_us <= e->overdue_after_us)
        d->early_hold = true;
    engine_delivery_park(e, d, CP_WAIT_HELD);
}

static void queue(struct cp_engine *e, struct delivery *d)
{
    struct account *a = d->account;

    weigh_early_hold(e, d);
    if (d->overdue && d->current == 0)
        put(e, d, IN_OVERDUE, &a->overdue, d->send_by_us);
    else
        put(e, d, IN_ON_TIME, &a->on_time, d->due_us);
    engine_account_dirty(e, a);
}

static void place_planned(struct cp_engine *e, struct delivery *d)
{
    if (!d->wanted || d->account->gone)
        return;
    if (d->current == 0 && d->standby)
        engine_delivery_park(e, d, CP_WAIT_STANDBY);
    else if (d->current == 0 && d->late)
        engine_delivery_park(e, d, CP_WAIT_LATE);
    else if (d->due_us > e->now.plan_us)
        put(e, d, IN_DUE, &e->plan_timers, d->due_us);
    else if (engine_held(e, d))
        park_held(e, d);
    else if (d->not_before_us > e->now.boot_us)
        put(e, d, IN_BACKOFF, &e->boot_timers, d->not_before_us);
    else
        queue(e, d);
}

static void doubt_after_restart(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_VERIFY, CP_ON_DOUBT);

    if (d->account->gone) {
        engine_verify_uncertain(e, d, index, "its account has left the configuration");
        return;
    }
    wish.reason = "the service ended while it was on its way";
    engine_part_commit(e, d, index, &wish);
}

static void place_verify(struct cp_engine *e, struct delivery *d, unsigned index)
{
    const struct account *a = d->account;
    struct work *w = d->parts[index].work;

    if (a->gone)
        engine_verify_uncertain(e, d, index, "its account has left the configuration");
    else if (!a->can_look_up || (a->known && a->guarantee == CP_GUARANTEE_NONE))
        engine_verify_uncertain(e, d, index, "its server can't be asked whether it is out");
    else if (!w || !w->in_verify)
        engine_verify_begin(e, d, index);
    else if (!w->read.heap)
        engine_read_schedule(e, w);
}

static void place_published(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];

    if (!engine_read_back_wanted(d, index)) {
        engine_part_set_unseen(e, p, false);
        engine_part_work_free(p);
    } else if (!p->unseen) {
        engine_read_back_begin(e, d, index);
    } else if (!p->work->read.heap) {
        engine_read_schedule(e, p->work);
    }
}

/* What is in doubt or not yet seen is read, whatever else holds the delivery back. */
static void place_part(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];

    if (p->phase != PHASE_REST)
        return;
    if (p->state == CP_PUBLISHED)
        place_published(e, d, index);
    else if (p->state == CP_IN_FLIGHT)
        doubt_after_restart(e, d, index);
    else if (p->state == CP_VERIFY)
        place_verify(e, d, index);
}

static void find_current(struct cp_engine *e, struct delivery *d)
{
    unsigned current = 0;

    while (current < d->part_count && d->parts[current].state == CP_PUBLISHED)
        current++;
    if (d->current == current)
        return;
    d->current = (uint16_t)current;
    d->not_before_us = INT64_MIN;
    if (current < d->part_count && d->parts[current].not_before_us > 0)
        d->not_before_us = e->now.boot_us + engine_wall_delay(e, d->parts[current].not_before_us);
}

void engine_delivery_place(struct cp_engine *e, struct delivery *d)
{
    struct part *p;

    engine_delivery_unplace(e, d);
    find_current(e, d);
    if (d->stale)
        return;
    for (unsigned i = 0; i < d->part_count; i++)
        place_part(e, d, i);
    p = d->current < d->part_count ? &d->parts[d->current] : NULL;
    if (!p || p->state != CP_PLANNED || p->phase > PHASE_PREPARING || expires(e, d))
        return;
    if (p->phase == PHASE_REST)
        place_planned(e, d);
}
