/* tests/plugins/mastodon/test_mastodon_login.c - from nothing to a credential. */
#include "cmocka_all.h"

#include <jansson.h>
#include <stdio.h>

#include "mastodon.h"
#include "mini_host.h"

/* RFC 7636, appendix B. */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

#define APP "{\"client_id\":\"id/1\",\"client_secret\":\"s&cret\",\"name\":\"camp-post\"}"

static void begin(struct mini_host *host)
{
    mini_start(host, CP_LOGIN);
    host->turn.wire_key = VERIFIER;
    host->turn.account_id = NULL;
}

static void a_login_goes_by_three_steps(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    begin(&host);
    answer = mini_turn(&host);
    assert_string_equal(answer->url, "https://social.example/api/v1/apps");
    assert_null(strstr(answer->headers, "Authorization"));
    assert_int_not_equal(answer->step, CP_STEP_PUBLISH);
    assert_string_equal(answer->body,
                        "{\"client_name\":\"camp-post\",\"redirect_uris\":"
                        "\"urn:ietf:wg:oauth:2.0:oob\",\"scopes\":"
                        "\"read:accounts read:statuses write:statuses write:media\"}");
    answer = mini_reply(&host, 200, NULL, APP);
    assert_int_equal(answer->kind, MINI_ASK);
    assert_string_equal(
        answer->ask_url,
        "https://social.example/oauth/authorize?response_type=code&client_id=id%2F1"
        "&redirect_uri=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob"
        "&scope=read%3Aaccounts%20read%3Astatuses%20write%3Astatuses%20write%3Amedia"
        "&code_challenge=" CHALLENGE "&code_challenge_method=S256");
    answer = mini_typed(&host, "  c-0/de\n");
    assert_string_equal(answer->url, "https://social.example/oauth/token");
    assert_non_null(strstr(answer->headers, "Content-Type: application/x-www-form-urlencoded\n"));
    assert_string_equal(
        answer->body, "grant_type=authorization_code&code=c-0%2Fde&client_id=id%2F1"
                      "&client_secret=s%26cret&redirect_uri=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob"
                      "&scope=read%3Aaccounts%20read%3Astatuses%20write%3Astatuses%20write%3Amedia"
                      "&code_verifier=" VERIFIER);
    answer = mini_reply(&host, 200, NULL,
                        "{\"access_token\":\"tok\",\"token_type\":\"bearer\",\"scope\":\"read\","
                        "\"created_at\":1644931680,\"refresh_token\":\"r\",\"expires_in\":600,"
                        "\"me\":\"https://social.example/users/camp\"}");
    assert_int_equal(answer->verdict.kind, CP_VERDICT_ACCEPTED);
    assert_string_equal(
        answer->verdict.credential,
        "{\"access_token\":\"tok\",\"scope\":\"read\",\"created_at\":\"1644931680\","
        "\"refresh_token\":\"r\",\"expires_in\":\"600\",\"client_id\":\"id/1\","
        "\"client_secret\":\"s&cret\"}");
    assert_string_equal(host.checkpoint, "{}");
    mini_end(&host);
}

static void servers_that_know_no_fine_scopes_are_asked_for_coarse_ones(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    begin(&host);
    mini_turn(&host);
    answer = mini_reply(&host, 422, NULL, "{\"error\":\"invalid scopes\"}");
    assert_non_null(strstr(answer->body, "\"scopes\":\"read write\""));
    answer = mini_reply(&host, 200, NULL, APP);
    assert_non_null(strstr(answer->ask_url, "&scope=read%20write&"));
    mini_end(&host);
    begin(&host);
    mini_turn(&host);
    mini_reply(&host, 422, NULL, "");
    assert_int_equal(mini_reply(&host, 422, NULL, "")->verdict.kind, CP_VERDICT_REJECTED);
    mini_end(&host);
}

static void a_wrong_code_is_asked_for_again_but_not_for_ever(void **state)
{
    struct mini_host host;
    const struct mini_answer *answer;

    (void)state;
    begin(&host);
    mini_turn(&host);
    mini_reply(&host, 200, NULL, APP);
    assert_int_equal(mini_typed(&host, "  ")->kind, MINI_ASK);
    for (int i = 0; i < 2; i++) {
        mini_typed(&host, "wrong");
        answer = mini_reply(&host, 400, NULL, "{\"error\":\"invalid_grant\"}");
        assert_int_equal(answer->kind, MINI_ASK);
        assert_non_null(strstr(answer->text, "did not take that code"));
        assert_non_null(answer->ask_url);
    }
    mini_typed(&host, "wrong");
    answer = mini_reply(&host, 400, NULL, "{\"error\":\"invalid_grant\"}");
    assert_int_equal(answer->verdict.kind, CP_VERDICT_REJECTED);
    assert_non_null(strstr(answer->verdict.reason, "invalid_grant"));
    mini_end(&host);
}

static void a_login_that_cannot_go_on_says_why(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum cp_verdict_kind verdict;
    } answers[] = {
        { 401, "{\"error\":\"invalid_client\"}", CP_VERDICT_REJECTED },
        { 200, "{\"access_token\":\"t\",\"token_type\":\"mac\"}", CP_VERDICT_REJECTED },
        { 200, "{\"access_token\":7}", CP_VERDICT_UNKNOWN },
        { 200, "{\"access_token\":\"\"}", CP_VERDICT_UNKNOWN },
        { 200, "<html>", CP_VERDICT_UNKNOWN },
        { 302, "", CP_VERDICT_MISCONFIGURED },
        { 429, "", CP_VERDICT_RETRY },
        { 500, "", CP_VERDICT_RETRY },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct mini_host host;
        const struct mini_answer *answer;

        begin(&host);
        mini_turn(&host);
        mini_reply(&host, 200, NULL, APP);
        mini_typed(&host, "code");
        answer = mini_reply(&host, answers[i].status, NULL, answers[i].body);
        assert_int_equal(answer->kind, MINI_VERDICT);
        assert_int_equal(answer->verdict.kind, answers[i].verdict);
        assert_non_null(answer->verdict.reason);
        assert_null(answer->verdict.credential);
        mini_end(&host);
    }
}

static void a_login_without_randomness_is_refused(void **state)
{
    static const char *const keys[] = { NULL, "", "ovj7ufflt4yrvpmsb7kkno4heu",
                                        VERIFIER " and blanks" };

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct mini_host host;

        begin(&host);
        host.turn.wire_key = keys[i];
        assert_int_equal(mini_turn(&host)->verdict.kind, CP_VERDICT_MISCONFIGURED);
        mini_end(&host);
    }
}

static void a_code_is_found_in_what_was_pasted(void **state)
{
    static const struct {
        const char *typed, *code;
    } pasted[] = {
        { "abc", "abc" },
        { " abc \r\n", "abc" },
        { "abc&state=xyz", "abc" }, /* snac2's page */
        { "urn:ietf:wg:oauth:2.0:oob?code=abc&state=x", "abc" },
        { "", NULL },
        { "   ", NULL },
        { "?code=&x", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pasted) / sizeof(pasted[0]); i++) {
        char code[64];

        assert_int_equal(masto_typed_code(pasted[i].typed, code, sizeof(code)),
                         pasted[i].code != NULL);
        if (pasted[i].code)
            assert_string_equal(code, pasted[i].code);
    }
}

static void published_challenges_are_met(void **state)
{
    const char *folder = getenv("CAMP_POST_VECTORS");
    char challenge[45], path[512];
    json_t *file, *item;
    size_t i;

    (void)state;
    assert_true(masto_challenge(VERIFIER, challenge));
    assert_string_equal(challenge, CHALLENGE);
    if (!folder)
        return;
    snprintf(path, sizeof(path), "%s/own/signatures.json", folder);
    file = json_load_file(path, 0, NULL);
    assert_true(json_array_size(json_object_get(file, "pkce")) > 0);
    json_array_foreach(json_object_get(file, "pkce"), i, item)
    {
        masto_challenge(json_string_value(json_object_get(item, "verifier")), challenge);
        assert_string_equal(challenge, json_string_value(json_object_get(item, "challenge")));
    }
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_goes_by_three_steps),
        cmocka_unit_test(servers_that_know_no_fine_scopes_are_asked_for_coarse_ones),
        cmocka_unit_test(a_wrong_code_is_asked_for_again_but_not_for_ever),
        cmocka_unit_test(a_login_that_cannot_go_on_says_why),
        cmocka_unit_test(a_login_without_randomness_is_refused),
        cmocka_unit_test(a_code_is_found_in_what_was_pasted),
        cmocka_unit_test(published_challenges_are_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
