/* tests/engine/test_many.c - a hundred thousand deliveries due at once; the same again gives the same. */
#include "harness.h"

#include <stdio.h>

enum { MANY = 100000 };

static void add_accounts(struct world *w, uint32_t count)
{
    char name[20];

    for (uint32_t number = 1; number <= count; number++) {
        snprintf(name, sizeof(name), "a%u", (unsigned)number);
        w->account.number = w->account.server = number;
        w->account.name = name;
        w->account.guarantee = CP_GUARANTEE_NATIVE;
        account(w);
        who(w, number, CP_VERDICT_ACCEPTED);
    }
}

static void load_many(struct world *w, uint32_t accounts)
{
    for (int64_t row = 1; row <= MANY; row++) {
        struct cp_engine_delivery d = delivery(w, row);

        d.account = (uint32_t)(row % accounts) + 1;
        load(w, d);
    }
}

/* Answers every action; the queue of answers is as long as accounts are many. */
struct answers {
    struct cp_engine_event events[4096];
    size_t first, last, published, forgotten;
};

static void answer(struct answers *q, struct cp_engine_event event)
{
    q->events[q->last++ % CP_COUNT(q->events)] = event;
    assert_true(q->last - q->first < CP_COUNT(q->events));
}

static void take_actions(struct world *w, struct answers *q)
{
    for (size_t i = 0; i < w->actions.count; i++) {
        const struct cp_action *a = &w->actions.items[i];
        struct cp_engine_event event = { .row = a->row, .part = a->part, .remote_id = "r" };

        event.kind = a->kind == CP_DO_PREPARE   ? CP_EV_READY
                     : a->kind == CP_DO_COMMIT  ? CP_EV_COMMITTED
                     : a->kind == CP_DO_PUBLISH ? CP_EV_OUTCOME
                                                : CP_EV_LOOKED_UP;
        event.acted = CP_ACTED_REPLIED;
        q->published += a->kind == CP_DO_PUBLISH;
        q->forgotten += a->kind == CP_DO_FORGET;
        if (a->kind != CP_DO_FORGET)
            answer(q, event);
    }
}

static void all_of_many_are_sent_each_once(uint32_t accounts)
{
    struct world *w = world_make();
    struct answers *q = calloc(1, sizeof(*q));
    struct cp_engine_event event;

    assert_non_null(q);
    add_accounts(w, accounts);
    hold(w, 1, "all", false);
    load_many(w, accounts);
    assert_int_equal(outstanding(w).held, MANY);
    release(w, 1);
    assert_int_equal(w->actions.count, accounts);
    take_actions(w, q);
    while (q->first < q->last) {
        event = q->events[q->first++ % CP_COUNT(q->events)];
        cp_engine_step(w->engine, &event, &w->now, &w->actions);
        take_actions(w, q);
    }
    assert_int_equal(q->published, MANY);
    assert_int_equal(q->forgotten, MANY);
    free(q);
    world_free(w);
}

static void many_deliveries_of_one_account_are_sent_each_once(void **state)
{
    (void)state;
    all_of_many_are_sent_each_once(1);
}

static void many_deliveries_of_many_accounts_are_sent_each_once(void **state)
{
    (void)state;
    all_of_many_are_sent_each_once(128);
}

static void the_same_events_give_the_same_actions(void **state)
{
    struct world *a = world_with(CP_GUARANTEE_NATIVE), *b = world_with(CP_GUARANTEE_NATIVE);

    (void)state;
    for (int64_t row = 1; row <= 30; row++) {
        struct world *each[] = { a, b };

        for (int i = 0; i < 2; i++) {
            load_new(each[i], row);
            to_publish(each[i], row);
            if (row % 3)
                replied(each[i], row, 1, CP_VERDICT_REJECTED);
            else
                no_server(each[i], row);
            ok(each[i], row);
        }
        assert_string_equal(a->text, b->text);
        assert_int_equal(boot_wake(a), boot_wake(b));
        for (int i = 0; i < 2 && row % 3 == 0; i++) {
            tick(each[i], boot_wake(each[i]) - each[i]->now.boot_us);
            to_publish(each[i], row);
            replied(each[i], row, 1, CP_VERDICT_REJECTED);
            ok(each[i], row);
        }
    }
    world_free(a);
    world_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_deliveries_of_one_account_are_sent_each_once),
        cmocka_unit_test(many_deliveries_of_many_accounts_are_sent_each_once),
        cmocka_unit_test(the_same_events_give_the_same_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
