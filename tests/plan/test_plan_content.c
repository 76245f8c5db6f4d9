/* tests/plan/test_plan_content.c - languages, contents and what servers will take. */
#include "fixture.h"

static const char *const uk = "spring/statement/-/uk", *const mx = "spring/statement/-/mx";

static void an_account_gets_the_first_of_its_languages(void **state)
{
    struct fixture *f = *state;

    fixture_plan(f);
    assert_string_equal(fixture_find(f, uk)->content.parts[0].text, "Free him now");
    assert_string_equal(fixture_find(f, mx)->content.parts[0].text, "Libertad ya");
    assert_string_equal(fixture_find(f, mx)->content.parts[0].language, "es");
    f->messages[0].text.count = 1;
    fixture_plan(f);
    assert_string_equal(fixture_find(f, mx)->content.parts[0].language, "en");
}

static void content_is_told_by_its_json_and_hash(void **state)
{
    struct fixture *f = *state;
    struct cp_plan_delivery *delivery;
    char hash[CP_HASH_HEX + 1];

    fixture_plan(f);
    delivery = fixture_find(f, uk);
    assert_string_equal(delivery->content_json,
                        "{\"parts\":[{\"language\":\"en\",\"media\":[],\"text\":\"Free him now\","
                        "\"visibility\":null,\"warning\":null}],\"title\":\"Spring\"}");
    cp_hash_hex(delivery->content_json, strlen(delivery->content_json), hash);
    assert_string_equal(delivery->content_hash, hash);
}

static void a_post_without_the_accounts_languages_is_an_error(void **state)
{
    struct fixture *f = *state;
    const struct cp_diagnostic *said;

    f->texts[0].language = "pt";
    fixture_plan(f);
    said = fixture_said(f, "no-text");
    assert_non_null(said);
    assert_string_equal(said->message, "post 'statement' has no text for account 'uk', which "
                                       "speaks en; it has pt, es");
    assert_int_equal(said->line, 6);
    assert_int_equal(f->plan->count, 1);
}

static void unless_it_says_that_this_is_meant(void **state)
{
    struct fixture *f = *state;

    f->texts[0].language = "pt";
    f->posts[0].missing_skip = true;
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_int_equal(f->plan->count, 1);
    assert_string_equal(f->plan->deliveries[0].account_id, "mx");
}

static void all_parts_of_a_thread_have_one_language(void **state)
{
    struct fixture *f = *state;
    struct cp_translation second = { "en", "And then?", { "spring.yaml", 12, 9 } };
    const struct cp_diagnostic *said;

    f->messages[1] = (struct cp_message){ .text = { &second, 1 }, .at = { "spring.yaml", 12, 3 } };
    f->posts[0].message_count = 2;
    fixture_add_account(f, "mx-two", "es");
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "no-text"), 1);
    said = fixture_said(f, "no-text");
    assert_int_equal(said->line, 12);
    assert_string_equal(said->message, "part 2 of post 'statement' has no text in 'es', which "
                                       "account 'mx' gets; it has en");
    assert_int_equal(fixture_find(f, uk)->part_count, 2);
    assert_string_equal(fixture_find(f, uk)->content.parts[1].text, "And then?");
    assert_int_equal(f->plan->count, 1);
}

static void a_warning_is_on_every_part_and_in_the_same_language(void **state)
{
    struct fixture *f = *state;
    struct cp_translation warning[] = { { "en", "court", { "spring.yaml", 13, 3 } },
                                        { "es", "juicio", { "spring.yaml", 14, 3 } } };

    f->messages[1] = f->messages[0];
    f->posts[0].message_count = 2;
    f->posts[0].warning = (struct cp_texts){ warning, 2 };
    fixture_plan(f);
    assert_string_equal(fixture_find(f, mx)->content.parts[0].warning, "juicio");
    assert_string_equal(fixture_find(f, mx)->content.parts[1].warning, "juicio");
    f->posts[0].warning.count = 1;
    fixture_plan(f);
    assert_non_null(strstr(fixture_said(f, "no-text")->message, "the warning"));
    assert_int_equal(f->plan->count, 1);
}

static struct cp_translation alts[] = { { "en", "a poster", { "spring.yaml", 15, 3 } },
                                        { "es", "un cartel", { "spring.yaml", 16, 3 } } };

static struct cp_medium poster(size_t alt_count)
{
    return (struct cp_medium){ .file = "art/poster.png",
                               .path = "schedule/art/poster.png",
                               .sha256 = "00ff",
                               .type = "image/png",
                               .size = 2000,
                               .width = 64,
                               .height = 48,
                               .alt = { alts, alt_count },
                               .at = { "spring.yaml", 15, 1 } };
}

static void media_carry_their_name_and_the_alt_text_of_the_language(void **state)
{
    struct fixture *f = *state;
    struct cp_medium medium = poster(2);
    const struct cp_media_view *view;

    f->messages[0].media = &medium;
    f->messages[0].media_count = 1;
    fixture_plan(f);
    fixture_assert_fine(f);
    view = fixture_find(f, mx)->content.parts[0].media;
    assert_string_equal(view->name, "poster.png");
    assert_string_equal(view->alt, "un cartel");
    assert_int_equal(view->width, 64);
    assert_int_equal(f->plan->diagnostics.count, 0);
}

static void a_missing_alt_text_is_a_warning_once_for_each_language(void **state)
{
    struct fixture *f = *state;
    struct cp_medium medium = poster(1);

    f->messages[0].media = &medium;
    f->messages[0].media_count = 1;
    fixture_add_account(f, "mx-two", "es");
    f->facts[2].media_most = 7; /* of a class of its own */
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_string_equal(fixture_find(f, mx)->content.parts[0].media[0].alt, "a poster");
    assert_int_equal(fixture_said_times(f, "no-alt"), 1);
    assert_string_equal(fixture_said(f, "no-alt")->message,
                        "'art/poster.png' has no alt text in 'es'; the one in 'en' is used");
    medium.alt.count = 0;
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "no-alt"), 2);
    assert_string_equal(fixture_find(f, mx)->content.parts[0].media[0].alt, "");
}

static void a_post_of_pictures_alone_speaks_through_their_alt_text(void **state)
{
    struct fixture *f = *state;
    struct cp_medium medium = poster(2);

    f->messages[0] = (struct cp_message){ .media = &medium, .media_count = 1 };
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_string_equal(fixture_find(f, mx)->content.parts[0].language, "es");
    assert_string_equal(fixture_find(f, mx)->content.parts[0].text, "");
    medium.alt.count = 0;
    fixture_plan(f);
    assert_string_equal(fixture_find(f, mx)->content.parts[0].language, "en");
}

/* ---- limits -------------------------------------------------------------------------------- */

static void the_limit_that_is_used_up_most_is_shown(void **state)
{
    struct fixture *f = *state;
    struct cp_plan_part *part;

    f->texts[0].text = "¡Olé! ¡Olé!"; /* 11 graphemes, 15 bytes */
    f->facts[0].limits[0] = (struct cp_text_limit){ CP_GRAPHEMES, 100 };
    f->facts[0].limits[1] = (struct cp_text_limit){ CP_BYTES, 110 };
    f->facts[0].limit_count = 2;
    fixture_plan(f);
    part = fixture_find(f, uk)->parts;
    assert_int_equal(part->length, 15);
    assert_int_equal(part->limit, 110);
    assert_int_equal(part->unit, CP_BYTES);
    f->facts[0].limits[1].max = 300;
    fixture_plan(f);
    part = fixture_find(f, uk)->parts;
    assert_int_equal(part->length, 11);
    assert_int_equal(part->limit, 100);
    assert_int_equal(part->unit, CP_GRAPHEMES);
    f->facts[0].limit_count = 0;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->parts[0].length, 11);
    assert_int_equal(fixture_find(f, uk)->parts[0].limit, 0);
}

static void a_text_over_the_limit_is_an_error_at_its_place(void **state)
{
    struct fixture *f = *state;
    const struct cp_diagnostic *said;

    for (int i = 0; i < 2; i++) {
        f->facts[i].limits[0] = (struct cp_text_limit){ CP_GRAPHEMES, 11 };
        f->facts[i].limit_count = 1;
    }
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "too-long"), 1);
    said = fixture_said(f, "too-long");
    assert_string_equal(said->message, "the text of post 'statement' in 'en' is too long for "
                                       "account 'uk': 12 of 11 graphemes");
    assert_int_equal(said->line, 7);
    assert_int_equal(said->column, 14);
    assert_int_equal(f->plan->count, 1);
}

static void five_accounts_with_one_limit_are_told_once(void **state)
{
    struct fixture *f = *state;

    fixture_add_account(f, "a", "en");
    fixture_add_account(f, "b", "en");
    for (int i = 0; i < 4; i++) {
        f->facts[i].limits[0] = (struct cp_text_limit){ CP_GRAPHEMES, 5 };
        f->facts[i].limit_count = 1;
    }
    f->facts[3].limits[0].max = 6;
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "too-long"), 3); /* en and es of 5, en of 6 */
}

static void the_servers_own_rules_are_applied(void **state)
{
    struct fixture *f = *state;
    struct cp_plan_part *part;
    struct cp_translation warning[] = { { "en", "court", { 0 } }, { "es", "juicio", { 0 } } };

    f->texts[0].text = "see https://example.org/a/very/long/way #free";
    f->facts[0].dialect = CP_DIALECT_MASTODON;
    f->facts[0].rules.url_cost = 23;
    f->facts[0].limits[0] = (struct cp_text_limit){ CP_GRAPHEMES, 500 };
    f->facts[0].limit_count = 1;
    f->posts[0].warning = (struct cp_texts){ warning, 2 };
    fixture_plan(f);
    part = fixture_find(f, uk)->parts;
    assert_int_equal(part->length, 4 + 23 + 6);
    assert_int_equal(part->entity_count, 2);
    assert_int_equal(part->entities[0].kind, CP_ENTITY_LINK);
    assert_int_equal(part->entities[0].start, 4);
    assert_int_equal(part->entities[1].kind, CP_ENTITY_TAG);
    f->facts[0].warning_counts = true;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->parts[0].length, 4 + 23 + 6 + 5);
}

static void assumed_limits_are_marked_and_noted_once(void **state)
{
    struct fixture *f = *state;

    f->facts[1].assumed = true;
    fixture_add_post(f, "other");
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "limits-assumed"), 0); /* there is no server to ask */
    f->accounts[1].server = "https://social.example";
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_false(fixture_find(f, uk)->parts[0].assumed);
    assert_true(fixture_find(f, mx)->parts[0].assumed);
    assert_int_equal(fixture_said_times(f, "limits-assumed"), 1);
    assert_int_equal(fixture_said(f, "limits-assumed")->severity, CP_NOTE);
    assert_string_equal(fixture_said(f, "limits-assumed")->file, "camp-post.yaml");
}

static void a_limit_above_the_platforms_own_is_warned_of(void **state)
{
    static const struct {
        int64_t posts, per_us;
        size_t warnings;
    } rows[] = {
        { 300, 3 * CP_HOUR, 0 }, /* the same */
        { 100, CP_HOUR, 0 },     /* the same in other words */
        { 301, 3 * CP_HOUR, 1 }, { 101, CP_HOUR, 1 }, { 1000000, 36500 * CP_DAY, 0 },
        { -1, -1, 0 }, /* nothing is written */
    };
    struct fixture *f = *state;

    f->facts[0].rate_posts = 300;
    f->facts[0].rate_per_us = 3 * CP_HOUR;
    fixture_add_post(f, "other");
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        f->accounts[0].limits.posts = rows[i].posts;
        f->accounts[0].limits.per_us = rows[i].per_us;
        fixture_plan(f);
        fixture_assert_fine(f);
        assert_int_equal(fixture_said_times(f, "limit-above"), rows[i].warnings);
    }
    f->accounts[0].limits.posts = 1000;
    f->facts[0].rate_posts = 0; /* the platform says nothing */
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "limit-above"), 0);
}

static void set_most(struct cp_facts *facts)
{
    facts->media_most = 1;
}

static void set_type(struct cp_facts *facts)
{
    static const char *types[] = { "image/jpeg", "image/gif" };

    facts->media_types = types;
    facts->media_type_count = 2;
}

static void set_bytes(struct cp_facts *facts)
{
    facts->image_bytes = 1999;
}

static void set_video_bytes(struct cp_facts *facts)
{
    facts->video_bytes = 1;
}

static void set_alt(struct cp_facts *facts)
{
    facts->alt_most = 7;
}

static const struct {
    void (*set)(struct cp_facts *facts);
    const char *code, *says; /* NULL: fine */
} media_rules[] = {
    { set_most, "media-count", "2 of 1" },
    { set_type, "media-type", "image/png" },
    { set_bytes, "media-size", "2000 of 1999 bytes" },
    { set_video_bytes, NULL, NULL },
    { set_alt, "alt-too-long", "8 of 7 code points" },
};

/* The account before it gets the same text in the same language, and has no such limit. */
static void media_must_fit_the_server(void **state)
{
    struct fixture *f = *state;
    struct cp_medium media[] = { poster(2), poster(2) };

    f->messages[0].media = media;
    f->messages[0].media_count = 2;
    fixture_add_account(f, "strict", "en");
    for (size_t i = 0; i < CP_COUNT(media_rules); i++) {
        const struct cp_diagnostic *said;

        f->facts[2] = (struct cp_facts){ .reply_to = true };
        media_rules[i].set(&f->facts[2]);
        fixture_plan(f);
        if (!media_rules[i].code) {
            fixture_assert_fine(f);
            continue;
        }
        said = fixture_said(f, media_rules[i].code);
        assert_non_null(said);
        assert_non_null(strstr(said->message, media_rules[i].says));
        assert_non_null(strstr(said->message, "'strict'"));
        assert_int_equal(said->severity, CP_FAULT);
        assert_int_equal(f->plan->count, 2);
    }
}

static void a_thread_needs_an_adapter_that_can_reply(void **state)
{
    struct fixture *f = *state;

    f->messages[1] = f->messages[0];
    fixture_add_account(f, "flat", "en");
    f->facts[2].reply_to = false;
    fixture_plan(f);
    fixture_assert_fine(f);
    f->posts[0].message_count = 2;
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "no-threads"), 1);
    assert_non_null(strstr(fixture_said(f, "no-threads")->message, "'flat'"));
    assert_int_equal(f->plan->count, 2);
}

static void a_selector_without_accounts_here_is_a_note(void **state)
{
    struct fixture *f = *state;
    struct cp_selector to[] = { { CP_SELECT_TAG, "press", { "spring.yaml", 30, 7 } },
                                { CP_SELECT_ACCOUNT, "mx", { "spring.yaml", 31, 7 } } };

    f->posts[0].to = to;
    f->posts[0].to_count = 2;
    fixture_add_post(f, "other");
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_int_equal(f->plan->diagnostics.count, 1);
    assert_string_equal(fixture_said(f, "no-account")->message,
                        "no account here has the tag 'press'");
    assert_int_equal(fixture_said(f, "no-account")->line, 30);
    assert_int_equal(f->plan->count, 2);
}

static void without_any_account_it_is_said_what_to_do(void **state)
{
    struct fixture *f = *state;
    struct cp_selector to = { CP_SELECT_ALL, NULL, { "spring.yaml", 30, 7 } };

    f->posts[0].to = &to;
    f->posts[0].to_count = 1;
    f->config.account_count = 0;
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_string_equal(fixture_said(f, "no-account")->message,
                        "the configuration has no account yet, so this goes nowhere");
    assert_non_null(strstr(fixture_said(f, "no-account")->hint, "camp-post login"));
}

static void limits_above_the_servers_own_are_a_warning(void **state)
{
    struct fixture *f = *state;
    struct cp_facts *facts = &f->facts[0];

    facts->rate_posts = 300;
    facts->rate_per_us = 180 * CP_MINUTE;
    facts->spacing_us = CP_SECOND;
    f->accounts[0].limits = (struct cp_limits){ 100, 60 * CP_MINUTE, CP_SECOND, -1, -1 };
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_int_equal(fixture_said_times(f, "limits-above"), 0);
    f->accounts[0].limits = (struct cp_limits){ 101, 60 * CP_MINUTE, 0, -1, -1 };
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_int_equal(fixture_said_times(f, "limits-above"), 2);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(an_account_gets_the_first_of_its_languages),
        ROW(content_is_told_by_its_json_and_hash),
        ROW(a_post_without_the_accounts_languages_is_an_error),
        ROW(unless_it_says_that_this_is_meant),
        ROW(all_parts_of_a_thread_have_one_language),
        ROW(a_warning_is_on_every_part_and_in_the_same_language),
        ROW(media_carry_their_name_and_the_alt_text_of_the_language),
        ROW(a_missing_alt_text_is_a_warning_once_for_each_language),
        ROW(a_post_of_pictures_alone_speaks_through_their_alt_text),
        ROW(the_limit_that_is_used_up_most_is_shown),
        ROW(a_text_over_the_limit_is_an_error_at_its_place),
        ROW(five_accounts_with_one_limit_are_told_once),
        ROW(the_servers_own_rules_are_applied),
        ROW(assumed_limits_are_marked_and_noted_once),
        ROW(a_limit_above_the_platforms_own_is_warned_of),
        ROW(media_must_fit_the_server),
        ROW(a_thread_needs_an_adapter_that_can_reply),
        ROW(a_selector_without_accounts_here_is_a_note),
        ROW(limits_above_the_servers_own_are_a_warning),
        ROW(without_any_account_it_is_said_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
