/* src/text/entities_private.h - what the finders of links, mentions and tags share. */
#ifndef CP_TEXT_ENTITIES_PRIVATE_H
#define CP_TEXT_ENTITIES_PRIVATE_H

#include "text/text.h"

/* A text being searched, and what was found so far, in any order. */
struct cp_finder {
    const char *text;
    size_t size;
    struct cp_arena *arena;
    struct cp_entity *items;
    size_t count, capacity;
};

/* Does nothing when memory runs out; the arena remembers. */
void cp_finder_add(struct cp_finder *finder, enum cp_entity_kind kind, size_t start, size_t end);

void cp_find_plain_links(struct cp_finder *finder);
void cp_find_mastodon_links(struct cp_finder *finder);
void cp_find_mastodon_mentions(struct cp_finder *finder);
void cp_find_mastodon_tags(struct cp_finder *finder);

/* The end of the top-level domain that begins at `at`; 0: none that is known begins there. */
size_t cp_tld_end(const char *text, size_t size, size_t at);

static inline bool cp_is_ascii_alpha(uint32_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static inline bool cp_is_ascii_alnum(uint32_t c)
{
    return cp_is_ascii_alpha(c) || (c >= '0' && c <= '9');
}

/* cp_utf8_next() with the common case in place: the finders look at every character of every post. */
static inline uint32_t cp_next(const char *text, size_t size, size_t *at)
{
    unsigned char first = (unsigned char)text[*at];

    if (first >= 0x80)
        return cp_utf8_next(text, size, at);
    ++*at;
    return first;
}

/* The character that ends where `at` begins; a blank at the start of the text. */
uint32_t cp_before(const struct cp_finder *finder, size_t at);

/* Unicode's White_Space. */
bool cp_is_space(uint32_t c);
/* Marks that set the direction of writing and take no room. */
bool cp_is_directional(uint32_t c);
/* Does `word` (ASCII, lower case) stand at `at`, in either case? */
bool cp_stands_at(const struct cp_finder *finder, size_t at, const char *word);

#endif
