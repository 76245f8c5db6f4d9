/* src/model/facts.h - what is known of one account's server.
 *
 * Learnt through the adapter (CP_FACTS), kept in the ledger as the adapter's own JSON, read with
 * cp_facts_parse(). Members of the JSON, all optional, unknown ones are kept and ignored:
 *
 *     {"software": "mastodon 4.5.9",
 *      "guarantee": "native" | "window" | "lookup" | "none",   lookup where it is not said
 *      "limits": [{"unit": "graphemes", "max": 500}],      unit: graphemes, code points, UTF-16 units, bytes
 *      "url_cost": 23,              a link counts so much whatever its length; 0 or absent: as typed
 *      "mention_local_only": true,  @user@domain counts as @user
 *      "warning_counts": true,      the content warning is counted together with the text
 *      "dialect": "mastodon" | "plain",   whose rules find links, mentions and tags; plain by default
 *      "media": {"most": 4, "types": ["image/png"], "image_bytes": 16777216, "video_bytes": …, "alt": 1500},
 *      "rate": {"posts": 300, "per_s": 10800},   the platform's own limit; the host uses half of it
 *      "spacing_s": 0,
 *      "settle_s": 0,               replaces the general rule for the settle time
 *      "reply_to": true}            threads can be sent
 */
#ifndef CP_MODEL_FACTS_H
#define CP_MODEL_FACTS_H

#include "base/arena.h"
#include "base/error.h"
#include "text/text.h"

/* What a server does about a repeated request (README, "What is promised, and what remains"). */
#define CP_GUARANTEES(X) X(NATIVE, "native") X(WINDOW, "window") X(LOOKUP, "lookup") X(NONE, "none")
enum cp_guarantee {
#define X(name, word) CP_GUARANTEE_##name,
    CP_GUARANTEES(X)
#undef X
        CP_GUARANTEE_COUNT
};
const char *cp_guarantee_name(enum cp_guarantee guarantee);

struct cp_text_limit {
    enum cp_text_unit unit;
    uint64_t max;
};

enum { CP_LIMITS_MOST = 4 };

struct cp_facts {
    bool
        assumed; /* nothing was read from the server yet: these are the adapter's cautious defaults */
    const char *software;
    enum cp_guarantee guarantee;
    struct cp_text_limit limits[CP_LIMITS_MOST];
    size_t limit_count;
    struct cp_text_rules rules; /* url_cost, mention_local_only */
    enum cp_dialect dialect;
    bool warning_counts, reply_to;
    uint64_t media_most, image_bytes, video_bytes, alt_most; /* 0: not known, no check */
    const char **media_types;
    size_t media_type_count;         /* 0: not known, no check */
    int64_t rate_posts, rate_per_us; /* 0: none known */
    int64_t spacing_us, settle_us;   /* 0: none known */
    const char *json;                /* the text it was read from */
};

/* Reads the JSON of facts; false with a reason when it is not of this form. Strings go to the arena. */
bool cp_facts_parse(const char *json, struct cp_arena *arena, struct cp_facts *out,
                    struct cp_error *err);

#endif
