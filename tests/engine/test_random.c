/* tests/engine/test_random.c - the promise, under random faults, crashes and orders of events.
 *
 * A model ledger (compare-and-set, survives crashes) and a model server (acts or not, answers or
 * not, late) live in one queue of things to come. Whatever happens: at most one remote post for a
 * part; no byte while held, past send_by, before the parent, or without a durable in_flight; and in
 * the end nothing is left open.
 */
#include "harness.h"

#include <stdio.h>

enum { DELIVERIES = 10, ACCOUNTS = 2, PARTS = 2, THINGS = 400, SEEDS = 1000 };

struct model_part {
    struct cp_engine_part ledger;
    bool remote_known; /* the ledger has a remote id */
    int posts;         /* at the server */
    int64_t visible_us;
    unsigned key; /* generation of the post */
};

struct model_delivery {
    int64_t due_us, send_by_us, revision;
    unsigned parts;
    struct model_part part[PARTS];
};

enum thing_kind { READIES, COMMITS, GATES, REPLIES, READS, ACTS, ANSWERS_WHO };

struct thing {
    enum thing_kind kind;
    int64_t at_us;
    struct cp_part_change change;
    struct cp_engine_event event;
    unsigned key;
};

struct sim {
    struct world *w;
    struct model_delivery deliveries[DELIVERIES + 1];
    struct thing things[THINGS];
    size_t count;
    bool busy[ACCOUNTS + 1], held, calm; /* calm: no more faults */
    enum cp_guarantee guarantee;
    uint64_t random;
    unsigned crashes, sent;
    int64_t hold_row;
};

static uint64_t chance(struct sim *s, uint64_t below)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (s->random >> 11) % below;
}

static bool happens(struct sim *s, unsigned percent)
{
    return !s->calm && chance(s, 100) < percent;
}

static struct model_part *part_of(struct sim *s, int64_t row, unsigned part)
{
    return &s->deliveries[row].part[part - 1];
}

static uint32_t account_of(int64_t row)
{
    return (uint32_t)(row % ACCOUNTS) + 1;
}

static struct thing *expect_thing(struct sim *s, enum thing_kind kind, int64_t row, unsigned part,
                                  int64_t delay_us)
{
    struct thing *t = &s->things[s->count++];

    assert_true(s->count < THINGS);
    *t = (struct thing){ .kind = kind,
                         .at_us = s->w->now.boot_us + delay_us,
                         .event = { .row = row, .part = part } };
    return t;
}

/* ---- the actions --------------------------------------------------------------------------- */

static void say(struct sim *s, struct cp_engine_event event);

static void end_preparing(struct sim *s, int64_t row, unsigned part)
{
    struct thing *t = NULL;

    for (size_t i = 0; i < s->count; i++) {
        if (s->things[i].kind == READIES && s->things[i].event.row == row)
            t = &s->things[i];
    }
    if (!t)
        t = expect_thing(s, READIES, row, part, 1);
    t->event.kind = CP_EV_NOT_READY;
    t->event.connected = true;
    t->event.verdict = CP_VERDICT_RETRY;
}

static void begin_preparing(struct sim *s, int64_t row, unsigned part)
{
    struct thing *t = expect_thing(s, READIES, row, part, (int64_t)chance(s, SECONDS(3)));

    assert_false(s->busy[account_of(row)]);
    assert_int_equal(part_of(s, row, part)->ledger.state, CP_PLANNED);
    s->busy[account_of(row)] = true;
    t->event.kind = happens(s, 10) ? CP_EV_NOT_READY : CP_EV_READY;
    t->event.connected = happens(s, 50);
    t->event.verdict = CP_VERDICT_RETRY;
}

static void obey(struct sim *s, const struct cp_action *a)
{
    struct thing *t;

    switch (a->kind) {
    case CP_DO_COMMIT:
        t = expect_thing(s, COMMITS, a->row, a->part, (int64_t)chance(s, CP_SECOND / 20));
        t->change = a->change;
        break;
    case CP_DO_PREPARE:
        begin_preparing(s, a->row, a->part);
        break;
    case CP_DO_PUBLISH:
        assert_int_equal(part_of(s, a->row, a->part)->ledger.state, CP_IN_FLIGHT);
        expect_thing(s, GATES, a->row, a->part, (int64_t)chance(s, SECONDS(5)));
        break;
    case CP_DO_LOOK_UP:
        expect_thing(s, READS, a->row, a->part, (int64_t)chance(s, SECONDS(2)));
        break;
    case CP_DO_ABORT:
        end_preparing(s, a->row, a->part);
        break;
    case CP_DO_WHO_AM_I:
        expect_thing(s, ANSWERS_WHO, a->number, 0, (int64_t)chance(s, SECONDS(2)));
        break;
    default:
        break;
    }
}

static void say(struct sim *s, struct cp_engine_event event)
{
    struct cp_actions actions;

    cp_engine_step(s->w->engine, &event, &s->w->now, &actions);
    for (size_t i = 0; i < actions.count; i++)
        obey(s, &actions.items[i]);
}

static void load_row(struct sim *s, int64_t row)
{
    const struct model_delivery *m = &s->deliveries[row];
    struct cp_engine_delivery d = delivery(s->w, row);
    struct cp_engine_part parts[PARTS];

    for (unsigned i = 0; i < m->parts; i++)
        parts[i] = m->part[i].ledger;
    d.account = account_of(row);
    d.due_us = m->due_us;
    d.send_by_us = m->send_by_us;
    d.revision = m->revision;
    d.parts = parts;
    d.part_count = m->parts;
    say(s, (struct cp_engine_event){ .kind = CP_EV_LOAD, .delivery = &d });
}

/* ---- things that come ---------------------------------------------------------------------- */

static bool apply(struct sim *s, const struct cp_part_change *c)
{
    struct model_part *p = part_of(s, c->row, c->part);
    struct cp_engine_part *l = &p->ledger;

    if (l->state != c->from || l->generation != c->generation)
        return false;
    if (c->to == CP_IN_FLIGHT && s->deliveries[c->row].revision != c->revision)
        return false;
    if (c->from != c->to)
        assert_int_equal(cp_part_next(c->from, c->event), c->to);
    assert_true(c->new_generation == c->generation ||
                (c->from == CP_VERIFY && s->guarantee == CP_GUARANTEE_LOOKUP));
    if (c->from == CP_IN_FLIGHT)
        s->busy[account_of(c->row)] = false;
    if (c->to == CP_PUBLISHED && c->from != c->to) {
        assert_int_equal(p->posts, 1); /* a lie of ours otherwise */
        p->remote_known = true;
    }
    if (c->to == CP_IN_FLIGHT)
        l->attempt_us = s->w->now.wall_us;
    l->state = c->to;
    l->generation = c->new_generation;
    l->absences = c->absences;
    l->not_before_us = c->not_before_us;
    l->seen |= c->seen;
    return true;
}

static void crash(struct sim *s);

static void do_commit(struct sim *s, const struct thing *t)
{
    bool applied = apply(s, &t->change);

    if (happens(s, 2)) {
        crash(s); /* durable, and nobody was told */
        return;
    }
    if (!applied && t->change.to == CP_IN_FLIGHT)
        s->busy[account_of(t->change.row)] = false;
    say(s, (struct cp_engine_event){ .kind = CP_EV_COMMITTED,
                                     .row = t->change.row,
                                     .part = t->change.part,
                                     .result = applied ? CP_COMMIT_APPLIED : CP_COMMIT_STALE });
    if (!applied)
        load_row(s, t->change.row);
}

/* The request is on the wire: what the promise is about. */
static void check_first_byte(struct sim *s, int64_t row, unsigned part)
{
    const struct model_delivery *m = &s->deliveries[row];

    assert_false(s->held);
    assert_true(part > 1 || s->w->now.plan_us < m->send_by_us);
    assert_true(s->w->now.plan_us >= m->due_us);
    assert_int_equal(m->part[part - 1].ledger.state, CP_IN_FLIGHT);
    assert_true(part == 1 || m->part[part - 2].ledger.state == CP_PUBLISHED);
}

/* A server does not refuse for good what it has accepted or is about to. */
static bool may_have_acted(struct sim *s, int64_t row, unsigned part)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->things[i].kind == ACTS && s->things[i].event.row == row &&
            s->things[i].event.part == part)
            return true;
    }
    return part_of(s, row, part)->posts > 0;
}

static void on_the_wire(struct sim *s, int64_t row, unsigned part)
{
    int64_t takes = (int64_t)chance(s, SECONDS(20));
    bool acts = !happens(s, 25), answered = !happens(s, 30);
    struct thing *t;

    check_first_byte(s, row, part);
    s->sent++;
    if (acts) {
        t = expect_thing(s, ACTS, row, part, takes);
        t->key = part_of(s, row, part)->ledger.generation;
    }
    t = expect_thing(s, REPLIES, row, part, takes + 1);
    t->event.kind = CP_EV_OUTCOME;
    t->event.connected = answered;
    t->event.acted = answered ? CP_ACTED_REPLIED : CP_ACTED_UNKNOWN;
    t->event.remote_id = "id";
    t->event.verdict = CP_VERDICT_ACCEPTED;
    if (!acts)
        t->event.verdict =
            chance(s, 8) || may_have_acted(s, row, part) ? CP_VERDICT_RETRY : CP_VERDICT_REJECTED;
}

static void do_gate(struct sim *s, struct thing *t)
{
    int64_t row = t->event.row;
    unsigned part = t->event.part;
    bool connects = !happens(s, 10);
    enum cp_wait wait =
        connects ? cp_engine_gate(s->w->engine, row, part, &s->w->now) : CP_WAIT_NOTHING;

    if (connects && wait == CP_WAIT_NOTHING) {
        on_the_wire(s, row, part);
        return;
    }
    t->event.kind = CP_EV_OUTCOME;
    t->event.acted = CP_ACTED_NO;
    t->event.stopped = wait;
    t->event.connected = connects;
    say(s, t->event);
}

/* native and window know a key again; lookup makes another post of it. */
static void do_act(struct sim *s, const struct thing *t)
{
    struct model_part *p = part_of(s, t->event.row, t->event.part);

    if (p->posts && s->guarantee != CP_GUARANTEE_LOOKUP && p->key == t->key)
        return;
    p->posts++;
    p->key = t->key;
    p->visible_us = s->w->now.boot_us + (int64_t)chance(s, SECONDS(20));
    if (s->guarantee == CP_GUARANTEE_NATIVE)
        p->visible_us = s->w->now.boot_us;
    assert_int_equal(p->posts, 1);
}

static void do_read(struct sim *s, struct thing *t)
{
    const struct model_part *p = part_of(s, t->event.row, t->event.part);
    bool there = p->posts && p->visible_us <= s->w->now.boot_us;

    t->event.kind = CP_EV_LOOKED_UP;
    t->event.connected = true;
    t->event.verdict = there ? CP_VERDICT_ACCEPTED : CP_VERDICT_ABSENT;
    t->event.remote_id = there ? "id" : NULL;
    if (happens(s, 15))
        t->event.verdict = CP_VERDICT_UNKNOWN;
    say(s, t->event);
}

static void do_who(struct sim *s, const struct thing *t)
{
    say(s, (struct cp_engine_event){ .kind = CP_EV_WHO,
                                     .number = (uint32_t)t->event.row,
                                     .verdict =
                                         happens(s, 20) ? CP_VERDICT_UNKNOWN : CP_VERDICT_ACCEPTED,
                                     .remote_id = "me",
                                     .guarantee = s->guarantee,
                                     .limits = s->w->account.limits,
                                     .date_us = s->w->now.wall_us });
}

static void happen(struct sim *s, struct thing t)
{
    switch (t.kind) {
    case READIES:
        if (t.event.kind == CP_EV_NOT_READY)
            s->busy[account_of(t.event.row)] = false;
        say(s, t.event);
        break;
    case COMMITS:
        do_commit(s, &t);
        break;
    case GATES:
        do_gate(s, &t);
        break;
    case REPLIES:
        say(s, t.event);
        break;
    case READS:
        do_read(s, &t);
        break;
    case ACTS:
        do_act(s, &t);
        break;
    case ANSWERS_WHO:
        do_who(s, &t);
        break;
    }
}

/* ---- people and crashes -------------------------------------------------------------------- */

static void tell_hold(struct sim *s)
{
    struct cp_scope all = { .kind = CP_SCOPE_ALL };

    say(s, (struct cp_engine_event){ .kind = CP_EV_HOLD, .row = s->hold_row, .scope = &all });
}

static void start(struct sim *s)
{
    char name[8];

    world_create_engine(s->w, 0);
    memset(s->busy, 0, sizeof(s->busy));
    for (uint32_t number = 1; number <= ACCOUNTS; number++) {
        snprintf(name, sizeof(name), "a%u", (unsigned)number);
        s->w->account.number = number;
        s->w->account.name = name;
        say(s, (struct cp_engine_event){ .kind = CP_EV_ACCOUNT, .account = &s->w->account });
    }
    if (s->held)
        tell_hold(s);
    for (int64_t row = 1; row <= DELIVERIES; row++)
        load_row(s, row);
}

/* Whatever is at the server goes on there. */
static void crash(struct sim *s)
{
    size_t kept = 0;

    s->crashes++;
    for (size_t i = 0; i < s->count; i++) {
        if (s->things[i].kind == ACTS)
            s->things[kept++] = s->things[i];
    }
    s->count = kept;
    start(s);
}

static void edit(struct sim *s, int64_t row)
{
    if (s->deliveries[row].part[0].ledger.state != CP_PLANNED)
        return;
    s->deliveries[row].revision++;
    load_row(s, row);
}

static void disturb(struct sim *s)
{
    if (happens(s, 2))
        crash(s);
    if (happens(s, 2))
        edit(s, 1 + (int64_t)chance(s, DELIVERIES));
    if (!s->held && happens(s, 2)) {
        s->held = true;
        s->hold_row++;
        tell_hold(s);
    } else if (s->held && (s->calm || happens(s, 5))) {
        s->held = false;
        say(s, (struct cp_engine_event){ .kind = CP_EV_RELEASE, .row = s->hold_row });
    }
}

/* ---- a life -------------------------------------------------------------------------------- */

static size_t next_thing(const struct sim *s)
{
    size_t best = 0;

    for (size_t i = 1; i < s->count; i++) {
        if (s->things[i].at_us < s->things[best].at_us)
            best = i;
    }
    return best;
}

/* The next thing of the model or the engine's own alarm, whichever is first. */
static void turn(struct sim *s)
{
    int64_t plan, boot, delay = SECONDS(20);
    size_t best = next_thing(s);

    cp_engine_wake(s->w->engine, &plan, &boot);
    if (plan != CP_NEVER && plan - s->w->now.plan_us < delay)
        delay = plan - s->w->now.plan_us;
    if (boot != CP_NEVER && boot - s->w->now.boot_us < delay)
        delay = boot - s->w->now.boot_us;
    assert_true(delay > 0); /* an alarm that has passed would spin */
    if (s->count && s->things[best].at_us - s->w->now.boot_us <= delay) {
        struct thing t = s->things[best];

        if (t.at_us > s->w->now.boot_us)
            pass(s->w, t.at_us - s->w->now.boot_us);
        s->things[best] = s->things[--s->count];
        happen(s, t);
    } else {
        pass(s->w, delay);
        say(s, (struct cp_engine_event){ .kind = CP_EV_TICK });
    }
}

static void prepare_world(struct sim *s, enum cp_guarantee guarantee, uint64_t seed)
{
    s->w = world_make();
    s->random = seed * UINT64_C(2654435761) + 99;
    s->guarantee = s->w->account.guarantee = guarantee;
    s->w->account.limits.settle_us = SECONDS(60);
    s->w->account.limits.overdue_us = SECONDS(30);
    for (int64_t row = 1; row <= DELIVERIES; row++) {
        struct model_delivery *m = &s->deliveries[row];

        m->due_us = START + (int64_t)chance(s, SECONDS(600)) - SECONDS(200);
        m->send_by_us = m->due_us + SECONDS(100) + (int64_t)chance(s, SECONDS(1500));
        m->parts = 1 + (unsigned)chance(s, PARTS);
        for (unsigned i = 0; i < m->parts; i++)
            m->part[i].ledger =
                (struct cp_engine_part){ .state = CP_PLANNED, .text_hash = chance(s, 12) };
    }
}

static bool has_ended(const struct model_delivery *m, unsigned i)
{
    enum cp_part_state state = m->part[i].ledger.state;

    if (state == CP_PLANNED)
        return i > 0 && m->part[i - 1].ledger.state != CP_PUBLISHED;
    return state != CP_IN_FLIGHT && state != CP_VERIFY;
}

/* What is out is published, or a person was asked. With client-named records absence is believed
 * without a wait, because sending again is harmless; when the deadline passes before that happens, the
 * first try may still get through behind an "expired". */
static bool is_told(const struct sim *s, const struct model_part *p)
{
    if (s->guarantee == CP_GUARANTEE_NATIVE && p->ledger.absences && p->ledger.state == CP_EXPIRED)
        return true;
    return p->ledger.state == CP_PUBLISHED || p->ledger.state == CP_UNCERTAIN;
}

static void check_the_end(const struct sim *s)
{
    struct cp_engine_load load;

    for (int64_t row = 1; row <= DELIVERIES; row++) {
        const struct model_delivery *m = &s->deliveries[row];

        for (unsigned i = 0; i < m->parts; i++) {
            enum cp_part_state state = m->part[i].ledger.state;

            assert_true(has_ended(m, i));
            assert_true(m->part[i].posts <= 1);
            if (m->part[i].posts)
                assert_true(is_told(s, &m->part[i]));
            else
                assert_true(state != CP_PUBLISHED);
        }
    }
    cp_engine_outstanding(s->w->engine, &s->w->now, &load);
    assert_int_equal(
        load.open + load.unseen + load.preparing + load.waiting + load.plan_waiting + load.held, 0);
}

static void live(enum cp_guarantee guarantee, uint64_t seed, unsigned *crashes, unsigned *sent)
{
    struct sim *s = calloc(1, sizeof(*s));
    int64_t calm, end;

    assert_non_null(s);
    prepare_world(s, guarantee, seed);
    calm = s->w->now.boot_us + SECONDS(1200);
    end = calm + 4 * CP_HOUR;
    start(s);
    while (s->w->now.boot_us < end) {
        s->calm = s->w->now.boot_us >= calm;
        disturb(s);
        turn(s);
    }
    check_the_end(s);
    *crashes += s->crashes;
    *sent += s->sent;
    world_free(s->w);
    free(s);
}

static void live_often(enum cp_guarantee guarantee)
{
    unsigned crashes = 0, sent = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        live(guarantee, seed, &crashes, &sent);
    print_message("           %u requests, %u crashes\n", sent, crashes);
    assert_true(crashes > SEEDS);
}

static void client_named_posts_are_never_doubled_and_all_end(void **state)
{
    (void)state;
    live_often(CP_GUARANTEE_NATIVE);
}

static void remembered_keys_are_never_doubled_and_all_end(void **state)
{
    (void)state;
    live_often(CP_GUARANTEE_WINDOW);
}

static void posts_without_a_key_are_never_doubled_and_all_end(void **state)
{
    (void)state;
    live_often(CP_GUARANTEE_LOOKUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_named_posts_are_never_doubled_and_all_end),
        cmocka_unit_test(remembered_keys_are_never_doubled_and_all_end),
        cmocka_unit_test(posts_without_a_key_are_never_doubled_and_all_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
