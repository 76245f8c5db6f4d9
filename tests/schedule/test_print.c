/* tests/schedule/test_print.c - what people see of diagnostics. */
#include "schedule_test.h"

#define PLACE(column)                                                                              \
    {                                                                                              \
        "x.yaml", 12, column                                                                       \
    }

static void print_to(char *out, size_t size, bool colour, struct cp_place place, const char *path,
                     const char *hint, const char *message, const char *source)
{
    struct cp_diagnostics list = { 0 };
    FILE *stream = fmemopen(out, size, "w");

    cp_diagnose(&list, CP_FAULT, "code", place, path, hint, "%s", message);
    if (source)
        cp_diagnostics_source(&list, source, strlen(source));
    cp_diagnostics_print(&list, colour, stream);
    fclose(stream);
    cp_diagnostics_release(&list);
}

static void a_caret_stands_below_what_is_wrong(void **state)
{
    static const struct {
        struct cp_place place;
        const char *path, *hint, *message, *source, *expected;
    } rows[] = {
        { PLACE(3), "a.b", "do it", "no", "  zone: X",
          "x.yaml:12:3: error: no [a.b]\n    12 |   zone: X\n       |   ^\n       = do it\n" },
        { { "x.yaml", 0, 0 }, "", NULL, "no", NULL, "x.yaml: error: no\n" },
        { { 0 }, "", NULL, "no", NULL, "error: no\n" },
        /* Wide characters take two columns, combining marks none, tabs and escapes what is shown. */
        { PLACE(4), NULL, NULL, "no",
          "\xE6\xBC\xA2"
          "e\xCC\x81X",
          "x.yaml:12:4: error: no\n    12 | \xE6\xBC\xA2"
          "e\xCC\x81X\n       |    ^\n" },
        { PLACE(3), NULL, NULL, "no", "\t\x1bX",
          "x.yaml:12:3: error: no\n    12 | \\t\\x1bX\n       |       ^\n" },
        { PLACE(1), NULL, NULL, "bad \x1b]0;title\x07", "",
          "x.yaml:12:1: error: bad \\x1b]0;title\\x07\n    12 | \n       | ^\n" },
    };
    char text[2000];

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        print_to(text, sizeof(text), false, rows[i].place, rows[i].path, rows[i].hint,
                 rows[i].message, rows[i].source);
        assert_string_equal(text, rows[i].expected);
    }
}

static void a_long_line_is_shown_around_the_place(void **state)
{
    char text[2000], source[1001], *caret, *shown;

    (void)state;
    memset(source, 'x', 1000);
    source[1000] = '\0';
    source[499] = 'Y';
    print_to(text, sizeof(text), false, (struct cp_place)PLACE(500), NULL, NULL, "no", source);
    shown = strstr(text, "| ");
    caret = strstr(shown + 2, "| ");
    assert_true(strlen(text) < 400);
    /* The sign for what was left out takes three bytes and one column. */
    assert_int_equal(strchr(shown, 'Y') - shown - 2, strchr(caret, '^') - caret);
}

static void colours_are_used_only_when_asked_for(void **state)
{
    char text[2000];

    (void)state;
    print_to(text, sizeof(text), true, (struct cp_place)PLACE(1), NULL, NULL, "no", "abc");
    assert_non_null(strstr(text, "\033[1;31merror: \033[0m"));
    print_to(text, sizeof(text), false, (struct cp_place)PLACE(1), NULL, NULL, "no", "abc");
    assert_null(strchr(text, '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caret_stands_below_what_is_wrong),
        cmocka_unit_test(a_long_line_is_shown_around_the_place),
        cmocka_unit_test(colours_are_used_only_when_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
