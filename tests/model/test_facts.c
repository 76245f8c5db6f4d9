/* tests/model/test_facts.c */
#include "cmocka_all.h"

#include "model/facts.h"

static void facts_of_a_server_are_read(void **state)
{
    struct cp_arena *arena = cp_arena_create();
    struct cp_facts facts;
    struct cp_error err = { 0 };

    (void)state;
    assert_true(cp_facts_parse(
        "{\"software\":\"mastodon 4.5.9\",\"guarantee\":\"window\",\"url_cost\":23,"
        "\"limits\":[{\"unit\":\"graphemes\",\"max\":500},{\"unit\":\"bytes\",\"max\":4000}],"
        "\"mention_local_only\":true,\"warning_counts\":true,\"dialect\":\"mastodon\","
        "\"media\":{\"most\":4,\"types\":[\"image/png\",\"image/jpeg\"],\"image_bytes\":16777216,"
        "\"alt\":1500},\"rate\":{\"posts\":300,\"per_s\":10800},\"spacing_s\":5,\"settle_s\":60,"
        "\"reply_to\":true,\"later\":{\"anything\":[1]}}",
        arena, &facts, &err));
    assert_string_equal(facts.software, "mastodon 4.5.9");
    assert_int_equal(facts.guarantee, CP_GUARANTEE_WINDOW);
    assert_int_equal(facts.limit_count, 2);
    assert_int_equal(facts.limits[1].unit, CP_BYTES);
    assert_int_equal(facts.limits[1].max, 4000);
    assert_int_equal(facts.rules.url_cost, 23);
    assert_true(facts.rules.mention_local_only && facts.warning_counts && facts.reply_to);
    assert_int_equal(facts.dialect, CP_DIALECT_MASTODON);
    assert_int_equal(facts.media_most, 4);
    assert_int_equal(facts.media_type_count, 2);
    assert_string_equal(facts.media_types[1], "image/jpeg");
    assert_int_equal(facts.image_bytes, 16777216);
    assert_int_equal(facts.video_bytes, 0);
    assert_int_equal(facts.alt_most, 1500);
    assert_int_equal(facts.rate_per_us, 3 * CP_HOUR);
    assert_int_equal(facts.spacing_us, 5 * CP_SECOND);
    assert_int_equal(facts.settle_us, CP_MINUTE);
    assert_non_null(strstr(facts.json, "later"));
    assert_false(facts.assumed);
    cp_arena_free(arena);
}

static void nothing_said_is_the_cautious_reading(void **state)
{
    struct cp_arena *arena = cp_arena_create();
    struct cp_facts facts;

    (void)state;
    assert_true(cp_facts_parse("{}", arena, &facts, NULL));
    assert_int_equal(facts.guarantee, CP_GUARANTEE_LOOKUP);
    assert_int_equal(facts.dialect, CP_DIALECT_PLAIN);
    assert_int_equal(facts.limit_count, 0);
    assert_false(facts.reply_to);
    cp_arena_free(arena);
}

static const struct {
    const char *json, *says;
} wrong[] = {
    { "", "not JSON" },
    { "[]", "JSON object" },
    { "{\"guarantee\":\"sometimes\"}", "'guarantee'" },
    { "{\"guarantee\":1}", "'guarantee'" },
    { "{\"limits\":5}", "'limits'" },
    { "{\"limits\":[{\"unit\":\"letters\",\"max\":5}]}", "'limits.unit'" },
    { "{\"limits\":[{\"unit\":\"bytes\",\"max\":0}]}", "'limits.max'" },
    { "{\"limits\":[{\"unit\":\"bytes\",\"max\":-5}]}", "'limits.max'" },
    { "{\"limits\":[7]}", "'limits.unit'" },
    { "{\"limits\":[{},{},{},{},{}]}", "at most four" },
    { "{\"url_cost\":2.5}", "'url_cost'" },
    { "{\"url_cost\":9223372036854775807}", "'url_cost'" },
    { "{\"media\":[]}", "'media'" },
    { "{\"media\":{\"types\":[1]}}", "'media.types'" },
    { "{\"media\":{\"most\":\"4\"}}", "'media.most'" },
    { "{\"rate\":{\"per_s\":9999999999999}}", "'rate.per_s'" },
    { "{\"dialect\":\"klingon\"}", "'dialect'" },
    { "{\"reply_to\":1}", "'reply_to'" },
    { "{\"reply_to\":true,\"reply_to\":false}", "not JSON" },
};

static void a_wrong_member_is_refused_by_name(void **state)
{
    struct cp_arena *arena = cp_arena_create();

    (void)state;
    for (size_t i = 0; i < CP_COUNT(wrong); i++) {
        struct cp_facts facts = { .media_most = 77 };
        struct cp_error err = { 0 };

        if (cp_facts_parse(wrong[i].json, arena, &facts, &err))
            fail_msg("accepted: %s", wrong[i].json);
        if (!strstr(err.message, wrong[i].says))
            fail_msg("%s: '%s'", wrong[i].json, err.message);
        assert_int_equal(facts.media_most, 77);
    }
    cp_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_of_a_server_are_read),
        cmocka_unit_test(nothing_said_is_the_cautious_reading),
        cmocka_unit_test(a_wrong_member_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
