/* tests/ledger/fixture.c */
#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the folder ---- */

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    strcpy(f->folder, "/tmp/cp-ledger-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/ledger.db", f->folder);
    f->arena = cp_arena_create();
    f->ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &f->err);
    assert_good(f, f->ledger != NULL);
    *state = f;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    cp_ledger_close(f->ledger);
    cp_arena_free(f->arena);
    nftw(f->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

void fixture_reopen(struct fixture *f)
{
    cp_ledger_close(f->ledger);
    f->ledger = cp_ledger_open(f->path, CP_LEDGER_WRITE, &f->err);
    assert_good(f, f->ledger != NULL);
}

void assert_good(struct fixture *f, bool good)
{
    if (!good)
        fail_msg("%s: %s", f->err.domain ? f->err.domain->name : "no error", f->err.message);
}

void assert_failed(struct fixture *f, bool good, enum cp_ledger_code code, const char *part)
{
    assert_false(good);
    assert_ptr_equal(f->err.domain, &cp_ledger_errors);
    if (f->err.code != (int)code || !strstr(f->err.message, part))
        fail_msg("expected code %d with '%s', got %d: %s", code, part, f->err.code, f->err.message);
    memset(&f->err, 0, sizeof(f->err));
}

/* ---- behind its back ---- */

static sqlite3 *own_connection(struct fixture *f)
{
    sqlite3 *db;
    int keep = 1;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
    return db;
}

static bool ask(struct fixture *f, const char *sql, char *out, size_t size)
{
    sqlite3 *db = own_connection(f);
    sqlite3_stmt *statement = NULL;
    const char *text;
    bool found;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    found = sqlite3_step(statement) == SQLITE_ROW;
    text = found ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    snprintf(out, size, "%s", text ? text : "");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return found;
}

int64_t fixture_number(struct fixture *f, const char *sql)
{
    char text[64];

    assert_true(ask(f, sql, text, sizeof(text)));
    return strtoll(text, NULL, 10);
}

const char *fixture_text(struct fixture *f, const char *sql)
{
    static char text[2000];

    ask(f, sql, text, sizeof(text));
    return text;
}

void fixture_sql(struct fixture *f, const char *sql)
{
    sqlite3 *db = own_connection(f);
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

struct cp_now at(int64_t us)
{
    return (struct cp_now){ .plan_us = us, .wall_us = us, .boot_us = 0 };
}

/* ---- plans ---- */

static struct cp_account *account_named(struct fixture *f, const char *name)
{
    struct cp_account *account = cp_arena_alloc(f->arena, sizeof(*account));

    account->id = name;
    account->adapter = "mastodon";
    account->server = "https://social.example";
    return account;
}

static void fill_content(struct fixture *f, struct cp_plan_delivery *d,
                         const struct plan_item *item)
{
    size_t count = 0;

    while (count < 4 && item->texts[count])
        count++;
    d->content.title = "C";
    d->content.part_count = count;
    d->content.parts = cp_arena_array(f->arena, count, sizeof(*d->content.parts));
    for (size_t i = 0; i < count; i++)
        d->content.parts[i] = (struct cp_content_part){ .language = "en", .text = item->texts[i] };
    d->content_json = cp_content_json(&d->content, f->arena);
    assert_non_null(d->content_json);
    cp_hash_hex(d->content_json, strlen(d->content_json), d->content_hash);
    d->part_count = count;
}

static const struct cp_snapshot_delivery *known_as(const struct cp_snapshot *snapshot,
                                                   const struct plan_item *item)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cp_snapshot_delivery *d = &snapshot->deliveries[i];

        if (strcmp(d->post, item->post) == 0 && strcmp(d->account, item->account) == 0)
            return d;
    }
    return NULL;
}

static void fill(struct fixture *f, struct cp_plan_delivery *d, const struct plan_item *item,
                 const struct cp_snapshot *snapshot, size_t index)
{
    *d = (struct cp_plan_delivery){ .campaign_id = "c",
                                    .post_id = item->post,
                                    .occurrence = "-",
                                    .account_id = item->account,
                                    .account = account_named(f, item->account),
                                    .account_index = index,
                                    .due_us = item->standby ? CP_NEVER : item->due_us,
                                    .span_us = CP_HOUR,
                                    .standby = item->standby,
                                    .change = item->change,
                                    .known = snapshot ? known_as(snapshot, item) : NULL };
    d->send_by_us = item->standby ? CP_NEVER : item->due_us + CP_HOUR;
    if (d->known)
        d->id = d->known->id;
    else
        cp_delivery_id_make("c", item->post, "-", item->account, "", &d->id);
    fill_content(f, d, item);
}

struct cp_plan *plan_of(struct fixture *f, int64_t now_us, const struct plan_item *items,
                        size_t count)
{
    struct cp_plan *plan = cp_arena_alloc(f->arena, sizeof(*plan));
    struct cp_plan_input *input = cp_arena_alloc(f->arena, sizeof(*input));
    struct cp_snapshot *snapshot = cp_arena_alloc(f->arena, sizeof(*snapshot));

    assert_good(f, cp_ledger_snapshot(f->ledger, snapshot, &f->err));
    input->now_us = now_us;
    input->snapshot = snapshot;
    plan->input = input;
    plan->count = count;
    plan->deliveries = cp_arena_array(f->arena, count, sizeof(*plan->deliveries));
    for (size_t i = 0; i < count; i++)
        fill(f, &plan->deliveries[i], &items[i], snapshot, i);
    return plan;
}

void accept_plan(struct fixture *f, const struct cp_plan *plan, int64_t now_us,
                 struct cp_accepted *out)
{
    struct cp_now now = at(now_us);

    assert_good(f, cp_ledger_accept(f->ledger, plan, "ada", &now, out, NULL, NULL, &f->err));
}

struct cp_accepted accept_items(struct fixture *f, int64_t now_us, const struct plan_item *items,
                                size_t count)
{
    struct cp_plan *plan = plan_of(f, now_us, items, count);
    struct cp_accepted counts;

    accept_plan(f, plan, now_us, &counts);
    cp_arena_free(plan->input->snapshot->arena);
    return counts;
}

/* ---- changes ---- */

struct cp_part_change step(enum cp_part_state from, enum cp_part_event event)
{
    return (struct cp_part_change){ .row = 1,
                                    .part = 1,
                                    .from = from,
                                    .to = cp_part_next(from, event),
                                    .event = event,
                                    .generation = 1,
                                    .new_generation = 1,
                                    .revision = 1,
                                    .plan_us = T0,
                                    .wall_us = T0,
                                    .frozen = from == CP_PLANNED ? "{\"url\":\"x\"}" : NULL };
}

enum cp_commit_result apply_one(struct fixture *f, const struct cp_part_change *change)
{
    enum cp_commit_result result = CP_COMMIT_STALE;

    assert_good(f, cp_ledger_apply(f->ledger, change, 1, &result, &f->err));
    return result;
}

void publish(struct fixture *f, int64_t row, unsigned part, const char *remote_id, int64_t us)
{
    struct cp_part_change change = step(CP_PLANNED, CP_ON_START);

    change.row = row;
    change.part = part;
    change.plan_us = change.wall_us = us;
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
    change = step(CP_IN_FLIGHT, CP_ON_ACCEPTED);
    change.row = row;
    change.part = part;
    change.plan_us = change.wall_us = us;
    change.remote_id = remote_id;
    assert_int_equal(apply_one(f, &change), CP_COMMIT_APPLIED);
}

bool hear(const struct cp_engine_delivery *delivery, void *ctx)
{
    struct heard *heard = ctx;

    if (heard->count < CP_COUNT(heard->rows))
        heard->rows[heard->count] = delivery->row;
    heard->last = *delivery;
    snprintf(heard->post, sizeof(heard->post), "%s", delivery->post);
    for (size_t i = 0; i < delivery->part_count && i < CP_COUNT(heard->parts); i++)
        heard->parts[i] = delivery->parts[i];
    heard->count++;
    return heard->count != heard->stop_after;
}
