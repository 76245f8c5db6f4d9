/* src/ledger/meta.c - what is known of the ledger itself, and of the place it is in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "ledger/ledger_private.h"

bool cp_ledger_meta(struct cp_ledger *ledger, const char *key, char **out, struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_META_GET, err);
    char *value = NULL;
    int got;

    if (!statement)
        return false;
    cp_bind_text(statement, 1, key);
    if ((got = cp_sql_next(c, statement, err)) < 0)
        return false;
    if (got == 1 && !(value = strdup(cp_column_text(statement, 0)))) {
        sqlite3_reset(statement);
        return cp_error_no_memory(err);
    }
    sqlite3_reset(statement);
    *out = value;
    return true;
}

static bool write_meta(struct cp_ledger *ledger, const char *key, const char *value,
                       struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *statement = cp_sql(c, value ? CP_SQL_META_SET : CP_SQL_META_DROP, err);

    if (!statement)
        return false;
    cp_bind_text(statement, 1, key);
    if (value)
        cp_bind_text(statement, 2, value);
    return cp_sql_run(c, statement, err);
}

bool cp_ledger_set_meta(struct cp_ledger *ledger, const char *key, const char *value,
                        struct cp_error *err)
{
    return cp_ledger_begin(ledger, err) &&
           cp_ledger_finish(ledger, write_meta(ledger, key, value, err), err);
}

bool cp_ledger_place(struct cp_ledger *ledger, char out[64], struct cp_error *err)
{
    struct stat status;

    if (stat(ledger->path, &status) != 0)
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_IO, "cannot look at '%s': %s",
                            ledger->path, strerror(errno));
    snprintf(out, 64, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    return true;
}

bool cp_ledger_newest(struct cp_ledger *ledger, int64_t *out_us, struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_NEWEST, err);

    if (!statement || cp_sql_next(c, statement, err) != 1)
        return false;
    *out_us = cp_column_int(statement, 0); /* NULL, of no entries, reads as 0 */
    sqlite3_reset(statement);
    return true;
}

bool cp_ledger_room(struct cp_ledger *ledger, uint64_t *out_bytes, struct cp_error *err)
{
    struct statvfs status;

    if (statvfs(ledger->path, &status) != 0)
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_IO,
                            "cannot ask for the room left at '%s': %s", ledger->path,
                            strerror(errno));
    *out_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    return true;
}
