/* plugins/feed/look_up.c - is the entry there, and does the page show what the feed says?
 *
 * Checkpoint: {"step": "page" | "feed" | "write", "mark": that of the page, "round"}. The page is
 * compared by a mark of the feed's bytes it was made from. Look-ups of several posts may run side by
 * side, and one that read the feed early may write its page late: so after each writing the feed is
 * read again, and whoever wrote an old page sees it and writes a new one.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 8 };

static json_t *state(const char *step, const char *mark, int round)
{
    return json_pack("{s:s, s:s, s:i}", "step", step, "mark", mark, "round", round);
}

static void read_page(const struct cp_settings *settings, struct cp_turn *turn)
{
    struct feed_step read = { CP_STEP_READ, "index.html", NULL, 404, "" };

    feed_ask(settings, turn, &read, state("page", "", 0));
}

static void read_feed(const struct cp_settings *settings, struct cp_turn *turn, const char *mark,
                      int round)
{
    struct feed_step read = { CP_STEP_READ, "feed.atom", NULL, 404, "" };

    feed_ask(settings, turn, &read, state("feed", mark, round));
}

static void write_page(const struct cp_settings *settings, struct cp_turn *turn, const xmlDoc *doc,
                       const char *mark, int round)
{
    size_t size = 0;
    xmlChar *bytes = page_write(doc, feed_limit(settings), mark, &size);
    struct cp_segment body = { .bytes = (char *)bytes, .size = size };
    struct feed_step write = { CP_STEP_PREPARE, "index.html", &body, 200, "" };

    if (bytes)
        feed_ask(settings, turn, &write, state("write", mark, round));
    else
        feed_finish(turn, CP_VERDICT_RETRY, "out of memory");
    xmlFree(bytes);
}

/* ---- judging ----------------------------------------------------------------------------------- */

/* In doubt any content that was ever tried will do; of a published part only its own. */
static const char *difference_of(const xmlNode *entry, const struct cp_turn *turn)
{
    const char *difference = entry_difference(entry, turn->part, turn->parent_id);

    for (size_t i = 0; difference && !turn->remote_id && i < turn->tried_count; i++)
        if (!entry_difference(entry, &turn->tried[i], turn->parent_id))
            return NULL;
    return difference;
}

/* Not there: was it pushed out by newer ones? Then this file can't say whether it was ever in it. */
static bool may_be_pushed_out(const xmlDoc *doc, const struct cp_settings *settings,
                              const struct cp_turn *turn)
{
    xmlNode *last = NULL;
    xmlChar *time;
    char due[TIME_SIZE];
    bool older;

    if (atom_count(doc) < feed_limit(settings) && turn->reply->size < FEED_MOST / 4 * 3)
        return false;
    for (xmlNode *at = atom_child(xmlDocGetRootElement((xmlDoc *)doc), "entry"); at;
         at = atom_next(at, "entry"))
        last = at;
    time = last ? atom_text(last, "published") : NULL;
    words_time(turn->due_us, due);
    older = time && strcmp(due, (char *)time) <= 0;
    xmlFree(time);
    return older;
}

static void not_there(const struct cp_settings *settings, struct cp_turn *turn, const xmlDoc *doc)
{
    if (!may_be_pushed_out(doc, settings, turn))
        feed_finish(turn, CP_VERDICT_ABSENT, "the feed does not have it");
    else if (turn->remote_id)
        feed_accept(settings, turn, turn->remote_id,
                    "newer entries have pushed it out of the feed");
    else
        feed_finish(turn, CP_VERDICT_UNKNOWN,
                    "the feed is full of newer entries: it can't be seen whether it was there");
}

/* The entry is fine; is the page of just this feed? */
static void check_page(const struct cp_settings *settings, struct cp_turn *turn, const xmlDoc *doc,
                       const char *id, const char *page, int round)
{
    const char *difference = difference_of(atom_find(doc, id), turn);
    char mark[MARK_SIZE];

    page_mark(turn->reply->body, turn->reply->size, mark);
    if (strcmp(mark, page) == 0)
        feed_accept(settings, turn, id, difference);
    else if (round < ROUNDS_MOST)
        write_page(settings, turn, doc, mark, round + 1);
    else
        feed_finish(turn, CP_VERDICT_UNKNOWN,
                    "the page 'index.html' does not keep up with the feed; it is tried again");
}

static void judge(const struct cp_settings *settings, struct cp_turn *turn, const xmlDoc *doc,
                  const char *page, int round)
{
    const char *difference;
    const xmlNode *entry;
    char own[64];
    const char *id = turn->remote_id ? turn->remote_id : own;

    entry_id(turn->wire_key, own);
    entry = atom_find(doc, id);
    difference = entry ? difference_of(entry, turn) : NULL;
    if (!entry)
        not_there(settings, turn, doc);
    else if (difference && !turn->remote_id)
        feed_finish(turn, CP_VERDICT_DIFFERENT, "the feed has this post, but %s", difference);
    else
        check_page(settings, turn, doc, id, page, round);
}

/* A feed that was never made has no posts; one that is gone says nothing about them. */
static void without_feed(struct cp_turn *turn, const char *page)
{
    if (turn->remote_id || turn->taken_count > 0 || *page)
        feed_finish(turn, CP_VERDICT_MISCONFIGURED,
                    "the file 'feed.atom' is missing although posts were published in it; put it "
                    "back");
    else
        feed_finish(turn, CP_VERDICT_ABSENT, "there is no feed yet");
}

static void on_feed(const struct cp_settings *settings, struct cp_turn *turn, const char *page,
                    int round)
{
    xmlDoc *doc;

    if (turn->reply->status == 404) {
        without_feed(turn, page);
        return;
    }
    doc = feed_open(turn);
    if (doc)
        judge(settings, turn, doc, page, round);
    xmlFreeDoc(doc);
}

void feed_look_up(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *root = json_loads(turn->checkpoint, 0, NULL);
    const char *step = json_string_value(json_object_get(root, "step"));
    const char *kept = json_string_value(json_object_get(root, "mark"));
    int round = (int)json_integer_value(json_object_get(root, "round"));
    char mark[MARK_SIZE] = "";

    if (!turn->reply || !step) {
        read_page(settings, turn);
    } else if (strcmp(step, "page") == 0) {
        if (turn->reply->status == 200)
            page_find_mark(turn->reply->body, turn->reply->size, mark);
        read_feed(settings, turn, mark, round);
    } else if (strcmp(step, "feed") == 0) {
        on_feed(settings, turn, kept ? kept : "", round);
    } else if (turn->reply->status == 200) {
        read_feed(settings, turn, kept ? kept : "", round);
    } else {
        feed_finish(turn, CP_VERDICT_UNKNOWN, "the page 'index.html' could not be written");
    }
    json_decref(root);
}
