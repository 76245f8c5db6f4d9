/* tests/ledger/test_delivery.c - what is due, what is open, what status and show read. */
#include "fixture.h"

#include <stdio.h>

static const struct plan_item items[] = {
    { "third", "a", T0 + 30, { "x" }, CP_CHANGE_ADD, false },
    { "first", "a", T0 + 10, { "one", "two", "three" }, CP_CHANGE_ADD, false },
    { "second", "b", T0 + 20, { "x" }, CP_CHANGE_ADD, false },
    { "standby", "a", 0, { "x" }, CP_CHANGE_ADD, true },
    { "late", "a", T0 - 10, { "x" }, CP_CHANGE_LATE, false },
};

static void due_ones_come_once_each_in_order_of_their_time(void **state)
{
    static const struct {
        int64_t after, until;
        size_t count;
        int64_t rows[3];
    } rows[] = { { INT64_MIN, T0 + 100, 3, { 2, 3, 1 } },
                 { T0 + 10, T0 + 20, 1, { 3 } },
                 { T0 + 9, T0 + 10, 1, { 2 } },
                 { INT64_MIN, T0 + 9, 0, { 0 } },
                 { T0 + 30, CP_NEVER, 0, { 0 } } };
    struct fixture *f = *state;

    accept_items(f, T0, items, CP_COUNT(items));
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct heard heard = { 0 };

        assert_good(f,
                    cp_ledger_due(f->ledger, rows[i].after, rows[i].until, hear, &heard, &f->err));
        assert_int_equal(heard.count, rows[i].count);
        for (size_t k = 0; k < rows[i].count; k++)
            assert_int_equal(heard.rows[k], rows[i].rows[k]);
    }
}

static void the_next_due_moment_leaves_out_what_waits_for_a_person(void **state)
{
    static const int64_t after[] = { INT64_MIN, T0 + 10, T0 + 20, T0 + 30 };
    static const int64_t next[] = { T0 + 10, T0 + 20, T0 + 30, CP_NEVER };
    struct fixture *f = *state;

    accept_items(f, T0, items, CP_COUNT(items));
    for (size_t i = 0; i < CP_COUNT(after); i++) {
        int64_t due = 0;

        assert_good(f, cp_ledger_next_due(f->ledger, after[i], &due, &f->err));
        assert_true(due == next[i]);
    }
}

static void a_begun_thread_is_due_as_long_as_a_part_is_planned(void **state)
{
    struct fixture *f = *state;

    accept_items(f, T0, items, CP_COUNT(items));
    for (unsigned part = 1; part <= 3; part++) {
        struct heard heard = { 0 };
        char id[4];

        assert_good(f, cp_ledger_due(f->ledger, T0, T0 + 10, hear, &heard, &f->err));
        assert_int_equal(heard.count, 1);
        assert_int_equal(heard.last.part_count, 3);
        assert_int_equal(heard.parts[2].state, CP_PLANNED);
        snprintf(id, sizeof(id), "%u", part);
        publish(f, 2, part, id, T0 + 10);
    }
    assert_good(f, cp_ledger_due(f->ledger, T0, T0 + 10, hear, &(struct heard){ 0 }, &f->err));
}

static void open_ones_are_in_flight_in_verify_or_not_seen(void **state)
{
    struct fixture *f = *state;
    struct heard heard = { 0 };
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

    accept_items(f, T0, items, CP_COUNT(items));
    assert_good(f, cp_ledger_open_ones(f->ledger, hear, &heard, &f->err));
    assert_int_equal(heard.count, 0);
    apply_one(f, &change);
    publish(f, 2, 1, "1", T0);
    publish(f, 2, 2, "2", T0);
    fixture_sql(f, "UPDATE part SET state = 'verify' WHERE delivery = 3");
    fixture_sql(f, "UPDATE part SET state = 'uncertain' WHERE delivery = 4");
    assert_good(f, cp_ledger_open_ones(f->ledger, hear, &heard, &f->err));
    assert_int_equal(heard.count, 3);
    change = step(CP_PUBLISHED, CP_ON_START);
    change.to = CP_PUBLISHED;
    change.row = 2;
    change.seen = true;
    apply_one(f, &change);
    change.part = 2;
    apply_one(f, &change);
    heard.count = 0;
    assert_good(f, cp_ledger_open_ones(f->ledger, hear, &heard, &f->err));
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.rows[0], 1);
    assert_int_equal(heard.rows[1], 3);
}

static void a_walk_ends_when_it_is_told_to(void **state)
{
    struct fixture *f = *state;
    struct heard heard = { .stop_after = 2 };

    accept_items(f, T0, items, CP_COUNT(items));
    assert_good(f, cp_ledger_due(f->ledger, 0, CP_NEVER, hear, &heard, &f->err));
    assert_int_equal(heard.count, 2);
}

static void an_unknown_row_is_no_error(void **state)
{
    struct fixture *f = *state;
    struct heard heard = { 0 };

    assert_false(cp_ledger_load(f->ledger, 7, hear, &heard, &f->err));
    assert_null(f->err.domain);
    assert_int_equal(heard.count, 0);
}

static void a_loaded_delivery_has_what_the_engine_needs(void **state)
{
    struct fixture *f = *state;
    struct heard heard = { 0 };
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

    accept_items(f, T0, items, CP_COUNT(items));
    change.wall_us = T0 + 55;
    apply_one(f, &change);
    assert_good(f, cp_ledger_load(f->ledger, 1, hear, &heard, &f->err));
    assert_string_equal(heard.post, "third");
    assert_int_equal(heard.last.account, 1);
    assert_int_equal(heard.last.due_us, T0 + 30);
    assert_int_equal(heard.last.send_by_us, T0 + 30 + CP_HOUR);
    assert_int_equal(heard.last.first_seen_us, T0);
    assert_true(heard.last.wanted && !heard.last.standby && !heard.last.released);
    assert_int_equal(heard.parts[0].state, CP_IN_FLIGHT);
    assert_int_equal(heard.parts[0].attempt_us, T0 + 55);
    assert_int_equal(heard.parts[0].generation, 1);
}

static void equal_texts_have_equal_hashes(void **state)
{
    struct fixture *f = *state;
    struct heard third = { 0 }, second = { 0 }, first = { 0 };

    accept_items(f, T0, items, CP_COUNT(items));
    assert_good(f, cp_ledger_load(f->ledger, 1, hear, &third, &f->err));
    assert_good(f, cp_ledger_load(f->ledger, 2, hear, &first, &f->err));
    assert_good(f, cp_ledger_load(f->ledger, 3, hear, &second, &f->err));
    assert_true(third.parts[0].text_hash == second.parts[0].text_hash);
    assert_true(third.parts[0].text_hash != first.parts[0].text_hash);
    assert_true(third.parts[0].text_hash != 0);
}

/* ---- status ---- */

struct shown {
    size_t count;
    char order[200], second[300];
};

static bool show(const struct cp_ledger_row *row, void *ctx)
{
    struct shown *shown = ctx;
    size_t used = strlen(shown->order);

    snprintf(shown->order + used, sizeof(shown->order) - used, "%s%s%s%s ", row->post,
             row->late ? "!" : "", row->standby ? "?" : "", row->content ? "+" : "");
    if (++shown->count == 2)
        snprintf(shown->second, sizeof(shown->second), "%s %s %zu %s %s %s %d", row->id_hex,
                 row->account, row->part_count, row->parts[0].reason,
                 row->parts[0].remote_id ? row->parts[0].remote_id : "-",
                 row->parts[0].url ? row->parts[0].url : "-", row->parts[0].checkpoint);
    return true;
}

static void rows_come_by_due_with_standby_last(void **state)
{
    struct fixture *f = *state;
    struct shown plain = { 0 }, with = { 0 };
    struct cp_part_change change = step(CP_PLANNED, CP_ON_REJECTED);

    accept_items(f, T0, items, CP_COUNT(items));
    change.row = 2;
    change.reason = "too long";
    change.url = "https://x/1";
    change.checkpoint = "{\"m\":1}";
    apply_one(f, &change);
    assert_good(f, cp_ledger_rows(f->ledger, false, show, &plain, &f->err));
    assert_string_equal(plain.order, "late! first second third standby? ");
    assert_non_null(strstr(plain.second, " a 3 too long - https://x/1 1"));
    assert_int_equal(strcspn(plain.second, " "), CP_DELIVERY_ID_HEX);
    assert_good(f, cp_ledger_rows(f->ledger, true, show, &with, &f->err));
    assert_string_equal(with.order, "late!+ first+ second+ third+ standby?+ ");
}

static void attempts_are_listed_in_order(void **state)
{
    struct fixture *f = *state;
    json_t *list;

    accept_items(f, T0, items, 1);
    for (int i = 0; i < 3; i++) {
        struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

        apply_one(f, &change);
        if (i == 2)
            break;
        change = step(CP_IN_FLIGHT, CP_ON_SURELY_NOT);
        change.evidence = "{\"curl\":7}";
        apply_one(f, &change);
    }
    list = cp_ledger_attempts(f->ledger, 1, &f->err);
    assert_int_equal(json_array_size(list), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *attempt = json_array_get(list, i);

        assert_int_equal(json_integer_value(json_object_get(attempt, "try")), i + 1);
        assert_int_equal(json_is_null(json_object_get(attempt, "ended_us")), i == 2);
    }
    json_decref(list);
    list = cp_ledger_attempts(f->ledger, 99, &f->err);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(due_ones_come_once_each_in_order_of_their_time),
        IN_FOLDER(the_next_due_moment_leaves_out_what_waits_for_a_person),
        IN_FOLDER(a_begun_thread_is_due_as_long_as_a_part_is_planned),
        IN_FOLDER(open_ones_are_in_flight_in_verify_or_not_seen),
        IN_FOLDER(a_walk_ends_when_it_is_told_to),
        IN_FOLDER(an_unknown_row_is_no_error),
        IN_FOLDER(a_loaded_delivery_has_what_the_engine_needs),
        IN_FOLDER(equal_texts_have_equal_hashes),
        IN_FOLDER(rows_come_by_due_with_standby_last),
        IN_FOLDER(attempts_are_listed_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
