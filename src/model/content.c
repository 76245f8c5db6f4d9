/* src/model/content.c - see content.h. Every member is always there, absent values as null: one
 * content has one spelling, so that the hash of the text is the hash of what it says. */
#include "model/content.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "model/error.h"

static json_t *media_json(const struct cp_media_view *medium)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:I, s:s, s:I}", "alt", medium->alt ? medium->alt : "",
                     "height", (json_int_t)medium->height, "name", medium->name, "sha256",
                     medium->sha256, "size", (json_int_t)medium->size, "type", medium->type,
                     "width", (json_int_t)medium->width);
}

static json_t *part_json(const struct cp_content_part *part)
{
    json_t *media = json_array();

    for (size_t i = 0; i < part->media_count; i++) {
        if (json_array_append_new(media, media_json(&part->media[i])) != 0) {
            json_decref(media);
            return NULL;
        }
    }
    return json_pack("{s:s, s:o, s:s, s:s?, s:s?}", "language", part->language, "media", media,
                     "text", part->text, "visibility", part->visibility, "warning", part->warning);
}

static json_t *content_json(const struct cp_content *content)
{
    json_t *parts = json_array();

    for (size_t i = 0; i < content->part_count; i++) {
        if (json_array_append_new(parts, part_json(&content->parts[i])) != 0) {
            json_decref(parts);
            return NULL;
        }
    }
    return json_pack("{s:o, s:s?}", "parts", parts, "title", content->title);
}

const char *cp_content_json(const struct cp_content *content, struct cp_arena *arena)
{
    json_t *json = content_json(content);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    const char *copy = cp_arena_string(arena, text);

    free(text);
    json_decref(json);
    return copy;
}

/* Reading back is strict: what the ledger holds was written by the function above. */
struct reading {
    struct cp_arena *arena;
    bool broken;
};

static const char *read_text(struct reading *reading, json_t *object, const char *name, bool needed)
{
    json_t *value = json_object_get(object, name);

    if (!needed && json_is_null(value))
        return NULL;
    if (!json_is_string(value)) {
        reading->broken = true;
        return NULL;
    }
    return cp_arena_string(reading->arena, json_string_value(value));
}

static uint64_t read_number(struct reading *reading, json_t *object, const char *name,
                            uint64_t most)
{
    json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || (uint64_t)number > most) {
        reading->broken = true;
        return 0;
    }
    return (uint64_t)number;
}

static struct cp_media_view read_medium(struct reading *reading, json_t *object)
{
    return (struct cp_media_view){
        .alt = read_text(reading, object, "alt", true),
        .height = (unsigned)read_number(reading, object, "height", UINT32_MAX),
        .name = read_text(reading, object, "name", true),
        .sha256 = read_text(reading, object, "sha256", true),
        .size = read_number(reading, object, "size", INT64_MAX),
        .type = read_text(reading, object, "type", true),
        .width = (unsigned)read_number(reading, object, "width", UINT32_MAX),
    };
}

static struct cp_content_part read_part(struct reading *reading, json_t *object)
{
    json_t *media = json_object_get(object, "media");
    size_t count = json_array_size(media);
    struct cp_content_part part = {
        .language = read_text(reading, object, "language", true),
        .text = read_text(reading, object, "text", true),
        .visibility = read_text(reading, object, "visibility", false),
        .warning = read_text(reading, object, "warning", false),
        .media = cp_arena_array(reading->arena, count, sizeof(*part.media)),
    };

    if (!json_is_array(media))
        reading->broken = true;
    for (size_t i = 0; i < count && part.media; i++)
        part.media[part.media_count++] = read_medium(reading, json_array_get(media, i));
    return part;
}

static struct cp_content read_content(struct reading *reading, json_t *object)
{
    json_t *parts = json_object_get(object, "parts");
    size_t count = json_array_size(parts);
    struct cp_content content = {
        .title = read_text(reading, object, "title", false),
        .parts = cp_arena_array(reading->arena, count, sizeof(*content.parts)),
    };

    if (!json_is_array(parts))
        reading->broken = true;
    for (size_t i = 0; i < count && content.parts; i++)
        content.parts[content.part_count++] = read_part(reading, json_array_get(parts, i));
    return content;
}

bool cp_content_parse(const char *json, struct cp_arena *arena, struct cp_content *out,
                      struct cp_error *err)
{
    struct reading reading = { .arena = arena };
    struct cp_content content;
    json_error_t where;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &where);

    if (!root)
        return cp_error_set(err, &cp_model_errors, CP_MODEL_CONTENT,
                            "a stored content is not JSON: %s", where.text);
    content = read_content(&reading, root);
    json_decref(root);
    if (cp_arena_failed(arena))
        return cp_error_no_memory(err);
    if (reading.broken)
        return cp_error_set(err, &cp_model_errors, CP_MODEL_CONTENT,
                            "a stored content lacks a member, or has one of the wrong type");
    *out = content;
    return true;
}
