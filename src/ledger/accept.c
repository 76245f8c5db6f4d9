/* src/ledger/accept.c - a plan becomes the truth, in one transaction.
 *
 * What the plan calls a change is what it saw in a snapshot; since then parts may have moved on. So each
 * delivery is compared with its row once more, and only what may still be changed is.
 */
#include "ledger/accept_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 5, NAME_SIZE = 4 * 68 };

/* ---- records ---- */

int cp_record_find(struct cp_acceptance *a, const struct cp_plan_delivery *d, struct cp_record *out)
{
    sqlite3_stmt *q =
        cp_sql(a->c, d->known ? CP_SQL_DELIVERY_BY_ROW : CP_SQL_DELIVERY_BY_ID, a->err);
    int got;

    if (!q)
        return -1;
    if (d->known)
        cp_bind_int(q, 1, d->known->row);
    else
        cp_bind_blob(q, 1, d->id.bytes, sizeof(d->id.bytes));
    if ((got = cp_sql_next(a->c, q, a->err)) < 1)
        return got;
    *out = (struct cp_record){ .row = cp_column_int(q, 0),
                               .account = cp_column_int(q, 5),
                               .due_us = cp_column_int(q, 6),
                               .send_by_us = cp_column_int(q, 7),
                               .span_us = cp_column_int(q, 8),
                               .filed_due_us = cp_column_int(q, 9),
                               .filed_send_by_us = cp_column_int(q, 10),
                               .first_seen_us = cp_column_int(q, 11),
                               .standby = cp_column_bool(q, 12),
                               .wanted = cp_column_bool(q, 13),
                               .released = cp_column_bool(q, 14),
                               .content = cp_column_int(q, 15),
                               .parts = (unsigned)cp_column_int(q, 16),
                               .renamed = strcmp(cp_column_text(q, 1), d->campaign_id) != 0 ||
                                          strcmp(cp_column_text(q, 2), d->post_id) != 0 ||
                                          strcmp(cp_column_text(q, 3), d->occurrence) != 0 };
    cp_column_blob(q, 17, out->hash, CP_DIGEST);
    sqlite3_reset(q);
    return 1;
}

bool cp_record_late(const struct cp_record *record)
{
    return !record->released && record->due_us < record->first_seen_us;
}

bool cp_record_goes(const struct cp_record *record, int64_t *out_us)
{
    if (!record->wanted || (record->standby && !record->released) || cp_record_late(record))
        return false;
    *out_us = record->due_us;
    return true;
}

void cp_record_bind(sqlite3_stmt *q, const struct cp_record *record,
                    const struct cp_plan_delivery *d)
{
    cp_bind_text(q, 3, d->campaign_id);
    cp_bind_text(q, 4, d->post_id);
    cp_bind_text(q, 5, d->occurrence);
    cp_bind_int(q, 6, record->account);
    cp_bind_int(q, 7, record->due_us);
    cp_bind_int(q, 8, record->send_by_us);
    cp_bind_int(q, 9, record->span_us);
    cp_bind_int(q, 10, record->filed_due_us);
    cp_bind_int(q, 11, record->filed_send_by_us);
    cp_bind_int(q, 12, record->first_seen_us);
    cp_bind_int(q, 13, record->standby);
    cp_bind_int(q, 14, record->wanted);
    cp_bind_int(q, 15, record->released);
    cp_bind_int(q, 16, record->content);
    cp_bind_int(q, 17, record->parts);
}

/* ---- contents ---- */

bool cp_content_number(struct cp_ledger *ledger, const unsigned char hash[CP_DIGEST],
                       const char *json, int64_t *out, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    sqlite3_stmt *q = cp_sql(c, CP_SQL_CONTENT_FIND, err);
    int got;

    if (!q)
        return false;
    cp_bind_blob(q, 1, hash, CP_DIGEST);
    if ((got = cp_sql_next(c, q, err)) < 0)
        return false;
    if (got == 1) {
        *out = cp_column_int(q, 0);
        sqlite3_reset(q);
        return true;
    }
    if (!(q = cp_sql(c, CP_SQL_CONTENT_ADD, err)))
        return false;
    cp_bind_blob(q, 1, hash, CP_DIGEST);
    cp_bind_text(q, 2, json);
    if (!cp_sql_run(c, q, err))
        return false;
    *out = sqlite3_last_insert_rowid(c->db);
    return true;
}

bool cp_accept_content(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                       struct cp_record *record)
{
    if (!cp_digest_parse(d->content_hash, record->hash, CP_DIGEST))
        return cp_error_set(a->err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                            "the plan has a delivery without a content hash");
    record->parts = (unsigned)d->content.part_count;
    return cp_content_number(a->ledger, record->hash, d->content_json, &record->content, a->err);
}

bool cp_accept_text_hash(struct cp_acceptance *a, const char *text, int64_t *out)
{
    unsigned char digest[CP_DIGEST];
    uint64_t first = 0;

    if (!cp_digest(a->c, a->ledger->sha256, text ? text : "", text ? strlen(text) : 0, digest))
        return cp_error_no_memory(a->err);
    for (int i = 0; i < 8; i++)
        first = first << 8 | digest[i];
    *out = (int64_t)first;
    return true;
}

/* ---- what is told afterwards ---- */

bool cp_accept_touch(struct cp_acceptance *a, int64_t row)
{
    int64_t *grown;

    if (a->touched_count == a->touched_capacity) {
        a->touched_capacity = a->touched_capacity ? 2 * a->touched_capacity : 1024;
        if (!(grown = realloc(a->touched, a->touched_capacity * sizeof(*grown))))
            return cp_error_no_memory(a->err);
        a->touched = grown;
    }
    a->touched[a->touched_count++] = row;
    return true;
}

void cp_accept_mention(struct cp_mention *mention, const struct cp_plan_delivery *d)
{
    char name[NAME_SIZE];

    if (mention->count++ >= NAMES_SHOWN)
        return;
    snprintf(name, sizeof(name), "%s%s/%s/%s/%s", mention->count > 1 ? ", " : "", d->campaign_id,
             d->post_id, d->occurrence, d->account_id);
    cp_buffer_puts(&mention->names, name);
}

static bool tell_mention(struct cp_acceptance *a, struct cp_mention *mention, const char *what,
                         const char *message)
{
    struct cp_buffer notice = { 0 };
    bool good;

    if (!mention->count)
        return true;
    cp_buffer_printf(&notice, "%zu %s %s: %s", mention->count,
                     mention->count == 1 ? "delivery" : "deliveries", message,
                     mention->names.failed ? "" : mention->names.data);
    if (mention->count > NAMES_SHOWN)
        cp_buffer_printf(&notice, " and %zu more", mention->count - NAMES_SHOWN);
    good = !notice.failed ? cp_entry_take(a->ledger, "notice",
                                          json_pack("{s:s, s:I}", "about", what, "count",
                                                    (json_int_t)mention->count),
                                          notice.data, a->now, a->err)
                          : cp_error_no_memory(a->err);
    cp_buffer_release(&notice);
    return good;
}

/* ---- one delivery ---- */

bool cp_accept_part(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                    const struct cp_record *record, size_t index)
{
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_PART_ADD, a->err);
    unsigned number = (unsigned)index + 1;
    char key[CP_WIRE_KEY + 1];
    int64_t go_us, text_hash = 0;

    if (!q || !cp_accept_text_hash(a, d->content.parts[index].text, &text_hash))
        return false;
    cp_wire_key_make(&d->id, number, 1, key);
    cp_bind_int(q, 1, record->row);
    cp_bind_int(q, 2, number);
    cp_bind_int(q, 3, record->account);
    cp_bind_text(q, 4, key);
    if (cp_record_goes(record, &go_us))
        cp_bind_int(q, 5, go_us);
    else
        cp_bind_null(q, 5);
    cp_bind_int(q, 6, text_hash);
    return cp_sql_run(a->c, q, a->err);
}

static bool account_of(struct cp_acceptance *a, const struct cp_plan_delivery *d, int64_t *out)
{
    uint32_t *number = &a->accounts[d->account_index];

    if (!*number && !cp_account_ensure(a->ledger, d->account, number, a->err))
        return false;
    *out = *number;
    return true;
}

static bool insert(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                   struct cp_record *record)
{
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_DELIVERY_ADD, a->err);
    char born[NAME_SIZE];

    if (!q)
        return false;
    snprintf(born, sizeof(born), "%s/%s/%s/%s", d->campaign_id, d->post_id, d->occurrence,
             d->account_id);
    cp_bind_blob(q, 1, d->id.bytes, sizeof(d->id.bytes));
    cp_bind_text(q, 2, born);
    cp_record_bind(q, record, d);
    if (!cp_sql_run(a->c, q, a->err))
        return false;
    record->row = sqlite3_last_insert_rowid(a->c->db);
    return true;
}

static bool add(struct cp_acceptance *a, const struct cp_plan_delivery *d)
{
    struct cp_record record = { .due_us = d->due_us,
                                .send_by_us = d->send_by_us,
                                .span_us = d->span_us,
                                .filed_due_us = d->due_us,
                                .filed_send_by_us = d->send_by_us,
                                .first_seen_us = a->first_seen_us,
                                .standby = d->standby,
                                .wanted = true };

    if (!account_of(a, d, &record.account) || !cp_accept_content(a, d, &record) ||
        !insert(a, d, &record))
        return false;
    for (size_t i = 0; i < d->content.part_count; i++)
        if (!cp_accept_part(a, d, &record, i))
            return false;
    if (cp_record_late(&record)) {
        a->counts.late++;
        cp_accept_mention(&a->late, d);
    } else {
        a->counts.added++;
    }
    return true; /* nobody can know it yet: it is not among the touched */
}

static bool forget_go(struct cp_acceptance *a, int64_t row)
{
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_PART_GO, a->err);

    if (!q)
        return false;
    cp_bind_int(q, 1, row);
    cp_bind_null(q, 2);
    return cp_sql_run(a->c, q, a->err);
}

/* What is out, or cancelled, has nothing left that could be unwanted. */
static bool cancel(struct cp_acceptance *a, const struct cp_plan_delivery *d)
{
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_DELIVERY_CANCEL, a->err);
    char name[NAME_SIZE];

    if (!q)
        return false;
    cp_bind_int(q, 1, d->known->row);
    if (!cp_sql_run(a->c, q, a->err))
        return false;
    if (!sqlite3_changes(a->c->db)) {
        a->counts.unchanged++;
        return true;
    }
    a->counts.cancelled++;
    cp_accept_mention(&a->cancelled, d);
    snprintf(name, sizeof(name), "%s/%s/%s/%s", d->campaign_id, d->post_id, d->occurrence,
             d->account_id);
    return forget_go(a, d->known->row) && cp_accept_touch(a, d->known->row) &&
           cp_entry_take(a->ledger, "delivery",
                         json_pack("{s:o, s:s, s:o*}", "delivery", cp_entry_text(name), "change",
                                   "cancel", "by", cp_entry_text(a->by)),
                         NULL, a->now, a->err);
}

static bool accept_one(struct cp_acceptance *a, const struct cp_plan_delivery *d)
{
    struct cp_record known;
    int found;

    if (d->change == CP_CHANGE_CANCEL)
        return !d->known || cancel(a, d);
    if ((found = cp_record_find(a, d, &known)) < 0)
        return false;
    return found ? cp_accept_known(a, d, &known) : add(a, d);
}

/* ---- the plan around them ---- */

static bool accept_accounts(struct cp_acceptance *a)
{
    const struct cp_config *config = a->plan->input ? a->plan->input->config : NULL;

    if (!config)
        return true;
    if (!cp_sql_run(a->c, cp_sql(a->c, CP_SQL_ACCOUNT_LEAVE_ALL, a->err), a->err))
        return false;
    for (size_t i = 0; i < config->account_count; i++)
        if (!cp_account_ensure(a->ledger, &config->accounts[i], &a->accounts[i], a->err))
            return false;
    return true;
}

/* 1: the place carried this campaign already, 0: not, -1: error */
static int carried(struct cp_acceptance *a, const struct cp_campaign *campaign)
{
    sqlite3_stmt *q = cp_sql(a->c, CP_SQL_SOURCE_GET, a->err);
    int got;

    if (!q)
        return -1;
    cp_bind_text(q, 1, campaign->source);
    got = cp_sql_next(a->c, q, a->err);
    if (got == 1)
        got = strcmp(cp_column_text(q, 0), campaign->id) == 0;
    sqlite3_reset(q);
    return got;
}

static bool accept_sources(struct cp_acceptance *a)
{
    const struct cp_plan_input *input = a->plan->input;

    for (size_t i = 0; input && i < input->campaign_count; i++) {
        const struct cp_campaign *campaign = input->campaigns[i];
        int got = campaign->source ? carried(a, campaign) : 1;
        sqlite3_stmt *q;

        if (got < 0)
            return false;
        if (got)
            continue;
        if (!(q = cp_sql(a->c, CP_SQL_SOURCE_SET, a->err)))
            return false;
        cp_bind_text(q, 1, campaign->source);
        cp_bind_text(q, 2, campaign->id);
        if (!cp_sql_run(a->c, q, a->err))
            return false;
        a->sources++;
    }
    return true;
}

/* Proof of what was accepted: SHA-256 over id, content hash and due (decimal) of each wanted delivery,
 * in the plan's order. */
static bool plan_digest(struct cp_acceptance *a, char out[CP_HASH_HEX + 1])
{
    unsigned char digest[CP_DIGEST];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex2(ctx, a->ledger->sha256, NULL) == 1;
    char due[24];

    for (size_t i = 0; i < a->plan->count && good; i++) {
        const struct cp_plan_delivery *d = &a->plan->deliveries[i];

        if (d->change == CP_CHANGE_CANCEL)
            continue;
        snprintf(due, sizeof(due), "%lld\n", (long long)d->due_us);
        good = EVP_DigestUpdate(ctx, d->id.bytes, sizeof(d->id.bytes)) == 1 &&
               EVP_DigestUpdate(ctx, d->content_hash, CP_HASH_HEX) == 1 &&
               EVP_DigestUpdate(ctx, due, strlen(due)) == 1;
    }
    good = good && EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (!good)
        return cp_error_no_memory(a->err);
    cp_digest_hex(digest, sizeof(digest), out);
    return true;
}

static json_t *campaigns_of(const struct cp_plan *plan)
{
    json_t *list = json_array();

    for (size_t i = 0; plan->input && i < plan->input->campaign_count; i++) {
        const struct cp_campaign *campaign = plan->input->campaigns[i];

        json_array_append_new(list, json_pack("{s:s, s:o*}", "campaign", campaign->id, "source",
                                              cp_entry_text(campaign->source)));
    }
    return list;
}

/* A reload that changes nothing leaves no trace. */
static bool write_summary(struct cp_acceptance *a)
{
    const struct cp_accepted *n = &a->counts;
    char digest[CP_HASH_HEX + 1];

    if (!n->added && !n->changed && !n->cancelled && !n->late && !a->sources)
        return true;
    return plan_digest(a, digest) &&
           cp_entry_take(a->ledger, "accept",
                         json_pack("{s:o*, s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "by",
                                   cp_entry_text(a->by), "campaigns", campaigns_of(a->plan),
                                   "digest", digest, "added", (json_int_t)n->added, "changed",
                                   (json_int_t)n->changed, "cancelled", (json_int_t)n->cancelled,
                                   "late", (json_int_t)n->late, "unchanged",
                                   (json_int_t)n->unchanged),
                         NULL, a->now, a->err) &&
           tell_mention(a, &a->cancelled, "cancelled", "left the schedule and will not be sent") &&
           tell_mention(a, &a->late, "late",
                        "came in after the due time and will not go before a 'camp-post release'");
}

static bool accept_all(struct cp_acceptance *a)
{
    if (!accept_accounts(a) || !accept_sources(a))
        return false;
    for (size_t i = 0; i < a->plan->count; i++)
        if (!accept_one(a, &a->plan->deliveries[i]))
            return false;
    return write_summary(a);
}

static size_t account_slots(const struct cp_plan *plan)
{
    size_t most = plan->input && plan->input->config ? plan->input->config->account_count : 0;

    for (size_t i = 0; i < plan->count; i++)
        if (plan->deliveries[i].account && plan->deliveries[i].account_index >= most)
            most = plan->deliveries[i].account_index + 1;
    return most;
}

static bool start(struct cp_acceptance *a)
{
    if (a->plan->diagnostics.faults)
        return cp_error_set(a->err, &cp_ledger_errors, CP_LEDGER_REFUSED,
                            "a plan with faults can't be accepted");
    a->accounts = calloc(account_slots(a->plan) + 1, sizeof(*a->accounts));
    a->arena = cp_arena_create();
    return (a->accounts && a->arena) || cp_error_no_memory(a->err);
}

bool cp_ledger_accept(struct cp_ledger *ledger, const struct cp_plan *plan, const char *by,
                      const struct cp_now *now, struct cp_accepted *out,
                      cp_ledger_touched_fn *touched, void *ctx, struct cp_error *err)
{
    struct cp_acceptance a = { .ledger = ledger,
                               .c = &ledger->writing,
                               .plan = plan,
                               .by = by,
                               .now = now,
                               .first_seen_us = plan->input ? plan->input->now_us : now->plan_us,
                               .err = err };
    bool good =
        start(&a) && cp_ledger_begin(ledger, err) && cp_ledger_finish(ledger, accept_all(&a), err);

    if (good) {
        *out = a.counts;
        for (size_t i = 0; touched && i < a.touched_count; i++)
            touched(a.touched[i], ctx);
    }
    cp_buffer_release(&a.late.names);
    cp_buffer_release(&a.cancelled.names);
    cp_arena_free(a.arena);
    free(a.accounts);
    free(a.touched);
    return good;
}
