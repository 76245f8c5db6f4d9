/* plugins/mastodon/reply.h - what a reply means: JSON, ids, the error table, rate headers. */
#ifndef CP_MASTODON_REPLY_H
#define CP_MASTODON_REPLY_H

#include <camp-post/adapter.h>
#include <jansson.h>

enum {
    MASTO_REASON = 200, /* bytes of a reason, with its end */
    MASTO_ID = 256,     /* ids are opaque: decimal, ULID, Flake, UUID, a file's name */
    MASTO_URL = 2048,
};

/* What the request was for: the same status proves different things. */
enum masto_call {
    MASTO_PUBLISH, /* the post itself */
    MASTO_PREPARE, /* uploads: whatever is answered, the post is not out */
    MASTO_ASK,     /* facts, who am I, login */
    MASTO_LOOK,    /* look-up: only a clean 200 proves anything */
    MASTO_CALLS
};

struct masto_judgement {
    enum cp_verdict_kind kind;
    int64_t not_before_us;
    bool throttled;
    char error[MASTO_REASON]; /* the server's own words, cleaned; may be empty */
    char reason[MASTO_REASON];
};

/* The body as JSON, or NULL. json_decref() it. */
json_t *masto_json(const struct cp_reply *reply);
/* The value of a header, or NULL. Names are compared without case. */
const char *masto_header(const struct cp_reply *reply, const char *name);

/* A member that is a string, or NULL. */
const char *masto_string(const json_t *object, const char *member);
/* An id: a non-empty string without control characters, or a whole number. False leaves out alone. */
bool masto_id(const json_t *object, const char *member, char out[MASTO_ID]);
/* A web address that is fit to be shown, or NULL. */
const char *masto_url(const json_t *object, const char *member);

/* One line for people: no tags, no control or direction characters, cut at a character. */
void masto_clean(const char *text, char *out, size_t size);

/* The verdict of a reply that is not what was hoped for. reply_to: the post answered another one. */
void masto_judge(const struct cp_turn *turn, enum masto_call call, bool reply_to,
                 struct masto_judgement *out);
/* Does the server's own text have these words, given in lower case? */
bool masto_says(const struct masto_judgement *judgement, const char *words);

#endif
