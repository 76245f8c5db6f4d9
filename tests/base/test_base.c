/* tests/base/test_base.c */
#include "cmocka_all.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/diagnostics.h"
#include "base/error.h"
#include "base/secret.h"

static void the_first_report_wins(void **state)
{
    struct cp_error err = { 0 };
    char text[300];

    (void)state;
    assert_false(cp_error_set(&err, &cp_base_errors, 1, "no such zone '%s'", "Mars"));
    assert_false(cp_error_set(&err, &cp_base_errors, 2, "another story"));
    cp_error_at(&err, "a.yaml", 3, 4);
    cp_error_at(&err, "b.yaml", 5, 6);
    cp_error_format(&err, text, sizeof(text));
    assert_string_equal(text, "a.yaml:3:4: no such zone 'Mars'");
    assert_int_equal(err.code, 1);
}

static void an_arena_grows_arrays_and_keeps_their_elements(void **state)
{
    struct cp_arena *arena = cp_arena_create();
    size_t capacity = 0;
    int *numbers = NULL;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        numbers = cp_arena_grow(arena, numbers, (size_t)i, &capacity, (size_t)i + 1, sizeof(int));
        assert_non_null(numbers);
        numbers[i] = i;
    }
    for (int i = 0; i < 10000; i++)
        assert_int_equal(numbers[i], i);
    assert_null(cp_arena_array(arena, SIZE_MAX / 2, 16));
    assert_true(cp_arena_failed(arena));
    cp_arena_free(arena);
}

static void a_buffer_is_terminated_and_handed_over(void **state)
{
    struct cp_buffer buffer = { 0 };
    char *text;

    (void)state;
    cp_buffer_puts(&buffer, "one");
    cp_buffer_printf(&buffer, " %d", 2);
    cp_buffer_putc(&buffer, '!');
    assert_int_equal(buffer.size, 6);
    text = cp_buffer_steal(&buffer);
    assert_string_equal(text, "one 2!");
    assert_null(buffer.data);
    free(text);
    text = cp_buffer_steal(&buffer);
    assert_string_equal(text, "");
    free(text);
}

static void diagnostics_are_ordered_by_place(void **state)
{
    struct cp_diagnostics list = { 0 };
    struct cp_place late = { "a.yaml", 9, 1 }, early = { "a.yaml", 2, 7 };

    (void)state;
    cp_diagnose(&list, CP_FAULT, "x", late, "posts[1]", NULL, "second %d", 2);
    cp_diagnose(&list, CP_WARNING, "y", early, NULL, "do it", "first");
    cp_diagnostics_source(&list, "a line", 4);
    cp_diagnostics_sort(&list);
    assert_int_equal(list.faults, 1);
    assert_int_equal(list.warnings, 1);
    assert_string_equal(list.items[0].message, "first");
    assert_string_equal(list.items[0].source, "a li");
    assert_string_equal(list.items[1].path, "posts[1]");
    cp_diagnostics_release(&list);
}

static void diagnostics_stop_at_their_limit(void **state)
{
    struct cp_diagnostics list = { 0 };

    (void)state;
    for (int i = 0; i < CP_DIAGNOSTICS_MOST + 5; i++)
        cp_diagnose(&list, CP_FAULT, "x", (struct cp_place){ 0 }, NULL, NULL, "n");
    assert_int_equal(list.count, CP_DIAGNOSTICS_MOST);
    assert_int_equal(list.dropped, 5);
    assert_int_equal(list.faults, CP_DIAGNOSTICS_MOST + 5);
    cp_diagnostics_release(&list);
}

static void a_secret_is_kept_apart(void **state)
{
    struct cp_secret *secret = cp_secret_create("token", 5);

    (void)state;
    assert_string_equal(cp_secret_reveal(secret), "token");
    assert_int_equal(cp_secret_size(secret), 5);
    cp_secret_free(secret);
    cp_secret_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_report_wins),
        cmocka_unit_test(an_arena_grows_arrays_and_keeps_their_elements),
        cmocka_unit_test(a_buffer_is_terminated_and_handed_over),
        cmocka_unit_test(diagnostics_are_ordered_by_place),
        cmocka_unit_test(diagnostics_stop_at_their_limit),
        cmocka_unit_test(a_secret_is_kept_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
