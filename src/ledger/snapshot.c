/* src/ledger/snapshot.c - the ledger as a plan is compared with it. */
#include <string.h>

#include "ledger/ledger_private.h"

struct taking {
    struct cp_connection *c;
    struct cp_snapshot *snapshot;
    struct cp_arena *arena;
    size_t capacity, source_capacity;
    struct cp_error *err;
};

/* Rows beside each other mostly have the same names; those are kept once. */
static const char *keep(struct taking *t, sqlite3_stmt *row, int at, const char *before)
{
    const char *text = cp_column_text(row, at);

    if (!text || (before && strcmp(text, before) == 0))
        return before;
    return cp_arena_string(t->arena, text);
}

static bool take_parts(struct taking *t, struct cp_snapshot_delivery *d)
{
    sqlite3_stmt *row = cp_sql(t->c, CP_SQL_PART_STATES, t->err);
    size_t count = 0;
    int got = -1;

    if (!row)
        return false;
    cp_bind_int(row, 1, d->row);
    while ((got = cp_sql_next(t->c, row, t->err)) == 1 && count < d->part_count) {
        d->parts[count++] =
            (struct cp_snapshot_part){ .state = cp_part_state_parse(cp_column_text(row, 1)),
                                       .generation = (unsigned)cp_column_int(row, 2),
                                       .seen = cp_column_int(row, 3) != 0 };
    }
    d->part_count = count;
    sqlite3_reset(row);
    return got >= 0;
}

static bool take_delivery(struct taking *t, sqlite3_stmt *row)
{
    struct cp_snapshot *s = t->snapshot;
    const struct cp_snapshot_delivery none = { 0 },
                                      *before = s->count ? &s->deliveries[s->count - 1] : &none;
    struct cp_snapshot_delivery d = { .row = cp_column_int(row, 0),
                                      .campaign = keep(t, row, 2, before->campaign),
                                      .post = keep(t, row, 3, before->post),
                                      .occurrence = keep(t, row, 4, before->occurrence),
                                      .account = keep(t, row, 5, before->account),
                                      .due_us = cp_column_int(row, 6),
                                      .send_by_us = cp_column_int(row, 7),
                                      .first_seen_us = cp_column_int(row, 8),
                                      .wanted = cp_column_bool(row, 9),
                                      .released = cp_column_bool(row, 10),
                                      .part_count = (size_t)cp_column_int(row, 12) };
    unsigned char hash[CP_DIGEST] = { 0 };
    char hex[CP_HASH_HEX + 1];

    cp_column_blob(row, 1, d.id.bytes, sizeof(d.id.bytes));
    cp_column_blob(row, 11, hash, sizeof(hash));
    cp_digest_hex(hash, sizeof(hash), hex);
    d.content_hash = before->content_hash && strcmp(before->content_hash, hex) == 0
                         ? before->content_hash
                         : cp_arena_string(t->arena, hex);
    d.parts = cp_arena_array(t->arena, d.part_count, sizeof(*d.parts));
    s->deliveries = cp_arena_grow(t->arena, s->deliveries, s->count, &t->capacity, s->count + 1,
                                  sizeof(*s->deliveries));
    if (cp_arena_failed(t->arena))
        return cp_error_no_memory(t->err);
    if (!take_parts(t, &d))
        return false;
    s->deliveries[s->count++] = d;
    return true;
}

static bool take_source(struct taking *t, sqlite3_stmt *row)
{
    struct cp_snapshot *s = t->snapshot;

    s->sources = cp_arena_grow(t->arena, s->sources, s->source_count, &t->source_capacity,
                               s->source_count + 1, sizeof(*s->sources));
    if (cp_arena_failed(t->arena))
        return cp_error_no_memory(t->err);
    s->sources[s->source_count++] =
        (struct cp_snapshot_source){ .source = cp_arena_string(t->arena, cp_column_text(row, 0)),
                                     .campaign =
                                         cp_arena_string(t->arena, cp_column_text(row, 1)) };
    return !cp_arena_failed(t->arena) || cp_error_no_memory(t->err);
}

static bool take_all(struct taking *t, enum cp_sql id,
                     bool (*take)(struct taking *, sqlite3_stmt *))
{
    sqlite3_stmt *row = cp_sql(t->c, id, t->err);
    int got = row ? 1 : -1;

    while (got == 1 && (got = cp_sql_next(t->c, row, t->err)) == 1)
        if (!take(t, row))
            got = -1;
    sqlite3_reset(row);
    return got == 0;
}

bool cp_ledger_snapshot(struct cp_ledger *ledger, struct cp_snapshot *out, struct cp_error *err)
{
    struct cp_snapshot snapshot = { .arena = cp_arena_create() };
    struct taking t = {
        .c = cp_ledger_reading(ledger), .snapshot = &snapshot, .arena = snapshot.arena, .err = err
    };
    bool good;

    if (!snapshot.arena)
        return cp_error_no_memory(err);
    /* One transaction: deliveries and sources of the same moment. */
    good = cp_sql_run(t.c, cp_sql(t.c, CP_SQL_BEGIN_READ, err), err);
    if (good) {
        good = take_all(&t, CP_SQL_SNAPSHOT, take_delivery) &&
               take_all(&t, CP_SQL_SOURCES, take_source);
        cp_sql_run(t.c, cp_sql(t.c, CP_SQL_ROLLBACK, NULL), NULL);
    }
    if (good)
        *out = snapshot;
    else
        cp_arena_free(snapshot.arena);
    return good;
}
