/* tests/ledger/test_entry.c - the chain of entries, notices, and how their JSON is written. */
#include "fixture.h"

#include <stdio.h>

#include "ledger/ledger_private.h"

static void write_some(struct fixture *f, int count)
{
    for (int i = 1; i <= count; i++) {
        struct cp_now now = { .plan_us = 100 + i, .wall_us = 1000 - i };
        json_t *data = json_pack("{s:i, s:s}", "z", i, "a", "b");

        assert_good(f,
                    cp_ledger_entry(f->ledger, "test", data, i % 2 ? NULL : "look", &now, &f->err));
        json_decref(data);
    }
}

static void an_entry_is_what_sha256sum_would_make_of_it(void **state)
{
    struct fixture *f = *state;
    char bytes[300] = { 0 }, hex[CP_HASH_HEX + 1];
    int size;

    write_some(f, 1);
    size = 32 + snprintf(bytes + 32, sizeof(bytes) - 32,
                         "{\"data\":{\"a\":\"b\",\"z\":1},\"kind\":\"test\",\"notice\":null,"
                         "\"number\":1,\"plan_us\":101,\"wall_us\":999}");
    cp_hash_hex(bytes, (size_t)size, hex);
    assert_string_equal(fixture_text(f, "SELECT lower(hex(hash)) FROM entry"), hex);
}

struct listened {
    int count, stop_after;
    int64_t last;
    char notice[50];
};

static bool listen(const struct cp_ledger_entry_row *entry, void *ctx)
{
    struct listened *l = ctx;

    l->last = entry->number;
    snprintf(l->notice, sizeof(l->notice), "%s", entry->notice ? entry->notice : "-");
    assert_int_equal(strlen(entry->hash), CP_HASH_HEX);
    return ++l->count != l->stop_after;
}

static void entries_and_notices_are_told_in_order(void **state)
{
    static const struct {
        int64_t after;
        bool notices;
        int stop_after, count;
        int64_t last;
    } rows[] = { { 0, false, 0, 5, 5 }, { 3, false, 0, 2, 5 }, { 0, true, 0, 2, 4 },
                 { 2, true, 0, 1, 4 },  { 0, false, 2, 2, 2 }, { 9, false, 0, 0, 0 } };
    struct fixture *f = *state;
    int64_t newest;

    write_some(f, 5);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct listened l = { .stop_after = rows[i].stop_after };

        assert_good(
            f, cp_ledger_entries(f->ledger, rows[i].after, rows[i].notices, listen, &l, &f->err));
        assert_int_equal(l.count, rows[i].count);
        assert_int_equal(l.last, rows[i].last);
        if (rows[i].notices)
            assert_string_equal(l.notice, "look");
    }
    assert_good(f, cp_ledger_newest(f->ledger, &newest, &f->err));
    assert_int_equal(newest, 999);
}

static void the_newest_time_of_no_entries_is_0(void **state)
{
    struct fixture *f = *state;
    int64_t newest = 5, count = 5;

    assert_good(f, cp_ledger_newest(f->ledger, &newest, &f->err));
    assert_int_equal(newest, 0);
    assert_good(f, cp_ledger_verify_chain(f->ledger, &count, &f->err));
    assert_int_equal(count, 0);
}

static void entries_can_not_be_changed_or_deleted(void **state)
{
    static const char *const tries[] = { "UPDATE entry SET json = '{}'", "DELETE FROM entry" };
    struct fixture *f = *state;
    sqlite3 *db;

    write_some(f, 1);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (size_t i = 0; i < CP_COUNT(tries); i++)
        assert_int_equal(sqlite3_exec(db, tries[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

static void tampering_is_found_and_placed(void **state)
{
    static const struct {
        const char *sql, *place;
    } rows[] = {
        { "UPDATE entry SET json = '{}' WHERE number = 3", "entry 3" },
        { "UPDATE entry SET notice = 'all is well' WHERE number = 2", "entry 2" },
        { "UPDATE entry SET wall_us = 1 WHERE number = 4", "entry 4" },
        { "UPDATE entry SET plan_us = 1 WHERE number = 1", "entry 1" },
        { "UPDATE entry SET kind = 'fake' WHERE number = 5", "entry 5" },
        { "DELETE FROM entry WHERE number = 2", "entry 3" },
        { "DELETE FROM entry WHERE number = 1", "entry 2" },
    };
    struct fixture *f = *state;
    int64_t count = -1;
    char sql[300];

    write_some(f, 5);
    assert_good(f, cp_ledger_verify_chain(f->ledger, &count, &f->err));
    assert_int_equal(count, 5);
    fixture_sql(f, "DROP TRIGGER entry_stays; DROP TRIGGER entry_is_kept;"
                   "CREATE TABLE good AS SELECT * FROM entry");
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        snprintf(sql, sizeof(sql), "DELETE FROM entry; INSERT INTO entry SELECT * FROM good; %s",
                 rows[i].sql);
        fixture_sql(f, sql);
        assert_failed(f, cp_ledger_verify_chain(f->ledger, &count, &f->err), CP_LEDGER_CORRUPT,
                      rows[i].place);
    }
}

static void json_is_written_as_jansson_writes_it(void **state)
{
    static const char *const texts[] = {
        "", "plain", "\"quoted\" \\ /", "\b\f\n\r\t\x01\x1f\x7f", "ñ 日本 😀", "tail\n"
    };
    static const int64_t numbers[] = { 0, 1, -1, 1234567890123, INT64_MAX, INT64_MIN };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(texts); i++) {
        struct cp_buffer ours = { 0 };
        json_t *value = json_string(texts[i]);
        char *theirs = json_dumps(value, JSON_ENCODE_ANY);

        cp_entry_json_string(&ours, texts[i]);
        assert_string_equal(ours.data, theirs);
        free(theirs);
        json_decref(value);
        cp_buffer_release(&ours);
    }
    for (size_t i = 0; i < CP_COUNT(numbers); i++) {
        struct cp_buffer ours = { 0 };
        char theirs[30];

        cp_entry_json_number(&ours, numbers[i]);
        snprintf(theirs, sizeof(theirs), "%lld", (long long)numbers[i]);
        assert_string_equal(ours.data, theirs);
        cp_buffer_release(&ours);
    }
}

static void what_is_not_utf8_becomes_question_marks(void **state)
{
    static const char *const texts[] = { "a\377b", "\303", "ñ\376" };
    static const char *const wanted[] = { "\"a?b\"", "\"?\"", "\"???\"" };

    (void)state;
    for (size_t i = 0; i < CP_COUNT(texts); i++) {
        struct cp_buffer ours = { 0 };
        json_t *value = cp_entry_text(texts[i]);
        char *theirs = json_dumps(value, JSON_ENCODE_ANY);

        cp_entry_json_string(&ours, texts[i]);
        assert_string_equal(ours.data, wanted[i]);
        assert_string_equal(theirs, wanted[i]);
        free(theirs);
        json_decref(value);
        cp_buffer_release(&ours);
    }
}

static void the_entry_of_a_change_is_canonical_json(void **state)
{
    const struct plan_item one[] = { { "p", "a", T0 + 9, { "x" }, CP_CHANGE_ADD, false } };
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_VERIFY, CP_ON_ABSENT);
    const char *stored;
    char *again;
    json_t *value;

    accept_items(f, T0, one, 1);
    fixture_sql(f, "UPDATE part SET state = 'verify'");
    change.absences = 2;
    change.not_before_us = 7;
    change.reason = "a \"reason\"";
    change.by = "ada";
    change.evidence = "{\"status\":200}";
    change.url = "https://x";
    change.seen = true;
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    stored = fixture_text(f, "SELECT json FROM entry WHERE kind = 'part'");
    value = json_loads(stored, 0, NULL);
    assert_non_null(value);
    again = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(stored, again);
    assert_string_equal(json_string_value(json_object_get(value, "delivery")), "c/p/-/a");
    assert_string_equal(json_string_value(json_object_get(value, "event")), "absent");
    free(again);
    json_decref(value);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_entry_is_what_sha256sum_would_make_of_it),
        IN_FOLDER(entries_and_notices_are_told_in_order),
        IN_FOLDER(the_newest_time_of_no_entries_is_0),
        IN_FOLDER(entries_can_not_be_changed_or_deleted),
        IN_FOLDER(tampering_is_found_and_placed),
        cmocka_unit_test(json_is_written_as_jansson_writes_it),
        cmocka_unit_test(what_is_not_utf8_becomes_question_marks),
        IN_FOLDER(the_entry_of_a_change_is_canonical_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
