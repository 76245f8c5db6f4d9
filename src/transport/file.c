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

static void fail(struct cp_exchange *exchange, const char *what, const char *path)
{
    if (!exchange->failed)
        snprintf(exchange->reason, sizeof(exchange->reason), "cannot %s '%s': %s", what, path,
                 strerror(errno));
    exchange->failed = true;
}

/* ---- on the pool --------------------------------------------------------------------------- */

static void read_all(struct cp_exchange *exchange, int fd)
{
    char bytes[64 << 10];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        if (exchange->reply.size + (size_t)got > exchange->reply_most) {
            errno = EFBIG;
            got = -1;
            break;
        }
        cp_buffer_add(&exchange->reply, bytes, (size_t)got);
    }
    if (got < 0 || exchange->reply.failed)
        fail(exchange, "read", exchange->path);
}

static void read_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;
    struct stat info;
    int fd = open(exchange->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    exchange->status = 200;
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
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

/* Makes the account's directory and what lies between it and the file, where they are missing. */
static void make_folders(struct cp_exchange *exchange)
{
    char *folder = exchange->folder;

    for (size_t i = 1; folder[i]; i++) {
        if (folder[i] != '/')
            continue;
        folder[i] = '\0';
        (void)!mkdir(folder, 0755); /* what is in the way shows in the last step */
        folder[i] = '/';
    }
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        fail(exchange, "make the folder", folder);
}

static bool write_all(struct cp_exchange *exchange, int fd)
{
    char bytes[64 << 10];
    ssize_t got;

    while ((got = cp_body_read(&exchange->body, bytes, sizeof(bytes))) > 0) {
        for (ssize_t done = 0, put; done < got; done += put) {
            put = write(fd, bytes + done, (size_t)(got - done));
            if (put < 0 && errno == EINTR)
                put = 0;
            if (put < 0)
                return false;
        }
    }
    return got == 0;
}

static void write_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;
    int fd;

    make_folders(exchange);
    if (exchange->failed)
        return;
    /* The name is fixed: what a crash leaves behind is overwritten by the next try. */
    unlink(exchange->beside);
    fd = open(exchange->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || !write_all(exchange, fd) || fsync(fd) < 0)
        fail(exchange, "write", exchange->beside);
    if (fd >= 0 && close(fd) < 0)
        fail(exchange, "write", exchange->beside);
    if (exchange->failed)
        unlink(exchange->beside);
}

static void rename_job(void *ctx)
{
    struct cp_exchange *exchange = ctx;
    int folder;

    if (rename(exchange->beside, exchange->path) < 0) {
        fail(exchange, "replace", exchange->path);
        unlink(exchange->beside);
        return;
    }
    exchange->renamed = true;
    folder = open(exchange->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fsync(folder) < 0)
        fail(exchange, "sync the folder", exchange->folder);
    if (folder >= 0)
        close(folder);
    exchange->status = 200;
}

/* ---- on the loop --------------------------------------------------------------------------- */

static void finish(struct cp_exchange *exchange)
{
    struct cp_exchange_result result = { .connected = true };

    if (!exchange->failed && !exchange->stopped) {
        result.ending = CP_EXCHANGE_REPLIED;
        cp_buffer_add(&exchange->reply, "", 0);
        result.reply = (struct cp_reply){
            .status = exchange->status,
            .body = exchange->reply.data ? exchange->reply.data : "",
            .size = exchange->reply.size,
        };
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
    if (exchange->done) {
        exchange->next_step(exchange);
        return;
    }
    if (!exchange->renamed && exchange->next_step != finish)
        unlink(exchange->beside);
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

    if (!exchange->failed && exchange->step == CP_STEP_PUBLISH && !cp_exchange_pass_gate(exchange))
        exchange->stopped = true;
    if (!exchange->failed && !exchange->stopped && start_job(exchange, rename_job, finish, &err))
        return;
    if (!exchange->failed) {
        unlink(exchange->beside);
        exchange->failed = true;
    }
    finish(exchange);
}

/* Below the directory, without a step up or an empty one; the text of the path decides. */
static bool lies_below(const char *directory, const char *path)
{
    size_t size = strlen(directory);

    if (strncmp(path, directory, size) != 0 || path[size] != '/')
        return false;
    for (const char *step = path + size; step; step = strchr(step + 1, '/'))
        if (step[1] == '\0' || step[1] == '/' || strncmp(step, "/./", 3) == 0 ||
            strncmp(step, "/../", 4) == 0 || strcmp(step, "/..") == 0 || strcmp(step, "/.") == 0)
            return false;
    return true;
}

static bool name_files(struct cp_exchange *exchange, const char *url, const char *directory)
{
    const char *slash = strrchr(url, '/');
    struct cp_buffer beside = { 0 };

    exchange->path = strdup(url);
    exchange->root = strdup(directory);
    exchange->folder = strndup(url, (size_t)(slash - url));
    cp_buffer_add(&beside, url, (size_t)(slash - url) + 1);
    cp_buffer_printf(&beside, ".%s.new", slash + 1);
    exchange->beside = cp_buffer_steal(&beside);
    return exchange->path && exchange->root && exchange->folder && exchange->beside;
}

bool cp_file_start(struct cp_exchange *exchange, const struct cp_exchange_plan *plan,
                   struct cp_error *err)
{
    const struct cp_request *request = plan->request;

    if (!plan->directory || !lies_below(plan->directory, request->url))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not inside the account's directory '%s'", request->url,
                            plan->directory ? plan->directory : "(none)");
    if (!name_files(exchange, request->url, plan->directory))
        return cp_error_no_memory(err);
    if (strcmp(request->method, "READ") == 0)
        return start_job(exchange, read_job, finish, err);
    if (strcmp(request->method, "REPLACE") != 0)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not something that can be done with a file", request->method);
    return cp_body_fill(&exchange->body, request, exchange->transport, plan->secret, plan->ctx,
                        err) &&
           start_job(exchange, write_job, on_written, err);
}

void cp_file_abandon(struct cp_exchange *exchange)
{
    cp_exchange_unlink(exchange); /* on_job() frees it: the worker still reads what is in it */
}
