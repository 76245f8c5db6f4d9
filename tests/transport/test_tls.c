/* tests/transport/test_tls.c - whom the transport trusts. */
#include "carrier.h"

#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

#include "certificate.h"

static const struct act fine[] = { { .reply = OK_REPLY } };
static struct certificate authority, stranger;
static char trusted[] = "/tmp/camp-post-authority-XXXXXX";

static const struct {
    const char *name, *host; /* the certificate is for */
    int days;
    bool own;     /* signed by itself */
    bool unknown; /* signed by an authority that is not trusted */
    enum cp_exchange_ending ending;
} servers[] = {
    { "trusted", "127.0.0.1", 1, false, false, CP_EXCHANGE_REPLIED },
    { "expired", "127.0.0.1", -1, false, false, CP_EXCHANGE_NOT_ACTED },
    { "another host's", "127.0.0.2", 1, false, false, CP_EXCHANGE_NOT_ACTED },
    { "a name's", "localhost", 1, false, false, CP_EXCHANGE_NOT_ACTED },
    { "signed by itself", "127.0.0.1", 1, true, false, CP_EXCHANGE_NOT_ACTED },
    { "signed by a stranger", "127.0.0.1", 1, false, true, CP_EXCHANGE_NOT_ACTED },
};

static void a_certificate_that_does_not_fit_is_told_and_nothing_sent(void **state)
{
    struct cp_transport_options options = { .ca_file = trusted };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(servers); i++) {
        const struct certificate *issuer = servers[i].unknown ? &stranger : &authority;
        struct certificate certificate =
            certificate_make(servers[i].host, servers[i].days, servers[i].own ? NULL : issuer);
        SSL_CTX *context = certificate_serve(&certificate);
        struct server *server = server_start(fine, 1, context);
        bool good = servers[i].ending == CP_EXCHANGE_REPLIED;
        struct heard heard = { 0 };
        struct carrier carrier;
        char url[100];
        struct cp_request request = post_to(server, "https", url);

        carrier_open(&carrier, &options);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        if (heard.ending != servers[i].ending || heard.distrusted == good)
            fail_msg("%s: ended in %d (%s)", servers[i].name, heard.ending, heard.reason);
        assert_int_equal(heard.asked, good);
        assert_int_equal(server_acted(server), good);
        assert_true(heard.connected);
        heard_release(&heard);
        carrier_close(&carrier);
        server_stop(server);
        SSL_CTX_free(context);
        certificate_release(&certificate);
    }
}

/* As on a plain connection: the server acts on a kept one, then drops it. */
static void a_dropped_connection_is_in_doubt_over_tls_too(void **state)
{
    static const struct act acts[] = { { .reply = OK_REPLY },
                                       { .then = FIN },
                                       { .reply = OK_REPLY } };
    struct cp_transport_options options = { .ca_file = trusted };
    struct certificate certificate = certificate_make("127.0.0.1", 1, &authority);
    SSL_CTX *context = certificate_serve(&certificate);
    struct server *server = server_start(acts, 3, context);
    struct heard first = { 0 }, second = { 0 };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "https", url);

    (void)state;
    carrier_open(&carrier, &options);
    assert_true(carrier_carry(&carrier, &request, NULL, &first));
    assert_int_equal(first.ending, CP_EXCHANGE_REPLIED);
    assert_true(carrier_carry(&carrier, &request, NULL, &second));
    assert_int_equal(second.ending, CP_EXCHANGE_UNKNOWN);
    assert_int_equal(second.asked, 1);
    assert_int_equal(server_acted(server), 2);
    heard_release(&first);
    carrier_close(&carrier);
    server_stop(server);
    SSL_CTX_free(context);
    certificate_release(&certificate);
}

/* A server that does not say how long its answer is, and cuts the connection without a word, may
 * have been cut by anybody on the way (RFC 8446, section 6.1). */
static void an_answer_cut_off_without_a_farewell_is_not_complete(void **state)
{
    static const struct act acts[] = { { .reply = "HTTP/1.1 200 OK\r\n\r\n{\"id\":1",
                                         .then = RST } };
    struct cp_transport_options options = { .ca_file = trusted };
    struct certificate certificate = certificate_make("127.0.0.1", 1, &authority);
    SSL_CTX *context = certificate_serve(&certificate);
    struct server *server = server_start(acts, 1, context);
    struct heard heard = { 0 };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "https", url);

    (void)state;
    carrier_open(&carrier, &options);
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_UNKNOWN);
    carrier_close(&carrier);
    server_stop(server);
    SSL_CTX_free(context);
    certificate_release(&certificate);
}

static int make_authorities(void **state)
{
    (void)state;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    authority = certificate_make("Authority of the tests", 1, NULL);
    stranger = certificate_make("Somebody else", 1, NULL);
    close(mkstemp(trusted));
    certificate_write(&authority, trusted);
    return 0;
}

static int release_authorities(void **state)
{
    (void)state;
    certificate_release(&authority);
    certificate_release(&stranger);
    return remove(trusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_does_not_fit_is_told_and_nothing_sent),
        cmocka_unit_test(a_dropped_connection_is_in_doubt_over_tls_too),
        cmocka_unit_test(an_answer_cut_off_without_a_farewell_is_not_complete),
    };

    return cmocka_run_group_tests(tests, make_authorities, release_authorities);
}
