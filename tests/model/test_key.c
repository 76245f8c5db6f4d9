/* tests/model/test_key.c - the vectors were computed by a program of its own, in Python. */
#include "cmocka_all.h"

#include "model/content.h"
#include "model/key.h"

static void the_published_vector_holds(void **state)
{
    struct cp_delivery_id id;
    char hex[CP_DELIVERY_ID_HEX + 1], key[CP_WIRE_KEY + 1];

    (void)state;
    cp_delivery_id_make("free-assange-now", "countdown", "tribunal-3d", "uk-feed", "", &id);
    cp_delivery_id_hex(&id, hex);
    assert_string_equal(hex, "44727b2c574f4c3243f9e316b6e05e96");
    cp_wire_key_make(&id, 2, 1, key);
    assert_string_equal(key, "ovj7ufflt4yrvpmsb7kkno4heu");
}

static void fields_do_not_run_into_each_other(void **state)
{
    struct cp_delivery_id a, b;

    (void)state;
    cp_delivery_id_make("ab", "c", "-", "x", "", &a);
    cp_delivery_id_make("a", "bc", "-", "x", "", &b);
    assert_memory_not_equal(a.bytes, b.bytes, sizeof(a.bytes));
    cp_delivery_id_make("ab", "c", "-", "x", "room", &b);
    assert_memory_not_equal(a.bytes, b.bytes, sizeof(a.bytes));
}

static void part_and_generation_each_change_the_wire_key(void **state)
{
    struct cp_delivery_id id = { { 1 } };
    char first[CP_WIRE_KEY + 1], other[CP_WIRE_KEY + 1];

    (void)state;
    cp_wire_key_make(&id, 1, 1, first);
    assert_int_equal(strlen(first), CP_WIRE_KEY);
    cp_wire_key_make(&id, 2, 1, other);
    assert_string_not_equal(first, other);
    cp_wire_key_make(&id, 1, 2, other);
    assert_string_not_equal(first, other);
    cp_wire_key_make(&id, 1, 1, other);
    assert_string_equal(first, other);
}

static void an_id_has_one_spelling(void **state)
{
    static const char *const wrong[] = { "", "44727b2c574f4c3243f9e316b6e05e9",
                                         "44727b2c574f4c3243f9e316b6e05e966",
                                         "44727B2C574f4c3243f9e316b6e05e96",
                                         "44727b2c574f4c3243f9e316b6e05e9g" };
    struct cp_delivery_id id;
    char hex[CP_DELIVERY_ID_HEX + 1];

    (void)state;
    assert_true(cp_delivery_id_parse("44727b2c574f4c3243f9e316b6e05e96", &id));
    cp_delivery_id_hex(&id, hex);
    assert_string_equal(hex, "44727b2c574f4c3243f9e316b6e05e96");
    for (size_t i = 0; i < CP_COUNT(wrong); i++)
        assert_false(cp_delivery_id_parse(wrong[i], &id));
}

static void hashes_are_those_of_fips_180(void **state)
{
    char hex[CP_HASH_HEX + 1];

    (void)state;
    cp_hash_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cp_hash_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_holds),
        cmocka_unit_test(fields_do_not_run_into_each_other),
        cmocka_unit_test(part_and_generation_each_change_the_wire_key),
        cmocka_unit_test(an_id_has_one_spelling),
        cmocka_unit_test(hashes_are_those_of_fips_180),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
