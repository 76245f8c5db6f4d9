/* src/ledger/ledger.h - what is true: the durable record of every delivery. All SQL lives in this module.
 *
 * SQLite, WAL, synchronous=FULL. One writer: the service, or a command that holds the lock. Readers
 * open read-only and see whole transactions. The writer's handle may be used by one thread at a time
 * (the loop, or the pool job that applies a batch); it holds two connections, one for apply() and one for
 * reading, so that the loop may read while a batch is being written.
 * A callback may call any function that reads but the one that is calling it; what it is told is valid
 * until it returns.
 *
 * Every change of a part is one compare-and-set with its reason and one `entry` row, chained by
 * hash to the entry before it: evidence that can be verified afterwards (cp_ledger_verify_chain()).
 * Instants are microseconds UTC. `plan` times are the campaign's clock, `wall` times the machine's.
 */
#ifndef CP_LEDGER_LEDGER_H
#define CP_LEDGER_LEDGER_H

#include <jansson.h>

#include "base/error.h"
#include "engine/engine.h"
#include "model/model.h"
#include "plan/plan.h"

struct cp_ledger;

extern const struct cp_error_domain cp_ledger_errors;
enum cp_ledger_code {
    CP_LEDGER_MISSING = 1, /* no file there: a reader may go on without */
    CP_LEDGER_NEWER,       /* written by a newer camp-post */
    CP_LEDGER_FOREIGN,     /* a database, but not a ledger */
    CP_LEDGER_CORRUPT,
    CP_LEDGER_READ_ONLY,
    CP_LEDGER_FULL, /* no room on the disk */
    CP_LEDGER_BUSY,
    CP_LEDGER_IO,
    CP_LEDGER_LOCKED,  /* another service runs on it */
    CP_LEDGER_REFUSED, /* a rule of the ledger forbids it (message says which) */
};

enum cp_ledger_mode {
    CP_LEDGER_READ, /* works beside a running service and on a read-only file system; writes nothing */
    CP_LEDGER_WRITE, /* made when missing; checked for integrity; takes no lock by itself */
};

/* path: of ledger.db. The folder must exist for WRITE. */
struct cp_ledger *cp_ledger_open(const char *path, enum cp_ledger_mode mode, struct cp_error *err);
void cp_ledger_close(struct cp_ledger *ledger);

/* The lock file beside the ledger (flock): held by the one service or deciding command. Returns the
 * descriptor to close(), or -1: CP_LEDGER_LOCKED names the holder's pid if it is known. */
int cp_ledger_lock(const char *state_directory, struct cp_error *err);

/* ---- meta ---------------------------------------------------------------------------------- */

/* Value of a key into a malloc'ed string; *out NULL when there is none. Keys in use: "machine",
 * "place" (device:inode of the file), "fast_forward" (plan time in µs: made under --clock),
 * "notified" (entry number up to which notices were delivered), "plan_offset". */
bool cp_ledger_meta(struct cp_ledger *ledger, const char *key, char **out, struct cp_error *err);
bool cp_ledger_set_meta(struct cp_ledger *ledger, const char *key, const char *value,
                        struct cp_error *err);
/* The file's identity now, for the copied-ledger guard: "device:inode". */
bool cp_ledger_place(struct cp_ledger *ledger, char out[64], struct cp_error *err);
/* The newest wall time of any entry, 0 when there is none. */
bool cp_ledger_newest(struct cp_ledger *ledger, int64_t *out_us, struct cp_error *err);
/* Bytes free where the ledger is; sending pauses when they are few. */
bool cp_ledger_room(struct cp_ledger *ledger, uint64_t *out_bytes, struct cp_error *err);

/* ---- accounts ------------------------------------------------------------------------------ */

struct cp_ledger_account {
    uint32_t number;
    const char *name, *adapter, *server, *remote_id, *facts; /* may be NULL but for name, adapter */
    int64_t read_us;                                         /* wall time of the facts; 0: never */
    bool configured; /* is in the configuration as last accepted */
};
typedef bool cp_ledger_account_fn(const struct cp_ledger_account *account, void *ctx);

/* Makes or updates the row of a configured account (adapter, server; `was` renames it), and gives its
 * number. Refuses a change of the bound server, and a `was` whose old id still has a row in use. */
bool cp_ledger_account(struct cp_ledger *ledger, const struct cp_account *account,
                       uint32_t *out_number, struct cp_error *err);
bool cp_ledger_accounts(struct cp_ledger *ledger, cp_ledger_account_fn *each, void *ctx,
                        struct cp_error *err);
/* Writes who we are there and what the server can do, with an entry when either is new. Refuses
 * (CP_LEDGER_REFUSED) a remote id that another account of the same server has. */
bool cp_ledger_bind(struct cp_ledger *ledger, uint32_t number, const char *remote_id,
                    const char *facts, int64_t wall_us, struct cp_error *err);
/* Plan times of the account's publishings since `since_us`, ascending; free() the array. */
bool cp_ledger_recent(struct cp_ledger *ledger, uint32_t number, int64_t since_us,
                      int64_t **out_times, size_t *out_count, struct cp_error *err);

/* How many of the account's parts are bound to a remote id. */
bool cp_ledger_bound_count(struct cp_ledger *ledger, uint32_t number, size_t *out,
                           struct cp_error *err);

/* ---- accepting a plan ---------------------------------------------------------------------- */

bool cp_ledger_snapshot(struct cp_ledger *ledger, struct cp_snapshot *out, struct cp_error *err);

/* Each delivery counts once: what became late is under late alone, added or changed. */
struct cp_accepted {
    size_t added, changed, cancelled, late, unchanged;
};
typedef void cp_ledger_touched_fn(int64_t row, void *ctx);
/* Writes a plan without faults in one transaction: renames (was), new deliveries with their parts and
 * contents, edits of what is still planned (content, due, send_by; also rejected: content, and back
 * to planned; expired whose due moved ahead: back to planned), wanted 0 or 1, where each campaign came
 * from. Raises the revision of every delivery that was there and is touched, and names it to `touched` (may be NULL).
 * Copying media is done before, by the caller. by: who accepted. */
bool cp_ledger_accept(struct cp_ledger *ledger, const struct cp_plan *plan, const char *by,
                      const struct cp_now *now, struct cp_accepted *out,
                      cp_ledger_touched_fn *touched, void *ctx, struct cp_error *err);

/* ---- what is to be done -------------------------------------------------------------------- */

typedef bool cp_ledger_delivery_fn(const struct cp_engine_delivery *delivery, void *ctx);

/* Wanted deliveries with a part still planned whose due is in (after_us, until_us], by due; standby
 * and late ones are not among them. */
bool cp_ledger_due(struct cp_ledger *ledger, int64_t after_us, int64_t until_us,
                   cp_ledger_delivery_fn *each, void *ctx, struct cp_error *err);
/* Deliveries with a part that is in_flight, verify, or published and not seen. */
bool cp_ledger_open_ones(struct cp_ledger *ledger, cp_ledger_delivery_fn *each, void *ctx,
                         struct cp_error *err);
/* One delivery; false without an error set when the row is unknown. */
bool cp_ledger_load(struct cp_ledger *ledger, int64_t row, cp_ledger_delivery_fn *each, void *ctx,
                    struct cp_error *err);
/* The next due moment after `after_us` of a wanted, planned, not late delivery; CP_NEVER: none. */
bool cp_ledger_next_due(struct cp_ledger *ledger, int64_t after_us, int64_t *out_us,
                        struct cp_error *err);

/* What an adapter's turn needs; strings live until cp_work_release(). */
struct cp_work {
    struct cp_delivery_id id;
    const char *campaign, *post, *occurrence, *account;
    uint32_t account_number;
    int64_t due_us, attempt_us;
    unsigned part_total, generation;
    struct cp_content
        content; /* of the delivery: the frozen part in its place where there is one */
    struct cp_content_part *tried; /* every content that this part was tried with, newest first */
    size_t tried_count;
    const char *checkpoint;                      /* "{}" at first */
    const char *frozen;                          /* publishing request, or NULL */
    const char *remote_id, *parent_id, *root_id; /* or NULL */
    const char **
        taken; /* remote ids of this account bound to other parts, newest first: a few hundred at most after doubt, else one at most */
    size_t taken_count;
    struct cp_arena *arena;
};
bool cp_ledger_work(struct cp_ledger *ledger, int64_t row, unsigned part, struct cp_work *out,
                    struct cp_error *err);
void cp_work_release(struct cp_work *work);

/* ---- changing ------------------------------------------------------------------------------ */

/* Applies a batch in one transaction (BEGIN IMMEDIATE … COMMIT with fsync): each change by its
 * compare-and-set, with attempt and entry rows; results[i] says how each went. False: nothing of the
 * batch is there and nothing may be sent any more. Into in_flight: freezes part content (from the delivery's) and
 * request, begins an attempt. Out of in_flight: ends it. */
bool cp_ledger_apply(struct cp_ledger *ledger, const struct cp_part_change *changes, size_t count,
                     enum cp_commit_result *results, struct cp_error *err);

/* Release of a standby or late delivery: due = now, send_by = now + its span, released; raises the revision. */
bool cp_ledger_release_delivery(struct cp_ledger *ledger, int64_t row, const char *by,
                                const char *reason, const struct cp_now *now, struct cp_error *err);
/* A new send_by for a retry; raises the revision. */
bool cp_ledger_set_send_by(struct cp_ledger *ledger, int64_t row, int64_t send_by_us,
                           const char *by, const struct cp_now *now, struct cp_error *err);

struct cp_ledger_hold {
    int64_t row;
    struct cp_scope scope;
    const char *reason, *by;
    int64_t since_us, until_us; /* wall; until 0: still stands */
    bool own;                   /* placed by the program itself */
};
typedef bool cp_ledger_hold_fn(const struct cp_ledger_hold *hold, void *ctx);
bool cp_ledger_add_hold(struct cp_ledger *ledger, const struct cp_scope *scope, const char *reason,
                        const char *by, bool own, const char *notice, const struct cp_now *now,
                        int64_t *out_row, struct cp_error *err);
bool cp_ledger_end_hold(struct cp_ledger *ledger, int64_t row, const char *reason, const char *by,
                        const struct cp_now *now, struct cp_error *err);
/* Those that stand. */
bool cp_ledger_holds(struct cp_ledger *ledger, cp_ledger_hold_fn *each, void *ctx,
                     struct cp_error *err);

/* ---- entries and notices ------------------------------------------------------------------- */

/* kind: a word ("accept", "part", "hold", "account", "service", "notice"); data is borrowed. notice may be NULL. */
bool cp_ledger_entry(struct cp_ledger *ledger, const char *kind, json_t *data, const char *notice,
                     const struct cp_now *now, struct cp_error *err);

struct cp_ledger_entry_row {
    int64_t number, plan_us, wall_us;
    const char *kind, *json, *notice, *hash; /* notice NULL: none */
};
typedef bool cp_ledger_entry_fn(const struct cp_ledger_entry_row *entry, void *ctx);
/* Entries after `after`, in order; notices_only leaves out the rest. `each` false: stop. */
bool cp_ledger_entries(struct cp_ledger *ledger, int64_t after, bool notices_only,
                       cp_ledger_entry_fn *each, void *ctx, struct cp_error *err);
/* Recomputes the chain; false names the first entry that does not fit. */
bool cp_ledger_verify_chain(struct cp_ledger *ledger, int64_t *out_count, struct cp_error *err);

/* ---- for status and show ------------------------------------------------------------------- */

struct cp_ledger_row_part {
    unsigned number, generation, absences;
    enum cp_part_state state;
    int64_t not_before_us, seen_us, published_us; /* wall; 0: none */
    const char *reason, *remote_id, *url;
    bool checkpoint; /* a prepare step has been done */
};
struct cp_ledger_row {
    int64_t row, due_us, send_by_us, first_seen_us, revision;
    const char *id_hex, *campaign, *post, *occurrence, *account;
    bool wanted, standby, late, released;
    const struct cp_ledger_row_part *parts;
    size_t part_count;
    const char *content; /* JSON; NULL unless asked for */
};
typedef bool cp_ledger_row_fn(const struct cp_ledger_row *row, void *ctx);
/* Every delivery by due, standby last. `each` false: stop. */
bool cp_ledger_rows(struct cp_ledger *ledger, bool with_content, cp_ledger_row_fn *each, void *ctx,
                    struct cp_error *err);
/* The attempts of one delivery as a JSON array (part, generation, began, ended, outcome, evidence); NULL on error. */
json_t *cp_ledger_attempts(struct cp_ledger *ledger, int64_t row, struct cp_error *err);

#endif
