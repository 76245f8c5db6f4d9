/* contrib/bench/sink/message.c - requests, and output that grows. */
#include "sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *must_have(void *memory)
{
    if (!memory) {
        fputs("sink: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static void make_room(struct output *out, size_t size)
{
    if (out->capacity - out->size >= size)
        return;
    out->capacity = (out->size + size) * 2;
    out->bytes = must_have(realloc(out->bytes, out->capacity));
}

void put(struct output *out, const char *bytes, size_t size)
{
    if (!size)
        return;
    make_room(out, size);
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

void put_format(struct output *out, const char *fmt, ...)
{
    va_list args;
    int size;

    va_start(args, fmt);
    size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    make_room(out, (size_t)size + 1);
    va_start(args, fmt);
    vsnprintf(out->bytes + out->size, (size_t)size + 1, fmt, args);
    va_end(args);
    out->size += (size_t)size;
}

bool is(struct text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

bool begins(struct text text, const char *word)
{
    return text.size >= strlen(word) && memcmp(text.bytes, word, strlen(word)) == 0;
}

struct text json_member(struct text object, const char *name)
{
    char mark[64];
    int size = snprintf(mark, sizeof(mark), "\"%s\":\"", name);
    const char *at = object.size ? memmem(object.bytes, object.size, mark, (size_t)size) : NULL;
    const char *end = object.bytes + object.size, *from;

    if (!at)
        return (struct text){ "", 0 };
    from = at += size;
    while (at < end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    return (struct text){ from, (size_t)(at - from) };
}

/* --- requests --- */

/* What stands before `end`; *in moves behind it. */
static struct text take(struct text *in, const char *end)
{
    const char *at = memmem(in->bytes, in->size, end, strlen(end));
    struct text taken = { in->bytes, at ? (size_t)(at - in->bytes) : in->size };
    size_t moved = taken.size + (at ? strlen(end) : 0);

    in->bytes += moved;
    in->size -= moved;
    return taken;
}

static bool header(struct text line, const char *name, struct text *value)
{
    size_t size = strlen(name);

    if (line.size <= size || line.bytes[size] != ':' || strncasecmp(line.bytes, name, size) != 0)
        return false;
    *value = (struct text){ line.bytes + size + 1, line.size - size - 1 };
    while (value->size && *value->bytes == ' ') {
        value->bytes++;
        value->size--;
    }
    return true;
}

static void read_header(struct text line, struct request *request)
{
    struct text value;

    if (header(line, "Content-Length", &value))
        request->body.size = strtoul(value.bytes, NULL, 10);
    else if (header(line, "Idempotency-Key", &value))
        request->key = value;
    else if (header(line, "Connection", &value))
        request->close = is(value, "close");
    else if (header(line, "Authorization", &value) && begins(value, "Bearer "))
        request->token = (struct text){ value.bytes + 7, value.size - 7 };
}

size_t read_request(struct text input, struct request *out)
{
    const char *end = input.size ? memmem(input.bytes, input.size, "\r\n\r\n", 4) : NULL;
    struct text head, line;
    size_t size;

    if (!end)
        return 0;
    size = (size_t)(end - input.bytes) + 4;
    head = (struct text){ input.bytes, size - 2 };
    line = take(&head, "\r\n");
    *out = (struct request){ .method = take(&line, " "), .body.bytes = input.bytes + size };
    out->target = take(&line, " ");
    while (head.size)
        read_header(take(&head, "\r\n"), out);
    size += out->body.size;
    return size <= input.size ? size : 0;
}
