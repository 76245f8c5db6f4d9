/* contrib/bench/rawcurl/sockets.c - libcurl's sockets on the loop.
 *
 * A watcher stays between the requests of a connection, though libcurl says "remove" after each:
 * making it anew costs five system calls per request.
 */
#include "rawcurl.h"

#include <stdlib.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536 };

struct watcher {
    uv_poll_t poll;
    struct client *client;
    curl_socket_t fd;
    int events;
    bool idle;
};

struct sockets {
    struct watcher *by_fd[DESCRIPTORS];
};

static void act(struct client *client, curl_socket_t fd, int flags)
{
    int running;

    curl_multi_socket_action(client->multi, fd, flags, &running);
    sockets_collect(client);
}

void sockets_collect(struct client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct slot *slot = NULL;
        CURLcode code = message->data.result;

        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
        curl_multi_remove_handle(client->multi, slot->easy);
        client_finished(slot, code);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watcher *watcher = poll->data;
    int flags = 0;

    (void)status;
    if (watcher->idle) { /* the server hung up: libcurl finds out when it wants the connection */
        uv_poll_stop(poll);
        watcher->events = 0;
        return;
    }
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(watcher->client, watcher->fd, flags);
}

static struct watcher *watch(struct client *client, curl_socket_t fd)
{
    struct watcher *watcher = calloc(1, sizeof(*watcher));

    if (!watcher)
        return NULL;
    watcher->client = client;
    watcher->fd = fd;
    watcher->poll.data = watcher;
    uv_poll_init_socket(client->loop, &watcher->poll, fd);
    client->sockets->by_fd[fd] = watcher;
    return watcher;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    struct client *client = ctx;
    struct watcher *watcher = client->sockets->by_fd[fd];
    int events = 0;

    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        if (watcher)
            watcher->idle = true;
        return 0;
    }
    if (!watcher && !(watcher = watch(client, fd)))
        return -1;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    watcher->idle = false;
    if (watcher->events != events) {
        watcher->events = events;
        uv_poll_start(&watcher->poll, events, on_poll);
    }
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

int sockets_release(void *ctx, curl_socket_t fd)
{
    struct client *client = ctx;
    struct watcher *watcher = client->sockets->by_fd[fd];

    if (watcher) {
        client->sockets->by_fd[fd] = NULL;
        uv_poll_stop(&watcher->poll);
        uv_close((uv_handle_t *)&watcher->poll, on_closed);
    }
    return close(fd);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *ctx)
{
    struct client *client = ctx;

    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&client->timer);
    else
        uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

struct sockets *sockets_open(struct client *client)
{
    struct sockets *sockets = calloc(1, sizeof(*sockets));

    uv_timer_init(client->loop, &client->timer);
    client->timer.data = client;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, 2 * client->options.concurrency);
    return sockets;
}
