/* src/plan/choose.c - which language an account gets, and what the post says in it.
 *
 * One language for all of a delivery: the first of the account's for which the first message has a
 * text. The other messages and the warning must have it, too; a picture without its description
 * in that language still goes out, with another one and a warning.
 */
#include "plan/plan_private.h"

#include <stdio.h>
#include <string.h>

/* What a rendering is made of and for. */
struct choice {
    struct cp_builder *builder;
    const struct cp_campaign *campaign;
    const struct cp_post *post;
    const struct cp_account *account;
    const char *language;
    bool broken;
};

static struct cp_diagnostics *said(const struct choice *choice)
{
    return &choice->builder->plan->diagnostics;
}

/* "en, es, pt", cut to size. */
static void list_words(const char *const *words, size_t count, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", words[i]);
}

static void list_languages(const struct cp_texts *texts, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < texts->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 texts->items[i].language);
}

/* The message whose languages decide: the first that has words at all; NULL: pictures alone. */
static const struct cp_message *leading(const struct cp_post *post)
{
    for (size_t i = 0; i < post->message_count; i++) {
        if (post->messages[i].text.count)
            return &post->messages[i];
    }
    return NULL;
}

static enum cp_rendered missing(const struct choice *choice, const struct cp_message *lead)
{
    const struct cp_account *account = choice->account;
    char speaks[160], has[160];

    if (choice->post->missing_skip)
        return CP_SKIPPED;
    list_words(account->languages, account->language_count, speaks, sizeof(speaks));
    list_languages(&lead->text, has, sizeof(has));
    cp_diagnose(said(choice), CP_FAULT, "no-text", lead->at, NULL,
                "add a text in a language of the account, narrow `to`, or say `missing: skip`",
                "post '%s' has no text for account '%s', which speaks %s; it has %s",
                choice->post->id, account->id, speaks, has);
    return CP_AT_FAULT;
}

/* A post of pictures alone: the language of its first description. */
static enum cp_rendered choose_by_picture(struct choice *choice, const char *const *order,
                                          size_t count, size_t *out_slot)
{
    static const struct cp_texts none = { 0 };
    const struct cp_campaign *campaign = choice->campaign;
    const struct cp_post *post = choice->post;
    bool picture = post->message_count && post->messages[0].media_count;
    const struct cp_texts *alt = picture ? &post->messages[0].media[0].alt : &none;
    const struct cp_translation *found = cp_texts_choose(alt, order, count);

    *out_slot = found ? (size_t)(found - alt->items) : alt->count;
    if (found)
        choice->language = found->language;
    else
        choice->language = campaign->language_count ? campaign->languages[0] : "und"; /* RFC 5646 */
    return CP_RENDERED;
}

/* *out_slot: which translation, counted from 0; the same for all accounts that get the same. */
static enum cp_rendered choose_language(struct choice *choice, size_t *out_slot)
{
    const struct cp_account *account = choice->account;
    bool own = account->language_count != 0;
    const char *const *order = own ? account->languages : choice->campaign->languages;
    size_t count = own ? account->language_count : choice->campaign->language_count;
    const struct cp_message *lead = leading(choice->post);
    const struct cp_translation *found;

    if (!lead)
        return choose_by_picture(choice, order, count, out_slot);
    found = cp_texts_choose(&lead->text, order, count);
    if (!found)
        return missing(choice, lead);
    *out_slot = (size_t)(found - lead->text.items);
    choice->language = found->language;
    return CP_RENDERED;
}

/* ---- rendering ----------------------------------------------------------------------------- */

/* `what` is said once for each language, whatever the account or its limits. */
static const char *needed_text(struct choice *choice, const struct cp_texts *texts,
                               struct cp_place at, const char *what)
{
    const struct cp_translation *found = cp_texts_find(texts, choice->language);
    char has[160];

    if (found)
        return found->text;
    choice->broken = true;
    if (!cp_plan_once(choice->builder, "text %s/%s %s %s", choice->campaign->id, choice->post->id,
                      what, choice->language))
        return "";
    list_languages(texts, has, sizeof(has));
    cp_diagnose(said(choice), CP_FAULT, "no-text", at, NULL,
                "one delivery has one language: add the missing text",
                "%s of post '%s' has no text in '%s', which account '%s' gets; it has %s", what,
                choice->post->id, choice->language, choice->account->id, has);
    return "";
}

static const char *message_text(struct choice *choice, size_t number)
{
    const struct cp_message *message = &choice->post->messages[number];
    char what[32] = "the text";

    if (!message->text.count && message->media_count)
        return "";
    if (choice->post->message_count > 1)
        snprintf(what, sizeof(what), "part %zu", number + 1);
    return needed_text(choice, &message->text, message->at, what);
}

static const char *alt_text(struct choice *choice, const struct cp_medium *medium)
{
    const struct cp_campaign *campaign = choice->campaign;
    const struct cp_translation *found = cp_texts_find(&medium->alt, choice->language);
    const struct cp_translation *other = NULL;

    if (found)
        return found->text;
    if (campaign->language_count)
        other = cp_texts_find(&medium->alt, campaign->languages[0]);
    if (!cp_plan_once(choice->builder, "alt %s/%s %s %s", campaign->id, choice->post->id,
                      medium->file, choice->language))
        return other ? other->text : "";
    if (other)
        cp_diagnose(said(choice), CP_WARNING, "no-alt", medium->at, NULL,
                    "describe it for those who can't see it",
                    "'%s' has no alt text in '%s'; the one in '%s' is used", medium->file,
                    choice->language, other->language);
    else
        cp_diagnose(said(choice), CP_WARNING, "no-alt", medium->at, NULL,
                    "describe it for those who can't see it",
                    "'%s' goes out without alt text in '%s'", medium->file, choice->language);
    return other ? other->text : "";
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void render_media(struct choice *choice, const struct cp_message *message,
                         struct cp_content_part *part)
{
    part->media =
        cp_arena_array(choice->builder->plan->arena, message->media_count, sizeof(*part->media));
    for (size_t i = 0; i < message->media_count && part->media; i++) {
        const struct cp_medium *medium = &message->media[i];

        part->media[part->media_count++] = (struct cp_media_view){
            .sha256 = medium->sha256,
            .type = medium->type,
            .name = base_name(medium->file),
            .alt = alt_text(choice, medium),
            .size = medium->size,
            .width = medium->width,
            .height = medium->height,
        };
    }
}

static void render_content(struct choice *choice, struct cp_content *content)
{
    const struct cp_post *post = choice->post;
    const char *warning = NULL;

    content->title = choice->campaign->title;
    content->parts =
        cp_arena_array(choice->builder->plan->arena, post->message_count, sizeof(*content->parts));
    if (post->warning.count)
        warning = needed_text(choice, &post->warning, post->warning.items[0].at, "the warning");
    for (size_t i = 0; i < post->message_count && content->parts; i++) {
        struct cp_content_part *part = &content->parts[content->part_count++];

        part->language = choice->language;
        part->text = message_text(choice, i);
        part->visibility = post->visibility;
        part->warning = warning;
        render_media(choice, &post->messages[i], part);
    }
}

/* NULL when something is at fault. */
static const struct cp_rendering *render(struct choice *choice, size_t account)
{
    struct cp_arena *arena = choice->builder->plan->arena;
    struct cp_rendering *rendering = cp_arena_alloc(choice->builder->scratch, sizeof(*rendering));

    if (!rendering)
        return NULL;
    render_content(choice, &rendering->content);
    if (choice->broken || !cp_plan_measure(choice->builder, choice->post, account, rendering))
        return NULL;
    rendering->json = cp_content_json(&rendering->content, arena);
    if (!rendering->json) {
        choice->builder->failed = true;
        return NULL;
    }
    cp_hash_hex(rendering->json, strlen(rendering->json), rendering->hash);
    return rendering;
}

static struct cp_rendering_slot *find_slot(struct cp_builder *builder, size_t number)
{
    struct cp_rendering_slot *grown =
        cp_arena_grow(builder->scratch, builder->slots, builder->slot_capacity,
                      &builder->slot_capacity, number + 1, sizeof(*grown));

    if (grown)
        builder->slots = grown;
    return grown ? &grown[number] : NULL;
}

static void note_assumption(struct choice *choice)
{
    cp_diagnose(said(choice), CP_NOTE, "limits-assumed", choice->account->at, NULL,
                "`camp-post check --online` asks it",
                "the limits of account '%s' are assumed: its server was not asked yet",
                choice->account->id);
}

/* What the configuration says wins, but a platform may close the account that goes beyond its own limit. */
static void warn_of_rate(struct choice *choice, const struct cp_facts *facts)
{
    const struct cp_limits *limits = &choice->account->limits;

    if (limits->posts < 0 || facts->rate_posts <= 0 ||
        (double)limits->posts * (double)facts->rate_per_us <=
            (double)facts->rate_posts * (double)limits->per_us)
        return;
    cp_diagnose(said(choice), CP_WARNING, "limit-above", choice->account->at, NULL,
                "without it half of the platform's limit is used",
                "account '%s' may send more than its platform allows (%lld posts in %lld minutes)",
                choice->account->id, (long long)facts->rate_posts,
                (long long)(facts->rate_per_us / CP_MINUTE));
}

/* Said once for an account that something is planned for. */
static void say_limits(struct choice *choice, size_t account)
{
    const struct cp_facts *facts = &choice->builder->input->facts[account];

    if (!choice->builder->limits_unsaid[account])
        return;
    choice->builder->limits_unsaid[account] = false;
    if (facts->assumed && choice->account->server) /* a folder has no limits to be asked for */
        note_assumption(choice);
    warn_of_rate(choice, facts);
}

enum cp_rendered cp_plan_render(struct cp_builder *builder, const struct cp_campaign *campaign,
                                const struct cp_post *post, size_t account,
                                const struct cp_rendering **out)
{
    struct choice choice = { .builder = builder,
                             .campaign = campaign,
                             .post = post,
                             .account = &builder->input->config->accounts[account] };
    struct cp_rendering_slot *slot;
    size_t number;
    enum cp_rendered chosen = choose_language(&choice, &number);

    if (chosen != CP_RENDERED)
        return chosen;
    slot = find_slot(builder, number);
    if (!slot)
        return CP_AT_FAULT;
    if (slot->turn != builder->turn)
        *slot = (struct cp_rendering_slot){ builder->turn, render(&choice, account) };
    say_limits(&choice, account);
    *out = slot->rendering;
    return slot->rendering ? CP_RENDERED : CP_AT_FAULT;
}
