/* src/ledger/ledger_private.h - what the files of the ledger share.
 *
 * A connection carries its own prepared statements and digest, so that two threads can each use one
 * of the two connections of a handle without a lock. Which function uses which:
 *
 *     writing   everything that changes something: accept, apply, bind, account, holds, release,
 *               set_send_by, set_meta, entry. What such a function reads it reads there, too, inside
 *               its own transaction. apply() runs on a pool thread; the others run while no job of
 *               the pool is using the handle, or inside such a job.
 *     reading   everything else; sees whole transactions. Also the only one of a CP_LEDGER_READ handle.
 *
 * A job on the pool has the writing connection to itself and reads through it, too: the reading one
 * belongs to the thread that opened the ledger, which goes on reading meanwhile.
 */
#ifndef CP_LEDGER_PRIVATE_H
#define CP_LEDGER_PRIVATE_H

#include <openssl/evp.h>
#include <pthread.h>
#include <sqlite3.h>

#include "base/buffer.h"
#include "ledger/ledger.h"
#include "ledger/sql_private.h"

enum { CP_DIGEST = 32, CP_LEDGER_VERSION = 1, CP_LEDGER_APPLICATION = 0x43504c47 /* "CPLG" */ };

struct cp_connection {
    sqlite3 *db;
    sqlite3_stmt *statements[CP_SQL_COUNT]; /* prepared at first use */
    EVP_MD_CTX *digest;
    struct cp_buffer scratch; /* what is hashed for the chain */
};

struct cp_ledger {
    char *path;
    struct cp_connection writing, reading; /* writing.db is NULL in a handle for reading */
    pthread_t owner;                       /* the thread that opened it */
    EVP_MD *sha256;
    int shared_lock; /* held while an unchangeable ledger is read without its -shm; else -1 */
    /* The last link of the chain; read anew at the begin of every transaction, which is the only
     * time it means anything. */
    int64_t last_number;
    unsigned char last_hash[CP_DIGEST];
};

/* The connection through which this thread reads. */
static inline struct cp_connection *cp_ledger_reading(struct cp_ledger *ledger)
{
    bool owner = !ledger->writing.db || pthread_equal(pthread_self(), ledger->owner);

    return owner ? &ledger->reading : &ledger->writing;
}

/* ---- connection.c: SQLite, with errors that say what to do ---- */

/* Turns the connection's last error into one of ours; always false. */
bool cp_connection_fail(sqlite3 *db, const char *what, struct cp_error *err);
/* Runs a script without results. */
bool cp_connection_script(sqlite3 *db, const char *sql, struct cp_error *err);
/* First column of the first row as a number; `fallback` when there is no row. */
bool cp_connection_number(sqlite3 *db, const char *sql, int64_t fallback, int64_t *out,
                          struct cp_error *err);
void cp_connection_close(struct cp_connection *c);

/* The statement, reset and ready for its parameters; NULL on error. */
sqlite3_stmt *cp_sql(struct cp_connection *c, enum cp_sql id, struct cp_error *err);
/* 1: a row is there; 0: there are no more; -1: error. The statement is reset after 0 and -1. */
int cp_sql_next(struct cp_connection *c, sqlite3_stmt *statement, struct cp_error *err);
/* To the end, ignoring rows. */
bool cp_sql_run(struct cp_connection *c, sqlite3_stmt *statement, struct cp_error *err);

/* Bound values stay the caller's until the statement is reset. Binding can't fail without memory
 * being copied and with parameters that exist, which a test makes sure of; so nobody asks. */
void cp_bind_text(sqlite3_stmt *statement, int at, const char *text); /* NULL: SQL's NULL */
void cp_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, size_t size);
void cp_bind_int(sqlite3_stmt *statement, int at, int64_t number);
void cp_bind_null(sqlite3_stmt *statement, int at);
/* Text of a column; NULL for SQL's NULL. Valid until the next step. */
const char *cp_column_text(sqlite3_stmt *statement, int at);
int64_t cp_column_int(sqlite3_stmt *statement, int at);
bool cp_column_bool(sqlite3_stmt *statement, int at);
/* Exactly `size` bytes, or false: the ledger is damaged. */
bool cp_column_blob(sqlite3_stmt *statement, int at, void *out, size_t size);

/* One transaction of the writing connection. finish() commits what went well and rolls back the
 * rest, so that a writer ends in `return cp_ledger_finish(ledger, do_it(...), err)`. */
bool cp_ledger_begin(struct cp_ledger *ledger, struct cp_error *err);
bool cp_ledger_finish(struct cp_ledger *ledger, bool good, struct cp_error *err);

bool cp_digest(struct cp_connection *c, const EVP_MD *md, const void *bytes, size_t size,
               unsigned char out[CP_DIGEST]);
void cp_digest_hex(const unsigned char *bytes, size_t size, char *out);
bool cp_digest_parse(const char *hex, unsigned char *out, size_t size);

/* ---- schema.c ---- */

/* Is it a ledger that this program knows? *out_version 0: an empty database. */
bool cp_schema_check(sqlite3 *db, int *out_version, struct cp_error *err);
/* Brings an empty or older ledger up to CP_LEDGER_VERSION, in one transaction. */
bool cp_schema_migrate(sqlite3 *db, struct cp_error *err);

/* ---- entry.c ---- */

/* Appends to the chain inside the transaction at hand. `json` is compact JSON. */
bool cp_entry_append(struct cp_ledger *ledger, const char *kind, const char *json,
                     const char *notice, int64_t plan_us, int64_t wall_us, struct cp_error *err);
/* The same for a value, which it takes (also on failure); NULL means that memory ran out. */
bool cp_entry_take(struct cp_ledger *ledger, const char *kind, json_t *data, const char *notice,
                   const struct cp_now *now, struct cp_error *err);
/* A string for an entry. What a server said may not be UTF-8; then every byte that is not ASCII
 * becomes '?', for a batch must not fail over it. NULL in, NULL out (json_pack's "s*" in a value). */
json_t *cp_entry_text(const char *text);

/* ---- json_text.c ---- */

/* In quotes, escaped; a text that is not UTF-8 as cp_entry_text() has it. */
void cp_entry_json_string(struct cp_buffer *out, const char *text);
void cp_entry_json_number(struct cp_buffer *out, int64_t number);
/* A member of the object that was begun with '{'; its name needs no escapes. Text NULL: no member. */
void cp_entry_json_raw(struct cp_buffer *out, const char *name, const char *json);
void cp_entry_json_text(struct cp_buffer *out, const char *name, const char *text);
void cp_entry_json_int(struct cp_buffer *out, const char *name, int64_t number);

/* ---- account.c, accept.c ---- */

/* What cp_ledger_account() does, inside the transaction at hand. */
bool cp_account_ensure(struct cp_ledger *ledger, const struct cp_account *account,
                       uint32_t *out_number, struct cp_error *err);
/* The number of a content, added when it is new. */
bool cp_content_number(struct cp_ledger *ledger, const unsigned char hash[CP_DIGEST],
                       const char *json, int64_t *out, struct cp_error *err);

#endif
