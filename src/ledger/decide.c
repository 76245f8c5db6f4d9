/* src/ledger/decide.c - a person's decisions that are not about one part's state: releases, deadlines,
 * holds. Each is one transaction with its entry. */
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger_private.h"

/* The columns of CP_SQL_DELIVERY_BY_ROW that matter here. */
struct target {
    char *name; /* "campaign/post/occurrence/account", owned */
    int64_t due_us, span_us, first_seen_us;
    bool standby, wanted, released;
};

static bool refuse(struct cp_error *err, const char *what, const char *name, const char *why)
{
    return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED, "cannot %s '%s': %s", what, name,
                        why);
}

static bool find_target(struct cp_ledger *ledger, int64_t row, struct target *out,
                        struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_DELIVERY_BY_ROW, err);
    int got;

    if (!q)
        return false;
    cp_bind_int(q, 1, row);
    if ((got = cp_sql_next(&ledger->writing, q, err)) < 1)
        return got == 0 ? cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                                       "no delivery has number %lld", (long long)row)
                        : false;
    *out = (struct target){ .due_us = cp_column_int(q, 6),
                            .span_us = cp_column_int(q, 8),
                            .first_seen_us = cp_column_int(q, 11),
                            .standby = cp_column_bool(q, 12),
                            .wanted = cp_column_bool(q, 13),
                            .released = cp_column_bool(q, 14),
                            .name = sqlite3_mprintf("%s/%s/%s/%s", cp_column_text(q, 1),
                                                    cp_column_text(q, 2), cp_column_text(q, 3),
                                                    cp_column_text(q, 4)) };
    sqlite3_reset(q);
    return out->name ? true : cp_error_no_memory(err);
}

static bool may_release(const struct target *t, struct cp_error *err)
{
    if (!t->wanted)
        return refuse(err, "release", t->name, "it is no longer in the schedule");
    if (t->released)
        return refuse(err, "release", t->name, "it has been released already");
    if (!t->standby && t->due_us >= t->first_seen_us)
        return refuse(err, "release", t->name, "it goes by itself when it is due");
    return true;
}

static bool set_go(struct cp_ledger *ledger, int64_t row, int64_t due_us, struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_PART_GO, err);

    if (!q)
        return false;
    cp_bind_int(q, 1, row);
    cp_bind_int(q, 2, due_us);
    return cp_sql_run(&ledger->writing, q, err);
}

static bool write_release(struct cp_ledger *ledger, int64_t row, const struct target *t,
                          const struct cp_now *now, struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_RELEASE, err);
    int64_t send_by_us;

    if (!q)
        return false;
    if (__builtin_add_overflow(now->plan_us, t->span_us, &send_by_us))
        send_by_us = CP_NEVER;
    cp_bind_int(q, 1, row);
    cp_bind_int(q, 2, now->plan_us);
    cp_bind_int(q, 3, send_by_us);
    return cp_sql_run(&ledger->writing, q, err) && set_go(ledger, row, now->plan_us, err);
}

bool cp_ledger_release_delivery(struct cp_ledger *ledger, int64_t row, const char *by,
                                const char *reason, const struct cp_now *now, struct cp_error *err)
{
    struct target t = { 0 };
    bool good;

    if (!cp_ledger_begin(ledger, err))
        return false;
    good = find_target(ledger, row, &t, err) && may_release(&t, err) &&
           write_release(ledger, row, &t, now, err) &&
           cp_entry_take(ledger, "delivery",
                         json_pack("{s:o, s:s, s:o*, s:o*}", "delivery", cp_entry_text(t.name),
                                   "change", "release", "by", cp_entry_text(by), "reason",
                                   cp_entry_text(reason)),
                         NULL, now, err);
    sqlite3_free(t.name);
    return cp_ledger_finish(ledger, good, err);
}

static bool write_send_by(struct cp_ledger *ledger, int64_t row, int64_t send_by_us,
                          struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_SEND_BY, err);

    if (!q)
        return false;
    cp_bind_int(q, 1, row);
    cp_bind_int(q, 2, send_by_us);
    return cp_sql_run(&ledger->writing, q, err);
}

bool cp_ledger_set_send_by(struct cp_ledger *ledger, int64_t row, int64_t send_by_us,
                           const char *by, const struct cp_now *now, struct cp_error *err)
{
    struct target t = { 0 };
    bool good;

    if (!cp_ledger_begin(ledger, err))
        return false;
    good = find_target(ledger, row, &t, err) && write_send_by(ledger, row, send_by_us, err) &&
           cp_entry_take(ledger, "delivery",
                         json_pack("{s:o, s:s, s:I, s:o*}", "delivery", cp_entry_text(t.name),
                                   "change", "send_by", "send_by_us", (json_int_t)send_by_us, "by",
                                   cp_entry_text(by)),
                         NULL, now, err);
    sqlite3_free(t.name);
    return cp_ledger_finish(ledger, good, err);
}

/* ---- holds ---- */

static bool insert_hold(struct cp_ledger *ledger, const char *scope, const char *reason,
                        const char *by, bool own, const struct cp_now *now, int64_t *out_row,
                        struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_HOLD_ADD, err);

    if (!q)
        return false;
    cp_bind_text(q, 1, scope);
    cp_bind_text(q, 2, reason);
    cp_bind_text(q, 3, by);
    cp_bind_int(q, 4, own);
    cp_bind_int(q, 5, now->wall_us);
    if (!cp_sql_run(&ledger->writing, q, err))
        return false;
    *out_row = sqlite3_last_insert_rowid(ledger->writing.db);
    return true;
}

bool cp_ledger_add_hold(struct cp_ledger *ledger, const struct cp_scope *scope, const char *reason,
                        const char *by, bool own, const char *notice, const struct cp_now *now,
                        int64_t *out_row, struct cp_error *err)
{
    char text[CP_SCOPE_SIZE];
    int64_t row = 0;
    bool good;

    if (!cp_ledger_begin(ledger, err))
        return false;
    cp_scope_format(scope, text);
    good = insert_hold(ledger, text, reason, by, own, now, &row, err) &&
           cp_entry_take(ledger, "hold",
                         json_pack("{s:I, s:s, s:s, s:b, s:o*, s:o*}", "hold", (json_int_t)row,
                                   "scope", text, "change", "begin", "own", (int)own, "by",
                                   cp_entry_text(by), "reason", cp_entry_text(reason)),
                         notice, now, err);
    if (!cp_ledger_finish(ledger, good, err))
        return false;
    *out_row = row;
    return true;
}

/* The scope of a hold that still stands. */
static bool standing(struct cp_ledger *ledger, int64_t row, char scope[CP_SCOPE_SIZE],
                     struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_HOLD_GET, err);
    bool stands;
    int got;

    if (!q)
        return false;
    cp_bind_int(q, 1, row);
    if ((got = cp_sql_next(&ledger->writing, q, err)) < 0)
        return false;
    stands = got == 1 && cp_column_int(q, 1) == 0;
    if (stands)
        snprintf(scope, CP_SCOPE_SIZE, "%s", cp_column_text(q, 0));
    sqlite3_reset(q);
    return stands || cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                                  "hold %lld does not stand (any more)", (long long)row);
}

static bool close_hold(struct cp_ledger *ledger, int64_t row, const char *reason, const char *by,
                       const struct cp_now *now, struct cp_error *err)
{
    sqlite3_stmt *q = cp_sql(&ledger->writing, CP_SQL_HOLD_END, err);

    if (!q)
        return false;
    cp_bind_int(q, 1, row);
    cp_bind_int(q, 2, now->wall_us);
    cp_bind_text(q, 3, reason);
    cp_bind_text(q, 4, by);
    return cp_sql_run(&ledger->writing, q, err);
}

bool cp_ledger_end_hold(struct cp_ledger *ledger, int64_t row, const char *reason, const char *by,
                        const struct cp_now *now, struct cp_error *err)
{
    char scope[CP_SCOPE_SIZE];
    bool good;

    if (!cp_ledger_begin(ledger, err))
        return false;
    good = standing(ledger, row, scope, err) && close_hold(ledger, row, reason, by, now, err) &&
           cp_entry_take(ledger, "hold",
                         json_pack("{s:I, s:s, s:s, s:o*, s:o*}", "hold", (json_int_t)row, "scope",
                                   scope, "change", "end", "by", cp_entry_text(by), "reason",
                                   cp_entry_text(reason)),
                         NULL, now, err);
    return cp_ledger_finish(ledger, good, err);
}

bool cp_ledger_holds(struct cp_ledger *ledger, cp_ledger_hold_fn *each, void *ctx,
                     struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *row = cp_sql(c, CP_SQL_HOLDS, err);
    int got = -1;

    if (!row)
        return false;
    while ((got = cp_sql_next(c, row, err)) == 1) {
        struct cp_ledger_hold hold = { .row = cp_column_int(row, 0),
                                       .reason = cp_column_text(row, 2),
                                       .by = cp_column_text(row, 3),
                                       .own = cp_column_bool(row, 4),
                                       .since_us = cp_column_int(row, 5),
                                       .until_us = cp_column_int(row, 6) };

        /* A hold that can't be read must not be one that does not hold. */
        if (!cp_scope_parse(cp_column_text(row, 1), &hold.scope, err)) {
            got = -1;
            break;
        }
        if (!each(&hold, ctx))
            break;
    }
    sqlite3_reset(row);
    return got >= 0;
}
