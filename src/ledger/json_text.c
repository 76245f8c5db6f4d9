/* src/ledger/json_text.c - JSON written straight into a buffer, as jansson would write it compactly.
 *
 * Only for entries of changed parts and for what is hashed: there, building a tree of values first took
 * two fifths of the time of a change. A test holds it against jansson, string by string.
 */
#include <string.h>

#include "base/buffer.h"
#include "ledger/ledger_private.h"
#include "text/text.h"

static void put_escaped(struct cp_buffer *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *found = memchr(plain, c, sizeof(plain) - 1);

    if (found) {
        char pair[] = { '\\', letter[found - plain] };

        cp_buffer_add(out, pair, sizeof(pair));
    } else {
        char code[] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

        cp_buffer_add(out, code, sizeof(code));
    }
}

void cp_entry_json_string(struct cp_buffer *out, const char *text)
{
    size_t size = strlen(text), start = 0, at;
    bool valid = cp_utf8_check(text, size, &at);

    cp_buffer_putc(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        bool foreign = c >= 0x80 && !valid;

        if (c >= ' ' && c != '"' && c != '\\' && !foreign)
            continue;
        cp_buffer_add(out, text + start, i - start);
        start = i + 1;
        if (foreign)
            cp_buffer_putc(out, '?');
        else
            put_escaped(out, c);
    }
    cp_buffer_add(out, text + start, size - start);
    cp_buffer_putc(out, '"');
}

void cp_entry_json_number(struct cp_buffer *out, int64_t number)
{
    char digits[24], *end = digits + sizeof(digits), *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    cp_buffer_add(out, at, (size_t)(end - at));
}

static void put_name(struct cp_buffer *out, const char *name)
{
    if (out->size && out->data[out->size - 1] != '{')
        cp_buffer_putc(out, ',');
    cp_buffer_putc(out, '"');
    cp_buffer_puts(out, name);
    cp_buffer_puts(out, "\":");
}

void cp_entry_json_raw(struct cp_buffer *out, const char *name, const char *json)
{
    put_name(out, name);
    cp_buffer_puts(out, json);
}

void cp_entry_json_text(struct cp_buffer *out, const char *name, const char *text)
{
    if (!text)
        return;
    put_name(out, name);
    cp_entry_json_string(out, text);
}

void cp_entry_json_int(struct cp_buffer *out, const char *name, int64_t number)
{
    put_name(out, name);
    cp_entry_json_number(out, number);
}
