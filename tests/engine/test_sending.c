/* tests/engine/test_sending.c - the way of a post, its deadline, threads, decisions. */
#include "harness.h"

static void a_post_goes_from_claim_to_seen_and_is_forgotten(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    says(w, "prepare 1");
    ready(w, 1, 1);
    says(w, "commit 1 planned>in_flight");
    assert_int_equal(gate(w, 1), CP_WAIT_UNWANTED); /* not durable yet */
    ok(w, 1);
    says(w, "publish 1");
    assert_int_equal(gate(w, 1), CP_WAIT_NOTHING);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 in_flight>published");
    assert_string_equal(action(w, CP_DO_COMMIT)->change.remote_id, "remote");
    assert_int_equal(outstanding(w).open, 1);
    ok(w, 1);
    says(w, "read back 1");
    assert_int_equal(outstanding(w).unseen, 1);
    looked(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 seen");
    ok(w, 1);
    says(w, "forget 1");
    assert_int_equal(outstanding(w).unseen + outstanding(w).open + outstanding(w).preparing, 0);
    world_free(w);
}

static void a_repeated_message_publishes_nothing_twice(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    ok(w, 1);
    says(w, "");
    ready(w, 1, 1);
    says(w, "");
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    says(w, "");
    world_free(w);
}

static void an_account_sends_one_post_at_a_time(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    load_new(w, 2);
    says(w, "");
    assert_int_equal(why(w, 2), CP_WAIT_BUSY);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 in_flight>published"); /* and no claim before that is durable */
    ok(w, 1);
    says(w, "read back 1; prepare 2");
    world_free(w);
}

static void nothing_goes_before_it_is_due(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);

    (void)state;
    d.due_us += SECONDS(10);
    load(w, d);
    says(w, "");
    assert_int_equal(why(w, 1), CP_WAIT_NOT_DUE);
    assert_int_equal(plan_wake(w), d.due_us);
    tick(w, SECONDS(10) - 1);
    says(w, "");
    tick(w, 1);
    says(w, "prepare 1");
    world_free(w);
}

static void a_post_past_its_deadline_expires_with_a_notice(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    hold(w, 9, "all", false);
    load_new(w, 1);
    assert_int_equal(why(w, 1), CP_WAIT_HELD);
    tick(w, CP_HOUR - 1);
    says(w, "");
    tick(w, 1); /* also one that is held */
    says(w, "commit 1 planned>expired !");
    ok(w, 1);
    says(w, "forget 1");
    world_free(w);
}

static void a_deadline_ends_preparation_and_stops_at_the_gate(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    tick(w, CP_HOUR);
    says(w, "abort 1; commit 1 planned>expired !");
    not_ready(w, 1, CP_VERDICT_RETRY);
    ok(w, 1);
    says(w, "forget 1");
    load_new(w, 2);
    to_publish(w, 2);
    pass(w, CP_HOUR);
    assert_int_equal(gate(w, 2), CP_WAIT_SEND_BY);
    stopped(w, 2, CP_WAIT_SEND_BY);
    says(w, "commit 2 in_flight>planned");
    ok(w, 2);
    says(w, "commit 2 planned>expired !");
    world_free(w);
}

static void late_and_standby_wait_for_a_release_and_never_expire(void **state)
{
    static const struct {
        bool standby;
        enum cp_wait wait;
    } rows[] = { { true, CP_WAIT_STANDBY }, { false, CP_WAIT_LATE } };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_with(CP_GUARANTEE_LOOKUP);
        struct cp_engine_delivery d = delivery(w, 1);

        d.standby = rows[i].standby;
        d.first_seen_us = rows[i].standby ? d.first_seen_us : d.due_us + 1;
        load(w, d);
        tick(w, CP_DAY);
        says(w, "");
        assert_int_equal(why(w, 1), rows[i].wait);
        assert_int_equal(outstanding(w).held, 1);
        d = delivery(w, 1); /* released: due now */
        d.standby = rows[i].standby;
        d.released = true;
        d.revision = 1;
        d.first_seen_us = d.due_us;
        load(w, d);
        says(w, "prepare 1");
        world_free(w);
    }
}

static void what_is_edited_while_it_is_prepared_is_prepared_anew(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);

    (void)state;
    load(w, d);
    d.revision = 5;
    load(w, d);
    says(w, "abort 1");
    ready(w, 1, 1); /* crossed the order to abort */
    says(w, "");
    not_ready(w, 1, CP_VERDICT_RETRY);
    says(w, "prepare 1");
    ready(w, 1, 1);
    assert_int_equal(action(w, CP_DO_COMMIT)->change.revision, 5);
    world_free(w);
}

static void what_is_no_longer_wanted_does_not_go(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);
    struct cp_engine_part part = { .state = CP_IN_FLIGHT, .text_hash = 1 };

    (void)state;
    load(w, d);
    to_publish(w, 1);
    d.wanted = false;
    d.revision = 2;
    d.parts = &part;
    d.part_count = 1;
    load(w, d);
    assert_int_equal(gate(w, 1), CP_WAIT_UNWANTED);
    stopped(w, 1, CP_WAIT_UNWANTED);
    says(w, "commit 1 in_flight>planned");
    ok(w, 1);
    says(w, "forget 1");
    world_free(w);
}

static void a_stale_commit_is_followed_by_what_the_ledger_says(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);

    (void)state;
    load(w, d);
    ready(w, 1, 1);
    committed(w, 1, 1, CP_COMMIT_STALE);
    says(w, ""); /* above all no publish, and no claim of what it believes */
    tick(w, SECONDS(30));
    says(w, "");
    d.revision = 7;
    load(w, d);
    says(w, "prepare 1");
    world_free(w);
}

static void a_thread_goes_in_order_and_past_its_deadline(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);
    struct cp_engine_delivery d = delivery(w, 1);
    struct cp_engine_part parts[] = { { .state = CP_PLANNED, .text_hash = 1 },
                                      { .state = CP_PLANNED, .text_hash = 2 } };

    (void)state;
    d.parts = parts;
    d.part_count = 2;
    load(w, d);
    says(w, "prepare 1");
    to_publish(w, 1);
    pass(w, 2 * CP_HOUR);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    ok(w, 1);
    says(w, "read back 1; prepare 1#2"); /* published is enough, seen is not asked for */
    ready(w, 1, 2);
    says(w, "commit 1#2 planned>in_flight");
    committed(w, 1, 2, CP_COMMIT_APPLIED);
    says(w, "publish 1#2");
    assert_int_equal(cp_engine_gate(w->engine, 1, 2, &w->now), CP_WAIT_NOTHING);
    replied(w, 1, 2, CP_VERDICT_ACCEPTED);
    committed(w, 1, 2, CP_COMMIT_APPLIED);
    says(w, ""); /* one look-up at a time */
    looked(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 seen; read back 1#2");
    world_free(w);
}

static void the_rest_of_a_thread_waits_for_nobody_when_its_parent_failed(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);
    struct cp_engine_delivery d = delivery(w, 1);
    struct cp_engine_part parts[] = { { .state = CP_PLANNED, .text_hash = 1 },
                                      { .state = CP_PLANNED, .text_hash = 2 } };

    (void)state;
    d.parts = parts;
    d.part_count = 2;
    load(w, d);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_REJECTED);
    says(w, "commit 1 in_flight>rejected !");
    ok(w, 1);
    says(w, "forget 1");
    parts[0].state = CP_REJECTED;
    decide(w, d, CP_DECIDE_RETRY);
    says(w, "commit 1 rejected>planned");
    ok(w, 1);
    says(w, "prepare 1");
    world_free(w);
}

static void what_an_answer_means_decides_what_follows(void **state)
{
    static const struct {
        enum cp_verdict_kind verdict;
        const char *said;
    } rows[] = {
        { CP_VERDICT_ACCEPTED, "commit 1 in_flight>published" },
        { CP_VERDICT_RETRY, "commit 1 in_flight>planned" },
        { CP_VERDICT_REJECTED, "commit 1 in_flight>rejected !" },
        { CP_VERDICT_UNKNOWN, "commit 1 in_flight>verify" },
        { CP_VERDICT_ABSENT, "commit 1 in_flight>verify" },
        { CP_VERDICT_DIFFERENT, "commit 1 in_flight>verify" },
        { CP_VERDICT_REAUTHENTICATE, "hold account:a1 !; commit 1 in_flight>planned" },
        { CP_VERDICT_MISCONFIGURED, "hold account:a1 !; commit 1 in_flight>planned" },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_with(CP_GUARANTEE_LOOKUP);

        load_new(w, 1);
        to_publish(w, 1);
        replied(w, 1, 1, rows[i].verdict);
        says(w, rows[i].said);
        world_free(w);
    }
}

static void accepted_without_a_name_is_doubt(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    tell(w, (struct cp_engine_event){
                .kind = CP_EV_OUTCOME, .row = 1, .part = 1, .acted = CP_ACTED_REPLIED });
    says(w, "commit 1 in_flight>verify");
    world_free(w);
}

static void a_refused_upload_is_rejected_and_the_account_goes_on(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    load_new(w, 2);
    not_ready(w, 1, CP_VERDICT_REJECTED);
    says(w, "commit 1 planned>rejected !; prepare 2");
    world_free(w);
}

static void a_person_decides_only_what_fits(void **state)
{
    static const struct {
        enum cp_part_state from;
        enum cp_decision decision;
        const char *said;
    } rows[] = {
        { CP_REJECTED, CP_DECIDE_RETRY, "commit 1 rejected>planned" },
        { CP_EXPIRED, CP_DECIDE_RETRY, "commit 1 expired>planned" },
        { CP_UNCERTAIN, CP_DECIDE_CANCEL, "commit 1 uncertain>cancelled" },
        { CP_UNCERTAIN, CP_DECIDE_PUBLISHED, "commit 1 uncertain>published" },
        { CP_UNCERTAIN, CP_DECIDE_ABSENT, "commit 1 uncertain>planned +1" },
        { CP_UNCERTAIN, CP_DECIDE_GIVE_UP, "commit 1 uncertain>cancelled" },
        { CP_UNCERTAIN, CP_DECIDE_RETRY, "forget 1" },
        { CP_EXPIRED, CP_DECIDE_GIVE_UP, "forget 1" },
        { CP_REJECTED, CP_DECIDE_CANCEL, "forget 1" },
        { CP_REJECTED, CP_DECIDE_ABSENT, "forget 1" },
        { CP_CANCELLED, CP_DECIDE_RETRY, "forget 1" },
        { CP_EXPIRED, CP_DECIDE_PUBLISHED, "forget 1" },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_with(CP_GUARANTEE_LOOKUP);
        struct cp_engine_delivery d = delivery(w, 1);
        struct cp_engine_part part = { .state = rows[i].from };

        d.parts = &part;
        d.part_count = 1;
        decide(w, d, rows[i].decision);
        says(w, rows[i].said);
        if (w->actions.items[0].kind == CP_DO_COMMIT)
            assert_string_equal(w->actions.items[0].change.by, "ann");
        world_free(w);
    }
}

static void a_retry_needs_a_deadline_that_is_still_to_come(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);
    struct cp_engine_part part = { .state = CP_EXPIRED };

    (void)state;
    d.parts = &part;
    d.part_count = 1;
    d.send_by_us = w->now.plan_us;
    decide(w, d, CP_DECIDE_RETRY);
    says(w, "forget 1");
    d.send_by_us = w->now.plan_us + CP_SECOND;
    decide(w, d, CP_DECIDE_RETRY);
    says(w, "commit 1 expired>planned");
    world_free(w);
}

static void what_is_prepared_can_be_cancelled_and_what_is_out_can_not(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery none = { .row = 1 };

    (void)state;
    load_new(w, 1);
    decide(w, none, CP_DECIDE_CANCEL);
    says(w, "abort 1; commit 1 planned>cancelled");
    ok(w, 1);
    says(w, ""); /* its preparation has not ended yet */
    not_ready(w, 1, CP_VERDICT_RETRY);
    says(w, "forget 1");
    load_new(w, 2);
    to_publish(w, 2);
    none.row = 2;
    decide(w, none, CP_DECIDE_CANCEL);
    says(w, "");
    world_free(w);
}

static void stopping_begins_nothing_new_and_lets_open_ones_settle(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    load_new(w, 2);
    to_publish(w, 1);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_STOP });
    says(w, "");
    assert_int_equal(gate(w, 1), CP_WAIT_STOPPING);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 in_flight>published");
    ok(w, 1);
    says(w, ""); /* no read-back, no next one */
    world_free(w);
}

static void a_failed_commit_ends_everything(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_COMMIT_FAILED });
    says(w, "abort 1");
    assert_int_equal(gate(w, 1), CP_WAIT_STOPPING);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    says(w, "");
    load_new(w, 2);
    says(w, "");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_goes_from_claim_to_seen_and_is_forgotten),
        cmocka_unit_test(a_repeated_message_publishes_nothing_twice),
        cmocka_unit_test(an_account_sends_one_post_at_a_time),
        cmocka_unit_test(nothing_goes_before_it_is_due),
        cmocka_unit_test(a_post_past_its_deadline_expires_with_a_notice),
        cmocka_unit_test(a_deadline_ends_preparation_and_stops_at_the_gate),
        cmocka_unit_test(late_and_standby_wait_for_a_release_and_never_expire),
        cmocka_unit_test(what_is_edited_while_it_is_prepared_is_prepared_anew),
        cmocka_unit_test(what_is_no_longer_wanted_does_not_go),
        cmocka_unit_test(a_stale_commit_is_followed_by_what_the_ledger_says),
        cmocka_unit_test(a_thread_goes_in_order_and_past_its_deadline),
        cmocka_unit_test(the_rest_of_a_thread_waits_for_nobody_when_its_parent_failed),
        cmocka_unit_test(what_an_answer_means_decides_what_follows),
        cmocka_unit_test(accepted_without_a_name_is_doubt),
        cmocka_unit_test(a_refused_upload_is_rejected_and_the_account_goes_on),
        cmocka_unit_test(a_person_decides_only_what_fits),
        cmocka_unit_test(a_retry_needs_a_deadline_that_is_still_to_come),
        cmocka_unit_test(what_is_prepared_can_be_cancelled_and_what_is_out_can_not),
        cmocka_unit_test(stopping_begins_nothing_new_and_lets_open_ones_settle),
        cmocka_unit_test(a_failed_commit_ends_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
