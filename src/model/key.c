/* src/model/key.c - see key.h. */
#include "model/key.h"

#include <stdio.h>
#include <string.h>

#include "model/hash_private.h"

static struct cp_hash_field text_field(const char *text)
{
    return (struct cp_hash_field){ text, strlen(text) };
}

void cp_delivery_id_make(const char *campaign, const char *post, const char *occurrence,
                         const char *account, const char *target, struct cp_delivery_id *out)
{
    const struct cp_hash_field fields[] = {
        text_field("camp-post delivery 1"),
        text_field(campaign),
        text_field(post),
        text_field(occurrence),
        text_field(account),
        text_field(target),
    };
    unsigned char digest[CP_SHA256];

    cp_hash_fields(fields, CP_COUNT(fields), digest);
    memcpy(out->bytes, digest, sizeof(out->bytes));
}

void cp_delivery_id_hex(const struct cp_delivery_id *id, char out[CP_DELIVERY_ID_HEX + 1])
{
    cp_hex(id->bytes, sizeof(id->bytes), out);
}

/* Lower case only: one id has one spelling. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool cp_delivery_id_parse(const char *hex, struct cp_delivery_id *out)
{
    struct cp_delivery_id id;

    if (strlen(hex) != CP_DELIVERY_ID_HEX)
        return false;
    for (size_t i = 0; i < sizeof(id.bytes); i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        id.bytes[i] = (unsigned char)(high << 4 | low);
    }
    *out = id;
    return true;
}

/* RFC 4648 section 6 in lower case: 5 bits a character, the last one filled up with zeros. */
static void base32(const unsigned char *bytes, size_t size, char *out)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < size; i++) {
        held = (held << 8 | bytes[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5)
            *out++ = alphabet[held >> (bits - 5) & 31];
    }
    if (bits)
        *out++ = alphabet[held << (5 - bits) & 31];
    *out = '\0';
}

void cp_wire_key_make(const struct cp_delivery_id *id, unsigned part, unsigned generation,
                      char out[CP_WIRE_KEY + 1])
{
    char part_text[12], generation_text[12];
    unsigned char digest[CP_SHA256];

    snprintf(part_text, sizeof(part_text), "%u", part);
    snprintf(generation_text, sizeof(generation_text), "%u", generation);
    const struct cp_hash_field fields[] = {
        text_field("camp-post key 1"),
        { id->bytes, sizeof(id->bytes) },
        text_field(part_text),
        text_field(generation_text),
    };
    cp_hash_fields(fields, CP_COUNT(fields), digest);
    base32(digest, sizeof(id->bytes), out);
}
