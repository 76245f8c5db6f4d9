/* contrib/bench/sink/sink.h - a server of the Mastodon API that costs as little as it can.
 *
 * It answers what the adapter asks for, remembers what was posted, and counts. One thread, HTTP/1.1,
 * plain or TLS. It trusts its peer and is no example of a server: out of memory ends it.
 *
 *     main.c       options, listening, the loop
 *     connection.c bytes in and out of one connection, requests cut out of them
 *     message.c    what is in a request; growing output
 *     books.c      posts, keys, lateness; the answers
 */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- message.c --- */

/* Bytes that belong to somebody else; no end mark. */
struct text {
    const char *bytes;
    size_t size;
};

struct output {
    char *bytes;
    size_t size, capacity, sent;
};

struct request {
    struct text method, target;
    struct text token; /* of "Authorization: Bearer" */
    struct text key;   /* Idempotency-Key */
    struct text body;
    bool close; /* "Connection: close" */
};

void *must_have(void *memory); /* ends the program when it is NULL */
void put(struct output *out, const char *bytes, size_t size);
void put_format(struct output *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool is(struct text text, const char *word);
bool begins(struct text text, const char *word);
/* The value of a string member, still as JSON writes it. Good for flat objects without blanks. */
struct text json_member(struct text object, const char *name);

/* How many bytes the first request takes; 0: it is not complete yet. */
size_t read_request(struct text input, struct request *out);

/* --- books.c --- */

struct books;

/* keep: how many posts can be read back; older ones are forgotten. */
struct books *books_create(size_t keep);
void books_answer(struct books *books, const struct request *request, struct output *out);

/* --- connection.c --- */

enum { INPUT_MOST = 64 << 10 }; /* a request with its body */

struct connection {
    int fd;
    SSL *tls; /* NULL: plain */
    struct output out;
    size_t used;
    bool closing; /* once everything is written */
    bool blocked; /* waits until it can write */
    char input[INPUT_MOST];
};

/* tls may be NULL. Takes the descriptor. */
struct connection *connection_open(int fd, SSL_CTX *tls);
void connection_close(struct connection *connection);
/* Both: false when it is over. */
bool connection_read(struct connection *connection, struct books *books);
bool connection_write(struct connection *connection);

#endif
