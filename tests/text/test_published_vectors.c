/* tests/text/test_published_vectors.c - test data that others publish, where it is at hand.
 *
 * CAMP_POST_VECTORS names a folder with unicode/GraphemeBreakTest-17.0.0.txt from
 * https://www.unicode.org/Public/17.0.0/ucd/auxiliary/. Without it the test is skipped. A line is
 * "÷ 0020 × 0308 ÷ 0020 ÷ # …": code points in hexadecimal, ÷ at each boundary.
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "text/text.h"

#define BOUNDARY "\xc3\xb7"

static size_t read_case(char *line, struct cp_buffer *text)
{
    char *rest = NULL;
    size_t boundaries = 0;

    line[strcspn(line, "#\n")] = '\0';
    for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (strcmp(word, BOUNDARY) == 0)
            boundaries++;
        else if (strspn(word, "0123456789ABCDEF") == strlen(word))
            cp_utf8_put(text, (uint32_t)strtoul(word, NULL, 16));
    }
    return boundaries;
}

static void clusters_agree_with_the_consortiums_test(void **state)
{
    const char *folder = getenv("CAMP_POST_VECTORS");
    char path[4096], line[1024];
    size_t cases = 0, passed = 0, above = 0;
    FILE *file;

    (void)state;
    if (!folder)
        skip();
    snprintf(path, sizeof(path), "%s/unicode/GraphemeBreakTest-17.0.0.txt", folder);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        struct cp_buffer text = { 0 };
        size_t boundaries = read_case(line, &text), found;

        if (boundaries) {
            found = cp_text_count(text.data, text.size, CP_GRAPHEMES, NULL, NULL, 0);
            cases++;
            passed += found == boundaries - 1;
            above += found > boundaries - 1;
            if (found != boundaries - 1)
                print_message("case %zu: %zu, expected %zu\n", cases, found, boundaries - 1);
        }
        cp_buffer_release(&text);
    }
    fclose(file);
    print_message("%zu of %zu agree, %zu are counted longer\n", passed, cases, above);
    assert_int_equal(cases, 766);
    assert_true(passed >= 750);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_agree_with_the_consortiums_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
