/* tests/text/test_names.c */
#include "cmocka_all.h"

#include "text/text.h"

static void ids_are_short_plain_words(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        { "a", true },
        { "7", true },
        { "free-assange-now", true },
        { "a-", true },
        { "0123456789012345678901234567890123456789012345678901234567890123", true },
        { "01234567890123456789012345678901234567890123456789012345678901234", false },
        { "", false },
        { "-a", false },
        { "A", false },
        { "a_b", false },
        { "a.b", false },
        { "a/b", false },
        { "a b", false },
        { "\xc3\xa9", false },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        if (cp_id_valid(rows[i].name) != rows[i].good)
            fail_msg("'%s'", rows[i].name);
    }
}

static const char *const tags[] = {
    "en",
    "pt-BR",
    "es-419",
    "zh-Hant-TW",
    "sl-rozaj-biske",
    "de-CH-1901",
    "en-u-co-phonebk-t-en-US",
    "x-private",
    "X-fr-CH",
    "de-x-foo",
    "zh-yue",
    "i-navajo",
    "en-GB-oed",
    "sgn-BE-NL",
    "qaa-Qaaa-QM-x-southern",
    "EN",
    "hy-Latn-IT-arevela",
    "ast",
    "en-GB-boont-r-extended-sequence-x-private",
};

static const char *const not_tags[] = {
    "",         "e",      "en-",       "-en",      "en--GB",    "en_GB",       "english-language-",
    "a-DE",     "123",    ".",         "x",        "en-x",      "en-u",        "en-GB-GB",
    "en-u-x-a", "en-GB ", "de-419-DE", "i-elvish", "\xc3\xa9n", "verylongone", "en-abcdefghi",
};

static void tags_of_languages_have_their_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(tags); i++) {
        if (!cp_text_is_language_tag(tags[i]))
            fail_msg("'%s' was refused", tags[i]);
    }
    for (size_t i = 0; i < CP_COUNT(not_tags); i++) {
        if (cp_text_is_language_tag(not_tags[i]))
            fail_msg("'%s' was accepted", not_tags[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_short_plain_words),
        cmocka_unit_test(tags_of_languages_have_their_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
