/* src/service/guard.c - what is looked at before a service or a command may use the ledger.
 *
 * The state folder is found and made, its lock taken, the ledger opened; and a ledger that was copied, or that
 * belongs to another kind of time, is noticed.
 */
#include "service/service_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_folder(const char *path, struct cp_error *err)
{
    char step[4096];

    snprintf(step, sizeof(step), "%s", path);
    for (char *slash = strchr(step + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)!mkdir(step, 0755); /* a missing one shows in the last step */
        *slash = '/';
    }
    if (mkdir(step, 0700) < 0 && errno != EEXIST)
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
                            "cannot make the state folder '%s': %s", path, strerror(errno));
    return true;
}

/* Only what is needed to find the ledger; the whole of it is read again with the schedules. */
bool guard_find_state(struct service *service, struct cp_error *err)
{
    struct cp_preview_options options = { .config_path = service->options.config_path,
                                          .adapters = service->options.adapters };
    struct cp_diagnostics diagnostics = { 0 };
    struct cp_arena *arena = cp_arena_create();
    struct cp_config *config = NULL;

    if (!arena)
        return cp_error_no_memory(err);
    if (cp_preview_config(&options, arena, &diagnostics, &config, err) && !config) {
        cp_diagnostics_print(&diagnostics, isatty(STDERR_FILENO) == 1, stderr);
        cp_error_set(err, &cp_service_errors, CP_SERVICE_SCHEDULE,
                     "the configuration has errors; nothing was done");
    }
    cp_diagnostics_release(&diagnostics);
    if (!config) {
        cp_arena_free(arena);
        return false;
    }
    service->arena = arena;
    service->config = config;
    service->state = strdup(config->state);
    return service->state || cp_error_no_memory(err);
}

static bool read_machine(char out[40])
{
    int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, 32) : -1;

    if (fd >= 0)
        close(fd);
    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* A missing value is the same: the ledger is new. */
static bool compare_meta(struct service *service, const char *key, const char *value, bool *same,
                         struct cp_error *err)
{
    char *stored = NULL;

    if (!cp_ledger_meta(service->ledger, key, &stored, err))
        return false;
    *same = !stored || strcmp(stored, value) == 0;
    free(stored);
    return true;
}

/* A ledger that was copied, restored, or put on another machine may have a twin that still runs. The
 * hold is durable before the new place is, so that a crash in between can't lose it. */
bool guard_copy(struct service *service, struct cp_error *err)
{
    static const char notice[] =
        "this ledger was copied or restored, or runs on another machine: everything is held. Make "
        "sure "
        "that no other camp-post uses it, then run `camp-post release all`";
    struct cp_scope all = { .kind = CP_SCOPE_ALL };
    struct cp_now now = service_now(service);
    char machine[40], place[64];
    bool same_machine, same_place;
    int64_t row;

    if (!read_machine(machine))
        snprintf(machine, sizeof(machine), "unknown");
    if (!cp_ledger_place(service->ledger, place, err) ||
        !compare_meta(service, "machine", machine, &same_machine, err) ||
        !compare_meta(service, "place", place, &same_place, err))
        return false;
    if (!same_machine || !same_place) {
        cp_log(CP_LOG_ERROR, "%s", notice);
        if (!cp_ledger_add_hold(service->ledger, &all, "the ledger was copied", "camp-post", false,
                                notice, &now, &row, err))
            return false;
    }
    return cp_ledger_set_meta(service->ledger, "machine", machine, err) &&
           cp_ledger_set_meta(service->ledger, "place", place, err);
}

/* Plan time that jumps and plan time that flows must never meet in one ledger. */
bool guard_clock(struct service *service, struct cp_error *err)
{
    bool forward = service->options.fast_forward;
    char *stored = NULL;
    char text[32];
    int64_t newest_us = 0;

    if (!cp_ledger_meta(service->ledger, "fast_forward", &stored, err) ||
        !cp_ledger_newest(service->ledger, &newest_us, err))
        return false;
    if (stored && !forward) {
        free(stored);
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
                            "the ledger in '%s' was made with --clock, whose time is not ours; use "
                            "another state folder",
                            service->state);
    }
    if (!stored && forward && newest_us)
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
                            "--clock needs a new ledger; the one in '%s' has real deliveries in it",
                            service->state);
    service->clock.plan_us = stored ? strtoll(stored, NULL, 10) : service->options.start_us;
    free(stored);
    if (!forward)
        return true;
    snprintf(text, sizeof(text), "%lld", (long long)service->clock.plan_us);
    return cp_ledger_set_meta(service->ledger, "fast_forward", text, err);
}

/* What a person decides about a rehearsal happens at the rehearsal's time. */
bool guard_take_clock(struct service *service, struct cp_error *err)
{
    char *stored = NULL;

    if (!cp_ledger_meta(service->ledger, "fast_forward", &stored, err))
        return false;
    service->clock.fast_forward = stored != NULL;
    if (stored)
        service->clock.plan_us = strtoll(stored, NULL, 10);
    free(stored);
    return true;
}

bool guard_refuse_real_servers(const struct service *service, struct cp_error *err)
{
    for (size_t i = 0; service->options.fast_forward && i < service->config->account_count; i++) {
        const struct cp_account *account = &service->config->accounts[i];

        if (account->server && !cp_origin_is_loopback(account->server))
            return cp_error_set(err, &cp_service_errors, CP_SERVICE_USAGE,
                                "--clock is for rehearsals: account '%s' is on '%s', which is not "
                                "this machine",
                                account->id, account->server);
    }
    return true;
}

bool guard_open_ledger(struct service *service, struct cp_error *err)
{
    struct cp_buffer path = { 0 };

    cp_buffer_printf(&path, "%s/media", service->state);
    if (path.failed || !make_folder(service->state, err) || !make_folder(path.data, err)) {
        cp_buffer_release(&path);
        return false;
    }
    cp_buffer_clear(&path);
    cp_buffer_printf(&path, "%s/ledger.db", service->state);
    service->lock = cp_ledger_lock(service->state, err);
    if (service->lock >= 0 && !path.failed)
        service->ledger = cp_ledger_open(path.data, CP_LEDGER_WRITE, err);
    cp_buffer_release(&path);
    return service->ledger != NULL;
}
