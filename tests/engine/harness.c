/* tests/engine/harness.c - see harness.h. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

void world_create_engine(struct world *w, int64_t newest_us)
{
    struct cp_engine_options options = { .seed = 7, .newest_us = newest_us, .now = w->now };
    struct cp_error err = { 0 };

    cp_engine_free(w->engine);
    w->engine = cp_engine_create(&options, &err);
    assert_non_null(w->engine);
}

struct world *world_make(void)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->now = (struct cp_now){ .plan_us = START, .wall_us = START, .boot_us = SECONDS(1000) };
    w->who = "id-1";
    w->account = (struct cp_engine_account){
        .number = 1,
        .name = "a1",
        .server = 1,
        .guarantee = CP_GUARANTEE_LOOKUP,
        .can_look_up = true,
        .limits = { .posts = -1,
                    .per_us = -1,
                    .spacing_us = -1,
                    .overdue_us = -1,
                    .settle_us = -1 },
        .request_timeout_us = SECONDS(20),
    };
    world_create_engine(w, 0);
    return w;
}

struct world *world_with(enum cp_guarantee guarantee)
{
    struct world *w = world_make();

    w->account.guarantee = guarantee;
    account(w);
    who(w, 1, CP_VERDICT_ACCEPTED);
    return w;
}

void world_free(struct world *w)
{
    cp_engine_free(w->engine);
    free(w);
}

/* ---- actions as words ---------------------------------------------------------------------- */

static void add(struct world *w, const char *text)
{
    size_t used = strlen(w->text);

    snprintf(w->text + used, sizeof(w->text) - used, "%s", text);
}

static void add_part(struct world *w, const char *verb, int64_t row, unsigned part)
{
    char text[80];

    if (part <= 1)
        snprintf(text, sizeof(text), "%s %lld", verb, (long long)row);
    else
        snprintf(text, sizeof(text), "%s %lld#%u", verb, (long long)row, part);
    add(w, text);
}

static void add_commit(struct world *w, const struct cp_part_change *c)
{
    char text[120];

    add_part(w, "commit", c->row, c->part);
    if (c->from == c->to)
        snprintf(text, sizeof(text), " %s", c->to == CP_PUBLISHED && c->seen ? "seen" : "reason");
    else
        snprintf(text, sizeof(text), " %s>%s", cp_part_state_name(c->from),
                 cp_part_state_name(c->to));
    add(w, text);
    if (c->from != c->to)
        assert_int_equal(cp_part_next(c->from, c->event), c->to);
    if (c->new_generation != c->generation)
        add(w, " +1");
    if (c->notice)
        add(w, " !");
}

static void add_action(struct world *w, const struct cp_action *a)
{
    static const char *const verbs[] = {
        [CP_DO_PREPARE] = "prepare", [CP_DO_PUBLISH] = "publish",   [CP_DO_LOOK_UP] = "look up",
        [CP_DO_ABORT] = "abort",     [CP_DO_END_HOLD] = "end hold", [CP_DO_FORGET] = "forget",
    };
    char scope[CP_SCOPE_SIZE];

    if (w->text[0])
        add(w, "; ");
    if (a->kind == CP_DO_COMMIT) {
        add_commit(w, &a->change);
    } else if (a->kind == CP_DO_WHO_AM_I || a->kind == CP_DO_BIND) {
        add_part(w, a->kind == CP_DO_BIND ? "bind" : "who", a->number, 1);
    } else if (a->kind == CP_DO_HOLD) {
        cp_scope_format(&a->scope, scope);
        add(w, "hold ");
        add(w, scope);
        add(w, a->notice ? " !" : "");
    } else if (a->kind == CP_DO_NOTICE) {
        add(w, "notice");
    } else {
        add_part(w, a->read_back ? "read back" : verbs[a->kind], a->row, a->part);
    }
}

void tell(struct world *w, struct cp_engine_event event)
{
    cp_engine_step(w->engine, &event, &w->now, &w->actions);
    w->text[0] = '\0';
    for (size_t i = 0; i < w->actions.count && i < 60; i++)
        add_action(w, &w->actions.items[i]);
}

void says_at(const struct world *w, const char *expected, const char *file, int line)
{
    if (strcmp(w->text, expected) != 0)
        print_error("%s:%d: the engine said\n    %s\nwhere it should have said\n    %s\n", file,
                    line, w->text, expected);
    assert_int_equal(strcmp(w->text, expected), 0);
}

const struct cp_action *action(const struct world *w, enum cp_action_kind kind)
{
    for (size_t i = 0; i < w->actions.count; i++) {
        if (w->actions.items[i].kind == kind)
            return &w->actions.items[i];
    }
    fail_msg("no such action in: %s", w->text);
    return NULL;
}

/* ---- events -------------------------------------------------------------------------------- */

void pass(struct world *w, int64_t span_us)
{
    w->now.plan_us += span_us;
    w->now.wall_us += span_us;
    w->now.boot_us += span_us;
}

void tick(struct world *w, int64_t span_us)
{
    pass(w, span_us);
    tell(w, (struct cp_engine_event){ .kind = CP_EV_TICK });
}

void account(struct world *w)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_ACCOUNT, .account = &w->account });
}

void who(struct world *w, uint32_t number, enum cp_verdict_kind verdict)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_WHO,
                                      .number = number,
                                      .verdict = verdict,
                                      .remote_id = w->who,
                                      .guarantee = w->account.guarantee,
                                      .limits = w->account.limits });
}

struct cp_engine_part planned(void)
{
    return (struct cp_engine_part){ .state = CP_PLANNED };
}

struct cp_engine_delivery delivery(const struct world *w, int64_t row)
{
    return (struct cp_engine_delivery){ .row = row,
                                        .account = 1,
                                        .campaign = "c",
                                        .post = "p",
                                        .occurrence = "-",
                                        .due_us = w->now.plan_us,
                                        .send_by_us = w->now.plan_us + CP_HOUR,
                                        .first_seen_us = START - CP_DAY,
                                        .wanted = true };
}

void load(struct world *w, struct cp_engine_delivery from)
{
    struct cp_engine_part part = planned();

    part.text_hash = (uint64_t)from.row;
    if (!from.parts) {
        from.parts = &part;
        from.part_count = 1;
    }
    tell(w, (struct cp_engine_event){ .kind = CP_EV_LOAD, .delivery = &from });
}

void load_new(struct world *w, int64_t row)
{
    load(w, delivery(w, row));
}

void load_in(struct world *w, int64_t row, enum cp_part_state state, int64_t age_us)
{
    struct cp_engine_delivery from = delivery(w, row);
    struct cp_engine_part part = { .state = state,
                                   .text_hash = (uint64_t)row,
                                   .attempt_us = w->now.wall_us - age_us };

    from.due_us = w->now.plan_us - age_us;
    from.send_by_us = from.due_us + CP_HOUR;
    from.parts = &part;
    from.part_count = 1;
    load(w, from);
}

void hold(struct world *w, int64_t row, const char *scope, bool own)
{
    struct cp_scope parsed;
    struct cp_error err = { 0 };

    assert_true(cp_scope_parse(scope, &parsed, &err));
    tell(w,
         (struct cp_engine_event){
             .kind = CP_EV_HOLD, .row = row, .scope = &parsed, .own = own, .reason = "because" });
}

void release(struct world *w, int64_t row)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_RELEASE, .row = row });
}

void ready(struct world *w, int64_t row, unsigned part)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_READY, .row = row, .part = part });
}

void not_ready(struct world *w, int64_t row, enum cp_verdict_kind verdict)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_NOT_READY,
                                      .row = row,
                                      .part = 1,
                                      .connected = true,
                                      .verdict = verdict,
                                      .reason = "too large" });
}

void committed(struct world *w, int64_t row, unsigned part, enum cp_commit_result result)
{
    tell(w, (struct cp_engine_event){
                .kind = CP_EV_COMMITTED, .row = row, .part = part, .result = result });
}

void ok(struct world *w, int64_t row)
{
    committed(w, row, 1, CP_COMMIT_APPLIED);
}

void replied(struct world *w, int64_t row, unsigned part, enum cp_verdict_kind verdict)
{
    tell(w, (struct cp_engine_event){
                .kind = CP_EV_OUTCOME,
                .row = row,
                .part = part,
                .acted = CP_ACTED_REPLIED,
                .connected = true,
                .verdict = verdict,
                .remote_id = verdict == CP_VERDICT_ACCEPTED ? "remote" : NULL,
                .reason = verdict == CP_VERDICT_ACCEPTED ? NULL : "the server's words" });
}

static void outcome(struct world *w, int64_t row, enum cp_acted acted, enum cp_wait wait,
                    bool connected)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_OUTCOME,
                                      .row = row,
                                      .part = 1,
                                      .acted = acted,
                                      .stopped = wait,
                                      .connected = connected });
}

void unclear(struct world *w, int64_t row)
{
    outcome(w, row, CP_ACTED_UNKNOWN, CP_WAIT_NOTHING, true);
}

void no_server(struct world *w, int64_t row)
{
    outcome(w, row, CP_ACTED_NO, CP_WAIT_NOTHING, false);
}

void stopped(struct world *w, int64_t row, enum cp_wait wait)
{
    outcome(w, row, CP_ACTED_NO, wait, true);
}

void looked(struct world *w, int64_t row, enum cp_verdict_kind verdict)
{
    tell(w,
         (struct cp_engine_event){ .kind = CP_EV_LOOKED_UP,
                                   .row = row,
                                   .part = 1,
                                   .verdict = verdict,
                                   .remote_id = verdict == CP_VERDICT_ACCEPTED ? "remote" : NULL });
}

void decide(struct world *w, struct cp_engine_delivery from, enum cp_decision decision)
{
    tell(w, (struct cp_engine_event){ .kind = CP_EV_DECIDE,
                                      .row = from.row,
                                      .delivery = from.parts ? &from : NULL,
                                      .decision = decision,
                                      .remote_id = "told",
                                      .reason = "so be it",
                                      .by = "ann" });
}

void to_publish(struct world *w, int64_t row)
{
    ready(w, row, 1);
    assert_int_equal(action(w, CP_DO_COMMIT)->change.to, CP_IN_FLIGHT);
    ok(w, row);
    assert_int_equal(action(w, CP_DO_PUBLISH)->row, row);
}

void to_verify(struct world *w, int64_t row)
{
    to_publish(w, row);
    unclear(w, row);
    assert_int_equal(action(w, CP_DO_COMMIT)->change.to, CP_VERIFY);
    ok(w, row);
}

void to_seen(struct world *w, int64_t row)
{
    to_publish(w, row);
    replied(w, row, 1, CP_VERDICT_ACCEPTED);
    ok(w, row);
    looked(w, row, CP_VERDICT_ACCEPTED);
    ok(w, row);
}

/* ---- questions ----------------------------------------------------------------------------- */

enum cp_wait gate(const struct world *w, int64_t row)
{
    return cp_engine_gate(w->engine, row, 1, &w->now);
}

enum cp_wait why(const struct world *w, int64_t row)
{
    return cp_engine_explain(w->engine, row, &w->now);
}

int64_t boot_wake(const struct world *w)
{
    int64_t plan, boot;

    cp_engine_wake(w->engine, &plan, &boot);
    return boot;
}

int64_t plan_wake(const struct world *w)
{
    int64_t plan, boot;

    cp_engine_wake(w->engine, &plan, &boot);
    return plan;
}

struct cp_engine_load outstanding(const struct world *w)
{
    struct cp_engine_load out;

    cp_engine_outstanding(w->engine, &w->now, &out);
    return out;
}
