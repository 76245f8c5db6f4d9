/* src/ledger/apply.c - one batch of changes, one transaction, one sync of the disk.
 *
 * A change is taken only when state and generation (into in_flight also the delivery's revision) are
 * still what the engine saw. One that is not is stale: it is left out, the rest of the batch goes on. What
 * can't be written at all takes the whole batch with it, for then nothing may be sent any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger_private.h"

enum { KEY_SIZE = 4 * 68 };

struct batch {
    struct cp_ledger *ledger;
    struct cp_connection *c;
    struct cp_arena *arena; /* for the contents of threads; made when the first one comes */
    struct cp_buffer entry; /* the JSON of the one at hand */
    struct cp_error *err;
};

/* What a change is about, with its words made ready. */
struct subject {
    struct cp_delivery_id id;
    char name[KEY_SIZE]; /* "campaign/post/occurrence/account" */
    int64_t account, content;
    unsigned parts;
    int64_t frozen_content, tries;
    char key[CP_WIRE_KEY + 1]; /* "" unless the generation is new */
};

/* ---- what is asked before ---- */

static bool legal(const struct cp_part_change *change, struct cp_error *err)
{
    if (change->from == change->to ||
        (!change->checkpoint_only && cp_part_next(change->from, change->event) == change->to))
        return true;
    return cp_error_set(err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                        "a part can't go from %s to %s by '%s'; this is a defect of camp-post",
                        cp_part_state_name(change->from), cp_part_state_name(change->to),
                        cp_part_event_name(change->event));
}

/* 1: it is there, 0: there is no such part, -1: error */
static int find_subject(struct batch *b, const struct cp_part_change *change, struct subject *out)
{
    sqlite3_stmt *row = cp_sql(b->c, CP_SQL_SUBJECT, b->err);
    int got;

    if (!row)
        return -1;
    cp_bind_int(row, 1, change->row);
    cp_bind_int(row, 2, change->part);
    if ((got = cp_sql_next(b->c, row, b->err)) < 1)
        return got;
    *out = (struct subject){ .account = cp_column_int(row, 5),
                             .content = cp_column_int(row, 6),
                             .parts = (unsigned)cp_column_int(row, 7),
                             .tries = cp_column_int(row, 8) };
    cp_column_blob(row, 0, out->id.bytes, sizeof(out->id.bytes));
    snprintf(out->name, sizeof(out->name), "%s/%s/%s/%s", cp_column_text(row, 1),
             cp_column_text(row, 2), cp_column_text(row, 3), cp_column_text(row, 4));
    sqlite3_reset(row);
    if (change->new_generation != change->generation)
        cp_wire_key_make(&out->id, change->part, change->new_generation, out->key);
    return 1;
}

/* ---- freezing ---- */

static bool add_frozen(struct batch *b, const char *json, unsigned part, int64_t *out)
{
    struct cp_content all = { 0 }, one;
    unsigned char hash[CP_DIGEST];
    const char *text;

    if (!cp_content_parse(json, b->arena, &all, b->err))
        return false;
    if (part < 1 || part > all.part_count)
        return cp_error_set(b->err, &cp_ledger_errors, CP_LEDGER_CORRUPT,
                            "a content has no part %u; put the newest backup in its place", part);
    one = (struct cp_content){ .title = all.title, .parts = &all.parts[part - 1], .part_count = 1 };
    text = cp_content_json(&one, b->arena);
    if (!text || !cp_digest(b->c, b->ledger->sha256, text, strlen(text), hash))
        return cp_error_no_memory(b->err);
    return cp_content_number(b->ledger, hash, text, out, b->err);
}

/* The content of a delivery with one part is that part's content. */
static bool freeze(struct batch *b, const struct cp_part_change *change, struct subject *s)
{
    sqlite3_stmt *row;
    bool good;

    s->frozen_content = s->content;
    if (s->parts == 1)
        return true;
    if (!b->arena && !(b->arena = cp_arena_create()))
        return cp_error_no_memory(b->err);
    if (!(row = cp_sql(b->c, CP_SQL_CONTENT_JSON, b->err)))
        return false;
    cp_bind_int(row, 1, s->content);
    if (cp_sql_next(b->c, row, b->err) != 1)
        return cp_error_set(b->err, &cp_ledger_errors, CP_LEDGER_CORRUPT,
                            "the content of '%s' is not there; put the newest backup in its place",
                            s->name);
    good = add_frozen(b, cp_column_text(row, 0), change->part, &s->frozen_content);
    sqlite3_reset(row);
    return good;
}

/* ---- the compare-and-set ---- */

static void bind_compared(sqlite3_stmt *q, const struct cp_part_change *change,
                          const struct subject *s)
{
    cp_bind_int(q, 1, change->row);
    cp_bind_int(q, 2, change->part);
    cp_bind_text(q, 3, cp_part_state_name(change->from));
    cp_bind_int(q, 4, change->generation);
    cp_bind_int(q, 5, change->new_generation);
    cp_bind_text(q, 6, s->key[0] ? s->key : NULL);
    cp_bind_int(q, 7, change->absences);
    cp_bind_int(q, 8, change->not_before_us);
    cp_bind_text(q, 9, change->reason);
    cp_bind_text(q, 10, change->checkpoint);
}

static void bind_checkpoint(sqlite3_stmt *q, const struct cp_part_change *change)
{
    cp_bind_int(q, 1, change->row);
    cp_bind_int(q, 2, change->part);
    cp_bind_text(q, 3, cp_part_state_name(change->from));
    cp_bind_int(q, 4, change->generation);
    cp_bind_text(q, 5, change->checkpoint);
}

static void bind_start(sqlite3_stmt *q, const struct cp_part_change *change,
                       const struct subject *s)
{
    cp_bind_int(q, 11, s->frozen_content);
    cp_bind_text(q, 12, change->frozen);
    cp_bind_int(q, 13, change->wall_us);
    cp_bind_int(q, 14, change->revision);
}

static void bind_out(sqlite3_stmt *q, const struct cp_part_change *change)
{
    bool out = change->to == CP_PUBLISHED && change->from != CP_PUBLISHED;

    cp_bind_text(q, 11, cp_part_state_name(change->to));
    cp_bind_text(q, 12, change->remote_id);
    cp_bind_text(q, 13, change->url);
    cp_bind_int(q, 14, out ? change->wall_us : 0);
    cp_bind_int(q, 15, out ? change->plan_us : 0);
    cp_bind_int(q, 16, change->seen ? change->wall_us : 0);
}

static enum cp_sql form_of(const struct cp_part_change *change)
{
    if (change->checkpoint_only)
        return CP_SQL_PART_CHECKPOINT;
    if (change->to == CP_IN_FLIGHT && change->from != CP_IN_FLIGHT)
        return CP_SQL_PART_START;
    if (change->remote_id || change->url ||
        (change->to == CP_PUBLISHED && change->from != change->to))
        return CP_SQL_PART_OUT;
    if (change->seen)
        return change->from == change->to ? CP_SQL_PART_SEEN : CP_SQL_PART_OUT;
    return change->from == change->to ? CP_SQL_PART_NOTE : CP_SQL_PART_MOVE;
}

/* 1: written, 0: it was another state by now, -1: error */
static int compare_and_set(struct batch *b, const struct cp_part_change *change, struct subject *s)
{
    enum cp_sql form = form_of(change);
    sqlite3_stmt *q = cp_sql(b->c, form, b->err);

    if (!q)
        return -1;
    if (form == CP_SQL_PART_CHECKPOINT)
        bind_checkpoint(q, change);
    else
        bind_compared(q, change, s);
    if (form == CP_SQL_PART_START)
        bind_start(q, change, s);
    else if (form == CP_SQL_PART_OUT)
        bind_out(q, change);
    else if (form == CP_SQL_PART_SEEN)
        cp_bind_int(q, 11, change->wall_us);
    else if (form == CP_SQL_PART_MOVE)
        cp_bind_text(q, 11, cp_part_state_name(change->to));
    if (!cp_sql_run(b->c, q, b->err))
        return -1;
    if (form == CP_SQL_PART_START)
        s->tries++;
    return sqlite3_changes(b->c->db);
}

/* ---- attempt and entry ---- */

static bool note_attempt(struct batch *b, const struct cp_part_change *change,
                         const struct subject *s)
{
    bool begins = change->to == CP_IN_FLIGHT && change->from != CP_IN_FLIGHT;
    sqlite3_stmt *q;

    if (!begins && (change->from != CP_IN_FLIGHT || change->to == CP_IN_FLIGHT))
        return true;
    if (!(q = cp_sql(b->c, begins ? CP_SQL_ATTEMPT_BEGIN : CP_SQL_ATTEMPT_END, b->err)))
        return false;
    cp_bind_int(q, 1, change->row);
    cp_bind_int(q, 2, change->part);
    cp_bind_int(q, 3, s->tries);
    if (begins) {
        cp_bind_int(q, 4, change->new_generation);
        cp_bind_int(q, 5, s->frozen_content);
        cp_bind_int(q, 6, change->wall_us);
    } else {
        cp_bind_int(q, 4, change->wall_us);
        cp_bind_text(q, 5, cp_part_state_name(change->to));
        cp_bind_text(q, 6, change->evidence);
    }
    return cp_sql_run(b->c, q, b->err);
}

static void put_evidence(struct cp_buffer *out, const char *evidence)
{
    json_t *known = json_loads(evidence, JSON_DECODE_ANY, NULL);

    if (known)
        cp_entry_json_raw(out, "evidence", evidence);
    else
        cp_entry_json_text(out, "evidence", evidence);
    json_decref(known);
}

/* In the order of the names, as all JSON of the ledger. */
static bool write_entry(struct batch *b, const struct cp_part_change *change,
                        const struct subject *s)
{
    struct cp_buffer *out = &b->entry;

    cp_buffer_clear(out);
    cp_buffer_putc(out, '{');
    if (change->absences && !change->checkpoint_only)
        cp_entry_json_int(out, "absences", change->absences);
    cp_entry_json_text(out, "by", change->by);
    if (change->checkpoint)
        cp_entry_json_raw(out, "checkpoint", "true");
    cp_entry_json_text(out, "delivery", s->name);
    if (change->from != change->to)
        cp_entry_json_text(out, "event", cp_part_event_name(change->event));
    if (change->evidence)
        put_evidence(out, change->evidence);
    cp_entry_json_text(out, "from", cp_part_state_name(change->from));
    cp_entry_json_int(out, "generation", change->new_generation);
    if (change->not_before_us && !change->checkpoint_only)
        cp_entry_json_int(out, "not_before_us", change->not_before_us);
    cp_entry_json_int(out, "part", change->part);
    cp_entry_json_text(out, "reason", change->reason);
    cp_entry_json_text(out, "remote_id", change->remote_id);
    if (change->seen)
        cp_entry_json_raw(out, "seen", "true");
    cp_entry_json_text(out, "to", cp_part_state_name(change->to));
    cp_entry_json_text(out, "url", change->url);
    cp_buffer_putc(out, '}');
    if (out->failed)
        return cp_error_no_memory(b->err);
    return cp_entry_append(b->ledger, "part", out->data, change->notice, change->plan_us,
                           change->wall_us, b->err);
}

/* ---- one change ---- */

/* Into `other`, when another part has this remote id already: its name. 1 bound, 0 free, -1 error */
static int bound_to(struct batch *b, const struct cp_part_change *change, const struct subject *s,
                    char other[KEY_SIZE + 16])
{
    sqlite3_stmt *row;
    int got;

    if (!change->remote_id)
        return 0;
    if (!(row = cp_sql(b->c, CP_SQL_BOUND, b->err)))
        return -1;
    cp_bind_int(row, 1, s->account);
    cp_bind_text(row, 2, change->remote_id);
    cp_bind_int(row, 3, change->row);
    cp_bind_int(row, 4, change->part);
    if ((got = cp_sql_next(b->c, row, b->err)) == 1) {
        snprintf(other, KEY_SIZE + 16, "%s#%lld", cp_column_text(row, 0),
                 (long long)cp_column_int(row, 1));
        sqlite3_reset(row);
    }
    return got;
}

/* 1: written, 0: stale, -1: error */
static int write_change(struct batch *b, const struct cp_part_change *change, struct subject *s)
{
    int got;

    if (form_of(change) == CP_SQL_PART_START && !freeze(b, change, s))
        return -1;
    if ((got = compare_and_set(b, change, s)) < 1)
        return got;
    return note_attempt(b, change, s) && write_entry(b, change, s) ? 1 : -1;
}

/* Two deliveries can't be one post. Which of them it is nobody knows: a person has to look. A part
 * that was already uncertain, or out, stays what it is. */
static int write_bound(struct batch *b, const struct cp_part_change *change, struct subject *s,
                       const char *other)
{
    struct cp_part_change doubt = *change;
    char reason[2 * KEY_SIZE + 200], notice[4 * KEY_SIZE + 200];

    snprintf(reason, sizeof(reason), "the server names post '%.100s', which is '%s' already",
             change->remote_id, other);
    snprintf(notice, sizeof(notice),
             "'%s#%u' is uncertain: %s; look at the account and decide with 'camp-post resolve'",
             s->name, change->part, reason);
    doubt.to = cp_part_is_open(change->from) ? CP_UNCERTAIN : change->from;
    doubt.event = CP_ON_NO_PROOF;
    doubt.new_generation = change->generation;
    s->key[0] = 0;
    doubt.remote_id = doubt.url = NULL;
    doubt.seen = false;
    doubt.not_before_us = 0;
    doubt.reason = reason;
    doubt.notice = notice;
    return write_change(b, &doubt, s);
}

static bool apply_one(struct batch *b, const struct cp_part_change *change,
                      enum cp_commit_result *result)
{
    struct subject s;
    char other[KEY_SIZE + 16];
    int got, bound = 0;

    if ((got = find_subject(b, change, &s)) == 1) {
        bound = bound_to(b, change, &s, other);
        got = bound < 0 ? -1
              : bound   ? write_bound(b, change, &s, other)
                        : write_change(b, change, &s);
    }
    *result = !got ? CP_COMMIT_STALE : bound ? CP_COMMIT_BOUND : CP_COMMIT_APPLIED;
    return got >= 0;
}

bool cp_ledger_apply(struct cp_ledger *ledger, const struct cp_part_change *changes, size_t count,
                     enum cp_commit_result *results, struct cp_error *err)
{
    struct batch b = { .ledger = ledger, .c = &ledger->writing, .err = err };
    bool good = true;

    for (size_t i = 0; i < count; i++)
        if (!legal(&changes[i], err))
            return false;
    if (!cp_ledger_begin(ledger, err))
        return false;
    for (size_t i = 0; i < count && good; i++)
        good = apply_one(&b, &changes[i], &results[i]);
    cp_arena_free(b.arena);
    cp_buffer_release(&b.entry);
    return cp_ledger_finish(ledger, good, err);
}
