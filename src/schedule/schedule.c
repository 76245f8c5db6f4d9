/* src/schedule/schedule.c - one campaign from one file, or from the files of a folder.
 *
 * All files are parsed before any of them is understood: what a post names may stand in another one.
 * A file that can't be parsed ends the reading there, since everything it would have named were
 * missing.
 */
#include "schedule/schedule.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "schedule/file_private.h"
#include "schedule/read_private.h"

enum { FILES_MOST = 4096 /* of one folder */ };

struct reading {
    const struct cp_schedule_context *context;
    struct yaml_document *documents;
    struct sections *sections;
    size_t count;
    size_t faults; /* in the list before this reading */
};

static bool file_fault(const struct cp_schedule_context *context, const char *path,
                       const char *code, const char *hint, const char *message)
{
    cp_diagnose(context->diagnostics, CP_FAULT, code, (struct cp_place){ .file = path }, NULL, hint,
                "%s", message);
    return false;
}

static bool no_memory(const struct cp_schedule_context *context, const char *path)
{
    return file_fault(context, path, "memory", NULL, "out of memory");
}

/* ---- which files --------------------------------------------------------------------------- */

static int is_schedule(const struct dirent *entry)
{
    static const char *const ends[] = { ".yaml", ".yml", ".json" };
    size_t size = strlen(entry->d_name);

    for (size_t i = 0; i < CP_COUNT(ends) && entry->d_name[0] != '.'; i++) {
        size_t end = strlen(ends[i]);

        if (size > end && strcasecmp(entry->d_name + size - end, ends[i]) == 0)
            return 1;
    }
    return 0;
}

/* By bytes, whatever the locale: the order of posts must not depend on who reads. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool join(struct cp_arena *arena, const char *folder, const char *name, const char **out)
{
    size_t size = strlen(folder);

    *out =
        cp_arena_printf(arena, "%s%s%s", folder, size && folder[size - 1] == '/' ? "" : "/", name);
    return *out != NULL;
}

static bool list_folder(const struct cp_schedule_context *context, const char *path,
                        struct strings *out)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_schedule, by_name);
    bool ok = true;

    if (count < 0)
        return file_fault(context, path, "unreadable", NULL, "cannot read this folder");
    if (count == 0)
        ok = file_fault(context, path, "no-files", NULL,
                        "no schedule (*.yaml, *.yml, *.json) is in this folder");
    else if (count > FILES_MOST)
        ok = file_fault(context, path, "too-many-files", NULL,
                        "more than 4096 schedules are in this folder");
    out->items = ok ? cp_arena_array(context->arena, (size_t)count, sizeof(*out->items)) : NULL;
    for (int i = 0; i < count; i++) {
        if (out->items && join(context->arena, path, entries[i]->d_name, &out->items[i]))
            out->count++;
        free(entries[i]);
    }
    free(entries);
    return ok && (out->count == (size_t)count || no_memory(context, path));
}

/* A folder from strangers may hold links: none of them leads out of it. */
static bool stays_inside(const struct cp_schedule_context *context, const char *folder,
                         const char *path)
{
    struct cp_error err = { 0 };
    char message[600], *real;

    if (file_inside(context->arena, folder, path, &real, &err))
        return true;
    snprintf(message, sizeof(message), "cannot read this file: %s", err.message);
    return file_fault(context, path, "unreadable", NULL, message);
}

/* ---- parsing ------------------------------------------------------------------------------- */

static bool start(struct reading *reading, size_t files)
{
    reading->documents = calloc(files, sizeof(*reading->documents));
    reading->sections = calloc(files, sizeof(*reading->sections));
    return reading->documents && reading->sections;
}

static void finish(struct reading *reading)
{
    for (size_t i = 0; reading->documents && i < reading->count; i++)
        yaml_release(&reading->documents[i]);
    free(reading->documents);
    free(reading->sections);
}

static bool parse_files(struct reading *reading, const char *folder, const struct strings *files)
{
    const struct cp_schedule_context *context = reading->context;
    struct yaml_input input = { .arena = context->arena, .diagnostics = context->diagnostics };
    size_t left = CP_FILE_MOST;
    bool ok = true;

    for (size_t i = 0; i < files->count; i++) {
        struct yaml_document *document = &reading->documents[reading->count++];
        bool good = (!folder || stays_inside(context, folder, files->items[i])) &&
                    yaml_load(document, files->items[i], left, &input);

        left -= document->size < left ? document->size : left;
        ok &= good;
    }
    return ok;
}

/* ---- understanding ------------------------------------------------------------------------- */

static void open_reader(struct campaign_reader *cr, const struct reading *reading,
                        struct cp_campaign *campaign)
{
    struct cp_arena *arena = reading->context->arena;

    *cr = (struct campaign_reader){
        .reader = { .arena = arena,
                    .diagnostics = reading->context->diagnostics,
                    .zones = reading->context->zones },
        .context = reading->context,
        .campaign = campaign,
        .organisations.arena = arena,
        .events.arena = arena,
        .posts.arena = arena,
        .post_was.arena = arena,
        .media.arena = arena,
        .documents = reading->documents,
        .document_count = reading->count,
    };
}

static void close_reader(struct campaign_reader *cr)
{
    names_release(&cr->organisations);
    names_release(&cr->events);
    names_release(&cr->posts);
    names_release(&cr->post_was);
    names_release(&cr->media);
}

/* Exactly one file says which campaign this is. */
static bool find_campaign(struct campaign_reader *cr, const struct reading *reading,
                          const char *source)
{
    const struct yaml_node *first = NULL;
    struct cp_place place = { 0 };
    char words[200];

    for (size_t i = 0; i < reading->count; i++) {
        const struct yaml_node *node = reading->sections[i].campaign;

        cr->reader.document = &reading->documents[i];
        if (!node)
            continue;
        if (first)
            return complain(&cr->reader, node, "campaign", "one folder is one campaign",
                            "a second 'campaign' block: %s", tell_first(&cr->reader, place, words));
        first = node;
        place = place_of(&cr->reader, node);
        read_campaign_block(cr, node);
    }
    return first ||
           file_fault(cr->context, source, "campaign", "campaign: {id: …, zone: …, languages: […]}",
                      "the 'campaign' block is missing");
}

typedef void section_fn(struct campaign_reader *cr, const struct yaml_node *node);

static void read_section(struct campaign_reader *cr, const struct reading *reading, size_t offset,
                         section_fn *read)
{
    for (size_t i = 0; i < reading->count; i++) {
        const struct yaml_node *node =
            *(const struct yaml_node **)((char *)&reading->sections[i] + offset);

        cr->reader.document = &reading->documents[i];
        if (node)
            read(cr, node);
    }
}

static bool split(struct campaign_reader *cr, const struct reading *reading)
{
    bool ok = true;

    for (size_t i = 0; i < reading->count; i++) {
        cr->reader.document = &reading->documents[i];
        ok &= read_sections(&cr->reader, &reading->documents[i].root, &reading->sections[i]);
    }
    return ok;
}

static struct cp_campaign *understand(struct reading *reading, const char *source)
{
    struct cp_campaign *campaign = cp_arena_alloc(reading->context->arena, sizeof(*campaign));
    struct campaign_reader cr;

    if (!campaign)
        return NULL;
    campaign->send_by_us = CP_HOUR;
    campaign->source = cp_arena_string(reading->context->arena, source);
    open_reader(&cr, reading, campaign);
    if (split(&cr, reading) && find_campaign(&cr, reading, source)) {
        read_section(&cr, reading, offsetof(struct sections, organisations), read_organisations);
        read_section(&cr, reading, offsetof(struct sections, events), read_events);
        read_section(&cr, reading, offsetof(struct sections, posts), read_posts);
        check_renamed_posts(&cr);
    }
    close_reader(&cr);
    return campaign;
}

/* All or nothing: a campaign with a fault anywhere is not handed out. */
static struct cp_campaign *conclude(struct reading *reading, const char *source, bool parsed)
{
    const struct cp_schedule_context *context = reading->context;
    struct cp_campaign *campaign = parsed ? understand(reading, source) : NULL;

    finish(reading);
    if (context->diagnostics->faults == reading->faults && cp_arena_failed(context->arena))
        no_memory(context, source);
    return context->diagnostics->faults == reading->faults ? campaign : NULL;
}

struct cp_campaign *cp_schedule_read(const char *path, const struct cp_schedule_context *context)
{
    struct reading reading = { .context = context, .faults = context->diagnostics->faults };
    struct strings files = { 0 };
    const char *name = cp_arena_string(context->arena, path);
    bool folder, ok;
    struct stat st;

    if (!name)
        return conclude(&reading, path, false);
    folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (!folder)
        files = (struct strings){ .items = &name, .count = 1 };
    ok = (!folder || list_folder(context, name, &files)) &&
         (start(&reading, files.count) || no_memory(context, name)) &&
         parse_files(&reading, folder ? name : NULL, &files);
    return conclude(&reading, name, ok);
}

struct cp_campaign *cp_schedule_read_text(const char *name, const char *text, size_t size,
                                          const struct cp_schedule_context *context)
{
    struct reading reading = { .context = context, .faults = context->diagnostics->faults };
    struct yaml_input input = { .arena = context->arena, .diagnostics = context->diagnostics };
    const char *kept = cp_arena_string(context->arena, name);
    bool ok = kept && start(&reading, 1);

    if (ok) {
        reading.count = 1;
        ok = yaml_load_text(&reading.documents[0], kept, text, size, &input);
    }
    return conclude(&reading, name, ok);
}
