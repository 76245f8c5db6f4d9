/* tests/ledger/test_apply.c - changes of parts: compare-and-set, freezing, attempts, evidence. */
#include "fixture.h"

#include <stdio.h>
#include <time.h>

#include "base/buffer.h"

#define LATER (T0 + CP_DAY)

static const struct plan_item two[] = { { "p", "a", LATER, { "hello" }, CP_CHANGE_ADD, false },
                                        { "q", "a", LATER, { "hello" }, CP_CHANGE_ADD, false } };
static const struct plan_item thread[] = {
    { "p", "a", LATER, { "one", "two" }, CP_CHANGE_ADD, false }
};

static void a_start_freezes_content_and_request_and_begins_an_attempt(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);
    struct cp_work work;

    accept_items(f, T0, thread, 1);
    change.part = 1;
    change.frozen = "{\"body\":\"one\"}";
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    assert_string_equal(fixture_text(f, "SELECT state FROM part WHERE number = 1"), "in_flight");
    assert_string_equal(fixture_text(f, "SELECT c.json FROM part p JOIN content c ON"
                                        " c.number = p.content WHERE p.number = 1"),
                        "{\"parts\":[{\"language\":\"en\",\"media\":[],\"text\":\"one\","
                        "\"visibility\":null,\"warning\":null}],\"title\":\"C\"}");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM attempt WHERE ended_us IS NULL"), 1);
    assert_good(f, cp_ledger_work(f->ledger, 1, 1, &work, &f->err));
    assert_string_equal(work.frozen, "{\"body\":\"one\"}");
    assert_true(work.attempt_us == T0);
    cp_work_release(&work);
}

static void an_outcome_ends_the_attempt_with_its_evidence(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_IN_FLIGHT, CP_ON_DOUBT);
    json_t *attempts, *first;

    accept_items(f, T0, two, 1);
    fixture_sql(f, "SELECT 1");
    change.from = CP_PLANNED;
    change = step(CP_PLANNED, CP_ON_START);
    apply_one(f, &change);
    change = step(CP_IN_FLIGHT, CP_ON_DOUBT);
    change.evidence = "{\"status\":502}";
    change.reason = "no answer";
    change.wall_us = T0 + 7;
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    attempts = cp_ledger_attempts(f->ledger, 1, &f->err);
    assert_int_equal(json_array_size(attempts), 1);
    first = json_array_get(attempts, 0);
    assert_string_equal(json_string_value(json_object_get(first, "outcome")), "verify");
    assert_int_equal(json_integer_value(json_object_get(first, "ended_us")), T0 + 7);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(first, "evidence"), "status")), 502);
    json_decref(attempts);
}

static void what_is_stale_is_left_out_and_the_batch_goes_on(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change changes[6];
    enum cp_commit_result results[6];

    accept_items(f, T0, two, 2);
    for (int i = 0; i < 6; i++)
        changes[i] = step(CP_PLANNED, CP_ON_START);
    changes[0].revision = 2;
    changes[1].generation = changes[1].new_generation = 2;
    changes[2] = step(CP_IN_FLIGHT, CP_ON_ACCEPTED);
    changes[3].row = 99;
    changes[4].part = 2;
    changes[5].row = 2;
    assert_good(f, cp_ledger_apply(f->ledger, changes, 6, results, &f->err));
    for (int i = 0; i < 5; i++)
        assert_int_equal(results[i], CP_COMMIT_STALE);
    assert_int_equal(results[5], CP_COMMIT_APPLIED);
    assert_string_equal(fixture_text(f, "SELECT state FROM part WHERE delivery = 1"), "planned");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM entry WHERE kind = 'part'"), 1);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM attempt"), 1);
}

static void the_revision_counts_on_the_way_into_in_flight_only(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_TOO_LATE);

    accept_items(f, T0, two, 1);
    change.revision = 77;
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
}

static void a_remote_id_of_another_part_makes_this_one_uncertain(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START), both[2];
    enum cp_commit_result results[2];

    accept_items(f, T0, two, 2);
    publish(f, 1, 1, "109", T0);
    change.row = 2;
    apply_one(f, &change);
    both[0] = step(CP_IN_FLIGHT, CP_ON_ACCEPTED);
    both[0].row = 2;
    both[0].remote_id = "109";
    both[1] = step(CP_PUBLISHED, CP_ON_START);
    both[1].to = CP_PUBLISHED;
    both[1].seen = true;
    assert_good(f, cp_ledger_apply(f->ledger, both, 2, results, &f->err));
    assert_int_equal(results[0], CP_COMMIT_BOUND);
    assert_int_equal(results[1], CP_COMMIT_APPLIED);
    assert_string_equal(fixture_text(f, "SELECT state FROM part WHERE delivery = 2"), "uncertain");
    assert_non_null(strstr(fixture_text(f, "SELECT reason FROM part WHERE delivery = 2"),
                           "'c/p/-/a#1' already"));
    assert_non_null(strstr(fixture_text(f, "SELECT notice FROM entry WHERE notice IS NOT NULL"),
                           "'c/q/-/a#1' is uncertain"));
    assert_string_equal(fixture_text(f, "SELECT outcome FROM attempt WHERE delivery = 2"),
                        "uncertain");
}

static void a_person_can_not_resolve_to_a_bound_id_either(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

    accept_items(f, T0, two, 2);
    publish(f, 1, 1, "109", T0);
    fixture_sql(f, "UPDATE part SET state = 'uncertain' WHERE delivery = 2");
    change = step(CP_UNCERTAIN, CP_ON_RESOLVED);
    change.row = 2;
    change.remote_id = "109";
    assert_int_equal(apply_one(f, &change), CP_COMMIT_BOUND);
    assert_string_equal(fixture_text(f, "SELECT state FROM part WHERE delivery = 2"), "uncertain");
}

static void two_of_one_batch_can_not_have_the_same_remote_id(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change changes[2];
    enum cp_commit_result results[2];

    accept_items(f, T0, two, 2);
    fixture_sql(f, "UPDATE part SET state = 'verify'");
    for (int i = 0; i < 2; i++) {
        changes[i] = step(CP_VERIFY, CP_ON_FOUND);
        changes[i].row = i + 1;
        changes[i].remote_id = "7";
    }
    assert_good(f, cp_ledger_apply(f->ledger, changes, 2, results, &f->err));
    assert_int_equal(results[0], CP_COMMIT_APPLIED);
    assert_int_equal(results[1], CP_COMMIT_BOUND);
}

static void the_same_remote_id_on_another_account_is_another_post(void **state)
{
    const struct plan_item items[] = { { "p", "a", LATER, { "x" }, CP_CHANGE_ADD, false },
                                       { "p", "b", LATER, { "x" }, CP_CHANGE_ADD, false } };
    struct fixture *f = *state;

    accept_items(f, T0, items, 2);
    publish(f, 1, 1, "7", T0);
    publish(f, 2, 1, "7", T0);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM part WHERE state = 'published'"), 2);
}

static void a_step_that_the_table_forbids_takes_the_batch_with_it(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change changes[2];
    enum cp_commit_result results[2];

    accept_items(f, T0, two, 2);
    changes[0] = step(CP_PLANNED, CP_ON_START);
    changes[1] = step(CP_PLANNED, CP_ON_START);
    changes[1].row = 2;
    changes[1].to = CP_PUBLISHED;
    assert_failed(f, cp_ledger_apply(f->ledger, changes, 2, results, &f->err), CP_LEDGER_REFUSED,
                  "from planned to published by 'start'");
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM part WHERE state = 'planned'"), 2);
}

static void a_new_generation_has_a_new_key(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_VERIFY, CP_ON_ABSENT);
    struct cp_delivery_id id;
    char key[CP_WIRE_KEY + 1];

    accept_items(f, T0, two, 1);
    fixture_sql(f, "UPDATE part SET state = 'verify'");
    change.new_generation = 2;
    change.absences = 1;
    apply_one(f, &change);
    cp_delivery_id_make("c", "p", "-", "a", "", &id);
    cp_wire_key_make(&id, 1, 2, key);
    assert_string_equal(fixture_text(f, "SELECT key FROM part"), key);
    assert_int_equal(fixture_number(f, "SELECT generation * 10 + absences FROM part"), 21);
}

static void seen_checkpoint_and_reason_change_without_a_state(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

    accept_items(f, T0, two, 1);
    change.to = CP_PLANNED;
    change.not_before_us = T0 + 9;
    change.reason = "later";
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    change = step(CP_PLANNED, CP_ON_START);
    change.to = CP_PLANNED;
    change.checkpoint = "{\"media\":[\"1\"]}";
    change.checkpoint_only = true;
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    assert_string_equal(fixture_text(f, "SELECT reason FROM part"), "later");
    assert_string_equal(fixture_text(f, "SELECT checkpoint FROM part"), "{\"media\":[\"1\"]}");
    assert_int_equal(fixture_number(f, "SELECT not_before_us FROM part"), T0 + 9);
    publish(f, 1, 1, "r", T0);
    change = step(CP_PUBLISHED, CP_ON_START);
    change.to = CP_PUBLISHED;
    change.seen = true;
    change.wall_us = T0 + 20;
    apply_one(f, &change);
    change.wall_us = T0 + 30;
    apply_one(f, &change);
    assert_int_equal(fixture_number(f, "SELECT seen_us FROM part"), T0 + 20);
    assert_int_equal(fixture_number(f, "SELECT published_us FROM part"), T0);
    assert_string_equal(fixture_text(f, "SELECT checkpoint FROM part"), "{\"media\":[\"1\"]}");
}

static void what_a_server_says_can_not_break_a_batch(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change change = step(CP_PLANNED, CP_ON_REJECTED);
    int64_t count;

    accept_items(f, T0, two, 1);
    change.reason = "no \xff\xfe\x01 \"quote\"";
    change.evidence = "not json \xc3";
    change.notice = "bad \xff";
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    assert_good(f, cp_ledger_verify_chain(f->ledger, &count, &f->err));
    assert_int_equal(count, 2);
}

static void work_lists_every_content_that_was_tried(void **state)
{
    const struct plan_item edit[] = {
        { "p", "a", LATER, { "one", "TWO" }, CP_CHANGE_EDIT, false }
    };
    struct fixture *f = *state;
    struct cp_part_change change;
    struct cp_work work;

    accept_items(f, T0, thread, 1);
    publish(f, 1, 1, "root", T0);
    change = step(CP_PLANNED, CP_ON_START);
    change.part = 2;
    apply_one(f, &change);
    change = step(CP_IN_FLIGHT, CP_ON_REJECTED);
    change.part = 2;
    apply_one(f, &change);
    accept_items(f, T0 + 1, edit, 1);
    change = step(CP_PLANNED, CP_ON_START);
    change.part = 2;
    change.revision = 2;
    apply_one(f, &change);
    assert_good(f, cp_ledger_work(f->ledger, 1, 2, &work, &f->err));
    assert_int_equal(work.tried_count, 2);
    assert_string_equal(work.tried[0].text, "TWO");
    assert_string_equal(work.tried[1].text, "two");
    assert_string_equal(work.parent_id, "root");
    assert_string_equal(work.root_id, "root");
    assert_int_equal(work.taken_count, 1);
    assert_string_equal(work.taken[0], "root");
    assert_string_equal(work.post, "p");
    assert_string_equal(work.account, "a");
    assert_int_equal(work.part_total, 2);
    assert_string_equal(work.checkpoint, "{}");
    cp_work_release(&work);
}

static void work_of_nothing_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cp_work work;

    accept_items(f, T0, two, 1);
    assert_failed(f, cp_ledger_work(f->ledger, 1, 2, &work, &f->err), CP_LEDGER_REFUSED, "part 2");
}

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum { MANY = 20000, BATCH = 64, PER_STATE = 21 };

static void accept_many(struct fixture *f)
{
    struct plan_item *items = calloc(MANY, sizeof(*items));

    for (int i = 0; i < MANY; i++)
        items[i] = (struct plan_item){ .post = cp_arena_printf(f->arena, "post-%d", i),
                                       .account = "a",
                                       .due_us = LATER + i,
                                       .texts = { "text" },
                                       .change = CP_CHANGE_ADD };
    accept_items(f, T0, items, MANY);
    free(items);
}

/* Starts so many deliveries, ends those started by the batch before, has seen those ended by it. */
static size_t fill_batch(struct cp_part_change *changes, int first, char ids[][24])
{
    size_t count = 0;

    for (int back = 0; back < 3; back++) {
        for (int i = 0; i < PER_STATE; i++) {
            int number = first + i - back * PER_STATE;
            struct cp_part_change *change = &changes[count];

            if (number < 0 || number >= MANY)
                continue;
            *change = back ? step(CP_IN_FLIGHT, CP_ON_ACCEPTED) : step(CP_PLANNED, CP_ON_START);
            change->row = number + 1;
            change->seen = back == 2;
            change->from = back == 2 ? CP_PUBLISHED : change->from;
            change->evidence = back == 1 ? "{\"status\":200}" : NULL;
            snprintf(ids[count], 24, "1%d", number);
            change->remote_id = back == 1 ? ids[count] : NULL;
            count++;
        }
    }
    return count;
}

/* Prints a figure, asserts none: machines differ. */
static void batches_of_64_are_fast(void **state)
{
    struct fixture *f = *state;
    struct cp_part_change changes[BATCH];
    enum cp_commit_result results[BATCH];
    char ids[BATCH][24];
    double begin, used;
    size_t total = 0;

    accept_many(f);
    begin = seconds(CLOCK_MONOTONIC);
    used = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int first = 0; first < MANY + 2 * PER_STATE; first += PER_STATE) {
        size_t count = fill_batch(changes, first, ids);

        assert_good(f, cp_ledger_apply(f->ledger, changes, count, results, &f->err));
        for (size_t i = 0; i < count; i++)
            assert_int_equal(results[i], CP_COMMIT_APPLIED);
        total += count;
    }
    print_message("%zu changes, %.0f a second, %.1f us of processor each\n", total,
                  (double)total / (seconds(CLOCK_MONOTONIC) - begin),
                  1e6 * (seconds(CLOCK_PROCESS_CPUTIME_ID) - used) / (double)total);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM part WHERE seen_us > 0"), MANY);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_start_freezes_content_and_request_and_begins_an_attempt),
        IN_FOLDER(an_outcome_ends_the_attempt_with_its_evidence),
        IN_FOLDER(what_is_stale_is_left_out_and_the_batch_goes_on),
        IN_FOLDER(the_revision_counts_on_the_way_into_in_flight_only),
        IN_FOLDER(a_remote_id_of_another_part_makes_this_one_uncertain),
        IN_FOLDER(a_person_can_not_resolve_to_a_bound_id_either),
        IN_FOLDER(two_of_one_batch_can_not_have_the_same_remote_id),
        IN_FOLDER(the_same_remote_id_on_another_account_is_another_post),
        IN_FOLDER(a_step_that_the_table_forbids_takes_the_batch_with_it),
        IN_FOLDER(a_new_generation_has_a_new_key),
        IN_FOLDER(seen_checkpoint_and_reason_change_without_a_state),
        IN_FOLDER(what_a_server_says_can_not_break_a_batch),
        IN_FOLDER(work_lists_every_content_that_was_tried),
        IN_FOLDER(work_of_nothing_is_refused),
        IN_FOLDER(batches_of_64_are_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
