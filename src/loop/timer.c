/* src/loop/timer.c - alarms and waits, both a timerfd watched by libuv.
 *
 * libuv's own timers count milliseconds of a clock that stops while the machine sleeps, and fire up
 * to half a millisecond early; a timerfd is absolute, never early, and the kernel says when the
 * clock was set.
 */
#include "loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

const struct cp_error_domain cp_uv_errors = { "loop" };

/* Far enough to mean "never", near enough for the kernel's 64-bit nanoseconds. */
static const int64_t FAR_AWAY_US = INT64_C(8000000000) * CP_SECOND;

struct timer {
    uv_poll_t poll;
    int fd, flags;
    void (*ring)(struct timer *timer, bool stepped);
    cp_alarm_fn *alarm;
    cp_wait_fn *wait;
    void *ctx;
    bool closed;
};

/* The two public types are one thing with two faces. */
struct cp_alarm {
    struct timer timer;
};
struct cp_wait_timer {
    struct timer timer;
};

static void set(struct timer *timer, int64_t when_us)
{
    struct itimerspec spec = { 0 };
    int64_t when = when_us > FAR_AWAY_US ? FAR_AWAY_US : when_us;

    if (when < 1)
        when = 1; /* zero would disarm: a moment long past rings at once */
    spec.it_value.tv_sec = when / CP_SECOND;
    spec.it_value.tv_nsec = when % CP_SECOND * 1000;
    timerfd_settime(timer->fd, timer->flags, &spec, NULL);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct timer *timer = poll->data;
    uint64_t count;
    ssize_t got = read(timer->fd, &count, sizeof(count));

    (void)status;
    (void)events;
    if (timer->closed || (got < 0 && errno != ECANCELED))
        return;
    timer->ring(timer, got < 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct timer *timer = handle->data;

    close(timer->fd);
    free(timer);
}

static struct timer *open_timer(uv_loop_t *loop, int clock, int flags, struct cp_error *err)
{
    struct timer *timer = calloc(1, sizeof(*timer));

    if (!timer) {
        cp_error_no_memory(err);
        return NULL;
    }
    timer->flags = flags;
    timer->fd = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer->fd < 0) {
        cp_error_set(err, &cp_uv_errors, errno, "cannot make a timer: %s", strerror(errno));
        free(timer);
        return NULL;
    }
    if (uv_poll_init(loop, &timer->poll, timer->fd) < 0) {
        cp_error_set(err, &cp_uv_errors, UV_EMFILE, "cannot watch a timer");
        close(timer->fd);
        free(timer);
        return NULL;
    }
    timer->poll.data = timer;
    uv_poll_start(&timer->poll, UV_READABLE, on_readable);
    return timer;
}

static void close_timer(struct timer *timer)
{
    timer->closed = true;
    uv_poll_stop(&timer->poll);
    uv_close((uv_handle_t *)&timer->poll, on_closed);
}

static void ring_alarm(struct timer *timer, bool stepped)
{
    timer->alarm(stepped, timer->ctx);
}

static void ring_wait(struct timer *timer, bool stepped)
{
    (void)stepped;
    timer->wait(timer->ctx);
}

struct cp_alarm *cp_alarm_open(uv_loop_t *loop, cp_alarm_fn *ring, void *ctx, struct cp_error *err)
{
    struct timer *timer =
        open_timer(loop, CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, err);

    if (!timer)
        return NULL;
    timer->ring = ring_alarm;
    timer->alarm = ring;
    timer->ctx = ctx;
    set(timer, CP_NEVER);
    return (struct cp_alarm *)timer;
}

void cp_alarm_set(struct cp_alarm *alarm, int64_t when_us)
{
    set(&alarm->timer, when_us);
}

void cp_alarm_close(struct cp_alarm **alarm)
{
    if (*alarm)
        close_timer(&(*alarm)->timer);
    *alarm = NULL;
}

struct cp_wait_timer *cp_wait_open(uv_loop_t *loop, cp_wait_fn *ring, void *ctx,
                                   struct cp_error *err)
{
    struct timer *timer = open_timer(loop, CLOCK_BOOTTIME, TFD_TIMER_ABSTIME, err);

    if (!timer)
        return NULL;
    timer->ring = ring_wait;
    timer->wait = ring;
    timer->ctx = ctx;
    return (struct cp_wait_timer *)timer;
}

void cp_wait_set(struct cp_wait_timer *timer, int64_t when_us)
{
    set(&timer->timer, when_us);
}

void cp_wait_close(struct cp_wait_timer **timer)
{
    if (*timer)
        close_timer(&(*timer)->timer);
    *timer = NULL;
}
