/* plugins/mastodon/look_up.c - is the part out? Reads only.
 *
 * A published part is read by its id. After doubt the account's own posts are listed, newest first
 * and paged back with max_id (ids are opaque: only Mastodon's could be computed from a time), until
 * one is older than the try. Only that complete read proves absence; whatever breaks it is
 * CP_VERDICT_UNKNOWN.
 */
#include "likeness.h"

#include <stdio.h>
#include <string.h>

#include "instant.h"

enum { PAGES_MOST = 25, KEPT_MOST = 4 };

#define SLACK (60 * MASTO_SECOND)

/* --- the end --- */

static void finish(struct cp_turn *turn, json_t *checkpoint, const struct cp_verdict *verdict)
{
    json_t *state =
        json_incref(json_object_get(checkpoint, "look_up")); /* the verdict borrows it */

    json_object_del(checkpoint, "look_up");
    masto_finish(turn, verdict, checkpoint);
    json_decref(state);
}

static void finish_as(struct cp_turn *turn, json_t *checkpoint, enum cp_verdict_kind kind,
                      const char *reason)
{
    finish(turn, checkpoint, &(struct cp_verdict){ .kind = kind, .reason = reason });
}

static void finish_judged(struct cp_turn *turn, json_t *checkpoint)
{
    struct masto_judgement judgement;

    masto_judge(turn, MASTO_LOOK, false, &judgement);
    json_object_del(checkpoint, "look_up");
    masto_finish_judged(turn, &judgement, checkpoint);
}

/* --- the window --- */

/* Ours and the server's clock may differ either way: how far back a list has to be read. */
static int64_t read_back_to(const struct cp_turn *turn)
{
    int64_t begin = turn->attempt_us ? turn->attempt_us : turn->due_us;

    return begin - (turn->skew_us < 0 ? -turn->skew_us : turn->skew_us) - SLACK;
}

/* The try on the server's clock: nothing that was made before it is ours. */
static int64_t made_after(const struct cp_turn *turn)
{
    return (turn->attempt_us ? turn->attempt_us : turn->due_us) + turn->skew_us - SLACK;
}

/* --- the list --- */

static void ask_list(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    json_t *state = json_object_get(checkpoint, "look_up");
    const char *cursor = masto_string(state, "cursor");
    char *account = masto_encode(turn->account_id), *max = masto_encode(cursor ? cursor : "");
    struct masto_request request = { .step = CP_STEP_READ,
                                     .method = "GET",
                                     .header = { { "Cache-Control", "no-cache", NULL } },
                                     .example = "[]" };

    json_object_set_new(state, "step", json_string("list"));
    if (account && max)
        request.path =
            masto_format("/api/v1/accounts/%s/statuses?limit=40&exclude_reblogs=true%s%s", account,
                         cursor ? "&max_id=" : "", max);
    masto_send(settings, turn, &request, checkpoint);
    free(account);
    free(max);
}

static void begin_list(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    if (!turn->account_id) {
        finish_as(turn, checkpoint, CP_VERDICT_UNKNOWN, "the account is not known yet");
        return;
    }
    json_object_set_new(checkpoint, "look_up",
                        json_pack("{si s[] s[]}", "pages", 0, "fits", "near"));
    ask_list(settings, turn, checkpoint);
}

/* What a list's item shows of us: itself, or what it wraps (snac2 shows own posts that others
 * boosted as boosts). NULL: a boost of somebody else's, or not ours. */
static const json_t *own_post(const struct cp_turn *turn, const json_t *item)
{
    const json_t *inner = json_object_get(item, "reblog");
    const json_t *post = json_is_object(inner) ? inner : item;
    char author[MASTO_ID];

    if (masto_id(json_object_get(post, "account"), "id", author) &&
        strcmp(author, turn->account_id) != 0)
        return NULL;
    return post;
}

static bool is_taken(const struct cp_turn *turn, const char *id)
{
    for (size_t i = 0; i < turn->taken_count; i++) {
        if (strcmp(turn->taken[i], id) == 0)
            return true;
    }
    return false;
}

/* The same post may come twice when posts are made while the list is paged. */
static void keep(json_t *list, const char *id, const json_t *post)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        const char *known = masto_string(entry, "id");

        if (known && strcmp(known, id) == 0)
            return;
    }
    if (json_array_size(list) < KEPT_MOST)
        json_array_append_new(list, json_pack("{ss ss*}", "id", id, "url", masto_url(post, "url")));
}

static void weigh(const struct cp_settings *settings, const struct cp_turn *turn, json_t *state,
                  const json_t *post, int64_t created)
{
    char id[MASTO_ID];
    enum masto_fit fit;

    if (!masto_id(post, "id", id) || is_taken(turn, id))
        return;
    if (turn->remote_id) { /* read-back by the list: its id is all that counts */
        if (strcmp(id, turn->remote_id) == 0)
            json_object_set(state, "found", (json_t *)post);
        return;
    }
    if (created < read_back_to(turn))
        return;
    fit = masto_fit(settings, turn, post);
    if (fit == MASTO_FIT_YES && created < made_after(turn))
        fit = MASTO_FIT_NEAR;
    if (fit != MASTO_FIT_NO)
        keep(json_object_get(state, fit == MASTO_FIT_YES ? "fits" : "near"), id, post);
}

/* Reads a page; *out_oldest is when its last item was made. False: not a list of posts. */
static bool read_page(const struct cp_settings *settings, const struct cp_turn *turn, json_t *state,
                      const json_t *page, int64_t *out_oldest)
{
    const json_t *item, *post;
    const char *when;
    char id[MASTO_ID];
    size_t i;

    json_array_foreach(page, i, item)
    {
        when = masto_string(item, "created_at");
        if (!when || !masto_instant_iso(when, out_oldest) || !masto_id(item, "id", id))
            return false;
        post = own_post(turn, item);
        when = masto_string(post, "created_at");
        if (post) {
            int64_t created = *out_oldest;

            if (post != item && (!when || !masto_instant_iso(when, &created)))
                return false;
            weigh(settings, turn, state, post, created);
        }
    }
    return true;
}

static void finish_read_back(const struct cp_settings *settings, struct cp_turn *turn,
                             json_t *checkpoint, const json_t *post);

/* The whole window was read. */
static void conclude(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    const json_t *state = json_object_get(checkpoint, "look_up");
    const json_t *fits = json_object_get(state, "fits"), *fit = json_array_get(fits, 0);
    json_t *facts = masto_object(turn->facts);
    const char *visibility = masto_visibility(settings, turn->part);
    bool hidden = masto_string(facts, "listed") && visibility &&
                  (strcmp(visibility, "private") == 0 || strcmp(visibility, "direct") == 0);

    json_decref(facts);
    if (turn->remote_id && json_object_get(state, "found"))
        finish_read_back(settings, turn, checkpoint, json_object_get(state, "found"));
    else if (json_array_size(fits) == 1)
        finish(turn, checkpoint,
               &(struct cp_verdict){ .kind = CP_VERDICT_ACCEPTED,
                                     .remote_id = masto_string(fit, "id"),
                                     .url = masto_string(fit, "url") });
    else if (json_array_size(fits) > 1)
        finish_as(turn, checkpoint, CP_VERDICT_DIFFERENT, "several posts fit");
    else if (json_array_size(json_object_get(state, "near")) > 0)
        finish_as(turn, checkpoint, CP_VERDICT_DIFFERENT,
                  "a post of that time is nearly the same: look which one it is");
    else if (hidden)
        finish_as(turn, checkpoint, CP_VERDICT_UNKNOWN,
                  "this server's list of own posts leaves out posts that are not public");
    else
        finish_as(turn, checkpoint, CP_VERDICT_ABSENT, NULL);
}

/* The list ends before the window does. What it showed is there all the same; only absence is not
 * proven. */
static void break_off(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                      const char *why)
{
    const json_t *state = json_object_get(checkpoint, "look_up");

    if (json_array_size(json_object_get(state, "fits")) ||
        json_array_size(json_object_get(state, "near")))
        conclude(settings, turn, checkpoint);
    else
        finish_as(turn, checkpoint, CP_VERDICT_UNKNOWN, why);
}

/* Asks for what is older than the last item. */
static void turn_page(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                      const json_t *page)
{
    json_t *state = json_object_get(checkpoint, "look_up");
    json_int_t pages = json_integer_value(json_object_get(state, "pages")) + 1;
    const char *before = masto_string(state, "first");
    char first[MASTO_ID], last[MASTO_ID];

    masto_id(json_array_get(page, 0), "id", first);
    masto_id(json_array_get(page, json_array_size(page) - 1), "id", last);
    if (before && strcmp(before, first) == 0) {
        break_off(settings, turn, checkpoint, "the server's list of own posts can't be paged back");
        return;
    }
    if (pages >= PAGES_MOST || pages < 1) {
        break_off(settings, turn, checkpoint, "too many posts since the try to read them all");
        return;
    }
    json_object_set_new(state, "pages", json_integer(pages));
    json_object_set_new(state, "first", json_string(first));
    json_object_set_new(state, "cursor", json_string(last));
    ask_list(settings, turn, checkpoint);
}

static void listed(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    json_t *page = turn->reply->status == 200 ? masto_json(turn->reply) : NULL;
    const char *age = masto_header(turn->reply, "Age");
    int64_t oldest = INT64_MAX;

    if (!json_is_array(page))
        finish_judged(turn, checkpoint);
    else if (age && strspn(age, " 0") != strlen(age))
        finish_as(turn, checkpoint, CP_VERDICT_UNKNOWN, "the list of own posts came from a cache");
    else if (!read_page(settings, turn, json_object_get(checkpoint, "look_up"), page, &oldest))
        finish_as(turn, checkpoint, CP_VERDICT_UNKNOWN,
                  "the list of own posts is not in the form of the Mastodon API");
    else if (json_array_size(page) == 0 || oldest < read_back_to(turn) ||
             json_object_get(json_object_get(checkpoint, "look_up"), "found"))
        conclude(settings, turn, checkpoint);
    else
        turn_page(settings, turn, checkpoint, page);
    json_decref(page);
}

/* --- one post by its id --- */

static void ask_one(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                    const char *step, const char *suffix)
{
    json_t *state = json_object_get(checkpoint, "look_up");
    char *id = masto_encode(turn->remote_id);
    struct masto_request request = { .step = CP_STEP_READ,
                                     .method = "GET",
                                     .path = id ? masto_format("/api/v1/statuses/%s%s", id, suffix)
                                                : NULL,
                                     .header = { { "Cache-Control", "no-cache", NULL } },
                                     .example = "{}" };

    if (!state) {
        json_object_set_new(checkpoint, "look_up", json_object());
        state = json_object_get(checkpoint, "look_up");
    }
    json_object_set_new(state, "step", json_string(step));
    masto_send(settings, turn, &request, checkpoint);
    free(id);
}

static void accept(struct cp_turn *turn, json_t *checkpoint, const char *url,
                   const char *difference)
{
    char shown[MASTO_REASON];
    struct cp_verdict verdict = { .kind = CP_VERDICT_ACCEPTED,
                                  .remote_id = turn->remote_id,
                                  .url = url,
                                  .difference = difference && *difference ? shown : NULL };

    if (difference)
        masto_clean(difference, shown, sizeof(shown));
    finish(turn, checkpoint, &verdict);
}

static void finish_read_back(const struct cp_settings *settings, struct cp_turn *turn,
                             json_t *checkpoint, const json_t *post)
{
    struct masto_likeness_of likeness;
    char difference[MASTO_REASON], author[MASTO_ID];

    if (turn->account_id && masto_id(json_object_get(post, "account"), "id", author) &&
        strcmp(author, turn->account_id) != 0) {
        finish_as(turn, checkpoint, CP_VERDICT_DIFFERENT, "the post belongs to another account");
        return;
    }
    masto_compare(settings, turn, turn->part, post, &likeness);
    masto_difference(&likeness, post, difference, sizeof(difference));
    accept(turn, checkpoint, masto_url(post, "url"), difference);
}

/* HTML may hide that the text is as it was sent (markup, typography): then its source is asked for,
 * and what else differs is kept until then. */
static void seen(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint,
                 const json_t *post)
{
    const json_t *inner = json_object_get(post, "reblog");
    struct masto_likeness_of likeness;
    char difference[MASTO_REASON];

    if (json_is_object(inner))
        post = inner;
    masto_compare(settings, turn, turn->part, post, &likeness);
    if (likeness.text == MASTO_SAME) {
        finish_read_back(settings, turn, checkpoint, post);
        return;
    }
    likeness.text = MASTO_SAME;
    masto_difference(&likeness, post, difference, sizeof(difference));
    json_object_set_new(checkpoint, "look_up",
                        json_pack("{ss ss*}", "rest", difference, "url", masto_url(post, "url")));
    ask_one(settings, turn, checkpoint, "source", "/source");
}

static void one_read(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    int status = turn->reply->status;
    json_t *post = status == 200 ? masto_json(turn->reply) : NULL;
    char id[MASTO_ID];

    if (masto_id(post, "id", id) && strcmp(id, turn->remote_id) == 0)
        seen(settings, turn, checkpoint, post);
    else if (status == 404 || status == 410)
        finish_as(turn, checkpoint, CP_VERDICT_ABSENT, NULL);
    else if (status == 403 || status == 405 ||
             status == 501) /* it can't be read so; the list can */
        begin_list(settings, turn, checkpoint);
    else
        finish_judged(turn, checkpoint);
    json_decref(post);
}

static void source_read(struct cp_turn *turn, json_t *checkpoint)
{
    json_t *source = turn->reply->status == 200 ? masto_json(turn->reply) : NULL;
    const json_t *state = json_object_get(checkpoint, "look_up");
    const char *text = masto_string(source, "text"), *rest = masto_string(state, "rest");
    bool same = text && masto_like_source(turn->part, text) == MASTO_SAME;
    char difference[MASTO_REASON];

    if (turn->reply->status == 429 || turn->reply->status == 401) {
        finish_judged(turn, checkpoint);
    } else {
        snprintf(difference, sizeof(difference), "%s%s%s", same ? "" : "text",
                 !same && rest && *rest ? ", " : "", rest ? rest : "");
        accept(turn, checkpoint, masto_string(state, "url"), difference);
    }
    json_decref(source);
}

/* --- the turn --- */

static void begin(const struct cp_settings *settings, struct cp_turn *turn, json_t *checkpoint)
{
    json_object_del(checkpoint, "look_up");
    if (turn->remote_id)
        ask_one(settings, turn, checkpoint, "one", "");
    else
        begin_list(settings, turn, checkpoint);
}

void masto_look_up(const struct cp_settings *settings, struct cp_turn *turn)
{
    json_t *checkpoint = masto_object(turn->checkpoint);
    const char *step = masto_string(json_object_get(checkpoint, "look_up"), "step");

    if (!turn->reply)
        begin(settings, turn, checkpoint);
    else if (step && strcmp(step, "list") == 0 && turn->account_id)
        listed(settings, turn, checkpoint);
    else if (step && strcmp(step, "one") == 0 && turn->remote_id)
        one_read(settings, turn, checkpoint);
    else if (step && strcmp(step, "source") == 0 && turn->remote_id)
        source_read(turn, checkpoint);
    else
        finish_as(turn, checkpoint, CP_VERDICT_UNKNOWN,
                  "an answer to a question that was not asked");
    json_decref(checkpoint);
}
