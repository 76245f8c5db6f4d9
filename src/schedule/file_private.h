/* src/schedule/file_private.h - whole files, read and replaced with care. */
#ifndef CP_SCHEDULE_FILE_PRIVATE_H
#define CP_SCHEDULE_FILE_PRIVATE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct file {
    char *bytes; /* terminated; free() it */
    size_t size;
    mode_t mode;
};

/* Reads a regular file of at most `most` bytes. Nothing else is ever opened: a pipe would block, a
 * device may act. The message is the reason alone ("it is a directory"), for the caller's sentence. */
bool file_read(const char *path, size_t most, struct file *out, struct cp_error *err);

/* Writes beside, syncs, renames, syncs the folder: at any moment the old file or the new one. */
bool file_replace(const char *path, const char *bytes, size_t size, mode_t mode,
                  struct cp_error *err);

/* "dir/name" of the folder that `path` is in ("name" for the working directory); an absolute name
 * stays as it is. NULL: out of memory. */
char *file_beside(struct cp_arena *arena, const char *path, const char *name);
/* The folder itself: "." where the path names none. */
char *file_folder(struct cp_arena *arena, const char *path);

/* Follows every link of `path` and says whether the end is inside the folder. *out_path (from the
 * arena) is where it really is. The message is the reason alone. */
bool file_inside(struct cp_arena *arena, const char *folder, const char *path, char **out_path,
                 struct cp_error *err);

#endif
