/* plugins/mastodon/login.c - from nothing to a token, with a code that the person copies.
 *
 *     POST /api/v1/apps        registers camp-post: a client's id and secret
 *     ask                      the person opens /oauth/authorize and types the code it shows
 *     POST /oauth/token        the code and the verifier for a token
 *
 * PKCE (RFC 7636, S256) ties the code to this login. A pure function has no randomness: the host
 * puts at least 43 random characters of the unreserved set into the turn's wire_key, the same ones
 * for all turns of one login, and that is the verifier. There is no `state`: it protects redirects,
 * the out-of-band flow has none, and snac2 would show it as part of the code.
 *
 * The checkpoint holds the client's secret. A host keeps it in memory for the minutes of a login.
 */
#include "mastodon.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#define OUT_OF_BAND "urn:ietf:wg:oauth:2.0:oob"

enum { VERIFIER_LEAST = 43, VERIFIER_MOST = 128, CODE_MOST = 512, TRIES = 3 };

static const char *const scopes[] = {
    "read:accounts read:statuses write:statuses write:media",
    "read write", /* servers that know no finer ones */
};

/* --- PKCE --- */

static bool fit_verifier(const char *text)
{
    size_t size = text ? strlen(text) : 0;

    return size >= VERIFIER_LEAST && size <= VERIFIER_MOST &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") ==
               size;
}

/* BASE64URL(SHA256(verifier)) without padding; out has 45 bytes. */
bool masto_challenge(const char *verifier, char out[45])
{
    unsigned char digest[32];
    unsigned int size = 0;

    if (!EVP_Digest(verifier, strlen(verifier), digest, &size, EVP_sha256(), NULL) || size != 32)
        return false;
    EVP_EncodeBlock((unsigned char *)out, digest, 32);
    for (char *at = out; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
    return true;
}

/* --- the registration --- */

static void register_app(const struct cp_settings *settings, struct cp_turn *turn, size_t which)
{
    json_t *checkpoint = json_pack("{ss si}", "step", "apps", "scopes", (int)which);
    json_t *fields = json_pack("{ss ss ss}", "client_name", "camp-post", "redirect_uris",
                               OUT_OF_BAND, "scopes", scopes[which]);
    char *text = json_dumps(fields, JSON_COMPACT);
    const struct cp_segment body = { .bytes = text, .size = text ? strlen(text) : 0 };
    struct masto_request request = {
        .step = CP_STEP_PREPARE,
        .method = "POST",
        .path = text ? masto_format("/api/v1/apps") : NULL,
        .anonymous = true,
        .header = { { "Content-Type", "application/json", NULL } },
        .body = &body,
        .body_count = 1,
        .example = "{\"client_id\":\"‹client›\",\"client_secret\":\"‹client's secret›\"}"
    };

    masto_send(settings, turn, &request, checkpoint);
    json_decref(fields);
    json_decref(checkpoint);
    free(text);
}

static char *authorize_url(const struct cp_settings *settings, const char *client,
                           const char *scope, const char *challenge)
{
    const char *server = cp_setting(settings, "server", "");
    size_t size = strlen(server);
    char *id = masto_encode(client), *scope_text = masto_encode(scope);
    char *back = masto_encode(OUT_OF_BAND), *url = NULL;

    while (size && server[size - 1] == '/')
        size--;
    if (id && scope_text && back)
        url = masto_format("%.*s/oauth/authorize?response_type=code&client_id=%s&redirect_uri=%s"
                           "&scope=%s&code_challenge=%s&code_challenge_method=S256",
                           (int)size, server, id, back, scope_text, challenge);
    free(id);
    free(scope_text);
    free(back);
    return url;
}

static const char *scope_of(const json_t *checkpoint)
{
    return scopes[json_integer_value(json_object_get(checkpoint, "scopes")) == 1];
}

static void ask_for_code(const struct cp_settings *settings, struct cp_turn *turn,
                         json_t *checkpoint, const char *before)
{
    char challenge[45], *url = NULL, *text, *kept;

    json_object_set_new(checkpoint, "step", json_string("code"));
    if (masto_challenge(turn->wire_key, challenge))
        url = authorize_url(settings, masto_string(checkpoint, "client_id"), scope_of(checkpoint),
                            challenge);
    text = masto_format("%sOpen this address in a browser, log in as the account, allow camp-post, "
                        "and type the code that is shown",
                        before);
    kept = json_dumps(checkpoint, JSON_COMPACT);
    if (url && text && kept)
        cp_turn_ask(turn, &(struct cp_ask){ .text = text, .url = url, .prompt = "code" }, kept);
    else
        masto_finish_as(turn, CP_VERDICT_RETRY, "out of memory", NULL);
    free(url);
    free(text);
    free(kept);
}

static void finish_judged(struct cp_turn *turn)
{
    struct masto_judgement judgement;

    masto_judge(turn, MASTO_ASK, false, &judgement);
    masto_finish_judged(turn, &judgement, NULL);
}

static void registered(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    int status = turn->reply->status;
    json_t *body = status == 200 || status == 201 ? masto_json(turn->reply) : NULL;
    const char *id = masto_string(body, "client_id"), *secret = masto_string(body, "client_secret");
    bool refused = status == 400 || status == 403 || status == 422;

    if (id && secret && *id && *secret) {
        json_object_set_new(checkpoint, "client_id", json_string(id));
        json_object_set_new(checkpoint, "client_secret", json_string(secret));
        ask_for_code(settings, turn, checkpoint, "");
    } else if (refused && scope_of(checkpoint) == scopes[0]) {
        register_app(settings, turn, 1);
    } else {
        finish_judged(turn);
    }
    json_decref(body);
}

/* --- the code --- */

/* The code in what was typed: without blanks around it, and without what a page may have put around
 * it ("…?code=CODE&state=…"). False: there is none. */
bool masto_typed_code(const char *typed, char *out, size_t size)
{
    const char *named = strstr(typed, "code=");
    size_t length;

    if (named)
        typed = named + 5;
    typed += strspn(typed, " \t\r\n");
    length = strcspn(typed, "& \t\r\n");
    if (!length || length >= size)
        return false;
    memcpy(out, typed, length);
    out[length] = '\0';
    return true;
}

static char *token_form(const json_t *checkpoint, const char *code, const char *verifier)
{
    char *id = masto_encode(masto_string(checkpoint, "client_id"));
    char *secret = masto_encode(masto_string(checkpoint, "client_secret"));
    char *given = masto_encode(code), *back = masto_encode(OUT_OF_BAND);
    char *scope = masto_encode(scope_of(checkpoint)), *form = NULL;

    if (id && secret && given && back && scope)
        form = masto_format("grant_type=authorization_code&code=%s&client_id=%s&client_secret=%s"
                            "&redirect_uri=%s&scope=%s&code_verifier=%s",
                            given, id, secret, back, scope, verifier);
    free(id);
    free(secret);
    free(given);
    free(back);
    free(scope);
    return form;
}

static void trade(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    char code[CODE_MOST], *form;

    if (!masto_typed_code(turn->answer, code, sizeof(code))) {
        ask_for_code(settings, turn, checkpoint, "That was no code. ");
        return;
    }
    form = token_form(checkpoint, code, turn->wire_key);
    json_object_set_new(checkpoint, "step", json_string("token"));
    {
        const struct cp_segment body = { .bytes = form, .size = form ? strlen(form) : 0 };
        struct masto_request request = {
            .step = CP_STEP_PREPARE,
            .method = "POST",
            .path = form ? masto_format("/oauth/token") : NULL,
            .anonymous = true,
            .header = { { "Content-Type", "application/x-www-form-urlencoded", NULL } },
            .body = &body,
            .body_count = 1,
            .example = "{\"access_token\":\"‹token›\",\"token_type\":\"Bearer\"}"
        };

        masto_send(settings, turn, &request, checkpoint);
    }
    free(form);
}

/* --- the token --- */

/* A credential's members are strings that are not empty. */
static void copy(json_t *to, const json_t *from, const char *member)
{
    json_t *value = json_object_get(from, member);

    if (json_is_integer(value))
        json_object_set_new(to, member, json_sprintf("%lld", (long long)json_integer_value(value)));
    else if (json_string_length(value) > 0)
        json_object_set(to, member, value);
}

static void finish_credential(struct cp_turn *turn, const json_t *body, const json_t *checkpoint)
{
    static const char *const kept[] = { "access_token", "scope", "created_at", "refresh_token",
                                        "expires_in" };
    json_t *credential = json_object();
    char *text;

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        copy(credential, body, kept[i]);
    copy(credential, checkpoint, "client_id");
    copy(credential, checkpoint, "client_secret");
    text = json_dumps(credential, JSON_COMPACT);
    if (text)
        cp_turn_finish(
            turn, &(struct cp_verdict){ .kind = CP_VERDICT_ACCEPTED, .credential = text }, "{}");
    else
        masto_finish_as(turn, CP_VERDICT_RETRY, "out of memory", NULL);
    json_decref(credential);
    free(text);
}

/* A code works once, and a wrong one uses it up: the person needs another. */
static void ask_again(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    json_int_t tries = json_integer_value(json_object_get(checkpoint, "tries")) + 1;
    int status = turn->reply->status;

    if ((status != 400 && status != 401 && status != 422) || tries >= TRIES || tries < 1) {
        finish_judged(turn);
        return;
    }
    json_object_set_new(checkpoint, "tries", json_integer(tries));
    ask_for_code(settings, turn, checkpoint,
                 "The server did not take that code. A code works once and only for some minutes, "
                 "so a new one is needed. ");
}

static void traded(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    json_t *body = turn->reply->status == 200 ? masto_json(turn->reply) : NULL;
    const char *token = masto_string(body, "access_token"),
               *type = masto_string(body, "token_type");
    struct masto_judgement judgement;

    masto_judge(turn, MASTO_ASK, false, &judgement);
    if (token && *token && type && strcasecmp(type, "Bearer") != 0)
        masto_finish_as(turn, CP_VERDICT_REJECTED,
                        "the server gave a token of a kind that the Mastodon API does not use",
                        NULL);
    else if (token && *token)
        finish_credential(turn, body, checkpoint);
    else if (masto_says(&judgement, "invalid_client"))
        masto_finish_as(turn, CP_VERDICT_REJECTED,
                        "the server has forgotten that camp-post registered: log in again", NULL);
    else
        ask_again(settings, turn, checkpoint);
    json_decref(body);
}

static bool has_client(const json_t *checkpoint)
{
    return masto_string(checkpoint, "client_id") && masto_string(checkpoint, "client_secret");
}

void masto_login(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *checkpoint = masto_object(turn->checkpoint);
    const char *step = masto_string(checkpoint, "step");

    if (!fit_verifier(turn->wire_key))
        masto_finish_as(turn, CP_VERDICT_MISCONFIGURED,
                        "the host gave no random text to protect the login with", NULL);
    else if (!turn->reply && !step)
        register_app(settings, turn, 0);
    else if (turn->reply && step && strcmp(step, "apps") == 0)
        registered(settings, turn, checkpoint);
    else if (turn->answer && step && strcmp(step, "code") == 0 && has_client(checkpoint))
        trade(settings, turn, checkpoint);
    else if (turn->reply && step && strcmp(step, "token") == 0 && has_client(checkpoint))
        traded(settings, turn, checkpoint);
    else
        masto_finish_as(turn, CP_VERDICT_RETRY, "the login was interrupted: begin again", NULL);
    json_decref(checkpoint);
}
