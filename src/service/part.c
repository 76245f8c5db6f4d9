/* src/service/part.c - posting a part, and looking one up: errands on behalf of the engine. */
#include "service/service_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- jobs ---------------------------------------------------------------------------------- */

static struct part_job *find(const struct service *service, int64_t row, unsigned part,
                             bool posting)
{
    for (struct part_job *job = service->jobs; job; job = job->next)
        if (job->row == row && job->part == part && (job->purpose == CP_POST) == posting)
            return job;
    return NULL;
}

struct part_job *part_posting(const struct service *service, int64_t row, unsigned part)
{
    return find(service, row, part, true);
}

static void end_job(struct part_job *job)
{
    struct service *service = job->service;

    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
    service->job_count--;
    cp_errand_free(job->errand);
    cp_work_release(&job->work);
    cp_arena_free(job->arena);
    account_release(job->account);
    free(job->frozen);
    free(job->checkpoint);
    free(job->evidence);
    free(job);
}

static struct part_job *new_job(struct service *service, int64_t row, unsigned part,
                                enum cp_purpose purpose)
{
    struct part_job *job = calloc(1, sizeof(*job));

    if (job)
        job->arena = cp_arena_create();
    if (!job || !job->arena) {
        free(job);
        return NULL;
    }
    job->service = service;
    job->row = row;
    job->part = part;
    job->purpose = purpose;
    job->next = service->jobs;
    job->link = &service->jobs;
    if (job->next)
        job->next->link = &job->next;
    service->jobs = job;
    service->job_count++;
    return job;
}

/* ---- what the adapter is given ------------------------------------------------------------- */

static void view_contents(struct part_job *job, struct cp_turn *turn)
{
    struct cp_work *work = &job->work;
    const struct cp_facts *facts = &job->account->facts;
    struct cp_part_view *part = cp_arena_alloc(job->arena, sizeof(*part));
    struct cp_part_view *tried = cp_arena_array(job->arena, work->tried_count + 1, sizeof(*tried));

    if (!part || !tried)
        return;
    cp_part_view_of(&work->content.parts[job->part - 1], facts, job->arena, part);
    for (size_t i = 0; i < work->tried_count; i++)
        cp_part_view_of(&work->tried[i], facts, job->arena, &tried[i]);
    turn->part = part;
    turn->tried = tried;
    turn->tried_count = work->tried_count;
    if (!work->tried_count) {
        tried[0] = *part;
        turn->tried_count = 1;
    }
}

static void fill_turn(struct part_job *job, struct cp_turn *turn)
{
    struct cp_work *work = &job->work;
    char *key = cp_arena_alloc(job->arena, CP_WIRE_KEY + 1);

    *turn = (struct cp_turn){
        .purpose = job->purpose,
        .part_number = job->part,
        .part_total = work->part_total,
        .title = work->content.title,
        .wire_key = key,
        .generation = work->generation,
        .due_us = work->due_us,
        .attempt_us = work->attempt_us,
        .skew_us = job->account->skew_us,
        .remote_id = work->remote_id,
        .parent_id = work->parent_id,
        .root_id = work->root_id,
        .account_id = job->account->remote_id,
        .taken = work->taken,
        .taken_count = work->taken_count,
        .facts = job->account->facts_json ? job->account->facts_json : "{}",
        .checkpoint = work->checkpoint,
    };
    if (key)
        cp_wire_key_make(&work->id, job->part, work->generation, key);
    if (job->purpose == CP_LOOK_UP) {
        turn->checkpoint =
            "{}"; /* a look-up begins anew each time: nothing of it has to outlive a crash */
        if (!job->read_back)
            turn->remote_id = NULL;
    }
    view_contents(job, turn);
}

/* ---- what the engine is told --------------------------------------------------------------- */

static void tell_not_ready(struct service *service, int64_t row, unsigned part,
                           const struct cp_errand_event *event)
{
    struct cp_engine_event told = {
        .kind = CP_EV_NOT_READY,
        .row = row,
        .part = part,
        .verdict = event->verdict.kind,
        .not_before_us = event->verdict.not_before_us,
        .throttled = event->verdict.throttled,
        .connected = event->connected,
        .reason = event->verdict.reason,
    };

    service_tell(service, &told);
}

static void tell_looked_up(struct service *service, int64_t row, unsigned part,
                           const struct cp_errand_event *event)
{
    struct cp_engine_event told = {
        .kind = CP_EV_LOOKED_UP,
        .row = row,
        .part = part,
        .verdict = event->verdict.kind,
        .not_before_us = event->verdict.not_before_us,
        .throttled = event->verdict.throttled,
        .connected = event->connected,
        .remote_id = event->verdict.remote_id,
        .url = event->verdict.url,
        .difference = event->verdict.difference,
        .reason = event->verdict.reason,
        .date_us = event->date_us,
    };

    service_tell(service, &told);
}

static void tell_outcome(struct service *service, int64_t row, unsigned part,
                         const struct cp_errand_event *event, enum cp_wait stopped)
{
    struct cp_engine_event told = {
        .kind = CP_EV_OUTCOME,
        .row = row,
        .part = part,
        .acted = event->acted,
        .stopped = event->acted == CP_ACTED_NO ? stopped : CP_WAIT_NOTHING,
        .connected = event->connected,
        .verdict = event->verdict.kind,
        .not_before_us = event->verdict.not_before_us,
        .throttled = event->verdict.throttled,
        .remote_id = event->acted == CP_ACTED_REPLIED ? event->verdict.remote_id : NULL,
        .url = event->acted == CP_ACTED_REPLIED ? event->verdict.url : NULL,
        .reason = event->reason ? event->reason : event->verdict.reason,
        .date_us = event->date_us,
    };

    service_tell(service, &told);
}

/* A failure before the first turn: nothing has been done. */
static void tell_stillborn(struct service *service, int64_t row, unsigned part,
                           enum cp_purpose purpose, enum cp_verdict_kind kind, const char *reason)
{
    struct cp_errand_event event = { .verdict = { .kind = kind, .reason = reason } };

    if (purpose == CP_POST)
        tell_not_ready(service, row, part, &event);
    else
        tell_looked_up(service, row, part, &event);
}

/* ---- steps of the errand ------------------------------------------------------------------- */

static void keep_checkpoint(struct part_job *job, const char *checkpoint)
{
    struct service *service = job->service;
    struct cp_now now = service_now(service);
    struct cp_part_change change = {
        .row = job->row,
        .part = job->part,
        .from = CP_PLANNED,
        .to = CP_PLANNED,
        .generation = job->work.generation,
        .new_generation = job->work.generation,
        .checkpoint_only = true,
        .checkpoint = checkpoint,
        .plan_us = now.plan_us,
        .wall_us = now.wall_us,
    };

    job->waits_for_checkpoint = true;
    writer_add_change(service, &change, true);
}

void part_checkpoint_kept(struct service *service, int64_t row, unsigned part, bool applied)
{
    struct part_job *job = part_posting(service, row, part);

    if (!job || !job->waits_for_checkpoint)
        return; /* it was ended meanwhile */
    job->waits_for_checkpoint = false;
    if (applied) {
        cp_errand_continue(job->errand);
        return;
    }
    end_job(job);
    tell_stillborn(service, row, part, CP_POST, CP_VERDICT_RETRY,
                   "the delivery was changed while it was being prepared");
    service_load_row(service, row);
}

static void ready(struct part_job *job, const struct cp_request *request)
{
    struct cp_engine_event event = { .kind = CP_EV_READY, .row = job->row, .part = job->part };

    free(job->frozen);
    job->frozen = cp_request_to_json(request);
    service_tell(job->service, &event);
}

/* What is kept of the try beside the decision: enough to look into it later, and no text of the reply. */
static void note_evidence(struct part_job *job, const struct cp_errand_event *event)
{
    json_t *evidence = json_object();

    if (event->status)
        json_object_set_new(evidence, "status", json_integer(event->status));
    if (event->digest[0])
        json_object_set_new(evidence, "reply_sha256", json_string(event->digest));
    if (event->date_us)
        json_object_set_new(evidence, "server_date_us", json_integer(event->date_us));
    if (event->kind == CP_ERRAND_OUTCOME)
        json_object_set_new(evidence, "acted", json_integer(event->acted));
    free(job->evidence);
    job->evidence = json_object_size(evidence) ? json_dumps(evidence, JSON_COMPACT) : NULL;
    json_decref(evidence);
}

static void finish(struct part_job *job, const struct cp_errand_event *event)
{
    struct service *service = job->service;
    int64_t row = job->row;
    unsigned part = job->part;

    note_evidence(job, event);
    if (event->kind == CP_ERRAND_OUTCOME)
        tell_outcome(service, row, part, event, job->stopped);
    else if (job->purpose == CP_POST)
        tell_not_ready(service, row, part, event);
    else
        tell_looked_up(service, row, part, event);
    end_job(job);
}

/* Goes into the ledger with the next change of the part. */
static void remember_checkpoint(struct part_job *job, const char *checkpoint)
{
    if (job->purpose != CP_POST || !checkpoint)
        return;
    free(job->checkpoint);
    job->checkpoint = strdup(checkpoint);
}

static void on_errand(struct cp_errand *errand, const struct cp_errand_event *event, void *ctx)
{
    struct part_job *job = ctx;

    remember_checkpoint(job, event->checkpoint);
    if (event->date_us && event->replied_us)
        job->account->skew_us = event->date_us - event->replied_us;
    switch (event->kind) {
    case CP_ERRAND_CHECKPOINT:
        if (job->purpose == CP_POST)
            keep_checkpoint(job, event->checkpoint);
        else
            cp_errand_continue(errand);
        break;
    case CP_ERRAND_PUBLISH:
        ready(job, event->request);
        break;
    case CP_ERRAND_ASK:
    case CP_ERRAND_VERDICT:
    case CP_ERRAND_OUTCOME:
        finish(job, event);
        break;
    }
}

/* ---- what the engine asks for -------------------------------------------------------------- */

static struct account *usable_account(struct service *service, const struct part_job *job)
{
    struct account *account = account_find(service, job->work.account_number);

    return account && account->adapter->turns[job->purpose] ? account : NULL;
}

static bool start_errand(struct part_job *job, struct cp_error *err)
{
    struct service *service = job->service;
    struct cp_errand_plan plan = {
        .loop = &service->loop,
        .transport = service->transport,
        .adapter = job->account->adapter,
        .settings = &job->account->settings,
        .origin = job->account->config.server,
        .directory = job->account->config.directory,
        .credential = job->account->credential,
        .clock = &service->clock.clock,
        .tell = on_errand,
        .ctx = job,
    };

    fill_turn(job, &plan.turn);
    if (!plan.turn.part || cp_arena_failed(job->arena))
        return cp_error_no_memory(err);
    job->errand = cp_errand_start(&plan, err);
    return job->errand != NULL;
}

static void start(struct service *service, int64_t row, unsigned part, enum cp_purpose purpose,
                  bool read_back)
{
    struct cp_error err = { 0 };
    struct part_job *job = new_job(service, row, part, purpose);

    if (!job) {
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    job->read_back = read_back;
    if (!cp_ledger_work(service->ledger, row, part, &job->work, &err)) {
        end_job(job);
        service_fail(service, &err);
        return;
    }
    job->account = usable_account(service, job);
    if (job->account)
        job->account->refs++;
    if (job->account && start_errand(job, &err))
        return;
    end_job(job);
    tell_stillborn(service, row, part, purpose, CP_VERDICT_RETRY,
                   err.domain ? err.message : "the account is not in the configuration any more");
}

void part_prepare(struct service *service, int64_t row, unsigned part)
{
    start(service, row, part, CP_POST, false);
}

void part_look_up(struct service *service, int64_t row, unsigned part, bool read_back)
{
    start(service, row, part, CP_LOOK_UP, read_back);
}

/* The last look before the bytes leave: the HOLD file, the room on the disk, then the engine. It runs inside
 * the transport, so it changes nothing: the rest of the service hears of a pause a moment later. */
static bool gate(void *ctx, const char **reason)
{
    struct part_job *job = ctx;
    struct cp_now now = service_now(job->service);

    if (wake_must_pause(job->service))
        job->stopped = CP_WAIT_HELD;
    else
        job->stopped = cp_engine_gate(job->service->engine, job->row, job->part, &now);
    *reason = cp_wait_name(job->stopped);
    return job->stopped == CP_WAIT_NOTHING;
}

void part_publish(struct service *service, int64_t row, unsigned part)
{
    struct part_job *job = part_posting(service, row, part);

    if (job) {
        cp_errand_publish(job->errand, gate);
        return;
    }
    /* The errand was ended between the commit and now: its request was never begun. */
    struct cp_errand_event event = { .kind = CP_ERRAND_OUTCOME,
                                     .acted = CP_ACTED_NO,
                                     .stopped = true,
                                     .reason = "stopped before it was begun" };
    tell_outcome(service, row, part, &event, CP_WAIT_STOPPING);
}

static void abort_job(struct part_job *job)
{
    struct cp_errand_event event = { .kind = CP_ERRAND_VERDICT, .verdict.kind = CP_VERDICT_RETRY };
    bool publishing = job->errand && cp_errand_is_publishing(job->errand);
    bool doubt = job->errand && cp_errand_free(job->errand);

    job->errand = NULL;
    if (publishing)
        event.kind = CP_ERRAND_OUTCOME;
    if (job->purpose == CP_LOOK_UP)
        event.verdict.kind = CP_VERDICT_UNKNOWN;
    event.reason = doubt ? "it was ended before an answer came" : "it was ended before it was sent";
    event.verdict.reason = event.reason;
    event.acted = doubt ? CP_ACTED_UNKNOWN : CP_ACTED_NO;
    event.stopped = !doubt;
    finish(job, &event);
}

void part_abort(struct service *service, int64_t row, unsigned part)
{
    struct part_job *job = part_posting(service, row, part);

    if (!job)
        job = find(service, row, part, false);
    if (job)
        abort_job(job);
}

void part_abort_all(struct service *service)
{
    while (service->jobs)
        abort_job(service->jobs);
}
