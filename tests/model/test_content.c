/* tests/model/test_content.c */
#include "cmocka_all.h"

#include "model/content.h"
#include "model/error.h"

static const char *const canonical =
    "{\"parts\":[{\"language\":\"es\",\"media\":[{\"alt\":\"un cartel\",\"height\":480,"
    "\"name\":\"poster.png\",\"sha256\":\"00ff\",\"size\":1234,\"type\":\"image/png\","
    "\"width\":640}],\"text\":\"¡Libre!\",\"visibility\":null,\"warning\":\"juicio\"}],"
    "\"title\":\"Free\"}";

static struct cp_media_view media[] = {
    { .sha256 = "00ff",
      .type = "image/png",
      .name = "poster.png",
      .alt = "un cartel",
      .size = 1234,
      .width = 640,
      .height = 480 },
};
static struct cp_content_part parts[] = {
    { .language = "es", .text = "¡Libre!", .warning = "juicio", .media = media, .media_count = 1 },
};
static const struct cp_content content = { .title = "Free", .parts = parts, .part_count = 1 };

static void content_has_one_spelling(void **state)
{
    struct cp_arena *arena = cp_arena_create();

    (void)state;
    assert_string_equal(cp_content_json(&content, arena), canonical);
    cp_arena_free(arena);
}

static void content_is_read_back_as_it_was(void **state)
{
    struct cp_arena *arena = cp_arena_create();
    struct cp_content read;

    (void)state;
    assert_true(cp_content_parse(canonical, arena, &read, NULL));
    assert_string_equal(read.title, "Free");
    assert_int_equal(read.part_count, 1);
    assert_null(read.parts[0].visibility);
    assert_string_equal(read.parts[0].warning, "juicio");
    assert_int_equal(read.parts[0].media[0].width, 640);
    assert_string_equal(cp_content_json(&read, arena), canonical);
    cp_arena_free(arena);
}

static const char *const broken[] = {
    "",
    "[]",
    "{}",
    "{\"parts\":{},\"title\":null}",
    "{\"parts\":[7],\"title\":null}",
    "{\"parts\":[],\"title\":7}",
    "{\"parts\":[{\"language\":\"en\",\"media\":[],\"text\":null,\"visibility\":null,"
    "\"warning\":null}],\"title\":null}",
    "{\"parts\":[{\"language\":\"en\",\"media\":[{\"alt\":\"\",\"height\":-1,\"name\":\"\","
    "\"sha256\":\"\",\"size\":0,\"type\":\"\",\"width\":0}],\"text\":\"\",\"visibility\":null,"
    "\"warning\":null}],\"title\":null}",
    "{\"parts\":[],\"parts\":[],\"title\":null}",
};

static void damaged_content_is_refused(void **state)
{
    struct cp_arena *arena = cp_arena_create();

    (void)state;
    for (size_t i = 0; i < CP_COUNT(broken); i++) {
        struct cp_content read;
        struct cp_error err = { 0 };

        if (cp_content_parse(broken[i], arena, &read, &err))
            fail_msg("accepted: %s", broken[i]);
        assert_ptr_equal(err.domain, &cp_model_errors);
        assert_int_equal(err.code, CP_MODEL_CONTENT);
    }
    cp_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_has_one_spelling),
        cmocka_unit_test(content_is_read_back_as_it_was),
        cmocka_unit_test(damaged_content_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
