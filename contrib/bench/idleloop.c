/* contrib/bench/idleloop.c - a loop with one alarm an hour away: the least that waiting can cost. */
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

static void on_alarm(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_poll_stop(poll);
}

int main(void)
{
    struct itimerspec when = { .it_value = { .tv_sec = time(NULL) + 3600 } };
    uv_loop_t *loop = uv_default_loop();
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    uv_poll_t poll;

    if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) ||
        uv_poll_init(loop, &poll, fd) || uv_poll_start(&poll, UV_READABLE, on_alarm)) {
        perror("idleloop");
        return 1;
    }
    uv_run(loop, UV_RUN_DEFAULT);
    close(fd);
    return 0;
}
