/* src/adapter/credential.c - reads and writes the files with tokens.
 *
 * What was checked is what is read: folder and file are opened first, and modes and owners are asked
 * of the descriptors. Messages name paths and modes, never a byte of what is inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/adapter_private.h"

enum { FILE_MOST = 64 << 10 };

struct member {
    char *name;
    struct cp_secret *secret;
};

struct cp_credential {
    struct member *members;
    size_t count;
};

void cp_credential_free(struct cp_credential *credential)
{
    if (!credential)
        return;
    for (size_t i = 0; i < credential->count; i++) {
        free(credential->members[i].name);
        cp_secret_free(credential->members[i].secret);
    }
    free(credential->members);
    free(credential);
}

const struct cp_secret *cp_credential_member(const struct cp_credential *credential,
                                             const char *name)
{
    for (size_t i = 0; credential && i < credential->count; i++)
        if (strcmp(credential->members[i].name, name) == 0)
            return credential->members[i].secret;
    return NULL;
}

/* ---- folder and file ----------------------------------------------------------------------- */

static bool refuse(struct cp_error *err, const char *directory, const char *name, const char *why)
{
    return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_CREDENTIAL,
                        "cannot use the credential '%s/%s.json': %s", directory, name, why);
}

/* systemd.exec(5), "Credentials": the service's user gets in by an ACL, whose mask shows as the group's bits. */
static bool is_systemd(const char *directory)
{
    return strncmp(directory, "/run/credentials/", 17) == 0;
}

static bool check_closed(int fd, const char *directory, const char *name, bool folder,
                         struct cp_error *err)
{
    struct stat info;
    mode_t open_to_others = 077;
    char path[300], why[400];

    if (fstat(fd, &info) < 0)
        return refuse(err, directory, name, strerror(errno));
    if (is_systemd(directory) && info.st_uid == 0)
        open_to_others = 027;
    snprintf(path, sizeof(path), folder ? "%s" : "%s/%s.json", directory, name);
    if (!folder && !S_ISREG(info.st_mode))
        return refuse(err, directory, name, "it is not a regular file");
    if (info.st_uid != 0 && info.st_uid != geteuid())
        snprintf(why, sizeof(why), "%s belongs to user %u; run: chown %u '%s'",
                 folder ? "the folder" : "it", (unsigned)info.st_uid, (unsigned)geteuid(), path);
    else if (info.st_mode & open_to_others)
        snprintf(why, sizeof(why), "%s is open to others (mode %04o); run: chmod %s '%s'",
                 folder ? "the folder" : "it", (unsigned)info.st_mode & 07777,
                 folder ? "0700" : "0600", path);
    else
        return true;
    return refuse(err, directory, name, why);
}

static bool is_missing(int code)
{
    return code == ENOENT || code == ENOTDIR;
}

static bool cannot_open(struct cp_error *err, const char *directory, const char *name, int code)
{
    if (code == ELOOP)
        return refuse(err, directory, name, "a symbolic link is in its place");
    if (!is_missing(code))
        return refuse(err, directory, name, strerror(code));
    return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_NO_CREDENTIAL,
                        "there is no credential '%s/%s.json'; run: camp-post login", directory,
                        name);
}

/* Returns the folder's descriptor, or -1. */
static int open_folder(const char *directory, const char *name, struct cp_error *err)
{
    struct stat info;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int code = errno;

    if (fd >= 0 && check_closed(fd, directory, name, true, err))
        return fd;
    if (fd >= 0)
        close(fd);
    else if (lstat(directory, &info) == 0 && S_ISLNK(info.st_mode))
        cannot_open(err, directory, name, ELOOP);
    else
        cannot_open(err, directory, name, code);
    return -1;
}

static bool read_file(int fd, struct cp_buffer *out)
{
    char bytes[4096];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0 && out->size <= FILE_MOST)
        cp_buffer_add(out, bytes, (size_t)got);
    cp_wipe(bytes, sizeof(bytes));
    return got == 0 && !out->failed;
}

static bool read_closed(const char *directory, const char *name, struct cp_buffer *out,
                        struct cp_error *err)
{
    int folder = open_folder(directory, name, err), fd = -1;
    char file[CP_ID_MOST + 8];
    bool fine = false;

    if (folder < 0)
        return false;
    snprintf(file, sizeof(file), "%s.json", name);
    fd = openat(folder, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        cannot_open(err, directory, name, errno);
    else if (check_closed(fd, directory, name, false, err))
        fine =
            read_file(fd, out) || refuse(err, directory, name, "it can't be read, or is too large");
    if (fd >= 0)
        close(fd);
    close(folder);
    return fine;
}

/* ---- members ------------------------------------------------------------------------------- */

static void wipe_members(json_t *root)
{
    const char *name;
    json_t *value;

    json_object_foreach(root, name, value) if (json_is_string(value))
        cp_wipe((char *)(uintptr_t)json_string_value(value), json_string_length(value));
}

/* The words of the JSON library quote what they choke on, so they are not passed on. */
static json_t *parse(const char *bytes, size_t size, const char **why)
{
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *name;

    *why = json_is_object(root) ? NULL : "it is not a JSON object";
    json_object_foreach(root, name,
                        value) if (!json_is_string(value) || json_string_length(value) == 0) *why =
        "a member of it is not a string with something in it";
    if (!*why)
        return root;
    wipe_members(root);
    json_decref(root);
    return NULL;
}

static bool fill(struct cp_credential *credential, json_t *root)
{
    const char *name;
    json_t *value;

    credential->members = calloc(json_object_size(root) + 1, sizeof(*credential->members));
    if (!credential->members)
        return false;
    json_object_foreach(root, name, value)
    {
        struct member *member = &credential->members[credential->count++];

        member->name = strdup(name);
        member->secret = cp_secret_create(json_string_value(value), json_string_length(value));
        if (!member->name || !member->secret)
            return false;
    }
    return true;
}

static bool check_name(const char *directory, const char *name, struct cp_error *err)
{
    return cp_id_valid(name) || refuse(err, directory, name,
                                       "a credential's name is lower case letters, digits and '-'");
}

struct cp_credential *cp_credential_read(const char *directory, const char *name,
                                         struct cp_error *err)
{
    struct cp_credential *credential = NULL;
    struct cp_buffer text = { 0 };
    const char *why = NULL;
    json_t *root = NULL;

    if (check_name(directory, name, err) && read_closed(directory, name, &text, err)) {
        root = parse(text.data ? text.data : "", text.size, &why);
        if (!root)
            refuse(err, directory, name, why);
    }
    if (text.data)
        cp_wipe(text.data, text.size);
    cp_buffer_release(&text);
    if (!root)
        return NULL;
    credential = calloc(1, sizeof(*credential));
    if (!credential || !fill(credential, root)) {
        cp_error_no_memory(err);
        cp_credential_free(credential);
        credential = NULL;
    }
    wipe_members(root);
    json_decref(root);
    return credential;
}

/* ---- writing ------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, text, size);

        if (put < 0 && errno != EINTR)
            return false;
        text += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static bool write_beside(int folder, const char *beside, const char *json)
{
    int fd;
    bool fine;

    unlinkat(folder, beside, 0);
    fd = openat(folder, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    fine = fchmod(fd, 0600) == 0 && write_all(fd, json, strlen(json)) && fsync(fd) == 0;
    return close(fd) == 0 && fine;
}

static bool write_closed(int folder, const char *name, const char *json)
{
    char file[CP_ID_MOST + 8], beside[CP_ID_MOST + 16];

    snprintf(file, sizeof(file), "%s.json", name);
    snprintf(beside, sizeof(beside), ".%s.json.new", name);
    if (write_beside(folder, beside, json) && renameat(folder, beside, folder, file) == 0)
        return fsync(folder) == 0;
    unlinkat(folder, beside, 0);
    return false;
}

bool cp_credential_write(const char *directory, const char *name, const char *json,
                         struct cp_error *err)
{
    const char *why = NULL;
    json_t *root;
    int folder;
    bool fine;

    if (!check_name(directory, name, err))
        return false;
    root = parse(json, strlen(json), &why);
    if (!root)
        return refuse(err, directory, name, why);
    wipe_members(root);
    json_decref(root);
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return refuse(err, directory, name, strerror(errno));
    folder = open_folder(directory, name, err);
    if (folder < 0)
        return false;
    fine = write_closed(folder, name, json) || refuse(err, directory, name, strerror(errno));
    close(folder);
    return fine;
}
