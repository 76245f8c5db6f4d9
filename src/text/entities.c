/* src/text/entities.c - finding entities: which finders a dialect has, and what of theirs stays.
 *
 * Each finder walks the text by itself, as the servers do it; afterwards the one that starts first
 * wins where two overlap.
 */
#include "text/entities_private.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>

#include "base/arena.h"

bool cp_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return u_isUWhiteSpace((UChar32)c);
}

uint32_t cp_before(const struct cp_finder *finder, size_t at)
{
    size_t start = at;

    if (at == 0)
        return ' ';
    do
        start--;
    while (start > 0 && at - start < 4 && ((unsigned char)finder->text[start] & 0xC0) == 0x80);
    return cp_next(finder->text, at, &start);
}

bool cp_is_directional(uint32_t c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

bool cp_stands_at(const struct cp_finder *finder, size_t at, const char *word)
{
    for (; *word; word++, at++) {
        char c = at < finder->size ? finder->text[at] : '\0';

        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != *word)
            return false;
    }
    return true;
}

void cp_finder_add(struct cp_finder *finder, enum cp_entity_kind kind, size_t start, size_t end)
{
    struct cp_entity *items = cp_arena_grow(finder->arena, finder->items, finder->count,
                                            &finder->capacity, finder->count + 1, sizeof(*items));

    if (!items)
        return;
    finder->items = items;
    finder->items[finder->count++] = (struct cp_entity){ kind, start, end };
}

static int by_start(const void *a, const void *b)
{
    const struct cp_entity *first = a, *second = b;

    return (first->start > second->start) - (first->start < second->start);
}

static void drop_overlapping(struct cp_finder *finder)
{
    size_t kept = 0;

    if (finder->count > 1)
        qsort(finder->items, finder->count, sizeof(*finder->items), by_start);
    for (size_t i = 0; i < finder->count; i++) {
        if (kept && finder->items[i].start < finder->items[kept - 1].end)
            continue;
        finder->items[kept++] = finder->items[i];
    }
    finder->count = kept;
}

/* Closing marks at the end of a link belong to the sentence, but for the ')' of a '(' inside. */
static size_t trim_link(const char *text, size_t start, size_t end)
{
    size_t open = 0, closed = 0;

    for (size_t i = start; i < end; i++) {
        open += text[i] == '(';
        closed += text[i] == ')';
    }
    for (; end > start; end--) {
        char last = text[end - 1];

        if (last == ')') {
            if (closed <= open)
                break;
            closed--;
        } else if (!strchr(".,;:!?'*_~]}", last)) {
            break;
        }
    }
    return end;
}

static size_t plain_link_end(const struct cp_finder *finder, size_t start, size_t host)
{
    size_t at = host, end = host;
    unsigned char first;

    if (host >= finder->size)
        return 0;
    first = (unsigned char)finder->text[host];
    if (first < 0x80 && !cp_is_ascii_alnum(first))
        return 0;
    while (at < finder->size) {
        uint32_t c = cp_next(finder->text, finder->size, &at);

        if (cp_is_space(c) || c < 0x20 || c == 0x7F || c == '<' || c == '>' || c == '"' ||
            c == '`' || cp_is_directional(c))
            break;
        end = at;
    }
    end = trim_link(finder->text, start, end);
    return end > host ? end : 0;
}

void cp_find_plain_links(struct cp_finder *finder)
{
    static const char *const schemes[] = { "https://", "http://" };

    for (size_t at = 0; at < finder->size;) {
        size_t next = at + 1;
        bool inside = at > 0 && cp_is_ascii_alnum((unsigned char)finder->text[at - 1]);

        for (size_t i = 0; i < CP_COUNT(schemes) && !inside; i++) {
            size_t end = cp_stands_at(finder, at, schemes[i])
                             ? plain_link_end(finder, at, at + strlen(schemes[i]))
                             : 0;

            if (!end)
                continue;
            cp_finder_add(finder, CP_ENTITY_LINK, at, end);
            next = end;
            break;
        }
        at = next;
    }
}

size_t cp_text_entities(const char *text, size_t size, enum cp_dialect dialect,
                        struct cp_arena *arena, struct cp_entity **out)
{
    struct cp_finder finder = { .text = text, .size = size, .arena = arena };

    if (dialect == CP_DIALECT_MASTODON) {
        cp_find_mastodon_links(&finder);
        cp_find_mastodon_mentions(&finder);
        cp_find_mastodon_tags(&finder);
    } else {
        cp_find_plain_links(&finder);
    }
    if (cp_arena_failed(arena))
        finder = (struct cp_finder){ 0 };
    drop_overlapping(&finder);
    *out = finder.count ? finder.items : NULL;
    return finder.count;
}
