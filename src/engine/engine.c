/* src/engine/engine.c - the step: event, timers, placing, claims, forgetting. */
#include <stdarg.h>
#include <stdio.h>

#include "engine/engine_private.h"

const char *cp_wait_name(enum cp_wait wait)
{
    static const char *const names[] = {
#define X(name, word) [CP_WAIT_##name] = word,
        CP_WAIT_MAP(X)
#undef X
    };

    return names[wait];
}

/* Reserves one more than there are, so that the last one is there when memory is not: it is
 * written and never handed out. */
static bool reserve_action(struct cp_engine *e)
{
    size_t capacity = e->action_capacity ? 2 * e->action_capacity : 32;
    struct cp_action *actions;

    if (e->action_count + 1 < e->action_capacity)
        return true;
    actions = realloc(e->actions, capacity * sizeof(*actions));
    if (!actions)
        return false;
    e->actions = actions;
    e->action_capacity = capacity;
    return true;
}

struct cp_engine *cp_engine_create(const struct cp_engine_options *options, struct cp_error *err)
{
    struct cp_engine *e = calloc(1, sizeof(*e));

    if (!e || !reserve_action(e)) {
        cp_error_no_memory(err);
        free(e);
        return NULL;
    }
    e->now = options->now;
    e->clock_offset = options->now.wall_us - options->now.boot_us;
    e->some = options->only != NULL;
    if (options->only)
        e->only = *options->only;
    e->overdue_after_us =
        options->overdue_after_us > 0 ? options->overdue_after_us : CP_OVERDUE_AFTER;
    e->random = options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    e->clock_trusted = options->now.wall_us >= options->newest_us - CP_CLOCK_SLACK;
    return e;
}

static void free_holds(struct cp_engine *e)
{
    while (e->holds) {
        struct hold *h = e->holds;

        e->holds = h->next;
        free(h);
    }
}

static void free_twins(struct cp_engine *e)
{
    struct twin *t, *next;

    HASH_ITER(hh, e->twins, t, next)
    {
        HASH_DEL(e->twins, t);
        free(t);
    }
}

static void free_accounts(struct cp_engine *e)
{
    struct account *a, *next_account;
    struct server *s, *next_server;

    HASH_ITER(hh, e->accounts, a, next_account)
    {
        HASH_DEL(e->accounts, a);
        engine_account_free(e, a);
    }
    HASH_ITER(hh, e->servers, s, next_server)
    {
        engine_heap_remove(&s->timer);
        HASH_DEL(e->servers, s);
        free(s);
    }
}

void cp_engine_free(struct cp_engine *e)
{
    struct delivery *d, *next;

    if (!e)
        return;
    HASH_ITER(hh, e->deliveries, d, next)
    {
        HASH_DEL(e->deliveries, d);
        engine_delivery_free(e, d);
    }
    free_accounts(e);
    free_holds(e);
    free_twins(e);
    engine_heap_release(&e->plan_timers);
    engine_heap_release(&e->boot_timers);
    cp_arena_free(e->strings);
    free(e->actions);
    free(e);
}

void engine_no_memory(struct cp_engine *e)
{
    e->stopping = true;
}

struct cp_action *engine_act(struct cp_engine *e, enum cp_action_kind kind)
{
    struct cp_action *action;

    if (reserve_action(e)) {
        action = &e->actions[e->action_count++];
    } else {
        engine_no_memory(e);
        action = &e->actions[e->action_count];
    }
    *action = (struct cp_action){ .kind = kind };
    return action;
}

static struct cp_arena *strings(struct cp_engine *e)
{
    if (!e->strings)
        e->strings = cp_arena_create();
    if (!e->strings)
        engine_no_memory(e);
    return e->strings;
}

const char *engine_text(struct cp_engine *e, const char *text)
{
    struct cp_arena *arena = text ? strings(e) : NULL;

    return arena ? cp_arena_string(arena, text) : NULL;
}

const char *engine_printf(struct cp_engine *e, const char *fmt, ...)
{
    struct cp_arena *arena = strings(e);
    char text[1000];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return arena ? cp_arena_string(arena, text) : NULL;
}

void engine_notice(struct cp_engine *e, const struct account *a, const char *notice)
{
    struct cp_action *action = engine_act(e, CP_DO_NOTICE);

    action->number = a ? a->number : 0;
    action->notice = notice;
}

void engine_timer(struct cp_engine *e, struct heap *heap, struct node *node, int64_t key)
{
    if (!engine_heap_put(heap, node, key))
        engine_no_memory(e);
}

/* splitmix64: any seed is good, and one line repeats exactly on every machine. */
uint64_t engine_random(struct cp_engine *e)
{
    uint64_t z = (e->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void fire(struct cp_engine *e, struct node *node)
{
    engine_heap_remove(node);
    switch (node->kind) {
    case NODE_TURN:
        engine_delivery_touch(e, OWNER(node, delivery, turn));
        break;
    case NODE_EXPIRY:
        engine_delivery_touch(e, OWNER(node, delivery, expiry));
        break;
    case NODE_ACCOUNT:
        engine_account_dirty(e, OWNER(node, account, timer));
        break;
    case NODE_WHO:
        engine_account_ask(e, OWNER(node, account, who));
        break;
    case NODE_SERVER:
        engine_server_wake(e, OWNER(node, server, timer));
        break;
    case NODE_READ:
        engine_read_schedule(e, OWNER(node, work, read));
        break;
    case NODE_LONG:
        engine_verify_long(e, OWNER(node, work, long_since));
        break;
    }
}

static void fire_due(struct cp_engine *e, struct heap *heap, int64_t now_us)
{
    struct node *top;

    while ((top = heap_top(heap)) && top->key <= now_us)
        fire(e, top);
}

static void part_event(struct cp_engine *e, const struct cp_engine_event *event)
{
    struct delivery *d = engine_delivery_find(e, event->row);
    unsigned index = event->part - 1;

    if (!d || event->part < 1 || index >= d->part_count)
        return;
    if (event->kind == CP_EV_READY)
        engine_part_ready(e, d, index);
    else if (event->kind == CP_EV_NOT_READY)
        engine_part_not_ready(e, d, index, event);
    else if (event->kind == CP_EV_COMMITTED)
        engine_part_committed(e, d, index, event->result);
    else if (event->kind == CP_EV_OUTCOME)
        engine_part_outcome(e, d, index, event);
    else
        engine_part_looked_up(e, d, index, event);
    engine_delivery_touch(e, d);
}

/* Ends what is on the wire: a ledger that does not take changes can't keep its promise. */
static void fail(struct cp_engine *e)
{
    struct account *a, *next;

    e->failed = true;
    HASH_ITER(hh, e->accounts, a, next)
    {
        struct cp_action *action;

        if (a->claim) {
            action = engine_act(e, CP_DO_ABORT);
            action->row = a->claim->row;
            action->part = a->claim_part + 1;
        }
        if (a->looking) {
            action = engine_act(e, CP_DO_ABORT);
            action->row = a->looking->row;
            action->part = a->looking_part + 1;
        }
    }
}

static void take(struct cp_engine *e, const struct cp_engine_event *event)
{
    switch (event->kind) {
    case CP_EV_ACCOUNT:
        engine_account_event(e, event);
        break;
    case CP_EV_ACCOUNT_GONE:
        engine_account_gone(e, event->number);
        break;
    case CP_EV_WHO:
        engine_account_who(e, event);
        break;
    case CP_EV_LOAD:
        engine_delivery_load(e, event->delivery);
        break;
    case CP_EV_HOLD:
        engine_hold_event(e, event);
        break;
    case CP_EV_RELEASE:
        engine_hold_release(e, event->row);
        break;
    case CP_EV_DECIDE:
        engine_part_decide(e, event);
        break;
    case CP_EV_COMMIT_FAILED:
        fail(e);
        break;
    case CP_EV_STOP:
        e->stopping = true;
        engine_claim_abort_all(e);
        break;
    case CP_EV_TICK:
        break;
    default:
        part_event(e, event);
    }
}

/* Placing may begin a change, a claim ends in a parked delivery: until nothing is marked. A delivery
 * is forgotten only when it has been placed, so each is looked at after its last change. */
static void settle(struct cp_engine *e)
{
    while (e->touched || e->dirty) {
        struct delivery *d = e->touched;
        struct account *a = e->dirty;

        if (d) {
            e->touched = d->next_touched;
            d->touched = false;
            engine_delivery_place(e, d);
            if (engine_delivery_idle(d)) {
                engine_act(e, CP_DO_FORGET)->row = d->row;
                HASH_DEL(e->deliveries, d);
                engine_delivery_free(e, d);
            }
        } else {
            e->dirty = a->next_dirty;
            a->dirty = false;
            engine_account_pump(e, a);
        }
    }
}

void cp_engine_step(struct cp_engine *e, const struct cp_engine_event *event,
                    const struct cp_now *now, struct cp_actions *out)
{
    cp_arena_free(e->strings);
    e->strings = NULL;
    e->action_count = 0;
    if (!e->failed) {
        engine_clock_step(e, now, event->kind);
        take(e, event);
        if (!e->failed) {
            fire_due(e, &e->plan_timers, now->plan_us);
            fire_due(e, &e->boot_timers, now->boot_us);
            settle(e);
        }
    }
    *out = (struct cp_actions){ .items = e->actions, .count = e->action_count };
}
