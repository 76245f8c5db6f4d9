/* tests/plugins/mastodon/test_mastodon_facts.c - what a server says of itself, and who we are on it. */
#include "cmocka_all.h"

#include <jansson.h>

#include "mini_host.h"

extern const struct cp_adapter camp_post_adapter;

#define CONFIGURATION                                                                              \
    "\"configuration\":{\"statuses\":{\"max_characters\":1000,\"max_media_attachments\":6,"        \
    "\"characters_reserved_per_url\":23},\"media_attachments\":{\"supported_mime_types\":"         \
    "[\"image/png\",\"video/mp4\",7,\"bad type\"],\"image_size_limit\":16777216,"                  \
    "\"video_size_limit\":103809024,\"description_limit\":10000}}"

#define SERVER(version, more) "{\"version\":\"" version "\"," more CONFIGURATION "}"
#define API7                  "\"api_versions\":{\"mastodon\":7},"

static const struct {
    const char *instance, *software, *guarantee, *unit;
    int url_cost;
    const char *key;
} rows[] = {
    { SERVER("4.5.9", API7), "mastodon 4.5.9", "window", "graphemes", 23, NULL },
    { SERVER("4.7.0-alpha.2", API7), "mastodon 4.7.0-alpha.2", "window", "graphemes", 23, NULL },
    { SERVER("4.2.0", "\"source_url\":\"https://github.com/mastodon/mastodon\","), "mastodon 4.2.0",
      "window", "graphemes", 23, NULL },
    { SERVER("4.4.1+glitch", API7), "glitch-soc 4.4.1+glitch", "window", "graphemes", 23, NULL },
    { SERVER("4.2.10+hometown-1.1.1",
             "\"source_url\":\"https://github.com/hometown-fork/hometown\","),
      "hometown 4.2.10+hometown-1.1.1", "window", "graphemes", 23, NULL },
    { SERVER("4.2.0", ""), "unknown 4.2.0", "lookup", "code points", 0, NULL },
    { SERVER("4.4.1+another", API7), "unknown 4.4.1+another", "lookup", "code points", 0, NULL },
    { SERVER("0.10.0", API7 "\"source_url\":\"https://github.com/fedify-dev/hollo\","),
      "hollo 0.10.0", "window", "code points", 0, NULL },
    { SERVER("0.19.1+git-a0bc2ed",
             "\"source_url\":\"https://codeberg.org/superseriousbusiness/gotosocial\","),
      "gotosocial 0.19.1+git-a0bc2ed", "lookup", "code points", 0, NULL },
    { SERVER("0.19.1+git-a0bc2ed", ""), "unknown 0.19.1+git-a0bc2ed", "lookup", "code points", 0,
      NULL },
    { SERVER("2.7.2 (compatible; Pleroma 2.7.0)", API7), "pleroma 2.7.0", "lookup", "graphemes", 0,
      "fresh" },
    { SERVER("2.7.2 (compatible; Akkoma 3.13.2-0-gabc)", ""), "akkoma 3.13.2-0-gabc", "lookup",
      "graphemes", 0, "fresh" },
    { SERVER("3.5.3 (compatible; Pixelfed 0.11.13)", ""), "pixelfed 0.11.13", "lookup",
      "code points", 0, "fresh" },
    { SERVER("2.8.0 (compatible; Friendica 2024.08)", ""), "friendica 2024.08", "lookup",
      "code points", 0, NULL },
    { SERVER("4.0.0 (not true; really snac/2.96)", ""), "snac 2.96", "lookup", "code points", 0,
      NULL },
    { SERVER("3.0.0 (compatible; Sharkey 2024.3.3)", API7), "Sharkey 2024.3.3", "lookup",
      "code points", 0, NULL },
};

static json_t *learn(struct mini_host *host, const char *instance)
{
    const struct mini_answer *answer;

    mini_start(host, CP_FACTS);
    assert_string_equal(mini_turn(host)->url, "https://social.example/api/v2/instance");
    answer = mini_reply(host, 200, NULL, instance);
    assert_int_equal(answer->kind, MINI_VERDICT);
    assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
    return json_loads(answer->verdict.facts, 0, NULL);
}

static const char *text_of(json_t *facts, const char *name)
{
    return json_string_value(json_object_get(facts, name));
}

static json_int_t number_of(json_t *facts, const char *name)
{
    return json_integer_value(json_object_get(facts, name));
}

static void promises_are_believed_of_known_servers_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mini_host host;
        json_t *facts = learn(&host, rows[i].instance), *limit;

        limit = json_array_get(json_object_get(facts, "limits"), 0);
        assert_string_equal(text_of(facts, "software"), rows[i].software);
        assert_string_equal(text_of(facts, "guarantee"), rows[i].guarantee);
        assert_string_equal(text_of(limit, "unit"), rows[i].unit);
        assert_int_equal(number_of(limit, "max"), 1000);
        assert_int_equal(number_of(facts, "url_cost"), rows[i].url_cost);
        assert_int_equal(json_is_true(json_object_get(facts, "mention_local_only")),
                         rows[i].url_cost > 0);
        if (rows[i].key)
            assert_string_equal(text_of(facts, "key"), rows[i].key);
        else
            assert_null(text_of(facts, "key"));
        json_decref(facts);
        mini_end(&host);
    }
}

static void limits_are_taken_over(void **state)
{
    struct mini_host host;
    json_t *facts = learn(&host, SERVER("4.5.9", API7 "\"domain\":\"camp.example\","));
    json_t *media = json_object_get(facts, "media"), *rate = json_object_get(facts, "rate");

    (void)state;
    assert_int_equal(number_of(media, "most"), 6);
    assert_int_equal(number_of(media, "alt"), 10000);
    assert_int_equal(number_of(media, "image_bytes"), 16777216);
    assert_int_equal(number_of(media, "video_bytes"), 103809024);
    assert_int_equal(json_array_size(json_object_get(media, "types")), 2);
    assert_int_equal(number_of(rate, "posts"), 300);
    assert_int_equal(number_of(rate, "per_s"), 10800);
    assert_string_equal(text_of(facts, "dialect"), "mastodon");
    assert_string_equal(text_of(facts, "domain"), "camp.example");
    assert_true(json_is_true(json_object_get(facts, "reply_to")));
    assert_true(json_is_true(json_object_get(facts, "warning_counts")));
    json_decref(facts);
    mini_end(&host);
}

static void absurd_limits_are_replaced_by_cautious_ones(void **state)
{
    static const char *const absurd[] = {
        "{\"version\":\"4.5.9\"}",
        "{\"version\":\"4.5.9\",\"configuration\":[]}",
        "{\"version\":\"4.5.9\",\"configuration\":{\"statuses\":{\"max_characters\":0,"
        "\"max_media_attachments\":-1,\"characters_reserved_per_url\":1e9},"
        "\"media_attachments\":{\"description_limit\":99999999999,\"supported_mime_types\":{}}}}",
        "{\"version\":\"4.5.9\",\"configuration\":{\"statuses\":{\"max_characters\":\"500\"}}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
        struct mini_host host;
        json_t *facts = learn(&host, absurd[i]), *media = json_object_get(facts, "media");

        assert_int_equal(number_of(json_array_get(json_object_get(facts, "limits"), 0), "max"),
                         500);
        assert_int_equal(number_of(media, "most"), 4);
        assert_int_equal(number_of(media, "alt"), 1500);
        assert_null(json_object_get(media, "types"));
        assert_int_equal(number_of(facts, "url_cost"), 0);
        json_decref(facts);
        mini_end(&host);
    }
}

static void servers_without_version_2_are_asked_for_version_1(void **state)
{
    static const struct {
        int status;
        const char *body;
    } first[] = { { 404, "" }, { 200, "<html>" }, { 200, "{}" } };

    (void)state;
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        mini_start(&host, CP_FACTS);
        mini_turn(&host);
        answer = mini_reply(&host, first[i].status, NULL, first[i].body);
        assert_string_equal(answer->url, "https://social.example/api/v1/instance");
        answer = mini_reply(&host, 200, NULL,
                            "{\"version\":\"4.0.0 (not true; really snac/2.75)\","
                            "\"uri\":\"https://snac.example\",\"max_toot_chars\":4000}");
        assert_non_null(strstr(answer->verdict.facts, "\"max\":4000"));
        assert_non_null(strstr(answer->verdict.facts, "\"listed\":\"public\""));
        assert_non_null(strstr(answer->verdict.facts, "\"domain\":\"snac.example\""));
        mini_end(&host);
    }
}

static void a_server_without_this_api_is_told_apart(void **state)
{
    static const struct {
        int status;
        enum cp_verdict_kind verdict;
    } second[] = { { 404, CP_VERDICT_MISCONFIGURED },  { 302, CP_VERDICT_MISCONFIGURED },
                   { 401, CP_VERDICT_REAUTHENTICATE }, { 500, CP_VERDICT_RETRY },
                   { 429, CP_VERDICT_RETRY },          { 200, CP_VERDICT_UNKNOWN } };

    (void)state;
    for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
        struct mini_host host;

        mini_start(&host, CP_FACTS);
        mini_turn(&host);
        mini_reply(&host, 404, NULL, "");
        assert_int_equal(mini_reply(&host, second[i].status, NULL, "{}")->verdict.kind,
                         second[i].verdict);
        mini_end(&host);
    }
}

static void we_are_who_the_server_says(void **state)
{
    static const struct {
        const char *facts, *body, *name;
    } accounts[] = {
        { "{}", "{\"id\":\"9\",\"acct\":\"camp\"}", "@camp@social.example" },
        { "{\"domain\":\"camp.example\"}", "{\"id\":\"9\",\"acct\":\"camp\"}",
          "@camp@camp.example" },
        { "{\"domain\":\"x y\"}", "{\"id\":\"9\",\"acct\":\"c\\u001bamp\"}",
          "@c amp@social.example" },
        { "{}", "{\"id\":\"9\",\"acct\":\"camp@other.example\"}", "@camp@other.example" },
        { "{}", "{\"id\":\"9\"}", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        mini_start(&host, CP_WHO_AM_I);
        host.turn.facts = accounts[i].facts;
        assert_string_equal(mini_turn(&host)->url,
                            "https://social.example/api/v1/accounts/verify_credentials");
        answer = mini_reply(&host, 200, NULL, accounts[i].body);
        assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
        assert_string_equal(answer->verdict.remote_id, "9");
        if (accounts[i].name)
            assert_string_equal(answer->verdict.name, accounts[i].name);
        else
            assert_null(answer->verdict.name);
        mini_end(&host);
    }
}

static void a_token_that_is_no_longer_good_is_told(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum cp_verdict_kind verdict;
    } answers[] = {
        { 401, "", CP_VERDICT_REAUTHENTICATE },
        { 403, "{\"error\":\"Your login is currently pending approval\"}",
          CP_VERDICT_REAUTHENTICATE },
        { 422, "{\"error\":\"This method requires an authenticated user\"}",
          CP_VERDICT_REAUTHENTICATE },
        { 404, "", CP_VERDICT_MISCONFIGURED },
        { 200, "{\"acct\":\"camp\"}", CP_VERDICT_UNKNOWN },
        { 502, "", CP_VERDICT_RETRY },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct mini_host host;

        mini_start(&host, CP_WHO_AM_I);
        mini_turn(&host);
        assert_int_equal(mini_reply(&host, answers[i].status, NULL, answers[i].body)->verdict.kind,
                         answers[i].verdict);
        mini_end(&host);
    }
}

static void what_is_assumed_before_is_cautious(void **state)
{
    json_t *facts = json_loads(camp_post_adapter.facts, 0, NULL);

    (void)state;
    assert_non_null(facts);
    assert_string_equal(text_of(facts, "guarantee"), "lookup");
    assert_null(json_object_get(facts, "url_cost"));
    assert_int_equal(number_of(json_array_get(json_object_get(facts, "limits"), 0), "max"), 500);
    json_decref(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_are_believed_of_known_servers_alone),
        cmocka_unit_test(limits_are_taken_over),
        cmocka_unit_test(absurd_limits_are_replaced_by_cautious_ones),
        cmocka_unit_test(servers_without_version_2_are_asked_for_version_1),
        cmocka_unit_test(a_server_without_this_api_is_told_apart),
        cmocka_unit_test(we_are_who_the_server_says),
        cmocka_unit_test(a_token_that_is_no_longer_good_is_told),
        cmocka_unit_test(what_is_assumed_before_is_cautious),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
