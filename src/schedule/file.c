/* src/schedule/file.c - see file_private.h. */
#include "schedule/file_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool system_reason(struct cp_error *err, int number)
{
    const char *text = strerror(number);

    if (number == ENOENT)
        text = "there is no such file";
    else if (number == EACCES)
        text = "permission denied";
    else if (number == ELOOP)
        text = "its symbolic links go round in a circle";
    return cp_error_set(err, &cp_base_errors, CP_BASE_SYSTEM, "%s", text);
}

static bool check_kind(const struct stat *st, size_t most, struct cp_error *err)
{
    static const struct {
        mode_t kind;
        const char *words;
    } kinds[] = {
        { S_IFDIR, "a directory" }, { S_IFIFO, "a named pipe" }, { S_IFSOCK, "a socket" },
        { S_IFCHR, "a device" },    { S_IFBLK, "a device" },
    };

    for (size_t i = 0; i < CP_COUNT(kinds); i++) {
        if ((st->st_mode & S_IFMT) == kinds[i].kind)
            return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE, "it is %s, not a file",
                                kinds[i].words);
    }
    if (!S_ISREG(st->st_mode))
        return cp_error_set(err, &cp_base_errors, CP_BASE_USAGE, "it is not a regular file");
    if ((uint64_t)st->st_size > most)
        return cp_error_set(err, &cp_base_errors, CP_BASE_LIMIT,
                            "it has %lld MiB, at most %zu are read", (long long)st->st_size >> 20,
                            most >> 20);
    return true;
}

/* Reads what is there now: a file that grows meanwhile is cut off by the same limit. */
static bool read_all(int fd, size_t room, size_t most, struct file *out, struct cp_error *err)
{
    char *bytes = malloc(room + 1), *grown;
    size_t size = 0;
    ssize_t n = 0;

    while (bytes && (n = read(fd, bytes + size, room - size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        size += (size_t)n;
        if (size < room)
            continue;
        room = room * 2;
        grown = size > most ? NULL : realloc(bytes, room + 1);
        if (!grown)
            break;
        bytes = grown;
    }
    if (!bytes || n != 0) {
        if (n < 0)
            system_reason(err, errno);
        free(bytes);
        return size > most ? cp_error_set(err, &cp_base_errors, CP_BASE_LIMIT, "it keeps growing")
                           : cp_error_no_memory(err);
    }
    bytes[size] = '\0';
    out->bytes = bytes;
    out->size = size;
    return true;
}

bool file_read(const char *path, size_t most, struct file *out, struct cp_error *err)
{
    struct stat st;
    bool ok;
    int fd;

    if (stat(path, &st) != 0)
        return system_reason(err, errno);
    if (!check_kind(&st, most, err))
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return system_reason(err, errno);
    ok = fstat(fd, &st) == 0 || system_reason(err, errno);
    ok = ok && check_kind(&st, most, err) && read_all(fd, (size_t)st.st_size + 1, most, out, err);
    close(fd);
    if (ok)
        out->mode = st.st_mode & 07777;
    return ok;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    bool ok;
    int fd;

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

/* What an administrator edits stays its owner's. Where that is not allowed it is the writer's. */
static void keep_owner(int fd, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) != 0)
        return;
}

bool file_replace(const char *path, const char *bytes, size_t size, mode_t mode,
                  struct cp_error *err)
{
    char beside[PATH_MAX];
    bool ok;
    int fd;

    if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
        return system_reason(err, ENAMETOOLONG);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return system_reason(err, errno);
    keep_owner(fd, path);
    ok = fchmod(fd, mode) == 0 && write_all(fd, bytes, size) && fsync(fd) == 0;
    if (!ok)
        system_reason(err, errno);
    close(fd);
    if (ok && rename(beside, path) != 0)
        ok = system_reason(err, errno);
    if (!ok)
        unlink(beside);
    return ok && (sync_folder(path) || system_reason(err, errno));
}

char *file_beside(struct cp_arena *arena, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    if (!slash || name[0] == '/')
        return cp_arena_string(arena, name);
    return cp_arena_printf(arena, "%.*s%s", (int)(slash - path) + 1, path, name);
}

char *file_folder(struct cp_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return cp_arena_string(arena, ".");
    return cp_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

bool file_inside(struct cp_arena *arena, const char *folder, const char *path, char **out_path,
                 struct cp_error *err)
{
    char *root = realpath(folder, NULL), *end = root ? realpath(path, NULL) : NULL;
    size_t size = root ? strlen(root) : 0;
    bool ok = true;

    if (!end)
        ok = system_reason(err, errno);
    else if (size > 1 && (strncmp(end, root, size) != 0 || (end[size] != '/' && end[size])))
        ok = cp_error_set(err, &cp_base_errors, CP_BASE_USAGE,
                          "a symbolic link leads it outside of the folder '%s'", folder);
    if (ok)
        *out_path = cp_arena_string(arena, end);
    free(root);
    free(end);
    return ok && (*out_path || cp_error_no_memory(err));
}
