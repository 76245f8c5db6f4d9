/* tests/engine/test_holds.c - holds and releases, drip after them, the clock. */
#include "harness.h"

static void a_hold_ends_preparation_at_once(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    hold(w, 5, "campaign:c", false);
    says(w, "abort 1");
    ready(w, 1, 1);
    says(w, "");
    not_ready(w, 1, CP_VERDICT_RETRY);
    says(w, "");
    assert_int_equal(why(w, 1), CP_WAIT_HELD);
    assert_int_equal(outstanding(w).held, 1);
    assert_int_equal(outstanding(w).waiting + outstanding(w).plan_waiting, 0);
    release(w, 5);
    says(w, "prepare 1");
    assert_int_equal(outstanding(w).held, 0);
    world_free(w);
}

static void a_run_that_sees_to_some_leaves_the_others_alone(void **state)
{
    struct world *w = world_make();
    struct cp_engine_options options = { .seed = 7, .now = w->now };
    struct cp_engine_delivery other;
    struct cp_scope only;
    struct cp_error err = { 0 };

    (void)state;
    assert_true(cp_scope_parse("p1", &only, &err));
    options.only = &only;
    cp_engine_free(w->engine);
    w->engine = cp_engine_create(&options, &err);
    assert_non_null(w->engine);
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    other = delivery(w, 2);
    other.post = "p2";
    load(w, other);
    says(w, "");
    assert_int_equal(why(w, 2), CP_WAIT_HELD);
    tick(w, SECONDS(7200)); /* past its send_by: neither sent nor given up */
    says(w, "");
    other = delivery(w, 1);
    other.post = "p1";
    load(w, other);
    says(w, "prepare 1");
    world_free(w);
}

static void a_hold_that_is_not_about_it_does_not_stop_it(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    hold(w, 5, "account:other", false);
    hold(w, 6, "campaign:other", false);
    load_new(w, 1);
    says(w, "prepare 1");
    world_free(w);
}

static void what_is_in_flight_meets_the_hold_at_the_gate(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    hold(w, 5, "account:a1", false);
    says(w, "");
    assert_int_equal(gate(w, 1), CP_WAIT_HELD);
    stopped(w, 1, CP_WAIT_HELD);
    says(w, "commit 1 in_flight>planned");
    assert_int_equal(action(w, CP_DO_COMMIT)->change.not_before_us, 0);
    ok(w, 1);
    says(w, "");
    release(w, 5);
    says(w, "prepare 1"); /* no back-off: nothing had failed */
    world_free(w);
}

static void a_hold_during_the_commit_is_met_at_the_gate(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    ready(w, 1, 1);
    hold(w, 5, "all", false);
    says(w, "");
    ok(w, 1);
    says(w, "publish 1");
    assert_int_equal(gate(w, 1), CP_WAIT_HELD);
    world_free(w);
}

static void a_gate_that_says_no_against_the_engine_is_not_asked_in_a_loop(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    stopped(w, 1, CP_WAIT_HELD); /* nobody told the engine of it */
    ok(w, 1);
    says(w, "");
    assert_int_equal(why(w, 1), CP_WAIT_NOT_BEFORE);
    tick(w, SECONDS(2));
    says(w, "prepare 1");
    world_free(w);
}

static void every_hold_must_be_released(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    hold(w, 5, "all", false);
    hold(w, 6, "c/p", false);
    load_new(w, 1);
    release(w, 5);
    says(w, "");
    release(w, 6);
    says(w, "prepare 1");
    world_free(w);
}

static void what_is_not_due_is_not_counted_as_held(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);

    (void)state;
    hold(w, 5, "all", false);
    d.due_us += SECONDS(60);
    load(w, d);
    assert_int_equal(outstanding(w).held, 0);
    tick(w, SECONDS(60));
    assert_int_equal(outstanding(w).held, 1);
    world_free(w);
}

static void after_a_long_hold_overdue_ones_go_one_by_one(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    hold(w, 5, "all", false);
    for (int64_t row = 1; row <= 3; row++) {
        struct cp_engine_delivery d = delivery(w, row);

        d.send_by_us += CP_HOUR - row; /* the last one's deadline is the first */
        load(w, d);
    }
    pass(w, CP_HOUR / 2);
    release(w, 5);
    says(w, "prepare 3");
    to_seen(w, 3);
    says(w, "forget 3");
    assert_int_equal(why(w, 1), CP_WAIT_OVERDUE);
    assert_int_equal(outstanding(w).plan_waiting, 2);
    assert_int_equal(plan_wake(w), w->now.plan_us + 5 * CP_MINUTE);
    load_new(w, 4); /* what is on time goes before */
    says(w, "prepare 4");
    to_seen(w, 4);
    tick(w, 5 * CP_MINUTE - 1);
    says(w, "");
    tick(w, 1);
    says(w, "prepare 2");
    world_free(w);
}

static void a_short_hold_makes_nothing_overdue(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    hold(w, 5, "all", false);
    load_new(w, 1);
    load_new(w, 2);
    pass(w, SECONDS(50));
    release(w, 5);
    says(w, "prepare 1");
    to_seen(w, 1);
    says(w, "forget 1");
    assert_int_equal(why(w, 2), CP_WAIT_NOTHING);
    world_free(w);
}

static void a_hold_after_our_own_throttle_makes_nothing_overdue(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.limits.spacing_us = 10 * CP_MINUTE;
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    load_new(w, 1);
    load_new(w, 2);
    to_seen(w, 1);
    tick(w, 5 * CP_MINUTE);
    hold(w, 5, "all", false); /* when it could have gone but for the spacing */
    pass(w, 6 * CP_MINUTE);
    release(w, 5);
    says(w, "prepare 2");
    to_publish(w, 2);
    assert_int_equal(why(w, 2), CP_WAIT_NOTHING);
    world_free(w);
}

/* ---- the clock ----------------------------------------------------------------------------- */

static void set_clock(struct world *w, int64_t by)
{
    w->now.wall_us += by;
    w->now.plan_us += by;
}

static void a_changed_clock_stops_everything_until_a_server_agrees(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_event good = { .kind = CP_EV_WHO,
                                    .number = 1,
                                    .verdict = CP_VERDICT_ACCEPTED,
                                    .remote_id = "id-1",
                                    .limits = w->account.limits };

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    set_clock(w, SECONDS(121));
    assert_int_equal(gate(w, 1), CP_WAIT_CLOCK); /* before any step */
    tick(w, 0);
    says(w, "hold all !; who 1");
    assert_int_equal(gate(w, 1), CP_WAIT_CLOCK);
    stopped(w, 1, CP_WAIT_CLOCK);
    ok(w, 1);
    says(w, "");
    tell(w, (struct cp_engine_event){ .kind = CP_EV_HOLD,
                                      .row = 7,
                                      .scope = &(struct cp_scope){ .kind = CP_SCOPE_ALL },
                                      .own = true,
                                      .reason = "the clock was changed by 121 s" });
    assert_int_equal(why(w, 1), CP_WAIT_HELD);
    good.date_us = w->now.wall_us - SECONDS(100);
    tell(w, good);
    assert_int_equal(action(w, CP_DO_END_HOLD)->row, 7);
    release(w, 7);
    says(w, "prepare 1");
    world_free(w);
}

static void a_small_correction_and_a_sleep_are_no_change_of_the_clock(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    set_clock(w, SECONDS(119));
    tick(w, 0);
    says(w, "");
    pass(w, 30 * CP_DAY); /* boot time counts on */
    load_new(w, 1);
    says(w, "prepare 1");
    world_free(w);
}

static void nothing_expires_while_the_clock_is_wrong(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_scope all = { .kind = CP_SCOPE_ALL };

    (void)state;
    hold(w, 3, "campaign:c", false);
    load_new(w, 1);
    set_clock(w, 2 * CP_HOUR);
    tick(w, 0);
    says(w, "hold all !; who 1");
    tell(w, (struct cp_engine_event){ .kind = CP_EV_HOLD,
                                      .row = 7,
                                      .scope = &all,
                                      .own = true,
                                      .reason = "the clock was changed by 7200 s" });
    tick(w, CP_MINUTE);
    says(w, "");
    release(w, 7); /* a person says that it is right */
    says(w, "commit 1 planned>expired !");
    world_free(w);
}

static void a_server_with_another_time_stops_everything(void **state)
{
    struct world *w = world_make();

    (void)state;
    account(w);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_WHO,
                                      .number = 1,
                                      .verdict = CP_VERDICT_ACCEPTED,
                                      .remote_id = "id-1",
                                      .date_us = w->now.wall_us + SECONDS(121) });
    says(w, "bind 1; hold all !");
    load_new(w, 1);
    says(w, "");
    assert_int_equal(why(w, 1), CP_WAIT_CLOCK);
    tick(w, 15 * CP_MINUTE); /* asked again by itself */
    says(w, "who 1");
    world_free(w);
}

static void a_hold_of_the_clock_that_came_too_late_ends_at_once(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_scope all = { .kind = CP_SCOPE_ALL };

    (void)state;
    set_clock(w, CP_HOUR);
    tick(w, 0);
    says(w, "hold all !; who 1");
    tell(w, (struct cp_engine_event){ .kind = CP_EV_WHO,
                                      .number = 1,
                                      .verdict = CP_VERDICT_ACCEPTED,
                                      .remote_id = "id-1",
                                      .date_us = w->now.wall_us });
    says(w, "bind 1");
    tell(w, (struct cp_engine_event){ .kind = CP_EV_HOLD, .row = 7, .scope = &all, .own = true });
    says(w, "end hold 7");
    world_free(w);
}

static void a_clock_behind_the_ledger_is_not_trusted(void **state)
{
    static const struct {
        int64_t ahead;
        enum cp_wait wait;
    } rows[] = { { SECONDS(120), CP_WAIT_NOTHING }, { SECONDS(121), CP_WAIT_CLOCK } };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_make();

        world_create_engine(w, w->now.wall_us + rows[i].ahead);
        account(w);
        who(w, 1, CP_VERDICT_ACCEPTED);
        load_new(w, 1);
        assert_int_equal(why(w, 1), rows[i].wait);
        world_free(w);
    }
}

static void the_clock_hold_of_an_earlier_run_still_stands(void **state)
{
    struct world *w = world_make();
    struct cp_scope all = { .kind = CP_SCOPE_ALL };

    (void)state;
    tell(w, (struct cp_engine_event){ .kind = CP_EV_HOLD,
                                      .row = 7,
                                      .scope = &all,
                                      .own = true,
                                      .reason = "the clock was changed by 500 s" });
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED); /* says nothing of the time */
    says(w, "bind 1");
    load_new(w, 1);
    says(w, "");
    tell(w, (struct cp_engine_event){ .kind = CP_EV_WHO,
                                      .number = 1,
                                      .verdict = CP_VERDICT_ACCEPTED,
                                      .remote_id = "id-1",
                                      .date_us = w->now.wall_us });
    says(w, "bind 1; end hold 7");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_ends_preparation_at_once),
        cmocka_unit_test(a_run_that_sees_to_some_leaves_the_others_alone),
        cmocka_unit_test(a_hold_that_is_not_about_it_does_not_stop_it),
        cmocka_unit_test(what_is_in_flight_meets_the_hold_at_the_gate),
        cmocka_unit_test(a_hold_during_the_commit_is_met_at_the_gate),
        cmocka_unit_test(a_gate_that_says_no_against_the_engine_is_not_asked_in_a_loop),
        cmocka_unit_test(every_hold_must_be_released),
        cmocka_unit_test(what_is_not_due_is_not_counted_as_held),
        cmocka_unit_test(after_a_long_hold_overdue_ones_go_one_by_one),
        cmocka_unit_test(a_short_hold_makes_nothing_overdue),
        cmocka_unit_test(a_hold_after_our_own_throttle_makes_nothing_overdue),
        cmocka_unit_test(a_changed_clock_stops_everything_until_a_server_agrees),
        cmocka_unit_test(a_small_correction_and_a_sleep_are_no_change_of_the_clock),
        cmocka_unit_test(nothing_expires_while_the_clock_is_wrong),
        cmocka_unit_test(a_server_with_another_time_stops_everything),
        cmocka_unit_test(a_hold_of_the_clock_that_came_too_late_ends_at_once),
        cmocka_unit_test(a_clock_behind_the_ledger_is_not_trusted),
        cmocka_unit_test(the_clock_hold_of_an_earlier_run_still_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
