/* tests/engine/test_throttles.c - server back-off, Retry-After, half-open; window, spacing, drip. */
#include "harness.h"

static void a_server_that_does_not_answer_is_tried_later_and_later(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);
    int64_t most = SECONDS(2), longest = 0;
    struct cp_engine_delivery d = delivery(w, 1);

    (void)state;
    d.send_by_us = CP_NEVER;
    load(w, d);
    for (int i = 0; i < 40; i++) {
        int64_t delay;

        to_publish(w, 1);
        no_server(w, 1);
        says(w, "commit 1 in_flight>planned");
        ok(w, 1);
        says(w, "");
        assert_int_equal(why(w, 1), CP_WAIT_SERVER);
        assert_int_equal(outstanding(w).waiting, 1);
        delay = boot_wake(w) - w->now.boot_us;
        assert_in_range(delay, 1, most);
        longest = delay > longest ? delay : longest;
        most = most * 2 > 15 * CP_MINUTE ? 15 * CP_MINUTE : most * 2;
        tick(w, delay - 1);
        says(w, "");
        tick(w, 1);
        says(w, "prepare 1");
    }
    assert_true(longest > 7 * CP_MINUTE); /* jitter over the whole span */
    world_free(w);
}

static void two_accounts(struct world *w)
{
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    w->account.number = 2;
    w->account.name = "a2";
    account(w);
    who(w, 2, CP_VERDICT_ACCEPTED);
}

static void load_for(struct world *w, int64_t row, uint32_t number)
{
    struct cp_engine_delivery d = delivery(w, row);

    d.account = number;
    load(w, d);
}

static void after_a_failure_only_one_request_tries_the_server(void **state)
{
    struct world *w = world_make();

    (void)state;
    two_accounts(w);
    load_for(w, 1, 1);
    load_for(w, 2, 2);
    says(w, "prepare 2"); /* healthy: side by side */
    to_publish(w, 1);
    no_server(w, 1);
    ok(w, 1);
    to_publish(w, 2);
    no_server(w, 2);
    ok(w, 2);
    tick(w, boot_wake(w) - w->now.boot_us);
    assert_int_equal(w->actions.count, 1); /* one of them */
    assert_int_equal(w->actions.items[0].kind, CP_DO_PREPARE);
    int64_t first = w->actions.items[0].row, second = 3 - first;
    assert_int_equal(why(w, second), CP_WAIT_SERVER);
    to_publish(w, first);
    assert_int_equal(why(w, second), CP_WAIT_SERVER);
    replied(w, first, 1, CP_VERDICT_ACCEPTED);
    assert_int_equal(action(w, CP_DO_PREPARE)->row, second); /* it lives */
    world_free(w);
}

static void a_server_of_its_own_is_not_slowed_by_another(void **state)
{
    struct world *w = world_make();

    (void)state;
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    w->account.number = w->account.server = 2;
    w->account.name = "a2";
    account(w);
    who(w, 2, CP_VERDICT_ACCEPTED);
    load_for(w, 1, 1);
    to_publish(w, 1);
    no_server(w, 1);
    load_for(w, 2, 2);
    says(w, "prepare 2");
    world_free(w);
}

static void too_many(struct world *w, int64_t row, int64_t not_before_us)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_OUTCOME,
                                      .row = row,
                                      .part = 1,
                                      .acted = CP_ACTED_REPLIED,
                                      .verdict = CP_VERDICT_RETRY,
                                      .throttled = true,
                                      .connected = true,
                                      .not_before_us = not_before_us });
}

static void too_many_requests_make_the_whole_server_wait(void **state)
{
    struct world *w = world_make();

    (void)state;
    two_accounts(w);
    load_for(w, 1, 1);
    to_publish(w, 1);
    too_many(w, 1, w->now.wall_us + SECONDS(90));
    says(w, "commit 1 in_flight>planned");
    assert_int_equal(action(w, CP_DO_COMMIT)->change.not_before_us, 0);
    ok(w, 1);
    load_for(w, 2, 2);
    says(w, "");
    assert_int_equal(why(w, 2), CP_WAIT_SERVER);
    assert_int_equal(boot_wake(w), w->now.boot_us + SECONDS(90));
    tick(w, SECONDS(90));
    assert_int_equal(w->actions.count, 2); /* it never failed: no half-open */
    world_free(w);
}

static void a_retry_after_is_believed_for_a_day_at_most(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    too_many(w, 1, w->now.wall_us + 10 * CP_DAY);
    ok(w, 1);
    assert_int_equal(boot_wake(w), w->now.boot_us + CP_DAY);
    world_free(w);
}

static void a_named_time_is_the_floor_of_a_retry(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    load_new(w, 2);
    to_publish(w, 1);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_OUTCOME,
                                      .row = 1,
                                      .part = 1,
                                      .acted = CP_ACTED_REPLIED,
                                      .connected = true,
                                      .verdict = CP_VERDICT_RETRY,
                                      .not_before_us = w->now.wall_us + SECONDS(70) });
    assert_int_equal(action(w, CP_DO_COMMIT)->change.not_before_us, w->now.wall_us + SECONDS(70));
    ok(w, 1);
    says(w, "prepare 2"); /* its own trouble, not the server's */
    assert_int_equal(why(w, 1), CP_WAIT_NOT_BEFORE);
    assert_int_equal(boot_wake(w), w->now.boot_us + SECONDS(70));
    world_free(w);
}

static void waits_are_measured_on_boot_time(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);
    struct cp_engine_delivery d = delivery(w, 1);
    struct cp_engine_part part = planned();

    (void)state;
    part.not_before_us = w->now.wall_us + SECONDS(100);
    d.parts = &part;
    d.part_count = 1;
    load(w, d);
    says(w, "");
    w->now.wall_us += SECONDS(110); /* a clock set a little changes no wait */
    tick(w, SECONDS(99));
    says(w, "");
    tick(w, SECONDS(1));
    says(w, "prepare 1");
    world_free(w);
}

static void spacing_is_kept_in_plan_time(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.limits.spacing_us = SECONDS(30);
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    load_new(w, 1);
    load_new(w, 2);
    to_seen(w, 1);
    says(w, "forget 1");
    assert_int_equal(why(w, 2), CP_WAIT_SPACING);
    assert_int_equal(outstanding(w).plan_waiting, 1);
    w->now.plan_us = plan_wake(w); /* plan time may jump */
    tick(w, 0);
    says(w, "prepare 2");
    world_free(w);
}

static void a_try_that_surely_did_nothing_uses_up_nothing(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.limits.spacing_us = CP_HOUR;
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    load_new(w, 1);
    load_new(w, 2);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_REJECTED);
    ok(w, 1);
    says(w, "forget 1; prepare 2");
    world_free(w);
}

static void no_more_posts_than_the_window_allows(void **state)
{
    struct world *w = world_make();
    int64_t recent[] = { START - SECONDS(50), START - SECONDS(20) };

    (void)state;
    w->account.limits.posts = 3;
    w->account.limits.per_us = SECONDS(60);
    w->account.recent_us = recent;
    w->account.recent_count = 2;
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    for (int64_t row = 1; row <= 4; row++)
        load_new(w, row);
    to_seen(w, 1); /* the third in this minute */
    says(w, "forget 1");
    assert_int_equal(why(w, 2), CP_WAIT_WINDOW);
    assert_int_equal(plan_wake(w), START + SECONDS(10));
    tick(w, SECONDS(10));
    says(w, "prepare 2");
    to_verify(w, 2); /* what is in doubt takes its place, too */
    assert_int_equal(why(w, 3), CP_WAIT_WINDOW);
    assert_int_equal(plan_wake(w), START + SECONDS(40));
    world_free(w);
}

static void after_an_outage_fifty_overdue_posts_drip(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    hold(w, 900, "all", false); /* so that all are there before the first goes */
    for (int64_t row = 1; row <= 50; row++) {
        struct cp_engine_delivery d = delivery(w, row);

        d.due_us -= 2 * CP_HOUR;
        d.send_by_us = w->now.plan_us + CP_DAY - row * CP_MINUTE;
        load(w, d);
    }
    release(w, 900);
    for (int64_t row = 50; row >= 1; row--) { /* the earliest deadline first */
        int64_t began = w->now.plan_us;

        assert_int_equal(action(w, CP_DO_PREPARE)->row, row);
        assert_int_equal(w->actions.count, 1);
        to_seen(w, row);
        if (row == 1)
            break;
        assert_int_equal(plan_wake(w), began + 5 * CP_MINUTE);
        tick(w, 5 * CP_MINUTE - 1);
        says(w, "");
        tick(w, 1);
    }
    world_free(w);
}

static void the_drip_is_as_the_account_says(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.limits.overdue_us = SECONDS(20);
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    for (int64_t row = 1; row <= 2; row++) {
        struct cp_engine_delivery d = delivery(w, row);

        d.due_us -= CP_HOUR / 2;
        load(w, d);
    }
    to_seen(w, 1);
    assert_int_equal(plan_wake(w), w->now.plan_us + SECONDS(20));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_does_not_answer_is_tried_later_and_later),
        cmocka_unit_test(after_a_failure_only_one_request_tries_the_server),
        cmocka_unit_test(a_server_of_its_own_is_not_slowed_by_another),
        cmocka_unit_test(too_many_requests_make_the_whole_server_wait),
        cmocka_unit_test(a_retry_after_is_believed_for_a_day_at_most),
        cmocka_unit_test(a_named_time_is_the_floor_of_a_retry),
        cmocka_unit_test(waits_are_measured_on_boot_time),
        cmocka_unit_test(spacing_is_kept_in_plan_time),
        cmocka_unit_test(a_try_that_surely_did_nothing_uses_up_nothing),
        cmocka_unit_test(no_more_posts_than_the_window_allows),
        cmocka_unit_test(after_an_outage_fifty_overdue_posts_drip),
        cmocka_unit_test(the_drip_is_as_the_account_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
