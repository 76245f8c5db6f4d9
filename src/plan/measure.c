/* src/plan/measure.c - what a server will say about the size of it, told beforehand.
 *
 * The host counts, with the facts of the server, so that plan, linter and preview agree. What is
 * over a limit is a fault: a refusal at the moment of sending would be too late to rewrite it.
 */
#include "plan/plan_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- classes of accounts ------------------------------------------------------------------- */

/* Everything that rendering and measuring look at, as a key: equal keys, equal outcome. */
static void class_key(const struct cp_facts *facts, struct cp_buffer *out)
{
    cp_buffer_printf(out, "%d %d %zu %d %d %d|", facts->assumed, facts->dialect,
                     facts->rules.url_cost, facts->rules.mention_local_only, facts->warning_counts,
                     facts->reply_to);
    for (size_t i = 0; i < facts->limit_count; i++)
        cp_buffer_printf(out, "%d:%" PRIu64 " ", facts->limits[i].unit, facts->limits[i].max);
    cp_buffer_printf(out, "|%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, facts->media_most,
                     facts->image_bytes, facts->video_bytes, facts->alt_most);
    for (size_t i = 0; i < facts->media_type_count; i++)
        cp_buffer_printf(out, "|%s", facts->media_types[i]);
}

/* Orders the accounts by class with one pass to count each class and one to place its members. */
static void place_by_class(struct cp_builder *builder, const size_t *sizes, size_t class_count)
{
    size_t accounts = builder->input->config->account_count;
    size_t *next = cp_arena_array(builder->scratch, class_count + 1, sizeof(*next));

    if (!next)
        return;
    for (size_t i = 0; i < class_count; i++)
        next[i + 1] = next[i] + sizes[i];
    for (size_t i = 0; i < accounts; i++)
        builder->by_class[next[builder->class_of[i]]++] = i;
}

void cp_plan_sort_accounts(struct cp_builder *builder)
{
    size_t accounts = builder->input->config->account_count, class_count = 0;
    struct cp_table classes = { .arena = builder->scratch };
    size_t *sizes = cp_arena_array(builder->scratch, accounts, sizeof(*sizes));
    struct cp_buffer key = { 0 };

    for (size_t i = 0; i < accounts && sizes; i++) {
        size_t *of;

        cp_buffer_clear(&key);
        class_key(&builder->input->facts[i], &key);
        if (key.failed)
            break;
        of = cp_table_find(&classes, key.data, key.size);
        if (!of) {
            of = &sizes[class_count++];
            cp_table_put(&classes, key.data, key.size, of);
        }
        builder->class_of[i] = (size_t)(of - sizes);
        ++*of;
    }
    builder->failed |= !sizes || key.failed || classes.failed;
    if (!builder->failed)
        place_by_class(builder, sizes, class_count);
    cp_buffer_release(&key);
    cp_table_release(&classes);
}

/* ---- one content --------------------------------------------------------------------------- */

/* A content under the facts of the first account of its class. */
struct measuring {
    struct cp_builder *builder;
    const struct cp_post *post;
    const struct cp_account *account;
    const struct cp_facts *facts;
    bool fine;
};

static struct cp_diagnostics *at_fault(struct measuring *measuring)
{
    measuring->fine = false;
    return &measuring->builder->plan->diagnostics;
}

static uint64_t count_text(const struct measuring *measuring, const struct cp_plan_part *part,
                           enum cp_text_unit unit)
{
    const struct cp_content_part *content = part->content;
    const char *warning = measuring->facts->warning_counts ? content->warning : NULL;
    size_t length =
        cp_text_count_joined(warning, content->text, strlen(content->text), unit,
                             &measuring->facts->rules, part->entities, part->entity_count);

    if (length == SIZE_MAX)
        measuring->builder->failed = true;
    return length;
}

/* Keeps the limit that is used up most: the one that an author has to watch. */
static void count_part(const struct measuring *measuring, struct cp_plan_part *part)
{
    const struct cp_facts *facts = measuring->facts;
    double most = -1;

    part->assumed = facts->assumed;
    for (size_t i = 0; i < facts->limit_count; i++) {
        const struct cp_text_limit *limit = &facts->limits[i];
        uint64_t length = count_text(measuring, part, limit->unit);
        double used = (double)length / (double)limit->max;

        if (used <= most)
            continue;
        most = used;
        part->length = length;
        part->limit = limit->max;
        part->unit = limit->unit;
    }
    if (!facts->limit_count)
        part->length = count_text(measuring, part, part->unit);
}

static void check_length(struct measuring *measuring, const struct cp_plan_part *part,
                         const struct cp_message *message)
{
    const struct cp_translation *text = cp_texts_find(&message->text, part->content->language);
    bool warning = measuring->facts->warning_counts && part->content->warning;

    if (!part->limit || part->length <= part->limit)
        return;
    cp_diagnose(at_fault(measuring), CP_FAULT, "too-long", text ? text->at : message->at, NULL,
                "shorten it, or make it a `thread`",
                "the text of post '%s' in '%s' is too long for account '%s': %" PRIu64
                " of %" PRIu64 " %s%s%s",
                measuring->post->id, part->content->language, measuring->account->id, part->length,
                part->limit, cp_text_unit_name(part->unit), warning ? ", warning included" : "",
                part->assumed ? " (assumed: its server was not asked yet)" : "");
}

static bool type_allowed(const struct cp_facts *facts, const char *type)
{
    for (size_t i = 0; i < facts->media_type_count; i++) {
        if (strcmp(facts->media_types[i], type) == 0)
            return true;
    }
    return facts->media_type_count == 0;
}

/* Code points: never fewer than the characters that a server may count instead. */
static void check_alt(struct measuring *measuring, const struct cp_medium *medium, const char *alt)
{
    uint64_t most = measuring->facts->alt_most, length;

    if (!most)
        return;
    length = cp_text_count(alt, strlen(alt), CP_CODE_POINTS, NULL, NULL, 0);
    if (length > most)
        cp_diagnose(at_fault(measuring), CP_FAULT, "alt-too-long", medium->at, NULL, "shorten it",
                    "the alt text of '%s' is too long for account '%s': %" PRIu64 " of %" PRIu64
                    " code points",
                    medium->file, measuring->account->id, length, most);
}

static void check_medium(struct measuring *measuring, const struct cp_medium *medium)
{
    const struct cp_facts *facts = measuring->facts;
    bool video = strncmp(medium->type, "video/", 6) == 0;
    uint64_t most = video ? facts->video_bytes : facts->image_bytes;

    if (!type_allowed(facts, medium->type))
        cp_diagnose(at_fault(measuring), CP_FAULT, "media-type", medium->at, NULL,
                    "use another format", "account '%s' does not take '%s', which is %s",
                    measuring->account->id, medium->file, medium->type);
    if (most && medium->size > most)
        cp_diagnose(at_fault(measuring), CP_FAULT, "media-size", medium->at, NULL,
                    "make it smaller",
                    "'%s' is too big for account '%s': %" PRIu64 " of %" PRIu64 " bytes",
                    medium->file, measuring->account->id, medium->size, most);
}

static void check_media(struct measuring *measuring, const struct cp_content_part *part,
                        const struct cp_message *message)
{
    uint64_t most = measuring->facts->media_most;

    if (most && message->media_count > most)
        cp_diagnose(at_fault(measuring), CP_FAULT, "media-count", message->media[0].at, NULL,
                    "leave some out, or spread them over a `thread`",
                    "post '%s' has too many media for account '%s': %zu of %" PRIu64,
                    measuring->post->id, measuring->account->id, message->media_count, most);
    for (size_t i = 0; i < part->media_count; i++) {
        check_medium(measuring, &message->media[i]);
        check_alt(measuring, &message->media[i], part->media[i].alt);
    }
}

static void check_thread(struct measuring *measuring)
{
    if (measuring->post->message_count > 1 && !measuring->facts->reply_to)
        cp_diagnose(at_fault(measuring), CP_FAULT, "no-threads", measuring->post->at, NULL,
                    "write it as one post, or narrow `to`",
                    "post '%s' is a thread, and account '%s' (adapter '%s') can't send replies",
                    measuring->post->id, measuring->account->id, measuring->account->adapter);
}

bool cp_plan_measure(struct cp_builder *builder, const struct cp_post *post, size_t account,
                     struct cp_rendering *rendering)
{
    struct measuring measuring = { .builder = builder,
                                   .post = post,
                                   .account = &builder->input->config->accounts[account],
                                   .facts = &builder->input->facts[account],
                                   .fine = true };
    struct cp_content *content = &rendering->content;
    struct cp_arena *arena = builder->plan->arena;

    check_thread(&measuring);
    rendering->parts = cp_arena_array(arena, content->part_count, sizeof(*rendering->parts));
    for (size_t i = 0; i < content->part_count && rendering->parts; i++) {
        struct cp_plan_part *part = &rendering->parts[i];

        part->content = &content->parts[i];
        part->entity_count = cp_text_entities(part->content->text, strlen(part->content->text),
                                              measuring.facts->dialect, arena, &part->entities);
        count_part(&measuring, part);
        check_length(&measuring, part, &post->messages[i]);
        check_media(&measuring, part->content, &post->messages[i]);
    }
    return measuring.fine && rendering->parts;
}
