/* tests/transport/server.h - a server on loopback that does what a script says, misdeeds included.
 *
 * The n-th request that it reads (over all connections) is answered with the n-th act; the last act
 * goes on for ever. It counts what it has acted on, which is what a test compares with what the
 * transport says.
 */
#ifndef CP_TESTS_TRANSPORT_SERVER_H
#define CP_TESTS_TRANSPORT_SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum then {
    KEEP,  /* the connection waits for the next request */
    FIN,   /* closes it */
    RST,   /* resets it */
    STALL, /* holds it open and says nothing more */
    DRAIN, /* says nothing more, reads on to the end */
};

struct act {
    const char *reply; /* NULL: none */
    const char *fill;  /* sent `times` behind it */
    unsigned times;
    const char *tail;  /* NULL: none */
    size_t reply_size; /* 0: up to its NUL */
    size_t take; /* bytes of the body that are read; 0: all, and the request counts as acted on */
    unsigned hesitation; /* ms before the reply */
    enum then then;
    bool deaf; /* stops listening before it replies */
};

struct server;

/* tls: NULL for plain. The script is borrowed. */
struct server *server_start(const struct act *acts, size_t count, SSL_CTX *tls);
/* Ends all connections; waits for its threads. */
void server_stop(struct server *server);

unsigned server_port(const struct server *server);
/* Complete requests that were read, and connections that were accepted. */
unsigned server_acted(struct server *server);
unsigned server_connections(struct server *server);
/* Bytes that came, of all requests, complete or not. */
size_t server_received(struct server *server);
/* The last request as it came; free() it. */
char *server_last(struct server *server);

#endif
