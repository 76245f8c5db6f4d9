/* tests/plugins/mastodon/test_mastodon_post.c - requests of a post, uploads, what the checkpoint keeps. */
#include "cmocka_all.h"

#include <stdio.h>

#include "mini_host.h"

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct cp_media_view media[] = {
    { .sha256 = SHA_A, .type = "image/png", .name = "poster.png", .alt = "A poster: \"Libre\"" },
    { .sha256 = SHA_B, .type = "video/mp4", .name = "b\"\r\nX: y.mp4", .alt = "" },
};

static void with_media(struct mini_host *host, size_t count)
{
    mini_start(host, CP_POST);
    host->part.media = media;
    host->part.media_count = count;
}

static void a_plain_post_is_one_request(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    mini_start(&host, CP_POST);
    answer = mini_turn(&host);
    assert_int_equal(answer->step, CP_STEP_PUBLISH);
    assert_string_equal(answer->method, "POST");
    assert_string_equal(answer->url, "https://social.example/api/v1/statuses");
    assert_string_equal(answer->headers, "Authorization: Bearer ‹access_token›\n"
                                         "Accept: application/json\n"
                                         "Content-Type: application/json\n"
                                         "Idempotency-Key: ovj7ufflt4yrvpmsb7kkno4heu\n");
    assert_string_equal(answer->body, "{\"status\":\"Hello\",\"visibility\":\"public\","
                                      "\"language\":\"en\",\"sensitive\":false}");
    answer = mini_reply(&host, 200, NULL,
                        "{\"id\":\"42\",\"url\":\"https://social.example/@camp/42\","
                        "\"account\":{\"id\":\"9\"}}");
    assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
    assert_string_equal(answer->verdict.remote_id, "42");
    assert_string_equal(answer->verdict.url, "https://social.example/@camp/42");
    mini_end(&host);
}

static void everything_that_a_part_can_have_is_sent(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_POST);
    host.part = (struct cp_part_view){ .text = "¡Libre! \"quoted\"\n",
                                       .language = "es",
                                       .warning = "politics",
                                       .visibility = "unlisted" };
    host.turn.part_number = 2;
    host.turn.parent_id = "41";
    assert_string_equal(mini_turn(&host)->body,
                        "{\"status\":\"¡Libre! \\\"quoted\\\"\\n\",\"visibility\":\"unlisted\","
                        "\"language\":\"es\",\"sensitive\":true,\"spoiler_text\":\"politics\","
                        "\"in_reply_to_id\":\"41\"}");
    mini_end(&host);
}

static void a_url_that_could_mislead_is_left_out(void **state)
{
    static const char *const urls[] = { "\"javascript:alert(1)\"", "\"https://x/\\u001b[0m\"",
                                        "\"https://x/ y\"", "7", "null" };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct mini_host host;
        char body[100];

        snprintf(body, sizeof(body), "{\"id\":\"1\",\"url\":%s}", urls[i]);
        mini_start(&host, CP_POST);
        mini_turn(&host);
        assert_null(mini_reply(&host, 200, NULL, body)->verdict.url);
        mini_end(&host);
    }
}

static void media_are_uploaded_then_named(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    with_media(&host, 2);
    answer = mini_turn(&host);
    assert_int_equal(answer->step, CP_STEP_PREPARE);
    assert_string_equal(answer->url, "https://social.example/api/v2/media");
    assert_non_null(strstr(answer->headers, "Content-Type: multipart/form-data; "
                                            "boundary=camp-post-ovj7ufflt4yrvpmsb7kkno4heu-1\n"));
    assert_string_equal(answer->body,
                        "--camp-post-ovj7ufflt4yrvpmsb7kkno4heu-1\r\n"
                        "Content-Disposition: form-data; name=\"description\"\r\n\r\n"
                        "A poster: \"Libre\"\r\n"
                        "--camp-post-ovj7ufflt4yrvpmsb7kkno4heu-1\r\n"
                        "Content-Disposition: form-data; name=\"file\"; filename=\"poster.png\"\r\n"
                        "Content-Type: image/png\r\n\r\n"
                        "‹" SHA_A "›\r\n"
                        "--camp-post-ovj7ufflt4yrvpmsb7kkno4heu-1--\r\n");
    answer = mini_reply(&host, 200, NULL, "{\"id\":\"11\"}");
    assert_non_null(strstr(answer->body, "filename=\"b___X: y.mp4\"\r\n"));
    assert_null(strstr(answer->body, "description"));
    answer = mini_reply(&host, 202, NULL, "{\"id\":\"12/?\",\"url\":null}");
    assert_int_equal(answer->step, CP_STEP_READ);
    assert_string_equal(answer->url, "https://social.example/api/v1/media/12%2F%3F");
    answer = mini_reply(&host, 200, NULL, "{\"id\":\"12/?\"}");
    assert_int_equal(answer->step, CP_STEP_PUBLISH);
    assert_non_null(strstr(answer->body, ",\"media_ids\":[\"11\",\"12/?\"]}"));
    mini_end(&host);
}

static void a_medium_that_is_being_processed_is_asked_for_later(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 202, NULL, "{\"id\":\"11\"}");
    answer = mini_reply(&host, 206, NULL, "{\"id\":\"11\",\"url\":null}");
    assert_int_equal(answer->verdict.kind, CP_VERDICT_RETRY);
    assert_int_equal(answer->verdict.not_before_us, NOW + 2 * SECOND);
    assert_false(answer->verdict.throttled);
    host.turn.now_us += 60 * SECOND;
    answer = mini_turn(&host);
    assert_string_equal(answer->url, "https://social.example/api/v1/media/11");
    answer = mini_reply(&host, 206, NULL, "{}");
    assert_int_equal(answer->verdict.not_before_us, host.turn.now_us + 20 * SECOND);
    mini_turn(&host);
    assert_int_equal(mini_reply(&host, 200, NULL, "{}")->step, CP_STEP_PUBLISH);
    mini_end(&host);
}

static void a_server_that_cannot_be_asked_about_media_is_trusted(void **state)
{
    struct mini_host host;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 202, NULL, "{\"id\":\"11\"}");
    assert_int_equal(mini_reply(&host, 404, NULL, "")->step, CP_STEP_PUBLISH);
    mini_end(&host);
}

static void a_medium_that_could_not_be_processed_is_refused_and_forgotten(void **state)
{
    struct mini_host host;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 202, NULL, "{\"id\":\"11\"}");
    assert_int_equal(
        mini_reply(&host, 422, NULL, "{\"error\":\"Error processing thumbnail\"}")->verdict.kind,
        CP_VERDICT_REJECTED);
    assert_string_equal(mini_turn(&host)->url, "https://social.example/api/v2/media");
    mini_end(&host);
}

/* Uploads outlive a crash, but not the hour after which servers may have thrown them away. */
static void uploads_are_reused_while_they_are_fresh(void **state)
{
    struct mini_host host;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 200, NULL, "{\"id\":\"11\"}");
    host.turn.now_us += 3599 * SECOND;
    assert_int_equal(mini_turn(&host)->step, CP_STEP_PUBLISH);
    host.turn.now_us += 2 * SECOND;
    assert_string_equal(mini_turn(&host)->url, "https://social.example/api/v2/media");
    mini_end(&host);
}

static void another_alt_text_is_another_upload(void **state)
{
    struct cp_media_view edited = media[0];
    struct mini_host host;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 200, NULL, "{\"id\":\"11\"}");
    edited.alt = "Another";
    host.part.media = &edited;
    assert_string_equal(mini_turn(&host)->url, "https://social.example/api/v2/media");
    mini_end(&host);
}

static void media_that_are_not_ready_after_all_are_polled_again(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 200, NULL, "{\"id\":\"11\"}");
    answer = mini_reply(&host, 422, NULL, "{\"error\":\"… have not finished processing.\"}");
    assert_int_equal(answer->verdict.kind, CP_VERDICT_RETRY);
    assert_int_equal(answer->verdict.not_before_us, NOW + 3 * SECOND);
    assert_string_equal(mini_turn(&host)->url, "https://social.example/api/v1/media/11");
    mini_end(&host);
}

/* Used by a post of ours or thrown away: a look-up tells; if there is none they serve no more. */
static void media_that_are_used_up_are_uploaded_anew(void **state)
{
    struct mini_host host;

    (void)state;
    with_media(&host, 1);
    mini_turn(&host);
    mini_reply(&host, 200, NULL, "{\"id\":\"11\"}");
    assert_int_equal(
        mini_reply(&host, 422, NULL, "{\"error\":\"Media 11 not found or already attached\"}")
            ->verdict.kind,
        CP_VERDICT_UNKNOWN);
    assert_string_equal(mini_turn(&host)->url, "https://social.example/api/v2/media");
    mini_end(&host);
}

static void the_alt_text_cannot_end_its_field(void **state)
{
    struct cp_media_view medium = media[0];
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    medium.alt = "x\r\n--camp-post-ovj7ufflt4yrvpmsb7kkno4heu-1--\r\n";
    medium.type = "image/png\r\nX-Other: 1";
    with_media(&host, 1);
    host.part.media = &medium;
    answer = mini_turn(&host);
    assert_non_null(strstr(answer->headers, "kkno4heu-1---\n"));
    assert_non_null(strstr(answer->body, "\r\n--camp-post-ovj7ufflt4yrvpmsb7kkno4heu-1-----\r\n"));
    assert_null(strstr(answer->body, "X-Other"));
    mini_end(&host);
}

/* The host feeds the examples back to show a plan's true requests. */
static void examples_lead_to_the_end(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;
    char example[200];
    int requests = 0;

    (void)state;
    with_media(&host, 2);
    for (answer = mini_turn(&host); answer->kind == MINI_REQUEST; requests++) {
        if (answer->step == CP_STEP_PUBLISH)
            assert_non_null(strstr(answer->body, "[\"‹media 1›\",\"‹media 2›\"]"));
        snprintf(example, sizeof(example), "%s", answer->example);
        answer = mini_reply(&host, 200, NULL, example);
    }
    assert_int_equal(requests, 3);
    assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
    assert_string_equal(answer->verdict.remote_id, "‹post›");
    mini_end(&host);
}

/* Pleroma repeats a refusal for six hours to whoever brings its key again. */
static void a_refused_key_is_not_used_twice_where_refusals_are_remembered(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_POST);
    host.turn.facts = "{\"key\":\"fresh\"}";
    assert_non_null(strstr(mini_turn(&host)->headers, "kkno4heu\n"));
    mini_reply(&host, 429, NULL, "Throttled");
    assert_non_null(strstr(mini_turn(&host)->headers, "kkno4heu-1\n"));
    mini_reply(&host, 502, NULL, "");
    assert_non_null(strstr(mini_turn(&host)->headers, "kkno4heu-1\n"));
    host.turn.facts = "{}";
    assert_non_null(strstr(mini_turn(&host)->headers, "kkno4heu\n"));
    mini_end(&host);
}

static void what_cannot_be_sent_is_not_sent(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_POST);
    host.part.visibility = "everybody";
    assert_int_equal(mini_turn(&host)->verdict.kind, CP_VERDICT_MISCONFIGURED);
    mini_end(&host);
    mini_start(&host, CP_POST);
    host.turn.part_number = 2;
    assert_int_equal(mini_turn(&host)->verdict.kind, CP_VERDICT_REJECTED);
    mini_end(&host);
}

static void a_checkpoint_that_is_none_claims_nothing(void **state)
{
    static const char *const broken[] = { "[]",
                                          "nonsense",
                                          "{\"step\":7}",
                                          "{\"step\":\"poll\",\"medium\":-1}",
                                          "{\"step\":\"poll\",\"medium\":99}",
                                          "{\"step\":\"poll\",\"medium\":0,\"media\":{}}",
                                          "{\"step\":\"upload\",\"media\":[1,null,{}]}" };

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        with_media(&host, 1);
        host.checkpoint = strdup(broken[i]);
        answer = mini_reply(&host, 200, NULL, "?");
        assert_true(answer->kind == MINI_REQUEST || answer->verdict.kind == CP_VERDICT_RETRY);
        assert_true(answer->kind != MINI_REQUEST || answer->step == CP_STEP_PREPARE);
        mini_end(&host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_post_is_one_request),
        cmocka_unit_test(everything_that_a_part_can_have_is_sent),
        cmocka_unit_test(a_url_that_could_mislead_is_left_out),
        cmocka_unit_test(media_are_uploaded_then_named),
        cmocka_unit_test(a_medium_that_is_being_processed_is_asked_for_later),
        cmocka_unit_test(a_server_that_cannot_be_asked_about_media_is_trusted),
        cmocka_unit_test(a_medium_that_could_not_be_processed_is_refused_and_forgotten),
        cmocka_unit_test(uploads_are_reused_while_they_are_fresh),
        cmocka_unit_test(another_alt_text_is_another_upload),
        cmocka_unit_test(media_that_are_not_ready_after_all_are_polled_again),
        cmocka_unit_test(media_that_are_used_up_are_uploaded_anew),
        cmocka_unit_test(the_alt_text_cannot_end_its_field),
        cmocka_unit_test(examples_lead_to_the_end),
        cmocka_unit_test(a_refused_key_is_not_used_twice_where_refusals_are_remembered),
        cmocka_unit_test(what_cannot_be_sent_is_not_sent),
        cmocka_unit_test(a_checkpoint_that_is_none_claims_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
