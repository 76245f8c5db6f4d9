/* src/adapter/walk.c - all requests of one part, without a network: the adapter's own example replies
 * are fed back to it, so what is shown comes from the code that will run. */
#include <stdlib.h>
#include <string.h>

#include "adapter/adapter_private.h"

enum { STEPS_MOST = 64 };

struct walk {
    const struct cp_adapter *adapter;
    const struct cp_settings *settings;
    struct cp_turn turn;
    struct cp_reply reply;
    struct cp_answer answer,
        last; /* the newest, and the one whose reply the adapter is looking at */
    char *checkpoint;
    json_t *shown;
    bool done;
};

static bool misbehaves(const struct walk *walk, struct cp_error *err, const char *how)
{
    return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_MISBEHAVES,
                        "the adapter '%s' breaks its contract: %s", walk->adapter->name, how);
}

/* What only the server knows is written ‹like this›. */
static void begin(struct walk *walk, const struct cp_turn *turn)
{
    walk->turn = *turn;
    walk->turn.purpose = CP_POST;
    walk->turn.reply = NULL;
    walk->turn.publish_replied = false;
    walk->turn.checkpoint = "{}";
    if (!walk->turn.facts)
        walk->turn.facts = walk->adapter->facts;
    if (!walk->turn.account_id)
        walk->turn.account_id = "‹account›";
    if (walk->turn.part_number > 1 && !walk->turn.parent_id)
        walk->turn.parent_id = walk->turn.part_number == 2 ? "‹post 1›" : "‹post before›";
    if (walk->turn.part_number > 1 && !walk->turn.root_id)
        walk->turn.root_id = "‹post 1›";
}

static bool show(struct walk *walk, struct cp_error *err)
{
    return json_array_append_new(walk->shown, cp_request_show(&walk->answer.request)) == 0 ||
           cp_error_no_memory(err);
}

/* The answer must live as long as the next turn looks at its example. */
static bool take_request(struct walk *walk, struct cp_error *err)
{
    const struct cp_request *request = &walk->answer.request;

    if (!show(walk, err))
        return false;
    if (walk->answer.checkpoint) {
        free(walk->checkpoint);
        walk->checkpoint = strdup(walk->answer.checkpoint);
        if (!walk->checkpoint)
            return cp_error_no_memory(err);
        walk->turn.checkpoint = walk->checkpoint;
    }
    walk->reply = (struct cp_reply){
        .status = request->example_status,
        .body = request->example_body ? request->example_body : "",
        .size = request->example_body ? strlen(request->example_body) : 0,
    };
    walk->turn.reply = &walk->reply;
    walk->turn.publish_replied = request->step == CP_STEP_PUBLISH;
    cp_answer_release(&walk->last);
    walk->last = walk->answer;
    walk->answer = (struct cp_answer){ .kind = CP_ANSWER_NONE };
    return true;
}

static bool take_verdict(struct walk *walk, struct cp_error *err)
{
    const struct cp_verdict *verdict = &walk->answer.verdict;

    walk->done = true;
    if (walk->turn.publish_replied && verdict->kind == CP_VERDICT_ACCEPTED)
        return true;
    if (!walk->turn
             .reply) /* it refuses this part before it asks for anything: a person's business */
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_MISBEHAVES, "%s",
                            verdict->reason ? verdict->reason : "the adapter refuses this part");
    return misbehaves(walk, err,
                      walk->turn.publish_replied
                          ? "it does not accept its own example of the published post"
                          : "it ends without a publish step");
}

static bool step(struct walk *walk, struct cp_error *err)
{
    if (!cp_adapter_turn(walk->adapter, walk->settings, &walk->turn, &walk->answer, err))
        return false;
    switch (walk->answer.kind) {
    case CP_ANSWER_REQUEST:
        return take_request(walk, err);
    case CP_ANSWER_VERDICT:
        return take_verdict(walk, err);
    case CP_ANSWER_ASK:
    case CP_ANSWER_NONE:
        break;
    }
    return misbehaves(walk, err, walk->answer.problem ? walk->answer.problem : "a question");
}

json_t *cp_adapter_requests(const struct cp_adapter *adapter, const struct cp_settings *settings,
                            const struct cp_turn *turn, struct cp_error *err)
{
    struct walk walk = { .adapter = adapter, .settings = settings, .shown = json_array() };
    bool fine = walk.shown || cp_error_no_memory(err);

    begin(&walk, turn);
    for (unsigned i = 0; fine && !walk.done; i++)
        fine = i < STEPS_MOST ? step(&walk, err) : misbehaves(&walk, err, "its steps do not end");
    cp_answer_release(&walk.answer);
    cp_answer_release(&walk.last);
    free(walk.checkpoint);
    if (fine)
        return walk.shown;
    json_decref(walk.shown);
    return NULL;
}
