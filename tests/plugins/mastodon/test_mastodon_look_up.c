/* tests/plugins/mastodon/test_mastodon_look_up.c - found, absent, different, or not proven. */
#include "cmocka_all.h"

#include <stdio.h>

#include "mini_host.h"

/* An item of a list: id, seconds after NOW, content, and further members. */
static const char *item(char *out, size_t size, const char *id, int after, const char *content,
                        const char *more)
{
    int second = 13 * 3600 + 28 * 60 + after;

    snprintf(out, size,
             "{\"id\":\"%s\",\"created_at\":\"2022-02-15T%02d:%02d:%02d.000Z\",\"content\":\"%s\","
             "\"visibility\":\"public\",\"spoiler_text\":\"\",\"in_reply_to_id\":null,"
             "\"media_attachments\":[],\"account\":{\"id\":\"9\"},"
             "\"url\":\"https://social.example/@camp/%s\"%s%s}",
             id, second / 3600, second / 60 % 60, second % 60, content, id, *more ? "," : "", more);
    return out;
}

#define ITEM(id, after, content, more) item((char[700]){ 0 }, 700, id, after, content, more)
#define OLD                            ITEM("1", -3600, "<p>old</p>", "")

static const char *list(char *out, size_t size, const char *first, const char *second,
                        const char *third)
{
    snprintf(out, size, "[%s%s%s%s%s]", first, *second ? "," : "", second, *third ? "," : "",
             third);
    return out;
}
#define LIST(a, b, c) list((char[2200]){ 0 }, 2200, a, b, c)

/* A part that says "Hello" and was tried at NOW. */
static const struct mini_answer *doubtful(struct mini_host *host)
{
    mini_start(host, CP_LOOK_UP);
    host->turn.attempt_us = NOW;
    host->turn.now_us = NOW + 120 * SECOND;
    return mini_turn(host);
}

static void own_posts_are_listed_past_every_cache(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer = doubtful(&host);

    (void)state;
    assert_int_equal(answer->step, CP_STEP_READ);
    assert_string_equal(answer->method, "GET");
    assert_string_equal(answer->url, "https://social.example/api/v1/accounts/9/statuses"
                                     "?limit=40&exclude_reblogs=true");
    assert_non_null(strstr(answer->headers, "Cache-Control: no-cache\n"));
    mini_end(&host);
}

/* One page that reaches back beyond the try: what it proves. */
static const struct {
    const char *what;
    const char *id, *content, *more;
    int after;
    enum cp_verdict_kind verdict;
} rows[] = {
    { "found", "7", "<p>Hello</p>", "", 1, CP_VERDICT_ACCEPTED },
    { "found, a clock a little behind", "7", "<p>Hello</p>", "", -59, CP_VERDICT_ACCEPTED },
    { "made before the try", "7", "<p>Hello</p>", "", -61, CP_VERDICT_ABSENT },
    { "another text", "7", "<p>Goodbye</p>", "", 1, CP_VERDICT_ABSENT },
    { "nearly the text", "7", "<p>hello!</p>", "", 1, CP_VERDICT_DIFFERENT },
    { "bound to another part", "8", "<p>Hello</p>", "", 1, CP_VERDICT_ABSENT },
    { "with a medium", "7", "<p>Hello</p>", "\"media_attachments\":[{\"id\":\"5\"}]", 1,
      CP_VERDICT_DIFFERENT },
    { "as a reply", "7", "<p>Hello</p>", "\"in_reply_to_id\":\"6\"", 1, CP_VERDICT_DIFFERENT },
    { "with a warning", "7", "<p>Hello</p>", "\"spoiler_text\":\"x\"", 1, CP_VERDICT_DIFFERENT },
    { "unlisted, as for silenced accounts", "7", "<p>Hello</p>", "\"visibility\":\"unlisted\"", 1,
      CP_VERDICT_ACCEPTED },
    { "for followers", "7", "<p>Hello</p>", "\"visibility\":\"private\"", 1, CP_VERDICT_DIFFERENT },
    { "of another account", "7", "<p>Hello</p>", "\"account\":{\"id\":\"10\"}", 1,
      CP_VERDICT_ABSENT },
    { "typed text beside markup", "7", "<i>Hel</i>lo!", "\"text\":\"Hello\"", 1,
      CP_VERDICT_ACCEPTED },
    { "Pleroma's plain text", "7", "Hel-lo", "\"pleroma\":{\"content\":{\"text/plain\":\"Hello\"}}",
      1, CP_VERDICT_ACCEPTED },
    { "a boost of somebody", "7", "",
      "\"reblog\":{\"id\":\"70\",\"account\":{\"id\":\"3\"},\"content\":\"Hello\"}", 1,
      CP_VERDICT_ABSENT },
    { "no date", "7", "<p>Hello</p>", "\"created_at\":\"yesterday\"", 1, CP_VERDICT_UNKNOWN },
    { "a boost of ours without a date", "7", "",
      "\"reblog\":{\"id\":\"70\",\"account\":{\"id\":\"9\"},\"content\":\"Hello\"}", 1,
      CP_VERDICT_UNKNOWN },
    { "content that is no text", "7", "", "\"content\":[]", 1, CP_VERDICT_ABSENT },
};

static void a_complete_list_decides(void **state)
{
    static const char *const taken[] = { "8" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        doubtful(&host);
        host.turn.taken = taken;
        host.turn.taken_count = 1;
        answer = mini_reply(
            &host, 200, NULL,
            LIST(ITEM(rows[i].id, rows[i].after, rows[i].content, rows[i].more), OLD, ""));
        assert_int_equal(answer->kind, MINI_VERDICT);
        if (answer->verdict.kind != rows[i].verdict)
            fail_msg("%s: %d, not %d", rows[i].what, answer->verdict.kind, rows[i].verdict);
        if (rows[i].verdict == CP_VERDICT_ACCEPTED) {
            assert_string_equal(answer->verdict.remote_id, "7");
            assert_string_equal(answer->verdict.url, "https://social.example/@camp/7");
        }
        mini_end(&host);
    }
}

static void of_two_equal_posts_the_one_that_is_bound_is_left_alone(void **state)
{
    static const char *const taken[] = { "7" };
    struct mini_host host;
    const char *page =
        LIST(ITEM("8", 3, "<p>Hello</p>", ""), ITEM("7", 1, "<p>Hello</p>", ""), OLD);

    (void)state;
    doubtful(&host);
    assert_int_equal(mini_reply(&host, 200, NULL, page)->verdict.kind, CP_VERDICT_DIFFERENT);
    mini_end(&host);
    doubtful(&host);
    host.turn.taken = taken;
    host.turn.taken_count = 1;
    assert_string_equal(mini_reply(&host, 200, NULL, page)->verdict.remote_id, "8");
    mini_end(&host);
}

static void every_content_that_was_tried_counts(void **state)
{
    const struct cp_part_view tried[] = { { .text = "Helo", .language = "en" },
                                          { .text = "First wording", .language = "en" } };
    struct mini_host host;

    (void)state;
    doubtful(&host);
    host.turn.tried = tried;
    host.turn.tried_count = 2;
    assert_string_equal(
        mini_reply(&host, 200, NULL, LIST(ITEM("7", 1, "<p>First wording</p>", ""), OLD, ""))
            ->verdict.remote_id,
        "7");
    mini_end(&host);
}

static void the_list_is_paged_back_beyond_the_try(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    doubtful(&host);
    answer = mini_reply(
        &host, 200, NULL,
        LIST(ITEM("c d", 90, "<p>three</p>", ""), ITEM("b/?", 60, "<p>two</p>", ""), ""));
    assert_string_equal(answer->url, "https://social.example/api/v1/accounts/9/statuses"
                                     "?limit=40&exclude_reblogs=true&max_id=b%2F%3F");
    answer = mini_reply(&host, 200, NULL, LIST(ITEM("a", 1, "<p>Hello</p>", ""), "", ""));
    assert_int_equal(answer->kind, MINI_REQUEST);
    assert_non_null(strstr(answer->url, "&max_id=a"));
    answer = mini_reply(&host, 200, NULL, LIST(OLD, "", ""));
    assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
    assert_string_equal(answer->verdict.remote_id, "a");
    assert_null(strstr(host.checkpoint, "look_up"));
    mini_end(&host);
}

/* The first page is full of newer posts, and the post is on none: only the last page proves it. */
static void absence_needs_the_page_that_reaches_the_window(void **state)
{
    struct mini_host host;

    (void)state;
    doubtful(&host);
    assert_int_equal(
        mini_reply(&host, 200, NULL, LIST(ITEM("c", 90, "<p>three</p>", ""), "", ""))->kind,
        MINI_REQUEST);
    assert_int_equal(mini_reply(&host, 200, NULL, LIST(OLD, "", ""))->verdict.kind,
                     CP_VERDICT_ABSENT);
    mini_end(&host);
}

static void the_end_of_a_short_history_is_an_end(void **state)
{
    struct mini_host host;

    (void)state;
    doubtful(&host);
    mini_reply(&host, 200, NULL, LIST(ITEM("c", 90, "<p>three</p>", ""), "", ""));
    assert_int_equal(mini_reply(&host, 200, NULL, "[]")->verdict.kind, CP_VERDICT_ABSENT);
    mini_end(&host);
}

static void a_list_that_does_not_move_on_proves_nothing(void **state)
{
    struct mini_host host;
    const char *page = LIST(ITEM("c", 90, "<p>three</p>", ""), "", "");

    (void)state;
    doubtful(&host);
    mini_reply(&host, 200, NULL, page);
    assert_int_equal(mini_reply(&host, 200, NULL, page)->verdict.kind, CP_VERDICT_UNKNOWN);
    mini_end(&host);
}

static void what_a_broken_off_list_showed_is_there(void **state)
{
    struct mini_host host;
    const char *page =
        LIST(ITEM("c", 90, "<p>three</p>", ""), ITEM("7", 1, "<p>Hello</p>", ""), "");

    (void)state;
    doubtful(&host);
    mini_reply(&host, 200, NULL, page);
    assert_string_equal(mini_reply(&host, 200, NULL, page)->verdict.remote_id, "7");
    mini_end(&host);
}

static void a_list_without_end_proves_nothing(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer = doubtful(&host);
    char id[16];
    int pages = 0;

    (void)state;
    while (answer->kind == MINI_REQUEST && pages < 100) {
        snprintf(id, sizeof(id), "%d", 1000 - pages++);
        answer = mini_reply(&host, 200, NULL, LIST(ITEM(id, 90, "<p>x</p>", ""), "", ""));
    }
    assert_int_equal(answer->verdict.kind, CP_VERDICT_UNKNOWN);
    assert_int_equal(pages, 25);
    mini_end(&host);
}

static const struct {
    int status;
    const char *header, *body;
    enum cp_verdict_kind verdict;
} broken[] = {
    { 200, NULL, "[{\"id\":\"7\",", CP_VERDICT_UNKNOWN },
    { 200, NULL, "{}", CP_VERDICT_UNKNOWN },
    { 200, NULL, "", CP_VERDICT_UNKNOWN },
    { 200, NULL, "[null]", CP_VERDICT_UNKNOWN },
    { 200, NULL, "[[]]", CP_VERDICT_UNKNOWN },
    { 200, NULL, "[{\"id\":\"7\"}]", CP_VERDICT_UNKNOWN },
    { 200, NULL, "[{\"created_at\":\"2022-02-15T13:28:00Z\"}]", CP_VERDICT_UNKNOWN },
    { 200, "Age: 12", "[]", CP_VERDICT_UNKNOWN },
    { 200, "Age: 0", "[]", CP_VERDICT_ABSENT },
    { 206, NULL, "[]", CP_VERDICT_UNKNOWN },
    { 301, NULL, "", CP_VERDICT_UNKNOWN },
    { 403, NULL, "", CP_VERDICT_UNKNOWN },
    { 404, NULL, "{\"error\":\"Record not found\"}", CP_VERDICT_UNKNOWN },
    { 410, NULL, "", CP_VERDICT_UNKNOWN },
    { 500, NULL, "", CP_VERDICT_UNKNOWN },
    { 503, NULL, "", CP_VERDICT_UNKNOWN },
    { 401, NULL, "", CP_VERDICT_REAUTHENTICATE },
    { 429, "Retry-After: 5", "", CP_VERDICT_RETRY },
};

static void a_read_that_is_not_clean_proves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        doubtful(&host);
        answer = mini_reply(&host, broken[i].status, broken[i].header, broken[i].body);
        if (answer->kind != MINI_VERDICT || answer->verdict.kind != broken[i].verdict)
            fail_msg("%d %s: %d", broken[i].status, broken[i].body, answer->verdict.kind);
        mini_end(&host);
    }
}

/* The server's clock is ten minutes ahead, so its dates are, too. */
static void the_window_is_on_the_servers_clock(void **state)
{
    static const struct {
        int after;
        enum cp_verdict_kind verdict;
    } times[] = {
        { 601, CP_VERDICT_ACCEPTED },  /* just after the try, on its clock */
        { 300, CP_VERDICT_DIFFERENT }, /* before it, if its clock is what it says: a person looks */
        { -700, CP_VERDICT_ABSENT },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct mini_host host;

        mini_start(&host, CP_LOOK_UP);
        host.turn.attempt_us = NOW;
        host.turn.skew_us = 600 * SECOND;
        mini_turn(&host);
        assert_int_equal(mini_reply(&host, 200, NULL,
                                    LIST(ITEM("7", times[i].after, "<p>Hello</p>", ""), OLD, ""))
                             ->verdict.kind,
                         times[i].verdict);
        mini_end(&host);
    }
}

static void a_medium_of_ours_marks_a_post_as_ours(void **state)
{
    static const struct cp_media_view medium = {
        .sha256 = "ab", .type = "image/png", .name = "a.png", .alt = ""
    };
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_LOOK_UP);
    host.checkpoint = strdup(
        "{\"media\":[{\"sha256\":\"ab\",\"alt\":\"\",\"id\":\"11\",\"ready\":true,\"at\":0}]}");
    host.turn.attempt_us = NOW;
    host.part.media = &medium;
    host.part.media_count = 1;
    mini_turn(&host);
    assert_int_equal(mini_reply(&host, 200, NULL,
                                LIST(ITEM("7", 1, "<p>made beautiful</p>",
                                          "\"media_attachments\":[{\"id\":\"11\"}]"),
                                     OLD, ""))
                         ->verdict.kind,
                     CP_VERDICT_ACCEPTED);
    assert_non_null(strstr(host.checkpoint, "\"id\":\"11\""));
    mini_end(&host);
}

static void what_a_list_leaves_out_is_not_absent(void **state)
{
    struct mini_host host;

    (void)state;
    doubtful(&host);
    host.turn.facts = "{\"listed\":\"public\"}";
    host.part.visibility = "private";
    assert_int_equal(mini_reply(&host, 200, NULL, LIST(OLD, "", ""))->verdict.kind,
                     CP_VERDICT_UNKNOWN);
    host.part.visibility = "unlisted";
    mini_turn(&host);
    assert_int_equal(mini_reply(&host, 200, NULL, LIST(OLD, "", ""))->verdict.kind,
                     CP_VERDICT_ABSENT);
    mini_end(&host);
}

static void an_own_post_that_others_boosted_is_found_inside(void **state)
{
    struct mini_host host;
    char inner[800];

    (void)state;
    doubtful(&host);
    snprintf(inner, sizeof(inner), "\"reblog\":%s", ITEM("7", 1, "<p>Hello</p>", ""));
    assert_string_equal(mini_reply(&host, 200, NULL,
                                   LIST(item((char[1600]){ 0 }, 1600, "7", 5, "", inner), OLD, ""))
                            ->verdict.remote_id,
                        "7");
    mini_end(&host);
}

static void without_an_account_nothing_is_proven(void **state)
{
    struct mini_host host;

    (void)state;
    mini_start(&host, CP_LOOK_UP);
    host.turn.account_id = NULL;
    assert_int_equal(mini_turn(&host)->verdict.kind, CP_VERDICT_UNKNOWN);
    mini_end(&host);
}

/* --- read-back --- */

static const struct mini_answer *published(struct mini_host *host)
{
    mini_start(host, CP_LOOK_UP);
    host->turn.remote_id = "7";
    return mini_turn(host);
}

static const struct {
    const char *more, *difference;
} seen[] = {
    { "", NULL },
    { "\"language\":\"fr\"", NULL },
    { "\"visibility\":\"unlisted\"", "visibility (unlisted)" },
    { "\"spoiler_text\":\"x\"", "warning" },
    { "\"media_attachments\":[{},{}]", "number of media (2)" },
    { "\"in_reply_to_id\":\"3\"", "post that it replies to" },
    { "\"visibility\":\"\\u001b[0m<b>\",\"spoiler_text\":\"x\"", "warning, visibility ([0m)" },
};

static void a_published_post_is_read_by_its_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer = published(&host);

        assert_string_equal(answer->url, "https://social.example/api/v1/statuses/7");
        answer = mini_reply(&host, 200, NULL, ITEM("7", 1, "<p>Hello</p>", seen[i].more));
        assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
        assert_string_equal(answer->verdict.remote_id, "7");
        if (seen[i].difference)
            assert_string_equal(answer->verdict.difference, seen[i].difference);
        else
            assert_null(answer->verdict.difference);
        mini_end(&host);
    }
}

static void where_html_differs_the_source_decides(void **state)
{
    static const struct {
        int status;
        const char *body, *difference;
    } sources[] = {
        { 200, "{\"id\":\"7\",\"text\":\"Hello\"}", "visibility (unlisted)" },
        { 200, "{\"id\":\"7\",\"text\":\"Hallo\"}", "text, visibility (unlisted)" },
        { 404, "", "text, visibility (unlisted)" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        published(&host);
        answer = mini_reply(&host, 200, NULL,
                            ITEM("7", 1, "<p>«Hello»</p>", "\"visibility\":\"unlisted\""));
        assert_string_equal(answer->url, "https://social.example/api/v1/statuses/7/source");
        answer = mini_reply(&host, sources[i].status, NULL, sources[i].body);
        assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
        assert_string_equal(answer->verdict.difference, sources[i].difference);
        assert_string_equal(answer->verdict.url, "https://social.example/@camp/7");
        mini_end(&host);
    }
}

static void a_post_that_is_gone_is_absent(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum cp_verdict_kind verdict;
    } answers[] = {
        { 404, "{\"error\":\"Record not found\"}", CP_VERDICT_ABSENT },
        { 410, "", CP_VERDICT_ABSENT },
        { 200, "{\"id\":\"8\"}", CP_VERDICT_UNKNOWN },
        { 200, "{", CP_VERDICT_UNKNOWN },
        { 502, "", CP_VERDICT_UNKNOWN },
        { 401, "", CP_VERDICT_REAUTHENTICATE },
        { 429, "", CP_VERDICT_RETRY },
        { 200, "{\"id\":\"7\",\"content\":\"Hello\",\"account\":{\"id\":\"1\"}}",
          CP_VERDICT_DIFFERENT },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct mini_host host;

        published(&host);
        assert_int_equal(mini_reply(&host, answers[i].status, NULL, answers[i].body)->verdict.kind,
                         answers[i].verdict);
        mini_end(&host);
    }
}

static void where_a_post_cannot_be_read_its_list_is(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    published(&host);
    answer = mini_reply(&host, 405, NULL, "");
    assert_non_null(strstr(answer->url, "/api/v1/accounts/9/statuses?"));
    answer = mini_reply(&host, 200, NULL, LIST(ITEM("7", 1, "<p>Goodbye</p>", ""), "", ""));
    assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
    assert_string_equal(answer->verdict.difference, "text");
    mini_end(&host);
    published(&host);
    mini_reply(&host, 405, NULL, "");
    assert_int_equal(mini_reply(&host, 200, NULL, LIST(OLD, "", ""))->verdict.kind,
                     CP_VERDICT_ABSENT);
    mini_end(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_posts_are_listed_past_every_cache),
        cmocka_unit_test(a_complete_list_decides),
        cmocka_unit_test(of_two_equal_posts_the_one_that_is_bound_is_left_alone),
        cmocka_unit_test(every_content_that_was_tried_counts),
        cmocka_unit_test(the_list_is_paged_back_beyond_the_try),
        cmocka_unit_test(absence_needs_the_page_that_reaches_the_window),
        cmocka_unit_test(the_end_of_a_short_history_is_an_end),
        cmocka_unit_test(a_list_that_does_not_move_on_proves_nothing),
        cmocka_unit_test(what_a_broken_off_list_showed_is_there),
        cmocka_unit_test(a_list_without_end_proves_nothing),
        cmocka_unit_test(a_read_that_is_not_clean_proves_nothing),
        cmocka_unit_test(the_window_is_on_the_servers_clock),
        cmocka_unit_test(a_medium_of_ours_marks_a_post_as_ours),
        cmocka_unit_test(what_a_list_leaves_out_is_not_absent),
        cmocka_unit_test(an_own_post_that_others_boosted_is_found_inside),
        cmocka_unit_test(without_an_account_nothing_is_proven),
        cmocka_unit_test(a_published_post_is_read_by_its_id),
        cmocka_unit_test(where_html_differs_the_source_decides),
        cmocka_unit_test(a_post_that_is_gone_is_absent),
        cmocka_unit_test(where_a_post_cannot_be_read_its_list_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
