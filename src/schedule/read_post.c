/* src/schedule/read_post.c - posts. */
#include "schedule/read_private.h"

#include <stdio.h>
#include <string.h>

enum { OFFSETS_MOST = 1000, THREAD_MOST = 500 };

struct post_draft {
    struct cp_post post; /* first: what has no neighbours is read straight into it */
    const struct yaml_node *at, *relative, *standby, *text, *thread, *media, *language, *warning;
};

#define NODE(member) offsetof(struct post_draft, member)
#define POST(member) offsetof(struct post_draft, post.member)

/* ---- single words -------------------------------------------------------------------------- */

static void read_visibility(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct word words[] = {
        { "public", 0 }, { "unlisted", 1 }, { "private", 2 }, { "direct", 3 }
    };
    int found = read_word(reader, node, words, CP_COUNT(words), -1);

    if (found >= 0)
        *(const char **)out = words[found].text;
}

static void read_missing(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct word words[] = { { "skip", true }, { "error", false } };

    *(bool *)out = read_word(reader, node, words, CP_COUNT(words), false);
}

static void read_on_change(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct word words[] = { { "ignore", CP_CHANGE_IGNORE } };

    if (is_text(node) && (strcmp(node->text, "edit") == 0 || strcmp(node->text, "correct") == 0))
        complain(reader, node, "later", "use 'ignore', or leave it out",
                 "not yet: 'on_change: %s' is planned for a later version", node->text);
    else
        *(enum cp_on_change *)out =
            (enum cp_on_change)read_word(reader, node, words, CP_COUNT(words), CP_CHANGE_IGNORE);
}

/* ---- when ---------------------------------------------------------------------------------- */

struct relative {
    const struct yaml_node *event;
    struct cp_offset *offsets;
    size_t count, capacity;
    struct names seen;
};

/* Two spellings of one distance are one occurrence: the second would never go out. */
static bool claim_offset(struct reader *reader, const struct yaml_node *node,
                         struct relative *relative, struct cp_span span)
{
    char text[CP_SPAN_SIZE], first[200];
    const char *key;
    struct name *name;
    bool fresh;

    cp_span_format(span, text);
    key = cp_arena_string(reader->arena, text);
    name = key ? names_add(&relative->seen, key, &fresh) : NULL;
    if (!name)
        return false;
    if (!fresh)
        return complain(reader, node, "duplicate-offset", NULL, "the offset %s is here twice: %s",
                        text, tell_first(reader, name->at, first));
    name->at = place_of(reader, node);
    return true;
}

static void read_offset(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct relative *relative = out;
    struct cp_offset offset = { .at = place_of(reader, node) }, *grown;
    struct cp_error err = { 0 };

    if (!is_text(node)) {
        complain_type(reader, node, "an offset (-10d, -2h, 0s, 30m)");
        return;
    }
    if (!cp_span_parse(node->text, &offset.span, &err)) {
        complain(reader, node, "span", NULL, "%s", err.message);
        return;
    }
    if (relative->count == OFFSETS_MOST || !claim_offset(reader, node, relative, offset.span))
        return;
    grown = cp_arena_grow(reader->arena, relative->offsets, relative->count, &relative->capacity,
                          relative->count + 1, sizeof(*grown));
    if (!grown)
        return;
    relative->offsets = grown;
    relative->offsets[relative->count++] = offset;
}

static void read_offsets(struct reader *reader, const struct yaml_node *node, void *out)
{
    if (node->kind == YAML_LIST && (!node->count || node->count > OFFSETS_MOST))
        complain(reader, node, "offsets", NULL, "from 1 to %d offsets are expected, found %u",
                 OFFSETS_MOST, node->count);
    else
        read_list(reader, node, "an offset (-10d, -2h) or a list of them", true, read_offset, out);
}

static void find_event(struct campaign_reader *cr, const struct yaml_node *node,
                       struct cp_post *post)
{
    const char *names[1000];
    const struct name *name = NULL;

    if (!is_text(node)) {
        complain_type(&cr->reader, node, "text with the id of an event");
        return;
    }
    name = names_find(&cr->events, node->text);
    if (name)
        post->event = name->value;
    else
        complain_unknown(&cr->reader, node, "unknown-event", "event", names,
                         list_names(cr->campaign, true, names));
}

static void read_relative(struct campaign_reader *cr, const struct yaml_node *node,
                          struct cp_post *post)
{
    static const struct field fields[] = {
        { "event", read_node, offsetof(struct relative, event), REQUIRED },
        { "offsets", read_offsets, 0, REQUIRED },
    };
    static const struct schema schema = SCHEMA("'relative'", fields);
    struct relative relative = { .seen.arena = cr->reader.arena };
    size_t before = enter_key(&cr->reader, "relative"), inner;

    read_mapping(&cr->reader, node, &schema, &relative);
    if (relative.event) {
        inner = enter_key(&cr->reader, "event");
        find_event(cr, relative.event, post);
        leave(&cr->reader, inner);
    }
    post->when = CP_WHEN_RELATIVE;
    post->offsets = relative.offsets;
    post->offset_count = relative.count;
    names_release(&relative.seen);
    leave(&cr->reader, before);
}

static void read_named(struct reader *reader, const char *key, read_fn *read,
                       const struct yaml_node *node, void *out)
{
    size_t before = enter_key(reader, key);

    read(reader, node, out);
    leave(reader, before);
}

static const char ways_hint[] =
    "'at: YYYY-MM-DD HH:MM', 'relative: {event: …, offsets: […]}', or 'standby: true'";

static void read_when(struct campaign_reader *cr, const struct yaml_node *node,
                      struct post_draft *draft)
{
    bool standby = false;
    int ways;

    if (draft->standby)
        read_named(&cr->reader, "standby", read_bool, draft->standby, &standby);
    /* A `standby` that is no truth value has its fault already: it counts as the way that was meant. */
    if (draft->standby && yaml_type(draft->standby) != YAML_BOOL)
        standby = true;
    ways = (draft->at != NULL) + (draft->relative != NULL) + standby;
    if (ways == 0)
        complain(&cr->reader, node, "when", ways_hint,
                 "a post needs one of 'at', 'relative' and "
                 "'standby'");
    else if (ways > 1)
        complain(&cr->reader, node, "when", ways_hint,
                 "a post has one of 'at', 'relative' and 'standby', this one has %d", ways);
    if (draft->at)
        read_named(&cr->reader, "at", read_moment, draft->at, &draft->post.at_time);
    if (draft->relative)
        read_relative(cr, draft->relative, &draft->post);
    if (standby)
        draft->post.when = CP_WHEN_STANDBY;
}

/* ---- what ---------------------------------------------------------------------------------- */

struct thread {
    struct cp_message *items;
    size_t count;
};

static const struct field message_fields[] = {
    { "text", read_texts, offsetof(struct cp_message, text), REQUIRED },
    { "media", read_media, 0, OPTIONAL },
    { "warning", NULL, 0, LATER },
    { "poll", NULL, 0, LATER },
};
static const struct schema message_schema = SCHEMA("a message of a thread", message_fields);

static void read_message(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct thread *thread = out;
    struct cp_message *message = &thread->items[thread->count++];

    message->at = place_of(reader, node);
    read_mapping(reader, node, &message_schema, message);
}

static void read_thread(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_post *post = out;
    struct thread thread = { 0 };

    if (node->kind == YAML_LIST && (!node->count || node->count > THREAD_MOST)) {
        complain(reader, node, "thread", NULL, "from 1 to %d messages are expected, found %u",
                 THREAD_MOST, node->count);
        return;
    }
    if (node->kind == YAML_LIST)
        thread.items = cp_arena_array(reader->arena, node->count, sizeof(*thread.items));
    if (thread.items || node->kind != YAML_LIST)
        read_list(reader, node, "a list of messages", false, read_message, &thread);
    post->messages = thread.items;
    post->message_count = thread.count;
}

static void read_single(struct campaign_reader *cr, const struct post_draft *draft,
                        struct cp_post *post)
{
    struct cp_message *message = cp_arena_alloc(cr->reader.arena, sizeof(*message));

    if (!message)
        return;
    message->at = place_of(&cr->reader, draft->text);
    read_named(&cr->reader, "text", read_texts, draft->text, &message->text);
    if (draft->media)
        read_named(&cr->reader, "media", read_media, draft->media, message);
    post->messages = message;
    post->message_count = 1;
}

static void read_content(struct campaign_reader *cr, const struct yaml_node *node,
                         struct post_draft *draft)
{
    if (draft->text && draft->thread)
        complain(&cr->reader, node, "content", "put the text into the thread as its first message",
                 "a post has 'text' or 'thread', this one has both");
    else if (!draft->text && !draft->thread)
        complain(&cr->reader, node, "content", NULL, "a post needs 'text' or 'thread'");
    else if (draft->thread && draft->media)
        complain(&cr->reader, draft->media, "content", "move it into one of the thread's messages",
                 "'media' of a thread belongs to its messages");
    if (draft->thread)
        read_named(&cr->reader, "thread", read_thread, draft->thread, &draft->post);
    else if (draft->text)
        read_single(cr, draft, &draft->post);
    if (draft->warning)
        read_named(&cr->reader, "warning", read_texts, draft->warning, &draft->post.warning);
}

/* The language of what is written as one string, where it is not the campaign's first. */
static void read_post_language(struct reader *reader, const struct yaml_node *node, void *out)
{
    const char *language = NULL;
    bool known = !reader->language_count;

    if (!read_language(reader, node, &language))
        return;
    for (size_t i = 0; i < reader->language_count; i++)
        known |= strcmp(reader->languages[i], language) == 0;
    if (known)
        *(const char **)out = language;
    else
        complain_unknown(reader, node, "unknown-language", "language", reader->languages,
                         reader->language_count);
}

/* ---- posts --------------------------------------------------------------------------------- */

static const struct field post_fields[] = {
    { "id", read_id, POST(id), REQUIRED },
    { "was", read_id, POST(was), OPTIONAL },
    { "at", read_node, NODE(at), OPTIONAL },
    { "relative", read_node, NODE(relative), OPTIONAL },
    { "standby", read_node, NODE(standby), OPTIONAL },
    { "to", read_selectors, 0, OPTIONAL },
    { "text", read_node, NODE(text), OPTIONAL },
    { "thread", read_node, NODE(thread), OPTIONAL },
    { "media", read_node, NODE(media), OPTIONAL },
    { "warning", read_node, NODE(warning), OPTIONAL },
    { "visibility", read_visibility, POST(visibility), OPTIONAL },
    { "language", read_node, NODE(language), OPTIONAL },
    { "send_by", read_wait, POST(send_by_us), OPTIONAL },
    { "missing", read_missing, POST(missing_skip), OPTIONAL },
    { "on_change", read_on_change, POST(on_change), OPTIONAL },
    { "repeat", NULL, 0, LATER },
    { "actions", NULL, 0, LATER },
    { "action", NULL, 0, LATER },
    { "template", NULL, 0, LATER },
    { "templates", NULL, 0, LATER },
    { "variables", NULL, 0, LATER },
    { "platforms", NULL, 0, LATER },
    { "organisations", NULL, 0, LATER },
    { "overrides", NULL, 0, LATER },
    { "spread", NULL, 0, LATER },
    { "overflow", NULL, 0, LATER },
    { "imports", NULL, 0, LATER },
    { "poll", NULL, 0, LATER },
    { "boost", NULL, 0, LATER },
};
static const struct schema post_schema = SCHEMA("a post", post_fields);

static void claim_post_id(struct campaign_reader *cr, struct names *names, const char *what,
                          const struct yaml_node *node, const char *key)
{
    const struct yaml_node *id = yaml_get(node, key);
    size_t before = enter_key(&cr->reader, key);

    claim_id(cr, names, id, what, id->text, NULL);
    leave(&cr->reader, before);
}

static void claim_post(struct campaign_reader *cr, const struct yaml_node *node,
                       const struct cp_post *post)
{
    if (post->id)
        claim_post_id(cr, &cr->posts, "post", node, "id");
    if (post->was)
        claim_post_id(cr, &cr->post_was, "old id", node, "was");
}

static void read_post(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct campaign_reader *cr = (struct campaign_reader *)reader;
    struct cp_campaign *campaign = cr->campaign;
    struct post_draft draft = { .post.at = place_of(reader, node) };
    const char *language = reader->language;
    struct cp_post *grown;

    (void)out;
    read_mapping(reader, node, &post_schema, &draft);
    if (node->kind != YAML_MAPPING)
        return;
    if (draft.language)
        read_named(reader, "language", read_post_language, draft.language, &reader->language);
    read_when(cr, node, &draft);
    read_content(cr, node, &draft);
    reader->language = language;
    claim_post(cr, node, &draft.post);
    grown = cp_arena_grow(reader->arena, campaign->posts, campaign->post_count, &cr->post_capacity,
                          campaign->post_count + 1, sizeof(*grown));
    if (!grown)
        return;
    campaign->posts = grown;
    campaign->posts[campaign->post_count++] = draft.post;
}

void read_posts(struct campaign_reader *cr, const struct yaml_node *node)
{
    size_t before = enter_key(&cr->reader, "posts");

    if (node->kind == YAML_LIST && node->count > CP_POSTS_MOST - cr->campaign->post_count)
        complain(&cr->reader, node, "posts", NULL, "a campaign has at most %d posts",
                 CP_POSTS_MOST);
    else
        read_list(&cr->reader, node, "a list of posts", false, read_post, NULL);
    leave(&cr->reader, before);
}

static void complain_old_id(struct campaign_reader *cr, const struct name *was)
{
    struct cp_diagnostics *list = cr->reader.diagnostics;
    size_t before = list->count;

    cp_diagnose(list, CP_FAULT, "was", was->at, NULL, "a renamed post leaves its old id behind",
                "the old id '%s' still is a post's id", was->text);
    for (size_t i = 0; i < cr->document_count; i++) {
        if (cr->documents[i].name == was->at.file)
            yaml_show_line(&cr->documents[i], list, before);
    }
}

void check_renamed_posts(struct campaign_reader *cr)
{
    const struct cp_campaign *campaign = cr->campaign;

    for (size_t i = 0; i < campaign->post_count; i++) {
        const char *was = campaign->posts[i].was;

        if (was && names_find(&cr->posts, was))
            complain_old_id(cr, names_find(&cr->post_was, was));
    }
}
