/* contrib/bench/rawcurl/rawcurl.h - the floor: libcurl and libuv, and no application.
 *
 * It posts what the Mastodon adapter would post, over as many connections, as fast as the libraries
 * let it: nothing is durable, no answer is judged. What camp-post costs above it is camp-post's own.
 *
 *     main.c    options, figures
 *     client.c  requests one after the other, or each at its time
 *     sockets.c libcurl's sockets on the loop
 */
#ifndef BENCH_RAWCURL_H
#define BENCH_RAWCURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { BODY_SIZE = 300, SPREAD_NONE = -1 };

struct options {
    const char *server; /* http://127.0.0.1:PORT */
    const char *ca_file;
    long total, concurrency;
    long spread_ms;  /* SPREAD_NONE: no due times; else all posts are due within that time */
    long quantum_ms; /* due times are multiples of it */
    bool read_back;  /* each post is read once after it was made */
    bool fresh;      /* a new connection for each request */
};

/* One connection's worth of work: one request at a time. */
struct slot {
    struct client *client;
    CURL *easy;
    struct curl_slist *headers;
    char body[BODY_SIZE + 1], url[512], id[32];
    size_t received;
    bool warming, reading;
};

struct client {
    struct options options;
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct sockets *sockets;
    struct slot *slots, **idle;
    long idle_count, started, done, failed, warming;
    int64_t *due_us;
    int due_fd;
    uv_poll_t due_poll;
};

/* Runs until all is posted. False: it could not begin. */
bool client_run(struct client *client);

/* --- sockets.c --- */

struct sockets *sockets_open(struct client *client);
/* For CURLOPT_CLOSESOCKETFUNCTION, with the client. */
int sockets_release(void *ctx, curl_socket_t fd);
/* Hands every finished transfer to client_finished(). */
void sockets_collect(struct client *client);
void client_finished(struct slot *slot, CURLcode code);

#endif
