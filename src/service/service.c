/* src/service/service.c - opening, running and ending a service. */
#include "service/service_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

const struct cp_error_domain cp_service_errors = { "service" };

/* How long what is under way may take to settle once the service is told to end. */
static const int64_t SETTLE_US = 8 * CP_SECOND;
/* How long a run with --once waits for a server that does not answer. */
static const int64_t PATIENCE_US = 30 * CP_SECOND;

/* ---- the clock ----------------------------------------------------------------------------- */

static void read_clock(const struct cp_clock *clock, struct cp_now *out)
{
    const struct service_clock *own = (const struct service_clock *)clock;

    cp_clock_system.read(&cp_clock_system, out);
    if (own->fast_forward)
        out->plan_us = own->plan_us;
}

struct cp_now service_now(const struct service *service)
{
    return cp_clock_now(&service->clock.clock);
}

/* ---- signals ------------------------------------------------------------------------------- */

struct signals {
    struct service *service;
    uv_signal_t end, interrupt, reload;
    unsigned open;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct signals *signals = handle->data;

    if (number == SIGHUP) {
        cp_log(CP_LOG_INFO, "told to read the files again");
        accounts_look_at_credentials(signals->service);
        acceptance_start(signals->service);
    } else if (signals->service->stopping) {
        signals->service->stop_at_us = 0; /* told twice: now */
        cp_wait_set(signals->service->housekeeping, 0);
    } else {
        cp_log(CP_LOG_INFO, "told to end: what is on its way settles first");
        service_stop(signals->service);
    }
}

static void on_signal_closed(uv_handle_t *handle)
{
    struct signals *signals = handle->data;

    if (--signals->open == 0)
        free(signals);
}

static bool signals_open(struct service *service, struct cp_error *err)
{
    struct signals *signals = calloc(1, sizeof(*signals));

    if (!signals)
        return cp_error_no_memory(err);
    service->signals = signals;
    signals->service = service;
    signals->open = 3;
    uv_signal_init(&service->loop, &signals->end);
    uv_signal_init(&service->loop, &signals->interrupt);
    uv_signal_init(&service->loop, &signals->reload);
    signals->end.data = signals->interrupt.data = signals->reload.data = signals;
    uv_signal_start(&signals->end, on_signal, SIGTERM);
    uv_signal_start(&signals->interrupt, on_signal, SIGINT);
    uv_signal_start(&signals->reload, on_signal, SIGHUP);
    return true;
}

static void signals_close(struct service *service)
{
    struct signals *signals = service->signals;

    if (!signals)
        return;
    service->signals = NULL;
    uv_close((uv_handle_t *)&signals->end, on_signal_closed);
    uv_close((uv_handle_t *)&signals->interrupt, on_signal_closed);
    uv_close((uv_handle_t *)&signals->reload, on_signal_closed);
}

/* ---- the state folder and the ledger ---------------------------------------------------------- */

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
static bool find_state(struct service *service, struct cp_error *err)
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
static bool guard_copy(struct service *service, struct cp_error *err)
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
static bool guard_clock(struct service *service, struct cp_error *err)
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
static bool take_clock(struct service *service, struct cp_error *err)
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

static bool refuse_real_servers(const struct service *service, struct cp_error *err)
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

static bool open_ledger(struct service *service, struct cp_error *err)
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

/* ---- engine and transport ------------------------------------------------------------------- */

static bool tell_stored_hold(const struct cp_ledger_hold *hold, void *ctx)
{
    struct cp_engine_event event = { .kind = CP_EV_HOLD,
                                     .row = hold->row,
                                     .scope = &hold->scope,
                                     .own = hold->own,
                                     .reason = hold->reason };

    service_tell(ctx, &event);
    return true;
}

static bool open_engine(struct service *service, struct cp_error *err)
{
    struct cp_engine_options options = { .now = service_now(service),
                                         .only = service->options.only };

    if (getrandom(&options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed))
        options.seed = (uint64_t)options.now.boot_us;
    if (!cp_ledger_newest(service->ledger, &options.newest_us, err))
        return false;
    service->engine = cp_engine_create(&options, err);
    return service->engine && cp_ledger_holds(service->ledger, tell_stored_hold, service, err);
}

static bool open_transport(struct service *service, struct cp_error *err)
{
    struct cp_buffer media = { 0 };
    struct cp_transport_options options = { .user_agent = "camp-post/" CAMP_POST_VERSION,
                                            .ca_file = service->options.ca_file };

    cp_buffer_printf(&media, "%s/media", service->state);
    options.media_directory = media.data;
    service->transport = cp_transport_open(&service->loop, &options, err);
    cp_buffer_release(&media);
    return service->transport != NULL;
}

static bool open_parts(struct service *service, struct cp_error *err)
{
    if (!find_state(service, err) || !refuse_real_servers(service, err) ||
        !open_ledger(service, err) ||
        !(service->offline ? take_clock(service, err)
                           : guard_clock(service, err) && guard_copy(service, err)) ||
        !writer_open(service) || !wake_open(service, err) || !open_engine(service, err))
        return false;
    if (service->offline)
        return accounts_apply(service, service->config, NULL, err);
    return open_transport(service, err) && signals_open(service, err) &&
           notices_open(service, err) && control_open(service, err);
}

struct service *service_open(const struct cp_service_options *options, bool offline,
                             struct cp_error *err)
{
    struct service *service = calloc(1, sizeof(*service));

    if (!service) {
        cp_error_no_memory(err);
        return NULL;
    }
    service->options = *options;
    service->offline = offline;
    service->lock = -1;
    service->err = err;
    service->queue_last = &service->queue_first;
    service->next_command_hold = HOLD_FIRST_COMMAND;
    service->clock.clock.read = read_clock;
    service->clock.fast_forward = options->fast_forward;
    service->clock.plan_us = options->start_us;
    service->loop_ready = uv_loop_init(&service->loop) == 0;
    if (!service->loop_ready || !open_parts(service, err)) {
        service_close(service);
        return NULL;
    }
    return service;
}

void service_close(struct service *service)
{
    if (!service)
        return;
    watch_stop(service);
    control_close(service);
    notices_close(service);
    signals_close(service);
    part_abort_all(service);
    accounts_release(service);
    wake_close(service);
    cp_transport_close(service->transport);
    if (service->loop_ready)
        uv_run(&service->loop, UV_RUN_DEFAULT); /* handles close, workers let go */
    if (service->tasks_last)
        writer_close(service);
    if (service->loop_ready)
        uv_loop_close(&service->loop);
    cp_engine_free(service->engine);
    cp_ledger_close(service->ledger);
    if (service->lock >= 0)
        close(service->lock);
    cp_arena_free(service->arena);
    free(service->state);
    free(service);
}

/* ---- the end ------------------------------------------------------------------------------- */

void service_stop(struct service *service)
{
    struct cp_engine_event event = { .kind = CP_EV_STOP };

    if (service->stopping)
        return;
    service->stopping = true;
    service->stop_at_us = service_now(service).boot_us + SETTLE_US;
    supervisor_tell("STOPPING=1");
    service_tell(service, &event);
    cp_wait_set(service->housekeeping, 0);
}

/* Only marks the end: whoever is at work further up the stack finishes first. */
void service_fail(struct service *service, const struct cp_error *err)
{
    char text[700];

    if (service->write_failed)
        return;
    cp_error_format(err, text, sizeof(text));
    cp_log(CP_LOG_ERROR, "the service ends: %s", text);
    service->write_failed = true;
    service->ended = true;
    service->ending = CP_ENDED_ENVIRONMENT;
    if (service->err && !service->err->domain)
        *service->err = *err;
}

static bool is_quiet(const struct service *service)
{
    for (const struct account *account = service->accounts; account; account = account->next)
        if (account->errand)
            return false;
    return service->accepted && !service->accepting && !service->job_count &&
           writer_is_idle(service);
}

static void look_for_the_end(struct service *service)
{
    struct cp_now now = service_now(service);
    struct cp_engine_load load;

    if (service->stopping) {
        service->ended = !service->job_count && writer_is_idle(service);
        return;
    }
    if ((!service->options.once && !service->options.fast_forward) || !is_quiet(service)) {
        service->only_waiting_us = 0;
        return;
    }
    cp_engine_outstanding(service->engine, &now, &load);
    if (load.open || load.unseen || load.preparing)
        return;
    if (load.waiting && service->options.fast_forward)
        return;
    if (load.waiting) {
        if (!service->only_waiting_us)
            service->only_waiting_us = now.boot_us;
        if (now.boot_us - service->only_waiting_us < PATIENCE_US) {
            cp_wait_set(service->housekeeping, now.boot_us + CP_SECOND);
            return;
        }
    }
    notices_look(service);
    if (service->options.fast_forward)
        wake_jump(service);
    else if (notices_are_told(service))
        service_stop(service);
}

void service_before_sleep(struct service *service)
{
    if (!service->ended) {
        writer_submit(service);
        look_for_the_end(service);
        wake_update(service);
        writer_submit(service);
    }
    if (service->ended)
        uv_stop(&service->loop);
}

/* ---- what is left -------------------------------------------------------------------------- */

struct left {
    const struct service *service;
    int64_t now_us;
    size_t covered, trouble, due;
};

static bool count_left(const struct cp_ledger_row *row, void *ctx)
{
    struct left *left = ctx;
    const struct cp_scope *only = left->service->options.only;

    if (only && !service_covers(left->service, only, row))
        return true;
    left->covered++;
    for (size_t i = 0; i < row->part_count && row->wanted; i++) {
        enum cp_part_state state = row->parts[i].state;
        bool waits = (row->standby || row->late) && !row->released;

        left->trouble += state == CP_REJECTED || state == CP_EXPIRED || state == CP_UNCERTAIN;
        left->due += !waits && row->due_us <= left->now_us &&
                     (state == CP_PLANNED || cp_part_is_open(state));
    }
    return true;
}

static enum cp_service_ending judge(struct service *service)
{
    struct left left = { .service = service, .now_us = service_now(service).plan_us };

    if (service->ending != CP_ENDED_WELL ||
        (!service->options.once && !service->options.fast_forward))
        return service->ending;
    if (!cp_ledger_rows(service->ledger, false, count_left, &left, service->err))
        return CP_ENDED_ENVIRONMENT;
    if (service->options.only && !left.covered)
        cp_log(CP_LOG_WARNING, "nothing that was accepted is of the scope after --only");
    if (left.due)
        cp_log(CP_LOG_WARNING,
               left.due == 1 ? "%zu part is due and still waits; see `camp-post status`"
                             : "%zu parts are due and still wait; see `camp-post status`",
               left.due);
    if (left.trouble)
        cp_log(CP_LOG_WARNING,
               left.trouble == 1 ? "%zu part needs a decision; see `camp-post status`"
                                 : "%zu parts need a decision; see `camp-post status`",
               left.trouble);
    return left.due || left.trouble ? CP_ENDED_LEFT : CP_ENDED_WELL;
}

enum cp_service_ending cp_service_run(const struct cp_service_options *options,
                                      struct cp_error *err)
{
    struct service *service = service_open(options, false, err);
    enum cp_service_ending ending;

    if (!service)
        return err->domain == &cp_service_errors && err->code == CP_SERVICE_SCHEDULE
                   ? CP_ENDED_SCHEDULE
                   : CP_ENDED_ENVIRONMENT;
    acceptance_start(service);
    uv_run(&service->loop, UV_RUN_DEFAULT);
    ending = judge(service);
    service_close(service);
    return ending;
}

/* ---- a command without a service ------------------------------------------------------------- */

struct waiting {
    struct service *service;
    json_t *answer;
};

static void take_answer(json_t *answer, void *ctx)
{
    struct waiting *waiting = ctx;

    waiting->answer = answer;
    waiting->service->ended = true;
}

static json_t *run_offline(const struct cp_service_options *options, const json_t *command,
                           struct cp_error *err)
{
    struct waiting waiting = { .service = service_open(options, true, err) };

    if (!waiting.service)
        return NULL;
    command_run(waiting.service, command, take_answer, &waiting);
    if (!waiting.answer)
        uv_run(&waiting.service->loop, UV_RUN_DEFAULT);
    service_close(waiting.service);
    return waiting.answer;
}

static char *state_folder(const struct cp_service_options *options, struct cp_error *err)
{
    struct service probe = { .options = *options };
    bool fine = find_state(&probe, err);

    cp_arena_free(probe.arena);
    return fine ? probe.state : NULL;
}

json_t *cp_command_send(const struct cp_service_options *options, const json_t *command,
                        struct cp_error *err)
{
    char *state = state_folder(options, err);
    json_t *answer;

    if (!state)
        return NULL;
    answer = control_ask(state, command, err);
    free(state);
    if (answer || err->domain)
        return answer;
    return run_offline(options, command, err);
}
