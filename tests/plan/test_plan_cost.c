/* tests/plan/test_plan_cost.c - a large plan: memory is checked, time only printed. */
#include "cmocka_all.h"

#include <stdio.h>
#include <time.h>

#include "plan/plan.h"

enum { POSTS = 2000, ACCOUNTS = 50 };

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *languages[] = { "en" };
static struct cp_account accounts[ACCOUNTS];
static struct cp_facts facts[ACCOUNTS];
static struct cp_post posts[POSTS];
static struct cp_message messages[POSTS];
static struct cp_translation texts[POSTS];
static char account_ids[ACCOUNTS][16], post_ids[POSTS][16], words[POSTS][300];
static struct cp_config config = { .accounts = accounts, .account_count = ACCOUNTS };
static struct cp_campaign campaign = { .id = "spring",
                                       .zone = "Europe/London",
                                       .languages = languages,
                                       .language_count = 1,
                                       .send_by_us = CP_HOUR,
                                       .posts = posts };

static void make_accounts(void)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        snprintf(account_ids[i], sizeof(account_ids[i]), "account-%d", i);
        accounts[i] = (struct cp_account){
            .id = account_ids[i], .adapter = "mastodon", .languages = languages, .language_count = 1
        };
        facts[i] = (struct cp_facts){ .dialect = CP_DIALECT_MASTODON,
                                      .limits = { { CP_GRAPHEMES, 500 + (uint64_t)(i % 2) } },
                                      .limit_count = 1 };
    }
}

static void make_posts(void)
{
    for (int i = 0; i < POSTS; i++) {
        snprintf(post_ids[i], sizeof(post_ids[i]), "post-%d", i);
        snprintf(words[i], sizeof(words[i]),
                 "Number %d: come to the embassy and stay as long as you can, bring friends, bring "
                 "tea, write to your member of parliament https://example.org/letters/%d and tell "
                 "@camp@social.example what they answered #free #spring",
                 i, i);
        texts[i] = (struct cp_translation){ "en", words[i], { 0 } };
        messages[i] = (struct cp_message){ .text = { &texts[i], 1 } };
        posts[i] = (struct cp_post){ .id = post_ids[i],
                                     .messages = &messages[i],
                                     .message_count = 1,
                                     .at_time = { .local = { 2022, 1 + i % 12, 1 + i % 28, 12,
                                                             i % 60, 0 } } };
    }
}

static struct cp_snapshot keep(const struct cp_plan *plan)
{
    struct cp_snapshot snapshot = { .arena = cp_arena_create() };

    snapshot.deliveries = cp_arena_array(snapshot.arena, plan->count, sizeof(*snapshot.deliveries));
    for (size_t i = 0; i < plan->count; i++) {
        const struct cp_plan_delivery *delivery = &plan->deliveries[i];
        struct cp_snapshot_part *part = cp_arena_alloc(snapshot.arena, sizeof(*part));

        *part = (struct cp_snapshot_part){ .state = CP_PLANNED, .generation = 1 };
        snapshot.deliveries[snapshot.count++] = (struct cp_snapshot_delivery){
            .id = delivery->id,
            .campaign = delivery->campaign_id,
            .post = delivery->post_id,
            .occurrence = delivery->occurrence,
            .account = delivery->account_id,
            .due_us = delivery->due_us,
            .send_by_us = delivery->send_by_us,
            .wanted = true,
            .content_hash = cp_arena_string(snapshot.arena, delivery->content_hash),
            .parts = part,
            .part_count = 1,
        };
    }
    return snapshot;
}

static struct cp_plan *timed(const struct cp_plan_input *input, const char *what)
{
    double began = seconds();
    struct cp_plan *plan = cp_plan_make(input, NULL);

    assert_non_null(plan);
    print_message(
        "%s: %zu deliveries in %.3f s, %zu bytes each\n", what, plan->count, seconds() - began,
        cp_arena_used(plan->arena) / (plan->count ? plan->count : 1) + sizeof(*plan->deliveries));
    assert_int_equal(plan->diagnostics.count, 0);
    return plan;
}

static void memory_is_linear_in_deliveries(void **state)
{
    struct cp_zones *zones = cp_zones_open(NULL);
    struct cp_plan_input input = { .config = &config, .facts = facts, .zones = zones };
    const struct cp_campaign *const campaigns[] = { &campaign };

    (void)state;
    make_accounts();
    make_posts();
    input.campaigns = campaigns;
    input.campaign_count = 1;
    for (campaign.post_count = POSTS / 100; campaign.post_count <= POSTS;
         campaign.post_count *= 10) {
        struct cp_plan *plan = timed(&input, "first plan"), *again;
        struct cp_snapshot snapshot = keep(plan);

        assert_int_equal(plan->count, campaign.post_count * ACCOUNTS);
        assert_true(cp_arena_used(plan->arena) < plan->count * 4096);
        input.snapshot = &snapshot;
        again = timed(&input, "accepted");
        for (size_t i = 0; i < again->count; i++)
            assert_int_equal(again->deliveries[i].change, CP_CHANGE_NONE);
        input.snapshot = NULL;
        cp_plan_free(again);
        cp_snapshot_release(&snapshot);
        cp_plan_free(plan);
    }
    cp_zones_close(zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(memory_is_linear_in_deliveries) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
