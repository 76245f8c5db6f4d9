/* plugins/mastodon/post.c - publishing a part: its media, then POST /api/v1/statuses.
 *
 * What a server would fill in from the account's settings (visibility, sensitivity, language) is
 * always sent, so that a repeated request is the same request. Fields: methods/statuses of
 * Mastodon's documentation.
 */
#include "mastodon.h"

#include <stdio.h>
#include <string.h>

#include "instant.h"

static const char example_post[] = "{\"id\":\"‹post›\",\"url\":\"‹address›\"}";

/* --- the request --- */

static json_t *media_ids(const struct cp_turn *turn, const json_t *checkpoint)
{
    json_t *ids = json_array();

    for (size_t i = 0; i < turn->part->media_count; i++) {
        const json_t *entry = masto_medium(checkpoint, &turn->part->media[i], turn->now_us);
        char id[MASTO_ID];

        if (masto_id(entry, "id", id))
            json_array_append_new(ids, json_string(id));
    }
    return ids;
}

/* Members in a fixed order, without blanks; the last byte is the closing brace. */
static char *post_body(const struct cp_settings *settings, const struct cp_turn *turn,
                       const json_t *checkpoint)
{
    const struct cp_part_view *part = turn->part;
    const char *warning = masto_warning(part);
    json_t *body = json_object();
    char *text = NULL;
    int failed = json_object_set_new(body, "status", json_string(masto_text(part)));

    failed |=
        json_object_set_new(body, "visibility", json_string(masto_visibility(settings, part)));
    if (part->language && *part->language)
        failed |= json_object_set_new(body, "language", json_string(part->language));
    failed |= json_object_set_new(body, "sensitive", json_boolean(*warning));
    if (*warning)
        failed |= json_object_set_new(body, "spoiler_text", json_string(warning));
    if (turn->parent_id)
        failed |= json_object_set_new(body, "in_reply_to_id", json_string(turn->parent_id));
    if (part->media_count)
        failed |= json_object_set_new(body, "media_ids", media_ids(turn, checkpoint));
    if (!failed)
        text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

/* Servers that remember refusals under the key (facts: "key": "fresh") get another one after each;
 * elsewhere the key never changes, for it is what keeps a second copy away. */
static void make_key(const struct cp_turn *turn, const json_t *checkpoint, char *out, size_t size)
{
    json_t *facts = masto_object(turn->facts);
    const char *habit = masto_string(facts, "key");
    json_int_t refusals = json_integer_value(json_object_get(checkpoint, "refusals"));

    if (habit && strcmp(habit, "fresh") == 0 && refusals > 0)
        snprintf(out, size, "%s-%" JSON_INTEGER_FORMAT, turn->wire_key, refusals);
    else
        snprintf(out, size, "%s", turn->wire_key);
    json_decref(facts);
}

static void publish(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    char key[128];
    char *text = post_body(settings, turn, checkpoint);
    const struct cp_segment body = { .bytes = text, .size = text ? strlen(text) : 0 };
    struct masto_request request = { .step = CP_STEP_PUBLISH,
                                     .method = "POST",
                                     .path = text ? masto_format("/api/v1/statuses") : NULL,
                                     .header = { { "Content-Type", "application/json", NULL },
                                                 { "Idempotency-Key", key, NULL } },
                                     .body = &body,
                                     .body_count = 1,
                                     .example = example_post };

    make_key(turn, checkpoint, key, sizeof(key));
    json_object_set_new(checkpoint, "step", json_string("publish"));
    json_object_del(checkpoint, "medium");
    masto_send(settings, turn, &request, checkpoint);
    free(text);
}

/* The first medium that is not uploaded or not ready; else the post. */
static void next_request(const struct cp_settings *settings, struct cp_turn *turn,
                         json_t *checkpoint)
{
    for (size_t i = 0; i < turn->part->media_count; i++) {
        const json_t *entry = masto_medium(checkpoint, &turn->part->media[i], turn->now_us);

        if (!json_is_true(json_object_get(entry, "ready"))) {
            masto_medium_ask(settings, turn, checkpoint, i);
            return;
        }
    }
    publish(settings, turn, checkpoint);
}

/* --- the reply --- */

/* Old Pleroma shares its memory of keys between accounts: what it names must be ours. */
static bool of_another(const struct cp_turn *turn, const json_t *body)
{
    char id[MASTO_ID];

    return turn->account_id && masto_id(json_object_get(body, "account"), "id", id) &&
           strcmp(id, turn->account_id) != 0;
}

static bool accepted(struct cp_turn *turn, const json_t *body, const json_t *checkpoint)
{
    char id[MASTO_ID];
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED, .remote_id = id };

    if (!masto_id(body, "id", id))
        return false;
    if (of_another(turn, body)) {
        masto_finish_as(turn, CP_VERDICT_UNKNOWN, "the server named a post of another account",
                        checkpoint);
        return true;
    }
    verdict.url = masto_url(body, "url");
    masto_finish(turn, &verdict, checkpoint);
    return true;
}

static void refused(struct cp_turn *turn, json_t *checkpoint)
{
    struct masto_judgement judgement;

    masto_judge(turn, MASTO_PUBLISH, turn->parent_id != NULL, &judgement);
    if (judgement.kind != CP_VERDICT_UNKNOWN) {
        const json_t *refusals = json_object_get(checkpoint, "refusals");

        json_object_set_new(checkpoint, "refusals",
                            json_integer(json_integer_value(refusals) % 1000 + 1));
    }
    if (judgement.kind == CP_VERDICT_RETRY && masto_says(&judgement, "finished processing")) {
        masto_media_reset(checkpoint, false);
        judgement.not_before_us = turn->now_us + 3 * MASTO_SECOND;
    }
    /* Used up or thrown away: whichever it was, these ids serve no second time. */
    if (judgement.kind == CP_VERDICT_UNKNOWN && masto_says(&judgement, "already attached"))
        masto_media_reset(checkpoint, true);
    masto_finish_judged(turn, &judgement, checkpoint);
}

static void published(struct cp_turn *turn, json_t *checkpoint)
{
    int status = turn->reply->status;
    json_t *body = status == 200 || status == 201 ? masto_json(turn->reply) : NULL;

    json_object_del(checkpoint, "step");
    if (!accepted(turn, body, checkpoint))
        refused(turn, checkpoint);
    json_decref(body);
}

/* What no server need be asked for. True: the turn is finished. Nothing has left if there is no reply;
 * if there is one to a part that can't have been sent, nobody knows. */
static bool impossible(const struct cp_settings *settings, struct cp_turn *turn)
{
    enum cp_verdict_kind kind = CP_VERDICT_REJECTED;
    const char *why = NULL;

    if (!turn->wire_key)
        why = "the part came without its key";
    else if (turn->part_number > 1 && !turn->parent_id)
        why = "a later part of a thread came without the post that it replies to";
    else if (!masto_visibility(settings, turn->part)) {
        kind = CP_VERDICT_MISCONFIGURED;
        why = "'visibility' is none of public, unlisted, private, direct";
    }
    if (why)
        masto_finish_as(turn, turn->reply ? CP_VERDICT_UNKNOWN : kind, why, NULL);
    return why != NULL;
}

void masto_post(const struct cp_settings *settings, struct cp_turn *turn)
{
    const char *step;
    json_t *checkpoint;

    if (impossible(settings, turn))
        return;
    checkpoint = masto_object(turn->checkpoint);
    step = masto_string(checkpoint, "step");
    if (!turn->reply)
        next_request(settings, turn, checkpoint);
    else if (step && strcmp(step, "publish") == 0)
        published(turn, checkpoint);
    else if (masto_medium_reply(turn, checkpoint))
        next_request(settings, turn, checkpoint);
    json_decref(checkpoint);
}
