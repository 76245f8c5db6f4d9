/* tests/time/test_zone.c */
#include "cmocka_all.h"

#include <stdio.h>

#include "time/time.h"

static struct cp_zones *zones;

static int open_zones(void **state)
{
    (void)state;
    zones = cp_zones_open(NULL);
    return zones ? 0 : -1;
}

static int close_zones(void **state)
{
    (void)state;
    cp_zones_close(zones);
    return 0;
}

static struct cp_civil local(const char *text)
{
    struct cp_civil civil = { 0 };

    assert_true(cp_civil_parse(text, &civil, NULL));
    return civil;
}

static const struct {
    const char *zone, *local;
    enum cp_local_kind kind;
    const char *earlier, *later;
} readings[] = {
    { "UTC", "2022-03-27 01:30", CP_LOCAL_UNIQUE, "2022-03-27T01:30:00Z", "2022-03-27T01:30:00Z" },
    { "Europe/London", "2022-02-15 13:28", CP_LOCAL_UNIQUE, "2022-02-15T13:28:00Z",
      "2022-02-15T13:28:00Z" },
    { "Europe/London", "2022-03-27 01:30", CP_LOCAL_GAP, "2022-03-27T00:30:00Z",
      "2022-03-27T01:30:00Z" },
    { "Europe/London", "2022-03-27 01:00", CP_LOCAL_GAP, "2022-03-27T00:00:00Z",
      "2022-03-27T01:00:00Z" },
    { "Europe/London", "2022-03-27 02:00", CP_LOCAL_UNIQUE, "2022-03-27T01:00:00Z",
      "2022-03-27T01:00:00Z" },
    { "Europe/London", "2022-10-30 01:30", CP_LOCAL_OVERLAP, "2022-10-30T00:30:00Z",
      "2022-10-30T01:30:00Z" },
    { "America/Mexico_City", "2022-04-03 02:30", CP_LOCAL_GAP, "2022-04-03T07:30:00Z",
      "2022-04-03T08:30:00Z" },
    { "America/Mexico_City", "2026-05-28 12:00", CP_LOCAL_UNIQUE, "2026-05-28T18:00:00Z",
      "2026-05-28T18:00:00Z" },
    { "Australia/Lord_Howe", "2026-10-04 02:15", CP_LOCAL_GAP, "2026-10-03T15:15:00Z",
      "2026-10-03T15:45:00Z" },
    { "Australia/Lord_Howe", "2026-04-05 01:45", CP_LOCAL_OVERLAP, "2026-04-04T14:45:00Z",
      "2026-04-04T15:15:00Z" },
    { "Pacific/Apia", "2011-12-30 12:00", CP_LOCAL_GAP, "2011-12-29T22:00:00Z",
      "2011-12-30T22:00:00Z" },
    { "Asia/Kathmandu", "2030-01-01 00:00", CP_LOCAL_UNIQUE, "2029-12-31T18:15:00Z",
      "2029-12-31T18:15:00Z" },
};

static void local_times_mean_what_their_zone_says(void **state)
{
    char text[CP_RFC3339_SIZE];

    (void)state;
    for (size_t i = 0; i < CP_COUNT(readings); i++) {
        const struct cp_zone *zone = cp_zones_find(zones, readings[i].zone);
        struct cp_civil civil = local(readings[i].local);
        int64_t earlier, later;

        assert_non_null(zone);
        assert_int_equal(cp_zone_resolve(zone, &civil, &earlier, &later), readings[i].kind);
        cp_instant_format_rfc3339(earlier, text);
        assert_string_equal(text, readings[i].earlier);
        cp_instant_format_rfc3339(later, text);
        assert_string_equal(text, readings[i].later);
    }
}

static void a_generated_time_goes_forward_or_takes_the_first(void **state)
{
    const struct cp_zone *london = cp_zones_find(zones, "Europe/London");
    struct cp_civil gap = local("2022-03-27 01:30"), twice = local("2022-10-30 01:30");
    enum cp_local_kind kind;
    struct cp_civil back;

    (void)state;
    back = cp_zone_civil(london, cp_zone_generated(london, &gap, &kind));
    assert_int_equal(kind, CP_LOCAL_GAP);
    assert_int_equal(back.hour, 2);
    assert_int_equal(back.minute, 30);
    assert_true(cp_zone_generated(london, &twice, &kind) == cp_civil_to_utc_us(&twice) - CP_HOUR);
    assert_int_equal(kind, CP_LOCAL_OVERLAP);
}

static const struct {
    const char *zone, *from, *span, *to;
} moves[] = {
    { "Europe/London", "2022-02-25T20:00:00Z", "-10d", "2022-02-15T20:00:00Z" },
    { "Europe/London", "2022-04-01T19:00:00Z", "-10d", "2022-03-22T20:00:00Z" },
    { "Europe/London", "2022-04-01T19:00:00Z", "-240h", "2022-03-22T19:00:00Z" },
    { "Europe/London", "2022-02-25T20:00:00Z", "-2h", "2022-02-25T18:00:00Z" },
    { "Europe/London", "2022-03-28T00:30:00Z", "-1d", "2022-03-27T01:30:00Z" },
    { "America/Mexico_City", "2026-04-06T12:00:00Z", "-3d", "2026-04-03T12:00:00Z" },
};

static void days_keep_the_time_of_day_and_hours_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(moves); i++) {
        struct cp_span span;
        int64_t us;
        char text[CP_RFC3339_SIZE];

        assert_true(cp_instant_parse_rfc3339(moves[i].from, &us, NULL));
        assert_true(cp_span_parse(moves[i].span, &span, NULL));
        assert_true(cp_zone_add_span(cp_zones_find(zones, moves[i].zone), us, span, &us, NULL));
        cp_instant_format_rfc3339(us, text);
        assert_string_equal(text, moves[i].to);
    }
}

static void a_span_does_not_leave_the_calendar(void **state)
{
    const struct cp_zone *utc = cp_zones_find(zones, "UTC");
    struct cp_civil end = local("9999-12-31 12:00");
    int64_t us = cp_civil_to_utc_us(&end), out = 7;

    (void)state;
    assert_false(cp_zone_add_span(utc, us, (struct cp_span){ .days = 1 }, &out, NULL));
    assert_false(cp_zone_add_span(utc, us, (struct cp_span){ .us = 13 * CP_HOUR }, &out, NULL));
    assert_false(cp_zone_add_span(utc, us, (struct cp_span){ .us = INT64_MAX }, &out, NULL));
    assert_int_equal(out, 7);
}

static void mexico_has_no_summer_time_in_2026(void **state)
{
    const struct cp_zone *zone = cp_zones_find(zones, "America/Mexico_City");
    struct cp_civil january = local("2026-01-15 12:00"), july = local("2026-07-15 12:00");

    (void)state;
    assert_int_equal(cp_zone_offset(zone, cp_civil_to_utc_us(&january)), -6 * 3600);
    assert_int_equal(cp_zone_offset(zone, cp_civil_to_utc_us(&july)), -6 * 3600);
    assert_string_equal(cp_zone_abbreviation(zone, cp_civil_to_utc_us(&july)), "CST");
}

static void abbreviations_follow_the_season(void **state)
{
    const struct cp_zone *paris = cp_zones_find(zones, "Europe/Paris");
    struct cp_civil winter = local("2026-01-15 12:00"), summer = local("2026-07-15 12:00");

    (void)state;
    assert_string_equal(cp_zone_abbreviation(paris, cp_civil_to_utc_us(&winter)), "CET");
    assert_string_equal(cp_zone_abbreviation(paris, cp_civil_to_utc_us(&summer)), "CEST");
    assert_string_equal(cp_zone_name(paris), "Europe/Paris");
    assert_string_equal(cp_zone_abbreviation(cp_zones_find(zones, "UTC"), 0), "UTC");
}

static void names_outside_of_the_index_are_no_zones(void **state)
{
    static const char *const names[] = {
        "../../etc/passwd", "/etc/localtime",     "Europe/../Europe/Paris",
        "Europe/Pariss",    "europe/paris",       "",
        "Europe",           "zone.tab",           "GMT0BST",
        "Europe/Paris ",    "posix/Europe/Paris", "tzdata.zi",
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(names); i++)
        assert_null(cp_zones_find(zones, names[i]));
    assert_ptr_equal(cp_zones_find(zones, "Europe/Paris"), cp_zones_find(zones, "Europe/Paris"));
}

static const struct {
    const char *wrong, *right;
} suggestions[] = {
    { "Europe/Pariss", "Europe/Paris" },
    { "europe/paris", "Europe/Paris" },
    { "Paris", "Europe/Paris" },
    { "America/Mexico City", "America/Mexico_City" },
    { "Europa/Londres", NULL },
    { "Europa/London", "Europe/London" },
    { "America/Lodnon", "Europe/London" },
    { "../../etc/passwd", NULL },
    { "Mars/Olympus_Mons", NULL },
    { "Europe/", NULL },
    { "", NULL },
};

static void a_wrong_name_gets_its_nearest_zone(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(suggestions); i++) {
        const char *found = cp_zones_suggest(zones, suggestions[i].wrong);

        if (suggestions[i].right && found)
            assert_string_equal(found, suggestions[i].right);
        else if (found || suggestions[i].right)
            fail_msg("'%s': %s", suggestions[i].wrong, found ? found : "nothing");
    }
}

static void the_systems_zone_is_found(void **state)
{
    static const struct {
        const char *variable, *zone;
    } rows[] = { { "America/Lima", "America/Lima" },
                 { ":America/Lima", "America/Lima" },
                 { "UTC", "UTC" } };
    struct cp_zones *other;

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        setenv("TZ", rows[i].variable, 1);
        other = cp_zones_open(NULL);
        assert_string_equal(cp_zones_system(other), rows[i].zone);
        cp_zones_close(other);
    }
    setenv("TZ", "../../etc/passwd", 1);
    other = cp_zones_open(NULL);
    assert_non_null(cp_zones_find(other, cp_zones_system(other)));
    cp_zones_close(other);
    unsetenv("TZ");
}

static void the_release_of_the_data_is_known(void **state)
{
    const char *version = cp_zones_version(zones);

    (void)state;
    assert_true(strlen(version) >= 5);
    assert_int_equal(strncmp(version, "20", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_times_mean_what_their_zone_says),
        cmocka_unit_test(a_generated_time_goes_forward_or_takes_the_first),
        cmocka_unit_test(days_keep_the_time_of_day_and_hours_do_not),
        cmocka_unit_test(a_span_does_not_leave_the_calendar),
        cmocka_unit_test(mexico_has_no_summer_time_in_2026),
        cmocka_unit_test(abbreviations_follow_the_season),
        cmocka_unit_test(names_outside_of_the_index_are_no_zones),
        cmocka_unit_test(a_wrong_name_gets_its_nearest_zone),
        cmocka_unit_test(the_systems_zone_is_found),
        cmocka_unit_test(the_release_of_the_data_is_known),
    };

    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
