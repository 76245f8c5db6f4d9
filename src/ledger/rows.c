/* src/ledger/rows.c - deliveries and attempts as `status` and `show` read them. */
#include <stdlib.h>

#include "base/buffer.h"
#include "ledger/ledger_private.h"

/* The parts of the row at hand. Their strings lie one after the other in `text`, which may move while
 * it grows; so a part's pointers are set once all are there. */
struct listing {
    struct cp_connection *c;
    struct cp_ledger_row_part *parts;
    size_t (*offsets)[3]; /* of reason, remote id, url in text; 0: none */
    size_t count, capacity;
    struct cp_buffer text;
    struct cp_error *err;
};

static bool room_for_one(struct listing *l)
{
    size_t capacity = l->capacity ? 2 * l->capacity : 8;
    void *parts, *offsets;

    if (l->count < l->capacity)
        return true;
    if ((parts = realloc(l->parts, capacity * sizeof(*l->parts))))
        l->parts = parts;
    if ((offsets = realloc(l->offsets, capacity * sizeof(*l->offsets))))
        l->offsets = offsets;
    if (!parts || !offsets)
        return cp_error_no_memory(l->err);
    l->capacity = capacity;
    return true;
}

static size_t keep(struct listing *l, const char *text)
{
    size_t at = l->text.size;

    if (!text)
        return 0;
    cp_buffer_puts(&l->text, text);
    cp_buffer_putc(&l->text, 0);
    return at;
}

static void take_part(struct listing *l, sqlite3_stmt *row)
{
    l->parts[l->count] =
        (struct cp_ledger_row_part){ .number = (unsigned)cp_column_int(row, 0),
                                     .state = cp_part_state_parse(cp_column_text(row, 1)),
                                     .generation = (unsigned)cp_column_int(row, 2),
                                     .absences = (unsigned)cp_column_int(row, 3),
                                     .not_before_us = cp_column_int(row, 4),
                                     .seen_us = cp_column_int(row, 5),
                                     .published_us = cp_column_int(row, 6),
                                     .checkpoint = cp_column_bool(row, 10) };
    for (int i = 0; i < 3; i++)
        l->offsets[l->count][i] = keep(l, cp_column_text(row, 7 + i));
    l->count++;
}

static bool list_parts(struct listing *l, int64_t delivery)
{
    sqlite3_stmt *row = cp_sql(l->c, CP_SQL_ROW_PARTS, l->err);
    int got = row ? 1 : -1;

    l->count = 0;
    cp_buffer_clear(&l->text);
    cp_buffer_putc(&l->text, 0); /* offset 0 means "none" */
    if (row)
        cp_bind_int(row, 1, delivery);
    while (got == 1 && (got = cp_sql_next(l->c, row, l->err)) == 1) {
        if (room_for_one(l))
            take_part(l, row);
        else
            got = -1;
    }
    sqlite3_reset(row);
    if (l->text.failed)
        return cp_error_no_memory(l->err);
    for (size_t i = 0; i < l->count; i++) {
        const size_t *at = l->offsets[i];

        l->parts[i].reason = at[0] ? l->text.data + at[0] : NULL;
        l->parts[i].remote_id = at[1] ? l->text.data + at[1] : NULL;
        l->parts[i].url = at[2] ? l->text.data + at[2] : NULL;
    }
    return got == 0;
}

static bool tell_row(struct listing *l, sqlite3_stmt *row, cp_ledger_row_fn *each, void *ctx)
{
    char id_hex[CP_DELIVERY_ID_HEX + 1];
    struct cp_delivery_id id = { 0 };
    struct cp_ledger_row told = { .row = cp_column_int(row, 0),
                                  .campaign = cp_column_text(row, 2),
                                  .post = cp_column_text(row, 3),
                                  .occurrence = cp_column_text(row, 4),
                                  .account = cp_column_text(row, 5),
                                  .due_us = cp_column_int(row, 6),
                                  .send_by_us = cp_column_int(row, 7),
                                  .first_seen_us = cp_column_int(row, 8),
                                  .revision = cp_column_int(row, 9),
                                  .wanted = cp_column_bool(row, 10),
                                  .standby = cp_column_bool(row, 11),
                                  .released = cp_column_bool(row, 12),
                                  .content = cp_column_text(row, 13),
                                  .parts = l->parts,
                                  .part_count = l->count };

    cp_column_blob(row, 1, id.bytes, sizeof(id.bytes));
    cp_delivery_id_hex(&id, id_hex);
    told.id_hex = id_hex;
    told.late = !told.released && told.due_us < told.first_seen_us;
    return each(&told, ctx);
}

bool cp_ledger_rows(struct cp_ledger *ledger, bool with_content, cp_ledger_row_fn *each, void *ctx,
                    struct cp_error *err)
{
    struct listing l = { .c = cp_ledger_reading(ledger), .err = err };
    sqlite3_stmt *row = cp_sql(l.c, CP_SQL_ROWS, err);
    int got = -1;

    if (!row)
        return false;
    cp_bind_int(row, 1, with_content);
    while ((got = cp_sql_next(l.c, row, err)) == 1) {
        if (!list_parts(&l, cp_column_int(row, 0))) {
            got = -1;
            break;
        }
        if (!tell_row(&l, row, each, ctx))
            break;
    }
    sqlite3_reset(row);
    free(l.parts);
    free(l.offsets);
    cp_buffer_release(&l.text);
    return got >= 0;
}

static json_t *attempt_of(sqlite3_stmt *row)
{
    const char *evidence = cp_column_text(row, 6);
    json_t *known = evidence ? json_loads(evidence, JSON_DECODE_ANY, NULL) : NULL;
    bool ended = sqlite3_column_type(row, 4) != SQLITE_NULL;

    return json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:s?, s:o?}", "part", (json_int_t)cp_column_int(row, 0), "try",
        (json_int_t)cp_column_int(row, 1), "generation", (json_int_t)cp_column_int(row, 2),
        "began_us", (json_int_t)cp_column_int(row, 3), "ended_us",
        ended ? json_integer(cp_column_int(row, 4)) : json_null(), "outcome",
        cp_column_text(row, 5), "evidence", evidence && !known ? cp_entry_text(evidence) : known);
}

json_t *cp_ledger_attempts(struct cp_ledger *ledger, int64_t delivery, struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *row = cp_sql(c, CP_SQL_ATTEMPTS, err);
    json_t *list = json_array();
    int got = row ? 1 : -1;

    if (row)
        cp_bind_int(row, 1, delivery);
    while (got == 1 && (got = cp_sql_next(c, row, err)) == 1) {
        if (json_array_append_new(list, attempt_of(row)) != 0) {
            cp_error_no_memory(err);
            got = -1;
        }
    }
    sqlite3_reset(row);
    if (got == 0 && list)
        return list;
    json_decref(list);
    return NULL;
}
