/* src/service/wake.c - when something is due, and the clock that jumps.
 *
 * An idle service sleeps until the next due moment: one alarm on the real-time clock for plan time, one
 * wait on boot time for back-off, settle and read-back. Under fast-forward plan time stands still while
 * anything is outstanding and then jumps to the next moment at which something happens.
 */
#include "service/service_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is due --------------------------------------------------------------------------- */

static bool load(const struct cp_engine_delivery *delivery, void *ctx)
{
    struct cp_engine_event event = { .kind = CP_EV_LOAD, .delivery = delivery };

    service_tell(ctx, &event);
    return true;
}

void wake_load_open(struct service *service)
{
    struct cp_error err = { 0 };

    if (!cp_ledger_open_ones(service->ledger, load, service, &err))
        service_fail(service, &err);
}

void wake_load_due(struct service *service)
{
    int64_t now_us = service_now(service).plan_us, after_us = service->loaded_us;
    struct cp_error err = { 0 };

    if (!service->accepted || now_us <= after_us || service->ended)
        return;
    service->loaded_us = now_us;
    if (!cp_ledger_due(service->ledger, after_us, now_us, load, service, &err))
        service_fail(service, &err);
}

/* ---- sleeping ------------------------------------------------------------------------------ */

static void tick(struct service *service)
{
    struct cp_engine_event event = { .kind = CP_EV_TICK };

    wake_load_due(service);
    service_tell(service, &event);
}

static void on_alarm(bool stepped, void *ctx)
{
    struct service *service = ctx;

    if (stepped)
        cp_log(CP_LOG_WARNING, "the clock of this machine was set");
    tick(service);
}

static void on_wait(void *ctx)
{
    tick(ctx);
}

static int64_t next_plan_moment(struct service *service, int64_t engine_us)
{
    struct cp_error err = { 0 };
    int64_t due_us = CP_NEVER;

    if (!cp_ledger_next_due(service->ledger, service->loaded_us, &due_us, &err))
        service_fail(service, &err);
    return due_us < engine_us ? due_us : engine_us;
}

void wake_update(struct service *service)
{
    int64_t plan_us = CP_NEVER, boot_us = CP_NEVER;

    if (!service->accepted || service->ended)
        return;
    cp_engine_wake(service->engine, &plan_us, &boot_us);
    cp_wait_set(service->wait, boot_us);
    if (!service->clock.fast_forward)
        cp_alarm_set(service->alarm, next_plan_moment(service, plan_us));
}

/* ---- jumping ------------------------------------------------------------------------------- */

struct jump_task {
    struct write_task task;
    int64_t to_us;
};

static bool write_jump(struct service *service, struct write_task *task)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64, ((struct jump_task *)task)->to_us);
    return cp_ledger_set_meta(service->ledger, "fast_forward", text, &task->err);
}

static void jumped(struct service *service, struct write_task *task)
{
    struct jump_task *jump = (struct jump_task *)task;

    service->jumping = false;
    if (!task->failed) {
        service->clock.plan_us = jump->to_us;
        tick(service);
    }
    free(jump);
}

/* Plan time is durable before anything is decided by it: after a crash it goes on from there. */
void wake_jump(struct service *service)
{
    int64_t plan_us = CP_NEVER, boot_us = CP_NEVER;
    struct jump_task *jump;
    struct cp_error err = { 0 };

    if (service->jumping)
        return;
    cp_engine_wake(service->engine, &plan_us, &boot_us);
    plan_us = next_plan_moment(service, plan_us);
    if (plan_us == CP_NEVER) {
        service_stop(service); /* nothing is left to do */
        return;
    }
    jump = calloc(1, sizeof(*jump));
    if (!jump) {
        cp_error_no_memory(&err);
        service_fail(service, &err);
        return;
    }
    service->jumping = true;
    jump->task.work = write_jump;
    jump->task.done = jumped;
    jump->to_us = plan_us > service->clock.plan_us ? plan_us : service->clock.plan_us;
    writer_add_task(service, &jump->task);
}

/* ---- the HOLD file and the room on the disk ------------------------------------------------- */

static void set_memory_hold(struct service *service, int64_t row, bool held)
{
    struct cp_scope all = { .kind = CP_SCOPE_ALL };
    struct cp_engine_event event = { .kind = held ? CP_EV_HOLD : CP_EV_RELEASE,
                                     .row = row,
                                     .scope = &all };

    service_tell(service, &event);
}

static bool hold_file_is_there(const struct service *service)
{
    struct cp_buffer path = { 0 };
    bool there;

    cp_buffer_printf(&path, "%s/HOLD", service->state);
    there = path.failed || access(path.data, F_OK) == 0;
    cp_buffer_release(&path);
    return there;
}

static bool room_is_low(const struct service *service)
{
    uint64_t room = UINT64_MAX;

    return cp_ledger_room(service->ledger, &room, NULL) && room < CP_ROOM_LEAST;
}

bool wake_must_pause(struct service *service)
{
    bool pause = hold_file_is_there(service) || room_is_low(service);

    if (pause)
        cp_wait_set(service->housekeeping, 0);
    return pause;
}

static void look_around(struct service *service)
{
    bool file = hold_file_is_there(service), low = room_is_low(service);

    if (file != service->hold_file) {
        service->hold_file = file;
        cp_log(CP_LOG_WARNING,
               file ? "held: there is a file HOLD in '%s'"
                    : "the file HOLD in '%s' is gone: going on",
               service->state);
        set_memory_hold(service, HOLD_OF_FILE, file);
    }
    if (low != service->room_low) {
        service->room_low = low;
        cp_log(
            CP_LOG_ERROR,
            low ? "sending pauses: the disk of '%s' is almost full; make room, it goes on by itself"
                : "there is room on the disk of '%s' again: going on",
            service->state);
        set_memory_hold(service, HOLD_OF_ROOM, low);
    }
}

/* ---- housekeeping: only while there is a reason to look, an idle service sleeps ---------------- */

static void keep_house(void *ctx)
{
    struct service *service = ctx;
    int64_t every_us = supervisor_watchdog_us() / 2;
    int64_t now_us = service_now(service).boot_us;

    if (every_us)
        supervisor_tell("WATCHDOG=1");
    look_around(service);
    if (service->stopping && now_us >= service->stop_at_us)
        part_abort_all(service);
    if ((service->room_low || service->hold_file) && (!every_us || every_us > 2 * CP_SECOND))
        every_us = 2 * CP_SECOND;
    if (service->stopping)
        every_us = CP_SECOND;
    cp_wait_set(service->housekeeping, every_us ? now_us + every_us : CP_NEVER);
}

static void on_prepare(uv_prepare_t *prepare)
{
    service_before_sleep(prepare->data);
}

bool wake_open(struct service *service, struct cp_error *err)
{
    service->loaded_us = INT64_MIN;
    service->alarm = cp_alarm_open(&service->loop, on_alarm, service, err);
    service->wait = cp_wait_open(&service->loop, on_wait, service, err);
    service->housekeeping = cp_wait_open(&service->loop, keep_house, service, err);
    if (!service->alarm || !service->wait || !service->housekeeping)
        return false;
    uv_prepare_init(&service->loop, &service->prepare);
    service->prepare.data = service;
    uv_prepare_start(&service->prepare, on_prepare);
    cp_wait_set(service->housekeeping, 0);
    return true;
}

void wake_close(struct service *service)
{
    cp_alarm_close(&service->alarm);
    cp_wait_close(&service->wait);
    cp_wait_close(&service->housekeeping);
    if (service->prepare.data)
        uv_close((uv_handle_t *)&service->prepare, NULL);
}
