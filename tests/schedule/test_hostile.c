/* tests/schedule/test_hostile.c - input that means harm, or is not what it seems: one clear error each. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "schedule_test.h"

#define HEAD "campaign: {id: a, zone: UTC, languages: [en]}\n"

static void expect_one(struct fixture *f, const struct cp_campaign *campaign, unsigned line,
                       unsigned column, const char *words)
{
    assert_null(campaign);
    assert_int_equal(f->diagnostics.count, 1);
    assert_int_equal(f->diagnostics.faults, 1);
    if (!strstr(f->diagnostics.items[0].message, words))
        fail_msg("'%s' is not in '%s'", words, f->diagnostics.items[0].message);
    assert_int_equal(f->diagnostics.items[0].line, line);
    assert_int_equal(f->diagnostics.items[0].column, column);
}

struct row {
    const char *bytes;
    size_t size;
    unsigned line, column;
    const char *words;
};
#define ROW(text, line, column, words)                                                             \
    {                                                                                              \
        text, sizeof(text) - 1, line, column, words                                                \
    }

static void broken_bytes_are_one_error_at_their_place(void **state)
{
    static const struct row rows[] = {
        ROW("", 1, 1, "the file is empty"),
        ROW("# only a comment\n", 1, 1, "the file is empty"),
        ROW("\x89PNG\r\n\x1a\n\0\0", 1, 1, "not UTF-8 text: byte 0x89"),
        ROW("\x7f"
            "ELF\2\1\1\0",
            1, 8, "a NUL byte"),
        ROW("campaign:\n  id: \xc3\xa4\0", 2, 8, "a NUL byte"),
        ROW("campaign:\n  id: \xc3\xa4\xff", 2, 8, "byte 0xFF"),
        ROW("a: \xed\xa0\x80", 1, 4, "byte 0xED"),
        ROW("a: \x1b[2J", 1, 4, "a control character"),
        ROW("\xff\xfe"
            "c\0a\0",
            1, 1, "byte 0xFF"),
        ROW("a: \"\\0\"", 1, 4, "a NUL character"),
        ROW("# a\nb: \xC2\x85 c", 2, 4, "the line separator U+0085"),
        ROW("# a\xE2\x80\xA8 c", 1, 4, "the line separator U+2028"),
        ROW("just words", 1, 1, "expected a schedule file as a mapping"),
        ROW("- a\n- b\n", 1, 1, "found a list"),
        ROW("*", 1, 1, "a value can't begin with '*'"),
        ROW("%YAML 9.9\n---\na: b\n", 1, 1, "found incompatible YAML document"),
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;
        struct cp_schedule_context context;

        fixture_open(&f);
        context = schedule_context(&f);
        /* A NUL in an escape goes on: what the key is for is not known. */
        if (strstr(rows[i].words, "NUL character")) {
            assert_null(cp_schedule_read_text("x.yaml", rows[i].bytes, rows[i].size, &context));
            assert_non_null(strstr(f.diagnostics.items[0].message, rows[i].words));
        } else {
            expect_one(&f, cp_schedule_read_text("x.yaml", rows[i].bytes, rows[i].size, &context),
                       rows[i].line, rows[i].column, rows[i].words);
        }
        fixture_close(&f);
    }
}

static void deep_nesting_is_refused(void **state)
{
    char text[20100] = HEAD "posts: ";
    size_t head = strlen(text);
    struct fixture f;

    (void)state;
    memset(text + head, '[', 20000);
    fixture_open(&f);
    expect_one(&f, read_schedule_text(&f, "x.yaml", text), 2, 8 + 63, "more than 64 levels");
    fixture_close(&f);
}

static void an_alias_bomb_is_refused_before_it_goes_off(void **state)
{
    char text[2000] = HEAD "posts:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    struct fixture f;

    (void)state;
    for (int i = 1; i < 12; i++) {
        size_t size = strlen(text);

        size += (size_t)sprintf(text + size, "  - &a%d [", i);
        for (int k = 0; k < 10; k++)
            size += (size_t)sprintf(text + size, "%s*a%d", k ? ", " : "", i - 1);
        strcpy(text + size, "]\n");
    }
    fixture_open(&f);
    expect_one(&f, read_schedule_text(&f, "x.yaml", text), 8, 45, "expand to more than 1000000");
    fixture_close(&f);
}

static void aliases_can_not_nest_deeper_than_brackets(void **state)
{
    char text[4000] = HEAD "posts:\n  - &a0 [x]\n";
    struct fixture f;

    (void)state;
    for (int i = 1; i < 100; i++)
        sprintf(text + strlen(text), "  - &a%d [*a%d]\n", i, i - 1);
    fixture_open(&f);
    assert_null(read_schedule_text(&f, "x.yaml", text));
    assert_int_equal(f.diagnostics.count, 1);
    assert_non_null(strstr(f.diagnostics.items[0].message, "more than 64 levels"));
    fixture_close(&f);
}

static void many_keys_take_no_time_and_their_doubles_are_found(void **state)
{
    size_t room = 4000000, size;
    char *text = malloc(room);
    struct fixture f;

    (void)state;
    size = (size_t)sprintf(text, HEAD "organisations:\n");
    for (int i = 0; i < 100000; i++)
        size += (size_t)sprintf(text + size, "  o%d: {title: x}\n", i);
    sprintf(text + size, "  o5: {}\n");
    fixture_open(&f);
    expect_one(&f, read_schedule_text(&f, "x.yaml", text), 100003, 3, "'o5' is here twice");
    fixture_close(&f);
    free(text);
}

static void a_thousand_errors_are_enough(void **state)
{
    size_t room = 2000000, size;
    char *text = malloc(room);
    struct fixture f;

    (void)state;
    size = (size_t)sprintf(text, HEAD "posts:\n");
    for (int i = 0; i < 20000; i++)
        size += (size_t)sprintf(text + size, "  - {ix: 5}\n");
    fixture_open(&f);
    assert_null(read_schedule_text(&f, "x.yaml", text));
    assert_int_equal(f.diagnostics.count, CP_DIAGNOSTICS_MOST);
    assert_true(f.diagnostics.dropped > 10000);
    fixture_close(&f);
    free(text);
}

/* ---- files --------------------------------------------------------------------------------- */

static void make_socket(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, name);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

static void make_huge(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT, 0600);

    assert_int_equal(ftruncate(fd, (off_t)1 << 30), 0);
    close(fd);
}

static void what_is_not_a_regular_file_is_one_error(void **state)
{
    static const struct {
        const char *path, *words;
    } rows[] = {
        { "missing.yaml", "there is no such file" },
        { "empty", "no schedule (*.yaml, *.yml, *.json) is in this folder" },
        { "pipe.yaml", "it is a named pipe" },
        { "socket.yaml", "it is a socket" },
        { "/dev/zero", "it is a device" },
        { "huge.yaml", "it has 1024 MiB, at most 128 are read" },
        { "circle.yaml", "go round in a circle" },
        { "pipe.yaml/x.yaml", "Not a directory" },
    };
    char folder[40];

    (void)state;
    enter_folder(folder);
    assert_int_equal(mkdir("empty", 0700), 0);
    assert_int_equal(mkfifo("pipe.yaml", 0600), 0);
    assert_int_equal(symlink("circle.yaml", "circle.yaml"), 0);
    make_socket("socket.yaml");
    make_huge("huge.yaml");
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;

        fixture_open(&f);
        expect_one(&f, read_schedule(&f, rows[i].path), 0, 0, rows[i].words);
        assert_string_equal(f.diagnostics.items[0].file, rows[i].path);
        fixture_close(&f);
    }
    leave_folder(folder);
}

/* Root reads everything: the test gives that up for the one reading. */
static void an_unreadable_file_is_one_error(void **state)
{
    char folder[40];
    struct fixture f;
    bool root = geteuid() == 0;

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    assert_int_equal(chmod(folder, 0755), 0);
    write_file("secret.yaml", HEAD, strlen(HEAD));
    assert_int_equal(chmod("secret.yaml", 0), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    expect_one(&f, read_schedule(&f, "secret.yaml"), 0, 0, "permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
    leave_folder(folder);
    fixture_close(&f);
}

static void a_link_does_not_lead_out_of_a_folder_of_schedules(void **state)
{
    char folder[40];
    struct fixture f;

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    assert_int_equal(mkdir("schedules", 0700), 0);
    write_file("outside.yaml", HEAD, strlen(HEAD));
    assert_int_equal(symlink("../outside.yaml", "schedules/a.yaml"), 0);
    expect_one(&f, read_schedule(&f, "schedules"), 0, 0, "leads it outside");
    /* Named by the user it is what the user wants. */
    assert_non_null(read_schedule(&f, "outside.yaml"));
    leave_folder(folder);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_bytes_are_one_error_at_their_place),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(an_alias_bomb_is_refused_before_it_goes_off),
        cmocka_unit_test(aliases_can_not_nest_deeper_than_brackets),
        cmocka_unit_test(many_keys_take_no_time_and_their_doubles_are_found),
        cmocka_unit_test(a_thousand_errors_are_enough),
        cmocka_unit_test(what_is_not_a_regular_file_is_one_error),
        cmocka_unit_test(an_unreadable_file_is_one_error),
        cmocka_unit_test(a_link_does_not_lead_out_of_a_folder_of_schedules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
