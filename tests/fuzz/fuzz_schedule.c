/* tests/fuzz/fuzz_schedule.c - the reader of schedules and configurations under random input.
 *
 * The first byte chooses: a schedule as YAML or as JSON, or an edit of the configuration. What was read
 * without a fault is walked through, so that the sanitizers see every string; a reading with a fault must give
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schedule/schedule.h"

/* Loaded once: the zones of a system do not depend on the input. */
static struct cp_zones *zones;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static size_t walk_texts(const struct cp_texts *texts)
{
    size_t size = 0;

    for (size_t i = 0; i < texts->count; i++) {
        check(texts->items[i].text[0] != '\0' && texts->items[i].language != NULL);
        size += strlen(texts->items[i].text) + strlen(texts->items[i].language);
    }
    return size;
}

static size_t walk(const struct cp_campaign *campaign)
{
    size_t size = strlen(campaign->id) + strlen(campaign->zone) + strlen(campaign->title);

    check(campaign->language_count > 0 && campaign->send_by_us > 0);
    for (size_t i = 0; i < campaign->event_count; i++)
        size += walk_texts(&campaign->events[i].title) + campaign->events[i].start.at.line;
    for (size_t i = 0; i < campaign->post_count; i++) {
        const struct cp_post *post = &campaign->posts[i];

        check(post->message_count > 0 && post->id);
        check((post->when == CP_WHEN_RELATIVE) == (post->event && post->offset_count > 0));
        for (size_t k = 0; k < post->message_count; k++)
            size += walk_texts(&post->messages[k].text);
        for (size_t k = 0; k < post->to_count; k++)
            check(post->to[k].kind == CP_SELECT_ALL || post->to[k].name);
    }
    return size;
}

static void read_schedule(const char *name, const char *text, size_t size)
{
    struct cp_diagnostics diagnostics = { 0 };
    struct cp_schedule_context context = { .arena = cp_arena_create(),
                                           .zones = zones,
                                           .diagnostics = &diagnostics };
    struct cp_campaign *campaign = cp_schedule_read_text(name, text, size, &context);
    FILE *nowhere = fopen("/dev/null", "w");

    check((campaign == NULL) == (diagnostics.faults > 0));
    if (campaign)
        walk(campaign);
    cp_diagnostics_sort(&diagnostics);
    cp_diagnostics_print(&diagnostics, true, nowhere);
    fclose(nowhere);
    cp_diagnostics_release(&diagnostics);
    cp_arena_free(context.arena);
}

static void edit_config(const char *text, size_t size)
{
    struct cp_diagnostics diagnostics = { 0 };
    struct cp_config_context context = { .arena = cp_arena_create(), .diagnostics = &diagnostics };
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/tmp/camp-post-fuzz-%ld.yaml", (long)getpid());
    file = fopen(path, "w");
    check(file != NULL && fwrite(text, 1, size, file) == size);
    fclose(file);
    check((cp_config_read(path, &context) == NULL) == (diagnostics.faults > 0));
    cp_config_add_account(path, "new", "new:\n  adapter: feed\n  languages: [en]\n", NULL);
    cp_diagnostics_release(&diagnostics);
    cp_arena_free(context.arena);
    remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;

    if (!zones)
        zones = cp_zones_open(NULL);
    if (!size)
        return 0;
    switch (data[0]) {
    case '{':
        read_schedule("fuzz.json", text - 1, size);
        break;
    case '#':
        read_schedule("fuzz.yaml", text - 1, size);
        break;
    case '!':
        edit_config(text, size - 1);
        break;
    default:
        read_schedule("fuzz.yaml", text, size - 1);
    }
    return 0;
}
