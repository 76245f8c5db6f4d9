/* template.c - an adapter for a platform that does not exist; see README.md.
 *
 *     GET  /me            {"id", "name"}
 *     POST /posts         {"key", "text"} -> 201 {"id", "url"}
 *     GET  /posts?key=K   {"posts": [{"id", "url", "text"}]}
 */
#include <camp-post/adapter.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What to assume before the server was asked: the modest guarantee and a limit that fits everywhere. */
static const char facts[] =
    "{\"guarantee\": \"lookup\", \"limits\": [{\"unit\": \"graphemes\", \"max\": 500}]}";

/* ---- answers ------------------------------------------------------------------------------- */

static void finish(struct cp_turn *turn, enum cp_verdict_kind kind, const char *reason)
{
    struct cp_verdict verdict = { .kind = kind, .reason = reason };

    cp_turn_finish(turn, &verdict, NULL);
}

/* The token is named, never held: the host puts it behind "Bearer ", towards this server only. */
static const struct cp_field headers[] = {
    { .name = "Authorization", .value = "Bearer ", .secret = "access_token" },
    { .name = "Content-Type", .value = "application/json" },
};

static void ask(const struct cp_settings *settings, struct cp_turn *turn, const char *path,
                const char *body, const char *example)
{
    struct cp_segment segment = { .bytes = body, .size = body ? strlen(body) : 0 };
    char url[1024];
    struct cp_request request = {
        .step = body ? CP_STEP_PUBLISH : CP_STEP_READ,
        .method = body ? "POST" : "GET",
        .url = url,
        .headers = headers,
        .header_count = body ? 2 : 1,
        .body = &segment,
        .body_count = body ? 1 : 0,
        .example_status = body ? 201 : 200,
        .example_body = example,
    };

    snprintf(url, sizeof(url), "%s%s", cp_setting(settings, "server", ""), path);
    cp_turn_request(turn, &request, NULL);
}

/* What a status other than success proves. True: the turn is finished. */
static bool refused(struct cp_turn *turn)
{
    int status = turn->reply->status;

    if (status >= 200 && status < 300)
        return false;
    if (status == 401)
        finish(turn, CP_VERDICT_REAUTHENTICATE, "the token is not accepted");
    else if (status == 429) {
        struct cp_verdict verdict = { .kind = CP_VERDICT_RETRY, .throttled = true };

        cp_turn_finish(turn, &verdict, NULL);
    } else if (status >= 300 && status < 400)
        finish(turn, CP_VERDICT_MISCONFIGURED, "the server is somewhere else: correct 'server'");
    else if (turn->purpose == CP_POST && (status == 400 || status == 422))
        finish(turn, CP_VERDICT_REJECTED, "the server does not take this post");
    else
        finish(turn, CP_VERDICT_UNKNOWN, "an answer that proves nothing");
    return true;
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void accept_post(struct cp_turn *turn, const json_t *post)
{
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED,
                                  .remote_id = text_of(post, "id"),
                                  .url = text_of(post, "url") };

    if (verdict.remote_id && *verdict.remote_id)
        cp_turn_finish(turn, &verdict, NULL);
    else
        finish(turn, CP_VERDICT_UNKNOWN, "an answer without an id");
}

/* ---- turns --------------------------------------------------------------------------------- */

static void template_post(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *json;
    char *body;

    if (turn->reply) {
        if (refused(turn))
            return;
        json = json_loadb(turn->reply->body, turn->reply->size, 0, NULL);
        accept_post(turn, json);
        json_decref(json);
        return;
    }
    json = json_pack("{s:s, s:s}", "key", turn->wire_key, "text", turn->part->text);
    body = json_dumps(json, JSON_COMPACT);
    if (body)
        ask(settings, turn, "/posts", body, "{\"id\": \"‹id›\", \"url\": \"‹address›\"}");
    else
        finish(turn, CP_VERDICT_RETRY, "out of memory");
    free(body);
    json_decref(json);
}

/* The platform finds posts by our key, so one read is complete. */
static void judge(struct cp_turn *turn, const json_t *posts)
{
    const json_t *post = json_array_get(posts, 0);
    const char *text = text_of(post, "text");

    if (!json_is_array(posts))
        finish(turn, CP_VERDICT_UNKNOWN, "an answer without a list of posts");
    else if (json_array_size(posts) == 0)
        finish(turn, CP_VERDICT_ABSENT, NULL);
    else if (json_array_size(posts) > 1 || !text || strcmp(text, turn->part->text) != 0)
        finish(turn, CP_VERDICT_DIFFERENT, "another post has this key, or several do");
    else
        accept_post(turn, post);
}

static void template_look_up(const struct cp_settings *settings, struct cp_turn *turn)
{
    char path[128];
    json_t *json;

    if (!turn->reply) {
        snprintf(path, sizeof(path), "/posts?key=%s", turn->wire_key);
        ask(settings, turn, path, NULL, "{\"posts\": []}");
    } else if (!refused(turn)) {
        json = json_loadb(turn->reply->body, turn->reply->size, 0, NULL);
        judge(turn, json_object_get(json, "posts"));
        json_decref(json);
    }
}

static void template_who_am_i(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *json;
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED };

    if (!turn->reply) {
        ask(settings, turn, "/me", NULL, "{\"id\": \"‹account›\"}");
        return;
    }
    if (refused(turn))
        return;
    json = json_loadb(turn->reply->body, turn->reply->size, 0, NULL);
    verdict.remote_id = text_of(json, "id");
    verdict.name = text_of(json, "name");
    if (verdict.remote_id)
        cp_turn_finish(turn, &verdict, NULL);
    else
        finish(turn, CP_VERDICT_UNKNOWN, "an answer without an id");
    json_decref(json);
}

/* ---- the table ----------------------------------------------------------------------------- */

static const struct cp_option options[] = {
    { .name = "server",
      .type = CP_OPTION_SERVER,
      .required = true,
      .help = "where the account is, such as https://social.example" },
    { 0 },
};

CP_ADAPTER_EXPORT = {
    CP_ADAPTER_INIT,
    .name = "template",
    .options = options,
    .facts = facts,
    .needs_credential = true,
    .turns = {
        [CP_POST] = template_post,
        [CP_LOOK_UP] = template_look_up,
        [CP_WHO_AM_I] = template_who_am_i,
    },
};
