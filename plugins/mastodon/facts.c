/* plugins/mastodon/facts.c - what the server is, what it takes, and who we are on it.
 *
 * GET /api/v2/instance, or /api/v1/instance where that is missing. A limit that is named and sane is
 * taken as it is; a promise (that keys are remembered, that links are discounted) only from servers
 * whose code is known to keep it. What is missing or absurd is replaced by the cautious value.
 */
#include "mastodon.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TYPES_MOST = 64 };

/* What the kinds of server are known for, from their own sources. */
struct family {
    const char *name;
    const char *guarantee;
    bool discounts;   /* a link counts characters_reserved_per_url, a mention without its domain */
    const char *unit; /* of max_characters; code points where unknown: never fewer than graphemes */
    const char *key;  /* "fresh": refusals are remembered under the key, so each takes another */
    const char *listed; /* "public": the list of own posts lacks private and direct ones */
    int posts, per_s;
};

static const struct family families[] = {
    /* app/services/post_status_service.rb: the key is remembered for an hour. */
    { "mastodon", "window", true, "graphemes", NULL, NULL, 300, 10800 },
    { "glitch-soc", "window", true, "graphemes", NULL, NULL, 300, 10800 },
    { "hometown", "window", true, "graphemes", NULL, NULL, 300, 10800 },
    /* src/api/v1/statuses.ts: the key is a column of the post, asked for within an hour. */
    { "hollo", "window", false, "code points", NULL, NULL, 300, 10800 },
    /* idempotency_plug.ex: in memory, lost at a restart, and refusals are repeated as well. */
    { "pleroma", "lookup", false, "graphemes", "fresh", NULL, 300, 10800 },
    { "akkoma", "lookup", false, "graphemes", "fresh", NULL, 300, 10800 },
    /* ApiV1Controller.php: a key that was seen is refused, whatever became of the post. */
    { "pixelfed", "lookup", false, "code points", "fresh", NULL, 1000, 86400 },
    { "gotosocial", "lookup", false, "code points", NULL, NULL, 300, 10800 },
    /* mastoapi.c: the list of an account's posts is its public timeline. */
    { "snac", "lookup", false, "code points", NULL, "public", 300, 10800 },
    { "friendica", "lookup", false, "code points", NULL, NULL, 300, 10800 },
    { "unknown", "lookup", false, "code points", NULL, NULL, 300, 10800 }, /* last */
};

/* --- which kind --- */

static const struct family *family_named(const char *name)
{
    const struct family *family = families;

    while (strcmp(family->name, "unknown") != 0 &&
           strncasecmp(name, family->name, strlen(family->name)) != 0)
        family++;
    return family;
}

/* A release of Mastodon or of a fork that keeps its promises: 4.5.9, 4.6.0-rc.1, 4.4.1+glitch. */
static const struct family *fork_of_mastodon(const char *version)
{
    int major = 0, minor = 0, patch = 0, end = 0;
    const char *plus = strchr(version, '+');

    if (strpbrk(version, "( ") ||
        sscanf(version, "%3d.%3d.%3d%n", &major, &minor, &patch, &end) != 3 || major < 3 ||
        (version[end] && version[end] != '-' && version[end] != '+'))
        return NULL;
    if (!plus)
        return family_named("mastodon");
    if (strncasecmp(plus + 1, "glitch", 6) == 0)
        return family_named("glitch-soc");
    return strncasecmp(plus + 1, "hometown", 8) == 0 ? family_named("hometown") : NULL;
}

/* Others write who they are behind the version they imitate. */
static const char *imitator(const char *version)
{
    const char *name = strcasestr(version, "(compatible; ");

    if (name)
        return name + strlen("(compatible; ");
    name = strcasestr(version, "really ");
    return name ? name + strlen("really ") : NULL;
}

static const struct family *identify(const json_t *instance, const char *version)
{
    const char *source = masto_string(instance, "source_url"), *name = imitator(version);
    json_int_t api =
        json_integer_value(json_object_get(json_object_get(instance, "api_versions"), "mastodon"));
    const struct family *family;

    if (name)
        return family_named(name);
    if (!source)
        source = "";
    if (strcasestr(source, "/hollo"))
        return family_named("hollo");
    if (strcasestr(source, "gotosocial"))
        return family_named("gotosocial");
    family = fork_of_mastodon(version);
    if (family && (api > 0 || strcasestr(source, "mastodon") || strcasestr(source, "hometown")))
        return family;
    return family_named("unknown");
}

/* "mastodon 4.5.9", "snac 2.96", "unknown 3.0.0+x" */
static void name_software(const struct family *family, const char *version, char *out, size_t size)
{
    const char *own = imitator(version);
    char clean[120];

    masto_clean(own ? own : version, clean, sizeof(clean));
    if (own) { /* "Pleroma 2.7.0)": the name is the family's when it is known */
        clean[strcspn(clean, ")")] = '\0';
        if (strcmp(family->name, "unknown") == 0)
            snprintf(out, size, "%s", clean);
        else
            snprintf(out, size, "%s %s", family->name,
                     clean + strcspn(clean, " /") + (clean[strcspn(clean, " /")] != '\0'));
        return;
    }
    snprintf(out, size, "%s %s", family->name, clean);
}

/* --- what it takes --- */

/* A whole number within bounds, or `otherwise`. */
static json_int_t sane(const json_t *object, const char *member, json_int_t most,
                       json_int_t otherwise)
{
    const json_t *value = json_object_get(object, member);

    return json_is_integer(value) && json_integer_value(value) > 0 &&
                   json_integer_value(value) <= most
               ? json_integer_value(value)
               : otherwise;
}

static json_int_t most_characters(const json_t *instance, const json_t *statuses)
{
    json_int_t most = sane(statuses, "max_characters", 1000000, 0);

    if (!most)
        most = sane(instance, "max_toot_chars", 1000000, 500);
    return most;
}

static json_t *media_types(const json_t *list)
{
    json_t *types = json_array();
    const json_t *type;
    size_t i;

    json_array_foreach(list, i, type)
    {
        const char *text = json_string_value(type);

        if (json_array_size(types) < TYPES_MOST && text && strlen(text) < 100 &&
            strchr(text, '/') && !strpbrk(text, " \t\r\n"))
            json_array_append_new(types, json_string(text));
    }
    return types;
}

static json_t *media_facts(const json_t *configuration)
{
    const json_t *media = json_object_get(configuration, "media_attachments");
    const json_t *statuses = json_object_get(configuration, "statuses");
    json_t *facts = json_object(),
           *types = media_types(json_object_get(media, "supported_mime_types"));
    json_int_t image = sane(media, "image_size_limit", INT64_C(1) << 40, 0);
    json_int_t video = sane(media, "video_size_limit", INT64_C(1) << 40, 0);

    json_object_set_new(facts, "most",
                        json_integer(sane(statuses, "max_media_attachments", 100, 4)));
    if (json_array_size(types))
        json_object_set(facts, "types", types);
    if (image)
        json_object_set_new(facts, "image_bytes", json_integer(image));
    if (video)
        json_object_set_new(facts, "video_bytes", json_integer(video));
    json_object_set_new(facts, "alt", json_integer(sane(media, "description_limit", 100000, 1500)));
    json_decref(types);
    return facts;
}

/* The domain in handles, which need not be the one of the address. v1 calls it "uri". */
static const char *handle_domain(const json_t *instance)
{
    const char *domain = masto_string(instance, "domain"), *at;

    if (!domain)
        domain = masto_string(instance, "uri");
    if (domain && (at = strstr(domain, "://")))
        domain = at + 3;
    if (!domain || !*domain || strlen(domain) > 253)
        return NULL;
    for (at = domain; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr(".-:", *at))
            return NULL;
    }
    return domain;
}

static void add_text(json_t *facts, const char *member, const char *value)
{
    if (value)
        json_object_set_new(facts, member, json_string(value));
}

/* NULL when `instance` describes no server with this API. */
static json_t *read_facts(const json_t *instance)
{
    const char *version = masto_string(instance, "version");
    const json_t *configuration = json_object_get(instance, "configuration");
    const json_t *statuses = json_object_get(configuration, "statuses");
    const struct family *family;
    char software[160];
    json_t *facts;

    if (!version)
        return NULL;
    family = identify(instance, version);
    name_software(family, version, software, sizeof(software));
    facts = json_pack("{ss ss s[{ss sI}]}", "software", software, "guarantee", family->guarantee,
                      "limits", "unit", family->unit, "max",
                      (json_int_t)most_characters(instance, statuses));
    if (family->discounts) {
        json_object_set_new(facts, "url_cost",
                            json_integer(sane(statuses, "characters_reserved_per_url", 100, 0)));
        json_object_set_new(facts, "mention_local_only", json_true());
    }
    json_object_set_new(facts, "warning_counts", json_true());
    add_text(facts, "dialect", "mastodon");
    json_object_set_new(facts, "media", media_facts(configuration));
    json_object_set_new(facts, "rate",
                        json_pack("{si si}", "posts", family->posts, "per_s", family->per_s));
    json_object_set_new(facts, "reply_to", json_true());
    add_text(facts, "domain", handle_domain(instance));
    add_text(facts, "key", family->key);
    add_text(facts, "listed", family->listed);
    return facts;
}

/* --- the turns --- */

static void ask_instance(const struct cp_settings *settings, struct cp_turn *turn, int version)
{
    json_t *checkpoint = json_pack("{si}", "asked", version);
    struct masto_request request = { .step = CP_STEP_READ,
                                     .method = "GET",
                                     .path = masto_format("/api/v%d/instance", version),
                                     .example = "{}" };

    masto_send(settings, turn, &request, checkpoint);
    json_decref(checkpoint);
}

static void finish_judged(struct cp_turn *turn)
{
    struct masto_judgement judgement;

    masto_judge(turn, MASTO_ASK, false, &judgement);
    masto_finish_judged(turn, &judgement, NULL);
}

static void finish_facts(struct cp_turn *turn, const json_t *facts)
{
    char *text = json_dumps(facts, JSON_COMPACT);
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED, .facts = text };

    if (text)
        masto_finish(turn, &verdict, NULL);
    else
        masto_finish_as(turn, CP_VERDICT_RETRY, "out of memory", NULL);
    free(text);
}

void masto_facts(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *checkpoint = masto_object(turn->checkpoint), *instance = NULL, *facts = NULL;
    bool first = json_integer_value(json_object_get(checkpoint, "asked")) != 1;

    json_decref(checkpoint);
    if (!turn->reply) {
        ask_instance(settings, turn, 2);
        return;
    }
    if (turn->reply->status == 200) {
        instance = masto_json(turn->reply);
        facts = read_facts(instance);
    }
    if (facts)
        finish_facts(turn, facts);
    else if (first && (turn->reply->status == 200 || turn->reply->status == 404))
        ask_instance(settings, turn, 1);
    else
        finish_judged(turn);
    json_decref(facts);
    json_decref(instance);
}

/* @camp@social.example; `acct` of one's own account has no domain. */
static char *handle(const struct cp_settings *settings, const struct cp_turn *turn,
                    const char *acct)
{
    json_t *facts = masto_object(turn->facts);
    const char *domain = handle_domain(facts), *server = cp_setting(settings, "server", "");
    const char *host = strstr(server, "://") ? strstr(server, "://") + 3 : server;
    char clean[200], *name;

    masto_clean(acct, clean, sizeof(clean));
    if (strchr(clean, '@'))
        name = masto_format("@%s", clean);
    else if (domain)
        name = masto_format("@%s@%s", clean, domain);
    else
        name = masto_format("@%s@%.*s", clean, (int)strcspn(host, "/"), host);
    json_decref(facts);
    return name;
}

void masto_who_am_i(const struct cp_settings *settings, struct cp_turn *turn)
{
    struct masto_request request = { .step = CP_STEP_READ, .method = "GET", .example = "{}" };
    json_t *account;
    const char *acct;
    char id[MASTO_ID], *name;

    if (!turn->reply) {
        request.path = masto_format("/api/v1/accounts/verify_credentials");
        masto_send(settings, turn, &request, NULL);
        return;
    }
    account = turn->reply->status == 200 ? masto_json(turn->reply) : NULL;
    acct = masto_string(account, "acct");
    if (!masto_id(account, "id", id)) {
        finish_judged(turn);
    } else {
        name = acct && *acct ? handle(settings, turn, acct) : NULL;
        masto_finish(turn,
                     &(struct cp_verdict){ .kind = CP_VERDICT_ACCEPTED,
                                           .remote_id = id,
                                           .url = masto_url(account, "url"),
                                           .name = name },
                     NULL);
        free(name);
    }
    json_decref(account);
}
