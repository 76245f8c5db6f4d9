/* src/model/content.h - what one delivery says, rendered for its account.
 *
 * As a structure for the plan, as canonical JSON (compact, sorted keys) for the ledger, and as the
 * SHA-256 of that JSON: two contents are the same exactly when their hashes are. Nothing about time
 * or state is in it. JSON: {"parts": [{"language", "text", "media": [{"alt", "height", "name",
 * "sha256", "size", "type", "width"}], "visibility", "warning"}], "title"}.
 */
#ifndef CP_MODEL_CONTENT_H
#define CP_MODEL_CONTENT_H

#include <camp-post/adapter.h>

#include "base/arena.h"
#include "base/error.h"

struct cp_content_part {
    const char *language, *text;
    const char *visibility; /* NULL: the account's default */
    const char *warning;    /* NULL: none */
    struct cp_media_view *media;
    size_t media_count;
};

struct cp_content {
    const char *title; /* the campaign's */
    struct cp_content_part *parts;
    size_t part_count;
};

enum { CP_HASH_HEX = 64 }; /* characters of a SHA-256 in hex, without the end */

/* Canonical JSON of the whole content, from the arena; NULL: out of memory. */
const char *cp_content_json(const struct cp_content *content, struct cp_arena *arena);
bool cp_content_parse(const char *json, struct cp_arena *arena, struct cp_content *out,
                      struct cp_error *err);
/* Lower-case hex SHA-256 of `size` bytes. */
void cp_hash_hex(const char *bytes, size_t size, char out[CP_HASH_HEX + 1]);

#endif
