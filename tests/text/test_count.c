/* tests/text/test_count.c */
#include "cmocka_all.h"

#include <stdio.h>

#include "base/arena.h"
#include "text/text.h"

#define FAMILY  "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"
#define BRITAIN "\xf0\x9f\x87\xac\xf0\x9f\x87\xa7"
#define ACUTE   "\xcc\x81"

static const struct {
    const char *text;
    size_t graphemes, code_points, utf16, bytes;
} lengths[] = {
    { "", 0, 0, 0, 0 },
    { "hello", 5, 5, 5, 5 },
    { "two\nlines", 9, 9, 9, 9 },
    { "two\r\nlines", 9, 10, 10, 10 },
    { "\r\r\n\n", 3, 4, 4, 4 },
    { "\xc3\xa9t\xc3\xa9", 3, 3, 3, 5 },
    { "e" ACUTE "t\xc3\xa9" ACUTE "!", 4, 6, 6, 9 },
    { "\xf0\x9f\x98\x80", 1, 1, 2, 4 },
    { FAMILY, 1, 5, 8, 18 },
    { "a" FAMILY "b", 3, 7, 10, 20 },
    { BRITAIN BRITAIN, 2, 4, 8, 16 },
    { "x" BRITAIN "\xf0\x9f\x87\xaa", 3, 4, 7, 13 },
    { "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 3, 3, 3, 9 },
    { "\xed\x95\x9c\xea\xb5\xad", 2, 2, 2, 6 },
    { "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 1, 3, 3, 9 },
    { "\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7", 1, 3, 3, 9 },
    { "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 1, 2, 4, 8 },
    { "1\xef\xb8\x8f\xe2\x83\xa3 ok", 4, 6, 6, 10 },
    { "\xd0\x9c\xd0\xb8\xd1\x80 \xce\xba\xce\xb1\xce\xb9", 7, 7, 7, 13 },
};

static void each_unit_has_its_own_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(lengths); i++) {
        const char *text = lengths[i].text;
        size_t expected[CP_TEXT_UNITS] = { lengths[i].graphemes, lengths[i].code_points,
                                           lengths[i].utf16, lengths[i].bytes };

        for (int unit = 0; unit < CP_TEXT_UNITS; unit++) {
            size_t found =
                cp_text_count(text, strlen(text), (enum cp_text_unit)unit, NULL, NULL, 0);

            if (found != expected[unit])
                fail_msg("row %zu: %zu %s, expected %zu", i, found,
                         cp_text_unit_name((enum cp_text_unit)unit), expected[unit]);
        }
    }
}

static const struct cp_text_rules mastodon = { .url_cost = 23, .mention_local_only = true };

static const struct {
    const char *warning, *text;
    size_t length;
} weighed[] = {
    { NULL, "", 0 },
    { NULL, "no entity", 9 },
    { NULL, "https://a.co", 23 },
    { NULL, "see https://example.com/a/very/long/path/that/goes/on/and/on now", 31 },
    { NULL, "https://example.com https://example.org", 47 },
    { NULL, "http://localhost/x", 18 },
    { NULL, "example.com", 11 },
    { NULL, "@user@social.example hello", 11 },
    { NULL, "@user hello", 11 },
    { NULL, "#tag @a@b.example https://c.example/", 26 }, /* .example is no known domain */
    { NULL, "https://a.co" ACUTE, 23 },
    { "cw", "text", 6 },
    { "", "text", 4 },
    { "e", ACUTE "x", 2 },
    { "https://example.com/long/long/long", "https://a.co", 57 },
    { "@user@social.example", "@user@social.example", 25 },
    { BRITAIN "\xf0\x9f\x87\xac", "\xf0\x9f\x87\xa7", 2 },
};

static size_t weigh(const char *warning, const char *text, const struct cp_text_rules *rules)
{
    struct cp_arena *arena = cp_arena_create();
    struct cp_entity *entities;
    size_t count = cp_text_entities(text, strlen(text), CP_DIALECT_MASTODON, arena, &entities);
    size_t length =
        cp_text_count_joined(warning, text, strlen(text), CP_GRAPHEMES, rules, entities, count);

    cp_arena_free(arena);
    return length;
}

static void links_and_mentions_weigh_what_the_server_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(weighed); i++) {
        size_t found = weigh(weighed[i].warning, weighed[i].text, &mastodon);

        if (found != weighed[i].length)
            fail_msg("'%s': %zu, expected %zu", weighed[i].text, found, weighed[i].length);
    }
}

static void without_rules_everything_counts_as_typed(void **state)
{
    const struct cp_text_rules none = { 0 };

    (void)state;
    assert_int_equal(weigh(NULL, "https://a.co @user@social.example", NULL), 33);
    assert_int_equal(weigh("12", "https://a.co @user@social.example", &none), 35);
}

static void units_have_names(void **state)
{
    enum cp_text_unit unit = CP_BYTES;

    (void)state;
    for (int i = 0; i < CP_TEXT_UNITS; i++) {
        assert_true(cp_text_unit_parse(cp_text_unit_name((enum cp_text_unit)i), &unit));
        assert_int_equal(unit, i);
    }
    assert_false(cp_text_unit_parse("words", &unit));
    assert_int_equal(unit, CP_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_has_its_own_length),
        cmocka_unit_test(links_and_mentions_weigh_what_the_server_says),
        cmocka_unit_test(without_rules_everything_counts_as_typed),
        cmocka_unit_test(units_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
