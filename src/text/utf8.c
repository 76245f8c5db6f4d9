/* src/text/utf8.c - UTF-8 as RFC 3629 has it, with nothing forgiven. */
#include "text/text.h"

#include <string.h>

/* The length of the well-formed sequence at `s`; 0: there is none. RFC 3629, section 4: the second
 * byte's range is what keeps out overlong forms, surrogates, and all beyond U+10FFFF. */
static size_t sequence(const unsigned char *s, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t length;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    length = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (s[0] == 0xE0)
        low = 0xA0;
    else if (s[0] == 0xED)
        high = 0x9F;
    else if (s[0] == 0xF0)
        low = 0x90;
    else if (s[0] == 0xF4)
        high = 0x8F;
    if (left < length || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

/* How many of the leading bytes are ASCII and not NUL, eight at a time. */
static size_t plain_run(const unsigned char *s, size_t left)
{
    size_t at = 0;

    for (; left - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, s + at, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) ||
            ((word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080)))
            break;
    }
    while (at < left && s[at] && s[at] < 0x80)
        at++;
    return at;
}

bool cp_utf8_check(const char *text, size_t size, size_t *out_at)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;

    while (at < size) {
        size_t length;

        at += plain_run(s + at, size - at);
        if (at == size)
            break;
        length = s[at] ? sequence(s + at, size - at) : 0;
        if (!length) {
            if (out_at)
                *out_at = at;
            return false;
        }
        at += length;
    }
    return true;
}

uint32_t cp_utf8_next(const char *text, size_t size, size_t *at)
{
    const unsigned char *s = (const unsigned char *)text + *at;
    size_t length = sequence(s, size - *at);

    *at += length ? length : 1;
    switch (length) {
    case 1:
        return s[0];
    case 2:
        return (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
    case 3:
        return (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
    case 4:
        return (s[0] & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
    default:
        return 0xFFFD;
    }
}

void cp_utf8_put(struct cp_buffer *out, uint32_t c)
{
    if (c < 0x80) {
        cp_buffer_putc(out, (char)c);
        return;
    }
    if (c < 0x800) {
        cp_buffer_putc(out, (char)(0xC0 | c >> 6));
    } else {
        if (c < 0x10000) {
            cp_buffer_putc(out, (char)(0xE0 | c >> 12));
        } else {
            cp_buffer_putc(out, (char)(0xF0 | c >> 18));
            cp_buffer_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        }
        cp_buffer_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    cp_buffer_putc(out, (char)(0x80 | (c & 0x3F)));
}
