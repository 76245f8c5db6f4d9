/* plugins/feed/post.c - the turns of posting: media one by one, the feed read, the feed replaced.
 *
 * Checkpoint: {"step": "media" | "read" | "page" | "publish", "done": [digests that are there],
 * "now": the digest on its way}. A turn without a reply begins where the media that are there end.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

static bool has(const json_t *done, const char *digest)
{
    for (size_t i = 0; i < json_array_size(done); i++) {
        const char *text = json_string_value(json_array_get(done, i));

        if (text && strcmp(text, digest) == 0)
            return true;
    }
    return false;
}

static json_t *state(const char *step, json_t *done, const char *now)
{
    return json_pack("{s:s, s:O, s:s*}", "step", step, "done", done, "now", now);
}

static void copy_medium(const struct cp_settings *settings, struct cp_turn *turn,
                        const struct cp_media_view *medium, json_t *done)
{
    struct cp_segment body = { .media = medium->sha256 };
    char name[MEDIUM_SIZE];
    struct feed_step copy = { CP_STEP_PREPARE, name, &body, 200, "" };

    medium_name(medium, name);
    feed_ask(settings, turn, &copy, state("media", done, medium->sha256));
}

/* The example is an empty feed: what comes next does not depend on what stands in the real one. */
static void read_feed(const struct cp_settings *settings, struct cp_turn *turn, json_t *done)
{
    xmlDoc *doc = atom_create(turn->account_id, feed_title(settings, turn));
    size_t size;
    xmlChar *example = doc ? atom_write(doc, &size) : NULL;
    struct feed_step read = { CP_STEP_READ, "feed.atom", NULL, 200, (char *)example };

    feed_ask(settings, turn, &read, state("read", done, NULL));
    xmlFree(example);
    xmlFreeDoc(doc);
}

static void go_on(const struct cp_settings *settings, struct cp_turn *turn, json_t *done)
{
    const struct cp_part_view *part = turn->part;

    for (size_t i = 0; i < part->media_count; i++) {
        if (!has(done, part->media[i].sha256)) {
            copy_medium(settings, turn, &part->media[i], done);
            return;
        }
    }
    read_feed(settings, turn, done);
}

/* ---- publishing -------------------------------------------------------------------------------- */

static void set_head(xmlDoc *doc, const struct cp_settings *settings, const struct cp_turn *turn)
{
    bool has_link = *cp_setting(settings, "link", "");
    char *self = has_link ? feed_address(settings, "feed.atom") : NULL;
    char *page = has_link ? feed_address(settings, "") : NULL;

    atom_set_head(doc, feed_title(settings, turn), self, page);
    free(self);
    free(page);
}

/* As many of the newest as the setting says, or as fit. */
static xmlChar *write_trimmed(xmlDoc *doc, const xmlNode *entry, size_t limit, size_t *out_size)
{
    xmlChar *bytes;
    size_t count;

    atom_trim(doc, entry, limit);
    bytes = atom_write(doc, out_size);
    while (bytes && *out_size > FEED_MOST && (count = atom_count(doc)) > 1) {
        xmlFree(bytes);
        atom_trim(doc, entry, count - count / 10 - 1);
        bytes = atom_write(doc, out_size);
    }
    return bytes;
}

static void replace_feed(const struct cp_settings *settings, struct cp_turn *turn, xmlDoc *doc,
                         const xmlNode *entry, json_t *done)
{
    size_t size = 0;
    xmlChar *bytes = write_trimmed(doc, entry, feed_limit(settings), &size);
    struct cp_segment body = { .bytes = (char *)bytes, .size = size };
    struct feed_step replace = { CP_STEP_PUBLISH, "feed.atom", &body, 200, "" };

    if (bytes)
        feed_ask(settings, turn, &replace, state("publish", done, NULL));
    else
        feed_finish(turn, CP_VERDICT_RETRY, "out of memory");
    xmlFree(bytes);
}

/* An entry of this name that says the same is left as it is: to publish it again changes nothing. */
static void put_in(const struct cp_settings *settings, struct cp_turn *turn, xmlDoc *doc,
                   json_t *done)
{
    const char *difference;
    xmlNode *entry;
    char id[64];

    entry_id(turn->wire_key, id);
    entry = atom_find(doc, id);
    difference = entry ? entry_difference(entry, turn->part, turn->parent_id) : NULL;
    if (difference) {
        feed_finish(turn, CP_VERDICT_REJECTED,
                    "the feed has this post already, but %s; nothing was changed", difference);
        return;
    }
    if (!entry) {
        entry = entry_create(doc, settings, turn);
        if (!entry) {
            feed_finish(turn, CP_VERDICT_RETRY, "out of memory");
            return;
        }
        set_head(doc, settings, turn);
        atom_insert(doc, entry);
    }
    replace_feed(settings, turn, doc, entry, done);
}

static void publish_into_old(const struct cp_settings *settings, struct cp_turn *turn, json_t *done)
{
    xmlDoc *doc = feed_open(turn);

    if (doc)
        put_in(settings, turn, doc, done);
    xmlFreeDoc(doc);
}

static void publish_into_new(const struct cp_settings *settings, struct cp_turn *turn, json_t *done)
{
    xmlDoc *doc = atom_create(turn->account_id, feed_title(settings, turn));

    if (doc)
        put_in(settings, turn, doc, done);
    else
        feed_finish(turn, CP_VERDICT_RETRY, "out of memory");
    xmlFreeDoc(doc);
}

/* A page without its feed: the feed was there. A new one would take back everything published so far. */
static void on_page(const struct cp_settings *settings, struct cp_turn *turn, json_t *done)
{
    char mark[MARK_SIZE] = "";

    if (turn->reply->status == 200)
        page_find_mark(turn->reply->body, turn->reply->size, mark);
    if (*mark || turn->taken_count > 0)
        feed_finish(turn, CP_VERDICT_MISCONFIGURED,
                    "the file 'feed.atom' is missing although posts were published in it; put it "
                    "back");
    else
        publish_into_new(settings, turn, done);
}

static void on_feed(const struct cp_settings *settings, struct cp_turn *turn, json_t *done)
{
    struct feed_step page = { CP_STEP_READ, "index.html", NULL, 404, "" };

    if (turn->reply->status == 404)
        feed_ask(settings, turn, &page, state("page", done, NULL));
    else
        publish_into_old(settings, turn, done);
}

static void on_medium(const struct cp_settings *settings, struct cp_turn *turn, json_t *done,
                      const char *digest)
{
    if (turn->reply->status != 200) {
        feed_finish(turn, CP_VERDICT_RETRY, "a medium could not be copied into the feed's folder");
        return;
    }
    json_array_append_new(done, json_string(digest));
    go_on(settings, turn, done);
}

static void on_published(const struct cp_settings *settings, struct cp_turn *turn)
{
    char id[64];

    entry_id(turn->wire_key, id);
    if (turn->reply->status == 200)
        feed_accept(settings, turn, id, NULL);
    else
        feed_finish(turn, CP_VERDICT_UNKNOWN, "the feed may not have been replaced (%d)",
                    turn->reply->status);
}

static void run(const struct cp_settings *settings, struct cp_turn *turn, const char *step,
                json_t *done, const char *now)
{
    if (!turn->reply)
        go_on(settings, turn, done);
    else if (turn->publish_replied)
        on_published(settings, turn);
    else if (strcmp(step, "media") == 0 && now)
        on_medium(settings, turn, done, now);
    else if (strcmp(step, "read") == 0)
        on_feed(settings, turn, done);
    else if (strcmp(step, "page") == 0)
        on_page(settings, turn, done);
    else
        go_on(settings, turn, done);
}

static const char *refusal(const struct cp_turn *turn)
{
    const char *visibility = turn->part->visibility;

    if (visibility && (strcmp(visibility, "private") == 0 || strcmp(visibility, "direct") == 0))
        return "a feed is public: it can't keep a post for some people only";
    return NULL;
}

void feed_post(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *root = json_loads(turn->checkpoint, 0, NULL);
    json_t *kept = json_object_get(root, "done"), *done = NULL;
    const char *step = json_string_value(json_object_get(root, "step"));
    const char *why = turn->publish_replied ? NULL : refusal(turn);

    done = json_is_array(kept) ? json_copy(kept) : json_array();
    if (why)
        feed_finish(turn, CP_VERDICT_REJECTED, "%s", why);
    else if (!turn->account_id && !turn->publish_replied)
        feed_finish(turn, CP_VERDICT_RETRY, "it is not known yet whose feed this is");
    else if (!done)
        feed_finish(turn, CP_VERDICT_RETRY, "out of memory");
    else
        run(settings, turn, step ? step : "", done,
            json_string_value(json_object_get(root, "now")));
    json_decref(done);
    json_decref(root);
}
