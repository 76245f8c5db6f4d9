/* src/plan/plan.h - files, facts and a ledger snapshot to a plan: who, when, what text, what changes.
 *
 * Pure: everything it needs is handed over, nothing is read or written. A plan is data that several
 * printers show and that the ledger accepts as it is: `--dry-run` and `run` build the very same one.
 * Its cost is linear in posts x accounts and deliveries.
 *
 * Life cycle: fill a cp_plan_input, cp_plan_make(), read, cp_plan_free(). Strings of the plan belong
 * to the plan or to the campaigns and configuration it was made from, which must outlive it.
 */
#ifndef CP_PLAN_PLAN_H
#define CP_PLAN_PLAN_H

#include "base/arena.h"
#include "base/diagnostics.h"
#include "model/model.h"
#include "time/time.h"

/* One delivery as the ledger has it; the snapshot is what a plan is compared with. Borrowed strings. */
struct cp_snapshot_part {
    enum cp_part_state state;
    unsigned generation;
    bool seen;
};

struct cp_snapshot_delivery {
    int64_t row; /* the ledger's own number */
    struct cp_delivery_id id;
    const char *campaign, *post, *occurrence, *account; /* today's names */
    int64_t due_us, send_by_us;                         /* CP_NEVER: standby */
    int64_t first_seen_us; /* plan time at which this due was first accepted */
    bool wanted, released;
    const char *content_hash; /* the wish as accepted last */
    struct cp_snapshot_part *parts;
    size_t part_count;
};

/* Where a campaign was read from when it was accepted last. */
struct cp_snapshot_source {
    const char *source, *campaign;
};

struct cp_snapshot {
    struct cp_snapshot_delivery *deliveries;
    size_t count;
    struct cp_snapshot_source *sources;
    size_t source_count;
    struct cp_arena *arena; /* owns all of it */
};
void cp_snapshot_release(struct cp_snapshot *snapshot);

struct cp_plan_input {
    const struct cp_config *config;
    const struct cp_campaign *const *campaigns;
    size_t campaign_count;
    const struct cp_facts *facts;       /* one per account of the configuration, in its order */
    const struct cp_snapshot *snapshot; /* NULL: no ledger yet */
    struct cp_zones *zones;
    int64_t now_us;              /* plan time */
    const struct cp_scope *only; /* NULL, or what is claimed: the rest is left out of the plan */
    bool
        everything; /* the campaigns are all that the configuration names: what is missing becomes unwanted */
};

enum cp_change {
    CP_CHANGE_NONE,
    CP_CHANGE_ADD,
    CP_CHANGE_EDIT,     /* printed as "change": content or time of what is not sent */
    CP_CHANGE_CANCEL,   /* no longer in the files: wanted becomes 0 */
    CP_CHANGE_LATE,     /* due was already past when first accepted: waits for a release */
    CP_CHANGE_TOO_LATE, /* an edit of what is already out: nothing happens, a warning says so */
};
const char *
cp_change_name(enum cp_change change); /* "none", "add", "change", "cancel", "late", "none" */

struct cp_plan_part {
    const struct cp_content_part *content; /* of the delivery's content */
    struct cp_entity *entities;            /* of the text */
    size_t entity_count;
    uint64_t length, limit; /* by the limit that is used up most; limit 0: none known */
    enum cp_text_unit unit;
    bool assumed; /* the limit is the adapter's guess: its server was not asked yet */
    char wire_key[CP_WIRE_KEY + 1];
    unsigned generation;
};

struct cp_plan_delivery {
    const struct cp_campaign *campaign; /* NULL for one that is only in the ledger (cancel) */
    const struct cp_post *post;         /* likewise */
    const struct cp_account *account;   /* NULL: an account that has left the configuration */
    size_t account_index;               /* in the configuration; its count when account is NULL */
    size_t order;                       /* of the post, among all that were read */
    const char *campaign_id, *post_id, *occurrence, *account_id;
    struct cp_delivery_id id;
    int64_t due_us, send_by_us; /* absolute, UTC; CP_NEVER: standby */
    int64_t span_us;            /* send_by minus due, kept for a release */
    bool standby, late;
    struct cp_content content;
    const char *content_json;
    char content_hash[CP_HASH_HEX + 1];
    struct cp_plan_part *parts;
    size_t part_count; /* 0, like the content, for a cancelled one: nothing of it goes out */
    enum cp_change change;
    const struct cp_snapshot_delivery *known; /* the ledger's, or NULL */
    const char *renamed_from;                 /* text for the plan: what `was` says, or NULL */
    struct cp_place at;                       /* of the post */
};

struct cp_plan {
    struct cp_plan_delivery *
        deliveries; /* by due, then post and account as in the files; standby last, cancelled at the end */
    size_t count;
    struct cp_diagnostics diagnostics; /* faults make the plan unacceptable */
    const struct cp_plan_input *input; /* borrowed */
    struct cp_arena *arena;
};

/* Never NULL but for lack of memory; what is wrong with the files is in plan->diagnostics. */
struct cp_plan *cp_plan_make(const struct cp_plan_input *input, struct cp_error *err);
void cp_plan_free(struct cp_plan *plan);

/* The text "campaign/post/occurrence/account" into `out`, cut to size. */
void cp_plan_key(const struct cp_plan_delivery *delivery, char *out, size_t size);

#endif
