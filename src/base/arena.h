/* src/base/arena.h - memory that lives and dies together.
 *
 * What one reading of the files makes (campaigns, configuration), and what one plan makes, belongs
 * to one arena: nothing in it is freed by itself, everything goes with cp_arena_free(). Memory is
 * zeroed and aligned for any type. A failed allocation returns NULL; cp_arena_failed() stays true
 * afterwards, so that a builder may check once at its end.
 */
#ifndef CP_BASE_ARENA_H
#define CP_BASE_ARENA_H

#include "base/macros.h"

struct cp_arena;

struct cp_arena *cp_arena_create(void);
void cp_arena_free(struct cp_arena *arena);

void *cp_arena_alloc(struct cp_arena *arena, size_t size);
/* An array of `count` elements of `size` bytes; NULL when the product does not fit. */
void *cp_arena_array(struct cp_arena *arena, size_t count, size_t size);
char *cp_arena_copy(struct cp_arena *arena, const char *text, size_t size);
char *cp_arena_string(struct cp_arena *arena, const char *text);
char *cp_arena_printf(struct cp_arena *arena, const char *fmt, ...) CP_PRINTF(2, 3);
bool cp_arena_failed(const struct cp_arena *arena);
/* Bytes handed out so far. */
size_t cp_arena_used(const struct cp_arena *arena);

/* Grows an array that was handed out by this arena: returns one with room for at least `want`
 * elements, the first `count` copied, and updates *capacity. Doubles, so appending is linear. */
void *cp_arena_grow(struct cp_arena *arena, void *array, size_t count, size_t *capacity,
                    size_t want, size_t size);

#endif
