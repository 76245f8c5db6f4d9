/* src/ledger/schema.c - the tables, and how an older ledger becomes a newer one.
 *
 *     meta      what is known of the ledger itself
 *     account   who we are; a delivery names its account by number, so renaming one is one row
 *     content   what deliveries say, by hash; shared, never changed, never deleted: evidence
 *     delivery  one post, one occurrence, one account. due and send_by are what counts; filed_due and
 *               filed_send_by what the files said last: a release or a retry moves the former only,
 *               and reading the same files again must not undo it. born: the names its id came from.
 *     part      one message of it, the unit of state. go_us is the delivery's due as long as nothing
 *               but time stands in its way (wanted, not standby, not late), else NULL: with it one
 *               partial index answers what is due, however many rows wait.
 *     attempt   one try to publish
 *     hold      what stops deliveries
 *     entry     what happened, in order, each with the hash of the one before
 *     source    which file carried which campaign
 *
 * Instants are microseconds UTC; 9223372036854775807 is "never"; 0 is "none". States are words, so
 * that the sqlite3 shell shows what `status` shows. attempt and part are without rowid: they are
 * only ever sought by delivery, and one search is cheaper than two. The CHECK of a state is a chain of OR,
 * for with IN (…) SQLite builds a table of the words at every write.
 */
#include "ledger/ledger_private.h"

static const char version_1[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE account ("
    " number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, adapter TEXT NOT NULL, server TEXT,"
    " remote_id TEXT, facts TEXT, read_us INTEGER NOT NULL DEFAULT 0,"
    " configured INTEGER NOT NULL DEFAULT 1) STRICT;"
    "CREATE TABLE content ("
    " number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, json TEXT NOT NULL) STRICT;"
    "CREATE TABLE delivery ("
    " number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, born TEXT NOT NULL,"
    " campaign TEXT NOT NULL, post TEXT NOT NULL, occurrence TEXT NOT NULL,"
    " account INTEGER NOT NULL REFERENCES account (number),"
    " due_us INTEGER NOT NULL, send_by_us INTEGER NOT NULL, span_us INTEGER NOT NULL,"
    " filed_due_us INTEGER NOT NULL, filed_send_by_us INTEGER NOT NULL,"
    " first_seen_us INTEGER NOT NULL, standby INTEGER NOT NULL, wanted INTEGER NOT NULL,"
    " released INTEGER NOT NULL, content INTEGER NOT NULL REFERENCES content (number),"
    " parts INTEGER NOT NULL, revision INTEGER NOT NULL) STRICT;"
    "CREATE TABLE part ("
    " delivery INTEGER NOT NULL REFERENCES delivery (number), number INTEGER NOT NULL,"
    " kind TEXT NOT NULL, account INTEGER NOT NULL REFERENCES account (number),"
    " state TEXT NOT NULL CHECK (state = 'planned' OR state = 'in_flight' OR state = 'verify'"
    "  OR state = 'uncertain' OR state = 'published' OR state = 'rejected' OR state = 'expired'"
    "  OR state = 'cancelled'),"
    " generation INTEGER NOT NULL, absences INTEGER NOT NULL, tries INTEGER NOT NULL,"
    " key TEXT NOT NULL, go_us INTEGER, not_before_us INTEGER NOT NULL,"
    " attempt_us INTEGER NOT NULL, published_us INTEGER NOT NULL,"
    " published_plan_us INTEGER NOT NULL, seen_us INTEGER NOT NULL, text_hash INTEGER NOT NULL,"
    " content INTEGER REFERENCES content (number), remote_id TEXT, url TEXT, reason TEXT,"
    " checkpoint TEXT NOT NULL, frozen TEXT, PRIMARY KEY (delivery, number))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX part_due ON part (go_us) WHERE state = 'planned' AND go_us IS NOT NULL;"
    "CREATE INDEX part_open ON part (delivery) WHERE state IN ('in_flight', 'verify')"
    " OR (state = 'published' AND seen_us = 0);"
    "CREATE INDEX part_published ON part (account, published_plan_us)"
    " WHERE published_plan_us <> 0;"
    "CREATE UNIQUE INDEX part_remote ON part (account, remote_id) WHERE remote_id IS NOT NULL;"
    "CREATE TABLE attempt ("
    " delivery INTEGER NOT NULL, part INTEGER NOT NULL, try INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, content INTEGER NOT NULL REFERENCES content (number),"
    " began_us INTEGER NOT NULL, ended_us INTEGER, outcome TEXT, evidence TEXT,"
    " PRIMARY KEY (delivery, part, try),"
    " FOREIGN KEY (delivery, part) REFERENCES part (delivery, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE hold ("
    " number INTEGER PRIMARY KEY, scope TEXT NOT NULL, reason TEXT, placed_by TEXT,"
    " own INTEGER NOT NULL, since_us INTEGER NOT NULL, until_us INTEGER NOT NULL,"
    " end_reason TEXT, ended_by TEXT) STRICT;"
    "CREATE INDEX hold_stands ON hold (number) WHERE until_us = 0;"
    "CREATE TABLE entry ("
    " number INTEGER PRIMARY KEY, plan_us INTEGER NOT NULL, wall_us INTEGER NOT NULL,"
    " kind TEXT NOT NULL, json TEXT NOT NULL, notice TEXT, hash BLOB NOT NULL) STRICT;"
    "CREATE INDEX entry_time ON entry (wall_us);"
    "CREATE INDEX entry_notice ON entry (number) WHERE notice IS NOT NULL;"
    "CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN"
    " SELECT RAISE(ABORT, 'an entry is never changed'); END;"
    "CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry BEGIN"
    " SELECT RAISE(ABORT, 'an entry is never deleted'); END;"
    "CREATE TABLE source (source TEXT PRIMARY KEY, campaign TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;";

/* Step i leads from version i to i + 1. */
static const char *const steps[CP_LEDGER_VERSION] = { version_1 };

bool cp_schema_check(sqlite3 *db, int *out_version, struct cp_error *err)
{
    int64_t application, version, objects;

    if (!cp_connection_number(db, "PRAGMA application_id", 0, &application, err) ||
        !cp_connection_number(db, "PRAGMA user_version", 0, &version, err) ||
        !cp_connection_number(db, "SELECT count(*) FROM sqlite_schema", 0, &objects, err))
        return false;
    if (application != CP_LEDGER_APPLICATION && (application != 0 || version != 0 || objects > 0))
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_FOREIGN,
                            "a database of another program, not a ledger; name another state "
                            "folder, or move this file away");
    if (version > CP_LEDGER_VERSION)
        return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_NEWER,
                            "written by a newer camp-post (form %lld, this one knows %d); install "
                            "that version or a later one",
                            (long long)version, CP_LEDGER_VERSION);
    *out_version = (int)version;
    return true;
}

static bool take_steps(sqlite3 *db, struct cp_error *err)
{
    char stamp[100];
    int version;

    /* Asked again inside the transaction: another process may have been quicker. */
    if (!cp_schema_check(db, &version, err))
        return false;
    for (; version < CP_LEDGER_VERSION; version++)
        if (!cp_connection_script(db, steps[version], err))
            return false;
    snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             CP_LEDGER_APPLICATION, CP_LEDGER_VERSION);
    return cp_connection_script(db, stamp, err);
}

bool cp_schema_migrate(sqlite3 *db, struct cp_error *err)
{
    if (!cp_connection_script(db, "BEGIN IMMEDIATE", err))
        return false;
    if (take_steps(db, err) && cp_connection_script(db, "COMMIT", err))
        return true;
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
