/* src/schedule/new.c - `camp-post new`: a campaign and a configuration to start from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schedule/file_private.h"
#include "schedule/schedule.h"
#include "text/text.h"

static const char configuration[] =
    "# What this machine has: where things are, and which accounts are ours. Never a secret.\n"
    "schedules: [schedule]      # files and folders that are read when none is named\n"
    "state: state               # the ledger: it knows what went out, so keep it\n"
    "credentials: credentials   # what 'camp-post login' writes; for nobody else's eyes\n"
    "accounts: {}               # 'camp-post login NAME https://SERVER' adds one; or, by hand:\n"
    "#accounts: {our-feed: {adapter: feed, directory: public, languages: [en]}}\n";

static const char campaign[] =
    "# One campaign: what is said, when, by whom. 'camp-post check' finds mistakes, and\n"
    "# 'camp-post --dry-run' shows what would go out, without sending anything.\n"
    "campaign: {id: %s, title: My first campaign, zone: %s, languages: [en]}\n"
    "posts:\n"
    "  - id: hello              # stays the same for ever; text and time may change\n"
    "    standby: true          # waits for 'camp-post release hello'\n"
    "    # at: 2030-01-31 09:00   # instead of standby: a time in the campaign's zone\n"
    "    to: all                # or {account: NAME}, {tag: main}, {language: en}\n"
    "    text:\n"
    "      en: Hello from our first campaign.\n";

static bool fail(struct cp_error *err, const char *what, const char *path, int number)
{
    return cp_error_set(err, &cp_base_errors, CP_BASE_SYSTEM, "cannot %s '%s': %s", what, path,
                        strerror(number));
}

static bool make_folder(const char *path, struct cp_error *err)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST || fail(err, "make the folder", path, errno);
}

static bool check_empty(const char *path, struct cp_error *err)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    bool empty = true;

    if (!folder)
        return fail(err, "open the folder", path, errno);
    while (empty && (entry = readdir(folder)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(folder);
    return empty || cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                                 "the folder '%s' is not empty: name a new one", path);
}

/* O_EXCL: whatever came there meanwhile is not ours to overwrite. */
static bool write_new(const char *path, const char *text, struct cp_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t size = strlen(text);
    bool ok;

    if (fd < 0)
        return fail(err, "write", path, errno);
    ok = write(fd, text, size) == (ssize_t)size;
    ok = close(fd) == 0 && ok;
    return ok || fail(err, "write", path, errno ? errno : ENOSPC);
}

/* The folder's name is a good id for its campaign, when it is one. */
static void name_campaign(const char *directory, char *out, size_t size)
{
    char *real = realpath(directory, NULL);
    const char *name = real ? strrchr(real, '/') : NULL;

    snprintf(out, size, "%s", name && cp_id_valid(name + 1) ? name + 1 : "my-campaign");
    free(real);
}

static bool choose_zone(const char *given, char *out, size_t size, struct cp_error *err)
{
    struct cp_zones *zones = cp_zones_open(err);

    if (!zones)
        return false;
    snprintf(out, size, "%s", given ? given : cp_zones_system(zones));
    given = cp_zones_find(zones, out) ? NULL : out;
    cp_zones_close(zones);
    return !given ||
           cp_error_set(err, &cp_base_errors, CP_BASE_USAGE, "unknown time zone '%s'", out);
}

bool cp_schedule_new(const char *directory, const char *zone, struct cp_error *err)
{
    char chosen[100], id[CP_ID_MOST + 1], path[PATH_MAX], text[sizeof(campaign) + 200];

    if (strlen(directory) + sizeof("/schedule/hello.yaml") > sizeof(path))
        return fail(err, "make the folder", directory, ENAMETOOLONG);
    if (!choose_zone(zone, chosen, sizeof(chosen), err) || !make_folder(directory, err) ||
        !check_empty(directory, err))
        return false;
    name_campaign(directory, id, sizeof(id));
    snprintf(text, sizeof(text), campaign, id, chosen);
    snprintf(path, sizeof(path), "%s/schedule", directory);
    if (!make_folder(path, err))
        return false;
    snprintf(path, sizeof(path), "%s/schedule/hello.yaml", directory);
    if (!write_new(path, text, err))
        return false;
    snprintf(path, sizeof(path), "%s/camp-post.yaml", directory);
    return write_new(path, configuration, err);
}
