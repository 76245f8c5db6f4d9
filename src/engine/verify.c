/* src/engine/verify.c - reading: what is in doubt, and what is out and not yet seen.
 *
 * Doubt ends by reading alone. How long to wait and how many reads must agree that nothing is there
 * follows from what the server promises:
 *
 *     native   no wait, one read                  absent: the same key again (but expired only when settled)
 *     window   settle, two reads half of it apart absent: the same key again
 *     lookup   settle, two reads half of it apart absent: the next generation
 *     none     nobody can tell: uncertain
 *
 * The age of a try is measured on boot time, which counts on through sleep and is never set; only
 * after a restart, when that is lost, from the wall time in the ledger, and from now if the clock is
 * not trusted. Reads are counted in memory: a restart begins anew, which errs on the safe side.
 */
#include "engine/engine_private.h"

/* How long a request may still be at work at the server after it was begun. */
static int64_t settle_time(const struct account *a)
{
    int64_t settle = CP_SETTLE_LEAST;

    if (a->limits.settle_us >= 0)
        return a->limits.settle_us;
    if (settle < 2 * a->request_timeout_us)
        settle = 2 * a->request_timeout_us;
    if (settle < 3 * a->server->lag_us)
        settle = 3 * a->server->lag_us;
    return settle;
}

int64_t engine_read_at(const struct work *w)
{
    const struct account *a = w->delivery->account;
    int64_t settle = settle_time(a), at;

    if (!w->in_verify || a->guarantee == CP_GUARANTEE_NATIVE)
        return w->read_us;
    at = w->absent_reads ? w->absent_us + settle / 2 : w->began_us + settle;
    return at > w->read_us ? at : w->read_us;
}

void engine_read_schedule(struct cp_engine *e, struct work *w)
{
    struct account *a = w->delivery->account;
    int64_t at = engine_read_at(w);

    engine_timer(e, at > e->now.boot_us ? &e->boot_timers : &a->reads, &w->read, at);
    engine_account_dirty(e, a);
}

static void read_again(struct cp_engine *e, struct work *w, int64_t delay_us)
{
    w->read_us = e->now.boot_us + delay_us;
    engine_read_schedule(e, w);
}

/* The age that survived a restart; what can't be known counts as nothing. */
static int64_t age_by_wall(const struct cp_engine *e, const struct part *p)
{
    if (!e->clock_trusted || p->attempt_us <= 0 || p->attempt_us > e->now.wall_us)
        return 0;
    return e->now.wall_us - p->attempt_us;
}

void engine_verify_begin(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];
    struct work *w = engine_part_work(e, d, index);
    int64_t notice;

    if (!w)
        return;
    if (!p->ours)
        w->began_us = e->now.boot_us - age_by_wall(e, p);
    w->in_verify = true;
    w->reads = w->absent_reads = w->unclear = 0;
    w->absent_us = CP_NEVER;
    notice = w->began_us + CP_VERIFY_NOTICE;
    if (notice < e->now.boot_us + CP_MINUTE)
        notice = e->now.boot_us + CP_MINUTE;
    engine_timer(e, &e->boot_timers, &w->long_since, notice);
    read_again(e, w, 0);
}

void engine_verify_long(struct cp_engine *e, struct work *w)
{
    const struct delivery *d = w->delivery;

    engine_notice(e, d->account,
                  engine_printf(e,
                                "'%s' has been in doubt for an hour: its server does not say "
                                "whether the post is out",
                                engine_delivery_name(e, d, w->part)));
}

void engine_verify_uncertain(struct cp_engine *e, struct delivery *d, unsigned index,
                             const char *why)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_UNCERTAIN, CP_ON_NO_PROOF);

    wish.reason = why;
    wish.notice = engine_printf(e,
                                "'%s' is uncertain: %s; look at the account, then "
                                "'camp-post resolve' it",
                                engine_delivery_name(e, d, index), why);
    engine_part_commit(e, d, index, &wish);
}

/* ---- looking up ---------------------------------------------------------------------------- */

void engine_look_begin(struct cp_engine *e, struct work *w)
{
    struct delivery *d = w->delivery;
    struct account *a = d->account;
    struct cp_action *action = engine_act(e, CP_DO_LOOK_UP);

    a->looking = d;
    a->looking_part = w->part;
    engine_server_begin(a->server);
    engine_part_set_phase(e, &d->parts[w->part], PHASE_LOOKING);
    w->reads++;
    action->row = d->row;
    action->part = w->part + 1;
    action->read_back = !w->in_verify;
}

void engine_look_end(struct cp_engine *e, struct account *a)
{
    a->looking = NULL;
    engine_server_end(e, a->server);
    engine_account_dirty(e, a);
}

static void read_unclear(struct cp_engine *e, struct work *w, const struct cp_engine_event *event)
{
    int64_t delay = CP_READ_BASE, floor = engine_wall_delay(e, event->not_before_us);

    for (unsigned i = 0; i < w->unclear && delay < CP_READ_MOST; i++)
        delay *= 2;
    w->unclear++;
    if (delay > CP_READ_MOST)
        delay = CP_READ_MOST;
    read_again(e, w, delay > floor ? delay : floor);
}

static const char *differs(struct cp_engine *e, const struct delivery *d, unsigned index,
                           const char *difference)
{
    if (!difference)
        return NULL;
    return engine_printf(e, "'%s' is out, but differs from what was sent: %s",
                         engine_delivery_name(e, d, index), difference);
}

static void found(struct cp_engine *e, struct delivery *d, unsigned index,
                  const struct cp_engine_event *event)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_PUBLISHED, CP_ON_FOUND);

    wish.seen = true;
    wish.remote_id = engine_text(e, event->remote_id);
    wish.url = engine_text(e, event->url);
    wish.reason = "it was found on the account";
    wish.notice = differs(e, d, index, event->difference);
    engine_part_commit(e, d, index, &wish);
}

static bool too_late(const struct cp_engine *e, const struct delivery *d, unsigned index)
{
    return index == 0 && e->clock_trusted && d->send_by_us != CP_NEVER &&
           e->now.plan_us >= d->send_by_us;
}

/* Enough reads agree that it is not there. */
static void proven_absent(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];
    struct wish wish = engine_part_wish(p, CP_PLANNED, CP_ON_ABSENT);

    if (p->absences + 1 >= CP_ABSENCES_MOST) {
        engine_verify_uncertain(e, d, index, "it was not found after three tries in doubt");
        return;
    }
    if (too_late(e, d, index)) {
        wish = engine_part_wish(p, CP_EXPIRED, CP_ON_TOO_LATE);
        wish.notice = engine_printf(e,
                                    "'%s' was not sent: the try in doubt did nothing, and its "
                                    "send_by has passed",
                                    engine_delivery_name(e, d, index));
    } else if (d->account->guarantee == CP_GUARANTEE_LOOKUP) {
        wish.generation = p->generation + 1;
    }
    wish.absences = p->absences + 1u;
    wish.not_before_us = 0;
    wish.reason = "it was not found on the account";
    engine_part_commit(e, d, index, &wish);
}

static void absent(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct work *w = d->parts[index].work;
    int64_t settled = e->now.boot_us - w->began_us - settle_time(d->account);
    unsigned enough = d->account->guarantee == CP_GUARANTEE_NATIVE ? 1 : 2;

    if (w->absent_reads++ == 0)
        w->absent_us = e->now.boot_us;
    if (w->absent_reads < enough)
        read_again(e, w, 0);
    else if (settled < 0 && too_late(e, d, index))
        read_again(e, w, -settled); /* native: the try may still get through, so it is not over */
    else
        proven_absent(e, d, index);
}

static void weigh_doubt(struct cp_engine *e, struct delivery *d, unsigned index,
                        const struct cp_engine_event *event)
{
    if (event->verdict == CP_VERDICT_ACCEPTED && event->remote_id)
        found(e, d, index, event);
    else if (d->account->gone)
        return; /* placing makes it uncertain */
    else if (event->verdict == CP_VERDICT_DIFFERENT)
        engine_verify_uncertain(e, d, index,
                                event->reason
                                    ? engine_text(e, event->reason)
                                    : "something else is in its place, or several posts fit");
    else if (event->verdict == CP_VERDICT_ABSENT)
        absent(e, d, index);
    else
        read_unclear(e, d->parts[index].work, event);
}

/* ---- reading back what is out -------------------------------------------------------------- */

bool engine_read_back_wanted(const struct delivery *d, unsigned index)
{
    const struct part *p = &d->parts[index];

    return p->state == CP_PUBLISHED && !p->seen && !p->given_up && d->account->can_look_up &&
           !d->account->gone;
}

void engine_read_back_begin(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct work *w = engine_part_work(e, d, index);

    if (!w)
        return;
    w->in_verify = false;
    engine_heap_remove(&w->long_since);
    w->reads = w->unclear = 0;
    engine_part_set_unseen(e, &d->parts[index], true);
    read_again(e, w, 0);
}

static void give_up(struct cp_engine *e, struct delivery *d, unsigned index, const char *reason,
                    const char *notice)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_PUBLISHED, CP_ON_FOUND);

    wish.give_up = true;
    wish.reason = reason;
    wish.notice = notice;
    engine_part_commit(e, d, index, &wish);
}

static void seen(struct cp_engine *e, struct delivery *d, unsigned index,
                 const struct cp_engine_event *event)
{
    struct work *w = d->parts[index].work;
    struct server *s = d->account->server;
    struct wish wish = engine_part_wish(&d->parts[index], CP_PUBLISHED, CP_ON_FOUND);

    if (w->out_us != INT64_MIN && e->now.boot_us - w->out_us > s->lag_us && w->reads > 1)
        s->lag_us = e->now.boot_us - w->out_us;
    wish.seen = true;
    wish.url = engine_text(e, event->url);
    wish.notice = differs(e, d, index, event->difference);
    engine_part_commit(e, d, index, &wish);
}

/* 0, 2 s, 10 s, 60 s, 300 s after the server said ok; after a restart from the first read on. */
static void read_back_later(struct cp_engine *e, struct work *w)
{
    static const int64_t after[CP_READ_BACKS] = { 0, 2 * CP_SECOND, 10 * CP_SECOND, CP_MINUTE,
                                                  5 * CP_MINUTE };
    int64_t at;

    if (w->out_us == INT64_MIN)
        w->out_us = e->now.boot_us;
    at = w->out_us + after[w->reads];
    read_again(e, w, at > e->now.boot_us ? at - e->now.boot_us : 0);
}

static void weigh_read_back(struct cp_engine *e, struct delivery *d, unsigned index,
                            const struct cp_engine_event *event)
{
    struct part *p = &d->parts[index];
    bool last = p->work->reads >= CP_READ_BACKS;

    if (event->verdict == CP_VERDICT_ACCEPTED)
        seen(e, d, index, event);
    else if (event->verdict == CP_VERDICT_DIFFERENT)
        give_up(e, d, index, "something else was found in its place",
                engine_printf(e,
                              "'%s' was accepted by its server, but something else is in its "
                              "place: look at the account",
                              engine_delivery_name(e, d, index)));
    else if (event->verdict == CP_VERDICT_ABSENT && (last || !p->ours))
        give_up(e, d, index, "the server said ok, but the post is not there",
                engine_printf(e,
                              "'%s': the server said ok, but the post is not there: look at "
                              "the account",
                              engine_delivery_name(e, d, index)));
    else if (last)
        give_up(e, d, index, "it could not be read back", NULL);
    else
        read_back_later(e, p->work);
}

void engine_part_looked_up(struct cp_engine *e, struct delivery *d, unsigned index,
                           const struct cp_engine_event *event)
{
    struct part *p = &d->parts[index];
    struct account *a = d->account;

    if (p->phase != PHASE_LOOKING)
        return;
    engine_part_set_phase(e, p, PHASE_REST);
    engine_look_end(e, a);
    engine_server_heard(e, a->server, event);
    if (event->verdict == CP_VERDICT_REAUTHENTICATE)
        engine_account_trouble(e, a, TROUBLE_CREDENTIAL, event->reason);
    else if (event->verdict == CP_VERDICT_MISCONFIGURED)
        engine_account_trouble(e, a, TROUBLE_CONFIGURATION, event->reason);
    if (p->state == CP_VERIFY)
        weigh_doubt(e, d, index, event);
    else if (p->unseen && !a->gone)
        weigh_read_back(e, d, index, event);
}
