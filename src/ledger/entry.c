/* src/ledger/entry.c - the chain of entries: what happened, in an order that can't be changed unseen.
 *
 * The hash of an entry is the SHA-256 of the 32 bytes of the hash before it (zeros before the first)
 * followed by
 *
 *     {"data":DATA,"kind":"…","notice":"…" or null,"number":N,"plan_us":N,"wall_us":N}
 *
 * where DATA is the stored JSON byte for byte and the strings are written as jansson writes them
 * compactly. Who has only the file and sha256sum can recompute it.
 */
#include <string.h>

#include "ledger/ledger_private.h"

enum { HASH_HEX = 2 * CP_DIGEST + 1 };

/* ---- the hash ---- */

static bool link_hash(struct cp_connection *c, const EVP_MD *md, const unsigned char *before,
                      const struct cp_ledger_entry_row *entry, unsigned char out[CP_DIGEST])
{
    struct cp_buffer *b = &c->scratch;

    cp_buffer_clear(b);
    cp_buffer_add(b, (const char *)before, CP_DIGEST);
    cp_buffer_putc(b, '{');
    cp_entry_json_raw(b, "data", entry->json);
    cp_entry_json_text(b, "kind", entry->kind);
    if (entry->notice)
        cp_entry_json_text(b, "notice", entry->notice);
    else
        cp_entry_json_raw(b, "notice", "null");
    cp_entry_json_int(b, "number", entry->number);
    cp_entry_json_int(b, "plan_us", entry->plan_us);
    cp_entry_json_int(b, "wall_us", entry->wall_us);
    cp_buffer_putc(b, '}');
    return !b->failed && cp_digest(c, md, b->data, b->size, out);
}

json_t *cp_entry_text(const char *text)
{
    json_t *value;
    char *copy;

    if (!text || (value = json_string(text)))
        return text ? value : NULL;
    copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    value = copy ? json_string(copy) : NULL;
    free(copy);
    return value;
}

/* ---- appending ---- */

bool cp_entry_append(struct cp_ledger *ledger, const char *kind, const char *json,
                     const char *notice, int64_t plan_us, int64_t wall_us, struct cp_error *err)
{
    struct cp_connection *c = &ledger->writing;
    struct cp_ledger_entry_row entry = { .number = ledger->last_number + 1,
                                         .plan_us = plan_us,
                                         .wall_us = wall_us,
                                         .kind = kind,
                                         .json = json,
                                         .notice = notice };
    unsigned char hash[CP_DIGEST];
    sqlite3_stmt *statement = cp_sql(c, CP_SQL_ENTRY_ADD, err);

    if (!statement)
        return false;
    if (!link_hash(c, ledger->sha256, ledger->last_hash, &entry, hash))
        return cp_error_no_memory(err);
    cp_bind_int(statement, 1, entry.number);
    cp_bind_int(statement, 2, plan_us);
    cp_bind_int(statement, 3, wall_us);
    cp_bind_text(statement, 4, kind);
    cp_bind_text(statement, 5, json);
    cp_bind_text(statement, 6, notice);
    cp_bind_blob(statement, 7, hash, sizeof(hash));
    if (!cp_sql_run(c, statement, err))
        return false;
    ledger->last_number = entry.number;
    memcpy(ledger->last_hash, hash, sizeof(hash));
    return true;
}

bool cp_entry_take(struct cp_ledger *ledger, const char *kind, json_t *data, const char *notice,
                   const struct cp_now *now, struct cp_error *err)
{
    char *json = data ? json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
    bool good = json ? cp_entry_append(ledger, kind, json, notice, now->plan_us, now->wall_us, err)
                     : cp_error_no_memory(err);

    free(json);
    json_decref(data);
    return good;
}

bool cp_ledger_entry(struct cp_ledger *ledger, const char *kind, json_t *data, const char *notice,
                     const struct cp_now *now, struct cp_error *err)
{
    return cp_ledger_begin(ledger, err) &&
           cp_ledger_finish(ledger,
                            cp_entry_take(ledger, kind, json_incref(data), notice, now, err), err);
}

/* ---- reading ---- */

static void entry_of(sqlite3_stmt *statement, struct cp_ledger_entry_row *out, char hash[HASH_HEX])
{
    unsigned char bytes[CP_DIGEST] = { 0 };

    cp_column_blob(statement, 6, bytes, sizeof(bytes));
    cp_digest_hex(bytes, sizeof(bytes), hash);
    *out = (struct cp_ledger_entry_row){ .number = cp_column_int(statement, 0),
                                         .plan_us = cp_column_int(statement, 1),
                                         .wall_us = cp_column_int(statement, 2),
                                         .kind = cp_column_text(statement, 3),
                                         .json = cp_column_text(statement, 4),
                                         .notice = cp_column_text(statement, 5),
                                         .hash = hash };
}

bool cp_ledger_entries(struct cp_ledger *ledger, int64_t after, bool notices_only,
                       cp_ledger_entry_fn *each, void *ctx, struct cp_error *err)
{
    struct cp_connection *c = cp_ledger_reading(ledger);
    sqlite3_stmt *statement = cp_sql(c, notices_only ? CP_SQL_NOTICES : CP_SQL_ENTRIES, err);
    struct cp_ledger_entry_row entry;
    char hash[HASH_HEX];
    int got = -1;

    if (!statement)
        return false;
    cp_bind_int(statement, 1, after);
    while ((got = cp_sql_next(c, statement, err)) == 1) {
        entry_of(statement, &entry, hash);
        if (!each(&entry, ctx))
            break;
    }
    sqlite3_reset(statement);
    return got >= 0;
}

struct walk {
    struct cp_ledger *ledger;
    int64_t count;
    unsigned char before[CP_DIGEST];
    bool broken;
    struct cp_error *err;
};

static bool check_link(const struct cp_ledger_entry_row *entry, void *ctx)
{
    struct walk *walk = ctx;
    char hex[HASH_HEX];

    if (!link_hash(cp_ledger_reading(walk->ledger), walk->ledger->sha256, walk->before, entry,
                   walk->before)) {
        walk->broken = true;
        return cp_error_no_memory(walk->err);
    }
    cp_digest_hex(walk->before, CP_DIGEST, hex);
    if (entry->number == walk->count + 1 && strcmp(hex, entry->hash) == 0) {
        walk->count++;
        return true;
    }
    walk->broken = true;
    return cp_error_set(walk->err, &cp_ledger_errors, CP_LEDGER_CORRUPT,
                        "entry %lld does not follow from the one before it: the ledger was changed "
                        "by something else than camp-post",
                        (long long)entry->number);
}

bool cp_ledger_verify_chain(struct cp_ledger *ledger, int64_t *out_count, struct cp_error *err)
{
    struct walk walk = { .ledger = ledger, .err = err };

    if (!cp_ledger_entries(ledger, INT64_MIN, false, check_link, &walk, err) || walk.broken)
        return false;
    *out_count = walk.count;
    return true;
}
