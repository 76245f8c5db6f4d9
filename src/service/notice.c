/* src/service/notice.c - notices to the commands that tell people; signs of life to the supervisor.
 *
 * A notice is an entry of the ledger, written with its cause. The commands get each one as a line of JSON
 * on standard input, in order; the mark moves after every command has ended with 0, so a notice is
 * delivered at least once, whatever crashes.
 */
#include "service/service_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_FIRST_S = 30, RETRY_MOST_S = 900, COMMAND_MOST_S = 60 };

struct notices {
    struct service *service;
    int64_t mark;   /* the newest entry that was delivered */
    int64_t number; /* the one being delivered; 0: none */
    char *text;     /* its JSON line */
    size_t command; /* which of the commands is running */
    uv_process_t process;
    uv_pipe_t input;
    uv_write_t write;
    uv_timer_t timer; /* the next try, or the end of a command that hangs */
    unsigned failures;
    bool running, waiting, closed;
    bool
        given_up; /* a run with --once does not wait for a command to recover: the next run tells again */
    unsigned handles;
};

static void start_next(struct notices *notices);

/* ---- the mark ------------------------------------------------------------------------------ */

struct mark_task {
    struct write_task task;
    int64_t number;
};

static bool write_mark(struct service *service, struct write_task *task)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64, ((struct mark_task *)task)->number);
    return cp_ledger_set_meta(service->ledger, "notified", text, &task->err);
}

static void mark_written(struct service *service, struct write_task *task)
{
    (void)service;
    free(task);
}

static void move_mark(struct notices *notices)
{
    struct mark_task *task = calloc(1, sizeof(*task));

    notices->mark = notices->number;
    notices->number = 0;
    free(notices->text);
    notices->text = NULL;
    notices->failures = 0;
    if (!task)
        return; /* it is delivered once more after a restart: at least once is the promise */
    task->task.work = write_mark;
    task->task.done = mark_written;
    task->number = notices->mark;
    writer_add_task(notices->service, &task->task);
}

/* ---- one command --------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct notices *notices = handle->data;

    if (--notices->handles == 0 && notices->closed) {
        free(notices->text);
        free(notices);
    }
}

static void close_handle(struct notices *notices, uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
    (void)notices;
}

static void on_retry(uv_timer_t *timer)
{
    struct notices *notices = timer->data;

    notices->waiting = false;
    notices->command = 0;
    start_next(notices);
}

static void try_later(struct notices *notices)
{
    uint64_t wait_s = RETRY_FIRST_S;

    if (notices->service->options.once) {
        notices->given_up = true;
        return;
    }
    for (unsigned i = 0; i < notices->failures && wait_s < RETRY_MOST_S; i++)
        wait_s *= 2;
    notices->failures++;
    notices->waiting = true;
    uv_timer_start(&notices->timer, on_retry, wait_s * 1000, 0);
}

static void on_command_exit(uv_process_t *process, int64_t status, int signal)
{
    struct notices *notices = process->data;
    const struct cp_notify *notify = &notices->service->config->notify[notices->command];

    uv_timer_stop(&notices->timer);
    notices->running = false;
    close_handle(notices, (uv_handle_t *)process);
    close_handle(notices, (uv_handle_t *)&notices->input);
    if (notices->closed)
        return;
    if (status == 0 && signal == 0) {
        notices->command++;
        start_next(notices);
        return;
    }
    cp_log(CP_LOG_WARNING,
           "the notify command '%s' failed (status %d, signal %d); the notice comes again",
           notify->command[0], (int)status, signal);
    try_later(notices);
}

static void on_hang(uv_timer_t *timer)
{
    struct notices *notices = timer->data;

    if (notices->running)
        uv_process_kill(&notices->process, SIGKILL);
}

static void on_written(uv_write_t *write, int status)
{
    struct notices *notices = write->data;

    (void)status;
    close_handle(notices, (uv_handle_t *)&notices->input);
}

static void run_command(struct notices *notices, const char **command)
{
    uv_stdio_container_t stdio[3] = {
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
          .data.stream = (uv_stream_t *)&notices->input },
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
    };
    uv_process_options_t options = {
        .file = command[0],
        .args = (char **)command,
        .exit_cb = on_command_exit,
        .stdio_count = 3,
        .stdio = stdio,
    };
    uv_buf_t line = uv_buf_init(notices->text, (unsigned)strlen(notices->text));
    int rc;

    uv_pipe_init(&notices->service->loop, &notices->input, 0);
    notices->input.data = notices->process.data = notices->write.data = notices;
    notices->handles += 2;
    rc = uv_spawn(&notices->service->loop, &notices->process, &options);
    if (rc < 0) {
        cp_log(CP_LOG_WARNING, "the notify command '%s' cannot be run: %s", command[0],
               uv_strerror(rc));
        close_handle(notices, (uv_handle_t *)&notices->process);
        close_handle(notices, (uv_handle_t *)&notices->input);
        try_later(notices);
        return;
    }
    notices->running = true;
    uv_timer_start(&notices->timer, on_hang, COMMAND_MOST_S * 1000, 0);
    uv_write(&notices->write, (uv_stream_t *)&notices->input, &line, 1, on_written);
}

/* ---- which notice comes next ---------------------------------------------------------------- */

static bool take_first(const struct cp_ledger_entry_row *entry, void *ctx)
{
    struct notices *notices = ctx;
    json_error_t ignored;
    json_t *data = json_loads(entry->json, 0, &ignored), *line;

    line = json_pack("{s:I, s:I, s:s, s:s, s:o?}", "number", (json_int_t)entry->number, "wall_us",
                     (json_int_t)entry->wall_us, "kind", entry->kind, "notice", entry->notice,
                     "data", data);
    notices->number = entry->number;
    notices->text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    return false;
}

/* A handle that is still closing must not be started anew: the next look finds it closed. */
static void start_next(struct notices *notices)
{
    const struct cp_config *config = notices->service->config;
    struct cp_error err = { 0 };

    if (notices->running || notices->waiting || !config || notices->closed || notices->given_up)
        return;
    if (!notices->number && !cp_ledger_entries(notices->service->ledger, notices->mark, true,
                                               take_first, notices, &err))
        return;
    if (!notices->number || !notices->text)
        return;
    if (notices->command >= config->notify_count) {
        notices->command = 0;
        move_mark(notices);
        start_next(notices);
        return;
    }
    if (notices->handles > 1) {
        notices->waiting = true;
        uv_timer_start(&notices->timer, on_retry, 1, 0);
        return;
    }
    run_command(notices, config->notify[notices->command].command);
}

void notices_look(struct service *service)
{
    if (service->notices)
        start_next(service->notices);
}

bool notices_are_told(const struct service *service)
{
    const struct notices *notices = service->notices;

    return !notices || (!notices->running && !notices->waiting);
}

bool notices_open(struct service *service, struct cp_error *err)
{
    struct notices *notices = calloc(1, sizeof(*notices));
    char *mark = NULL;

    if (!notices)
        return cp_error_no_memory(err);
    if (!cp_ledger_meta(service->ledger, "notified", &mark, err)) {
        free(notices);
        return false;
    }
    notices->service = service;
    notices->mark = mark ? strtoll(mark, NULL, 10) : 0;
    free(mark);
    uv_timer_init(&service->loop, &notices->timer);
    notices->timer.data = notices;
    notices->handles = 1;
    service->notices = notices;
    return true;
}

void notices_close(struct service *service)
{
    struct notices *notices = service->notices;

    if (!notices)
        return;
    service->notices = NULL;
    notices->closed = true;
    if (notices->running)
        uv_process_kill(&notices->process, SIGTERM);
    close_handle(notices, (uv_handle_t *)&notices->timer);
    if (notices->running) {
        close_handle(notices, (uv_handle_t *)&notices->process);
        close_handle(notices, (uv_handle_t *)&notices->input);
    }
}

/* ---- the supervisor ------------------------------------------------------------------------ */

void supervisor_tell(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t size = path ? strlen(path) : 0;
    int fd;

    if (size < 2 || size >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* an abstract name: the length decides where it ends */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
    close(fd);
}

int64_t supervisor_watchdog_us(void)
{
    const char *text = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (!text || (pid && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    return strtoll(text, NULL, 10);
}
