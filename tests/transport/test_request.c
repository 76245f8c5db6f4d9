/* tests/transport/test_request.c - what of a request reaches the wire, and what is never sent. */
#include "carrier.h"

#include <stdio.h>

static const struct act fine[] = { { .reply = OK_REPLY } };

static const struct cp_field json_headers[] = {
    { .name = "Authorization", .value = "Bearer ", .secret = "token" },
    { .name = "Content-Type", .value = "application/json" },
    { .name = "Idempotency-Key", .value = "01hzy" },
};
static const struct cp_segment json_body[] = {
    { .bytes = "{\"status\":", .size = 10 },
    { .bytes = "\"Grüße\"}", .size = 10 },
};
static const struct cp_segment form_body[] = {
    { .bytes = "code=", .size = 5 },
    { .secret = "token", .form = true },
    { .bytes = "&x=", .size = 3 },
    { .secret = "token" },
};

static const struct {
    struct cp_request request;
    const char *wire;
} requests[] = {
    { { .step = CP_STEP_PUBLISH,
        .method = "POST",
        .url = "/api/v1/statuses",
        .headers = json_headers,
        .header_count = 3,
        .body = json_body,
        .body_count = 2 },
      "POST /api/v1/statuses HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: camp-post/test\r\n"
      "Accept: */*\r\nAuthorization: Bearer " TOKEN "\r\nContent-Type: application/json\r\n"
      "Idempotency-Key: 01hzy\r\nContent-Length: 20\r\n\r\n{\"status\":\"Grüße\"}" },
    { { .step = CP_STEP_PREPARE,
        .method = "POST",
        .url = "/oauth/token",
        .body = form_body,
        .body_count = 4 },
      "POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: camp-post/test\r\n"
      "Accept: */*\r\nContent-Length: 32\r\n\r\ncode=s3cret%2B%2F%3D&x=" TOKEN },
    { { .step = CP_STEP_READ, .method = "GET", .url = "/a/../b?c=d%20e#f" },
      "GET /a/../b?c=d%20e HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: camp-post/test\r\n"
      "Accept: */*\r\n\r\n" },
    { { .step = CP_STEP_PUBLISH, .method = "POST", .url = "/boost" },
      "POST /boost HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: camp-post/test\r\n"
      "Accept: */*\r\nContent-Length: 0\r\n\r\n" },
    { { .step = CP_STEP_PUBLISH, .method = "DELETE", .url = "/post/1" },
      "DELETE /post/1 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: camp-post/test\r\n"
      "Accept: */*\r\n\r\n" },
    { { .step = CP_STEP_PUBLISH,
        .method = "PUT",
        .url = "/post/1",
        .headers = (const struct cp_field[]){ { .name = "Accept", .value = "text/plain" },
                                              { .name = "X-Empty", .value = "" } },
        .header_count = 2,
        .body = json_body,
        .body_count = 1 },
      "PUT /post/1 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUser-Agent: camp-post/test\r\n"
      "Accept: text/plain\r\nX-Empty:\r\nContent-Length: 10\r\n\r\n{\"status\":" },
};

static void fill_in_port(const char *wire, unsigned port, char *out, size_t size)
{
    const char *place = strstr(wire, "PORT");

    snprintf(out, size, "%.*s%u%s", (int)(place - wire), wire, port, place + 4);
}

static void a_request_is_on_the_wire_as_the_adapter_made_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(requests); i++) {
        struct server *server = server_start(fine, 1, NULL);
        struct cp_request request = requests[i].request;
        struct heard heard = { 0 };
        struct carrier carrier;
        char url[200], expected[1000], *seen;

        snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server_port(server), request.url);
        request.url = url;
        carrier_open(&carrier, NULL);
        assert_true(carrier_carry(&carrier, &request, NULL, &heard));
        assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
        assert_int_equal(heard.status, 200);
        seen = server_last(server);
        fill_in_port(requests[i].wire, server_port(server), expected, sizeof(expected));
        assert_string_equal(seen, expected);
        free(seen);
        heard_release(&heard);
        carrier_close(&carrier);
        server_stop(server);
    }
}

static void the_answer_to_head_has_no_body_to_wait_for(void **state)
{
    static const struct act head[] = { { .reply =
                                             "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" } };
    struct server *server = server_start(head, 1, NULL);
    struct heard heard = { 0 };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    request.step = CP_STEP_READ;
    request.method = "HEAD";
    request.body_count = 0;
    carrier_open(&carrier, NULL);
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    assert_int_equal(heard.size, 0);
    heard_release(&heard);
    carrier_close(&carrier);
    server_stop(server);
}

/* Larger than what makes libcurl ask "100-continue" first, and than one read. */
static void media_and_text_follow_each_other_in_one_body(void **state)
{
    enum { SIZE = 3 << 20 };
    struct server *server = server_start(fine, 1, NULL);
    char digest[65], other[65], url[100], *seen, *body;
    const struct cp_segment segments[] = {
        { .bytes = "--b\r\n", .size = 5 },
        { .media = digest },
        { .bytes = "", .size = 0 },
        { .secret = "token" },
        { .media = other },
        { .bytes = "\r\n--b--", .size = 7 },
    };
    struct cp_request request = post_to(server, "http", url);
    struct heard heard = { 0 };
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    carrier_add_medium(&carrier, 'a', SIZE, digest);
    carrier_add_medium(&carrier, 'b', 0, other);
    request.body = segments;
    request.body_count = CP_COUNT(segments);
    assert_true(carrier_carry(&carrier, &request, NULL, &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    seen = server_last(server);
    assert_null(strstr(seen, "Expect:"));
    assert_null(strstr(seen, "chunked"));
    assert_non_null(strstr(seen, "\r\nContent-Length: 3145749\r\n"));
    body = strstr(seen, "\r\n\r\n") + 4;
    assert_int_equal(strlen(body), SIZE + 21);
    assert_memory_equal(body, "--b\r\na", 6);
    assert_int_equal(strspn(body + 5, "a"), SIZE);
    assert_string_equal(body + 5 + SIZE, TOKEN "\r\n--b--");
    free(seen);
    heard_release(&heard);
    carrier_close(&carrier);
    server_stop(server);
}

/* ---- what is not begun --------------------------------------------------------------------- */

static const struct cp_field with_secret[] = { { .name = "X", .value = "", .secret = "token" } };
static const struct cp_field without[] = { { .name = "X", .value = "", .secret = "other" } };
static const struct cp_segment secret_body[] = { { .secret = "token" } };
static const struct cp_segment missing_secret[] = { { .secret = "other" } };
static const struct cp_segment no_digest[] = { { .media = "../../etc/passwd" } };
static const struct cp_segment no_medium[] = {
    { .media = "00000000000000000000000000000000000000000000000000000000000000ff" }
};

#define FIELD(n, v) (const struct cp_field[]){ { .name = n, .value = v } }, .header_count = 1
#define READ_OF(u)  .step = CP_STEP_READ, .method = "GET", .url = u
#define OWN         "http://127.0.0.1:9/x"

static const struct {
    struct cp_request request;
    const char *origin, *why;
} refused[] = {
    { { READ_OF(OWN), .headers = with_secret, .header_count = 1 },
      "http://127.0.0.1:8",
      "is not the account's own server" },
    { { READ_OF(OWN), .body = secret_body, .body_count = 1 },
      "http://127.0.0.2:9",
      "is not the account's own server" },
    { { READ_OF("https://evil.example/"), .headers = with_secret, .header_count = 1 },
      "https://a.example",
      "'https://evil.example' is not the account's own server" },
    { { .step = CP_STEP_PUBLISH, .method = "POST", .url = "https://evil.example/SECRET" },
      "https://a.example",
      "'https://evil.example' is not the account's own server" },
    { { READ_OF("http://a.example/") }, "http://a.example", "use https://" },
    { { READ_OF("file:///etc/passwd") }, "file:///", "is not" },
    { { READ_OF("https://a.example@127.0.0.1/") }, "https://127.0.0.1", "not a web address" },
    { { READ_OF(OWN), .headers = without, .header_count = 1 }, NULL, "log in again" },
    { { READ_OF(OWN), .body = missing_secret, .body_count = 1 }, NULL, "log in again" },
    { { READ_OF(OWN), .body = no_digest, .body_count = 1 }, NULL, "digest of a medium" },
    { { READ_OF(OWN), .body = no_medium, .body_count = 1 }, NULL, "cannot be read" },
    { { READ_OF(OWN), .headers = FIELD("X", "a\r\nY: b") }, NULL, "may send" },
    { { READ_OF(OWN), .headers = FIELD("X\r\nY", "a") }, NULL, "may send" },
    { { READ_OF(OWN), .headers = FIELD("X: y", "a") }, NULL, "may send" },
    { { READ_OF(OWN), .headers = FIELD("", "a") }, NULL, "may send" },
    { { READ_OF(OWN), .headers = FIELD("transfer-encoding", "chunked") }, NULL, "may send" },
    { { READ_OF(OWN), .headers = FIELD("Content-Length", "1") }, NULL, "may send" },
    { { READ_OF(OWN), .headers = FIELD("HOST", "evil.example") }, NULL, "may send" },
    { { .method = "GET / HTTP/1.1\r\nX:", .url = OWN }, NULL, "method" },
    { { .method = "", .url = OWN }, NULL, "method" },
    { { .transport = CP_FILE, .method = "WRITE", .url = "/x" }, NULL, "inside" },
};

static void what_is_not_allowed_is_not_begun(void **state)
{
    struct carrier carrier;

    (void)state;
    carrier_open(&carrier, NULL);
    for (size_t i = 0; i < CP_COUNT(refused); i++) {
        struct heard heard = { 0 };

        if (carrier_start(&carrier, &refused[i].request, refused[i].origin, &heard))
            fail_msg("row %zu was begun", i);
        if (!strstr(heard.refusal, refused[i].why) || strstr(heard.refusal, "SECRET"))
            fail_msg("row %zu: %s", i, heard.refusal);
        carrier_run_ms(&carrier, 1);
        assert_int_equal(heard.times + heard.asked, 0);
    }
    carrier_close(&carrier);
}

static void a_read_without_secrets_may_go_elsewhere(void **state)
{
    struct server *server = server_start(fine, 1, NULL);
    struct heard heard = { 0 };
    struct carrier carrier;
    char url[100];
    struct cp_request request = post_to(server, "http", url);

    (void)state;
    request.step = CP_STEP_READ;
    carrier_open(&carrier, NULL);
    assert_true(carrier_carry(&carrier, &request, "https://a.example", &heard));
    assert_int_equal(heard.ending, CP_EXCHANGE_REPLIED);
    assert_int_equal(heard.asked, 0);
    heard_release(&heard);
    carrier_close(&carrier);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_on_the_wire_as_the_adapter_made_it),
        cmocka_unit_test(the_answer_to_head_has_no_body_to_wait_for),
        cmocka_unit_test(media_and_text_follow_each_other_in_one_body),
        cmocka_unit_test(what_is_not_allowed_is_not_begun),
        cmocka_unit_test(a_read_without_secrets_may_go_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
