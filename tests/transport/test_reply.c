/* tests/transport/test_reply.c - what a publishing request ends in, for all kinds of replies. */
#include "carrier.h"

#include <stdio.h>

enum { REPLY_MOST = 100000 };

#define HEAD                     "HTTP/1.1 200 OK\r\n"
#define REPLIED_WITH(code, text) .ending = CP_EXCHANGE_REPLIED, .status = code, .body = text
#define DOUBT(text)              .ending = CP_EXCHANGE_UNKNOWN, .why = text

static const struct {
    const char *name;
    struct act act;
    enum cp_exchange_ending ending;
    int status;
    const char *body, *headers, *why;
} replies[] = {
    { "plain",
      { .reply =
            HEAD "Content-Length: 2\r\nX-A:  b \r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n{}" },
      REPLIED_WITH(200, "{}"),
      .headers = "Content-Length=2\nX-A=b\nDate=Sun, 06 Nov 1994 08:49:37 GMT\n" },
    { "chunks",
      { .reply = HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n" },
      REPLIED_WITH(200, "abcd") },
    { "a trailer is no header",
      { .reply = HEAD
        "Transfer-Encoding: chunked\r\nTrailer: Date\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n" },
      REPLIED_WITH(200, "a"),
      .headers = "Transfer-Encoding=chunked\nTrailer=Date\n" },
    { "HTTP/1.0, ended by the connection",
      { .reply = "HTTP/1.0 200 OK\r\n\r\nabc", .then = FIN },
      REPLIED_WITH(200, "abc") },
    { "an empty one", { .reply = "HTTP/1.1 204 No Content\r\n\r\n" }, REPLIED_WITH(204, "") },
    { "a redirect is not followed",
      { .reply = "HTTP/1.1 307 Temporary\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" },
      REPLIED_WITH(307, ""),
      .headers = "Location=/elsewhere\nContent-Length=0\n" },
    { "401 is not answered",
      { .reply =
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n" },
      REPLIED_WITH(401, "") },
    { "417 is not tried again",
      { .reply = "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n" },
      REPLIED_WITH(417, "") },
    { "408 is not tried again",
      { .reply = "HTTP/1.1 408 Slow\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        .then = FIN },
      REPLIED_WITH(408, "") },
    { "421 is not tried again",
      { .reply = "HTTP/1.1 421 No\r\nContent-Length: 0\r\n\r\n" },
      REPLIED_WITH(421, "") },
    { "interim answers are passed over",
      { .reply = "HTTP/1.1 102 Wait\r\nX-I: 1\r\n\r\n",
        .fill = "HTTP/1.1 103 Hints\r\nX-I: 2\r\n\r\n",
        .times = 20,
        .tail = HEAD "X-F: 3\r\nContent-Length: 1\r\n\r\nx" },
      REPLIED_WITH(200, "x"),
      .headers = "X-F=3\nContent-Length=1\n" },
    { "broken gzip is passed through",
      { .reply = HEAD "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8bxx" },
      REPLIED_WITH(200, "\x1f\x8bxx") },
    { "just as large as is read",
      { .reply = HEAD "Content-Length: 100000\r\n\r\n", .fill = "0123456789", .times = 10000 },
      .ending = CP_EXCHANGE_REPLIED,
      .status = 200 },

    { "nothing, closed", { .then = FIN }, DOUBT("") },
    { "nothing, reset", { .then = RST }, DOUBT("") },
    { "nothing, silence", { .then = STALL }, DOUBT("") },
    { "half a status line", { .reply = "HTTP/1.1 20", .then = FIN }, DOUBT("") },
    { "a status line alone",
      { .reply = "HTTP/1.1 422 Unprocessable\r\n", .then = FIN },
      DOUBT("head") },
    { "half a head", { .reply = HEAD "Content-Ty", .then = FIN }, DOUBT("head") },
    { "a head without its end", { .reply = HEAD "X-A: b\r\n", .then = FIN }, DOUBT("head") },
    { "a head without its end, reset",
      { .reply = HEAD "X-A: b\r\n", .then = RST, .hesitation = 1 },
      DOUBT("") },
    { "an interim answer alone",
      { .reply = "HTTP/1.1 103 Hints\r\n\r\n", .then = FIN },
      DOUBT("") },
    { "an interim answer, silence",
      { .reply = "HTTP/1.1 100 Continue\r\n\r\n", .then = STALL },
      DOUBT("") },
    { "another protocol",
      { .reply = "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nzz", .then = FIN },
      DOUBT("") },
    { "a head, then the end",
      { .reply = HEAD "Content-Length: 10\r\n\r\n", .then = FIN },
      DOUBT("") },
    { "half a body", { .reply = HEAD "Content-Length: 10\r\n\r\n01234", .then = FIN }, DOUBT("") },
    { "half a body, reset",
      { .reply = HEAD "Content-Length: 10\r\n\r\n01234", .then = RST },
      DOUBT("") },
    { "half a body, silence",
      { .reply = HEAD "Content-Length: 10\r\n\r\n01234", .then = STALL },
      DOUBT("") },
    { "chunks without an end",
      { .reply = HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", .then = FIN },
      DOUBT("") },
    { "half a chunk",
      { .reply = HEAD "Transfer-Encoding: chunked\r\n\r\n9\r\nabc", .then = FIN },
      DOUBT("") },
    { "a bad chunk",
      { .reply = HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", .then = FIN },
      DOUBT("") },
    { "a bad length",
      { .reply = HEAD "Content-Length: banana\r\n\r\n{}", .then = FIN },
      DOUBT("") },
    { "a negative length",
      { .reply = HEAD "Content-Length: -1\r\n\r\n{}", .then = FIN },
      DOUBT("") },
    { "two lengths",
      { .reply = HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", .then = FIN },
      DOUBT("") },
    { "garbage", { .reply = "SSH-2.0-OpenSSH\r\n", .then = FIN }, DOUBT("") },
    { "garbage, then an answer", { .reply = "zzz\r\n" OK_REPLY, .then = FIN }, DOUBT("") },
    { "an unknown version", { .reply = "HTTP/9.9 200 OK\r\n\r\n", .then = FIN }, DOUBT("") },
    { "an impossible status", { .reply = "HTTP/1.1 abc\r\n\r\n", .then = FIN }, DOUBT("") },
    { "one byte too large, announced",
      { .reply = HEAD "Content-Length: 100001\r\n\r\nx", .fill = "0123456789", .times = 10000 },
      DOUBT("larger than anything") },
    { "without end",
      { .reply = HEAD "\r\n", .fill = "0123456789", .times = 1000000, .then = FIN },
      DOUBT("larger than anything") },
    { "headers without end",
      { .reply = HEAD, .fill = "X: y\r\n", .times = 1000000, .then = FIN },
      DOUBT("larger than anything") },
    { "one header without end",
      { .reply = HEAD "X: ", .fill = "0123456789", .times = 100000, .then = FIN },
      DOUBT("") },
    { "interim answers without end",
      { .fill = "HTTP/1.1 103 Hints\r\nLink: </x>; rel=preload\r\n\r\n",
        .times = 1000000,
        .then = FIN },
      DOUBT("larger than anything") },
};

static void check(size_t i, const struct heard *heard)
{
    const char *name = replies[i].name;

    if (heard->ending != replies[i].ending)
        fail_msg("%s: ended in %d (%s)", name, heard->ending, heard->reason);
    if (!heard->connected || heard->stopped || heard->distrusted || heard->gate_calls != 1)
        fail_msg("%s: the facts are wrong, gate asked %u times", name, heard->gate_calls);
    if (heard->status != replies[i].status)
        fail_msg("%s: status %d", name, heard->status);
    if (replies[i].body && strcmp(heard->body, replies[i].body) != 0)
        fail_msg("%s: body '%s'", name, heard->body);
    if (replies[i].headers && strcmp(heard->headers, replies[i].headers) != 0)
        fail_msg("%s: headers '%s'", name, heard->headers);
    if (replies[i].why && !strstr(heard->reason, replies[i].why))
        fail_msg("%s: '%s'", name, heard->reason);
}

static void only_a_complete_reply_is_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(replies); i++) {
        struct cp_transport_options options = { .total_timeout_us = CP_SECOND / 2,
                                                .reply_most = REPLY_MOST };
        struct server *server = server_start(&replies[i].act, 1, NULL);
        struct heard heard = { 0 };
        struct carrier carrier;
        char url[100];
        struct cp_request request = post_to(server, "http", url);

        carrier_open(&carrier, &options);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        check(i, &heard);
        if (server_acted(server) != 1)
            fail_msg("%s: the server acted %u times", replies[i].name, server_acted(server));
        heard_release(&heard);
        carrier_close(&carrier);
        server_stop(server);
    }
}

/* The same reply, but nothing was to be published: it can be asked for again. */
static void a_read_without_a_complete_reply_does_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(replies); i++) {
        struct cp_transport_options options = { .total_timeout_us = CP_SECOND / 5,
                                                .reply_most = REPLY_MOST };
        struct server *server = server_start(&replies[i].act, 1, NULL);
        struct heard heard = { 0 };
        struct carrier carrier;
        char url[100];
        struct cp_request request = post_to(server, "http", url);

        request.step = i % 2 ? CP_STEP_READ : CP_STEP_PREPARE;
        carrier_open(&carrier, &options);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        if (heard.ending == CP_EXCHANGE_UNKNOWN || heard.gate_calls)
            fail_msg("%s: ended in doubt", replies[i].name);
        assert_int_equal(heard.ending == CP_EXCHANGE_REPLIED,
                         replies[i].ending == CP_EXCHANGE_REPLIED);
        heard_release(&heard);
        carrier_close(&carrier);
        server_stop(server);
    }
}

static void the_server_s_clock_is_told(void **state)
{
    static const struct {
        const char *date;
        int64_t us;
    } dates[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000000) },
        { "Thursday, 01-Jan-26 00:00:00 GMT", INT64_C(1767225600000000) },
        { "yesterday", 0 },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(dates); i++) {
        struct act act = { 0 };
        char reply[200], url[100];
        struct heard heard = { 0 };
        struct carrier carrier;
        struct server *server;
        struct cp_request request;

        snprintf(reply, sizeof(reply), HEAD "date: %s\r\nContent-Length: 0\r\n\r\n", dates[i].date);
        act.reply = reply;
        server = server_start(&act, 1, NULL);
        request = post_to(server, "http", url);
        carrier_open(&carrier, NULL);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.date_us, dates[i].us);
        heard_release(&heard);
        carrier_close(&carrier);
        server_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_complete_reply_is_one),
        cmocka_unit_test(a_read_without_a_complete_reply_does_not_matter),
        cmocka_unit_test(the_server_s_clock_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
