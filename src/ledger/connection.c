/* src/ledger/connection.c - one SQLite connection: statements, transactions, errors, digests. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ledger/ledger_private.h"

const struct cp_error_domain cp_ledger_errors = { "ledger" };

/* ---- errors ---- */

static enum cp_ledger_code code_of(int code, int system)
{
    /* SQLite itself knows ENOSPC only; a quota or a limit on the file's size is the same to us. */
    if (code == SQLITE_FULL ||
        (code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT || system == EFBIG)))
        return CP_LEDGER_FULL;
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return CP_LEDGER_CORRUPT;
    if (code == SQLITE_READONLY ||
        (code == SQLITE_CANTOPEN && (system == EACCES || system == EROFS || system == EPERM)))
        return CP_LEDGER_READ_ONLY;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return CP_LEDGER_BUSY;
    return CP_LEDGER_IO;
}

static const char *advice_for(enum cp_ledger_code code)
{
    switch (code) {
    case CP_LEDGER_FULL:
        return "free space on its disk, then start again";
    case CP_LEDGER_CORRUPT:
        return "stop everything that uses it, keep this file and its -wal, and put the newest "
               "backup in its place";
    case CP_LEDGER_READ_ONLY:
        return "make its folder and files writable for the user that runs camp-post";
    case CP_LEDGER_BUSY:
        return "another program keeps it locked; end that one, then try again";
    default:
        return "look at the disk and the system's log before anything is sent again";
    }
}

bool cp_connection_fail(sqlite3 *db, const char *what, struct cp_error *err)
{
    int code = sqlite3_errcode(db) & 0xff, system = sqlite3_system_errno(db);
    enum cp_ledger_code ours;

    /* SQLite does not keep it when it is the commit that fails. */
    if (!system && code == SQLITE_IOERR)
        system = errno;
    ours = code_of(code, system);

    if (code == SQLITE_NOMEM)
        return cp_error_no_memory(err);
    return cp_error_set(err, &cp_ledger_errors, (int)ours, "%s: %s%s%s; %s", what,
                        sqlite3_errmsg(db), system ? ": " : "", system ? strerror(system) : "",
                        advice_for(ours));
}

/* ---- without prepared statements: for opening ---- */

bool cp_connection_script(sqlite3 *db, const char *sql, struct cp_error *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return cp_connection_fail(db, "cannot set up the ledger", err);
}

bool cp_connection_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out,
                          struct cp_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else if (code == SQLITE_DONE)
        *out = fallback;
    else
        cp_connection_fail(db, "cannot read the ledger", err);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

void cp_connection_close(struct cp_connection *c)
{
    for (size_t i = 0; i < CP_SQL_COUNT; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
    EVP_MD_CTX_free(c->digest);
    cp_buffer_release(&c->scratch);
    memset(c, 0, sizeof(*c));
}

/* ---- statements ---- */

sqlite3_stmt *cp_sql(struct cp_connection *c, enum cp_sql id, struct cp_error *err)
{
    sqlite3_stmt *statement = c->statements[id];

    if (statement) {
        sqlite3_reset(statement);
        return statement;
    }
    if (sqlite3_prepare_v3(c->db, cp_sql_text(id), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           NULL) != SQLITE_OK) {
        cp_connection_fail(c->db, "cannot read the ledger", err);
        return NULL;
    }
    return c->statements[id] = statement;
}

int cp_sql_next(struct cp_connection *c, sqlite3_stmt *statement, struct cp_error *err)
{
    int code;

    errno = 0;
    if ((code = sqlite3_step(statement)) == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        cp_connection_fail(c->db, "cannot use the ledger", err);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

bool cp_sql_run(struct cp_connection *c, sqlite3_stmt *statement, struct cp_error *err)
{
    int got;

    if (!statement)
        return false;
    do
        got = cp_sql_next(c, statement, err);
    while (got == 1);
    return got == 0;
}

void cp_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    int code = sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);

    assert(code == SQLITE_OK);
    (void)code;
}

void cp_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, size_t size)
{
    int code = sqlite3_bind_blob64(statement, at, bytes, size, SQLITE_STATIC);

    assert(code == SQLITE_OK);
    (void)code;
}

void cp_bind_int(sqlite3_stmt *statement, int at, int64_t number)
{
    int code = sqlite3_bind_int64(statement, at, number);

    assert(code == SQLITE_OK);
    (void)code;
}

void cp_bind_null(sqlite3_stmt *statement, int at)
{
    sqlite3_bind_null(statement, at);
}

const char *cp_column_text(sqlite3_stmt *statement, int at)
{
    return (const char *)sqlite3_column_text(statement, at);
}

int64_t cp_column_int(sqlite3_stmt *statement, int at)
{
    return sqlite3_column_int64(statement, at);
}

bool cp_column_bool(sqlite3_stmt *statement, int at)
{
    return sqlite3_column_int64(statement, at) != 0;
}

bool cp_column_blob(sqlite3_stmt *statement, int at, void *out, size_t size)
{
    const void *bytes = sqlite3_column_blob(statement, at);

    if (!bytes || (size_t)sqlite3_column_bytes(statement, at) != size)
        return false;
    memcpy(out, bytes, size);
    return true;
}

/* ---- transactions ---- */

static void reset_all(struct cp_connection *c)
{
    for (size_t i = 0; i < CP_SQL_COUNT; i++)
        if (c->statements[i])
            sqlite3_reset(c->statements[i]);
}

static bool read_last_link(struct cp_ledger *ledger, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_ENTRY_LAST, err);
    int got = statement ? cp_sql_next(c, statement, err) : -1;

    ledger->last_number = 0;
    memset(ledger->last_hash, 0, sizeof(ledger->last_hash));
    if (got != 1)
        return got == 0;
    ledger->last_number = cp_column_int(statement, 0);
    if (!cp_column_blob(statement, 1, ledger->last_hash, CP_DIGEST))
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_CORRUPT,
                            "entry %lld has no hash; put the newest backup in its place",
                            (long long)ledger->last_number);
    sqlite3_reset(statement);
    return true;
}

bool cp_ledger_begin(struct cp_ledger *ledger, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;

    if (!c->db)
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_READ_ONLY,
                            "the ledger is open for reading only");
    /* Immediate: a transaction that reads first can't always become a writing one. */
    if (!cp_sql_run(c, cp_sql(c, CP_SQL_BEGIN, err), err))
        return false;
    if (read_last_link(ledger, err))
        return true;
    return cp_ledger_finish(ledger, false, err);
}

bool cp_ledger_finish(struct cp_ledger *ledger, bool good, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;

    reset_all(c);
    if (good && cp_sql_run(c, cp_sql(c, CP_SQL_COMMIT, err), err))
        return true;
    /* A full disk or an I/O error has rolled back by itself. */
    if (!sqlite3_get_autocommit(c->db))
        cp_sql_run(c, cp_sql(c, CP_SQL_ROLLBACK, NULL), NULL);
    return false;
}

/* ---- digests ---- */

bool cp_digest(struct cp_connection *c, const EVP_MD *md, const void *bytes, size_t size,
               unsigned char out[CP_DIGEST])
{
    return EVP_DigestInit_ex2(c->digest, md, NULL) == 1 &&
           EVP_DigestUpdate(c->digest, bytes, size) == 1 &&
           EVP_DigestFinal_ex(c->digest, out, NULL) == 1;
}

void cp_digest_hex(const unsigned char *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool cp_digest_parse(const char *hex, unsigned char *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int high = digit_of(hex[2 * i]), low = high < 0 ? -1 : digit_of(hex[2 * i + 1]);

        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return hex[2 * size] == 0;
}
