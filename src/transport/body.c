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
    struct stat info = { .st_mode = S_IFREG };
    struct cp_buffer path = { 0 };

    if (!is_digest(digest) || !transport->media_directory)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "'%s' is not the digest of a medium", digest);
    cp_buffer_printf(&path, "%s/%s", transport->media_directory, digest);
    piece->path = cp_buffer_steal(&path);
    if (!piece->path)
        return cp_error_no_memory(err);
    if (lstat(piece->path, &info) < 0 || !S_ISREG(info.st_mode))
        return cp_error_set(err, &cp_transport_errors, CP_BASE_SYSTEM,
                            "the copied medium '%s' cannot be read: %s", piece->path,
                            S_ISREG(info.st_mode) ? strerror(errno) : "not a file");
    piece->size = (size_t)info.st_size;
    return true;
}

/* Writes up to three bytes for each of the text; returns how many. */
static size_t encode(char *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *at = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr("-._~", c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
            (c >= 'A' && c <= 'Z')) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = hex[c >> 4];
            *at++ = hex[c & 15];
        }
    }
    return (size_t)(at - out);
}

/* Memory of its final size: what grows leaves copies of a secret behind. */
static bool add_secret(struct piece *piece, const struct cp_segment *segment, cp_secret_fn *secret,
                       void *ctx, struct cp_error *err)
{
    const struct cp_secret *value = secret ? secret(segment->secret, ctx) : NULL;
    size_t size = value ? cp_secret_size(value) : 0;

    if (!size)
        return cp_error_set(err, &cp_transport_errors, CP_BASE_USAGE,
                            "the credential has no '%s'; log in again", segment->secret);
    piece->bytes = malloc(3 * size + 1);
    if (!piece->bytes)
        return cp_error_no_memory(err);
    piece->wiped = true;
    piece->size = size;
    if (segment->form)
        piece->size = encode(piece->bytes, cp_secret_reveal(value));
    else
        memcpy(piece->bytes, cp_secret_reveal(value), size);
    piece->bytes[piece->size] = '\0';
    return true;
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

static void release_piece(struct piece *piece)
{
    if (piece->wiped && piece->bytes)
        cp_wipe(piece->bytes, piece->size);
    free(piece->bytes);
    free(piece->path);
    if (piece->fd >= 0)
        close(piece->fd);
}

/* Puts all pieces into the first, so that libcurl sends head and body in one go. */
const char *cp_body_text(struct body *body)
{
    struct piece whole = { .fd = -1, .size = (size_t)body->total };
    char *at;

    if (body->has_media)
        return NULL;
    if (body->count == 1)
        return body->pieces[0].bytes;
    at = whole.bytes = malloc(whole.size + 1);
    if (!at)
        return NULL;
    for (size_t i = 0; i < body->count; i++) {
        at = mempcpy(at, body->pieces[i].bytes, body->pieces[i].size);
        whole.wiped |= body->pieces[i].wiped;
        release_piece(&body->pieces[i]);
    }
    *at = '\0';
    body->pieces[0] = whole; /* there is room: the list is never of no length */
    body->count = 1;
    return whole.bytes;
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
    for (size_t i = 0; i < body->count; i++)
        release_piece(&body->pieces[i]);
    free(body->pieces);
    *body = (struct body){ 0 };
}
