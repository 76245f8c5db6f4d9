/* src/service/dispatch.c - events to the engine, its actions to everybody else.
 *
 * An action may cause an event at once (a request that can't even be begun). Such an event waits in a
 * queue until the actions of the current one are carried out, so that the engine is never entered twice
 * and its list of actions stays whole.
 */
#include "service/service_private.h"

#include <stdlib.h>
#include <string.h>

struct queued_event {
    struct queued_event *next;
    struct cp_engine_event event;
    struct cp_scope scope;
    struct cp_arena *arena;
};

static struct queued_event *copy_event(const struct cp_engine_event *event)
{
    struct queued_event *copy = calloc(1, sizeof(*copy));

    if (copy)
        copy->arena = cp_arena_create();
    if (!copy || !copy->arena) {
        free(copy);
        return NULL;
    }
    copy->event = *event;
    copy->event.remote_id = cp_arena_string(copy->arena, event->remote_id);
    copy->event.url = cp_arena_string(copy->arena, event->url);
    copy->event.difference = cp_arena_string(copy->arena, event->difference);
    copy->event.reason = cp_arena_string(copy->arena, event->reason);
    copy->event.conflict = cp_arena_string(copy->arena, event->conflict);
    copy->event.by = cp_arena_string(copy->arena, event->by);
    if (event->scope) {
        copy->scope = *event->scope;
        copy->event.scope = &copy->scope;
    }
    return copy;
}

static void put_in_queue(struct service *service, const struct cp_engine_event *event)
{
    struct queued_event *copy = copy_event(event);

    /* Loads and accounts are told from the loop only, never by an action. */
    if (!copy || event->kind == CP_EV_LOAD || event->kind == CP_EV_ACCOUNT || event->delivery) {
        struct cp_error err = { 0 };

        free(copy);
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    *service->queue_last = copy;
    service->queue_last = &copy->next;
}

/* ---- holds of the program's own ------------------------------------------------------------ */

struct hold_task {
    struct write_task task;
    struct cp_scope scope;
    int64_t row; /* given by the ledger, or to be ended */
    struct cp_now now;
    char *reason, *notice;
};

static bool add_hold(struct service *service, struct write_task *task)
{
    struct hold_task *hold = (struct hold_task *)task;

    return cp_ledger_add_hold(service->ledger, &hold->scope, hold->reason, "camp-post", true,
                              hold->notice, &hold->now, &hold->row, &task->err);
}

static bool end_hold(struct service *service, struct write_task *task)
{
    struct hold_task *hold = (struct hold_task *)task;

    return cp_ledger_end_hold(service->ledger, hold->row, hold->reason, "camp-post", &hold->now,
                              &task->err);
}

static void free_hold(struct hold_task *hold)
{
    free(hold->reason);
    free(hold->notice);
    free(hold);
}

static void hold_added(struct service *service, struct write_task *task)
{
    struct hold_task *hold = (struct hold_task *)task;
    struct cp_engine_event event = { .kind = CP_EV_HOLD,
                                     .row = hold->row,
                                     .scope = &hold->scope,
                                     .own = true,
                                     .reason = hold->reason };

    if (!task->failed) {
        service_tell(service, &event);
        notices_look(service);
    }
    free_hold(hold);
}

static void hold_ended(struct service *service, struct write_task *task)
{
    struct hold_task *hold = (struct hold_task *)task;
    struct cp_engine_event event = { .kind = CP_EV_RELEASE, .row = hold->row };

    if (!task->failed)
        service_tell(service, &event);
    free_hold(hold);
}

static void write_hold(struct service *service, const struct cp_action *action, bool add)
{
    struct hold_task *hold = calloc(1, sizeof(*hold));
    struct cp_error err = { 0 };

    if (!hold) {
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    hold->task.work = add ? add_hold : end_hold;
    hold->task.done = add ? hold_added : hold_ended;
    hold->scope = action->scope;
    hold->row = action->row;
    hold->now = service_now(service);
    hold->reason = strdup(action->reason ? action->reason : "");
    hold->notice = action->notice ? strdup(action->notice) : NULL;
    if (add)
        cp_log(CP_LOG_WARNING, "held: %s", hold->reason);
    writer_add_task(service, &hold->task);
}

/* ---- actions ------------------------------------------------------------------------------- */

/* A notice names the delivery itself. */
static void log_change(const struct cp_part_change *change)
{
    bool bad = change->to == CP_UNCERTAIN || change->to == CP_REJECTED || change->to == CP_EXPIRED;

    if (change->from != change->to)
        cp_log(bad ? CP_LOG_WARNING : CP_LOG_INFO, "%s: %s to %s%s%s",
               change->name ? change->name : "", cp_part_state_name(change->from),
               cp_part_state_name(change->to), change->reason ? ": " : "",
               change->reason ? change->reason : "");
    if (change->notice)
        cp_log(CP_LOG_WARNING, "%s", change->notice);
}

static void tell_person(struct service *service, const struct cp_action *action)
{
    const struct account *account = account_find(service, action->number);

    cp_log(CP_LOG_WARNING, "%s", action->notice);
    writer_add_entry(service, "notice",
                     account ? json_pack("{s:s}", "account", account->config.id) : json_object(),
                     action->notice);
}

static void carry_out(struct service *service, const struct cp_action *action)
{
    switch (action->kind) {
    case CP_DO_COMMIT:
        log_change(&action->change);
        if (service->decided)
            ++*service->decided;
        writer_add_change(service, &action->change, false);
        break;
    case CP_DO_PREPARE:
        part_prepare(service, action->row, action->part);
        break;
    case CP_DO_PUBLISH:
        part_publish(service, action->row, action->part);
        break;
    case CP_DO_LOOK_UP:
        part_look_up(service, action->row, action->part, action->read_back);
        break;
    case CP_DO_ABORT:
        part_abort(service, action->row, action->part);
        break;
    case CP_DO_WHO_AM_I:
        account_who_am_i(service, action->number);
        break;
    case CP_DO_BIND:
        account_bind(service, action->number, action->remote_id);
        break;
    case CP_DO_HOLD:
        write_hold(service, action, true);
        break;
    case CP_DO_END_HOLD:
        write_hold(service, action, false);
        break;
    case CP_DO_NOTICE:
        tell_person(service, action);
        break;
    case CP_DO_FORGET:
        break; /* the engine has dropped it; the service keeps nothing per delivery */
    }
}

static void step(struct service *service, const struct cp_engine_event *event)
{
    struct cp_now now = service_now(service);
    struct cp_actions actions = { 0 };

    cp_engine_step(service->engine, event, &now, &actions);
    for (size_t i = 0; i < actions.count; i++)
        carry_out(service, &actions.items[i]);
}

void service_tell(struct service *service, const struct cp_engine_event *event)
{
    if (!service->engine)
        return;
    if (service->dispatching) {
        put_in_queue(service, event);
        return;
    }
    service->dispatching = true;
    step(service, event);
    while (service->queue_first) {
        struct queued_event *next = service->queue_first;

        service->queue_first = next->next;
        if (!service->queue_first)
            service->queue_last = &service->queue_first;
        step(service, &next->event);
        cp_arena_free(next->arena);
        free(next);
    }
    service->dispatching = false;
}

static bool tell_load(const struct cp_engine_delivery *delivery, void *ctx)
{
    struct cp_engine_event event = { .kind = CP_EV_LOAD, .delivery = delivery };

    service_tell(ctx, &event);
    return true;
}

bool service_load_row(struct service *service, int64_t row)
{
    struct cp_error err = { 0 };

    if (cp_ledger_load(service->ledger, row, tell_load, service, &err))
        return true;
    if (err.domain)
        service_fail(service, &err);
    return false;
}
