/* src/text/terminal.c - text on a terminal: how wide it is, and that it stays text. */
#include "text/text.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

enum { EMOJI_STYLE = 0xFE0F }; /* variation selector: the character before it is an emoji */

static unsigned character_width(uint32_t c)
{
    int32_t east_asian;

    if (c < 0x7F)
        return c >= 0x20;
    if (c == EMOJI_STYLE)
        return 2;
    if (U_GET_GC_MASK((UChar32)c) & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CC_MASK | U_GC_CF_MASK))
        return 0;
    east_asian = u_getIntPropertyValue((UChar32)c, UCHAR_EAST_ASIAN_WIDTH);
    if (east_asian == U_EA_WIDE || east_asian == U_EA_FULLWIDTH)
        return 2;
    return u_hasBinaryProperty((UChar32)c, UCHAR_EMOJI_PRESENTATION) ? 2 : 1;
}

static size_t widest(const char *text, size_t size)
{
    size_t most = 0;

    for (size_t at = 0; at < size;) {
        size_t width = character_width(cp_utf8_next(text, size, &at));

        most = width > most ? width : most;
    }
    return most;
}

static size_t sum_of_widths(const char *text, size_t size)
{
    size_t sum = 0;

    for (size_t at = 0; at < size;)
        sum += character_width(cp_utf8_next(text, size, &at));
    return sum;
}

static bool is_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
    }
    return true;
}

size_t cp_text_width(const char *text, size_t size)
{
    UErrorCode status = U_ZERO_ERROR;
    UText view = UTEXT_INITIALIZER;
    UBreakIterator *clusters = NULL;
    size_t sum = 0;
    int32_t from, to;

    if (is_ascii(text, size))
        return sum_of_widths(text, size);
    clusters = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    utext_openUTF8(&view, text, (int64_t)size, &status);
    if (U_SUCCESS(status))
        ubrk_setUText(clusters, &view, &status);
    if (U_SUCCESS(status)) {
        for (from = 0; (to = ubrk_next(clusters)) != UBRK_DONE; from = to)
            sum += widest(text + from, (size_t)(to - from));
    } else {
        sum = sum_of_widths(text, size); /* out of memory: a table a little askew */
    }
    if (clusters)
        ubrk_close(clusters);
    utext_close(&view);
    return sum;
}

/* Characters that act instead of being shown: they turn the direction of what follows, break the
 * line, or are commands of the terminal. */
static bool acts(uint32_t c)
{
    if (c < 0xA0)
        return c < 0x20 || c >= 0x7F;
    return c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
           u_hasBinaryProperty((UChar32)c, UCHAR_BIDI_CONTROL);
}

void cp_text_visible(struct cp_buffer *out, const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t here = at;
        uint32_t c = cp_utf8_next(text, size, &at);
        bool ill = c == 0xFFFD && at - here == 1;

        if (c == '\n')
            cp_buffer_puts(out, "\\n");
        else if (c == '\t')
            cp_buffer_puts(out, "\\t");
        else if (ill || (acts(c) && c < 0x80))
            cp_buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)text[here]);
        else if (acts(c))
            cp_buffer_printf(out, "\\u{%04x}", (unsigned)c);
        else
            cp_buffer_add(out, text + here, at - here);
    }
}
