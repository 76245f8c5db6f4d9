/* src/adapter/turn.c - one call of an adapter: hands the turn over, keeps a checked copy of the answer. */
#include <string.h>

#include "adapter/adapter_private.h"

/* The turn is first: what the adapter holds a pointer to is ours from there. */
struct session {
    struct cp_turn turn;
    struct cp_answer *out;
};

enum { REASON_MOST = 400 };

static const char *const purpose_names[CP_PURPOSES] = {
    [CP_POST] = "post",        [CP_LOOK_UP] = "look up",
    [CP_FACTS] = "tell facts", [CP_WHO_AM_I] = "say who we are",
    [CP_LOGIN] = "log in",
};

/* ---- copies -------------------------------------------------------------------------------- */

/* One line for people, whatever bytes a server put into it. */
static const char *one_line(struct cp_arena *arena, const char *text)
{
    struct cp_buffer line = { 0 };
    size_t size = text ? strlen(text) : 0;
    const char *copy;

    if (size == 0)
        return NULL;
    for (size_t at = 0; at < size && line.size < REASON_MOST;) {
        uint32_t c = cp_utf8_next(text, size, &at);

        cp_utf8_put(&line, c < 0x20 || (c >= 0x7f && c < 0xa0) ? ' ' : c);
    }
    copy = cp_arena_copy(arena, line.data ? line.data : "", line.size);
    cp_buffer_release(&line);
    return copy;
}

/* An id or an address: as it is, or not at all. */
static const char *value(struct cp_arena *arena, const char *text)
{
    return cp_is_plain(text, CP_VALUE_MOST) ? cp_arena_string(arena, text) : NULL;
}

static void copy_verdict(const struct cp_verdict *from, struct cp_arena *arena,
                         struct cp_verdict *out)
{
    *out = *from;
    out->remote_id = value(arena, from->remote_id);
    out->url = value(arena, from->url);
    out->name = value(arena, from->name);
    out->facts = cp_arena_string(arena, from->facts);
    out->credential = cp_arena_string(arena, from->credential);
    out->difference = one_line(arena, from->difference);
    out->reason = one_line(arena, from->reason);
}

/* ---- checks -------------------------------------------------------------------------------- */

static bool kind_fits(enum cp_verdict_kind kind, const struct cp_turn *turn)
{
    switch (kind) {
    case CP_VERDICT_ACCEPTED:
        return turn->purpose != CP_POST || turn->publish_replied;
    case CP_VERDICT_ABSENT:
    case CP_VERDICT_DIFFERENT:
        return turn->purpose == CP_LOOK_UP;
    case CP_VERDICT_REJECTED:
        return turn->purpose != CP_LOOK_UP;
    case CP_VERDICT_RETRY:
    case CP_VERDICT_UNKNOWN:
    case CP_VERDICT_REAUTHENTICATE:
    case CP_VERDICT_MISCONFIGURED:
        return true;
    }
    return false;
}

static const char *facts_problem(struct cp_answer *out, const char *json)
{
    struct cp_facts facts;
    struct cp_error err = { 0 };

    if (!json)
        return "accepted without facts";
    return cp_facts_parse(json, out->arena, &facts, &err)
               ? NULL
               : cp_arena_string(out->arena, err.message);
}

static const char *accepted_problem(struct cp_answer *out, const struct cp_turn *turn,
                                    const struct cp_verdict *verdict)
{
    if (turn->purpose == CP_FACTS)
        return facts_problem(out, verdict->facts);
    if (turn->purpose == CP_LOGIN)
        return cp_is_json_object(verdict->credential)
                   ? NULL
                   : "accepted without a credential that is a JSON object";
    return cp_is_plain(verdict->remote_id, CP_VALUE_MOST)
               ? NULL
               : "accepted without a remote id of at most 2 kB and without control characters";
}

static const char *verdict_problem(struct cp_answer *out, const struct cp_turn *turn,
                                   const struct cp_verdict *verdict)
{
    if (!kind_fits(verdict->kind, turn))
        return turn->purpose == CP_POST && verdict->kind == CP_VERDICT_ACCEPTED
                   ? "accepted before a publish step was answered"
                   : "the verdict does not fit the purpose";
    return verdict->kind == CP_VERDICT_ACCEPTED ? accepted_problem(out, turn, verdict) : NULL;
}

static const char *checkpoint_problem(const char *checkpoint)
{
    if (!checkpoint)
        return NULL;
    if (strnlen(checkpoint, CP_CHECKPOINT_MOST + 1) > CP_CHECKPOINT_MOST)
        return "the checkpoint is too large";
    return cp_is_json_object(checkpoint) ? NULL : "the checkpoint is not a JSON object";
}

/* ---- the host's side ----------------------------------------------------------------------- */

static void settle(struct cp_answer *out, enum cp_answer_kind kind, const char *problem,
                   const char *checkpoint)
{
    if (!problem)
        problem = checkpoint_problem(checkpoint);
    out->problem = problem;
    out->kind = problem ? CP_ANSWER_NONE : kind;
    if (!problem)
        out->checkpoint = cp_arena_string(out->arena, checkpoint);
}

/* False: there is an answer already, and now there is none that counts. */
static bool is_first(struct cp_answer *out)
{
    if (out->kind == CP_ANSWER_NONE && !out->problem)
        return true;
    out->kind = CP_ANSWER_NONE;
    out->problem = "more than one answer";
    return false;
}

static void on_request(struct cp_turn *turn, const struct cp_request *request,
                       const char *checkpoint)
{
    struct cp_answer *out = ((struct session *)turn)->out;
    const char *problem;

    if (!is_first(out))
        return;
    problem = cp_request_problem(request, turn, out->arena);
    if (!problem)
        cp_request_copy(request, turn->part, out->arena, &out->request);
    settle(out, CP_ANSWER_REQUEST, problem, checkpoint);
}

static void on_finish(struct cp_turn *turn, const struct cp_verdict *verdict,
                      const char *checkpoint)
{
    struct cp_answer *out = ((struct session *)turn)->out;
    const char *problem;

    if (!is_first(out))
        return;
    problem = verdict_problem(out, turn, verdict);
    if (!problem)
        copy_verdict(verdict, out->arena, &out->verdict);
    settle(out, CP_ANSWER_VERDICT, problem, checkpoint);
}

static void on_ask(struct cp_turn *turn, const struct cp_ask *ask, const char *checkpoint)
{
    struct cp_answer *out = ((struct session *)turn)->out;
    const char *problem = NULL;

    if (!is_first(out))
        return;
    if (turn->purpose != CP_LOGIN)
        problem = "a question to a person outside of logging in";
    else if (!ask->text || !*ask->text)
        problem = "a question without a text";
    out->ask = (struct cp_ask){
        .text = one_line(out->arena, ask->text),
        .url = value(out->arena, ask->url),
        .prompt = one_line(out->arena, ask->prompt),
        .secret = ask->secret,
    };
    settle(out, CP_ANSWER_ASK, problem, checkpoint);
}

static const struct cp_host host = { on_request, on_finish, on_ask };

bool cp_adapter_turn(const struct cp_adapter *adapter, const struct cp_settings *settings,
                     struct cp_turn *turn, struct cp_answer *out, struct cp_error *err)
{
    cp_turn_fn *run = (unsigned)turn->purpose < CP_PURPOSES ? adapter->turns[turn->purpose] : NULL;
    struct session session;

    *out = (struct cp_answer){ .kind = CP_ANSWER_NONE };
    if (!run)
        return cp_error_set(
            err, &cp_adapter_errors, CP_ADAPTER_CANNOT, "the adapter '%s' can't %s", adapter->name,
            (unsigned)turn->purpose < CP_PURPOSES ? purpose_names[turn->purpose] : "do this");
    out->arena = cp_arena_create();
    if (!out->arena)
        return cp_error_no_memory(err);
    turn->size = sizeof(*turn);
    turn->host = &host;
    session = (struct session){ .turn = *turn, .out = out };
    run(settings, &session.turn);
    if (out->kind == CP_ANSWER_NONE && !out->problem)
        out->problem = "no answer";
    if (!cp_arena_failed(out->arena))
        return true;
    cp_answer_release(out);
    return cp_error_no_memory(err);
}

void cp_answer_release(struct cp_answer *answer)
{
    cp_arena_free(answer->arena);
    *answer = (struct cp_answer){ .kind = CP_ANSWER_NONE };
}
