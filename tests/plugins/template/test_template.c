/* tests/plugins/template/test_template.c - the adapter that others start from is taken, and its turns do what they say.
 *
 * argv[1], when given, is a folder with a template.so that was built outside of the tree. */
#include "cmocka_all.h"

#include <stdio.h>

#include "adapter/adapter.h"
#include "base/macros.h"

static const char *folder;

static struct cp_adapters *load(const struct cp_adapter **out)
{
    struct cp_error err = { 0 };
    struct cp_adapters *adapters = cp_adapters_load(folder, &err);

    assert_non_null(adapters);
    *out = cp_adapters_find(adapters, "template");
    assert_non_null(*out);
    return adapters;
}

static const struct cp_field server = { .name = "server", .value = "https://social.example" };
static const struct cp_settings settings = { .account = "a", .values = &server, .count = 1 };
static const struct cp_part_view part = { .text = "Hello \"you\"", .language = "en" };

static void it_is_loaded_and_shows_its_request(void **state)
{
    struct cp_turn turn = { .part = &part, .part_number = 1, .part_total = 1, .wire_key = "key" };
    const struct cp_adapter *adapter;
    struct cp_adapters *adapters = load(&adapter);
    struct cp_error err = { 0 };
    json_t *list = cp_adapter_requests(adapter, &settings, &turn, &err), *request;

    (void)state;
    assert_string_equal(err.message, "");
    assert_int_equal(json_array_size(list), 1);
    request = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(request, "url")),
                        "https://social.example/posts");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(request, "headers"), "Authorization")),
        "Bearer ‹access_token›");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(request, "body"), "text")), part.text);
    json_decref(list);
    cp_adapters_free(adapters);
}

static const struct {
    enum cp_purpose purpose;
    int status;
    const char *body;
    enum cp_verdict_kind verdict;
} replies[] = {
    { CP_POST, 201, "{\"id\": \"7\"}", CP_VERDICT_ACCEPTED },
    { CP_POST, 201, "{\"id\": \"\"}", CP_VERDICT_UNKNOWN },
    { CP_POST, 201, "{\"id\":", CP_VERDICT_UNKNOWN },
    { CP_POST, 200, "", CP_VERDICT_UNKNOWN },
    { CP_POST, 401, "{}", CP_VERDICT_REAUTHENTICATE },
    { CP_POST, 422, "{}", CP_VERDICT_REJECTED },
    { CP_POST, 429, "{}", CP_VERDICT_RETRY },
    { CP_POST, 302, "", CP_VERDICT_MISCONFIGURED },
    { CP_POST, 500, "", CP_VERDICT_UNKNOWN },
    { CP_LOOK_UP, 200, "{\"posts\": []}", CP_VERDICT_ABSENT },
    { CP_LOOK_UP, 200, "{}", CP_VERDICT_UNKNOWN },
    { CP_LOOK_UP, 404, "", CP_VERDICT_UNKNOWN },
    { CP_LOOK_UP, 200, "{\"posts\": [{\"id\": \"7\", \"text\": \"Hello \\\"you\\\"\"}]}",
      CP_VERDICT_ACCEPTED },
    { CP_LOOK_UP, 200, "{\"posts\": [{\"id\": \"7\", \"text\": \"Hello\"}]}",
      CP_VERDICT_DIFFERENT },
    { CP_WHO_AM_I, 200, "{\"id\": \"1\", \"name\": \"@a\"}", CP_VERDICT_ACCEPTED },
    { CP_WHO_AM_I, 200, "{}", CP_VERDICT_UNKNOWN },
    { CP_WHO_AM_I, 401, "", CP_VERDICT_REAUTHENTICATE },
};

static void its_verdicts_say_what_a_reply_proves(void **state)
{
    const struct cp_adapter *adapter;
    struct cp_adapters *adapters = load(&adapter);

    (void)state;
    for (size_t i = 0; i < CP_COUNT(replies); i++) {
        struct cp_reply reply = { .status = replies[i].status,
                                  .body = replies[i].body,
                                  .size = strlen(replies[i].body) };
        struct cp_turn turn = { .purpose = replies[i].purpose,
                                .part = &part,
                                .wire_key = "key",
                                .checkpoint = "{}",
                                .reply = &reply,
                                .publish_replied = replies[i].purpose == CP_POST };
        struct cp_answer answer;
        struct cp_error err = { 0 };

        assert_true(cp_adapter_turn(adapter, &settings, &turn, &answer, &err));
        if (answer.kind != CP_ANSWER_VERDICT || answer.verdict.kind != replies[i].verdict)
            fail_msg("row %zu: %s", i, answer.problem ? answer.problem : answer.verdict.reason);
        cp_answer_release(&answer);
    }
    cp_adapters_free(adapters);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_loaded_and_shows_its_request),
        cmocka_unit_test(its_verdicts_say_what_a_reply_proves),
    };

    folder = argc > 1 ? argv[1] : TEMPLATE_DIRECTORY;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
