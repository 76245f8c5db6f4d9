/* tests/schedule/test_media.c - pictures: kinds, sizes, places where they were taken. */
#include <sys/stat.h>

#include "base/buffer.h"
#include "schedule_test.h"

#include "schedule/image_private.h"

#define HEAD "campaign: {id: a, zone: UTC, languages: [en]}\n"

/* An EXIF block (TIFF): one directory that points to a GPS directory with the one tag. */
#define TIFF_LITTLE(tag)                                                                           \
    "II*\0\x08\0\0\0"                                                                              \
    "\x01\0\x25\x88\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0"                                             \
    "\x01\0" tag "\0\x05\0\x03\0\0\0\x50\0\0\0\0\0\0\0"
#define TIFF_BIG(tag)                                                                              \
    "MM\0*\0\0\0\x08"                                                                              \
    "\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0"                                             \
    "\0\x01\0" tag "\0\x05\0\0\0\x03\0\0\0\x50\0\0\0\0"
#define TIFF_OUT_OF_BOUNDS "II*\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\xff\xff\0\0\0\0\0\0"
#define PNG_HEAD           "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\1\2\0\0\3\4\x08\2\0\0\0crc!"

struct sample {
    const char *name, *head; /* bytes in front of the part that counts */
    size_t head_size;
    const char *part;
    size_t part_size;
    const char *type;
    unsigned width, height;
    enum image_position position;
};

#define SAMPLE(name, head, part, type, width, height, position)                                    \
    {                                                                                              \
        name, head, sizeof(head) - 1, part, sizeof(part) - 1, type, width, height, position        \
    }

#define SOF "\xff\xc0\0\x0b\x08\0\x10\0\x20\x01\x01\x11\0"

static const struct sample samples[] = {
    SAMPLE("plain png", PNG_HEAD, "\0\0\0\0IENDcrc!", "image/png", 258, 772, IMAGE_NO_POSITION),
    SAMPLE("png exif", PNG_HEAD,
           "\0\0\0\x2c"
           "eXIf" TIFF_BIG("\x02") "crc!",
           "image/png", 258, 772, IMAGE_HAS_POSITION),
    SAMPLE("png xmp", PNG_HEAD, "\0\0\0\x2aiTXtXML:com.adobe.xmp\0\0\0\0\0exif:GPSLatitude=1crc!",
           "image/png", 258, 772, IMAGE_HAS_POSITION),
    SAMPLE("png compressed xmp", PNG_HEAD, "\0\0\0\x1aiTXtXML:com.adobe.xmp\0\1\0\0\0xxxxcrc!",
           "image/png", 258, 772, IMAGE_HIDDEN_METADATA),
    SAMPLE("png hexadecimal exif", PNG_HEAD, "\0\0\0\x1ezTXtRaw profile type exif\0\0xxxxxxxcrc!",
           "image/png", 258, 772, IMAGE_HIDDEN_METADATA),
    SAMPLE("plain jpeg", "\xff\xd8" SOF, "\xff\xda\0\2", "image/jpeg", 32, 16, IMAGE_NO_POSITION),
    SAMPLE("jpeg latitude",
           "\xff\xd8" SOF "\xff\xe1\0\x34"
           "Exif\0\0",
           TIFF_LITTLE("\x02"), "image/jpeg", 32, 16, IMAGE_HAS_POSITION),
    SAMPLE("jpeg longitude, big endian",
           "\xff\xd8" SOF "\xff\xe1\0\x34"
           "Exif\0\0",
           TIFF_BIG("\x04"), "image/jpeg", 32, 16, IMAGE_HAS_POSITION),
    SAMPLE("jpeg version of gps only",
           "\xff\xd8" SOF "\xff\xe1\0\x34"
           "Exif\0\0",
           TIFF_LITTLE("\x00"), "image/jpeg", 32, 16, IMAGE_NO_POSITION),
    SAMPLE("jpeg gps out of bounds",
           "\xff\xd8" SOF "\xff\xe1\0\x22"
           "Exif\0\0",
           TIFF_OUT_OF_BOUNDS, "image/jpeg", 32, 16, IMAGE_HAS_POSITION),
    SAMPLE("jpeg xmp",
           "\xff\xd8" SOF "\xff\xe1\0\x31"
           "http://ns.adobe.com/xap/1.0/\0",
           " exif:GPSLongitude", "image/jpeg", 32, 16, IMAGE_HAS_POSITION),
    SAMPLE("gif", "GIF89a\x05\0\x06\0", "\0\0\0;", "image/gif", 5, 6, IMAGE_NO_POSITION),
    SAMPLE("webp, extended, exif",
           "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\x3f\0\0\x1f\0\0"
           "EXIF\x2c\0\0\0",
           TIFF_LITTLE("\x02"), "image/webp", 64, 32, IMAGE_HAS_POSITION),
    SAMPLE("webp, lossy", "RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a", "\x40\0\x20\0",
           "image/webp", 64, 32, IMAGE_NO_POSITION),
    SAMPLE("webp, lossless", "RIFF\0\0\0\0WEBPVP8L\x0a\0\0\0", "\x2f\x3f\xc0\x07\0\0\0\0\0\0",
           "image/webp", 64, 32, IMAGE_NO_POSITION),
    SAMPLE("mp4",
           "\0\0\0\x10"
           "ftypisom\0\0\0\0",
           "\0\0\0\x08moov", "video/mp4", 0, 0, IMAGE_NO_POSITION),
    SAMPLE("mp4 with a place",
           "\0\0\0\x10"
           "ftypmp42\0\0\0\0",
           "\0\0\0\x20moov\0\0\0\x18udta\0\0\0\x10\xa9xyz+1.0+2.0", "video/mp4", 0, 0,
           IMAGE_HAS_POSITION),
    SAMPLE("text", "#!/bin/sh\n", "true\n", NULL, 0, 0, IMAGE_NO_POSITION),
    SAMPLE("nothing", "", "", NULL, 0, 0, IMAGE_NO_POSITION),
};

/* A copy of just so many bytes: the sanitizer sees a step beyond. */
static unsigned char *compose(const struct sample *sample, size_t size)
{
    unsigned char *bytes = malloc(size ? size : 1);
    size_t head = sample->head_size < size ? sample->head_size : size;

    memcpy(bytes, sample->head, head);
    memcpy(bytes + head, sample->part, size - head);
    return bytes;
}

static void kinds_sizes_and_positions_are_told_by_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(samples); i++) {
        const struct sample *sample = &samples[i];
        size_t size = sample->head_size + sample->part_size;
        unsigned char *bytes = compose(sample, size);
        struct image image;

        if (image_probe(bytes, size, &image) != (sample->type != NULL))
            fail_msg("%s: kind", sample->name);
        if (sample->type) {
            assert_string_equal(image.type, sample->type);
            if (image.width != sample->width || image.height != sample->height)
                fail_msg("%s: %u x %u", sample->name, image.width, image.height);
            if (image_position(bytes, size, image.type) != sample->position)
                fail_msg("%s: position", sample->name);
        }
        free(bytes);
    }
}

static void cut_pictures_are_read_to_their_end_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < CP_COUNT(samples); i++) {
        size_t whole = samples[i].head_size + samples[i].part_size;

        for (size_t size = 0; size < whole; size++) {
            unsigned char *bytes = compose(&samples[i], size);
            struct image image;

            if (image_probe(bytes, size, &image))
                image_position(bytes, size, image.type);
            free(bytes);
        }
    }
}

static const struct sample *find_sample(const char *name)
{
    for (size_t i = 0; i < CP_COUNT(samples); i++) {
        if (strcmp(samples[i].name, name) == 0)
            return &samples[i];
    }
    fail();
    return NULL;
}

static void write_sample(const char *path, const char *name)
{
    const struct sample *sample = find_sample(name);
    size_t size = sample->head_size + sample->part_size;
    unsigned char *bytes = compose(sample, size);

    write_file(path, bytes, size);
    free(bytes);
}

static void a_position_is_refused_with_the_command_that_removes_it(void **state)
{
    static const char schedule[] =
        HEAD "posts:\n"
             "  - {id: a, standby: true, text: x, media: [{file: \"it's.jpg\"}, {file: ok.jpg}]}\n"
             "  - {id: b, standby: true, text: x, media: [{file: \"it's.jpg\"}]}\n"
             "  - {id: c, standby: true, text: x, media: [{file: -x.png}]}\n";
    struct fixture f;
    char folder[40];

    (void)state;
    fixture_open(&f);
    enter_folder(folder);
    write_sample("it's.jpg", "jpeg latitude");
    write_sample("ok.jpg", "plain jpeg");
    write_sample("-x.png", "png hexadecimal exif");
    assert_null(read_schedule_text(&f, "x.yaml", schedule));
    assert_int_equal(f.diagnostics.count, 2); /* the same file is not told twice */
    assert_string_equal(f.diagnostics.items[0].message,
                        "'it's.jpg' tells the place where it was taken");
    assert_string_equal(f.diagnostics.items[0].hint,
                        "remove it with: exiftool -gps:all= -xmp:geotag= 'it'\\''s.jpg'");
    assert_string_equal(f.diagnostics.items[1].hint, "remove it with: exiftool -all= ./'-x.png'");
    leave_folder(folder);
    fixture_close(&f);
}

static void media_stay_in_the_folder_of_their_schedule(void **state)
{
    static const struct {
        const char *file, *words; /* NULL: fine */
    } rows[] = {
        { "a.png", NULL },
        { "./in/a.png", NULL },
        { "link-inside.png", NULL },
        { "link-outside.png", "a symbolic link leads it outside" },
        { "out/a.png", "a symbolic link leads it outside" },
        { "../a.png", "leads out of" },
        { "in/../../a.png", "leads out of" },
        { "/etc/hostname", "leads out of" },
        { "in", "it is a directory" },
        { "pipe", "it is a named pipe" },
        { "huge", "at most 128 are read" },
        { "text.png", "no picture or video of a known kind" },
        { "empty.png", "no picture or video of a known kind" },
    };
    char folder[40], text[300];

    (void)state;
    enter_folder(folder);
    assert_int_equal(mkdir("s", 0700) | mkdir("s/in", 0700) | mkdir("o", 0700), 0);
    write_sample("s/a.png", "plain png");
    write_sample("s/in/a.png", "plain png");
    write_sample("o/a.png", "plain png");
    write_sample("a.png", "plain png");
    write_sample("s/text.png", "text");
    write_sample("s/empty.png", "nothing");
    assert_int_equal(symlink("in/a.png", "s/link-inside.png"), 0);
    assert_int_equal(symlink("../a.png", "s/link-outside.png"), 0);
    assert_int_equal(symlink("../o", "s/out"), 0);
    assert_int_equal(mkfifo("s/pipe", 0600), 0);
    write_file("s/huge", "", 0);
    assert_int_equal(truncate("s/huge", (off_t)1 << 30), 0);
    for (size_t i = 0; i < CP_COUNT(rows); i++) {
        struct fixture f;

        fixture_open(&f);
        snprintf(text, sizeof(text),
                 HEAD "posts: [{id: a, standby: true, text: x, media: [{file: %s}]}]\n",
                 rows[i].file);
        assert_int_equal(read_schedule_text(&f, "s/x.yaml", text) != NULL, rows[i].words == NULL);
        assert_int_equal(f.diagnostics.count, rows[i].words != NULL);
        if (rows[i].words && !strstr(f.diagnostics.items[0].message, rows[i].words))
            fail_msg("%s: %s", rows[i].file, f.diagnostics.items[0].message);
        fixture_close(&f);
    }
    leave_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_sizes_and_positions_are_told_by_bytes),
        cmocka_unit_test(cut_pictures_are_read_to_their_end_only),
        cmocka_unit_test(a_position_is_refused_with_the_command_that_removes_it),
        cmocka_unit_test(media_stay_in_the_folder_of_their_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
