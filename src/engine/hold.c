/* src/engine/hold.c - scopes that stop deliveries.
 *
 * A hold works from the moment it is told: preparation ends, what waits is parked, what is in_flight
 * meets the gate. A release looks at everything that is loaded anew; both are a person's steps.
 */
#include <string.h>

#include "engine/engine_private.h"

static struct cp_scope_subject subject_of(const struct delivery *d)
{
    return (struct cp_scope_subject){
        .campaign = d->names,
        .organisation = d->account->organisation,
        .account = d->account->name,
        .post = d->names + d->post_at,
        .occurrence = d->names + d->occurrence_at,
    };
}

bool engine_outside(const struct cp_engine *e, const struct delivery *d)
{
    struct cp_scope_subject subject = subject_of(d);

    return e->some && !cp_scope_covers(&e->only, &subject);
}

bool engine_held(const struct cp_engine *e, const struct delivery *d)
{
    struct cp_scope_subject subject = subject_of(d);

    if (d->account->trouble != TROUBLE_NONE || engine_outside(e, d))
        return true;
    for (const struct hold *h = e->holds; h; h = h->next) {
        if (cp_scope_covers(&h->scope, &subject))
            return true;
    }
    return false;
}

static bool is_of(const struct hold *h, const struct account *a)
{
    return h->own && h->scope.kind == CP_SCOPE_ACCOUNT && !strcmp(h->scope.words[0], a->name);
}

bool engine_hold_stands(const struct cp_engine *e, const struct account *a)
{
    for (const struct hold *h = e->holds; h; h = h->next) {
        if (is_of(h, a) && !h->ending)
            return true;
    }
    return a->hold_asked;
}

void engine_hold_end(struct cp_engine *e, struct hold *h, const char *reason)
{
    struct cp_action *action = engine_act(e, CP_DO_END_HOLD);

    h->ending = true;
    action->row = h->row;
    action->reason = reason;
}

void engine_hold_end_of(struct cp_engine *e, const struct account *a, const char *reason)
{
    for (struct hold *h = e->holds; h; h = h->next) {
        if (is_of(h, a) && !h->ending)
            engine_hold_end(e, h, reason);
    }
}

static struct account *account_of(const struct cp_engine *e, const struct hold *h)
{
    struct account *a, *next;

    HASH_ITER(hh, e->accounts, a, next)
    {
        if (is_of(h, a))
            return a;
    }
    return NULL;
}

/* The clock's hold has come, ordered by this run or left by an earlier one. */
static void take_clock_hold(struct cp_engine *e, struct hold *h)
{
    bool asked = e->clock_hold_asked;

    e->clock_hold_asked = false;
    if (!asked)
        e->clock_trusted = false;
    else if (e->clock_trusted)
        engine_hold_end(e, h, "the clock is right again");
}

static void take_account_hold(struct cp_engine *e, struct hold *h)
{
    struct account *a = account_of(e, h);

    if (!a || !a->hold_asked)
        return;
    a->hold_asked = false;
    if (a->trouble == TROUBLE_NONE)
        engine_hold_end(e, h, "the account is in order again");
}

static void abort_held(struct cp_engine *e)
{
    struct account *a, *next;

    HASH_ITER(hh, e->accounts, a, next)
    {
        if (a->claim && engine_held(e, a->claim))
            engine_claim_abort(e, a);
    }
}

/* One that was asked for just now is known by that, one of an earlier run by its reason. */
static bool is_clocks(const struct cp_engine *e, const struct cp_engine_event *event)
{
    if (!event->own || event->scope->kind != CP_SCOPE_ALL)
        return false;
    return event->reason ? !strncmp(event->reason, "the clock ", strlen("the clock "))
                         : e->clock_hold_asked;
}

static bool is_known(const struct cp_engine *e, int64_t row)
{
    for (const struct hold *h = e->holds; h; h = h->next) {
        if (h->row == row)
            return true;
    }
    return false;
}

void engine_hold_event(struct cp_engine *e, const struct cp_engine_event *event)
{
    struct hold *h = is_known(e, event->row) ? NULL : calloc(1, sizeof(*h));

    if (!h) {
        if (!is_known(e, event->row))
            engine_no_memory(e);
        return;
    }
    h->row = event->row;
    h->scope = *event->scope;
    h->own = event->own;
    h->clock = is_clocks(e, event);
    h->next = e->holds;
    e->holds = h;
    if (h->clock)
        take_clock_hold(e, h);
    take_account_hold(e, h);
    abort_held(e);
    engine_delivery_touch_all(e);
}

/* A person may end a hold of the program's own: then the program tries again. */
static void released_own(struct cp_engine *e, const struct hold *h)
{
    struct account *a = account_of(e, h);

    if (h->ending)
        return;
    if (h->clock)
        e->clock_trusted = true;
    if (a && a->trouble != TROUBLE_NONE) {
        a->trouble = TROUBLE_NONE;
        if (!a->known)
            engine_account_ask(e, a);
    }
}

void engine_hold_release(struct cp_engine *e, int64_t row)
{
    for (struct hold **at = &e->holds; *at; at = &(*at)->next) {
        struct hold *h = *at;

        if (h->row != row)
            continue;
        *at = h->next;
        released_own(e, h);
        free(h);
        engine_delivery_touch_all(e);
        return;
    }
}
