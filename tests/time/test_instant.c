/* tests/time/test_instant.c - RFC 3339 and the dates of HTTP. */
#include "cmocka_all.h"

#include "time/time.h"

static const struct {
    const char *text, *utc;
    int64_t micros;
} good[] = {
    { "2022-02-15T13:28:00Z", "2022-02-15T13:28:00Z", 0 },
    { "2022-02-15t13:28:00z", "2022-02-15T13:28:00Z", 0 },
    { "2022-02-15 13:28:00Z", "2022-02-15T13:28:00Z", 0 },
    { "2022-02-15T13:28:00.5Z", "2022-02-15T13:28:00Z", 500000 },
    { "2022-02-15T13:28:00.123456789Z", "2022-02-15T13:28:00Z", 123456 },
    { "2022-02-15T13:28:00+05:45", "2022-02-15T07:43:00Z", 0 },
    { "2022-02-15T13:28:00-00:00", "2022-02-15T13:28:00Z", 0 },
    { "1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59Z", 250000 },
    { "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", 0 },
};

static const char *const bad[] = {
    "",
    "2022-02-15",
    "2022-02-15T13:28Z",
    "2022-02-15T13:28:00",
    "2022-02-15T13:28:00.Z",
    "2022-02-15T13:28:00Zz",
    "2022-02-30T13:28:00Z",
    "2022-02-15T24:00:00Z",
    "2022-02-15T13:28:61Z",
    "2022-02-15T13:28:00+5:45",
    "2022-02-15T13:28:00+0545",
    "2022-02-15T13:28:00+24:00",
    "2022-02-15T13:28:00+05:60",
    "tomorrow",
};

static void instants_are_read_and_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(good); i++) {
        char text[CP_RFC3339_SIZE];
        int64_t us = 0;

        assert_true(cp_instant_parse_rfc3339(good[i].text, &us, NULL));
        assert_int_equal(((us % CP_SECOND) + CP_SECOND) % CP_SECOND, good[i].micros);
        cp_instant_format_rfc3339(us, text);
        assert_string_equal(text, good[i].utc);
    }
}

static void what_is_no_instant_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(bad); i++) {
        struct cp_error err = { 0 };
        int64_t us = 7;

        if (cp_instant_parse_rfc3339(bad[i], &us, &err))
            fail_msg("'%s' was read", bad[i]);
        assert_int_equal(us, 7);
        assert_non_null(err.domain);
    }
}

static void an_offset_is_shown_with_the_local_time(void **state)
{
    static const struct {
        int offset_s;
        const char *text;
    } rows[] = {
        { 0, "2022-02-15T13:28:00+00:00" },      { 3600, "2022-02-15T14:28:00+01:00" },
        { -12600, "2022-02-15T09:58:00-03:30" }, { 20700, "2022-02-15T19:13:00+05:45" },
        { -75, "2022-02-15T13:27:00-00:01" },
    };
    char text[CP_RFC3339_SIZE];
    int64_t us;

    (void)state;
    assert_true(cp_instant_parse_rfc3339("2022-02-15T13:28:00Z", &us, NULL));
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        cp_instant_format_offset(us, rows[i].offset_s, text);
        assert_string_equal(text, rows[i].text);
    }
}

static const struct {
    const char *text, *utc; /* NULL: refused */
} http_dates[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z" },
    { "Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z" },
    { "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z" },
    { "Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z" },
    { "Thursday, 01-Jan-26 00:00:00 GMT", "2026-01-01T00:00:00Z" },
    { "Saturday, 01-Jan-72 00:00:00 GMT", "2072-01-01T00:00:00Z" },
    { "Sunday, 01-Jan-73 00:00:00 GMT", "1973-01-01T00:00:00Z" },
    { "Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z" },
    { "", NULL },
    { "Sun, 6 Nov 1994 08:49:37 GMT", NULL },
    { "Sun, 06 Nov 1994 08:49:37 UTC", NULL },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", NULL },
    { "Sun, 06 nov 1994 08:49:37 GMT", NULL },
    { "Sun, 31 Feb 1994 08:49:37 GMT", NULL },
    { "Sun, 06 Nov 1994 25:49:37 GMT", NULL },
    { "120", NULL },
    { "-1", NULL },
};

static void dates_of_http_are_read_in_their_three_forms(void **state)
{
    int64_t now;

    (void)state;
    assert_true(cp_instant_parse_rfc3339("2022-02-15T13:28:00Z", &now, NULL));
    for (size_t i = 0; i < CP_COUNT(http_dates); i++) {
        char text[CP_RFC3339_SIZE];
        int64_t us = 7;
        bool read = cp_http_date_parse(http_dates[i].text, now, &us);

        if (read != (http_dates[i].utc != NULL))
            fail_msg("'%s'", http_dates[i].text);
        if (!read) {
            assert_int_equal(us, 7);
            continue;
        }
        cp_instant_format_rfc3339(us, text);
        assert_string_equal(text, http_dates[i].utc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_read_and_printed),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(an_offset_is_shown_with_the_local_time),
        cmocka_unit_test(dates_of_http_are_read_in_their_three_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
