/* tests/plan/fixture.h - a small campaign in memory, the accounts it goes to, and a ledger of paper.
 *
 * fixture_setup() makes: campaign "spring" (Europe/London; en, es) with event "tribunal" and one
 * post "statement" in both languages, at 2022-02-15 13:28; accounts "uk" (en) and "mx" (es, then en).
 * A test changes what it is about and calls fixture_plan(); fixture_accept() keeps that plan as the
 * snapshot that the next one is compared with.
 */
#ifndef CP_TESTS_PLAN_FIXTURE_H
#define CP_TESTS_PLAN_FIXTURE_H

#include "cmocka_all.h"

#include "plan/plan.h"

enum { FIXTURE_MOST = 8 };

struct fixture {
    struct cp_zones *zones;
    struct cp_arena *arena;

    struct cp_campaign campaign;
    const struct cp_campaign *campaigns[FIXTURE_MOST];
    struct cp_calendar_event event;
    struct cp_post posts[FIXTURE_MOST];
    struct cp_message messages[FIXTURE_MOST]; /* messages[0] is that of posts[0] */
    struct cp_translation texts[2];           /* its text: en, es */
    struct cp_offset offsets[FIXTURE_MOST];

    struct cp_config config;
    struct cp_account accounts[FIXTURE_MOST];
    struct cp_facts facts[FIXTURE_MOST];
    struct cp_scope only;

    struct cp_snapshot snapshot;
    struct cp_plan_input input;
    struct cp_plan *plan;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Makes the plan anew; the one before is freed. */
struct cp_plan *fixture_plan(struct fixture *fixture);
/* Makes a plan that must be without faults, and the snapshot from it. */
void fixture_accept(struct fixture *fixture);
/* Every part of that delivery of the snapshot is in this state now. */
void fixture_part(struct fixture *fixture, const char *key, enum cp_part_state state);
struct cp_snapshot_delivery *fixture_row(struct fixture *fixture, const char *key);

/* A delivery of the plan; the test fails when there is none. */
struct cp_plan_delivery *fixture_find(struct fixture *fixture, const char *key);
/* How many deliveries the plan has of this change. */
size_t fixture_count(const struct fixture *fixture, enum cp_change change);
/* The first entry of this code, or NULL. */
const struct cp_diagnostic *fixture_said(const struct fixture *fixture, const char *code);
size_t fixture_said_times(const struct fixture *fixture, const char *code);
/* Fails unless there are no faults. */
void fixture_assert_fine(const struct fixture *fixture);

/* An instant from "2022-02-15T13:28:00Z". */
int64_t at(const char *rfc3339);
void local(struct cp_moment *moment, const char *text);
struct cp_offset offset(const char *span);
/* A second post like the first, with another id. */
struct cp_post *fixture_add_post(struct fixture *fixture, const char *id);
struct cp_account *fixture_add_account(struct fixture *fixture, const char *id,
                                       const char *language);

#endif
