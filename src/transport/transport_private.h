/* src/transport/transport_private.h - shared inside the transport only. */
#ifndef CP_TRANSPORT_TRANSPORT_PRIVATE_H
#define CP_TRANSPORT_TRANSPORT_PRIVATE_H

#include "transport/transport.h"

#include <curl/curl.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "loop/loop.h"

enum {
    REASON_SIZE = 400,
    HEADERS_MOST = 200,           /* header fields of a reply */
    HEADER_BYTES_MOST = 64 << 10, /* all of them together */
    EASY_POOL = 64,               /* idle libcurl handles kept for reuse */
};

struct sockets;

struct cp_transport {
    uv_loop_t *loop;
    struct cp_transport_options options;
    char *user_agent, *media_directory, *ca_file;
    CURLM *multi;
    struct sockets *sockets;
    CURL *idle[EASY_POOL];
    size_t idle_count;
    struct cp_exchange *exchanges; /* all that are under way */
    struct cp_exchange *abandoned; /* cancelled, and a worker still holds them */
    bool closing, in_gate;
};

/* One body, ready to be sent: text in memory, or pieces of text and files in turn. */
struct piece {
    char *bytes; /* NULL: a file */
    size_t size;
    char *path;
    int fd;     /* -1 until it is read */
    bool wiped; /* holds a secret: overwritten when released */
};

struct body {
    struct piece *pieces;
    size_t count;
    uint64_t total; /* bytes of all pieces */
    bool has_media;
    size_t at_piece;          /* where reading is */
    uint64_t at_byte, handed; /* in the piece; in all */
};

struct cp_exchange {
    struct cp_transport *transport;
    struct cp_exchange *next, **link; /* in transport->exchanges or ->abandoned */
    enum cp_step step;
    enum cp_transport_kind kind;
    cp_gate_fn *gate;
    cp_exchange_done_fn *done;
    void *ctx;
    unsigned gate_calls;
    bool gate_yes, stopped;
    char reason[REASON_SIZE];
    int64_t began_us;
    struct body body;
    /* the reply as it comes in */
    struct cp_buffer reply;
    struct cp_field headers[HEADERS_MOST];
    size_t header_count, header_bytes;
    size_t reply_most; /* a worker may outlive the transport: it has its own copy */
    bool head_ended;   /* the empty line behind the last header has been there */
    bool too_large;
    /* HTTP */
    CURL *easy;
    struct curl_slist *header_list;
    char error[CURL_ERROR_SIZE];
    /* file */
    struct cp_job *job;
    char *path, *name;   /* the file; its name is the end of its path */
    char *root, *folder; /* the account's directory; the steps from there to the file's folder */
    char *beside;        /* the name of the new file beside the old one; NULL when only read */
    int folder_fd;       /* -1: not open */
    int status;
    void (*next_step)(struct cp_exchange *exchange); /* after the job */
    atomic_bool abandoned;                           /* for the worker: nobody waits for it */
    bool written, renamed, failed;
};

int64_t cp_transport_boot_us(void);

/* body.c: turns segments into pieces, secrets filled in. False: a medium or a secret is missing. */
bool cp_body_fill(struct body *body, const struct cp_request *request,
                  const struct cp_transport *transport, cp_secret_fn *secret, void *ctx,
                  struct cp_error *err);
/* The body without files as one string. NULL when it has media or memory runs out. */
const char *cp_body_text(struct body *body);
/* Reads on; 0 at the end, -1 when a file can't be read. */
ssize_t cp_body_read(struct body *body, char *out, size_t size);
void cp_body_release(struct body *body);

/* transport.c: the end of an exchange: tells its owner, then frees it. */
void cp_exchange_end(struct cp_exchange *exchange, struct cp_exchange_result *result);
void cp_exchange_link(struct cp_exchange *exchange, struct cp_exchange **head);
void cp_exchange_unlink(struct cp_exchange *exchange);
void cp_exchange_free(struct cp_exchange *exchange);
/* Asks the owner's gate, counts, and remembers the answer. A second call is always no. */
bool cp_exchange_pass_gate(struct cp_exchange *exchange);

/* reply.c: what libcurl reads goes into the exchange, within the limits. */
void cp_reply_listen(struct cp_exchange *exchange);
/* The complete reply, borrowed from the exchange. */
struct cp_reply cp_reply_of(struct cp_exchange *exchange, int status);
void cp_reply_release(struct cp_exchange *exchange);

/* origin.c: scheme, host and port for a message: the rest of an address may be a secret. */
void cp_origin_write(const char *url, char *out, size_t size);

/* http.c */
bool cp_http_start(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                   struct cp_error *err);
void cp_http_finished(struct cp_exchange *exchange, CURLcode code);
/* Takes the handle out of libcurl's hands and clears what it knows (secrets among it). */
void cp_http_drop(struct cp_exchange *exchange);

/* sockets.c: libcurl's sockets and its timer on the loop */
struct sockets *cp_sockets_open(struct cp_transport *transport, struct cp_error *err);
void cp_sockets_close(struct sockets *sockets);
/* For a handle that is about to connect: makes and closes the descriptors of connections, so that
 * their watchers may live as long as they do. */
void cp_sockets_attach(struct sockets *sockets, CURL *easy);

/* file.c */
bool cp_file_start(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                   struct cp_error *err);
/* Forgets a file exchange that was cancelled: it is freed when its job lets go. */
void cp_file_abandon(struct cp_exchange *exchange);

#endif
