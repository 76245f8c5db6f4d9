/* tests/engine/harness.h - plays the service: tells the engine events and writes its actions as words.
 *
 * After each event says() compares what the engine answered, e.g. "prepare 1; commit 1 planned>expired !":
 * a part is written as row or row#part, "!" is a notice, "+1" a raised generation.
 */
#ifndef CP_TESTS_ENGINE_HARNESS_H
#define CP_TESTS_ENGINE_HARNESS_H

#include "cmocka_all.h"

#include "engine/engine.h"

#define SECONDS(n) ((n)*CP_SECOND)
#define START      (INT64_C(1800000000) * CP_SECOND)

struct world {
    struct cp_engine *engine;
    struct cp_now now;
    struct cp_actions actions; /* of the last event */
    char text[4000];           /* the same, as words */
    struct cp_engine_account account;
    const char *who; /* what the server says we are */
};

struct world *world_make(void);                        /* nothing in it */
struct world *world_with(enum cp_guarantee guarantee); /* account 1, confirmed */
void world_free(struct world *w);
void world_create_engine(struct world *w, int64_t newest_us);

/* The one way in; everything below uses it. */
void tell(struct world *w, struct cp_engine_event event);
void tick(struct world *w, int64_t span_us); /* time passes, then TICK */
void pass(struct world *w, int64_t span_us); /* time passes, nobody looks */

void account(struct world *w); /* w->account is told, not yet confirmed */
void who(struct world *w, uint32_t number, enum cp_verdict_kind verdict);
struct cp_engine_part planned(void);
/* One part, planned, due now, send_by in an hour. */
struct cp_engine_delivery delivery(const struct world *w, int64_t row);
void load(struct world *w, struct cp_engine_delivery delivery);
void load_new(struct world *w, int64_t row);
void load_in(struct world *w, int64_t row, enum cp_part_state state, int64_t age_us);

void hold(struct world *w, int64_t row, const char *scope, bool own);
void release(struct world *w, int64_t row);
void ready(struct world *w, int64_t row, unsigned part);
void not_ready(struct world *w, int64_t row, enum cp_verdict_kind verdict);
void committed(struct world *w, int64_t row, unsigned part, enum cp_commit_result result);
void ok(struct world *w, int64_t row); /* part 1's change is applied */
void replied(struct world *w, int64_t row, unsigned part, enum cp_verdict_kind verdict);
void unclear(struct world *w, int64_t row);   /* the gate said yes, no answer came */
void no_server(struct world *w, int64_t row); /* no connection */
void stopped(struct world *w, int64_t row, enum cp_wait wait); /* by the gate */
void looked(struct world *w, int64_t row, enum cp_verdict_kind verdict);
void decide(struct world *w, struct cp_engine_delivery from, enum cp_decision decision);
/* From PREPARE, which must have been said, to PUBLISH; and on to published and seen. */
void to_publish(struct world *w, int64_t row);
void to_verify(struct world *w, int64_t row);
void to_seen(struct world *w, int64_t row);

enum cp_wait gate(const struct world *w, int64_t row);
enum cp_wait why(const struct world *w, int64_t row);
const struct cp_action *action(const struct world *w, enum cp_action_kind kind);
int64_t boot_wake(const struct world *w);
int64_t plan_wake(const struct world *w);
struct cp_engine_load outstanding(const struct world *w);

void says_at(const struct world *w, const char *expected, const char *file, int line);
#define says(w, expected) says_at(w, expected, __FILE__, __LINE__)

#endif
