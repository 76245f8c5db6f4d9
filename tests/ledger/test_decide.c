/* tests/ledger/test_decide.c - releases, deadlines, holds. */
#include "fixture.h"

#include <stdio.h>

#define LATER (T0 + CP_DAY)

static const struct plan_item items[] = { { "s", "a", 0, { "x" }, CP_CHANGE_ADD, true },
                                          { "l", "a", T0 - 9, { "x" }, CP_CHANGE_LATE, false },
                                          { "p", "a", LATER, { "x" }, CP_CHANGE_ADD, false } };

static void standby_and_late_are_released_for_good(void **state)
{
    struct fixture *f = *state;
    struct cp_now now = at(T0 + CP_HOUR);

    accept_items(f, T0, items, 3);
    for (int64_t row = 1; row <= 2; row++) {
        struct heard heard = { 0 };

        assert_good(f, cp_ledger_release_delivery(f->ledger, row, "ada", "go", &now, &f->err));
        assert_good(f, cp_ledger_load(f->ledger, row, hear, &heard, &f->err));
        assert_true(heard.last.released);
        assert_int_equal(heard.last.due_us, T0 + CP_HOUR);
        assert_int_equal(heard.last.send_by_us, T0 + 2 * CP_HOUR);
        assert_int_equal(heard.last.revision, 2);
        assert_failed(f, cp_ledger_release_delivery(f->ledger, row, "ada", "go", &now, &f->err),
                      CP_LEDGER_REFUSED, "already");
    }
    assert_failed(f, cp_ledger_release_delivery(f->ledger, 3, "ada", "go", &now, &f->err),
                  CP_LEDGER_REFUSED, "by itself");
    assert_failed(f, cp_ledger_release_delivery(f->ledger, 9, "ada", "go", &now, &f->err),
                  CP_LEDGER_REFUSED, "number 9");
}

static void reading_the_same_files_again_does_not_undo_a_release(void **state)
{
    struct fixture *f = *state;
    struct cp_now now = at(T0 + CP_HOUR);
    struct heard heard = { 0 };

    accept_items(f, T0, items, 3);
    for (int64_t row = 1; row <= 2; row++)
        assert_good(f, cp_ledger_release_delivery(f->ledger, row, "ada", "go", &now, &f->err));
    assert_int_equal(accept_items(f, T0 + 2 * CP_HOUR, items, 3).unchanged, 3);
    assert_good(f, cp_ledger_due(f->ledger, 0, T0 + CP_HOUR, hear, &heard, &f->err));
    assert_int_equal(heard.count, 2);
}

static void what_is_unwanted_is_not_released(void **state)
{
    const struct plan_item gone[] = { { "s", "a", 0, { "x" }, CP_CHANGE_CANCEL, true } };
    struct fixture *f = *state;
    struct cp_now now = at(T0);

    accept_items(f, T0, items, 1);
    accept_items(f, T0, gone, 1);
    assert_failed(f, cp_ledger_release_delivery(f->ledger, 1, "ada", "go", &now, &f->err),
                  CP_LEDGER_REFUSED, "no longer in the schedule");
}

static void a_new_deadline_outlives_the_next_reading_of_the_files(void **state)
{
    struct fixture *f = *state;
    struct cp_now now = at(T0);
    struct heard heard = { 0 };

    accept_items(f, T0, items, 3);
    assert_good(f, cp_ledger_set_send_by(f->ledger, 3, LATER + CP_DAY, "ada", &now, &f->err));
    assert_int_equal(accept_items(f, T0, items, 3).unchanged, 3);
    assert_good(f, cp_ledger_load(f->ledger, 3, hear, &heard, &f->err));
    assert_int_equal(heard.last.send_by_us, LATER + CP_DAY);
    assert_int_equal(heard.last.revision, 2);
    assert_failed(f, cp_ledger_set_send_by(f->ledger, 9, 1, "ada", &now, &f->err),
                  CP_LEDGER_REFUSED, "number 9");
}

struct holds {
    int count;
    char last[600];
};

static bool keep_hold(const struct cp_ledger_hold *hold, void *ctx)
{
    struct holds *holds = ctx;
    char scope[CP_SCOPE_SIZE];

    cp_scope_format(&hold->scope, scope);
    snprintf(holds->last, sizeof(holds->last), "%lld %s %s %s %d %lld", (long long)hold->row, scope,
             hold->reason, hold->by, hold->own, (long long)hold->since_us);
    holds->count++;
    return true;
}

static void holds_stand_until_they_are_ended(void **state)
{
    struct fixture *f = *state;
    struct cp_now now = at(5);
    struct holds holds = { 0 };
    struct cp_scope scope;
    int64_t first, second;

    assert_true(cp_scope_parse("account:a", &scope, &f->err));
    assert_good(f, cp_ledger_add_hold(f->ledger, &scope, "storm", "ada", false, NULL, &now, &first,
                                      &f->err));
    assert_true(cp_scope_parse("c/p", &scope, &f->err));
    assert_good(f, cp_ledger_add_hold(f->ledger, &scope, "wait", "bob", true, "told", &now, &second,
                                      &f->err));
    assert_good(f, cp_ledger_holds(f->ledger, keep_hold, &holds, &f->err));
    assert_int_equal(holds.count, 2);
    assert_string_equal(holds.last, "2 c/p wait bob 1 5");
    assert_good(f, cp_ledger_end_hold(f->ledger, second, "over", "eve", &now, &f->err));
    assert_failed(f, cp_ledger_end_hold(f->ledger, second, "over", "eve", &now, &f->err),
                  CP_LEDGER_REFUSED, "hold 2");
    assert_failed(f, cp_ledger_end_hold(f->ledger, 99, "over", "eve", &now, &f->err),
                  CP_LEDGER_REFUSED, "hold 99");
    fixture_reopen(f);
    holds.count = 0;
    assert_good(f, cp_ledger_holds(f->ledger, keep_hold, &holds, &f->err));
    assert_int_equal(holds.count, 1);
    assert_string_equal(holds.last, "1 account:a storm ada 0 5");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM entry WHERE kind = 'hold'"), 3);
    assert_string_equal(fixture_text(f, "SELECT notice FROM entry WHERE notice IS NOT NULL"),
                        "told");
}

static void a_hold_that_can_not_be_read_is_an_error_not_a_gap(void **state)
{
    struct fixture *f = *state;
    struct holds holds = { 0 };

    fixture_sql(
        f, "INSERT INTO hold (scope, own, since_us, until_us) VALUES ('no such thing', 0, 1, 0)");
    assert_false(cp_ledger_holds(f->ledger, keep_hold, &holds, &f->err));
    assert_non_null(f->err.domain);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(standby_and_late_are_released_for_good),
        IN_FOLDER(reading_the_same_files_again_does_not_undo_a_release),
        IN_FOLDER(what_is_unwanted_is_not_released),
        IN_FOLDER(a_new_deadline_outlives_the_next_reading_of_the_files),
        IN_FOLDER(holds_stand_until_they_are_ended),
        IN_FOLDER(a_hold_that_can_not_be_read_is_an_error_not_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
