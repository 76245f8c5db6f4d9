/* plugins/mastodon/mastodon.h - what the files of this adapter share.
 *
 * Every turn is a pure function of what it is handed. Between turns there is only the checkpoint:
 *
 *     {"media": [{"sha256", "alt", "id", "ready", "at"}],   POST: what was uploaded, and when; "alt" is
 *                                                           the alt text's SHA-256
 *      "step": "upload" | "poll" | "publish", "medium": 0,  POST: what the reply to come is about
 *      "refusals": 1,                                       POST: see make_key() in post.c
 *      "look_up": {...}}                                    LOOK_UP: only while it lasts
 *
 * Functions that can run out of memory return NULL or false, and the turn ends in a verdict that
 * claims nothing.
 */
#ifndef CP_MASTODON_MASTODON_H
#define CP_MASTODON_MASTODON_H

#include <camp-post/adapter.h>
#include <jansson.h>

#include "reply.h"

void masto_post(const struct cp_settings *settings, struct cp_turn *turn);
void masto_look_up(const struct cp_settings *settings, struct cp_turn *turn);
void masto_facts(const struct cp_settings *settings, struct cp_turn *turn);
void masto_who_am_i(const struct cp_settings *settings, struct cp_turn *turn);
void masto_login(const struct cp_settings *settings, struct cp_turn *turn);

/* --- request.c --- */

/* A request to the account's server, before the headers that all have in common. */
struct masto_request {
    enum cp_step step;
    const char *method;
    char *path; /* with the query; taken and freed. NULL: memory ran out, and the turn says so */
    bool anonymous;
    struct cp_field header[3]; /* further ones; an unused one has no name */
    const struct cp_segment *body;
    size_t body_count;
    const char *example; /* body of the example reply, status 200 */
};

void masto_send(const struct cp_settings *settings, struct cp_turn *turn,
                struct masto_request *request, const json_t *checkpoint);
/* Ends the turn. checkpoint NULL: keep the one that is there. */
void masto_finish(struct cp_turn *turn, const struct cp_verdict *verdict, const json_t *checkpoint);
void masto_finish_as(struct cp_turn *turn, enum cp_verdict_kind kind, const char *reason,
                     const json_t *checkpoint);
void masto_finish_judged(struct cp_turn *turn, const struct masto_judgement *judgement,
                         const json_t *checkpoint);

/* Like asprintf(), but %-encoding is done first with masto_encode(). free() it; NULL: no memory. */
char *masto_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Percent-encoding of all but unreserved characters (RFC 3986, 2.3). free() it. */
char *masto_encode(const char *text);
/* A JSON object from text; an empty one when it is none. NULL: no memory. */
json_t *masto_object(const char *text);

/* --- mastodon.c --- */

/* The visibility a part is sent with; NULL when the account's setting is no visibility. */
const char *masto_visibility(const struct cp_settings *settings, const struct cp_part_view *part);
/* What is sent as text and warning: a warning without text is what servers take for the text. */
const char *masto_text(const struct cp_part_view *part);
const char *masto_warning(const struct cp_part_view *part);

/* --- media.c --- */

/* The entry of a medium that was uploaded less than an hour ago, or NULL. */
json_t *masto_medium(const json_t *checkpoint, const struct cp_media_view *medium, int64_t now_us);
/* Asks for what the medium at `index` lacks: its upload, or word that it is processed. */
void masto_medium_ask(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                      size_t index);
/* Takes the reply to that. True: go on. False: the turn is finished. */
bool masto_medium_reply(struct cp_turn *turn, json_t *checkpoint);
/* All media have to be asked for again ("ready": false), or uploaded again (also "at": 0). */
void masto_media_reset(json_t *checkpoint, bool upload);

/* --- login.c --- */

/* The challenge of RFC 7636, section 4.2, S256. */
bool masto_challenge(const char *verifier, char out[45]);
/* The code in what a person typed. False: there is none. */
bool masto_typed_code(const char *typed, char *out, size_t size);

#endif
