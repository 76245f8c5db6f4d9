/* plugins/mastodon/reply.c - what a reply means.
 *
 * Sources: app/controllers/concerns/api/error_handling.rb and config/locales/en.yml of Mastodon for
 * statuses and words, its rack_attack.rb for the rate headers; RFC 9110 for what a proxy may say.
 */
#include "reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "instant.h"

enum { BODY_MOST = 8 << 20 };

/* --- JSON --- */

json_t *masto_json(const struct cp_reply *reply)
{
    if (reply->size > BODY_MOST)
        return NULL;
    return json_loadb(reply->body, reply->size, 0, NULL);
}

const char *masto_header(const struct cp_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}

const char *masto_string(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static bool printable(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

bool masto_id(const json_t *object, const char *member, char out[MASTO_ID])
{
    const json_t *value = json_object_get(object, member);
    const char *text = json_string_value(value);

    if (json_is_integer(value) && json_integer_value(value) > 0) {
        snprintf(out, MASTO_ID, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return true;
    }
    if (!text || !*text || strlen(text) >= MASTO_ID || !printable(text))
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

const char *masto_url(const json_t *object, const char *member)
{
    const char *text = masto_string(object, member);

    if (!text || strlen(text) >= MASTO_URL || !printable(text) || strpbrk(text, " \"<>"))
        return NULL;
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0 ? text : NULL;
}

/* --- the server's own words --- */

/* Bytes of a tag at `text`, or 0. */
static size_t tag_size(const char *text)
{
    const char *end;

    if (text[0] != '<' || (text[1] != '/' && text[1] != '!' && (text[1] | 32) < 'a') ||
        (text[1] | 32) > 'z')
        return 0;
    end = strchr(text, '>');
    return end ? (size_t)(end - text) + 1 : 0;
}

/* Bytes of a control character, or of one that turns the direction of what follows (U+200E, U+200F,
 * U+2028 to U+202E, U+2066 to U+2069): a terminal would obey them. */
static size_t unwanted_size(const char *text)
{
    const unsigned char *u = (const unsigned char *)text;

    if (u[0] <= ' ' || u[0] == 0x7f)
        return 1;
    if (u[0] == 0xc2 && u[1] >= 0x80 && u[1] <= 0x9f)
        return 2;
    if (u[0] == 0xe2 && u[1] == 0x80 &&
        (u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xa8 && u[2] <= 0xae)))
        return 3;
    return u[0] == 0xe2 && u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9 ? 3 : 0;
}

static size_t character_size(unsigned char first)
{
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

void masto_clean(const char *text, char *out, size_t size)
{
    static const char cut[] = "…";
    size_t used = 0, step;
    bool gap = false;

    while (*text) {
        step = tag_size(text);
        if (!step)
            step = unwanted_size(text);
        if (step) {
            gap = used > 0;
            text += step;
            continue;
        }
        step = strnlen(text, character_size((unsigned char)*text));
        if (used + gap + step + sizeof(cut) > size) {
            memcpy(out + used, cut, sizeof(cut));
            return;
        }
        if (gap)
            out[used++] = ' ';
        gap = false;
        memcpy(out + used, text, step);
        used += step;
        text += step;
    }
    out[used] = '\0';
}

/* "error" and "error_description"; some servers put an object there, which is shown as it is. */
static void own_words(const struct cp_reply *reply, char *out, size_t size)
{
    json_t *body = masto_json(reply);
    const json_t *error = json_object_get(body, "error");
    const char *more = masto_string(body, "error_description");
    char *text = NULL, both[1024];

    if (!error)
        error = json_object_get(body, "errors");
    if (!json_is_string(error) && error)
        text = json_dumps(error, JSON_COMPACT | JSON_ENCODE_ANY);
    snprintf(both, sizeof(both), "%s%s%s",
             json_is_string(error) ? json_string_value(error)
             : text                ? text
                                   : "",
             error && more ? ": " : "", more ? more : "");
    masto_clean(both, out, size);
    free(text);
    json_decref(body);
}

bool masto_says(const struct masto_judgement *judgement, const char *words)
{
    return strcasestr(judgement->error, words) != NULL;
}

/* --- the error table --- */

#define REJECTED       CP_VERDICT_REJECTED
#define RETRY          CP_VERDICT_RETRY
#define UNKNOWN        CP_VERDICT_UNKNOWN
#define REAUTHENTICATE CP_VERDICT_REAUTHENTICATE
#define MISCONFIGURED  CP_VERDICT_MISCONFIGURED

/* One row; the first that fits wins. Where a row names words, the server's own text must have them.
 * When in doubt a row says UNKNOWN for publishing: that costs a read, RETRY would cost a second post. */
struct rule {
    int first, last;
    const char *words;
    bool replies; /* only for a post that replies to another */
    enum cp_verdict_kind kind[MASTO_CALLS];
    const char *why;
};

static const struct rule rules[] = {
    { 301,
      302,
      NULL,
      false,
      { MISCONFIGURED, MISCONFIGURED, MISCONFIGURED, UNKNOWN },
      "the server points elsewhere: put its new address into 'server'" },
    { 303,
      303,
      NULL,
      false,
      { UNKNOWN, MISCONFIGURED, MISCONFIGURED, UNKNOWN },
      "the server points elsewhere after the request" },
    { 307,
      308,
      NULL,
      false,
      { MISCONFIGURED, MISCONFIGURED, MISCONFIGURED, UNKNOWN },
      "the server points elsewhere: put its new address into 'server'" },
    /* Pixelfed writes the key down before it looks at the post: this proves neither. */
    { 400,
      400,
      "idempotency",
      false,
      { UNKNOWN, RETRY, RETRY, UNKNOWN },
      "the server has seen this key before" },
    { 400, 400, NULL, false, { REJECTED, REJECTED, REJECTED, UNKNOWN }, "refused" },
    { 401,
      401,
      NULL,
      false,
      { REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE },
      "the token is no longer good: log in again" },
    { 403,
      403,
      "scope",
      false,
      { REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE },
      "the token may not do this: log in again" },
    { 403,
      403,
      "your login",
      false,
      { REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE },
      "the account can't be used" },
    { 403,
      403,
      "duplicate",
      false,
      { UNKNOWN, REJECTED, REJECTED, UNKNOWN },
      "the server knows this post already" },
    { 403, 403, NULL, false, { REJECTED, REJECTED, REAUTHENTICATE, UNKNOWN }, "not allowed" },
    /* Mastodon answers so to a key whose post was deleted since, reply or not. */
    { 404,
      404,
      "record not found",
      false,
      { UNKNOWN, REJECTED, MISCONFIGURED, UNKNOWN },
      "not found" },
    { 404,
      404,
      NULL,
      true,
      { REJECTED, REJECTED, MISCONFIGURED, UNKNOWN },
      "the post that it replies to is not there" },
    { 404, 404, NULL, false, { UNKNOWN, REJECTED, MISCONFIGURED, UNKNOWN }, "not found" },
    { 410, 410, NULL, false, { REJECTED, REJECTED, MISCONFIGURED, UNKNOWN }, "gone" },
    { 413, 413, NULL, false, { REJECTED, REJECTED, REJECTED, UNKNOWN }, "too large" },
    { 415,
      415,
      NULL,
      false,
      { REJECTED, REJECTED, REJECTED, UNKNOWN },
      "of a kind it does not take" },
    { 421, 421, NULL, false, { RETRY, RETRY, RETRY, RETRY }, "sent to the wrong machine" },
    { 422,
      422,
      "finished processing",
      false,
      { RETRY, RETRY, RETRY, RETRY },
      "a medium is still being processed" },
    { 422,
      422,
      "already attached",
      false,
      { UNKNOWN, REJECTED, REJECTED, UNKNOWN },
      "a medium belongs to a post already, or is gone" },
    { 422,
      422,
      "idempotency",
      false,
      { UNKNOWN, REJECTED, REJECTED, UNKNOWN },
      "the server has seen this key before" },
    { 422,
      422,
      "duplicate",
      false,
      { UNKNOWN, REJECTED, REJECTED, UNKNOWN },
      "the server knows this post already" },
    { 422,
      422,
      "authenticated user",
      false,
      { REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE, REAUTHENTICATE },
      "the token belongs to no account: log in again" },
    { 422, 422, NULL, false, { REJECTED, REJECTED, REJECTED, UNKNOWN }, "refused" },
    { 425, 425, NULL, false, { RETRY, RETRY, RETRY, RETRY }, "too early" },
    { 429, 429, NULL, false, { RETRY, RETRY, RETRY, RETRY }, "too many requests" },
    /* Mastodon did not get its lock; GoToSocial's queue is full. A proxy's 503 is another thing. */
    { 503, 503, "temporary problem", false, { RETRY, RETRY, RETRY, RETRY }, "busy" },
    { 503, 503, "capacity exceeded", false, { RETRY, RETRY, RETRY, RETRY }, "busy" },
    { 500, 599, NULL, false, { UNKNOWN, RETRY, RETRY, UNKNOWN }, "the server failed" },
    { 408,
      409,
      NULL,
      false,
      { UNKNOWN, RETRY, RETRY, UNKNOWN },
      "the request was not taken to its end" },
    { 200,
      299,
      NULL,
      false,
      { UNKNOWN, RETRY, UNKNOWN, UNKNOWN },
      "the answer is not in the form of the Mastodon API" },
    { 0, 999, NULL, false, { UNKNOWN, RETRY, UNKNOWN, UNKNOWN }, "an answer without meaning" },
};

static const struct rule *find_rule(int status, const struct masto_judgement *judgement,
                                    bool reply_to)
{
    const struct rule *rule = rules;

    /* The last row fits whatever an HTTP client can hand over. */
    for (; rule < rules + sizeof(rules) / sizeof(rules[0]) - 1; rule++) {
        if (status >= rule->first && status <= rule->last && (!rule->replies || reply_to) &&
            (!rule->words || masto_says(judgement, rule->words)))
            break;
    }
    return rule;
}

/* The wait that the server asks for, on our clock, from a second to a day; 0 when it names none. */
static int64_t not_before(const struct cp_turn *turn)
{
    const struct cp_reply *reply = turn->reply;
    int64_t now = reply->date_us ? reply->date_us : turn->now_us + turn->skew_us, wait;
    const char *after = masto_header(reply, "Retry-After");
    const char *reset = masto_header(reply, "X-RateLimit-Reset");

    if (!(after && masto_retry_after(after, now, &wait)) &&
        !(reset && masto_rate_reset(reset, now, &wait)))
        return 0;
    return turn->now_us + (wait < MASTO_SECOND ? MASTO_SECOND : wait);
}

void masto_judge(const struct cp_turn *turn, enum masto_call call, bool reply_to,
                 struct masto_judgement *out)
{
    const struct cp_reply *reply = turn->reply;
    const struct rule *rule;
    char whole[2 * MASTO_REASON];

    memset(out, 0, sizeof(*out));
    own_words(reply, out->error, sizeof(out->error));
    rule = find_rule(reply->status, out, reply_to);
    out->kind = rule->kind[call];
    out->throttled = reply->status == 425 || reply->status == 429;
    /* X-RateLimit-Reset is on every answer; only a refusal for being too many is about it. */
    if (out->throttled || (out->kind == RETRY && masto_header(reply, "Retry-After")))
        out->not_before_us = not_before(turn);
    snprintf(whole, sizeof(whole), "HTTP %d: %s%s%s%s", reply->status, rule->why,
             out->error[0] ? ": '" : "", out->error, out->error[0] ? "'" : "");
    masto_clean(whole, out->reason, sizeof(out->reason));
}
