/* tests/engine/test_doubt.c - verify for every guarantee, twins, reading back. */
#include "harness.h"

#define SETTLE SECONDS(60)

static const struct {
    enum cp_guarantee guarantee;
    int64_t settle;
    int reads;
    const char *absent;
} table[] = {
    { CP_GUARANTEE_NATIVE, 0, 1, "commit 1 verify>planned" },
    { CP_GUARANTEE_WINDOW, SETTLE, 2, "commit 1 verify>planned" },
    { CP_GUARANTEE_LOOKUP, SETTLE, 2, "commit 1 verify>planned +1" },
};

static void absence_is_proven_as_each_guarantee_asks(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(table); i++) {
        struct world *w = world_with(table[i].guarantee);

        load_new(w, 1);
        to_verify(w, 1);
        if (table[i].settle) {
            says(w, "");
            tick(w, table[i].settle - 1);
            says(w, "");
            tick(w, 1);
        }
        says(w, "look up 1");
        looked(w, 1, CP_VERDICT_ABSENT);
        if (table[i].reads == 2) {
            says(w, "");
            tick(w, table[i].settle / 2 - 1);
            says(w, "");
            tick(w, 1);
            says(w, "look up 1");
            looked(w, 1, CP_VERDICT_ABSENT);
        }
        says(w, table[i].absent);
        assert_int_equal(action(w, CP_DO_COMMIT)->change.absences, 1);
        ok(w, 1);
        says(w, "prepare 1"); /* once more through claim and gate */
        world_free(w);
    }
}

static void what_is_found_is_published_and_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(table); i++) {
        struct world *w = world_with(table[i].guarantee);

        load_new(w, 1);
        to_verify(w, 1);
        tick(w, table[i].settle);
        looked(w, 1, CP_VERDICT_ACCEPTED);
        says(w, "commit 1 verify>published");
        assert_true(action(w, CP_DO_COMMIT)->change.seen);
        assert_string_equal(action(w, CP_DO_COMMIT)->change.remote_id, "remote");
        ok(w, 1);
        says(w, "forget 1");
        world_free(w);
    }
}

static void found_after_one_absence_is_found(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    tick(w, SETTLE);
    looked(w, 1, CP_VERDICT_ABSENT);
    tick(w, SETTLE / 2);
    looked(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 verify>published");
    world_free(w);
}

static void without_a_look_up_doubt_is_a_persons(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = world_make();

        w->account.guarantee = i ? CP_GUARANTEE_NONE : CP_GUARANTEE_LOOKUP;
        w->account.can_look_up = i;
        account(w);
        who(w, 1, CP_VERDICT_ACCEPTED);
        load_new(w, 1);
        to_verify(w, 1);
        says(w, "commit 1 verify>uncertain !");
        ok(w, 1);
        says(w, "forget 1");
        world_free(w);
    }
}

static void without_a_look_up_nothing_is_read_back(void **state)
{
    struct world *w = world_make();

    (void)state;
    w->account.can_look_up = false;
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    ok(w, 1);
    says(w, "forget 1");
    assert_int_equal(outstanding(w).unseen, 0);
    world_free(w);
}

static void the_settle_time_follows_from_what_is_known(void **state)
{
    static const struct {
        int64_t settle, timeout, expected;
    } rows[] = {
        { -1, SECONDS(20), SECONDS(60) },
        { -1, SECONDS(100), SECONDS(200) },
        { SECONDS(3), SECONDS(100), SECONDS(3) },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct world *w = world_make();

        w->account.limits.settle_us = rows[i].settle;
        w->account.request_timeout_us = rows[i].timeout;
        account(w);
        who(w, 1, CP_VERDICT_ACCEPTED);
        load_new(w, 1);
        to_publish(w, 1);
        pass(w, SECONDS(1)); /* it counts from the try, not from the doubt */
        unclear(w, 1);
        ok(w, 1);
        tick(w, rows[i].expected - SECONDS(1) - 1);
        says(w, "");
        tick(w, 1);
        says(w, "look up 1");
        world_free(w);
    }
}

static void a_server_that_shows_posts_late_is_given_three_times_as_long(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    ok(w, 1);
    for (int i = 0; i < 3; i++) {
        looked(w, 1, CP_VERDICT_ABSENT);
        tick(w, i == 0 ? SECONDS(2) : i == 1 ? SECONDS(8) : SECONDS(50));
    }
    says(w, "read back 1");
    looked(w, 1, CP_VERDICT_ACCEPTED); /* 60 s after the ok */
    ok(w, 1);
    load_new(w, 2);
    to_verify(w, 2);
    tick(w, SECONDS(180) - 1);
    says(w, "");
    tick(w, 1);
    says(w, "look up 2");
    world_free(w);
}

static void an_unclear_read_is_repeated_later_and_later(void **state)
{
    static const int64_t delays[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    for (size_t i = 0; i < CP_COUNT(delays); i++) {
        looked(w, 1, CP_VERDICT_UNKNOWN);
        says(w, "");
        tick(w, SECONDS(delays[i]) - 1);
        says(w, "");
        tick(w, 1);
        says(w, "look up 1");
    }
    world_free(w);
}

static void what_fits_badly_is_a_persons(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    looked(w, 1, CP_VERDICT_DIFFERENT);
    says(w, "commit 1 verify>uncertain !");
    world_free(w);
}

static void the_third_absence_is_a_persons(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    for (int i = 0; i < 2; i++) {
        to_verify(w, 1);
        looked(w, 1, CP_VERDICT_ABSENT);
        says(w, "commit 1 verify>planned");
        ok(w, 1);
    }
    to_verify(w, 1);
    looked(w, 1, CP_VERDICT_ABSENT);
    says(w, "commit 1 verify>uncertain !");
    world_free(w);
}

static void absent_and_past_its_deadline_is_expired(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    pass(w, 2 * CP_HOUR);
    looked(w, 1, CP_VERDICT_ABSENT);
    says(w, "commit 1 verify>expired !; notice");
    world_free(w);
}

static void an_hour_of_doubt_is_one_notice(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    int notices = 0;

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    for (int minute = 0; minute < 180; minute++) {
        tick(w, CP_MINUTE);
        for (size_t i = 0; i < w->actions.count; i++) {
            notices += w->actions.items[i].kind == CP_DO_NOTICE;
            if (w->actions.items[i].kind == CP_DO_NOTICE)
                assert_in_range(minute, 59, 60);
        }
        looked(w, 1, CP_VERDICT_UNKNOWN);
    }
    assert_int_equal(notices, 1);
    world_free(w);
}

static void holds_stop_no_reading(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    hold(w, 3, "all", false);
    unclear(w, 1);
    ok(w, 1);
    says(w, "look up 1");
    looked(w, 1, CP_VERDICT_ABSENT);
    ok(w, 1);
    says(w, ""); /* planned, and held */
    world_free(w);
}

static void others_go_on_during_doubt_but_for_an_equal_text(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery twin;
    struct cp_engine_part part = { .state = CP_PLANNED, .text_hash = 1 };

    (void)state;
    load_new(w, 1);
    twin = delivery(w, 2);
    twin.parts = &part;
    twin.part_count = 1;
    load(w, twin);
    load_new(w, 3);
    to_verify(w, 1);
    says(w, "prepare 3");
    assert_int_equal(why(w, 2), CP_WAIT_TWIN);
    assert_true(outstanding(w).waiting >= 1);
    to_seen(w, 3);
    tick(w, SETTLE);
    looked(w, 1, CP_VERDICT_ACCEPTED);
    says(w, "commit 1 verify>published");
    ok(w, 1);
    says(w, "forget 1; prepare 2");
    world_free(w);
}

static void an_equal_text_on_another_account_is_no_twin(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);
    struct cp_engine_delivery other;
    struct cp_engine_part part = { .state = CP_PLANNED, .text_hash = 1 };

    (void)state;
    w->account.number = 2;
    w->account.name = "a2";
    account(w);
    who(w, 2, CP_VERDICT_ACCEPTED);
    load_new(w, 1);
    to_verify(w, 1);
    other = delivery(w, 2);
    other.account = 2;
    other.parts = &part;
    other.part_count = 1;
    load(w, other);
    says(w, "prepare 2");
    world_free(w);
}

static void a_remote_post_that_is_anothers_is_a_persons(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    load_new(w, 1);
    to_verify(w, 1);
    looked(w, 1, CP_VERDICT_ACCEPTED);
    committed(w, 1, 1, CP_COMMIT_BOUND);
    says(w, "notice; forget 1");
    assert_int_equal(outstanding(w).open, 0);
    world_free(w);
}

static void a_post_that_is_not_there_is_a_notice_after_five_reads(void **state)
{
    static const int64_t gaps[] = { 2, 8, 50, 240 };
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    ok(w, 1);
    says(w, "read back 1");
    for (size_t i = 0; i < CP_COUNT(gaps); i++) {
        looked(w, 1, CP_VERDICT_ABSENT);
        says(w, "");
        tick(w, SECONDS(gaps[i]) - 1);
        says(w, "");
        tick(w, 1);
        says(w, "read back 1");
    }
    looked(w, 1, CP_VERDICT_ABSENT);
    says(w, "commit 1 reason !");
    assert_false(action(w, CP_DO_COMMIT)->change.seen);
    ok(w, 1);
    says(w, "forget 1");
    assert_int_equal(outstanding(w).unseen, 0);
    world_free(w);
}

static void a_post_that_differs_is_seen_with_a_notice(void **state)
{
    struct world *w = world_with(CP_GUARANTEE_LOOKUP);

    (void)state;
    load_new(w, 1);
    to_publish(w, 1);
    replied(w, 1, 1, CP_VERDICT_ACCEPTED);
    ok(w, 1);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_LOOKED_UP,
                                      .row = 1,
                                      .part = 1,
                                      .remote_id = "remote",
                                      .difference = "one picture is missing" });
    says(w, "commit 1 seen !");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absence_is_proven_as_each_guarantee_asks),
        cmocka_unit_test(what_is_found_is_published_and_seen),
        cmocka_unit_test(found_after_one_absence_is_found),
        cmocka_unit_test(without_a_look_up_doubt_is_a_persons),
        cmocka_unit_test(without_a_look_up_nothing_is_read_back),
        cmocka_unit_test(the_settle_time_follows_from_what_is_known),
        cmocka_unit_test(a_server_that_shows_posts_late_is_given_three_times_as_long),
        cmocka_unit_test(an_unclear_read_is_repeated_later_and_later),
        cmocka_unit_test(what_fits_badly_is_a_persons),
        cmocka_unit_test(the_third_absence_is_a_persons),
        cmocka_unit_test(absent_and_past_its_deadline_is_expired),
        cmocka_unit_test(an_hour_of_doubt_is_one_notice),
        cmocka_unit_test(holds_stop_no_reading),
        cmocka_unit_test(others_go_on_during_doubt_but_for_an_equal_text),
        cmocka_unit_test(an_equal_text_on_another_account_is_no_twin),
        cmocka_unit_test(a_remote_post_that_is_anothers_is_a_persons),
        cmocka_unit_test(a_post_that_is_not_there_is_a_notice_after_five_reads),
        cmocka_unit_test(a_post_that_differs_is_seen_with_a_notice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
