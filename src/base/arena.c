/* src/base/arena.c - see arena.h. Blocks are chained and freed together. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct block {
    struct block *next;
    size_t size, used;
    max_align_t bytes[];
};

struct cp_arena {
    struct block *blocks;
    size_t next_size, total;
    bool failed;
};

struct cp_arena *cp_arena_create(void)
{
    struct cp_arena *arena = calloc(1, sizeof(*arena));

    if (arena)
        arena->next_size = FIRST_BLOCK;
    return arena;
}

void cp_arena_free(struct cp_arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

static struct block *add_block(struct cp_arena *arena, size_t size)
{
    size_t room = size > arena->next_size ? size : arena->next_size;
    struct block *block = calloc(1, sizeof(*block) + room);

    if (!block)
        return NULL;
    block->size = room;
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    return block;
}

void *cp_arena_alloc(struct cp_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct block *block = arena->blocks;
    void *place;

    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + align - 1) / align * align;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    place = (char *)block->bytes + block->used;
    block->used += size;
    arena->total += size;
    return place;
}

void *cp_arena_array(struct cp_arena *arena, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        arena->failed = true;
        return NULL;
    }
    return cp_arena_alloc(arena, bytes);
}

char *cp_arena_copy(struct cp_arena *arena, const char *text, size_t size)
{
    char *copy = cp_arena_alloc(arena, size + 1);

    if (copy && size)
        memcpy(copy, text, size);
    return copy;
}

char *cp_arena_string(struct cp_arena *arena, const char *text)
{
    return text ? cp_arena_copy(arena, text, strlen(text)) : NULL;
}

char *cp_arena_printf(struct cp_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    char *text = NULL;
    int size;

    va_start(args, fmt);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (size >= 0)
        text = cp_arena_alloc(arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, fmt, again);
    va_end(again);
    return text;
}

bool cp_arena_failed(const struct cp_arena *arena)
{
    return arena->failed;
}

size_t cp_arena_used(const struct cp_arena *arena)
{
    return arena->total;
}

void *cp_arena_grow(struct cp_arena *arena, void *array, size_t count, size_t *capacity,
                    size_t want, size_t size)
{
    size_t room = *capacity ? *capacity : 8;
    void *grown;

    if (want <= *capacity)
        return array;
    while (room < want)
        room *= 2;
    grown = cp_arena_array(arena, room, size);
    if (!grown)
        return NULL;
    if (count)
        memcpy(grown, array, count * size);
    *capacity = room;
    return grown;
}
