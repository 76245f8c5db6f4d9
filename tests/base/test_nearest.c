/* tests/base/test_nearest.c */
#include "cmocka_all.h"

#include "base/nearest.h"

static const struct {
    const char *a, *b;
    unsigned most, distance;
} distances[] = {
    { "", "", 3, 0 },
    { "", "abc", 3, 3 },
    { "zone", "zone", 3, 0 },
    { "zone", "zoen", 3, 1 },
    { "zone", "zones", 3, 1 },
    { "zone", "one", 3, 1 },
    { "zone", "tone", 3, 1 },
    { "kitten", "sitting", 3, 3 },
    { "kitten", "sitting", 2, 3 },
    { "ca", "abc", 3, 3 },
    { "post", "relative", 3, 4 },
    { "0123456789012345678901234567890123456789012345678901234567890123456789",
      "0123456789012345678901234567890123456789012345678901234567890123456789", 3, 0 },
    { "0123456789012345678901234567890123456789012345678901234567890123456789",
      "012345678901234567890123456789012345678901234567890123456789012345678", 3, 4 },
};

static void the_distance_counts_slips_of_the_fingers(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(distances); i++) {
        assert_int_equal(cp_edit_distance(distances[i].a, distances[i].b, distances[i].most),
                         distances[i].distance);
        assert_int_equal(cp_edit_distance(distances[i].b, distances[i].a, distances[i].most),
                         distances[i].distance);
    }
}

static void only_a_near_name_is_suggested(void **state)
{
    static const char *const keys[] = { "id", "at", "text", "thread", "warning", "relative" };
    static const struct {
        const char *wrong, *right;
    } rows[] = {
        { "texts", "text" },
        { "tetx", "text" },
        { "warnign", "warning" },
        { "relativ", "relative" },
        { "ad", "id" },
        { "banana", NULL },
        { "", NULL },
        { "thraed", "thread" },
        { "at", "at" },
        { "completely", NULL },
    };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        const char *found = cp_nearest(rows[i].wrong, keys, CP_COUNT(keys));

        if (rows[i].right && found)
            assert_string_equal(found, rows[i].right);
        else if (found || rows[i].right)
            fail_msg("'%s': %s", rows[i].wrong, found ? found : "nothing");
    }
    assert_null(cp_nearest("text", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distance_counts_slips_of_the_fingers),
        cmocka_unit_test(only_a_near_name_is_suggested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
