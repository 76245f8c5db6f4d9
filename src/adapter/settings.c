/* src/adapter/settings.c - what an adapter is handed of an account and of a part. */
#include <string.h>

#include "adapter/adapter_private.h"

static bool has(const struct cp_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return true;
    return false;
}

/* Server and directory are members of their own in the model; an adapter reads them as settings. */
void cp_settings_of(const struct cp_account *account, struct cp_arena *arena,
                    struct cp_settings *out)
{
    const struct cp_field places[] = { { .name = "server", .value = account->server },
                                       { .name = "directory", .value = account->directory } };
    size_t count = 0;
    struct cp_field *fields =
        cp_arena_array(arena, account->option_count + CP_COUNT(places), sizeof(*fields));

    *out = (struct cp_settings){ .account = account->id, .values = fields };
    if (!fields)
        return;
    for (size_t i = 0; i < account->option_count; i++)
        if (account->options[i].value)
            fields[count++] = account->options[i];
    for (size_t i = 0; i < CP_COUNT(places); i++)
        if (places[i].value && !has(fields, count, places[i].name))
            fields[count++] = places[i];
    out->count = count;
}

void cp_part_view_of(const struct cp_content_part *part, const struct cp_facts *facts,
                     struct cp_arena *arena, struct cp_part_view *out)
{
    struct cp_entity *entities = NULL;
    size_t count =
        cp_text_entities(part->text, strlen(part->text), facts->dialect, arena, &entities);

    *out = (struct cp_part_view){
        .text = part->text,
        .language = part->language,
        .warning = part->warning,
        .visibility = part->visibility,
        .entities = entities,
        .entity_count = count,
        .media = part->media,
        .media_count = part->media_count,
    };
}
