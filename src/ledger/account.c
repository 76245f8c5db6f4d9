/* src/ledger/account.c - accounts: their numbers, and who we are there. */
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger_private.h"

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- the rows of the configuration ---- */

/* *out_number 0: there is no such row. `configured`: what the row may not contradict, or NULL. */
static bool find(struct cp_ledger *ledger, const char *name, const struct cp_account *configured,
                 uint32_t *out_number, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_ACCOUNT_BY_NAME, err);
    const char *server;
    int got;

    if (!statement)
        return false;
    cp_bind_text(statement, 1, name);
    *out_number = 0;
    if ((got = cp_sql_next(c, statement, err)) < 1)
        return got == 0;
    *out_number = (uint32_t)cp_column_int(statement, 0);
    server = cp_column_text(statement, 1);
    if (configured && cp_column_text(statement, 2) && !same(server, configured->server)) {
        cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                     "account '%s' is bound to '%s' and can't move to '%s'; give the new one "
                     "another id",
                     configured->id, server ? server : "no server",
                     configured->server ? configured->server : "no server");
        sqlite3_reset(statement);
        return false;
    }
    sqlite3_reset(statement);
    return true;
}

/* 1 yes, 0 no, -1 error */
static int in_use(struct cp_ledger *ledger, uint32_t number, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_ACCOUNT_IN_USE, err);
    int got;

    if (!statement)
        return -1;
    cp_bind_int(statement, 1, number);
    got = cp_sql_next(c, statement, err);
    sqlite3_reset(statement);
    return got;
}

static bool rename_row(struct cp_ledger *ledger, uint32_t number, const char *name,
                       struct cp_error *err)
{
    sqlite3_stmt *statement = cp_sql(&ledger->writing, CP_SQL_ACCOUNT_RENAME, err);

    if (!statement)
        return false;
    cp_bind_int(statement, 1, number);
    cp_bind_text(statement, 2, name);
    return cp_sql_run(&ledger->writing, statement, err);
}

/* The row under the old id becomes this account's, unless both exist and the old one is used. */
static bool follow_was(struct cp_ledger *ledger, const struct cp_account *account, uint32_t *number,
                       struct cp_error *err)
{
    uint32_t old = 0;
    int used;

    if (!find(ledger, account->was, *number ? NULL : account, &old, err))
        return false;
    if (!old)
        return true;
    if (!*number) {
        *number = old;
        return rename_row(ledger, old, account->id, err);
    }
    if ((used = in_use(ledger, old, err)) < 1)
        return used == 0;
    return cp_error_set(
        err, &cp_ledger_errors, CP_LEDGER_REFUSED,
        "account '%s' says that it was '%s', but both have deliveries of their own; "
        "remove 'was'",
        account->id, account->was);
}

static bool add_row(struct cp_ledger *ledger, const struct cp_account *account,
                    uint32_t *out_number, struct cp_error *err)
{
    sqlite3_stmt *statement = cp_sql(&ledger->writing, CP_SQL_ACCOUNT_ADD, err);

    if (!statement)
        return false;
    cp_bind_text(statement, 1, account->id);
    cp_bind_text(statement, 2, account->adapter);
    cp_bind_text(statement, 3, account->server);
    if (!cp_sql_run(&ledger->writing, statement, err))
        return false;
    *out_number = (uint32_t)sqlite3_last_insert_rowid(ledger->writing.db);
    return true;
}

static bool update_row(struct cp_ledger *ledger, const struct cp_account *account, uint32_t number,
                       struct cp_error *err)
{
    sqlite3_stmt *statement = cp_sql(&ledger->writing, CP_SQL_ACCOUNT_SET, err);

    if (!statement)
        return false;
    cp_bind_int(statement, 1, number);
    cp_bind_text(statement, 2, account->adapter);
    cp_bind_text(statement, 3, account->server);
    return cp_sql_run(&ledger->writing, statement, err);
}

bool cp_account_ensure(struct cp_ledger *ledger, const struct cp_account *account,
                       uint32_t *out_number, struct cp_error *err)
{
    uint32_t number;

    if (!find(ledger, account->id, account, &number, err) ||
        (account->was && !follow_was(ledger, account, &number, err)))
        return false;
    if (number ? !update_row(ledger, account, number, err)
               : !add_row(ledger, account, &number, err))
        return false;
    *out_number = number;
    return true;
}

bool cp_ledger_account(struct cp_ledger *ledger, const struct cp_account *account,
                       uint32_t *out_number, struct cp_error *err)
{
    return cp_ledger_begin(ledger, err) &&
           cp_ledger_finish(ledger, cp_account_ensure(ledger, account, out_number, err), err);
}

bool cp_ledger_accounts(struct cp_ledger *ledger, cp_ledger_account_fn *each, void *ctx,
                        struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_ACCOUNTS, err);
    int got = -1;

    if (!statement)
        return false;
    while ((got = cp_sql_next(c, statement, err)) == 1) {
        struct cp_ledger_account account = { .number = (uint32_t)cp_column_int(statement, 0),
                                             .name = cp_column_text(statement, 1),
                                             .adapter = cp_column_text(statement, 2),
                                             .server = cp_column_text(statement, 3),
                                             .remote_id = cp_column_text(statement, 4),
                                             .facts = cp_column_text(statement, 5),
                                             .read_us = cp_column_int(statement, 6),
                                             .configured = cp_column_bool(statement, 7) };

        if (!each(&account, ctx))
            break;
    }
    sqlite3_reset(statement);
    return got >= 0;
}

/* ---- binding ---- */

struct binding {
    uint32_t number;
    const char *remote_id, *facts;
    char *name, *server; /* owned */
    bool new_id, new_facts;
};

static bool read_binding(struct cp_ledger *ledger, struct binding *b, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_ACCOUNT_READ, err);
    const char *server, *bound;
    bool good = true;
    int got;

    if (!statement)
        return false;
    cp_bind_int(statement, 1, b->number);
    if ((got = cp_sql_next(c, statement, err)) < 1)
        return got == 0 ? cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                                       "no account has number %u", b->number)
                        : false;
    server = cp_column_text(statement, 1);
    bound = cp_column_text(statement, 2);
    b->name = strdup(cp_column_text(statement, 0));
    b->server = server ? strdup(server) : NULL;
    b->new_id = b->remote_id && !bound;
    b->new_facts = b->facts && !same(b->facts, cp_column_text(statement, 3));
    if (!b->name || (server && !b->server))
        good = cp_error_no_memory(err);
    else if (b->remote_id && bound && !same(bound, b->remote_id))
        good = cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                            "account '%s' was '%s' on its server and is '%s' now; log in as the "
                            "former, or give the new one another id",
                            b->name, bound, b->remote_id);
    sqlite3_reset(statement);
    return good;
}

static bool no_twin(struct cp_ledger *ledger, const struct binding *b, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *statement;
    int got;

    if (!b->remote_id)
        return true;
    if (!(statement = cp_sql(c, CP_SQL_ACCOUNT_TWIN, err)))
        return false;
    cp_bind_text(statement, 1, b->server);
    cp_bind_text(statement, 2, b->remote_id);
    cp_bind_int(statement, 3, b->number);
    if ((got = cp_sql_next(c, statement, err)) < 1)
        return got == 0;
    cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                 "accounts '%s' and '%s' are the same account '%s' on their server; remove one of "
                 "them",
                 cp_column_text(statement, 0), b->name, b->remote_id);
    sqlite3_reset(statement);
    return false;
}

static bool write_binding(struct cp_ledger *ledger, const struct binding *b, int64_t wall_us,
                          struct cp_error *err)
{
    sqlite3_stmt *statement = cp_sql(&ledger->writing, CP_SQL_ACCOUNT_BIND, err);
    struct cp_now now = { .plan_us = wall_us, .wall_us = wall_us };
    json_t *facts;

    if (!statement)
        return false;
    cp_bind_int(statement, 1, b->number);
    cp_bind_text(statement, 2, b->remote_id);
    cp_bind_text(statement, 3, b->facts);
    cp_bind_int(statement, 4, wall_us);
    if (!cp_sql_run(&ledger->writing, statement, err))
        return false;
    if (!b->new_id && !b->new_facts)
        return true;
    facts = b->new_facts ? json_loads(b->facts, JSON_DECODE_ANY, NULL) : NULL;
    return cp_entry_take(ledger, "account",
                         json_pack("{s:s, s:o*, s:o*}", "account", b->name, "remote_id",
                                   cp_entry_text(b->remote_id), "facts",
                                   facts || !b->new_facts ? facts : cp_entry_text(b->facts)),
                         NULL, &now, err);
}

bool cp_ledger_bind(struct cp_ledger *ledger, uint32_t number, const char *remote_id,
                    const char *facts, int64_t wall_us, struct cp_error *err)
{
    struct binding b = { .number = number, .remote_id = remote_id, .facts = facts };
    bool good = cp_ledger_begin(ledger, err) &&
                cp_ledger_finish(ledger,
                                 read_binding(ledger, &b, err) && no_twin(ledger, &b, err) &&
                                     write_binding(ledger, &b, wall_us, err),
                                 err);

    free(b.name);
    free(b.server);
    return good;
}

/* ---- what it has published ---- */

bool cp_ledger_bound_count(struct cp_ledger *ledger, uint32_t number, size_t *out,
                           struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_BOUND_COUNT, err);

    if (!statement)
        return false;
    cp_bind_int(statement, 1, number);
    if (cp_sql_next(c, statement, err) != 1)
        return false;
    *out = (size_t)cp_column_int(statement, 0);
    sqlite3_reset(statement);
    return true;
}

bool cp_ledger_recent(struct cp_ledger *ledger, uint32_t number, int64_t since_us,
                      int64_t **out_times, size_t *out_count, struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_RECENT, err);
    int64_t *times = NULL, *grown;
    size_t count = 0, capacity = 0;
    int got;

    if (!statement)
        return false;
    cp_bind_int(statement, 1, number);
    cp_bind_int(statement, 2, since_us);
    while ((got = cp_sql_next(c, statement, err)) == 1) {
        if (count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            if (!(grown = realloc(times, capacity * sizeof(*times)))) {
                cp_error_no_memory(err);
                got = -1;
                break;
            }
            times = grown;
        }
        times[count++] = cp_column_int(statement, 0);
    }
    sqlite3_reset(statement);
    if (got < 0) {
        free(times);
        return false;
    }
    *out_times = times;
    *out_count = count;
    return true;
}
