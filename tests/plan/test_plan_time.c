/* tests/plan/test_plan_time.c - occurrences, their names and their instants. */
#include "fixture.h"

static void a_post_goes_out_at_the_campaigns_local_time(void **state)
{
    struct fixture *f = *state;
    struct cp_plan_delivery *delivery;

    local(&f->posts[0].at_time, "2022-07-15 13:28");
    fixture_plan(f);
    delivery = fixture_find(f, "spring/statement/-/uk");
    assert_int_equal(delivery->due_us, at("2022-07-15T12:28:00Z"));
    assert_int_equal(delivery->send_by_us, at("2022-07-15T13:28:00Z"));
    assert_int_equal(delivery->span_us, CP_HOUR);
    f->campaign.zone = "America/Mexico_City";
    fixture_plan(f);
    /* Mexico City has no summer time since 2022-10-30, but had it in that July. */
    assert_int_equal(fixture_find(f, "spring/statement/-/uk")->due_us, at("2022-07-15T18:28:00Z"));
    local(&f->posts[0].at_time, "2026-05-28 12:00");
    fixture_plan(f);
    assert_int_equal(fixture_find(f, "spring/statement/-/uk")->due_us, at("2026-05-28T18:00:00Z"));
}

static void a_posts_own_send_by_wins(void **state)
{
    struct fixture *f = *state;

    f->posts[0].send_by_us = 2 * CP_HOUR;
    fixture_plan(f);
    assert_int_equal(fixture_find(f, "spring/statement/-/uk")->send_by_us,
                     at("2022-02-15T15:28:00Z"));
}

static void standby_has_no_time_and_comes_last(void **state)
{
    struct fixture *f = *state;
    struct cp_plan_delivery *last;

    f->posts[0].when = CP_WHEN_STANDBY;
    fixture_add_post(f, "other")->when = CP_WHEN_AT;
    fixture_plan(f);
    assert_int_equal(f->plan->count, 4);
    last = &f->plan->deliveries[3];
    assert_string_equal(last->post_id, "statement");
    assert_string_equal(last->occurrence, "-");
    assert_true(last->standby);
    assert_false(last->late);
    assert_int_equal(last->due_us, CP_NEVER);
    assert_int_equal(last->send_by_us, CP_NEVER);
    assert_int_equal(last->span_us, CP_HOUR);
    assert_int_equal(last->change, CP_CHANGE_ADD);
}

static const struct {
    const char *rule, *span, *occurrence, *due;
} offsets[] = {
    { "days before", "-10d", "tribunal-10d", "2022-02-15T20:00:00Z" },
    { "minutes are told as hours", "-120m", "tribunal-2h", "2022-02-25T18:00:00Z" },
    { "what is no whole hour stays minutes", "-90m", "tribunal-90m", "2022-02-25T18:30:00Z" },
    { "hours are never told as days", "-24h", "tribunal-24h", "2022-02-24T20:00:00Z" },
    { "seconds", "-30s", "tribunal-30s", "2022-02-25T19:59:30Z" },
    { "at the start", "0s", "tribunal", "2022-02-25T20:00:00Z" },
    { "after it", "+2h", "tribunal-after-2h", "2022-02-25T22:00:00Z" },
    { "days after it", "1d", "tribunal-after-1d", "2022-02-26T20:00:00Z" },
};

static void an_offset_names_and_times_its_occurrence(void **state)
{
    struct fixture *f = *state;

    f->posts[0].when = CP_WHEN_RELATIVE;
    f->posts[0].offsets = f->offsets;
    f->posts[0].offset_count = 1;
    for (size_t i = 0; i < CP_COUNT(offsets); i++) {
        f->offsets[0] = offset(offsets[i].span);
        fixture_plan(f);
        fixture_assert_fine(f);
        if (strcmp(f->plan->deliveries[0].occurrence, offsets[i].occurrence) != 0)
            fail_msg("%s: '%s'", offsets[i].rule, f->plan->deliveries[0].occurrence);
        assert_int_equal(f->plan->deliveries[0].due_us, at(offsets[i].due));
    }
}

static void the_same_offset_twice_is_an_error_with_both_places(void **state)
{
    struct fixture *f = *state;
    const struct cp_diagnostic *said;

    f->posts[0].when = CP_WHEN_RELATIVE;
    f->posts[0].offsets = f->offsets;
    f->posts[0].offset_count = 3;
    f->offsets[0] = offset("-2h");
    f->offsets[1] = offset("-10d");
    f->offsets[2] = offset("-120m");
    f->offsets[2].at = (struct cp_place){ "spring.yaml", 11, 3 };
    fixture_plan(f);
    said = fixture_said(f, "duplicate-occurrence");
    assert_non_null(said);
    assert_int_equal(said->severity, CP_FAULT);
    assert_int_equal(said->line, 11);
    assert_non_null(strstr(said->message, "'tribunal-2h'"));
    assert_non_null(strstr(said->message, "spring.yaml:9:3"));
    assert_int_equal(f->plan->count, 4);
}

/* Clocks in London go forward on 2022-03-27 at 01:00 and back on 2022-10-30 at 02:00. */
static const struct {
    const char *rule, *local;
    enum cp_choice choose;
    const char *due, *code; /* due NULL: an error of this code */
} authored[] = {
    { "a time that never is", "2022-03-27 01:30", CP_CHOOSE_NONE, NULL, "time-in-gap" },
    { "its earlier reading", "2022-03-27 01:30", CP_CHOOSE_EARLIER, "2022-03-27T00:30:00Z", NULL },
    { "its later reading", "2022-03-27 01:30", CP_CHOOSE_LATER, "2022-03-27T01:30:00Z", NULL },
    { "a time that is twice", "2022-10-30 01:30", CP_CHOOSE_NONE, NULL, "time-in-overlap" },
    { "the first of it", "2022-10-30 01:30", CP_CHOOSE_EARLIER, "2022-10-30T00:30:00Z", NULL },
    { "the second of it", "2022-10-30 01:30", CP_CHOOSE_LATER, "2022-10-30T01:30:00Z", NULL },
    { "a choice without need", "2022-06-01 01:30", CP_CHOOSE_LATER, "2022-06-01T00:30:00Z", NULL },
};

static void an_authored_time_in_gap_or_overlap_must_be_chosen(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < CP_COUNT(authored); i++) {
        local(&f->posts[0].at_time, authored[i].local);
        f->posts[0].at_time.choose = authored[i].choose;
        fixture_plan(f);
        if (authored[i].due) {
            fixture_assert_fine(f);
            if (f->plan->deliveries[0].due_us != at(authored[i].due))
                fail_msg("%s: not %s", authored[i].rule, authored[i].due);
        } else {
            assert_int_equal(f->plan->diagnostics.faults, 1);
            assert_non_null(fixture_said(f, authored[i].code));
            assert_int_equal(f->plan->count, 0);
        }
    }
}

static void the_error_shows_both_readings(void **state)
{
    struct fixture *f = *state;
    const struct cp_diagnostic *said;

    local(&f->posts[0].at_time, "2022-10-30 01:30");
    fixture_plan(f);
    said = fixture_said(f, "time-in-overlap");
    assert_string_equal(said->message,
                        "2022-10-30 01:30 is there twice in Europe/London: clocks go back over it; "
                        "it may mean 2022-10-30 01:30 BST (2022-10-30T00:30:00Z) or 2022-10-30 "
                        "01:30 GMT (2022-10-30T01:30:00Z)");
    assert_non_null(strstr(said->hint, "{local: 2022-10-30 01:30, choose: earlier}"));
    assert_non_null(strstr(said->hint, "choose: later"));
    assert_string_equal(said->path, "posts[statement].at");
    assert_int_equal(said->line, 5);
    assert_int_equal(said->column, 9);
}

static void an_event_in_a_gap_is_told_once(void **state)
{
    struct fixture *f = *state;

    local(&f->event.start, "2022-03-27 01:30");
    f->posts[0].when = CP_WHEN_RELATIVE;
    f->posts[0].offsets = f->offsets;
    f->posts[0].offset_count = 2;
    f->offsets[0] = offset("-1d");
    f->offsets[1] = offset("-2d");
    fixture_add_post(f, "other");
    fixture_plan(f);
    assert_int_equal(f->plan->diagnostics.count, 1);
    assert_string_equal(fixture_said(f, "time-in-gap")->path, "events.tribunal.start");
}

static const struct {
    const char *rule, *start, *span, *due, *code;
} generated[] = {
    { "forward over a gap", "2022-03-28 01:30", "-1d", "2022-03-27T01:30:00Z", "time-in-gap" },
    { "the first in an overlap", "2022-10-31 01:30", "-1d", "2022-10-30T00:30:00Z",
      "time-in-overlap" },
    { "a day is a day of the calendar", "2022-03-27 20:00", "-1d", "2022-03-26T20:00:00Z", NULL },
    { "hours are elapsed time", "2022-03-27 20:00", "-24h", "2022-03-26T19:00:00Z", NULL },
};

static void a_generated_time_goes_forward_or_takes_the_first(void **state)
{
    struct fixture *f = *state;

    f->posts[0].when = CP_WHEN_RELATIVE;
    f->posts[0].offsets = f->offsets;
    f->posts[0].offset_count = 1;
    for (size_t i = 0; i < CP_COUNT(generated); i++) {
        local(&f->event.start, generated[i].start);
        f->offsets[0] = offset(generated[i].span);
        fixture_plan(f);
        fixture_assert_fine(f);
        if (f->plan->deliveries[0].due_us != at(generated[i].due))
            fail_msg("%s: not %s", generated[i].rule, generated[i].due);
        assert_int_equal(f->plan->diagnostics.warnings, generated[i].code ? 1 : 0);
        if (generated[i].code)
            assert_non_null(fixture_said(f, generated[i].code));
    }
}

static void days_are_counted_in_the_events_own_zone(void **state)
{
    struct fixture *f = *state;

    /* Mexico's clocks went forward on 2022-04-03, London's a week before. */
    f->event.zone = "America/Mexico_City";
    local(&f->event.start, "2022-04-03 20:00");
    f->posts[0].when = CP_WHEN_RELATIVE;
    f->posts[0].offsets = f->offsets;
    f->posts[0].offset_count = 2;
    f->offsets[0] = offset("-1d");
    f->offsets[1] = offset("0s");
    fixture_plan(f);
    assert_int_equal(fixture_find(f, "spring/statement/tribunal-1d/uk")->due_us,
                     at("2022-04-03T02:00:00Z"));
    assert_int_equal(fixture_find(f, "spring/statement/tribunal/uk")->due_us,
                     at("2022-04-04T01:00:00Z"));
}

static void an_offset_out_of_the_calendar_is_an_error(void **state)
{
    struct fixture *f = *state;

    local(&f->event.start, "0001-01-02 00:00");
    f->posts[0].when = CP_WHEN_RELATIVE;
    f->posts[0].offsets = f->offsets;
    f->posts[0].offset_count = 1;
    f->offsets[0] = offset("-10d");
    fixture_plan(f);
    assert_non_null(fixture_said(f, "time-out-of-range"));
    assert_int_equal(f->plan->count, 0);
}

static void an_unknown_zone_is_told_once_and_plans_nothing(void **state)
{
    struct fixture *f = *state;

    f->campaign.zone = "Europe/Pariss";
    fixture_add_post(f, "other");
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "unknown-zone"), 1);
    assert_int_equal(f->plan->count, 0);
}

static void deliveries_are_ordered_by_due_then_as_in_the_files(void **state)
{
    struct fixture *f = *state;
    static const char *const order[] = { "early/uk",     "early/mx", "statement/uk",
                                         "statement/mx", "same/uk",  "same/mx" };

    fixture_add_post(f, "same");
    local(&fixture_add_post(f, "early")->at_time, "2022-02-01 00:00");
    fixture_plan(f);
    assert_int_equal(f->plan->count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct cp_plan_delivery *delivery = &f->plan->deliveries[i];
        size_t post = strlen(delivery->post_id);

        assert_memory_equal(order[i], delivery->post_id, post);
        assert_string_equal(order[i] + post + 1, delivery->account_id);
    }
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_post_goes_out_at_the_campaigns_local_time),
        ROW(a_posts_own_send_by_wins),
        ROW(standby_has_no_time_and_comes_last),
        ROW(an_offset_names_and_times_its_occurrence),
        ROW(the_same_offset_twice_is_an_error_with_both_places),
        ROW(an_authored_time_in_gap_or_overlap_must_be_chosen),
        ROW(the_error_shows_both_readings),
        ROW(an_event_in_a_gap_is_told_once),
        ROW(a_generated_time_goes_forward_or_takes_the_first),
        ROW(days_are_counted_in_the_events_own_zone),
        ROW(an_offset_out_of_the_calendar_is_an_error),
        ROW(an_unknown_zone_is_told_once_and_plans_nothing),
        ROW(deliveries_are_ordered_by_due_then_as_in_the_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
