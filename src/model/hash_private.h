/* src/model/hash_private.h - SHA-256 over fields, each preceded by its length. */
#ifndef CP_MODEL_HASH_PRIVATE_H
#define CP_MODEL_HASH_PRIVATE_H

#include "base/macros.h"

enum { CP_SHA256 = 32 }; /* bytes */

struct cp_hash_field {
    const void *bytes;
    size_t size;
};

/* Without the lengths two lists of fields could run into the same bytes ("ab","c" and "a","bc"). */
void cp_hash_fields(const struct cp_hash_field *fields, size_t count, unsigned char out[CP_SHA256]);
/* Writes 2 * size characters and the end. */
void cp_hex(const unsigned char *bytes, size_t size, char *out);

#endif
