/* src/model/hash.c - SHA-256, through libcrypto's EVP.
 *
 * Hashing can only fail when memory runs out. There is nobody to report that to in the middle of a
 * key, and a wrong key would be a second post: the process stops instead.
 */
#include "model/content.h"
#include "model/hash_private.h"

#include <assert.h>
#include <openssl/evp.h>

static void put_length(EVP_MD_CTX *ctx, size_t size)
{
    unsigned char length[4] = { (unsigned char)(size >> 24), (unsigned char)(size >> 16),
                                (unsigned char)(size >> 8), (unsigned char)size };
    int ok = EVP_DigestUpdate(ctx, length, sizeof(length));

    assert(ok);
}

void cp_hash_fields(const struct cp_hash_field *fields, size_t count, unsigned char out[CP_SHA256])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

    assert(ok);
    for (size_t i = 0; i < count; i++) {
        put_length(ctx, fields[i].size);
        ok = EVP_DigestUpdate(ctx, fields[i].bytes, fields[i].size);
        assert(ok);
    }
    ok = EVP_DigestFinal_ex(ctx, out, NULL);
    assert(ok);
    EVP_MD_CTX_free(ctx);
}

void cp_hex(const unsigned char *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

void cp_hash_hex(const char *bytes, size_t size, char out[CP_HASH_HEX + 1])
{
    unsigned char digest[CP_SHA256];
    int ok = EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL);

    assert(ok);
    cp_hex(digest, sizeof(digest), out);
}
