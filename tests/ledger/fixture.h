/* tests/ledger/fixture.h - a ledger in a folder of its own, and plans made by hand. */
#ifndef CP_TESTS_LEDGER_FIXTURE_H
#define CP_TESTS_LEDGER_FIXTURE_H

#include "cmocka_all.h"

#include <sqlite3.h>

#include "ledger/ledger.h"

/* 2022-02-15T13:28:00Z; tests count from it. */
#define T0 (INT64_C(1644931680) * CP_SECOND)

struct fixture {
    char folder[64], path[80];
    struct cp_ledger *ledger;
    struct cp_arena *arena; /* of the plans */
    struct cp_error err;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
void fixture_reopen(struct fixture *f);
/* Fails the test with the error's text when `good` is false. */
void assert_good(struct fixture *f, bool good);
/* The last call was to fail so; the error is cleared. `part`: of the message. */
void assert_failed(struct fixture *f, bool good, enum cp_ledger_code code, const char *part);

/* One number out of the file, by a connection of the test's own. */
int64_t fixture_number(struct fixture *f, const char *sql);
/* One text likewise, in a static buffer; "" for NULL or no row. */
const char *fixture_text(struct fixture *f, const char *sql);
/* Runs SQL behind the ledger's back. */
void fixture_sql(struct fixture *f, const char *sql);

struct cp_now at(int64_t us);

/* ---- plans ---- */

struct plan_item {
    const char *post, *account; /* campaign "c", occurrence "-" */
    int64_t due_us;
    const char *texts[4]; /* of the parts, NULL ends */
    enum cp_change change;
    bool standby;
};

/* A plan of these deliveries, made at now_us. `known` is found in the ledger by its names. Belongs to
 * the fixture. send_by is an hour after due. */
struct cp_plan *plan_of(struct fixture *f, int64_t now_us, const struct plan_item *items,
                        size_t count);
void accept_plan(struct fixture *f, const struct cp_plan *plan, int64_t now_us,
                 struct cp_accepted *out);
/* Plan and accept in one. */
struct cp_accepted accept_items(struct fixture *f, int64_t now_us, const struct plan_item *items,
                                size_t count);

/* ---- changes ---- */

/* A change of part 1 of delivery 1, generation 1, revision 1, to be filled in further. */
struct cp_part_change step(enum cp_part_state from, enum cp_part_event event);
enum cp_commit_result apply_one(struct fixture *f, const struct cp_part_change *change);
/* planned > in_flight > published under this remote id. */
void publish(struct fixture *f, int64_t row, unsigned part, const char *remote_id, int64_t us);

/* Counts what a walk tells, and keeps the rows of the first ones. */
struct heard {
    size_t count;
    int64_t rows[16];
    struct cp_engine_delivery last; /* its pointers are gone */
    char post[32];
    struct cp_engine_part parts[8];
    size_t stop_after; /* 0: never */
};
bool hear(const struct cp_engine_delivery *delivery, void *ctx);

#endif
