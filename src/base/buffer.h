/* src/base/buffer.h - a string that grows.
 *
 * Starts as { 0 }, is always terminated once something was added, and is released with
 * cp_buffer_release(). When memory runs out the buffer is marked as failed and ignores what
 * follows, so that a writer checks `failed` once at its end instead of after every word.
 */
#ifndef CP_BASE_BUFFER_H
#define CP_BASE_BUFFER_H

#include "base/macros.h"

struct cp_buffer {
    char *data; /* NULL while nothing was added; else terminated */
    size_t size, capacity;
    bool failed;
};

void cp_buffer_add(struct cp_buffer *buffer, const char *bytes, size_t size);
void cp_buffer_puts(struct cp_buffer *buffer, const char *text);
void cp_buffer_putc(struct cp_buffer *buffer, char c);
void cp_buffer_printf(struct cp_buffer *buffer, const char *fmt, ...) CP_PRINTF(2, 3);
void cp_buffer_clear(struct cp_buffer *buffer);
void cp_buffer_release(struct cp_buffer *buffer);
/* Hands the bytes over; free() them. NULL when the buffer has failed. Never NULL for an empty one. */
char *cp_buffer_steal(struct cp_buffer *buffer);

#endif
