/* tests/ledger/test_account.c - accounts: numbers, names, and who we are there. */
#include "fixture.h"

#include <stdio.h>

static const struct plan_item one[] = { { "p", "a", T0 + CP_DAY, { "x" }, CP_CHANGE_ADD, false } };

static struct cp_account account(const char *id, const char *was, const char *server)
{
    return (struct cp_account){ .id = id, .was = was, .adapter = "mastodon", .server = server };
}

static uint32_t enter(struct fixture *f, const char *id, const char *was, const char *server)
{
    struct cp_account a = account(id, was, server);
    uint32_t number = 0;

    assert_good(f, cp_ledger_account(f->ledger, &a, &number, &f->err));
    return number;
}

static void an_account_keeps_its_number(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(enter(f, "a", NULL, "https://x.example"), 1);
    assert_int_equal(enter(f, "b", NULL, NULL), 2);
    assert_int_equal(enter(f, "a", NULL, "https://y.example"), 1);
    assert_string_equal(fixture_text(f, "SELECT server FROM account WHERE number = 1"),
                        "https://y.example");
}

static void was_renames_once_and_is_then_ignored(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(enter(f, "old", NULL, NULL), 1);
    assert_int_equal(enter(f, "new", "old", NULL), 1);
    assert_int_equal(enter(f, "new", "old", NULL), 1);
    assert_int_equal(enter(f, "fresh", "never", NULL), 2);
    assert_string_equal(fixture_text(f, "SELECT group_concat(name) FROM (SELECT name FROM account"
                                        " ORDER BY number)"),
                        "new,fresh");
}

static void was_of_an_account_still_in_use_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cp_account a = account("b", "a", "https://social.example");
    uint32_t number = 77;

    accept_items(f, T0, one, 1);
    enter(f, "b", NULL, "https://social.example");
    assert_failed(f, cp_ledger_account(f->ledger, &a, &number, &f->err), CP_LEDGER_REFUSED,
                  "remove 'was'");
    assert_int_equal(number, 77);
}

static void a_bound_account_does_not_move_to_another_server(void **state)
{
    struct fixture *f = *state;
    struct cp_account moved = account("a", NULL, "https://y.example"),
                      renamed = account("z", "a", "https://y.example");
    uint32_t number = enter(f, "a", NULL, "https://x.example");

    assert_good(f, cp_ledger_bind(f->ledger, number, "1", "{}", T0, &f->err));
    assert_failed(f, cp_ledger_account(f->ledger, &moved, &number, &f->err), CP_LEDGER_REFUSED,
                  "bound to 'https://x.example'");
    assert_failed(f, cp_ledger_account(f->ledger, &renamed, &number, &f->err), CP_LEDGER_REFUSED,
                  "bound to 'https://x.example'");
}

static void two_accounts_are_never_the_same_remote_one(void **state)
{
    struct fixture *f = *state;

    enter(f, "a", NULL, "https://x.example");
    enter(f, "b", NULL, "https://x.example");
    enter(f, "c", NULL, "https://y.example");
    assert_good(f, cp_ledger_bind(f->ledger, 1, "7", NULL, T0, &f->err));
    assert_failed(f, cp_ledger_bind(f->ledger, 2, "7", NULL, T0, &f->err), CP_LEDGER_REFUSED,
                  "accounts 'a' and 'b'");
    assert_good(f, cp_ledger_bind(f->ledger, 3, "7", NULL, T0, &f->err));
    assert_failed(f, cp_ledger_bind(f->ledger, 1, "8", NULL, T0, &f->err), CP_LEDGER_REFUSED,
                  "was '7'");
    assert_failed(f, cp_ledger_bind(f->ledger, 9, "8", NULL, T0, &f->err), CP_LEDGER_REFUSED,
                  "no account");
}

static bool keep_last(const struct cp_ledger_account *a, void *ctx)
{
    snprintf(ctx, 200, "%u %s %s %s %s %s %lld %d", a->number, a->name, a->adapter,
             a->server ? a->server : "-", a->remote_id ? a->remote_id : "-",
             a->facts ? a->facts : "-", (long long)a->read_us, a->configured);
    return true;
}

static void facts_are_kept_and_an_entry_tells_when_they_are_new(void **state)
{
    struct fixture *f = *state;
    char last[200] = "";

    enter(f, "a", NULL, NULL);
    assert_good(f, cp_ledger_bind(f->ledger, 1, "7", "{\"x\":1}", 10, &f->err));
    assert_good(f, cp_ledger_bind(f->ledger, 1, "7", "{\"x\":1}", 20, &f->err));
    assert_good(f, cp_ledger_bind(f->ledger, 1, NULL, NULL, 30, &f->err));
    assert_good(f, cp_ledger_accounts(f->ledger, keep_last, last, &f->err));
    assert_string_equal(last, "1 a mastodon - 7 {\"x\":1} 30 1");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM entry WHERE kind = 'account'"), 1);
    assert_string_equal(fixture_text(f, "SELECT json FROM entry"),
                        "{\"account\":\"a\",\"facts\":{\"x\":1},\"remote_id\":\"7\"}");
}

static void recent_publishings_come_in_order_and_from_then_on(void **state)
{
    const struct plan_item items[] = {
        { "p", "a", T0 + CP_DAY, { "x" }, CP_CHANGE_ADD, false },
        { "q", "a", T0 + CP_DAY, { "x" }, CP_CHANGE_ADD, false },
        { "r", "a", T0 + CP_DAY, { "x" }, CP_CHANGE_ADD, false },
        { "p", "b", T0 + CP_DAY, { "x" }, CP_CHANGE_ADD, false },
    };
    struct fixture *f = *state;
    int64_t *times;
    size_t count;

    accept_items(f, T0, items, 4);
    publish(f, 2, 1, "2", T0 + 30);
    publish(f, 1, 1, "1", T0 + 20);
    publish(f, 3, 1, NULL, T0 + 10);
    publish(f, 4, 1, "4", T0 + 25);
    assert_good(f, cp_ledger_recent(f->ledger, 1, T0 + 20, &times, &count, &f->err));
    assert_int_equal(count, 2);
    assert_int_equal(times[0], T0 + 20);
    assert_int_equal(times[1], T0 + 30);
    free(times);
    assert_good(f, cp_ledger_recent(f->ledger, 1, 0, &times, &count, &f->err));
    assert_int_equal(count, 3);
    free(times);
    assert_good(f, cp_ledger_bound_count(f->ledger, 1, &count, &f->err));
    assert_int_equal(count, 2);
    assert_good(f, cp_ledger_recent(f->ledger, 9, 0, &times, &count, &f->err));
    assert_int_equal(count, 0);
    free(times);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_account_keeps_its_number),
        IN_FOLDER(was_renames_once_and_is_then_ignored),
        IN_FOLDER(was_of_an_account_still_in_use_is_refused),
        IN_FOLDER(a_bound_account_does_not_move_to_another_server),
        IN_FOLDER(two_accounts_are_never_the_same_remote_one),
        IN_FOLDER(facts_are_kept_and_an_entry_tells_when_they_are_new),
        IN_FOLDER(recent_publishings_come_in_order_and_from_then_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
