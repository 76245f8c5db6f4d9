/* src/schedule/image.c - kind and size of a medium, by its first bytes. See image_private.h. */
#include "schedule/image_private.h"

#include <string.h>

bool jpeg_next(const unsigned char *bytes, size_t size, size_t *at, struct jpeg_segment *out)
{
    size_t length;

    while (*at < size && bytes[*at] == 0xFF && *at + 1 < size && bytes[*at + 1] == 0xFF)
        (*at)++; /* fill bytes */
    if (*at + 4 > size || bytes[*at] != 0xFF)
        return false;
    out->marker = bytes[*at + 1];
    length = big16(bytes + *at + 2);
    if (length > size - *at - 2)
        length = size - *at - 2; /* a cut file still is looked at */
    /* 0xDA: the picture itself begins; 0xD9: the end. */
    if (out->marker == 0xDA || out->marker == 0xD9 || length < 2)
        return false;
    out->bytes = bytes + *at + 4;
    out->size = length - 2;
    *at += 2 + length;
    return true;
}

bool riff_next(const unsigned char *bytes, size_t size, size_t *at, struct chunk *out)
{
    size_t left, length;

    if (*at > size || size - *at < 8)
        return false;
    left = size - *at - 8;
    length = little32(bytes + *at + 4);
    out->name = bytes + *at;
    out->bytes = bytes + *at + 8;
    out->size = length < left ? length : left; /* a cut file still is looked at */
    *at += 8 + out->size + (out->size & 1);
    return true;
}

bool png_next(const unsigned char *bytes, size_t size, size_t *at, struct chunk *out)
{
    size_t left, length;

    if (*at > size || size - *at < 8)
        return false;
    left = size - *at - 8;
    length = big32(bytes + *at);
    out->name = bytes + *at + 4;
    out->bytes = bytes + *at + 8;
    out->size = length < left ? length : left;
    *at += 8 + out->size + 4; /* and the check sum */
    return true;
}

/* ---- sizes --------------------------------------------------------------------------------- */

static void png_size(const unsigned char *bytes, size_t size, struct image *out)
{
    if (size < 24)
        return;
    out->width = big32(bytes + 16);
    out->height = big32(bytes + 20);
}

static void gif_size(const unsigned char *bytes, size_t size, struct image *out)
{
    if (size < 10)
        return;
    out->width = little16(bytes + 6);
    out->height = little16(bytes + 8);
}

static void jpeg_size(const unsigned char *bytes, size_t size, struct image *out)
{
    struct jpeg_segment segment;
    size_t at = 2;

    while (jpeg_next(bytes, size, &at, &segment)) {
        /* SOF0 to SOF15, but for the tables that share the range (ITU T.81, table B.1) */
        if (segment.marker < 0xC0 || segment.marker > 0xCF || segment.marker == 0xC4 ||
            segment.marker == 0xC8 || segment.marker == 0xCC || segment.size < 5)
            continue;
        out->height = big16(segment.bytes + 1);
        out->width = big16(segment.bytes + 3);
        return;
    }
}

/* RFC 9649: the extended header, the lossless and the lossy bit stream each have it elsewhere. */
static void webp_size(const unsigned char *bytes, size_t size, struct image *out)
{
    struct chunk chunk;
    size_t at = 12;
    uint32_t bits;

    if (!riff_next(bytes, size, &at, &chunk) || chunk.size < 10)
        return;
    if (memcmp(chunk.name, "VP8X", 4) == 0) {
        out->width = (little32(chunk.bytes + 3) >> 8) + 1;
        out->height = (little32(chunk.bytes + 6) >> 8) + 1;
    } else if (memcmp(chunk.name, "VP8L", 4) == 0) {
        bits = little32(chunk.bytes + 1);
        out->width = (bits & 0x3FFF) + 1;
        out->height = (bits >> 14 & 0x3FFF) + 1;
    } else if (memcmp(chunk.name, "VP8 ", 4) == 0) {
        out->width = little16(chunk.bytes + 6) & 0x3FFF;
        out->height = little16(chunk.bytes + 8) & 0x3FFF;
    }
}

/* ---- kinds --------------------------------------------------------------------------------- */

static const struct kind {
    size_t at, size;
    const char *signature, *type;
    void (*measure)(const unsigned char *bytes, size_t size, struct image *out);
} kinds[] = {
    { 0, 8, "\x89PNG\r\n\x1A\n", "image/png", png_size },
    { 0, 3, "\xFF\xD8\xFF", "image/jpeg", jpeg_size },
    { 0, 6, "GIF87a", "image/gif", gif_size },
    { 0, 6, "GIF89a", "image/gif", gif_size },
    { 8, 4, "WEBP", "image/webp", webp_size }, /* behind RIFF and a length */
    { 4, 6, "ftypqt", "video/quicktime", NULL },
    { 4, 8, "ftypisom", "video/mp4", NULL },
    { 4, 7, "ftypiso", "video/mp4", NULL },
    { 4, 6, "ftypmp", "video/mp4", NULL },
    { 4, 8, "ftypavc1", "video/mp4", NULL },
    { 4, 8, "ftypM4V ", "video/mp4", NULL },
    { 4, 8, "ftypMSNV", "video/mp4", NULL },
    { 4, 8, "ftypdash", "video/mp4", NULL },
};

bool image_probe(const unsigned char *bytes, size_t size, struct image *out)
{
    for (size_t i = 0; i < CP_COUNT(kinds); i++) {
        const struct kind *kind = &kinds[i];

        if (size < kind->at + kind->size ||
            memcmp(bytes + kind->at, kind->signature, kind->size) != 0 ||
            (kind->at == 8 && memcmp(bytes, "RIFF", 4) != 0))
            continue;
        *out = (struct image){ .type = kind->type };
        if (kind->measure)
            kind->measure(bytes, size, out);
        return true;
    }
    return false;
}
