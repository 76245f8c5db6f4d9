/* tests/plan/test_plan_names.c - identity: renamings, names that are there twice, and sources. */
#include "fixture.h"

static void rename_campaign(struct fixture *f)
{
    f->campaign.was = "spring";
    f->campaign.id = "summer";
}

static void rename_post(struct fixture *f)
{
    f->posts[0].was = "statement";
    f->posts[0].id = "declaration";
}

static void rename_account(struct fixture *f)
{
    f->accounts[0].was = "uk";
    f->accounts[0].id = "britain";
}

static void rename_all(struct fixture *f)
{
    rename_campaign(f);
    rename_post(f);
    rename_account(f);
}

static const struct {
    void (*rename)(struct fixture *f);
    const char *key;
} renamings[] = {
    { rename_campaign, "summer/statement/-/uk" },
    { rename_post, "spring/declaration/-/uk" },
    { rename_account, "spring/statement/-/britain" },
    { rename_all, "summer/declaration/-/britain" },
};

static struct cp_delivery_id born(void)
{
    struct cp_delivery_id id;

    cp_delivery_id_make("spring", "statement", "-", "uk", "", &id);
    return id;
}

static void what_was_renamed_keeps_row_and_id(void **state)
{
    struct fixture *f = *state;
    const struct cp_delivery_id id = born();

    for (size_t i = 0; i < CP_COUNT(renamings); i++) {
        struct cp_plan_delivery *delivery;
        struct fixture *own;
        void *fresh;

        assert_int_equal(fixture_setup(&fresh), 0);
        own = fresh;
        fixture_accept(own);
        renamings[i].rename(own);
        fixture_plan(own);
        fixture_assert_fine(own);
        delivery = fixture_find(own, renamings[i].key);
        assert_ptr_equal(delivery->known, fixture_row(own, "spring/statement/-/uk"));
        assert_memory_equal(&delivery->id, &id, sizeof(id));
        assert_string_equal(delivery->renamed_from, "spring/statement/-/uk");
        assert_int_equal(delivery->change, CP_CHANGE_NONE);
        assert_int_equal(fixture_count(own, CP_CHANGE_CANCEL), 0);
        /* Accepted: the ledger has the new names, `was` may stay, and nothing is renamed any more. */
        fixture_accept(own);
        fixture_plan(own);
        fixture_assert_fine(own);
        delivery = fixture_find(own, renamings[i].key);
        assert_null(delivery->renamed_from);
        assert_memory_equal(&delivery->id, &id, sizeof(id));
        /* Without `was` likewise: the row knows. */
        own->campaign.was = own->posts[0].was = own->accounts[0].was = NULL;
        fixture_plan(own);
        fixture_assert_fine(own);
        assert_memory_equal(&fixture_find(own, renamings[i].key)->id, &id, sizeof(id));
        fixture_teardown(&fresh);
    }
    (void)f;
}

static void renamings_may_be_accepted_one_after_the_other(void **state)
{
    struct fixture *f = *state;
    const struct cp_delivery_id id = born();

    fixture_accept(f);
    rename_post(f);
    fixture_accept(f);
    rename_campaign(f);
    fixture_accept(f);
    rename_account(f);
    fixture_plan(f);
    fixture_assert_fine(f);
    assert_memory_equal(&fixture_find(f, "summer/declaration/-/britain")->id, &id, sizeof(id));
    assert_string_equal(fixture_find(f, "summer/declaration/-/britain")->renamed_from,
                        "summer/declaration/-/uk");
}

static void without_a_ledger_the_id_is_still_that_of_its_birth(void **state)
{
    struct fixture *f = *state;
    const struct cp_delivery_id id = born();

    rename_all(f);
    fixture_plan(f);
    assert_memory_equal(&fixture_find(f, "summer/declaration/-/britain")->id, &id, sizeof(id));
}

static void a_name_that_was_given_away_can_not_be_used_again(void **state)
{
    struct fixture *f = *state;

    fixture_accept(f);
    rename_post(f);
    fixture_accept(f);
    f->posts[0].was = NULL;
    fixture_add_post(f, "statement");
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "id-used-before"), 1);
    assert_int_equal(fixture_said(f, "id-used-before")->severity, CP_FAULT);
    assert_int_equal(fixture_said(f, "id-used-before")->line, 20);
}

static void a_post_can_not_be_renamed_onto_another(void **state)
{
    struct fixture *f = *state;

    fixture_add_post(f, "declaration");
    fixture_accept(f);
    f->campaign.post_count = 1;
    rename_post(f);
    fixture_plan(f);
    assert_int_equal(fixture_said_times(f, "renamed-onto"), 1);
    assert_int_equal(fixture_said(f, "renamed-onto")->severity, CP_FAULT);
}

static void post_old_in_use(struct fixture *f)
{
    fixture_add_post(f, "second")->was = "statement";
}

static void post_claimed_twice(struct fixture *f)
{
    fixture_add_post(f, "second")->was = "first";
    fixture_add_post(f, "third")->was = "first";
}

static void post_itself(struct fixture *f)
{
    f->posts[0].was = "statement";
}

static void post_twice(struct fixture *f)
{
    fixture_add_post(f, "statement");
}

static void account_old_in_use(struct fixture *f)
{
    f->accounts[1].was = "uk";
}

static void account_claimed_twice(struct fixture *f)
{
    f->accounts[0].was = f->accounts[1].was = "old";
}

static struct cp_campaign second_campaign;

static void campaign_twice(struct fixture *f)
{
    second_campaign = f->campaign;
    second_campaign.source = "elsewhere";
    second_campaign.at.file = "other.yaml";
    f->campaigns[1] = &second_campaign;
    f->input.campaign_count = 2;
}

static void campaign_old_in_use(struct fixture *f)
{
    campaign_twice(f);
    second_campaign.id = "summer";
    second_campaign.was = "spring";
}

static const struct {
    void (*make)(struct fixture *f);
    const char *code, *says;
} clashes[] = {
    { post_old_in_use, "old-id-in-use", "spring.yaml:4:5" },
    { post_claimed_twice, "old-id-claimed-twice", "'third'" },
    { post_itself, "renamed-itself", "'statement'" },
    { post_twice, "duplicate-id", "spring.yaml:4:5" },
    { account_old_in_use, "old-id-in-use", "account 'mx'" },
    { account_claimed_twice, "old-id-claimed-twice", "account 'mx'" },
    { campaign_twice, "duplicate-id", "campaign 'spring'" },
    { campaign_old_in_use, "old-id-in-use", "campaign 'summer'" },
};

static void names_that_clash_are_errors_with_both_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(clashes); i++) {
        const struct cp_diagnostic *said;
        struct fixture *own;
        void *fresh;

        assert_int_equal(fixture_setup(&fresh), 0);
        own = fresh;
        clashes[i].make(own);
        fixture_plan(own);
        said = fixture_said(own, clashes[i].code);
        if (!said)
            fail_msg("nothing of %s in row %zu", clashes[i].code, i);
        assert_int_equal(said->severity, CP_FAULT);
        if (!strstr(said->message, clashes[i].says))
            fail_msg("%s", said->message);
        fixture_teardown(&fresh);
    }
}

static void a_place_with_another_campaign_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct cp_diagnostic *said;

    fixture_accept(f);
    f->campaign.id = "summer";
    fixture_plan(f);
    said = fixture_said(f, "other-campaign");
    assert_non_null(said);
    assert_int_equal(said->severity, CP_FAULT);
    assert_string_equal(said->message,
                        "'schedule' had campaign 'spring' when it was accepted last, and has "
                        "'summer' now");
    f->campaign.was = "winter";
    fixture_plan(f);
    assert_non_null(fixture_said(f, "other-campaign"));
    f->campaign.was = "spring";
    fixture_plan(f);
    assert_null(fixture_said(f, "other-campaign"));
    f->campaign.was = NULL;
    f->campaign.source = "elsewhere";
    fixture_plan(f);
    assert_null(fixture_said(f, "other-campaign"));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(what_was_renamed_keeps_row_and_id),
        ROW(renamings_may_be_accepted_one_after_the_other),
        ROW(without_a_ledger_the_id_is_still_that_of_its_birth),
        ROW(a_name_that_was_given_away_can_not_be_used_again),
        ROW(a_post_can_not_be_renamed_onto_another),
        ROW(names_that_clash_are_errors_with_both_places),
        ROW(a_place_with_another_campaign_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
