/* src/service/writer.c - everything that is written to the ledger, one pool job after the other.
 *
 * The changes of one turn of the loop are gathered into a batch: one transaction, one sync. While a job
 * is out the next batch gathers. Other writing (accepting a plan, holds, notices) stands in the same
 * queue, so that what was said first is durable first. A failed write ends the service: after it
 * nothing may be sent, and a restart reads what is true.
 */
#include "service/service_private.h"

#include <stdlib.h>
#include <string.h>

struct item {
    bool checkpoint; /* a change of the service's own */
    int64_t row;
    unsigned part;
};

struct batch {
    struct write_task task;
    struct cp_arena *arena;
    struct cp_part_change *changes;
    struct item *items;
    enum cp_commit_result *results;
    size_t count, capacity, item_capacity;
    bool notices;
};

/* ---- the queue ----------------------------------------------------------------------------- */

static void run_next(struct service *service);

static void on_work(void *ctx)
{
    struct service *service = ctx;
    struct write_task *task = service->running;

    task->failed = !task->work(service, task);
}

static void on_done(void *ctx)
{
    struct service *service = ctx;
    struct write_task *task = service->running;
    struct cp_error err = task->err;
    bool failed = task->failed;

    service->job = NULL;
    service->running = NULL;
    task->done(service, task);
    if (failed && err.domain != &cp_service_errors)
        service_fail(service, &err); /* what was refused by a rule carries the service's domain */
    run_next(service);
}

static void run_next(struct service *service)
{
    struct cp_error err = { 0 };

    if (service->running || !service->tasks || service->write_failed)
        return;
    service->running = service->tasks;
    service->tasks = service->running->next;
    if (!service->tasks)
        service->tasks_last = &service->tasks;
    service->job = cp_job_start(&service->loop, on_work, on_done, NULL, service, &err);
    if (!service->job)
        service_fail(service, &err);
}

static void push(struct service *service, struct write_task *task)
{
    task->next = NULL;
    *service->tasks_last = task;
    service->tasks_last = &task->next;
}

/* ---- batches of changes -------------------------------------------------------------------- */

static bool apply_batch(struct service *service, struct write_task *task)
{
    struct batch *batch = (struct batch *)task;

    return cp_ledger_apply(service->ledger, batch->changes, batch->count, batch->results,
                           &task->err);
}

static void free_batch(struct batch *batch)
{
    cp_arena_free(batch->arena);
    free(batch->changes);
    free(batch->items);
    free(batch->results);
    free(batch);
}

static void tell_result(struct service *service, const struct batch *batch, size_t i)
{
    const struct item *item = &batch->items[i];
    struct cp_engine_event event = {
        .kind = CP_EV_COMMITTED, .row = item->row, .part = item->part, .result = batch->results[i]
    };

    if (item->checkpoint) {
        part_checkpoint_kept(service, item->row, item->part,
                             batch->results[i] == CP_COMMIT_APPLIED);
        return;
    }
    service_tell(service, &event);
    if (batch->results[i] == CP_COMMIT_STALE) {
        cp_log(CP_LOG_INFO, "delivery %lld#%u was changed by somebody else meanwhile: read again",
               (long long)item->row, item->part);
        service_load_row(service, item->row);
    }
}

static void batch_done(struct service *service, struct write_task *task)
{
    struct batch *batch = (struct batch *)task;

    for (size_t i = 0; i < batch->count && !task->failed; i++)
        tell_result(service, batch, i);
    if (batch->notices && !task->failed)
        notices_look(service);
    free_batch(batch);
}

static struct batch *gather(struct service *service)
{
    struct batch *batch = service->gathering;

    if (batch)
        return batch;
    batch = calloc(1, sizeof(*batch));
    if (batch)
        batch->arena = cp_arena_create();
    if (!batch || !batch->arena) {
        free(batch);
        return NULL;
    }
    batch->task.work = apply_batch;
    batch->task.done = batch_done;
    service->gathering = batch;
    return batch;
}

static bool grow(struct batch *batch)
{
    size_t room = batch->capacity ? batch->capacity * 2 : 64;
    void *changes = realloc(batch->changes, room * sizeof(*batch->changes));
    void *items, *results;

    if (changes)
        batch->changes = changes;
    items = realloc(batch->items, room * sizeof(*batch->items));
    if (items)
        batch->items = items;
    results = realloc(batch->results, room * sizeof(*batch->results));
    if (results)
        batch->results = results;
    if (!changes || !items || !results)
        return false;
    batch->capacity = room;
    return true;
}

static void copy_strings(struct batch *batch, struct cp_part_change *change)
{
    change->remote_id = cp_arena_string(batch->arena, change->remote_id);
    change->url = cp_arena_string(batch->arena, change->url);
    change->reason = cp_arena_string(batch->arena, change->reason);
    change->notice = cp_arena_string(batch->arena, change->notice);
    change->by = cp_arena_string(batch->arena, change->by);
    change->checkpoint = cp_arena_string(batch->arena, change->checkpoint);
    change->frozen = cp_arena_string(batch->arena, change->frozen);
    change->evidence = cp_arena_string(batch->arena, change->evidence);
}

/* The request that is about to go, and the newest checkpoint, become durable with the change itself. */
static void add_freight(struct service *service, struct cp_part_change *change)
{
    const struct part_job *job = part_posting(service, change->row, change->part);

    if (!job)
        return;
    if (change->to == CP_IN_FLIGHT)
        change->frozen = job->frozen;
    if (job->checkpoint)
        change->checkpoint = job->checkpoint;
    change->evidence = job->evidence;
}

void writer_add_change(struct service *service, const struct cp_part_change *change,
                       bool checkpoint)
{
    struct batch *batch = gather(service);
    struct cp_part_change *copy;
    struct cp_error err = { 0 };

    if (!batch || (batch->count == batch->capacity && !grow(batch))) {
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    copy = &batch->changes[batch->count];
    *copy = *change;
    if (!checkpoint)
        add_freight(service, copy);
    copy_strings(batch, copy);
    batch->items[batch->count++] = (struct item){ checkpoint, change->row, change->part };
    batch->notices |= change->notice != NULL;
    if (cp_arena_failed(batch->arena)) {
        cp_error_no_memory(&err);
        service_fail(service, &err);
    }
}

/* What is gathered becomes a task; what comes from now on is another one. */
static void close_batch(struct service *service)
{
    struct batch *batch = service->gathering;

    service->gathering = NULL;
    if (batch)
        push(service, &batch->task);
}

void writer_add_task(struct service *service, struct write_task *task)
{
    close_batch(service); /* what was decided before is written before */
    push(service, task);
    run_next(service);
}

void writer_submit(struct service *service)
{
    if (service->running || service->tasks)
        return; /* it goes on gathering: fewer and larger transactions, fewer syncs */
    close_batch(service);
    run_next(service);
}

bool writer_is_idle(const struct service *service)
{
    return !service->running && !service->tasks && !service->gathering;
}

/* ---- entries ------------------------------------------------------------------------------- */

struct entry_task {
    struct write_task task;
    char *kind, *notice;
    json_t *data;
    struct cp_now now;
};

static bool write_entry(struct service *service, struct write_task *task)
{
    struct entry_task *entry = (struct entry_task *)task;

    return cp_ledger_entry(service->ledger, entry->kind, entry->data, entry->notice, &entry->now,
                           &task->err);
}

static void entry_done(struct service *service, struct write_task *task)
{
    struct entry_task *entry = (struct entry_task *)task;

    if (entry->notice && !task->failed)
        notices_look(service);
    json_decref(entry->data);
    free(entry->kind);
    free(entry->notice);
    free(entry);
}

void writer_add_entry(struct service *service, const char *kind, json_t *data, const char *notice)
{
    struct entry_task *entry = calloc(1, sizeof(*entry));
    struct cp_error err = { 0 };

    if (!entry) {
        json_decref(data);
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    entry->task.work = write_entry;
    entry->task.done = entry_done;
    entry->kind = strdup(kind);
    entry->notice = notice ? strdup(notice) : NULL;
    entry->data = data;
    entry->now = service_now(service);
    writer_add_task(service, &entry->task);
}

/* ---- opening and closing ------------------------------------------------------------------- */

bool writer_open(struct service *service)
{
    service->tasks_last = &service->tasks;
    return true;
}

/* Called when the loop has ended: nothing runs any more. What was not written was not promised. */
void writer_close(struct service *service)
{
    close_batch(service);
    service->write_failed = true;
    while (service->tasks) {
        struct write_task *task = service->tasks;

        service->tasks = task->next;
        task->failed = true;
        task->done(service, task);
    }
}
