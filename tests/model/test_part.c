/* tests/model/test_part.c */
#include "cmocka_all.h"

#include "model/part.h"

static const struct {
    enum cp_part_state from;
    enum cp_part_event event;
    enum cp_part_state to;
} legal[] = {
    { CP_PLANNED, CP_ON_START, CP_IN_FLIGHT },      { CP_PLANNED, CP_ON_REJECTED, CP_REJECTED },
    { CP_PLANNED, CP_ON_TOO_LATE, CP_EXPIRED },     { CP_PLANNED, CP_ON_CANCEL, CP_CANCELLED },
    { CP_IN_FLIGHT, CP_ON_ACCEPTED, CP_PUBLISHED }, { CP_IN_FLIGHT, CP_ON_REJECTED, CP_REJECTED },
    { CP_IN_FLIGHT, CP_ON_SURELY_NOT, CP_PLANNED }, { CP_IN_FLIGHT, CP_ON_DOUBT, CP_VERIFY },
    { CP_IN_FLIGHT, CP_ON_NO_PROOF, CP_UNCERTAIN }, { CP_VERIFY, CP_ON_FOUND, CP_PUBLISHED },
    { CP_VERIFY, CP_ON_ABSENT, CP_PLANNED },        { CP_VERIFY, CP_ON_NO_PROOF, CP_UNCERTAIN },
    { CP_VERIFY, CP_ON_TOO_LATE, CP_EXPIRED },      { CP_UNCERTAIN, CP_ON_RESOLVED, CP_PUBLISHED },
    { CP_UNCERTAIN, CP_ON_RESEND, CP_PLANNED },     { CP_UNCERTAIN, CP_ON_CANCEL, CP_CANCELLED },
    { CP_REJECTED, CP_ON_RETRY, CP_PLANNED },       { CP_EXPIRED, CP_ON_RETRY, CP_PLANNED },
    { CP_EXPIRED, CP_ON_MOVED, CP_PLANNED },
};

static enum cp_part_state expected(int from, int event)
{
    for (size_t i = 0; i < CP_COUNT(legal); i++) {
        if ((int)legal[i].from == from && (int)legal[i].event == event)
            return legal[i].to;
    }
    return CP_NOWHERE;
}

static void only_listed_steps_are_taken(void **state)
{
    (void)state;
    for (int from = CP_NOWHERE; from < CP_PART_STATES; from++) {
        for (int event = 0; event < CP_PART_EVENTS; event++)
            assert_int_equal(cp_part_next((enum cp_part_state)from, (enum cp_part_event)event),
                             expected(from, event));
    }
}

static void final_states_are_those_without_a_way_out(void **state)
{
    (void)state;
    for (int from = CP_PLANNED; from < CP_PART_STATES; from++) {
        bool way_out = false;

        for (int event = 0; event < CP_PART_EVENTS; event++)
            way_out |= expected(from, event) != CP_NOWHERE;
        assert_int_equal(cp_part_is_final((enum cp_part_state)from), !way_out);
        assert_int_equal(cp_part_is_open((enum cp_part_state)from),
                         from == CP_IN_FLIGHT || from == CP_VERIFY);
    }
}

static void a_state_is_read_back_from_its_word(void **state)
{
    (void)state;
    for (int s = CP_PLANNED; s < CP_PART_STATES; s++)
        assert_int_equal(cp_part_state_parse(cp_part_state_name((enum cp_part_state)s)), s);
    assert_int_equal(cp_part_state_parse("in flight"), CP_NOWHERE);
    assert_int_equal(cp_part_state_parse("nowhere"), CP_NOWHERE);
    assert_string_equal(cp_part_state_name(CP_IN_FLIGHT), "in_flight");
    assert_string_equal(cp_part_event_name(CP_ON_SURELY_NOT), "surely not");
}

static const struct {
    const char *rule;
    struct cp_part_view_input input;
    const char *word;
} shown[] = {
    { "a post in the future is planned",
      { CP_PLANNED, .wanted = true, .due_us = 5, .now_us = 4 },
      "planned" },
    { "at its moment it is due", { CP_PLANNED, .wanted = true, .due_us = 5, .now_us = 5 }, "due" },
    { "a hold shows before due",
      { CP_PLANNED, .wanted = true, .held = true, .now_us = 5 },
      "held" },
    { "a hold shows in the future, too",
      { CP_PLANNED, .wanted = true, .held = true, .due_us = 9 },
      "held" },
    { "late waits for a release whatever is held",
      { CP_PLANNED, .wanted = true, .late = true, .held = true },
      "late" },
    { "standby likewise",
      { CP_PLANNED, .wanted = true, .standby = true, .held = true, .due_us = INT64_MAX },
      "standby" },
    { "what left the files is unwanted", { CP_PLANNED, .late = true }, "unwanted" },
    { "a checkpoint means uploading",
      { CP_PLANNED, .wanted = true, .uploading = true, .now_us = 1 },
      "uploading" },
    { "a pause shows before the upload it interrupts",
      { CP_PLANNED, .wanted = true, .uploading = true, .waiting = true, .now_us = 1 },
      "waiting" },
    { "a hold does not hide what may be out",
      { CP_VERIFY, .wanted = true, .held = true },
      "verify" },
    { "published stays so without a read", { CP_PUBLISHED, .wanted = true }, "published" },
    { "read back is seen, even when unwanted since", { CP_PUBLISHED, .seen = true }, "seen" },
    { "seen says nothing of what is not out", { CP_UNCERTAIN, .seen = true }, "uncertain" },
};

static void the_word_people_see_follows_from_the_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(shown); i++) {
        const char *word = cp_part_shown(&shown[i].input);

        if (strcmp(word, shown[i].word) != 0)
            fail_msg("%s: '%s' instead of '%s'", shown[i].rule, word, shown[i].word);
    }
}

static const struct {
    const char *words[3];
    const char *word;
} threads[] = {
    { { "seen", "seen", "seen" }, "seen" },
    { { "seen", "published", "seen" }, "published" },
    { { "seen", "due", "planned" }, "due" },
    { { "planned", "planned", "planned" }, "planned" },
    { { "published", "in_flight", "planned" }, "in_flight" },
    { { "in_flight", "verify", "planned" }, "verify" },
    { { "seen", "rejected", "expired" }, "rejected" },
    { { "verify", "planned", "expired" }, "expired" },
    { { "rejected", "expired", "uncertain" }, "uncertain" },
    { { "seen", "cancelled", "cancelled" }, "cancelled" },
};

static void a_thread_shows_its_worst_part_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(threads); i++)
        assert_string_equal(cp_delivery_shown(threads[i].words, 3), threads[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_steps_are_taken),
        cmocka_unit_test(final_states_are_those_without_a_way_out),
        cmocka_unit_test(a_state_is_read_back_from_its_word),
        cmocka_unit_test(the_word_people_see_follows_from_the_row),
        cmocka_unit_test(a_thread_shows_its_worst_part_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
