/* tests/transport/test_gate.c - the gate is asked once, before the first byte, and its count decides
 * what a failure means. */
#include "carrier.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct act fine[] = { { .reply = OK_REPLY } };

static void the_gate_is_asked_once_on_a_fresh_and_on_a_kept_connection(void **state)
{
    struct server *server = server_start(fine, 1, NULL);
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    carrier_open(&carrier, NULL);
    for (unsigned i = 1; i <= 5; i++) {
        struct heard heard = { 0 };

        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
        assert_int_equal(heard.asked, 1);
        assert_int_equal(heard.gate_calls, 1);
        assert_int_equal(server_acted(server), i);
        heard_release(&heard);
    }
    assert_int_equal(server_connections(server), 1);
    carrier_close(&carrier);
    server_stop(server);
}

static void a_no_at_the_gate_lets_no_byte_out(void **state)
{
    struct server *server = server_start(fine, 1, NULL);
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);
    size_t before = 0;

    (void)state;
    carrier_open(&carrier, NULL);
    for (int kept = 0; kept < 2; kept++) {
        struct heard heard = { .refuses = true }, other = { 0 };

        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
        assert_true(heard.stopped && heard.connected);
        assert_int_equal(heard.asked, 1);
        assert_string_equal(heard.reason, "held by a test");
        carrier_run_ms(&carrier, 50);
        assert_int_equal(server_received(server), before);
        /* the next one goes out, and leaves a connection behind */
        assert_true(carrier_carry(&carrier, &request, NULL, &other));
        assert_int_equal(other.ending, CP_EXCHANGE_REPLIED);
        heard_release(&other);
        before = server_received(server);
        assert_true(before > 0);
    }
    carrier_close(&carrier);
    server_stop(server);
}

/* A port on which nobody listens. */
static unsigned closed_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static const struct {
    const char *place;
    bool listens;
} unreachable[] = {
    { "https://127.0.0.1", true }, /* it waits for a request and never shakes hands */
    { "http://127.0.0.1", false },
    { "https://" NO_SUCH_NAME, false },
};

static void what_never_came_to_the_gate_surely_did_nothing(void **state)
{
    struct cp_transport_options options = { .connect_timeout_us = CP_SECOND / 5,
                                            .total_timeout_us = 5 * CP_SECOND };
    struct server *server = server_start(fine, 1, NULL);
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, &options);
    for (size_t i = 0; i < CP_COUNT(unreachable); i++) {
        struct heard heard = { 0 };
        char url[200];
        struct cp_request request = post_to(server, "http", url);

        snprintf(url, sizeof(url), "%s:%u/", unreachable[i].place,
                 unreachable[i].listens ? server_port(server) : closed_port());
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        if (heard.ending != CP_EXCHANGE_NOT_ACTED || heard.asked || heard.gate_calls)
            fail_msg("%s: ended in %d (%s)", unreachable[i].place, heard.ending, heard.reason);
        assert_false(heard.stopped || heard.distrusted);
        assert_true(unreachable[i].listens || !heard.connected);
    }
    assert_int_equal(server_acted(server), 0);
    carrier_close(&carrier);
    server_stop(server);
}

/* The resolver's own descriptors come and go, and their numbers are taken by connections. */
static void a_connection_lives_after_a_failed_name(void **state)
{
    struct server *server = server_start(fine, 1, NULL);
    struct carrier carrier;
    char url[100], nowhere[] = "https://" NO_SUCH_NAME "/";
    struct cp_request request = post_to(server, "http", url), lost = request;

    (void)state;
    lost.url = nowhere;
    carrier_open(&carrier, NULL);
    for (int i = 0; i < 5; i++) {
        struct heard first = { 0 }, second = { 0 };

        assert_true(carrier_carry(&carrier, &lost, NULL, &first));
        assert_int_equal(first.ending, CP_EXCHANGE_NOT_ACTED);
        /* on new connections as well as on a kept one */
        request.step = i % 2 ? CP_STEP_PUBLISH : CP_STEP_READ;
        assert_true(carrier_carry(&carrier, &request, NULL, &second));
        assert_int_equal(second.ending, CP_EXCHANGE_REPLIED);
        heard_release(&second);
    }
    carrier_close(&carrier);
    server_stop(server);
}

/* ---- a large body -------------------------------------------------------------------------- */

enum { LARGE = 8 << 20 };

static const struct {
    const char *name;
    struct act act;
    enum cp_exchange_ending ending;
    int status;
} cuts[] = {
    { "everything, answered", { .reply = OK_REPLY }, CP_EXCHANGE_REPLIED, 200 },
    { "everything, closed", { .then = FIN }, CP_EXCHANGE_UNKNOWN, 0 },
    { "everything, reset", { .then = RST }, CP_EXCHANGE_UNKNOWN, 0 },
    { "everything, silence", { .then = STALL }, CP_EXCHANGE_UNKNOWN, 0 },
    { "a part, closed", { .take = 1000, .then = FIN }, CP_EXCHANGE_NOT_ACTED, 0 },
    { "a part, reset", { .take = 100000, .then = RST }, CP_EXCHANGE_NOT_ACTED, 0 },
    { "a part, then half a status line",
      { .take = 1000, .reply = "HTTP/1.1 4", .then = RST },
      CP_EXCHANGE_NOT_ACTED,
      0 },
    { "refused early",
      { .take = 1000,
        .reply = "HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        .then = DRAIN },
      CP_EXCHANGE_REPLIED,
      413 },
};

static void a_large_body_that_was_not_handed_over_surely_did_nothing(void **state)
{
    struct cp_transport_options options = { .large_timeout_us = CP_SECOND };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(cuts); i++) {
        struct server *server = server_start(&cuts[i].act, 1, NULL);
        char digest[65], url[100];
        const struct cp_segment body[] = { { .media = digest }, { .bytes = "--", .size = 2 } };
        struct cp_request request = post_to(server, "http", url);
        struct heard heard = { 0 };
        struct carrier carrier;

        carrier_open(&carrier, &options);
        carrier_add_medium(&carrier, 'm', LARGE, digest);
        request.body = body;
        request.body_count = 2;
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        if (heard.ending != cuts[i].ending || heard.status != cuts[i].status)
            fail_msg("%s: ended in %d, status %d (%s)", cuts[i].name, heard.ending, heard.status,
                     heard.reason);
        assert_int_equal(heard.gate_calls, 1);
        heard_release(&heard);
        carrier_close(&carrier);
        server_stop(server);
    }
}

/* Large bodies have minutes, but not for saying nothing. */
static void a_large_request_that_stands_still_is_given_up_early(void **state)
{
    static const struct act silent[] = { { .then = STALL } };
    struct cp_transport_options options = { .total_timeout_us = CP_SECOND / 10,
                                            .large_timeout_us = 60 * CP_SECOND };
    struct server *server = server_start(silent, 1, NULL);
    char digest[65], url[100];
    const struct cp_segment body[] = { { .media = digest }, { .bytes = "--", .size = 2 } };
    struct cp_request request = post_to(server, "http", url);
    struct heard heard = { 0 };
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, &options);
    carrier_add_medium(&carrier, 'm', 1000, digest);
    request.body = body;
    request.body_count = 2;
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_UNKNOWN);
    assert_non_null(strstr(heard.reason, "too slow"));
    carrier_close(&carrier);
    server_stop(server);
}

/* The file shrinks after its size was announced: what is sent must not look complete. */
static void a_medium_that_ends_too_early_is_not_a_complete_body(void **state)
{
    struct server *server = server_start(fine, 1, NULL);
    char digest[65], url[100], path[200];
    const struct cp_segment body[] = { { .media = digest }, { .bytes = "--", .size = 2 } };
    struct cp_request request = post_to(server, "http", url);
    struct heard heard = { 0 };
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    carrier_add_medium(&carrier, 'm', LARGE, digest);
    request.body = body;
    request.body_count = 2;
    assert_true(carrier_start(&carrier, &request, NULL, &heard));
    snprintf(path, sizeof(path), "%s/%s", carrier.folder, digest);
    assert_int_equal(truncate(path, LARGE / 2), 0);
    carrier_run_until(&carrier, &heard.times, 1);
    assert_int_equal(heard.ending, CP_EXCHANGE_NOT_ACTED);
    assert_int_equal(server_acted(server), 0);
    carrier_close(&carrier);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gate_is_asked_once_on_a_fresh_and_on_a_kept_connection),
        cmocka_unit_test(a_no_at_the_gate_lets_no_byte_out),
        cmocka_unit_test(what_never_came_to_the_gate_surely_did_nothing),
        cmocka_unit_test(a_connection_lives_after_a_failed_name),
        cmocka_unit_test(a_large_body_that_was_not_handed_over_surely_did_nothing),
        cmocka_unit_test(a_large_request_that_stands_still_is_given_up_early),
        cmocka_unit_test(a_medium_that_ends_too_early_is_not_a_complete_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
