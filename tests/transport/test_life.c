/* tests/transport/test_life.c - many at once, cancelling, closing. */
#include "carrier.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct act fine[] = { { .reply = OK_REPLY } };
static const struct act silent[] = { { .then = STALL } };

static void two_hundred_exchanges_go_on_at_once(void **state)
{
    enum { SERVERS = 8, EACH = 25 };
    struct server *servers[SERVERS];
    static struct heard heard[SERVERS * EACH];
    struct carrier carrier;
    char url[100];

    (void)state;
    carrier_open(&carrier, NULL);
    for (size_t i = 0; i < SERVERS; i++)
        servers[i] = server_start(fine, 1, NULL);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < SERVERS * EACH; i++) {
            struct cp_request request = post_to(servers[i % SERVERS], "http", url);

            assert_true(carrier_start(&carrier, &request, NULL, &heard[i]));
        }
        for (size_t i = 0; i < SERVERS * EACH; i++) {
            carrier_run_until(&carrier, &heard[i].times, 1);
            assert_int_equal(heard[i].ending, CP_EXCHANGE_REPLIED);
            assert_int_equal(heard[i].asked, 1);
            assert_string_equal(heard[i].body, "{}");
            heard_release(&heard[i]);
        }
    }
    for (size_t i = 0; i < SERVERS; i++) {
        assert_int_equal(server_acted(servers[i]), 2 * EACH);
        assert_true(server_connections(servers[i]) <= EACH); /* kept from the first round */
    }
    carrier_close(&carrier);
    for (size_t i = 0; i < SERVERS; i++)
        server_stop(servers[i]);
}

static void cancelling_tells_whether_the_gate_was_passed(void **state)
{
    struct server *server = server_start(silent, 1, NULL);
    struct cp_exchange *none = NULL;
    struct heard early = { 0 }, late = { 0 }, read = { 0 };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url), reading = request;

    (void)state;
    reading.step = CP_STEP_READ;
    carrier_open(&carrier, NULL);
    assert_true(carrier_start(&carrier, &request, NULL, &early));
    assert_true(carrier_start(&carrier, &request, NULL, &late));
    assert_true(carrier_start(&carrier, &reading, NULL, &read));
    assert_false(cp_exchange_cancel(&early.exchange));
    assert_null(early.exchange);
    carrier_run_until(&carrier, &late.asked, 1);
    carrier_run_ms(&carrier, 50);
    assert_true(cp_exchange_cancel(&late.exchange));
    assert_false(cp_exchange_cancel(&read.exchange));
    assert_false(cp_exchange_cancel(&none));
    carrier_run_ms(&carrier, 50);
    assert_int_equal(early.times + late.times + read.times, 0);
    assert_int_equal(early.asked, 0);
    carrier_close(&carrier);
    server_stop(server);
}

static void cancel_the_other(struct heard *heard)
{
    assert_true(cp_exchange_cancel(&heard->other->exchange));
}

static void one_may_be_cancelled_when_another_is_done(void **state)
{
    static const struct act acts[] = { { .then = STALL }, { .reply = OK_REPLY } };
    struct server *server = server_start(acts, 2, NULL);
    struct heard stalled = { 0 }, done = { .then = cancel_the_other, .other = &stalled };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    carrier_open(&carrier, NULL);
    assert_true(carrier_start(&carrier, &request, NULL, &stalled));
    while (server_acted(server) < 1)
        carrier_run_ms(&carrier, 5);
    assert_true(carrier_carry(&carrier, &request, NULL, &done));
    assert_int_equal(done.ending, CP_EXCHANGE_REPLIED);
    carrier_run_ms(&carrier, 20);
    assert_int_equal(stalled.times, 0);
    heard_release(&done);
    carrier_close(&carrier);
    server_stop(server);
}

static void start_the_other(struct heard *heard)
{
    char url[100];
    struct cp_request request;
    unsigned port = 0;

    assert_int_equal(sscanf(heard->headers, "X-Port=%u", &port), 1);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/again", port);
    request = (struct cp_request){ .step = CP_STEP_READ, .method = "GET", .url = url };
    assert_true(carrier_start(heard->carrier, &request, NULL, heard->other));
}

static void the_next_may_be_started_when_one_is_done(void **state)
{
    struct act act = { 0 };
    struct server *server = server_start(&act, 1, NULL);
    struct heard second = { 0 }, first = { .then = start_the_other, .other = &second };
    struct carrier carrier;
    char url[100], reply[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\nX-Port: %u\r\nContent-Length: 0\r\n\r\n",
             server_port(server));
    act.reply = reply;
    carrier_open(&carrier, NULL);
    assert_true(carrier_carry(&carrier, &request, NULL, &first));
    carrier_run_until(&carrier, &second.times, 1);
    assert_int_equal(second.ending, CP_EXCHANGE_REPLIED);
    heard_release(&first);
    heard_release(&second);
    carrier_close(&carrier);
    server_stop(server);
}

static void closing_cancels_what_is_under_way(void **state)
{
    struct server *server = server_start(silent, 1, NULL);
    struct heard heard[4] = { 0 };
    struct carrier carrier;
    char url[100], nowhere[] = "https://" NO_SUCH_NAME "/";
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    carrier_open(&carrier, NULL);
    assert_true(carrier_start(&carrier, &request, NULL, &heard[0]));
    carrier_run_until(&carrier, &heard[0].asked, 1);
    assert_true(carrier_start(&carrier, &request, NULL, &heard[1]));
    request.url = nowhere;
    assert_true(carrier_start(&carrier, &request, NULL, &heard[2]));
    carrier_run_ms(&carrier, 1);
    assert_true(carrier_start(&carrier, &request, NULL, &heard[3]));
    carrier_close(&carrier);
    assert_int_equal(heard[0].times + heard[1].times, 0);
    server_stop(server);
}

static void close_it(struct heard *heard)
{
    cp_transport_close(heard->carrier->transport);
    heard->carrier->transport = NULL;
}

static void it_may_be_closed_when_one_is_done(void **state)
{
    static const struct act acts[] = { { .then = STALL }, { .reply = OK_REPLY } };
    struct server *server = server_start(acts, 2, NULL);
    struct heard stalled = { 0 }, done = { .then = close_it };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    carrier_open(&carrier, NULL);
    assert_true(carrier_start(&carrier, &request, NULL, &stalled));
    while (server_acted(server) < 1)
        carrier_run_ms(&carrier, 5);
    assert_true(carrier_carry(&carrier, &request, NULL, &done));
    assert_int_equal(stalled.times, 0);
    heard_release(&done);
    carrier_close(&carrier);
    server_stop(server);
}

/* ---- a name server that never answers ------------------------------------------------------ */

/* In a file system view of our own, so it takes root. -1: not possible here. */
static int silence_names(const struct carrier *carrier)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(53) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char path[100];
    FILE *file;

    snprintf(path, sizeof(path), "%s/resolv.conf", carrier->folder);
    file = fopen(path, "w");
    fputs("nameserver 127.0.0.77\noptions timeout:3 attempts:1\n", file);
    fclose(file);
    inet_pton(AF_INET, "127.0.0.77", &at.sin_addr);
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* libcurl's own way is to wait for the thread that looks the name up, and the loop with it. */
static void a_name_that_is_looked_up_for_long_does_not_hold_the_loop(void **state)
{
    struct cp_transport_options options = { .connect_timeout_us = CP_SECOND / 5 };
    struct heard cancelled = { 0 }, late = { 0 }, closed = { 0 };
    struct carrier carrier;
    char url[] = "https://slow.example/";
    struct cp_request request = { .step = CP_STEP_PUBLISH, .method = "POST", .url = url };
    uint64_t began = uv_hrtime();
    int names;

    (void)state;
    carrier_open(&carrier, &options);
    names = silence_names(&carrier);
    if (names < 0) {
        carrier_close(&carrier);
        skip();
    }
    assert_true(carrier_start(&carrier, &request, NULL, &cancelled));
    carrier_run_ms(&carrier, 20);
    assert_false(cp_exchange_cancel(&cancelled.exchange));
    assert_true(carrier_carry(&carrier, &request, NULL, &late));
    assert_int_equal(late.ending, CP_EXCHANGE_NOT_ACTED);
    assert_false(late.connected);
    assert_true(carrier_start(&carrier, &request, NULL, &closed));
    carrier_run_ms(&carrier, 20);
    umount("/etc/resolv.conf");
    carrier_close(&carrier);
    assert_true(uv_hrtime() - began < UINT64_C(2000) * 1000 * 1000);
    close(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_exchanges_go_on_at_once),
        cmocka_unit_test(cancelling_tells_whether_the_gate_was_passed),
        cmocka_unit_test(one_may_be_cancelled_when_another_is_done),
        cmocka_unit_test(the_next_may_be_started_when_one_is_done),
        cmocka_unit_test(closing_cancels_what_is_under_way),
        cmocka_unit_test(it_may_be_closed_when_one_is_done),
        cmocka_unit_test(a_name_that_is_looked_up_for_long_does_not_hold_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
