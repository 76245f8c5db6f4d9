/* src/text/mention.c - mentions and tags as Mastodon finds them.
 *
 * Sources: app/models/account.rb (MENTION_RE), app/models/tag.rb (HASHTAG_RE), app/lib/extractor.rb,
 * and end_mention_match of twitter-text.
 */
#include "text/entities_private.h"

#include <string.h>

#include <unicode/uchar.h>

enum { LONGEST_DOMAIN = 253 };

/* Ruby's [[:word:]]: letters, marks, decimal digits, and the likes of the underscore. */
static bool is_word(uint32_t c)
{
    if (c < 0x80)
        return cp_is_ascii_alnum(c) || c == '_';
    if (u_hasBinaryProperty((UChar32)c, UCHAR_ALPHABETIC))
        return true;
    return (U_GET_GC_MASK((UChar32)c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0;
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return cp_is_ascii_alpha(c);
    return u_hasBinaryProperty((UChar32)c, UCHAR_ALPHABETIC);
}

static bool in_name(uint32_t c)
{
    return cp_is_ascii_alnum(c) || c == '_';
}

typedef bool is_kind_fn(uint32_t c);

static size_t run(const struct cp_finder *finder, size_t at, is_kind_fn *is_kind)
{
    while (at < finder->size) {
        size_t here = at;

        if (!is_kind(cp_next(finder->text, finder->size, &at)))
            return here;
    }
    return at;
}

static bool is_joint(uint32_t c)
{
    return c == '.' || c == '-';
}

/* The end of words that are joined by dots and dashes; `at` itself when there is no word. */
static size_t joined(const struct cp_finder *finder, size_t at, is_kind_fn *is_kind)
{
    size_t end = run(finder, at, is_kind);

    while (end > at) {
        size_t joint = run(finder, end, is_joint), next = run(finder, joint, is_kind);

        if (joint == end || next == joint)
            break;
        end = next;
    }
    return end;
}

/* Accented Latin letters after a mention mean that it was none ("@usér"). */
static bool is_accented(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0xC0, 0xD6 },   { 0xD8, 0xF6 },   { 0xF8, 0x24F },  { 0x253, 0x254 },
        { 0x256, 0x257 }, { 0x259, 0x259 }, { 0x25B, 0x25B }, { 0x263, 0x263 },
        { 0x268, 0x268 }, { 0x26F, 0x26F }, { 0x272, 0x272 }, { 0x289, 0x289 },
        { 0x28B, 0x28B }, { 0x2BB, 0x2BB }, { 0x300, 0x36F }, { 0x1E00, 0x1EFF },
    };

    for (size_t i = 0; i < CP_COUNT(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    }
    return false;
}

static bool spoils_mention(const struct cp_finder *finder, size_t at)
{
    size_t next = at;
    uint32_t c;

    if (at >= finder->size)
        return false;
    c = cp_next(finder->text, finder->size, &next);
    return c == '@' || c == 0xFF20 || is_accented(c) || cp_stands_at(finder, at, "://");
}

/* Reads "@name" or "@name@domain" at `at`; returns where to go on, `at` when nothing is there. */
static size_t take_mention(struct cp_finder *finder, size_t at)
{
    size_t name_end = joined(finder, at + 1, in_name), end = name_end, characters = 0;

    if (name_end == at + 1)
        return at;
    if (name_end < finder->size && finder->text[name_end] == '@') {
        size_t domain_end = joined(finder, name_end + 1, is_word);

        if (domain_end > name_end + 1)
            end = domain_end;
        for (size_t i = name_end + 1; i < end; characters++)
            cp_next(finder->text, end, &i);
    }
    if (!spoils_mention(finder, end) && characters <= LONGEST_DOMAIN)
        cp_finder_add(finder, CP_ENTITY_MENTION, at, end);
    return end;
}

static bool may_precede_mention(uint32_t c)
{
    return c != '=' && c != '/' && !is_word(c);
}

void cp_find_mastodon_mentions(struct cp_finder *finder)
{
    size_t at = 0;

    while (at < finder->size) {
        const char *sign = memchr(finder->text + at, '@', finder->size - at);
        size_t end;

        if (!sign)
            return;
        at = (size_t)(sign - finder->text);
        end = may_precede_mention(cp_before(finder, at)) ? take_mention(finder, at) : at;
        at = end > at ? end : at + 1;
    }
}

static bool is_separator(uint32_t c)
{
    return c == '_' || c == 0xB7 || c == 0x30FB || c == 0x200C;
}

/* A tag's name is one of two: a word character, somewhere later a letter or separator, and a word
 * character at the end; or a run of word characters with a letter in it. The first one is longer
 * wherever both fit. Returns the end, `start` when there is no name. */
static size_t tag_end(const struct cp_finder *finder, size_t start)
{
    size_t at = start, long_end = start, word_end = start;
    bool joint = false, letter = false, words_only = true;

    for (unsigned i = 0; at < finder->size; i++) {
        uint32_t c = cp_next(finder->text, finder->size, &at);
        bool word = is_word(c);

        if (!word && !is_separator(c))
            break;
        if (i == 0 && !word)
            return start;
        if (word && joint)
            long_end = at;
        joint |= i > 0 && (is_letter(c) || is_separator(c));
        words_only &= word;
        if (words_only) {
            letter |= is_letter(c);
            word_end = at;
        }
    }
    return long_end > start ? long_end : letter ? word_end : start;
}

/* "#tag" before "https://…" without a blank: the scheme, in lower case, is the link's. */
static size_t without_scheme(const struct cp_finder *finder, size_t start, size_t end)
{
    static const char *const schemes[] = { "https", "http" };

    if (!cp_stands_at(finder, end, "://"))
        return end;
    for (size_t i = 0; i < CP_COUNT(schemes); i++) {
        size_t size = strlen(schemes[i]);

        if (end - start > size && memcmp(finder->text + end - size, schemes[i], size) == 0)
            return end - size;
    }
    return end;
}

/* Where the next sign of a tag ends, '#' or its wide form; SIZE_MAX: there is none. */
static size_t sign_end(const struct cp_finder *finder, size_t at, size_t *start)
{
    static const char wide[] = "\xef\xbc\x83";
    const char *from = finder->text + at;
    const char *narrow = memchr(from, '#', finder->size - at);
    size_t left = narrow ? (size_t)(narrow - from) : finder->size - at;
    const char *other = memmem(from, left, wide, 3);

    if (!narrow && !other)
        return SIZE_MAX;
    *start = (size_t)((other ? other : narrow) - finder->text);
    return *start + (other ? 3 : 1);
}

void cp_find_mastodon_tags(struct cp_finder *finder)
{
    size_t at = 0, start, name;

    while (at < finder->size && (name = sign_end(finder, at, &start)) != SIZE_MAX) {
        size_t end = cp_is_space(cp_before(finder, start)) ? tag_end(finder, name) : name;

        if (end > name) {
            end = without_scheme(finder, name, end);
            cp_finder_add(finder, CP_ENTITY_TAG, start, end);
        }
        at = end;
    }
}
