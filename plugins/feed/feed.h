/* plugins/feed/feed.h - shared by the files of the feed adapter only.
 *
 * A folder with three things in it: feed.atom (RFC 4287), which is what publishing means; index.html, a
 * page made from it; and media/, the pictures under the digests of their bytes. The file is read, an
 * entry with a name that follows from the wire key is put in, and the file is replaced in one rename.
 * So a try that is repeated finds its own entry and changes nothing: the guarantee is `native`.
 *
 *     feed.c       table, options, facts, who we are
 *     post.c       the turns of posting
 *     look_up.c    the turns of looking up, which make the page
 *     atom.c       the file as a tree: read, made, written
 *     entry.c      one entry: made from a part, compared with a part
 *     page.c, page_text.c   the page
 *     words.c      text that XML can hold, titles, times
 */
#ifndef CP_PLUGIN_FEED_H
#define CP_PLUGIN_FEED_H

#include <camp-post/adapter.h>
#include <jansson.h>
#include <libxml/tree.h>

#define FEED_ID_START  "urn:camp-post:feed:"
#define ENTRY_ID_START "urn:camp-post:"

enum { TIME_SIZE = 32, MEDIUM_SIZE = 80, MARK_SIZE = 48 };

/* The host reads at most 8 MiB of a file: a larger feed could never be read, and so never changed, again. */
enum { FEED_MOST = 4 << 20 };

/* ---- feed.c: places and answers ---------------------------------------------------------------- */

/* "DIRECTORY/name"; free(). NULL: out of memory. */
char *feed_path(const struct cp_settings *settings, const char *name);
/* How many entries are kept. */
size_t feed_limit(const struct cp_settings *settings);
/* The title of the setting, the campaign, or the account. */
const char *feed_title(const struct cp_settings *settings, const struct cp_turn *turn);
/* Address of `name` below the setting `link`; as it is without one. free() */
char *feed_address(const struct cp_settings *settings, const char *name);
/* Where people see an entry, or NULL without `link`; free(). */
char *feed_entry_address(const struct cp_settings *settings, const char *entry_id);

/* Asks for `name` of the directory; takes the reference to checkpoint. body may be NULL. */
struct feed_step {
    enum cp_step step;
    const char *name;
    const struct cp_segment *body;
    int example_status;
    const char *example_body;
};
void feed_ask(const struct cp_settings *settings, struct cp_turn *turn,
              const struct feed_step *step, json_t *checkpoint);
void feed_finish(struct cp_turn *turn, enum cp_verdict_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void feed_accept(const struct cp_settings *settings, struct cp_turn *turn, const char *entry_id,
                 const char *difference);
/* The feed in turn->reply if it is readable and ours; else NULL, and the turn is finished. */
xmlDoc *feed_open(struct cp_turn *turn);

cp_turn_fn feed_post, feed_look_up;

/* ---- atom.c ------------------------------------------------------------------------------------ */

/* NULL with the reason (a constant string). Nothing outside is read, no document type is taken. */
xmlDoc *atom_parse(const char *bytes, size_t size, const char **why);
xmlDoc *atom_create(const char *id, const char *title);
/* Text of the feed's or an entry's child element; xmlFree(); NULL: there is none. */
xmlChar *atom_text(const xmlNode *parent, const char *name);
xmlNode *atom_child(const xmlNode *parent, const char *name);
/* The next element of this name after `node`, or NULL. */
xmlNode *atom_next(const xmlNode *node, const char *name);
xmlNode *atom_find(const xmlDoc *doc, const char *id);
/* Puts an entry in, newest first. */
void atom_insert(xmlDoc *doc, xmlNode *entry);
void atom_set_head(xmlDoc *doc, const char *title, const char *self, const char *alternate);
/* The file's bytes, ending in '>'; xmlFree(). NULL: out of memory. */
xmlChar *atom_write(xmlDoc *doc, size_t *out_size);
size_t atom_count(const xmlDoc *doc);
/* Drops the oldest entries beyond `limit`, but not `keep`. */
void atom_trim(xmlDoc *doc, const xmlNode *keep, size_t limit);

/* ---- entry.c ----------------------------------------------------------------------------------- */

/* "media/DIGEST.png" */
void medium_name(const struct cp_media_view *medium, char out[MEDIUM_SIZE]);
void entry_id(const char *wire_key, char out[64]);
/* Not yet in the document. NULL: out of memory. */
xmlNode *entry_create(xmlDoc *doc, const struct cp_settings *settings, const struct cp_turn *turn);
/* What of the part is not so in the entry (a constant string); NULL: equal. parent_id may be NULL. */
const char *entry_difference(const xmlNode *entry, const struct cp_part_view *part,
                             const char *parent_id);

/* ---- page.c ------------------------------------------------------------------------------------ */

/* A whole HTML page of the feed; `mark` is put into its head. xmlFree(); NULL: out of memory. */
xmlChar *page_write(const xmlDoc *doc, size_t limit, const char *mark, size_t *out_size);
/* A mark of the feed's bytes: a page with it was made from just these, by this version. */
void page_mark(const char *bytes, size_t size, char out[MARK_SIZE]);
/* The mark in a page; "" when there is none. */
void page_find_mark(const char *bytes, size_t size, char out[MARK_SIZE]);

/* page_text.c: escaped; as paragraphs with links and the tags of the entry. */
void page_escape(xmlBuffer *out, const char *text);
void page_paragraphs(xmlBuffer *out, const char *text, const xmlNode *entry);

/* ---- words.c ----------------------------------------------------------------------------------- */

/* A copy without what XML 1.0 can't hold (section 2.2) and without bytes that are no UTF-8. xmlFree(). */
xmlChar *words_clean(const char *text);
/* The first line, cut at a word or character. xmlFree(). */
xmlChar *words_title(const char *text);
/* RFC 3339, UTC, whole seconds. */
void words_time(int64_t us, char out[TIME_SIZE]);

#endif
