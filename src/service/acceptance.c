/* src/service/acceptance.c - reading the files, accepting the plan, and doing so again when they change.
 *
 * All of it is one write task on the pool: parse, plan, copy media, one transaction. A broken edit
 * changes nothing and is a notice; what was accepted before goes on.
 */
#include "service/service_private.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct acceptance {
    struct write_task task;
    struct cp_preview preview;
    struct cp_accepted accepted;
    struct cp_now now;
    uint32_t *numbers; /* of the accounts, in the configuration's order */
    bool readable;     /* the files had no faults, and the plan was accepted */
    int64_t *touched;
    size_t touched_count, touched_capacity;
};

/* ---- on the pool: media -------------------------------------------------------------------- */

static bool copy_bytes(int from, int to)
{
    char bytes[64 << 10];
    ssize_t got;

    while ((got = read(from, bytes, sizeof(bytes))) > 0)
        for (ssize_t done = 0, put; done < got; done += put)
            if ((put = write(to, bytes + done, (size_t)(got - done))) < 0)
                return false;
    return got == 0;
}

/* Copies beside and renames: a medium is there whole or not at all. */
static bool copy_file(const char *from, const char *to, struct cp_error *err)
{
    struct cp_buffer beside = { 0 };
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1;
    bool fine;

    cp_buffer_printf(&beside, "%s.new", to);
    if (in >= 0 && !beside.failed)
        out = open(beside.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fine = out >= 0 && copy_bytes(in, out) && fsync(out) == 0 && rename(beside.data, to) == 0;
    if (!fine)
        cp_error_set(err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
                     "cannot copy '%s' to '%s': %s", from, to, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    cp_buffer_release(&beside);
    return fine;
}

static bool copy_medium(const struct service *service, const struct cp_medium *medium,
                        struct cp_error *err)
{
    struct cp_buffer path = { 0 };
    struct stat info;
    bool fine = true;

    cp_buffer_printf(&path, "%s/media/%s", service->state, medium->sha256);
    if (path.failed)
        fine = cp_error_no_memory(err);
    else if (stat(path.data, &info) < 0 || (uint64_t)info.st_size != medium->size)
        fine = copy_file(medium->path, path.data, err);
    cp_buffer_release(&path);
    return fine;
}

static bool copy_media(const struct service *service, const struct cp_preview *preview,
                       struct cp_error *err)
{
    for (size_t c = 0; c < preview->campaign_count; c++) {
        const struct cp_campaign *campaign = preview->campaigns[c];

        for (size_t p = 0; p < campaign->post_count; p++)
            for (size_t m = 0; m < campaign->posts[p].message_count; m++)
                for (size_t i = 0; i < campaign->posts[p].messages[m].media_count; i++)
                    if (!copy_medium(service, &campaign->posts[p].messages[m].media[i], err))
                        return false;
    }
    return true;
}

/* ---- on the pool: the plan ----------------------------------------------------------------- */

static void remember_touched(int64_t row, void *ctx)
{
    struct acceptance *acceptance = ctx;

    if (acceptance->touched_count == acceptance->touched_capacity) {
        size_t room = acceptance->touched_capacity ? acceptance->touched_capacity * 2 : 256;
        int64_t *grown = realloc(acceptance->touched, room * sizeof(*grown));

        if (!grown)
            return; /* such a delivery is read again at the next start; its revision protects it till then */
        acceptance->touched = grown;
        acceptance->touched_capacity = room;
    }
    acceptance->touched[acceptance->touched_count++] = row;
}

/* When a rule of the ledger said no, nothing is broken but the edit. Always false. */
static bool refuse(struct write_task *task)
{
    if (task->err.domain == &cp_ledger_errors && task->err.code == CP_LEDGER_REFUSED)
        task->err.domain = &cp_service_errors;
    return false;
}

static bool number_accounts(struct service *service, struct acceptance *acceptance)
{
    const struct cp_config *config = acceptance->preview.config;

    acceptance->numbers = calloc(config->account_count + 1, sizeof(*acceptance->numbers));
    if (!acceptance->numbers)
        return cp_error_no_memory(&acceptance->task.err);
    for (size_t i = 0; i < config->account_count; i++)
        if (!cp_ledger_account(service->ledger, &config->accounts[i], &acceptance->numbers[i],
                               &acceptance->task.err))
            return refuse(&acceptance->task);
    return true;
}

static bool work(struct service *service, struct write_task *task)
{
    struct acceptance *acceptance = (struct acceptance *)task;
    struct cp_preview *preview = &acceptance->preview;
    struct cp_preview_options options = {
        .config_path = service->options.config_path,
        .files = service->options.files,
        .file_count = service->options.file_count,
        .adapters = service->options.adapters,
        .only = service->options.only,
        .ledger = service->ledger,
        .now_us = acceptance->now.plan_us,
    };

    if (!cp_preview_make(&options, preview, &task->err)) {
        task->err.domain =
            task->err.domain == &cp_ledger_errors ? task->err.domain : &cp_service_errors;
        return false;
    }
    if (preview->diagnostics.faults || !preview->plan)
        return true;
    if (!copy_media(service, preview, &task->err))
        return false;
    if (!number_accounts(service, acceptance))
        return false;
    acceptance->readable =
        cp_ledger_accept(service->ledger, preview->plan, "files", &acceptance->now,
                         &acceptance->accepted, remember_touched, acceptance, &task->err);
    return acceptance->readable || refuse(task);
}

/* ---- on the loop --------------------------------------------------------------------------- */

/* "file:3:9: message", without a place that it does not have. */
static void format_first(const struct cp_diagnostics *list, char *out, size_t size)
{
    const struct cp_diagnostic *d = list->items, *end = d + list->count;

    while (d < end && d->severity != CP_FAULT)
        d++;
    if (d == end)
        *out = '\0';
    else if (d->file && d->line)
        snprintf(out, size, "%s:%u:%u: %s", d->file, d->line, d->column, d->message);
    else
        snprintf(out, size, "%s%s%s", d->file ? d->file : "", d->file ? ": " : "", d->message);
}

static void tell_broken(struct service *service, const struct acceptance *acceptance)
{
    const struct cp_diagnostics *list = &acceptance->preview.diagnostics;
    size_t faults = list->faults + (acceptance->task.err.domain != NULL);
    char text[700], message[500] = "";

    if (acceptance->task.err.domain)
        cp_error_format(&acceptance->task.err, message, sizeof(message));
    else
        format_first(list, message, sizeof(message));
    snprintf(text, sizeof(text),
             "the schedule was changed and cannot be used (%zu error%s: %s); what was accepted "
             "before goes on. Run `camp-post check`",
             faults, faults == 1 ? "" : "s, the first", message);
    cp_log(CP_LOG_ERROR, "%s", text);
    writer_add_entry(service, "notice", json_object(), text);
}

static void fail_first(struct service *service, struct acceptance *acceptance)
{
    if (acceptance->task.err.domain) {
        service_fail(service, &acceptance->task.err);
    } else {
        cp_diagnostics_print(&acceptance->preview.diagnostics, isatty(STDERR_FILENO) == 1, stderr);
        service->ended = true;
    }
    service->ending =
        acceptance->task.err.domain && acceptance->task.err.domain != &cp_service_errors
            ? CP_ENDED_ENVIRONMENT
            : CP_ENDED_SCHEDULE;
    if (acceptance->task.err.code == CP_SERVICE_ENVIRONMENT)
        service->ending = CP_ENDED_ENVIRONMENT;
}

/* Of what was touched, what the engine has; what is due now is handed to it anyway. */
static void reload_touched(struct service *service, const struct acceptance *acceptance)
{
    for (size_t i = 0; i < acceptance->touched_count; i++)
        if (cp_engine_has(service->engine, acceptance->touched[i]))
            service_load_row(service, acceptance->touched[i]);
}

static void take_over(struct service *service, struct acceptance *acceptance)
{
    struct cp_error err = { 0 };
    struct cp_arena *old = service->arena;

    service->config = acceptance->preview.config;
    service->arena = acceptance->preview.arena;
    acceptance->preview.arena = NULL;
    if (!accounts_apply(service, service->config, acceptance->numbers, &err))
        service_fail(service, &err);
    accounts_look_at_credentials(service);
    cp_arena_free(old);
    if (acceptance->accepted.added || acceptance->accepted.changed ||
        acceptance->accepted.cancelled || acceptance->accepted.late)
        cp_log(CP_LOG_INFO, "accepted: %zu new, %zu changed, %zu no longer wanted, %zu late",
               acceptance->accepted.added, acceptance->accepted.changed,
               acceptance->accepted.cancelled, acceptance->accepted.late);
    if (service->accepted)
        reload_touched(service, acceptance);
    else
        wake_load_open(service);
    service->accepted = true;
    watch_files(service, &acceptance->preview);
    service->loaded_us = INT64_MIN; /* what was accepted just now may be due already */
    wake_load_due(service);
    notices_look(service);
}

static void done(struct service *service, struct write_task *task)
{
    struct acceptance *acceptance = (struct acceptance *)task;
    bool first = !service->accepted;

    service->accepting = false;
    if (!service->ended && acceptance->readable)
        take_over(service, acceptance);
    else if (!service->ended && first)
        fail_first(service, acceptance);
    else if (!service->ended)
        tell_broken(service, acceptance);
    if (first && service->accepted)
        supervisor_tell("READY=1\nSTATUS=accepted, running");
    cp_preview_release(&acceptance->preview);
    free(acceptance->touched);
    free(acceptance->numbers);
    free(acceptance);
    /* A large campaign was in memory for a moment; what is left over is many small holes. */
    malloc_trim(0);
    if (service->again) {
        service->again = false;
        acceptance_start(service);
    }
}

void acceptance_start(struct service *service)
{
    struct acceptance *acceptance;
    struct cp_error err = { 0 };

    if (service->accepting) {
        service->again = true;
        return;
    }
    acceptance = calloc(1, sizeof(*acceptance));
    if (!acceptance) {
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    service->accepting = true;
    acceptance->task.work = work;
    acceptance->task.done = done;
    acceptance->now = service_now(service);
    writer_add_task(service, &acceptance->task);
}
