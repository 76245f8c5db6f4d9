/* plugins/mastodon/media.c - uploads: POST /api/v2/media, and GET /api/v1/media/ID until processed.
 *
 * An upload is invisible and may be repeated; its id is kept in the checkpoint. Ids are single use,
 * and servers throw unattached media away (Mastodon after a day): what is older than an hour is
 * uploaded anew. The alt text belongs to the upload, so a changed one asks for a new upload.
 */
#include "mastodon.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "instant.h"

static const char example_ready[] =
    "{\"id\":\"‹media %zu›\",\"type\":\"image\",\"url\":\"‹address›\"}";

/* --- the checkpoint's list --- */

/* An alt text can have ten thousand characters, and checkpoints are written with every step. */
static bool alt_digest(const char *alt, char out[65])
{
    unsigned char digest[32];
    unsigned int size = 0;

    if (!EVP_Digest(alt, strlen(alt), digest, &size, EVP_sha256(), NULL) || size != 32)
        return false;
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return true;
}

static bool same_medium(const json_t *entry, const struct cp_media_view *medium)
{
    const char *sha256 = masto_string(entry, "sha256"), *known = masto_string(entry, "alt");
    char alt[65];

    return sha256 && known && strcmp(sha256, medium->sha256) == 0 && alt_digest(medium->alt, alt) &&
           strcmp(known, alt) == 0;
}

json_t *masto_medium(const json_t *checkpoint, const struct cp_media_view *medium, int64_t now_us)
{
    json_t *list = json_object_get(checkpoint, "media"), *entry;
    char id[MASTO_ID];
    size_t i;

    json_array_foreach(list, i, entry)
    {
        int64_t at = json_integer_value(json_object_get(entry, "at"));

        if (same_medium(entry, medium) && masto_id(entry, "id", id) && at > now_us - MASTO_HOUR &&
            at < now_us + MASTO_HOUR)
            return entry;
    }
    return NULL;
}

void masto_media_reset(json_t *checkpoint, bool upload)
{
    json_t *list = json_object_get(checkpoint, "media"), *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        json_object_set_new(entry, "ready", json_false());
        if (upload)
            json_object_set_new(entry, "at", json_integer(0));
    }
}

static void forget(json_t *list, const struct cp_media_view *medium)
{
    for (size_t i = json_array_size(list); i-- > 0;) {
        if (same_medium(json_array_get(list, i), medium))
            json_array_remove(list, i);
    }
}

static void remember(json_t *checkpoint, const struct cp_media_view *medium, const char *id,
                     bool ready, int64_t now_us)
{
    json_t *list = json_object_get(checkpoint, "media");
    char alt[65];

    if (!json_is_array(list)) {
        json_object_set_new(checkpoint, "media", json_array());
        list = json_object_get(checkpoint, "media");
    }
    forget(list, medium);
    if (alt_digest(medium->alt, alt))
        json_array_append_new(list,
                              json_pack("{ss ss ss sb sI}", "sha256", medium->sha256, "alt", alt,
                                        "id", id, "ready", ready, "at", (json_int_t)now_us));
}

/* --- the upload --- */

/* A file name and a type go into header lines: nothing may end the line or the quotes. */
static void header_safe(const char *text, const char *otherwise, char *out, size_t size)
{
    size_t used = 0;

    for (; *text && used + 1 < size; text++) {
        unsigned char c = (unsigned char)*text;

        out[used++] = c < 0x20 || c == 0x7f || strchr("\"\\/;", c) ? '_' : *text;
    }
    out[used] = '\0';
    if (!used)
        snprintf(out, size, "%s", otherwise);
}

/* From the key, so that the same part gives the same bytes; longer while the alt text contains it. */
static void make_boundary(const struct cp_turn *turn, size_t index, const char *alt, char *out,
                          size_t size)
{
    snprintf(out, size, "camp-post-%.64s-%zu", turn->wire_key ? turn->wire_key : "", index + 1);
    while (strstr(alt, out) && strlen(out) + 2 < size)
        strcat(out, "-");
}

static char *form_head(const struct cp_media_view *medium, const char *boundary)
{
    char name[128], type[96];
    char *alt, *head;

    header_safe(medium->name, "file", name, sizeof(name));
    snprintf(type, sizeof(type), "%s", medium->type);
    if (!type[0] || strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789.+-/") != strlen(type))
        snprintf(type, sizeof(type), "application/octet-stream");
    alt = medium->alt[0]
              ? masto_format("--%s\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n"
                             "%s\r\n",
                             boundary, medium->alt)
              : masto_format("%s", "");
    head = alt ? masto_format("%s--%s\r\nContent-Disposition: form-data; name=\"file\"; "
                              "filename=\"%s\"\r\nContent-Type: %s\r\n\r\n",
                              alt, boundary, name, type)
               : NULL;
    free(alt);
    return head;
}

static void upload(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                   size_t index)
{
    const struct cp_media_view *medium = &turn->part->media[index];
    char boundary[160], type[200], tail[180], example[200];
    char *head;

    make_boundary(turn, index, medium->alt, boundary, sizeof(boundary));
    snprintf(type, sizeof(type), "multipart/form-data; boundary=%s", boundary);
    snprintf(tail, sizeof(tail), "\r\n--%s--\r\n", boundary);
    snprintf(example, sizeof(example), example_ready, index + 1);
    head = form_head(medium, boundary);
    {
        const struct cp_segment body[] = { { .bytes = head, .size = head ? strlen(head) : 0 },
                                           { .media = medium->sha256 },
                                           { .bytes = tail, .size = strlen(tail) } };
        struct masto_request request = { .step = CP_STEP_PREPARE,
                                         .method = "POST",
                                         .path = head ? masto_format("/api/v2/media") : NULL,
                                         .header = { { "Content-Type", type, NULL } },
                                         .body = body,
                                         .body_count = 3,
                                         .example = example };

        masto_send(settings, turn, &request, checkpoint);
    }
    free(head);
}

static void poll_medium(const struct cp_settings *settings, struct cp_turn *turn,
                        json_t *checkpoint, size_t index, const json_t *entry)
{
    char id[MASTO_ID], example[200];
    char *encoded = masto_id(entry, "id", id) ? masto_encode(id) : NULL;
    struct masto_request request = { .step = CP_STEP_READ,
                                     .method = "GET",
                                     .path =
                                         encoded ? masto_format("/api/v1/media/%s", encoded) : NULL,
                                     .example = example };

    snprintf(example, sizeof(example), example_ready, index + 1);
    masto_send(settings, turn, &request, checkpoint);
    free(encoded);
}

void masto_medium_ask(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                      size_t index)
{
    const json_t *entry = masto_medium(checkpoint, &turn->part->media[index], turn->now_us);

    json_object_set_new(checkpoint, "step", json_string(entry ? "poll" : "upload"));
    json_object_set_new(checkpoint, "medium", json_integer((json_int_t)index));
    if (entry)
        poll_medium(settings, turn, checkpoint, index, entry);
    else
        upload(settings, turn, checkpoint, index);
}

/* --- the replies --- */

/* Waits a third of the medium's age: often at first, seldom for a long video. */
static void wait_for(struct cp_turn *turn, json_t *checkpoint, const json_t *entry)
{
    int64_t age = turn->now_us - json_integer_value(json_object_get(entry, "at"));
    int64_t wait = age / 3 < 2 * MASTO_SECOND    ? 2 * MASTO_SECOND
                   : age / 3 > 60 * MASTO_SECOND ? 60 * MASTO_SECOND
                                                 : age / 3;
    struct cp_verdict verdict = { .kind = CP_VERDICT_RETRY,
                                  .not_before_us = turn->now_us + wait,
                                  .reason = "the server is still processing a medium" };

    masto_finish(turn, &verdict, checkpoint);
}

static bool judged(struct cp_turn *turn, json_t *checkpoint, const struct cp_media_view *medium)
{
    struct masto_judgement judgement;

    masto_judge(turn, MASTO_PREPARE, false, &judgement);
    if (judgement.kind == CP_VERDICT_REJECTED)
        forget(json_object_get(checkpoint, "media"), medium);
    masto_finish_judged(turn, &judgement, checkpoint);
    return false;
}

static bool uploaded(struct cp_turn *turn, json_t *checkpoint, const struct cp_media_view *medium)
{
    int status = turn->reply->status;
    json_t *body = status >= 200 && status <= 202 ? masto_json(turn->reply) : NULL;
    char id[MASTO_ID];
    bool named = masto_id(body, "id", id);

    json_decref(body);
    if (!named)
        return judged(turn, checkpoint, medium);
    remember(checkpoint, medium, id, status != 202, turn->now_us);
    if (masto_medium(checkpoint, medium, turn->now_us))
        return true;
    masto_finish_as(turn, CP_VERDICT_RETRY, "out of memory", NULL);
    return false;
}

/* 404: a server without this address, or an id that is gone; the post itself will tell which. */
static bool polled(struct cp_turn *turn, json_t *checkpoint, const struct cp_media_view *medium)
{
    json_t *entry = masto_medium(checkpoint, medium, turn->now_us);

    if (turn->reply->status == 200 || turn->reply->status == 404) {
        json_object_set_new(entry, "ready", json_true());
        return true;
    }
    if (turn->reply->status == 206 && entry) {
        wait_for(turn, checkpoint, entry);
        return false;
    }
    return judged(turn, checkpoint, medium);
}

bool masto_medium_reply(struct cp_turn *turn, json_t *checkpoint)
{
    json_int_t index = json_integer_value(json_object_get(checkpoint, "medium"));
    const char *step = masto_string(checkpoint, "step");
    const struct cp_media_view *medium;

    if (!step || index < 0 || (size_t)index >= turn->part->media_count) {
        masto_finish_as(turn, CP_VERDICT_RETRY, "an answer to a question that was not asked", NULL);
        return false;
    }
    medium = &turn->part->media[index];
    return strcmp(step, "poll") == 0 ? polled(turn, checkpoint, medium)
                                     : uploaded(turn, checkpoint, medium);
}
