/* tests/time/test_civil.c - the calendar, spans, and the seam to the clocks. */
#include "cmocka_all.h"

#include <stdio.h>

#include "time/time.h"

static const struct {
    const char *text;
    int year, month, day, hour, minute, second;
} good_dates[] = {
    { "2022-02-15 13:28", 2022, 2, 15, 13, 28, 0 },
    { "2022-02-15 13:28:59", 2022, 2, 15, 13, 28, 59 },
    { "2024-02-29 00:00", 2024, 2, 29, 0, 0, 0 },
    { "2000-02-29 23:59", 2000, 2, 29, 23, 59, 0 },
    { "0001-01-01 00:00", 1, 1, 1, 0, 0, 0 },
    { "9999-12-31 23:59:59", 9999, 12, 31, 23, 59, 59 },
};

static const char *const bad_dates[] = {
    "",
    "2022-02-15",
    "2022-02-15 13",
    "2022-02-15 13:",
    "2022-02-15 13:2",
    "2022-02-15 13:28:",
    "2022-02-15 13:28:0",
    "2022-02-15 13:28:00 ",
    "2022-02-15T13:28",
    " 2022-02-15 13:28",
    "2022-2-15 13:28",
    "22-02-15 13:28",
    "2022-02-15  13:28",
    "2022-02-15 1:28",
    "2022-02-15 13:28Z",
    "+022-02-15 13:28",
    "2022-02-30 13:28",
    "2023-02-29 13:28",
    "1900-02-29 13:28",
    "2022-13-01 13:28",
    "2022-00-01 13:28",
    "2022-01-00 13:28",
    "2022-01-01 24:00",
    "2022-01-01 13:60",
    "2022-01-01 13:28:60",
    "0000-01-01 00:00",
};

static void a_local_time_is_read_exactly_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(good_dates); i++) {
        struct cp_civil c = { 0 };
        char text[CP_CIVIL_SIZE];

        assert_true(cp_civil_parse(good_dates[i].text, &c, NULL));
        assert_int_equal(c.year, good_dates[i].year);
        assert_int_equal(c.month, good_dates[i].month);
        assert_int_equal(c.day, good_dates[i].day);
        assert_int_equal(c.hour, good_dates[i].hour);
        assert_int_equal(c.minute, good_dates[i].minute);
        assert_int_equal(c.second, good_dates[i].second);
        cp_civil_format(&c, text);
        assert_string_equal(text, good_dates[i].text);
    }
}

static void what_is_no_local_time_is_refused_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(bad_dates); i++) {
        struct cp_civil c = { .year = 7 };
        struct cp_error err = { 0 };

        if (cp_civil_parse(bad_dates[i], &c, &err))
            fail_msg("'%s' was read", bad_dates[i]);
        assert_int_equal(c.year, 7);
        assert_ptr_equal(err.domain, &cp_time_errors);
        assert_non_null(strstr(err.message, bad_dates[i]));
    }
}

static void every_day_of_the_calendar_goes_there_and_back(void **state)
{
    struct cp_civil day = { 1, 1, 1, 12, 0, 0 };
    int64_t number = cp_civil_days(&day), count = 0;
    int weekday = cp_civil_weekday(&day);

    (void)state;
    for (;;) {
        struct cp_civil again = cp_utc_to_civil(cp_civil_to_utc_us(&day));

        assert_int_equal(cp_civil_days(&day), number + count);
        assert_int_equal(cp_civil_weekday(&day), (weekday + count) % 7);
        assert_int_equal(cp_civil_compare(&day, &again), 0);
        if (!cp_civil_add_days(&day, 1))
            break;
        assert_true(cp_civil_valid(&day));
        count++;
    }
    assert_int_equal(count, 3652058); /* days from 0001-01-01 to 9999-12-31 */
    assert_int_equal(day.year, 9999);
}

static void known_days_have_their_numbers(void **state)
{
    static const struct {
        struct cp_civil date;
        int64_t days;
        int weekday;
    } rows[] = {
        { { 1970, 1, 1, 0, 0, 0 }, 0, 4 },     { { 1969, 12, 31, 0, 0, 0 }, -1, 3 },
        { { 2000, 3, 1, 0, 0, 0 }, 11017, 3 }, { { 2022, 2, 15, 0, 0, 0 }, 19038, 2 },
        { { 1, 1, 1, 0, 0, 0 }, -719162, 1 },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        assert_int_equal(cp_civil_days(&rows[i].date), rows[i].days);
        assert_int_equal(cp_civil_weekday(&rows[i].date), rows[i].weekday);
    }
}

static void instants_outside_of_the_calendar_stay_at_its_edge(void **state)
{
    (void)state;
    assert_int_equal(cp_utc_to_civil(INT64_MIN).year, 1);
    assert_int_equal(cp_utc_to_civil(INT64_MAX).year, 9999);
    assert_int_equal(cp_utc_to_civil(-1).second, 59);
}

static const struct {
    const char *text;
    int64_t days, us;
    const char *again;
} good_spans[] = {
    { "90s", 0, 90 * CP_SECOND, "90s" },
    { "5m", 0, 5 * CP_MINUTE, "5m" },
    { "120m", 0, 2 * CP_HOUR, "2h" },
    { "-120m", 0, -2 * CP_HOUR, "-2h" },
    { "+1h", 0, CP_HOUR, "1h" },
    { "10d", 10, 0, "10d" },
    { "-10d", -10, 0, "-10d" },
    { "48h", 0, 48 * CP_HOUR, "48h" },
    { "0d", 0, 0, "0s" },
    { "0s", 0, 0, "0s" },
    { "60s", 0, CP_MINUTE, "1m" },
    { "3600s", 0, CP_HOUR, "1h" },
    { "36525d", 36525, 0, "36525d" },
    { "007m", 0, 7 * CP_MINUTE, "7m" },
};

static const char *const bad_spans[] = {
    "",       "d",
    "10",     "10 d",
    "1.5h",   "1h30m",
    "--1h",   "+-1h",
    "10w",    "10D",
    " 10d",   "10d ",
    "36526d", "-",
    "+",      "9223372036854775807d",
    "1e3s",   "99999999999999999999s",
};

static void spans_are_read_and_named_in_the_longest_unit(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(good_spans); i++) {
        struct cp_span span = { 0 };
        char text[CP_SPAN_SIZE];

        assert_true(cp_span_parse(good_spans[i].text, &span, NULL));
        assert_int_equal(span.days, good_spans[i].days);
        assert_int_equal(span.us, good_spans[i].us);
        cp_span_format(span, text);
        assert_string_equal(text, good_spans[i].again);
    }
    assert_int_equal(cp_span_us((struct cp_span){ .days = -2 }), -48 * CP_HOUR);
}

static void what_is_no_span_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(bad_spans); i++) {
        struct cp_span span = { .us = 7 };
        struct cp_error err = { 0 };

        if (cp_span_parse(bad_spans[i], &span, &err))
            fail_msg("'%s' was read", bad_spans[i]);
        assert_int_equal(span.us, 7);
        assert_non_null(err.domain);
    }
}

static void the_systems_clocks_move_on(void **state)
{
    struct cp_now first = cp_clock_now(&cp_clock_system), second = cp_clock_now(&cp_clock_system);

    (void)state;
    assert_true(first.wall_us > INT64_C(1600000000) * CP_SECOND);
    assert_int_equal(first.plan_us, first.wall_us);
    assert_true(first.boot_us > 0 && second.boot_us >= first.boot_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_local_time_is_read_exactly_as_written),
        cmocka_unit_test(what_is_no_local_time_is_refused_in_words),
        cmocka_unit_test(every_day_of_the_calendar_goes_there_and_back),
        cmocka_unit_test(known_days_have_their_numbers),
        cmocka_unit_test(instants_outside_of_the_calendar_stay_at_its_edge),
        cmocka_unit_test(spans_are_read_and_named_in_the_longest_unit),
        cmocka_unit_test(what_is_no_span_is_refused),
        cmocka_unit_test(the_systems_clocks_move_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
