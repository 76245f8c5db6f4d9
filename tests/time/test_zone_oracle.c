/* tests/time/test_zone_oracle.c - every zone, around every change of its clocks, against cctz.
 *
 * From 2023 to 2037 every answer must agree. Before that libical folds a zone's history into yearly
 * rules and misplaces some changes: those are counted, and must stay as rare as they are.
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "oracle.h"
#include "time/time.h"

enum { STEP_S = 900, REACH = 6 }; /* six steps of 15 minutes on either side of a change */

/* 1970, 2023, the end of 2037 */
static const int64_t from_s = 0, exact_s = 1672531200, until_s = INT64_C(2145916800);

struct tally {
    unsigned long asked, changes, old, other_names;
};

/* A wrong answer about a moment: fatal from 2023 on. */
static void differs(const struct cp_zone *zone, int64_t at_s, struct tally *tally)
{
    char text[CP_RFC3339_SIZE];

    cp_instant_format_rfc3339(at_s * CP_SECOND, text);
    if (at_s >= exact_s)
        fail_msg("%s is wrong about %s", cp_zone_name(zone), text);
    tally->old++;
}

static void compare_instant(const struct cp_zone *zone, int64_t at_s, struct tally *tally)
{
    char name[16];
    int expected = oracle_offset(at_s, name, sizeof(name));

    tally->asked++;
    if (cp_zone_offset(zone, at_s * CP_SECOND) != expected)
        differs(zone, at_s, tally);
    else if (strcmp(name, cp_zone_abbreviation(zone, at_s * CP_SECOND)) != 0)
        tally->other_names++;
}

static void compare_local(const struct cp_zone *zone, struct cp_civil c, struct tally *tally)
{
    struct oracle_local expected =
        oracle_resolve(c.year, c.month, c.day, c.hour, c.minute, c.second);
    int64_t earlier, later;
    int kind = (int)cp_zone_resolve(zone, &c, &earlier, &later);
    int64_t low = expected.pre < expected.post ? expected.pre : expected.post;
    int64_t high = expected.pre < expected.post ? expected.post : expected.pre;

    tally->asked++;
    if (kind != expected.kind || earlier != low * CP_SECOND || later != high * CP_SECOND)
        differs(zone, low, tally);
}

static void compare_change(const struct cp_zone *zone, int64_t at_s, struct tally *tally)
{
    char name[16];
    int64_t local_s = at_s + oracle_offset(at_s - 1, name, sizeof(name));

    compare_instant(zone, at_s - 1, tally);
    compare_instant(zone, at_s, tally);
    for (int step = -REACH; step <= REACH; step++)
        compare_local(zone, cp_utc_to_civil((local_s + step * STEP_S) * CP_SECOND), tally);
}

static void every_zone_agrees_with_a_second_source(void **state)
{
    struct cp_zones *zones = cp_zones_open(NULL);
    struct tally tally = { 0 };
    const char *const *names;
    size_t count;

    (void)state;
    assert_non_null(zones);
    count = cp_zones_names(zones, &names);
    assert_true(count > 400);
    for (size_t i = 0; i < count; i++) {
        const struct cp_zone *zone = cp_zones_find(zones, names[i]);
        long long at = from_s;

        assert_non_null(zone);
        assert_true(oracle_choose(names[i]));
        while (oracle_next(at, &at) && at < until_s) {
            compare_change(zone, at, &tally);
            tally.changes++;
        }
        for (int64_t month = from_s; month < until_s; month += 86400 * 97)
            compare_instant(zone, month, &tally);
    }
    print_message("%zu zones, %lu changes, %lu answers: before 2023 %lu differ; %lu names differ\n",
                  count, tally.changes, tally.asked, tally.old, tally.other_names);
    assert_true(tally.old * 50 < tally.asked);
    assert_true(tally.other_names * 100 < tally.asked);
    cp_zones_close(zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_zone_agrees_with_a_second_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
