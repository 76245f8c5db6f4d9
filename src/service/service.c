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
    if (!guard_find_state(service, err) || !guard_refuse_real_servers(service, err) ||
        !guard_open_ledger(service, err) ||
        !(service->offline ? guard_take_clock(service, err)
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
    bool fine = guard_find_state(&probe, err);

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
