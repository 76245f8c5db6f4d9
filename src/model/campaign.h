/* src/model/campaign.h - a campaign as people wrote it, checked but not yet planned.
 *
 * Everything belongs to the arena of the reading that made it and is constant afterwards. Times are
 * kept as written (local time and the name of a zone) and resolved by the plan. Each thing knows
 * its place in a file, so that a later complaint can point there.
 */
#ifndef CP_MODEL_CAMPAIGN_H
#define CP_MODEL_CAMPAIGN_H

#include "base/diagnostics.h"
#include "text/text.h"
#include "time/time.h"

/* One string per language, in the order of the file; languages are BCP 47 tags. */
struct cp_translation {
    const char *language, *text;
    struct cp_place at;
};

struct cp_texts {
    struct cp_translation *items;
    size_t count;
};

struct cp_organisation {
    const char *id, *title;
    const char *zone; /* NULL: the campaign's */
    struct cp_place at;
};

struct cp_moment {
    struct cp_civil local;
    struct cp_place at;
    /* What the author chose for a time that exists twice or not at all. */
    enum cp_choice { CP_CHOOSE_NONE, CP_CHOOSE_EARLIER, CP_CHOOSE_LATER } choose;
};

/* `event` of the campaign file: a named moment that posts can be timed against. */
struct cp_calendar_event {
    const char *id;
    struct cp_moment start, end; /* end.at.line == 0: none */
    const char *zone;            /* NULL: the campaign's */
    const char *place, *url;     /* NULL: none */
    struct cp_texts title;
    struct cp_place at;
};

/* A distance to an event: calendar days in the event's zone, or elapsed time; negative: before. */
struct cp_offset {
    struct cp_span span;
    struct cp_place at;
};

enum cp_selector_kind {
    CP_SELECT_ALL,
    CP_SELECT_ACCOUNT,
    CP_SELECT_TAG,
    CP_SELECT_ORGANISATION,
    CP_SELECT_LANGUAGE,
    CP_SELECT_ADAPTER,
};

struct cp_selector {
    enum cp_selector_kind kind;
    const char *name; /* NULL for CP_SELECT_ALL */
    struct cp_place at;
};

struct cp_medium {
    const char *file;   /* as written */
    const char *path;   /* where it is, seen from the working directory */
    const char *sha256; /* lower-case hex of its bytes */
    const char
        *type; /* by its first bytes: image/png, image/jpeg, image/gif, image/webp, video/mp4 … */
    uint64_t size;          /* bytes */
    unsigned width, height; /* 0: not known */
    struct cp_texts alt;
    struct cp_place at;
};

/* One message of a thread; a post without `thread` has exactly one. */
struct cp_message {
    struct cp_texts text;
    struct cp_medium *media;
    size_t media_count;
    struct cp_place at;
};

enum cp_on_change { CP_CHANGE_IGNORE };

struct cp_post {
    const char *id, *was; /* was: NULL or the id before a renaming */
    enum cp_when { CP_WHEN_AT, CP_WHEN_RELATIVE, CP_WHEN_STANDBY } when;
    struct cp_moment at_time;              /* CP_WHEN_AT */
    const struct cp_calendar_event *event; /* CP_WHEN_RELATIVE */
    struct cp_offset *offsets;
    size_t offset_count;
    struct cp_selector *to; /* an account matches when any of them does; none: all */
    size_t to_count;
    struct cp_message *messages;
    size_t message_count;
    struct cp_texts warning;
    const char *visibility; /* NULL: the account's default */
    int64_t send_by_us;     /* span after due; 0: the campaign's */
    bool missing_skip; /* no text in an account's languages: no delivery, instead of an error */
    enum cp_on_change on_change;
    struct cp_place at;
};

struct cp_campaign {
    const char *id, *was, *title;
    const char *zone;
    const char **languages; /* in order; the first is that of a text given as one string */
    size_t language_count;
    int64_t send_by_us; /* span after due; one hour where the file says nothing */
    struct cp_organisation *organisations;
    size_t organisation_count;
    struct cp_calendar_event *events;
    size_t event_count;
    struct cp_post *posts;
    size_t post_count;
    const char
        *source; /* the path it was read from, as configured or given: "where it came from" */
    struct cp_place at;
};

/* The text for `language`, or NULL. */
const struct cp_translation *cp_texts_find(const struct cp_texts *texts, const char *language);
/* The first of the account's languages for which there is a text, or NULL. */
const struct cp_translation *cp_texts_choose(const struct cp_texts *texts,
                                             const char *const *languages, size_t count);
const struct cp_organisation *cp_campaign_organisation(const struct cp_campaign *campaign,
                                                       const char *id);

#endif
