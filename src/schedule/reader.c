/* src/schedule/reader.c - see reader_private.h: schemas, paths, complaints. */
#include "schedule/reader_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "text/text.h"

enum {
    CANDIDATES_MOST = 1000, /* names that a suggestion is looked for in */
    FAR = 4000              /* a column that it takes long to walk to */
};

/* ---- paths --------------------------------------------------------------------------------- */

static size_t enter(struct reader *reader, const char *text)
{
    size_t before = reader->path_size, room = sizeof(reader->path) - before - 1;
    size_t size = strnlen(text, room);

    while (size == room && size && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    memcpy(reader->path + before, text, size);
    reader->path_size += size;
    reader->path[reader->path_size] = '\0';
    return before;
}

size_t enter_key(struct reader *reader, const char *key)
{
    size_t before = reader->path_size;

    if (before)
        enter(reader, ".");
    enter(reader, key);
    return before;
}

size_t enter_index(struct reader *reader, size_t index)
{
    char text[32];

    snprintf(text, sizeof(text), "[%zu]", index);
    return enter(reader, text);
}

void leave(struct reader *reader, size_t size)
{
    reader->path_size = size;
    reader->path[size] = '\0';
}

/* ---- complaints ---------------------------------------------------------------------------- */

struct cp_place place_of(const struct reader *reader, const struct yaml_node *node)
{
    return yaml_place(reader->document, node->start);
}

/* A text that was cut for a message may end inside of a character: what prints it can rely on UTF-8. */
static void make_whole(char *message)
{
    size_t at;

    while (!cp_utf8_check(message, strlen(message), &at))
        message[at] = '?';
}

CP_PRINTF(6, 0)
static void tell(struct reader *reader, const struct yaml_node *node, enum cp_severity severity,
                 const char *code, const char *hint, const char *fmt, va_list args)
{
    size_t before = reader->diagnostics->count;
    char message[800];

    vsnprintf(message, sizeof(message), fmt, args);
    make_whole(message);
    cp_diagnose(reader->diagnostics, severity, code, place_of(reader, node), reader->path, hint,
                "%s", message);
    yaml_show_line(reader->document, reader->diagnostics, before);
}

bool complain(struct reader *reader, const struct yaml_node *node, const char *code,
              const char *hint, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tell(reader, node, CP_FAULT, code, hint, fmt, args);
    va_end(args);
    return false;
}

void remark(struct reader *reader, const struct yaml_node *node, enum cp_severity severity,
            const char *code, const char *hint, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tell(reader, node, severity, code, hint, fmt, args);
    va_end(args);
}

const char *excerpt(const char *text, char out[EXCERPT_SIZE])
{
    size_t size = strnlen(text, EXCERPT_SIZE);

    if (size < EXCERPT_SIZE)
        return memcpy(out, text, size + 1);
    size = EXCERPT_SIZE - sizeof("…");
    while (size && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    memcpy(out, text, size);
    memcpy(out + size, "…", sizeof("…"));
    return out;
}

static const char *describe(const struct yaml_node *node, char out[100])
{
    static const char *const types[] = {
        [YAML_BOOL] = "the truth value", [YAML_INTEGER] = "the number", [YAML_FLOAT] = "the number"
    };
    char cut[EXCERPT_SIZE];

    if (node->kind != YAML_SCALAR)
        return node->kind == YAML_LIST ? "a list" : "a mapping";
    if (yaml_type(node) == YAML_NULL)
        return "nothing";
    excerpt(node->text, cut);
    if (yaml_type(node) == YAML_STRING)
        snprintf(out, 100, "'%s'", cut);
    else
        snprintf(out, 100, "%s %s", types[yaml_type(node)], cut);
    return out;
}

/* `text: #FreeAssange` says nothing: the '#' begins a comment. */
static bool hides_in_comment(const struct reader *reader, const struct yaml_node *node)
{
    const char *text = reader->document->text;
    size_t at;

    if (place_of(reader, node).column > FAR)
        return false;
    at = yaml_byte(reader->document, node->start);
    return text[at + strspn(text + at, " :")] == '#';
}

static const char *type_hint(const struct reader *reader, const struct yaml_node *node,
                             const char *expected)
{
    if (node->kind != YAML_SCALAR || yaml_type(node) == YAML_STRING)
        return NULL;
    if (yaml_type(node) == YAML_NULL)
        return hides_in_comment(reader, node) ? "a '#' begins a comment: put the text in quotes"
                                              : NULL;
    return strncmp(expected, "text", 4) == 0 ? "put it in quotes to make it text" : NULL;
}

bool complain_type(struct reader *reader, const struct yaml_node *node, const char *expected)
{
    char found[100];

    return complain(reader, node, "type", type_hint(reader, node, expected),
                    "expected %s, found %s", expected, describe(node, found));
}

const char *suggest(const char *name, const char *const *candidates, size_t count, char *out,
                    size_t size)
{
    const char *near = NULL;

    if (count > CANDIDATES_MOST)
        count = CANDIDATES_MOST;
    for (size_t i = 0; i < count && !near; i++) {
        if (strcasecmp(name, candidates[i]) == 0)
            near = candidates[i];
    }
    if (!near)
        near = cp_nearest(name, candidates, count);
    if (near)
        snprintf(out, size, "did you mean '%s'?", near);
    else
        out[0] = '\0';
    return out;
}

/* "allowed: a, b, c"; "" when there are too many to read. */
static void list_allowed(const char *const *candidates, size_t count, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    if (count > 24)
        return;
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i ? ", " : "allowed: ", candidates[i]);
}

bool list_is_full(const struct reader *reader)
{
    return reader->diagnostics->count == CP_DIAGNOSTICS_MOST;
}

bool complain_unknown(struct reader *reader, const struct yaml_node *node, const char *code,
                      const char *what, const char *const *candidates, size_t count)
{
    char hint[500] = "", cut[EXCERPT_SIZE];

    if (!list_is_full(reader))
        suggest(node->text, candidates, count, hint, sizeof(hint));
    if (!hint[0])
        list_allowed(candidates, count, hint, sizeof(hint));
    return complain(reader, node, code, hint, "unknown %s '%s'", what, excerpt(node->text, cut));
}

const char *tell_first(const struct reader *reader, struct cp_place first, char out[200])
{
    if (strcmp(first.file, reader->document->name) == 0)
        snprintf(out, 200, "first on line %u, column %u", first.line, first.column);
    else
        snprintf(out, 200, "first in %s:%u:%u", first.file, first.line, first.column);
    return out;
}

/* ---- mappings and lists -------------------------------------------------------------------- */

void complain_unknown_key(struct reader *reader, const struct yaml_node *key,
                          const struct schema *schema, const char *const *more, size_t more_count)
{
    const char *candidates[64];
    char what[100];
    size_t count = 0;

    for (size_t i = 0; i < schema->count && count < CP_COUNT(candidates); i++) {
        if (schema->fields[i].need != LATER)
            candidates[count++] = schema->fields[i].key;
    }
    for (size_t i = 0; i < more_count && count < CP_COUNT(candidates); i++)
        candidates[count++] = more[i];
    snprintf(what, sizeof(what), "key of %s:", schema->what);
    complain_unknown(reader, key, "unknown-key", what, candidates, count);
}

static const struct field *find_field(const struct schema *schema, const char *key)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (strcmp(schema->fields[i].key, key) == 0)
            return &schema->fields[i];
    }
    return NULL;
}

static void read_pair(struct reader *reader, const struct yaml_node *pair,
                      const struct schema *schema, const struct field *field, void *out)
{
    size_t before = enter_key(reader, pair->text);

    if (field && field->need == LATER)
        complain(reader, pair, "later", "leave it out for now",
                 "not yet: '%s' is planned for a later version", field->key);
    else if (field)
        field->read(reader, pair + 1, (char *)out + field->offset);
    else if (schema->other)
        schema->other(reader, pair, pair + 1, out);
    else
        complain_unknown_key(reader, pair, schema, NULL, 0);
    leave(reader, before);
}

bool read_mapping(struct reader *reader, const struct yaml_node *node, const struct schema *schema,
                  void *out)
{
    uint64_t seen = 0;
    bool complete = true;
    char expected[100];

    if (node->kind != YAML_MAPPING) {
        snprintf(expected, sizeof(expected), "%s as a mapping (key: value)", schema->what);
        return complain_type(reader, node, expected);
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct field *field = find_field(schema, node->items[2 * i].text);

        if (field)
            seen |= UINT64_C(1) << (field - schema->fields);
        read_pair(reader, &node->items[2 * i], schema, field, out);
    }
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].need == REQUIRED && !(seen >> i & 1))
            complete = complain(reader, node, "missing-key", NULL, "%s needs '%s'", schema->what,
                                schema->fields[i].key);
    }
    return complete;
}

void read_list(struct reader *reader, const struct yaml_node *node, const char *what, bool single,
               read_fn *each, void *out)
{
    bool nothing = node->kind == YAML_SCALAR && yaml_type(node) == YAML_NULL;

    if (node->kind != YAML_LIST) {
        if (single && !nothing)
            each(reader, node, out);
        else
            complain_type(reader, node, what);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        size_t before = enter_index(reader, i);

        each(reader, &node->items[i], out);
        leave(reader, before);
    }
}
