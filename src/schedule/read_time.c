/* src/schedule/read_time.c - zones, local times, spans. Times stay as written: the plan resolves them. */
#include "schedule/reader_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void read_zone(struct reader *reader, const struct yaml_node *node, void *out)
{
    char cut[EXCERPT_SIZE], hint[200] = "use a name of the tz database, as in Europe/London";
    const char *near;

    if (!is_text(node)) {
        complain_type(reader, node, "text with the name of a time zone");
        return;
    }
    if (cp_zones_find(reader->zones, node->text)) {
        *(const char **)out = node->text;
        return;
    }
    near = list_is_full(reader) ? NULL : cp_zones_suggest(reader->zones, node->text);
    if (near)
        snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
    complain(reader, node, "unknown-zone", hint, "unknown time zone '%s'",
             excerpt(node->text, cut));
}

static void read_local(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_moment *moment = out;
    struct cp_error err = { 0 };

    if (!is_text(node))
        complain_type(reader, node, "a local time (YYYY-MM-DD HH:MM[:SS])");
    else if (!cp_civil_parse(node->text, &moment->local, &err))
        complain(reader, node, "time", NULL, "%s", err.message);
    else
        moment->at = place_of(reader, node);
}

static void read_choose(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct word words[] = { { "earlier", CP_CHOOSE_EARLIER },
                                         { "later", CP_CHOOSE_LATER } };

    *(enum cp_choice *)out =
        (enum cp_choice)read_word(reader, node, words, CP_COUNT(words), CP_CHOOSE_NONE);
}

void read_moment(struct reader *reader, const struct yaml_node *node, void *out)
{
    static const struct field fields[] = {
        { "local", read_local, 0, REQUIRED },
        { "choose", read_choose, offsetof(struct cp_moment, choose), OPTIONAL },
    };
    static const struct schema schema = SCHEMA("a time", fields);

    if (node->kind == YAML_MAPPING)
        read_mapping(reader, node, &schema, out);
    else
        read_local(reader, node, out);
}

/* "200ms": only `settle` has a use for it, so the notation of spans does not know it. */
static bool parse_milliseconds(const char *text, int64_t *out_us)
{
    size_t digits = strspn(text, "0123456789");

    if (!digits || digits > 9 || strcmp(text + digits, "ms") != 0)
        return false;
    *out_us = strtoll(text, NULL, 10) * 1000;
    return true;
}

bool read_length(struct reader *reader, const struct yaml_node *node, bool milliseconds,
                 int64_t *out_us)
{
    struct cp_error err = { 0 };
    struct cp_span span;

    if (!is_text(node))
        return complain_type(reader, node, "a span (90s, 5m, 2h, 10d)");
    if (milliseconds && parse_milliseconds(node->text, out_us))
        return true;
    if (!cp_span_parse(node->text, &span, &err))
        return complain(reader, node, "span", NULL, "%s", err.message);
    if (cp_span_us(span) < 0)
        return complain(reader, node, "span", "leave the '-' out", "a span below 0 can't be meant");
    *out_us = cp_span_us(span);
    return true;
}

void read_wait(struct reader *reader, const struct yaml_node *node, void *out)
{
    int64_t us;

    if (!read_length(reader, node, false, &us))
        return;
    if (us == 0)
        complain(reader, node, "span", NULL, "this span must be more than 0");
    else
        *(int64_t *)out = us;
}
