/* plugins/mastodon/likeness.c - a post of ours has no marker on these servers but its content.
 *
 * A miss would be a second post, so what is nearly alike is never taken for another post: it is
 * MASTO_FIT_NEAR, and a person looks.
 */
#include "likeness.h"

#include <stdio.h>
#include <string.h>

/* --- text --- */

static enum masto_likeness like_and_free(const char *sent, char *found)
{
    enum masto_likeness likeness = found ? masto_like(sent, found) : MASTO_NEAR;

    free(found);
    return likeness;
}

static enum masto_likeness better(enum masto_likeness a, enum masto_likeness b)
{
    return a > b ? a : b;
}

enum masto_likeness masto_like_source(const struct cp_part_view *part, const char *source)
{
    char *sent = masto_plain_text(masto_text(part));
    enum masto_likeness likeness =
        sent ? like_and_free(sent, masto_plain_text(source)) : MASTO_NEAR;

    free(sent);
    return likeness;
}

/* The HTML, or where a server gives it the typed text: `text` (snac2), pleroma.content. */
static enum masto_likeness text_likeness(const struct cp_part_view *part, const json_t *status)
{
    const char *html = masto_string(status, "content"), *typed = masto_string(status, "text");
    const json_t *pleroma = json_object_get(json_object_get(status, "pleroma"), "content");
    const char *plain = masto_string(pleroma, "text/plain");
    char *sent = masto_plain_text(masto_text(part));
    enum masto_likeness likeness = MASTO_OTHER;

    if (!sent)
        return MASTO_NEAR;
    if (html)
        likeness = like_and_free(sent, masto_plain_html(html));
    if (typed && *typed)
        likeness = better(likeness, like_and_free(sent, masto_plain_text(typed)));
    if (plain && likeness < MASTO_SAME)
        likeness = better(likeness, like_and_free(sent, masto_plain_text(plain)));
    free(sent);
    return likeness;
}

/* Some servers escape the warning like HTML, some don't. */
static bool same_warning(const struct cp_part_view *part, const json_t *status)
{
    const char *found = masto_string(status, "spoiler_text");
    char *sent = masto_plain_text(masto_warning(part));
    bool same = sent && (like_and_free(sent, masto_plain_text(found ? found : "")) == MASTO_SAME ||
                         like_and_free(sent, masto_plain_html(found ? found : "")) == MASTO_SAME);

    free(sent);
    return same;
}

/* --- the rest --- */

static bool is_open(const char *visibility)
{
    return strcmp(visibility, "public") == 0 || strcmp(visibility, "unlisted") == 0;
}

static bool same_parent(const struct cp_turn *turn, const json_t *status)
{
    char id[MASTO_ID];
    bool replies = masto_id(status, "in_reply_to_id", id);

    return turn->parent_id ? replies && strcmp(id, turn->parent_id) == 0 : !replies;
}

static bool uploaded_by_us(const json_t *uploads, const char *id)
{
    const json_t *entry;
    char known[MASTO_ID];
    size_t i;

    json_array_foreach(uploads, i, entry)
    {
        if (masto_id(entry, "id", known) && strcmp(known, id) == 0)
            return true;
    }
    return false;
}

/* Ids of media are single use: a post that has one of ours is ours. */
static bool is_marked(const struct cp_turn *turn, const json_t *attachments)
{
    json_t *checkpoint = masto_object(turn->checkpoint);
    const json_t *uploads = json_object_get(checkpoint, "media"), *attachment;
    bool marked = false;
    char id[MASTO_ID];
    size_t i;

    json_array_foreach(attachments, i, attachment)
    {
        marked |= masto_id(attachment, "id", id) && uploaded_by_us(uploads, id);
    }
    json_decref(checkpoint);
    return marked;
}

void masto_compare(const struct cp_settings *settings, const struct cp_turn *turn,
                   const struct cp_part_view *part, const json_t *status,
                   struct masto_likeness_of *out)
{
    const json_t *attachments = json_object_get(status, "media_attachments");
    const char *wanted = masto_visibility(settings, part);
    const char *found = masto_string(status, "visibility");

    if (!wanted)
        wanted = "";
    if (!found)
        found = "";
    out->text = text_likeness(part, status);
    out->warning = same_warning(part, status);
    out->media = json_array_size(attachments) == part->media_count;
    out->reply = same_parent(turn, status);
    out->visibility = strcmp(wanted, found) == 0;
    out->audience = is_open(wanted) == is_open(found);
    out->marked = is_marked(turn, attachments);
}

static enum masto_fit fit_of(const struct masto_likeness_of *likeness)
{
    if (likeness->marked || (likeness->text == MASTO_SAME && likeness->warning && likeness->media &&
                             likeness->reply && likeness->audience))
        return MASTO_FIT_YES;
    return likeness->text == MASTO_OTHER ? MASTO_FIT_NO : MASTO_FIT_NEAR;
}

enum masto_fit masto_fit(const struct cp_settings *settings, const struct cp_turn *turn,
                         const json_t *status)
{
    struct masto_likeness_of likeness;
    enum masto_fit best, fit;

    masto_compare(settings, turn, turn->part, status, &likeness);
    best = fit_of(&likeness);
    for (size_t i = 0; i < turn->tried_count; i++) {
        masto_compare(settings, turn, &turn->tried[i], status, &likeness);
        fit = fit_of(&likeness);
        if (fit > best)
            best = fit;
    }
    return best;
}

static void add(char *out, size_t size, const char *what, const char *value)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%s%s%s%s", used ? ", " : "", what, value ? " (" : "",
             value ? value : "", value ? ")" : "");
}

void masto_difference(const struct masto_likeness_of *likeness, const json_t *status, char *out,
                      size_t size)
{
    const char *visibility = masto_string(status, "visibility");
    char count[32], seen[32];

    out[0] = '\0';
    if (likeness->text != MASTO_SAME)
        add(out, size, "text", NULL);
    if (!likeness->warning)
        add(out, size, "warning", NULL);
    masto_clean(visibility ? visibility : "none", seen, sizeof(seen));
    if (!likeness->visibility)
        add(out, size, "visibility", seen);
    snprintf(count, sizeof(count), "%zu",
             json_array_size(json_object_get(status, "media_attachments")));
    if (!likeness->media)
        add(out, size, "number of media", count);
    if (!likeness->reply)
        add(out, size, "post that it replies to", NULL);
}
