/* tests/engine/test_memory.c - memory runs out at each allocation in turn, and for good.
 *
 * Nothing may crash or leak, and the gate says no to everything afterwards.
 */
#include "harness.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long left = -1; /* allocations until memory is gone; -1: never */

static bool gone(void)
{
    if (left > 0)
        left--;
    return left == 0;
}

void *__wrap_malloc(size_t size)
{
    return gone() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return gone() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return gone() ? NULL : __real_realloc(old, size);
}

static void step(struct world *w, enum cp_engine_event_kind kind, int64_t row)
{
    struct cp_engine_event event = { .kind = kind,
                                     .row = row,
                                     .part = 1,
                                     .acted = row % 2 ? CP_ACTED_REPLIED : CP_ACTED_UNKNOWN,
                                     .remote_id = "remote",
                                     .number = 1,
                                     .limits = { .posts = 9, .per_us = CP_HOUR } };

    cp_engine_step(w->engine, &event, &w->now, &w->actions);
}

static void a_day_in_short(struct world *w)
{
    static const enum cp_engine_event_kind way[] = { CP_EV_READY,     CP_EV_COMMITTED,
                                                     CP_EV_OUTCOME,   CP_EV_COMMITTED,
                                                     CP_EV_LOOKED_UP, CP_EV_COMMITTED };
    struct cp_scope all = { .kind = CP_SCOPE_ALL };
    struct cp_engine_event held = { .kind = CP_EV_HOLD, .row = 1, .scope = &all };

    cp_engine_step(w->engine,
                   &(struct cp_engine_event){ .kind = CP_EV_ACCOUNT, .account = &w->account },
                   &w->now, &w->actions);
    step(w, CP_EV_WHO, 0);
    for (int64_t row = 1; row <= 40; row++) {
        struct cp_engine_part part = { .state = CP_PLANNED, .text_hash = (uint64_t)row };
        struct cp_engine_delivery d = delivery(w, row);

        d.account = row % 10 ? 1 : 2;
        d.parts = &part;
        d.part_count = 1;
        cp_engine_step(w->engine, &(struct cp_engine_event){ .kind = CP_EV_LOAD, .delivery = &d },
                       &w->now, &w->actions);
    }
    for (int64_t row = 1; row <= 8; row++) {
        for (size_t i = 0; i < CP_COUNT(way); i++)
            step(w, way[i], row);
    }
    cp_engine_step(w->engine, &held, &w->now, &w->actions);
    step(w, CP_EV_RELEASE, 1);
    pass(w, 2 * CP_HOUR);
    step(w, CP_EV_TICK, 0);
}

static void running_out_of_memory_stops_and_never_crashes(void **state)
{
    long rounds = 0;

    (void)state;
    for (bool fired = true; fired; rounds++) {
        struct world *w = world_make();

        left = rounds + 1;
        a_day_in_short(w);
        fired = left == 0;
        if (fired) {
            step(w, CP_EV_READY, 9);
            for (int64_t row = 1; row <= 40; row++)
                assert_int_not_equal(gate(w, row), CP_WAIT_NOTHING);
        }
        left = -1;
        world_free(w);
    }
    assert_true(rounds > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_out_of_memory_stops_and_never_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
