/* src/ledger/ledger.c - opening and closing the ledger, and the lock beside it.
 *
 * Opening for writing makes what is missing, looks whether the file is whole, and leaves -wal and
 * -shm there when it closes (SQLITE_FCNTL_PERSIST_WAL): without them a reader that may not write to
 * the folder could not open the ledger at all. For a ledger that came without them (a copy on a
 * read-only file system) a reader falls back to SQLite's immutable mode, which is right only while
 * nobody writes; so it holds a shared lock on the lock file meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "ledger/ledger_private.h"

enum {
    BUSY_MS = 5000,
    CACHE_KIB = 32768,
    CHECKPOINT_PAGES = 4000,   /* 16 MiB: fewer syncs of the database file than SQLite's 4 MiB */
    WAL_BYTES_KEPT = 67108864, /* what a big acceptance leaves behind is cut back to this */
    WHOLE_CHECK_PAGES = 65536 /* 256 MiB, a second or so; of a larger file only a part is checked */
};

static bool system_error(struct cp_error *err, enum cp_ledger_code code, const char *what,
                         const char *path)
{
    return cp_error_set(
        err, &cp_ledger_errors, (int)code, "cannot %s '%s': %s%s", what, path, strerror(errno),
        code == CP_LEDGER_READ_ONLY ? "; make its folder and files writable for the "
                                      "user that runs camp-post"
                                    : "");
}

/* The folder that `path` is in, to be freed; "." when none is named. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* ---- one connection ---- */

static bool ready(struct cp_connection *c, struct cp_error *err)
{
    int keep = 1;

    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, BUSY_MS);
    sqlite3_file_control(c->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    /* Else "state = ?" beside an index WHERE state = 'planned' may be planned anew for every value. */
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    c->digest = EVP_MD_CTX_new();
    return c->digest ? true : cp_error_no_memory(err);
}

/* SQLite counts its memory under a mutex that all connections share, and nobody asks for the count:
 * the loop, which reads, would wait for the pool, which writes. If SQLite runs already it goes on
 * counting. */
static void do_not_count_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Without mutexes: a connection is used by one thread at a time (ledger_private.h). */
static bool open_connection(struct cp_connection *c, const char *name, int flags,
                            struct cp_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, do_not_count_memory);
    if (sqlite3_open_v2(name, &c->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) ==
        SQLITE_OK)
        return ready(c, err);
    if (!c->db)
        return cp_error_no_memory(err);
    return cp_connection_fail(c->db, "cannot open the ledger", err);
}

/* "file:" with what a URI can't hold as it is in percent signs; to be freed. */
static char *uri_of(const char *path, const char *query)
{
    struct cp_buffer buffer = { 0 };

    cp_buffer_puts(&buffer, path[0] == '/' ? "file://" : "file:");
    for (const char *c = path; *c; c++) {
        if (strchr("%?# ", *c))
            cp_buffer_printf(&buffer, "%%%02X", (unsigned char)*c);
        else
            cp_buffer_putc(&buffer, *c);
    }
    cp_buffer_puts(&buffer, query);
    return cp_buffer_steal(&buffer);
}

static bool open_path(struct cp_connection *c, const char *path, const char *query, int flags,
                      struct cp_error *err)
{
    char *uri = uri_of(path, query);
    bool good = uri ? open_connection(c, uri, flags, err) : cp_error_no_memory(err);

    free(uri);
    return good;
}

/* ---- for writing ---- */

static bool sync_path(const char *path, int flags, struct cp_error *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (!good)
        system_error(err, CP_LEDGER_IO, "sync", path);
    if (fd >= 0)
        close(fd);
    return good;
}

/* SQLite does not fail when the folder can't be synced; a ledger that vanishes with the power would
 * post everything twice, so we ask ourselves. */
static bool sync_new(const char *path, struct cp_error *err)
{
    char *folder = folder_of(path);
    bool good = folder ? sync_path(path, O_RDWR, err) && sync_path(folder, O_DIRECTORY, err)
                       : cp_error_no_memory(err);

    free(folder);
    return good;
}

/* Not for everybody's eyes: there are texts in it that are not out yet. SQLite gives -wal and -shm the
 * same mode. *out_new: there was none before. */
static bool make_file(const char *path, bool *out_new, struct cp_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

    *out_new = fd >= 0;
    if (fd < 0 && errno != EEXIST)
        return system_error(err,
                            errno == EACCES || errno == EROFS ? CP_LEDGER_READ_ONLY : CP_LEDGER_IO,
                            "make the ledger", path);
    if (fd >= 0)
        close(fd);
    return true;
}

static bool found_whole(sqlite3 *db, const char *sql, struct cp_error *err)
{
    sqlite3_stmt *statement = NULL;
    const char *word;
    bool good = false;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        cp_connection_fail(db, "cannot check the ledger", err);
    else if ((word = cp_column_text(statement, 0)) && strcmp(word, "ok") == 0)
        good = true;
    else
        cp_error_set(err, &cp_ledger_errors, CP_LEDGER_CORRUPT,
                     "the ledger is damaged: %.120s; stop everything that uses it, keep this file "
                     "and its -wal, and put the newest backup in its place",
                     word ? word : "no answer");
    sqlite3_finalize(statement);
    return good;
}

/* The start must not take minutes: of a large file only the small tables are checked, which decide
 * whether anything is sent at all. */
static bool check_whole(sqlite3 *db, struct cp_error *err)
{
    int64_t pages;

    if (!cp_connection_number(db, "PRAGMA page_count", 0, &pages, err))
        return false;
    if (pages <= WHOLE_CHECK_PAGES)
        return found_whole(db, "PRAGMA quick_check(1)", err);
    return found_whole(db, "PRAGMA quick_check('meta')", err) &&
           found_whole(db, "PRAGMA quick_check('account')", err) &&
           found_whole(db, "PRAGMA quick_check('hold')", err);
}

static bool tune(sqlite3 *db, struct cp_error *err)
{
    char sql[300];

    /* synchronous is a property of the connection: FULL syncs the WAL at every commit. */
    snprintf(sql, sizeof(sql),
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -%d;"
             "PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = %d; PRAGMA "
             "journal_size_limit = %d;",
             CACHE_KIB, CHECKPOINT_PAGES, WAL_BYTES_KEPT);
    return cp_connection_script(db, sql, err);
}

/* Looks first, changes afterwards: a file that is not ours or too new stays as it is. */
static bool prepare_for_writing(struct cp_ledger *ledger, struct cp_error *err)
{
    sqlite3 *db = ledger->writing.db;
    int version;
    int64_t mode;

    if (sqlite3_db_readonly(db, "main") == 1)
        return cp_error_set(
            err, &cp_ledger_errors, CP_LEDGER_READ_ONLY,
            "the ledger can't be written to; make its folder and files writable for "
            "the user that runs camp-post");
    if (!cp_schema_check(db, &version, err) || (version > 0 && !check_whole(db, err)) ||
        !tune(db, err))
        return false;
    if (!cp_connection_number(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 0, &mode,
                              err))
        return false;
    if (!mode)
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_IO,
                            "this file system can't hold the ledger (no shared memory: a network "
                            "folder?); move the state folder to a local disk");
    return version == CP_LEDGER_VERSION || cp_schema_migrate(db, err);
}

static bool open_for_writing(struct cp_ledger *ledger, struct cp_error *err)
{
    bool made;

    return make_file(ledger->path, &made, err) &&
           open_path(&ledger->writing, ledger->path, "", SQLITE_OPEN_READWRITE, err) &&
           prepare_for_writing(ledger, err) && (!made || sync_new(ledger->path, err)) &&
           open_path(&ledger->reading, ledger->path, "", SQLITE_OPEN_READWRITE, err) &&
           cp_connection_script(ledger->reading.db, "PRAGMA query_only = 1", err);
}

/* ---- for reading ---- */

/* Size of a file beside the ledger; -1 when there is none. */
static int64_t size_beside(const char *path, const char *suffix)
{
    struct cp_buffer name = { 0 };
    struct stat status;
    int64_t size = -1;

    cp_buffer_puts(&name, path);
    cp_buffer_puts(&name, suffix);
    if (!name.failed && stat(name.data, &status) == 0)
        size = status.st_size;
    cp_buffer_release(&name);
    return size;
}

/* No lock file: nobody who could write has ever run here, so there is nothing to keep off. */
static bool keep_writers_off(struct cp_ledger *ledger, struct cp_error *err)
{
    char *folder = folder_of(ledger->path);
    struct cp_buffer name = { 0 };
    bool good = true;

    cp_buffer_puts(&name, folder ? folder : ".");
    cp_buffer_puts(&name, "/lock");
    if (!folder || name.failed)
        good = cp_error_no_memory(err);
    else if ((ledger->shared_lock = open(name.data, O_RDONLY | O_CLOEXEC)) >= 0 &&
             flock(ledger->shared_lock, LOCK_SH | LOCK_NB) != 0)
        good = cp_error_set(err, &cp_ledger_errors, CP_LEDGER_BUSY,
                            "a service is just starting or ending on it; try again");
    cp_buffer_release(&name);
    free(folder);
    return good;
}

static bool open_unchangeable(struct cp_ledger *ledger, struct cp_error *err)
{
    if (size_beside(ledger->path, "-wal") > 0)
        return cp_error_set(
            err, &cp_ledger_errors, CP_LEDGER_READ_ONLY,
            "its newest changes are in '%s-wal', which can't be read without writing "
            "to the folder; copy the folder to a place that can be written to",
            ledger->path);
    return keep_writers_off(ledger, err) &&
           open_path(&ledger->reading, ledger->path, "?immutable=1", SQLITE_OPEN_READONLY, err);
}

static bool check_for_reading(struct cp_ledger *ledger, struct cp_error *err)
{
    int version;

    if (!cp_schema_check(ledger->reading.db, &version, err))
        return false;
    if (version == CP_LEDGER_VERSION)
        return true;
    if (version == 0)
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_MISSING, "the ledger is empty");
    return cp_error_set(
        err, &cp_ledger_errors, CP_LEDGER_REFUSED,
        "written by an older camp-post (form %d); start the service once, it brings "
        "the ledger up to date",
        version);
}

static bool open_for_reading(struct cp_ledger *ledger, struct cp_error *err)
{
    struct cp_error first = { 0 };
    struct stat status;

    if (stat(ledger->path, &status) != 0)
        return system_error(err, errno == ENOENT ? CP_LEDGER_MISSING : CP_LEDGER_IO,
                            "read the ledger", ledger->path);
    if (open_path(&ledger->reading, ledger->path, "", SQLITE_OPEN_READONLY, &first) &&
        check_for_reading(ledger, &first))
        return true;
    if (first.domain != &cp_ledger_errors ||
        (first.code != CP_LEDGER_READ_ONLY && first.code != CP_LEDGER_IO) ||
        size_beside(ledger->path, "-shm") >= 0) {
        if (err && !err->domain)
            *err = first;
        return false;
    }
    cp_connection_close(&ledger->reading);
    return open_unchangeable(ledger, err) && check_for_reading(ledger, err);
}

/* ---- the handle ---- */

struct cp_ledger *cp_ledger_open(const char *path, enum cp_ledger_mode mode, struct cp_error *err)
{
    struct cp_ledger *ledger = calloc(1, sizeof(*ledger));
    bool good = false;

    if (ledger) {
        ledger->shared_lock = -1;
        ledger->owner = pthread_self();
        ledger->path = strdup(path);
        ledger->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    }
    if (!ledger || !ledger->path || !ledger->sha256)
        cp_error_no_memory(err);
    else
        good =
            mode == CP_LEDGER_READ ? open_for_reading(ledger, err) : open_for_writing(ledger, err);
    if (good)
        return ledger;
    cp_error_at(err, path, 0, 0);
    cp_ledger_close(ledger);
    return NULL;
}

void cp_ledger_close(struct cp_ledger *ledger)
{
    if (!ledger)
        return;
    cp_connection_close(&ledger->reading);
    cp_connection_close(&ledger->writing);
    if (ledger->shared_lock >= 0)
        close(ledger->shared_lock);
    EVP_MD_free(ledger->sha256);
    free(ledger->path);
    free(ledger);
}

/* ---- the lock ---- */

static bool locked_by(int fd, const char *state_directory, struct cp_error *err)
{
    char pid[24] = "";
    ssize_t size = pread(fd, pid, sizeof(pid) - 1, 0);

    pid[size > 0 ? size : 0] = 0;
    pid[strspn(pid, "0123456789")] = 0;
    return cp_error_set(
        err, &cp_ledger_errors, CP_LEDGER_LOCKED,
        "another camp-post%s%s%s works on '%s'; end it first, or give this one another "
        "state folder",
        pid[0] ? " (process " : "", pid, pid[0] ? ")" : "", state_directory);
}

static bool sign(int fd, struct cp_error *err)
{
    char pid[24];
    int size = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)size, 0) == size)
        return true;
    return system_error(err, errno == ENOSPC ? CP_LEDGER_FULL : CP_LEDGER_IO, "write to", "lock");
}

int cp_ledger_lock(const char *state_directory, struct cp_error *err)
{
    struct cp_buffer path = { 0 };
    int fd = -1;
    bool good = false;

    cp_buffer_puts(&path, state_directory);
    cp_buffer_puts(&path, "/lock");
    if (path.failed)
        cp_error_no_memory(err);
    else if ((fd = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0644)) < 0)
        system_error(err, errno == EACCES || errno == EROFS ? CP_LEDGER_READ_ONLY : CP_LEDGER_IO,
                     "open the lock", path.data);
    else if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        good = sign(fd, err);
    else if (errno == EWOULDBLOCK)
        locked_by(fd, state_directory, err);
    else
        system_error(err, CP_LEDGER_IO, "lock", path.data);
    cp_buffer_release(&path);
    if (!good && fd >= 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}
