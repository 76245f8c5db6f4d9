/* src/ledger/accept_known.c - a planned delivery that the ledger has already: what may still change?
 *
 *     names      always
 *     wanted     always: back in the files
 *     times      while nothing is out or on its way: part 1 is planned, rejected or expired
 *     content    likewise; of a thread that has begun, nothing but the text of a part that was rejected
 *
 * Part 1 becomes planned again when it was rejected and has a new content, or when it has expired and
 * due moves ahead. Times are new only when they are neither those of the row nor those that the
 * files said last: after a release or a retry the two differ, and both mean "nothing new".
 */
#include "ledger/accept_private.h"

#include <stdio.h>
#include <string.h>

struct edit {
    struct cp_acceptance *a;
    const struct cp_plan_delivery *d;
    const struct cp_record *known;
    struct cp_record next;
    enum cp_part_state first; /* of part 1 */
    unsigned rejected;        /* number of the rejected part; 0: none */
    bool new_content, new_due, new_times, names, returned;
    enum cp_part_event again; /* the event that makes a part planned, when `revived` is set */
    unsigned revived;
};

static bool read_states(struct edit *e)
{
    sqlite3_stmt *q = cp_sql(e->a->c, CP_SQL_PART_STATES, e->a->err);
    int got = q ? 1 : -1;

    if (q)
        cp_bind_int(q, 1, e->known->row);
    while (got == 1 && (got = cp_sql_next(e->a->c, q, e->a->err)) == 1) {
        enum cp_part_state state = cp_part_state_parse(cp_column_text(q, 1));

        if (cp_column_int(q, 0) == 1)
            e->first = state;
        if (state == CP_REJECTED && !e->rejected)
            e->rejected = (unsigned)cp_column_int(q, 0);
    }
    return got == 0;
}

static void compare(struct edit *e)
{
    const struct cp_record *k = e->known;
    const struct cp_plan_delivery *d = e->d;
    unsigned char hash[CP_DIGEST];

    e->names = k->renamed;
    e->returned = !k->wanted;
    e->new_content =
        !cp_digest_parse(d->content_hash, hash, CP_DIGEST) || memcmp(hash, k->hash, CP_DIGEST) != 0;
    e->new_due = d->due_us != k->due_us && d->due_us != k->filed_due_us;
    e->new_times = e->new_due || d->span_us != k->span_us ||
                   (d->send_by_us != k->send_by_us && d->send_by_us != k->filed_send_by_us);
}

static void set_times(struct edit *e)
{
    struct cp_record *next = &e->next;
    const struct cp_plan_delivery *d = e->d;

    if (!e->new_times)
        return;
    if (e->new_due) {
        next->due_us = next->filed_due_us = d->due_us;
        next->standby = d->standby;
        next->first_seen_us = e->a->first_seen_us;
        next->released = false;
    }
    next->span_us = d->span_us;
    next->filed_send_by_us = d->send_by_us;
    /* What was released counts from its release. */
    if (!next->released)
        next->send_by_us = d->send_by_us;
    else if (__builtin_add_overflow(next->due_us, d->span_us, &next->send_by_us))
        next->send_by_us = CP_NEVER;
}

/* Of a thread that has begun: the old content with the new text of the rejected part. */
static bool mend_thread(struct edit *e)
{
    struct cp_acceptance *a = e->a;
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_CONTENT_JSON, a->err);
    struct cp_content content = { 0 };
    const char *json;
    bool good;

    if (!q)
        return false;
    cp_bind_int(q, 1, e->known->content);
    if (cp_sql_next(a->c, q, a->err) != 1)
        return cp_error_set(a->err, &cp_ledger_errors, CP_LEDGER_CORRUPT,
                            "a delivery has no content; put the newest backup in its place");
    good = cp_content_parse(cp_column_text(q, 0), a->arena, &content, a->err);
    sqlite3_reset(q);
    if (!good)
        return false;
    if (content.part_count != e->d->content.part_count || e->rejected > content.part_count) {
        e->new_content = false;
        return true;
    }
    content.parts[e->rejected - 1] = e->d->content.parts[e->rejected - 1];
    json = cp_content_json(&content, a->arena);
    if (!json || !cp_digest(a->c, a->ledger->sha256, json, strlen(json), e->next.hash))
        return cp_error_no_memory(a->err);
    e->new_content = memcmp(e->next.hash, e->known->hash, CP_DIGEST) != 0;
    if (!e->new_content)
        return true;
    e->again = CP_ON_RETRY;
    e->revived = e->rejected;
    return cp_content_number(a->ledger, e->next.hash, json, &e->next.content, a->err);
}

/* Takes back what the states forbid. */
static bool restrict_edit(struct edit *e)
{
    bool retry = e->first == CP_REJECTED && e->new_content;
    bool moved = e->first == CP_EXPIRED && e->new_due && e->d->due_us > e->known->due_us;

    if (retry || moved) {
        e->again = retry ? CP_ON_RETRY : CP_ON_MOVED;
        e->revived = 1;
    }
    if (e->first == CP_PLANNED || e->first == CP_REJECTED || e->first == CP_EXPIRED) {
        set_times(e);
        return !e->new_content || cp_accept_content(e->a, e->d, &e->next);
    }
    e->new_times = e->new_due = false;
    if (e->new_content && e->rejected > 1)
        return mend_thread(e);
    e->new_content = false;
    return true;
}

/* ---- writing ---- */

static bool rewrite_part(struct edit *e, size_t index)
{
    struct cp_acceptance *a = e->a;
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_PART_CONTENT, a->err);
    int64_t text_hash = 0;

    if (!q || !cp_accept_text_hash(a, e->d->content.parts[index].text, &text_hash))
        return false;
    cp_bind_int(q, 1, e->known->row);
    cp_bind_int(q, 2, (int64_t)index + 1);
    cp_bind_int(q, 3, text_hash);
    return cp_sql_run(a->c, q, a->err);
}

static bool cut_parts(struct edit *e)
{
    sqlite3_stmt *q = cp_sql(e->a->c, CP_SQL_PART_CUT, e->a->err);

    if (!q)
        return false;
    cp_bind_int(q, 1, e->known->row);
    cp_bind_int(q, 2, e->next.parts);
    return cp_sql_run(e->a->c, q, e->a->err);
}

/* Uploads were of the former content: checkpoints begin anew with it. */
static bool write_parts(struct edit *e)
{
    if (!e->new_content)
        return true;
    if (e->revived > 1)
        return rewrite_part(e, e->revived - 1);
    for (size_t i = 0; i < e->next.parts; i++) {
        if (i < e->known->parts ? !rewrite_part(e, i) : !cp_accept_part(e->a, e->d, &e->next, i))
            return false;
    }
    return e->next.parts >= e->known->parts || cut_parts(e);
}

static bool write_go(struct edit *e)
{
    sqlite3_stmt *q = cp_sql(e->a->c, CP_SQL_PART_GO, e->a->err);
    int64_t go_us;

    if (!q)
        return false;
    cp_bind_int(q, 1, e->known->row);
    if (cp_record_goes(&e->next, &go_us))
        cp_bind_int(q, 2, go_us);
    else
        cp_bind_null(q, 2);
    return cp_sql_run(e->a->c, q, e->a->err);
}

static bool write_record(struct edit *e)
{
    sqlite3_stmt *q = cp_sql(e->a->c, CP_SQL_DELIVERY_SET, e->a->err);

    if (!q)
        return false;
    cp_bind_int(q, 1, e->known->row);
    cp_record_bind(q, &e->next, e->d);
    return cp_sql_run(e->a->c, q, e->a->err);
}

static json_t *name_of(const struct cp_plan_delivery *d)
{
    char name[4 * 68];

    snprintf(name, sizeof(name), "%s/%s/%s/%s", d->campaign_id, d->post_id, d->occurrence,
             d->account_id);
    return cp_entry_text(name);
}

static bool write_revival(struct edit *e)
{
    struct cp_acceptance *a = e->a;
    enum cp_part_state from = e->again == CP_ON_MOVED ? CP_EXPIRED : CP_REJECTED;
    const char *reason =
        e->again == CP_ON_MOVED ? "its time was moved ahead" : "its text was changed";
    sqlite3_stmt *q;

    if (!e->revived)
        return true;
    if (!(q = cp_sql(a->c, CP_SQL_PART_AGAIN, a->err)))
        return false;
    cp_bind_int(q, 1, e->known->row);
    cp_bind_int(q, 2, e->revived);
    cp_bind_text(q, 3, cp_part_state_name(from));
    cp_bind_text(q, 4, reason);
    return cp_sql_run(a->c, q, a->err) &&
           cp_entry_take(a->ledger, "part",
                         json_pack("{s:o, s:i, s:s, s:s, s:s, s:s, s:o*}", "delivery",
                                   name_of(e->d), "part", (int)e->revived, "from",
                                   cp_part_state_name(from), "to", "planned", "event",
                                   cp_part_event_name(e->again), "reason", reason, "by",
                                   cp_entry_text(a->by)),
                         NULL, a->now, a->err);
}

static bool write_entry(struct edit *e)
{
    json_t *fields = json_array();
    struct cp_acceptance *a = e->a;

    if (e->names)
        json_array_append_new(fields, json_string("names"));
    if (e->returned)
        json_array_append_new(fields, json_string("wanted"));
    if (e->new_times)
        json_array_append_new(fields, json_string("times"));
    if (e->new_content)
        json_array_append_new(fields, json_string("content"));
    return cp_entry_take(a->ledger, "delivery",
                         json_pack("{s:o, s:s, s:o, s:o*}", "delivery", name_of(e->d), "change",
                                   "change", "fields", fields, "by", cp_entry_text(a->by)),
                         NULL, a->now, a->err);
}

static void count(struct edit *e)
{
    struct cp_acceptance *a = e->a;

    if ((e->new_due || e->returned) && cp_record_late(&e->next)) {
        a->counts.late++;
        cp_accept_mention(&a->late, e->d);
    } else {
        a->counts.changed++;
    }
}

bool cp_accept_known(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                     const struct cp_record *known)
{
    struct edit e = { .a = a, .d = d, .known = known, .next = *known };

    compare(&e);
    e.next.wanted = true;
    if ((e.new_content || e.new_times) && (!read_states(&e) || !restrict_edit(&e)))
        return false;
    if (!e.names && !e.returned && !e.new_times && !e.new_content) {
        a->counts.unchanged++;
        return true;
    }
    count(&e);
    return write_record(&e) && write_parts(&e) && write_go(&e) && write_revival(&e) &&
           write_entry(&e) && cp_accept_touch(a, known->row);
}
