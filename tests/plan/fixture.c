/* tests/plan/fixture.c */
#include "fixture.h"

#include <stdio.h>

static const char *campaign_languages[] = { "en", "es" };
static const char *english[] = { "en" };
static const char *mexican[] = { "es", "en" };

int64_t at(const char *rfc3339)
{
    int64_t us = 0;

    if (!cp_instant_parse_rfc3339(rfc3339, &us, NULL))
        fail_msg("no instant: %s", rfc3339);
    return us;
}

void local(struct cp_moment *moment, const char *text)
{
    moment->at = (struct cp_place){ "spring.yaml", 5, 9 };
    if (!cp_civil_parse(text, &moment->local, NULL))
        fail_msg("no date: %s", text);
}

struct cp_offset offset(const char *span)
{
    struct cp_offset made = { .at = { "spring.yaml", 9, 3 } };

    if (!cp_span_parse(span, &made.span, NULL))
        fail_msg("no span: %s", span);
    return made;
}

static void make_campaign(struct fixture *f)
{
    f->texts[0] = (struct cp_translation){ "en", "Free him now", { "spring.yaml", 7, 14 } };
    f->texts[1] = (struct cp_translation){ "es", "Libertad ya", { "spring.yaml", 8, 14 } };
    f->messages[0] = (struct cp_message){ .text = { f->texts, 2 }, .at = { "spring.yaml", 6, 5 } };
    f->posts[0] = (struct cp_post){ .id = "statement",
                                    .messages = f->messages,
                                    .message_count = 1,
                                    .event = &f->event,
                                    .at = { "spring.yaml", 4, 5 } };
    local(&f->posts[0].at_time, "2022-02-15 13:28");
    f->event = (struct cp_calendar_event){ .id = "tribunal", .at = { "spring.yaml", 3, 3 } };
    local(&f->event.start, "2022-02-25 20:00");
    f->campaign = (struct cp_campaign){ .id = "spring",
                                        .title = "Spring",
                                        .zone = "Europe/London",
                                        .languages = campaign_languages,
                                        .language_count = 2,
                                        .send_by_us = CP_HOUR,
                                        .events = &f->event,
                                        .event_count = 1,
                                        .posts = f->posts,
                                        .post_count = 1,
                                        .source = "schedule",
                                        .at = { "spring.yaml", 1, 1 } };
    f->campaigns[0] = &f->campaign;
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->zones = cp_zones_open(NULL);
    f->arena = cp_arena_create();
    make_campaign(f);
    f->config.accounts = f->accounts;
    fixture_add_account(f, "uk", "en");
    fixture_add_account(f, "mx", "es");
    f->input = (struct cp_plan_input){ .config = &f->config,
                                       .campaigns = f->campaigns,
                                       .campaign_count = 1,
                                       .facts = f->facts,
                                       .zones = f->zones,
                                       .now_us = at("2022-01-01T00:00:00Z") };
    *state = f;
    return f->zones && f->arena ? 0 : -1;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    cp_plan_free(f->plan);
    cp_arena_free(f->arena);
    cp_zones_close(f->zones);
    free(f);
    return 0;
}

struct cp_account *fixture_add_account(struct fixture *f, const char *id, const char *language)
{
    size_t number = f->config.account_count++;
    bool spanish = strcmp(language, "es") == 0;

    f->accounts[number] = (struct cp_account){ .id = id,
                                               .adapter = "mastodon",
                                               .languages = spanish ? mexican : english,
                                               .language_count = spanish ? 2 : 1,
                                               .at = { "camp-post.yaml", 10, 3 } };
    f->facts[number] = (struct cp_facts){ .reply_to = true };
    return &f->accounts[number];
}

struct cp_post *fixture_add_post(struct fixture *f, const char *id)
{
    struct cp_post *post = &f->posts[f->campaign.post_count++];

    *post = f->posts[0];
    post->id = id;
    post->at.line = 20;
    return post;
}

struct cp_plan *fixture_plan(struct fixture *f)
{
    struct cp_error err = { 0 };

    cp_plan_free(f->plan);
    f->plan = cp_plan_make(&f->input, &err);
    if (!f->plan)
        fail_msg("no plan: %s", err.message);
    return f->plan;
}

void fixture_assert_fine(const struct fixture *f)
{
    for (size_t i = 0; i < f->plan->diagnostics.count; i++) {
        if (f->plan->diagnostics.items[i].severity == CP_FAULT)
            fail_msg("%s", f->plan->diagnostics.items[i].message);
    }
}

static struct cp_snapshot_delivery kept(struct fixture *f, const struct cp_plan_delivery *delivery)
{
    struct cp_snapshot_delivery row = {
        .row = (int64_t)f->snapshot.count + 1,
        .id = delivery->id,
        .campaign = cp_arena_string(f->arena, delivery->campaign_id),
        .post = cp_arena_string(f->arena, delivery->post_id),
        .occurrence = cp_arena_string(f->arena, delivery->occurrence),
        .account = cp_arena_string(f->arena, delivery->account_id),
        .due_us = delivery->due_us,
        .send_by_us = delivery->send_by_us,
        .first_seen_us = delivery->known && delivery->known->due_us == delivery->due_us
                             ? delivery->known->first_seen_us
                             : f->input.now_us,
        .wanted = delivery->change != CP_CHANGE_CANCEL,
        .content_hash = cp_arena_string(f->arena, delivery->content_hash),
        .part_count = delivery->part_count,
    };

    row.parts = cp_arena_array(f->arena, row.part_count, sizeof(*row.parts));
    for (size_t i = 0; i < row.part_count; i++)
        row.parts[i] =
            (struct cp_snapshot_part){ CP_PLANNED, delivery->parts[i].generation, false };
    return row;
}

void fixture_accept(struct fixture *f)
{
    struct cp_snapshot_delivery *rows;

    fixture_plan(f);
    fixture_assert_fine(f);
    rows = cp_arena_array(f->arena, f->plan->count, sizeof(*rows));
    f->snapshot.count = 0;
    for (size_t i = 0; i < f->plan->count; i++)
        rows[f->snapshot.count++] = kept(f, &f->plan->deliveries[i]);
    f->snapshot.deliveries = rows;
    f->snapshot.sources = cp_arena_array(f->arena, 1, sizeof(*f->snapshot.sources));
    f->snapshot.sources[0] =
        (struct cp_snapshot_source){ "schedule", cp_arena_string(f->arena, f->campaign.id) };
    f->snapshot.source_count = 1;
    f->input.snapshot = &f->snapshot;
}

struct cp_snapshot_delivery *fixture_row(struct fixture *f, const char *key)
{
    for (size_t i = 0; i < f->snapshot.count; i++) {
        struct cp_snapshot_delivery *row = &f->snapshot.deliveries[i];
        char text[300];

        snprintf(text, sizeof(text), "%s/%s/%s/%s", row->campaign, row->post, row->occurrence,
                 row->account);
        if (strcmp(text, key) == 0)
            return row;
    }
    fail_msg("not in the snapshot: %s", key);
    return NULL;
}

void fixture_part(struct fixture *f, const char *key, enum cp_part_state state)
{
    struct cp_snapshot_delivery *row = fixture_row(f, key);

    for (size_t i = 0; i < row->part_count; i++)
        row->parts[i].state = state;
}

struct cp_plan_delivery *fixture_find(struct fixture *f, const char *key)
{
    for (size_t i = 0; i < f->plan->count; i++) {
        char text[300];

        cp_plan_key(&f->plan->deliveries[i], text, sizeof(text));
        if (strcmp(text, key) == 0)
            return &f->plan->deliveries[i];
    }
    fail_msg("not in the plan: %s", key);
    return NULL;
}

size_t fixture_count(const struct fixture *f, enum cp_change change)
{
    size_t count = 0;

    for (size_t i = 0; i < f->plan->count; i++)
        count += f->plan->deliveries[i].change == change;
    return count;
}

const struct cp_diagnostic *fixture_said(const struct fixture *f, const char *code)
{
    for (size_t i = 0; i < f->plan->diagnostics.count; i++) {
        if (strcmp(f->plan->diagnostics.items[i].code, code) == 0)
            return &f->plan->diagnostics.items[i];
    }
    return NULL;
}

size_t fixture_said_times(const struct fixture *f, const char *code)
{
    size_t count = 0;

    for (size_t i = 0; i < f->plan->diagnostics.count; i++)
        count += strcmp(f->plan->diagnostics.items[i].code, code) == 0;
    return count;
}
