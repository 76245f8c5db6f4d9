/* tests/ledger/test_accept.c - a plan becomes the truth, and what an edit may still change. */
#include "fixture.h"

#include <stdio.h>
#include <time.h>

#define LATER (T0 + CP_DAY)

static const struct plan_item one[] = { { "p", "a", LATER, { "hello" }, CP_CHANGE_ADD, false } };

static void a_new_delivery_gets_its_row_parts_and_content(void **state)
{
    const struct plan_item items[] = { { "p", "a", LATER, { "one", "two" }, CP_CHANGE_ADD, false },
                                       { "q", "a", LATER, { "one" }, CP_CHANGE_ADD, false } };
    struct fixture *f = *state;
    struct cp_accepted n = accept_items(f, T0, items, 2);
    char key[CP_WIRE_KEY + 1];
    struct cp_delivery_id id;

    assert_int_equal(n.added, 2);
    assert_int_equal(n.changed + n.cancelled + n.late + n.unchanged, 0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM part"), 3);
    assert_string_equal(fixture_text(f, "SELECT born FROM delivery WHERE number = 1"), "c/p/-/a");
    assert_int_equal(fixture_number(f, "SELECT send_by_us FROM delivery WHERE number = 1"),
                     LATER + CP_HOUR);
    cp_delivery_id_make("c", "p", "-", "a", "", &id);
    cp_wire_key_make(&id, 2, 1, key);
    assert_string_equal(fixture_text(f, "SELECT key FROM part WHERE delivery = 1 AND number = 2"),
                        key);
    assert_int_equal(fixture_number(f, "SELECT count(DISTINCT text_hash) FROM part"), 2);
}

static void accepting_the_same_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct cp_accepted n;

    accept_items(f, T0, one, 1);
    n = accept_items(f, T0 + CP_HOUR, one, 1);
    assert_int_equal(n.unchanged, 1);
    assert_int_equal(n.added + n.changed, 0);
    assert_int_equal(fixture_number(f, "SELECT revision FROM delivery"), 1);
    assert_int_equal(fixture_number(f, "SELECT first_seen_us FROM delivery"), T0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM entry"), 1);
}

static void an_edit_of_what_is_planned_replaces_content_and_time(void **state)
{
    const struct plan_item edit[] = {
        { "p", "a", LATER + CP_HOUR, { "new", "and more" }, CP_CHANGE_EDIT, false }
    };
    const struct plan_item shorter[] = { { "p", "a", LATER, { "short" }, CP_CHANGE_EDIT, false } };
    struct fixture *f = *state;

    accept_items(f, T0, one, 1);
    fixture_sql(f, "UPDATE part SET checkpoint = '{\"media\":[1]}'");
    assert_int_equal(accept_items(f, T0 + 1, edit, 1).changed, 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM part"), 2);
    assert_int_equal(fixture_number(f, "SELECT revision FROM delivery"), 2);
    assert_int_equal(fixture_number(f, "SELECT go_us FROM part WHERE number = 2"), LATER + CP_HOUR);
    assert_int_equal(fixture_number(f, "SELECT first_seen_us FROM delivery"), T0 + 1);
    assert_string_equal(fixture_text(f, "SELECT checkpoint FROM part WHERE number = 1"), "{}");
    accept_items(f, T0 + 2, shorter, 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM part"), 1);
}

static void what_left_planned_stays_frozen(void **state)
{
    const enum cp_part_event events[] = { CP_ON_ACCEPTED, CP_ON_DOUBT };
    const struct plan_item edit[] = {
        { "p", "a", LATER + 5, { "no" }, CP_CHANGE_TOO_LATE, false }
    };
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

    accept_items(f, T0, one, 1);
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    assert_int_equal(accept_items(f, T0 + 1, edit, 1).unchanged, 1);
    for (size_t i = 0; i < CP_COUNT(events); i++) {
        fixture_sql(f, "UPDATE part SET state = 'in_flight'");
        change = step(CP_IN_FLIGHT, events[i]);
        apply_one(f, &change);
        assert_int_equal(accept_items(f, T0 + 1, edit, 1).unchanged, 1);
    }
    assert_int_equal(fixture_number(f, "SELECT due_us FROM delivery"), LATER);
    assert_int_equal(fixture_number(f, "SELECT revision FROM delivery"), 1);
}

static void a_rejected_part_with_another_text_is_planned_again(void **state)
{
    const struct plan_item moved[] = {
        { "p", "a", LATER + 1, { "hello" }, CP_CHANGE_EDIT, false }
    };
    const struct plan_item mended[] = { { "p", "a", LATER, { "better" }, CP_CHANGE_EDIT, false } };
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_REJECTED);

    accept_items(f, T0, one, 1);
    change.reason = "too long";
    apply_one(f, &change);
    accept_items(f, T0 + 1, moved, 1);
    assert_string_equal(fixture_text(f, "SELECT state FROM part"), "rejected");
    accept_items(f, T0 + 2, mended, 1);
    assert_string_equal(fixture_text(f, "SELECT state FROM part"), "planned");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM entry WHERE kind = 'part' AND"
                                       " json_extract(json, '$.event') = 'retry'"),
                     1);
}

static void of_a_begun_thread_only_the_rejected_text_may_change(void **state)
{
    const struct plan_item thread[] = {
        { "p", "a", LATER, { "one", "two", "three" }, CP_CHANGE_ADD, false }
    };
    const struct plan_item mended[] = {
        { "p", "a", LATER, { "ONE", "TWO", "THREE" }, CP_CHANGE_EDIT, false }
    };
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_REJECTED);
    struct cp_work work;

    accept_items(f, T0, thread, 1);
    publish(f, 1, 1, "r1", T0);
    change.part = 2;
    apply_one(f, &change);
    assert_int_equal(accept_items(f, T0 + 2, mended, 1).changed, 1);
    assert_good(f, cp_ledger_work(f->ledger, 1, 2, &work, &f->err));
    assert_string_equal(work.content.parts[0].text, "one");
    assert_string_equal(work.content.parts[1].text, "TWO");
    assert_string_equal(work.content.parts[2].text, "three");
    assert_string_equal(fixture_text(f, "SELECT state FROM part WHERE number = 2"), "planned");
    cp_work_release(&work);
    assert_int_equal(accept_items(f, T0 + 3, mended, 1).unchanged, 1);
}

static void an_expired_one_moved_ahead_is_planned_again(void **state)
{
    const struct plan_item back[] = { { "p", "a", LATER - 1, { "hello" }, CP_CHANGE_EDIT, false } };
    const struct plan_item ahead[] = {
        { "p", "a", LATER + 1, { "hello" }, CP_CHANGE_EDIT, false }
    };
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_TOO_LATE);

    accept_items(f, T0, one, 1);
    apply_one(f, &change);
    accept_items(f, T0 + 1, back, 1);
    assert_string_equal(fixture_text(f, "SELECT state FROM part"), "expired");
    accept_items(f, T0 + 2, ahead, 1);
    assert_string_equal(fixture_text(f, "SELECT state FROM part"), "planned");
    assert_int_equal(fixture_number(f, "SELECT go_us FROM part"), LATER + 1);
}

static void a_removed_post_is_unwanted_and_may_come_back(void **state)
{
    const struct plan_item gone[] = { { "p", "a", LATER, { "hello" }, CP_CHANGE_CANCEL, false } };
    struct fixture *f = *state;
    int64_t due;

    accept_items(f, T0, one, 1);
    assert_int_equal(accept_items(f, T0 + 1, gone, 1).cancelled, 1);
    assert_int_equal(fixture_number(f, "SELECT wanted FROM delivery"), 0);
    assert_int_equal(fixture_number(f, "SELECT revision FROM delivery"), 2);
    assert_good(f, cp_ledger_next_due(f->ledger, 0, &due, &f->err));
    assert_true(due == CP_NEVER);
    assert_string_equal(fixture_text(f, "SELECT notice FROM entry WHERE notice IS NOT NULL"),
                        "1 delivery left the schedule and will not be sent: c/p/-/a");
    assert_int_equal(accept_items(f, T0 + 2, gone, 1).cancelled, 0);
    assert_int_equal(accept_items(f, T0 + 3, one, 1).changed, 1);
    assert_good(f, cp_ledger_next_due(f->ledger, 0, &due, &f->err));
    assert_true(due == LATER);
}

static void a_due_time_already_past_is_late_and_a_notice(void **state)
{
    const struct plan_item past[] = { { "p", "a", T0 - 1, { "hello" }, CP_CHANGE_LATE, false },
                                      { "q", "a", T0, { "hello" }, CP_CHANGE_ADD, false } };
    struct fixture *f = *state;
    struct cp_accepted n = accept_items(f, T0, past, 2);
    struct heard heard = { 0 };

    assert_int_equal(n.late, 1);
    assert_int_equal(n.added, 1);
    assert_good(f, cp_ledger_due(f->ledger, 0, T0, hear, &heard, &f->err));
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.post, "q");
    assert_string_equal(fixture_text(f, "SELECT notice FROM entry WHERE notice IS NOT NULL"),
                        "1 delivery came in after the due time and will not go before a 'camp-post "
                        "release': c/p/-/a");
}

static void an_edit_into_the_past_is_late_and_back_to_the_future_is_not(void **state)
{
    const struct plan_item past[] = { { "p", "a", T0, { "hello" }, CP_CHANGE_LATE, false } };
    struct fixture *f = *state;
    int64_t due;

    accept_items(f, T0, one, 1);
    assert_int_equal(accept_items(f, T0 + 5, past, 1).late, 1);
    assert_good(f, cp_ledger_next_due(f->ledger, 0, &due, &f->err));
    assert_true(due == CP_NEVER);
    assert_int_equal(accept_items(f, T0 + 6, past, 1).unchanged, 1);
    assert_int_equal(fixture_number(f, "SELECT first_seen_us FROM delivery"), T0 + 5);
    assert_int_equal(accept_items(f, T0 + 7, one, 1).changed, 1);
}

static void a_renamed_post_keeps_id_and_key(void **state)
{
    struct fixture *f = *state;
    struct cp_plan *plan;
    struct cp_accepted n;
    char before[64];

    accept_items(f, T0, one, 1);
    snprintf(before, sizeof(before), "%s", fixture_text(f, "SELECT hex(id) FROM delivery"));
    plan = plan_of(f, T0 + 1, one, 1);
    plan->deliveries[0].post_id = "renamed";
    plan->deliveries[0].campaign_id = "other";
    accept_plan(f, plan, T0 + 1, &n);
    cp_arena_free(plan->input->snapshot->arena);
    assert_int_equal(n.changed, 1);
    assert_string_equal(fixture_text(f, "SELECT hex(id) FROM delivery"), before);
    assert_string_equal(fixture_text(f, "SELECT campaign || '/' || post FROM delivery"),
                        "other/renamed");
    assert_string_equal(fixture_text(f, "SELECT born FROM delivery"), "c/p/-/a");
}

static void the_configuration_makes_renames_and_retires_accounts(void **state)
{
    struct cp_account accounts[] = { { .id = "a", .adapter = "feed", .directory = "/x" },
                                     { .id = "b", .adapter = "feed", .directory = "/y" } };
    struct cp_config config = { .accounts = accounts, .account_count = 2 };
    struct fixture *f = *state;
    struct cp_accepted n;

    for (int round = 0; round < 2; round++) {
        struct cp_plan *plan = plan_of(f, T0, one, 1);
        struct cp_plan_input input = *plan->input;

        input.config = &config;
        plan->input = &input;
        plan->deliveries[0].account = &accounts[0];
        plan->deliveries[0].account_id = accounts[0].id;
        accept_plan(f, plan, T0, &n);
        cp_arena_free(input.snapshot->arena);
        accounts[0].was = "a";
        accounts[0].id = "z";
        config.account_count = 1;
    }
    assert_int_equal(n.unchanged, 1);
    assert_string_equal(fixture_text(f, "SELECT name FROM account WHERE number = 1"), "z");
    assert_int_equal(fixture_number(f, "SELECT configured FROM account WHERE number = 1"), 1);
    assert_int_equal(fixture_number(f, "SELECT configured FROM account WHERE number = 2"), 0);
}

static void where_a_campaign_came_from_is_remembered(void **state)
{
    const struct cp_campaign campaign = { .id = "c", .source = "schedule/c.yaml" };
    const struct cp_campaign *campaigns[] = { &campaign };
    struct fixture *f = *state;
    struct cp_plan *plan = plan_of(f, T0, one, 1);
    struct cp_plan_input input = *plan->input;
    struct cp_snapshot snapshot;
    struct cp_accepted n;

    input.campaigns = campaigns;
    input.campaign_count = 1;
    plan->input = &input;
    accept_plan(f, plan, T0, &n);
    cp_arena_free(input.snapshot->arena);
    assert_good(f, cp_ledger_snapshot(f->ledger, &snapshot, &f->err));
    assert_int_equal(snapshot.source_count, 1);
    assert_string_equal(snapshot.sources[0].source, "schedule/c.yaml");
    assert_string_equal(snapshot.sources[0].campaign, "c");
    cp_arena_free(snapshot.arena);
    assert_non_null(strstr(fixture_text(f, "SELECT json FROM entry WHERE kind = 'accept'"),
                           "\"source\":\"schedule/c.yaml\""));
}

static void a_snapshot_has_what_was_accepted(void **state)
{
    const struct plan_item items[] = { { "p", "a", LATER, { "one", "two" }, CP_CHANGE_ADD, false },
                                       { "s", "b", 0, { "one" }, CP_CHANGE_ADD, true } };
    struct fixture *f = *state;
    struct cp_plan *plan = plan_of(f, T0, items, 2);
    struct cp_snapshot s;
    struct cp_accepted n;

    accept_plan(f, plan, T0, &n);
    publish(f, 1, 1, "r", T0);
    assert_good(f, cp_ledger_snapshot(f->ledger, &s, &f->err));
    assert_int_equal(s.count, 2);
    assert_memory_equal(s.deliveries[0].id.bytes, plan->deliveries[0].id.bytes, 16);
    assert_string_equal(s.deliveries[0].content_hash, plan->deliveries[0].content_hash);
    assert_int_equal(s.deliveries[0].part_count, 2);
    assert_int_equal(s.deliveries[0].parts[0].state, CP_PUBLISHED);
    assert_int_equal(s.deliveries[0].parts[1].state, CP_PLANNED);
    assert_int_equal(s.deliveries[0].parts[1].generation, 1);
    assert_string_equal(s.deliveries[1].account, "b");
    assert_true(s.deliveries[1].due_us == CP_NEVER);
    cp_arena_free(s.arena);
    cp_arena_free(plan->input->snapshot->arena);
}

static void note_touched(int64_t row, void *ctx)
{
    int64_t *sum = ctx;

    *sum = *sum * 10 + row;
}

static void only_what_was_there_and_changed_is_named_as_touched(void **state)
{
    const struct plan_item items[] = { { "p", "a", LATER, { "one" }, CP_CHANGE_NONE, false },
                                       { "q", "a", LATER, { "two" }, CP_CHANGE_EDIT, false },
                                       { "r", "a", LATER, { "new" }, CP_CHANGE_ADD, false } };
    const struct plan_item first[] = { { "p", "a", LATER, { "one" }, CP_CHANGE_ADD, false },
                                       { "q", "a", LATER, { "one" }, CP_CHANGE_ADD, false } };
    struct fixture *f = *state;
    struct cp_now now = at(T0);
    struct cp_accepted n;
    struct cp_plan *plan;
    int64_t touched = 0;

    accept_items(f, T0, first, 2);
    plan = plan_of(f, T0, items, 3);
    assert_good(
        f, cp_ledger_accept(f->ledger, plan, "ada", &now, &n, note_touched, &touched, &f->err));
    assert_int_equal(touched, 2);
    cp_arena_free(plan->input->snapshot->arena);
}

static void a_plan_with_faults_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cp_plan *plan = plan_of(f, T0, one, 1);
    struct cp_now now = at(T0);
    struct cp_accepted n;

    plan->diagnostics.faults = 1;
    assert_failed(f, cp_ledger_accept(f->ledger, plan, "ada", &now, &n, NULL, NULL, &f->err),
                  CP_LEDGER_REFUSED, "faults");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM delivery"), 0);
    cp_arena_free(plan->input->snapshot->arena);
}

static void a_hundred_thousand_deliveries_are_one_transaction(void **state)
{
    enum { COUNT = 100000 };
    struct fixture *f = *state;
    struct plan_item *items = calloc(COUNT, sizeof(*items));
    struct timespec begin, end;
    struct cp_plan *plan;
    struct cp_accepted n;

    for (int i = 0; i < COUNT; i++)
        items[i] = (struct plan_item){ .post = cp_arena_printf(f->arena, "post-%d", i / 4),
                                       .account = (const char *[]){ "a", "b", "d", "e" }[i % 4],
                                       .due_us = LATER + i * CP_SECOND,
                                       .texts = { cp_arena_printf(f->arena, "text %d", i) },
                                       .change = CP_CHANGE_ADD };
    plan = plan_of(f, T0, items, COUNT);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    accept_plan(f, plan, T0, &n);
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("accepted %d deliveries in %.2f s\n", COUNT,
                  (double)(end.tv_sec - begin.tv_sec) +
                      (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    assert_int_equal(n.added, COUNT);
    cp_arena_free(plan->input->snapshot->arena);
    free(items);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_new_delivery_gets_its_row_parts_and_content),
        IN_FOLDER(accepting_the_same_again_changes_nothing),
        IN_FOLDER(an_edit_of_what_is_planned_replaces_content_and_time),
        IN_FOLDER(what_left_planned_stays_frozen),
        IN_FOLDER(a_rejected_part_with_another_text_is_planned_again),
        IN_FOLDER(of_a_begun_thread_only_the_rejected_text_may_change),
        IN_FOLDER(an_expired_one_moved_ahead_is_planned_again),
        IN_FOLDER(a_removed_post_is_unwanted_and_may_come_back),
        IN_FOLDER(a_due_time_already_past_is_late_and_a_notice),
        IN_FOLDER(an_edit_into_the_past_is_late_and_back_to_the_future_is_not),
        IN_FOLDER(a_renamed_post_keeps_id_and_key),
        IN_FOLDER(the_configuration_makes_renames_and_retires_accounts),
        IN_FOLDER(where_a_campaign_came_from_is_remembered),
        IN_FOLDER(a_snapshot_has_what_was_accepted),
        IN_FOLDER(only_what_was_there_and_changed_is_named_as_touched),
        IN_FOLDER(a_plan_with_faults_is_refused),
        IN_FOLDER(a_hundred_thousand_deliveries_are_one_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
