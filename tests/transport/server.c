/* tests/transport/server.c - see server.h. One thread accepts, one more serves each connection. */
#include "server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MOST = 600, REQUEST_MOST = 16 << 20 };

struct peer {
    struct server *server;
    pthread_t thread;
    int fd;
    SSL *tls;
    char *request;
    size_t size, capacity;
};

struct server {
    const struct act *acts;
    size_t count;
    SSL_CTX *context;
    unsigned port;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    struct peer *peers[CONNECTIONS_MOST];
    unsigned peer_count, requests, acted;
    size_t received;
    char *last;
    bool stopping, deaf;
};

static ssize_t take(struct peer *peer, char *out, size_t size)
{
    ssize_t got = peer->tls ? SSL_read(peer->tls, out, (int)size) : recv(peer->fd, out, size, 0);

    if (got > 0) {
        pthread_mutex_lock(&peer->server->lock);
        peer->server->received += (size_t)got;
        pthread_mutex_unlock(&peer->server->lock);
    }
    return got;
}

static bool put(struct peer *peer, const char *bytes, size_t size)
{
    while (size) {
        ssize_t done = peer->tls ? SSL_write(peer->tls, bytes, (int)size)
                                 : send(peer->fd, bytes, size, MSG_NOSIGNAL);

        if (done <= 0)
            return false;
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

static bool read_more(struct peer *peer)
{
    ssize_t got;

    if (peer->capacity - peer->size < 65536) {
        peer->capacity = peer->capacity ? 2 * peer->capacity : 131072;
        assert(peer->capacity <= 2 * REQUEST_MOST);
        peer->request = realloc(peer->request, peer->capacity + 1);
        assert(peer->request);
    }
    got = take(peer, peer->request + peer->size, 65536);
    if (got <= 0)
        return false;
    peer->size += (size_t)got;
    peer->request[peer->size] = '\0';
    return true;
}

static size_t body_size(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");

    return field ? strtoul(field + 17, NULL, 10) : 0;
}

static const struct act *next_act(struct server *server)
{
    const struct act *act;

    pthread_mutex_lock(&server->lock);
    act = &server->acts[server->requests < server->count ? server->requests : server->count - 1];
    server->requests++;
    pthread_mutex_unlock(&server->lock);
    return act;
}

/* The moment in which a real server would have posted. */
static void note_acted(struct peer *peer)
{
    struct server *server = peer->server;

    pthread_mutex_lock(&server->lock);
    server->acted++;
    free(server->last);
    server->last = strdup(peer->request);
    pthread_mutex_unlock(&server->lock);
}

static const struct act *read_request(struct peer *peer)
{
    const struct act *act;
    const char *end;
    size_t whole, want;

    peer->size = 0;
    do {
        if (!read_more(peer))
            return NULL;
        end = strstr(peer->request, "\r\n\r\n");
    } while (!end);
    act = next_act(peer->server);
    whole = (size_t)(end + 4 - peer->request) + body_size(peer->request);
    want = act->take ? (size_t)(end + 4 - peer->request) + act->take : whole;
    while (peer->size < want)
        if (!read_more(peer))
            return NULL;
    if (!act->take)
        note_acted(peer);
    return act;
}

static void stop_listening(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    if (!server->deaf)
        shutdown(server->listener, SHUT_RDWR);
    server->deaf = true;
    pthread_mutex_unlock(&server->lock);
}

static bool reply(struct peer *peer, const struct act *act)
{
    bool fine = true;

    if (act->hesitation)
        usleep(act->hesitation * 1000);
    if (act->reply)
        fine = put(peer, act->reply, act->reply_size ? act->reply_size : strlen(act->reply));
    for (unsigned i = 0; fine && i < act->times; i++)
        fine = put(peer, act->fill, strlen(act->fill));
    return fine && (!act->tail || put(peer, act->tail, strlen(act->tail)));
}

static void wait_for_end(struct peer *peer)
{
    char bytes[65536];

    while (take(peer, bytes, sizeof(bytes)) > 0)
        continue;
}

/* False: the connection is over. */
static bool serve_one(struct peer *peer)
{
    struct linger at_once = { .l_onoff = 1 };
    const struct act *act = read_request(peer);
    bool fine;

    if (!act)
        return false;
    if (act->deaf)
        stop_listening(peer->server);
    fine = reply(peer, act);
    if (act->then == KEEP)
        return fine;
    if (act->then == STALL || act->then == DRAIN)
        wait_for_end(peer);
    if (act->then == RST)
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    return false;
}

static void *serve(void *ctx)
{
    struct peer *peer = ctx;
    struct server *server = peer->server;

    if (server->context) {
        peer->tls = SSL_new(server->context);
        SSL_set_fd(peer->tls, peer->fd);
    }
    if (!peer->tls || SSL_accept(peer->tls) == 1)
        while (serve_one(peer))
            continue;
    pthread_mutex_lock(&server->lock);
    SSL_free(peer->tls);
    close(peer->fd);
    peer->fd = -1;
    pthread_mutex_unlock(&server->lock);
    free(peer->request);
    return NULL;
}

static void *accept_all(void *ctx)
{
    struct server *server = ctx;

    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        struct peer *peer;

        if (fd < 0)
            break;
        peer = calloc(1, sizeof(*peer));
        *peer = (struct peer){ .server = server, .fd = fd };
        pthread_mutex_lock(&server->lock);
        assert(server->peer_count < CONNECTIONS_MOST);
        server->peers[server->peer_count++] = peer;
        pthread_mutex_unlock(&server->lock);
        pthread_create(&peer->thread, NULL, serve, peer);
    }
    /* Closed here alone: a request that comes after this is refused. */
    close(server->listener);
    return NULL;
}

struct server *server_start(const struct act *acts, size_t count, SSL_CTX *tls)
{
    struct server *server = calloc(1, sizeof(*server));
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);

    signal(SIGPIPE, SIG_IGN);
    server->acts = acts;
    server->count = count;
    server->context = tls;
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&at, size) < 0 ||
        listen(server->listener, 512) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&at, &size) < 0)
        abort();
    server->port = ntohs(at.sin_port);
    pthread_create(&server->thread, NULL, accept_all, server);
    return server;
}

void server_stop(struct server *server)
{
    stop_listening(server);
    pthread_join(server->thread, NULL);
    for (unsigned i = 0; i < server->peer_count; i++) {
        struct peer *peer = server->peers[i];

        pthread_mutex_lock(&server->lock);
        if (peer->fd >= 0)
            shutdown(peer->fd, SHUT_RDWR);
        pthread_mutex_unlock(&server->lock);
        pthread_join(peer->thread, NULL);
        free(peer);
    }
    free(server->last);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

unsigned server_port(const struct server *server)
{
    return server->port;
}

static unsigned look(struct server *server, const unsigned *number)
{
    unsigned value;

    pthread_mutex_lock(&server->lock);
    value = *number;
    pthread_mutex_unlock(&server->lock);
    return value;
}

unsigned server_acted(struct server *server)
{
    return look(server, &server->acted);
}

unsigned server_connections(struct server *server)
{
    return look(server, &server->peer_count);
}

size_t server_received(struct server *server)
{
    size_t value;

    pthread_mutex_lock(&server->lock);
    value = server->received;
    pthread_mutex_unlock(&server->lock);
    return value;
}

char *server_last(struct server *server)
{
    char *last;

    pthread_mutex_lock(&server->lock);
    last = strdup(server->last ? server->last : "");
    pthread_mutex_unlock(&server->lock);
    return last;
}
