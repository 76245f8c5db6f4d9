/* src/adapter/load.c - finds adapters in a folder and takes those that fit.
 *
 * An adapter runs inside the program and sees all that the program sees, so what is loaded must
 * belong to root or to us, and nobody else may be able to write it.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/adapter_private.h"
#include "base/log.h"

struct entry {
    const struct cp_adapter *adapter;
    const char *path; /* NULL: linked in */
};

struct cp_adapters {
    struct cp_arena *arena;
    struct entry *entries; /* by name */
    size_t count, capacity;
    const char **names;
    size_t name_capacity;
};

static struct cp_adapters *create(struct cp_error *err)
{
    struct cp_arena *arena = cp_arena_create();
    struct cp_adapters *adapters = arena ? cp_arena_alloc(arena, sizeof(*adapters)) : NULL;

    if (adapters) {
        adapters->arena = arena;
        adapters->names =
            cp_arena_grow(arena, NULL, 0, &adapters->name_capacity, 1, sizeof(*adapters->names));
    }
    if (!adapters || !adapters->names) {
        cp_error_no_memory(err);
        cp_arena_free(arena);
        return NULL;
    }
    return adapters;
}

void cp_adapters_free(struct cp_adapters *adapters)
{
    if (adapters)
        cp_arena_free(adapters->arena);
}

/* ---- the table ----------------------------------------------------------------------------- */

static const struct entry *find(const struct cp_adapters *adapters, const char *name)
{
    for (size_t i = 0; i < adapters->count; i++)
        if (strcmp(adapters->entries[i].adapter->name, name) == 0)
            return &adapters->entries[i];
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;

    return strcmp(left->adapter->name, right->adapter->name);
}

static bool insert(struct cp_adapters *adapters, const struct cp_adapter *adapter, const char *path,
                   struct cp_error *err)
{
    struct cp_arena *arena = adapters->arena;
    size_t want = adapters->count + 1;

    adapters->entries = cp_arena_grow(arena, adapters->entries, adapters->count,
                                      &adapters->capacity, want, sizeof(*adapters->entries));
    adapters->names = cp_arena_grow(arena, adapters->names, want, &adapters->name_capacity,
                                    want + 1, sizeof(*adapters->names));
    if (!adapters->entries || !adapters->names)
        return cp_error_no_memory(err);
    adapters->entries[adapters->count++] =
        (struct entry){ adapter, path ? cp_arena_string(arena, path) : NULL };
    qsort(adapters->entries, adapters->count, sizeof(*adapters->entries), by_name);
    for (size_t i = 0; i < adapters->count; i++)
        adapters->names[i] = adapters->entries[i].adapter->name;
    adapters->names[adapters->count] = NULL;
    return true;
}

static bool take(struct cp_adapters *adapters, const struct cp_adapter *adapter, const char *path,
                 struct cp_error *err)
{
    if (!cp_adapter_check(adapter, err))
        return false;
    if (find(adapters, adapter->name))
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "there is an adapter '%s' already", adapter->name);
    return insert(adapters, adapter, path, err);
}

bool cp_adapters_add(struct cp_adapters *adapters, const struct cp_adapter *adapter,
                     struct cp_error *err)
{
    return take(adapters, adapter, NULL, err);
}

const struct cp_adapter *cp_adapters_find(const struct cp_adapters *adapters, const char *name)
{
    const struct entry *entry = find(adapters, name);

    return entry ? entry->adapter : NULL;
}

const char *const *cp_adapters_names(const struct cp_adapters *adapters)
{
    return adapters->names;
}

const char *cp_adapters_path(const struct cp_adapters *adapters, const char *name)
{
    const struct entry *entry = find(adapters, name);

    return entry ? entry->path : NULL;
}

/* ---- shared objects ------------------------------------------------------------------------ */

/* A build folder may be as open as its owner's umask made it; only its owner runs what is in there. */
static bool is_built_here(struct cp_arena *arena, const char *directory)
{
    const char *cache = cp_arena_printf(arena, "%s/../CMakeCache.txt", directory);
    struct stat info;

    return cache && stat(cache, &info) == 0 && info.st_uid == geteuid();
}

static bool check_owner(const char *path, const struct stat *info, bool built_here,
                        struct cp_error *err)
{
    if (info->st_uid != 0 && info->st_uid != geteuid())
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "it belongs to another user (%u); run: chown root '%s'",
                            (unsigned)info->st_uid, path);
    if ((info->st_mode & 022) && !built_here)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "others can write it (mode %04o); run: chmod go-w '%s'",
                            (unsigned)info->st_mode & 07777, path);
    return true;
}

static bool load_one(struct cp_adapters *adapters, const char *path, bool built_here,
                     struct cp_error *err)
{
    struct stat info;
    void *object;
    const struct cp_adapter *adapter;

    if (stat(path, &info) < 0 || !S_ISREG(info.st_mode))
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD, "it is not a regular file");
    if (!check_owner(path, &info, built_here, err))
        return false;
    object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD, "%s", dlerror());
    adapter = dlsym(object, "camp_post_adapter");
    if (!adapter)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "it does not export 'camp_post_adapter'");
    return take(adapters, adapter, path, err);
}

static int is_object(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return entry->d_name[0] != '.' && size > 3 && strcmp(entry->d_name + size - 3, ".so") == 0;
}

static bool load_folder(struct cp_adapters *adapters, const char *directory, struct cp_error *err)
{
    bool built_here = is_built_here(adapters->arena, directory);
    struct dirent **list = NULL;
    struct stat info;
    int count = scandir(directory, &list, is_object, alphasort);

    if (count < 0 || stat(directory, &info) < 0)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_LOAD,
                            "cannot read the folder of adapters '%s': %s", directory,
                            strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *path = cp_arena_printf(adapters->arena, "%s/%s", directory, list[i]->d_name);
        struct cp_error why = { 0 };

        if (!path || !check_owner(directory, &info, built_here, &why) ||
            !load_one(adapters, path, built_here, &why))
            cp_log(CP_LOG_WARNING, "refused the adapter '%s': %s", path ? path : list[i]->d_name,
                   path ? why.message : "out of memory");
        free(list[i]);
    }
    free(list);
    return true;
}

/* A program in a build tree has its adapters beside it; so has one that was moved together with them. */
static const char *default_folder(struct cp_arena *arena)
{
    const char *named = getenv("CAMP_POST_PLUGINS");
    char program[4096];
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    const char *beside;
    char *slash;

    if (named && *named)
        return named;
    program[size > 0 ? size : 0] = '\0';
    slash = strrchr(program, '/');
    if (!slash)
        return CAMP_POST_PLUGIN_DIR;
    *slash = '\0';
    beside = cp_arena_printf(arena, "%s/../plugins", program);
    return beside && is_built_here(arena, beside) && access(beside, R_OK) == 0
               ? beside
               : CAMP_POST_PLUGIN_DIR;
}

struct cp_adapters *cp_adapters_load(const char *directory, struct cp_error *err)
{
    struct cp_adapters *adapters = create(err);

    if (!adapters)
        return NULL;
    if (load_folder(adapters, directory ? directory : default_folder(adapters->arena), err))
        return adapters;
    cp_adapters_free(adapters);
    return NULL;
}
