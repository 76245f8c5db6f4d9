/* src/text/count.c - the length of a text as a platform counts it.
 *
 * Bytes, code points and UTF-16 units are sums. Grapheme clusters need Unicode's rules, which are
 * ICU's; but most characters of most texts have none to obey: between two of them there is always a
 * boundary. So the text is cut at those places, and ICU sees only the pieces with something in them
 * that may join (marks, emoji, flags, Hangul, Indic scripts, …).
 */
#include "text/text.h"

#include <string.h>

#include <unicode/ubrk.h>
#include <unicode/utext.h>

struct clusters {
    UBreakIterator *iterator; /* opened when the first piece needs it */
    UText text;
    size_t count;
    bool failed;
};

const char *cp_text_unit_name(enum cp_text_unit unit)
{
    static const char *const names[CP_TEXT_UNITS] = {
        [CP_GRAPHEMES] = "graphemes",
        [CP_CODE_POINTS] = "code points",
        [CP_UTF16] = "UTF-16 units",
        [CP_BYTES] = "bytes",
    };

    return names[unit];
}

bool cp_text_unit_parse(const char *name, enum cp_text_unit *out)
{
    for (int unit = 0; unit < CP_TEXT_UNITS; unit++) {
        if (strcmp(name, cp_text_unit_name((enum cp_text_unit)unit)) == 0) {
            *out = (enum cp_text_unit)unit;
            return true;
        }
    }
    return false;
}

/* Characters that never join another one of this kind. All have the property
 * Grapheme_Cluster_Break = Other or Control in every version of Unicode; CR, which joins LF, and all
 * that a later version may still assign are left out. */
static bool stands_alone(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x370, 0x373 },   { 0x376, 0x377 },   { 0x37B, 0x37F },   { 0x386, 0x386 },
        { 0x388, 0x38A },   { 0x38E, 0x3A1 },   { 0x3A3, 0x482 },   { 0x48A, 0x52F },
        { 0x5D0, 0x5EA },   { 0x620, 0x64A },   { 0x1E00, 0x1EFF }, { 0x2010, 0x2027 },
        { 0x2030, 0x205E }, { 0x20A0, 0x20BD }, { 0x3001, 0x3029 }, { 0x3041, 0x3096 },
        { 0x309B, 0x30FF }, { 0x3400, 0x4DB5 }, { 0x4E00, 0x9FD5 }, { 0xFF01, 0xFF9D },
    };

    if (c < 0x300)
        return c != '\r';
    for (size_t i = 0; i < CP_COUNT(ranges) && c >= ranges[i].first; i++) {
        if (c <= ranges[i].last)
            return true;
    }
    return false;
}

static void count_piece(struct clusters *clusters, const char *text, size_t size)
{
    UErrorCode status = U_ZERO_ERROR;

    if (!clusters->iterator)
        clusters->iterator = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    utext_openUTF8(&clusters->text, text, (int64_t)size, &status);
    if (U_SUCCESS(status))
        ubrk_setUText(clusters->iterator, &clusters->text, &status);
    if (U_FAILURE(status)) {
        clusters->failed = true;
        return;
    }
    while (ubrk_next(clusters->iterator) != UBRK_DONE)
        clusters->count++;
}

static bool is_ascii_without_cr(const char *text, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if ((unsigned char)text[i] >= 0x80 || text[i] == '\r')
            break;
    }
    return i == size;
}

static uint32_t next_character(const char *text, size_t size, size_t *at)
{
    unsigned char first = (unsigned char)text[*at];

    return first < 0x80 ? (++*at, first) : cp_utf8_next(text, size, at);
}

static size_t count_graphemes(const char *text, size_t size)
{
    struct clusters clusters = { .text = UTEXT_INITIALIZER };
    size_t start = 0;
    bool alone_before = false, special = false;

    if (is_ascii_without_cr(text, size))
        return size;
    for (size_t at = 0; at < size;) {
        size_t here = at;
        bool alone = stands_alone(next_character(text, size, &at));

        if (alone && alone_before) {
            if (special)
                count_piece(&clusters, text + start, here - start);
            else
                clusters.count++;
            start = here;
            special = false;
        }
        special |= !alone;
        alone_before = alone;
    }
    if (special)
        count_piece(&clusters, text + start, size - start);
    else
        clusters.count++;
    if (clusters.iterator)
        ubrk_close(clusters.iterator);
    utext_close(&clusters.text);
    return clusters.failed ? SIZE_MAX : clusters.count;
}

static size_t measure(const char *text, size_t size, enum cp_text_unit unit)
{
    size_t count = 0;

    if (unit == CP_BYTES)
        return size;
    if (unit == CP_GRAPHEMES)
        return count_graphemes(text, size);
    for (size_t at = 0; at < size;) {
        uint32_t c = cp_utf8_next(text, size, &at);

        count += unit == CP_UTF16 && c >= 0x10000 ? 2 : 1;
    }
    return count;
}

/* The text as the server counts it: links became so many letters, mentions lost their domain. */
static void add_countable(struct cp_buffer *out, const char *text, size_t size,
                          const struct cp_text_rules *rules, const struct cp_entity *entities,
                          size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        const struct cp_entity *one = &entities[i];
        const char *domain;

        cp_buffer_add(out, text + at, one->start - at);
        at = one->start;
        if (one->kind == CP_ENTITY_LINK && rules->url_cost) {
            for (size_t x = 0; x < rules->url_cost; x++)
                cp_buffer_putc(out, 'x');
            at = one->end;
        } else if (one->kind == CP_ENTITY_MENTION && rules->mention_local_only) {
            domain = memchr(text + at + 1, '@', one->end - at - 1);
            cp_buffer_add(out, text + at, domain ? (size_t)(domain - text) - at : one->end - at);
            at = one->end;
        }
    }
    cp_buffer_add(out, text + at, size - at);
}

size_t cp_text_count_joined(const char *warning, const char *text, size_t size,
                            enum cp_text_unit unit, const struct cp_text_rules *rules,
                            const struct cp_entity *entities, size_t entity_count)
{
    static const struct cp_text_rules as_typed = { 0 };
    struct cp_buffer joined = { 0 };
    bool shortens = rules && (rules->url_cost || rules->mention_local_only) && entity_count;
    size_t count;

    if (!shortens && (!warning || !*warning))
        return measure(text, size, unit);
    if (warning)
        cp_buffer_puts(&joined, warning);
    add_countable(&joined, text, size, rules ? rules : &as_typed, entities,
                  shortens ? entity_count : 0);
    count = joined.failed ? SIZE_MAX : measure(joined.data, joined.size, unit);
    cp_buffer_release(&joined);
    return count;
}

size_t cp_text_count(const char *text, size_t size, enum cp_text_unit unit,
                     const struct cp_text_rules *rules, const struct cp_entity *entities,
                     size_t entity_count)
{
    return cp_text_count_joined(NULL, text, size, unit, rules, entities, entity_count);
}
