/* src/schedule/image_place.c - does a medium tell where it was taken? See image_private.h. */
#include "schedule/image_private.h"

#include <string.h>

static bool has(const unsigned char *bytes, size_t size, const char *words)
{
    return memmem(bytes, size, words, strlen(words)) != NULL;
}

static bool begins(const unsigned char *bytes, size_t size, const char *words, size_t length)
{
    return size >= length && memcmp(bytes, words, length) == 0;
}

/* ---- EXIF ---------------------------------------------------------------------------------- */

struct tiff {
    const unsigned char *bytes;
    size_t size;
    bool little;
};

static uint32_t tiff16(const struct tiff *tiff, size_t at)
{
    return tiff->little ? little16(tiff->bytes + at) : big16(tiff->bytes + at);
}

static uint32_t tiff32(const struct tiff *tiff, size_t at)
{
    return tiff->little ? little32(tiff->bytes + at) : big32(tiff->bytes + at);
}

/* Finds one of the tags in the directory at `at`; *out_value is what the entry holds or points to. */
static bool find_tag(const struct tiff *tiff, size_t at, const unsigned *tags, size_t count,
                     uint32_t *out_value)
{
    size_t entries;

    if (at > tiff->size || tiff->size - at < 2)
        return false;
    entries = tiff16(tiff, at);
    for (at += 2; entries && tiff->size - at >= 12; entries--, at += 12) {
        for (size_t i = 0; i < count; i++) {
            if (tiff16(tiff, at) != tags[i])
                continue;
            *out_value = tiff32(tiff, at + 8);
            return true;
        }
    }
    return false;
}

/* Latitude or longitude, of the camera or of what it looked at. A directory that can't be read here
 * may still be read elsewhere: it counts as a position. */
static bool exif_has_position(const unsigned char *bytes, size_t size)
{
    static const unsigned gps[] = { 0x8825 }, position[] = { 0x02, 0x04, 0x14, 0x16 };
    struct tiff tiff;
    uint32_t at;

    if (begins(bytes, size, "Exif\0\0", 6)) {
        bytes += 6;
        size -= 6;
    }
    tiff = (struct tiff){ bytes, size, size && bytes[0] == 'I' };
    if (size < 8 || !find_tag(&tiff, tiff32(&tiff, 4), gps, 1, &at))
        return false;
    if (at > size || size - at < 2 || size - at - 2 < 12 * (size_t)tiff16(&tiff, at))
        return true;
    return find_tag(&tiff, at, position, CP_COUNT(position), &at);
}

static bool xmp_has_position(const unsigned char *bytes, size_t size)
{
    return has(bytes, size, "GPSLatitude") || has(bytes, size, "GPSLongitude");
}

/* ---- containers ---------------------------------------------------------------------------- */

static enum image_position verdict(bool position)
{
    return position ? IMAGE_HAS_POSITION : IMAGE_NO_POSITION;
}

static enum image_position in_jpeg(const unsigned char *bytes, size_t size)
{
    struct jpeg_segment segment;
    size_t at = 2;

    while (jpeg_next(bytes, size, &at, &segment)) {
        if (segment.marker < 0xE0 || segment.marker > 0xEF)
            continue;
        if (xmp_has_position(segment.bytes, segment.size) ||
            (begins(segment.bytes, segment.size, "Exif\0", 5) &&
             exif_has_position(segment.bytes, segment.size)))
            return IMAGE_HAS_POSITION;
    }
    return IMAGE_NO_POSITION;
}

/* Text chunks: plain ones are searched. Profiles written as hexadecimal text, and compressed XMP, are
 * what few programs write: instead of unpacking a stranger's data the file is refused. */
static enum image_position in_png_text(const struct chunk *chunk)
{
    size_t keyword = strnlen((const char *)chunk->bytes, chunk->size);
    bool profile = has(chunk->bytes, keyword, "exif") || has(chunk->bytes, keyword, "xmp") ||
                   has(chunk->bytes, keyword, "APP1") || has(chunk->bytes, keyword, "EXIF");

    if (xmp_has_position(chunk->bytes, chunk->size))
        return IMAGE_HAS_POSITION;
    if (begins(chunk->bytes, keyword, "Raw profile type", 16) && profile)
        return IMAGE_HIDDEN_METADATA;
    if (memcmp(chunk->name, "iTXt", 4) == 0 && profile && keyword + 1 < chunk->size &&
        chunk->bytes[keyword + 1])
        return IMAGE_HIDDEN_METADATA;
    return IMAGE_NO_POSITION;
}

static enum image_position in_png(const unsigned char *bytes, size_t size)
{
    enum image_position found = IMAGE_NO_POSITION;
    struct chunk chunk;
    size_t at = 8;

    while (found == IMAGE_NO_POSITION && png_next(bytes, size, &at, &chunk)) {
        if (memcmp(chunk.name, "eXIf", 4) == 0)
            found = verdict(exif_has_position(chunk.bytes, chunk.size));
        else if (memcmp(chunk.name + 1, "TXt", 3) == 0 || memcmp(chunk.name, "tEXt", 4) == 0)
            found = in_png_text(&chunk);
    }
    return found;
}

static enum image_position in_webp(const unsigned char *bytes, size_t size)
{
    struct chunk chunk;
    size_t at = 12;

    while (riff_next(bytes, size, &at, &chunk)) {
        if ((memcmp(chunk.name, "EXIF", 4) == 0 && exif_has_position(chunk.bytes, chunk.size)) ||
            (memcmp(chunk.name, "XMP ", 4) == 0 && xmp_has_position(chunk.bytes, chunk.size)))
            return IMAGE_HAS_POSITION;
    }
    return IMAGE_NO_POSITION;
}

/* The boxes at one level, and those in the ones that lead to user data. */
static bool boxes_have_position(const unsigned char *bytes, size_t size, unsigned depth)
{
    size_t at = 0;

    while (size - at >= 8) {
        size_t length = big32(bytes + at), head = 8;
        const unsigned char *name = bytes + at + 4;

        if (length == 1 && size - at >= 16) {
            head = 16;
            length = (size_t)big32(bytes + at + 8) << 32 | big32(bytes + at + 12);
        }
        if (length < head || length > size - at)
            length = size - at; /* 0: to the end; and what is cut is still looked at */
        if (memcmp(name, "\xA9xyz", 4) == 0 || memcmp(name, "loci", 4) == 0)
            return true;
        if (depth < 4 && length >= head &&
            (memcmp(name, "moov", 4) == 0 || memcmp(name, "udta", 4) == 0 ||
             memcmp(name, "trak", 4) == 0) &&
            boxes_have_position(bytes + at + head, length - head, depth + 1))
            return true;
        at += length;
    }
    return false;
}

static enum image_position in_video(const unsigned char *bytes, size_t size)
{
    return verdict(has(bytes, size, "com.apple.quicktime.location.ISO6709") ||
                   xmp_has_position(bytes, size) || boxes_have_position(bytes, size, 0));
}

enum image_position image_position(const unsigned char *bytes, size_t size, const char *type)
{
    if (strcmp(type, "image/jpeg") == 0)
        return in_jpeg(bytes, size);
    if (strcmp(type, "image/png") == 0)
        return in_png(bytes, size);
    if (strcmp(type, "image/webp") == 0)
        return in_webp(bytes, size);
    if (strcmp(type, "image/gif") == 0)
        return verdict(xmp_has_position(bytes, size));
    return in_video(bytes, size);
}
