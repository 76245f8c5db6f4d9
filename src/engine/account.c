/* src/engine/account.c - accounts: who we are there, and what the program does about trouble.
 *
 * Nothing is published for an account before its server has said who we are, anew after each start
 * and each change. What a person must cure (credential, identity, configuration) is a hold of the
 * program's own and is asked about every quarter of an hour; what passes is asked with back-off.
 */
#include <stdio.h>
#include <string.h>

#include "engine/engine_private.h"

struct account *engine_account_find(const struct cp_engine *e, uint32_t number)
{
    struct account *a;

    HASH_FIND(hh, e->accounts, &number, sizeof(number), a);
    return a;
}

static bool set_text(char **at, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        return false;
    free(*at);
    *at = copy;
    return true;
}

static void leave_server(struct account *a)
{
    struct account **at = a->server ? &a->server->accounts : NULL;

    while (at && *at && *at != a)
        at = &(*at)->next_of_server;
    if (at && *at)
        *at = a->next_of_server;
}

/* What is under way moves along, so that the counts of both servers stay true. */
static void join_server(struct account *a, struct server *s)
{
    unsigned requests = (a->claim ? 1 : 0) + (a->looking ? 1 : 0);

    if (a->server == s)
        return;
    leave_server(a);
    if (a->server)
        a->server->requests -= requests;
    a->server = s;
    s->requests += requests;
    a->next_of_server = s->accounts;
    s->accounts = a;
}

void engine_account_free(struct cp_engine *e, struct account *a)
{
    (void)e;
    leave_server(a);
    engine_heap_remove(&a->timer);
    engine_heap_remove(&a->who);
    engine_heap_release(&a->on_time);
    engine_heap_release(&a->overdue);
    engine_heap_release(&a->reads);
    free(a->window.times);
    free(a->name);
    free(a->organisation);
    free(a->remote_id);
    free(a);
}

static struct account *account_add(struct cp_engine *e, uint32_t number)
{
    struct account *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->number = number;
    a->timer = (struct node){ .kind = NODE_ACCOUNT, .tie = number };
    a->who = (struct node){ .kind = NODE_WHO, .tie = number };
    HASH_ADD(hh, e->accounts, number, sizeof(a->number), a);
    if (a->hh.tbl)
        return a;
    free(a);
    return NULL;
}

static void drop(struct cp_engine *e, struct account *a)
{
    if (!a)
        return;
    HASH_DEL(e->accounts, a);
    engine_account_free(e, a);
}

/* An account that the configuration does not have (any more). Its server is one of its own, far
 * from the numbers in use: nothing is ever sent there. */
static bool init_gone(struct cp_engine *e, struct account *a)
{
    char name[32];
    struct server *s = engine_server_need(e, UINT32_MAX);

    snprintf(name, sizeof(name), "number-%u", (unsigned)a->number);
    if (!s || !set_text(&a->name, name) || !engine_window_init(&a->window, NULL, 0))
        return false;
    join_server(a, s);
    a->gone = true;
    return true;
}

struct account *engine_account_need(struct cp_engine *e, uint32_t number)
{
    struct account *a = engine_account_find(e, number);

    if (a)
        return a;
    a = account_add(e, number);
    if (a && init_gone(e, a))
        return a;
    drop(e, a);
    return NULL;
}

void engine_account_dirty(struct cp_engine *e, struct account *a)
{
    if (a->dirty)
        return;
    a->dirty = true;
    a->next_dirty = e->dirty;
    e->dirty = a;
}

static void touch_deliveries(struct cp_engine *e, const struct account *a)
{
    struct delivery *d, *next;

    HASH_ITER(hh, e->deliveries, d, next)
    {
        if (d->account == a)
            engine_delivery_touch(e, d);
    }
}

void engine_account_ask(struct cp_engine *e, struct account *a)
{
    engine_heap_remove(&a->who);
    if (a->gone || e->stopping)
        return;
    if (a->asked) {
        a->ask_again = true;
        return;
    }
    a->asked = true;
    engine_act(e, CP_DO_WHO_AM_I)->number = a->number;
}

void engine_account_ask_at(struct cp_engine *e, struct account *a, int64_t boot_us)
{
    if (!a->asked)
        engine_timer(e, &e->boot_timers, &a->who, boot_us);
}

static bool take_settings(struct cp_engine *e, struct account *a,
                          const struct cp_engine_account *from)
{
    struct server *s = engine_server_need(e, from->server);

    if (!s || !set_text(&a->name, from->name) || !set_text(&a->organisation, from->organisation) ||
        !set_text(&a->remote_id, from->remote_id))
        return false;
    join_server(a, s);
    a->guarantee = from->guarantee;
    a->can_look_up = from->can_look_up;
    a->limits = from->limits;
    a->request_timeout_us = from->request_timeout_us;
    a->gone = false;
    a->known = false;
    a->who_failures = 0;
    return true;
}

void engine_account_event(struct cp_engine *e, const struct cp_engine_event *event)
{
    const struct cp_engine_account *from = event->account;
    struct account *a = engine_account_find(e, from->number);
    bool is_new = !a, fresh = !a || a->gone;

    if (is_new)
        a = account_add(e, from->number);
    if (!a || !take_settings(e, a, from)) {
        engine_no_memory(e);
        if (is_new)
            drop(e, a);
        return;
    }
    /* Of an account that is here already we know more than the ledger: what is under way. */
    if (fresh) {
        free(a->window.times);
        if (!engine_window_init(&a->window, from->recent_us, from->recent_count))
            engine_no_memory(e);
    }
    engine_account_ask(e, a);
    touch_deliveries(e, a);
}

void engine_account_gone(struct cp_engine *e, uint32_t number)
{
    struct account *a = engine_account_find(e, number);
    struct cp_action *action;

    if (!a || a->gone)
        return;
    engine_claim_abort(e, a);
    a->gone = true;
    a->known = false;
    engine_heap_remove(&a->who);
    engine_hold_end_of(e, a, "the account has left the configuration");
    if (a->claim && !a->claim_aborting) {
        action = engine_act(e, CP_DO_ABORT);
        action->row = a->claim->row;
        action->part = a->claim_part + 1;
    }
    if (a->looking) {
        action = engine_act(e, CP_DO_ABORT);
        action->row = a->looking->row;
        action->part = a->looking_part + 1;
    }
    touch_deliveries(e, a);
}

/* ---- trouble ------------------------------------------------------------------------------- */

static const char *cure(struct cp_engine *e, const struct account *a, enum trouble trouble)
{
    if (trouble == TROUBLE_CREDENTIAL)
        return engine_printf(e, "run 'camp-post login %s'", a->name);
    if (trouble == TROUBLE_IDENTITY && !a->remote_id)
        return engine_printf(e, "take '%s' out of the configuration, or log in as another account",
                             a->name);
    if (trouble == TROUBLE_IDENTITY)
        return engine_printf(e, "log in as the account that '%s' was before", a->name);
    return engine_printf(e, "change its configuration, then 'camp-post release account:%s'",
                         a->name);
}

static void place_hold(struct cp_engine *e, struct account *a, const char *reason)
{
    struct cp_action *action = engine_act(e, CP_DO_HOLD);

    a->hold_asked = true;
    action->number = a->number;
    action->scope = (struct cp_scope){ .kind = CP_SCOPE_ACCOUNT, .count = 1 };
    snprintf(action->scope.words[0], sizeof(action->scope.words[0]), "%s", a->name);
    action->reason = reason;
    action->notice =
        engine_printf(e, "account '%s' is held: %s; %s", a->name, reason, cure(e, a, a->trouble));
}

void engine_account_trouble(struct cp_engine *e, struct account *a, enum trouble trouble,
                            const char *reason)
{
    bool again = a->trouble == trouble && engine_hold_stands(e, a);

    a->trouble = trouble;
    if (a->gone)
        return;
    if (trouble != TROUBLE_CONFIGURATION) {
        a->known = false;
        engine_account_ask_at(e, a, e->now.boot_us + CP_ASK_AGAIN);
    }
    engine_claim_abort(e, a);
    if (again)
        return;
    reason = engine_text(e, reason ? reason : "its server refuses us");
    if (!engine_hold_stands(e, a))
        place_hold(e, a, reason);
    else
        engine_notice(
            e, a, engine_printf(e, "account '%s': %s; %s", a->name, reason, cure(e, a, trouble)));
}

/* ---- who_am_i ------------------------------------------------------------------------------ */

static void confirm(struct cp_engine *e, struct account *a, const struct cp_engine_event *event)
{
    struct cp_action *action;

    if (!set_text(&a->remote_id, event->remote_id))
        engine_no_memory(e);
    a->guarantee = event->guarantee;
    a->limits = event->limits;
    a->known = true;
    a->who_failures = 0;
    a->trouble = TROUBLE_NONE;
    action = engine_act(e, CP_DO_BIND);
    action->number = a->number;
    action->remote_id = engine_text(e, event->remote_id);
    engine_hold_end_of(e, a, "the account is in order again");
    engine_account_dirty(e, a);
    touch_deliveries(e, a);
}

static void accepted(struct cp_engine *e, struct account *a, const struct cp_engine_event *event)
{
    if (a->remote_id && strcmp(a->remote_id, event->remote_id) != 0)
        engine_account_trouble(e, a, TROUBLE_IDENTITY,
                               engine_printf(e,
                                             "its server says '%s', which is another account than "
                                             "before ('%s')",
                                             event->remote_id, a->remote_id));
    else if (event->conflict)
        engine_account_trouble(e, a, TROUBLE_IDENTITY,
                               engine_printf(e,
                                             "its server says '%s', which is the account that '%s' "
                                             "is already",
                                             event->remote_id, event->conflict));
    else
        confirm(e, a, event);
}

static void try_later(struct cp_engine *e, struct account *a, const struct cp_engine_event *event)
{
    int64_t delay = engine_backoff(e, ++a->who_failures),
            floor = engine_wall_delay(e, event->not_before_us);

    engine_account_ask_at(e, a, e->now.boot_us + (delay > floor ? delay : floor));
}

static void weigh(struct cp_engine *e, struct account *a, const struct cp_engine_event *event)
{
    switch (event->verdict) {
    case CP_VERDICT_ACCEPTED:
        if (event->remote_id)
            accepted(e, a, event);
        else
            try_later(e, a, event);
        break;
    case CP_VERDICT_REAUTHENTICATE:
        engine_account_trouble(e, a, TROUBLE_CREDENTIAL,
                               event->reason ? event->reason : "its credential is no longer good");
        break;
    case CP_VERDICT_MISCONFIGURED:
    case CP_VERDICT_REJECTED:
        engine_account_trouble(e, a, TROUBLE_CONFIGURATION, event->reason);
        a->known = false;
        break;
    default:
        try_later(e, a, event);
    }
}

void engine_account_who(struct cp_engine *e, const struct cp_engine_event *event)
{
    struct account *a = engine_account_find(e, event->number);

    if (!a || a->gone)
        return;
    a->asked = false;
    engine_server_heard(e, a->server, event);
    if (a->ask_again) {
        /* The answer is to an older question: settings or credential have changed since. */
        a->ask_again = false;
        engine_account_ask(e, a);
        return;
    }
    weigh(e, a, event);
    engine_clock_date(e, a, event->date_us);
    if ((a->trouble != TROUBLE_NONE || !e->clock_trusted) && !a->who.heap)
        engine_account_ask_at(e, a, e->now.boot_us + CP_ASK_AGAIN);
}
