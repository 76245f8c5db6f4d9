/* src/engine/part.c - changes of parts: asked for, confirmed, and what follows from each.
 *
 * What is believed changes only when the ledger has confirmed it. A change that did not fit (STALE)
 * voids what is believed of the delivery until it is loaded anew.
 */
#include <assert.h>

#include "engine/engine_private.h"

struct work *engine_part_work(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];
    struct work *w;

    if (p->work)
        return p->work;
    w = calloc(1, sizeof(*w));
    if (!w) {
        engine_no_memory(e);
        return NULL;
    }
    w->delivery = d;
    w->part = index;
    w->read = (struct node){ .kind = NODE_READ, .tie = (uint32_t)d->row };
    w->long_since = (struct node){ .kind = NODE_LONG, .tie = (uint32_t)d->row };
    w->absent_us = CP_NEVER;
    w->out_us = INT64_MIN;
    p->work = w;
    return w;
}

void engine_part_work_free(struct part *p)
{
    if (!p->work)
        return;
    engine_heap_remove(&p->work->read);
    engine_heap_remove(&p->work->long_since);
    free(p->work);
    p->work = NULL;
}

void engine_part_set_phase(struct cp_engine *e, struct part *p, enum phase phase)
{
    bool before = p->phase == PHASE_PREPARING || p->phase == PHASE_COMMITTING;
    bool after = phase == PHASE_PREPARING || phase == PHASE_COMMITTING;

    p->phase = (uint8_t)phase;
    e->preparing += (size_t)after - (size_t)before;
}

void engine_part_set_unseen(struct cp_engine *e, struct part *p, bool unseen)
{
    e->unseen += (size_t)unseen - (size_t)p->unseen;
    p->unseen = unseen;
}

/* ---- texts that are open on an account ----------------------------------------------------- */

static void twin_add(struct cp_engine *e, const struct account *a, uint64_t text_hash)
{
    struct twin_key key = { .text_hash = text_hash, .account = a->number };
    struct twin *t;

    HASH_FIND(hh, e->twins, &key, sizeof(key), t);
    if (!t) {
        t = calloc(1, sizeof(*t));
        if (!t) {
            engine_no_memory(e);
            return;
        }
        t->key = key;
        HASH_ADD(hh, e->twins, key, sizeof(t->key), t);
        if (!t->hh.tbl) {
            free(t);
            engine_no_memory(e);
            return;
        }
    }
    t->count++;
}

static void twin_remove(struct cp_engine *e, struct account *a, uint64_t text_hash)
{
    struct twin_key key = { .text_hash = text_hash, .account = a->number };
    struct twin *t;

    HASH_FIND(hh, e->twins, &key, sizeof(key), t);
    if (t && --t->count == 0) {
        HASH_DEL(e->twins, t);
        free(t);
    }
    engine_delivery_twins_free(e, a, text_hash);
}

void engine_part_set_state(struct cp_engine *e, struct delivery *d, unsigned index,
                           enum cp_part_state state)
{
    struct part *p = &d->parts[index];
    bool before = p->state != CP_NOWHERE && cp_part_is_open(p->state);
    bool after = state != CP_NOWHERE && cp_part_is_open(state);

    p->state = (uint8_t)state;
    if (after && !before) {
        e->open++;
        d->account->open++;
        twin_add(e, d->account, p->text_hash);
    } else if (before && !after) {
        e->open--;
        d->account->open--;
        twin_remove(e, d->account, p->text_hash);
        engine_account_dirty(e, d->account);
    }
}

/* ---- asking for a change ------------------------------------------------------------------- */

struct wish engine_part_wish(const struct part *p, enum cp_part_state to, enum cp_part_event event)
{
    return (struct wish){ .to = to,
                          .event = event,
                          .generation = p->generation,
                          .absences = p->absences,
                          .not_before_us = to == CP_PLANNED ? p->not_before_us : 0,
                          .seen = p->seen };
}

void engine_part_commit(struct cp_engine *e, struct delivery *d, unsigned index,
                        const struct wish *wish)
{
    struct part *p = &d->parts[index];
    struct work *w = engine_part_work(e, d, index);
    struct cp_action *action;

    if (!w)
        return;
    assert(p->phase != PHASE_COMMITTING);
    assert(wish->to == p->state || cp_part_next(p->state, wish->event) == wish->to);
    engine_heap_remove(&w->read);
    w->next.from = p->state;
    w->next.to = wish->to;
    w->next.generation = wish->generation;
    w->next.absences = wish->absences;
    w->next.not_before_us = wish->not_before_us;
    w->next.seen = wish->seen;
    w->next.give_up = wish->give_up;
    engine_part_set_phase(e, p, PHASE_COMMITTING);
    action = engine_act(e, CP_DO_COMMIT);
    action->row = d->row;
    action->part = index + 1;
    action->change = (struct cp_part_change){
        .row = d->row,
        .part = index + 1,
        .name = engine_delivery_name(e, d, index),
        .from = p->state,
        .to = wish->to,
        .event = wish->event,
        .generation = p->generation,
        .new_generation = wish->generation,
        .revision = d->revision,
        .absences = wish->absences,
        .not_before_us = wish->not_before_us,
        .seen = wish->seen,
        .remote_id = wish->remote_id,
        .url = wish->url,
        .reason = wish->reason,
        .notice = wish->notice,
        .by = wish->by,
        .plan_us = e->now.plan_us,
        .wall_us = e->now.wall_us,
    };
}

/* ---- the change is confirmed --------------------------------------------------------------- */

static void publish(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];
    struct account *a = d->account;
    struct cp_action *action = engine_act(e, CP_DO_PUBLISH);

    p->ours = true;
    p->attempt_us = e->now.wall_us;
    p->work->began_us = e->now.boot_us;
    engine_window_begin(&a->window, e->now.plan_us, a->claim_overdue);
    engine_part_set_phase(e, p, PHASE_PUBLISHING);
    action->row = d->row;
    action->part = index + 1;
}

static void published(struct cp_engine *e, struct delivery *d, unsigned index,
                      enum cp_part_state from)
{
    struct part *p = &d->parts[index];
    struct account *a = d->account;

    p->failures = 0;
    p->ours = true;
    if (from != CP_UNCERTAIN && !engine_window_add(&a->window, &a->limits, e->now.plan_us))
        engine_no_memory(e);
    if (from == CP_IN_FLIGHT)
        p->work->out_us = e->now.boot_us;
}

static void applied(struct cp_engine *e, struct delivery *d, unsigned index)
{
    struct part *p = &d->parts[index];
    enum cp_part_state from = p->work->next.from, to = p->work->next.to;

    p->generation = p->work->next.generation;
    p->absences = (uint8_t)p->work->next.absences;
    p->not_before_us = p->work->next.not_before_us;
    p->seen = p->work->next.seen;
    p->given_up = p->work->next.give_up;
    engine_part_set_state(e, d, index, to);
    if (from == CP_IN_FLIGHT && engine_claim_lives(d, index))
        engine_claim_end(e, d->account);
    if (to == CP_IN_FLIGHT)
        publish(e, d, index);
    else if (to == CP_PUBLISHED && from != to)
        published(e, d, index, from);
    else if (to != CP_VERIFY && to != CP_PUBLISHED)
        engine_part_work_free(p);
    d->current = UINT16_MAX; /* its not_before may be another */
}

/* The remote post belongs to another part: two equal posts, or a mistake that a person must see. */
static void bound(struct cp_engine *e, struct delivery *d, unsigned index)
{
    if (engine_claim_lives(d, index))
        engine_claim_end(e, d->account);
    engine_part_set_state(e, d, index, CP_UNCERTAIN);
    engine_part_work_free(&d->parts[index]);
    engine_notice(e, d->account,
                  engine_printf(e,
                                "'%s' is uncertain: the post that was found belongs to another "
                                "delivery already; look at the account and resolve it",
                                engine_delivery_name(e, d, index)));
}

void engine_part_committed(struct cp_engine *e, struct delivery *d, unsigned index,
                           enum cp_commit_result result)
{
    struct part *p = &d->parts[index];

    if (p->phase != PHASE_COMMITTING)
        return;
    engine_part_set_phase(e, p, PHASE_REST);
    if (result == CP_COMMIT_APPLIED) {
        applied(e, d, index);
    } else if (result == CP_COMMIT_BOUND) {
        bound(e, d, index);
    } else {
        if (engine_claim_lives(d, index))
            engine_claim_end(e, d->account);
        d->stale = true;
    }
}

/* ---- what became of a try ------------------------------------------------------------------ */

int64_t engine_part_retry_at(struct cp_engine *e, struct part *p,
                             const struct cp_engine_event *event)
{
    int64_t delay, floor = engine_wall_delay(e, event->not_before_us);

    /* Then the server is what everybody waits for. */
    if (event->throttled || !engine_server_answered(event))
        return 0;
    if (p->failures < UINT8_MAX)
        p->failures++;
    delay = engine_backoff(e, p->failures);
    return e->now.wall_us + (delay > floor ? delay : floor);
}

static void surely_not(struct cp_engine *e, struct delivery *d, unsigned index,
                       const struct cp_engine_event *event)
{
    struct part *p = &d->parts[index];
    struct wish wish = engine_part_wish(p, CP_PLANNED, CP_ON_SURELY_NOT);

    engine_window_undo(&d->account->window);
    wish.reason = engine_text(e, event->reason);
    wish.not_before_us = 0;
    if (event->acted != CP_ACTED_NO || event->stopped == CP_WAIT_NOTHING) {
        wish.not_before_us = engine_part_retry_at(e, p, event);
    } else {
        wish.reason = cp_wait_name(event->stopped);
        /* A gate that says no to what the engine allows must not become a loop. */
        if (cp_engine_may_send(e, d, index, &e->now) == CP_WAIT_NOTHING)
            wish.not_before_us = e->now.wall_us + CP_BACKOFF_BASE;
    }
    engine_part_commit(e, d, index, &wish);
}

static void in_trouble(struct cp_engine *e, struct delivery *d, unsigned index,
                       const struct cp_engine_event *event)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_PLANNED, CP_ON_SURELY_NOT);
    bool login = event->verdict == CP_VERDICT_REAUTHENTICATE;

    engine_window_undo(&d->account->window);
    engine_account_trouble(e, d->account, login ? TROUBLE_CREDENTIAL : TROUBLE_CONFIGURATION,
                           event->reason);
    wish.not_before_us = 0;
    wish.reason = engine_text(e, event->reason);
    engine_part_commit(e, d, index, &wish);
}

static void accepted(struct cp_engine *e, struct delivery *d, unsigned index,
                     const struct cp_engine_event *event)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_PUBLISHED, CP_ON_ACCEPTED);

    wish.remote_id = engine_text(e, event->remote_id);
    wish.url = engine_text(e, event->url);
    engine_part_commit(e, d, index, &wish);
}

static void rejected(struct cp_engine *e, struct delivery *d, unsigned index,
                     const struct cp_engine_event *event)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_REJECTED, CP_ON_REJECTED);

    engine_window_undo(&d->account->window);
    wish.reason = engine_text(e, event->reason);
    wish.notice = engine_printf(e, "'%s' was refused: %s", engine_delivery_name(e, d, index),
                                event->reason ? event->reason : "no reason was given");
    engine_part_commit(e, d, index, &wish);
}

static void in_doubt(struct cp_engine *e, struct delivery *d, unsigned index,
                     const struct cp_engine_event *event)
{
    struct wish wish = engine_part_wish(&d->parts[index], CP_VERIFY, CP_ON_DOUBT);

    wish.reason = event->reason ? engine_text(e, event->reason) : "no clear answer came";
    engine_part_commit(e, d, index, &wish);
}

static void weigh_reply(struct cp_engine *e, struct delivery *d, unsigned index,
                        const struct cp_engine_event *event)
{
    switch (event->verdict) {
    case CP_VERDICT_ACCEPTED:
        if (event->remote_id)
            accepted(e, d, index, event);
        else
            in_doubt(e, d, index, event);
        break;
    case CP_VERDICT_RETRY:
        surely_not(e, d, index, event);
        break;
    case CP_VERDICT_REJECTED:
        rejected(e, d, index, event);
        break;
    case CP_VERDICT_REAUTHENTICATE:
    case CP_VERDICT_MISCONFIGURED:
        in_trouble(e, d, index, event);
        break;
    default:
        in_doubt(e, d, index, event);
    }
}

void engine_part_outcome(struct cp_engine *e, struct delivery *d, unsigned index,
                         const struct cp_engine_event *event)
{
    bool person =
        event->verdict == CP_VERDICT_REAUTHENTICATE || event->verdict == CP_VERDICT_MISCONFIGURED;

    if (d->parts[index].phase != PHASE_PUBLISHING)
        return;
    engine_server_heard(e, d->account->server, event);
    if (event->acted == CP_ACTED_UNKNOWN)
        in_doubt(e, d, index, event);
    else if (event->acted == CP_ACTED_REPLIED)
        weigh_reply(e, d, index, event);
    else if (person)
        in_trouble(e, d, index, event);
    else
        surely_not(e, d, index, event);
}
