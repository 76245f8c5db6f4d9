/* contrib/bench/sink/main.c - sink [-p PORT] [-t CERTIFICATE KEY] [-m POSTS]
 *
 * Listens on 127.0.0.1, says "port N" once it does, and runs until it is killed. PORT 0 or none: any.
 * POSTS: how many can be read back. GET /__stats gives the counts, GET /__reset sets them to zero.
 */
#include "sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, ACCEPTS = 64 };

struct sink {
    int listener, epoll;
    SSL_CTX *tls;
    struct books *books;
};

static int fail(const char *what)
{
    fprintf(stderr, "sink: ");
    perror(what);
    return -1;
}

static int listen_on(unsigned port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        return fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&address, &size))
        return fail("bind");
    printf("port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static SSL_CTX *open_tls(const char *certificate, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (!tls || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

static void watch(const struct sink *sink, int operation, struct connection *connection)
{
    struct epoll_event event = { .events = EPOLLIN | (connection->blocked ? EPOLLOUT : 0),
                                 .data.ptr = connection };

    epoll_ctl(sink->epoll, operation, connection->fd, &event);
}

static void accept_some(const struct sink *sink)
{
    int one = 1, fd;

    for (int i = 0; i < ACCEPTS; i++) {
        fd = accept4(sink->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        watch(sink, EPOLL_CTL_ADD, connection_open(fd, sink->tls));
    }
}

static void serve(const struct sink *sink, struct connection *connection, uint32_t events)
{
    bool was_blocked = connection->blocked, goes_on = true;

    if (events & EPOLLOUT)
        goes_on = connection_write(connection);
    if (goes_on && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        goes_on = connection_read(connection, sink->books);
    if (!goes_on)
        connection_close(connection);
    else if (connection->blocked != was_blocked)
        watch(sink, EPOLL_CTL_MOD, connection);
}

static void run(const struct sink *sink)
{
    struct epoll_event events[EVENTS], listening = { .events = EPOLLIN };

    epoll_ctl(sink->epoll, EPOLL_CTL_ADD, sink->listener, &listening);
    for (;;) {
        int count = epoll_wait(sink->epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                serve(sink, events[i].data.ptr, events[i].events);
            else
                accept_some(sink);
        }
    }
}

int main(int argc, char **argv)
{
    struct sink sink = { 0 };
    const char *certificate = NULL;
    unsigned port = 0;
    size_t keep = 1 << 17;
    int option;

    while ((option = getopt(argc, argv, "p:t:m:")) != -1) {
        switch (option) {
        case 'p':
            port = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            certificate = optarg;
            break;
        case 'm':
            keep = strtoul(optarg, NULL, 10);
            break;
        default:
            return 2;
        }
    }
    if (keep == 0 || optind + (certificate != NULL) != argc) {
        fputs("usage: sink [-p PORT] [-m POSTS] [-t CERTIFICATE KEY]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (certificate)
        sink.tls = open_tls(certificate, argv[optind]);
    sink.books = books_create(keep);
    sink.listener = listen_on(port);
    sink.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (sink.listener < 0 || sink.epoll < 0)
        return 1;
    run(&sink);
}
