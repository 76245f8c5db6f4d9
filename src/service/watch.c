/* src/service/watch.c - noticing that the files have changed.
 *
 * They are read again two quiet seconds after the last change, so that an editor or git is not caught
 * in the middle. What else lies beside them (a log, a feed, the notes of somebody) says nothing: else a
 * service whose own log is there would wake itself for ever.
 *
 * Each file or folder is watched through its parent as well, by its name: a folder that git has
 * put in the place of the old one is another folder to the system. The set is made anew after every
 * acceptance, for that may have brought other folders.
 */
#include "service/service_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { PLACES_MOST = 64, QUIET_MS = 2000 };

struct place {
    uv_fs_event_t event;
    char *folder;
    char *name; /* the only one that counts; NULL: every schedule and picture in the folder */
};

/* Freed when the last of its handles has closed. */
struct watch {
    struct service *service;
    struct place places[PLACES_MOST];
    unsigned count, open;
    uv_timer_t quiet;
};

/* ---- what counts --------------------------------------------------------------------------- */

static bool is_read(const char *name)
{
    static const char *const endings[] = { ".yaml", ".yml", ".json", ".png", ".jpg",
                                           ".jpeg", ".gif", ".webp", ".avif" };
    const char *ending = name[0] == '.' ? NULL : strrchr(name, '.'); /* an editor's own files */

    for (size_t i = 0; ending && i < CP_COUNT(endings); i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

static void on_quiet(uv_timer_t *timer)
{
    struct watch *watch = timer->data;

    cp_log(CP_LOG_INFO, "the files have changed: reading them again");
    acceptance_start(watch->service);
}

/* The system may leave the name out: then anything may have changed. */
static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct place *place = (struct place *)event;
    struct watch *watch = event->data;

    (void)events;
    (void)status;
    if (name && (place->name ? strcmp(name, place->name) != 0 : !is_read(name)))
        return;
    uv_timer_start(&watch->quiet, on_quiet, QUIET_MS, 0);
}

/* ---- where --------------------------------------------------------------------------------- */

static bool is_watched(const struct watch *watch, const char *folder, const char *name)
{
    for (unsigned i = 0; i < watch->count; i++) {
        const struct place *place = &watch->places[i];

        if (strcmp(place->folder, folder) == 0 &&
            (name && place->name ? strcmp(place->name, name) == 0 : name == place->name))
            return true;
    }
    return false;
}

static void add(struct watch *watch, const char *folder, const char *name)
{
    struct place *place = &watch->places[watch->count];

    if (is_watched(watch, folder, name) || watch->count == PLACES_MOST ||
        uv_fs_event_init(&watch->service->loop, &place->event) < 0)
        return;
    watch->count++;
    watch->open++;
    place->event.data = watch;
    place->folder = strdup(folder);
    place->name = name ? strdup(name) : NULL;
    if (!place->folder || (name && !place->name) ||
        uv_fs_event_start(&place->event, on_event, folder, 0) < 0)
        cp_log(CP_LOG_WARNING, "changes in '%s' are not noticed; send SIGHUP instead", folder);
}

/* Splits at the last slash; *out_name is what follows it. */
static void folder_of(const char *path, char *folder, size_t size, const char **out_name)
{
    const char *slash = strrchr(path, '/');

    *out_name = slash ? slash + 1 : path;
    if (slash)
        snprintf(folder, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    else
        snprintf(folder, size, ".");
}

static void add_path(struct watch *watch, const char *path)
{
    char folder[4096];
    const char *name;
    struct stat info;

    folder_of(path, folder, sizeof(folder), &name);
    add(watch, folder, name);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        add(watch, path, NULL);
}

static void add_media(struct watch *watch, const struct cp_campaign *campaign)
{
    char folder[4096];
    const char *name;

    for (size_t p = 0; p < campaign->post_count; p++)
        for (size_t m = 0; m < campaign->posts[p].message_count; m++)
            for (size_t i = 0; i < campaign->posts[p].messages[m].media_count; i++) {
                folder_of(campaign->posts[p].messages[m].media[i].path, folder, sizeof(folder),
                          &name);
                add(watch, folder, NULL);
            }
}

/* ---- the set ------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;

    if (--watch->open > 0)
        return;
    for (unsigned i = 0; i < watch->count; i++) {
        free(watch->places[i].folder);
        free(watch->places[i].name);
    }
    free(watch);
}

void watch_stop(struct service *service)
{
    struct watch *watch = service->watch;

    if (!watch)
        return;
    service->watch = NULL;
    uv_close((uv_handle_t *)&watch->quiet, on_closed);
    for (unsigned i = 0; i < watch->count; i++)
        uv_close((uv_handle_t *)&watch->places[i].event, on_closed);
}

void watch_files(struct service *service, const struct cp_preview *preview)
{
    struct watch *watch, *old = service->watch;

    if (service->options.once)
        return;
    watch = calloc(1, sizeof(*watch));
    if (!watch) {
        cp_log(CP_LOG_WARNING, "out of memory: changed files are not noticed; send SIGHUP instead");
        return;
    }
    watch->service = service;
    uv_timer_init(&service->loop, &watch->quiet);
    watch->quiet.data = watch;
    watch->open = 1;
    add_path(watch, service->config->path);
    add_path(watch, service->config->credentials); /* a new login ends a hold by itself */
    for (size_t i = 0; i < service->config->schedule_count && !service->options.files; i++)
        add_path(watch, service->config->schedules[i]);
    for (size_t i = 0; i < service->options.file_count; i++)
        add_path(watch, service->options.files[i]);
    for (size_t i = 0; i < preview->campaign_count; i++)
        add_media(watch, preview->campaigns[i]);
    /* A change that came while the files were being read waits for its quiet, too. */
    if (old && uv_is_active((uv_handle_t *)&old->quiet))
        uv_timer_start(&watch->quiet, on_quiet, QUIET_MS, 0);
    watch_stop(service);
    service->watch = watch;
}
