/* src/schedule/read_campaign.c - what stands around the posts: campaign, organisations, events. */
#include "schedule/read_private.h"

#include <stdio.h>
#include <string.h>

static const struct field section_fields[] = {
    { "campaign", read_node, offsetof(struct sections, campaign), OPTIONAL },
    { "organisations", read_node, offsetof(struct sections, organisations), OPTIONAL },
    { "events", read_node, offsetof(struct sections, events), OPTIONAL },
    { "posts", read_node, offsetof(struct sections, posts), OPTIONAL },
    { "actions", NULL, 0, LATER },
    { "imports", NULL, 0, LATER },
    { "import", NULL, 0, LATER },
    { "templates", NULL, 0, LATER },
    { "variables", NULL, 0, LATER },
    { "platforms", NULL, 0, LATER },
    { "spread", NULL, 0, LATER },
};
static const struct schema section_schema = SCHEMA("a schedule file", section_fields);

bool read_sections(struct reader *reader, const struct yaml_node *root, struct sections *out)
{
    *out = (struct sections){ 0 };
    return read_mapping(reader, root, &section_schema, out);
}

bool claim_id(struct campaign_reader *cr, struct names *names, const struct yaml_node *at,
              const char *what, const char *id, const void *value)
{
    bool fresh;
    struct name *name = names_add(names, id, &fresh);
    char first[200];

    if (!name)
        return false;
    if (!fresh)
        return complain(&cr->reader, at, "duplicate-id", "give each its own",
                        "the %s '%s' is here twice: %s", what, id,
                        tell_first(&cr->reader, name->at, first));
    name->at = place_of(&cr->reader, at);
    name->value = value;
    return true;
}

size_t list_names(const struct cp_campaign *campaign, bool events, const char *out[1000])
{
    size_t count = events ? campaign->event_count : campaign->organisation_count;

    if (count > 1000)
        count = 1000;
    for (size_t i = 0; i < count; i++)
        out[i] = events ? campaign->events[i].id : campaign->organisations[i].id;
    return count;
}

/* ---- campaign ------------------------------------------------------------------------------ */

struct campaign_draft {
    struct cp_campaign campaign;
    struct strings languages;
};

#define CAMPAIGN(member) offsetof(struct campaign_draft, campaign.member)

static const struct field campaign_fields[] = {
    { "id", read_id, CAMPAIGN(id), REQUIRED },
    { "was", read_id, CAMPAIGN(was), OPTIONAL },
    { "title", read_string, CAMPAIGN(title), OPTIONAL },
    { "zone", read_zone, CAMPAIGN(zone), REQUIRED },
    { "languages", read_languages, offsetof(struct campaign_draft, languages), REQUIRED },
    { "send_by", read_wait, CAMPAIGN(send_by_us), OPTIONAL },
    { "spread", NULL, 0, LATER },
    { "overflow", NULL, 0, LATER },
    { "variables", NULL, 0, LATER },
    { "templates", NULL, 0, LATER },
    { "platforms", NULL, 0, LATER },
    { "on_change", NULL, 0, LATER },
};
static const struct schema campaign_schema = SCHEMA("the campaign", campaign_fields);

void read_campaign_block(struct campaign_reader *cr, const struct yaml_node *node)
{
    struct campaign_draft draft = { .campaign = *cr->campaign };
    struct cp_campaign *campaign = cr->campaign;
    size_t before = enter_key(&cr->reader, "campaign");

    draft.campaign.at = place_of(&cr->reader, node);
    read_mapping(&cr->reader, node, &campaign_schema, &draft);
    *campaign = draft.campaign;
    if (campaign->id && campaign->was && strcmp(campaign->id, campaign->was) == 0)
        complain(&cr->reader, yaml_get(node, "was"), "was", "leave it out",
                 "'was' names the id that the campaign has now");
    if (!campaign->title)
        campaign->title = campaign->id;
    campaign->languages = draft.languages.items;
    campaign->language_count = draft.languages.count;
    cr->reader.languages = campaign->languages;
    cr->reader.language_count = campaign->language_count;
    cr->reader.language = campaign->language_count ? campaign->languages[0] : NULL;
    leave(&cr->reader, before);
}

/* ---- organisations and events -------------------------------------------------------------- */

/* The id of an entry that is the key of a mapping; NULL after a complaint. */
static const char *key_id(struct reader *reader, const struct yaml_node *key)
{
    const char *id = NULL;

    read_id(reader, key, &id);
    return id;
}

static const struct field organisation_fields[] = {
    { "title", read_string, offsetof(struct cp_organisation, title), OPTIONAL },
    { "zone", read_zone, offsetof(struct cp_organisation, zone), OPTIONAL },
    { "platforms", NULL, 0, LATER },
    { "overrides", NULL, 0, LATER },
    { "languages", NULL, 0, LATER },
    { "variables", NULL, 0, LATER },
    { "accept", NULL, 0, LATER },
};
static const struct schema organisation_schema = SCHEMA("an organisation", organisation_fields);

static void read_organisation(struct campaign_reader *cr, const struct yaml_node *key,
                              struct cp_organisation *organisation)
{
    organisation->id = key_id(&cr->reader, key);
    organisation->at = place_of(&cr->reader, key);
    read_mapping(&cr->reader, key + 1, &organisation_schema, organisation);
    if (organisation->id &&
        claim_id(cr, &cr->organisations, key, "organisation", organisation->id, organisation))
        cr->campaign->organisation_count++;
}

static const struct field event_fields[] = {
    { "start", read_moment, offsetof(struct cp_calendar_event, start), REQUIRED },
    { "end", read_moment, offsetof(struct cp_calendar_event, end), OPTIONAL },
    { "zone", read_zone, offsetof(struct cp_calendar_event, zone), OPTIONAL },
    { "title", read_texts, offsetof(struct cp_calendar_event, title), OPTIONAL },
    { "url", read_url, offsetof(struct cp_calendar_event, url), OPTIONAL },
    { "place", read_string, offsetof(struct cp_calendar_event, place), OPTIONAL },
    { "repeat", NULL, 0, LATER },
};
static const struct schema event_schema = SCHEMA("an event", event_fields);

static void read_event(struct campaign_reader *cr, const struct yaml_node *key,
                       struct cp_calendar_event *event)
{
    event->id = key_id(&cr->reader, key);
    event->at = place_of(&cr->reader, key);
    read_mapping(&cr->reader, key + 1, &event_schema, event);
    if (event->start.at.line && event->end.at.line &&
        cp_civil_compare(&event->end.local, &event->start.local) < 0)
        complain(&cr->reader, yaml_get(key + 1, "end"), "event-end", NULL,
                 "the event ends before it starts");
    if (event->id && claim_id(cr, &cr->events, key, "event", event->id, event))
        cr->campaign->event_count++;
}

/* Several files may add to one set: the array grows, and the set's values are pointed anew. */
static void *make_room(struct campaign_reader *cr, const void *array, size_t count, size_t more,
                       size_t size)
{
    char *grown = cp_arena_array(cr->reader.arena, count + more + 1, size);

    if (grown && count)
        memcpy(grown, array, count * size);
    return grown;
}

static bool check_set(struct campaign_reader *cr, const struct yaml_node *node, const char *what)
{
    return node->kind == YAML_MAPPING || complain_type(&cr->reader, node, what);
}

void read_organisations(struct campaign_reader *cr, const struct yaml_node *node)
{
    struct cp_campaign *campaign = cr->campaign;
    struct cp_organisation *grown;
    size_t before = enter_key(&cr->reader, "organisations"), inner;

    if (check_set(cr, node, "a mapping of ids to organisations") &&
        (grown = make_room(cr, campaign->organisations, campaign->organisation_count, node->count,
                           sizeof(*grown)))) {
        campaign->organisations = grown;
        for (size_t i = 0; i < node->count; i++) {
            grown[campaign->organisation_count] = (struct cp_organisation){ 0 };
            inner = enter_key(&cr->reader, node->items[2 * i].text);
            read_organisation(cr, &node->items[2 * i], &grown[campaign->organisation_count]);
            leave(&cr->reader, inner);
        }
    }
    leave(&cr->reader, before);
}

void read_events(struct campaign_reader *cr, const struct yaml_node *node)
{
    struct cp_campaign *campaign = cr->campaign;
    struct cp_calendar_event *grown;
    size_t before = enter_key(&cr->reader, "events"), inner;

    if (check_set(cr, node, "a mapping of ids to events") &&
        (grown =
             make_room(cr, campaign->events, campaign->event_count, node->count, sizeof(*grown)))) {
        campaign->events = grown;
        for (size_t i = 0; i < node->count; i++) {
            grown[campaign->event_count] = (struct cp_calendar_event){ 0 };
            inner = enter_key(&cr->reader, node->items[2 * i].text);
            read_event(cr, &node->items[2 * i], &grown[campaign->event_count]);
            leave(&cr->reader, inner);
        }
    }
    leave(&cr->reader, before);
}
