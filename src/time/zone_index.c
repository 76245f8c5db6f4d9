/* src/time/zone_index.c - which zones there are, and which one is the system's.
 *
 * libical opens whatever path a zone's name spells, dot-dot included. So a name is believed only
 * when the tzdata package's own index has it: tzdata.zi, the rules in one file, where "Z NAME …"
 * defines a zone and "L TARGET NAME" another name of one; or the older tables zone1970.tab and
 * zone.tab, which have no other names. Of those names the ones count whose data is installed.
 */
#include "time/zone_private.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libical/ical.h>
#include <libical/icaltz-util.h>

#include "base/nearest.h"

enum { LONGEST_NAME = 64 };

static bool plausible(const char *name)
{
    size_t size = strlen(name);

    if (size == 0 || size > LONGEST_NAME || strstr(name, "..") || !isalpha((unsigned char)*name))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") ==
           size;
}

static bool add_name(struct cp_zones *zones, const char *name)
{
    if (!name || !plausible(name))
        return true; /* not ours to judge: it is only never found */
    if (zones->count == zones->capacity) {
        size_t capacity = zones->capacity ? zones->capacity * 2 : 1024;
        char **names = realloc(zones->names, capacity * sizeof(*names));

        if (!names)
            return false;
        zones->names = names;
        zones->capacity = capacity;
    }
    zones->names[zones->count] = strdup(name);
    return zones->names[zones->count] && ++zones->count;
}

/* The word number `which` of a line, cut out in place. */
static char *word(char *line, int which, const char *between)
{
    char *rest = NULL, *at = strtok_r(line, between, &rest);

    while (at && which-- > 0)
        at = strtok_r(NULL, between, &rest);
    return at;
}

static bool take_rules_line(struct cp_zones *zones, char *line)
{
    if (strncmp(line, "# version ", 10) == 0)
        snprintf(zones->version, sizeof(zones->version), "%.*s", (int)strcspn(line + 10, " \t\n"),
                 line + 10);
    if (line[0] == 'Z' && line[1] == ' ')
        return add_name(zones, word(line, 1, " \t\n"));
    if (line[0] == 'L' && line[1] == ' ')
        return add_name(zones, word(line, 2, " \t\n"));
    return true;
}

static bool take_table_line(struct cp_zones *zones, char *line)
{
    return line[0] == '#' || add_name(zones, word(line, 2, "\t\n"));
}

typedef bool take_line_fn(struct cp_zones *zones, char *line);

/* False only when memory runs out; a file that is not there adds nothing. */
static bool read_lines(struct cp_zones *zones, const char *folder, const char *name,
                       take_line_fn *take)
{
    char path[PATH_MAX], *line = NULL;
    size_t room = 0;
    bool good = true;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "re");
    if (!file)
        return true;
    while (good && getline(&line, &room, file) >= 0)
        good = take(zones, line);
    free(line);
    fclose(file);
    return good;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(struct cp_zones *zones)
{
    size_t kept = 0;

    qsort(zones->names, zones->count, sizeof(*zones->names), by_name);
    for (size_t i = 0; i < zones->count; i++) {
        if (kept && strcmp(zones->names[kept - 1], zones->names[i]) == 0)
            free(zones->names[i]);
        else
            zones->names[kept++] = zones->names[i];
    }
    zones->count = kept;
}

/* Debian keeps the old names ("US/Pacific") in a package of their own, tzdata-legacy, while the index
 * lists them all. A name without a file can't be loaded, so it must not be suggested either. */
static void keep_installed(struct cp_zones *zones, const char *folder)
{
    char path[PATH_MAX];
    size_t kept = 0;

    for (size_t i = 0; i < zones->count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, zones->names[i]);
        if (access(path, R_OK) == 0)
            zones->names[kept++] = zones->names[i];
        else
            free(zones->names[i]);
    }
    zones->count = kept;
}

static bool read_index(struct cp_zones *zones, struct cp_error *err)
{
    const char *folder = icaltzutil_get_zone_directory();

    if (!folder)
        return cp_error_set(err, &cp_time_errors, CP_TIME_NO_ZONES,
                            "the system has no time zone data; install the package 'tzdata'");
    if (!read_lines(zones, folder, "tzdata.zi", take_rules_line))
        return cp_error_no_memory(err);
    if (zones->count == 0 && (!read_lines(zones, folder, "zone1970.tab", take_table_line) ||
                              !read_lines(zones, folder, "zone.tab", take_table_line)))
        return cp_error_no_memory(err);
    if (zones->count == 0)
        return cp_error_set(err, &cp_time_errors, CP_TIME_NO_ZONES,
                            "'%s' has no index of time zones (tzdata.zi, zone1970.tab or "
                            "zone.tab); reinstall the package 'tzdata'",
                            folder);
    if (!add_name(zones, "UTC"))
        return cp_error_no_memory(err);
    sort_names(zones);
    keep_installed(zones, folder);
    return true;
}

/* What follows "zoneinfo/" in the target of /etc/localtime. */
static const char *linked_name(char *target, size_t size)
{
    ssize_t used = readlink("/etc/localtime", target, size - 1);
    char *at;

    if (used <= 0)
        return NULL;
    target[used] = '\0';
    at = strstr(target, "zoneinfo/");
    return at ? at + strlen("zoneinfo/") : NULL;
}

static const char *written_name(char *line, int size)
{
    FILE *file = fopen("/etc/timezone", "re");
    const char *name = NULL;

    if (!file)
        return NULL;
    if (fgets(line, size, file))
        name = word(line, 0, " \t\r\n");
    fclose(file);
    return name;
}

static bool take_system(struct cp_zones *zones, const char *name)
{
    if (!name || cp_zones_place(zones, name) == SIZE_MAX)
        return false;
    snprintf(zones->system, sizeof(zones->system), "%s", name);
    return true;
}

static void find_system(struct cp_zones *zones)
{
    char text[PATH_MAX];
    const char *variable = getenv("TZ");

    if (variable && *variable == ':') /* POSIX: what follows is the implementation's own name */
        variable++;
    if (take_system(zones, variable) || take_system(zones, linked_name(text, sizeof(text))) ||
        take_system(zones, written_name(text, sizeof(text))))
        return;
    take_system(zones, "UTC");
}

struct cp_zones *cp_zones_open(struct cp_error *err)
{
    struct cp_zones *zones = calloc(1, sizeof(*zones));

    if (!zones) {
        cp_error_no_memory(err);
        return NULL;
    }
    snprintf(zones->version, sizeof(zones->version), "unknown");
    if (!read_index(zones, err))
        goto fail;
    zones->loaded = calloc(zones->count, sizeof(struct cp_zone *));
    if (!zones->loaded) {
        cp_error_no_memory(err);
        goto fail;
    }
    find_system(zones);
    return zones;

fail:
    cp_zones_close(zones);
    return NULL;
}

void cp_zones_close(struct cp_zones *zones)
{
    if (!zones)
        return;
    for (size_t i = 0; i < zones->count; i++) {
        if (zones->loaded)
            cp_zone_free(zones->loaded[i]);
        free(zones->names[i]);
    }
    free(zones->loaded);
    free(zones->names);
    free(zones);
}

size_t cp_zones_place(const struct cp_zones *zones, const char *name)
{
    size_t low = 0, high = zones->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, zones->names[middle]);

        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return SIZE_MAX;
}

const struct cp_zone *cp_zones_find(struct cp_zones *zones, const char *name)
{
    size_t place = cp_zones_place(zones, name);

    if (place == SIZE_MAX)
        return NULL;
    if (!zones->loaded[place])
        zones->loaded[place] = cp_zone_load(zones->names[place]);
    return zones->loaded[place];
}

/* Lower case, and blanks as the zones' names have them. */
static void fold(const char *name, char out[LONGEST_NAME + 1])
{
    size_t i;

    for (i = 0; name[i] && i < LONGEST_NAME; i++)
        out[i] = name[i] == ' ' ? '_' : (char)tolower((unsigned char)name[i]);
    out[i] = '\0';
}

static const char *last_component(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* Twice the distance of the whole names; of the last components alone it is one worse, so that a
 * wrong region is forgiven, but a name that is near as a whole comes first. */
static unsigned unlikeness(const char *wrong, const char *right, unsigned most)
{
    const char *city = last_component(wrong);
    unsigned reach = cp_nearest_reach(city);
    unsigned whole = cp_edit_distance(wrong, right, most / 2) * 2;
    unsigned part = cp_edit_distance(city, last_component(right), reach);

    if (part <= reach && part * 2 + 1 < whole)
        return part * 2 + 1;
    return whole;
}

const char *cp_zones_suggest(const struct cp_zones *zones, const char *wrong_name)
{
    char wrong[LONGEST_NAME + 1], right[LONGEST_NAME + 1];
    unsigned most;
    const char *best = NULL;

    if (strlen(wrong_name) > LONGEST_NAME || *last_component(wrong_name) == '\0')
        return NULL;
    fold(wrong_name, wrong);
    most = cp_nearest_reach(wrong) * 2 + 1;
    for (size_t i = 0; i < zones->count; i++) {
        unsigned distance;

        fold(zones->names[i], right);
        distance = unlikeness(wrong, right, most);
        if (distance > most || (best && distance == most))
            continue;
        best = zones->names[i];
        most = distance;
    }
    return best;
}

const char *cp_zones_system(const struct cp_zones *zones)
{
    return zones->system;
}

const char *cp_zones_version(const struct cp_zones *zones)
{
    return zones->version;
}

size_t cp_zones_names(const struct cp_zones *zones, const char *const **out)
{
    *out = (const char *const *)zones->names;
    return zones->count;
}
