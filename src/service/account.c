/* src/service/account.c - accounts: what the configuration says, who we are there, what the server can do. */
#include "service/service_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* ---- life ---------------------------------------------------------------------------------- */

void account_release(struct account *account)
{
    if (!account || --account->refs)
        return;
    cp_errand_free(account->errand);
    cp_credential_free(account->credential);
    cp_arena_free(account->arena);
    free(account);
}

struct account *account_find(const struct service *service, uint32_t number)
{
    for (struct account *account = service->accounts; account; account = account->next)
        if (account->number == number)
            return account;
    return NULL;
}

static void make_random(char out[48])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[43];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        abort(); /* without randomness nothing of this is safe; the call does not fail on Linux */
    for (size_t i = 0; i < sizeof(bytes); i++)
        out[i] = letters[bytes[i] % 64];
    out[sizeof(bytes)] = '\0';
}

/* ---- credentials --------------------------------------------------------------------------- */

static int64_t file_time(const struct service *service, const struct account *account)
{
    struct cp_buffer path = { 0 };
    struct stat info;
    int64_t time = 0;

    cp_buffer_printf(&path, "%s/%s.json", service->config->credentials, account->config.credential);
    if (!path.failed && stat(path.data, &info) == 0)
        time = info.st_mtim.tv_sec * CP_SECOND + info.st_mtim.tv_nsec / 1000;
    cp_buffer_release(&path);
    return time;
}

static void read_credential(struct service *service, struct account *account)
{
    struct cp_error err = { 0 };
    struct cp_credential *fresh;

    account->credential_problem[0] = '\0';
    if (!account->config.credential) {
        if (account->adapter->needs_credential)
            snprintf(account->credential_problem, sizeof(account->credential_problem),
                     "it has no credential: run `camp-post login %s`", account->config.id);
        return;
    }
    account->credential_seen = file_time(service, account);
    fresh = cp_credential_read(service->config->credentials, account->config.credential, &err);
    if (!fresh)
        cp_error_format(&err, account->credential_problem, sizeof(account->credential_problem));
    if (fresh && account->refs == 1) {
        cp_credential_free(account->credential);
        account->credential = fresh;
    } else {
        /* Errands under way go on with what they began with; the new one is read when they are over. */
        cp_credential_free(fresh);
        account->credential_seen = account->credential ? 0 : account->credential_seen;
    }
}

/* ---- telling the engine -------------------------------------------------------------------- */

void account_tell(struct service *service, struct account *account)
{
    struct cp_limits limits = cp_limits_final(&account->config, &account->facts);
    struct cp_engine_account told = {
        .number = account->number,
        .name = account->config.id,
        .organisation = account->config.organisation,
        .server = account->server,
        .guarantee = account->facts.guarantee,
        .can_look_up = account->adapter->turns[CP_LOOK_UP] != NULL,
        .limits = limits,
        .request_timeout_us = 30 * CP_SECOND,
        .remote_id = account->remote_id,
    };
    struct cp_engine_event event = { .kind = CP_EV_ACCOUNT,
                                     .number = account->number,
                                     .account = &told };
    struct cp_now now = service_now(service);
    struct cp_error err = { 0 };
    int64_t *recent = NULL;

    if (!cp_ledger_recent(service->ledger, account->number, now.plan_us - limits.per_us, &recent,
                          &told.recent_count, &err)) {
        service_fail(service, &err);
        return;
    }
    told.recent_us = recent;
    service_tell(service, &event);
    free(recent);
}

static void tell_who(struct service *service, struct account *account,
                     const struct cp_verdict *verdict, const char *remote_id, const char *conflict)
{
    struct cp_engine_event event = {
        .kind = CP_EV_WHO,
        .number = account->number,
        .verdict = verdict->kind,
        .not_before_us = verdict->not_before_us,
        .throttled = verdict->throttled,
        .remote_id = remote_id,
        .conflict = conflict,
        .guarantee = account->facts.guarantee,
        .limits = cp_limits_final(&account->config, &account->facts),
        .date_us = account->who_date_us,
        .reason = verdict->reason,
    };

    service_tell(service, &event);
}

/* ---- who we are, and what the server can do ------------------------------------------------- */

struct rivals {
    const struct account *account;
    const char *remote_id;
    char name[CP_ID_MOST + 1];
};

static bool look_for_rival(const struct cp_ledger_account *row, void *ctx)
{
    struct rivals *rivals = ctx;

    if (row->number == rivals->account->number || !row->remote_id || !row->configured ||
        strcmp(row->remote_id, rivals->remote_id) != 0 ||
        !account_same_text(row->server, rivals->account->config.server))
        return true;
    snprintf(rivals->name, sizeof(rivals->name), "%s", row->name);
    return false;
}

/* Another account of ours that is the same account over there. */
static void finish_who(struct service *service, struct account *account,
                       const struct cp_verdict *verdict)
{
    struct rivals rivals = { .account = account, .remote_id = account->who_remote_id };
    struct cp_error err = { 0 };

    cp_errand_free(account->errand);
    account->errand = NULL;
    if (verdict->kind == CP_VERDICT_ACCEPTED && account->config.server &&
        !cp_ledger_accounts(service->ledger, look_for_rival, &rivals, &err)) {
        service_fail(service, &err);
        return;
    }
    tell_who(service, account, verdict, account->who_remote_id,
             rivals.name[0] ? rivals.name : NULL);
}

static void on_errand(struct cp_errand *errand, const struct cp_errand_event *event, void *ctx);

struct errand_owner {
    struct service *service;
    struct account *account;
    enum cp_purpose purpose;
};

static bool start_errand(struct service *service, struct account *account, enum cp_purpose purpose,
                         struct cp_error *err)
{
    struct errand_owner *owner = cp_arena_alloc(account->arena, sizeof(*owner));
    struct cp_errand_plan plan = {
        .loop = &service->loop,
        .transport = service->transport,
        .adapter = account->adapter,
        .settings = &account->settings,
        .origin = account->config.server,
        .directory = account->config.directory,
        .credential = account->credential,
        .clock = &service->clock.clock,
        .tell = on_errand,
        .ctx = owner,
        .turn = { .purpose = purpose,
                  .wire_key = account->random,
                  .account_id = account->remote_id,
                  .taken_count = account->bound,
                  .facts = account->facts_json ? account->facts_json : "{}",
                  .checkpoint = "{}" },
    };

    if (!owner)
        return cp_error_no_memory(err);
    *owner = (struct errand_owner){ service, account, purpose };
    make_random(account->random);
    account->errand = cp_errand_start(&plan, err);
    return account->errand != NULL;
}

void account_take_facts(struct account *account, const char *json)
{
    struct cp_error err = { 0 };
    struct cp_facts facts;
    const char *copy = cp_arena_string(account->arena, json);

    if (!copy || !cp_facts_parse(copy, account->arena, &facts, &err)) {
        cp_log(CP_LOG_WARNING, "account '%s': what its server says of itself cannot be read: %s",
               account->config.id, err.message);
        return;
    }
    account->facts = facts;
    account->facts_json = copy;
}

static void on_who(struct errand_owner *owner, const struct cp_errand_event *event)
{
    struct account *account = owner->account;
    struct service *service = owner->service;
    struct cp_error err = { 0 };

    account->who_date_us = event->date_us;
    account->who_remote_id = NULL;
    if (event->date_us && event->replied_us)
        account->skew_us = event->date_us - event->replied_us;
    if (event->verdict.kind != CP_VERDICT_ACCEPTED) {
        finish_who(service, account, &event->verdict);
        return;
    }
    account->who_remote_id = cp_arena_string(account->arena, event->verdict.remote_id);
    cp_errand_free(account->errand);
    account->errand = NULL;
    if (account->adapter->turns[CP_FACTS] && start_errand(service, account, CP_FACTS, &err))
        return;
    finish_who(service, account, &event->verdict);
}

/* Without its facts a server is taken for what the adapter assumes; it is no reason not to post. */
static void on_facts(struct errand_owner *owner, const struct cp_errand_event *event)
{
    struct account *account = owner->account;
    struct cp_verdict accepted = { .kind = CP_VERDICT_ACCEPTED };

    if (event->verdict.kind == CP_VERDICT_ACCEPTED && event->verdict.facts)
        account_take_facts(account, event->verdict.facts);
    else if (account->facts.assumed)
        cp_log(CP_LOG_WARNING,
               "account '%s': its server's limits cannot be read (%s); assumed ones count",
               account->config.id,
               event->verdict.reason ? event->verdict.reason : "no reason given");
    finish_who(owner->service, account, &accepted);
}

static void on_errand(struct cp_errand *errand, const struct cp_errand_event *event, void *ctx)
{
    struct errand_owner *owner = ctx;

    if (event->kind == CP_ERRAND_CHECKPOINT) {
        cp_errand_continue(errand);
        return;
    }
    if (owner->purpose == CP_WHO_AM_I)
        on_who(owner, event);
    else
        on_facts(owner, event);
}

void account_who_am_i(struct service *service, uint32_t number)
{
    struct account *account = account_find(service, number);
    struct cp_verdict verdict = { .kind = CP_VERDICT_REAUTHENTICATE };
    struct cp_error err = { 0 };

    if (!account || account->errand || service->offline)
        return;
    if (!cp_ledger_bound_count(service->ledger, number, &account->bound, &err)) {
        service_fail(service, &err);
        return;
    }
    read_credential(service, account);
    account->who_date_us = 0;
    account->who_remote_id = NULL;
    if (account->credential_problem[0] && !account->credential) {
        verdict.reason = account->credential_problem;
        tell_who(service, account, &verdict, NULL, NULL);
        return;
    }
    if (!account->adapter->turns[CP_WHO_AM_I]) {
        verdict.kind = CP_VERDICT_ACCEPTED;
        tell_who(service, account, &verdict, account->config.id, NULL);
        return;
    }
    if (start_errand(service, account, CP_WHO_AM_I, &err))
        return;
    verdict.kind = CP_VERDICT_RETRY;
    verdict.reason = err.message;
    tell_who(service, account, &verdict, NULL, NULL);
}

void accounts_look_at_credentials(struct service *service)
{
    for (struct account *account = service->accounts; account; account = account->next) {
        if (!account->config.credential || account->errand ||
            file_time(service, account) == account->credential_seen)
            continue;
        cp_log(CP_LOG_INFO, "account '%s': its credential has changed", account->config.id);
        account_tell(service, account);
    }
}

/* ---- binding ------------------------------------------------------------------------------- */

struct bind_task {
    struct write_task task;
    uint32_t number;
    char *remote_id, *facts;
    int64_t wall_us;
};

static bool write_bind(struct service *service, struct write_task *task)
{
    struct bind_task *bind = (struct bind_task *)task;

    return cp_ledger_bind(service->ledger, bind->number, bind->remote_id, bind->facts,
                          bind->wall_us, &task->err);
}

static void bound(struct service *service, struct write_task *task)
{
    struct bind_task *bind = (struct bind_task *)task;
    struct account *account = account_find(service, bind->number);

    if (account && !task->failed)
        account->remote_id = cp_arena_string(account->arena, bind->remote_id);
    free(bind->remote_id);
    free(bind->facts);
    free(bind);
}

void account_bind(struct service *service, uint32_t number, const char *remote_id)
{
    struct account *account = account_find(service, number);
    struct bind_task *task = calloc(1, sizeof(*task));
    struct cp_error err = { 0 };

    if (!account || !task) {
        free(task);
        if (account) {
            cp_error_no_memory(&err);
            service_fail(service, &err);
        }
        return;
    }
    task->task.work = write_bind;
    task->task.done = bound;
    task->number = number;
    task->remote_id = strdup(remote_id);
    task->facts = account->facts.assumed ? NULL : strdup(account->facts_json);
    task->wall_us = service_now(service).wall_us;
    account->remote_id = cp_arena_string(account->arena, remote_id);
    writer_add_task(service, &task->task);
}
