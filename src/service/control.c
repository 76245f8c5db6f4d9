/* src/service/control.c - the socket that carries decisions to the running service: a line of JSON each way.
 *
 * It lies in the state folder (0700) with mode 0600, and the other end must be us or root. A path that is
 * too long for a socket's name is reached through the folder's descriptor.
 */
#include "service/service_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { REQUEST_MOST = 64 << 10, CONNECTIONS_MOST = 16, ANSWER_TIMEOUT_S = 60 };

struct control {
    struct service *service;
    uv_pipe_t pipe;
    char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int folder;
    unsigned connections;
    bool closed;
};

struct connection {
    struct control *control;
    uv_pipe_t pipe;
    uv_write_t write;
    struct cp_buffer request;
    char *answer;
    bool asked, closed, answering; /* answering: the command has not called back yet */
};

/* ---- names --------------------------------------------------------------------------------- */

/* Returns a descriptor to be kept open as long as the name is used, or -1 for none needed. */
static bool name_socket(const char *state, char *out, size_t size, int *folder)
{
    *folder = -1;
    if ((size_t)snprintf(out, size, "%s/socket", state) < size)
        return true;
    *folder = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *folder >= 0 && (size_t)snprintf(out, size, "/proc/self/fd/%d/socket", *folder) < size;
}

/* ---- the service's side -------------------------------------------------------------------- */

static void free_control(struct control *control)
{
    if (!control->closed || control->connections || !uv_is_closing((uv_handle_t *)&control->pipe))
        return;
    if (control->folder >= 0)
        close(control->folder);
    free(control);
}

static void free_connection(struct connection *connection)
{
    if (!connection->closed || connection->answering)
        return;
    cp_buffer_release(&connection->request);
    free(connection->answer);
    free(connection);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct control *control = connection->control;

    connection->closed = true;
    control->connections--;
    free_control(control);
    free_connection(connection);
}

static void close_connection(struct connection *connection)
{
    if (!uv_is_closing((uv_handle_t *)&connection->pipe))
        uv_close((uv_handle_t *)&connection->pipe, on_connection_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    close_connection(write->data);
}

static void send_answer(json_t *answer, void *ctx)
{
    struct connection *connection = ctx;
    struct cp_buffer line = { 0 };
    char *text = json_dumps(answer, JSON_COMPACT);
    uv_buf_t buf;

    json_decref(answer);
    connection->answering = false;
    if (connection->closed || uv_is_closing((uv_handle_t *)&connection->pipe)) {
        free(text);
        free_connection(connection);
        return;
    }
    cp_buffer_printf(&line, "%s\n", text ? text : "{\"ok\":false,\"message\":\"out of memory\"}");
    free(text);
    connection->answer = cp_buffer_steal(&line);
    if (!connection->answer) {
        close_connection(connection);
        return;
    }
    buf = uv_buf_init(connection->answer, (unsigned)strlen(connection->answer));
    connection->write.data = connection;
    if (uv_write(&connection->write, (uv_stream_t *)&connection->pipe, &buf, 1, on_written) < 0)
        close_connection(connection);
}

static void obey(struct connection *connection)
{
    json_error_t problem;
    json_t *command = json_loads(connection->request.data, JSON_REJECT_DUPLICATES, &problem);

    connection->asked = true;
    connection->answering = true;
    if (!json_is_object(command))
        send_answer(json_pack("{s:b, s:s}", "ok", 0, "message", "that is not a line of JSON"),
                    connection);
    else
        command_run(connection->control->service, command, send_answer, connection);
    json_decref(command);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char bytes[4096]; /* one read at a time: the loop has one thread */

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;

    if (got < 0 || connection->request.size + (size_t)got > REQUEST_MOST) {
        close_connection(connection);
        return;
    }
    if (connection->asked)
        return;
    cp_buffer_add(&connection->request, buf->base, (size_t)got);
    if (memchr(buf->base, '\n', (size_t)got))
        obey(connection);
}

static bool is_ours(uv_pipe_t *pipe)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    uv_os_fd_t fd;

    return uv_fileno((uv_handle_t *)pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control *control = server->data;
    struct connection *connection;

    if (status < 0 || control->closed)
        return;
    connection = calloc(1, sizeof(*connection));
    if (!connection || uv_pipe_init(&control->service->loop, &connection->pipe, 0) < 0) {
        free(connection);
        return;
    }
    connection->control = control;
    connection->pipe.data = connection;
    control->connections++;
    if (uv_accept(server, (uv_stream_t *)&connection->pipe) < 0 || !is_ours(&connection->pipe) ||
        control->connections > CONNECTIONS_MOST ||
        uv_read_start((uv_stream_t *)&connection->pipe, on_alloc, on_read) < 0)
        close_connection(connection);
}

bool control_open(struct service *service, struct cp_error *err)
{
    struct control *control = calloc(1, sizeof(*control));
    mode_t mask;
    int rc;

    if (!control)
        return cp_error_no_memory(err);
    control->service = service;
    if (!name_socket(service->state, control->name, sizeof(control->name), &control->folder)) {
        free(control);
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
                            "cannot reach the folder '%s'", service->state);
    }
    unlink(control->name); /* we hold the lock: what lies there belongs to nobody */
    uv_pipe_init(&service->loop, &control->pipe, 0);
    control->pipe.data = control;
    service->control = control;
    mask = umask(0177);
    rc = uv_pipe_bind(&control->pipe, control->name);
    umask(mask);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&control->pipe, 8, on_connection);
    if (rc < 0)
        return cp_error_set(err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
                            "cannot listen on '%s/socket': %s", service->state, uv_strerror(rc));
    return true;
}

static void on_control_closed(uv_handle_t *handle)
{
    free_control(handle->data);
}

void control_close(struct service *service)
{
    struct control *control = service->control;

    if (!control)
        return;
    service->control = NULL;
    control->closed = true;
    unlink(control->name);
    uv_close((uv_handle_t *)&control->pipe, on_control_closed);
}

/* ---- the asking side ----------------------------------------------------------------------- */

static int connect_to(const char *state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = ANSWER_TIMEOUT_S };
    int folder, fd = -1;

    if (name_socket(state, address.sun_path, sizeof(address.sun_path), &folder))
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        fd = -1;
    }
    if (folder >= 0)
        close(folder);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static bool send_line(int fd, const json_t *command)
{
    char *text = json_dumps(command, JSON_COMPACT);
    size_t size = text ? strlen(text) : 0, done = 0;
    bool fine = text != NULL;

    if (text)
        text[size++] = '\n'; /* in the place of the end: the length says where it stops */
    while (fine && done < size) {
        ssize_t put = send(fd, text + done, size - done, MSG_NOSIGNAL);

        fine = put > 0;
        done += fine ? (size_t)put : 0;
    }
    free(text);
    return fine;
}

json_t *control_ask(const char *state, const json_t *command, struct cp_error *err)
{
    struct cp_buffer answer = { 0 };
    char bytes[4096];
    json_t *json = NULL;
    ssize_t got;
    int fd = connect_to(state);

    if (fd < 0)
        return NULL; /* nobody listens: err stays empty */
    if (send_line(fd, command))
        while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
            cp_buffer_add(&answer, bytes, (size_t)got);
    close(fd);
    if (answer.data)
        json = json_loads(answer.data, 0, NULL);
    if (!json)
        cp_error_set(
            err, &cp_service_errors, CP_SERVICE_ENVIRONMENT,
            "the running service did not answer; look at its log and at `camp-post status`. A file "
            "'%s/HOLD' stops everything",
            state);
    cp_buffer_release(&answer);
    return json;
}
