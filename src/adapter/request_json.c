/* src/adapter/request_json.c - requests as JSON: frozen for the ledger, shown to people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/adapter_private.h"

enum { FROZEN_WHOLE = 64 << 10 }; /* bytes of a segment that is kept as it is */

static const char *const step_names[] = {
    [CP_STEP_READ] = "read", [CP_STEP_PREPARE] = "prepare", [CP_STEP_PUBLISH] = "publish"
};
static const char *const transport_names[] = { [CP_HTTP] = "http", [CP_FILE] = "file" };

/* ---- frozen -------------------------------------------------------------------------------- */

static json_t *hex_json(const char *bytes, size_t size)
{
    char *hex = malloc(size * 2 + 1);
    json_t *json;

    if (!hex)
        return NULL;
    for (size_t i = 0; i < size; i++)
        snprintf(hex + i * 2, 3, "%02x", (unsigned char)bytes[i]);
    json = json_pack("{s:s#}", "hex", hex, (int)(size * 2));
    free(hex);
    return json;
}

/* A large body (a whole feed) is evidence by its digest: a frozen request is never what is sent again. */
static json_t *digest_json(const struct cp_segment *segment)
{
    char digest[CP_HASH_HEX + 1];

    cp_hash_hex(segment->bytes, segment->size, digest);
    return json_pack("{s:s, s:I}", "sha256", digest, "size", (json_int_t)segment->size);
}

static json_t *segment_json(const struct cp_segment *segment)
{
    if (segment->media)
        return json_pack("{s:s, s:I}", "media", segment->media, "size", (json_int_t)segment->size);
    if (segment->secret)
        return json_pack("{s:s, s:b}", "secret", segment->secret, "form", segment->form);
    if (segment->size > FROZEN_WHOLE)
        return digest_json(segment);
    if (!cp_utf8_check(segment->bytes, segment->size, NULL))
        return hex_json(segment->bytes, segment->size);
    return json_pack("{s:o}", "text", json_stringn(segment->bytes, segment->size));
}

static json_t *header_json(const struct cp_field *field)
{
    return json_pack("{s:s, s:s, s:s*}", "name", field->name, "value", field->value, "secret",
                     field->secret);
}

char *cp_request_to_json(const struct cp_request *request)
{
    json_t *headers = json_array(), *body = json_array(), *root;
    int failed = 0;
    char *text = NULL;

    for (size_t i = 0; i < request->header_count; i++)
        failed |= json_array_append_new(headers, header_json(&request->headers[i]));
    for (size_t i = 0; i < request->body_count; i++)
        failed |= json_array_append_new(body, segment_json(&request->body[i]));
    root = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "step", step_names[request->step],
                     "transport", transport_names[request->transport], "method", request->method,
                     "url", request->url, "headers", headers, "body", body);
    if (!failed && root)
        text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}

/* ---- and back ------------------------------------------------------------------------------ */

struct reading {
    struct cp_arena *arena;
    bool broken;
};

static const char *read_text(struct reading *reading, json_t *object, const char *name, bool needed)
{
    json_t *value = json_object_get(object, name);

    if (json_is_string(value))
        return cp_arena_string(reading->arena, json_string_value(value));
    reading->broken |= needed || value;
    return NULL;
}

static int read_word(struct reading *reading, json_t *object, const char *name,
                     const char *const *words, size_t count)
{
    const char *word = read_text(reading, object, name, true);

    for (size_t i = 0; word && i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    reading->broken = true;
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_hex(struct reading *reading, json_t *value, struct cp_segment *out)
{
    const char *hex = json_string_value(value);
    size_t size = json_string_length(value) / 2;
    char *bytes = cp_arena_alloc(reading->arena, size + 1);

    reading->broken |= !hex || json_string_length(value) % 2;
    for (size_t i = 0; !reading->broken && bytes && i < size; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

        reading->broken |= high < 0 || low < 0;
        bytes[i] = (char)(high * 16 + low);
    }
    *out = (struct cp_segment){ .bytes = bytes, .size = size };
}

static void read_segment(struct reading *reading, json_t *json, struct cp_segment *out)
{
    json_t *text = json_object_get(json, "text"), *hex = json_object_get(json, "hex");

    if (json_is_string(text)) {
        size_t size = json_string_length(text);

        *out = (struct cp_segment){
            .bytes = cp_arena_copy(reading->arena, json_string_value(text), size), .size = size
        };
    } else if (hex) {
        read_hex(reading, hex, out);
    } else {
        json_int_t size = json_integer_value(json_object_get(json, "size"));

        out->media = read_text(reading, json, "media", false);
        out->secret = read_text(reading, json, "secret", false);
        out->form = json_is_true(json_object_get(json, "form"));
        out->size = out->media && size > 0 ? (size_t)size : 0;
        reading->broken |= !out->media == !out->secret;
    }
}

static void read_headers(struct reading *reading, json_t *list, struct cp_request *out)
{
    size_t count = json_array_size(list);
    struct cp_field *fields = cp_arena_array(reading->arena, count, sizeof(*fields));

    reading->broken |= !json_is_array(list);
    for (size_t i = 0; fields && i < count; i++) {
        json_t *json = json_array_get(list, i);

        fields[i].name = read_text(reading, json, "name", true);
        fields[i].value = read_text(reading, json, "value", true);
        fields[i].secret = read_text(reading, json, "secret", false);
    }
    out->headers = fields;
    out->header_count = count;
}

static void read_body(struct reading *reading, json_t *list, struct cp_request *out)
{
    size_t count = json_array_size(list);
    struct cp_segment *body = cp_arena_array(reading->arena, count, sizeof(*body));

    reading->broken |= !json_is_array(list);
    for (size_t i = 0; body && i < count; i++)
        read_segment(reading, json_array_get(list, i), &body[i]);
    out->body = body;
    out->body_count = count;
}

bool cp_request_from_json(const char *json, struct cp_arena *arena, struct cp_request *out,
                          struct cp_error *err)
{
    struct reading reading = { .arena = arena };
    struct cp_request request = { 0 };
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);

    request.step =
        (enum cp_step)read_word(&reading, root, "step", step_names, CP_COUNT(step_names));
    request.transport = (enum cp_transport_kind)read_word(
        &reading, root, "transport", transport_names, CP_COUNT(transport_names));
    request.method = read_text(&reading, root, "method", true);
    request.url = read_text(&reading, root, "url", true);
    read_headers(&reading, json_object_get(root, "headers"), &request);
    read_body(&reading, json_object_get(root, "body"), &request);
    json_decref(root);
    if (cp_arena_failed(arena))
        return cp_error_no_memory(err);
    if (reading.broken)
        return cp_error_set(err, &cp_adapter_errors, CP_ADAPTER_REQUEST,
                            "a stored request cannot be read: it is not what camp-post writes");
    *out = request;
    return true;
}

/* ---- shown --------------------------------------------------------------------------------- */

/* Bytes that are no text show as U+FFFD. */
static void put_text(struct cp_buffer *out, const char *bytes, size_t size)
{
    if (cp_utf8_check(bytes, size, NULL)) {
        cp_buffer_add(out, bytes, size);
        return;
    }
    for (size_t at = 0; at < size;) {
        uint32_t c = cp_utf8_next(bytes, size, &at);

        cp_utf8_put(out, c ? c : 0xfffd);
    }
}

static void put_segment(struct cp_buffer *out, const struct cp_segment *segment)
{
    if (segment->media)
        cp_buffer_printf(out, "‹media %s, %zu bytes›", segment->media, segment->size);
    else if (segment->secret)
        cp_buffer_printf(out, "‹%s›", segment->secret);
    else
        put_text(out, segment->bytes, segment->size);
}

static json_t *show_body(const struct cp_request *request)
{
    struct cp_buffer text = { 0 };
    json_t *json = NULL;

    for (size_t i = 0; i < request->body_count; i++)
        put_segment(&text, &request->body[i]);
    if (text.data && (text.data[0] == '{' || text.data[0] == '['))
        json = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    if (!json && !text.failed)
        json = text.data ? json_stringn(text.data, text.size) : json_string("");
    cp_buffer_release(&text);
    return json;
}

/* Fields of one name are one list (RFC 9110, section 5.3). */
static json_t *show_headers(const struct cp_request *request)
{
    json_t *headers = json_object();

    for (size_t i = 0; i < request->header_count; i++) {
        const struct cp_field *field = &request->headers[i];
        const char *before = json_string_value(json_object_get(headers, field->name));
        struct cp_buffer text = { 0 };

        cp_buffer_printf(&text, "%s%s%s", before ? before : "", before ? ", " : "", field->value);
        if (field->secret)
            cp_buffer_printf(&text, "‹%s›", field->secret);
        json_object_set_new(headers, field->name, json_string(text.data ? text.data : ""));
        cp_buffer_release(&text);
    }
    return headers;
}

json_t *cp_request_show(const struct cp_request *request)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "step", step_names[request->step], "method",
                     request->method, "url", request->url, "headers", show_headers(request), "body",
                     show_body(request));
}
