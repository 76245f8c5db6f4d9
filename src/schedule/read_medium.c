/* src/schedule/read_medium.c - `media`: files that go out with a message.
 *
 * A schedule may come from strangers, so a medium is inside the folder of the file that names it,
 * symbolic links followed. It is read once in a reading, however many posts show it.
 */
#include "schedule/read_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "model/content.h"
#include "schedule/file_private.h"
#include "schedule/image_private.h"

/* ---- paths --------------------------------------------------------------------------------- */

static bool climbs(const char *path)
{
    while (path) {
        size_t size = strcspn(path, "/");

        if (size == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path = strchr(path, '/');
        path = path ? path + 1 : NULL;
    }
    return false;
}

static bool check_path(struct reader *reader, const struct yaml_node *node, const char *file)
{
    char cut[EXCERPT_SIZE];

    if (file[0] != '/' && !climbs(file))
        return true;
    return complain(reader, node, "outside",
                    "put the file beside the schedule, and write its path from there",
                    "'%s' leads out of the schedule's folder", excerpt(file, cut));
}

/* ---- contents ------------------------------------------------------------------------------ */

/* 'file', as a shell reads it back. */
static void quote(struct cp_buffer *out, const char *text)
{
    cp_buffer_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            cp_buffer_puts(out, "'\\''");
        else
            cp_buffer_putc(out, *text);
    }
    cp_buffer_putc(out, '\'');
}

static bool complain_position(struct reader *reader, const struct yaml_node *node,
                              const struct cp_medium *medium, enum image_position position)
{
    bool hidden = position == IMAGE_HIDDEN_METADATA;
    struct cp_buffer hint = { 0 };
    char cut[EXCERPT_SIZE];

    cp_buffer_puts(&hint, hidden ? "remove it with: exiftool -all= "
                                 : "remove it with: exiftool -gps:all= -xmp:geotag= ");
    /* A path that begins with '-' would be an option. */
    if (medium->path[0] == '-')
        cp_buffer_puts(&hint, "./");
    quote(&hint, medium->path);
    complain(reader, node, "position", hint.failed ? NULL : hint.data,
             hidden ? "'%s' has metadata that can't be checked for a position"
                    : "'%s' tells the place where it was taken",
             excerpt(medium->file, cut));
    cp_buffer_release(&hint);
    return false;
}

static bool examine(struct reader *reader, const struct yaml_node *node, const struct file *file,
                    struct cp_medium *medium)
{
    const unsigned char *bytes = (const unsigned char *)file->bytes;
    char hash[CP_HASH_HEX + 1], cut[EXCERPT_SIZE];
    enum image_position position;
    struct image image;

    if (!image_probe(bytes, file->size, &image))
        return complain(reader, node, "medium-type", "known are PNG, JPEG, GIF, WebP, MP4 and MOV",
                        "'%s' is no picture or video of a known kind", excerpt(medium->file, cut));
    position = image_position(bytes, file->size, image.type);
    if (position != IMAGE_NO_POSITION)
        return complain_position(reader, node, medium, position);
    cp_hash_hex(file->bytes, file->size, hash);
    medium->sha256 = cp_arena_string(reader->arena, hash);
    medium->type = image.type;
    medium->size = file->size;
    medium->width = image.width;
    medium->height = image.height;
    return medium->sha256 != NULL;
}

static bool open_medium(struct reader *reader, const struct yaml_node *node,
                        struct cp_medium *medium)
{
    struct cp_error err = { 0 };
    struct file file = { 0 };
    char cut[EXCERPT_SIZE], *real;
    const char *folder = file_folder(reader->arena, reader->document->name);
    bool ok;

    if (!folder || !file_inside(reader->arena, folder, medium->path, &real, &err) ||
        !file_read(real, CP_MEDIUM_MOST, &file, &err))
        return complain(reader, node, "medium", NULL, "cannot read '%s': %s",
                        excerpt(medium->file, cut), err.message);
    ok = examine(reader, node, &file, medium);
    free(file.bytes);
    return ok;
}

/* Known already, or read now. A file that was complained about is not complained about again. */
static const struct cp_medium *find_medium(struct campaign_reader *cr, const struct yaml_node *node,
                                           const char *file)
{
    struct reader *reader = &cr->reader;
    struct cp_medium *medium = cp_arena_alloc(reader->arena, sizeof(*medium));
    struct name *name;
    bool fresh;

    if (!medium)
        return NULL;
    *medium =
        (struct cp_medium){ .file = file,
                            .path = file_beside(reader->arena, reader->document->name, file) };
    name = medium->path ? names_add(&cr->media, medium->path, &fresh) : NULL;
    if (!name)
        return NULL;
    if (fresh && open_medium(reader, node, medium))
        name->value = medium;
    return name->value;
}

/* ---- media --------------------------------------------------------------------------------- */

struct medium_draft {
    const struct yaml_node *file;
    struct cp_texts alt;
};

static const struct field fields[] = {
    { "file", read_node, offsetof(struct medium_draft, file), REQUIRED },
    { "alt", read_texts, offsetof(struct medium_draft, alt), OPTIONAL },
    { "focus", NULL, 0, LATER },
    { "crop", NULL, 0, LATER },
};
static const struct schema schema = SCHEMA("a medium", fields);

static void read_file(struct reader *reader, const struct yaml_node *node,
                      const struct cp_medium **out)
{
    const char *file = NULL;
    size_t before = enter_key(reader, "file");

    read_string(reader, node, &file);
    if (file && check_path(reader, node, file))
        *out = find_medium((struct campaign_reader *)reader, node, file);
    leave(reader, before);
}

static void read_medium(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_message *message = out;
    struct medium_draft draft = { 0 };
    const struct cp_medium *known = NULL;
    struct cp_medium *medium;

    read_mapping(reader, node, &schema, &draft);
    if (draft.file)
        read_file(reader, draft.file, &known);
    if (!known)
        return;
    medium = &message->media[message->media_count++];
    *medium = *known;
    medium->file = draft.file->text;
    medium->alt = draft.alt;
    medium->at = place_of(reader, node);
}

void read_media(struct reader *reader, const struct yaml_node *node, void *out)
{
    struct cp_message *message = out;

    if (node->kind == YAML_LIST) {
        message->media = cp_arena_array(reader->arena, node->count, sizeof(*message->media));
        if (!message->media)
            return;
    }
    read_list(reader, node, "a list of media: [{file: …, alt: …}]", false, read_medium, message);
}
