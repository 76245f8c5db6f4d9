/* tests/engine/test_restart.c - what is found in the ledger at the start. */
#include "harness.h"

static void each_state_goes_on_after_a_restart(void **state)
{
    static const struct {
        enum cp_part_state found;
        const char *said;
    } rows[] = {
        { CP_PLANNED, "prepare 1" },
        { CP_IN_FLIGHT, "commit 1 in_flight>verify" },
        { CP_VERIFY, "" },
        { CP_UNCERTAIN, "forget 1" },
        { CP_PUBLISHED, "read back 1" },
        { CP_REJECTED, "forget 1" },
        { CP_EXPIRED, "forget 1" },
        { CP_CANCELLED, "forget 1" },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_with(CP_GUARANTEE_LOOKUP);

        load_in(w, 1, rows[i].found, SECONDS(10));
        says(w, rows[i].said);
        assert_int_not_equal(gate(w, 1), CP_WAIT_NOTHING);
        world_free(w);
    }
}

static void an_interrupted_try_is_read_when_what_remains_has_settled(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_in(w, 1, CP_IN_FLIGHT, SECONDS(45));
    assert_string_equal(action(w, CP_DO_COMMIT)->change.reason,
                        "the service ended while it was on its way");
    ok(w, 1);
    says(w, "");
    tick(w, SECONDS(15) - 1);
    says(w, "");
    tick(w, 1);
    says(w, "look up 1");
    looked(w, 1, CP_VERDICT_ABSENT);
    tick(w, SECONDS(30));
    says(w, "look up 1"); /* reads begin anew: two of them, here and now */
    looked(w, 1, CP_VERDICT_ABSENT);
    says(w, "commit 1 verify>planned +1");
    world_free(w);
}

static void an_age_that_can_not_be_known_counts_as_nothing(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_in(w, 1, CP_VERIFY, -CP_HOUR); /* a try in the future */
    tick(w, SECONDS(60) - 1);
    says(w, "");
    tick(w, 1);
    says(w, "look up 1");
    world_free(w);
}

static void an_unseen_post_is_read_once_and_never_sent_again(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_in(w, 1, CP_PUBLISHED, CP_HOUR);
    says(w, "read back 1");
    looked(w, 1, CP_VERDICT_ABSENT);
    says(w, "commit 1 reason !");
    ok(w, 1);
    says(w, "forget 1");
    world_free(w);
}

static void not_before_is_kept_over_a_restart_for_a_day_at_most(void **state)
{
    static const struct {
        int64_t wait, expected;
    } rows[] = { { SECONDS(50), SECONDS(50) }, { 9 * CP_DAY, CP_DAY } };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_with(CP_GUARANTEE_LOOKUP);
        struct cp_engine_delivery d = delivery(w, 1);
        struct cp_engine_part part = planned();

        part.not_before_us = w->now.wall_us + rows[i].wait;
        d.send_by_us = CP_NEVER;
        d.parts = &part;
        d.part_count = 1;
        load(w, d);
        says(w, "");
        assert_int_equal(why(w, 1), CP_WAIT_NOT_BEFORE);
        assert_int_equal(boot_wake(w), w->now.boot_us + rows[i].expected);
        world_free(w);
    }
}

static void an_open_part_of_an_account_that_has_left_is_a_persons(void **state)
{
    struct world *w = world_make();

    (void)state;
    load_in(w, 1, CP_IN_FLIGHT, SECONDS(10));
    says(w, "commit 1 in_flight>uncertain !");
    load_in(w, 2, CP_VERIFY, SECONDS(10));
    says(w, "commit 2 verify>uncertain !");
    load_new(w, 3);
    says(w, "forget 3");
    world_free(w);
}

static void a_thread_goes_on_where_it_stopped(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery d = delivery(w, 1);
    struct cp_engine_part parts[] = { { .state = CP_PUBLISHED, .text_hash = 1, .seen = true },
                                      { .state = CP_PLANNED, .text_hash = 2 } };

    (void)state;
    d.due_us -= 3 * CP_HOUR;
    d.send_by_us = d.due_us + CP_HOUR;
    d.parts = parts;
    d.part_count = 2;
    load(w, d);
    says(w, "prepare 1#2");
    world_free(w);
}

static void two_equal_texts_in_doubt_keep_a_third_back(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_part part = { .state = CP_VERIFY, .text_hash = 9 };

    (void)state;
    for (int64_t row = 1; row <= 3; row++) {
        struct cp_engine_delivery d = delivery(w, row);

        part.state = row < 3 ? CP_VERIFY : CP_PLANNED;
        part.attempt_us = w->now.wall_us - CP_MINUTE;
        d.parts = &part;
        d.part_count = 1;
        load(w, d);
    }
    assert_int_equal(why(w, 3), CP_WAIT_TWIN);
    looked(w, 1, CP_VERDICT_DIFFERENT);
    ok(w, 1);
    assert_int_equal(why(w, 3), CP_WAIT_TWIN);
    looked(w, 2, CP_VERDICT_DIFFERENT);
    ok(w, 2);
    says(w, "forget 2; prepare 3");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_goes_on_after_a_restart),
        cmocka_unit_test(an_interrupted_try_is_read_when_what_remains_has_settled),
        cmocka_unit_test(an_age_that_can_not_be_known_counts_as_nothing),
        cmocka_unit_test(an_unseen_post_is_read_once_and_never_sent_again),
        cmocka_unit_test(not_before_is_kept_over_a_restart_for_a_day_at_most),
        cmocka_unit_test(an_open_part_of_an_account_that_has_left_is_a_persons),
        cmocka_unit_test(a_thread_goes_on_where_it_stopped),
        cmocka_unit_test(two_equal_texts_in_doubt_keep_a_third_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
