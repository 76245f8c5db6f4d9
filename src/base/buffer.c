/* src/base/buffer.c - see buffer.h. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct cp_buffer *buffer, size_t more)
{
    size_t want, room = buffer->capacity ? buffer->capacity : 64;
    char *grown;

    if (buffer->failed || __builtin_add_overflow(buffer->size, more + 1, &want))
        return false;
    if (want <= buffer->capacity)
        return true;
    while (room < want)
        room *= 2;
    grown = realloc(buffer->data, room);
    if (!grown) {
        buffer->failed = true;
        return false;
    }
    buffer->data = grown;
    buffer->capacity = room;
    return true;
}

void cp_buffer_add(struct cp_buffer *buffer, const char *bytes, size_t size)
{
    if (!reserve(buffer, size))
        return;
    if (size)
        memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void cp_buffer_puts(struct cp_buffer *buffer, const char *text)
{
    cp_buffer_add(buffer, text, strlen(text));
}

void cp_buffer_putc(struct cp_buffer *buffer, char c)
{
    cp_buffer_add(buffer, &c, 1);
}

void cp_buffer_printf(struct cp_buffer *buffer, const char *fmt, ...)
{
    va_list args, again;
    int size;

    va_start(args, fmt);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (size >= 0 && reserve(buffer, (size_t)size)) {
        vsnprintf(buffer->data + buffer->size, (size_t)size + 1, fmt, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
}

void cp_buffer_clear(struct cp_buffer *buffer)
{
    buffer->size = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void cp_buffer_release(struct cp_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct cp_buffer){ 0 };
}

char *cp_buffer_steal(struct cp_buffer *buffer)
{
    char *data;

    cp_buffer_add(buffer, "", 0);
    data = buffer->failed ? NULL : buffer->data;
    if (!data)
        free(buffer->data);
    *buffer = (struct cp_buffer){ 0 };
    return data;
}
