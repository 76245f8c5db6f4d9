/* tests/engine/test_accounts.c - who are we: trouble, holds of the program's own, leaving. */
#include "harness.h"

static void nothing_goes_before_the_server_has_said_who_we_are(void **state)
{
    struct world *w = world_make();

    (void)state;
    account(w);
    says(w, "who 1");
    load_new(w, 1);
    says(w, "");
    assert_int_equal(why(w, 1), CP_WAIT_ACCOUNT);
    assert_int_equal(outstanding(w).waiting, 1);
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "bind 1; prepare 1");
    world_free(w);
}

static void a_changed_account_is_asked_anew_and_stops_at_the_gate(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    w->account.remote_id = "id-1";
    account(w);
    says(w, "who 1");
    assert_int_equal(gate(w, 1), CP_WAIT_ACCOUNT);
    account(w); /* once more, before the answer */
    says(w, "");
    who(w, 1, CP_VERDICT_ACCEPTED); /* the answer to the older question */
    says(w, "who 1");
    assert_int_equal(gate(w, 1), CP_WAIT_ACCOUNT);
    who(w, 1, CP_VERDICT_ACCEPTED);
    assert_int_equal(gate(w, 1), CP_WAIT_NOTHING);
    world_free(w);
}

static void what_is_ready_is_asked_once_more_before_it_is_committed(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    account(w);
    ready(w, 1, 1);
    says(w, "abort 1");
    not_ready(w, 1, CP_VERDICT_RETRY);
    says(w, "");
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "bind 1; prepare 1");
    world_free(w);
}

static void another_account_than_before_is_held(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.remote_id = "id-0";
    account(w);
    load_new(w, 1);
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "hold account:a1 !");
    assert_int_equal(why(w, 1), CP_WAIT_HELD);
    hold(w, 4, "account:a1", true);
    tick(w, 15 * CP_MINUTE);
    says(w, "who 1");
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, ""); /* the same trouble is told once */
    w->who = "id-0";
    tick(w, 15 * CP_MINUTE);
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "bind 1; end hold 4");
    release(w, 4);
    says(w, "prepare 1");
    world_free(w);
}

static void two_names_for_one_account_are_held(void **state)
{
    struct world *w = world_make();

    (void)state;
    account(w);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_WHO,
                                      .number = 1,
                                      .verdict = CP_VERDICT_ACCEPTED,
                                      .remote_id = "id-1",
                                      .conflict = "a9" });
    says(w, "hold account:a1 !");
    assert_non_null(strstr(action(w, CP_DO_HOLD)->notice, "take 'a1' out of the configuration"));
    world_free(w);
}

static void the_hold_of_an_account_that_has_left_ends(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_REAUTHENTICATE);
    ok(w, 1);
    hold(w, 5, "account:a1", true);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_ACCOUNT_GONE, .number = 1 });
    assert_int_equal(action(w, CP_DO_END_HOLD)->row, 5);
    world_free(w);
}

static void a_credential_that_is_no_longer_good_says_how_to_log_in(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_REAUTHENTICATE);
    says(w, "hold account:a1 !; commit 1 in_flight>planned");
    assert_non_null(strstr(action(w, CP_DO_HOLD)->notice, "camp-post login a1"));
    ok(w, 1);
    says(w, "");
    hold(w, 4, "account:a1", true);
    account(w); /* a new login */
    says(w, "who 1");
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "bind 1; end hold 4");
    release(w, 4);
    says(w, "prepare 1");
    world_free(w);
}

static void a_hold_that_came_after_its_trouble_ended_ends_at_once(void **state)
{
    struct world *w = world_make();

    (void)state;
    account(w);
    who(w, 1, CP_VERDICT_REAUTHENTICATE);
    says(w, "hold account:a1 !");
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "bind 1");
    hold(w, 4, "account:a1", true);
    says(w, "end hold 4");
    world_free(w);
}

static void what_the_service_holds_is_not_ended_by_the_engine(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    hold(w, 4, "account:a1", true);
    says(w, "");
    hold(w, 5, "all", true);
    says(w, "");
    load_new(w, 1);
    says(w, "");
    world_free(w);
}

static void a_server_that_does_not_say_who_we_are_is_asked_with_back_off(void **state)
{
    struct world *w = world_make();
    int64_t most = SECONDS(2);

    (void)state;
    account(w);
    load_new(w, 1);
    for (int i = 0; i < 12; i++) {
        who(w, 1, i % 2 ? CP_VERDICT_RETRY : CP_VERDICT_UNKNOWN);
        says(w, ""); /* no hold: it passes */
        assert_in_range(boot_wake(w) - w->now.boot_us, 1, most);
        most = most * 2 > 15 * CP_MINUTE ? 15 * CP_MINUTE : most * 2;
        tick(w, boot_wake(w) - w->now.boot_us);
        if (i < 8)
            says(w, "who 1");
    }
    world_free(w);
}

static void a_person_may_release_what_the_program_holds(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_MISCONFIGURED);
    hold(w, 4, "account:a1", true);
    ok(w, 1);
    tick(w, CP_MINUTE);
    says(w, "");
    release(w, 4);
    says(w, "prepare 1");
    world_free(w);
}

static void who_we_are_brings_guarantee_and_limits(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    w->account.guarantee = CP_GUARANTEE_NATIVE;
    w->account.limits.spacing_us = SECONDS(40);
    who(w, 1, CP_VERDICT_ACCEPTED);
    load_new(w, 1);
    load_new(w, 2);
    to_verify(w, 1);
    says(w, "look up 1"); /* native: at once */
    assert_int_equal(why(w, 2), CP_WAIT_SPACING);
    world_free(w);
}

static void an_account_that_leaves_makes_doubt_a_persons(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    load_new(w, 2);
    to_publish(w, 2);
    load_new(w, 3);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_ACCOUNT_GONE, .number = 1 });
    assert_non_null(strstr(w->text, "abort 2"));
    assert_non_null(strstr(w->text, "commit 1 verify>uncertain !"));
    assert_non_null(strstr(w->text, "forget 3"));
    assert_int_not_equal(gate(w, 2), CP_WAIT_NOTHING);
    unclear(w, 2);
    says(w, "commit 2 in_flight>verify");
    ok(w, 2);
    says(w, "commit 2 verify>uncertain !");
    ok(w, 1);
    says(w, "forget 1");
    world_free(w);
}

static void an_answer_that_still_comes_is_better_than_doubt(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_ACCOUNT_GONE, .number = 1 });
    says(w, "abort 1");
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 in_flight>published");
    ok(w, 1);
    says(w, "forget 1");
    world_free(w);
}

static void reads_wait_until_the_account_is_known(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.guarantee = CP_GUARANTEE_NATIVE;
    account(w);
    load_in(w, 1, CP_VERIFY, CP_MINUTE);
    says(w, "");
    who(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "bind 1; look up 1");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_before_the_server_has_said_who_we_are),
        cmocka_unit_test(a_changed_account_is_asked_anew_and_stops_at_the_gate),
        cmocka_unit_test(what_is_ready_is_asked_once_more_before_it_is_committed),
        cmocka_unit_test(another_account_than_before_is_held),
        cmocka_unit_test(two_names_for_one_account_are_held),
        cmocka_unit_test(the_hold_of_an_account_that_has_left_ends),
        cmocka_unit_test(a_credential_that_is_no_longer_good_says_how_to_log_in),
        cmocka_unit_test(a_hold_that_came_after_its_trouble_ended_ends_at_once),
        cmocka_unit_test(what_the_service_holds_is_not_ended_by_the_engine),
        cmocka_unit_test(a_server_that_does_not_say_who_we_are_is_asked_with_back_off),
        cmocka_unit_test(a_person_may_release_what_the_program_holds),
        cmocka_unit_test(who_we_are_brings_guarantee_and_limits),
        cmocka_unit_test(an_account_that_leaves_makes_doubt_a_persons),
        cmocka_unit_test(an_answer_that_still_comes_is_better_than_doubt),
        cmocka_unit_test(reads_wait_until_the_account_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
