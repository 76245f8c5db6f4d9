/* tests/schedule/test_marked.c - bad files that say themselves what is wrong with them.
 *
 * In a comment of its own line, below what is wrong:
 *     #     ^ error: message     the place is the line above (marks are not counted), the column the caret's
 *     #< error: message          the same for column 1
 *     # error: message           of the file as a whole
 * Every file of data/bad must yield exactly the marked diagnostics. Those called config-* are read as
 * configurations.
 */
#include <dirent.h>

#include "schedule_test.h"

enum { MARKS_MOST = 64 };

struct mark {
    unsigned line, column;
    char text[400]; /* "error: message" */
};

struct marks {
    struct mark items[MARKS_MOST];
    size_t count;
};

static bool is_severity(const char *text)
{
    return strncmp(text, "error: ", 7) == 0 || strncmp(text, "warning: ", 9) == 0 ||
           strncmp(text, "note: ", 6) == 0;
}

/* Fills the mark when the line is one. */
static bool parse_mark(const char *line, unsigned above, struct mark *out)
{
    const char *hash = line + strspn(line, " "), *text;
    unsigned column = 0;

    if (*hash != '#')
        return false;
    text = hash + 1;
    if (*text == '<') {
        column = (unsigned)(hash - line) + 1;
        text++;
    } else {
        text += strspn(text, " ");
        if (*text == '^') {
            column = (unsigned)(text - line) + 1;
            text++;
        }
    }
    text += strspn(text, " ");
    if (!is_severity(text))
        return false;
    *out = (struct mark){ .line = column ? above : 0, .column = column };
    snprintf(out->text, sizeof(out->text), "%.*s", (int)strcspn(text, "\r\n"), text);
    return true;
}

static void extract(const char *path, struct marks *marks)
{
    FILE *file = fopen(path, "r");
    char line[1000];
    unsigned number = 0, above = 0;

    assert_non_null(file);
    marks->count = 0;
    while (fgets(line, sizeof(line), file)) {
        number++;
        assert_true(marks->count < MARKS_MOST);
        if (parse_mark(line, above, &marks->items[marks->count]))
            marks->count++;
        else
            above = number;
    }
    fclose(file);
}

static bool equals(const struct cp_diagnostic *entry, const struct mark *mark)
{
    char text[1100];

    snprintf(text, sizeof(text), "%s: %s", cp_severity_name(entry->severity), entry->message);
    return entry->line == mark->line && entry->column == mark->column &&
           strcmp(text, mark->text) == 0;
}

/* Tells what is there and not marked, and the other way round. */
static size_t compare(const char *name, const struct cp_diagnostics *list, struct marks *marks)
{
    size_t wrong = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct cp_diagnostic *entry = &list->items[i];
        size_t k = 0;

        while (k < marks->count && !equals(entry, &marks->items[k]))
            k++;
        if (k < marks->count) {
            marks->items[k] = marks->items[--marks->count];
            continue;
        }
        print_error("%s:%u:%u: not marked: %s: %s\n", name, entry->line, entry->column,
                    cp_severity_name(entry->severity), entry->message);
        wrong++;
    }
    for (size_t i = 0; i < marks->count; i++)
        print_error("%s:%u:%u: marked, but not found: %s\n", name, marks->items[i].line,
                    marks->items[i].column, marks->items[i].text);
    return wrong + marks->count;
}

static size_t check_file(const char *name)
{
    struct fixture f;
    struct marks marks;
    bool config = strncmp(name, "config-", 7) == 0;
    size_t marked, wrong;

    fixture_open(&f);
    f.config = read_config(&f, "../accounts.yaml");
    assert_int_equal(f.diagnostics.count, 0);
    extract(name, &marks);
    marked = marks.count;
    if (config)
        assert_null(read_config(&f, name));
    else
        assert_null(read_schedule(&f, name));
    wrong = compare(name, &f.diagnostics, &marks);
    fixture_close(&f);
    return wrong + (marked == 0);
}

static void bad_files_yield_exactly_what_their_marks_say(void **state)
{
    struct dirent *entry;
    size_t wrong = 0, files = 0;
    DIR *folder;

    (void)state;
    assert_int_equal(chdir(DATA "/bad"), 0);
    folder = opendir(".");
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        files++;
        wrong += check_file(entry->d_name);
    }
    closedir(folder);
    assert_true(files >= 24);
    assert_int_equal(wrong, 0);
}

static void marks_are_read_as_their_grammar_says(void **state)
{
    static const struct {
        const char *line, *text;
        unsigned column;
    } rows[] = {
        { "#   ^ error: a b\n", "error: a b", 5 },
        { "    # ^ note: x", "note: x", 7 },
        { "#< error: x\r\n", "error: x", 1 },
        { "# error: x\n", "error: x", 0 },
        { "# an error: x\n", NULL, 0 },
        { "text # ^ error: x\n", NULL, 0 },
    };
    struct mark mark;

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        assert_int_equal(parse_mark(rows[i].line, 9, &mark), rows[i].text != NULL);
        if (!rows[i].text)
            continue;
        assert_string_equal(mark.text, rows[i].text);
        assert_int_equal(mark.column, rows[i].column);
        assert_int_equal(mark.line, rows[i].column ? 9 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_read_as_their_grammar_says),
        cmocka_unit_test(bad_files_yield_exactly_what_their_marks_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
