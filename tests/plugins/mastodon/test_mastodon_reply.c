/* tests/plugins/mastodon/test_mastodon_reply.c - every row of the error table, and the rate headers. */
#include "cmocka_all.h"

#include <jansson.h>
#include <stdio.h>

#include "instant.h"
#include "mini_host.h"
#include "reply.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define ERROR(text) "{\"error\":\"" text "\"}"

static const struct {
    int status;
    const char *body;
    bool replies;
    enum cp_verdict_kind verdict;
} rows[] = {
    { 200, "{\"id\":\"1\"}", false, CP_VERDICT_ACCEPTED },
    { 201, "{\"id\":\"1\"}", false, CP_VERDICT_ACCEPTED },
    { 200, "{\"id\":77}", false, CP_VERDICT_ACCEPTED },
    { 200, "{\"id\":\"\"}", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":\"a\\nb\"}", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":[1]}", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":null}", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":-5}", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":\"1\"", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":\"1\\u0000\"}", false, CP_VERDICT_UNKNOWN },
    { 200, "", false, CP_VERDICT_UNKNOWN },
    { 200, "<html>welcome</html>", false, CP_VERDICT_UNKNOWN },
    { 200, "[{\"id\":\"1\"}]", false, CP_VERDICT_UNKNOWN },
    { 200, "{\"id\":\"1\",\"account\":{\"id\":\"another\"}}", false, CP_VERDICT_UNKNOWN },
    { 202, "{\"id\":\"1\"}", false, CP_VERDICT_UNKNOWN },
    { 204, "", false, CP_VERDICT_UNKNOWN },
    { 206, "{\"id\":\"1\"}", false, CP_VERDICT_UNKNOWN },
    { 301, "", false, CP_VERDICT_MISCONFIGURED },
    { 302, "", false, CP_VERDICT_MISCONFIGURED },
    { 303, "", false, CP_VERDICT_UNKNOWN },
    { 304, "", false, CP_VERDICT_UNKNOWN },
    { 307, "", false, CP_VERDICT_MISCONFIGURED },
    { 308, "", false, CP_VERDICT_MISCONFIGURED },
    { 400, ERROR("Bad Request"), false, CP_VERDICT_REJECTED },
    { 400, ERROR("Duplicate idempotency key."), false, CP_VERDICT_UNKNOWN },
    { 401, ERROR("The access token is invalid"), false, CP_VERDICT_REAUTHENTICATE },
    { 401, "", false, CP_VERDICT_REAUTHENTICATE },
    { 403, ERROR("This action is outside the authorized scopes"), false,
      CP_VERDICT_REAUTHENTICATE },
    { 403, ERROR("Your login is currently disabled"), false, CP_VERDICT_REAUTHENTICATE },
    { 403, ERROR("Duplicate status"), false, CP_VERDICT_UNKNOWN },
    { 403, ERROR("This action is not allowed"), false, CP_VERDICT_REJECTED },
    { 404, ERROR("Record not found"), false, CP_VERDICT_UNKNOWN },
    { 404, ERROR("Record not found"), true, CP_VERDICT_UNKNOWN },
    { 404, ERROR("The post you are trying to reply to does not appear to exist."), true,
      CP_VERDICT_REJECTED },
    { 404, "", false, CP_VERDICT_UNKNOWN },
    { 405, "", false, CP_VERDICT_UNKNOWN },
    { 408, "", false, CP_VERDICT_UNKNOWN },
    { 409, "", false, CP_VERDICT_UNKNOWN },
    { 410, ERROR("Gone"), false, CP_VERDICT_REJECTED },
    { 413, "", false, CP_VERDICT_REJECTED },
    { 415, "", false, CP_VERDICT_REJECTED },
    { 418, "", false, CP_VERDICT_UNKNOWN },
    { 421, "", false, CP_VERDICT_RETRY },
    { 422, ERROR("Validation failed: Text character limit of 500 exceeded"), false,
      CP_VERDICT_REJECTED },
    { 422, ERROR("Cannot attach files that have not finished processing. Try again in a moment!"),
      false, CP_VERDICT_RETRY },
    { 422, ERROR("Media 11 not found or already attached to another post"), false,
      CP_VERDICT_UNKNOWN },
    { 422, ERROR("Idempotency-Key was used"), false, CP_VERDICT_UNKNOWN },
    { 422, ERROR("This method requires an authenticated user"), false, CP_VERDICT_REAUTHENTICATE },
    { 425, "", false, CP_VERDICT_RETRY },
    { 429, ERROR("Too many requests"), false, CP_VERDICT_RETRY },
    { 429, "Throttled", false, CP_VERDICT_RETRY },
    { 500, ERROR("We're sorry, but something went wrong on our end."), false, CP_VERDICT_UNKNOWN },
    { 502, "<html>Bad Gateway</html>", false, CP_VERDICT_UNKNOWN },
    { 503, ERROR("There was a temporary problem serving your request, please try again"), false,
      CP_VERDICT_RETRY },
    { 503, ERROR("server capacity exceeded"), false, CP_VERDICT_RETRY },
    { 503, "temporary problem", false, CP_VERDICT_UNKNOWN },
    { 503, ERROR("no backend"), false, CP_VERDICT_UNKNOWN },
    { 504, "", false, CP_VERDICT_UNKNOWN },
    { 520, "", false, CP_VERDICT_UNKNOWN },
    { 599, "", false, CP_VERDICT_UNKNOWN },
    { 0, "", false, CP_VERDICT_UNKNOWN },
    { 777, "", false, CP_VERDICT_UNKNOWN },
};

static void publishing_is_judged_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        mini_start(&host, CP_POST);
        host.turn.parent_id = rows[i].replies ? "5" : NULL;
        assert_int_equal(mini_turn(&host)->step, CP_STEP_PUBLISH);
        answer = mini_reply(&host, rows[i].status, NULL, rows[i].body);
        assert_int_equal(answer->kind, MINI_VERDICT);
        if (answer->verdict.kind != rows[i].verdict)
            fail_msg("%d '%s': verdict %d, not %d", rows[i].status, rows[i].body,
                     answer->verdict.kind, rows[i].verdict);
        assert_int_equal(answer->verdict.throttled, rows[i].status == 425 || rows[i].status == 429);
        assert_true(rows[i].verdict == CP_VERDICT_ACCEPTED || answer->verdict.reason);
        mini_end(&host);
    }
}

/* The same statuses before the post: nothing is out, so nothing is in doubt. */
static void preparing_never_leaves_a_doubt(void **state)
{
    static const struct cp_media_view medium = {
        .sha256 = "ab", .type = "image/png", .name = "a.png", .alt = "a"
    };

    (void)state;
    for (int status = 0; status < 700; status++) {
        struct mini_host host;
        const struct mini_answer *answer;

        mini_start(&host, CP_POST);
        host.part.media = &medium;
        host.part.media_count = 1;
        assert_int_equal(mini_turn(&host)->step, CP_STEP_PREPARE);
        answer = mini_reply(&host, status, NULL, "?");
        assert_int_equal(answer->kind, MINI_VERDICT);
        assert_int_not_equal(answer->verdict.kind, CP_VERDICT_UNKNOWN);
        assert_int_not_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
        mini_end(&host);
    }
}

static const struct {
    const char *header;
    int64_t wait_us; /* 0: none said */
} waits[] = {
    { "Retry-After: 30", 30 * SECOND },
    { "retry-after: 0", SECOND },
    { "Retry-After: Tue, 15 Feb 2022 13:29:40 GMT", 100 * SECOND },
    { "Retry-After: 999999999999", 86400 * SECOND },
    { "Retry-After: soon", 0 },
    { "X-RateLimit-Reset: 2022-02-15T13:33:00.123456Z", 300 * SECOND + 123456 },
    { "X-RateLimit-Reset: 2022-02-15T14:28:10+01:00", 10 * SECOND },
    { "X-RateLimit-Reset: 2022-02-15T13:00:00.000000Z", SECOND },
    { "X-RateLimit-Reset: 2032-02-15T13:00:00.000000Z", 86400 * SECOND },
    { "X-RateLimit-Reset: 1644931740", 60 * SECOND },
    { "X-RateLimit-Reset: 1644931740.5", 60 * SECOND + 500000 },
    { "X-RateLimit-Reset: 1644931740000", 60 * SECOND },
    { "X-RateLimit-Reset: 45", 45 * SECOND },
    { "X-RateLimit-Reset: 2022-13-45T99:00:00Z", 0 },
    { "X-RateLimit-Reset: -5", 0 },
    { "X-RateLimit-Reset: ", 0 },
    { "X-RateLimit-Reset: nan", 0 },
    { NULL, 0 },
};

static void the_wait_that_the_server_asks_for_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(waits); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        mini_start(&host, CP_POST);
        mini_turn(&host);
        answer = mini_reply(&host, 429, waits[i].header, "");
        if (answer->verdict.not_before_us != (waits[i].wait_us ? NOW + waits[i].wait_us : 0))
            fail_msg("%s: %lld", waits[i].header, (long long)(answer->verdict.not_before_us - NOW));
        mini_end(&host);
    }
}

static void a_wait_is_counted_on_the_servers_clock(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_POST);
    host.turn.skew_us = 3600 * SECOND; /* its clock is an hour ahead of ours */
    mini_turn(&host);
    assert_int_equal(mini_reply(&host, 429, "X-RateLimit-Reset: 2022-02-15T14:29:00Z", "")
                         ->verdict.not_before_us,
                     NOW + 60 * SECOND);
    mini_end(&host);
}

/* X-RateLimit-Reset is on every answer of Mastodon and means nothing where no limit was hit. */
static void only_a_limit_makes_us_wait_for_its_reset(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_POST);
    mini_turn(&host);
    assert_int_equal(mini_reply(&host, 503, "X-RateLimit-Reset: 2022-02-15T14:00:00Z",
                                ERROR("There was a temporary problem"))
                         ->verdict.not_before_us,
                     0);
    mini_end(&host);
}

static void published_examples_of_retry_after_are_read(void **state)
{
    const char *folder = getenv("CAMP_POST_VECTORS");
    json_t *file, *cases, *item;
    char path[512];
    size_t i;

    (void)state;
    if (!folder) {
        print_message("CAMP_POST_VECTORS is not set: only the rows above\n");
        return;
    }
    snprintf(path, sizeof(path), "%s/own/http.json", folder);
    file = json_load_file(path, 0, NULL);
    assert_non_null(file);
    cases = json_object_get(json_object_get(file, "retry_after"), "cases");
    assert_true(json_array_size(cases) > 10);
    json_array_foreach(cases, i, item)
    {
        json_t *seconds = json_object_get(item, "seconds");
        int64_t wait = -1;
        bool read = masto_retry_after(json_string_value(json_object_get(item, "value")),
                                      INT64_C(784111600) * SECOND, &wait);

        assert_int_equal(read, !json_is_null(seconds));
        if (read)
            assert_int_equal(wait, json_is_string(seconds) ? 86400 * SECOND
                                                           : json_integer_value(seconds) * SECOND);
    }
    json_decref(file);
}

static void reasons_are_one_clean_line(void **state)
{
    static const struct {
        const char *raw, *clean;
    } lines[] = {
        { "plain", "plain" },
        { "  two\r\n\twords  ", "two words" },
        { "<b>bold</b> and <script>x</script>", "bold and x" },
        { "1 < 2 and 3 > 2", "1 < 2 and 3 > 2" },
        { "bell\a\x1b[31mred\x7f", "bell [31mred" },
        { "right\xe2\x80\xaeleft \xc2\x9b", "right left" },
        { "cut in the middle of é", "cut in the middle…" },
        { "\xe2\x80", "\xe2\x80" },
        { "<unclosed", "<unclosed" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        char out[21];

        masto_clean(lines[i].raw, out, sizeof(out));
        assert_string_equal(out, lines[i].clean);
        assert_true(strlen(out) < sizeof(out));
    }
}

static void the_servers_words_reach_the_operator(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_POST);
    mini_turn(&host);
    assert_string_equal(
        mini_reply(&host, 422, NULL, "{\"error\":\"Validation failed:\\n<i>Text</i> is too long\"}")
            ->verdict.reason,
        "HTTP 422: refused: 'Validation failed: Text is too long'");
    mini_end(&host);
    mini_start(&host, CP_POST);
    mini_turn(&host);
    assert_string_equal(
        mini_reply(&host, 400, NULL, "{\"error\":{\"status\":[\"bad\"]}}")->verdict.reason,
        "HTTP 400: refused: '{\"status\":[\"bad\"]}'");
    mini_end(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishing_is_judged_by_the_table),
        cmocka_unit_test(preparing_never_leaves_a_doubt),
        cmocka_unit_test(the_wait_that_the_server_asks_for_is_read),
        cmocka_unit_test(a_wait_is_counted_on_the_servers_clock),
        cmocka_unit_test(only_a_limit_makes_us_wait_for_its_reset),
        cmocka_unit_test(published_examples_of_retry_after_are_read),
        cmocka_unit_test(reasons_are_one_clean_line),
        cmocka_unit_test(the_servers_words_reach_the_operator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
