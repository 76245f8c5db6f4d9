/* tests/adapter/test_request.c - requests as JSON and as people see them. */
#include "cmocka_all.h"

#include "adapter/adapter.h"
#include "base/macros.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct cp_field headers[] = {
    { .name = "Authorization", .value = "Bearer ", .secret = "access_token" },
    { .name = "Accept", .value = "text/html" },
    { .name = "Accept", .value = "text/plain" },
};
static const struct cp_segment segments[] = {
    { .bytes = "--x\r\n", .size = 5 },   { .media = DIGEST, .size = 4321 },
    { .bytes = "a\0\xff", .size = 3 },   { .secret = "client_secret", .form = true },
    { .bytes = "--x--\r\n", .size = 7 },
};
static const struct cp_request multipart = {
    .step = CP_STEP_PUBLISH,
    .method = "POST",
    .url = "https://social.example/api",
    .headers = headers,
    .header_count = 3,
    .body = segments,
    .body_count = 5,
    .example_status = 200,
    .example_body = "{}",
};

static void assert_same_text(const char *a, const char *b)
{
    if (!a || !b)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void a_frozen_request_comes_back_as_it_was(void **state)
{
    struct cp_arena *arena = cp_arena_create();
    char *json = cp_request_to_json(&multipart), *again;
    struct cp_request out;
    struct cp_error err = { 0 };

    (void)state;
    assert_non_null(json);
    assert_true(cp_request_from_json(json, arena, &out, &err));
    assert_int_equal(out.step, CP_STEP_PUBLISH);
    assert_int_equal(out.transport, CP_HTTP);
    assert_string_equal(out.method, "POST");
    assert_string_equal(out.url, multipart.url);
    assert_int_equal(out.header_count, 3);
    assert_string_equal(out.headers[0].secret, "access_token");
    assert_null(out.headers[1].secret);
    assert_int_equal(out.body_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_same_text(out.body[i].media, segments[i].media);
        assert_same_text(out.body[i].secret, segments[i].secret);
        assert_int_equal(out.body[i].size, segments[i].size);
        assert_int_equal(out.body[i].form, segments[i].form);
        if (segments[i].bytes)
            assert_memory_equal(out.body[i].bytes, segments[i].bytes, segments[i].size);
    }
    again = cp_request_to_json(&out);
    assert_string_equal(again, json);
    assert_null(strstr(json, "example_"));
    free(again);
    free(json);
    cp_arena_free(arena);
}

static void what_is_no_frozen_request_is_refused(void **state)
{
#define REST "\"transport\":\"http\",\"method\":\"GET\",\"url\":\"https://a\""
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"step\":\"jump\"," REST ",\"headers\":[],\"body\":[]}",
        "{\"step\":\"read\"," REST ",\"headers\":[]}",
        "{\"step\":\"read\"," REST ",\"headers\":{},\"body\":[]}",
        "{\"step\":\"read\"," REST ",\"headers\":[{\"name\":\"a\"}],\"body\":[]}",
        "{\"step\":\"read\"," REST ",\"headers\":[],\"body\":[{}]}",
        "{\"step\":\"read\"," REST ",\"headers\":[],\"body\":[1]}",
        "{\"step\":\"read\"," REST ",\"headers\":[],\"body\":[{\"hex\":\"0\"}]}",
        "{\"step\":\"read\"," REST ",\"headers\":[],\"body\":[{\"hex\":\"0g\"}]}",
        "{\"step\":\"read\"," REST ",\"headers\":[],\"body\":[{\"media\":\"a\",\"secret\":\"b\"}]}",
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(bad); i++) {
        struct cp_arena *arena = cp_arena_create();
        struct cp_request out = { .method = "untouched" };
        struct cp_error err = { 0 };

        if (cp_request_from_json(bad[i], arena, &out, &err))
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(err.code, CP_ADAPTER_REQUEST);
        assert_string_equal(out.method, "untouched");
        cp_arena_free(arena);
    }
}

static void a_shown_request_names_secrets_and_media(void **state)
{
    json_t *shown = cp_request_show(&multipart), *fields = json_object_get(shown, "headers");
    const char *body = json_string_value(json_object_get(shown, "body"));

    (void)state;
    assert_string_equal(json_string_value(json_object_get(shown, "step")), "publish");
    assert_string_equal(json_string_value(json_object_get(fields, "Authorization")),
                        "Bearer ‹access_token›");
    assert_string_equal(json_string_value(json_object_get(fields, "Accept")),
                        "text/html, text/plain");
    assert_non_null(strstr(body, "--x\r\n‹media " DIGEST ", 4321 bytes›"));
    assert_non_null(strstr(body, "‹client_secret›--x--"));
    json_decref(shown);
}

static void a_json_body_is_shown_as_an_object(void **state)
{
    static const struct cp_segment body[] = {
        { .bytes = "{\"status\":\"hi\",\"token\":\"", .size = 24 },
        { .secret = "token" },
        { .bytes = "\"}", .size = 2 },
    };
    struct cp_request request = multipart;
    json_t *shown;

    (void)state;
    request.body = body;
    request.body_count = 3;
    shown = cp_request_show(&request);
    assert_string_equal(json_string_value(json_object_get(json_object_get(shown, "body"), "token")),
                        "‹token›");
    json_decref(shown);
    request.body_count = 0;
    shown = cp_request_show(&request);
    assert_string_equal(json_string_value(json_object_get(shown, "body")), "");
    json_decref(shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_request_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_frozen_request_is_refused),
        cmocka_unit_test(a_shown_request_names_secrets_and_media),
        cmocka_unit_test(a_json_body_is_shown_as_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
