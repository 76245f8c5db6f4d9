/* plugins/feed/feed.c - the adapter's table, the places it uses, facts, and who we are. */
#include "feed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No limit: text is as long as it is. The dialect decides which words become categories. */
static const char facts[] = "{\"software\": \"feed\", \"guarantee\": \"native\", "
                            "\"dialect\": \"mastodon\", \"reply_to\": true, \"settle_s\": 0}";

/* ---- places ------------------------------------------------------------------------------------ */

char *feed_path(const struct cp_settings *settings, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", cp_setting(settings, "directory", ""), name) < 0)
        return NULL;
    return path;
}

size_t feed_limit(const struct cp_settings *settings)
{
    return (size_t)strtoul(cp_setting(settings, "entries", "1000"), NULL, 10);
}

const char *feed_title(const struct cp_settings *settings, const struct cp_turn *turn)
{
    return cp_setting(settings, "title", turn->title ? turn->title : settings->account);
}

char *feed_address(const struct cp_settings *settings, const char *name)
{
    const char *link = cp_setting(settings, "link", "");
    size_t size = strlen(link);
    char *address = NULL;

    if (size == 0)
        return strdup(name);
    if (asprintf(&address, "%s%s%s", link, link[size - 1] == '/' ? "" : "/", name) < 0)
        return NULL;
    return address;
}

char *feed_entry_address(const struct cp_settings *settings, const char *id)
{
    size_t start = strlen(ENTRY_ID_START);
    char name[128];

    if (!*cp_setting(settings, "link", "") || strncmp(id, ENTRY_ID_START, start) != 0)
        return NULL;
    snprintf(name, sizeof(name), "#%s", id + start);
    return feed_address(settings, name);
}

/* ---- answers ----------------------------------------------------------------------------------- */

void feed_ask(const struct cp_settings *settings, struct cp_turn *turn,
              const struct feed_step *step, json_t *checkpoint)
{
    char *path = feed_path(settings, step->name);
    char *text = checkpoint ? json_dumps(checkpoint, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    struct cp_request request = {
        .step = step->step,
        .transport = CP_FILE,
        .method = step->body ? "REPLACE" : "READ",
        .url = path,
        .body = step->body,
        .body_count = step->body ? 1 : 0,
        .example_status = step->example_status,
        .example_body = step->example_body,
    };

    if (path && text)
        cp_turn_request(turn, &request, text);
    else
        feed_finish(turn, CP_VERDICT_RETRY, "out of memory");
    free(path);
    free(text);
    json_decref(checkpoint);
}

void feed_finish(struct cp_turn *turn, enum cp_verdict_kind kind, const char *format, ...)
{
    struct cp_verdict verdict = { .kind = kind };
    char reason[400];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    verdict.reason = reason;
    cp_turn_finish(turn, &verdict, NULL);
}

void feed_accept(const struct cp_settings *settings, struct cp_turn *turn, const char *id,
                 const char *difference)
{
    char *address = feed_entry_address(settings, id);
    struct cp_verdict verdict = {
        .kind = CP_VERDICT_ACCEPTED, .remote_id = id, .url = address, .difference = difference
    };

    cp_turn_finish(turn, &verdict, NULL);
    free(address);
}

xmlDoc *feed_open(struct cp_turn *turn)
{
    const char *why = NULL;
    xmlDoc *doc = atom_parse(turn->reply->body, turn->reply->size, &why);
    xmlChar *id = doc ? atom_text(xmlDocGetRootElement(doc), "id") : NULL;

    if (!doc)
        feed_finish(turn, CP_VERDICT_MISCONFIGURED,
                    "the file 'feed.atom' cannot be read: %s; put back a good copy of it", why);
    else if (!id || !turn->account_id || strcmp((char *)id, turn->account_id) != 0)
        feed_finish(turn, CP_VERDICT_MISCONFIGURED,
                    "the feed in this directory belongs to another ledger; give the account a "
                    "directory of its own");
    else {
        xmlFree(id);
        return doc;
    }
    xmlFree(id);
    xmlFreeDoc(doc);
    return NULL;
}

/* ---- who we are, facts ------------------------------------------------------------------------- */

static void say_who(const struct cp_settings *settings, struct cp_turn *turn, const char *id)
{
    char *address = feed_address(settings, "");
    const char *link = address && *address ? address : NULL;
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED,
                                  .remote_id = id,
                                  .name = link ? link : cp_setting(settings, "directory", NULL),
                                  .url = link };

    cp_turn_finish(turn, &verdict, NULL);
    free(address);
}

/* No file: a new feed, which gets a name that nobody else has, so that one ledger alone can own it. */
static void who_without_file(const struct cp_settings *settings, struct cp_turn *turn)
{
    char id[160];

    if (turn->taken_count > 0) {
        feed_finish(turn, CP_VERDICT_MISCONFIGURED,
                    "the file 'feed.atom' is missing although posts were published in it; put it "
                    "back, or give the account another directory and another name");
        return;
    }
    if (!turn->account_id && !turn->wire_key) {
        feed_finish(turn, CP_VERDICT_RETRY, "there is no name for a new feed");
        return;
    }
    snprintf(id, sizeof(id), FEED_ID_START "%s", turn->wire_key ? turn->wire_key : "");
    say_who(settings, turn, turn->account_id ? turn->account_id : id);
}

static bool is_address(const char *link)
{
    return strncmp(link, "https://", 8) == 0 || strncmp(link, "http://", 7) == 0;
}

static void feed_who_am_i(const struct cp_settings *settings, struct cp_turn *turn)
{
    const char *link = cp_setting(settings, "link", "");
    xmlDoc *doc;

    if (*link && !is_address(link)) {
        feed_finish(turn, CP_VERDICT_MISCONFIGURED,
                    "the setting 'link' must be an address of http or https, not '%s'", link);
    } else if (!turn->reply) {
        struct feed_step read = { CP_STEP_READ, "feed.atom", NULL, 404, "" };

        feed_ask(settings, turn, &read, json_object());
    } else if (turn->reply->status == 404) {
        who_without_file(settings, turn);
    } else if ((doc = feed_open(turn))) {
        say_who(settings, turn, turn->account_id);
        xmlFreeDoc(doc);
    }
}

static void feed_facts(const struct cp_settings *settings, struct cp_turn *turn)
{
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED, .facts = facts };

    (void)settings;
    cp_turn_finish(turn, &verdict, NULL);
}

/* ---- the table --------------------------------------------------------------------------------- */

static const struct cp_option options[] = {
    { .name = "directory",
      .type = CP_OPTION_DIRECTORY,
      .required = true,
      .help = "the folder that feed.atom, index.html and media/ are written to" },
    { .name = "title",
      .type = CP_OPTION_TEXT,
      .help = "the feed's title; the campaign's if absent" },
    { .name = "link",
      .type = CP_OPTION_TEXT,
      .help = "the address under which people see the folder, such as https://example.org/news/" },
    { .name = "entries",
      .type = CP_OPTION_NUMBER,
      .otherwise = "1000",
      .minimum = 10,
      .maximum = 10000,
      .help = "how many entries the feed keeps, newest first" },
    { 0 },
};

CP_ADAPTER_EXPORT = {
    CP_ADAPTER_INIT,
    .name = "feed",
    .options = options,
    .facts = facts,
    .turns = {
        [CP_POST] = feed_post,
        [CP_LOOK_UP] = feed_look_up,
        [CP_FACTS] = feed_facts,
        [CP_WHO_AM_I] = feed_who_am_i,
    },
};
