/* src/transport/sockets.c - libcurl's sockets and timer on the loop.
 *
 * libcurl says "remove" after every request and "add" before the next on the same connection; obeying
 * costs five system calls per request. So the watcher of a connection stays until its descriptor is
 * closed, and is only marked idle meanwhile. When an idle connection becomes readable (the server
 * closed it) the watcher stops: libcurl finds out when it wants to reuse the connection.
 *
 * That is possible only where the closing is seen, so connections are opened and closed here. Other
 * descriptors (the resolver's) are closed behind our back, and their numbers are used again: their
 * watchers go as soon as libcurl says "remove".
 */
#include "transport/transport_private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct watcher {
    uv_poll_t poll;
    struct sockets *sockets;
    curl_socket_t fd;
    int events; /* what uv watches for now */
    int wanted; /* what libcurl asked for */
    bool ours;  /* a connection, opened here */
    bool idle;
};

struct sockets {
    struct cp_transport *transport;
    uv_timer_t timer;
    struct watcher **by_fd;
    size_t size;
    bool closed;
};

/* An owner may close the transport when it hears of a result: only `sockets` is there then. */
static void collect(struct sockets *sockets)
{
    CURLMsg *message;
    int left;

    while (!sockets->closed && (message = curl_multi_info_read(sockets->transport->multi, &left))) {
        struct cp_exchange *exchange = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        cp_http_finished(exchange, code); /* the message is gone after this */
    }
}

static void act(struct sockets *sockets, curl_socket_t fd, int flags)
{
    int running;

    curl_multi_socket_action(sockets->transport->multi, fd, flags, &running);
    collect(sockets);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watcher *watcher = poll->data;
    int flags = 0;

    if (watcher->idle) {
        uv_poll_stop(poll);
        watcher->events = 0;
        return;
    }
    if (status < 0) {
        /* uv has stopped it. Readable and writable: libcurl then reads an answer that is there yet. */
        flags = CURL_CSELECT_IN | CURL_CSELECT_OUT;
        watcher->events = 0;
        if (uv_poll_start(poll, watcher->wanted, on_poll) == 0)
            watcher->events = watcher->wanted;
    }
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(watcher->sockets, watcher->fd, flags);
}

static void on_watcher_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watcher *find(struct sockets *sockets, curl_socket_t fd)
{
    return (size_t)fd < sockets->size ? sockets->by_fd[fd] : NULL;
}

static struct watcher *watch(struct sockets *sockets, curl_socket_t fd)
{
    struct watcher *watcher;

    if ((size_t)fd >= sockets->size) {
        size_t size = ((size_t)fd + 64) / 64 * 64;
        struct watcher **grown = realloc(sockets->by_fd, size * sizeof(struct watcher *));

        if (!grown)
            return NULL;
        for (size_t i = sockets->size; i < size; i++)
            grown[i] = NULL;
        sockets->by_fd = grown;
        sockets->size = size;
    }
    watcher = calloc(1, sizeof(*watcher));
    if (!watcher)
        return NULL;
    if (uv_poll_init_socket(sockets->transport->loop, &watcher->poll, fd) < 0) {
        free(watcher);
        return NULL;
    }
    watcher->poll.data = watcher;
    watcher->sockets = sockets;
    watcher->fd = fd;
    sockets->by_fd[fd] = watcher;
    return watcher;
}

static void unwatch(struct watcher *watcher)
{
    watcher->sockets->by_fd[watcher->fd] = NULL;
    uv_close((uv_handle_t *)&watcher->poll, on_watcher_closed); /* stops it at once, too */
}

static void stop_watching(struct watcher *watcher)
{
    if (watcher->ours)
        watcher->idle = true;
    else
        unwatch(watcher);
}

/* Always 0: what can't be watched ends by its own time limit, while -1 would end every transfer. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct sockets *sockets = ctx;
    struct watcher *watcher = find(sockets, fd);
    int events = 0;

    (void)easy;
    (void)unused;
    if (!watcher && what != CURL_POLL_REMOVE)
        watcher = watch(sockets, fd);
    if (!watcher)
        return 0;
    if (what == CURL_POLL_REMOVE) {
        stop_watching(watcher);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    watcher->idle = false;
    watcher->wanted = events;
    if (watcher->events != events && uv_poll_start(&watcher->poll, events, on_poll) == 0)
        watcher->events = events;
    return 0;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct watcher *watcher = NULL;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->protocol);

    (void)purpose;
    if (fd < 0)
        return CURL_SOCKET_BAD;
    watcher = watch(ctx, fd);
    if (!watcher) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    watcher->ours = true;
    return fd;
}

/* The watcher goes before the descriptor does. */
static int on_close(void *ctx, curl_socket_t fd)
{
    struct watcher *watcher = find(ctx, fd);

    if (watcher)
        unwatch(watcher);
    return close(fd);
}

void cp_sockets_attach(struct sockets *sockets, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, sockets);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, sockets);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* Called from inside libcurl: it only sets the timer, even for 0 ms. */
static int on_timeout(CURLM *multi, long ms, void *ctx)
{
    struct sockets *sockets = ctx;

    (void)multi;
    if (sockets->closed)
        return 0;
    if (ms < 0)
        uv_timer_stop(&sockets->timer);
    else
        uv_timer_start(&sockets->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

struct sockets *cp_sockets_open(struct cp_transport *transport, struct cp_error *err)
{
    struct sockets *sockets = calloc(1, sizeof(*sockets));

    if (!sockets) {
        cp_error_no_memory(err);
        return NULL;
    }
    sockets->transport = transport;
    uv_timer_init(transport->loop, &sockets->timer);
    sockets->timer.data = sockets;
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, sockets);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, sockets);
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, 512L);
    return sockets;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct sockets *sockets = handle->data;

    free(sockets->by_fd);
    free(sockets);
}

void cp_sockets_close(struct sockets *sockets)
{
    if (!sockets)
        return;
    sockets->closed = true;
    for (size_t fd = 0; fd < sockets->size; fd++)
        if (sockets->by_fd[fd])
            unwatch(sockets->by_fd[fd]);
    uv_timer_stop(&sockets->timer);
    uv_close((uv_handle_t *)&sockets->timer, on_timer_closed);
}
