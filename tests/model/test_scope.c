/* tests/model/test_scope.c */
#include "cmocka_all.h"

#include <stdio.h>

#include "model/scope.h"

static const struct cp_scope_subject subject = { "spring", "org-uk", "uk-feed", "countdown",
                                                 "tribunal-2h" };

static const struct {
    const char *scope;
    bool covers;
} rows[] = {
    { "all", true },
    { "campaign:spring", true },
    { "campaign:autumn", false },
    { "organisation:org-uk", true },
    { "organisation:org-mexico", false },
    { "account:uk-feed", true },
    { "account:org-uk", false },
    { "countdown", true },
    { "spring", false }, /* one word is a post: the whole campaign says "campaign:" */
    { "spring/countdown", true },
    { "countdown/tribunal-2h", true },
    { "countdown/tribunal-3d", false },
    { "spring/countdown/tribunal-2h", true },
    { "countdown/tribunal-2h/uk-feed", true },
    { "countdown/tribunal-2h/uk-mastodon", false },
    { "spring/countdown/tribunal-2h/uk-feed", true },
    { "autumn/countdown/tribunal-2h/uk-feed", false },
};

static void a_scope_covers_what_it_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_scope scope, again;
        struct cp_error err = { 0 };
        char text[CP_SCOPE_SIZE];

        if (!cp_scope_parse(rows[i].scope, &scope, &err))
            fail_msg("'%s': %s", rows[i].scope, err.message);
        if (cp_scope_covers(&scope, &subject) != rows[i].covers)
            fail_msg("'%s' covers the wrong thing", rows[i].scope);
        cp_scope_format(&scope, text);
        assert_string_equal(text, rows[i].scope);
        assert_true(cp_scope_parse(text, &again, NULL));
        assert_true(cp_scope_equal(&scope, &again));
    }
}

static void what_is_not_asked_about_is_not_covered(void **state)
{
    struct cp_scope_subject account = { .account = "uk-feed" };
    struct cp_scope scope;

    (void)state;
    assert_true(cp_scope_parse("organisation:org-uk", &scope, NULL));
    assert_false(cp_scope_covers(&scope, &account));
    assert_true(cp_scope_parse("uk-feed", &scope, NULL));
    assert_false(cp_scope_covers(&scope, &account));
    assert_true(cp_scope_parse("account:uk-feed", &scope, NULL));
    assert_true(cp_scope_covers(&scope, &account));
}

static const char *const wrong[] = {
    "",
    "All",
    "campaign:",
    "acount:x",
    "campaign:x/y",
    "a//b",
    "a/",
    "/a",
    "a/b/c/d/e",
    "Post",
    "post/-/Acc",
    "post/a b",
    "post/é",
    "account:UK",
    "a/b/c/D",
    "all:x",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
    ("a/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
     "890123456789"),
};

static void what_is_no_scope_is_refused_with_the_forms_there_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(wrong); i++) {
        struct cp_scope scope = { .count = 77 };
        struct cp_error err = { 0 };

        if (cp_scope_parse(wrong[i], &scope, &err))
            fail_msg("'%s' was accepted", wrong[i]);
        assert_int_equal(scope.count, 77);
        assert_non_null(strstr(err.message, "campaign:ID"));
    }
}

static void every_occurrence_of_a_longest_id_has_room(void **state)
{
    static const char *const longest =
        "e234567890123456789012345678901234567890123456789012345678901234-after-3153600000s";
    struct cp_scope scope;
    char path[200], text[CP_SCOPE_SIZE];

    (void)state;
    snprintf(path, sizeof(path), "p/%s", longest);
    assert_true(cp_scope_parse(path, &scope, NULL));
    cp_scope_format(&scope, text);
    assert_string_equal(text, path);
}

static void scopes_are_equal_when_written_alike(void **state)
{
    struct cp_scope a, b;

    (void)state;
    assert_true(cp_scope_parse("campaign:x", &a, NULL));
    assert_true(cp_scope_parse("account:x", &b, NULL));
    assert_false(cp_scope_equal(&a, &b));
    assert_true(cp_scope_parse("x/y", &a, NULL));
    assert_true(cp_scope_parse("x/y/z", &b, NULL));
    assert_false(cp_scope_equal(&a, &b));
    assert_true(cp_scope_parse("x/y/w", &a, NULL));
    assert_false(cp_scope_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scope_covers_what_it_names),
        cmocka_unit_test(what_is_not_asked_about_is_not_covered),
        cmocka_unit_test(what_is_no_scope_is_refused_with_the_forms_there_are),
        cmocka_unit_test(every_occurrence_of_a_longest_id_has_room),
        cmocka_unit_test(scopes_are_equal_when_written_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
