/* src/schedule/yaml_tree.c - libyaml's events to a tree, with the checks that libyaml leaves out.
 *
 * Finished nodes wait on a stack until their list or mapping ends, which then takes them as one array.
 * An alias copies the node it names, and shares what is below: an expansion costs one node, but counts
 * as many as a reader will walk through.
 */
#include "schedule/yaml_private.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "schedule/names_private.h"
#include "schedule/schedule.h"

enum { FEW_KEYS = 12 /* below it, comparing all pairs is quicker than a tree */ };

struct frame {
    size_t first; /* of its children on the stack */
    uint32_t start;
    enum yaml_kind kind;
    bool flow;
    struct name *anchor;
};

struct builder {
    struct yaml_document *document;
    const struct yaml_input *input;
    struct yaml_node *stack;
    size_t count, capacity;
    struct frame frames[CP_DEPTH_MOST + 1];
    unsigned depth, documents;
    struct names anchors;
    uint64_t expanded;
};

static bool complain(struct builder *b, uint32_t at, const char *code, const char *hint,
                     const char *message)
{
    return yaml_complain(b->document, b->input, at, code, hint, "%s", message);
}

static bool no_memory(struct builder *b)
{
    return complain(b, 0, "memory", NULL, "out of memory");
}

static bool push(struct builder *b, const struct yaml_node *node)
{
    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 256;
        struct yaml_node *grown = realloc(b->stack, capacity * sizeof(*grown));

        if (!grown)
            return no_memory(b);
        b->stack = grown;
        b->capacity = capacity;
    }
    b->stack[b->count++] = *node;
    return true;
}

/* ---- anchors and aliases ------------------------------------------------------------------- */

/* An anchor has no value until its node is complete: so an alias inside of it is found out. */
static bool open_anchor(struct builder *b, const yaml_char_t *anchor, struct name **out)
{
    char *text;
    bool fresh;

    *out = NULL;
    if (!anchor)
        return true;
    text = cp_arena_string(b->document->nodes, (const char *)anchor);
    *out = text ? names_add(&b->anchors, text, &fresh) : NULL;
    if (!*out)
        return no_memory(b);
    (*out)->value = NULL;
    return true;
}

static bool close_anchor(struct builder *b, struct name *anchor, const struct yaml_node *node)
{
    struct yaml_node *copy;

    if (!anchor)
        return true;
    copy = cp_arena_alloc(b->document->nodes, sizeof(*copy));
    if (!copy)
        return no_memory(b);
    *copy = *node;
    anchor->value = copy;
    return true;
}

static bool add_alias(struct builder *b, const yaml_event_t *event)
{
    const struct name *anchor = names_find(&b->anchors, (const char *)event->data.alias.anchor);
    uint32_t at = (uint32_t)event->start_mark.index;
    struct yaml_node node;

    if (!anchor)
        return complain(b, at, "alias", "an anchor (&name) stands before its aliases (*name)",
                        "nothing has this alias's name");
    if (!anchor->value)
        return complain(b, at, "alias", NULL, "this alias stands inside of what it names");
    node = *(const struct yaml_node *)anchor->value;
    b->expanded += node.weight;
    if (b->expanded > YAML_EXPANSION_MOST)
        return complain(b, at, "alias", "write out what they stand for",
                        "the aliases of this file expand to more than 1000000 values");
    if (b->depth + node.height > CP_DEPTH_MOST)
        return complain(b, at, "depth", NULL, "this is nested more than 64 levels deep");
    node.start = at;
    node.end = (uint32_t)event->end_mark.index;
    return push(b, &node);
}

/* ---- scalars ------------------------------------------------------------------------------- */

static void check_tag(struct builder *b, const yaml_char_t *tag, uint32_t at)
{
    if (tag)
        complain(b, at, "tag", "remove it", "tags (!) are not used here");
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    struct name *anchor;
    struct yaml_node node = {
        .text = "",
        .count = (uint32_t)size,
        .start = (uint32_t)event->start_mark.index,
        .end = (uint32_t)event->end_mark.index,
        .weight = 1,
        .kind = YAML_SCALAR,
        /* What has a tag has its fault, and is whatever the reader likes to have. */
        .plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag,
    };

    check_tag(b, event->data.scalar.tag, node.start);
    if (memchr(text, '\0', size)) {
        complain(b, node.start, "not-text", "remove the escape", "a NUL character is in this text");
        node.count = 0;
    } else if (size) {
        node.text = cp_arena_copy(b->input->arena, text, size);
        if (!node.text)
            return no_memory(b);
    }
    return open_anchor(b, event->data.scalar.anchor, &anchor) && close_anchor(b, anchor, &node) &&
           push(b, &node);
}

/* ---- lists and mappings -------------------------------------------------------------------- */

static bool open_frame(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
    bool list = kind == YAML_LIST;
    const yaml_char_t *anchor =
        list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    struct frame *frame = &b->frames[b->depth];

    if (b->depth == CP_DEPTH_MOST)
        return complain(b, (uint32_t)event->start_mark.index, "depth", NULL,
                        "this is nested more than 64 levels deep");
    *frame = (struct frame){
        .first = b->count,
        .start = (uint32_t)event->start_mark.index,
        .kind = kind,
        .flow = list ? event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
                     : event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
    };
    b->depth++;
    check_tag(b, list ? event->data.sequence_start.tag : event->data.mapping_start.tag,
              frame->start);
    return open_anchor(b, anchor, &frame->anchor);
}

/* A key that is a word, written for itself. */
static bool check_key(struct builder *b, const struct yaml_node *key)
{
    if (key->kind != YAML_SCALAR)
        return complain(b, key->start, "key", NULL, "a key must be a word");
    if (!key->count)
        return complain(b, key->start, "key", NULL, "a key is missing in front of the ':'");
    if (key->plain && strcmp(key->text, "<<") == 0)
        return complain(b, key->start, "key", "write the keys out",
                        "merge keys (<<) are not used here");
    return true;
}

static bool complain_twice(struct builder *b, const struct yaml_node *key, uint32_t first)
{
    struct cp_place place = yaml_place(b->document, first);

    return yaml_complain(b->document, b->input, key->start, "duplicate-key", "keep one of them",
                         "the key '%.64s' is here twice: first on line %u, column %u", key->text,
                         place.line, place.column);
}

static bool first_of_few(struct builder *b, const struct yaml_node *items, size_t pairs,
                         const struct yaml_node *key)
{
    for (size_t i = 0; i < pairs; i++) {
        if (items[2 * i].count == key->count && strcmp(items[2 * i].text, key->text) == 0)
            return complain_twice(b, key, items[2 * i].start);
    }
    return true;
}

static bool first_of_many(struct builder *b, struct names *names, const struct yaml_node *key,
                          bool *out_memory)
{
    bool fresh;
    struct name *name = names_add(names, key->text, &fresh);

    *out_memory = name != NULL;
    if (!name)
        return no_memory(b);
    if (!fresh)
        return complain_twice(b, key, name->at.column);
    name->at.column = key->start; /* a character; made a place only when it is told */
    return true;
}

/* Leaves out the pairs whose key is wrong, so that nobody complains about them a second time. */
static bool keep_good_pairs(struct builder *b, struct yaml_node *items, size_t *pairs)
{
    bool few = *pairs <= FEW_KEYS, memory = true;
    struct names names = { .arena = few ? NULL : cp_arena_create() };
    size_t kept = 0;

    if (!few && !names.arena)
        return no_memory(b);
    for (size_t i = 0; i < *pairs && memory; i++) {
        const struct yaml_node *key = &items[2 * i];

        if (!check_key(b, key) ||
            (few ? !first_of_few(b, items, kept, key) : !first_of_many(b, &names, key, &memory)))
            continue;
        memmove(&items[2 * kept], key, 2 * sizeof(*key));
        kept++;
    }
    names_release(&names);
    cp_arena_free(names.arena);
    *pairs = kept;
    return memory;
}

static void measure(struct yaml_node *node, const struct yaml_node *items, size_t count)
{
    uint64_t weight = 1;

    for (size_t i = 0; i < count; i++) {
        weight += items[i].weight;
        if (items[i].height >= node->height)
            node->height = items[i].height;
    }
    node->height++;
    node->weight = weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight;
}

static bool close_frame(struct builder *b, const yaml_event_t *event)
{
    const struct frame *frame = &b->frames[--b->depth];
    struct yaml_node *items = b->stack + frame->first, *kept;
    size_t count = b->count - frame->first, pairs = count / 2;
    struct yaml_node node = {
        .start = frame->start,
        .end = (uint32_t)event->end_mark.index,
        .kind = (uint8_t)frame->kind,
        .flow = frame->flow,
    };

    if (frame->kind == YAML_MAPPING) {
        if (!keep_good_pairs(b, items, &pairs))
            return false;
        count = 2 * pairs;
    }
    node.count = (uint32_t)(frame->kind == YAML_MAPPING ? pairs : count);
    kept = cp_arena_array(b->document->nodes, count, sizeof(*kept));
    if (!kept)
        return no_memory(b);
    if (count)
        memcpy(kept, items, count * sizeof(*kept));
    node.items = kept;
    measure(&node, kept, count);
    b->count = frame->first;
    return close_anchor(b, frame->anchor, &node) && push(b, &node);
}

/* ---- events -------------------------------------------------------------------------------- */

static bool take(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->documents > 1)
            return complain(b, (uint32_t)event->start_mark.index, "documents",
                            "put it into a file of its own", "a second document begins here");
        return true;
    case YAML_ALIAS_EVENT:
        return add_alias(b, event);
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_frame(b, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_frame(b, event, YAML_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_frame(b, event);
    default:
        return true;
    }
}

static bool run(struct builder *b, yaml_parser_t *parser)
{
    yaml_event_t event;
    bool ok, end;

    do {
        if (!yaml_parser_parse(parser, &event)) {
            yaml_report(b->document, parser, b->input);
            return false;
        }
        ok = take(b, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    } while (ok && !end);
    if (ok && !b->count)
        return complain(b, 0, "empty", NULL, "the file is empty");
    return ok;
}

bool yaml_build(struct yaml_document *document, const char *text, size_t size,
                const struct yaml_input *input)
{
    struct builder *b = calloc(1, sizeof(*b));
    yaml_parser_t parser;
    bool ok;

    if (!b || !yaml_parser_initialize(&parser)) {
        free(b);
        return yaml_complain(document, input, 0, "memory", NULL, "out of memory");
    }
    b->document = document;
    b->input = input;
    b->anchors.arena = document->nodes;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    ok = run(b, &parser);
    if (ok)
        document->root = b->stack[0];
    yaml_parser_delete(&parser);
    names_release(&b->anchors);
    free(b->stack);
    free(b);
    return ok;
}
