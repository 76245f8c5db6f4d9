/* tests/transport/carrier.h - a loop, a transport on it, and what was heard of each exchange. */
#ifndef CP_TESTS_TRANSPORT_CARRIER_H
#define CP_TESTS_TRANSPORT_CARRIER_H

#include "cmocka_all.h"

#include "server.h"
#include "transport/transport.h"

#define TOKEN "s3cret+/="
/* A label of more than 63 bytes (RFC 1035, section 2.3.4): the resolver's thread fails without asking
 * any network. */
#define NO_SUCH_NAME                                                                               \
    "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g23456789-h23456789.invalid"
#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

struct carrier {
    uv_loop_t loop;
    struct cp_transport *transport;
    struct cp_secret *token;
    char folder[64];       /* a scratch folder, which is the folder of media too */
    const char *directory; /* the account's; NULL: the scratch folder */
};

/* One exchange: how its owner behaves, and what it was told. */
struct heard {
    struct carrier *carrier;
    struct cp_exchange *exchange;
    bool refuses; /* the gate says no */
    void (*then)(struct heard *heard);
    struct heard *other; /* for `then` */
    unsigned asked, times;
    enum cp_exchange_ending ending;
    bool connected, stopped, distrusted;
    unsigned gate_calls;
    int status;
    int64_t date_us;
    char *body;
    size_t size, header_count;
    char headers[4096]; /* "Name=value\n" each */
    char reason[500];
    char refusal[500]; /* why it was not begun */
};

void carrier_open(struct carrier *carrier, const struct cp_transport_options *options);
/* Closes it, and insists on an empty loop and an empty folder removed. */
void carrier_close(struct carrier *carrier);

/* Starts an exchange. `origin` NULL: that of the request. False: it was not begun (heard->refusal). */
bool carrier_start(struct carrier *carrier, const struct cp_request *request, const char *origin,
                   struct heard *heard);
/* The same, and runs the loop until it has ended. */
bool carrier_carry(struct carrier *carrier, const struct cp_request *request, const char *origin,
                   struct heard *heard);
/* Runs the loop until *number is at least `wanted`; fails the test after ten seconds. */
void carrier_run_until(struct carrier *carrier, const unsigned *number, unsigned wanted);
void carrier_run_ms(struct carrier *carrier, unsigned ms);
void heard_release(struct heard *heard);

/* A post of two bytes to the server, in `url`. */
struct cp_request post_to(const struct server *server, const char *scheme, char url[100]);
/* Writes a medium into the carrier's folder; its name goes to `digest`. */
void carrier_add_medium(struct carrier *carrier, char fill, size_t size, char digest[65]);

#endif
