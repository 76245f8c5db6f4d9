/* src/schedule/names_private.h - names that were seen: ids, keys, anchors, media.
 *
 * A balanced tree (tsearch of the C library) instead of a hash table: the names come from strangers,
 * and no choice of them makes it slow.
 */
#ifndef CP_SCHEDULE_NAMES_PRIVATE_H
#define CP_SCHEDULE_NAMES_PRIVATE_H

#include "base/arena.h"
#include "base/diagnostics.h"

struct name {
    const char *text; /* borrowed */
    struct cp_place at;
    const void *value;
};

/* Starts as { .arena = … }; the arena holds the entries, names_release() the tree between them. */
struct names {
    struct cp_arena *arena;
    void *root;
};

/* The entry of that name, made when there was none (*out_fresh); NULL: out of memory. */
struct name *names_add(struct names *names, const char *text, bool *out_fresh);
struct name *names_find(const struct names *names, const char *text);
void names_release(struct names *names);

#endif
