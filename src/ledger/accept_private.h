/* src/ledger/accept_private.h - shared by accept.c (the plan as a whole) and accept_known.c (one delivery
 * that the ledger has already). */
#ifndef CP_LEDGER_ACCEPT_PRIVATE_H
#define CP_LEDGER_ACCEPT_PRIVATE_H

#include "base/buffer.h"
#include "ledger/ledger_private.h"

/* Deliveries for a notice: how many, and the names of the first few. */
struct cp_mention {
    size_t count;
    struct cp_buffer names;
};

struct cp_acceptance {
    struct cp_ledger *ledger;
    struct cp_connection *c;
    const struct cp_plan *plan;
    const char *by;
    const struct cp_now *now;
    int64_t first_seen_us; /* plan time at which the plan was made: what it called late is late */
    uint32_t *accounts;    /* numbers, by the configuration's index; 0: not asked yet */
    struct cp_accepted counts;
    struct cp_mention late, cancelled;
    int64_t *touched;
    size_t touched_count, touched_capacity;
    size_t sources; /* that are new or carry another campaign */
    struct cp_arena *arena;
    struct cp_error *err;
};

/* A delivery's row, as it is or as it shall be. */
struct cp_record {
    int64_t row, account, content;
    int64_t due_us, send_by_us, span_us, filed_due_us, filed_send_by_us, first_seen_us;
    bool standby, wanted, released;
    unsigned parts;
    unsigned char hash[CP_DIGEST]; /* of the content */
    bool renamed;                  /* campaign, post or occurrence have other names in the plan */
};

/* The row of a planned delivery: by number where the plan knows it, else by id. 1, 0: none, -1: error */
int cp_record_find(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                   struct cp_record *out);
/* The moment from which only time decides; false when something else stands in the way. */
bool cp_record_goes(const struct cp_record *record, int64_t *out_us);
bool cp_record_late(const struct cp_record *record);
/* Binds ?3 … ?17 of CP_SQL_DELIVERY_ADD and CP_SQL_DELIVERY_SET. */
void cp_record_bind(sqlite3_stmt *q, const struct cp_record *record,
                    const struct cp_plan_delivery *d);

bool cp_accept_known(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                     const struct cp_record *known);
bool cp_accept_part(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                    const struct cp_record *record, size_t index);
/* Number and hash of the plan's content into the record. */
bool cp_accept_content(struct cp_acceptance *a, const struct cp_plan_delivery *d,
                       struct cp_record *record);
bool cp_accept_text_hash(struct cp_acceptance *a, const char *text, int64_t *out);
bool cp_accept_touch(struct cp_acceptance *a, int64_t row);
void cp_accept_mention(struct cp_mention *mention, const struct cp_plan_delivery *d);

#endif
