/* tests/transport/test_guard.c - libcurl sends a request again by itself when a kept connection ends
 * before any byte of an answer. A server that acted on the first copy would post twice. */
#include "carrier.h"

#include <curl/curl.h>
#include <stdio.h>

/* The first request is answered and leaves a connection; the second is acted on and dropped. */
static const struct {
    const char *name;
    struct act acts[3];
    bool media;
    unsigned gate_calls; /* of the second request */
} misdeeds[] = {
    { "closed", { { .reply = OK_REPLY }, { .then = FIN }, { .reply = OK_REPLY } }, false, 2 },
    { "reset", { { .reply = OK_REPLY }, { .then = RST }, { .reply = OK_REPLY } }, false, 2 },
    { "closed after a while",
      { { .reply = OK_REPLY }, { .hesitation = 50, .then = FIN }, { .reply = OK_REPLY } },
      false,
      2 },
    { "closed, and nobody listens",
      { { .reply = OK_REPLY }, { .deaf = true, .then = FIN }, { .reply = OK_REPLY } },
      false,
      1 },
    { "reset, and nobody listens",
      { { .reply = OK_REPLY }, { .deaf = true, .then = RST }, { .reply = OK_REPLY } },
      false,
      1 },
    { "a large body, closed",
      { { .reply = OK_REPLY }, { .then = FIN }, { .reply = OK_REPLY } },
      true,
      0 },
    { "a large body, reset",
      { { .reply = OK_REPLY }, { .then = RST }, { .reply = OK_REPLY } },
      true,
      0 },
};

static void check_misdeed(size_t i, struct carrier *carrier, struct server *server)
{
    char url[100], digest[65];
    const struct cp_segment body[] = { { .media = digest }, { .bytes = "--", .size = 2 } };
    struct cp_request request = post_to(server, "http", url);
    struct heard first = { 0 }, second = { 0 };

    assert_true(carrier_carry(carrier, &request, NULL, &first));
    assert_int_equal(first.ending, CP_EXCHANGE_REPLIED);
    if (misdeeds[i].media) {
        carrier_add_medium(carrier, 'm', 100000, digest);
        request.body = body;
        request.body_count = 2;
    }
    assert_true(carrier_carry(carrier, &request, NULL, &second));
    if (second.ending != CP_EXCHANGE_UNKNOWN || second.asked != 1)
        fail_msg("%s: ended in %d (%s)", misdeeds[i].name, second.ending, second.reason);
    if (misdeeds[i].gate_calls && second.gate_calls != misdeeds[i].gate_calls)
        fail_msg("%s: %u calls of the gate", misdeeds[i].name, second.gate_calls);
    assert_true(second.connected && !second.stopped);
    if (server_acted(server) != 2)
        fail_msg("%s: acted %u times on two requests", misdeeds[i].name, server_acted(server));
    heard_release(&first);
}

static void a_server_that_acts_and_drops_the_connection_acts_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(misdeeds); i++) {
        struct server *server = server_start(misdeeds[i].acts, 3, NULL);
        struct carrier carrier;

        carrier_open(&carrier, NULL);
        check_misdeed(i, &carrier, server);
        carrier_close(&carrier);
        server_stop(server);
    }
}

static size_t drop(char *bytes, size_t one, size_t size, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return one * size;
}

/* Without the gate, the same server is made to act twice: so the test above can fail. */
static void without_the_gate_it_acts_twice(void **state)
{
    struct server *server = server_start(misdeeds[0].acts, 3, NULL);
    CURL *easy = curl_easy_init();
    char url[100];

    (void)state;
    post_to(server, "http", url);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(server_acted(server), 3);
    curl_easy_cleanup(easy);
    server_stop(server);
}

/* A connection that died while it was idle is seen before the gate: nothing is in doubt. */
static void an_idle_connection_that_was_closed_is_not_used(void **state)
{
    static const struct act acts[] = { { .reply = OK_REPLY, .then = FIN }, { .reply = OK_REPLY } };
    struct server *server = server_start(acts, 2, NULL);
    struct heard first = { 0 }, second = { 0 };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    carrier_open(&carrier, NULL);
    assert_true(carrier_carry(&carrier, &request, NULL, &first));
    carrier_run_ms(&carrier, 50);
    assert_true(carrier_carry(&carrier, &request, NULL, &second));
    assert_int_equal(first.ending, CP_EXCHANGE_REPLIED);
    assert_int_equal(second.ending, CP_EXCHANGE_REPLIED);
    assert_int_equal(second.gate_calls, 1);
    assert_int_equal(server_connections(server), 2);
    heard_release(&first);
    heard_release(&second);
    carrier_close(&carrier);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_acts_and_drops_the_connection_acts_once),
        cmocka_unit_test(without_the_gate_it_acts_twice),
        cmocka_unit_test(an_idle_connection_that_was_closed_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
