/* src/transport/body.c - the bytes of a request: text, secrets and media in turn. */
#include "transport/transport_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* A medium lies in the ledger's folder under its digest; nothing else is ever opened. */
static bool add_medium(struct piece *piece, const char *digest,
                       const struct cp_transport *transport, struct cp_error *err)
{
    struct stat info;
    struct cp_buffer path = { 0 };

    if (!is_digest(digest) || !transport->media_directory)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not the digest of a medium", digest);
    cp_buffer_printf(&path, "%s/%s", transport->media_directory, digest);
    piece->path = cp_buffer_steal(&path);
    if (!piece->path)
        return cp_error_no_memory(err);
    if (stat(piece->path, &info) < 0 || !S_ISREG(info.st_mode))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_SYSTEM,
                            "the copied medium '%s' cannot be read: %s", piece->path,
                            strerror(errno));
    piece->size = (size_t)info.st_size;
    return true;
}

static void put_encoded(struct cp_buffer *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr("-._~", c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
            (c >= 'A' && c <= 'Z'))
            cp_buffer_putc(out, (char)c);
        else
            cp_buffer_printf(out, "%%%02X", c);
    }
}

static bool add_secret(struct piece *piece, const struct cp_segment *segment, cp_secret_fn *secret,
                       void *ctx, struct cp_error *err)
{
    const struct cp_secret *value = secret ? secret(segment->secret, ctx) : NULL;
    struct cp_buffer text = { 0 };

    if (!value)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "the credential has no '%s'; log in again", segment->secret);
    if (segment->form)
        put_encoded(&text, cp_secret_reveal(value));
    else
        cp_buffer_puts(&text, cp_secret_reveal(value));
    piece->size = text.size;
    piece->wiped = true;
    piece->bytes = cp_buffer_steal(&text);
    return piece->bytes || cp_error_no_memory(err);
}

static bool add_bytes(struct piece *piece, const struct cp_segment *segment, struct cp_error *err)
{
    piece->bytes = malloc(segment->size + 1);
    if (!piece->bytes)
        return cp_error_no_memory(err);
    if (segment->size)
        memcpy(piece->bytes, segment->bytes, segment->size);
    piece->bytes[segment->size] = '\0';
    piece->size = segment->size;
    return true;
}

bool cp_body_fill(struct body *body, const struct cp_request *request,
                  const struct cp_transport *transport, cp_secret_fn *secret, void *ctx,
                  struct cp_error *err)
{
    body->pieces = calloc(request->body_count ? request->body_count : 1, sizeof(*body->pieces));
    if (!body->pieces)
        return cp_error_no_memory(err);
    for (size_t i = 0; i < request->body_count; i++) {
        const struct cp_segment *segment = &request->body[i];
        struct piece *piece = &body->pieces[body->count++];
        bool fine;

        piece->fd = -1;
        if (segment->media)
            fine = add_medium(piece, segment->media, transport, err);
        else if (segment->secret)
            fine = add_secret(piece, segment, secret, ctx, err);
        else
            fine = add_bytes(piece, segment, err);
        if (!fine)
            return false;
        body->has_media |= segment->media != NULL;
        body->total += piece->size;
    }
    return true;
}

/* Puts all pieces into the first, so that libcurl sends head and body in one go. */
const char *cp_body_text(struct body *body)
{
    struct cp_buffer all = { 0 };
    bool wiped = false;

    if (body->has_media)
        return NULL;
    if (body->count == 1)
        return body->pieces[0].bytes;
    for (size_t i = 0; i < body->count; i++) {
        cp_buffer_add(&all, body->pieces[i].bytes, body->pieces[i].size);
        wiped |= body->pieces[i].wiped;
    }
    cp_body_release(body);
    body->pieces = calloc(1, sizeof(*body->pieces));
    if (!body->pieces) {
        cp_buffer_release(&all);
        return NULL;
    }
    body->total = all.size;
    body->count = 1;
    body->pieces[0] = (struct piece){
        .size = all.size, .fd = -1, .wiped = wiped, .bytes = cp_buffer_steal(&all)
    };
    return body->pieces[0].bytes;
}

static ssize_t read_piece(struct body *body, struct piece *piece, char *out, size_t size)
{
    if (piece->bytes) {
        memcpy(out, piece->bytes + body->at_byte, size);
        return (ssize_t)size;
    }
    if (piece->fd < 0)
        piece->fd = open(piece->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (piece->fd < 0)
        return -1;
    return pread(piece->fd, out, size, (off_t)body->at_byte);
}

ssize_t cp_body_read(struct body *body, char *out, size_t size)
{
    size_t used = 0;

    while (used < size && body->at_piece < body->count) {
        struct piece *piece = &body->pieces[body->at_piece];
        uint64_t left = piece->size - body->at_byte;
        size_t want = left < size - used ? (size_t)left : size - used;
        ssize_t got = want ? read_piece(body, piece, out + used, want) : 0;

        if (got < 0 || (want && !got))
            return -1; /* shorter than announced: the request must not look complete */
        used += (size_t)got;
        body->at_byte += (uint64_t)got;
        if (body->at_byte == piece->size) {
            body->at_piece++;
            body->at_byte = 0;
        }
    }
    body->handed += used;
    return (ssize_t)used;
}

void cp_body_release(struct body *body)
{
    for (size_t i = 0; i < body->count; i++) {
        struct piece *piece = &body->pieces[i];

        if (piece->wiped && piece->bytes)
            cp_wipe(piece->bytes, piece->size);
        free(piece->bytes);
        free(piece->path);
        if (piece->fd >= 0)
            close(piece->fd);
    }
    free(body->pieces);
    *body = (struct body){ 0 };
}
