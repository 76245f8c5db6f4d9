/* src/model/facts.c - reads what an adapter says of a server. See facts.h.
 *
 * The JSON comes from an adapter that read a server's answer: every value may be nonsense. A member
 * of the wrong type is refused with its name, so that whoever writes an adapter sees the mistake;
 * unknown members are left alone, so that an adapter may know more than this version.
 */
#include "model/facts.h"

#include <jansson.h>
#include <string.h>

#include "model/error.h"

/* Above every platform's figures and far below where sums overflow: 1 TiB; about 30 years. */
static const int64_t most_number = INT64_C(1) << 40;
static const int64_t most_seconds = INT64_C(1000000000);

struct reading {
    struct cp_arena *arena;
    struct cp_error *err;
    const char *within; /* "limits", "media", "rate" or NULL */
    bool broken;
};

const char *cp_guarantee_name(enum cp_guarantee guarantee)
{
    static const char *const names[] = {
#define X(name, word) word,
        CP_GUARANTEES(X)
#undef X
    };

    return names[guarantee];
}

static void refuse(struct reading *reading, const char *name, const char *expected)
{
    reading->broken = true;
    cp_error_set(reading->err, &cp_model_errors, CP_MODEL_FACTS,
                 "the facts' member '%s%s%s' must be %s", reading->within ? reading->within : "",
                 reading->within ? "." : "", name, expected);
}

static int64_t number(struct reading *reading, json_t *object, const char *name, int64_t most)
{
    json_t *value = json_object_get(object, name);
    int64_t read = json_integer_value(value);

    if (!value)
        return 0;
    if (json_is_integer(value) && read >= 0 && read <= most)
        return read;
    refuse(reading, name, "a whole number that is not negative");
    return 0;
}

static bool truth(struct reading *reading, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    if (value && !json_is_boolean(value))
        refuse(reading, name, "true or false");
    return json_is_true(value);
}

static const char *word(struct reading *reading, json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);

    if (value && !json_is_string(value))
        refuse(reading, name, "a string");
    return cp_arena_string(reading->arena, json_string_value(value));
}

static json_t *member(struct reading *reading, json_t *object, const char *name, json_type type,
                      const char *expected)
{
    json_t *value = json_object_get(object, name);

    if (!value || json_typeof(value) == type)
        return value;
    refuse(reading, name, expected);
    return NULL;
}

static void read_guarantee(struct reading *reading, json_t *root, struct cp_facts *facts)
{
    const char *name = word(reading, root, "guarantee");

    facts->guarantee = CP_GUARANTEE_LOOKUP;
    if (!name)
        return;
    for (int i = 0; i < CP_GUARANTEE_COUNT; i++) {
        if (strcmp(name, cp_guarantee_name((enum cp_guarantee)i)) == 0) {
            facts->guarantee = (enum cp_guarantee)i;
            return;
        }
    }
    refuse(reading, "guarantee", "native, window, lookup or none");
}

static void read_dialect(struct reading *reading, json_t *root, struct cp_facts *facts)
{
    const char *name = word(reading, root, "dialect");

    facts->dialect = CP_DIALECT_PLAIN;
    if (!name || strcmp(name, "plain") == 0)
        return;
    if (strcmp(name, "mastodon") == 0)
        facts->dialect = CP_DIALECT_MASTODON;
    else
        refuse(reading, "dialect", "plain or mastodon");
}

static void read_limits(struct reading *reading, json_t *root, struct cp_facts *facts)
{
    json_t *limits = member(reading, root, "limits", JSON_ARRAY, "a list");

    if (json_array_size(limits) > CP_LIMITS_MOST) {
        refuse(reading, "limits", "a list of at most four");
        return;
    }
    reading->within = "limits";
    for (size_t i = 0; i < json_array_size(limits); i++) {
        json_t *entry = json_array_get(limits, i);
        struct cp_text_limit *limit = &facts->limits[facts->limit_count++];
        const char *unit = word(reading, entry, "unit");

        if (!unit || !cp_text_unit_parse(unit, &limit->unit))
            refuse(reading, "unit", "graphemes, code points, UTF-16 units or bytes");
        limit->max = (uint64_t)number(reading, entry, "max", most_number);
        if (limit->max == 0)
            refuse(reading, "max", "a whole number above zero");
    }
    reading->within = NULL;
}

static void read_media(struct reading *reading, json_t *root, struct cp_facts *facts)
{
    json_t *media = member(reading, root, "media", JSON_OBJECT, "an object");
    json_t *types;

    reading->within = "media";
    facts->media_most = (uint64_t)number(reading, media, "most", most_number);
    facts->image_bytes = (uint64_t)number(reading, media, "image_bytes", most_number);
    facts->video_bytes = (uint64_t)number(reading, media, "video_bytes", most_number);
    facts->alt_most = (uint64_t)number(reading, media, "alt", most_number);
    types = member(reading, media, "types", JSON_ARRAY, "a list");
    facts->media_types =
        cp_arena_array(reading->arena, json_array_size(types), sizeof(*facts->media_types));
    for (size_t i = 0; i < json_array_size(types) && facts->media_types; i++) {
        const char *type = json_string_value(json_array_get(types, i));

        if (!type)
            refuse(reading, "types", "a list of strings");
        else
            facts->media_types[facts->media_type_count++] = cp_arena_string(reading->arena, type);
    }
    reading->within = NULL;
}

static void read_rate(struct reading *reading, json_t *root, struct cp_facts *facts)
{
    json_t *rate = member(reading, root, "rate", JSON_OBJECT, "an object");

    reading->within = "rate";
    facts->rate_posts = number(reading, rate, "posts", most_number);
    facts->rate_per_us = number(reading, rate, "per_s", most_seconds) * CP_SECOND;
    reading->within = NULL;
    facts->spacing_us = number(reading, root, "spacing_s", most_seconds) * CP_SECOND;
    facts->settle_us = number(reading, root, "settle_s", most_seconds) * CP_SECOND;
}

static void read_facts(struct reading *reading, json_t *root, struct cp_facts *facts)
{
    facts->software = word(reading, root, "software");
    facts->rules.url_cost = (size_t)number(reading, root, "url_cost", most_number);
    facts->rules.mention_local_only = truth(reading, root, "mention_local_only");
    facts->warning_counts = truth(reading, root, "warning_counts");
    facts->reply_to = truth(reading, root, "reply_to");
    read_guarantee(reading, root, facts);
    read_dialect(reading, root, facts);
    read_limits(reading, root, facts);
    read_media(reading, root, facts);
    read_rate(reading, root, facts);
}

bool cp_facts_parse(const char *json, struct cp_arena *arena, struct cp_facts *out,
                    struct cp_error *err)
{
    struct reading reading = { .arena = arena, .err = err };
    struct cp_facts facts = { .json = cp_arena_string(arena, json) };
    json_error_t where;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &where);

    if (!root)
        return cp_error_set(err, &cp_model_errors, CP_MODEL_FACTS, "the facts are not JSON: %s",
                            where.text);
    if (json_is_object(root))
        read_facts(&reading, root, &facts);
    else
        reading.broken =
            !cp_error_set(err, &cp_model_errors, CP_MODEL_FACTS, "the facts must be a JSON object");
    json_decref(root);
    if (reading.broken)
        return false;
    if (cp_arena_failed(arena))
        return cp_error_no_memory(err);
    *out = facts;
    return true;
}
