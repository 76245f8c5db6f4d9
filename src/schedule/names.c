/* src/schedule/names.c - see names_private.h. */
#include "schedule/names_private.h"

#include <search.h>
#include <string.h>

static int by_text(const void *left, const void *right)
{
    const struct name *a = left, *b = right;

    return strcmp(a->text, b->text);
}

struct name *names_add(struct names *names, const char *text, bool *out_fresh)
{
    struct name probe = { .text = text }, *entry;
    void *slot = tsearch(&probe, &names->root, by_text);

    *out_fresh = false;
    if (!slot) {
        /* Whoever looks at the arena in the end must hear of it: a name that got lost is a thing that did. */
        cp_arena_alloc(names->arena, SIZE_MAX);
        return NULL;
    }
    if (*(struct name **)slot != &probe)
        return *(struct name **)slot;
    entry = cp_arena_alloc(names->arena, sizeof(*entry));
    if (!entry) {
        tdelete(&probe, &names->root, by_text);
        return NULL;
    }
    *entry = probe;
    *(struct name **)slot = entry;
    *out_fresh = true;
    return entry;
}

struct name *names_find(const struct names *names, const char *text)
{
    struct name probe = { .text = text };
    void *slot = tfind(&probe, &names->root, by_text);

    return slot ? *(struct name **)slot : NULL;
}

static void keep(void *entry)
{
    (void)entry; /* the arena's */
}

void names_release(struct names *names)
{
    tdestroy(names->root, keep);
    names->root = NULL;
}
