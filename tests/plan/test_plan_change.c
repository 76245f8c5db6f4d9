/* tests/plan/test_plan_change.c - a plan against what the ledger has. */
#include "fixture.h"

static const char *const uk = "spring/statement/-/uk", *const mx = "spring/statement/-/mx";

static void a_first_plan_adds_everything_with_the_keys_of_the_files(void **state)
{
    struct fixture *f = *state;
    struct cp_delivery_id id;
    char key[CP_WIRE_KEY + 1];

    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_ADD), 2);
    cp_delivery_id_make("spring", "statement", "-", "uk", "", &id);
    assert_memory_equal(&fixture_find(f, uk)->id, &id, sizeof(id));
    cp_wire_key_make(&id, 1, 1, key);
    assert_string_equal(fixture_find(f, uk)->parts[0].wire_key, key);
    assert_null(fixture_find(f, uk)->known);
}

static void a_plan_that_was_accepted_changes_nothing(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_NONE), 2);
    assert_int_equal(f->plan->count, 2);
    assert_ptr_equal(fixture_find(f, uk)->known, fixture_row(f, uk));
    assert_int_equal(f->plan->diagnostics.count, 0);
    /* Not even when its moment has come. */
    f->input.now_us = at("2022-03-01T00:00:00Z");
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_NONE), 2);
    assert_false(fixture_find(f, uk)->late);
}

static void a_key_follows_the_generation_of_the_ledger(void **state)
{
    struct fixture *f = *state;
    char key[CP_WIRE_KEY + 1];

    fixture_accept(f);
    fixture_row(f, uk)->parts[0].generation = 3;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->parts[0].generation, 3);
    cp_wire_key_make(&fixture_find(f, uk)->id, 1, 3, key);
    assert_string_equal(fixture_find(f, uk)->parts[0].wire_key, key);
}

/* ---- late ---------------------------------------------------------------------------------- */

static void what_is_past_when_it_comes_is_late(void **state)
{
    struct fixture *f = *state;

    f->input.now_us = at("2022-02-15T13:28:00Z");
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_ADD), 2); /* at its moment it is not past */
    f->input.now_us++;
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_LATE), 2);
    assert_true(fixture_find(f, uk)->late);
    assert_non_null(strstr(fixture_said(f, "late")->message, "2 deliveries were due"));
    assert_int_equal(fixture_said(f, "late")->severity, CP_WARNING);
}

static void late_stays_late_until_it_is_released(void **state)
{
    struct fixture *f = *state;

    f->input.now_us = at("2022-03-01T00:00:00Z");
    fixture_accept(f);
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_NONE), 2);
    assert_true(fixture_find(f, uk)->late);
    assert_null(fixture_said(f, "late"));
    fixture_row(f, uk)->released = true; /* by a clock that went back meanwhile */
    fixture_plan(f);
    assert_false(fixture_find(f, uk)->late);
    fixture_row(f, uk)->due_us = f->input.now_us;
    fixture_row(f, uk)->send_by_us = f->input.now_us + CP_HOUR;
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_NONE), 2);
    assert_false(fixture_find(f, uk)->late);
    assert_int_equal(fixture_find(f, uk)->due_us, f->input.now_us);
    assert_true(fixture_find(f, mx)->late);
}

static void an_account_added_in_the_middle_gets_no_old_posts(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->input.now_us = at("2022-03-01T00:00:00Z");
    fixture_add_account(f, "new", "en");
    fixture_plan(f);
    assert_int_equal(fixture_find(f, "spring/statement/-/new")->change, CP_CHANGE_LATE);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_NONE);
}

static void an_edit_into_the_past_is_late(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    local(&f->posts[0].at_time, "2021-12-31 23:59");
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_LATE), 2);
    local(&f->posts[0].at_time, "2022-02-16 10:00");
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_EDIT), 2);
    assert_false(fixture_find(f, uk)->late);
}

static void a_released_standby_keeps_its_moment(void **state)
{
    struct fixture *f = *state;

    f->posts[0].when = CP_WHEN_STANDBY;
    fixture_accept(f);
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_NONE), 2);
    fixture_row(f, uk)->released = true;
    fixture_row(f, uk)->due_us = f->input.now_us;
    fixture_row(f, uk)->send_by_us = f->input.now_us + CP_HOUR;
    f->input.now_us += CP_MINUTE;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_NONE);
    assert_false(fixture_find(f, uk)->standby);
    assert_true(fixture_find(f, mx)->standby);
    /* Until the files give it a moment that is still ahead. */
    f->posts[0].when = CP_WHEN_AT;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_EDIT);
    assert_int_equal(fixture_find(f, uk)->due_us, at("2022-02-15T13:28:00Z"));
}

static void a_deadline_put_off_by_a_retry_is_not_taken_back(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->input.now_us = at("2022-02-15T16:00:00Z");
    fixture_row(f, uk)->send_by_us = at("2022-02-15T18:00:00Z");
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_NONE);
    assert_int_equal(fixture_find(f, uk)->send_by_us, at("2022-02-15T18:00:00Z"));
}

static void a_deadline_that_the_files_move_is_moved(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->posts[0].send_by_us = 10 * CP_MINUTE;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_EDIT);
    assert_int_equal(fixture_find(f, uk)->send_by_us, at("2022-02-15T13:38:00Z"));
}

/* ---- edits --------------------------------------------------------------------------------- */

static const struct {
    const char *rule;
    enum cp_part_state state;
    bool new_text, new_time;
    enum cp_change change;
} edits[] = {
    { "a new text of what is planned", CP_PLANNED, true, false, CP_CHANGE_EDIT },
    { "a new time of what is planned", CP_PLANNED, false, true, CP_CHANGE_EDIT },
    { "a new text of what was rejected", CP_REJECTED, true, false, CP_CHANGE_EDIT },
    { "a new time of what has expired", CP_EXPIRED, false, true, CP_CHANGE_EDIT },
    { "what was rejected stays so without an edit", CP_REJECTED, false, false, CP_CHANGE_NONE },
    { "what has expired likewise", CP_EXPIRED, false, false, CP_CHANGE_NONE },
    { "what is out stays as it is", CP_PUBLISHED, true, false, CP_CHANGE_TOO_LATE },
    { "its time, too", CP_PUBLISHED, false, true, CP_CHANGE_TOO_LATE },
    { "and without an edit nothing is said", CP_PUBLISHED, false, false, CP_CHANGE_NONE },
    { "what is on its way can't change", CP_IN_FLIGHT, true, false, CP_CHANGE_TOO_LATE },
    { "what may be out can't either", CP_VERIFY, true, false, CP_CHANGE_TOO_LATE },
    { "nor while nobody knows", CP_UNCERTAIN, true, false, CP_CHANGE_TOO_LATE },
    { "a cancelled one does not come back", CP_CANCELLED, true, true, CP_CHANGE_TOO_LATE },
};

static void an_edit_touches_only_what_is_not_sent(void **state)
{
    struct fixture *f = *state;
    int64_t due = at("2022-02-15T13:28:00Z");

    fixture_accept(f);
    for (size_t i = 0; i < CP_COUNT(edits); i++) {
        struct cp_plan_delivery *delivery;

        fixture_part(f, uk, edits[i].state);
        f->texts[0].text = edits[i].new_text ? "Free him today" : "Free him now";
        local(&f->posts[0].at_time, edits[i].new_time ? "2022-02-16 10:00" : "2022-02-15 13:28");
        fixture_plan(f);
        fixture_assert_fine(f);
        delivery = fixture_find(f, uk);
        if (delivery->change != edits[i].change)
            fail_msg("%s: %s", edits[i].rule, cp_change_name(delivery->change));
        assert_int_equal(fixture_said_times(f, "too-late"), edits[i].change == CP_CHANGE_TOO_LATE);
        if (edits[i].change == CP_CHANGE_TOO_LATE)
            assert_int_equal(delivery->due_us, due);
        assert_string_equal(cp_change_name(delivery->change),
                            edits[i].change == CP_CHANGE_EDIT ? "change" : "none");
    }
}

static void a_begun_thread_is_frozen_but_for_a_rejected_part(void **state)
{
    struct fixture *f = *state;

    f->messages[1] = f->messages[0];
    f->posts[0].message_count = 2;
    fixture_accept(f);
    fixture_row(f, uk)->parts[0].state = CP_PUBLISHED;
    f->texts[0].text = "Free him today";
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_TOO_LATE);
    fixture_row(f, uk)->parts[1].state = CP_REJECTED;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_EDIT);
}

/* ---- what leaves and comes back ------------------------------------------------------------ */

static void a_post_that_leaves_is_cancelled_as_far_as_it_is_unsent(void **state)
{
    struct fixture *f = *state;
    struct cp_plan_delivery *gone;

    fixture_add_post(f, "other");
    fixture_accept(f);
    fixture_part(f, uk, CP_PUBLISHED);
    f->campaign.posts = f->posts + 1;
    f->campaign.post_count = 1;
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), 1);
    gone = &f->plan->deliveries[f->plan->count - 1];
    assert_ptr_equal(gone, fixture_find(f, mx));
    assert_null(gone->campaign);
    assert_null(gone->post);
    assert_ptr_equal(gone->account, &f->accounts[1]);
    assert_ptr_equal(gone->known, fixture_row(f, mx));
    assert_int_equal(gone->due_us, at("2022-02-15T13:28:00Z"));
    /* Once unwanted, nothing is left to say. */
    fixture_row(f, mx)->wanted = false;
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), 0);
}

static const struct {
    enum cp_part_state state;
    bool cancelled;
} leaving[] = {
    { CP_PLANNED, true }, { CP_REJECTED, true },   { CP_EXPIRED, true },    { CP_IN_FLIGHT, false },
    { CP_VERIFY, false }, { CP_UNCERTAIN, false }, { CP_PUBLISHED, false }, { CP_CANCELLED, false },
};

static void only_the_unsent_can_be_cancelled(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->campaign.post_count = 0;
    for (size_t i = 0; i < CP_COUNT(leaving); i++) {
        fixture_part(f, uk, leaving[i].state);
        fixture_part(f, mx, CP_PUBLISHED);
        fixture_plan(f);
        assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), leaving[i].cancelled);
    }
}

static void a_post_put_back_is_wanted_again(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    fixture_row(f, uk)->wanted = false;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_EDIT);
    assert_int_equal(fixture_find(f, mx)->change, CP_CHANGE_NONE);
    fixture_row(f, uk)->wanted = false;
    fixture_part(f, uk, CP_PUBLISHED);
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_NONE);
}

static void the_rest_of_a_begun_thread_goes_on_when_put_back(void **state)
{
    struct fixture *f = *state;

    f->messages[1] = f->messages[0];
    f->posts[0].message_count = 2;
    fixture_accept(f);
    fixture_row(f, uk)->parts[0].state = CP_PUBLISHED;
    fixture_row(f, uk)->wanted = false;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, uk)->change, CP_CHANGE_EDIT);
    assert_int_equal(f->plan->diagnostics.count, 0);
}

static void an_account_that_leaves_is_cancelled(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->config.account_count = 1;
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), 1);
    assert_null(fixture_find(f, mx)->account);
    assert_string_equal(fixture_find(f, mx)->account_id, "mx");
}

static void a_campaign_is_gone_only_when_everything_was_read(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->input.campaign_count = 0;
    fixture_plan(f);
    assert_int_equal(f->plan->count, 0);
    f->input.everything = true;
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), 2);
    assert_int_equal(fixture_said_times(f, "campaign-gone"), 1);
    assert_int_equal(fixture_said(f, "campaign-gone")->severity, CP_NOTE);
}

static void a_faulty_post_does_not_look_cancelled(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    local(&f->posts[0].at_time, "2022-03-27 01:30");
    fixture_plan(f);
    assert_int_equal(f->plan->diagnostics.faults, 1);
    assert_int_equal(f->plan->count, 0);
    local(&f->posts[0].at_time, "2022-02-15 13:28");
    f->texts[0].language = "pt";
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), 0);
    f->posts[0].missing_skip = true;
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_CANCEL), 1);
}

static void only_narrows_what_is_claimed_and_cancels_nothing_else(void **state)
{
    struct fixture *f = *state;

    fixture_add_post(f, "other");
    fixture_accept(f);
    f->campaign.post_count = 1;  /* "other" has left */
    f->texts[1].language = "pt"; /* and "mx" would be at fault */
    f->texts[1].text = "Liberdade";
    f->messages[0].text = (struct cp_texts){ f->texts + 1, 1 };
    assert_true(cp_scope_parse("account:nobody", &f->only, NULL));
    f->input.only = &f->only;
    fixture_plan(f);
    assert_int_equal(f->plan->count, 0);
    fixture_assert_fine(f);
    f->messages[0].text = (struct cp_texts){ f->texts, 1 };
    assert_true(cp_scope_parse("statement/-/uk", &f->only, NULL));
    fixture_plan(f);
    assert_int_equal(f->plan->count, 1);
    assert_string_equal(f->plan->deliveries[0].account_id, "uk");
    assert_true(cp_scope_parse("account:uk", &f->only, NULL));
    fixture_plan(f);
    assert_int_equal(f->plan->count, 2);
    assert_int_equal(fixture_find(f, "spring/other/-/uk")->change, CP_CHANGE_CANCEL);
}

static void only_with_an_old_name_does_not_cancel_what_was_renamed(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    f->posts[0].was = "statement";
    f->posts[0].id = "declaration";
    assert_true(cp_scope_parse("statement", &f->only, NULL));
    f->input.only = &f->only;
    fixture_plan(f);
    assert_int_equal(f->plan->count, 0);
    assert_true(cp_scope_parse("declaration", &f->only, NULL));
    fixture_plan(f);
    assert_int_equal(fixture_count(f, CP_CHANGE_NONE), 2);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_first_plan_adds_everything_with_the_keys_of_the_files),
        ROW(a_plan_that_was_accepted_changes_nothing),
        ROW(a_key_follows_the_generation_of_the_ledger),
        ROW(what_is_past_when_it_comes_is_late),
        ROW(late_stays_late_until_it_is_released),
        ROW(an_account_added_in_the_middle_gets_no_old_posts),
        ROW(an_edit_into_the_past_is_late),
        ROW(a_released_standby_keeps_its_moment),
        ROW(a_deadline_put_off_by_a_retry_is_not_taken_back),
        ROW(a_deadline_that_the_files_move_is_moved),
        ROW(an_edit_touches_only_what_is_not_sent),
        ROW(a_begun_thread_is_frozen_but_for_a_rejected_part),
        ROW(a_post_that_leaves_is_cancelled_as_far_as_it_is_unsent),
        ROW(only_the_unsent_can_be_cancelled),
        ROW(a_post_put_back_is_wanted_again),
        ROW(the_rest_of_a_begun_thread_goes_on_when_put_back),
        ROW(an_account_that_leaves_is_cancelled),
        ROW(a_campaign_is_gone_only_when_everything_was_read),
        ROW(a_faulty_post_does_not_look_cancelled),
        ROW(only_narrows_what_is_claimed_and_cancels_nothing_else),
        ROW(only_with_an_old_name_does_not_cancel_what_was_renamed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
