/* src/ledger/work.c - all that an adapter's turn needs to know of one part. */
#include <string.h>

#include "ledger/ledger_private.h"

enum { TAKEN_MOST = 400 };

struct gathering {
    struct cp_connection *c;
    struct cp_work *work;
    int64_t row;
    unsigned part;
    struct cp_error *err;
};

static const char *copy(struct gathering *g, sqlite3_stmt *row, int at)
{
    const char *text = cp_column_text(row, at);

    return text ? cp_arena_string(g->work->arena, text) : NULL;
}

/* A statement with the delivery, and the part where it asks for one, already bound. */
static sqlite3_stmt *ask(struct gathering *g, enum cp_sql id, unsigned part)
{
    sqlite3_stmt *row = cp_sql(g->c, id, g->err);

    if (row) {
        cp_bind_int(row, 1, g->row);
        if (part)
            cp_bind_int(row, 2, part);
    }
    return row;
}

static bool gather_names(struct gathering *g)
{
    struct cp_work *w = g->work;
    sqlite3_stmt *row = ask(g, CP_SQL_WORK, g->part);
    bool good;
    int got = row ? cp_sql_next(g->c, row, g->err) : -1;

    if (got < 1)
        return got == 0 ? cp_error_set(g->err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                                       "no part %u of delivery %lld", g->part, (long long)g->row)
                        : false;
    cp_column_blob(row, 0, w->id.bytes, sizeof(w->id.bytes));
    w->campaign = copy(g, row, 1);
    w->post = copy(g, row, 2);
    w->occurrence = copy(g, row, 3);
    w->account = copy(g, row, 4);
    w->account_number = (uint32_t)cp_column_int(row, 5);
    w->due_us = cp_column_int(row, 6);
    w->part_total = (unsigned)cp_column_int(row, 7);
    good = cp_content_parse(cp_column_text(row, 8), w->arena, &w->content, g->err);
    w->attempt_us = cp_column_int(row, 9);
    w->generation = (unsigned)cp_column_int(row, 10);
    w->checkpoint = copy(g, row, 11);
    w->frozen = copy(g, row, 12);
    w->remote_id = copy(g, row, 13);
    sqlite3_reset(row);
    return good;
}

/* What has left planned is what was frozen then, whatever the files say today. */
static bool place_frozen(struct gathering *g)
{
    sqlite3_stmt *row = ask(g, CP_SQL_WORK_FROZEN, 0);
    int got = row ? 1 : -1;

    while (got == 1 && (got = cp_sql_next(g->c, row, g->err)) == 1) {
        struct cp_content frozen = { 0 };
        int64_t number = cp_column_int(row, 0);

        if (!cp_content_parse(cp_column_text(row, 1), g->work->arena, &frozen, g->err))
            got = -1;
        else if (frozen.part_count == 1 && number >= 1 &&
                 (size_t)number <= g->work->content.part_count)
            g->work->content.parts[number - 1] = frozen.parts[0];
    }
    sqlite3_reset(row);
    return got == 0;
}

static bool gather_tried(struct gathering *g)
{
    struct cp_work *w = g->work;
    sqlite3_stmt *row = ask(g, CP_SQL_WORK_TRIED, g->part);
    size_t capacity = 0;
    int got = row ? 1 : -1;

    while (got == 1 && (got = cp_sql_next(g->c, row, g->err)) == 1) {
        struct cp_content tried = { 0 };

        if (!cp_content_parse(cp_column_text(row, 0), w->arena, &tried, g->err)) {
            got = -1;
            break;
        }
        w->tried = cp_arena_grow(w->arena, w->tried, w->tried_count, &capacity, w->tried_count + 1,
                                 sizeof(*w->tried));
        if (w->tried && tried.part_count == 1)
            w->tried[w->tried_count++] = tried.parts[0];
    }
    sqlite3_reset(row);
    return got == 0;
}

static bool gather_remote(struct gathering *g, unsigned part, const char **out)
{
    sqlite3_stmt *row;
    int got;

    if (part < 1)
        return true;
    row = ask(g, CP_SQL_WORK_REMOTE, part);
    got = row ? cp_sql_next(g->c, row, g->err) : -1;
    if (got == 1)
        *out = copy(g, row, 0);
    sqlite3_reset(row);
    return got >= 0;
}

/* Only doubt asks which posts are others' (a try was begun, no post is known); for the rest it is
 * enough to know whether there are any. */
static bool gather_taken(struct gathering *g)
{
    struct cp_work *w = g->work;
    bool doubt = w->attempt_us && !w->remote_id;
    sqlite3_stmt *row = cp_sql(g->c, CP_SQL_WORK_TAKEN, g->err);
    size_t capacity = 0;
    int got = row ? 1 : -1;

    if (row) {
        cp_bind_int(row, 1, w->account_number);
        cp_bind_int(row, 2, g->row);
        cp_bind_int(row, 3, g->part);
        cp_bind_int(row, 4, doubt ? TAKEN_MOST : 1);
    }
    while (got == 1 && (got = cp_sql_next(g->c, row, g->err)) == 1) {
        w->taken = cp_arena_grow(w->arena, w->taken, w->taken_count, &capacity, w->taken_count + 1,
                                 sizeof(*w->taken));
        if (w->taken)
            w->taken[w->taken_count++] = copy(g, row, 0);
    }
    sqlite3_reset(row);
    return got == 0;
}

static bool gather(struct gathering *g)
{
    struct cp_work *w = g->work;

    return gather_names(g) && place_frozen(g) && gather_tried(g) &&
           gather_remote(g, g->part - 1, &w->parent_id) &&
           gather_remote(g, g->part > 1 ? 1 : 0, &w->root_id) && gather_taken(g);
}

/* In one transaction: it all belongs to one moment, and the file is locked once instead of for each question. */
static bool gather_at_once(struct gathering *g)
{
    bool begins = sqlite3_get_autocommit(g->c->db);
    bool good;

    if (begins && !cp_sql_run(g->c, cp_sql(g->c, CP_SQL_BEGIN_READ, g->err), g->err))
        return false;
    good = gather(g);
    if (begins)
        good = cp_sql_run(g->c, cp_sql(g->c, CP_SQL_COMMIT, g->err), good ? g->err : NULL) && good;
    return good;
}

bool cp_ledger_work(struct cp_ledger *ledger, int64_t row, unsigned part, struct cp_work *out,
                    struct cp_error *err)
{
    struct cp_work work = { .arena = cp_arena_create() };
    struct gathering g = {
        .c = cp_ledger_reading(ledger), .work = &work, .row = row, .part = part, .err = err
    };
    bool good;

    if (!work.arena)
        return cp_error_no_memory(err);
    good = gather_at_once(&g);
    if (good && cp_arena_failed(work.arena))
        good = cp_error_no_memory(err);
    if (good)
        *out = work;
    else
        cp_arena_free(work.arena);
    return good;
}

void cp_work_release(struct cp_work *work)
{
    cp_arena_free(work->arena);
    memset(work, 0, sizeof(*work));
}
