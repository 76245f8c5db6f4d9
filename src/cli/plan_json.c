/* src/cli/plan_json.c - the plan as data. Its form is a contract, versioned by "format". */
#include "cli/cli_private.h"

/* What the parts of one delivery are made from. */
struct view {
    const struct cp_session *session;
    const struct cp_preview *preview;
    const struct cp_plan_delivery *delivery;
    bool requests;
};

static json_t *entities_of(const struct cp_plan_part *part)
{
    static const char *const kinds[] = {
        [CP_ENTITY_LINK] = "link", [CP_ENTITY_MENTION] = "mention", [CP_ENTITY_TAG] = "tag"
    };
    json_t *list = json_array();

    for (size_t i = 0; i < part->entity_count; i++) {
        const struct cp_entity *entity = &part->entities[i];

        json_array_append_new(
            list, json_pack("{s:s, s:I, s:I, s:s%}", "kind", kinds[entity->kind], "start",
                            (json_int_t)entity->start, "end", (json_int_t)entity->end, "value",
                            part->content->text + entity->start, entity->end - entity->start));
    }
    return list;
}

static json_t *media_of(const struct cp_content_part *content)
{
    json_t *list = json_array();

    for (size_t i = 0; i < content->media_count; i++) {
        const struct cp_media_view *medium = &content->media[i];

        json_array_append_new(
            list, json_pack("{s:o, s:s, s:I, s:s, s:o, s:o, s:o}", "name",
                            cp_text_json(medium->name), "type", medium->type, "size",
                            (json_int_t)medium->size, "sha256", medium->sha256, "width",
                            medium->width ? json_integer(medium->width) : json_null(), "height",
                            medium->height ? json_integer(medium->height) : json_null(), "alt",
                            cp_text_json(medium->alt)));
    }
    return list;
}

static void add_requests(const struct view *view, size_t index, json_t *part)
{
    struct cp_error err = { 0 };
    json_t *requests = cp_plan_requests(view->session, view->preview, view->delivery, index, &err);

    json_object_set_new(part, "requests", requests ? requests : json_array());
    if (!requests && err.domain)
        json_object_set_new(part, "problem", cp_text_json(err.message));
}

static json_t *part_of(const struct view *view, size_t index)
{
    const struct cp_plan_part *part = &view->delivery->parts[index];
    const struct cp_content_part *content = part->content;
    json_t *out = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:o, s:s, s:o, s:o, s:s, s:i}", "text",
        cp_text_json(content->text), "language", cp_text_json(content->language), "warning",
        cp_text_json(content->warning), "visibility", cp_text_json(content->visibility), "length",
        (json_int_t)part->length, "limit",
        part->limit ? json_integer((json_int_t)part->limit) : json_null(), "counted_as",
        cp_text_unit_name(part->unit), "entities", entities_of(part), "media", media_of(content),
        "wire_key", part->wire_key, "generation", (int)part->generation);

    if (out && view->requests)
        add_requests(view, index, out);
    return out;
}

/* A moment as seen on the clocks of a zone; null on standby. */
static json_t *local_time(const struct cp_zone *zone, int64_t us)
{
    char text[CP_RFC3339_SIZE];

    if (us == CP_NEVER || !zone)
        return json_null();
    cp_instant_format_offset(us, cp_zone_offset(zone, us), text);
    return json_string(text);
}

static void add_times(const struct view *view, json_t *out)
{
    const struct cp_plan_delivery *d = view->delivery;
    const char *name = d->campaign ? d->campaign->zone : "UTC";
    const struct cp_zone *zone = cp_zones_find(view->preview->zones, name);
    const struct cp_zone *other = cp_plan_account_zone(view->preview, d);

    json_object_set_new(out, "due", cp_instant_json(d->due_us));
    json_object_set_new(out, "local", local_time(zone, d->due_us));
    json_object_set_new(out, "zone", json_string(name));
    if (other) {
        json_object_set_new(out, "account_local", local_time(other, d->due_us));
        json_object_set_new(out, "account_zone", json_string(cp_zone_name(other)));
    }
    json_object_set_new(out, "send_by", cp_instant_json(d->send_by_us));
}

static json_t *delivery_of(const struct view *view)
{
    const struct cp_plan_delivery *d = view->delivery;
    const struct cp_facts *facts = cp_plan_facts(view->preview, d);
    char key[CP_SCOPE_SIZE], id[CP_DELIVERY_ID_HEX + 1];
    json_t *parts = json_array(), *out;

    cp_plan_key(d, key, sizeof(key));
    cp_delivery_id_hex(&d->id, id);
    out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "key", key, "id", id, "campaign",
                    d->campaign_id, "post", d->post_id, "occurrence", d->occurrence, "account",
                    d->account_id, "adapter", cp_text_json(d->account ? d->account->adapter : NULL),
                    "state", cp_plan_state(view->session, d));
    if (!out || !parts) {
        json_decref(parts);
        return out;
    }
    add_times(view, out);
    json_object_set_new(out, "guarantee",
                        cp_text_json(facts ? cp_guarantee_name(facts->guarantee) : NULL));
    json_object_set_new(out, "assumed", json_boolean(facts && facts->assumed));
    for (size_t i = 0; i < d->part_count; i++)
        json_array_append_new(parts, part_of(view, i));
    json_object_set_new(out, "parts", parts);
    json_object_set_new(out, "change", json_string(cp_change_name(d->change)));
    if (d->renamed_from)
        json_object_set_new(out, "renamed_from", cp_text_json(d->renamed_from));
    return out;
}

/* The one campaign's id; null when there are several: each delivery has its own. */
static json_t *campaign_of(const struct cp_preview *preview)
{
    return preview->campaign_count == 1 ? json_string(preview->campaigns[0]->id) : json_null();
}

/* One delivery after the other, each on a line of its own: a plan may have a hundred thousand. */
bool cp_plan_print_json(const struct cp_session *session, const struct cp_preview *preview,
                        const struct cp_arguments *arguments)
{
    struct view view = { .session = session, .preview = preview, .requests = arguments->requests };
    bool done;

    fputs("{\"format\": 1, \"campaign\": ", stdout);
    done = cp_put_json(campaign_of(preview));
    fputs(", \"deliveries\": [", stdout);
    for (size_t i = 0; done && preview->plan && i < preview->plan->count; i++) {
        view.delivery = &preview->plan->deliveries[i];
        fputs(i ? ",\n" : "\n", stdout);
        done = cp_put_json(delivery_of(&view));
    }
    fputs("], \"diagnostics\": ", stdout);
    done = done && cp_put_json(cp_json_diagnostics(&preview->diagnostics));
    fputs("}\n", stdout);
    return done;
}
