/* src/ledger/delivery.c - deliveries as the engine loads them: what is due, what is open, one of them. */
#include <stdlib.h>

#include "ledger/ledger_private.h"

/* Parts of the delivery at hand; the array is used again for the next one. */
struct loading {
    struct cp_connection *c;
    struct cp_engine_part *parts;
    size_t count, capacity;
    struct cp_error *err;
};

static bool room_for_one(struct loading *l)
{
    size_t capacity = l->capacity ? 2 * l->capacity : 8;
    struct cp_engine_part *grown;

    if (l->count < l->capacity)
        return true;
    if (!(grown = realloc(l->parts, capacity * sizeof(*grown))))
        return cp_error_no_memory(l->err);
    l->parts = grown;
    l->capacity = capacity;
    return true;
}

static bool load_parts(struct loading *l, int64_t delivery)
{
    sqlite3_stmt *row = cp_sql(l->c, CP_SQL_PARTS, l->err);
    int got = row ? 1 : -1;

    l->count = 0;
    if (row)
        cp_bind_int(row, 1, delivery);
    while (got == 1 && (got = cp_sql_next(l->c, row, l->err)) == 1) {
        if (!room_for_one(l)) {
            got = -1;
            break;
        }
        l->parts[l->count++] =
            (struct cp_engine_part){ .state = cp_part_state_parse(cp_column_text(row, 0)),
                                     .generation = (unsigned)cp_column_int(row, 1),
                                     .absences = (unsigned)cp_column_int(row, 2),
                                     .not_before_us = cp_column_int(row, 3),
                                     .attempt_us = cp_column_int(row, 4),
                                     .text_hash = (uint64_t)cp_column_int(row, 5),
                                     .seen = cp_column_int(row, 6) != 0 };
    }
    sqlite3_reset(row);
    return got == 0;
}

static struct cp_engine_delivery delivery_of(sqlite3_stmt *row)
{
    return (struct cp_engine_delivery){ .row = cp_column_int(row, 0),
                                        .account = (uint32_t)cp_column_int(row, 1),
                                        .campaign = cp_column_text(row, 2),
                                        .post = cp_column_text(row, 3),
                                        .occurrence = cp_column_text(row, 4),
                                        .due_us = cp_column_int(row, 5),
                                        .send_by_us = cp_column_int(row, 6),
                                        .first_seen_us = cp_column_int(row, 7),
                                        .wanted = cp_column_bool(row, 8),
                                        .standby = cp_column_bool(row, 9),
                                        .released = cp_column_bool(row, 10),
                                        .revision = cp_column_int(row, 11) };
}

/* A thread comes once per part, its rows beside each other. Returns the deliveries told; -1: error. */
static int64_t tell_each(struct cp_ledger *ledger, sqlite3_stmt *row, cp_ledger_delivery_fn *each,
                         void *ctx, struct cp_error *err)
{
    struct loading l = { .c = cp_ledger_reading(ledger), .err = err };
    int64_t told = 0, last = 0;
    int got;

    while ((got = cp_sql_next(l.c, row, err)) == 1) {
        struct cp_engine_delivery delivery = delivery_of(row);

        if (told && delivery.row == last)
            continue;
        if (!load_parts(&l, delivery.row)) {
            got = -1;
            break;
        }
        delivery.parts = l.parts;
        delivery.part_count = l.count;
        last = delivery.row;
        told++;
        if (!each(&delivery, ctx))
            break;
    }
    sqlite3_reset(row);
    free(l.parts);
    return got < 0 ? -1 : told;
}

bool cp_ledger_due(struct cp_ledger *ledger, int64_t after_us, int64_t until_us,
                   cp_ledger_delivery_fn *each, void *ctx, struct cp_error *err)
{
    sqlite3_stmt *row = cp_sql(cp_ledger_reading(ledger), CP_SQL_DUE, err);

    if (!row)
        return false;
    cp_bind_int(row, 1, after_us);
    cp_bind_int(row, 2, until_us);
    return tell_each(ledger, row, each, ctx, err) >= 0;
}

bool cp_ledger_open_ones(struct cp_ledger *ledger, cp_ledger_delivery_fn *each, void *ctx,
                         struct cp_error *err)
{
    sqlite3_stmt *row = cp_sql(cp_ledger_reading(ledger), CP_SQL_OPEN_ONES, err);

    return row && tell_each(ledger, row, each, ctx, err) >= 0;
}

bool cp_ledger_load(struct cp_ledger *ledger, int64_t delivery, cp_ledger_delivery_fn *each,
                    void *ctx, struct cp_error *err)
{
    sqlite3_stmt *row = cp_sql(cp_ledger_reading(ledger), CP_SQL_LOAD, err);

    if (!row)
        return false;
    cp_bind_int(row, 1, delivery);
    return tell_each(ledger, row, each, ctx, err) > 0;
}

bool cp_ledger_next_due(struct cp_ledger *ledger, int64_t after_us, int64_t *out_us,
                        struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *row = cp_sql(c, CP_SQL_NEXT_DUE, err);
    int got;

    if (!row)
        return false;
    cp_bind_int(row, 1, after_us);
    if ((got = cp_sql_next(c, row, err)) < 0)
        return false;
    *out_us = got ? cp_column_int(row, 0) : CP_NEVER;
    sqlite3_reset(row);
    return true;
}
