/* src/adapter/request.c - checks and copies what an adapter asks the host to send.
 *
 * The adapter is trusted code that handles hostile text: a server's reply may end up in an address
 * or a header. So nothing leaves here that could end a header line, hide in a log, or be no JSON.
 */
#include <string.h>

#include "adapter/adapter_private.h"

bool cp_is_plain(const char *text, size_t most)
{
    size_t size = text ? strnlen(text, most + 1) : 0;

    if (size == 0 || size > most || !cp_utf8_check(text, size, NULL))
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

bool cp_is_json_object(const char *text)
{
    json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    bool is_object = json_is_object(json);

    json_decref(json);
    return is_object;
}

/* ---- checks -------------------------------------------------------------------------------- */

/* RFC 9110, section 5.6.2 */
static bool is_token(const char *text)
{
    static const char signs[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t size = text ? strnlen(text, CP_ID_MOST + 1) : 0;

    return size > 0 && size <= CP_ID_MOST && strspn(text, signs) == size;
}

static const char *step_problem(const struct cp_request *request, const struct cp_turn *turn)
{
    if ((unsigned)request->step > CP_STEP_PUBLISH)
        return "the request's step is none of read, prepare and publish";
    if (turn->publish_replied)
        return "another request after the publishing one was answered";
    if (request->step == CP_STEP_PUBLISH && turn->purpose != CP_POST)
        return "a publish step outside of posting";
    if (request->step != CP_STEP_READ &&
        (turn->purpose == CP_FACTS || turn->purpose == CP_WHO_AM_I))
        return "a step that changes something where only reading is allowed";
    return NULL;
}

static const char *file_problem(const struct cp_request *request)
{
    bool reads = strcmp(request->method, "READ") == 0;

    if (!reads && strcmp(request->method, "REPLACE") != 0)
        return "the method for a file must be READ or REPLACE";
    if (reads != (request->step == CP_STEP_READ))
        return "READ belongs to a read step, REPLACE to the others";
    if (request->url[0] != '/')
        return "the path of a file must be absolute";
    return NULL;
}

static const char *target_problem(const struct cp_request *request)
{
    if (!is_token(request->method))
        return "the request has no method";
    if (!cp_is_plain(request->url, CP_URL_MOST))
        return "the request's address is missing, too long, or has control characters";
    if (request->transport == CP_FILE)
        return file_problem(request);
    if (request->transport != CP_HTTP)
        return "the request's transport is neither HTTP nor a file";
    if (strncmp(request->url, "https://", 8) != 0 && strncmp(request->url, "http://", 7) != 0)
        return "the request's address is not an absolute one of http or https";
    return strchr(request->url, ' ') ? "the request's address has a space in it" : NULL;
}

static const char *header_problem(const struct cp_request *request)
{
    if (request->header_count > CP_HEADERS_MOST)
        return "the request has too many header fields";
    for (size_t i = 0; i < request->header_count; i++) {
        const struct cp_field *field = &request->headers[i];

        if (!is_token(field->name))
            return "the name of a header field is not valid";
        if (!field->value || (*field->value && !cp_is_plain(field->value, CP_HEADER_MOST)))
            return "the value of a header field is missing, too long, or has control characters";
        if (field->secret && !is_token(field->secret))
            return "the name of a secret is not valid";
    }
    return NULL;
}

static const struct cp_media_view *find_medium(const struct cp_part_view *part, const char *sha256)
{
    for (size_t i = 0; part && i < part->media_count; i++)
        if (strcmp(part->media[i].sha256, sha256) == 0)
            return &part->media[i];
    return NULL;
}

static const char *segment_problem(const struct cp_segment *segment, const struct cp_turn *turn)
{
    if (segment->media && segment->secret)
        return "a segment of the body is both a medium and a secret";
    if (segment->media)
        return find_medium(turn->part, segment->media)
                   ? NULL
                   : "a segment of the body names a medium that the part does not have";
    if (segment->secret)
        return is_token(segment->secret) ? NULL : "the name of a secret is not valid";
    return segment->size && !segment->bytes ? "a segment of the body has no bytes" : NULL;
}

static const char *body_problem(const struct cp_request *request, const struct cp_turn *turn)
{
    size_t total = 0, count = request->body_count;

    if (count > CP_SEGMENTS_MOST)
        return "the body has too many segments";
    for (size_t i = 0; i < count; i++) {
        const struct cp_segment *segment = &request->body[i];
        const char *problem = segment_problem(segment, turn);

        if (problem)
            return problem;
        if (!segment->media && !segment->secret)
            total = segment->size > CP_BODY_MOST - total ? CP_BODY_MOST + 1 : total + segment->size;
        if (total > CP_BODY_MOST)
            return "the body is too large";
    }
    /* A body that a cut connection ends must not pass for a whole one. */
    if (request->step == CP_STEP_PUBLISH && count &&
        (request->body[count - 1].media || request->body[count - 1].secret ||
         !request->body[count - 1].size))
        return "the body of the publish step does not end in bytes of its own";
    return NULL;
}

const char *cp_request_problem(const struct cp_request *request, const struct cp_turn *turn,
                               struct cp_arena *arena)
{
    const char *problem = step_problem(request, turn);

    if (!problem)
        problem = target_problem(request);
    if (!problem)
        problem = header_problem(request);
    if (!problem)
        problem = body_problem(request, turn);
    return cp_arena_string(arena, problem);
}

/* ---- copy ---------------------------------------------------------------------------------- */

static struct cp_field *copy_fields(const struct cp_field *fields, size_t count,
                                    struct cp_arena *arena)
{
    struct cp_field *copy = cp_arena_array(arena, count, sizeof(*copy));

    for (size_t i = 0; copy && i < count; i++)
        copy[i] = (struct cp_field){ cp_arena_string(arena, fields[i].name),
                                     cp_arena_string(arena, fields[i].value),
                                     cp_arena_string(arena, fields[i].secret) };
    return copy;
}

static struct cp_segment *copy_body(const struct cp_segment *body, size_t count,
                                    const struct cp_part_view *part, struct cp_arena *arena)
{
    struct cp_segment *copy = cp_arena_array(arena, count, sizeof(*copy));

    for (size_t i = 0; copy && i < count; i++) {
        const struct cp_segment *from = &body[i];
        const struct cp_media_view *medium = from->media ? find_medium(part, from->media) : NULL;
        bool inline_bytes = !from->media && !from->secret;

        copy[i] = (struct cp_segment){
            .bytes = inline_bytes ? cp_arena_copy(arena, from->bytes ? from->bytes : "", from->size)
                                  : NULL,
            .size = inline_bytes ? from->size
                    : medium     ? (size_t)medium->size
                                 : 0,
            .media = cp_arena_string(arena, from->media),
            .secret = cp_arena_string(arena, from->secret),
            .form = from->secret && from->form,
        };
    }
    return copy;
}

void cp_request_copy(const struct cp_request *request, const struct cp_part_view *part,
                     struct cp_arena *arena, struct cp_request *out)
{
    *out = *request;
    out->method = cp_arena_string(arena, request->method);
    out->url = cp_arena_string(arena, request->url);
    out->headers = copy_fields(request->headers, request->header_count, arena);
    out->body = copy_body(request->body, request->body_count, part, arena);
    out->example_body = cp_arena_string(arena, request->example_body);
}
