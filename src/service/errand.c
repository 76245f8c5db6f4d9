/* src/service/errand.c - see errand.h. */
#include "service/errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

struct cp_errand {
    struct cp_errand_plan plan;
    uv_timer_t timer; /* defers the first turn, and keeps the memory until libuv lets go */
    struct cp_exchange *exchange;
    struct cp_answer answer;
    char *checkpoint, *typed;
    const struct cp_reply *reply; /* for the turn that is being run */
    cp_gate_fn *gate;
    bool publishing, dead;
    int status;
    char digest[CP_HASH_HEX + 1];
    int64_t date_us, replied_us;
    bool connected;
};

static void run_turn(struct cp_errand *errand);

/* ---- telling the owner --------------------------------------------------------------------- */

static void tell(struct cp_errand *errand, struct cp_errand_event *event)
{
    event->checkpoint = errand->checkpoint;
    event->connected |= errand->connected;
    event->status = errand->status;
    memcpy(event->digest, errand->digest, sizeof(event->digest));
    event->date_us = errand->date_us;
    event->replied_us = errand->replied_us;
    errand->plan.tell(errand, event, errand->plan.ctx);
}

static void tell_verdict(struct cp_errand *errand, const struct cp_verdict *verdict)
{
    struct cp_errand_event event = {
        .kind = errand->publishing ? CP_ERRAND_OUTCOME : CP_ERRAND_VERDICT,
        .acted = CP_ACTED_REPLIED,
        .verdict = *verdict,
        .reason = verdict->reason,
    };

    errand->publishing = false;
    tell(errand, &event);
}

/* An adapter that does not keep the contract. Before a publish nothing was done; after it we can't tell. */
static void tell_problem(struct cp_errand *errand, const char *problem)
{
    char reason[300];
    struct cp_verdict verdict = {
        .kind = errand->publishing                        ? CP_VERDICT_UNKNOWN
                : errand->plan.turn.purpose == CP_LOOK_UP ? CP_VERDICT_UNKNOWN
                                                          : CP_VERDICT_MISCONFIGURED,
        .reason = reason,
    };

    snprintf(reason, sizeof(reason), "the adapter '%s' answered wrongly: %s",
             errand->plan.adapter->name, problem);
    tell_verdict(errand, &verdict);
}

/* ---- exchanges ----------------------------------------------------------------------------- */

static bool ask_gate(void *ctx, const char **reason)
{
    struct cp_errand *errand = ctx;

    return errand->gate(errand->plan.ctx, reason);
}

static const struct cp_secret *find_secret(const char *name, void *ctx)
{
    struct cp_errand *errand = ctx;

    if (!errand->plan.credential)
        return NULL;
    return cp_credential_member(errand->plan.credential, name);
}

static void note_reply(struct cp_errand *errand, const struct cp_reply *reply)
{
    errand->status = reply->status;
    errand->date_us = reply->date_us;
    errand->replied_us = cp_clock_now(errand->plan.clock).wall_us;
    if (errand->publishing)
        cp_hash_hex(reply->body, reply->size, errand->digest);
}

static void tell_unanswered(struct cp_errand *errand, const struct cp_exchange_result *result)
{
    struct cp_errand_event event = {
        .kind = errand->publishing ? CP_ERRAND_OUTCOME : CP_ERRAND_VERDICT,
        .acted = result->ending == CP_EXCHANGE_NOT_ACTED ? CP_ACTED_NO : CP_ACTED_UNKNOWN,
        .verdict = { .kind = result->distrusted ? CP_VERDICT_MISCONFIGURED : CP_VERDICT_RETRY,
                     .reason = result->reason },
        .distrusted = result->distrusted,
        .stopped = result->stopped,
        .reason = result->reason,
    };

    errand->publishing = false;
    tell(errand, &event);
}

static void on_exchanged(const struct cp_exchange_result *result, void *ctx)
{
    struct cp_errand *errand = ctx;

    errand->exchange = NULL;
    errand->connected = result->connected;
    if (result->ending != CP_EXCHANGE_REPLIED) {
        tell_unanswered(errand, result);
        return;
    }
    note_reply(errand, &result->reply);
    errand->reply = &result->reply;
    run_turn(errand);
    errand->reply = NULL; /* the memory of a freed errand is still there: see cp_errand_free() */
}

static void exchange(struct cp_errand *errand)
{
    struct cp_error err = { 0 };
    struct cp_exchange_plan plan = {
        .request = &errand->answer.request,
        .origin = errand->plan.origin,
        .directory = errand->plan.directory,
        .gate = errand->publishing ? ask_gate : NULL,
        .secret = find_secret,
        .done = on_exchanged,
        .ctx = errand,
    };
    struct cp_exchange_result nothing = { .ending = CP_EXCHANGE_NOT_ACTED, .reason = err.message };

    errand->exchange = cp_exchange_start(errand->plan.transport, &plan, &err);
    if (!errand->exchange)
        tell_unanswered(errand, &nothing);
}

/* ---- turns --------------------------------------------------------------------------------- */

/* What the last answer asks for, once its checkpoint is kept. */
static void proceed(struct cp_errand *errand)
{
    struct cp_errand_event event = { 0 };

    switch (errand->answer.kind) {
    case CP_ANSWER_REQUEST:
        if (errand->publishing) {
            tell_problem(errand, "it asks for another request after the publishing one");
        } else if (errand->answer.request.step == CP_STEP_PUBLISH) {
            event.kind = CP_ERRAND_PUBLISH;
            event.request = &errand->answer.request;
            tell(errand, &event);
        } else {
            exchange(errand);
        }
        break;
    case CP_ANSWER_ASK:
        event.kind = CP_ERRAND_ASK;
        event.ask = &errand->answer.ask;
        tell(errand, &event);
        break;
    case CP_ANSWER_VERDICT:
        tell_verdict(errand, &errand->answer.verdict);
        break;
    case CP_ANSWER_NONE:
        tell_problem(errand, errand->answer.problem ? errand->answer.problem : "it said nothing");
        break;
    }
}

static bool keep_checkpoint(struct cp_errand *errand)
{
    char *copy;

    if (!errand->answer.checkpoint)
        return false;
    copy = strdup(errand->answer.checkpoint);
    if (!copy)
        return false;
    free(errand->checkpoint);
    errand->checkpoint = copy;
    return true;
}

/* A checkpoint is durable before the next step. When the very first request is the publishing one, there is
 * nothing yet that it could remember: it becomes durable together with in_flight. */
static bool must_be_durable(const struct cp_errand *errand)
{
    const struct cp_answer *answer = &errand->answer;

    return answer->kind == CP_ANSWER_REQUEST && !errand->publishing &&
           (errand->reply || answer->request.step != CP_STEP_PUBLISH);
}

static void run_turn(struct cp_errand *errand)
{
    struct cp_turn turn = errand->plan.turn;
    struct cp_error err = { 0 };

    turn.now_us = cp_clock_now(errand->plan.clock).wall_us;
    if (errand->checkpoint)
        turn.checkpoint = errand->checkpoint;
    turn.reply = errand->reply;
    turn.publish_replied = errand->publishing && errand->reply;
    turn.answer = errand->typed;
    cp_answer_release(&errand->answer);
    if (!cp_adapter_turn(errand->plan.adapter, errand->plan.settings, &turn, &errand->answer,
                         &err)) {
        tell_problem(errand, err.message);
        return;
    }
    if (keep_checkpoint(errand) && must_be_durable(errand)) {
        struct cp_errand_event event = { .kind = CP_ERRAND_CHECKPOINT };

        tell(errand, &event);
        return;
    }
    proceed(errand);
}

static void on_timer(uv_timer_t *timer)
{
    struct cp_errand *errand = timer->data;

    if (!errand->dead)
        run_turn(errand);
}

struct cp_errand *cp_errand_start(const struct cp_errand_plan *plan, struct cp_error *err)
{
    struct cp_errand *errand = calloc(1, sizeof(*errand));

    if (!errand) {
        cp_error_no_memory(err);
        return NULL;
    }
    errand->plan = *plan;
    uv_timer_init(plan->loop, &errand->timer);
    errand->timer.data = errand;
    uv_timer_start(&errand->timer, on_timer, 0, 0);
    return errand;
}

void cp_errand_continue(struct cp_errand *errand)
{
    proceed(errand);
}

void cp_errand_answer(struct cp_errand *errand, const char *answer)
{
    if (errand->typed)
        cp_wipe(errand->typed, strlen(errand->typed));
    free(errand->typed);
    errand->typed = strdup(answer);
    run_turn(errand);
}

void cp_errand_publish(struct cp_errand *errand, cp_gate_fn *gate)
{
    errand->gate = gate;
    errand->publishing = true;
    exchange(errand);
}

bool cp_errand_is_publishing(const struct cp_errand *errand)
{
    return errand->publishing;
}

static void on_closed(uv_handle_t *handle)
{
    struct cp_errand *errand = handle->data;

    cp_answer_release(&errand->answer);
    if (errand->checkpoint)
        cp_wipe(errand->checkpoint, strlen(errand->checkpoint)); /* a login's has secrets in it */
    if (errand->typed)
        cp_wipe(errand->typed, strlen(errand->typed));
    free(errand->checkpoint);
    free(errand->typed);
    free(errand);
}

bool cp_errand_free(struct cp_errand *errand)
{
    bool doubt = false;

    if (!errand || errand->dead)
        return false;
    errand->dead = true;
    if (errand->exchange)
        doubt = cp_exchange_cancel(&errand->exchange) && errand->publishing;
    uv_close((uv_handle_t *)&errand->timer, on_closed);
    return doubt;
}
