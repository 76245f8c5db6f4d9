/* src/transport/file.c - local files: read one, or replace one without anybody ever seeing half of it.
 *
 * Replacing: the new file is written beside the old one and synced (a job); the gate is asked on the
 * loop; then it is renamed and the folder synced (a second job). What the world can see changes in
 * the rename alone, so a request stopped before it surely did nothing.
 */
#include "transport/transport_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first failure is told. */
static void fail(struct cp_exchange *exchange, const char *what, const char *path)
{
    if (!exchange->failed)
        snprintf(exchange->reason, sizeof(exchange->reason), "cannot %s '%s': %s", what, path,
                 strerror(errno));
    exchange->failed = true;
}

/* ---- on the pool --------------------------------------------------------------------------- */

static bool sync_parent(int folder)
{
    int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = parent >= 0 && fsync(parent) == 0;

    if (parent >= 0)
        close(parent);
    return fine;
}

/* What is made here is for the public, whatever the service's own umask. */
static int make_folder(int at, const char *name)
{
    int made;

    if (mkdirat(at, name, 0755) < 0 && errno != EEXIST)
        return -1;
    made = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (made >= 0 && (fchmod(made, 0755) < 0 || !sync_parent(made))) {
        close(made);
        return -1;
    }
    return made;
}

static int enter(int at, const char *name, bool make)
{
    int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    return next < 0 && errno == ENOENT && make ? make_folder(at, name) : next;
}

/* The account's directory may be reached through links, and is made with all that leads to it. */
static int enter_root(char *root, bool make)
{
    int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (at >= 0 || errno != ENOENT || !make)
        return at;
    for (char *slash = strchr(root + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(root, F_OK) < 0 && (at = make_folder(AT_FDCWD, root)) >= 0)
            close(at); /* what is in the way shows in the last step */
        *slash = '/';
    }
    return make_folder(AT_FDCWD, root);
}

/* From the account's directory down to the file's folder, step by step: a link below the directory
 * might lead out of it. */
static bool open_folder(struct cp_exchange *exchange, bool make)
{
    char *rest = NULL;
    int at = enter_root(exchange->root, make);

    for (char *step = strtok_r(exchange->folder, "/", &rest); step && at >= 0;
         step = strtok_r(NULL, "/", &rest)) {
        int next = enter(at, step, make), error = errno;

        close(at);
        at = next;
        errno = error;
    }
    exchange->folder_fd = at;
    return at >= 0;
}

static void read_all(struct cp_exchange *exchange, int fd)
{
    char bytes[64 << 10];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        if ((size_t)got > exchange->reply_most - exchange->reply.size) {
            errno = EFBIG;
            got = -1;
            break;
        }
        cp_buffer_add(&exchange->reply, bytes, (size_t)got);
    }
    if (exchange->reply.failed)
        errno = ENOMEM;
    if (got < 0 || exchange->reply.failed)
        fail(exchange, "read", exchange->path);
}

static void read_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;
    struct stat info;
    int fd = -1;

    exchange->status = 200;
    if (open_folder(exchange, false))
        fd = openat(exchange->folder_fd, exchange->name,
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        exchange->status = 404;
        return;
    }
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
        errno = fd < 0 ? errno : EINVAL;
        fail(exchange, "read", exchange->path);
    } else {
        read_all(exchange, fd);
    }
    if (fd >= 0)
        close(fd);
}

static bool put_all(int fd, const char *bytes, ssize_t size)
{
    for (ssize_t done = 0, put; done < size; done += put) {
        put = write(fd, bytes + done, (size_t)(size - done));
        if (put < 0 && errno == EINTR)
            put = 0;
        if (put < 0)
            return false;
    }
    return true;
}

static bool write_body(struct cp_exchange *exchange, int fd)
{
    char bytes[64 << 10];
    ssize_t got;

    while ((got = cp_body_read(&exchange->body, bytes, sizeof(bytes))) > 0) {
        errno = ECANCELED;
        if (exchange->abandoned || !put_all(fd, bytes, got)) {
            fail(exchange, "write", exchange->path);
            return false;
        }
    }
    if (got < 0)
        fail(exchange, "read a medium for", exchange->path);
    return got == 0;
}

/* The old file's mode, else one that lets everybody read. */
static mode_t mode_of(const struct cp_exchange *exchange)
{
    struct stat old;

    if (fstatat(exchange->folder_fd, exchange->name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(old.st_mode))
        return old.st_mode & 0777;
    return 0644;
}

static void discard(struct cp_exchange *exchange)
{
    unlinkat(exchange->folder_fd, exchange->beside, 0);
    exchange->written = false;
}

static void discard_job(void *ctx)
{
    discard(ctx);
}

static void write_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;
    int fd;

    if (!open_folder(exchange, true)) {
        fail(exchange, "open the folder of", exchange->path);
        return;
    }
    /* The name is fixed: what a crash leaves behind is overwritten by the next try. */
    unlinkat(exchange->folder_fd, exchange->beside, 0);
    fd = openat(exchange->folder_fd, exchange->beside,
                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        fail(exchange, "write beside", exchange->path);
        return;
    }
    exchange->written = write_body(exchange, fd);
    if (exchange->written && (fchmod(fd, mode_of(exchange)) < 0 || fsync(fd) < 0))
        fail(exchange, "write", exchange->path);
    if (close(fd) < 0)
        fail(exchange, "write", exchange->path);
    if (exchange->failed || exchange->abandoned)
        discard(exchange);
}

static void rename_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;
    int folder = exchange->folder_fd;

    if (renameat(folder, exchange->beside, folder, exchange->name) < 0) {
        fail(exchange, "replace", exchange->path);
        discard(exchange);
        return;
    }
    exchange->renamed = true;
    if (fsync(folder) < 0)
        fail(exchange, "sync the folder of", exchange->path);
    exchange->status = 200;
}

/* ---- on the loop --------------------------------------------------------------------------- */

static void finish(struct cp_exchange *exchange)
{
    struct cp_exchange_result result = { .connected = true };

    if (!exchange->failed && !exchange->stopped) {
        result.ending = CP_EXCHANGE_REPLIED;
        result.reply = cp_reply_of(exchange, exchange->status);
    } else {
        result.ending = exchange->renamed ? CP_EXCHANGE_UNKNOWN : CP_EXCHANGE_NOT_ACTED;
    }
    cp_exchange_end(exchange, &result);
}

/* A worker has let go. Of a cancelled exchange nobody wants to hear any more: it only dies here. */
static void on_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;

    exchange->job = NULL;
    if (!exchange->abandoned) {
        exchange->next_step(exchange);
        return;
    }
    if (exchange->written && !exchange->renamed)
        discard(exchange);
    cp_exchange_free(exchange);
}

static bool start_job(struct cp_exchange *exchange, cp_job_fn *work,
                      void (*next)(struct cp_exchange *exchange), struct cp_error *err)
{
    exchange->next_step = next;
    exchange->job = cp_job_start(exchange->transport->loop, work, on_job, NULL, exchange, err);
    return exchange->job != NULL;
}

static void on_written(struct cp_exchange *exchange)
{
    struct cp_error err = { 0 };
    bool go;

    if (exchange->failed) {
        finish(exchange);
        return;
    }
    go = exchange->step != CP_STEP_PUBLISH || cp_exchange_pass_gate(exchange);
    if (start_job(exchange, go ? rename_job : discard_job, finish, &err))
        return;
    discard(exchange);
    if (!exchange->stopped)
        snprintf(exchange->reason, sizeof(exchange->reason), "%s", err.message);
    exchange->failed = true;
    finish(exchange);
}

/* Below the directory, without a step up or an empty one; the text of the path decides. */
static bool lies_below(const char *directory, size_t size, const char *path)
{
    if (strncmp(path, directory, size) != 0 || path[size] != '/')
        return false;
    for (const char *step = path + size; step; step = strchr(step + 1, '/'))
        if (step[1] == '\0' || step[1] == '/' || strncmp(step, "/./", 3) == 0 ||
            strncmp(step, "/../", 4) == 0 || strcmp(step, "/..") == 0 || strcmp(step, "/.") == 0)
            return false;
    return true;
}

static bool name_files(struct cp_exchange *exchange, const char *url, const char *directory,
                       size_t size)
{
    exchange->path = strdup(url);
    exchange->root = size ? strndup(directory, size) : strdup("/");
    if (!exchange->path || !exchange->root)
        return false;
    exchange->name = strrchr(exchange->path, '/') + 1;
    exchange->folder = strndup(url + size, (size_t)(exchange->name - exchange->path) - size);
    return exchange->folder != NULL;
}

/* A worker that was told to stop may still be at it, and both would write the same file beside. */
static bool is_busy(const struct cp_exchange *list, const char *path)
{
    for (; list; list = list->next)
        if (list->beside && strcmp(list->path, path) == 0)
            return true;
    return false;
}

static bool start_replacing(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                            struct cp_error *err)
{
    const struct cp_transport *transport = exchange->transport;
    struct cp_buffer beside = { 0 };

    if (is_busy(transport->exchanges, exchange->path) ||
        is_busy(transport->abandoned, exchange->path))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_SYSTEM,
                            "'%s' is being replaced by another request", exchange->path);
    cp_buffer_printf(&beside, ".%s.new", exchange->name);
    exchange->beside = cp_buffer_steal(&beside);
    if (!exchange->beside)
        return cp_error_no_memory(err);
    return cp_body_fill(&exchange->body, plan->request, transport, plan->secret, plan->ctx, err) &&
           start_job(exchange, write_job, on_written, err);
}

bool cp_file_start(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                   struct cp_error *err)
{
    const struct cp_request *request = plan->request;
    size_t size = plan->directory ? strlen(plan->directory) : 0;

    while (size && plan->directory[size - 1] == '/')
        size--;
    if (!plan->directory || !lies_below(plan->directory, size, request->url))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not inside the account's directory '%s'", request->url,
                            plan->directory ? plan->directory : "(none)");
    if (!name_files(exchange, request->url, plan->directory, size))
        return cp_error_no_memory(err);
    if (strcmp(request->method, "READ") == 0)
        return start_job(exchange, read_job, finish, err);
    if (strcmp(request->method, "REPLACE") == 0)
        return start_replacing(exchange, plan, err);
    return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                        "'%s' is not something that can be done with a file", request->method);
}

void cp_file_abandon(struct cp_exchange *exchange)
{
    /* on_job() frees it: the worker still reads what is in it. */
    exchange->abandoned = true;
    cp_exchange_unlink(exchange);
    cp_exchange_link(exchange, &exchange->transport->abandoned);
}
