/* src/plan/expand.c - posts to occurrences, and each of them to every account it goes to.
 *
 * Times are resolved here, from the zone data of this machine: a time that an author wrote and that
 * does not exist, or exists twice, is a fault with both readings; one that was generated from an
 * offset goes forward, or takes the first, with a warning.
 */
#include "plan/plan_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- times --------------------------------------------------------------------------------- */

enum { READING_SIZE = 96 };

/* "02:30 BST (2022-03-27T01:30:00Z)", with the date in front. */
static void format_reading(const struct cp_zone *zone, int64_t us, char out[READING_SIZE])
{
    struct cp_civil civil = cp_zone_civil(zone, us);
    char local[CP_CIVIL_SIZE], utc[CP_RFC3339_SIZE];

    cp_civil_format(&civil, local);
    cp_instant_format_rfc3339(us, utc);
    snprintf(out, READING_SIZE, "%s %.20s (%s)", local, cp_zone_abbreviation(zone, us), utc);
}

static void say_ambiguous(struct cp_builder *builder, const struct cp_zone *zone,
                          const struct cp_moment *moment, const char *path, enum cp_local_kind kind,
                          const int64_t readings[2])
{
    char local[CP_CIVIL_SIZE], earlier[READING_SIZE], later[READING_SIZE], hint[400];

    cp_civil_format(&moment->local, local);
    format_reading(zone, readings[0], earlier);
    format_reading(zone, readings[1], later);
    snprintf(hint, sizeof(hint),
             "write {local: %s, choose: earlier} for %s, or choose: later for %s", local, earlier,
             later);
    cp_diagnose(&builder->plan->diagnostics, CP_FAULT,
                kind == CP_LOCAL_GAP ? "time-in-gap" : "time-in-overlap", moment->at, path, hint,
                kind == CP_LOCAL_GAP
                    ? "%s does not exist in %s: clocks go forward over it; it may mean %s or %s"
                    : "%s is there twice in %s: clocks go back over it; it may mean %s or %s",
                local, cp_zone_name(zone), earlier, later);
}

static bool resolve_moment(struct cp_builder *builder, const struct cp_zone *zone,
                           const struct cp_moment *moment, const char *path, int64_t *out_us)
{
    int64_t readings[2];
    enum cp_local_kind kind = cp_zone_resolve(zone, &moment->local, &readings[0], &readings[1]);

    if (kind != CP_LOCAL_UNIQUE && moment->choose == CP_CHOOSE_NONE) {
        say_ambiguous(builder, zone, moment, path, kind, readings);
        return false;
    }
    *out_us = readings[moment->choose == CP_CHOOSE_LATER];
    return true;
}

/* Readers refuse unknown zones where they are written; this is for campaigns made otherwise. */
static const struct cp_zone *find_zone(struct cp_builder *builder, const char *name,
                                       struct cp_place at)
{
    const struct cp_zone *zone = cp_zones_find(builder->input->zones, name);

    if (!zone && cp_plan_once(builder, "zone %s", name))
        cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "unknown-zone", at, NULL,
                    "install the package tzdata, or choose another name",
                    "this machine has no time zone '%s'", name);
    return zone;
}

/* An event's zone and start; once resolved it is kept, so that a fault of it is told once. */
struct event_start {
    const struct cp_zone *zone; /* NULL: unknown, or the start is at fault */
    int64_t us;
};

static const struct event_start *event_start(struct cp_builder *builder,
                                             const struct cp_campaign *campaign,
                                             const struct cp_calendar_event *event)
{
    char key[256], path[CP_ID_MOST + 32];
    int size = snprintf(key, sizeof(key), "%.64s/%.64s", campaign->id, event->id);
    struct event_start *start = cp_table_find(&builder->events, key, (size_t)size);

    if (start)
        return start;
    start = cp_arena_alloc(builder->scratch, sizeof(*start));
    if (!start)
        return NULL;
    snprintf(path, sizeof(path), "events.%.64s.start", event->id);
    start->zone = find_zone(builder, event->zone ? event->zone : campaign->zone, event->at);
    if (start->zone && !resolve_moment(builder, start->zone, &event->start, path, &start->us))
        start->zone = NULL;
    cp_table_put(&builder->events, key, (size_t)size, start);
    return start;
}

/* ---- occurrences --------------------------------------------------------------------------- */

/* "tribunal-3d" before it, "tribunal" at its start, "tribunal-after-2h". */
static const char *occurrence_name(struct cp_builder *builder, const char *event,
                                   struct cp_span span)
{
    char text[CP_SPAN_SIZE];

    if (span.days == 0 && span.us == 0)
        return cp_arena_string(builder->plan->arena, event);
    cp_span_format(span, text);
    return cp_arena_printf(builder->plan->arena, "%s%s%s", event, text[0] == '-' ? "" : "-after-",
                           text[0] == '+' ? text + 1 : text);
}

static void say_moved(struct cp_builder *builder, const struct cp_zone *zone,
                      const struct cp_offset *offset, const struct cp_occurrence *occurrence,
                      enum cp_local_kind kind)
{
    char reading[READING_SIZE];

    format_reading(zone, occurrence->due_us, reading);
    cp_diagnose(&builder->plan->diagnostics, CP_WARNING,
                kind == CP_LOCAL_GAP ? "time-in-gap" : "time-in-overlap", offset->at, NULL, NULL,
                kind == CP_LOCAL_GAP
                    ? "the time of '%s' does not exist in %s: clocks go forward over it; it goes "
                      "out at %s"
                    : "the time of '%s' is there twice in %s: clocks go back over it; it goes out "
                      "at the first, %s",
                occurrence->name, cp_zone_name(zone), reading);
}

static bool time_offset(struct cp_builder *builder, const struct event_start *start,
                        const struct cp_offset *offset, struct cp_occurrence *occurrence)
{
    enum cp_local_kind kind = CP_LOCAL_UNIQUE;

    if (!start || !start->zone)
        return false;
    if (!cp_zone_add_span(start->zone, start->us, offset->span, &occurrence->due_us, &kind)) {
        cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "time-out-of-range", offset->at, NULL,
                    NULL, "'%s' is outside of the years 1 to 9999", occurrence->name);
        return false;
    }
    if (kind != CP_LOCAL_UNIQUE)
        say_moved(builder, start->zone, offset, occurrence, kind);
    return true;
}

/* Every occurrence with its name, also one whose time is at fault (due_us is CP_NEVER then and the
 * post is no standby): what the ledger has of it must not look as if it had left the files. */
static size_t list_offsets(struct cp_builder *builder, const struct cp_campaign *campaign,
                           const struct cp_post *post, struct cp_occurrence *out)
{
    const struct event_start *start = event_start(builder, campaign, post->event);
    struct cp_table names = { .arena = builder->scratch };
    size_t count = 0;

    for (size_t i = 0; i < post->offset_count; i++) {
        struct cp_offset *offset = &post->offsets[i], *other;
        struct cp_occurrence *occurrence = &out[count];

        occurrence->name = occurrence_name(builder, post->event->id, offset->span);
        occurrence->due_us = CP_NEVER;
        if (!occurrence->name)
            break;
        other = cp_table_find(&names, occurrence->name, strlen(occurrence->name));
        if (other) {
            cp_diagnose(&builder->plan->diagnostics, CP_FAULT, "duplicate-occurrence", offset->at,
                        NULL, "leave one of the two out",
                        "occurrence '%s' of post '%s' is there twice: also in %s:%u:%u",
                        occurrence->name, post->id, other->at.file ? other->at.file : "-",
                        other->at.line, other->at.column);
            continue;
        }
        cp_table_put(&names, occurrence->name, strlen(occurrence->name), offset);
        time_offset(builder, start, offset, occurrence);
        count++;
    }
    builder->failed |= names.failed;
    cp_table_release(&names);
    return count;
}

static size_t list_occurrences(struct cp_builder *builder, const struct cp_campaign *campaign,
                               const struct cp_post *post, struct cp_occurrence *out)
{
    const struct cp_zone *zone;
    char path[CP_ID_MOST + 32];

    if (post->when == CP_WHEN_RELATIVE)
        return list_offsets(builder, campaign, post, out);
    out[0] = (struct cp_occurrence){ .name = "-", .due_us = CP_NEVER };
    if (post->when == CP_WHEN_STANDBY)
        return 1;
    snprintf(path, sizeof(path), "posts[%.64s].at", post->id);
    zone = find_zone(builder, campaign->zone, campaign->at);
    if (zone)
        resolve_moment(builder, zone, &post->at_time, path, &out[0].due_us);
    return 1;
}

/* ---- deliveries ---------------------------------------------------------------------------- */

struct cp_plan_delivery *cp_plan_add(struct cp_builder *builder)
{
    struct cp_plan *plan = builder->plan;
    size_t room = builder->capacity ? builder->capacity * 2 : 64;
    struct cp_plan_delivery *grown;

    if (plan->count == builder->capacity) {
        grown = reallocarray(plan->deliveries, room, sizeof(*grown));
        if (!grown) {
            builder->failed = true;
            return NULL;
        }
        plan->deliveries = grown;
        builder->capacity = room;
    }
    return &plan->deliveries[plan->count++];
}

bool cp_plan_covers(const struct cp_builder *builder, const char *campaign, const char *post,
                    const char *occurrence, const char *account)
{
    const struct cp_account *known;
    struct cp_scope_subject subject = { campaign, NULL, account, post, occurrence };

    if (!builder->input->only)
        return true;
    known = cp_table_find(&builder->accounts, account, strlen(account));
    subject.organisation = known ? known->organisation : NULL;
    return cp_scope_covers(builder->input->only, &subject);
}

static struct cp_plan_delivery
begin_delivery(const struct cp_builder *builder, const struct cp_campaign *campaign,
               const struct cp_post *post, const struct cp_occurrence *occurrence, size_t account)
{
    int64_t span = post->send_by_us ? post->send_by_us : campaign->send_by_us;

    return (struct cp_plan_delivery){
        .campaign = campaign,
        .post = post,
        .account = &builder->input->config->accounts[account],
        .account_index = account,
        .order = builder->order,
        .campaign_id = campaign->id,
        .post_id = post->id,
        .occurrence = occurrence->name,
        .account_id = builder->input->config->accounts[account].id,
        .due_us = occurrence->due_us,
        .send_by_us = occurrence->due_us == CP_NEVER ? CP_NEVER : occurrence->due_us + span,
        .span_us = span,
        .standby = post->when == CP_WHEN_STANDBY,
        .at = post->at,
    };
}

static void add_delivery(struct cp_builder *builder, struct cp_plan_delivery *delivery,
                         const struct cp_rendering *rendering)
{
    size_t count = rendering->content.part_count;
    struct cp_plan_delivery *place;

    delivery->content = rendering->content;
    delivery->content_json = rendering->json;
    memcpy(delivery->content_hash, rendering->hash, sizeof(delivery->content_hash));
    delivery->parts = cp_arena_array(builder->plan->arena, count, sizeof(*delivery->parts));
    place = delivery->parts ? cp_plan_add(builder) : NULL;
    if (!place)
        return;
    memcpy(delivery->parts, rendering->parts, count * sizeof(*delivery->parts));
    delivery->part_count = count;
    cp_plan_compare(builder, delivery);
    *place = *delivery;
}

static void expand_account(struct cp_builder *builder, const struct cp_campaign *campaign,
                           const struct cp_post *post, const struct cp_occurrence *occurrences,
                           size_t count, size_t account)
{
    const struct cp_rendering *rendering = NULL;
    enum cp_rendered rendered = CP_AT_FAULT;
    bool asked = false; /* what --only leaves out may be at fault without harm */

    for (size_t i = 0; i < count; i++) {
        struct cp_plan_delivery delivery =
            begin_delivery(builder, campaign, post, &occurrences[i], account);
        bool covered = cp_plan_covers(builder, campaign->id, post->id, delivery.occurrence,
                                      delivery.account_id);

        if (covered && !asked)
            rendered = cp_plan_render(builder, campaign, post, account, &rendering);
        asked |= covered;
        if (asked && rendered == CP_SKIPPED)
            return;
        delivery.known = cp_plan_claim(builder, &delivery);
        if (covered && rendered == CP_RENDERED && (delivery.standby || delivery.due_us != CP_NEVER))
            add_delivery(builder, &delivery, rendering);
    }
}

static const char *selector_word(enum cp_selector_kind kind)
{
    static const char *const words[] = {
        [CP_SELECT_ACCOUNT] = "is called",
        [CP_SELECT_TAG] = "has the tag",
        [CP_SELECT_ORGANISATION] = "belongs to the organisation",
        [CP_SELECT_LANGUAGE] = "speaks",
        [CP_SELECT_ADAPTER] = "uses the adapter",
    };

    return words[kind];
}

static void note_selector(struct cp_builder *builder, const struct cp_selector *selector)
{
    struct cp_diagnostics *diagnostics = &builder->plan->diagnostics;

    if (selector->kind == CP_SELECT_ALL)
        cp_diagnose(diagnostics, CP_NOTE, "no-account", selector->at, NULL,
                    "`camp-post login NAME https://SERVER` adds one",
                    "the configuration has no account yet, so this goes nowhere");
    else
        cp_diagnose(diagnostics, CP_NOTE, "no-account", selector->at, NULL, NULL,
                    "no account here %s '%s'", selector_word(selector->kind), selector->name);
}

/* Organisations share a campaign and each has its own accounts: nothing to complain about. */
static void note_selectors(struct cp_builder *builder, const struct cp_campaign *campaign,
                           const struct cp_post *post)
{
    const struct cp_config *config = builder->input->config;

    for (size_t i = 0; i < post->to_count; i++) {
        const struct cp_selector *selector = &post->to[i];
        const char *name = selector->name ? selector->name : "";
        bool matches = false;

        if (!cp_plan_once(builder, "selector %s %d %s", campaign->id, (int)selector->kind, name))
            continue;
        for (size_t j = 0; j < config->account_count && !matches; j++)
            matches = cp_selector_matches(selector, &config->accounts[j]);
        if (!matches)
            note_selector(builder, selector);
    }
}

static void expand_post(struct cp_builder *builder, const struct cp_campaign *campaign,
                        const struct cp_post *post)
{
    const struct cp_config *config = builder->input->config;
    size_t most = post->when == CP_WHEN_RELATIVE ? post->offset_count : 1, count;
    struct cp_occurrence *occurrences =
        cp_arena_array(builder->scratch, most, sizeof(*occurrences));

    if (!occurrences)
        return;
    note_selectors(builder, campaign, post);
    count = list_occurrences(builder, campaign, post, occurrences);
    for (size_t i = 0; i < config->account_count; i++) {
        size_t account = builder->by_class[i];

        if (i == 0 || builder->class_of[account] != builder->class_of[builder->by_class[i - 1]])
            builder->turn++;
        if (!cp_post_goes_to(post, &config->accounts[account]))
            continue;
        expand_account(builder, campaign, post, occurrences, count, account);
    }
    builder->order++;
}

void cp_plan_expand(struct cp_builder *builder, const struct cp_campaign *campaign)
{
    for (size_t i = 0; i < campaign->post_count; i++)
        expand_post(builder, campaign, &campaign->posts[i]);
}
