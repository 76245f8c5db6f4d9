/* src/schedule/image_private.h - what the first look at a medium tells: kind, size, where it was taken.
 *
 * Nothing is decoded. The readers below walk the containers of PNG, JPEG, GIF, WebP and MP4 and the
 * metadata in them; every offset in a file is a stranger's and is checked against its end.
 */
#ifndef CP_SCHEDULE_IMAGE_PRIVATE_H
#define CP_SCHEDULE_IMAGE_PRIVATE_H

#include "base/macros.h"

struct image {
    const char *type; /* image/png, image/jpeg, image/gif, image/webp, video/mp4, video/quicktime */
    unsigned width, height; /* 0: not known */
};

/* False when the bytes are of no known kind. */
bool image_probe(const unsigned char *bytes, size_t size, struct image *out);

enum image_position {
    IMAGE_NO_POSITION,
    IMAGE_HAS_POSITION,
    IMAGE_HIDDEN_METADATA /* metadata in a form that can't be looked into */
};

/* Does it say where it was taken? Sources: Exif 2.32 (GPS IFD, tag 0x8825), XMP part 2 (exif:GPS…),
 * PNG 3rd edition (eXIf, iTXt), WebP container (EXIF, XMP), Apple QuickTime (©xyz, ISO6709). */
enum image_position image_position(const unsigned char *bytes, size_t size, const char *type);

/* ---- bytes, between the two ---- */

static inline uint32_t big16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t big32(const unsigned char *at)
{
    return big16(at) << 16 | big16(at + 2);
}

static inline uint32_t little16(const unsigned char *at)
{
    return (uint32_t)at[1] << 8 | at[0];
}

static inline uint32_t little32(const unsigned char *at)
{
    return little16(at + 2) << 16 | little16(at);
}

/* The next piece of a JPEG before its picture data; false at its end. *at starts at 2. */
struct jpeg_segment {
    unsigned marker;
    const unsigned char *bytes; /* behind the length */
    size_t size;
};
bool jpeg_next(const unsigned char *bytes, size_t size, size_t *at, struct jpeg_segment *out);

/* The next chunk of a RIFF file (little endian, name first; *at starts at 12) or a PNG (*at: 8). */
struct chunk {
    const unsigned char *name, *bytes;
    size_t size;
};
bool riff_next(const unsigned char *bytes, size_t size, size_t *at, struct chunk *out);
bool png_next(const unsigned char *bytes, size_t size, size_t *at, struct chunk *out);

#endif
