/* tests/text/test_terminal.c */
#include "cmocka_all.h"

#include "text/text.h"

static void columns_are_counted_as_terminals_do(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } rows[] = {
        { "", 0 },
        { "plain", 5 },
        { "a\tb\n", 2 },
        { "\xc3\xa9t\xc3\xa9", 3 },
        { "e\xcc\x81", 1 },
        { "\xe6\x97\xa5\xe6\x9c\xac", 4 },
        { "\xef\xbc\xa1", 2 },
        { "\xf0\x9f\x98\x80", 2 },
        { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 2 },
        { "\xf0\x9f\x87\xac\xf0\x9f\x87\xa7", 2 },
        { "\xe2\x9c\x8a\xef\xb8\x8f!", 3 },
        { "\xed\x95\x9c", 2 },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        if (cp_text_width(rows[i].text, strlen(rows[i].text)) != rows[i].columns)
            fail_msg("row %zu", i);
    }
}

static void what_acts_on_a_terminal_is_shown_instead(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "caf\xc3\xa9 \\n", "caf\xc3\xa9 \\n" },
        { "a\nb\tc", "a\\nb\\tc" },
        { "\x1b[2J", "\\x1b[2J" },
        { "\x7f", "\\x7f" },
        { "\xc2\x9b"
          "31m",
          "\\u{009b}31m" },
        { "\xe2\x80\xae"
          "txt.exe",
          "\\u{202e}txt.exe" },
        { "\xe2\x81\xa6x", "\\u{2066}x" },
        { "\xef\xbb\xbfx", "\\u{feff}x" },
        { "\xff\xc3", "\\xff\\xc3" },
        { "\xef\xbf\xbd", "\xef\xbf\xbd" },
        { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
          "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7" },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct cp_buffer out = { 0 };

        cp_text_visible(&out, rows[i].text, strlen(rows[i].text));
        assert_string_equal(out.data, rows[i].shown);
        cp_buffer_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_counted_as_terminals_do),
        cmocka_unit_test(what_acts_on_a_terminal_is_shown_instead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
