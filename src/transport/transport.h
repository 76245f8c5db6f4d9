/* src/transport/transport.h - carries requests: HTTP (libcurl multi on libuv) and local files.
 *
 * The transport knows nothing of posts. It is given a request as an adapter made it, fills secrets
 * in at the last moment and only towards the account's own origin, asks the gate before the first byte
 * of a publishing request leaves, and reports what surely happened.
 *
 * The gate. For HTTP it is CURLOPT_PREREQFUNCTION: called when connect and TLS are done and no byte
 * has left. It says no when the owner's gate says no, and on every second call for the same exchange:
 * that is libcurl's own re-send of a request on a dead kept-alive connection, which would post
 * twice. For a file it is asked before the rename. The gate's own count decides what a failure
 * means, never libcurl's code (see enum cp_acted in engine/engine.h for the three endings).
 *
 * Limits: replies are cut at `reply_most` bytes (an error, not a truncation that looks like success), header
 * lines and their number are bounded, redirects are never followed, only http and https are spoken, http
 * only to loopback. Publishing goes over HTTP/1.1 on young connections.
 */
#ifndef CP_TRANSPORT_TRANSPORT_H
#define CP_TRANSPORT_TRANSPORT_H

#include <camp-post/adapter.h>
#include <uv.h>

#include "base/error.h"
#include "base/secret.h"

extern const struct cp_error_domain cp_transport_errors;

struct cp_transport;
struct cp_exchange;

struct cp_transport_options {
    const char *user_agent;      /* "camp-post/0.1 (+https://…)" */
    const char *media_directory; /* where media lie by their SHA-256, without an ending */
    /* 0: 10 s, 30 s, 5 min. The last is for bodies with media, which are given up earlier when nothing
     * moves for twice the second. */
    int64_t connect_timeout_us, total_timeout_us, large_timeout_us;
    size_t reply_most;   /* 0: 8 MiB */
    const char *ca_file; /* NULL: the system's */
};

struct cp_transport *cp_transport_open(uv_loop_t *loop, const struct cp_transport_options *options,
                                       struct cp_error *err);
/* Cancels what is under way; may be called from a `done`. The loop must run on to let handles close and
 * workers let go. */
void cp_transport_close(struct cp_transport *transport);

/* True: the bytes may leave. False: `reason` (a constant string) says why not. Runs on the loop, inside
 * the transport: it may not start or cancel exchanges nor close the transport. */
typedef bool cp_gate_fn(void *ctx, const char **reason);
/* The member `name` of the account's credential, or NULL. Borrowed for the call. */
typedef const struct cp_secret *cp_secret_fn(const char *name, void *ctx);

enum cp_exchange_ending {
    CP_EXCHANGE_NOT_ACTED, /* surely nothing happened at the server (or, for a read, it does not matter) */
    CP_EXCHANGE_UNKNOWN, /* the gate said yes (or there is no gate), and no complete reply came */
    CP_EXCHANGE_REPLIED, /* a complete, well-formed reply is there */
};

struct cp_exchange_result {
    enum cp_exchange_ending ending;
    bool connected;  /* a connection stood: the server lives */
    bool stopped;    /* the owner's gate said no */
    bool distrusted; /* TLS: the certificate does not fit (a person has to look) */
    unsigned gate_calls;
    struct cp_reply reply;      /* REPLIED; borrowed until `done` returns */
    const char *reason;         /* one line for people, without secrets; NULL when REPLIED */
    int64_t began_us, ended_us; /* boot time */
};
/* Runs on the loop, exactly once, never from inside cp_exchange_start(), never after cancel. */
typedef void cp_exchange_done_fn(const struct cp_exchange_result *result, void *ctx);

struct cp_exchange_plan {
    const struct cp_request *request; /* copied */
    const char *origin; /* the only origin that secrets go to (scheme://host[:port]); NULL: none */
    const char *directory; /* CP_FILE: paths must lie below it */
    cp_gate_fn *gate;      /* asked for publish steps; NULL for others */
    cp_secret_fn *secret;  /* may be NULL */
    cp_exchange_done_fn *done;
    void *ctx; /* of the three */
};

/* NULL: nothing was begun (bad URL, secret missing, foreign origin, the file is being replaced by another
 * exchange): surely not acted. Messages name the server and never the rest of an address. */
struct cp_exchange *cp_exchange_start(struct cp_transport *transport,
                                      const struct cp_exchange_plan *plan, struct cp_error *err);
/* Ends it at once: `done` does not run. Sets *exchange to NULL. Whether a publishing request had passed its
 * gate is told by the return: true means doubt. */
bool cp_exchange_cancel(struct cp_exchange **exchange);

/* True when `url` is at `origin` (scheme, host and port equal, default ports filled in). */
bool cp_origin_contains(const char *origin, const char *url);
/* https anywhere, http only for loopback (127.0.0.0/8, ::1, localhost). */
bool cp_origin_allowed(const char *url, struct cp_error *err);
bool cp_origin_is_loopback(const char *url);

#endif
