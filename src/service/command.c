/* src/service/command.c - people's decisions, the same with and without a running service.
 *
 * Three steps: the ledger is asked (and, for holds and releases, told) in a write task; the engine hears
 * of it on the loop; when what it decided is committed, the answer is given. A hold works in memory
 * before its first byte is written, so no gate opens behind its back.
 *
 * `release` with a wide scope (all, campaign:…) ends holds alone. Standby and late deliveries go only when
 * their post is named, or with "standby" and "late": ending a general hold must never send what
 * somebody has put aside.
 */
#include "service/command_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = { "hold", "release", "retry", "cancel", "resolve" };

/* ---- which deliveries ---------------------------------------------------------------------- */

static const char *organisation_of(const struct service *service, const char *name)
{
    for (const struct account *account = service->accounts; account; account = account->next)
        if (strcmp(account->config.id, name) == 0)
            return account->config.organisation;
    return NULL;
}

/* The word for the whole: the first part that is not out speaks for the delivery. */
static const char *state_of(const struct cp_ledger_row *row)
{
    for (size_t i = 0; i < row->part_count; i++)
        if (row->parts[i].state != CP_PUBLISHED)
            return cp_part_state_name(row->parts[i].state);
    return cp_part_state_name(CP_PUBLISHED);
}

bool service_covers(const struct service *service, const struct cp_scope *scope,
                    const struct cp_ledger_row *row)
{
    struct cp_scope_subject subject = {
        .campaign = row->campaign,
        .organisation = organisation_of(service, row->account),
        .account = row->account,
        .post = row->post,
        .occurrence = row->occurrence,
    };

    return cp_scope_covers(scope, &subject);
}

static bool covers(const struct command *command, const struct cp_ledger_row *row)
{
    return service_covers(command->service, &command->scope, row);
}

static bool waits_for_release(const struct cp_ledger_row *row)
{
    return row->wanted && !row->released && (row->standby || row->late) && row->part_count &&
           row->parts[0].state == CP_PLANNED;
}

static bool is_retriable(const struct cp_ledger_row *row)
{
    for (size_t i = 0; i < row->part_count; i++)
        if (cp_part_next(row->parts[i].state, CP_ON_RETRY) != CP_NOWHERE)
            return true;
    return false;
}

static bool asked_for(const struct command *command, const struct cp_ledger_row *row)
{
    if (command->scope.kind == CP_SCOPE_PATH)
        return true;
    return row->standby ? command->standby : command->late;
}

static bool collect(const struct cp_ledger_row *row, void *ctx)
{
    struct command *command = ctx;
    struct target *target;

    if (!covers(command, row))
        return true;
    if (command->count == command->capacity) {
        size_t room = command->capacity ? command->capacity * 2 : 64;
        struct target *grown = realloc(command->targets, room * sizeof(*grown));

        if (!grown)
            return false;
        command->targets = grown;
        command->capacity = room;
    }
    target = &command->targets[command->count++];
    *target = (struct target){ .row = row->row, .before = state_of(row) };
    target->ready = waits_for_release(row) && asked_for(command, row);
    target->retriable = is_retriable(row);
    command->waiting += waits_for_release(row) && !target->ready;
    snprintf(target->key, sizeof(target->key), "%s/%s/%s/%s", row->campaign, row->post,
             row->occurrence, row->account);
    return true;
}

/* Ends the walk at the first delivery that a hold stops. */
static bool is_nothing_to_hold(const struct cp_ledger_row *row, void *ctx)
{
    struct command *command = ctx;

    command->covers_something = covers(command, row);
    return !command->covers_something;
}

static bool reread(const struct cp_ledger_row *row, void *ctx)
{
    struct command *command = ctx;

    for (size_t i = 0; i < command->count; i++)
        if (command->targets[i].row == row->row)
            command->targets[i].after = state_of(row);
    return true;
}

/* ---- in the ledger ------------------------------------------------------------------------- */

static bool end_if_equal(const struct cp_ledger_hold *hold, void *ctx)
{
    struct command *command = ctx;
    char text[CP_SCOPE_SIZE];
    size_t used = strlen(command->still);

    if (cp_scope_equal(&hold->scope, &command->scope) &&
        command->ended_count < CP_COUNT(command->ended)) {
        command->ended[command->ended_count++] = hold->row;
        return true;
    }
    command->still_held++;
    cp_scope_format(&hold->scope, text);
    snprintf(command->still + used, sizeof(command->still) - used,
             hold->reason && hold->reason[0] ? "%s%s (%s)" : "%s%s", used ? ", " : "", text,
             hold->reason);
    return true;
}

static bool write_release(struct service *service, struct command *command, struct cp_error *err)
{
    if (!cp_ledger_holds(service->ledger, end_if_equal, command, err) ||
        !cp_ledger_rows(service->ledger, false, collect, command, err))
        return false;
    for (size_t i = 0; i < command->ended_count; i++)
        if (!cp_ledger_end_hold(service->ledger, command->ended[i], command->reason, command->by,
                                &command->now, err))
            return false;
    for (size_t i = 0; i < command->count; i++) {
        if (!command->targets[i].ready)
            continue;
        if (!cp_ledger_release_delivery(service->ledger, command->targets[i].row, command->by,
                                        command->reason, &command->now, err))
            return false;
        command->targets[i].changed = true;
    }
    return true;
}

/* What does not cover anything now is kept as well: a post may come. But its name may also be mistyped, and
 * then somebody believes that a post was stopped which was not, so the answer says it. */
static bool write_hold(struct service *service, struct command *command, struct cp_error *err)
{
    if (!cp_ledger_add_hold(service->ledger, &command->scope, command->reason, command->by, false,
                            NULL, &command->now, &command->hold_row, err))
        return false;
    command->covers_something = command->scope.kind == CP_SCOPE_ALL;
    return command->covers_something ||
           cp_ledger_rows(service->ledger, false, is_nothing_to_hold, command, err);
}

static bool work(struct service *service, struct write_task *task)
{
    struct command *command = (struct command *)task;

    if (command->kind == HOLD)
        return write_hold(service, command, &task->err);
    if (command->kind == RELEASE)
        return write_release(service, command, &task->err);
    if (!cp_ledger_rows(service->ledger, false, collect, command, &task->err))
        return false;
    for (size_t i = 0; i < command->count && command->send_by_us; i++)
        if (command->targets[i].retriable &&
            !cp_ledger_set_send_by(service->ledger, command->targets[i].row, command->send_by_us,
                                   command->by, &command->now, &task->err))
            return false;
    return true;
}

static bool look_again(struct service *service, struct write_task *task)
{
    struct command *command = (struct command *)task;

    return command->kind == HOLD ||
           cp_ledger_rows(service->ledger, false, reread, command, &task->err);
}

/* ---- on the loop --------------------------------------------------------------------------- */

static void note_under_way(struct command *command)
{
    for (struct part_job *job = command->service->jobs; job; job = job->next) {
        struct cp_scope_subject subject = {
            .campaign = job->work.campaign,
            .organisation = job->account ? job->account->config.organisation : NULL,
            .account = job->work.account,
            .post = job->work.post,
            .occurrence = job->work.occurrence,
        };

        if (job->errand && cp_errand_is_publishing(job->errand) &&
            cp_scope_covers(&command->scope, &subject))
            json_array_append_new(command->under_way,
                                  json_sprintf("%s/%s/%s/%s#%u", subject.campaign, subject.post,
                                               subject.occurrence, subject.account, job->part));
    }
}

static void tell_hold(struct command *command, int64_t row)
{
    struct cp_engine_event event = { .kind = CP_EV_HOLD, .row = row, .scope = &command->scope };

    service_tell(command->service, &event);
}

static void tell_release(struct command *command, int64_t row)
{
    struct cp_engine_event event = { .kind = CP_EV_RELEASE, .row = row };

    service_tell(command->service, &event);
}

struct decision {
    struct command *command;
    struct cp_engine_event event;
};

/* What is decided about is often not loaded any more: the engine is handed it with the decision. */
static bool tell_decision(const struct cp_engine_delivery *delivery, void *ctx)
{
    struct decision *decision = ctx;

    decision->event.delivery = delivery;
    service_tell(decision->command->service, &decision->event);
    return true;
}

static enum cp_decision decision_of(const struct command *command)
{
    if (command->kind == RETRY)
        return CP_DECIDE_RETRY;
    if (command->kind == CANCEL)
        return CP_DECIDE_CANCEL;
    if (command->cancel)
        return CP_DECIDE_GIVE_UP;
    return command->absent ? CP_DECIDE_ABSENT : CP_DECIDE_PUBLISHED;
}

static void decide(struct command *command, struct target *target)
{
    struct decision decision = { .command = command,
                                 .event = { .kind = CP_EV_DECIDE,
                                            .row = target->row,
                                            .decision = decision_of(command),
                                            .part = command->part,
                                            .remote_id = command->published,
                                            .reason = command->reason,
                                            .by = command->by } };
    struct cp_error err = { 0 };
    size_t changes = 0;

    command->service->decided = &changes;
    if (!cp_ledger_load(command->service->ledger, target->row, tell_decision, &decision, &err) &&
        err.domain)
        service_fail(command->service, &err);
    command->service->decided = NULL;
    target->changed = changes > 0;
}

static void effect(struct command *command)
{
    struct service *service = command->service;

    if (command->kind == HOLD) {
        tell_hold(command, command->hold_row);
        return;
    }
    for (size_t i = 0; i < command->ended_count; i++)
        tell_release(command, command->ended[i]);
    for (size_t i = 0; i < command->count; i++) {
        if (command->kind != RELEASE)
            decide(command, &command->targets[i]);
        else if (command->targets[i].changed)
            service_load_row(service, command->targets[i].row);
    }
}

static void answered(struct service *service, struct write_task *task)
{
    (void)service;
    command_give_answer((struct command *)task);
}

static void written(struct service *service, struct write_task *task)
{
    struct command *command = (struct command *)task;

    if (!task->failed)
        effect(command);
    if (command->memory_hold)
        tell_release(command, command->memory_hold);
    if (task->failed) {
        command_give_answer(command);
        return;
    }
    task->work = look_again;
    task->done = answered;
    writer_add_task(service, task); /* behind the commits that were just decided */
}

/* ---- reading what was asked ----------------------------------------------------------------- */

static char *copy_member(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? strdup(text) : NULL;
}

static bool parse_scope(struct command *command, const char *text, struct cp_error *err)
{
    char scope[CP_SCOPE_SIZE];
    char *mark;

    if (!text)
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_USAGE,
                            "name what it is about: all, campaign:X, account:X or a post");
    snprintf(scope, sizeof(scope), "%s", text);
    mark = strchr(scope, '#');
    if (mark) {
        *mark = '\0';
        command->part = (unsigned)strtoul(mark + 1, NULL, 10);
    }
    return cp_scope_parse(scope, &command->scope, err);
}

static bool parse(struct command *command, const json_t *json, struct cp_error *err)
{
    const char *name = json_string_value(json_object_get(json, "command"));
    size_t kind = 0;

    while (name && kind < CP_COUNT(names) && strcmp(name, names[kind]) != 0)
        kind++;
    if (!name || kind == CP_COUNT(names))
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_USAGE, "'%s' is not a decision",
                            name ? name : "");
    command->kind = (enum command_kind)kind;
    command->reason = copy_member(json, "reason");
    command->by = copy_member(json, "by");
    command->published = copy_member(json, "published");
    command->absent = json_is_true(json_object_get(json, "absent"));
    command->cancel = json_is_true(json_object_get(json, "cancel"));
    command->late = json_is_true(json_object_get(json, "late"));
    command->standby = json_is_true(json_object_get(json, "standby"));
    command->send_by_us = json_integer_value(json_object_get(json, "send_by_us"));
    if (command->kind == RESOLVE &&
        (command->published != NULL) + command->absent + command->cancel != 1)
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_USAGE,
                            "say exactly one of --published ID, --absent and --cancel");
    return parse_scope(command, json_string_value(json_object_get(json, "scope")), err);
}

void command_run(struct service *service, const json_t *json, command_answer_fn *answer, void *ctx)
{
    struct command *command = calloc(1, sizeof(*command));

    if (!command) {
        answer(json_pack("{s:b, s:s}", "ok", 0, "message", "out of memory"), ctx);
        return;
    }
    command->service = service;
    command->answer = answer;
    command->ctx = ctx;
    command->now = service_now(service);
    command->under_way = json_array();
    command->task.work = work;
    command->task.done = written;
    if (!parse(command, json, &command->task.err)) {
        command->task.failed = true;
        command_give_answer(command);
        return;
    }
    if (command->kind == HOLD) {
        command->memory_hold = --service->next_command_hold;
        tell_hold(command, command->memory_hold);
        note_under_way(command);
    }
    writer_add_task(service, &command->task);
}
