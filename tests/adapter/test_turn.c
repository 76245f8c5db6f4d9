/* tests/adapter/test_turn.c - what the host takes from an adapter, and what it does not. */
#include "cmocka_all.h"

#include "adapter/adapter.h"
#include "base/macros.h"

/* What the adapter of this file does in its next turn. */
static struct {
    const struct cp_request *request, *second;
    const struct cp_verdict *verdict;
    const struct cp_ask *ask;
    const char *checkpoint;
} script;

static void play(const struct cp_settings *settings, struct cp_turn *turn)
{
    (void)settings;
    if (script.request)
        cp_turn_request(turn, script.request, script.checkpoint);
    if (script.second)
        cp_turn_request(turn, script.second, script.checkpoint);
    if (script.verdict)
        cp_turn_finish(turn, script.verdict, script.checkpoint);
    if (script.ask)
        cp_turn_ask(turn, script.ask, script.checkpoint);
}

static const struct cp_option no_options[] = { { 0 } };
static const struct cp_adapter actor = {
    CP_ADAPTER_INIT,
    .name = "actor",
    .options = no_options,
    .facts = "{}",
    .turns = { [CP_POST] = play,
               [CP_LOOK_UP] = play,
               [CP_FACTS] = play,
               [CP_WHO_AM_I] = play,
               [CP_LOGIN] = play },
};

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct cp_media_view picture = { .sha256 = DIGEST, .size = 1234 };
static const struct cp_part_view part = {
    .text = "x", .language = "en", .media = &picture, .media_count = 1
};

static struct cp_answer run(enum cp_purpose purpose, bool publish_replied)
{
    struct cp_settings settings = { .account = "a" };
    struct cp_turn turn = {
        .purpose = purpose, .part = &part, .checkpoint = "{}", .publish_replied = publish_replied
    };
    struct cp_answer answer;
    struct cp_error err = { 0 };

    assert_true(cp_adapter_turn(&actor, &settings, &turn, &answer, &err));
    memset(&script, 0, sizeof(script));
    return answer;
}

static const struct cp_segment brace = { .bytes = "{}", .size = 2 };
static const struct cp_segment secret = { .secret = "token" };
static const struct cp_segment medium = { .media = DIGEST };
static const struct cp_segment stranger = {
    .media = "ff23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
};
static const struct cp_segment both = { .media = DIGEST, .secret = "token" };
static const struct cp_field good_header = { .name = "Content-Type", .value = "text/plain" };
static const struct cp_field split_header = { .name = "X", .value = "a\r\nEvil: b" };
static const struct cp_field bad_name = { .name = "X:", .value = "a" };

#define API "https://social.example/api"
#define REQUEST(kind, how, where, ...)                                                             \
    {                                                                                              \
        .step = kind, .method = how, .url = where, __VA_ARGS__                                     \
    }
#define LOCAL(kind, how, where, ...) REQUEST(kind, how, where, .transport = CP_FILE, __VA_ARGS__)

static const struct {
    enum cp_purpose purpose;
    bool publish_replied;
    struct cp_request request;
    const char *problem; /* NULL: taken */
} requests[] = {
    { CP_POST, false, REQUEST(CP_STEP_PUBLISH, "GET", API, .body = &brace, .body_count = 1), NULL },
    { CP_POST, false, REQUEST(CP_STEP_PUBLISH, "GET", API), NULL },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", API, .headers = &good_header, .header_count = 1),
      NULL },
    { CP_POST, false, LOCAL(CP_STEP_PUBLISH, "REPLACE", "/srv/a"), NULL },
    { CP_POST, false, LOCAL(CP_STEP_PREPARE, "REPLACE", "/srv/a", .body = &medium, .body_count = 1),
      NULL },
    { CP_LOOK_UP, false, LOCAL(CP_STEP_PREPARE, "REPLACE", "/srv/a"), NULL },
    { CP_LOGIN, false, REQUEST(CP_STEP_PREPARE, "GET", API, .body = &secret, .body_count = 1),
      NULL },
    { CP_LOOK_UP, false, REQUEST(CP_STEP_PUBLISH, "GET", API), "publish step outside" },
    { CP_WHO_AM_I, false, REQUEST(CP_STEP_PUBLISH, "GET", API), "publish step outside" },
    { CP_WHO_AM_I, false, REQUEST(CP_STEP_PREPARE, "GET", API), "only reading" },
    { CP_FACTS, false, REQUEST(CP_STEP_PREPARE, "GET", API), "only reading" },
    { CP_POST, true, REQUEST(CP_STEP_PUBLISH, "GET", API), "another request after" },
    { CP_POST, true, REQUEST(CP_STEP_READ, "GET", API), "another request after" },
    { CP_POST, false, REQUEST((enum cp_step)7, "GET", API), "step is none of" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", API, .transport = (enum cp_transport_kind)7),
      "neither" },
    { CP_POST, false, REQUEST(CP_STEP_READ, NULL, API), "no method" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET /x", API), "no method" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", NULL), "address is missing" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", "/api"), "not an absolute" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", "file:///etc/passwd"), "not an absolute" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", "https://a/\r\nX: y"), "control characters" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", "https://a/ b"), "space" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", "https://a/\xff"), "address is missing" },
    { CP_POST, false, LOCAL(CP_STEP_READ, "DELETE", "/srv/a"), "READ or REPLACE" },
    { CP_POST, false, LOCAL(CP_STEP_READ, "REPLACE", "/srv/a"), "READ belongs to" },
    { CP_POST, false, LOCAL(CP_STEP_PUBLISH, "READ", "/srv/a"), "READ belongs to" },
    { CP_POST, false, LOCAL(CP_STEP_READ, "READ", "feed.atom"), "absolute" },
    { CP_POST, false,
      REQUEST(CP_STEP_READ, "GET", API, .headers = &split_header, .header_count = 1),
      "value of a header" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", API, .headers = &bad_name, .header_count = 1),
      "name of a header" },
    { CP_POST, false,
      REQUEST(CP_STEP_READ, "GET", API, .headers = &good_header, .header_count = 65),
      "too many header" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", API, .body = &brace, .body_count = 257),
      "too many segments" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", API, .body = &stranger, .body_count = 1),
      "does not have" },
    { CP_POST, false, REQUEST(CP_STEP_READ, "GET", API, .body = &both, .body_count = 1),
      "both a medium and a secret" },
    { CP_POST, false, REQUEST(CP_STEP_PUBLISH, "GET", API, .body = &medium, .body_count = 1),
      "end in" },
    { CP_POST, false, REQUEST(CP_STEP_PUBLISH, "GET", API, .body = &secret, .body_count = 1),
      "end in" },
};

static void only_requests_that_keep_the_rules_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(requests); i++) {
        struct cp_answer answer;

        script.request = &requests[i].request;
        answer = run(requests[i].purpose, requests[i].publish_replied);
        if (!requests[i].problem)
            assert_int_equal(answer.kind, CP_ANSWER_REQUEST);
        else if (!answer.problem || !strstr(answer.problem, requests[i].problem) ||
                 answer.kind != CP_ANSWER_NONE)
            fail_msg("row %zu: %s", i, answer.problem ? answer.problem : "taken");
        cp_answer_release(&answer);
    }
}

static const struct {
    enum cp_purpose purpose;
    bool publish_replied;
    struct cp_verdict verdict;
    const char *problem;
} verdicts[] = {
    { CP_POST, true, { .kind = CP_VERDICT_ACCEPTED, .remote_id = "1" }, NULL },
    { CP_POST, true, { .kind = CP_VERDICT_UNKNOWN }, NULL },
    { CP_POST, false, { .kind = CP_VERDICT_REJECTED, .reason = "no" }, NULL },
    { CP_POST, false, { .kind = CP_VERDICT_ACCEPTED, .remote_id = "1" }, "before a publish step" },
    { CP_POST, true, { .kind = CP_VERDICT_ACCEPTED }, "without a remote id" },
    { CP_POST, true, { .kind = CP_VERDICT_ACCEPTED, .remote_id = "" }, "without a remote id" },
    { CP_POST, true, { .kind = CP_VERDICT_ACCEPTED, .remote_id = "a\nb" }, "control characters" },
    { CP_POST, true, { .kind = CP_VERDICT_ABSENT }, "does not fit" },
    { CP_POST, true, { .kind = CP_VERDICT_DIFFERENT }, "does not fit" },
    { CP_POST, true, { .kind = (enum cp_verdict_kind)99 }, "does not fit" },
    { CP_LOOK_UP, false, { .kind = CP_VERDICT_ABSENT }, NULL },
    { CP_LOOK_UP, false, { .kind = CP_VERDICT_DIFFERENT }, NULL },
    { CP_LOOK_UP, false, { .kind = CP_VERDICT_ACCEPTED, .remote_id = "1" }, NULL },
    { CP_LOOK_UP, false, { .kind = CP_VERDICT_ACCEPTED }, "without a remote id" },
    { CP_LOOK_UP, false, { .kind = CP_VERDICT_REJECTED }, "does not fit" },
    { CP_WHO_AM_I, false, { .kind = CP_VERDICT_ACCEPTED, .remote_id = "1" }, NULL },
    { CP_WHO_AM_I, false, { .kind = CP_VERDICT_ACCEPTED, .name = "@a" }, "without a remote id" },
    { CP_WHO_AM_I, false, { .kind = CP_VERDICT_ABSENT }, "does not fit" },
    { CP_FACTS, false, { .kind = CP_VERDICT_ACCEPTED, .facts = "{}" }, NULL },
    { CP_FACTS, false, { .kind = CP_VERDICT_ACCEPTED }, "without facts" },
    { CP_FACTS, false, { .kind = CP_VERDICT_ACCEPTED, .facts = "[" }, "not JSON" },
    { CP_LOGIN, false, { .kind = CP_VERDICT_ACCEPTED, .credential = "{}" }, NULL },
    { CP_LOGIN, false, { .kind = CP_VERDICT_ACCEPTED, .credential = "x" }, "without a credential" },
};

static void a_verdict_must_fit_the_purpose(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(verdicts); i++) {
        struct cp_answer answer;

        script.verdict = &verdicts[i].verdict;
        answer = run(verdicts[i].purpose, verdicts[i].publish_replied);
        if (!verdicts[i].problem)
            assert_int_equal(answer.kind, CP_ANSWER_VERDICT);
        else if (!answer.problem || !strstr(answer.problem, verdicts[i].problem) ||
                 answer.kind != CP_ANSWER_NONE)
            fail_msg("row %zu: %s", i, answer.problem ? answer.problem : "taken");
        cp_answer_release(&answer);
    }
}

static void no_answer_and_two_answers_are_problems(void **state)
{
    static const struct cp_request request = REQUEST(CP_STEP_READ, "GET", API);
    static const struct cp_verdict verdict = { .kind = CP_VERDICT_UNKNOWN };
    struct cp_answer answer = run(CP_POST, false);

    (void)state;
    assert_string_equal(answer.problem, "no answer");
    cp_answer_release(&answer);
    script.request = &request;
    script.verdict = &verdict;
    answer = run(CP_POST, false);
    assert_int_equal(answer.kind, CP_ANSWER_NONE);
    assert_string_equal(answer.problem, "more than one answer");
    cp_answer_release(&answer);
    script.request = script.second = &request;
    script.verdict = &verdict;
    answer = run(CP_POST, false);
    assert_string_equal(answer.problem, "more than one answer");
    cp_answer_release(&answer);
}

static void a_checkpoint_is_an_object_of_bounded_size(void **state)
{
    static const struct cp_verdict verdict = { .kind = CP_VERDICT_UNKNOWN };
    static char large[(64 << 10) + 100];
    static const char *const bad[] = { "", "[]", "{", "1", "{\"a\":1,\"a\":2}", large };
    struct cp_answer answer;

    (void)state;
    memset(large, ' ', sizeof(large) - 1);
    memcpy(large, "{}", 2);
    for (size_t i = 0; i < CP_COUNT(bad); i++) {
        script.verdict = &verdict;
        script.checkpoint = bad[i];
        answer = run(CP_POST, false);
        assert_int_equal(answer.kind, CP_ANSWER_NONE);
        assert_non_null(strstr(answer.problem, "checkpoint"));
        cp_answer_release(&answer);
    }
    script.verdict = &verdict;
    script.checkpoint = "{\"a\":1}";
    answer = run(CP_POST, false);
    assert_string_equal(answer.checkpoint, "{\"a\":1}");
    cp_answer_release(&answer);
}

static void a_question_belongs_to_logging_in(void **state)
{
    static const struct cp_ask ask = { .text = "Open it\nnow", .prompt = "code", .secret = true };
    struct cp_answer answer;

    (void)state;
    script.ask = &ask;
    answer = run(CP_LOGIN, false);
    assert_int_equal(answer.kind, CP_ANSWER_ASK);
    assert_string_equal(answer.ask.text, "Open it now");
    assert_true(answer.ask.secret);
    cp_answer_release(&answer);
    script.ask = &ask;
    answer = run(CP_POST, false);
    assert_int_equal(answer.kind, CP_ANSWER_NONE);
    cp_answer_release(&answer);
}

static void the_answer_is_a_copy_that_outlives_the_turn(void **state)
{
    char url[] = "https://social.example/1", bytes[] = "{\"a\":1}", value[] = "Bearer ";
    struct cp_field header = { .name = "Authorization", .value = value, .secret = "token" };
    struct cp_segment body[] = { { .media = DIGEST }, { .bytes = bytes, .size = 7 } };
    struct cp_request request = REQUEST(CP_STEP_READ, "GET", url, .headers = &header,
                                        .header_count = 1, .body = body, .body_count = 2);
    struct cp_answer answer;

    (void)state;
    script.request = &request;
    answer = run(CP_POST, false);
    memset(url, 'x', sizeof(url) - 1);
    memset(bytes, 'x', sizeof(bytes) - 1);
    memset(value, 'x', sizeof(value) - 1);
    memset(body, 0, sizeof(body));
    assert_string_equal(answer.request.url, "https://social.example/1");
    assert_string_equal(answer.request.headers[0].value, "Bearer ");
    assert_memory_equal(answer.request.body[1].bytes, "{\"a\":1}", 7);
    assert_int_equal(answer.request.body[0].size, 1234);
    cp_answer_release(&answer);
}

static void a_reason_is_one_line_whatever_the_server_wrote(void **state)
{
    static const struct cp_verdict verdict = { .kind = CP_VERDICT_REJECTED,
                                               .reason = "no\r\n<4>forged\x1b[2J\xff",
                                               .url = "https://a/\n" };
    struct cp_answer answer;

    (void)state;
    script.verdict = &verdict;
    answer = run(CP_POST, true);
    assert_string_equal(answer.verdict.reason, "no  <4>forged [2J\xef\xbf\xbd");
    assert_null(answer.verdict.url);
    cp_answer_release(&answer);
}

static void a_purpose_without_a_function_is_an_error(void **state)
{
    struct cp_adapter poor = actor;
    struct cp_settings settings = { .account = "a" };
    struct cp_turn turn = { .purpose = CP_LOGIN, .checkpoint = "{}" };
    struct cp_answer answer;
    struct cp_error err = { 0 };

    (void)state;
    poor.turns[CP_LOGIN] = NULL;
    assert_false(cp_adapter_turn(&poor, &settings, &turn, &answer, &err));
    assert_string_equal(err.message, "the adapter 'actor' can't log in");
    assert_int_equal(err.code, CP_ADAPTER_CANNOT);
}

static void settings_hold_options_and_places(void **state)
{
    struct cp_field options[] = { { .name = "title", .value = "T" },
                                  { .name = "directory", .value = "/written" } };
    struct cp_account account = { .id = "a",
                                  .server = "https://s.example",
                                  .directory = "/d",
                                  .options = options,
                                  .option_count = 2 };
    struct cp_arena *arena = cp_arena_create();
    struct cp_settings settings;

    (void)state;
    cp_settings_of(&account, arena, &settings);
    assert_string_equal(settings.account, "a");
    assert_int_equal(settings.count, 3);
    assert_string_equal(cp_setting(&settings, "title", ""), "T");
    assert_string_equal(cp_setting(&settings, "directory", ""), "/written");
    assert_string_equal(cp_setting(&settings, "server", ""), "https://s.example");
    assert_string_equal(cp_setting(&settings, "none", "x"), "x");
    cp_arena_free(arena);
}

static void a_part_view_has_the_entities_of_the_dialect(void **state)
{
    struct cp_content_part content = { .language = "en", .text = "#Free https://example.org" };
    struct cp_facts facts = { .dialect = CP_DIALECT_MASTODON };
    struct cp_arena *arena = cp_arena_create();
    struct cp_part_view view;

    (void)state;
    cp_part_view_of(&content, &facts, arena, &view);
    assert_int_equal(view.entity_count, 2);
    assert_int_equal(view.entities[0].kind, CP_ENTITY_TAG);
    facts.dialect = CP_DIALECT_PLAIN;
    cp_part_view_of(&content, &facts, arena, &view);
    assert_int_equal(view.entity_count, 1);
    cp_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_requests_that_keep_the_rules_are_taken),
        cmocka_unit_test(a_verdict_must_fit_the_purpose),
        cmocka_unit_test(no_answer_and_two_answers_are_problems),
        cmocka_unit_test(a_checkpoint_is_an_object_of_bounded_size),
        cmocka_unit_test(a_question_belongs_to_logging_in),
        cmocka_unit_test(the_answer_is_a_copy_that_outlives_the_turn),
        cmocka_unit_test(a_reason_is_one_line_whatever_the_server_wrote),
        cmocka_unit_test(a_purpose_without_a_function_is_an_error),
        cmocka_unit_test(settings_hold_options_and_places),
        cmocka_unit_test(a_part_view_has_the_entities_of_the_dialect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
